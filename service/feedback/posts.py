"""A piece of feedback, `#number` in its workspace: write one, read them, move one along."""

import base64
import binascii
import re
from datetime import datetime
from typing import NamedTuple

from psycopg2.extras import Json

from service import db, events
from service.errors import Invalid, Malformed, NotFound
from service.feedback import boards, statuses
from service.feedback.readers import Reader, readable
from service.feedback.workspaces import Workspace
from service.lib import text, tokens

LONGEST_TITLE, LONGEST_BODY, LONGEST_NOTE, LONGEST_SEARCH = 200, 10_000, 5_000, 200
LONGEST_SUBMISSION = 64
LARGEST_META = 8_000  # characters of JSON
DEFAULT_PAGE, LARGEST_PAGE = 20, 100
IDLE_MINUS = re.compile(r"-(?=[\W_]*(?:-|$))")  # that stands before no word: PostgreSQL gives up at 33 in a row

# Row, first vote and subscription in one statement. Locks are taken in the order that every verb keeps: parents (board,
# status), post, counter. A draft that was sent before, a board or a status that is not there: no row.
CREATE = """
WITH place AS MATERIALIZED (
  SELECT b.id AS board, s.id AS status FROM board b, status s
   WHERE b.workspace_id = %(workspace)s AND (b.access = 'public' OR %(member)s)
     AND (b.key = %(board)s OR (%(board)s IS NULL AND b.access = 'public'))
     AND s.workspace_id = %(workspace)s AND (s.key = %(status)s OR (%(status)s IS NULL AND s.kind = 'open'))
     AND NOT EXISTS (SELECT FROM post p WHERE p.workspace_id = %(workspace)s AND p.author_id = %(user)s
                        AND p.submission = %(submission)s)
   ORDER BY b.position, b.id, s.position, s.id LIMIT 1 FOR KEY SHARE
), taken AS (
  UPDATE workspace_counter c SET next_post = c.next_post + 1 FROM place WHERE c.workspace_id = %(workspace)s
  RETURNING c.next_post - 1 AS number, board, status
), made AS (
  INSERT INTO post (workspace_id, number, board_id, status_id, author_id, title, body, meta, votes, submission, language)
  SELECT %(workspace)s, number, board, status, %(user)s, %(title)s, %(body)s, %(meta)s, 1, %(submission)s,
         %(language)s::regconfig FROM taken
  ON CONFLICT ON CONSTRAINT one_post_per_submission DO NOTHING RETURNING number
), vote AS (
  INSERT INTO vote (workspace_id, post_number, user_id) SELECT %(workspace)s, number, %(user)s FROM made
), follower AS (
  INSERT INTO follower (workspace_id, post_number, user_id) SELECT %(workspace)s, number, %(user)s FROM made
)
SELECT number FROM made"""

SUBMITTED = """
SELECT number FROM post
 WHERE workspace_id = %(workspace)s AND author_id = %(user)s AND submission = %(submission)s"""

# Without a join: after waiting for another member's change, PostgreSQL looks at the post again but not at what was joined.
STANDS = """
SELECT (SELECT key FROM status s WHERE s.workspace_id = p.workspace_id AND s.id = p.status_id) FROM post p
 WHERE p.workspace_id = %(workspace)s AND p.number = %(number)s FOR NO KEY UPDATE"""
SET_STATUS = """
UPDATE post SET status_id = %(status)s, updated_at = now() WHERE workspace_id = %(workspace)s AND number = %(number)s"""

# One page first, decorated after: what is joined and counted is so for the posts shown, not for all there are.
# What orders them is a number of the row that does not move with time, so a cursor stays true between two pages.
RANKS = {
    "top": ("p.votes", "integer"),
    "new": ("p.number", "integer"),
    # a vote is worth a factor, age costs one: posts lose one e-fold of votes a week
    "trending": ("(ln(greatest(p.votes, 1)) + extract(epoch FROM p.created_at) / 604800)::float8", "float8"),
}
DECORATED = """
SELECT p.number, p.title, p.body, p.votes, p.comments,
       CASE WHEN %(member)s THEN p.meta::text ELSE '{{}}' END, p.created_at, p.updated_at,
       s.key, s.name, s.kind, s.color, b.key, b.name, b.access,
       u.external_id, u.name, u.email, u.avatar, u.kind, c.external_id, c.name, c.plan, c.mrr,
       CASE WHEN %(member)s THEN (
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
  LEFT JOIN "user" u ON %(member)s AND u.workspace_id = %(workspace)s AND u.id = p.author_id
  LEFT JOIN company c ON c.workspace_id = %(workspace)s AND c.id = u.company_id
 ORDER BY p.rank DESC, p.number DESC"""

