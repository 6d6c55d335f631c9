"""What the team did to its workspace, and who did it: read from the events."""

from datetime import datetime
from typing import NamedTuple

from service import db, events
from service.feedback import team
from service.feedback.readers import Reader

# What is looked for together, and the beginnings of its types. What is done to posts stands in their own history.
GROUPS = {
    "team": ("member.added", "member.invited_again", "member.joined", "member.removed", "member.updated"),
    "sign-ins": ("member.signed_",),
    "keys": ("key.", "identity_secret.", "widget_key."),
    "webhooks": ("endpoint.",),
    "files": ("import.", "export."),
    "users": ("user.blocked", "user.unblocked", "user.signed_out", "user.erased", "address."),
    "settings": ("workspace.", "plan.", "payment.", "board.", "status.", "tag.", "field.", "segment."),
}

# The newest of each type, by the index of types, and of those the newest: a workspace with a million votes is none the
# slower. Who left the team is still who did it, by the address that they had there: a later one is no business of its.
LIST = """
WITH gone AS MATERIALIZED (
  SELECT DISTINCT ON (data->>'person') (data->>'person')::bigint AS person, data->>'email' AS email FROM event
   WHERE workspace_id = %(workspace)s AND type = 'member.removed' ORDER BY data->>'person', seq DESC
), found AS MATERIALIZED (
  SELECT one.* FROM unnest(%(types)s::text[]) AS wanted (type) CROSS JOIN LATERAL (
    SELECT seq, e.type, created_at, data, person_id, user_id FROM event e
     WHERE e.workspace_id = %(workspace)s AND e.type = wanted.type AND (%(before)s IS NULL OR e.seq < %(before)s)
       AND (%(person)s IS NULL OR e.person_id = %(person)s)
     ORDER BY seq DESC LIMIT %(most)s) one
   ORDER BY one.seq DESC LIMIT %(most)s
)
SELECT e.seq, e.type, e.created_at, e.data, e.person_id, coalesce(p.name, ''),
       coalesce(CASE WHEN m.person_id IS NULL THEN gone.email ELSE p.email END, ''), e.user_id,
       coalesce((SELECT coalesce(nullif(u.name, ''), u.email, u.external_id) FROM "user" u
                  WHERE u.workspace_id = %(workspace)s AND u.id = e.user_id), '')
  FROM found e LEFT JOIN person p ON p.id = e.person_id LEFT JOIN gone ON gone.person = e.person_id
  LEFT JOIN member m ON m.workspace_id = %(workspace)s AND m.person_id = e.person_id AND m.joined_at IS NOT NULL
 ORDER BY e.seq DESC"""
LEFT = """
SELECT DISTINCT ON (p.id) p.id, coalesce(nullif(p.name, ''), e.data->>'email')
  FROM event e JOIN person p ON p.id = (e.data->>'person')::bigint
 WHERE e.workspace_id = %(workspace)s AND e.type = 'member.removed' AND (e.data->>'joined')::boolean ORDER BY p.id"""


class Entry(NamedTuple):
    """One thing that was done."""

    seq: int
    type: str
    created_at: datetime
    data: dict
    person: int | None  # who did it; None: a user, or Sayso itself
    name: str
    email: str
    user_id: int | None
    user: str  # whom it is about, as we call them; empty: nobody, or they were erased

    @property
    def actor(self) -> str:
        if self.person is not None:
            return self.name or self.email or "Somebody"
        if self.type.startswith(events.BY_ITSELF):
            return "Sayso"
        return f"The user {self.user}" if self.user else "A user"  # not the name alone, which a member may have, too


def types(group: str | None = None) -> list[str]:
    """The types of events that stand in the log, or in one part of it."""
    beginnings = GROUPS[group] if group else tuple(each for part in GROUPS.values() for each in part)
    return [type for type in events.TYPES if type.startswith(beginnings)]


def page(reader: Reader, most: int, *, before: int | None = None, group: str | None = None,
         person: int | None = None) -> list[Entry]:  # fmt: skip
    """What was done, `most` of it, the newest first, `before` the event of this number: of a `group`, by a `person`."""
    place = {"workspace": reader.workspace.id, "before": before, "person": person, "most": most}
    return [Entry(*row) for row in db.rows(LIST, **place, types=types(group))]


def people(reader: Reader) -> dict[int, str]:
    """Who may have done something: the team, and who left it, by their ids; how we call them."""
    here = {each.id: each.name or each.email for each in team.of(reader) if each.has_joined}
    gone = db.rows(LEFT, workspace=reader.workspace.id)
    return here | {id: f"{name} (left)" for id, name in gone if id not in here}
