"""The key in the snippet: made anew, with the former ones working on until they are ended.

A key is signed and not secret; it says of which generation it is. Those between the oldest and the newest one work."""

from datetime import UTC, datetime, timedelta

from service import db, events
from service.errors import Conflict
from service.feedback import workspaces
from service.feedback.readers import Reader
from service.feedback.workspaces import Workspace

HOUR = timedelta(hours=1)
ANOTHER = "The key was changed meanwhile. Look at it again."

HOLD = "SELECT key_generation, key_oldest FROM workspace WHERE id = %(workspace)s FOR NO KEY UPDATE"
ROTATE = "UPDATE workspace SET key_generation = key_generation + 1 WHERE id = %(workspace)s"
END_FORMER = """
UPDATE workspace SET key_oldest = key_generation, former_key_seen_at = NULL WHERE id = %(workspace)s"""
NOTE = """
UPDATE workspace SET former_key_seen_at = now()
 WHERE id = %(workspace)s AND (former_key_seen_at IS NULL OR former_key_seen_at < now() - interval '1 hour')"""


@db.verb
def rotate(reader: Reader, seen: int | None = None) -> str:
    """A new key for the snippet, which it returns; the former ones work on. Conflict when the newest is no longer the one of
    the generation that was `seen`."""
    hold(reader, seen)
    db.changed(ROTATE, workspace=reader.workspace.id)
    workspace = workspaces.find(reader.workspace.id)
    events.record("widget_key.rotated", workspace.id, data={"generation": workspace.key_generation}, **reader.actor())
    return workspaces.widget_key(workspace)


@db.verb
def end_former(reader: Reader, seen: int | None = None) -> int:
    """Refuse all keys but the newest from now on; returns how many those were, which the second time is none. Conflict as
    of `rotate`."""
    newest, oldest = hold(reader, seen)
    if newest > oldest:
        db.changed(END_FORMER, workspace=reader.workspace.id)
        events.record("widget_key.ended", reader.workspace.id, data={"before": newest}, **reader.actor())
    return newest - oldest


def hold(reader: Reader, seen: int | None) -> tuple[int, int]:
    newest, oldest = db.row(HOLD, workspace=reader.workspace.id)
    if seen is not None and seen != newest:
        raise Conflict(ANOTHER)
    return newest, oldest


def note(workspace: Workspace, generation: int) -> None:
    """Remember, to the hour, that a page came with a former key."""
    seen = workspace.former_key_seen_at
    if generation < workspace.key_generation and (seen is None or datetime.now(UTC) - seen > HOUR):
        db.changed(NOTE, workspace=workspace.id)
