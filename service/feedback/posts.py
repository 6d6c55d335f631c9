"""A piece of feedback, `#number` in its workspace: write one, read them, move one along."""

import base64
import binascii
import math
import re
from datetime import datetime
from typing import NamedTuple

from psycopg2.extras import Json

from service import db, events
from service.db import database
from service.errors import Invalid, Malformed, NotFound
from service.feedback import boards, statuses
from service.feedback.workspaces import Workspace
from service.lib import text

LONGEST_TITLE, LONGEST_BODY, LONGEST_NOTE, LONGEST_SEARCH = 200, 10_000, 5_000, 200
LARGEST_META = 8_000  # characters of JSON
DEFAULT_PAGE, LARGEST_PAGE = 20, 100
IDLE_MINUS = re.compile(r"-(?=[\W_]*(?:-|$))")  # that stands before no word: PostgreSQL gives up at 33 in a row

# Row, first vote and subscription in one statement. The counter comes first: behind it this transaction touches only
# rows that nobody else has, so it cannot deadlock. A draft that was sent before makes nothing.
CREATE = """
WITH taken AS (
  UPDATE workspace_counter SET next_post = next_post + 1 WHERE workspace_id = %(workspace)s RETURNING next_post - 1 AS number
), made AS (
  INSERT INTO post (workspace_id, number, board_id, status_id, author_id, title, body, meta, votes, submission, language)
  SELECT %(workspace)s, number, %(board)s, %(status)s, %(author)s, %(title)s, %(body)s, %(meta)s, 1, %(submission)s,
         %(language)s::regconfig FROM taken
  ON CONFLICT ON CONSTRAINT one_post_per_submission DO NOTHING RETURNING number
), vote AS (
  INSERT INTO vote (workspace_id, post_number, user_id) SELECT %(workspace)s, number, %(author)s FROM made
), follower AS (
  INSERT INTO follower (workspace_id, post_number, user_id) SELECT %(workspace)s, number, %(author)s FROM made
)
SELECT number FROM made"""

SUBMITTED = """
SELECT number FROM post WHERE workspace_id = %(workspace)s AND author_id = %(author)s AND submission = %(submission)s"""

# Without a join: after waiting for another member's change, PostgreSQL looks at the post again but not at what was joined.
STANDS = """
SELECT (SELECT key FROM status s WHERE s.workspace_id = p.workspace_id AND s.id = p.status_id) FROM post p
 WHERE p.workspace_id = %(workspace)s AND p.number = %(number)s FOR UPDATE"""
SET_STATUS = """
UPDATE post SET status_id = %(status)s, updated_at = now() WHERE workspace_id = %(workspace)s AND number = %(number)s"""

# One page first, decorated after: what is joined and counted is so for the posts shown, not for all there are.
# What orders them is a number of the row that does not move with time, so a cursor stays true between two pages.
RANKS = {
    "top": "p.votes",
    "new": "p.number",
    # a vote is worth a factor, age costs one: posts lose one e-fold of votes a week
    "trending": "(ln(greatest(p.votes, 1)) + extract(epoch FROM p.created_at) / 604800)::float8",
}
DECORATED = """
SELECT p.number, p.title, p.body, p.votes, p.comments, p.meta::text, p.created_at, p.updated_at,
       s.key, s.name, s.kind, s.color, b.key, b.name, b.access,
       u.external_id, u.name, u.email, u.avatar, u.kind, c.external_id, c.name, c.plan, c.mrr,
       CASE WHEN NOT %(public)s THEN (
         SELECT coalesce(sum(payer.mrr), 0)::bigint FROM company payer
          WHERE payer.workspace_id = %(workspace)s AND payer.id IN (
            SELECT voter.company_id FROM vote v
              JOIN "user" voter ON voter.workspace_id = %(workspace)s AND voter.id = v.user_id
             WHERE v.workspace_id = %(workspace)s AND v.post_number = p.number)) END,
       EXISTS (SELECT FROM vote v
                WHERE v.workspace_id = %(workspace)s AND v.post_number = p.number AND v.user_id = %(user)s),
       coalesce(p.author_id = %(user)s, false), p.rank
  FROM ({page}) p
  JOIN status s ON s.workspace_id = %(workspace)s AND s.id = p.status_id
  JOIN board b ON b.workspace_id = %(workspace)s AND b.id = p.board_id
  LEFT JOIN "user" u ON u.workspace_id = %(workspace)s AND u.id = p.author_id
  LEFT JOIN company c ON c.workspace_id = %(workspace)s AND c.id = u.company_id
 ORDER BY p.rank DESC, p.number DESC"""

