"""Attempts to reach an endpoint: whose turn it is, what is due, and what came of it. All by the database's clock.

One job at a time has the turn for an endpoint, so that in all workers together no more than MOST_AT_ONCE are under way."""

from datetime import datetime
from typing import NamedTuple

from service import db, events
from service.feedback import endpoints
from service.feedback.deliveries import LAST, SCHEDULE
from service.jobs import Job
from service.lib import sealing

MOST_AT_ONCE = 4  # 1 while nothing gets through
TURN_SECONDS = 30  # more than an attempt may take
BUSY_SECONDS = 1  # until one looks again
BREATHER_SECONDS = 10  # in which others have their turn, while nothing gets through and more is due
WARN_HOURS, END_HOURS = 24, 5 * 24  # of nothing but failures
LONGEST_ANSWER = 16_000  # characters
AT_ONCE = 1000  # deliveries a statement, each with its attempts, of an endpoint that was taken away

TAKE = """
UPDATE endpoint SET busy_until = now() + %(seconds)s * interval '1 second'
 WHERE workspace_id = %(workspace)s AND id = %(endpoint)s AND state = 'active' AND (busy_until IS NULL OR busy_until < now())
   AND (resting_until IS NULL OR resting_until <= now())
RETURNING busy_until, now(), sealed_url, format, failing_since IS NOT NULL, sealed_secret,
          CASE WHEN former_until > now() THEN sealed_former END"""
DUE = """
SELECT id, event_seq, body FROM delivery
 WHERE workspace_id = %(workspace)s AND endpoint_id = %(endpoint)s AND state = 'waiting' AND due_at <= now()
 ORDER BY due_at, id LIMIT %(most)s"""
HOLD = """
SELECT id FROM endpoint WHERE workspace_id = %(workspace)s AND id = %(endpoint)s AND busy_until = %(until)s
   FOR NO KEY UPDATE"""
# What was erased while it was under way is not brought back by an answer that repeats it.
NOTE = """
WITH tried AS (
  UPDATE delivery SET attempts = attempts + 1, step = least(step + 1, %(last)s),
         state = CASE WHEN %(through)s THEN 'delivered' WHEN step >= %(last)s THEN 'failed' ELSE 'waiting' END,
         due_at = now() + greatest(%(rest)s, (%(schedule)s::integer[])[step + 2] * (0.8 + 0.4 * random()))
                          * interval '1 second'
   WHERE workspace_id = %(workspace)s AND id = %(id)s RETURNING attempts, body
)
INSERT INTO delivery_attempt (workspace_id, delivery_id, number, began_at, milliseconds, status, reason, answer)
SELECT %(workspace)s, %(id)s, attempts, %(began)s, %(milliseconds)s, %(status)s, %(reason)s,
       CASE WHEN body IS NOT NULL THEN %(answer)s END FROM tried"""
# The breather is kept here and not in the job, as whatever happens meanwhile makes another job. What was just tried has its
# place in the schedule.
CLOSE = """
UPDATE endpoint e SET busy_until = NULL, failing_since = since,
       resting_until = CASE WHEN %(through)s AND %(rest)s = 0 THEN NULL
                            WHEN %(rest)s > 0 OR lags THEN now() + greatest(%(rest)s, CASE WHEN lags THEN %(breather)s END)
                                                                 * interval '1 second'
                            ELSE resting_until END,
       warned_at = CASE WHEN since IS NULL THEN NULL WHEN warns THEN now() ELSE warned_at END,
       state = CASE WHEN %(gone)s THEN 'gone' WHEN ends THEN 'failed' ELSE state END
  FROM (SELECT id, since,
               %(counts)s AND since <= now() - %(warn)s * interval '1 hour' AND warned_at IS NULL AS warns,
               %(counts)s AND since <= now() - %(end)s * interval '1 hour' AND state = 'active' AS ends,
               since IS NOT NULL AND EXISTS (
                 SELECT FROM delivery WHERE workspace_id = %(workspace)s AND endpoint_id = %(endpoint)s AND state = 'waiting'
                    AND due_at < now() + %(breather)s * interval '1 second' AND id <> ALL(%(tried)s::bigint[])) AS lags
          FROM (SELECT *, CASE WHEN NOT %(through)s AND %(counts)s THEN coalesce(failing_since, now())
                               WHEN NOT %(through)s THEN failing_since END AS since
                  FROM endpoint WHERE workspace_id = %(workspace)s AND id = %(endpoint)s) before) now_
 WHERE e.workspace_id = %(workspace)s AND e.id = %(endpoint)s
RETURNING e.host, e.state, e.failing_since, %(gone)s OR coalesce(ends, false), coalesce(warns, false)"""
STOP = """
UPDATE delivery SET state = 'stopped'
 WHERE workspace_id = %(workspace)s AND endpoint_id = %(endpoint)s AND state = 'waiting'"""
# Seconds until there is something to do for an active endpoint; no row when nothing waits.
NEXT = """
SELECT extract(epoch FROM greatest(d.due_at, e.resting_until) - now())::float
  FROM endpoint e JOIN delivery d ON d.workspace_id = e.workspace_id AND d.endpoint_id = e.id AND d.state = 'waiting'
 WHERE e.workspace_id = %(workspace)s AND e.id = %(endpoint)s AND e.state = 'active' ORDER BY d.due_at LIMIT 1"""

