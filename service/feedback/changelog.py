"""What shipped, told to everyone, with the posts that asked for it."""

from datetime import datetime
from typing import NamedTuple

from service import db
from service.feedback.readers import Reader, readable

LIST = f"""
SELECT e.id, e.title, e.body, e.categories, e.published_at,
       array(SELECT p.number FROM changelog_post l
               JOIN post p ON p.workspace_id = l.workspace_id AND p.number = l.post_number
              WHERE l.workspace_id = e.workspace_id AND l.entry_id = e.id AND {readable()} ORDER BY p.number)
  FROM changelog_entry e WHERE e.workspace_id = %(workspace)s AND e.published_at <= now()
 ORDER BY e.published_at DESC, e.id DESC LIMIT 50"""


class Entry(NamedTuple):
    id: int
    title: str
    body: str  # Markdown
    categories: list[str]
    published_at: datetime
    posts: list[int]  # numbers of those that the reader may see


def published(reader: Reader) -> list[Entry]:
    """The newest 50 published entries, the newest first."""
    return [Entry(*row) for row in db.rows(LIST, **reader.scope())]
