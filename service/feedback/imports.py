"""Imports: files of other systems or of Sayso, and what became of their rows. importing.py writes, undoing.py takes back."""

from datetime import datetime
from typing import NamedTuple

from psycopg2.extras import Json

from service import db, events, jobs, retention
from service.errors import Conflict, Invalid, NotFound
from service.feedback import boards, import_files, limits
from service.feedback.import_workers import LOST, UNDO, WORK
from service.feedback.passing import QUEUE
from service.feedback.readers import Reader
from service.lib import text
from service.sources import opening
from service.sources.csv_file import Layout

TRIES = 4
SOURCES = tuple(opening.SOURCES)
LONGEST_NAME, LONGEST_SYSTEM = 200, 60
WORDS = ("rows", "columns", "dates", "board", "new_boards", "system")  # of a mapping
UNDER_WAY = ("waiting", "running", "undoing")
BROKEN = "Sayso could not go on with this file. System → Jobs says what is wrong; then go on, or undo it."

COLUMNS = f"""id, source, name, mapping, is_dry, CASE WHEN {LOST} THEN 'failed' ELSE state END, total, done, made, known,
       wrong, CASE WHEN {LOST} THEN %(broken)s ELSE said END, person_id, created_at, finished_at,
       EXISTS (SELECT FROM import_part p WHERE p.workspace_id = import.workspace_id AND p.import_id = import.id),
       state = 'undoing' OR coalesce(finished_at > now() - %(hours)s * interval '1 hour', true)"""
LIST = f"""
SELECT {COLUMNS} FROM import
 WHERE workspace_id = %(workspace)s AND (%(id)s IS NULL OR id = %(id)s) AND (%(before)s IS NULL OR id < %(before)s)
 ORDER BY id DESC LIMIT %(most)s"""
ROWS = """
SELECT number, kind, outcome, said FROM import_row
 WHERE workspace_id = %(workspace)s AND import_id = %(id)s AND number > %(after)s
   AND (%(outcome)s IS NULL OR outcome = %(outcome)s) ORDER BY number LIMIT %(most)s"""
MAKE = """
INSERT INTO import (workspace_id, source, name, mapping, is_dry, state, person_id)
VALUES (%(workspace)s, %(source)s, %(name)s, %(mapping)s, %(is_dry)s, %(state)s, %(person)s) RETURNING id"""
DROP_ROWS = "DELETE FROM import_row WHERE workspace_id = %(workspace)s AND import_id = %(id)s"
BEGIN = """
UPDATE import SET mapping = %(mapping)s, is_dry = %(is_dry)s, state = 'waiting', said = NULL, finished_at = NULL,
       total = CASE WHEN %(anew)s THEN NULL ELSE total END, done = CASE WHEN %(anew)s THEN 0 ELSE done END,
       made = CASE WHEN %(anew)s THEN 0 ELSE made END, known = CASE WHEN %(anew)s THEN 0 ELSE known END,
       wrong = CASE WHEN %(anew)s THEN 0 ELSE wrong END
 WHERE workspace_id = %(workspace)s AND id = %(id)s"""
CHOOSE = """
UPDATE import SET mapping = %(mapping)s
 WHERE workspace_id = %(workspace)s AND id = %(id)s
   AND (state = 'draft' OR (is_dry AND state IN ('done', 'stopped', 'failed')))"""
SET = """
UPDATE import SET state = %(state)s, said = %(said)s, finished_at = now()
 WHERE workspace_id = %(workspace)s AND id = %(id)s AND state = ANY(%(states)s)"""
UNDOING = "UPDATE import SET state = 'undoing', said = NULL WHERE workspace_id = %(workspace)s AND id = %(id)s"
HOLD = "SELECT state FROM import WHERE workspace_id = %(workspace)s AND id = %(id)s FOR NO KEY UPDATE"
DELETE = "DELETE FROM import WHERE workspace_id = %(workspace)s AND id = %(id)s AND state = 'draft'"


