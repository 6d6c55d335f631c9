"""What one user did, and what one company's users ask for: lists for the team, each of a bounded length."""

from datetime import datetime
from typing import NamedTuple

from service import db
from service.feedback import posts
from service.feedback.people import MOST_TOTAL
from service.feedback.posts import Post
from service.feedback.readers import Reader

LISTS = ("posts", "votes", "comments", "follows")

WRITTEN = """
SELECT number FROM post WHERE workspace_id = %(workspace)s AND author_id = %(user)s AND deleted_at IS NULL
   AND (%(before)s IS NULL OR number < %(before)s) ORDER BY number DESC LIMIT %(most)s"""
# Of a post that was merged the other one is shown, which has a copy.
WANTED = """
SELECT t.post_number FROM {table} t JOIN post p ON p.workspace_id = %(workspace)s AND p.number = t.post_number
 WHERE t.workspace_id = %(workspace)s AND t.user_id = %(user)s AND p.deleted_at IS NULL AND p.merged_into IS NULL
   AND (%(before)s IS NULL OR t.post_number < %(before)s) ORDER BY t.post_number DESC LIMIT %(most)s"""
NUMBERS = {"posts": WRITTEN, "votes": WANTED.format(table="vote"), "follows": WANTED.format(table="follower")}
COMMENTS = """
SELECT c.id, c.post_number, p.title, c.body, c.internal, c.official, c.created_at FROM comment c
  JOIN post p ON p.workspace_id = %(workspace)s AND p.number = c.post_number
 WHERE c.workspace_id = %(workspace)s AND c.user_id = %(user)s AND c.deleted_at IS NULL AND p.deleted_at IS NULL
   AND (%(before)s IS NULL OR c.id < %(before)s) ORDER BY c.id DESC LIMIT %(most)s"""
FEW = "(SELECT count(*) FROM (SELECT FROM {rows} LIMIT %(counted)s) few)"
THEIRS = "WHERE workspace_id = %(workspace)s AND user_id = %(user)s"
COUNTS = "SELECT " + ", ".join(FEW.format(rows=rows) for rows in (
    "post WHERE workspace_id = %(workspace)s AND author_id = %(user)s AND deleted_at IS NULL", f"vote {THEIRS}",
    f"comment {THEIRS} AND deleted_at IS NULL", f"follower {THEIRS}"))  # fmt: skip
# What the users of a company vote for, by how many of them do. Of a very large one the first thousand users speak.
ASKED = """
WITH voter AS MATERIALIZED (
  SELECT id FROM "user" WHERE workspace_id = %(workspace)s AND company_id = %(company)s LIMIT %(counted)s
), asked AS (
  SELECT v.post_number AS number, count(*) AS votes FROM voter
    JOIN vote v ON v.workspace_id = %(workspace)s AND v.user_id = voter.id GROUP BY v.post_number
)
SELECT p.number, asked.votes, count(*) OVER (), sum(asked.votes) OVER ()::bigint
  FROM asked JOIN post p ON p.workspace_id = %(workspace)s AND p.number = asked.number
 WHERE p.deleted_at IS NULL AND p.merged_into IS NULL AND p.held_at IS NULL
 ORDER BY asked.votes DESC, p.votes DESC, p.number DESC LIMIT %(most)s"""


class Comment(NamedTuple):
    id: int
    post: int
    title: str  # of the post
    body: str
    internal: bool
    official: bool
    created_at: datetime


class Asked(NamedTuple):
    """What a company asks for."""

    posts: list[tuple[Post, int]]  # with how many of its users vote for it
    total_posts: int
    total_votes: int


def of_user(reader: Reader, user: int, what: str, most: int, before: int | None = None) -> list[Post] | list[Comment]:
    """`most` of the posts that a user wrote ("posts"), votes for or follows, the newest first, `before` the one of this
    number; or of their "comments", `before` the one of this id."""
    place = {"workspace": reader.workspace.id, "user": user, "most": most, "before": before}
    if what == "comments":
        return [Comment(*row) for row in db.rows(COMMENTS, **place)]
    return posts.these(reader, [row[0] for row in db.rows(NUMBERS[what], **place)])


def counts(reader: Reader, user: int) -> dict[str, int]:
    """How much there is of each of these lists; 1,000 stands for more, too."""
    found = db.row(COUNTS, workspace=reader.workspace.id, user=user, counted=MOST_TOTAL)
    return dict(zip(LISTS, found, strict=True))


def asked(reader: Reader, company: int, most: int) -> Asked:
    """The posts that most users of this company vote for."""
    found = db.rows(ASKED, workspace=reader.workspace.id, company=company, counted=MOST_TOTAL, most=most)
    read = {post.number: post for post in posts.these(reader, [row[0] for row in found])}
    ranked = [(read[number], count) for number, count, *_ in found if number in read]
    return Asked(ranked, *(found[0][2:] if found else (0, 0)))
