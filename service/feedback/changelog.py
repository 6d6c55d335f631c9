"""What shipped, told to everyone, with the posts that asked for it. Each entry is announced once, whatever becomes of it."""

from datetime import UTC, datetime, timedelta
from types import EllipsisType
from typing import NamedTuple

from service import db, events
from service.errors import Conflict, Invalid, NotFound
from service.feedback import attachments, versions
from service.feedback.readers import Reader, readable
from service.jobs import Job
from service.lib import markdown, text

PUBLISH = "changelog.publish"  # kind of the job
LONGEST_TITLE, LONGEST_BODY = 200, 10_000
MOST_CATEGORIES, LONGEST_CATEGORY = 10, 40
MOST_POSTS = 100
YEARS = range(2000, 2101)  # in which something can be published
REACTIONS = ("like", "love", "celebrate", "confused")
STALE = "Somebody saved this entry meanwhile. Both texts are below; save again to keep yours."
EPOCH, MICROSECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)
DRAFT = 2**53  # where drafts stand among the moments: before all others

LINKED = """array(SELECT p.number FROM changelog_post l
               JOIN post p ON p.workspace_id = l.workspace_id AND p.number = l.post_number
              WHERE l.workspace_id = e.workspace_id AND l.entry_id = e.id AND {0} ORDER BY p.number)"""
STATE = """
  CASE WHEN e.published_at IS NULL THEN 'draft' WHEN e.published_at > now() THEN 'scheduled' ELSE 'published' END"""
SHOWN = f"""
e.id, e.title, e.body, e.categories, e.published_at, {STATE}, {LINKED.format(readable())}, e.announced_at IS NOT NULL"""
COUNTED = """
       coalesce((SELECT jsonb_object_agg(kind, times) FROM (
         SELECT r.kind, count(*) AS times FROM changelog_reaction r
          WHERE r.workspace_id = e.workspace_id AND r.entry_id = e.id GROUP BY r.kind) counted), jsonb_build_object())"""
ENTRIES = """
  FROM changelog_entry e WHERE e.workspace_id = %(workspace)s AND (%(member)s OR e.published_at <= now()) AND"""
READ = f"SELECT {SHOWN}, {COUNTED} {ENTRIES}"
MOMENT = f"coalesce(extract(epoch FROM e.published_at) * 1000000, {DRAFT})::bigint"  # as of `Entry.place`
PAGE = f"""{READ} (%(moment)s IS NULL OR ({MOMENT}, e.id) < (%(moment)s, %(id)s))
   AND (%(state)s IS NULL OR {STATE} = %(state)s)
 ORDER BY {MOMENT} DESC, e.id DESC LIMIT %(most)s"""
ONE = f"{READ} e.id = %(id)s"
CATEGORIES = """
SELECT DISTINCT unnest(categories) AS category FROM (
  SELECT categories FROM changelog_entry WHERE workspace_id = %(workspace)s ORDER BY id DESC LIMIT 200) recent
 ORDER BY category LIMIT 50"""

CREATE = """
INSERT INTO changelog_entry (workspace_id, title, body, categories, published_at, person_id)
VALUES (%(workspace)s, %(title)s, %(body)s, %(categories)s::text[], %(published_at)s, %(person)s) RETURNING id"""
HOLD = "SELECT FROM changelog_entry WHERE workspace_id = %(workspace)s AND id = %(id)s FOR NO KEY UPDATE"
SAVE = """
UPDATE changelog_entry SET title = %(title)s, body = %(body)s, categories = %(categories)s::text[],
       published_at = %(published_at)s, updated_at = now() WHERE workspace_id = %(workspace)s AND id = %(id)s"""
DELETE = "DELETE FROM changelog_entry WHERE workspace_id = %(workspace)s AND id = %(id)s"
UNLINK = """
DELETE FROM changelog_post
 WHERE workspace_id = %(workspace)s AND entry_id = %(id)s AND post_number <> ALL(%(numbers)s::integer[])"""
LINK = """
WITH wanted AS MATERIALIZED (
  SELECT number FROM post WHERE workspace_id = %(workspace)s AND number = ANY(%(numbers)s::integer[]) AND deleted_at IS NULL
   ORDER BY number FOR KEY SHARE
), made AS (
  INSERT INTO changelog_post (workspace_id, entry_id, post_number) SELECT %(workspace)s, %(id)s, number FROM wanted
  ON CONFLICT ON CONSTRAINT one_link_per_entry_and_post DO NOTHING
)
SELECT number FROM wanted"""

