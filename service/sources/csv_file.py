"""A table as CSV (RFC 4180, and what spreadsheets make of it): UTF-8, UTF-16 or Windows' own letters; commas, semicolons or
tabs. Whatever is wrong with a row is said of that row; nothing of the file is kept in memory but the row that is read."""

import codecs
import csv
import hashlib
import io
import re
from collections.abc import Iterator
from contextlib import suppress
from typing import BinaryIO, NamedTuple

from service.errors import Invalid
from service.sources import columns, dates
from service.sources.columns import Mapping
from service.sources.records import Comment, Person, Post, Row, Rows, Vote, Wrong

LONGEST_CELL, LONGEST_LINE = 200_000, 1_000_000  # characters
MOST_COLUMNS, EXAMPLES, LONGEST_EXAMPLE = 200, 3, 80
PIECE = 1 << 16
MOST_VOTERS = 1_000  # named in one cell
LAST_RESORT = "cp1252"
BOMS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
DELIMITERS = ",;\t"
LIST = re.compile(r"[,;|\n]")
YES = {"yes", "true", "1", "y", "x"}
TOO_LONG = "\0"  # stands for a line that is too long to be one

csv.field_size_limit(LONGEST_CELL)


class Layout(NamedTuple):
    """What a look at the beginning of a table tells."""

    encoding: str
    delimiter: str
    headers: list[str]
    examples: dict[str, list[str]]  # header → what the first rows say

    @property
    def is_guess(self) -> bool:
        """Whether nothing said how its letters are written."""
        return self.encoding == LAST_RESORT


def layout(file: BinaryIO) -> Layout:
    """How this table is written. Raises Invalid when it is none."""
    encoding = encoding_of(file)
    first = next((line for line in lines(file, encoding) if line.strip()), "")
    outside = re.sub(r'"[^"]*"', "", first)
    delimiter = max(DELIMITERS, key=outside.count)
    cells = table(file, encoding, delimiter)
    headers = [cell.strip() for cell in next(cells, [])]
    check(headers)
    examples = {header: [] for header in headers if header}
    for _, row in zip(range(50), cells, strict=False):
        for header, cell in zip(headers, row or [], strict=False):
            said = " ".join(cell[: 4 * LONGEST_EXAMPLE].split())[:LONGEST_EXAMPLE]
            if header and said and said not in examples[header] and len(examples[header]) < EXAMPLES:
                examples[header].append(said)
    return Layout(encoding, delimiter, headers, examples)


def check(headers: list[str]) -> None:
    named = [header for header in headers if header]
    if not named or any("\0" in header for header in named):
        raise Invalid(file="This is no table: its first line must say what the columns are called.")
    if len(headers) > MOST_COLUMNS:
        raise Invalid(file=f"A table has at most {MOST_COLUMNS} columns.")
    if len(set(named)) < len(named):
        raise Invalid(file="Two columns of this table are called the same; give each a name of its own.")


def encoding_of(file: BinaryIO) -> str:
    """How its letters are written: as its first bytes say, as UTF-8 if it can be that, else as Windows writes them."""
    file.seek(0)
    start = file.read(4)
    for mark, encoding in BOMS.items():
        if start.startswith(mark):
            return encoding
    file.seek(0)
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        while piece := file.read(PIECE):
            decoder.decode(piece)
    except UnicodeDecodeError:
        return LAST_RESORT
    return "utf-8"  # half a letter at the end is half a file, and no other way of writing


def lines(file: BinaryIO, encoding: str) -> Iterator[str]:
    file.seek(0)
    opened = io.TextIOWrapper(file, encoding, errors="replace", newline="")
    try:
        while line := opened.readline(LONGEST_LINE):
            if len(line) < LONGEST_LINE or line.endswith(("\n", "\r")):
                yield line
                continue
            while (rest := opened.readline(LONGEST_LINE)) and not rest.endswith(("\n", "\r")):
                pass
            yield f"{TOO_LONG}\n"
    finally:
        with suppress(ValueError):
            opened.detach()


def table(file: BinaryIO, encoding: str, delimiter: str) -> Iterator[list[str] | None]:
    """Its rows, the headers first; None is a row that cannot be read."""
    reader = csv.reader(lines(file, encoding), delimiter=delimiter)
    while True:
        try:
            yield next(reader)
        except StopIteration:
            return
        except csv.Error:
            yield None


