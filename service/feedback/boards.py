"""The lists that posts stand in; a private one is for members only."""

from typing import NamedTuple

from service import db
from service.errors import Invalid

LIST = """
SELECT id, key, name, description, access FROM board
 WHERE workspace_id = %(workspace)s AND (access = 'public' OR NOT %(public)s) ORDER BY position, id"""


class Board(NamedTuple):
    id: int
    key: str
    name: str
    description: str
    access: str


def of(workspace_id: int, public: bool = False) -> list[Board]:
    """The workspace's boards in its own order; only the public ones when `public`."""
    return [Board(*row) for row in db.rows(LIST, workspace=workspace_id, public=public)]


def choose(workspace_id: int, key: str | None, public: bool = False) -> Board:
    """The board with this key, by default the first public one; Invalid names the keys there are."""
    found = of(workspace_id, public)
    for board in found:
        if board.key == key or (key is None and board.access == "public"):
            return board
    raise Invalid(board=f"There is no such board; choose one of: {', '.join(board.key for board in found)}.")
