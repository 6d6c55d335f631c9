"""Where a post can stand: the workspace's own names, each of one of five kinds."""

from typing import NamedTuple

from service import db
from service.errors import Invalid

LIST = """
SELECT id, key, name, kind, color FROM status WHERE workspace_id = %(workspace)s ORDER BY position, id"""


class Status(NamedTuple):
    id: int
    key: str
    name: str
    kind: str
    color: str


def of(workspace_id: int) -> list[Status]:
    """The workspace's statuses in its own order."""
    return [Status(*row) for row in db.rows(LIST, workspace=workspace_id)]


def choose(workspace_id: int, key: str | None) -> Status:
    """The status with this key; without one, the first of kind `open`. Invalid names the keys there are."""
    found = of(workspace_id)
    for status in found:
        if status.key == key or (key is None and status.kind == "open"):
            return status
    raise Invalid(status=f"There is no such status; choose one of: {', '.join(status.key for status in found)}.")
