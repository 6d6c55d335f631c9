"""What shipped, told to everyone, with the posts that asked for it."""

from datetime import datetime
from typing import NamedTuple

from service import db

LIST = """
SELECT e.id, e.title, e.body, e.categories, e.published_at,
       array(SELECT l.post_number FROM changelog_post l
               JOIN post p ON p.workspace_id = l.workspace_id AND p.number = l.post_number
               JOIN board b ON b.workspace_id = p.workspace_id AND b.id = p.board_id AND b.access = 'public'
              WHERE l.workspace_id = e.workspace_id AND l.entry_id = e.id ORDER BY l.post_number)
  FROM changelog_entry e WHERE e.workspace_id = %(workspace)s AND e.published_at <= now()
 ORDER BY e.published_at DESC, e.id DESC LIMIT 50"""


class Entry(NamedTuple):
    id: int
    title: str
    body: str  # Markdown
    categories: list[str]
    published_at: datetime
    posts: list[int]  # numbers of public posts


def published(workspace_id: int) -> list[Entry]:
    """The newest 50 published entries, the newest first."""
    return [Entry(*row) for row in db.rows(LIST, workspace=workspace_id)]
