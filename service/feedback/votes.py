"""Wanting what someone else asked for. Voting also follows the post: who votes hears when it ships."""

from datetime import datetime
from typing import NamedTuple

from service import db, events
from service.errors import Conflict, Forbidden, NotFound
from service.feedback import members
from service.feedback.readers import MEMBER, Reader, held

# The post is locked first: who waited for a merge sees it merged. The counter changes in SQL and only when the vote is
# new, so a repeat and a race both count once. A merged or locked post takes no votes.
TARGET = held("workspace_id, number, votes, author_id, merged_into, locked AND NOT %(member)s AS closed")
CAST = f"""
WITH {TARGET}, made AS (
  INSERT INTO vote (workspace_id, post_number, user_id, cast_by)
  SELECT workspace_id, number, %(user)s, %(person)s FROM target WHERE merged_into IS NULL AND NOT closed
  ON CONFLICT ON CONSTRAINT one_vote_per_user DO NOTHING RETURNING post_number
), followed AS (
  INSERT INTO follower (workspace_id, post_number, user_id) SELECT %(workspace)s, post_number, %(user)s FROM made
  ON CONFLICT ON CONSTRAINT one_subscription_per_user DO NOTHING
), counted AS (
  UPDATE post SET votes = post.votes + 1 FROM made
   WHERE post.workspace_id = %(workspace)s AND post.number = made.post_number RETURNING post.votes
)
SELECT coalesce(counted.votes, target.votes), counted.votes IS NOT NULL, merged_into, closed
  FROM target LEFT JOIN counted ON true"""

WITHDRAW = f"""
WITH {TARGET}, gone AS (
  DELETE FROM vote USING target
   WHERE vote.workspace_id = %(workspace)s AND vote.post_number = target.number AND vote.user_id = %(user)s
     AND target.merged_into IS NULL AND NOT target.closed
  RETURNING vote.post_number
), unfollowed AS (
  DELETE FROM follower USING target, gone
   WHERE follower.workspace_id = %(workspace)s AND follower.post_number = gone.post_number
     AND follower.user_id = %(user)s AND target.author_id IS DISTINCT FROM %(user)s
), counted AS (
  UPDATE post SET votes = post.votes - 1 FROM gone
   WHERE post.workspace_id = %(workspace)s AND post.number = gone.post_number RETURNING post.votes
)
SELECT coalesce(counted.votes, target.votes), counted.votes IS NOT NULL, merged_into, closed
  FROM target LEFT JOIN counted ON true"""

VOTERS = f"""
SELECT u.id, u.name, u.email, u.avatar, u.external_id, u.kind, c.external_id, c.name, c.plan, c.mrr, v.created_at,
       p.id, p.name, {members.address("p")}
  FROM (SELECT user_id, created_at, cast_by FROM vote WHERE workspace_id = %(workspace)s AND post_number = %(number)s
           AND (%(voter)s IS NULL OR user_id = (SELECT id FROM "user"
                                                WHERE workspace_id = %(workspace)s AND external_id = %(voter)s))
           AND (%(after)s IS NULL OR user_id > %(after)s) ORDER BY user_id LIMIT %(most)s) v
  JOIN "user" u ON u.workspace_id = %(workspace)s AND u.id = v.user_id
  LEFT JOIN company c ON c.workspace_id = %(workspace)s AND c.id = u.company_id
  LEFT JOIN person p ON p.id = v.cast_by
 ORDER BY u.id"""
# The same by what their companies pay, the most first.
BY_REVENUE = f"""
SELECT u.id, u.name, u.email, u.avatar, u.external_id, u.kind, c.external_id, c.name, c.plan, c.mrr, v.created_at,
       p.id, p.name, {members.address("p")}
  FROM vote v
  JOIN "user" u ON u.workspace_id = %(workspace)s AND u.id = v.user_id
  LEFT JOIN company c ON c.workspace_id = %(workspace)s AND c.id = u.company_id
  LEFT JOIN person p ON p.id = v.cast_by
 WHERE v.workspace_id = %(workspace)s AND v.post_number = %(number)s
   AND (%(last)s::bigint IS NULL OR (coalesce(c.mrr, 0), u.id) < (%(paid)s::bigint, %(last)s::bigint))
 ORDER BY coalesce(c.mrr, 0) DESC, u.id DESC LIMIT %(most)s"""