class Import(NamedTuple):
    id: int
    source: str
    name: str  # of the file
    mapping: dict  # which column of a table is what, and what goes where
    is_dry: bool  # a rehearsal: nothing is made
    state: str  # draft, waiting, running, done, failed, stopped, undoing, undone
    total: int | None  # rows, once they are counted
    done: int
    made: int
    known: int
    wrong: int
    said: str | None  # why it failed, or what of it is worth knowing
    person: int | None  # None: it came by the command line
    created_at: datetime
    finished_at: datetime | None
    has_file: bool
    is_recent: bool  # it ended less than an hour ago, or somebody has begun to take it back

    @property
    def is_under_way(self) -> bool:
        return self.state in UNDER_WAY

    @property
    def can_undo(self) -> bool:
        """Whether what it made can be taken back."""
        return self.state in ("done", "failed", "stopped") and not self.is_dry and self.is_recent

    @property
    def is_table(self) -> bool:
        """Whether its rows come after a line of headers."""
        return self.source == "csv" or (self.source == "canny" and not {"rows", "columns"}.isdisjoint(self.mapping))

    @property
    def can_go_on(self) -> bool:
        return self.state in ("stopped", "failed") and self.has_file


class Line(NamedTuple):
    """What became of a row of the file."""

    number: int
    kind: str
    outcome: str  # made, known, wrong; after an undo also undone, left
    said: str | None


def of(reader: Reader, most: int, before: int | None = None) -> list[Import]:
    """`most` imports of the workspace, the newest first, before the one of this id."""
    return read(reader, id=None, before=before, most=most)


def find(reader: Reader, id: int) -> Import:
    """The import of this id, or NotFound."""
    found = read(reader, id=id, before=None, most=1)
    if not found:
        raise NotFound("There is no such import.")
    return found[0]


def read(reader: Reader, **place) -> list[Import]:
    more = {"broken": BROKEN, "hours": retention.IMPORT_HOURS}
    return [Import(*row) for row in db.rows(LIST, workspace=reader.workspace.id, **more, **place)]


def lines(reader: Reader, id: int, most: int, after: int = 0, outcome: str | None = None) -> list[Line]:
    """What became of the rows of an import, `most` of them after this number, of one outcome or of all."""
    find(reader, id)
    place = {"workspace": reader.workspace.id, "id": id, "after": after, "outcome": outcome, "most": most}
    return [Line(*row) for row in db.rows(ROWS, **place)]


@db.verb
def upload(reader: Reader, source: str, name: str, data: bytes) -> Import:
    """Keep a file, of which is still to be said what its columns are. Raises Invalid, TooLarge, RateLimited."""
    return made(reader, source, name, data, {}, is_dry=False, state="draft")


@db.verb
def begin(reader: Reader, source: str, name: str, data: bytes | None, mapping: dict, is_dry: bool = False) -> Import:
    """Have a file imported by a job, or rehearsed; without `data` by whoever calls, who has the file. `mapping` is: rows,
    columns, dates (sources/columns.py), board (key of the one that takes all posts), new_boards (private, public), system.

    Raises Invalid with what must change, TooLarge, RateLimited."""
    return made(reader, source, name, data, checked(reader, mapping), is_dry, "running" if data is None else "waiting")


def made(reader: Reader, source: str, name: str, data: bytes | None, mapping: dict, is_dry: bool, state: str) -> Import:
    workspace = reader.workspace.id
    if source not in SOURCES:
        raise Invalid(source=f"Choose one of: {', '.join(SOURCES)}.")
    tidied = text.tidy_line(name[: 4 * LONGEST_NAME])[:LONGEST_NAME] or "file"
    if data is not None:
        import_files.expect(data)
        limits.workspace_import(workspace)
    [id] = db.row(MAKE, workspace=workspace, source=source, name=tidied, mapping=Json(mapping), is_dry=is_dry, state=state,
                  person=reader.person)  # fmt: skip
    if data is not None:
        import_files.keep(workspace, id, data)
    if state == "waiting":
        import_files.expect_readable(workspace, id, source, mapping)
    if state != "draft":
        told(reader, id, is_dry, is_queued=state == "waiting")
    return find(reader, id)


def told(reader: Reader, id: int, is_dry: bool, is_queued: bool) -> None:
    workspace = reader.workspace.id
    if is_queued:
        jobs.enqueue(WORK, workspace, queue=QUEUE, max_attempts=TRIES, **{"import": id})
    events.record("import.begun", workspace, data={"import": id, "dry": is_dry}, person=reader.person)


