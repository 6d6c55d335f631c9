"""Two posts that ask for the same become one, and can become two again.

Votes and followers of the merged post are copied, each user once, and the copies remember where they come from; comments
move, and remember where they were written. The merged post itself is frozen, so taking the merge back restores it exactly.
What people do below the other post meanwhile stays there."""

from datetime import datetime
from typing import NamedTuple

from service import db, events
from service.errors import Conflict, Invalid, NotFound
from service.feedback import plan_limits, posts
from service.feedback.posts import Held
from service.feedback.readers import Reader

COPY = """
INSERT INTO {table} (workspace_id, post_number, user_id, created_at, merged_from{more})
SELECT workspace_id, %(into)s, user_id, created_at, post_number{more} FROM {table}
 WHERE workspace_id = %(workspace)s AND post_number = ANY(%(sources)s)
   AND (%(users)s::bigint[] IS NULL OR user_id = ANY(%(users)s::bigint[]))
 ORDER BY user_id, post_number
ON CONFLICT ON CONSTRAINT {once} DO NOTHING"""
COPY_VOTES = COPY.format(table="vote", once="one_vote_per_user", more=", cast_by")
COPY_FOLLOWERS = COPY.format(table="follower", once="one_subscription_per_user", more="")
TAKE_BACK = """
DELETE FROM {table} WHERE workspace_id = %(workspace)s AND post_number = %(into)s AND merged_from = %(number)s
RETURNING user_id"""
TAKE_BACK_VOTES, TAKE_BACK_FOLLOWERS = (TAKE_BACK.format(table=table) for table in ("vote", "follower"))
MOVE_COMMENTS = """
UPDATE comment SET post_number = %(into)s, origin_number = coalesce(origin_number, post_number)
 WHERE workspace_id = %(workspace)s AND post_number = %(number)s"""
# A post that was merged here before brought comments of its own; they leave with the one they came with.
RETURN_COMMENTS = """
WITH RECURSIVE family AS (
  SELECT %(number)s::integer AS number
  UNION ALL
  SELECT p.number FROM post p JOIN family f ON p.workspace_id = %(workspace)s AND p.merged_into = f.number
)
UPDATE comment c SET post_number = %(number)s, origin_number = nullif(c.origin_number, %(number)s)
 WHERE c.workspace_id = %(workspace)s AND c.post_number = %(into)s AND c.origin_number IN (SELECT number FROM family)"""
# also deleted ones: a post can leave one that is gone
HOLD = """
SELECT number, merged_into FROM post WHERE workspace_id = %(workspace)s AND number = ANY(%(numbers)s)
 ORDER BY number FOR NO KEY UPDATE"""
MERGED_LATER = """
SELECT number FROM post
 WHERE workspace_id = %(workspace)s AND merged_into = %(into)s
   AND merged_at > (SELECT merged_at FROM post WHERE workspace_id = %(workspace)s AND number = %(number)s)"""
SET_MERGED = """
UPDATE post SET merged_into = %(into)s, merged_at = CASE WHEN %(into)s IS NOT NULL THEN clock_timestamp() END
 WHERE workspace_id = %(workspace)s AND number = %(number)s"""
COUNT = """
UPDATE post p SET
  votes = (SELECT count(*) FROM vote v WHERE v.workspace_id = p.workspace_id AND v.post_number = p.number),
  comments = (SELECT count(*) FROM comment c WHERE c.workspace_id = p.workspace_id AND c.post_number = p.number
                 AND NOT c.internal AND c.held_at IS NULL AND c.deleted_at IS NULL)
 WHERE p.workspace_id = %(workspace)s AND p.number = ANY(%(numbers)s)"""
PARTS = """
SELECT number, title, votes, merged_at FROM post
 WHERE workspace_id = %(workspace)s AND merged_into = %(number)s ORDER BY merged_at DESC, number DESC LIMIT %(most)s"""
PREVIEW = """
WITH mover AS MATERIALIZED (
  SELECT v.user_id, EXISTS (SELECT FROM vote o WHERE o.workspace_id = v.workspace_id AND o.post_number = %(into)s
                               AND o.user_id = v.user_id) AS is_there
    FROM vote v WHERE v.workspace_id = %(workspace)s AND v.post_number = %(number)s
), fan AS (
  SELECT EXISTS (SELECT FROM follower o WHERE o.workspace_id = f.workspace_id AND o.post_number = %(into)s
                    AND o.user_id = f.user_id) AS is_there
    FROM follower f WHERE f.workspace_id = %(workspace)s AND f.post_number = %(number)s
)
SELECT (SELECT count(*) FROM mover WHERE NOT is_there), (SELECT count(*) FROM mover WHERE is_there),
       (SELECT count(*) FROM fan WHERE NOT is_there), (SELECT count(*) FROM fan WHERE is_there),
       (SELECT count(*) FROM comment c WHERE c.workspace_id = %(workspace)s AND c.post_number = %(number)s
           AND NOT c.internal AND c.held_at IS NULL AND c.deleted_at IS NULL),
       (SELECT count(*) FROM comment c WHERE c.workspace_id = %(workspace)s AND c.post_number = %(number)s
           AND c.internal AND c.deleted_at IS NULL),
       (SELECT count(*) FROM vote WHERE workspace_id = %(workspace)s AND post_number = %(into)s)
         + (SELECT count(*) FROM mover WHERE NOT is_there),
       (SELECT coalesce(sum(mrr), 0)::bigint FROM company WHERE workspace_id = %(workspace)s AND id IN (
         SELECT u.company_id FROM "user" u WHERE u.workspace_id = %(workspace)s AND u.id IN (
           SELECT user_id FROM mover
           UNION ALL SELECT user_id FROM vote WHERE workspace_id = %(workspace)s AND post_number = %(into)s)))"""


