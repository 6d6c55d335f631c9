"""Posts in order: the page of a list, sorted, filtered, and continued where the last one ended."""

import base64
import binascii
import re
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
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
EACH_WORTH = """
  SELECT number, sum(mrr)::bigint AS mrr FROM (
    SELECT DISTINCT v.post_number AS number, payer.id, payer.mrr FROM company payer
      JOIN "user" voter ON voter.workspace_id = %(workspace)s AND voter.company_id = payer.id
      JOIN vote v ON v.workspace_id = %(workspace)s AND v.user_id = voter.id
     WHERE payer.workspace_id = %(workspace)s AND payer.mrr > 0) each
   GROUP BY number"""
WORTH = f"LEFT JOIN ({EACH_WORTH}) worth ON worth.number = p.number"
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

# What a list can be narrowed to. A statement has only the conditions that were asked for: those of the others would cost
# nothing to run, but PostgreSQL turns an IN into a join only where it stands alone, and plans each word of a statement.
# Who wants something is who votes for it: company, plan, segment and MRR are those of the voters.
VOTED = """p.number IN (
    SELECT v.post_number FROM company c JOIN "user" u ON u.workspace_id = %(workspace)s AND u.company_id = c.id
      JOIN vote v ON v.workspace_id = %(workspace)s AND v.user_id = u.id
     WHERE c.workspace_id = %(workspace)s AND {whose})"""
FILTERS = {
    "board": "p.board_id = %(board)s",
    "status": "p.status_id = %(status)s",
    "mine": "p.author_id = %(user)s",
    "author": 'p.author_id = (SELECT id FROM "user" WHERE workspace_id = %(workspace)s AND external_id = %(author)s)',
    "tag": """p.number IN (
    SELECT l.post_number FROM post_tag l JOIN tag t ON t.workspace_id = %(workspace)s AND t.id = l.tag_id
     WHERE l.workspace_id = %(workspace)s AND t.key = %(tag)s)""",
    "company": VOTED.format(whose="c.external_id = %(company)s"),
    "plan": VOTED.format(whose="lower(c.plan) = lower(%(plan)s)"),
    "segment": """p.number IN (
    SELECT v.post_number FROM segment s JOIN segment_user su ON su.workspace_id = %(workspace)s AND su.segment_id = s.id
      JOIN vote v ON v.workspace_id = %(workspace)s AND v.user_id = su.user_id
     WHERE s.workspace_id = %(workspace)s AND s.key = %(segment)s)""",
    "mrr_from": f"p.number IN (SELECT number FROM ({EACH_WORTH}) worthy WHERE mrr >= %(mrr_from)s)",
    "assignee": "p.assignee_id = %(assignee)s",
    "unassigned": "p.assignee_id IS NULL",
    "unanswered": """p.answered_at IS NULL AND p.status_id = ANY(ARRAY(
    SELECT id FROM status WHERE workspace_id = %(workspace)s AND kind = 'open'))""",
    "older": "p.created_at < now() - %(older)s * interval '1 day'",
    "newer": "p.created_at >= now() - %(newer)s * interval '1 day'",
    "since": "p.created_at >= %(since)s",
    "q": """p.search @@ (
    websearch_to_tsquery(%(language)s::regconfig, %(q)s) || websearch_to_tsquery('simple', %(q)s))""",
    "last": "(p.pinned, {rank}, p.number) < (%(pinned)s::boolean, %(rank)s::{type}, %(last)s::integer)",
}
FOR_MEMBERS = {"tag", "company", "segment", "author", "plan", "mrr_from", "assignee", "unassigned", "unanswered"}
PAGE = f"""
SELECT p.*, {{rank}} AS rank FROM post p {{joined}}
 WHERE p.workspace_id = %(workspace)s AND {listed(own="%(mine)s")}{{narrowed}}
 ORDER BY p.pinned DESC, {{rank}} DESC, p.number DESC LIMIT %(limit)s"""
