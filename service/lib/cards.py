"""Pictures for sharing: what a link shows in chats and feeds, 1200 × 630, as PNG.

Everything is drawn at twice the size, which smooths its edges. Pillow's own font is there always and knows Western European
letters; for others a font of the system is taken. What no font can write is left out, rather than shown as boxes."""

import unicodedata
from functools import cache, lru_cache
from io import BytesIO
from threading import Lock
from typing import NamedTuple

from PIL import Image, ImageDraw, ImageFont, UnidentifiedImageError, features

from service.lib import colours

WIDTH, HEIGHT, TWICE = 1200, 630, 2
KEPT = 64  # pictures in memory
SIZES = ((80, 2), (68, 3), (58, 4))  # of the title, and the most lines of each: as large as it fits
EDGE, LOGO = 80, 72  # from the sides; its own
PAPER, INK, USUAL = "#ffffff", "#14191f", "#0b667f"  # tokens.css
SHARES = {"open": 0, "planned": 30, "started": 65, "done": 100, "declined": 100}  # of a status's dot that is filled
MARKS = {"done": [[(-6.5, 0.5), (-2, 5), (6.5, -4.5)]], "declined": [[(-5, -5), (5, 5)], [(5, -5), (-5, 5)]]}
MISSING = "\U0010fffe"  # no character, so every font shows what it shows for those that it does not know
PLAIN = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "„": '"', "–": "-", "—": "-", "…": "...", "\u00a0": " ",
                       "\u202f": " ", "‑": "-", "•": "·"})  # fmt: skip
TYPE = "/usr/share/fonts/truetype/"
FONTS = (  # of the system; (file, place in it)
    (f"{TYPE}noto/NotoSans-SemiBold.ttf", 0), (f"{TYPE}liberation/LiberationSans-Bold.ttf", 0),
    (f"{TYPE}noto/NotoSansArabic-SemiBold.ttf", 0), (f"{TYPE}noto/NotoSansArabic-Bold.ttf", 0),
    (f"{TYPE}noto/NotoSansHebrew-Bold.ttf", 0), (f"{TYPE}dejavu/DejaVuSans-Bold.ttf", 0),
    (f"{TYPE}noto/NotoSansDevanagari-Bold.ttf", 0), (f"{TYPE}noto/NotoSansThai-Bold.ttf", 0),
    ("/usr/share/fonts/opentype/noto/NotoSansCJK-Bold.ttc", 0), ("/usr/share/fonts/noto-cjk/NotoSansCJK-Bold.ttc", 0),
    (f"{TYPE}wqy/wqy-zenhei.ttc", 0), (f"{TYPE}fonts-japanese-gothic.ttf", 0),
)  # fmt: skip
OWN = -1  # the place of Pillow's own font, before them
drawing = Lock()  # one at a time: each holds 20 MB


class Card(NamedTuple):
    """What a picture shows; `votes` and `status` (name, kind, colour) of a post."""

    name: str  # of the product
    title: str
    accent: str | None = None
    votes: int | None = None
    status: tuple[str, str, str] | None = None


@lru_cache(KEPT)
def draw(card: Card, logo: bytes | None) -> bytes:
    """The picture as PNG."""
    with drawing:
        image = Image.new("RGB", (WIDTH * TWICE, HEIGHT * TWICE), PAPER)
        said = writable(card.title) or writable(card.name)
        pen = Pen(image, is_right_to_left(said))
        pen.box(0, 0, WIDTH, 16, card.accent or USUAL)
        head(pen, writable(card.name), logo)
        title(pen, said, 480 if card.status else 560)
        if card.status:
            foot(pen, card, colours.accent_on(card.accent or USUAL, colours.LIGHT))
        content = BytesIO()
        image.reduce(TWICE).save(content, "PNG", compress_level=6)
        return content.getvalue()


