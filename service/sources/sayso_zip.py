"""An export of Sayso, read back (feedback/export_file.py writes it): lines of JSON in a zip, and files.

Nothing in the zip is believed: its manifest says how much there is, what unpacks to more or to something else is refused,
and no name in it is ever a path."""

import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Annotated, BinaryIO

import msgspec

from service.errors import Invalid
from service.sources import dates
from service.sources.records import File, Person, Record, Row, Rows, Wrong
from service.sources.sayso_lines import LINES

FORMAT, VERSION = "sayso export", 1
MEMBER = "member"  # kind of a user
REFUSED = "refused"  # state of a file that could not be read, of which nothing was kept
MANIFEST, FILES = "manifest.json", "files"
LARGEST = 64 << 30  # bytes that it unpacks to, all in all
LARGEST_MANIFEST, LARGEST_LINE, LARGEST_FILE = 1 << 20, 1 << 20, 12 << 20
# times as large as it is packed, of one of its files and of all; what is small may be more
MOST_RATIO, MOST_RATIO_IN_ALL = 400, 100
SMALL = 10 << 20
FILE_NAME = re.compile(r"files/([1-9][0-9]{0,17})-[^/]*")
UNREADABLE = "This is no export of Sayso, or only a part of one. Take the zip as it was downloaded."
NEWER = "This export is of a newer Sayso. Update this one first."
BOMB = "This file unpacks to more than an export does; export it again."
DAMAGED = "This export is damaged; download it again."
OTHER_COUNT = "There is more or less in this export than it says; export it again."
WHAT_TO_DO = "This row is not as Sayso writes it; export again, or mend it."
NO_BYTES = "What was in this file is not in the export; send it anew."
NUL = b"\\u0000"  # which no text may hold


class Count(msgspec.Struct):
    rows: Annotated[int, msgspec.Meta(ge=0)] = 0
    bytes: Annotated[int, msgspec.Meta(ge=0)] = 0


class Head(msgspec.Struct):
    """What the manifest of every version says."""

    format: str
    version: int


class About(msgspec.Struct):
    """Which workspace it is of."""

    id: str | None = None  # its public one
    url: str = ""


class Manifest(Head):
    tables: dict[str, Count]
    files: Count
    workspace: About = msgspec.field(default_factory=About)


def origin(file: BinaryIO) -> str:
    """Which workspace this is an export of: numbers and ids are its own. Raises Invalid as `rows` does."""
    with readable(), zipfile.ZipFile(file) as archive:
        about = opened(archive, file).workspace
        return about.id or about.url


def rows(file: BinaryIO, mapping: dict, unpacks: bool = True) -> Rows:  # noqa: ARG001 (every source is read alike)
    """Every row of every table, what others name first, and the files with what is in them; without, and quickly, if it
    `unpacks` none. Raises Invalid, at once or when it comes to what is wrong, where a part is missing or is not what the
    export says."""
    with readable(), zipfile.ZipFile(file) as archive:
        manifest = opened(archive, file)
        number, team = 0, {}
        for name in LINES:
            for what in table(archive, name, manifest.tables.get(name, Count()), unpacks):
                number += 1
                yield Row(number, in_full(what, team))


def in_full(what: Record | Wrong, team: dict[str, Person]) -> Record | Wrong:
    """The record, with all that is known of whoever of the team it names: their ids are Sayso's own, so whether they are of
    the team here shows their address alone."""
    if isinstance(what, Person) and what.kind == MEMBER:
        team[what.id] = what
    for field in ("author", "person"):
        named = getattr(what, field, None)
        if named and named.id in team:
            return what._replace(**{field: team[named.id]})
    return what


@contextmanager
def readable():
    """Whatever is wrong with the zip is one sentence."""
    try:
        yield
    except zipfile.BadZipFile as error:
        raise Invalid(file=DAMAGED if "CRC" in str(error) else UNREADABLE) from None
    except (zlib.error, EOFError, RuntimeError, NotImplementedError, UnicodeDecodeError, OSError):
        raise Invalid(file=DAMAGED) from None


