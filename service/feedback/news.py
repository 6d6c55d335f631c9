"""The changelog as users read it: what is new to them, page by page, and what they think of it."""

from datetime import datetime
from typing import NamedTuple

from service import db
from service.errors import NotFound
from service.feedback.changelog import DRAFT, EPOCH, MICROSECOND, REACTIONS
from service.feedback.readers import Reader, readable

MOST_UNREAD = 99  # counted
SEEN = "coalesce(u.news_seen_at, u.first_seen_at)"  # up to when the user `u` has read; who is new begins with what comes

# SQL: how many entries the reader has not seen; 0 when they are nobody yet. A part of any statement.
UNREAD = f"""
(SELECT count(*) FROM (
   SELECT FROM changelog_entry e
    WHERE e.workspace_id = %(workspace)s AND e.published_at <= now() AND e.published_at > (
          SELECT {SEEN} FROM "user" u WHERE u.workspace_id = %(workspace)s AND u.id = %(user)s)
    LIMIT {MOST_UNREAD}) few)"""
COUNT = f"SELECT {UNREAD}"
REACTED = """
array(SELECT jsonb_build_array(r.kind, count(*), bool_or(r.user_id IS NOT DISTINCT FROM %(user)s))
        FROM changelog_reaction r WHERE r.workspace_id = %(workspace)s AND r.entry_id = e.id GROUP BY r.kind)"""
# The first page is what marks it as read: up to the newest entry on it, and only if that one was not.
PAGE = f"""
WITH page AS MATERIALIZED (
  SELECT e.id, e.title, e.body, e.categories, e.published_at FROM changelog_entry e
   WHERE e.workspace_id = %(workspace)s AND e.published_at <= now()
     AND (e.published_at, e.id) < (%(before)s::timestamptz, %(id)s)
   ORDER BY e.published_at DESC, e.id DESC LIMIT %(most)s
), newest AS (SELECT max(published_at) AS at FROM page
), marked AS (
  UPDATE "user" u SET news_seen_at = newest.at FROM newest
   WHERE %(is_first)s AND u.workspace_id = %(workspace)s AND u.id = %(user)s AND {SEEN} < newest.at
)
SELECT e.id, e.title, e.body, e.categories, e.published_at,
       array(SELECT jsonb_build_array(p.number, p.title) FROM changelog_post l
               JOIN post p ON p.workspace_id = l.workspace_id AND p.number = l.post_number
              WHERE l.workspace_id = %(workspace)s AND l.entry_id = e.id AND {readable()} ORDER BY p.number),
       {REACTED}
  FROM page e ORDER BY e.published_at DESC, e.id DESC"""
ONE = f"""
SELECT {REACTED} FROM changelog_entry e
 WHERE e.workspace_id = %(workspace)s AND e.id = %(id)s AND e.published_at <= now()"""


class Reaction(NamedTuple):
    kind: str
    count: int
    mine: bool


class Item(NamedTuple):
    """An entry that is published."""

    id: int
    title: str
    body: str  # Markdown
    categories: list[str]
    published_at: datetime
    posts: list[tuple[int, str]]  # number and title of those that the reader may see
    reactions: list[Reaction]  # one of every kind

    @property
    def place(self) -> tuple[int, int]:
        """Where it stands in the order of `page`."""
        return (self.published_at - EPOCH) // MICROSECOND, self.id


def unread(reader: Reader) -> int:
    """How many entries were published since this user last looked, or since we know them; MOST_UNREAD means more, too."""
    return db.row(COUNT, **reader.scope())[0] if reader.user else 0


def page(reader: Reader, most: int, after: tuple[int, int] | None = None) -> list[Item]:
    """`most` published entries, the newest first, `after` the place of the last one that was read. Whoever reads the first
    of them has nothing unread after it (which is no event: looking is not doing)."""
    moment, id = after or (None, 0)
    before = "infinity" if moment is None else EPOCH + MICROSECOND * min(moment, DRAFT)
    found = db.rows(PAGE, **reader.scope(), most=most, before=before, id=id, is_first=after is None)
    return [Item(*entry, [tuple(post) for post in posts], of_every_kind(counted)) for *entry, posts, counted in found]


def reactions(reader: Reader, id: int) -> list[Reaction]:
    """What users think of a published entry, or NotFound."""
    row = db.row(ONE, **reader.scope(), id=id)
    if row is None:
        raise NotFound("There is no such entry.")
    return of_every_kind(row[0])


def of_every_kind(counted: list) -> list[Reaction]:
    known = {kind: Reaction(kind, count, mine) for kind, count, mine in counted}
    return [known.get(kind, Reaction(kind, 0, False)) for kind in REACTIONS]
