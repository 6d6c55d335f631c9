"""record(): the one statement in which a verb ends.

It takes the workspace's next event number, writes the event and enqueues the job from which everything follows (letters,
vectors, webhooks): they appear together with what caused them, or not at all. The number is taken last, so within a
workspace the order of numbers is the order of commits, and a reader that remembers the last one it saw misses nothing."""

from psycopg2.extras import Json

from service import db, jobs

FOLLOW_UP = "event.follow_up"  # kind of the job; never renamed, old ones may be waiting
# Every type of event there is. What is not here is never recorded, and a filter that names it is misspelt.
TYPES = (
    "address.blocked", "address.unblocked", "board.created", "board.deleted", "board.updated", "changelog.created",
    "changelog.deleted", "changelog.published", "changelog.updated", "comment.approved", "comment.created",
    "comment.deleted", "comment.updated", "company.created", "company.updated", "duplicate.dismissed",
    "endpoint.created", "endpoint.deleted", "endpoint.failed", "endpoint.failing", "endpoint.sent_again",
    "endpoint.updated", "export.ready", "export.requested", "field.created", "field.deleted", "field.updated",
    "file.created", "file.deleted", "follower.created", "follower.deleted", "identity_secret.created",
    "identity_secret.ended", "import.begun", "import.finished", "import.undone", "key.created", "key.deleted",
    "key.updated", "letter.sent_again", "member.added", "member.invited_again", "member.joined", "member.removed",
    "member.signed_in", "member.signed_out", "member.updated", "payment.failed", "plan.changed", "post.approved",
    "post.created", "post.deleted", "post.merged", "post.question_asked", "post.restored", "post.status_changed",
    "post.unmerged", "post.updated", "reaction.created", "reaction.deleted", "segment.created", "segment.deleted",
    "segment.updated", "status.created", "status.deleted", "status.updated", "suppression.created",
    "suppression.deleted", "tag.created", "tag.deleted", "tag.updated", "user.blocked", "user.erased", "user.identified",
    "user.merged", "user.signed_out", "user.unblocked", "view.created", "view.deleted", "vote.created", "vote.deleted",
    "webhook.test", "widget_key.ended", "widget_key.rotated", "workspace.erasure_called_off",
    "workspace.erasure_planned", "workspace.installed", "workspace.updated",
)  # fmt: skip
# Beginnings of what nobody but the team does, or Sayso without anyone: where nobody did it, Sayso did. Of what users do,
# nobody did what was done by who is erased by now.
BY_ITSELF = ("changelog.published", "endpoint.fail", "export.", "import.", "payment.", "plan.", "post.approved",
             "suppression.created", "workspace.")  # fmt: skip
HINT = "sayso_event"  # NOTIFY channel; the payload is the workspace's id
# Too many for a job and a hint each. Nothing follows from them unless an endpoint asks for them; then the worker's own look
# once a second finds the job, as the stream finds the event.
QUIET = {"vote.created", "vote.deleted", "follower.created", "follower.deleted", "reaction.created", "reaction.deleted",
         "user.identified", "member.signed_in", "member.signed_out"}  # fmt: skip


def written(source: str, post: str = "%(post)s", public: str = "%(public)s", data: str = "%(data)s") -> str:
    """SQL: the two parts of a WITH that write the event `seq` of `source`, another part, and its follow-up job. `post`
    is the number of its post. For a verb that has its event in its own statement, which may know better than its caller
    whether it is `public`, and what else there is to say."""
    return f"""event AS (
  INSERT INTO event (workspace_id, seq, type, public, post_number, user_id, person_id, data)
  SELECT %(workspace)s, seq, %(type)s, {public}, {post}, %(user)s, %(person)s, {data} FROM {source}
), job AS (
  INSERT INTO job (workspace_id, kind, args)
  SELECT %(workspace)s, %(kind)s, jsonb_build_object('seq', seq) FROM {source} WHERE NOT %(quiet)s OR EXISTS (
    SELECT FROM endpoint WHERE workspace_id = %(workspace)s AND state = 'active' AND %(type)s = ANY(types))
)"""


RECORD = f"""
WITH taken AS (
  UPDATE workspace_counter SET next_event = next_event + 1 WHERE workspace_id = %(workspace)s
  RETURNING next_event - 1 AS seq
), {written("taken")}
SELECT seq FROM taken"""

LATEST = "SELECT next_event - 1 FROM workspace_counter WHERE workspace_id = %(workspace)s"


def record(type: str, workspace_id: int, *, post: int | None = None, **facts) -> int:
    """Write what happened, as the last statement of a verb's transaction; returns the event's number. See `told`."""
    seq = db.row(RECORD, workspace=workspace_id, post=post, **told(type, **facts))[0]
    hint(type, workspace_id)
    return seq


def told(type: str, *, public: bool = False, user: int | None = None, person: int | None = None,
         data: dict | None = None) -> dict:  # fmt: skip
    """The parameters of a statement that has `written` in it.

    Who did it is a `user`, a member (`person`), or a member on a user's behalf; neither means Sayso itself. `data` is small
    JSON. `public` events of posts on public boards are heard by users' open pages; what is for members only must not be."""
    return {"type": type, "public": public, "user": user, "person": person, "data": Json(data or {}), "kind": FOLLOW_UP,
            "quiet": type in QUIET}  # fmt: skip


def hint(type: str, workspace_id: int) -> None:
    """Tell the worker and the stream after the commit that there is something new."""
    if type not in QUIET:
        db.notify(jobs.HINT)
        db.notify(HINT, str(workspace_id))


def latest(workspace_id: int) -> int:
    """The number of the newest event; 0 when nothing has happened yet."""
    return db.row(LATEST, workspace=workspace_id)[0]
