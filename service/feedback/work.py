"""What the server still has to do for a workspace, and what it could not do, to be tried again or forgotten.

A team sees its own workspace's; who runs the server (`members.is_operator`) sees all, the server's own work too. Whatever
is counted or listed here is bounded, however long the queue is."""

from datetime import datetime
from typing import NamedTuple

from service import db, jobs
from service.errors import NotFound
from service.feedback.readers import Reader

MOST_SHOWN = 50  # dead jobs, and jobs that are tried again
MOST_JOBS = 10_000  # of a queue that are looked at
MOST_BEHIND = 1000

# Of one workspace, or of all (NULL), as in the other statements. A queue can be very long: these are its first jobs.
FEW = """
SELECT * FROM job WHERE %(workspace)s IS NULL OR workspace_id = %(workspace)s ORDER BY workspace_id, id LIMIT %(jobs)s"""
KINDS = f"""
WITH alive AS (
  SELECT kind, count(*) FILTER (WHERE claim IS NULL AND attempt = 0) AS waiting,
         count(*) FILTER (WHERE claim IS NOT NULL) AS running,
         count(*) FILTER (WHERE claim IS NULL AND attempt > 0) AS retrying, min(created_at) AS oldest
    FROM ({FEW}) few GROUP BY kind
), dead AS (
  SELECT kind, count(*) AS dead, min(created_at) AS oldest FROM (
    SELECT kind, created_at FROM job_dead WHERE %(workspace)s IS NULL OR workspace_id = %(workspace)s LIMIT %(jobs)s) each
   GROUP BY kind
)
SELECT kind, coalesce(waiting, 0), coalesce(running, 0), coalesce(retrying, 0), coalesce(dead, 0),
       least(alive.oldest, dead.oldest)
  FROM alive FULL JOIN dead USING (kind) ORDER BY coalesce(dead, 0) DESC, kind"""
RETRYING = f"""
SELECT few.workspace_id, w.name, few.id, few.kind, few.attempt, few.max_attempts, few.run_at, few.last_error
  FROM ({FEW}) few LEFT JOIN workspace w ON w.id = few.workspace_id
 WHERE few.claim IS NULL AND few.attempt > 0 ORDER BY few.run_at, few.id LIMIT %(most)s"""
DEAD = """
SELECT d.workspace_id, w.name, d.id, d.kind, d.attempt, d.created_at, d.died_at, d.reason
  FROM job_dead d LEFT JOIN workspace w ON w.id = d.workspace_id
 WHERE %(workspace)s IS NULL OR d.workspace_id = %(workspace)s ORDER BY d.died_at DESC, d.id DESC LIMIT %(most)s"""
HURRY = """
UPDATE job SET run_at = now()
 WHERE workspace_id = %(workspace)s AND id = %(id)s AND claim IS NULL AND attempt > 0 AND run_at > now()"""
DROP = """
DELETE FROM job WHERE workspace_id = %(workspace)s AND id = %(id)s AND claim IS NULL AND attempt > 0"""

# One dead job, or all of a kind.
CHOSEN = """(%(workspace)s IS NULL OR workspace_id = %(workspace)s) AND (%(kind)s IS NULL OR kind = %(kind)s)
  AND (%(id)s IS NULL OR id = %(id)s)"""
REVIVE = f"""
WITH back AS (DELETE FROM job_dead WHERE {CHOSEN} RETURNING *)
INSERT INTO job (workspace_id, queue, kind, max_attempts, args, created_at)
SELECT workspace_id, queue, kind, max_attempts, args, created_at FROM back"""
DISCARD = f"DELETE FROM job_dead WHERE {CHOSEN}"

# What is behind the jobs, as people know it; each is counted by an index.
BEHIND = """
SELECT (SELECT count(*) FROM (
          SELECT FROM letter WHERE workspace_id = %(workspace)s AND state = 'waiting' LIMIT %(most)s) few),
       (SELECT count(*) FROM (
          SELECT FROM letter WHERE workspace_id = %(workspace)s AND state = 'failed' LIMIT %(most)s) few),
       (SELECT count(*) FROM (
          SELECT FROM letter WHERE workspace_id = %(workspace)s AND state = 'refused' LIMIT %(most)s) few),
       (SELECT count(*) FROM (
          SELECT FROM delivery WHERE workspace_id = %(workspace)s AND state = 'waiting' LIMIT %(most)s) few),
       (SELECT count(*) FROM endpoint
         WHERE workspace_id = %(workspace)s AND (state IN ('gone', 'failed') OR failing_since IS NOT NULL))"""


