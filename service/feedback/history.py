"""What the team did to posts: its actions, the newest first, and which of them can be taken back."""

from datetime import datetime
from typing import NamedTuple

from service import db
from service.feedback import members
from service.feedback.actions import UNDO_DAYS, UNDO_SECONDS
from service.feedback.readers import Reader

PAGE = 30
FEW = 5  # posts that a line names

LATEST = f"""
SELECT a.id, a.kind, a.value, step.posts, step.noted,
       array(SELECT (step->>'post')::integer FROM jsonb_array_elements(a.steps) step LIMIT %(few)s),
       coalesce(nullif(p.name, ''), {members.address("p")}, 'Someone'), a.created_at, a.undone_at,
       a.undone_at IS NULL AND a.created_at > now() - CASE WHEN step.noted < step.posts THEN %(days)s * interval '1 day'
                                                           ELSE %(seconds)s * interval '1 second' END
  FROM action a LEFT JOIN person p ON p.id = a.person_id
 CROSS JOIN LATERAL (SELECT count(*) AS posts, count(*) FILTER (WHERE each->'before' = each->'after') AS noted
                       FROM jsonb_array_elements(a.steps) each) step
 WHERE a.workspace_id = %(workspace)s AND (%(before)s IS NULL OR a.id < %(before)s) ORDER BY a.id DESC LIMIT %(most)s"""


class Entry(NamedTuple):
    """One line of the team's history."""

    id: int
    kind: str
    value: str
    posts: int
    noted: int
    numbers: list[int]  # of the first few
    name: str  # of the member who did it
    created_at: datetime
    undone_at: datetime | None
    can_undo: bool


def latest(reader: Reader, most: int = PAGE, before: int | None = None) -> list[Entry]:
    """What the team did, the newest first; only what came before the action of this id, if one is given."""
    place = {"workspace": reader.workspace.id, "before": before, "most": most, "few": FEW, "days": UNDO_DAYS,
             "seconds": UNDO_SECONDS}  # fmt: skip
    return [Entry(*row) for row in db.rows(LATEST, **place)]
