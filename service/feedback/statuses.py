"""Where a post can stand: the workspace's own names, each of one of five kinds."""

import re
from typing import NamedTuple

from service import db, events
from service.errors import Conflict, Invalid, NotFound
from service.feedback import order, plan_limits, versions
from service.feedback.readers import Reader
from service.lib import text

KINDS = ("open", "planned", "started", "done", "declined")
MOST = 100  # of a workspace
LONGEST_NAME = 80
COLOR = re.compile(r"#[0-9a-f]{6}")

LIST = """
SELECT id, key, name, kind, color FROM status WHERE workspace_id = %(workspace)s ORDER BY position, id"""
# held, so that nobody takes it away before what is to stand there stands there
CHOOSE = """
SELECT id, key, name, kind, color FROM status
 WHERE workspace_id = %(workspace)s AND (key = %(key)s OR (%(key)s IS NULL AND kind = 'open'))
 ORDER BY position, id LIMIT 1 FOR KEY SHARE"""
MAKE = """
INSERT INTO status (workspace_id, key, name, kind, color, position)
SELECT %(workspace)s, %(key)s, %(name)s, %(kind)s, %(color)s,
       coalesce(%(position)s, (SELECT least(coalesce(max(position), 0) + 1, 10000) FROM status
                                WHERE workspace_id = %(workspace)s))
ON CONFLICT ON CONSTRAINT one_status_per_key DO NOTHING RETURNING id"""
SAVE = """
UPDATE status SET name = %(name)s, kind = %(kind)s, color = %(color)s, position = coalesce(%(position)s, position)
 WHERE workspace_id = %(workspace)s AND id = %(id)s
   AND (name, kind, color, position) IS DISTINCT FROM (%(name)s, %(kind)s, %(color)s, coalesce(%(position)s, position))"""
# Those named, and all of kind `open`: two members who take the last two away wait for each other here.
HOLD = """
SELECT id FROM status WHERE workspace_id = %(workspace)s AND (key = ANY(%(keys)s) OR kind = 'open')
 ORDER BY id FOR UPDATE"""
MOVE_POSTS = """
WITH held AS MATERIALIZED (
  SELECT number FROM post WHERE workspace_id = %(workspace)s AND status_id = %(id)s ORDER BY number FOR NO KEY UPDATE
)
UPDATE post SET status_id = %(into)s, roadmap_position = NULL FROM held
 WHERE post.workspace_id = %(workspace)s AND post.number = held.number"""
HAS_POSTS = "SELECT EXISTS (SELECT FROM post WHERE workspace_id = %(workspace)s AND status_id = %(id)s)"
DELETE = "DELETE FROM status WHERE workspace_id = %(workspace)s AND id = %(id)s"


class Status(NamedTuple):
    id: int
    key: str
    name: str
    kind: str
    color: str


def of(workspace_id: int) -> list[Status]:
    """The workspace's statuses in its own order."""
    return [Status(*row) for row in db.rows(LIST, workspace=workspace_id)]


def find(reader: Reader, key: str) -> Status:
    """The status with this key, or NotFound."""
    for status in of(reader.workspace.id):
        if status.key == key:
            return status
    raise NotFound("There is no such status.")


def choose(workspace_id: int, key: str | None) -> Status:
    """The status with this key; without one, the first of kind `open`. Invalid names the keys there are.

    Nobody takes it away until the transaction ends."""
    row = db.row(CHOOSE, workspace=workspace_id, key=key)
    if row is None:
        raise Invalid(status=which(of(workspace_id)))
    return Status(*row)


def which(found: list[Status]) -> str:
    return f"There is no such status; choose one of: {', '.join(status.key for status in found)}."