class Pen:
    """Draws with the measures of the picture, from its top and from the side on which lines begin."""

    def __init__(self, image: Image.Image, is_rtl: bool):
        self.image, self.draw, self.is_rtl = image, ImageDraw.Draw(image), is_rtl

    def across(self, x: float) -> float:
        return (WIDTH - x if self.is_rtl else x) * TWICE

    def box(self, start: float, top: float, end: float, bottom: float, fill=None, radius=0, line=None) -> None:
        left, right = sorted((self.across(start), self.across(end)))
        self.draw.rounded_rectangle([left, top * TWICE, right - 1, bottom * TWICE - 1], radius * TWICE, fill, line,
                                    2 * TWICE if line else 0)  # fmt: skip

    def write(self, said: str, start: float, middle: float, size: float, fill: str, weight: float) -> None:
        found = font_for(said, size * TWICE)
        if found:
            self.draw.text((self.across(start), middle * TWICE), said, fill, found, "rm" if self.is_rtl else "lm",
                           stroke_width=stroke(found, size, weight), stroke_fill=fill)  # fmt: skip

    def strokes(self, x: float, y: float, points: list, fill: str, width: float) -> None:
        """A line through these points, seen from a place; it is never mirrored."""
        line = [(self.across(x) + dx * TWICE, (y + dy) * TWICE) for dx, dy in points]
        self.draw.line(line, fill, round(width * TWICE), "curve")

    def paste(self, picture: Image.Image, start: float, top: float) -> None:
        left = self.across(start) - (picture.width if self.is_rtl else 0)
        self.image.paste(picture, (round(left), round(top * TWICE)), picture)


def head(pen: Pen, name: str, logo: bytes | None) -> None:
    """The logo and the name of the product, on the first line."""
    start = EDGE
    if picture := opened(logo):
        pen.paste(picture, EDGE, 104 - LOGO / 2)
        start += LOGO + 24
    pen.write(cut(name, WIDTH - EDGE - start, 38), start, 104, 38, INK, 0.7)


def opened(logo: bytes | None) -> Image.Image | None:
    try:
        picture = Image.open(BytesIO(logo), formats=["PNG"]) if logo else None
        return picture and picture.convert("RGBA").resize((LOGO * TWICE, LOGO * TWICE), Image.Resampling.LANCZOS)
    except (UnidentifiedImageError, OSError, ValueError):
        return None


def title(pen: Pen, said: str, bottom: float) -> None:
    """The title, as large as it fits, in the middle of what is left."""
    lines, size, most = [], *SIZES[-1]
    for size, most in SIZES:
        lines = wrapped(said, WIDTH - 2 * EDGE, size)
        if len(lines) <= most:
            break
    if len(lines) > most:
        lines = [*lines[: most - 1], cut(" ".join(lines[most - 1 :]), WIDTH - 2 * EDGE, size)]
    middle = (164 + bottom) / 2
    for place, line in enumerate(lines):
        pen.write(line, EDGE, middle + (place - (len(lines) - 1) / 2) * size * 1.2, size, INK, 1)


def foot(pen: Pen, card: Card, accent: colours.Accent) -> None:
    """Votes and status, on the last line."""
    count, middle = f"{card.votes:,}", 538
    end = EDGE + 72 + length(count, 36) + 26
    pen.box(EDGE, middle - 34, end, middle + 34, accent.tint, 16, accent.shown)
    pen.strokes(EDGE + 38, middle, [(-12, 6), (0, -6), (12, 6)], accent.shown, 4.5)
    pen.write(count, EDGE + 68, middle, 36, accent.strong, 0.7)
    name, kind, colour = card.status
    if said := writable(name):
        dot(pen, end + 48, middle, kind, colour)
        pen.write(cut(said, WIDTH - EDGE - end - 78, 34), end + 78, middle, 34, INK, 0.4)


def dot(pen: Pen, x: float, y: float, kind: str, colour: str) -> None:
    """How far a status is, as pages show it: a ring that fills."""
    place, middle = pen.across(x), y * TWICE
    around = [place - 15 * TWICE, middle - 15 * TWICE, place + 15 * TWICE, middle + 15 * TWICE]
    pen.draw.ellipse(around, None, colour, 4 * TWICE)
    if share := SHARES.get(kind, 0):
        pen.draw.pieslice(around, -90, -90 + 3.6 * share, colour)
    for points in MARKS.get(kind, ()):
        pen.strokes(x, y, points, PAPER, 4)


