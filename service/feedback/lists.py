"""Posts in order: the page of a list, sorted, filtered, and continued where the last one ended."""

import base64
import binascii
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import NamedTuple

from service import db
from service.errors import Forbidden, Invalid, Malformed
from service.feedback.posts import DECORATED, Post
from service.feedback.readers import Reader, listed
from service.lib import text

LONGEST_SEARCH, LONGEST_CURSOR = 200, 120
DEFAULT_PAGE, LARGEST_PAGE = 20, 100
YEARS = range(1970, 3000)  # in which a post can have been written
IDLE_MINUS = re.compile(r"-(?=[\W_]*(?:-|$))")  # that stands before no word: PostgreSQL gives up at 33 in a row

# What each post is worth, summed in one pass over the votes of those who pay: there is no index for it.
WORTH = """
LEFT JOIN (
  SELECT number, sum(mrr)::bigint AS mrr FROM (
    SELECT DISTINCT v.post_number AS number, payer.id, payer.mrr FROM company payer
      JOIN "user" voter ON voter.workspace_id = %(workspace)s AND voter.company_id = payer.id
      JOIN vote v ON v.workspace_id = %(workspace)s AND v.user_id = voter.id
     WHERE payer.workspace_id = %(workspace)s AND payer.mrr > 0) each
   GROUP BY number) worth ON worth.number = p.number"""
# A vote is worth a factor, age costs one: a post loses one e-fold of votes a week. The same words as in the index.
TRENDING = "((ln(greatest(p.votes, 1)) + extract(epoch FROM p.created_at - timestamptz 'epoch') / 604800)::float8)"


class Sort(NamedTuple):
    """What orders a list, the greatest first, and how that is read again from a cursor."""

    rank: str  # SQL
    type: str
    parse: Callable
    joined: str = ""  # SQL: what the rank needs beside the post


def number(word: str) -> int:
    value = int(word)
    if not -(2**53) < value < 2**53:
        raise ValueError
    return value


def moment(word: str) -> datetime:
    """As `closed` writes it, and in UTC: Postgres knows no offset of 16 hours or more."""
    value = datetime.fromisoformat(word)
    if value.tzinfo is None or value.isoformat() != word or value.year not in YEARS:
        raise ValueError
    return value.astimezone(UTC)


# Each is a fact of the row that does not move with time alone, so a cursor stays true between two pages.
SORTS = {
    "top": Sort("p.votes", "integer", number),
    "new": Sort("p.number", "integer", number),
    "trending": Sort(TRENDING, "float8", float),
    "updated": Sort("p.updated_at", "timestamptz", moment),
    "mrr": Sort("coalesce(worth.mrr, 0)", "bigint", number, WORTH),
}

PAGE = f"""
SELECT p.*, {{rank}} AS rank FROM post p {{joined}}
 WHERE p.workspace_id = %(workspace)s AND {listed()}
   AND (%(board)s IS NULL OR p.board_id = (SELECT id FROM board WHERE workspace_id = %(workspace)s AND key = %(board)s))
   AND (%(status)s IS NULL OR p.status_id = (SELECT id FROM status WHERE workspace_id = %(workspace)s AND key = %(status)s))
   AND (NOT %(mine)s OR p.author_id = %(user)s)
   AND (%(author)s IS NULL
        OR p.author_id = (SELECT id FROM "user" WHERE workspace_id = %(workspace)s AND external_id = %(author)s))
   AND (%(tag)s IS NULL OR EXISTS (
        SELECT FROM post_tag l JOIN tag t ON t.workspace_id = %(workspace)s AND t.id = l.tag_id
         WHERE l.workspace_id = %(workspace)s AND l.post_number = p.number AND t.key = %(tag)s))
   AND (%(company)s IS NULL OR EXISTS (
        SELECT FROM company c JOIN "user" u ON u.workspace_id = %(workspace)s AND u.company_id = c.id
          JOIN vote v ON v.workspace_id = %(workspace)s AND v.user_id = u.id
         WHERE c.workspace_id = %(workspace)s AND c.external_id = %(company)s AND v.post_number = p.number))
   AND (%(segment)s IS NULL OR EXISTS (
        SELECT FROM segment s JOIN segment_user su ON su.workspace_id = %(workspace)s AND su.segment_id = s.id
          JOIN vote v ON v.workspace_id = %(workspace)s AND v.user_id = su.user_id
         WHERE s.workspace_id = %(workspace)s AND s.key = %(segment)s AND v.post_number = p.number))
   AND (%(since)s IS NULL OR p.created_at >= %(since)s)
   AND (%(q)s IS NULL
        OR p.search @@ (websearch_to_tsquery(%(language)s::regconfig, %(q)s) || websearch_to_tsquery('simple', %(q)s)))
   AND (%(last)s IS NULL
        OR (p.pinned, {{rank}}, p.number) < (%(pinned)s::boolean, %(rank)s::{{type}}, %(last)s::integer))
 ORDER BY p.pinned DESC, {{rank}} DESC, p.number DESC LIMIT %(limit)s"""