class Kind(NamedTuple):
    """How many jobs of a kind there are, of at most MOST_JOBS."""

    kind: str
    waiting: int
    running: int
    retrying: int
    dead: int
    oldest: datetime


class Retrying(NamedTuple):
    """A job that failed and waits for another attempt."""

    workspace_id: int
    workspace: str | None  # name; None: it is the server's own
    id: int
    kind: str
    attempts: int  # made so far
    most: int  # of them
    run_at: datetime
    reason: str | None  # None: its worker died or hung


class Dead(NamedTuple):
    """A job that will not be tried again by itself. Its reason holds no words of people's (see `db.traced`)."""

    workspace_id: int
    workspace: str | None
    id: int
    kind: str
    attempts: int
    created_at: datetime
    died_at: datetime
    reason: str


class Behind(NamedTuple):
    """What of a workspace waits, and what does not get through; letters and deliveries up to MOST_BEHIND."""

    letters_waiting: int
    letters_failed: int
    letters_refused: int
    deliveries_waiting: int
    endpoints_failing: int


def kinds(reader: Reader, everywhere: bool) -> list[Kind]:
    """How many jobs wait, run, are tried again or are dead, by kind; of the reader's workspace, or of all."""
    return [Kind(*row) for row in db.rows(KINDS, workspace=place(reader, everywhere), jobs=MOST_JOBS)]


def retrying(reader: Reader, everywhere: bool) -> list[Retrying]:
    """The jobs that failed and are tried again, the next first."""
    found = db.rows(RETRYING, workspace=place(reader, everywhere), jobs=MOST_JOBS, most=MOST_SHOWN)
    return [Retrying(*row) for row in found]


def dead(reader: Reader, everywhere: bool) -> list[Dead]:
    """The jobs that died last."""
    return [Dead(*row) for row in db.rows(DEAD, workspace=place(reader, everywhere), most=MOST_SHOWN)]


def behind(reader: Reader) -> Behind:
    """The letters and deliveries of the reader's workspace that wait or did not arrive."""
    return Behind(*db.row(BEHIND, workspace=reader.workspace.id, most=MOST_BEHIND))


@db.verb
def hurry(reader: Reader, workspace_id: int, id: int, everywhere: bool) -> bool:
    """Make the next attempt of a job that failed now; False when it waits for none (any more). NotFound when it is not for
    this reader."""
    allow(reader, workspace_id, everywhere)
    return bool(woken(db.changed(HURRY, workspace=workspace_id, id=id)))


@db.verb
def revive(reader: Reader, workspace_id: int, id: int, everywhere: bool) -> bool:
    """Try a dead job again, from its first attempt on; False when somebody did so before. NotFound as above."""
    allow(reader, workspace_id, everywhere)
    return bool(woken(db.changed(REVIVE, workspace=workspace_id, id=id, kind=None)))


@db.verb
def revive_all(reader: Reader, kind: str, everywhere: bool) -> int:
    """The same for all dead jobs of a kind that are for this reader; returns how many there were."""
    return woken(db.changed(REVIVE, workspace=place(reader, everywhere), id=None, kind=kind))


@db.verb
def discard(reader: Reader, workspace_id: int, id: int, everywhere: bool) -> bool:
    """Forget a dead job, or one that waits to be tried again; as `revive`."""
    allow(reader, workspace_id, everywhere)
    return bool(db.changed(DISCARD, workspace=workspace_id, id=id, kind=None)
                or db.changed(DROP, workspace=workspace_id, id=id))  # fmt: skip


@db.verb
def discard_all(reader: Reader, kind: str, everywhere: bool) -> int:
    """Forget all dead jobs of a kind; as `revive_all`."""
    return db.changed(DISCARD, workspace=place(reader, everywhere), id=None, kind=kind)


def place(reader: Reader, everywhere: bool) -> int | None:
    return None if everywhere else reader.workspace.id


def allow(reader: Reader, workspace_id: int, everywhere: bool) -> None:
    if workspace_id != reader.workspace.id and not everywhere:
        raise NotFound("There is no such job.")


def woken(count: int) -> int:
    """Let the workers hear of so many jobs."""
    if count:
        db.notify(jobs.HINT)
    return count