def checked(reader: Reader, mapping: dict) -> dict:
    """What goes where, as it is stored."""
    said = {name: mapping[name] for name in WORDS if mapping.get(name)}
    if not all(isinstance(said.get(name, ""), str) for name in WORDS if name != "columns"):
        raise Invalid(mapping="Give texts, and `columns` as an object of texts.")
    columns = said.get("columns", {})
    if not isinstance(columns, dict) or not all(isinstance(each, str) for pair in columns.items() for each in pair):
        raise Invalid(columns="Give an object: what it is → the name of the column.")
    if said.get("new_boards", "private") not in ("private", "public"):
        raise Invalid(new_boards="Boards that are made are private or public.")
    if "board" in said and said["board"] not in {board.key for board in boards.of(reader)}:
        raise Invalid(board=boards.which(boards.of(reader)))
    if len(said.get("system", "")) > LONGEST_SYSTEM:
        raise Invalid(system=f"This name has at most {LONGEST_SYSTEM} characters.")
    return said


@db.verb
def start(reader: Reader, id: int, mapping: dict, is_dry: bool) -> Import:
    """Import a file that was uploaded, or rehearse it; one that was rehearsed begins anew. Errors as of `begin`; Conflict
    also when its file is gone, or it was imported already."""
    before = held(reader, id)
    if before.state not in ("draft", "done", "failed", "stopped") or (before.state != "draft" and not before.is_dry):
        raise Conflict("This file was imported already; send it again to import it once more.", "imported")
    return again(reader, before, checked(reader, mapping), is_dry, anew=True)


@db.verb
def choose(reader: Reader, id: int, mapping: dict) -> Import:
    """Say what a file holds that is not imported yet; errors as of `begin`."""
    held(reader, id)
    db.changed(CHOOSE, workspace=reader.workspace.id, id=id, mapping=Json(checked(reader, mapping)))
    return find(reader, id)


@db.verb
def go_on(reader: Reader, id: int) -> Import:
    """Go on with an import that was stopped or failed, after the last row that was looked at."""
    before = held(reader, id)
    if before.is_under_way:
        return before
    if not before.can_go_on:
        raise Conflict(import_files.GONE, "file_gone")
    return again(reader, before, before.mapping, before.is_dry, anew=before.is_dry)


def again(reader: Reader, before: Import, mapping: dict, is_dry: bool, anew: bool) -> Import:
    place = {"workspace": reader.workspace.id, "id": before.id}
    import_files.expect_readable(reader.workspace.id, before.id, before.source, mapping)
    if anew:
        db.changed(DROP_ROWS, **place)
    db.changed(BEGIN, **place, mapping=Json(mapping), is_dry=is_dry, anew=anew)
    told(reader, before.id, is_dry, is_queued=True)
    return find(reader, before.id)


def held(reader: Reader, id: int) -> Import:
    """The import, which nobody else changes until the transaction ends."""
    db.row(HOLD, workspace=reader.workspace.id, id=id)
    return find(reader, id)


@db.verb
def stop(reader: Reader, id: int) -> Import:
    """Look at no further rows; what is made stays, and can be undone. One that has ended stays as it is."""
    held(reader, id)
    set_state(reader.workspace.id, id, "stopped", None, ["waiting", "running"])
    return find(reader, id)


@db.verb
def undo(reader: Reader, id: int, is_queued: bool = True) -> Import:
    """Have everything taken away that an import has made and nobody has touched since; one that is under way is stopped.
    Again, nothing happens, unless nobody works on it any more: then it goes on. Conflict when it is too late, and for a
    file that was not imported."""
    stop(reader, id)
    before = held(reader, id)
    if before.state in ("undoing", "undone"):
        return before
    if not before.can_undo:
        raise Conflict("What was imported can be undone for an hour after its end. This cannot.", "cannot_undo")
    db.changed(UNDOING, workspace=reader.workspace.id, id=id)
    import_files.drop(reader.workspace.id, id)
    if is_queued:
        jobs.enqueue(UNDO, reader.workspace.id, queue=QUEUE, max_attempts=TRIES,
                     **{"import": id, "person": reader.person})  # fmt: skip
    return find(reader, id)


@db.verb
def discard(reader: Reader, id: int) -> None:
    """Throw a file away that was uploaded and not imported; again, nothing happens."""
    db.changed(DELETE, workspace=reader.workspace.id, id=id)


def set_state(workspace_id: int, id: int, state: str, said: str | None, states: list[str]) -> bool:
    return bool(db.changed(SET, workspace=workspace_id, id=id, state=state, said=said, states=states))


def table(reader: Reader, id: int) -> Layout | None:
    """How the file of this import is written, when it is a table that is still there."""
    found = find(reader, id)
    if not found.has_file:
        return None
    with import_files.opened(reader.workspace.id, id) as file:
        return opening.table(found.source, file)
