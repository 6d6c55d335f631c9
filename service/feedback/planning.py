"""Where a post stands, whose it is, and when it will be there. For members."""

from datetime import date
from types import EllipsisType

from service import db, events
from service.errors import Conflict, Invalid
from service.feedback import members, posts, statuses
from service.feedback.readers import Reader
from service.lib import text

LONGEST_NOTE = 5_000
STALE = {
    "status": "Its status was changed meanwhile; look at it again, and save if you still want to.",
    "member": "It was assigned to somebody else meanwhile; look at it again, and save if you still want to.",
    "date": "Its date was changed meanwhile; look at it again, and save if you still want to.",
}

SET_STATUS = """
UPDATE post SET status_id = %(status)s, updated_at = now(),
       answered_at = coalesce(answered_at, CASE WHEN %(person)s::bigint IS NOT NULL THEN now() END),
       roadmap_position = CASE WHEN status_id = %(status)s THEN roadmap_position ELSE %(place)s END
 WHERE workspace_id = %(workspace)s AND number = %(number)s"""
TOLD_LAST = """
SELECT data->>'note' FROM event
 WHERE workspace_id = %(workspace)s AND post_number = %(number)s AND type = 'post.status_changed'
 ORDER BY seq DESC LIMIT 1"""
# Neither is for users, so neither moves the post in their lists.
ASSIGN = "UPDATE post SET assignee_id = %(assignee)s WHERE workspace_id = %(workspace)s AND number = %(number)s"
SET_ETA = "UPDATE post SET eta = %(eta)s WHERE workspace_id = %(workspace)s AND number = %(number)s"


@db.verb
def set_status(reader: Reader, number: int, key: str, note: str = "", *, notify: bool = True,
               seen: str | None = None, undo_seconds: int = 0, place: int | None = None) -> None:  # fmt: skip
    """Move a post to another status; followers hear of it unless `notify` is off, with the team's `note`.

    Setting the status that it has changes nothing, unless there is a note that was not told yet. `seen` is the status that
    this was decided for; Conflict when the post has another by now. Letters wait for `undo_seconds`, in which it can be
    taken back without a word. `place` is where it stood in that column of the road map before; else it has none there."""
    workspace = reader.workspace.id
    status, note = statuses.choose(workspace, key), text.fitting(note, LONGEST_NOTE)
    if note is None:
        raise Invalid(note=f"A note has at most {LONGEST_NOTE:,} characters.")
    held = posts.hold(reader, number)
    if held.status == status.key and note in ("", told_last(workspace, number)):
        return
    if seen is not None and held.status != seen:
        raise stale(number, "status")
    db.changed(SET_STATUS, workspace=workspace, number=number, status=status.id, person=reader.person, place=place)
    shown = {"name": status.name, "color": status.color}  # as it was called when it happened
    data = {"from": held.status, "to": status.key, **shown, "note": note, "notify": notify}
    if undo_seconds and notify:
        data["undo_seconds"] = undo_seconds
    events.record("post.status_changed", workspace, public=True, post=number, data=data, **reader.actor())


def told_last(workspace_id: int, number: int) -> str | None:
    row = db.row(TOLD_LAST, workspace=workspace_id, number=number)
    return row and row[0]


@db.verb
def assign(reader: Reader, number: int, member: int | None, *, seen: int | EllipsisType | None = ...) -> None:
    """Make a member responsible for a post, or nobody. Invalid when they are not of the team, Conflict when it is somebody
    else by now than whom this was decided for (`seen`)."""
    if member is not None:
        members.hold(reader.workspace, member)
    held = posts.hold(reader, number)
    if held.assignee != member:
        if seen not in (..., held.assignee):
            raise stale(number, "member")
        db.changed(ASSIGN, workspace=reader.workspace.id, number=number, assignee=member)
        note(reader, number, assignee=member)


@db.verb
def set_eta(reader: Reader, number: int, eta: date | None, *, seen: date | EllipsisType | None = ...) -> None:
    """Say when a post will be done, or that nobody knows. Conflict when it has another date by now than the one that this
    was decided for (`seen`)."""
    held = posts.hold(reader, number)
    if held.eta != eta:
        if seen not in (..., held.eta):
            raise stale(number, "date")
        db.changed(SET_ETA, workspace=reader.workspace.id, number=number, eta=eta)
        note(reader, number, eta=eta and eta.isoformat())


def note(reader: Reader, number: int, **value) -> None:
    data = {"changed": list(value), **value}
    events.record("post.updated", reader.workspace.id, post=number, data=data, **reader.actor())


def stale(number: int, what: str) -> Conflict:
    return Conflict(f"#{number}: {STALE[what]}", "stale")
