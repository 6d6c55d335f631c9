"""Where a post stands, whose it is, and when it will be there. For members."""

from datetime import date
from types import EllipsisType

from service import db, events
from service.errors import Conflict, Invalid
from service.feedback import members, plan_limits, posts, statuses
from service.feedback.posts import Held
from service.feedback.readers import Reader
from service.feedback.statuses import Status
from service.lib import text

LONGEST_NOTE = 5_000

SET_STATUS = """
UPDATE post SET status_id = %(status)s, updated_at = now(),
       answered_at = coalesce(answered_at, CASE WHEN %(person)s::bigint IS NOT NULL THEN now() END),
       roadmap_position = CASE WHEN status_id = %(status)s THEN roadmap_position END
 WHERE workspace_id = %(workspace)s AND number = %(number)s"""
# A post that nobody had answered is answered since by what the team said below it, or not at all.
TAKE_BACK = """
UPDATE post p SET status_id = %(status)s, updated_at = now(),
       answered_at = CASE WHEN %(was_answered)s THEN answered_at ELSE (
         SELECT min(c.created_at) FROM comment c
           JOIN "user" u ON u.workspace_id = c.workspace_id AND u.id = c.user_id AND u.kind = 'member'
          WHERE c.workspace_id = p.workspace_id AND c.post_number = p.number AND c.origin_number IS NULL
            AND NOT c.internal) END,
       roadmap_position = CASE WHEN status_id = %(status)s THEN roadmap_position ELSE %(place)s END
 WHERE p.workspace_id = %(workspace)s AND p.number = %(number)s"""
TOLD_LAST = """
SELECT data->>'note' FROM event
 WHERE workspace_id = %(workspace)s AND post_number = %(number)s AND type = 'post.status_changed'
 ORDER BY seq DESC LIMIT 1"""
# Neither is for users, so neither moves the post in their lists.
ASSIGN = "UPDATE post SET assignee_id = %(assignee)s WHERE workspace_id = %(workspace)s AND number = %(number)s"
SET_ETA = "UPDATE post SET eta = %(eta)s WHERE workspace_id = %(workspace)s AND number = %(number)s"


@db.verb
def set_status(reader: Reader, number: int, key: str, note: str = "", *, notify: bool = True,
               undo_seconds: int = 0) -> int | None:  # fmt: skip
    """Move a post to another status; followers hear of it unless `notify` is off, with the team's `note`. Returns the number
    of the event.

    Setting the status that it has changes nothing, unless there is a note that was not told yet. Letters wait for
    `undo_seconds`, in which `take_back` withdraws them. Conflict when the plan has no room for one more open post."""
    with plan_limits.opening(reader.workspace):
        return move(reader, number, key, note, notify, undo_seconds)


def move(reader: Reader, number: int, key: str, note: str, notify: bool, undo_seconds: int) -> int | None:
    workspace = reader.workspace.id
    status, note = statuses.choose(workspace, key), text.fitting(note, LONGEST_NOTE)
    if note is None:
        raise Invalid(note=f"A note has at most {LONGEST_NOTE:,} characters.")
    held = posts.hold(reader, number)
    if held.status == status.key and note in ("", told_last(workspace, number)):
        return None
    db.changed(SET_STATUS, workspace=workspace, number=number, status=status.id, person=reader.person)
    wait = {"undo_seconds": undo_seconds} if undo_seconds else {}
    return moved(reader, held, status, note=note, notify=notify, **wait)


@db.verb
def take_back(reader: Reader, number: int, key: str, event: int | None, *, was_answered: bool = True,
              place: int | None = None) -> None:  # fmt: skip
    """Undo what `set_status` did, which recorded this event: back to the status that the post had, its `place` in that
    column of the road map, and whether it `was_answered`. Nobody is told, and letters that still wait are withdrawn."""
    status = statuses.choose(reader.workspace.id, key)
    held = posts.hold(reader, number)
    db.changed(TAKE_BACK, workspace=reader.workspace.id, number=number, status=status.id, place=place,
               was_answered=was_answered)  # fmt: skip
    moved(reader, held, status, note="", notify=False, undo_of=event)


def moved(reader: Reader, held: Held, status: Status, **told) -> int:
    shown = {"name": status.name, "color": status.color}  # as it was called when it happened
    data = {"from": held.status, "to": status.key, **shown, **told}
    return events.record("post.status_changed", reader.workspace.id, public=True, post=held.number, data=data,
                         **reader.actor())  # fmt: skip


def told_last(workspace_id: int, number: int) -> str | None:
    row = db.row(TOLD_LAST, workspace=workspace_id, number=number)
    return row and row[0]


@db.verb
def assign(reader: Reader, number: int, member: int | None) -> None:
    """Make a member responsible for a post, or nobody. Invalid when they are not of the team."""
    if member is not None:
        members.hold(reader.workspace, member)
    held = posts.hold(reader, number)
    if held.assignee != member:
        db.changed(ASSIGN, workspace=reader.workspace.id, number=number, assignee=member)
        note(reader, number, assignee=member)


@db.verb
def set_eta(reader: Reader, number: int, eta: date | None, *, seen: date | EllipsisType | None = ...) -> None:
    """Say when a post will be done, or that nobody knows. Conflict when it has another date by now than the one that this
    was decided for (`seen`)."""
    held = posts.hold(reader, number)
    if held.eta != eta:
        if seen not in (..., held.eta):
            raise Conflict(f"#{number}: Its date was changed meanwhile; look at it again, and save if you still want to.",
                           "stale")  # fmt: skip
        db.changed(SET_ETA, workspace=reader.workspace.id, number=number, eta=eta)
        note(reader, number, eta=eta and eta.isoformat())


def note(reader: Reader, number: int, **value) -> None:
    data = {"changed": list(value), **value}
    events.record("post.updated", reader.workspace.id, post=number, data=data, **reader.actor())
