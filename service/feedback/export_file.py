"""How a workspace is written as one file: a zip, member by member, in pieces, so that neither its size nor that of the
workspace matters to memory, and no statement reads more than a piece of it.

For people each table is a CSV, whose cells no spreadsheet computes; for programs a line of JSON a row. Both are walked by
themselves, so what changes between them may differ; manifest.json counts the lines of JSON."""

import hashlib
import io
import zipfile
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from typing import NamedTuple

import msgspec

from service import db
from service.feedback import export_notes, workspaces
from service.feedback.export_tables import FILES, JSON, TABLES, Table
from service.feedback.passing import PART
from service.feedback.workspaces import Workspace
from service.lib import media, spreadsheets

FORMAT, VERSION = "sayso export", 1
ROWS = 500  # a statement
MANY = 100_000  # rows, of which a member may come to more than 2 GB
FOLDER = "files"

NOW = "SELECT now()"
CONTENT = """
SELECT substring(c.data FROM %(at)s FOR %(most)s) FROM file f
  JOIN content c ON c.workspace_id = f.workspace_id AND c.sha256 = f.sha256
 WHERE f.workspace_id = %(workspace)s AND f.id = %(id)s AND f.state <> 'refused'"""


class Made(NamedTuple):
    """What the manifest says of one table."""

    rows: int
    bytes: int


class Sink:
    """Where the zip goes: a file that is only ever written. `advance` is called with how many more steps are done."""

    def __init__(self):
        self.size, self.digest = 0, hashlib.sha256()

    def write(self, data: bytes) -> int:
        self.size += len(data)
        self.digest.update(data)
        self.take(data)
        return len(data)

    def flush(self) -> None:
        pass

    def take(self, data: bytes) -> None:
        raise NotImplementedError

    def advance(self, steps: int) -> None:
        raise NotImplementedError


class Straight(Sink):
    """A file on disk; `told` hears of each step."""

    def __init__(self, out, told: Callable[[int], None]):
        super().__init__()
        self.out, self.advance = out, told

    def take(self, data: bytes) -> None:
        self.out.write(data)


def steps(workspace: Workspace) -> int:
    """How many rows are to be written, each of them twice, and files."""
    counts = {table.name: db.row(table.count, workspace=workspace.id)[0] for table in TABLES}
    return 2 * sum(counts.values()) + counts[FILES.name]


def write(workspace: Workspace, base_url: str, sink: Sink) -> None:
    """Write the workspace, whose pages are at `base_url`, as the team sees it."""
    made_at = db.row(NOW)[0].astimezone(UTC)
    archive = Archive(sink, made_at)
    home = workspaces.home(workspace, base_url)
    with archive.zip:
        archive.put("README.txt", export_notes.readme(workspace, made_at).encode())
        counts = {table.name: write_table(archive, workspace, table, home) for table in TABLES}
        files = write_files(archive, workspace)
        about = {"id": workspace.public_id, "name": workspace.name, "slug": workspace.slug,
                 "language": workspace.language, "url": home}  # fmt: skip
        manifest = {"format": FORMAT, "version": VERSION, "workspace": about, "made_at": made_at,
                    "tables": {name: made._asdict() for name, made in sorted(counts.items())},
                    "files": files._asdict()}  # fmt: skip
        archive.put("manifest.json", msgspec.json.format(msgspec.json.encode(manifest), indent=2))
    sink.advance(0)


class Archive:
    """The zip, and how a member of it is begun."""

    def __init__(self, sink: Sink, made_at: datetime):
        self.sink, self.made_at = sink, made_at
        self.zip = zipfile.ZipFile(sink, "w")

    def begin(self, name: str, is_large: bool = False, is_packed: bool = True):
        """A file to write a member of this name into. A `large` one may be of more than 2 GB."""
        info = zipfile.ZipInfo(name, self.made_at.timetuple()[:6])
        info.compress_type = zipfile.ZIP_DEFLATED if is_packed else zipfile.ZIP_STORED
        info.external_attr = 0o644 << 16
        return self.zip.open(info, "w", force_zip64=is_large)

    def put(self, name: str, data: bytes) -> None:
        with self.begin(name) as member:
            member.write(data)