# ── what can be written, and how much room it takes ─────────────────────────────────────────────────────────────────


def writable(said: str) -> str:
    """What of a text can be written: with simpler marks where that keeps it in one font, and without signs that no font
    knows, like emoji; empty when it is letters that are missing."""
    said = " ".join(said.split())
    bare = " ".join("".join(char for char in said if not is_sign(char)).split())
    own = (each for each in (said, said.translate(PLAIN), bare.translate(PLAIN)) if knows(OWN, frozenset(each)))
    others = (each for each in (said, bare, bare.translate(PLAIN)) if font_for(each, SIZES[0][0]))
    return next(own, None) or next(others, "")


def is_sign(char: str) -> bool:
    """Whether a text can be understood without it: a picture, or what only changes how one looks."""
    return unicodedata.category(char) in {"So", "Sk", "Cf", "Cn", "Co", "Cs"} or 0xFE00 <= ord(char) <= 0xFE0F


def font_for(said: str, size: float) -> ImageFont.FreeTypeFont | None:
    """The first font that knows every character; None when there is none, or nobody here can join such letters."""
    if not features.check("raqm") and any(is_joined(char) for char in said):
        return None
    place = next((place for place in range(OWN, len(FONTS)) if knows(place, frozenset(said))), None)
    return None if place is None else font(place, size)


def is_joined(char: str) -> bool:
    """Whether it stands in a script whose letters change with their neighbours, or run from right to left."""
    return 0x0590 <= ord(char) < 0x1100 or unicodedata.bidirectional(char) in {"R", "AL"}


@lru_cache(256)
def font(place: int, size: float) -> ImageFont.FreeTypeFont | None:
    if place == OWN:
        return ImageFont.load_default(size)
    try:
        return ImageFont.truetype(FONTS[place][0], size, FONTS[place][1])
    except OSError:
        return None


def knows(place: int, characters: frozenset[str]) -> bool:
    return all(char.isspace() or has(place, char) for char in characters) and font(place, 40) is not None


@lru_cache(20_000)
def has(place: int, char: str) -> bool:
    """Whether this font has a shape of its own for it."""
    found = font(place, 40)
    return found is not None and shape(found, char) != shape_of_missing(place)


@cache
def shape_of_missing(place: int) -> tuple:
    return shape(font(place, 40), MISSING)


def shape(found: ImageFont.FreeTypeFont, char: str) -> tuple:
    mask = found.getmask(char)
    return mask.size, bytes(mask)


def stroke(found: ImageFont.FreeTypeFont, size: float, weight: float) -> float:
    """How much bolder the one font that has no bold is drawn."""
    return weight * size / 48 * TWICE / 2 if found.getname()[0] == "Aileron" else 0


def length(said: str, size: float) -> float:
    found = font_for(said, size * TWICE)
    return found.getlength(said) / TWICE if found else 0


def wrapped(said: str, width: float, size: float) -> list[str]:
    """The text in lines that fit: between words, and where a word is too long, or none is there, between characters."""
    lines = [""]
    for word in pieces(said):
        if length((lines[-1] + word).rstrip(), size) <= width:
            lines[-1] += word
        elif length(word.rstrip(), size) <= width:
            lines.append(word)
        else:
            for char in word:
                lines = [*lines[:-1], lines[-1] + char] if length(lines[-1] + char, size) <= width else [*lines, char]
    return [line.strip() for line in lines if line.strip()]


def pieces(said: str) -> list[str]:
    """Words with the blank after them; of scripts without blanks, characters."""
    found = [""]
    for char in said:
        if found[-1].endswith(" ") or unicodedata.east_asian_width(char) in "WF":
            found.append("")
        found[-1] += char
    return [piece for piece in found if piece]


def cut(said: str, width: float, size: float) -> str:
    """The text with an ellipsis where it ends too early, when it does not fit."""
    if length(said, size) <= width:
        return said
    while said and length(said + "...", size) > width:
        said = said[:-1].rstrip()
    return said + "..."


def is_right_to_left(said: str) -> bool:
    strong = (unicodedata.bidirectional(char) for char in said)
    return next((each in {"R", "AL"} for each in strong if each in {"L", "R", "AL"}), False)
