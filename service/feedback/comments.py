"""What people say below a post."""

from datetime import datetime
from typing import NamedTuple

from service import db
from service.feedback.readers import Reader

LIST = """
SELECT c.id, c.body, u.name, u.kind = 'member', c.created_at FROM comment c
  LEFT JOIN "user" u ON u.workspace_id = c.workspace_id AND u.id = c.user_id
 WHERE c.workspace_id = %(workspace)s AND c.post_number = %(number)s AND c.deleted_at IS NULL
   AND (%(member)s OR NOT c.internal) ORDER BY c.id LIMIT 200"""


class Comment(NamedTuple):
    id: int
    body: str  # Markdown
    author_name: str | None
    by_team: bool | None
    created_at: datetime


def of(reader: Reader, number: int) -> list[Comment]:
    """The first 200 comments below a post that this reader may see, the oldest first."""
    return [Comment(*row) for row in db.rows(LIST, **reader.scope(), number=number)]
