"""Pictures from strangers, decoded and written anew: nothing of them is kept but what can be seen.

Decoders are where a hostile file does its harm, so they run in a process of their own, which knows no secret, may use
little memory and time, and ends after one picture: `python -m service.lib.images`, the picture on its standard input."""

import json
import os
import resource
import signal
import subprocess
import sys
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryFile
from typing import NamedTuple

from PIL import GifImagePlugin, Image, ImageOps, ImageSequence, JpegImagePlugin, PngImagePlugin, WebPImagePlugin

from service.errors import PictureRefused
from service.lib import gifs

FORMATS = ("PNG", "JPEG", "WEBP", "GIF")  # of Pillow's 43: one of the others hands the file to Ghostscript
PLUGINS = (PngImagePlugin, JpegImagePlugin, WebPImagePlugin, GifImagePlugin)  # loaded; else Pillow loads all there are
TYPES = {"PNG": "image/png", "JPEG": "image/jpeg", "WEBP": "image/webp", "GIF": "image/gif"}
MOST_PIXELS = 25_000_000  # of a picture
MOST_FRAMES = 200
MOST_MOVING_PIXELS = {"GIF": 100_000_000, "WEBP": 40_000_000}  # of all frames together
LONGEST_SIDE = 480  # pixels of a thumbnail
USUAL_DURATION = 100  # milliseconds a frame
MEMORY = 1 << 30  # bytes of address space; 25 megapixels need 0.3 to 0.9 of it
CPU_SECONDS, SECONDS = 10, 20
LARGEST = 12 << 20  # bytes of what comes out
REFUSED = 3  # exit status
# what a decoder dies of that a file misleads; any other signal was not the picture's doing
MISLED = {signal.SIGXCPU, signal.SIGSEGV, signal.SIGBUS, signal.SIGABRT, signal.SIGFPE, signal.SIGILL}


class Picture(NamedTuple):
    """A picture without metadata; its thumbnail is WebP. Both are what can be shown as they are."""

    type: str
    data: bytes
    thumbnail: bytes
    width: int
    height: int


def clean(data: bytes) -> Picture:
    """The picture as seen, in its own format (a GIF that does not move as PNG).

    Raises PictureRefused when it cannot be read within our limits; anything else is not the picture's fault, and may go
    well another time."""
    with TemporaryFile() as given, TemporaryFile() as made:  # files, so that what comes back is limited too
        given.write(data)
        given.seek(0)
        done = subprocess.run(
            [sys.executable, "-m", "service.lib.images"], cwd=Path(__file__).parents[2], env={}, stdin=given, stdout=made,
            stderr=subprocess.DEVNULL, timeout=SECONDS, check=False,
        )  # fmt: skip
        if done.returncode == REFUSED or -done.returncode in MISLED:
            raise PictureRefused("This picture is damaged, too large, or not a picture.")
        done.check_returncode()
        made.seek(0)
        return unpacked(made.read())


