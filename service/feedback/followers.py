"""Hearing what becomes of a post, with or without a vote for it."""

from datetime import datetime
from typing import NamedTuple

from service import db, events
from service.errors import Conflict, NotFound
from service.feedback import claims
from service.feedback.mailings import unmuted
from service.feedback.readers import IS_MEMBER, Reader, held, readable

FOLLOW = f"""
WITH {held("number, merged_into")}, made AS (
  INSERT INTO follower (workspace_id, post_number, user_id)
  SELECT %(workspace)s, number, %(user)s FROM target WHERE merged_into IS NULL
  ON CONFLICT ON CONSTRAINT one_subscription_per_user DO NOTHING RETURNING user_id
)
SELECT EXISTS (SELECT FROM made), merged_into FROM target"""
UNFOLLOW = f"""
WITH {held("number, merged_into")}, gone AS (
  DELETE FROM follower USING target
   WHERE follower.workspace_id = %(workspace)s AND follower.post_number = target.number AND follower.user_id = %(user)s
     AND target.merged_into IS NULL RETURNING user_id
)
SELECT EXISTS (SELECT FROM gone), merged_into FROM target"""
LIST = """
SELECT u.id, u.external_id, u.name, u.email, u.avatar, c.external_id, c.name, c.plan, c.mrr, f.created_at FROM follower f
  JOIN "user" u ON u.workspace_id = f.workspace_id AND u.id = f.user_id
  LEFT JOIN company c ON c.workspace_id = u.workspace_id AND c.id = u.company_id
 WHERE f.workspace_id = %(workspace)s AND f.post_number = %(number)s AND (%(after)s IS NULL OR f.user_id > %(after)s)
 ORDER BY f.user_id LIMIT %(most)s"""

STANDING = """
SELECT count(*), coalesce(bool_or(f.user_id = (
         SELECT id FROM "user" WHERE workspace_id = %(workspace)s AND external_id = %(external)s)), false)
  FROM follower f WHERE f.workspace_id = %(workspace)s AND f.post_number = %(number)s"""

# SQL: of `f`, follows or votes, those whose user `u` gets letters of this kind about the post `p`; never at an address that
# neither they have confirmed by a link, nor the customer by a token or the API
HEARING = f"""
  JOIN post p ON p.workspace_id = f.workspace_id AND p.number = f.post_number
  JOIN "user" u ON u.workspace_id = f.workspace_id AND u.id = f.user_id
 WHERE u.email IS NOT NULL AND u.kind <> 'anonymous' AND u.blocked_at IS NULL AND {readable(IS_MEMBER, "u.id")}
   AND {claims.BELIEVED} AND {claims.TOLD} AND {unmuted()}"""


class Follower(NamedTuple):
    id: int
    external_id: str
    name: str
    email: str | None
    avatar: str | None
    company_id: str | None  # external
    company: str | None
    plan: str | None
    mrr: int | None
    created_at: datetime


def follow(reader: Reader, number: int) -> None:
    """Have the reader's user hear of this post; again, nothing happens. NotFound, or Conflict when it was merged."""
    change(FOLLOW, "follower.created", reader, number)


def unfollow(reader: Reader, number: int) -> None:
    """No longer hear of this post; a vote for it stays. Errors as of `follow`."""
    change(UNFOLLOW, "follower.deleted", reader, number)


@db.verb
def change(sql: str, type: str, reader: Reader, number: int) -> None:
    row = db.row(sql, **reader.scope(), number=number)
    if row is None:
        raise NotFound(f"There is no post #{number}.")
    is_new, merged_into = row
    if merged_into:
        raise Conflict(f"#{number} was merged into #{merged_into}; follow that one.", "merged")
    if is_new:
        events.record(type, reader.workspace.id, post=number, **reader.actor())


def of(workspace_id: int, number: int, most: int, after: int | None = None) -> list[Follower]:
    """Who follows a post, `most` of them in the order in which we first knew them, `after` this user's id."""
    return [Follower(*row) for row in db.rows(LIST, workspace=workspace_id, number=number, most=most, after=after)]


def standing(workspace_id: int, number: int, external_id: str) -> tuple[int, bool]:
    """How many follow a post, and whether the user with this id, who need not exist, is one of them."""
    return db.row(STANDING, workspace=workspace_id, number=number, external=external_id)
