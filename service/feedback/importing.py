"""Imports, worked off: some rows at a time, each piece one transaction together with how far the work is. Whoever dies goes
on after the last piece; nothing is made twice."""

import itertools
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from peewee import DataError, IntegrityError

from service import db, events
from service.db import database
from service.errors import Invalid, LeaseLost
from service.feedback import (
    import_files,
    import_limits,
    import_people,
    import_places,
    import_posts,
    import_rest,
    import_workers,
    imports,
    workspaces,
)
from service.feedback.imported import Piece, Refused, Rules, Seen
from service.feedback.imports import Import
from service.feedback.readers import Reader
from service.feedback.workspaces import Workspace
from service.jobs import Job
from service.lib import text
from service.sources import opening, records
from service.sources.records import Row, Wrong

UNTAKEN = (DataError, IntegrityError)
AT_ONCE = 100  # rows in one transaction
HEAVY = 3_000  # votes without a name that fill a transaction by themselves
LONGEST_SAID = 300
LOOK_EVERY = 1_000  # rows that are counted: whether it was stopped

# Nobody has stopped it, or gone on in our place.
MINE = """
SELECT done, wrong FROM import
 WHERE workspace_id = %(workspace)s AND id = %(id)s AND state = 'running' FOR NO KEY UPDATE"""
GOES_ON = "SELECT FROM import WHERE workspace_id = %(workspace)s AND id = %(id)s AND state IN ('waiting', 'running')"
BEGIN = """
UPDATE import SET state = 'running', total = %(total)s, said = %(said)s,
       done = CASE WHEN is_dry THEN 0 ELSE done END, made = CASE WHEN is_dry THEN 0 ELSE made END,
       known = CASE WHEN is_dry THEN 0 ELSE known END, wrong = CASE WHEN is_dry THEN 0 ELSE wrong END
 WHERE workspace_id = %(workspace)s AND id = %(id)s AND state IN ('waiting', 'running')"""
NOTE = """
INSERT INTO import_row (workspace_id, import_id, number, kind, outcome, said, local)
SELECT %(workspace)s, %(id)s, * FROM unnest(
  %(numbers)s::integer[], %(kinds)s::text[], %(outcomes)s::text[], %(said)s::text[], %(locals)s::bigint[])
ON CONFLICT (workspace_id, import_id, number) DO UPDATE SET
  kind = excluded.kind, outcome = excluded.outcome, said = excluded.said, local = excluded.local"""
ADVANCE = """
UPDATE import SET done = %(done)s, made = made + %(made)s, known = known + %(known)s, wrong = wrong + %(wrong)s
 WHERE workspace_id = %(workspace)s AND id = %(id)s"""
FINISH = """
UPDATE import SET state = 'done', finished_at = now(), total = done WHERE workspace_id = %(workspace)s AND id = %(id)s
RETURNING made, known, wrong, is_dry"""
GUESSED = "Nothing says how this file is written; it was read as Windows-1252. If letters are wrong, save it as UTF-8."

MAKERS = {
    records.Board: import_places.place, records.Status: import_places.place, records.Tag: import_places.place,
    records.Segment: import_places.segment, records.Field: import_places.field, records.Company: import_places.company,
    records.Person: import_people.user, records.Post: import_posts.post, records.Vote: import_posts.vote,
    records.Follower: import_posts.follower, records.Comment: import_posts.comment, records.Entry: import_rest.entry,
    records.Reaction: import_rest.reaction, records.File: import_rest.file, records.Mailing: import_people.mailing,
}  # fmt: skip
KINDS = {records.Person: "user"}


class Ended(Exception):
    """Somebody has stopped the import."""


class Note(NamedTuple):
    number: int
    kind: str
    outcome: str
    said: str | None = None
    local: int | None = None


def work(job: Job) -> None:
    """Import the file of `import`."""
    workspace, id = workspaces.find(job.workspace_id), job.args["import"]
    found = imports.find(Reader(workspace, is_member=True), id)
    if found.state not in ("waiting", "running"):
        return
    try:
        with import_files.opened(workspace.id, id) as file:
            for _ in walk(workspace, found, file, job):
                pass
    except (Ended, LeaseLost):
        return
    except Invalid as error:
        fail(workspace, id, str(error))
    except Exception:
        if job.attempt >= job.max_attempts and not database.is_closed():
            fail(workspace, id, imports.BROKEN)
        raise


