"""The pages of Canny's API in a file, each taken apart into its items, which stay bytes. How large anything may get is
bounded before it is read: a few bytes of JSON can be a great many things in memory."""

import io
import zipfile
import zlib
from collections.abc import Iterator
from typing import BinaryIO

import msgspec

from service.errors import Invalid

LARGEST = 100 << 20  # bytes of JSON, all in all
LARGEST_DOCUMENT = 25 << 20  # of one file of a zip, or of one line
MOST_ITEMS = MOST_LINES = 200_000
MOST_PARTS = 1_000_000  # of a document: whatever stands between two commas
MOST_FILES = 1_000  # of a zip
MOST_RATIO = 20  # times as large as it is packed; what is small may be more
SMALL = 10 << 20
KINDS = ("boards", "tags", "users", "posts", "votes", "comments", "entries")
BOMB = "This file unpacks to more than we take; import it in parts."
TOO_LARGE = (f"JSON of more than {LARGEST_DOCUMENT >> 20} MB in one piece is not taken: save the pages of the API one a "
             "line, or as files of a zip.")  # fmt: skip
TOO_MANY = f"This file says more than {MOST_ITEMS:,} things; import it in parts."
CUT_OFF = "This is JSON cut off in the middle, or not as Canny's API writes it."
DAMAGED = "This zip is damaged, or only a part of it; send it again."
BROKEN_ZIP = (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, ValueError, zlib.error)
Items = tuple[msgspec.Raw, ...]


class Page(msgspec.Struct, gc=False):
    """One answer of the API: one of these lists."""

    boards: Items = ()
    tags: Items = ()
    users: Items = ()
    posts: Items = ()
    votes: Items = ()
    comments: Items = ()
    entries: Items = ()

    @property
    def size(self) -> int:
        return sum(len(getattr(self, kind)) for kind in KINDS)


ONE, MANY = msgspec.json.Decoder(Page), msgspec.json.Decoder(list[Page])


def of(file: BinaryIO) -> list[Page]:
    """Every page that has something on it. Raises Invalid when the file is damaged, or holds too much."""
    found, items = [], 0
    for page in pages(file):
        size = page.size
        items += size
        if items > MOST_ITEMS:
            raise Invalid(file=TOO_MANY)
        if size:
            found.append(page)
    return found


def pages(file: BinaryIO) -> Iterator[Page]:
    file.seek(0)
    if file.read(4) == b"PK\x03\x04":
        yield from unpacked(file)
        return
    if file.seek(0, io.SEEK_END) > LARGEST:
        raise Invalid(file=BOMB)
    file.seek(0)
    yield from in_file(file)


def unpacked(file: BinaryIO) -> Iterator[Page]:
    """The JSON files of a zip. Sizes are counted while reading: what a zip says of itself may be a lie."""
    left = min(LARGEST, max(SMALL, MOST_RATIO * file.seek(0, io.SEEK_END)))
    try:
        with zipfile.ZipFile(file) as found:
            names = [each for each in found.infolist() if each.filename.lower().endswith((".json", ".jsonl"))]
            if len(names) > MOST_FILES:
                raise Invalid(file=f"A zip has at most {MOST_FILES:,} files.")
            for each in names:
                with found.open(each) as opened:
                    counted = Counted(opened, left)
                    yield from in_file(io.BufferedReader(counted))
                left = counted.left
    except BROKEN_ZIP as error:
        raise Invalid(file=DAMAGED) from error


class Counted(io.RawIOBase):
    """What is read of a file, until it was more than is `left`: then Invalid."""

    def __init__(self, file: BinaryIO, left: int):
        self.file, self.left = file, left

    def readable(self) -> bool:
        return True

    def readinto(self, buffer) -> int:
        read = self.file.read(len(buffer))
        self.left -= len(read)
        if self.left < 0:
            raise Invalid(file=BOMB)
        buffer[: len(read)] = read
        return len(read)


def in_file(file: BinaryIO) -> Iterator[Page]:
    """Its pages: one a line if the first line is one, else all that is there is one page, or a list of them."""
    lines = some(file)
    first = next(lines, b"").removeprefix(b"\xef\xbb\xbf")
    try:
        page = taken_apart(ONE, first)
    except (msgspec.DecodeError, RecursionError):
        yield from whole(first + file.read(LARGEST_DOCUMENT + 1))
        return
    yield page
    for line in lines:
        try:
            yield taken_apart(ONE, line)
        except (msgspec.DecodeError, RecursionError):
            raise Invalid(file=CUT_OFF) from None


def some(file: BinaryIO) -> Iterator[bytes]:
    """The lines of a file that say something."""
    number = 0
    while line := file.readline(LARGEST_DOCUMENT + 1):
        number += 1
        if number > MOST_LINES:
            raise Invalid(file=TOO_MANY)
        if line.strip():
            yield line


def whole(document: bytes) -> list[Page]:
    try:
        if document.lstrip().startswith(b"["):
            return taken_apart(MANY, document)
        return [taken_apart(ONE, document)]
    except (msgspec.DecodeError, RecursionError):
        raise Invalid(file=CUT_OFF) from None


def taken_apart(decoder: msgspec.json.Decoder, document: bytes):
    if len(document) > LARGEST_DOCUMENT:
        raise Invalid(file=TOO_LARGE)
    if document.count(b",") > MOST_PARTS:
        raise Invalid(file=TOO_MANY)
    return decoder.decode(document.strip())