# The one place where an entry becomes announced. Its event names the posts that everyone may read.
ANNOUNCE = f"""
UPDATE changelog_entry e SET announced_at = now()
 WHERE e.workspace_id = %(workspace)s AND e.id = %(id)s AND e.published_at <= now() AND e.announced_at IS NULL
RETURNING {LINKED.format(readable("false", "NULL"))}"""
# the operator's own work, so it looks at all workspaces; whoever changes an entry just now announces it himself
NEXT_DUE = """
SELECT workspace_id, id FROM changelog_entry WHERE announced_at IS NULL AND published_at <= now()
 ORDER BY published_at LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED"""

REACT = """
WITH entry AS MATERIALIZED (
  SELECT id FROM changelog_entry WHERE workspace_id = %(workspace)s AND id = %(id)s AND published_at <= now() FOR KEY SHARE
), made AS (
  INSERT INTO changelog_reaction (workspace_id, entry_id, user_id, kind)
  SELECT %(workspace)s, id, %(user)s, %(kind)s FROM entry
  ON CONFLICT ON CONSTRAINT one_reaction_of_a_kind DO NOTHING RETURNING kind
)
SELECT EXISTS (SELECT FROM made) FROM entry"""
UNREACT = """
WITH entry AS (
  SELECT id FROM changelog_entry WHERE workspace_id = %(workspace)s AND id = %(id)s AND published_at <= now()
), gone AS (
  DELETE FROM changelog_reaction r USING entry
   WHERE r.workspace_id = %(workspace)s AND r.entry_id = entry.id AND r.user_id = %(user)s AND r.kind = %(kind)s
  RETURNING r.kind
)
SELECT EXISTS (SELECT FROM gone) FROM entry"""


class Entry(NamedTuple):
    id: int
    title: str
    body: str  # Markdown
    categories: list[str]
    published_at: datetime | None
    state: str  # draft, scheduled or published
    posts: list[int]  # numbers of those that the reader may see
    announced: bool  # it was published once, and told of: that does not happen again
    reactions: dict[str, int]  # how many of each kind there are

    @property
    def place(self) -> tuple[int, int]:
        """Where it stands in the order of `page`."""
        moment = DRAFT if self.published_at is None else (self.published_at - EPOCH) // MICROSECOND
        return moment, self.id

    @property
    def facts(self) -> tuple:
        """What it says now, which `change` can change."""
        return self.title, self.body, self.categories, self.posts, self.published_at


def page(reader: Reader, most: int, after: tuple[int, int] | None = None, state: str | None = None) -> list[Entry]:
    """`most` entries that this reader may see, of this state or of all: drafts, then by the moment of publication, the
    newest first. `after` is the place of the last one that was read."""
    moment, id = after or (None, None)
    return [Entry(*row) for row in db.rows(PAGE, **reader.scope(), most=most, moment=moment, id=id, state=state)]


def find(reader: Reader, id: int) -> Entry:
    """One entry, or NotFound; for users one that is not published is not there."""
    row = db.row(ONE, **reader.scope(), id=id)
    if row is None:
        raise NotFound("There is no such entry.")
    return Entry(*row)


def categories(reader: Reader) -> list[str]:
    """Those that the team has used lately."""
    return [category for (category,) in db.rows(CATEGORIES, workspace=reader.workspace.id)]


@db.verb
def create(reader: Reader, title: str, body: str = "", *, categories: list[str] = (), posts: list[int] = (),
           published_at: datetime | None = None) -> Entry:  # fmt: skip
    """A new entry with links to `posts`. Without `published_at` it is a draft, with a moment to come it is scheduled, else
    it is published and announced at once. For members. Raises Invalid with the field that must change."""
    written = checked(title, body, categories, published_at)
    [made] = db.row(CREATE, workspace=reader.workspace.id, person=reader.person, **written)
    link(reader, made, posts)
    attachments.adopt(reader, markdown.pictures(written["body"]), made)
    tell(reader, made, "changelog.created")
    return find(reader, made)


@db.verb
def change(reader: Reader, id: int, *, title: str | None = None, body: str | None = None,
           categories: list[str] | None = None, posts: list[int] | None = None,
           published_at: datetime | EllipsisType | None = ..., seen: str | None = None) -> Entry:  # fmt: skip
    """Change what is given of an entry and leave the rest; nothing new is no change. `published_at` as of `create`, so None
    makes it a draft again; published once more, it is not announced a second time. `seen` is the version that this was
    written for; Conflict when it says something else by now. For members."""
    hold(reader, id)
    before = find(reader, id)
    after = checked(
        before.title if title is None else title, before.body if body is None else body,
        before.categories if categories is None else categories,
        before.published_at if published_at is ... else published_at,
    )  # fmt: skip
    after["posts"] = before.posts if posts is None else sorted(set(posts))
    changed = sorted(name for name, value in after.items() if value != getattr(before, name))
    if changed:
        versions.check(seen, *before.facts, why=STALE)
        db.changed(SAVE, workspace=reader.workspace.id, id=id, **after)
        if "posts" in changed:
            link(reader, id, posts)
        attachments.adopt(reader, markdown.pictures(after["body"]), id)
        tell(reader, id, "changelog.updated", changed=changed)
    return find(reader, id)