PAGE = """
SELECT p.*, {rank} AS rank FROM post p
 WHERE p.workspace_id = %(workspace)s AND {readable}
   AND (%(board)s IS NULL OR p.board_id = (SELECT id FROM board WHERE workspace_id = %(workspace)s AND key = %(board)s))
   AND (%(status)s IS NULL OR p.status_id = (SELECT id FROM status WHERE workspace_id = %(workspace)s AND key = %(status)s))
   AND (NOT %(mine)s OR p.author_id = %(user)s)
   AND (%(q)s IS NULL
        OR p.search @@ (websearch_to_tsquery(%(language)s::regconfig, %(q)s) || websearch_to_tsquery('simple', %(q)s)))
   AND (%(rank)s IS NULL OR ({rank}, p.number) < (%(rank)s::{type}, %(last)s::integer))
 ORDER BY {rank} DESC, p.number DESC LIMIT %(limit)s"""
NUMBERED = """
SELECT p.*, 0 AS rank FROM post p
 WHERE p.workspace_id = %(workspace)s AND p.number = ANY(%(numbers)s) AND {readable}"""
LIST = {
    sort: DECORATED.format(page=PAGE.format(rank=rank, type=type, readable=readable()))
    for sort, (rank, type) in RANKS.items()
}
THESE = DECORATED.format(page=NUMBERED.format(readable=readable()))

COUNTS = """
SELECT s.key, count(p.number) FROM status s
  LEFT JOIN post p ON p.workspace_id = s.workspace_id AND p.status_id = s.id
 WHERE s.workspace_id = %(workspace)s GROUP BY s.key"""


class Post(NamedTuple):
    """A post as it is read, with its status, board and author. For members only: meta, author, company, MRR."""

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
    mrr: int | None  # cents a month of the companies that vote for it, each once
    voted: bool
    mine: bool
    rank: float


class Page(NamedTuple):
    posts: list[Post]
    next_cursor: str | None


@db.verb
def create(reader: Reader, title: str, body: str = "", *, board: str | None = None, status: str | None = None,
           meta: dict | None = None, submission: str | None = None) -> int:  # fmt: skip
    """Write a post as the reader's user, who votes for it and follows it; returns its number.

    `submission` names the draft: sending it twice makes one post. Without a `board` it goes to the first public one.
    Raises Invalid with the field that must change."""
    written = {"board": board, "status": status, "submission": named(submission), "meta": small(meta)}
    written |= checked(title, body)
    row = db.row(CREATE, **reader.scope(), **written, language=reader.workspace.language)
    if row is None:
        return earlier(reader, written)
    events.record("post.created", reader.workspace.id, public=True, post=row[0], user=reader.user)
    return row[0]


def earlier(reader: Reader, written: dict) -> int:
    """The post that this draft made before; else says which of its places is not there."""
    sent = db.row(SUBMITTED, **reader.scope(), submission=written["submission"])
    if sent:
        return sent[0]
    boards.choose(reader, written["board"])
    statuses.choose(reader.workspace.id, written["status"])
    raise NotFound("Its board or status was taken away at this moment; please try again.")


def named(submission: str | None) -> str | None:
    if len(submission or "") > LONGEST_SUBMISSION:
        raise Invalid(submission=f"The name of a draft has at most {LONGEST_SUBMISSION} characters.")
    return tokens.hashed(submission).hex() if submission else None  # who knows it is its author: it is not kept


