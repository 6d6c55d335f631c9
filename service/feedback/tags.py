"""The team's own words for posts. Users never see them."""

import re
from typing import NamedTuple

from service import db, events
from service.errors import Conflict, Invalid, NotFound
from service.feedback import versions
from service.feedback.readers import Reader, held
from service.lib import text

MOST = 1_000  # of a workspace
LONGEST_NAME = 80
USUAL_COLOR = "#64748b"
COLOR = re.compile(r"#[0-9a-f]{6}")

LIST = "SELECT id, key, name, color FROM tag WHERE workspace_id = %(workspace)s ORDER BY key"
MAKE = """
INSERT INTO tag (workspace_id, key, name, color) VALUES (%(workspace)s, %(key)s, %(name)s, %(color)s)
ON CONFLICT ON CONSTRAINT one_tag_per_key DO NOTHING RETURNING id"""
HOLD = "SELECT id FROM tag WHERE workspace_id = %(workspace)s AND key = %(key)s FOR NO KEY UPDATE"
SAVE = """
UPDATE tag SET name = %(name)s, color = %(color)s
 WHERE workspace_id = %(workspace)s AND id = %(id)s AND (name, color) IS DISTINCT FROM (%(name)s, %(color)s)"""
DELETE = "DELETE FROM tag WHERE workspace_id = %(workspace)s AND key = %(key)s"
CHOSEN = "SELECT key, id FROM tag WHERE workspace_id = %(workspace)s AND key = ANY(%(keys)s) FOR KEY SHARE"

TAG = f"""
WITH {held("number, merged_into")}, changed AS (
  INSERT INTO post_tag (workspace_id, post_number, tag_id)
  SELECT %(workspace)s, number, %(tag)s FROM target WHERE merged_into IS NULL
  ON CONFLICT ON CONSTRAINT one_tag_per_post DO NOTHING RETURNING tag_id
)
SELECT EXISTS (SELECT FROM changed), merged_into FROM target"""
UNTAG = f"""
WITH {held("number, merged_into")}, changed AS (
  DELETE FROM post_tag USING target
   WHERE post_tag.workspace_id = %(workspace)s AND post_tag.post_number = target.number AND post_tag.tag_id = %(tag)s
     AND target.merged_into IS NULL RETURNING post_tag.tag_id
)
SELECT EXISTS (SELECT FROM changed), merged_into FROM target"""


class Tag(NamedTuple):
    id: int
    key: str
    name: str
    color: str


def of(reader: Reader) -> list[Tag]:
    """The workspace's tags, by their keys. For members."""
    return [Tag(*row) for row in db.rows(LIST, workspace=reader.workspace.id)]


def find(reader: Reader, key: str) -> Tag:
    """The tag with this key, or NotFound."""
    for each in of(reader):
        if each.key == key:
            return each
    raise NotFound("There is no such tag.")


@db.verb
def create(reader: Reader, key: str, name: str, color: str = USUAL_COLOR) -> Tag:
    """A new tag. Raises Invalid with the field that must change, Conflict when there are too many."""
    said = checked(name, color)
    if not text.is_key(key):
        raise Invalid(key=text.WHAT_A_KEY_IS)
    if len(of(reader)) >= MOST:
        raise Conflict(f"There are {MOST:,} tags, which is all there can be; take one away first.", "too_many")
    if not db.row(MAKE, workspace=reader.workspace.id, key=key, **said):
        raise Invalid(key=f"There is a tag “{key}” already.")
    events.record("tag.created", reader.workspace.id, data={"key": key}, **reader.actor())
    return find(reader, key)


@db.verb
def change(reader: Reader, key: str, *, name: str | None = None, color: str | None = None, seen: str | None = None) -> Tag:
    """Change what is given of a tag and leave the rest; nothing new is no change. Conflict when it is not as it was `seen`
    (`versions.version`)."""
    db.rows(HOLD, workspace=reader.workspace.id, key=key)
    before = find(reader, key)
    versions.check(seen, *before)
    after = checked(before.name if name is None else name, before.color if color is None else color)
    if db.changed(SAVE, workspace=reader.workspace.id, id=before.id, **after):
        events.record("tag.updated", reader.workspace.id, data={"key": key}, **reader.actor())
    return find(reader, key)


@db.verb
def delete(reader: Reader, key: str) -> None:
    """Take a tag away, and off every post. NotFound when there is none, so the second time too."""
    if not db.changed(DELETE, workspace=reader.workspace.id, key=key):
        raise NotFound("There is no such tag.")
    events.record("tag.deleted", reader.workspace.id, data={"key": key}, **reader.actor())


def checked(name: str, color: str) -> dict:
    said = {"name": text.fitting(name, LONGEST_NAME, text.tidy_line), "color": color}
    if not said["name"]:
        raise Invalid(name=f"Give it a name of 1–{LONGEST_NAME} characters.")
    if not COLOR.fullmatch(color):
        raise Invalid(color="A color is # and six small digits 0–f, e.g. #2563eb.")
    return said


def chosen(reader: Reader, keys: list[str]) -> list[int]:
    """The ids of the tags with these keys; Invalid when one is not there."""
    if not keys:
        return []
    found = dict(db.rows(CHOSEN, workspace=reader.workspace.id, keys=keys))
    missing = [key for key in keys if key not in found]
    if missing:
        raise Invalid(tags=f"There is no tag “{missing[0][:40]}”; make it first.")
    return sorted(set(found.values()))


def tag(reader: Reader, number: int, key: str) -> None:
    """Put a tag on a post; again, nothing happens. NotFound without the post or the tag."""
    mark(TAG, "added", reader, number, key)


def untag(reader: Reader, number: int, key: str) -> None:
    """Take a tag off a post, if it is there. NotFound without the post or the tag."""
    mark(UNTAG, "removed", reader, number, key)


@db.verb
def mark(sql: str, done: str, reader: Reader, number: int, key: str) -> None:
    found = db.rows(CHOSEN, workspace=reader.workspace.id, keys=[key])
    row = found and db.row(sql, **reader.scope(), number=number, tag=found[0][1])
    if not row:
        raise NotFound("There is no such post or tag.")
    is_new, merged_into = row
    if merged_into:
        raise Conflict(f"#{number} was merged into #{merged_into}; tag that one.", "merged")
    if is_new:
        data = {"changed": ["tags"], done: key}
        events.record("post.updated", reader.workspace.id, post=number, data=data, **reader.actor())