def squared(thumbnail: bytes, side: int) -> bytes:
    """A thumbnail of ours as a PNG whose sides are at most so long, and equal: what lacks is transparent."""
    image = Image.open(BytesIO(thumbnail), formats=["WEBP"])
    if max(image.size) > LONGEST_SIDE:
        raise PictureRefused("This is no thumbnail of ours.")
    image = image.convert("RGBA")
    image.thumbnail((side, side))
    square = Image.new("RGBA", (max(image.size),) * 2)
    square.paste(image, ((square.width - image.width) // 2, (square.height - image.height) // 2))
    return written(square, "PNG")


def packed(picture: Picture) -> bytes:
    about = [picture.type, picture.width, picture.height, len(picture.data)]
    return b"".join([json.dumps(about).encode(), b"\n", picture.data, picture.thumbnail])


def unpacked(answer: bytes) -> Picture:
    about, _, content = answer.partition(b"\n")
    type, width, height, size = json.loads(about)
    if type not in TYPES.values():  # a decoder that was taken over may say anything
        raise ValueError("This is no answer of ours.")
    return Picture(type, content[:size], content[size:], width, height)


# ── in the process of its own ───────────────────────────────────────────────────────────────────────────────────────


def main() -> int:
    """Clean what comes in, within our limits."""
    confine()
    try:
        made = packed(cleaned(sys.stdin.buffer.read()))
    except Exception:  # whatever a decoder says of it, out of memory too
        return REFUSED
    sys.stdout.buffer.write(made)
    return 0


def confine() -> None:
    os.nice(10)
    for kind, most in {
        resource.RLIMIT_AS: MEMORY, resource.RLIMIT_CPU: CPU_SECONDS, resource.RLIMIT_FSIZE: 2 * LARGEST,
        resource.RLIMIT_CORE: 0,
    }.items():  # fmt: skip
        resource.setrlimit(kind, (most, most + 1))  # at a hard limit of time comes SIGKILL, which does not say why
    Image.MAX_IMAGE_PIXELS = MOST_PIXELS // 2  # above twice that Pillow refuses frames that grow, too


def cleaned(data: bytes) -> Picture:
    """See `clean`; raises whatever a decoder raises."""
    image = Image.open(BytesIO(data), formats=FORMATS)
    format = "JPEG" if image.format == "MPO" else image.format  # a JPEG with more pictures behind the first
    if image.width * image.height > MOST_PIXELS:
        raise PictureRefused(f"A picture has at most {MOST_PIXELS // 10**6} megapixels.")
    gif = gifs.parsed(data) if format == "GIF" else None
    if gif and len(gif.frames) > 1:
        allow(format, len(gif.frames), sum(frame.width * frame.height for frame in gif.frames))
        first, content = plain(image), gifs.rewritten(gif)
    elif format == "WEBP" and image.is_animated:
        allow(format, image.n_frames, image.n_frames * image.width * image.height)
        first, content = plain(image), moving(image)
    else:
        format = "PNG" if gif else format
        first = plain(upright(image))
        del image  # and what its decoder holds, up to a third of a gigabyte
        content = written(first, format)
    if len(content) > LARGEST:
        raise PictureRefused("Written anew this picture is too large.")
    return Picture(TYPES[format], content, thumbnail(first), *first.size)


def allow(format: str, frames: int, pixels: int) -> None:
    if frames > MOST_FRAMES or pixels > MOST_MOVING_PIXELS[format]:
        raise PictureRefused(f"A picture has at most {MOST_FRAMES} frames.")


def upright(image: Image.Image) -> Image.Image:
    """Turned as its EXIF says, if that can be understood."""
    image.load()
    try:
        return ImageOps.exif_transpose(image)
    except Exception:
        return image


def plain(image: Image.Image) -> Image.Image:
    """The pixels alone, in a mode that all our formats can be made from: no EXIF, ICC, text, comment or leftover."""
    if image.mode.startswith("I"):  # 16 bits
        fresh = image.convert("I").point(lambda value: value / 256).convert("L")
    elif image.has_transparency_data:
        fresh = image.convert("RGBA")
    else:
        fresh = image.copy() if image.mode in {"1", "L", "P", "RGB"} else image.convert("RGB")
    fresh.info = {}
    return fresh


def written(image: Image.Image, format: str) -> bytes:
    content = BytesIO()
    image.save(content, format, **({} if format == "PNG" else {"quality": 85}))
    return content.getvalue()


def moving(image: Image.Image) -> bytes:
    durations = [frame.info.get("duration") or USUAL_DURATION for frame in ImageSequence.Iterator(image)]
    each = (plain(frame) for frame in ImageSequence.Iterator(image))
    content = BytesIO()
    next(each).save(content, "WEBP", save_all=True, append_images=each, duration=durations, loop=image.info.get("loop", 0),
                    quality=80, method=2)  # fmt: skip
    return content.getvalue()


def thumbnail(image: Image.Image) -> bytes:
    small = image.convert("RGBA" if image.has_transparency_data else "RGB")
    small.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    return written(small, "WEBP")


if __name__ == "__main__":
    sys.exit(main())
