"""Wanting what someone else asked for. Voting also follows the post: who votes hears when it ships."""

from typing import NamedTuple

from service import db, events
from service.errors import NotFound
from service.feedback.readers import Reader, readable

# The counter changes in SQL and only when the vote is new, so a repeat and a race both count once.
CAST = f"""
WITH target AS (
  SELECT p.workspace_id, p.number, p.votes FROM post p
   WHERE p.workspace_id = %(workspace)s AND p.number = %(number)s AND {readable()}
), made AS (
  INSERT INTO vote (workspace_id, post_number, user_id) SELECT workspace_id, number, %(user)s FROM target
  ON CONFLICT ON CONSTRAINT one_vote_per_user DO NOTHING RETURNING post_number
), followed AS (
  INSERT INTO follower (workspace_id, post_number, user_id) SELECT %(workspace)s, post_number, %(user)s FROM made
  ON CONFLICT ON CONSTRAINT one_subscription_per_user DO NOTHING
), counted AS (
  UPDATE post SET votes = post.votes + 1 FROM made
   WHERE post.workspace_id = %(workspace)s AND post.number = made.post_number RETURNING post.votes
)
SELECT coalesce(counted.votes, target.votes), counted.votes IS NOT NULL FROM target LEFT JOIN counted ON true"""

WITHDRAW = f"""
WITH target AS (
  SELECT p.workspace_id, p.number, p.votes, p.author_id FROM post p
   WHERE p.workspace_id = %(workspace)s AND p.number = %(number)s AND {readable()}
), gone AS (
  DELETE FROM vote USING target
   WHERE vote.workspace_id = %(workspace)s AND vote.post_number = target.number AND vote.user_id = %(user)s
  RETURNING vote.post_number
), unfollowed AS (
  DELETE FROM follower USING target, gone
   WHERE follower.workspace_id = %(workspace)s AND follower.post_number = gone.post_number
     AND follower.user_id = %(user)s AND target.author_id IS DISTINCT FROM %(user)s
), counted AS (
  UPDATE post SET votes = post.votes - 1 FROM gone
   WHERE post.workspace_id = %(workspace)s AND post.number = gone.post_number RETURNING post.votes
)
SELECT coalesce(counted.votes, target.votes), counted.votes IS NOT NULL FROM target LEFT JOIN counted ON true"""

VOTERS = """
SELECT u.name, u.email, u.external_id, u.kind, c.name, c.plan, c.mrr, v.created_at
  FROM (SELECT user_id, created_at FROM vote WHERE workspace_id = %(workspace)s AND post_number = %(number)s
         ORDER BY created_at DESC LIMIT %(most)s) v
  JOIN "user" u ON u.workspace_id = %(workspace)s AND u.id = v.user_id
  LEFT JOIN company c ON c.workspace_id = %(workspace)s AND c.id = u.company_id
 ORDER BY c.mrr DESC NULLS LAST, v.created_at"""


class Voter(NamedTuple):
    name: str
    email: str | None
    external_id: str
    kind: str
    company: str | None
    plan: str | None
    mrr: int | None
    created_at: object


def cast(reader: Reader, number: int) -> int:
    """Vote for a post; voting twice is voting once. Returns how many votes it has; NotFound when there is no such post."""
    return change(CAST, "vote.created", reader, number)


def withdraw(reader: Reader, number: int) -> int:
    """Take a vote back, if there is one. Returns how many votes are left; NotFound when there is no such post."""
    return change(WITHDRAW, "vote.deleted", reader, number)


@db.verb
def change(sql: str, type: str, reader: Reader, number: int) -> int:
    row = db.row(sql, **reader.scope(), number=number)
    if row is None:
        raise NotFound(f"There is no post #{number}.")
    votes, is_new = row
    if is_new:
        events.record(type, reader.workspace.id, public=True, post=number, user=reader.user, data={"votes": votes})
    return votes


def voters(workspace_id: int, number: int, most: int = 200) -> list[Voter]:
    """Who voted, the newest `most` of them, those who pay most first."""
    return [Voter(*row) for row in db.rows(VOTERS, workspace=workspace_id, number=number, most=most)]
