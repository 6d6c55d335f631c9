"""The lists that posts stand in; a private one is for members only."""

from typing import NamedTuple

from service import db
from service.errors import Invalid
from service.feedback.readers import Reader

LIST = """
SELECT id, key, name, description, access FROM board
 WHERE workspace_id = %(workspace)s AND (access = 'public' OR %(member)s) ORDER BY position, id"""


class Board(NamedTuple):
    id: int
    key: str
    name: str
    description: str
    access: str


def of(reader: Reader) -> list[Board]:
    """The boards that this reader may see, in the workspace's own order."""
    return [Board(*row) for row in db.rows(LIST, **reader.scope())]


def choose(reader: Reader, key: str | None) -> Board:
    """The board with this key, by default the first public one; Invalid names the keys there are."""
    found = of(reader)
    for board in found:
        if board.key == key or (key is None and board.access == "public"):
            return board
    raise Invalid(board=f"There is no such board; choose one of: {', '.join(board.key for board in found)}.")
