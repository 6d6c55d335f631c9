"""The queue: a table, and the statements that move a job through its life.

waiting → claimed (a fencing token and a lease) → deleted on success, waiting again after a failure, or moved to job_dead.
A job is enqueued in the caller's transaction, so it exists exactly when the row that caused it does, and it is completed
in the transaction of its effects, so that a worker that lost its lease rolls its effects back. All time is the
database's. `worker.py` is the loop around these verbs."""

from dataclasses import dataclass
from uuid import UUID

from psycopg2.extras import Json, register_uuid

from service import db
from service.errors import LeaseLost
from service.lib import text

register_uuid()

MAX_ATTEMPTS = 12
MOST_CRASHES = 2  # a job whose worker died a third time is poison
OURS = 0  # workspace_id of jobs that belong to no workspace
FIRST = -1  # comes before every workspace
LONGEST_ERROR = 2000  # characters
HINT = "sayso_job"  # NOTIFY channel

# A job that waits already is locked until the caller commits: claimed before that, it would not see what he wrote.
ENQUEUE = """
INSERT INTO job (queue, kind, workspace_id, run_at, max_attempts, unique_key, args)
VALUES (%(queue)s, %(kind)s, %(workspace)s, now() + %(delay)s * interval '1 second', %(max)s, %(key)s, %(args)s)
ON CONFLICT (workspace_id, kind, unique_key) WHERE unique_key IS NOT NULL AND claim IS NULL
DO UPDATE SET run_at = least(job.run_at, excluded.run_at)
RETURNING id"""

# Workspaces take turns, beginning after the one served last, so that a hundred thousand jobs of one do not delay
# another's. The recursion jumps from workspace to workspace in the index and is read only as far as needed. No workspace has
# more than about `cap` jobs of a queue running (NULL: as many as there are), or what is slow for one would hold up all.
CLAIM = """
WITH RECURSIVE turn AS (
  (SELECT workspace_id FROM job WHERE queue = %(queue)s AND claim IS NULL AND workspace_id > %(after)s
    ORDER BY workspace_id LIMIT 1)
  UNION ALL
  SELECT next.workspace_id FROM turn CROSS JOIN LATERAL
    (SELECT workspace_id FROM job WHERE queue = %(queue)s AND claim IS NULL AND workspace_id > turn.workspace_id
      ORDER BY workspace_id LIMIT 1) next
), share AS (
  SELECT ceil(%(most)s::numeric / greatest(1, count(*))) AS jobs FROM (SELECT FROM turn LIMIT %(most)s) few
), due AS MATERIALIZED (
  SELECT first.workspace_id, first.id FROM share, turn CROSS JOIN LATERAL
    (SELECT workspace_id, id FROM job
      WHERE queue = %(queue)s AND workspace_id = turn.workspace_id AND claim IS NULL AND run_at <= now()
      ORDER BY run_at, id
      LIMIT greatest(0, least(share.jobs, %(cap)s::bigint - (
        SELECT count(*) FROM job WHERE queue = %(queue)s AND workspace_id = turn.workspace_id AND claim IS NOT NULL)))
      FOR UPDATE SKIP LOCKED) first
  LIMIT %(most)s
)
UPDATE job SET claim = gen_random_uuid(), worker = %(worker)s, attempt = attempt + 1, unique_key = NULL,
       lease_until = now() + %(lease)s * interval '1 second'
  FROM due WHERE job.workspace_id = due.workspace_id AND job.id = due.id
RETURNING job.workspace_id, job.id, job.claim, job.kind, job.args, job.attempt, job.max_attempts"""

BESIDE = """
SELECT args FROM job WHERE workspace_id = %(workspace)s AND kind = %(kind)s AND claim IS NULL AND attempt = 0
 ORDER BY id LIMIT %(most)s"""

HASTEN = "UPDATE job SET run_at = now() WHERE kind = %(kind)s AND claim IS NULL AND attempt > 0 AND run_at > now()"

COMPLETE = "DELETE FROM job WHERE workspace_id = %(workspace)s AND id = %(id)s AND claim = %(claim)s"

FAIL = """
WITH mine AS (
  SELECT attempt >= max_attempts OR %(fatal)s AS last FROM job
   WHERE workspace_id = %(workspace)s AND id = %(id)s AND claim = %(claim)s FOR UPDATE
), dead AS (
  DELETE FROM job USING mine WHERE last AND workspace_id = %(workspace)s AND id = %(id)s RETURNING job.*
), buried AS (
  INSERT INTO job_dead SELECT dead.*, now(), %(error)s FROM dead RETURNING id
)
UPDATE job SET claim = NULL, worker = NULL, lease_until = NULL, last_error = %(error)s,
       run_at = now() + %(delay)s * (0.8 + 0.4 * random()) * interval '1 second'
  FROM mine WHERE NOT last AND workspace_id = %(workspace)s AND id = %(id)s"""

HEARTBEAT = """
UPDATE job SET lease_until = now() + %(lease)s * interval '1 second'
 WHERE claim = ANY(%(claims)s) AND queue = %(queue)s"""

RELEASE = """
UPDATE job SET claim = NULL, worker = NULL, lease_until = NULL, attempt = attempt - 1, run_at = now(),
       crashes = crashes + %(crash)s
 WHERE claim = ANY(%(claims)s) AND queue = %(queue)s AND crashes + %(crash)s <= %(most)s"""

