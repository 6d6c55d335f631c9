"""How much of a workspace waits for somebody of the team, as the frame of every page of the dashboard counts it."""

from typing import NamedTuple

from service import db
from service.feedback import duplicates, held_comments
from service.feedback.readers import Reader

COUNT = f"SELECT ({held_comments.COUNT_ALL}), ({duplicates.COUNT})"


class Waiting(NamedTuple):
    approvals: int  # posts and comments that wait to be let in; held_comments.MOST_COUNTED stands for more, too
    duplicates: int  # pairs that are likely; duplicates.MOST_COUNTED stands for more, too


def count(reader: Reader) -> Waiting:
    """For members."""
    return Waiting(*db.row(COUNT, **reader.scope(), most=held_comments.MOST_COUNTED))
