"""What kind of file some bytes are, decided by the bytes alone, and a name for it that is safe wherever it is saved."""

import re

from service.lib import text

PICTURES = {"image/png", "image/jpeg", "image/webp", "image/gif"}
TEXT = "text/plain"
ENDINGS = {
    "image/png": (".png",),
    "image/jpeg": (".jpg", ".jpeg"),
    "image/webp": (".webp",),
    "image/gif": (".gif",),
    "application/pdf": (".pdf",),
    "video/mp4": (".mp4", ".m4v"),
    TEXT: (".txt", ".log"),
}
ALL_ENDINGS = {ending for endings in ENDINGS.values() for ending in endings}
BEGINNINGS = [
    (re.compile(rb"\x89PNG\r\n\x1a\n"), "image/png"),
    (re.compile(rb"\xff\xd8\xff"), "image/jpeg"),
    (re.compile(rb"RIFF....WEBP", re.DOTALL), "image/webp"),
    (re.compile(rb"GIF8[79]a"), "image/gif"),
    (re.compile(rb"%PDF-\d"), "application/pdf"),
    # of the family only what browsers play: HEIC, AVIF and QuickTime begin alike
    (re.compile(rb"\0\0..ftyp(iso[m2-9]|mp4[12]|avc1|M4V |MSNV|dash)", re.DOTALL), "video/mp4"),
]
NOT_IN_TEXT = re.compile(r"[^\t\n\f\r -\x7e\xa0-\U0010ffff]")  # control characters
LONGEST_NAME = 120
MOST_READ = 1000  # characters of a name that are looked at
NOT_IN_NAMES = re.compile(r'[<>:"|?*]')
RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)  # devices, to Windows


def type_of(data: bytes) -> str | None:
    """The media type of a file that we take; None of any other. What is UTF-8 without control characters is plain text,
    be it HTML or SVG, and is shown by nobody as anything else."""
    for beginning, type in BEGINNINGS:
        if beginning.match(data):
            return type
    try:
        return None if NOT_IN_TEXT.search(data.decode()) else TEXT
    except UnicodeDecodeError:
        return None


def named(name: str, type: str) -> str:
    """The name to keep for a file of this type: no folder, no trickery, and the ending that says what it is."""
    last = re.split(r"[/\\]", name)[-1]
    stem, dot, ending = last.rpartition(".")
    if not dot or not fits_as_ending(ending):
        stem, ending = last, ""
    stem = NOT_IN_NAMES.sub("_", text.tidy_line(stem[:MOST_READ])).strip(". ")
    ending = f".{ending.lower()}" if ending else ""
    if ending not in ENDINGS[type]:
        stem, ending = stem if ending in ALL_ENDINGS else stem + ending, ENDINGS[type][0]
    if RESERVED.match(stem + ending):
        stem = f"_{stem}"
    return (stem.strip(". ")[: LONGEST_NAME - len(ending)].strip(". ") or "file") + ending


def fits_as_ending(ending: str) -> bool:
    return 1 <= len(ending) <= 10 and ending.isascii() and ending.isalnum()