RESCUE = """
WITH late AS (
  SELECT workspace_id, id, crashes >= %(crashes)s OR attempt >= max_attempts AS bad FROM job
   WHERE queue = %(queue)s AND claim IS NOT NULL AND lease_until < now()
   ORDER BY lease_until LIMIT 500 FOR UPDATE SKIP LOCKED
), dead AS (
  DELETE FROM job USING late WHERE job.workspace_id = late.workspace_id AND job.id = late.id AND bad RETURNING job.*
), buried AS (
  INSERT INTO job_dead SELECT dead.*, now(), 'its worker died or hung (crash ' || crashes + 1 || ')' FROM dead RETURNING id
)
UPDATE job SET claim = NULL, worker = NULL, lease_until = NULL, crashes = crashes + 1,
       run_at = now() + %(pause)s * (2 ^ crashes) * interval '1 second'
  FROM late WHERE job.workspace_id = late.workspace_id AND job.id = late.id AND NOT bad"""

# Slots are whole multiples of the period since the epoch: an instant, the same on every host and on every day of the
# year. Whoever inserts the slot first enqueues; slots missed while nobody ran are not made up for.
CRON = """
WITH slot AS (
  INSERT INTO cron_run (name, due_at)
  VALUES (%(kind)s, to_timestamp(floor(extract(epoch FROM now()) / %(every)s) * %(every)s))
  ON CONFLICT DO NOTHING RETURNING name
)
INSERT INTO job (kind) SELECT name FROM slot"""

NEXT_DUE = "SELECT extract(epoch FROM min(run_at) - now())::float FROM job WHERE queue = %(queue)s AND claim IS NULL"


@dataclass
class Job:
    """One claimed attempt. `claim` is the fencing token: what is done under an old one does not count."""

    workspace_id: int
    id: int
    claim: UUID
    kind: str
    args: dict
    attempt: int
    max_attempts: int
    completed: bool = False

    def complete(self) -> None:
        """Delete the job, in the transaction of its effects; raises LeaseLost, which rolls them back."""
        if not db.changed(COMPLETE, workspace=self.workspace_id, id=self.id, claim=self.claim):
            raise LeaseLost(f"job {self.id} ({self.kind}) was given to another worker")
        self.completed = True


def enqueue(kind: str, workspace_id: int = OURS, *, delay: float = 0, unique_key: str | None = None,
            max_attempts: int = MAX_ATTEMPTS, queue: str = "default", **args) -> int:  # fmt: skip
    """Add a job in the caller's transaction; `args` are ids, as JSON. Returns its id.

    With a `unique_key`, one of this workspace, kind and key that waits already will do, at the earlier of both times (one
    that runs will not: what it has read may be old)."""
    made = db.row(ENQUEUE, queue=queue, kind=kind, workspace=workspace_id, delay=delay, max=max_attempts,
                  key=unique_key, args=Json(args))  # fmt: skip
    if not delay:
        db.notify(HINT)
    return made[0]


def beside(job: Job, most: int) -> list[dict]:
    """The arguments of up to `most` jobs of the same workspace and kind that wait for their first attempt, for work that is
    cheaper together."""
    return [row[0] for row in db.rows(BESIDE, workspace=job.workspace_id, kind=job.kind, most=most)]


def hasten(kind: str) -> None:
    """Try all jobs of this kind again now that failed and wait: what they failed for is well again."""
    if db.changed(HASTEN, kind=kind):
        db.notify(HINT)


def claim(worker: str, most: int, lease: float, after: int = FIRST, queue: str = "default",
          cap: int | None = None) -> list[Job]:  # fmt: skip
    """Take up to `most` due jobs for `lease` seconds, workspace by workspace, beginning after workspace `after`, and leave
    those of a workspace that has `cap` running."""
    found = db.rows(CLAIM, queue=queue, worker=worker, most=most, lease=lease, after=after, cap=cap)
    return [Job(*row) for row in found]


def fail(job: Job, error: str, delay: float, fatal: bool = False) -> None:
    """Try again in about `delay` seconds; after the last attempt, or when `fatal`, move the job to the dead ones."""
    error = text.tidy(error[:LONGEST_ERROR])[:LONGEST_ERROR]  # it may hold anything, NUL too
    db.changed(FAIL, workspace=job.workspace_id, id=job.id, claim=job.claim, error=error, delay=delay, fatal=fatal)


def heartbeat(claims: list[UUID], lease: float, queue: str = "default") -> None:
    """Let these claims hold for another `lease` seconds; those that were lost stay lost."""
    db.changed(HEARTBEAT, claims=claims, lease=lease, queue=queue)


def release(claims: list[UUID], queue: str = "default", *, crash: bool = False) -> None:
    """Give claimed jobs back, and their attempt with them: at a graceful stop, or because the end of a `crash` could not be
    written down. What crashes too often is left to its lease, and to `rescue`."""
    db.changed(RELEASE, claims=claims, queue=queue, crash=int(crash), most=MOST_CRASHES)


def rescue(pause: float = 10, queue: str = "default") -> None:
    """Take jobs from workers whose lease ran out; after a third such crash a job is dead. First pause in seconds."""
    db.changed(RESCUE, crashes=MOST_CRASHES, pause=pause, queue=queue)


def cron(kind: str, every: int) -> None:
    """Enqueue `kind` once per `every` seconds, whoever calls it however often on however many hosts."""
    db.changed(CRON, kind=kind, every=every)


def seconds_to_next(queue: str = "default") -> float | None:
    """Seconds until the earliest waiting job is due (0 or less: now); None when nothing waits."""
    return db.row(NEXT_DUE, queue=queue)[0]