# The board's access is asked for here again, so that a private post has the same answer as none at all.
VISIBLE = """
p.workspace_id = %(workspace)s AND (NOT %(public)s OR EXISTS (
  SELECT FROM board b WHERE b.workspace_id = %(workspace)s AND b.id = p.board_id AND b.access = 'public'))"""

PAGE = """
SELECT p.*, {rank} AS rank FROM post p
 WHERE """ + VISIBLE + """
   AND (%(board)s IS NULL OR p.board_id = (SELECT id FROM board WHERE workspace_id = %(workspace)s AND key = %(board)s))
   AND (%(status)s IS NULL OR p.status_id = (SELECT id FROM status WHERE workspace_id = %(workspace)s AND key = %(status)s))
   AND (NOT %(mine)s OR p.author_id = %(user)s)
   AND (%(q)s IS NULL OR p.search @@ (websearch_to_tsquery(p.language, %(q)s) || websearch_to_tsquery('simple', %(q)s)))
   AND (%(rank)s IS NULL OR ({rank}, p.number) < (%(rank)s, %(last)s))
 ORDER BY {rank} DESC, p.number DESC LIMIT %(limit)s"""
LIST = {sort: DECORATED.format(page=PAGE.format(rank=rank)) for sort, rank in RANKS.items()}
THESE = DECORATED.format(page="SELECT p.*, 0 AS rank FROM post p WHERE " + VISIBLE + " AND p.number = ANY(%(numbers)s)")

COUNTS = """
SELECT s.key, count(p.number) FROM status s
  LEFT JOIN post p ON p.workspace_id = s.workspace_id AND p.status_id = s.id
 WHERE s.workspace_id = %(workspace)s GROUP BY s.key"""


class Post(NamedTuple):
    """A post as it is read: with its status, board, author and what the reader may know of it."""

    number: int
    title: str
    body: str
    votes: int
    comments: int
    meta: str  # JSON
    created_at: datetime
    updated_at: datetime
    status_key: str
    status_name: str
    status_kind: str
    status_color: str
    board_key: str
    board_name: str
    board_access: str
    author_id: str | None  # external
    author_name: str | None
    author_email: str | None
    author_avatar: str | None
    author_kind: str | None
    company_id: str | None  # external
    company_name: str | None
    company_plan: str | None
    company_mrr: int | None
    mrr: int | None  # cents a month of the companies that vote for it, each once; None for the public
    voted: bool
    mine: bool
    rank: float


class Page(NamedTuple):
    posts: list[Post]
    next_cursor: str | None


@database.atomic()
def create(workspace: Workspace, author: int, title: str, body: str = "", *, board: str | None = None,
           status: str | None = None, meta: dict | None = None, submission: str | None = None, public: bool = True,
           person: int | None = None) -> int:  # fmt: skip
    """Write a post; returns its number. Its author votes for it and follows it.

    `submission` names the draft: sending it twice makes one post. `public` writers see only public boards. `person` is
    the member who did it, if one did. Raises Invalid with the field that must change."""
    submission = submission or None
    earlier = submission and db.row(SUBMITTED, workspace=workspace.id, author=author, submission=submission)
    if earlier:
        return earlier[0]
    made = db.row(
        CREATE, workspace=workspace.id, author=author, submission=submission, language=workspace.language,
        board=boards.choose(workspace.id, board, public).id, status=statuses.choose(workspace.id, status).id,
        meta=small(meta), **checked(title, body),
    )  # fmt: skip
    if made is None:  # the same draft was sent twice at the same moment, and the other one is in
        return db.row(SUBMITTED, workspace=workspace.id, author=author, submission=submission)[0]
    by = {"person": person} if person else {"user": author}
    events.record("post.created", workspace.id, post=made[0], **by)
    return made[0]


