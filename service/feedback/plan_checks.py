"""What plans need done in time: days of grace that end, Stripe asked again where an event may have got lost, and the
posts let in that there was no room for."""

import time

from service import db, jobs
from service.db import database
from service.errors import PaymentAway
from service.feedback import billing, moderation, plan_limits
from service.feedback.activity import Event
from service.jobs import Job

CHECK, LOOK, LET_IN = "plan.check", "plan.look", "plan.let_in"  # kinds of jobs
AT_ONCE = 50  # posts in one transaction
SECONDS = 20  # after which the rest is another job's
LAST_DAYS = billing.GRACE_DAYS + 1  # for which Pro stays on when Stripe cannot be asked

# Whose grace is over, or soon; and once a day, who owes, and of whose next period nothing was heard.
DUE = f"""
SELECT s.workspace_id FROM subscription s JOIN workspace w ON w.id = s.workspace_id
 WHERE (w.plan = 'pro' AND s.past_due_since < now() - interval '{billing.GRACE_DAYS} days')
    OR (w.plan = 'pro' AND s.past_due_since < now() - interval '{billing.REMINDER_DAYS} days' AND s.reminded_at IS NULL)
    OR (s.status IN {billing.OWED} AND s.changed_at < now() - interval '1 day')
    OR (s.status IN {billing.PAID} AND s.period_ends_at < now() - interval '1 hour'
        AND s.changed_at < greatest(s.period_ends_at + interval '1 hour', now() - interval '1 day'))"""
IS_LATE = f"""
SELECT FROM subscription
 WHERE workspace_id = %(workspace)s AND past_due_since < now() - interval '{LAST_DAYS} days'"""
NO_ROOM = f"held_at IS NOT NULL AND deleted_at IS NULL AND held_because = '{plan_limits.PLAN}'"
# Where there is room by now: written at the moment when the plan changed, restored since, or there are no plans any more.
STRANDED = f"""
SELECT w.id FROM workspace w WHERE (w.plan = 'pro' OR NOT %(is_billed)s)
   AND EXISTS (SELECT FROM post WHERE workspace_id = w.id AND {NO_ROOM})"""
SOME = f"""
SELECT number FROM post WHERE workspace_id = %(workspace)s AND {NO_ROOM}
   AND (NOT %(is_billed)s OR (SELECT plan FROM workspace WHERE id = %(workspace)s) = 'pro')
 ORDER BY held_at, number LIMIT {AT_ONCE} FOR NO KEY UPDATE"""


def check(job: Job) -> None:  # noqa: ARG001 (a handler takes its job)
    """Have every workspace looked at that it is time for."""
    if billing.is_on():
        for (workspace,) in db.rows(DUE):
            jobs.enqueue(LOOK, workspace, queue=billing.QUEUE, unique_key=LOOK)
    for (workspace,) in db.rows(STRANDED, is_billed=billing.is_on()):
        jobs.enqueue(LET_IN, workspace, unique_key=LET_IN)


def look(job: Job) -> None:
    """Ask Stripe how one workspace stands, and remind it of what it owes. Stripe is away: the next hour asks again, and
    after a day of that, what we know decides."""
    if not billing.is_on():
        return
    try:
        billing.refresh(job.workspace_id)
    except PaymentAway:
        if db.row(IS_LATE, workspace=job.workspace_id) is not None:
            billing.end_grace(job.workspace_id)
    billing.remind(job.workspace_id)


def follow(event: Event) -> None:
    """A workspace that became Pro has room for what waited for it."""
    if event.data["plan"] == "pro":
        jobs.enqueue(LET_IN, event.workspace_id, unique_key=LET_IN)


def let_in(job: Job) -> None:
    """Let in the posts that there was no room for, a few at a time, while there is; what is left after a while is the next
    job's."""
    ends = time.monotonic() + SECONDS
    while let_in_some(job.workspace_id) == AT_ONCE:
        if time.monotonic() > ends:
            jobs.enqueue(LET_IN, job.workspace_id, unique_key=LET_IN)
            break


@database.atomic()
def let_in_some(workspace: int) -> int:
    numbers = [number for (number,) in db.rows(SOME, workspace=workspace, is_billed=billing.is_on())]
    moderation.let_in(workspace, numbers)
    return len(numbers)