@db.verb
def create(reader: Reader, key: str, name: str, kind: str, color: str, position: int | None = None) -> Status:
    """A new status, by default the last one. Raises Invalid with the field that must change, Conflict when there
    are too many."""
    said = checked(name, kind, color)
    if not text.is_key(key):
        raise Invalid(key=text.WHAT_A_KEY_IS)
    if len(of(reader.workspace.id)) >= MOST:
        raise Conflict(f"There are {MOST:,} statuses, which is all there can be; take one away first.", "too_many")
    if not db.row(MAKE, workspace=reader.workspace.id, key=key, position=position, **said):
        raise Invalid(key=f"There is a status “{key}” already.")
    events.record("status.created", reader.workspace.id, data={"key": key}, **reader.actor())
    return find(reader, key)


@db.verb
def change(reader: Reader, key: str, *, name: str | None = None, kind: str | None = None, color: str | None = None,
           position: int | None = None, seen: str | None = None) -> Status:  # fmt: skip
    """Change what is given of a status and leave the rest; nothing new is no change. Posts that stand there follow.

    Conflict when it would leave none of kind `open`, when the plan has no room for its posts to be open, and when it is not
    as it was `seen` (`versions.version`)."""
    with plan_limits.opening(reader.workspace):
        db.rows(HOLD, workspace=reader.workspace.id, keys=[key])
        status = find(reader, key)
        versions.check(seen, *status)
        after = checked(
            status.name if name is None else name, status.kind if kind is None else kind,
            status.color if color is None else color,
        )  # fmt: skip
        if after["kind"] != "open":
            keep_one_open(reader, status)
        is_new = db.changed(SAVE, workspace=reader.workspace.id, id=status.id, position=position, **after)
    if is_new:
        events.record("status.updated", reader.workspace.id, data={"key": key}, **reader.actor())
    return find(reader, key)


@db.verb
def delete(reader: Reader, key: str, into: str | None = None) -> None:
    """Take a status away; its posts, deleted ones too, move `into` another without anyone being told.

    Conflict when it has posts and none is named, when the plan has no room for them there, and when it is the last one of
    kind `open`."""
    if into == key:
        raise Invalid(into="Name another status.")
    with plan_limits.opening(reader.workspace):
        db.rows(HOLD, workspace=reader.workspace.id, keys=[key, into or key])
        status, place = find(reader, key), {"workspace": reader.workspace.id}
        keep_one_open(reader, status)
        if into:
            db.changed(MOVE_POSTS, **place, id=status.id, into=other(reader, into).id)
    if db.row(HAS_POSTS, **place, id=status.id)[0]:
        raise Conflict(f"“{status.name}” has posts (deleted ones count); say where they go, with ?into=STATUS.", "in_use")
    db.changed(DELETE, **place, id=status.id)
    events.record("status.deleted", reader.workspace.id, data={"key": key, "into": into}, **reader.actor())


@db.verb
def move(reader: Reader, key: str, by: int) -> None:
    """Let a status stand one place further up (-1) or down (1), where there is one. NotFound when it is not there."""
    if order.move(order.STATUSES, reader, key, by):
        events.record("status.updated", reader.workspace.id, data={"key": key}, **reader.actor())


def keep_one_open(reader: Reader, leaving: Status) -> None:
    """Raise Conflict when new posts would have nowhere to stand without this one. To be called when they are held."""
    if [status.id for status in of(reader.workspace.id) if status.kind == "open"] == [leaving.id]:
        raise Conflict(f"New posts begin at “{leaving.name}”; make another status of kind open first.", "last_open")


def other(reader: Reader, key: str) -> Status:
    found = of(reader.workspace.id)
    for status in found:
        if status.key == key:
            return status
    raise Invalid(into=which(found))


def checked(name: str, kind: str, color: str) -> dict:
    said = {"name": text.fitting(name, LONGEST_NAME, text.tidy_line), "kind": kind, "color": color}
    if not said["name"]:
        raise Invalid(name=f"Give it a name of 1–{LONGEST_NAME} characters.")
    if kind not in KINDS:
        raise Invalid(kind=f"Choose one of: {', '.join(KINDS)}.")
    if not COLOR.fullmatch(color):
        raise Invalid(color="A color is # and six small digits 0–f, e.g. #2563eb.")
    return said
