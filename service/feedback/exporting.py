"""Exports, written by the worker: the file goes into rows of a megabyte, each a short transaction together with how far the
work is. Between two of them somebody may stop it; a job that died begins anew."""

from service import db, events
from service.db import database
from service.errors import LeaseLost
from service.feedback import export_file, exports, letters, workspaces
from service.feedback.export_file import Sink
from service.feedback.passing import PART
from service.jobs import Job

# Who writes has the job, and nobody has ended the export meanwhile: or what a worker that was believed dead wrote would be
# mixed with what its successor writes.
MINE = """
SELECT FROM export e, job j
 WHERE e.workspace_id = %(workspace)s AND e.id = %(id)s AND e.state = ANY(%(states)s)
   AND j.workspace_id = %(workspace)s AND j.id = %(job)s AND j.claim = %(claim)s FOR NO KEY UPDATE OF e FOR SHARE OF j"""
CLAIMED = "SELECT FROM job WHERE workspace_id = %(workspace)s AND id = %(job)s AND claim = %(claim)s"
DROP_PARTS = """
DELETE FROM export_part WHERE workspace_id = %(workspace)s AND export_id = %(id)s AND number IN (
  SELECT number FROM export_part WHERE workspace_id = %(workspace)s AND export_id = %(id)s LIMIT %(most)s)"""
BEGIN = """
UPDATE export SET state = 'running', total = %(total)s, done = 0 WHERE workspace_id = %(workspace)s AND id = %(id)s"""
KEEP = """
INSERT INTO export_part (workspace_id, export_id, number, data) VALUES (%(workspace)s, %(id)s, %(number)s, %(data)s)"""
ADVANCE = "UPDATE export SET done = %(done)s WHERE workspace_id = %(workspace)s AND id = %(id)s"
FINISH = """
UPDATE export SET state = 'ready', size = %(size)s, sha256 = %(sha256)s, done = total, finished_at = now()
 WHERE workspace_id = %(workspace)s AND id = %(id)s"""


class Ended(Exception):
    """Somebody has stopped or deleted the export."""


class Parts(Sink):
    """Rows of `export_part`, each a short transaction of its own, together with how far the work is."""

    def __init__(self, job: Job):
        super().__init__()
        self.job, self.number, self.done, self.kept = job, 0, 0, bytearray()

    def take(self, data: bytes) -> None:
        self.kept += data

    def advance(self, steps: int) -> None:
        self.done += steps
        with database.atomic():
            hold(self.job)
            while len(self.kept) >= PART:
                self.keep(PART)
            db.changed(ADVANCE, **place(self.job), done=self.done)

    def end(self) -> None:
        """Keep the rest, too."""
        with database.atomic():
            hold(self.job)
            while self.kept:
                self.keep(PART)

    def keep(self, most: int) -> None:
        data = bytes(self.kept[:most])
        del self.kept[:most]
        db.changed(KEEP, **place(self.job), number=self.number, data=data)
        self.number += 1


def work(job: Job) -> None:
    """Write the export `export`. A job that died begins anew; what it had written is thrown away first."""
    try:
        attempt(job)
    except Ended:
        exports.drop(job.workspace_id)
    except LeaseLost:
        raise
    except Exception:
        if job.attempt >= job.max_attempts and not database.is_closed():
            exports.end(job.workspace_id, "failed", exports.BROKEN, exports.UNDER_WAY, job.args["export"])
        raise


def attempt(job: Job) -> None:
    workspace, sink = workspaces.find(job.workspace_id), Parts(job)
    begin(job, export_file.steps(workspace))
    export_file.write(workspace, letters.link(""), sink)
    sink.end()
    finish(job, sink)


def hold(job: Job, *states: str) -> None:
    """Nobody ends this export, nor takes the job, until the transaction ends; raises Ended or LeaseLost."""
    if db.row(MINE, **place(job), states=list(states or ["running"]), job=job.id, claim=job.claim) is None:
        if has_lost(job):
            raise LeaseLost(f"job {job.id} ({job.kind}) was given to another worker")
        raise Ended


def has_lost(job: Job) -> bool:
    return db.row(CLAIMED, workspace=job.workspace_id, job=job.id, claim=job.claim) is None


def begin(job: Job, total: int) -> None:
    is_more = True
    while is_more:
        with database.atomic():
            hold(job, *exports.UNDER_WAY)
            is_more = db.changed(DROP_PARTS, **place(job), most=exports.AT_ONCE) == exports.AT_ONCE
            db.changed(BEGIN, **place(job), total=total)


@db.verb
def finish(job: Job, sink: Parts) -> None:
    hold(job)
    db.changed(FINISH, **place(job), size=sink.size, sha256=sink.digest.digest())
    events.record("export.ready", job.workspace_id, data={"export": job.args["export"], "size": sink.size})
    job.complete()


def place(job: Job) -> dict:
    return {"workspace": job.workspace_id, "id": job.args["export"]}