ORDER = "p.pinned DESC, p.rank DESC, p.number DESC"
LIST = {
    name: DECORATED.format(page=PAGE.format(rank=sort.rank, type=sort.type, joined=sort.joined), order=ORDER)
    for name, sort in SORTS.items()
}

COUNTS = f"""
SELECT s.key, count(p.number) FROM status s
  LEFT JOIN post p ON p.workspace_id = s.workspace_id AND p.status_id = s.id AND {listed()}
 WHERE s.workspace_id = %(workspace)s GROUP BY s.key"""


class Page(NamedTuple):
    posts: list[Post]
    next_cursor: str | None


class Place(NamedTuple):
    """Where a page ended."""

    pinned: bool | None
    rank: object
    last: int | None


def page(reader: Reader, *, sort: str = "top", board: str | None = None, status: str | None = None, tag: str | None = None,
         company: str | None = None, segment: str | None = None, author: str | None = None, q: str | None = None,
         since: datetime | None = None, mine: bool = False, cursor: str | None = None,
         limit: int = DEFAULT_PAGE) -> Page:  # fmt: skip
    """One page of what the reader may see, and the cursor of the next (None: this was the last). Pinned posts come first.

    Filters are keys (board, status, tag, segment), external ids (company, author) and words (q). `company` and `segment`
    look at who voted. Only members may ask for what they alone may see. Raises Invalid for a sort that does not exist,
    Malformed for a bad cursor."""
    if sort not in LIST or (sort == "mrr" and not reader.is_member):
        raise Invalid(sort=f"Sort by one of: {', '.join(LIST)}.")
    if not reader.is_member and (tag or company or segment or author):
        raise Forbidden("Only the team can filter by tag, company, segment or author.")
    place = opened(sort, cursor) if cursor else Place(None, None, None)
    limit = min(max(limit, 1), LARGEST_PAGE)
    found = [Post(*row) for row in db.rows(
        LIST[sort], **reader.scope(), **place._asdict(), board=board or None, status=status or None, tag=tag or None,
        company=company or None, segment=segment or None, author=author or None, since=since, q=searched(q), mine=mine,
        language=reader.workspace.language, limit=limit + 1,
    )]  # fmt: skip
    more = len(found) > limit
    return Page(found[:limit], closed(sort, found[limit - 1]) if more else None)


def searched(q: str | None) -> str | None:
    return IDLE_MINUS.sub("", text.tidy_line((q or "")[: 4 * LONGEST_SEARCH])[:LONGEST_SEARCH]) or None


def closed(sort: str, post: Post) -> str:
    rank = post.rank.isoformat() if isinstance(post.rank, datetime) else repr(post.rank)
    place = f"{sort}|{int(post.pinned)}|{rank}|{post.number}"
    return base64.urlsafe_b64encode(place.encode()).decode().rstrip("=")


def opened(sort: str, cursor: str) -> Place:
    """Where the next page begins. A cursor holds a place, nothing secret; one that was changed holds another place."""
    try:
        if len(cursor) > LONGEST_CURSOR:
            raise ValueError
        place = base64.b64decode(cursor + "=" * (-len(cursor) % 4), b"-_", validate=True).decode()
        made_for, pinned, rank, last = place.split("|")
        place = Place(bool(int(pinned)), SORTS[sort].parse(rank), number(last))
        if made_for == sort and 0 < place.last < 2**31:
            return place
    except (ValueError, OverflowError, binascii.Error):
        pass
    raise Malformed("This cursor is not one of ours, or of another sort; start again without it.")


def counts(reader: Reader) -> dict[str, int]:
    """How many posts of those that the reader may see stand at each status, by its key."""
    return dict(db.rows(COUNTS, **reader.scope()))