ORDER = "p.pinned DESC, p.rank DESC, p.number DESC"
# PostgreSQL knows how many posts stand at a status of this id, and not how many at one of this key
PLACES = """
SELECT (SELECT id FROM board WHERE workspace_id = %(workspace)s AND key = %(board)s),
       (SELECT id FROM status WHERE workspace_id = %(workspace)s AND key = %(status)s)"""

MOST_COUNTED = 999  # posts at a status: the index is read no further
# In the order of the index, between a status and itself: an equal sign would leave PostgreSQL free to look through all posts
# for the thousand that most statuses have, which of a rare status it never finds.
COUNTS = f"""
SELECT s.key, (SELECT count(*) FROM (
         SELECT FROM post p WHERE p.workspace_id = %(workspace)s AND p.status_id BETWEEN s.id AND s.id AND {listed()}
          ORDER BY p.status_id LIMIT %(most)s) few)
  FROM status s WHERE s.workspace_id = %(workspace)s"""


@lru_cache(maxsize=500)
def statement(sort: str, asked: frozenset[str] = frozenset()) -> str:
    """The SQL of a page in this order, narrowed by these FILTERS."""
    order = SORTS[sort]
    narrowed = "".join(f"\n   AND {FILTERS[name]}" for name in sorted(asked)).format(rank=order.rank, type=order.type)
    page = PAGE.format(rank=order.rank, joined=order.joined, narrowed=narrowed)
    return DECORATED.format(page=page, order=ORDER)


class Page(NamedTuple):
    posts: list[Post]
    next_cursor: str | None


class Place(NamedTuple):
    """Where a page ended."""

    pinned: bool | None
    rank: object
    last: int | None


def page(reader: Reader, *, sort: str = "top", board: str | None = None, status: str | None = None, q: str | None = None,
         since: datetime | None = None, mine: bool = False, cursor: str | None = None, limit: int = DEFAULT_PAGE,
         **for_members) -> Page:  # fmt: skip
    """One page of what the reader may see, and the cursor of the next (None: this was the last). Pinned posts come first.

    Filters are keys (board, status) and words (q). Members may also ask for what they alone may see: keys (tag, segment),
    external ids (company, author), plan, mrr_from (cents), assignee (a member's id, or "none"), unanswered, and the age in
    days (older, newer). `company`, `plan`, `segment` and `mrr_from` look at who voted. Raises Invalid for a sort that does
    not exist, Malformed for a bad cursor."""
    if sort not in SORTS or (sort == "mrr" and not reader.is_member):
        raise Invalid(sort=f"Sort by one of: {', '.join(SORTS)}.")
    given = {name: value for name, value in for_members.items() if value}
    if given.get("assignee") == "none":
        given["unassigned"] = bool(given.pop("assignee"))
    if not reader.is_member and given.keys() & FOR_MEMBERS:
        raise Forbidden("Only the team can filter by tag, company, segment or author.")
    place = opened(sort, cursor) if cursor else Place(None, None, None)
    limit = min(max(limit, 1), LARGEST_PAGE)
    given |= {"mine": mine, "since": since, "q": searched(q), "last": place.last}
    if board or status:
        given["board"], given["status"] = places(reader, board, status)
        if (board and not given["board"]) or (status and not given["status"]):
            return Page([], None)
    asked = frozenset(name for name, value in given.items() if value)
    found = [Post(*row) for row in db.rows(
        statement(sort, asked), **reader.scope(), **given, pinned=place.pinned, rank=place.rank,
        language=reader.workspace.language, limit=limit + 1,
    )]  # fmt: skip
    more = len(found) > limit
    return Page(found[:limit], closed(sort, found[limit - 1]) if more else None)


def places(reader: Reader, board: str | None, status: str | None) -> tuple[int | None, int | None]:
    """The ids of the board and the status with these keys."""
    return db.row(PLACES, workspace=reader.workspace.id, board=board or None, status=status or None)


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
    """How many posts of those that the reader may see stand at each status, by its key; MOST_COUNTED + 1 means more."""
    return dict(db.rows(COUNTS, **reader.scope(), most=MOST_COUNTED + 1))