class Part(NamedTuple):
    """A post that was merged into another."""

    number: int
    title: str
    votes: int
    merged_at: datetime


class Standing(NamedTuple):
    """What decides whether a post can be merged, as it was read."""

    number: int
    merged_into: int | None
    board: str
    access: str
    waits: bool


class Preview(NamedTuple):
    """What a merge would move, and what the other post would have then."""

    votes: int  # that are new there
    votes_there: int  # of users who vote for both
    followers: int
    followers_there: int
    comments: int
    notes: int  # internal ones
    votes_after: int
    mrr_after: int


@db.verb
def merge(reader: Reader, number: int, into: int) -> None:
    """Make post `number` a part of post `into`; again, nothing happens. For members.

    Raises Conflict when either is merged elsewhere, Invalid when one cannot be part of the other."""
    if number == into:
        raise Invalid(into="A post cannot be merged into itself.")
    if not posts.these(reader, [into]):
        raise Invalid(into=f"There is no post #{into}.")
    merged, target = posts.hold_each(reader, [number, into])
    if merged.merged_into == into:
        return
    allow(merged, target)
    place = {"workspace": reader.workspace.id, "number": number, "into": into}
    db.changed(COPY_VOTES, **place, sources=[number], users=None)
    db.changed(COPY_FOLLOWERS, **place, sources=[number], users=None)
    db.changed(MOVE_COMMENTS, **place)
    settle(reader, "post.merged", number, into, into)


def allow(merged: Held | Standing, target: Held | Standing) -> None:
    for held in (merged, target):
        if held.merged_into:
            raise posts.merged(held.number, held.merged_into)
        if held.waits:
            raise Conflict(f"#{held.number} waits for approval; approve or decline it first.", "held")
    if merged.access != target.access or (merged.access == "segments" and merged.board != target.board):
        raise Invalid(into=f"#{merged.number} is on “{merged.board}”, #{target.number} on “{target.board}”, and not "
                           "the same people may read both; move one of them to the other's board first.")  # fmt: skip


def preview(reader: Reader, number: int, into: int) -> Preview:
    """What `merge` would do, with its errors when it cannot. For members."""
    if number == into:
        raise Invalid(into="A post cannot be merged into itself.")
    found = {post.number: post for post in posts.these(reader, [number, into])}
    if into not in found:
        raise Invalid(into=f"There is no post #{into}.")
    if number not in found:
        raise NotFound(f"There is no post #{number}.")
    allow(*(Standing(post.number, post.merged_into, post.board_key, post.board_access, post.held)
            for post in (found[number], found[into])))  # fmt: skip
    return Preview(*db.row(PREVIEW, workspace=reader.workspace.id, number=number, into=into))


def parts(reader: Reader, number: int, most: int = 50) -> list[Part]:
    """The posts that were merged into this one, the latest first. For members."""
    return [Part(*row) for row in db.rows(PARTS, workspace=reader.workspace.id, number=number, most=most)]


@db.verb
def unmerge(reader: Reader, number: int, *, is_undo: bool = False) -> None:
    """Make a merged post one of its own again, with the votes, comments and followers that it had; one that is not merged
    stays as it is. Conflict when the plan has no room for one more open post, unless this `is_undo`. For members."""
    with plan_limits.opening(reader.workspace, is_undo=is_undo):
        separate(reader, number)


def separate(reader: Reader, number: int) -> None:
    into = posts.find(reader, number).merged_into
    if into is None:
        return
    place = {"workspace": reader.workspace.id, "number": number, "into": into}
    standing = dict(db.rows(HOLD, workspace=reader.workspace.id, numbers=[number, into]))
    if standing[number] != into:
        raise Conflict(f"#{number} was changed at this moment; read it again and decide anew.", "stale")
    if standing[into]:
        raise Conflict(f"#{into} was merged into #{standing[into]}; undo that first.", "merged")
    # who came with this post would have come with one that was merged after it, and found a copy here already
    later = [row[0] for row in db.rows(MERGED_LATER, **place)]
    for take_back, copy in ((TAKE_BACK_VOTES, COPY_VOTES), (TAKE_BACK_FOLLOWERS, COPY_FOLLOWERS)):
        users = [row[0] for row in db.rows(take_back, **place)]
        db.changed(copy, **place, sources=later, users=users)
    db.changed(RETURN_COMMENTS, **place)
    settle(reader, "post.unmerged", number, into, None)


def settle(reader: Reader, type: str, number: int, other: int, into: int | None) -> None:
    scope = {"workspace": reader.workspace.id, "number": number}
    db.changed(SET_MERGED, **scope, into=into)
    db.changed(COUNT, **scope, numbers=[number, other])
    name = "into" if into else "from"
    events.record(type, reader.workspace.id, public=True, post=number, data={name: other}, **reader.actor())
