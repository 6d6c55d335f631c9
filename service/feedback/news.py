"""The changelog as users read it: what is new to them, page by page, and what they think of it."""

from datetime import datetime
from typing import NamedTuple

from service import db
from service.errors import NotFound
from service.feedback.attachments import COLUMNS, File
from service.feedback.changelog import DRAFT, EPOCH, MICROSECOND, REACTIONS
from service.feedback.details import dated
from service.feedback.readers import Reader, readable
from service.lib import media

MOST_UNREAD = 99  # counted
RECENT, MOST_CATEGORIES = 200, 50  # entries that are looked at for categories, and how many of these are shown
PICTURES = ", ".join(f"'{type}'" for type in sorted(media.PICTURES))
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
# Its moments, title and so on; the posts that it names, what users think of it, its pictures, and whether the reader has
# not seen it yet.
ITEM = f"""
e.id, e.title, e.body, e.categories, e.published_at, greatest(e.published_at, e.updated_at),
       array(SELECT jsonb_build_array(p.number, p.title) FROM changelog_post l
               JOIN post p ON p.workspace_id = l.workspace_id AND p.number = l.post_number
              WHERE l.workspace_id = %(workspace)s AND l.entry_id = e.id AND {readable()} ORDER BY p.number),
       {REACTED},
       CASE WHEN strpos(e.body, 'file:') > 0 THEN (
         SELECT jsonb_agg(jsonb_build_array({COLUMNS}) ORDER BY f.id) FROM file f
          WHERE f.workspace_id = %(workspace)s AND f.entry_id = e.id AND f.type IN ({PICTURES}) AND f.state = 'ready') END,
       coalesce(e.published_at > (
         SELECT {SEEN} FROM "user" u WHERE u.workspace_id = %(workspace)s AND u.id = %(user)s), false)"""
# A page that `marks` says that the reader has seen the news, up to the newest entry on it, and only if they had not.
FOUND = f"""
WITH page AS MATERIALIZED (
  SELECT e.id, e.title, e.body, e.categories, e.published_at, e.updated_at FROM changelog_entry e
   WHERE e.workspace_id = %(workspace)s AND e.published_at <= now()
     AND (e.published_at, e.id) < (%(before)s::timestamptz, %(id)s)
     AND (%(category)s IS NULL OR %(category)s = ANY(e.categories))
   ORDER BY e.published_at DESC, e.id DESC LIMIT %(most)s
), newest AS (SELECT max(published_at) AS at FROM page
), marked AS (
  UPDATE "user" u SET news_seen_at = newest.at FROM newest
   WHERE %(marks)s AND u.workspace_id = %(workspace)s AND u.id = %(user)s AND {SEEN} < newest.at
)"""
ORDER = "ORDER BY e.published_at DESC, e.id DESC"
PAGE = f"{FOUND} SELECT {ITEM} FROM page e {ORDER}"
IN_USE = f"""
array(SELECT DISTINCT unnest(categories) AS category FROM (
        SELECT categories FROM changelog_entry WHERE workspace_id = %(workspace)s AND published_at <= now()
         ORDER BY published_at DESC, id DESC LIMIT {RECENT}) recent ORDER BY category LIMIT {MOST_CATEGORIES})"""
# The same with the categories in use, which are there without an entry too.
WHOLE = f"{FOUND} SELECT {IN_USE}, {ITEM} FROM (SELECT) once LEFT JOIN page e ON true {ORDER}"
NEXT_TO = """
(SELECT jsonb_build_array(n.id, n.title) FROM changelog_entry n
  WHERE n.workspace_id = e.workspace_id AND n.published_at <= now()
    AND (n.published_at, n.id) {0} (e.published_at, e.id) ORDER BY n.published_at {1}, n.id {1} LIMIT 1)"""
ENTRY = f"""
SELECT {NEXT_TO.format(">", "ASC")}, {NEXT_TO.format("<", "DESC")}, {ITEM} FROM changelog_entry e
 WHERE e.workspace_id = %(workspace)s AND e.id = %(id)s AND e.published_at <= now()"""
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
    changed_at: datetime  # or published
    posts: list[tuple[int, str]]  # number and title of those that the reader may see
    reactions: list[Reaction]  # one of every kind
    pictures: list[File]  # that can be shown
    is_new: bool  # to this reader, who has not seen it yet

    @property
    def place(self) -> tuple[int, int]:
        """Where it stands in the order of `page`."""
        return (self.published_at - EPOCH) // MICROSECOND, self.id


class Look(NamedTuple):
    categories: list[str]  # of the entries that were published lately
    items: list[Item]


class Neighbours(NamedTuple):
    """An entry, with id and title of those before and after it."""

    item: Item
    newer: tuple[int, str] | None
    older: tuple[int, str] | None


def unread(reader: Reader) -> int:
    """How many entries were published since this user last looked, or since we know them; MOST_UNREAD means more, too."""
    return db.row(COUNT, **reader.scope())[0] if reader.user else 0


def page(reader: Reader, most: int, after: tuple[int, int] | None = None, *, marks: bool = True) -> list[Item]:
    """`most` published entries, the newest first, `after` the place of the last one that was read. Whoever reads the first
    of them has nothing unread after it (which is no event: looking is not doing), unless this `marks` nothing."""
    found = db.rows(PAGE, **reader.scope(), **begin(after), most=most, category=None, marks=marks and after is None)
    return [item(row) for row in found]


def look(reader: Reader, most: int, after: tuple[int, int] | None = None, category: str | None = None, *,
         marks: bool = True) -> Look:  # fmt: skip
    """The same as a page of its own shows it: with all categories, and of one of them if wanted, which marks nothing."""
    marks = marks and after is None and category is None
    found = db.rows(WHOLE, **reader.scope(), **begin(after), most=most, category=category, marks=marks)
    return Look(found[0][0], [item(row) for _, *row in found if row[0] is not None])


def begin(after: tuple[int, int] | None) -> dict:
    moment, id = after or (None, 0)
    return {"before": "infinity" if moment is None else EPOCH + MICROSECOND * min(moment, DRAFT), "id": id}


def find(reader: Reader, id: int) -> Neighbours:
    """One published entry, or NotFound; reading it marks nothing."""
    row = db.row(ENTRY, **reader.scope(), id=id)
    if row is None:
        raise NotFound("There is no such entry.")
    newer, older, *found = row
    return Neighbours(item(found), newer and tuple(newer), older and tuple(older))


def item(row: list) -> Item:
    *entry, posts, counted, files, is_new = row
    pictures = [dated(file) for file in files or []]
    return Item(*entry, [tuple(post) for post in posts], of_every_kind(counted), pictures, is_new)


def reactions(reader: Reader, id: int) -> list[Reaction]:
    """What users think of a published entry, or NotFound."""
    row = db.row(ONE, **reader.scope(), id=id)
    if row is None:
        raise NotFound("There is no such entry.")
    return of_every_kind(row[0])


def of_every_kind(counted: list) -> list[Reaction]:
    known = {kind: Reaction(kind, count, mine) for kind, count, mine in counted}
    return [known.get(kind, Reaction(kind, 0, False)) for kind in REACTIONS]