def fail(workspace: Workspace, id: int, said: str) -> None:
    imports.set_state(workspace.id, id, "failed", said[:LONGEST_SAID], ["waiting", "running"])


def why(error: BaseException) -> str:
    """What is said of an import that could not go on."""
    return str(error) if isinstance(error, Invalid) else imports.BROKEN


def walk(workspace: Workspace, found: Import, file: BinaryIO, job: Job | None = None) -> Iterator[tuple[int, int]]:
    """Look at every row of the file that is left; yields how many were looked at, of how many. Raises Invalid when the file
    cannot be read on, Ended when somebody has stopped it."""
    found = of_one_system(found, file)
    total = counted(workspace, found, file)
    if not db.changed(BEGIN, workspace=workspace.id, id=found.id, total=total, said=worth_knowing(found, file)):
        raise Ended
    # what a rehearsal has seen is in memory only, so it begins anew
    seen, done = (Seen(), 0) if found.is_dry else (None, found.done)
    left = (row for row in opening.rows(found.source, file, found.mapping) if row.number > done)
    for rows in pieces(left):
        write_some(workspace, found, rows, done, seen)
        done = rows[-1].number
        yield min(done, total), total
    if found.source == "sayso" and not found.is_dry:
        link(workspace, found, file)
    finish(workspace, found.id, job)
    yield total, total


def counted(workspace: Workspace, found: Import, file: BinaryIO) -> int:
    """How many rows there are. Raises Invalid when that is more than one takes, Ended when somebody has stopped it."""
    most, total = import_limits.of(by_hand(found)).rows, 0
    for total, _ in enumerate(opening.told(found.source, file, found.mapping), start=1):
        if most is not None and total > most:
            raise Invalid(file=import_limits.TOO_MANY_ROWS)
        if total % LOOK_EVERY == 0 and db.row(GOES_ON, workspace=workspace.id, id=found.id) is None:
            raise Ended
    return total


def of_one_system(found: Import, file: BinaryIO) -> Import:
    """The import, with the ids of the workspace that its file is an export of kept apart from those of others."""
    systems = (found.mapping.get("system"), opening.origin(found.source, file))
    return found._replace(mapping={**found.mapping, "system": " ".join(filter(None, systems))})


def by_hand(found: Import) -> bool:
    """Whether it is read in on the server: then whoever does so has the file."""
    return not found.has_file


def worth_knowing(found: Import, file: BinaryIO) -> str | None:
    table = opening.table(found.source, file)
    return GUESSED if table and table.is_guess else None


def pieces(rows: Iterator[Row]) -> Iterator[list[Row]]:
    """Rows together that are about as much work."""
    piece, weight = [], 0
    for row in rows:
        piece.append(row)
        weight += getattr(row.what, "nameless_votes", 0) + (HEAVY if isinstance(row.what, records.File) else 0)
        if len(piece) >= AT_ONCE or weight >= HEAVY:
            yield piece
            piece, weight = [], 0
    if piece:
        yield piece


def write_some(workspace: Workspace, found: Import, rows: list[Row], done: int, seen: Seen | None) -> None:
    """These rows, in one transaction; when the database takes one of them not, each in its own."""
    try:
        import_workers.in_turn(write, workspace, found, rows, done, seen)
    except UNTAKEN as error:
        if db.code(error) in db.REPEATABLE:
            raise
        for row in rows:
            done = write_alone(workspace, found, row, done, seen)


def write_alone(workspace: Workspace, found: Import, row: Row, done: int, seen: Seen | None) -> int:
    try:
        import_workers.in_turn(write, workspace, found, [row], done, seen)
    except UNTAKEN as error:
        if db.code(error) in db.REPEATABLE:
            raise
        wrong = row._replace(what=Wrong("This row cannot be stored as it is.", kind=kind_of(row.what)))
        import_workers.in_turn(write, workspace, found, [wrong], done, seen)
    return row.number


