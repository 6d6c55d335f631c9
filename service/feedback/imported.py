"""What was made of what has an id elsewhere, each once: kept as keyed digests, for an id may be an address."""

from datetime import datetime
from typing import NamedTuple

from service import db
from service.errors import SaysoError
from service.feedback.workspaces import Workspace
from service.lib import tokens

KNOWN = """
SELECT local FROM imported WHERE workspace_id = %(workspace)s AND kind = %(kind)s AND source_key = ANY(%(keys)s) LIMIT 1"""
REMEMBER = """
INSERT INTO imported (workspace_id, kind, source_key, local, import_id)
VALUES (%(workspace)s, %(kind)s, %(key)s, %(local)s, %(import)s)
ON CONFLICT ON CONSTRAINT a_thing_is_imported_once DO UPDATE SET local = excluded.local, import_id = excluded.import_id"""
NOW = "SELECT now()"


class Refused(SaysoError):
    """A row that cannot be taken: what to do, and in which of our columns."""

    def __init__(self, said: str, column: str | None = None):
        super().__init__(said)
        self.said, self.column = said, column


class Rules(NamedTuple):
    """What whoever imports has chosen, beside the columns of a table."""

    board: str | None = None  # key of the one that takes every post; None: as the file says
    new_boards: str = "private"  # or public: who may see boards that are made
    system: str = ""  # a name of where the file comes from, so that the ids of two systems stay apart
    by_hand: bool = False  # read in on the server


class Seen(set[bytes]):
    """Of a rehearsal: keys of what the rows so far would have made, and how many votes without a name and open posts."""

    nameless = open_posts = 0


class Piece:
    """Some rows of an import, written in one transaction; in a rehearsal nothing is written, and `seen` is what the rows
    before these would have made."""

    def __init__(self, workspace: Workspace, id: int, source: str, rules: Rules, seen: Seen | None = None):
        self.workspace, self.id, self.source, self.rules, self.seen = workspace, id, source, rules, seen
        self.now: datetime = db.row(NOW)[0]
        self.touched: set[int] = set()  # numbers of posts whose counters are to be counted
        self.posts: list[int] = []  # that were made
        self.kept: dict = {}  # what was read once for all rows
        self.remarks: list[str] = []  # what whoever imports should know of the row, though it was taken
        self.latest: int | None = None  # number of the post, or id of the comment, that the row made or tells of

    @property
    def is_dry(self) -> bool:
        return self.seen is not None

    def scope(self) -> dict:
        return {"workspace": self.workspace.id, "import": self.id}

    def keys(self, kind: str, id: str) -> list[bytes]:
        """What the digests of this id are, by the newest of our keys first."""
        name = f"imported {self.workspace.id} {self.source} {self.rules.system} {kind} {id}"
        return [tag.encode() for tag in tokens.tags(name)]

    def known(self, kind: str, id: str) -> int | None:
        """What was made of this, now or by an import before; 0 if it would have been made by a rehearsal."""
        keys = self.keys(kind, id)
        if self.is_dry and keys[0] in self.seen:
            return 0
        row = db.row(KNOWN, workspace=self.workspace.id, kind=kind, keys=keys)
        return row and row[0]

    def remember(self, kind: str, id: str, local: int = 0) -> None:
        self.keep(kind, self.keys(kind, id)[0], local)

    def keep(self, kind: str, key: bytes, local: int) -> None:
        """The same of what is found by something else than an id."""
        if self.is_dry:
            self.seen.add(key)
        else:
            db.changed(REMEMBER, **self.scope(), kind=kind, key=key, local=local)


def pair(number: int, user: int) -> bytes:
    """What a vote is found by when its import is undone, as int8send says it: the post and the user."""
    return number.to_bytes(8, "big") + user.to_bytes(8, "big")