def checked(title: str, body: str) -> dict:
    title, body, wrong = text.tidy_line(title), text.tidy(body), {}
    if not title:
        wrong["title"] = "Say in a few words what it is about."
    if len(title) > LONGEST_TITLE:
        wrong["title"] = f"A title has at most {LONGEST_TITLE} characters; put the rest into the details."
    if len(body) > LONGEST_BODY:
        wrong["body"] = f"That is more than {LONGEST_BODY:,} characters; shorten it a little."
    if wrong:
        raise Invalid(**wrong)
    return {"title": title, "body": body}


def small(meta: dict | None) -> Json:
    value = Json(meta or {})
    if len(value.dumps(value.adapted)) > LARGEST_META:
        raise Invalid(meta=f"The page's own data is more than {LARGEST_META:,} characters of JSON.")
    return value


@database.atomic()
def set_status(workspace: Workspace, number: int, key: str, note: str = "", *, notify: bool = True,
               person: int | None = None) -> None:  # fmt: skip
    """Move a post to another status; followers hear of it unless `notify` is off, with the team's `note`.

    Setting the status that it has, without a note, changes nothing."""
    status, note = statuses.choose(workspace.id, key), text.tidy(note)
    if len(note) > LONGEST_NOTE:
        raise Invalid(note=f"A note has at most {LONGEST_NOTE:,} characters.")
    before = db.row(STANDS, workspace=workspace.id, number=number)
    if before is None:
        raise NotFound(f"There is no post #{number}.")
    if before[0] == status.key and not note:
        return
    db.changed(SET_STATUS, workspace=workspace.id, number=number, status=status.id)
    data = {"from": before[0], "to": status.key, "note": note, "notify": notify}
    events.record("post.status_changed", workspace.id, post=number, person=person, data=data)


def find(workspace_id: int, number: int, user: int | None = None, public: bool = False) -> Post:
    """One post as this reader may see it, or NotFound."""
    found = these(workspace_id, [number], user, public)
    if not found:
        raise NotFound(f"There is no post #{number}.")
    return found[0]


def these(workspace_id: int, numbers: list[int], user: int | None = None, public: bool = False) -> list[Post]:
    """The posts with these numbers that the reader may see, the newest first."""
    return [Post(*row) for row in db.rows(THESE, workspace=workspace_id, numbers=numbers, user=user, public=public)]


def page(workspace_id: int, *, sort: str = "top", board: str | None = None, status: str | None = None, q: str | None = None,
         mine: bool = False, user: int | None = None, public: bool = False, cursor: str | None = None,
         limit: int = DEFAULT_PAGE) -> Page:  # fmt: skip
    """One page of posts and the cursor of the next (None: this was the last). Sorts: top, new, trending.

    `public` leaves out private boards. Raises Invalid for a sort that does not exist, Malformed for a bad cursor."""
    if sort not in LIST:
        raise Invalid(sort=f"Sort by one of: {', '.join(LIST)}.")
    rank, last = opened(cursor) if cursor else (None, None)
    limit = min(max(limit, 1), LARGEST_PAGE)
    found = [Post(*row) for row in db.rows(
        LIST[sort], workspace=workspace_id, board=board or None, status=status or None, q=searched(q), mine=mine, user=user,
        public=public, rank=rank, last=last, limit=limit + 1,
    )]  # fmt: skip
    more = len(found) > limit
    return Page(found[:limit], closed(found[limit - 1]) if more else None)


def searched(q: str | None) -> str | None:
    return IDLE_MINUS.sub("", text.tidy_line(q or "")[:LONGEST_SEARCH]) or None


def closed(post: Post) -> str:
    return base64.urlsafe_b64encode(f"{post.rank!r}:{post.number}".encode()).decode().rstrip("=")


def opened(cursor: str) -> tuple[float, int]:
    """Where the next page begins. A cursor holds a place, nothing secret; one that was changed holds another place."""
    try:
        rank, number = base64.b64decode(cursor + "=" * (-len(cursor) % 4), b"-_", validate=True).decode().split(":")
        place = float(rank), int(number)
        if len(cursor) < 80 and math.isfinite(place[0]) and 0 < place[1] < 2**31:
            return place
    except (ValueError, binascii.Error):
        pass
    raise Malformed("This cursor is not one of ours; start again without it.")


def counts(workspace_id: int) -> dict[str, int]:
    """How many posts stand at each status, by its key."""
    return dict(db.rows(COUNTS, workspace=workspace_id))
