"""What follows from an event: the worker's first job after every verb, one line per consequence.

Everything here is done in one transaction with the completion of the job, so each consequence happens once; what is slow
(mail, the model) becomes a job of its own."""

from service import db
from service.db import database
from service.feedback import activity, notifications, similar
from service.jobs import Job

EVENT_DAYS, LINK_DAYS, RATE_HOURS, DEAD_DAYS = 400, 1, 24, 30

FOLLOWS = {
    "post.created": [lambda event: similar.enqueue(event.workspace_id, event.post_number), notifications.new_post],
    "post.status_changed": [notifications.status_changed],
}

PRUNE = """
WITH letters AS (DELETE FROM letter WHERE created_at < now() - %(events)s * interval '1 day'),
     links AS (DELETE FROM sign_in_link WHERE created_at < now() - %(links)s * interval '1 day'),
     sessions AS (DELETE FROM session WHERE created_at < now() - interval '30 days'),
     rates AS (DELETE FROM rate WHERE window_start < now() - %(rates)s * interval '1 hour'),
     dead AS (DELETE FROM job_dead WHERE died_at < now() - %(dead)s * interval '1 day'),
     slots AS (DELETE FROM cron_run WHERE due_at < now() - interval '7 days')
DELETE FROM event WHERE created_at < now() - %(events)s * interval '1 day'"""


@database.atomic()
def follow_up(job: Job) -> None:
    """Do what follows from the event `seq`, all of it or nothing."""
    event = activity.find(job.workspace_id, job.args["seq"])
    for consequence in FOLLOWS.get(event.type, []) if event else []:
        consequence(event)
    job.complete()


def prune(job: Job) -> None:  # noqa: ARG001 (a handler takes its job)
    """Delete what is kept only for a time: events and letters 400 days, links and counters a day, dead jobs 30."""
    db.changed(PRUNE, events=EVENT_DAYS, links=LINK_DAYS, rates=RATE_HOURS, dead=DEAD_DAYS)