def rows(file: BinaryIO, mapping: dict) -> Rows:
    """Every row of the table; `mapping` as of `columns.chosen`. Blank lines at its end are none."""
    said = layout(file)
    chosen = columns.chosen(said.headers, mapping)
    maker = MAKERS[chosen.rows]
    cells = table(file, said.encoding, said.delimiter)
    next(cells)
    blank = 0
    for number, row in enumerate(cells, start=1):
        if row is not None and not any(cell.strip() for cell in row):
            blank += 1
            continue
        for earlier in range(number - blank, number):
            yield Row(earlier, Wrong("This row is empty.", kind=chosen.rows[:-1]))
        blank = 0
        yield Row(number, made(maker, said.headers, row, chosen))


def made(maker, headers: list[str], row: list[str] | None, mapping: Mapping):
    kind = mapping.rows[:-1]
    if row is None:
        return Wrong(f"A cell has more than {LONGEST_CELL:,} characters: perhaps a quote is not closed.", kind=kind)
    if any("\0" in cell for cell in row):
        return Wrong("This row has bytes in it that are no text, or is far too long.", kind=kind)
    if len(row) != len(headers):
        said = f"This row has {len(row)} cells, the first line {len(headers)}: quote cells that have a separator in them."
        return Wrong(said, kind=kind)
    cells = dict(zip(headers, row, strict=True))
    found = Cells({ours: cells[header] for ours, header in mapping.columns.items()}, mapping)
    try:
        return maker(found)
    except Unreadable as error:
        return Wrong(error.said, mapping.columns.get(error.ours, error.ours), kind)


class Unreadable(Exception):
    def __init__(self, ours: str, said: str):
        super().__init__(said)
        self.ours, self.said = ours, said


class Cells(NamedTuple):
    """What a row says, by our names of its columns."""

    by_name: dict[str, str]
    mapping: Mapping

    def text(self, ours: str) -> str:
        return self.by_name.get(ours, "").strip()

    def moment(self, ours: str):
        try:
            return dates.read(self.text(ours), self.mapping.dates)
        except ValueError as error:
            raise Unreadable(ours, str(error)) from None

    def count(self, ours: str) -> int:
        said = self.text(ours).replace(",", "").removesuffix(".0")
        if not said:
            return 0
        if not (said.isascii() and said.isdigit() and len(said) < 10):
            raise Unreadable(ours, "Write a whole number, or leave it empty.")
        return int(said)

    def person(self) -> Person | None:
        id, email, name = self.text("author_id"), self.text("author_email"), self.text("author_name")
        if not email and "@" in name and " " not in name:
            email, name = name, ""
        return Person(id or None, email or None, name) if id or email or name else None

    def digest(self) -> str:
        """An id of a row that has none: what it says."""
        said = "\x1f".join(f"{name}={cell.strip()}" for name, cell in sorted(self.by_name.items()) if name not in MOVING)
        return f"row {hashlib.sha256(said.encode('utf-8', 'replace')).hexdigest()}"


MOVING = {"votes", "voters", "status", "board", "tags", "url", "id"}  # what is another day something else, of the same post


def post(cells: Cells) -> Post:
    author, counted = cells.person(), cells.count("votes")
    named = [word.strip() for word in LIST.split(cells.text("voters")) if word.strip()]
    if len(named) > MOST_VOTERS:
        raise Unreadable("voters", f"Name at most {MOST_VOTERS:,} voters in a cell; import the rest as a table of votes.")
    voters = tuple(Person(email=word) if "@" in word else Person(name=word) for word in dict.fromkeys(named))
    known = len(voters) + bool(author and counted and not voters)
    return Post(
        title=cells.text("title"), id=cells.text("id") or cells.digest(), body=cells.text("body"), author=author,
        status=cells.text("status") or None, board=cells.text("board") or None, created_at=cells.moment("created_at"),
        tags=tuple(dict.fromkeys(word.strip() for word in LIST.split(cells.text("tags")) if word.strip())),
        url=cells.text("url") or None, nameless_votes=max(0, counted - known), voters=voters,
        author_votes=bool(author and counted and not voters),
    )  # fmt: skip


def vote(cells: Cells) -> Vote:
    return Vote(needed(cells, "post"), voter(cells), cells.moment("created_at"))


def voter(cells: Cells) -> Person:
    person = cells.person()
    if person is None:
        raise Unreadable("author_email", "Say who voted: an e-mail address, an id or a name.")
    return person


def comment(cells: Cells) -> Comment:
    return Comment(
        post=needed(cells, "post"), body=cells.text("body"), id=cells.text("id") or cells.digest(), author=cells.person(),
        parent=cells.text("parent") or None, is_internal=cells.text("internal").lower() in YES,
        created_at=cells.moment("created_at"),
    )  # fmt: skip


def needed(cells: Cells, ours: str) -> str:
    if not cells.text(ours):
        raise Unreadable(ours, "Say which post it belongs to.")
    return cells.text(ours)


MAKERS = {"posts": post, "votes": vote, "comments": comment}
