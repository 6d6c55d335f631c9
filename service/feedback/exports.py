"""Exports: a workspace as one file, asked for by who runs it, kept for a week. How it is written: exporting.py."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from service import db, events, jobs, retention
from service.errors import Conflict, NotFound
from service.feedback import limits
from service.feedback.passing import QUEUE
from service.feedback.readers import Reader
from service.jobs import Job

WRITE, CLEAR = "export.write", "export.clear"  # kinds of the jobs; never renamed
TRIES = 4
BROKEN = "Sayso could not write this file. System → Jobs says what is wrong."
DELETED = "It was deleted."
UNDER_WAY = ("waiting", "running")
DOWNLOADS_KEPT = timedelta(days=retention.EXPORT_DAYS)

# An export whose job died without a word of it is not under way.
ITS_JOB = f"""
  SELECT FROM job WHERE job.workspace_id = export.workspace_id AND job.queue = '{QUEUE}' AND job.kind = '{WRITE}'
     AND (job.args->>'export')::bigint = export.id"""
# each half reads one partial index of the queue
LOST = f"""
state IN ('waiting', 'running') AND NOT EXISTS ({ITS_JOB} AND claim IS NULL)
   AND NOT EXISTS ({ITS_JOB} AND claim IS NOT NULL)"""
LIST = f"""
SELECT id, CASE WHEN {LOST} THEN 'failed' ELSE state END, total, done, size, encode(sha256, 'hex'),
       CASE WHEN {LOST} THEN %(broken)s ELSE said END, person_id, created_at, finished_at
  FROM export
 WHERE workspace_id = %(workspace)s AND (%(id)s IS NULL OR id = %(id)s) AND (%(before)s IS NULL OR id < %(before)s)
 ORDER BY id DESC LIMIT %(most)s"""
# one at a time, or two members at once would begin two
HOLD_ALL = "SELECT id FROM workspace WHERE id = %(workspace)s FOR NO KEY UPDATE"
SETTLE = f"""
UPDATE export SET state = 'failed', said = %(broken)s, finished_at = now() WHERE workspace_id = %(workspace)s AND {LOST}"""
BEGUN = """
SELECT id FROM export WHERE workspace_id = %(workspace)s AND state IN ('waiting', 'running') ORDER BY id DESC LIMIT 1"""
MAKE = "INSERT INTO export (workspace_id, person_id) VALUES (%(workspace)s, %(person)s) RETURNING id"
END = """
UPDATE export SET state = %(state)s, said = %(said)s, finished_at = coalesce(finished_at, now())
 WHERE workspace_id = %(workspace)s AND (%(id)s IS NULL OR id = %(id)s) AND state = ANY(%(states)s)"""
DROP = """
DELETE FROM export_part WHERE workspace_id = %(workspace)s AND (export_id, number) IN (
  SELECT p.export_id, p.number FROM export_part p JOIN export e ON e.workspace_id = p.workspace_id AND e.id = p.export_id
   WHERE p.workspace_id = %(workspace)s AND e.state NOT IN ('running', 'ready') LIMIT %(most)s)"""
PART = """
SELECT p.data FROM export_part p JOIN export e ON e.workspace_id = p.workspace_id AND e.id = p.export_id
 WHERE p.workspace_id = %(workspace)s AND p.export_id = %(id)s AND p.number = %(number)s AND e.state = 'ready'"""
AT_ONCE = 50  # parts a statement


class Export(NamedTuple):
    id: int
    state: str  # waiting, running, ready, failed, stopped; gone: its file was deleted
    total: int | None  # steps of the work, once they are counted
    done: int
    size: int | None  # bytes of the file
    sha256: str | None  # hexadecimal
    said: str | None  # why it failed, or is gone
    person: int | None
    created_at: datetime
    finished_at: datetime | None

    @property
    def is_under_way(self) -> bool:
        return self.state in UNDER_WAY

    @property
    def expires_at(self) -> datetime | None:
        """When its file is deleted; None when there is none."""
        return self.finished_at + DOWNLOADS_KEPT if self.state == "ready" else None


def of(reader: Reader, most: int, before: int | None = None) -> list[Export]:
    """`most` exports of the workspace, the newest first, before the one of this id."""
    found = db.rows(LIST, workspace=reader.workspace.id, id=None, before=before, most=most, broken=BROKEN)
    return [Export(*row) for row in found]


def find(reader: Reader, id: int) -> Export:
    """The export of this id, or NotFound."""
    row = db.row(LIST, workspace=reader.workspace.id, id=id, before=None, most=1, broken=BROKEN)
    if row is None:
        raise NotFound("There is no such export.")
    return Export(*row)


@db.verb
def request(reader: Reader) -> tuple[Export, bool]:
    """Have the workspace written into a file, for the member who acts; the export, and whether it is new: one that is under
    way already is it, whoever asked for it. Raises RateLimited."""
    workspace = reader.workspace.id
    db.row(HOLD_ALL, workspace=workspace)
    db.changed(SETTLE, workspace=workspace, broken=BROKEN)
    if begun := db.row(BEGUN, workspace=workspace):
        return find(reader, begun[0]), False
    limits.workspace_export(workspace)
    [id] = db.row(MAKE, workspace=workspace, person=reader.person)
    jobs.enqueue(WRITE, workspace, queue=QUEUE, max_attempts=TRIES, export=id)
    events.record("export.requested", workspace, data={"export": id}, person=reader.person)
    return find(reader, id), True


@db.verb
def stop(reader: Reader, id: int) -> Export:
    """Write no further; what is written is thrown away. One that has ended stays as it is."""
    find(reader, id)
    end(reader.workspace.id, "stopped", None, UNDER_WAY, id)
    return find(reader, id)


@db.verb
def delete(reader: Reader, id: int) -> Export:
    """Delete the file of an export; one that is under way is stopped. The line that tells of it stays."""
    stop(reader, id)
    end(reader.workspace.id, "gone", DELETED, ["ready"], id)
    return find(reader, id)


@db.verb
def note_file(workspace_id: int) -> None:
    """Whoever runs the server writes the workspace into a file of theirs."""
    events.record("export.requested", workspace_id, data={"to": "file"})


def forget_all(workspace_id: int, said: str) -> None:
    """Have no file of this workspace be there any more, nor one under way, and say why: for a verb that erases somebody, in
    its transaction. Nobody gets at the files from then on; their bytes are deleted in pieces, by a job."""
    end(workspace_id, "gone", said, ["ready", *UNDER_WAY])


def end(workspace_id: int, state: str, said: str | None, states: list[str] | tuple[str, ...], id: int | None = None) -> None:
    place = {"workspace": workspace_id, "id": id}
    if db.changed(END, **place, state=state, said=said, states=list(states)):
        jobs.enqueue(CLEAR, workspace_id, unique_key="parts")


# ── the file ────────────────────────────────────────────────────────────────────────────────────────────────────────


def ready(reader: Reader, id: int) -> Export:
    """The export of this id, whose file is there; NotFound when it is gone, Conflict when it is not there yet."""
    found = find(reader, id)
    if found.is_under_way:
        raise Conflict("This export is still being written; come again when its state is “ready”.", "export_not_ready")
    if found.state != "ready":
        raise NotFound("The file of this export is gone; ask for a new one.")
    return found


def pieces(workspace_id: int, id: int) -> Iterator[bytes]:
    """The bytes of the file, a part at a time, each read by itself: no transaction stays open for as long as somebody's
    line takes. Ends early when the file goes meanwhile."""
    number = 0
    while row := db.row(PART, workspace=workspace_id, id=id, number=number):
        yield bytes(row[0])
        number += 1


def clear(job: Job) -> None:
    """Delete the bytes of exports that have ended without a file."""
    drop(job.workspace_id)


def drop(workspace_id: int) -> None:
    while db.changed(DROP, workspace=workspace_id, most=AT_ONCE) == AT_ONCE:
        pass
