"""Pictures are decoded far away from everything, and come back as nothing but pixels."""

import struct
import time
import zlib
from io import BytesIO

import pytest
from PIL import Image, ImageDraw, ImageSequence, PngImagePlugin

from service.errors import PictureRefused
from service.lib import gifs, images

HERE = "48.8583,2.2945"  # what must not be left of where a picture was taken
ORIENTATION, GPS, DESCRIPTION = 0x0112, 0x8825, 0x010E
SCRIPT = b"*/=1;alert(document.domain)//"


def drawn(size=(60, 40), mode="RGB", color="red") -> Image.Image:
    made = Image.new(mode, size, "white")
    ImageDraw.Draw(made).rectangle((0, 0, size[0] // 3, size[1] // 3), fill=color)
    return made


def encoded(image: Image.Image, format: str, **more) -> bytes:
    content = BytesIO()
    image.save(content, format, **more)
    return content.getvalue()


def decoded(data: bytes) -> Image.Image:
    return Image.open(BytesIO(data))


def exif(**more) -> bytes:
    made = Image.Exif()
    made[DESCRIPTION] = HERE
    made[GPS] = {1: "N", 2: (48.0, 51.0, 30.0), 3: "E", 4: (2.0, 17.0, 40.0)}
    for tag, value in more.items():
        made[globals()[tag]] = value
    return made.tobytes()


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_of(width: int, height: int, lines: bytes = b"") -> bytes:
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(lines)) + chunk(b"IEND", b"")


def animation(count: int = 3, size=(30, 20), **more) -> bytes:
    frames = [drawn(size, color=(index, 20, 200)) for index in range(count)]
    return encoded(frames[0], "GIF", save_all=True, append_images=frames[1:], **more)


def moving(data: bytes) -> list[tuple]:
    """What one sees of a picture that moves, and for how long."""
    return [(frame.convert("RGBA").tobytes(), frame.info.get("duration")) for frame in ImageSequence.Iterator(decoded(data))]


@pytest.mark.parametrize(
    ("format", "mode", "type"),
    [
        ("PNG", "RGB", "image/png"),
        ("PNG", "RGBA", "image/png"),
        ("PNG", "1", "image/png"),
        ("PNG", "P", "image/png"),
        ("PNG", "I;16", "image/png"),
        ("JPEG", "RGB", "image/jpeg"),
        ("JPEG", "L", "image/jpeg"),
        ("JPEG", "CMYK", "image/jpeg"),
        ("WEBP", "RGBA", "image/webp"),
        ("GIF", "P", "image/png"),
    ],
)
def test_every_kind_of_picture_comes_back_in_a_kind_that_browsers_show(format, mode, type):
    made = images.clean(encoded(drawn().convert(mode), format))
    assert (made.type, made.width, made.height) == (type, 60, 40)
    assert decoded(made.data).size == (60, 40)
    assert decoded(made.thumbnail).format == "WEBP"


def test_a_thumbnail_has_at_most_480_pixels_a_side():
    made = images.clean(encoded(drawn((1200, 300)), "PNG"))
    assert decoded(made.thumbnail).size == (480, 120)
    assert (made.width, made.height) == (1200, 300)


def test_pixels_of_a_png_stay_as_they_are():
    picture = drawn(mode="RGBA", color=(1, 2, 3, 99))
    assert decoded(images.clean(encoded(picture, "PNG")).data).convert("RGBA").tobytes() == picture.tobytes()


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP"])
def test_case_39_where_a_picture_was_taken_is_gone(format):
    told = PngImagePlugin.PngInfo()
    told.add_text("Comment", HERE)
    more = {"pnginfo": told} if format == "PNG" else {"comment": HERE} if format == "JPEG" else {"xmp": HERE.encode()}
    sent = encoded(drawn(), format, exif=exif(), icc_profile=HERE.encode(), **more) + HERE.encode()
    assert sent.count(HERE.encode()) >= 3
    made = images.clean(sent)
    for data in (made.data, made.thumbnail):
        assert HERE.encode() not in data
        assert not decoded(data).getexif() and not {"icc_profile", "exif", "xmp", "comment"} & set(decoded(data).info)


def test_a_picture_that_was_held_sideways_is_turned_before_that_is_forgotten():
    made = images.clean(encoded(drawn((60, 40)), "JPEG", exif=exif(ORIENTATION=6)))
    assert (made.width, made.height) == decoded(made.data).size == (40, 60)
    assert decoded(made.data).getpixel((38, 2))[1] < 90, "its red corner went to the right"


def test_a_gif_that_moves_goes_on_moving_as_before():
    sent = animation(4, duration=[50, 60, 70, 80], loop=3, comment=HERE.encode())
    made = images.clean(sent)
    assert made.type == "image/gif" and HERE.encode() not in made.data
    assert moving(made.data) == moving(sent)
    assert decoded(made.data).info["loop"] == 3
    assert len(made.data) < 2 * len(sent)


def test_a_gif_with_clear_parts_and_palettes_of_its_own_looks_the_same():
    frames = []
    for index in range(4):
        frame = Image.new("RGBA", (50, 40), (0, 0, 0, 0))
        ImageDraw.Draw(frame).ellipse((index * 8, 5, index * 8 + 15, 20), fill=(60 * index, 255 - 60 * index, 9, 255))
        frames.append(frame)
    sent = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:], duration=40, disposal=2)
    assert any(frame.palette for frame in gifs.parsed(sent).frames)
    assert moving(images.clean(sent).data) == moving(sent)