def checked(title: str, body: str) -> dict:
    tidied = {"title": text.fitting(title, LONGEST_TITLE, text.tidy_line), "body": text.fitting(body, LONGEST_BODY)}
    wrong = {}
    if tidied["title"] is None:
        wrong["title"] = f"A title has at most {LONGEST_TITLE} characters; put the rest into the details."
    elif not tidied["title"]:
        wrong["title"] = "Say in a few words what it is about."
    if tidied["body"] is None:
        wrong["body"] = f"That is more than {LONGEST_BODY:,} characters; shorten it a little."
    if wrong:
        raise Invalid(**wrong)
    return tidied


def small(meta: dict | None) -> Json:
    value = Json(meta or {})
    if len(value.dumps(value.adapted)) > LARGEST_META:
        raise Invalid(meta=f"The page's own data is more than {LARGEST_META:,} characters of JSON.")
    return value


@db.verb
def set_status(workspace: Workspace, number: int, key: str, note: str = "", *, notify: bool = True,
               person: int | None = None) -> None:  # fmt: skip
    """Move a post to another status; followers hear of it unless `notify` is off, with the team's `note`.

    Setting the status that it has, without a note, changes nothing."""
    status, note = statuses.choose(workspace.id, key), text.fitting(note, LONGEST_NOTE)
    if note is None:
        raise Invalid(note=f"A note has at most {LONGEST_NOTE:,} characters.")
    before = db.row(STANDS, workspace=workspace.id, number=number)
    if before is None:
        raise NotFound(f"There is no post #{number}.")
    if before[0] == status.key and not note:
        return
    db.changed(SET_STATUS, workspace=workspace.id, number=number, status=status.id)
    shown = {"name": status.name, "color": status.color}  # as it was called when it happened
    data = {"from": before[0], "to": status.key, **shown, "note": note, "notify": notify}
    events.record("post.status_changed", workspace.id, public=True, post=number, person=person, data=data)


def find(reader: Reader, number: int) -> Post:
    """One post as this reader may see it, or NotFound."""
    found = these(reader, [number])
    if not found:
        raise NotFound(f"There is no post #{number}.")
    return found[0]


def these(reader: Reader, numbers: list[int]) -> list[Post]:
    """The posts with these numbers that the reader may see, the newest first."""
    return [Post(*row) for row in db.rows(THESE, **reader.scope(), numbers=numbers)]


def page(reader: Reader, *, sort: str = "top", board: str | None = None, status: str | None = None, q: str | None = None,
         mine: bool = False, cursor: str | None = None, limit: int = DEFAULT_PAGE) -> Page:  # fmt: skip
    """One page of what the reader may see, and the cursor of the next (None: this was the last). Sorts: top, new,
    trending. Raises Invalid for a sort that does not exist, Malformed for a bad cursor."""
    if sort not in LIST:
        raise Invalid(sort=f"Sort by one of: {', '.join(LIST)}.")
    rank, last = opened(cursor) if cursor else (None, None)
    limit = min(max(limit, 1), LARGEST_PAGE)
    found = [Post(*row) for row in db.rows(
        LIST[sort], **reader.scope(), board=board or None, status=status or None, q=searched(q), mine=mine,
        language=reader.workspace.language, rank=rank, last=last, limit=limit + 1,
    )]  # fmt: skip
    more = len(found) > limit
    return Page(found[:limit], closed(found[limit - 1]) if more else None)


def searched(q: str | None) -> str | None:
    return IDLE_MINUS.sub("", text.tidy_line((q or "")[: 4 * LONGEST_SEARCH])[:LONGEST_SEARCH]) or None


def closed(post: Post) -> str:
    return base64.urlsafe_b64encode(f"{post.rank!r}:{post.number}".encode()).decode().rstrip("=")


def opened(cursor: str) -> tuple[float, int]:
    """Where the next page begins. A cursor holds a place, nothing secret; one that was changed holds another place."""
    try:
        rank, number = base64.b64decode(cursor + "=" * (-len(cursor) % 4), b"-_", validate=True).decode().split(":")
        place = float(rank), int(number)
        if len(cursor) < 80 and abs(place[0]) < 2**31 and 0 < place[1] < 2**31:
            return place
    except (ValueError, binascii.Error):
        pass
    raise Malformed("This cursor is not one of ours; start again without it.")


def counts(workspace_id: int) -> dict[str, int]:
    """How many posts stand at each status, by its key."""
    return dict(db.rows(COUNTS, workspace=workspace_id))
