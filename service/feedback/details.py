"""One post with all that its page shows to users, read in one statement."""

from datetime import datetime
from typing import NamedTuple

from service import db
from service.errors import NotFound
from service.feedback.attachments import COLUMNS, File
from service.feedback.posts import APPROVED, FRESH, THESE, Post
from service.feedback.readers import Reader

# What an author may change is what edits.change would let them.
FIND = f"""
SELECT shown.*,
       EXISTS (SELECT FROM follower f
                WHERE f.workspace_id = %(workspace)s AND f.post_number = shown.number AND f.user_id = %(user)s),
       (SELECT coalesce(p.author_id = %(user)s, false) AND p.merged_into IS NULL AND NOT p.locked AND NOT {APPROVED}
               AND {FRESH}
          FROM post p WHERE p.workspace_id = %(workspace)s AND p.number = shown.number),
       (SELECT jsonb_agg(jsonb_build_array({COLUMNS}) ORDER BY f.id) FROM file f
          WHERE f.workspace_id = %(workspace)s AND f.post_number = shown.number AND f.state <> 'refused')
  FROM ({THESE}) shown"""


class Detail(NamedTuple):
    post: Post
    following: bool
    editable: bool  # by this reader, as its author
    files: list[File]  # that are there or on their way, without those of comments


def find(reader: Reader, number: int) -> Detail:
    """The post as this user may see it, or NotFound."""
    row = db.row(FIND, **reader.scope(), numbers=[number])
    if row is None:
        raise NotFound(f"There is no post #{number}.")
    *post, following, editable, files = row
    return Detail(Post(*post), following, editable, [dated(file) for file in files or []])


def dated(row: list) -> File:
    """A file from JSON, where moments are words."""
    return File(*row[:-1], datetime.fromisoformat(row[-1]))