# What a post is worth: its voters' companies, each once, and the same for the voters of each segment.
SCORE = """
WITH voter AS MATERIALIZED (
  SELECT u.id, c.id AS company, c.mrr FROM vote v JOIN "user" u ON u.workspace_id = %(workspace)s AND u.id = v.user_id
    LEFT JOIN company c ON c.workspace_id = %(workspace)s AND c.id = u.company_id
   WHERE v.workspace_id = %(workspace)s AND v.post_number = %(number)s
), parts AS (
  SELECT NULL::text AS key, NULL::text AS name, voter.* FROM voter
  UNION ALL
  SELECT s.key, s.name, voter.* FROM voter
    JOIN segment_user su ON su.workspace_id = %(workspace)s AND su.user_id = voter.id
    JOIN segment s ON s.workspace_id = %(workspace)s AND s.id = su.segment_id
)
SELECT key, name, count(DISTINCT id), count(DISTINCT company),
       coalesce((SELECT sum(mrr) FROM company c
                  WHERE c.workspace_id = %(workspace)s AND c.id = ANY(array_agg(parts.company))), 0)::bigint
  FROM parts GROUP BY key, name ORDER BY key NULLS FIRST"""


class Voter(NamedTuple):
    id: int
    name: str
    email: str | None
    avatar: str | None
    external_id: str
    kind: str
    company_id: str | None  # external
    company: str | None
    plan: str | None
    mrr: int | None
    created_at: datetime
    cast_by: int | None  # the member who voted on their behalf
    cast_by_name: str | None
    cast_by_email: str | None

    @property
    def is_own(self) -> bool:
        """Whether a member voted for themselves."""
        return self.external_id == f"{MEMBER}{self.cast_by}"


class Score(NamedTuple):
    """How many voters, from how many companies, paying how many cents a month; of all, or of a segment."""

    segment_key: str | None
    segment_name: str | None
    votes: int
    companies: int
    mrr: int


def cast(reader: Reader, number: int) -> int:
    """Vote for a post as the reader's user; voting twice is voting once. Returns how many votes it has.

    NotFound when there is no such post, Conflict when it was merged, Forbidden when it is locked and they are no member."""
    return change(CAST, "vote.created", reader, number)


def withdraw(reader: Reader, number: int) -> int:
    """Take a vote back, if there is one. Returns how many votes are left; errors as of `cast`."""
    return change(WITHDRAW, "vote.deleted", reader, number)


@db.verb
def change(sql: str, type: str, reader: Reader, number: int) -> int:
    row = db.row(sql, **reader.scope(), number=number, person=reader.person)
    if row is None:
        raise NotFound(f"There is no post #{number}.")
    votes, is_new, merged_into, is_closed = row
    if merged_into:
        raise Conflict(f"#{number} was merged into #{merged_into}; vote there.", "merged")
    if is_closed:
        raise Forbidden("This post is closed for new votes and comments.", "locked")
    if is_new:
        events.record(type, reader.workspace.id, public=True, post=number, data={"votes": votes}, **reader.actor())
    return votes


def voters(workspace_id: int, number: int, most: int = 200, after: int | None = None) -> list[Voter]:
    """Who voted, `most` of them in the order in which we first knew them, `after` the user of this id."""
    found = db.rows(VOTERS, workspace=workspace_id, number=number, most=most, after=after, voter=None)
    return [Voter(*row) for row in found]


def by_revenue(workspace_id: int, number: int, most: int, after: tuple[int, int] | None = None) -> list[Voter]:
    """Who voted, `most` of them, those whose companies pay most first, `after` the one of this (MRR, id)."""
    paid, last = after or (None, None)
    found = db.rows(BY_REVENUE, workspace=workspace_id, number=number, most=most, paid=paid, last=last)
    return [Voter(*row) for row in found]


def by(workspace_id: int, number: int, external_id: str) -> Voter:
    """The vote of this user for this post, or NotFound."""
    row = db.row(VOTERS, workspace=workspace_id, number=number, most=1, after=None, voter=external_id)
    if row is None:
        raise NotFound("This user has not voted for this post.")
    return Voter(*row)


def score(workspace_id: int, number: int) -> list[Score]:
    """What a post's rank is made of: all voters first, then the voters of each segment that has some."""
    return [Score(*row) for row in db.rows(SCORE, workspace=workspace_id, number=number)]