@db.verb
def write(workspace: Workspace, found: Import, rows: list[Row], done: int, seen: Seen | None) -> None:
    place = {"workspace": workspace.id, "id": found.id}
    import_workers.alone(workspace)
    mine = db.row(MINE, **place)
    if mine is None:
        raise Ended
    if mine[0] != done and not found.is_dry:
        raise LeaseLost(f"import {found.id} is worked on by somebody else")
    piece = Piece(workspace, found.id, found.source, rules(found), seen)
    if not found.is_dry:
        import_posts.hold(piece, [row.what for row in rows])
    notes = [looked_at(piece, row) for row in rows]
    import_posts.settle(piece)
    note(place, listed(notes, import_limits.WRONG_LISTED - mine[1]))
    counts = {outcome: sum(each.outcome == outcome for each in notes) for outcome in ("made", "known", "wrong")}
    db.changed(ADVANCE, **place, done=rows[-1].number, **counts)


def rules(found: Import) -> Rules:
    said = found.mapping
    return Rules(said.get("board"), said.get("new_boards", "private"), said.get("system", ""), by_hand(found))


def looked_at(piece: Piece, row: Row) -> Note:
    """What became of a row. What is refused was refused before anything of it was written."""
    if isinstance(row.what, Wrong):
        return Note(row.number, row.what.kind, "wrong", in_column(row.what.said, row.what.column))
    piece.latest, piece.remarks = None, []
    try:
        outcome = MAKERS[type(row.what)](piece, row.what)
        return Note(row.number, kind_of(row.what), outcome, " ".join(piece.remarks) or None, piece.latest)
    except Refused as error:
        return Note(row.number, kind_of(row.what), "wrong", in_column(error.said, error.column))
    except Invalid as error:
        [column, why] = next(iter(error.fields.items()))
        return Note(row.number, kind_of(row.what), "wrong", in_column(why, column))


def kind_of(what) -> str:
    if isinstance(what, Wrong):
        return what.kind
    return KINDS.get(type(what)) or type(what).__name__.lower()


def in_column(said: str, column: str | None) -> str:
    where = text.tidy_line(column or "")[:80]
    return f"{where}: {said}"[:LONGEST_SAID] if where else said[:LONGEST_SAID]


def listed(notes: list[Note], left: int) -> list[Note]:
    """All of them, but of the wrong ones only as many as are `left` to be listed."""
    wrong = [each.number for each in notes if each.outcome == "wrong"][max(0, left) :]
    return [each for each in notes if each.number not in wrong]


def note(place: dict, notes: list[Note]) -> None:
    if not notes:
        return
    numbers, kinds, outcomes, said, local = (list(column) for column in zip(*notes, strict=True))
    db.changed(NOTE, **place, numbers=numbers, kinds=kinds, outcomes=outcomes, said=said, locals=local)


def link(workspace: Workspace, found: Import, file: BinaryIO) -> None:
    """What names something of a later row, when that is there: a post that is a part of another, a picture of an entry."""
    naming = (row.what for row in opening.told(found.source, file, found.mapping) if import_rest.names_later(row.what))
    while some := list(itertools.islice(naming, AT_ONCE)):
        import_workers.in_turn(link_some, workspace, found, some)


@db.verb
def link_some(workspace: Workspace, found: Import, told: list) -> None:
    import_workers.alone(workspace)
    if db.row(MINE, workspace=workspace.id, id=found.id) is None:
        raise Ended
    piece = Piece(workspace, found.id, found.source, rules(found))
    for each in told:
        import_rest.link(piece, each)


@db.verb
def finish(workspace: Workspace, id: int, job: Job | None) -> None:
    place = {"workspace": workspace.id, "id": id}
    if db.row(MINE, **place) is None:
        raise Ended
    made, known, wrong, is_dry = db.row(FINISH, **place)
    if not is_dry:
        import_files.drop(workspace.id, id)
    counts = {"made": made, "known": known, "wrong": wrong}
    events.record("import.finished", workspace.id, data={"import": id, "dry": is_dry, **counts})
    if job:
        job.complete()
