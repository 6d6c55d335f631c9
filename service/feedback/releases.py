"""Writing an entry of the changelog and publishing it: who hears of it, and what becomes of its posts in the same step."""

from datetime import datetime
from types import EllipsisType
from typing import NamedTuple

from service import db
from service.errors import Invalid
from service.feedback import actions, changelog, statuses
from service.feedback.changelog import Entry
from service.feedback.followers import HEARING
from service.feedback.readers import Reader

MOST_COUNTED = 10_000  # follows that are looked at for an audience

AUDIENCE = f"""
WITH near AS MATERIALIZED (
  SELECT workspace_id, post_number, user_id FROM follower
   WHERE workspace_id = %(workspace)s AND post_number = ANY(%(numbers)s::integer[]) LIMIT %(most)s)
SELECT count(DISTINCT lower(u.email)), (SELECT count(*) FROM near) = %(most)s FROM near f {HEARING}"""
NOW = "SELECT now()"
HOLD = """
SELECT number, merged_into IS NULL FROM post
 WHERE workspace_id = %(workspace)s AND number = ANY(%(numbers)s::integer[]) AND deleted_at IS NULL
 ORDER BY number FOR NO KEY UPDATE"""
# A form that a browser sent twice is one entry.
JUST_WRITTEN = """
SELECT id FROM changelog_entry
 WHERE workspace_id = %(workspace)s AND person_id = %(person)s AND title = %(title)s AND body = %(body)s
   AND created_at > now() - interval '1 minute' ORDER BY id LIMIT 1"""


class Audience(NamedTuple):
    people: int
    is_more: bool  # there are very many: at least so many


def audience(reader: Reader, numbers: list[int]) -> Audience:
    """How many people get a letter when an entry with these posts is published: those who follow one of them, have an
    address, and may read it; each once."""
    place = {"workspace": reader.workspace.id, "most": MOST_COUNTED, "kind": "shipped"}
    return Audience(*db.row(AUDIENCE, **place, numbers=sorted(set(numbers))[: changelog.MOST_POSTS]))


@db.verb
def write(reader: Reader, id: int | None, *, title: str, body: str, categories: list[str], posts: list[int],
          published_at: datetime | EllipsisType | None = ..., seen: str | None = None) -> Entry:  # fmt: skip
    """Save an entry, a new one without an `id`; when it is published stays as it is unless it is said here. What is written
    twice within a minute is one entry. Errors as of changelog.change."""
    written = {"title": title, "body": body, "categories": categories, "posts": posts}
    if id is None:
        id = just_written(reader, title, body)
        if id is None:
            return changelog.create(reader, **written, published_at=None if published_at is ... else published_at)
    return changelog.change(reader, id, **written, published_at=published_at, seen=seen)


def just_written(reader: Reader, title: str, body: str) -> int | None:
    said = changelog.checked(title, body, [], None)
    row = db.row(JUST_WRITTEN, workspace=reader.workspace.id, person=reader.person, title=said["title"], body=said["body"])
    return row and row[0]


@db.verb
def publish(reader: Reader, id: int | None, *, posts: list[int], status: str = "", seen: str | None = None,
            **written) -> Entry:  # fmt: skip
    """Save an entry as `write` does and publish it now; published already, it keeps its moment. With a `status` of kind done
    (a key) its posts get it, without a letter of their own: the entry tells of them; as an action, which can be undone. All
    of it or nothing."""
    if status and statuses.choose(reader.workspace.id, status).kind != "done":
        raise Invalid(status="Choose a status that means done.")
    if id is None:
        id = just_written(reader, written["title"], written["body"])
    else:
        changelog.hold(reader, id)
    [now] = db.row(NOW)
    if id is not None and changelog.find(reader, id).state == "published":
        now = ...
    # all at once, before the counter; a merged post stands where the other one does
    held = db.rows(HOLD, workspace=reader.workspace.id, numbers=sorted(set(posts))) if status else []
    entry = write(reader, id, posts=posts, published_at=now, seen=seen, **written)
    free = [number for number, is_free in held if is_free]
    if free:
        actions.take(reader, "status", free, status, notify=False)
    return entry
