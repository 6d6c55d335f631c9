"""Comments that look like spam and wait for the team: who wrote what below which post, let in or declined. For members."""

from datetime import datetime
from typing import NamedTuple

from service import db, events
from service.errors import Conflict
from service.feedback import blocking, mentions, versions
from service.feedback.readers import Reader

MOST_COUNTED = 99

# What stands below a post that was deleted waits until that is restored.
WAITS = """c.workspace_id = %(workspace)s AND c.held_at IS NOT NULL AND c.deleted_at IS NULL AND EXISTS (
       SELECT FROM post p WHERE p.workspace_id = c.workspace_id AND p.number = c.post_number AND p.deleted_at IS NULL)"""
COUNT = f"SELECT count(*) FROM (SELECT FROM comment c WHERE {WAITS} LIMIT %(most)s) waiting"
COUNT_ALL = f"""
SELECT count(*) FROM (
  (SELECT 1 FROM post WHERE workspace_id = %(workspace)s AND held_at IS NOT NULL AND deleted_at IS NULL LIMIT %(most)s)
   UNION ALL (SELECT 1 FROM comment c WHERE {WAITS} LIMIT %(most)s) LIMIT %(most)s) waiting"""
LIST = f"""
SELECT c.id, c.body, c.held_at, c.held_because, p.number, p.title, u.external_id, u.name, u.email, u.kind,
       u.blocked_at IS NOT NULL, company.name
  FROM (SELECT * FROM comment c WHERE {WAITS} AND (%(at)s IS NULL OR (c.held_at, c.id) > (%(at)s::timestamptz, %(id)s))
         ORDER BY c.held_at, c.id LIMIT %(most)s) c
  JOIN post p ON p.workspace_id = %(workspace)s AND p.number = c.post_number
  LEFT JOIN "user" u ON u.workspace_id = %(workspace)s AND u.id = c.user_id
  LEFT JOIN company ON company.workspace_id = %(workspace)s AND company.id = u.company_id
 ORDER BY c.held_at, c.id"""
IS_WAITING = "SELECT held_at IS NOT NULL FROM comment WHERE workspace_id = %(workspace)s AND id = %(id)s"
# Posts first, as everywhere; what moved meanwhile is seen by the statement after.
HOLD_POSTS = f"""
SELECT number FROM post WHERE workspace_id = %(workspace)s
   AND number IN (SELECT c.post_number FROM comment c WHERE {WAITS} AND c.id = ANY(%(ids)s))
 ORDER BY number FOR NO KEY UPDATE"""
HOLD = f"""
SELECT c.id, c.post_number, c.user_id, c.parent_id, c.internal, c.body FROM comment c
 WHERE {WAITS} AND c.id = ANY(%(ids)s) ORDER BY c.id FOR NO KEY UPDATE"""
# What was not done when it was written (comments.CREATE). Why it waited stays: its author does not change it any more.
APPROVE = """
WITH approved AS (
  UPDATE comment SET held_at = NULL WHERE workspace_id = %(workspace)s AND id = %(id)s
), followed AS (
  INSERT INTO follower (workspace_id, post_number, user_id)
  SELECT %(workspace)s, %(number)s, %(user)s::bigint WHERE %(user)s::bigint IS NOT NULL
  ON CONFLICT ON CONSTRAINT one_subscription_per_user DO NOTHING
)
UPDATE post SET comments = comments + 1, updated_at = now()
 WHERE workspace_id = %(workspace)s AND number = %(number)s AND NOT %(internal)s"""
DECLINE = "UPDATE comment SET deleted_at = now() WHERE workspace_id = %(workspace)s AND id = %(id)s"


class Waiting(NamedTuple):
    """A comment that waits, its post, and its author, of whom nothing is known when there is none any more."""

    id: int
    body: str
    at: datetime  # since when
    because: str  # as spam.why says
    post: int
    title: str
    author_id: str | None  # external
    author_name: str | None
    author_email: str | None
    author_kind: str | None
    is_blocked: bool
    company: str | None


class Held(NamedTuple):
    id: int
    post: int
    author: int | None
    parent: int | None
    internal: bool
    body: str


def waiting(reader: Reader) -> int:
    """How many comments wait for approval; 99 stands for more, too."""
    return db.row(COUNT, workspace=reader.workspace.id, most=MOST_COUNTED)[0]


def all_waiting(reader: Reader) -> int:
    """The same of comments and posts together."""
    return db.row(COUNT_ALL, workspace=reader.workspace.id, most=MOST_COUNTED)[0]


def is_waiting(workspace_id: int, id: int) -> bool:
    """Whether this comment waits; False when it is gone."""
    return db.row(IS_WAITING, workspace=workspace_id, id=id) == (True,)


def page(reader: Reader, most: int, after: tuple[datetime, int] | None = None) -> list[Waiting]:
    """Comments that wait, the longest first, after the place (`at`, `id`) of the one that was read last."""
    at, id = after or (None, None)
    return [Waiting(*row) for row in db.rows(LIST, workspace=reader.workspace.id, most=most, at=at, id=id)]


@db.verb
def approve(reader: Reader, ids: list[int], seen: dict[int, str] | None = None) -> int:
    """Let these comments in, as if they were said now; returns how many of them waited. The others stay as they are.
    `seen` are the versions of their words (`version`) that were read; Conflict when an author has changed them since."""
    there = hold(reader, ids)
    if seen:
        for each in there:
            versions.check(seen.get(each.id), each.body, why="Its author changed this comment meanwhile; read it again.")
    for each in there:
        place = {"workspace": reader.workspace.id, "number": each.post, "id": each.id}
        db.changed(APPROVE, **place, user=each.author, internal=each.internal)
        data = {"comment": each.id, "internal": each.internal, "official": False, "parent": each.parent}
        data["mentions"] = mentions.mentioned(reader, each.body)
        events.record("comment.approved", reader.workspace.id, public=not each.internal, post=each.post, data=data,
                      **reader.actor())  # fmt: skip
    return len(there)


@db.verb
def decline(reader: Reader, ids: list[int], *, block: bool = False) -> int:
    """Delete these comments, and `block` who wrote them if asked to; returns how many of them waited. The others stay as
    they are."""
    there = hold(reader, ids)
    if block:  # users before the counter, as everywhere
        blocking.block_each(reader, sorted({each.author for each in there if each.author is not None}))
    for each in there:
        db.changed(DECLINE, workspace=reader.workspace.id, id=each.id)
        data = {"comment": each.id, "internal": each.internal, "held": True}
        events.record("comment.deleted", reader.workspace.id, post=each.post, data=data, **reader.actor())
    return len(there)


def hold(reader: Reader, ids: list[int]) -> list[Held]:
    """Those of these comments that wait, held with their posts until the transaction ends."""
    place = {"workspace": reader.workspace.id, "ids": ids}
    numbers = {number for (number,) in db.rows(HOLD_POSTS, **place)}
    found = [Held(*row) for row in db.rows(HOLD, **place)]
    if any(each.post not in numbers for each in found):
        raise Conflict("A merge moved this comment at this moment; please try again.", "stale")
    return found


def version(comment: Waiting | Held) -> str:
    """Names the words of a comment that waits."""
    return versions.version(comment.body)