def hold(reader: Reader, id: int) -> None:
    """Let nobody else change an entry until the transaction ends."""
    db.rows(HOLD, workspace=reader.workspace.id, id=id)


@db.verb
def delete(reader: Reader, id: int) -> None:
    """Take an entry away with its reactions; NotFound when there is none, so the second time too. For members."""
    if not db.changed(DELETE, workspace=reader.workspace.id, id=id):
        raise NotFound("There is no such entry.")
    events.record("changelog.deleted", reader.workspace.id, data={"entry": id}, **reader.actor())


def checked(title: str, body: str, categories: list[str], published_at: datetime | None) -> dict:
    """What people wrote, as it is stored; Invalid says which of it must change."""
    said = {
        "title": text.fitting(title, LONGEST_TITLE, text.tidy_line),
        "body": text.fitting(body, LONGEST_BODY),
        "categories": list(dict.fromkeys(text.fitting(each, LONGEST_CATEGORY, text.tidy_line) for each in categories)),
        "published_at": published_at,
    }
    if not said["title"]:
        raise Invalid(title=f"Give it a title of 1–{LONGEST_TITLE} characters.")
    if said["body"] is None:
        raise Invalid(body=f"That is more than {LONGEST_BODY:,} characters; shorten it a little.")
    if len(categories) > MOST_CATEGORIES or not all(said["categories"]):
        raise Invalid(categories=f"Give at most {MOST_CATEGORIES}, of 1–{LONGEST_CATEGORY} characters each.")
    if published_at and published_at.year not in YEARS:
        raise Invalid(published_at=f"Choose a moment between {YEARS[0]} and {YEARS[-1]}.")
    return said


def link(reader: Reader, id: int, numbers: list[int]) -> None:
    """Let an entry name these posts and no others."""
    wanted = sorted(set(numbers))
    if len(numbers) > MOST_POSTS:
        raise Invalid(posts=f"Link at most {MOST_POSTS} posts.")
    place = {"workspace": reader.workspace.id, "id": id, "numbers": wanted}
    db.changed(UNLINK, **place)
    found = {row[0] for row in db.rows(LINK, **place)} if wanted else set()
    missing = [number for number in wanted if number not in found]
    if missing:
        raise Invalid(posts=f"There is no post #{missing[0]}.")


def tell(reader: Reader, id: int, type: str, **more) -> None:
    """Record what was done to an entry: that it was published, if that is the first time."""
    if not announce(reader.workspace.id, id, **reader.actor()):
        events.record(type, reader.workspace.id, data={"entry": id, **more}, **reader.actor())


def announce(workspace_id: int, id: int, **actor) -> bool:
    """Announce an entry, if it is due and was not announced before; returns whether it was done now."""
    row = db.row(ANNOUNCE, workspace=workspace_id, id=id)
    if row:
        data = {"entry": id, "posts": row[0]}
        events.record("changelog.published", workspace_id, public=True, data=data, **actor)
    return bool(row)


def announce_due(job: Job) -> None:  # noqa: ARG001 (a handler takes its job)
    """Announce what was scheduled for a moment that has come, in all workspaces, each entry in its own transaction."""
    while announce_next():
        pass


@db.verb
def announce_next() -> bool:
    row = db.row(NEXT_DUE)
    return bool(row) and announce(*row)


def react(reader: Reader, id: int, kind: str) -> None:
    """Say as the reader's user what one thinks of a published entry; again, nothing happens. NotFound without the entry,
    Conflict when it is not published, Invalid for a kind that does not exist."""
    respond(REACT, "reaction.created", reader, id, kind)


def unreact(reader: Reader, id: int, kind: str) -> None:
    """Take a reaction back, if there is one; errors as of `react`."""
    respond(UNREACT, "reaction.deleted", reader, id, kind)


@db.verb
def respond(sql: str, type: str, reader: Reader, id: int, kind: str) -> None:
    if kind not in REACTIONS:
        raise Invalid(kind=f"Choose one of: {', '.join(REACTIONS)}.")
    row = db.row(sql, workspace=reader.workspace.id, user=reader.user, id=id, kind=kind)
    if row is None:
        find(reader, id)
        raise Conflict("This entry is not published yet.", "not_published")
    if row[0]:
        events.record(type, reader.workspace.id, data={"entry": id, "kind": kind}, **reader.actor())
