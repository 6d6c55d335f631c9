"""What people say below a post."""

from datetime import datetime
from typing import NamedTuple

from service import db

LIST = """
SELECT c.id, c.body, u.name, u.kind = 'member', c.created_at FROM comment c
  LEFT JOIN "user" u ON u.workspace_id = c.workspace_id AND u.id = c.user_id
 WHERE c.workspace_id = %(workspace)s AND c.post_number = %(number)s ORDER BY c.id LIMIT 200"""


class Comment(NamedTuple):
    id: int
    body: str  # Markdown
    author_name: str | None
    by_team: bool | None
    created_at: datetime


def of(workspace_id: int, number: int) -> list[Comment]:
    """The first 200 comments below a post, the oldest first."""
    return [Comment(*row) for row in db.rows(LIST, workspace=workspace_id, number=number)]
