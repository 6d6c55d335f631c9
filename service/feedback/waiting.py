"""How much of a workspace waits for somebody of the team, as the frame of every page of the dashboard counts it; and how
long there is a workspace."""

from datetime import datetime
from typing import NamedTuple

from service import db
from service.feedback import duplicates, held_comments, plan_limits
from service.feedback.readers import Reader

COUNT = f"""
SELECT ({held_comments.COUNT_ALL}), ({duplicates.COUNT}), (SELECT erase_at FROM workspace WHERE id = %(workspace)s),
       CASE WHEN %(is_limited)s THEN ({plan_limits.OPEN_POSTS}) END"""


class Waiting(NamedTuple):
    approvals: int  # posts and comments that wait to be let in; held_comments.MOST_COUNTED stands for more, too
    duplicates: int  # pairs that are likely; duplicates.MOST_COUNTED stands for more, too
    erase_at: datetime | None  # when all of it goes (closing); None: it stays
    open_posts: int | None  # where only so many are let in; plan_limits.FREE.open_posts stands for more, too

    @property
    def is_crowded(self) -> bool:
        """Whether the team is to know how little room there is left."""
        return self.open_posts is not None and self.open_posts >= plan_limits.NOTICE_FROM

    @property
    def is_full(self) -> bool:
        return self.open_posts == self.room

    @property
    def room(self) -> int:
        return plan_limits.FREE.open_posts


def count(reader: Reader) -> Waiting:
    """For members."""
    is_limited = plan_limits.holds(reader.workspace)
    return Waiting(*db.row(COUNT, **reader.scope(), most=held_comments.MOST_COUNTED, is_limited=is_limited))