# Endpoints with something due and no job for it: theirs died, or somebody discarded it. The operator's own work, so it looks
# at all workspaces.
STRANDED = """
SELECT e.workspace_id, e.id FROM endpoint e
 WHERE e.state = 'active' AND (e.resting_until IS NULL OR e.resting_until < now())
   AND EXISTS (SELECT FROM delivery d WHERE d.workspace_id = e.workspace_id AND d.endpoint_id = e.id
                  AND d.state = 'waiting' AND d.due_at < now())
   AND NOT EXISTS (SELECT FROM job j WHERE j.workspace_id = e.workspace_id AND j.queue = %(queue)s
                      AND j.args->>'endpoint' = e.id::text)
 ORDER BY 1, 2"""
EMPTY = """
DELETE FROM delivery WHERE ctid = ANY(ARRAY(
  SELECT d.ctid FROM endpoint e JOIN delivery d ON d.workspace_id = e.workspace_id AND d.endpoint_id = e.id
   WHERE e.state = 'deleted' LIMIT %(most)s))"""
REMOVE = """
DELETE FROM endpoint e WHERE state = 'deleted' AND NOT EXISTS (
  SELECT FROM delivery d WHERE d.workspace_id = e.workspace_id AND d.endpoint_id = e.id)"""


class Due(NamedTuple):
    id: int
    event_seq: int
    body: str | None  # None: it is still to be written


class Turn(NamedTuple):
    """The right to make attempts for an endpoint, and all that they need."""

    workspace_id: int
    endpoint_id: int
    until: datetime
    began_at: datetime
    url: str
    format: str
    secrets: list[str]  # the newest first
    due: list[Due]


class Outcome(NamedTuple):
    """What came of one attempt."""

    id: int  # of the delivery
    milliseconds: int
    status: int | None  # None: there was no answer
    reason: str | None  # why it does not count; None: it does
    answer: str | None
    rest: float = 0  # for so many seconds it asked us to stay away
    is_ours: bool = False  # our own mistake, which does not count against the endpoint


def begin(job: Job) -> Turn | None:
    """Take the turn for the endpoint of the job; None when somebody has it, when it rests or is switched off: then the job
    is done, and another one comes when it is time."""
    place = {"workspace": job.workspace_id, "endpoint": job.args["endpoint"]}
    row = db.row(TAKE, **place, seconds=TURN_SECONDS)
    if row is None:
        put_off(job, place)
        return None
    until, began_at, sealed_url, format, is_failing, *sealed = row
    due = db.rows(DUE, **place, most=1 if is_failing else MOST_AT_ONCE)
    secrets = [secret for each in sealed if each and (secret := sealing.unseal(each))]
    url = sealing.unseal(sealed_url) or ""
    return Turn(*place.values(), until, began_at, url, format, secrets, [Due(*each) for each in due])


def rouse(job: Job) -> None:
    """See to it that what is due for an endpoint has a job, and that nothing stays of endpoints that were taken away."""
    while db.changed(EMPTY, most=AT_ONCE) == AT_ONCE:
        pass
    db.changed(REMOVE)
    wake_stranded(job)


@db.verb
def wake_stranded(job: Job) -> None:
    for workspace, endpoint in db.rows(STRANDED, queue=endpoints.QUEUE):
        endpoints.wake(workspace, endpoint)
    job.complete()


@db.verb
def put_off(job: Job, place: dict) -> None:
    go_on(place, at_least=BUSY_SECONDS)
    job.complete()


@db.verb
def end(job: Job, turn: Turn, outcomes: list[Outcome]) -> None:
    """Note what came of the attempts, move each delivery on, give the turn back and end the job, all at once. Who has lost
    the turn meanwhile (the endpoint has another address or is gone, this process was halted) notes nothing."""
    place = {"workspace": turn.workspace_id, "endpoint": turn.endpoint_id}
    has_turn, news = db.row(HOLD, **place, until=turn.until), None
    if has_turn:
        for outcome in sorted(outcomes, key=lambda each: each.id):
            note(turn, outcome)
        news = close(place, outcomes)
    go_on(place, at_least=0 if has_turn else BUSY_SECONDS)
    job.complete()
    if news and news["state"] in ("gone", "failed"):
        events.record("endpoint.failed", turn.workspace_id, data=news)
    elif news:
        events.record("endpoint.failing", turn.workspace_id, data=news)


def note(turn: Turn, outcome: Outcome) -> None:
    db.changed(NOTE, workspace=turn.workspace_id, **outcome._asdict(), through=outcome.reason is None, last=LAST,
               schedule=list(SCHEDULE), began=turn.began_at)  # fmt: skip


def close(place: dict, outcomes: list[Outcome]) -> dict | None:
    """Give the turn back, and say what the endpoint is now; returns it when somebody shall be told."""
    tried = [each for each in outcomes if not each.is_ours]
    host, state, since, ends, warns = db.row(
        CLOSE, **place, tried=[each.id for each in outcomes], counts=bool(tried),
        through=any(each.reason is None for each in tried), gone=any(each.status == 410 for each in tried),
        rest=max((each.rest for each in tried), default=0), breather=BREATHER_SECONDS, warn=WARN_HOURS, end=END_HOURS,
    )  # fmt: skip
    if ends:
        db.changed(STOP, **place)
    if not ends and not warns:
        return None
    [*_, last] = sorted((each for each in tried if each.reason), key=lambda each: (each.status == 410, each.id))
    return {"endpoint": place["endpoint"], "host": host, "state": state, "since": since and since.isoformat(),
            "reason": last.reason}  # fmt: skip


def go_on(place: dict, at_least: float = 0) -> None:
    """Come back when there is something to do for this endpoint, if there will be."""
    row = db.row(NEXT, **place)
    if row:
        endpoints.wake(place["workspace"], place["endpoint"], max(at_least, row[0], 0))