def write_table(archive: Archive, workspace: Workspace, table: Table, home: str) -> Made:
    is_large = db.row(table.count, workspace=workspace.id)[0] > MANY
    for kind in (Sheet, Lines):
        made = rows = 0
        with archive.begin(f"{table.name}.{kind.ENDING}", is_large) as member:
            written = kind(table)
            made += member.write(written.head)
            for piece in walk(workspace, table, home):
                made += member.write(written.body(piece))
                rows += len(piece)
                archive.sink.advance(len(piece))
    return Made(rows, made)


def walk(workspace: Workspace, table: Table, home: str = "") -> Iterator[list[tuple]]:
    """The rows of a table in pieces, each read by itself."""
    after, width = table.begin, len(table.place)
    while piece := db.rows(table.piece, workspace=workspace.id, after=after, most=ROWS, home=home):
        yield [row[width:] for row in piece]
        after = piece[-1][:width]


class Sheet:
    """A table as CSV."""

    ENDING = "csv"

    def __init__(self, table: Table):
        self.columns = table.columns
        self.head = self.lines([[column.name for column in self.columns]])

    def body(self, rows: list[tuple]) -> bytes:
        return self.lines([[cell(value) for value in row] for row in rows])

    @staticmethod
    def lines(rows: list[list]) -> bytes:
        out = io.StringIO()
        spreadsheets.writer(out).writerows(rows)
        return out.getvalue().encode()


class Lines:
    """A table as lines of JSON."""

    ENDING, head = "jsonl", b""

    def __init__(self, table: Table):
        self.columns = [(index, column.name) for index, column in enumerate(table.columns) if not column.is_extra]

    def body(self, rows: list[tuple]) -> bytes:
        return msgspec.json.Encoder().encode_lines([self.line(row) for row in rows])

    def line(self, row: tuple) -> dict:
        return {name: value(name, row[index]) for index, name in self.columns}


def value(name: str, read: object) -> object:
    if isinstance(read, datetime):
        return read.astimezone(UTC)
    return msgspec.Raw(read.encode()) if name in JSON else read


def cell(read: object) -> object:
    """A value as people read it."""
    if isinstance(read, bool):
        return "yes" if read else "no"
    if isinstance(read, datetime):
        return f"{read.astimezone(UTC):%Y-%m-%d %H:%M:%S}"
    if isinstance(read, date):
        return read.isoformat()
    return spreadsheets.cell(", ".join(map(str, read)) if isinstance(read, list) else read)


# ── what is in files ────────────────────────────────────────────────────────────────────────────────────────────────


def write_files(archive: Archive, workspace: Workspace) -> Made:
    """Each file as it is kept, under its id: two may be called alike."""
    columns = [column.name for column in FILES.columns]
    count = size = 0
    for piece in walk(workspace, FILES):
        for file in (dict(zip(columns, row, strict=True)) for row in piece):
            written = write_file(archive, workspace, file) if file["state"] != "refused" else None
            count, size = count + (written is not None), size + (written or 0)
            archive.sink.advance(1)
    return Made(count, size)


def write_file(archive: Archive, workspace: Workspace, file: dict) -> int | None:
    """The bytes of a file; None when it was deleted meanwhile."""
    data, at = content(workspace, file["id"], 0), 0
    if data is None:
        return None
    name = f"{FOLDER}/{file['id']}-{media.named(file['name'], file['type'])}"
    with archive.begin(name, is_packed=file["type"] == media.TEXT) as member:
        while data:
            at += member.write(data)
            archive.sink.advance(0)
            data = content(workspace, file["id"], at)
    return at


def content(workspace: Workspace, id: int, at: int) -> bytes | None:
    row = db.row(CONTENT, workspace=workspace.id, id=id, at=at + 1, most=PART)
    return bytes(row[0]) if row else None
