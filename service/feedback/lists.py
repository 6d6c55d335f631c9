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
from service.feedback import typed
from service.feedback.conditions import EACH_WORTH, FILTERS, FITS, sifted
from service.feedback.posts import DECORATED, Post
from service.feedback.readers import Reader, listed
from service.lib import text

LONGEST_SEARCH, LONGEST_CURSOR = 200, 120
DEFAULT_PAGE, LARGEST_PAGE = 20, 100
LOOKED_AT = 2000  # posts, for one page that is `bounded`
YEARS = range(1970, 3000)  # in which a post can have been written
IDLE_MINUS = re.compile(r"-(?=[\W_]*(?:-|$))")  # that stands before no word: PostgreSQL gives up at 33 in a row

WORTH = f"{{post}} p LEFT JOIN ({EACH_WORTH}) worth ON worth.number = p.number"
# The same as the job of the insights counted it last, of the posts that are worth anything: there is an index for it.
COUNTED_WORTH = """
post_worth worth JOIN {post} p ON worth.workspace_id = %(workspace)s AND p.number = worth.post_number"""
# A vote is worth a factor, age costs one: a post loses one e-fold of votes a week. The same words as in the index.
TRENDING = "((ln(greatest(p.votes, 1)) + extract(epoch FROM p.created_at - timestamptz 'epoch') / 604800)::float8)"

Key = str | int | None  # of a board or a status; or its id, of which PostgreSQL need not be asked


class Sort(NamedTuple):
    """What orders a list, the greatest first, and how that is read again from a cursor."""

    rank: str  # SQL
    type: str
    parse: Callable
    source: str = "{post} p"  # SQL: posts, and what the rank needs beside them
    order: str = "p.pinned DESC, {rank} DESC, p.number DESC"
    last: str = "(p.pinned, {rank}, p.number) < (%(pinned)s::boolean, %(rank)s::{type}, %(last)s::integer)"
    shown: str = "p.pinned DESC, p.rank DESC, p.number DESC"  # the order again, of the posts of a page


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
ORDERS = SORTS | {"counted": Sort(
    "worth.mrr", "bigint", number, COUNTED_WORTH, "worth.mrr DESC, worth.post_number DESC",
    "(worth.mrr, worth.post_number) < (%(rank)s::bigint, %(last)s::integer)", "p.rank DESC, p.number DESC",
)}  # fmt: skip

FOR_MEMBERS = {"tag", "company", "segment", "author", "plan", "mrr_from", "assignee", "unassigned", "unanswered"}
PAGE = f"""
SELECT p.*, {{rank}} AS rank FROM {{source}}
 WHERE p.workspace_id = %(workspace)s AND {listed(own="%(mine)s")}{{narrowed}}
 ORDER BY {{order}} LIMIT %({{most}})s"""
# OFFSET 0: these few are read by their numbers and then put in order, not looked for in the order of all.
AMONG = "(SELECT * FROM post WHERE workspace_id = %(workspace)s AND number = ANY(%(among)s) OFFSET 0)"
SIFTED = "SELECT p.* FROM ({page}) p WHERE {fits} ORDER BY {order} LIMIT %(limit)s"
LAST_LOOKED_AT = "SELECT pinned, rank, number FROM ({page}) p ORDER BY {order} OFFSET %(looked_at)s - 1"

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
def statement(sort: str, asked: frozenset[str] = frozenset(), many: frozenset[str] = frozenset()) -> str:
    """The SQL of a page in this order, narrowed by these FILTERS; what `many` posts fit is asked of the first LOOKED_AT
    posts only, one by one."""
    page, order = in_order(sort, asked, "looked_at" if many else "limit"), ORDERS[sort].shown
    if many:
        page = SIFTED.format(page=page, fits=" AND ".join(FITS[name] for name in sorted(many)), order=order)
    return DECORATED.format(page=page, order=order)


@lru_cache(maxsize=500)
def last_looked_at(sort: str, asked: frozenset[str]) -> str:
    """The SQL of the place where such a look ends; no row when it came to the end of the list."""
    return LAST_LOOKED_AT.format(page=in_order(sort, asked, "looked_at"), order=ORDERS[sort].shown)


def in_order(sort: str, asked: frozenset[str], most: str) -> str:
    order = ORDERS[sort]
    conditions = {**FILTERS, "last": order.last}
    narrowed = "".join(f"\n   AND {conditions[name]}" for name in sorted(asked - {"among"}))
    page = PAGE.format(rank=order.rank, source=order.source, order=order.order, narrowed=narrowed, most=most)
    return page.format(rank=order.rank, type=order.type, post=AMONG if "among" in asked else "post")


class Page(NamedTuple):
    posts: list[Post]
    next_cursor: str | None


class Place(NamedTuple):
    """Where a page ended."""

    pinned: bool | None
    rank: object
    last: int | None


