"""What follows from an event: the worker's first job after every verb, one line per consequence.

Everything here is done in one transaction with the completion of the job, so each consequence happens once; what is slow
(mail, the model) becomes a job of its own."""

from service.db import database
from service.feedback import (
    activity,
    comparing,
    deliveries,
    endpoints,
    held_comments,
    notifications,
    plan_checks,
    team_letters,
    vectors,
)
from service.jobs import Job

FOLLOWS = {
    "post.created": [vectors.renew, team_letters.tell_of_post],
    "post.updated": [vectors.renew],
    "post.status_changed": [notifications.tell_followers],
    "changelog.published": [notifications.tell_of_release],
    "member.added": [team_letters.invite],
    "member.invited_again": [team_letters.invite],
    "post.deleted": [comparing.forget],
    "post.approved": [comparing.renew, deliveries.fan_out_made],
    "post.restored": [comparing.renew],
    "post.unmerged": [comparing.renew],
    "comment.approved": [notifications.tell_of_comment, deliveries.fan_out_made],
    "comment.created": [notifications.tell_of_comment],
    "comment.updated": [notifications.tell_of_change],
    "post.merged": [notifications.tell_of_merge],
    "post.question_asked": [notifications.ask_voters],
    "export.ready": [team_letters.tell_of_export],
    "endpoint.failing": [team_letters.tell_of_failing],
    "endpoint.failed": [team_letters.tell_of_failed],
    "payment.failed": [team_letters.tell_of_payment],
    "plan.changed": [plan_checks.follow, team_letters.tell_of_plan],
    "workspace.erasure_planned": [team_letters.tell_of_erasure],
}
for type in endpoints.TYPES:
    FOLLOWS.setdefault(type, []).append(deliveries.fan_out)


@database.atomic()
def follow_up(job: Job) -> None:
    """Do what follows from the event `seq`, all of it or nothing."""
    event = activity.find(job.workspace_id, job.args["seq"])
    for consequence in FOLLOWS.get(event.type, []) if event and not waits(event) else []:
        consequence(event)
    job.complete()


def waits(event: activity.Event) -> bool:
    """Whether it is of a comment that waits for approval, or did when this happened: nothing follows before that, but that
    it is deleted."""
    if not event.type.startswith("comment.") or event.type == "comment.deleted":
        return False
    return "held" in event.data or held_comments.is_waiting(event.workspace_id, event.data["comment"])