def opened(archive: zipfile.ZipFile, file: BinaryIO) -> Manifest:
    """What the export says of itself, when it can be so."""
    members = {member.filename: member for member in archive.infolist()}
    if len(members) < len(archive.infolist()) or MANIFEST not in members:
        raise Invalid(file=UNREADABLE)
    in_all = min(LARGEST, max(SMALL, MOST_RATIO_IN_ALL * file.seek(0, io.SEEK_END)))
    if any(map(is_bomb, members.values())) or sum(member.file_size for member in members.values()) > in_all:
        raise Invalid(file=BOMB)
    if members[MANIFEST].file_size > LARGEST_MANIFEST:
        raise Invalid(file=UNREADABLE)
    manifest = understood(archive.read(MANIFEST))
    for name, said in manifest.tables.items():
        if name in LINES and (f"{name}.jsonl" not in members or members[f"{name}.jsonl"].file_size != said.bytes):
            raise Invalid(file=OTHER_COUNT)
    return manifest


def understood(data: bytes) -> Manifest:
    try:
        head = msgspec.json.decode(data, type=Head)
        if head.format != FORMAT:
            raise Invalid(file=UNREADABLE)
        if head.version > VERSION:
            raise Invalid(file=NEWER)
        return msgspec.json.decode(data, type=Manifest)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Invalid(file=UNREADABLE) from None


def is_bomb(member: zipfile.ZipInfo) -> bool:
    return member.file_size > max(SMALL, MOST_RATIO * member.compress_size)


def table(archive: zipfile.ZipFile, name: str, said: Count, unpacks: bool) -> Iterator[Record | Wrong]:
    if f"{name}.jsonl" not in archive.NameToInfo:
        return
    decoder, found = msgspec.json.Decoder(LINES[name]), 0
    contents = files(archive) if name == FILES else {}
    for line in lines(archive, name):
        found += 1
        if what := record(archive, name, decoder, line, contents, unpacks):
            yield what
    if found != said.rows:
        raise Invalid(file=OTHER_COUNT)


def lines(archive: zipfile.ZipFile, name: str) -> Iterator[bytes | None]:
    """The lines of a table; None: one that is longer than any of ours."""
    with archive.open(f"{name}.jsonl") as member:
        reader = io.BufferedReader(member)
        while line := reader.readline(LARGEST_LINE):
            whole = line.endswith(b"\n") or len(line) < LARGEST_LINE
            yield line if whole else None
            while not whole and line:
                line = reader.readline(LARGEST_LINE)
                whole = line.endswith(b"\n")


def record(archive: zipfile.ZipFile, name: str, decoder: msgspec.json.Decoder, line: bytes | None,
           contents: dict[int, zipfile.ZipInfo], unpacks: bool) -> Record | Wrong | None:  # fmt: skip
    """What a line says; None where there is nothing to make of it."""
    kind = LINES[name].KIND
    try:
        if line is None or NUL in line:
            return Wrong(WHAT_TO_DO, kind=kind)
        read = decoder.decode(line)
    except msgspec.ValidationError as error:
        return Wrong(WHAT_TO_DO, column(error), kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return Wrong(WHAT_TO_DO, kind=kind)
    if strange := next((field for field in read.__struct_fields__ if is_strange(getattr(read, field))), None):
        return Wrong(dates.WHAT_IT_IS, strange, kind)
    return read.record() if name != FILES else with_content(archive, read, contents, unpacks)


def is_strange(said) -> bool:
    return isinstance(said, date) and not dates.is_believed(said)


def column(error: msgspec.ValidationError) -> str | None:
    """`$.created_at` at the end of what msgspec says."""
    found = re.search(r"\$\.(\w+)", str(error))
    return found and found[1]


# ── files ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def files(archive: zipfile.ZipFile) -> dict[int, zipfile.ZipInfo]:
    """What is in the files, by their ids. Of a name only the id counts."""
    found = ((FILE_NAME.fullmatch(member.filename), member) for member in archive.infolist())
    return {int(name[1]): member for name, member in found if name}


def with_content(archive: zipfile.ZipFile, read, contents: dict[int, zipfile.ZipInfo],
                 unpacks: bool) -> File | Wrong | None:  # fmt: skip
    """The file that a line tells of: each is unpacked once, however many lines name it."""
    if read.state == REFUSED:
        return None
    member = contents.pop(read.id, None)
    if member is None or member.file_size > LARGEST_FILE:
        return Wrong(NO_BYTES, "id", read.KIND)
    return read.record(archive.read(member) if unpacks else b"")