def page(reader: Reader, *, sort: str = "top", board: Key = None, status: Key = None, q: str | None = None,
         since: datetime | None = None, mine: bool = False, cursor: str | None = None, limit: int = DEFAULT_PAGE,
         bounded: bool = False, **for_members) -> Page:  # fmt: skip
    """One page of what the reader may see, and the cursor of the next (None: this was the last). Pinned posts come first.

    Filters are keys (board, status; or the ids of both) and words (q), the last of which may be only begun. Members may also
    ask for what they alone may see: keys (tag, segment), external ids (company, author), plan, mrr_from (cents), assignee
    (a member's id, or "none"), unanswered, and the age in days (older, newer). `company`, `plan`, `segment` and `mrr_from`
    look at who voted. Raises Invalid for a sort that does not exist, Malformed for a bad cursor.

    `bounded` costs the same however many posts there are: such a page may end early, with a cursor, when it looked at
    LOOKED_AT posts, and MRR is that of the last count of the insights; sorted by it, there are those that are worth any."""
    if sort not in SORTS or (sort == "mrr" and not reader.is_member):
        raise Invalid(sort=f"Sort by one of: {', '.join(SORTS)}.")
    given = {name: value for name, value in for_members.items() if value}
    if given.get("assignee") == "none":
        given["unassigned"] = bool(given.pop("assignee"))
    if not reader.is_member and given.keys() & FOR_MEMBERS:
        raise Forbidden("Only the team can filter by tag, company, segment or author.")
    sort = "counted" if bounded and sort == "mrr" else sort
    place = opened(sort, cursor) if cursor else Place(None, None, None)
    limit = min(max(limit, 1), LARGEST_PAGE)
    q = searched(q)
    given |= {"mine": mine, "since": since, "q": q, "last": place.last}
    if board or status:
        given["board"], given["status"] = places(reader, board, status)
        if (board and not given["board"]) or (status and not given["status"]):
            return Page([], None)
    values = {**reader.scope(), **given, **typed.words(q), "pinned": place.pinned, "rank": place.rank, "limit": limit + 1,
              "language": reader.workspace.language}  # fmt: skip
    return read(sort, frozenset(name for name, value in given.items() if value), values, bounded)


def read(sort: str, asked: frozenset[str], values: dict, bounded: bool) -> Page:
    many = frozenset()
    if bounded:
        values["looked_at"] = LOOKED_AT
        values["among"], many = sifted(asked.intersection(FITS), values)
        asked = asked.difference(FITS).union([] if values["among"] is None else ["among"])
    found = [Post(*row) for row in db.rows(statement(sort, asked, many), **values)]
    limit = values["limit"] - 1
    if len(found) > limit:
        return Page(found[:limit], closed(sort, found[limit - 1].pinned, found[limit - 1].rank, found[limit - 1].number))
    end = many and db.row(last_looked_at(sort, asked), **values)
    return Page(found, closed(sort, *end) if end else None)


def places(reader: Reader, board: Key, status: Key) -> tuple[int | None, int | None]:
    """The ids of the board and the status with these keys; of who gives ids, these."""
    if not any(isinstance(place, str) and place for place in (board, status)):
        return board or None, status or None
    return db.row(PLACES, workspace=reader.workspace.id, board=board or None, status=status or None)


def searched(q: str | None) -> str:
    return IDLE_MINUS.sub("", text.tidy_line((q or "")[: 4 * LONGEST_SEARCH])[:LONGEST_SEARCH])


def closed(sort: str, pinned: bool, rank: object, last: int) -> str:
    rank = rank.isoformat() if isinstance(rank, datetime) else repr(rank)
    place = f"{sort}|{int(pinned)}|{rank}|{last}"
    return base64.urlsafe_b64encode(place.encode()).decode().rstrip("=")


def opened(sort: str, cursor: str) -> Place:
    """Where the next page begins. A cursor holds a place, nothing secret; one that was changed holds another place."""
    try:
        if len(cursor) > LONGEST_CURSOR:
            raise ValueError
        place = base64.b64decode(cursor + "=" * (-len(cursor) % 4), b"-_", validate=True).decode()
        made_for, pinned, rank, last = place.split("|")
        place = Place(bool(int(pinned)), ORDERS[sort].parse(rank), number(last))
        if made_for == sort and 0 < place.last < 2**31:
            return place
    except (ValueError, OverflowError, binascii.Error):
        pass
    raise Malformed("This cursor is not one of ours, or of another sort; start again without it.")


def counts(reader: Reader) -> dict[str, int]:
    """How many posts of those that the reader may see stand at each status, by its key; MOST_COUNTED + 1 means more."""
    return dict(db.rows(COUNTS, **reader.scope(), most=MOST_COUNTED + 1))