def test_a_gif_whose_lines_come_in_another_order_looks_the_same():
    whole = [encoded(drawn((40, 40), "L", shade), "GIF", interlace=1) for shade in (50, 90)]
    head = [len(data) - len(data[data.index(b",") :]) for data in whole]
    sent = whole[0][:-1] + whole[1][head[1] :]
    assert [frame.is_interlaced for frame in gifs.parsed(sent).frames] == [True, True]
    made = images.clean(sent).data
    assert moving(made) == moving(sent)


def test_a_webp_that_moves_goes_on_moving():
    frames = [drawn(color=(80 * index, 0, 0)) for index in range(3)]
    made = images.clean(encoded(frames[0], "WEBP", save_all=True, append_images=frames[1:], duration=90, exif=exif()))
    assert (made.type, decoded(made.data).n_frames) == ("image/webp", 3)
    assert HERE.encode() not in made.data


def test_case_37_a_script_in_a_picture_is_gone():
    polyglot = b"GIF89a" + animation(2, comment=SCRIPT)[6:] + SCRIPT
    assert SCRIPT in polyglot and SCRIPT not in images.clean(polyglot).data
    still = encoded(drawn().convert("P"), "GIF", comment=SCRIPT) + SCRIPT
    assert SCRIPT in still and SCRIPT not in images.clean(still).data
    both = encoded(drawn(), "PNG") + b"<script>" + SCRIPT
    assert SCRIPT in both and SCRIPT not in images.clean(both).data


@pytest.mark.parametrize(
    ("what", "data"),
    [
        ("no picture at all", b"\x89PNG\r\n\x1a\n and nothing else"),
        ("the half of one", encoded(drawn((500, 500)), "JPEG")[:-900]),
        ("a size without pixels", png_of(50_000, 50_000)),
        ("26 megapixels", png_of(26_000, 1000)),
        ("a bomb of 25 megapixels of nothing", png_of(5000, 5000)),
        ("too many frames", animation(201, duration=20)),
        ("a format that nobody asked for", encoded(drawn(), "BMP")),
        ("a script for Ghostscript", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EOF\n"),
        ("a GIF that ends in the middle of a frame", animation()[:-40]),
        ("nothing", b""),
    ],
)
def test_case_38_what_cannot_be_read_is_refused(what, data):
    with pytest.raises(PictureRefused):
        images.clean(data)


def test_case_38_frames_that_are_small_in_the_file_and_large_in_memory_are_refused_at_once():
    frames = [Image.new("P", (4000, 4000), index) for index in range(8)]
    bomb = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:], duration=20)
    assert len(bomb) < 500_000
    began = time.monotonic()
    with pytest.raises(PictureRefused):
        images.clean(bomb)
    assert time.monotonic() - began < 5


def test_case_38_a_decoder_may_use_a_gigabyte_and_no_more(monkeypatch, tmp_path):
    monkeypatch.setattr(images.sys, "executable", hungry(tmp_path, "bytearray(2 << 30)"))
    with pytest.raises(PictureRefused):
        images.clean(encoded(drawn(), "PNG"))


def test_a_decoder_that_breaks_down_by_itself_says_nothing_about_the_picture(monkeypatch, tmp_path):
    monkeypatch.setattr(images.sys, "executable", hungry(tmp_path, "sys.exit(1)"))
    with pytest.raises(images.subprocess.CalledProcessError):
        images.clean(encoded(drawn(), "PNG"))


def test_a_decoder_that_was_taken_over_cannot_pass_off_a_page_as_a_picture():
    page = images.packed(images.Picture("text/html", b"<script>", b"", 1, 1))
    with pytest.raises(ValueError):
        images.unpacked(page)


def test_the_decoder_knows_no_secret_and_none_of_our_modules(monkeypatch, tmp_path):
    monkeypatch.setenv("SECRET_KEYS", "not for decoders")
    seen = tmp_path / "seen"
    body = f"images.main(); import os; open({str(seen)!r}, 'w').write(repr(dict(os.environ)) + ' '.join(sys.modules))"
    monkeypatch.setattr(images.sys, "executable", hungry(tmp_path, body))
    images.clean(encoded(drawn(), "PNG"))
    assert "not for decoders" not in seen.read_text()
    assert not {"service.db", "service.feedback", "service.config", "falcon"} & set(seen.read_text().split())


def hungry(folder, body: str) -> str:
    """A Python that does this, within the limits of a decoder, instead of decoding."""
    script = folder / "python"
    confined = "images.confine()" if "main" not in body else ""
    script.write_text(
        f"#!{images.sys.executable}\nimport sys\nsys.path.insert(0, '.')\nfrom service.lib import images\n{confined}\n"
        f"try:\n    {body}\nexcept MemoryError:\n    sys.exit(images.REFUSED)\n"
    )
    script.chmod(0o755)
    return str(script)
