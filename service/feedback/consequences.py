"""What follows from an event: the worker's first job after every verb, one line per consequence.

Everything here is done in one transaction with the completion of the job, so each consequence happens once; what is slow
(mail, the model) becomes a job of its own."""

from service.db import database
from service.feedback import activity, notifications, similar
from service.jobs import Job

FOLLOWS = {
    "post.created": [similar.renew, notifications.tell_the_team],
    "post.updated": [similar.renew],
    "post.status_changed": [notifications.tell_followers],
    "changelog.published": [notifications.tell_of_release],
    "member.added": [notifications.invite],
    "post.question_asked": [notifications.ask_voters],
}


@database.atomic()
def follow_up(job: Job) -> None:
    """Do what follows from the event `seq`, all of it or nothing."""
    event = activity.find(job.workspace_id, job.args["seq"])
    for consequence in FOLLOWS.get(event.type, []) if event else []:
        consequence(event)
    job.complete()
