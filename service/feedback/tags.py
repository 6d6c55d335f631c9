"""The team's own words for posts. Users never see them."""

from typing import NamedTuple

from service import db, events
from service.errors import Conflict, Invalid, NotFound
from service.feedback.readers import Reader, readable

CHOSEN = "SELECT key, id FROM tag WHERE workspace_id = %(workspace)s AND key = ANY(%(keys)s) FOR KEY SHARE"

TARGET = f"""
target AS MATERIALIZED (
  SELECT p.number, p.merged_into FROM post p
   WHERE p.workspace_id = %(workspace)s AND p.number = %(number)s AND {readable()} FOR NO KEY UPDATE
)"""
TAG = f"""
WITH {TARGET}, changed AS (
  INSERT INTO post_tag (workspace_id, post_number, tag_id)
  SELECT %(workspace)s, number, %(tag)s FROM target WHERE merged_into IS NULL
  ON CONFLICT ON CONSTRAINT one_tag_per_post DO NOTHING RETURNING tag_id
)
SELECT EXISTS (SELECT FROM changed), merged_into FROM target"""
UNTAG = f"""
WITH {TARGET}, changed AS (
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
    change(TAG, "added", reader, number, key)


def untag(reader: Reader, number: int, key: str) -> None:
    """Take a tag off a post, if it is there. NotFound without the post or the tag."""
    change(UNTAG, "removed", reader, number, key)


@db.verb
def change(sql: str, done: str, reader: Reader, number: int, key: str) -> None:
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
