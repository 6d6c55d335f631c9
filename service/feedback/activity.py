"""The event log, read: by the worker for what follows, by a post's page for its history, by the stream for browsers."""

from datetime import datetime
from typing import NamedTuple

from service import db, events
from service.errors import Invalid
from service.feedback import members

FIND = """
SELECT workspace_id, seq, type, post_number, user_id, person_id, data, created_at FROM event
 WHERE workspace_id = %(workspace)s AND seq = %(seq)s"""
# A comment's also where it was written, wherever a merge has moved it.
MADE = """
SELECT DISTINCT ON (type) workspace_id, seq, type, post_number, user_id, person_id, data, created_at FROM event
 WHERE workspace_id = %(workspace)s AND type = ANY(%(types)s)
   AND (post_number = %(number)s OR post_number = (
        SELECT origin_number FROM comment WHERE workspace_id = %(workspace)s AND id = %(comment)s))
   AND (%(comment)s IS NULL OR (data->>'comment')::bigint = %(comment)s)
 ORDER BY type, seq DESC"""
HISTORY = f"""
SELECT e.type, coalesce(p.name, u.name, ''), coalesce({members.address("p")}, u.email), e.person_id IS NOT NULL,
       e.data, e.created_at, e.seq
  FROM event e
  LEFT JOIN person p ON p.id = e.person_id
  LEFT JOIN "user" u ON u.workspace_id = e.workspace_id AND u.id = e.user_id
 WHERE e.workspace_id = %(workspace)s AND e.post_number = %(number)s
   AND e.type NOT IN ('vote.created', 'vote.deleted', 'follower.created', 'follower.deleted')
   AND (%(before)s IS NULL OR e.seq < %(before)s)
 ORDER BY e.seq DESC LIMIT %(most)s"""
# For each workspace what is newer than the number given with it, oldest first; who is far behind gets the newest.
NEWS = """
SELECT c.workspace_id, e.seq, e.type, e.post_number, e.is_public
  FROM unnest(%(workspaces)s::bigint[], %(seen)s::bigint[]) AS seen (workspace_id, seq)
  JOIN workspace_counter c ON c.workspace_id = seen.workspace_id AND c.next_event - 1 > seen.seq
 CROSS JOIN LATERAL (
   SELECT e.seq, e.type, e.post_number,
          e.public AND coalesce(b.access = 'public' AND p.held_at IS NULL, e.type = 'changelog.published') AS is_public
     FROM event e
     LEFT JOIN post p ON p.workspace_id = e.workspace_id AND p.number = e.post_number
     LEFT JOIN board b ON b.workspace_id = p.workspace_id AND b.id = p.board_id
    WHERE e.workspace_id = c.workspace_id AND (e.type NOT LIKE ALL (%(for_admins)s) OR e.type = ANY(%(enough)s))
      AND e.seq > greatest(seen.seq, c.next_event - 1 - %(most)s)
    ORDER BY e.seq) e
 ORDER BY e.seq"""

AFTER = """
SELECT e.seq, e.type, e.post_number, e.data::text, e.created_at, e.user_id, u.external_id, u.name, e.person_id, p.name
  FROM event e
  LEFT JOIN "user" u ON u.workspace_id = e.workspace_id AND u.id = e.user_id
  LEFT JOIN person p ON p.id = e.person_id
 WHERE e.workspace_id = %(workspace)s AND e.seq > %(after)s AND e.type = ANY(%(types)s) ORDER BY e.seq LIMIT %(most)s"""

# What was undone is as if it had never happened, and so is its undoing; what still can be may come to be so.
MOVED_SINCE = """
WITH later AS MATERIALIZED (
  SELECT seq, data->>'to' AS at, (data->>'undo_of')::bigint AS undo_of,
         coalesce(extract(epoch FROM created_at - now()) + (data->>'undo_seconds')::integer, 0) AS seconds FROM event
   WHERE workspace_id = %(workspace)s AND post_number = %(post)s AND seq > %(seq)s AND type = 'post.status_changed'
)
SELECT greatest(0, min(seconds))::float FROM later WHERE undo_of = %(seq)s OR (
       at <> %(to)s AND coalesce(undo_of < %(seq)s, true)
   AND NOT EXISTS (SELECT FROM later undoing WHERE undoing.undo_of = later.seq))
HAVING count(*) > 0"""

FOR_ADMINS = ("key.", "member.", "endpoint.", "webhook.", "identity_secret.", "widget_key.", "address.", "payment.",
              "export.", "import.")  # types that begin so tell of what only admins may list
ENOUGH = ("key.deleted", "member.removed", "member.signed_out")  # somebody may hear no more of what the team hears


class Event(NamedTuple):
    workspace_id: int
    seq: int
    type: str
    post_number: int | None
    user_id: int | None
    person_id: int | None
    data: dict
    created_at: datetime


class Entry(NamedTuple):
    """One line of a post's history."""

    type: str
    actor_name: str
    actor_email: str | None
    by_team: bool
    data: dict
    created_at: datetime
    seq: int

    @property
    def actor(self) -> str:
        unknown = "Sayso" if not self.by_team and self.type.startswith(events.BY_ITSELF) else "Someone"
        return self.actor_name or self.actor_email or unknown


class Happened(NamedTuple):
    """An event as programs read it."""

    seq: int
    type: str
    post_number: int | None
    data: str  # JSON
    created_at: datetime
    user_id: int | None
    external_id: str | None
    user_name: str | None
    person_id: int | None
    person_name: str | None

    @property
    def actor(self) -> str:
        """Who did it: a `member`, a `user`, who may be erased by now, or `sayso` itself."""
        if self.person_id is not None:
            return "member"
        return "sayso" if self.user_id is None and self.type.startswith(events.BY_ITSELF) else "user"


class News(NamedTuple):
    """An event as a browser hears of it."""

    seq: int
    type: str
    post: int | None
    public: bool


def find(workspace_id: int, seq: int) -> Event | None:
    """The event with this number; None when it was pruned."""
    row = db.row(FIND, workspace=workspace_id, seq=seq)
    return Event(*row) if row else None


def making(workspace_id: int, number: int, comment: int | None = None) -> list[Event]:
    """The event that a post was made, or a comment, and the last that its words were changed; without what was pruned."""
    types = ["post.created", "post.updated"] if comment is None else ["comment.created", "comment.updated"]
    place = {"workspace": workspace_id, "number": number, "comment": comment}
    return [Event(*row) for row in db.rows(MADE, **place, types=types)]


def history(workspace_id: int, number: int, most: int = 100, before: int | None = None) -> list[Entry]:
    """What happened to a post besides who votes and follows, `most` of it, the newest first, `before` this event number."""
    return [Entry(*row) for row in db.rows(HISTORY, workspace=workspace_id, number=number, most=most, before=before)]


def moved_since(event: Event) -> float | None:
    """Whether this event, which set a post to a status, was undone, or the post was set to another one after it: None when
    not, else for how many seconds that can still be undone; 0 when it cannot."""
    place = {"workspace": event.workspace_id, "post": event.post_number, "seq": event.seq, "to": event.data["to"]}
    row = db.row(MOVED_SINCE, **place)
    return row and row[0]


def news(seen: dict[int, int], most: int) -> dict[int, list[News]]:
    """What happened in each workspace after the event number given with it, at most so many back, the oldest first."""
    found, for_admins = {}, [f"{prefix}%" for prefix in FOR_ADMINS]
    place = {"workspaces": list(seen), "seen": list(seen.values()), "most": most}
    for workspace_id, *event in db.rows(NEWS, **place, for_admins=for_admins, enough=list(ENOUGH)):
        found.setdefault(workspace_id, []).append(News(*event))
    return found


def after(workspace_id: int, seq: int, most: int, types: str | None = None, *, is_admin: bool = False) -> list[Happened]:
    """What happened after the event of this number, the oldest first; of these types only, when some are given (with
    commas between them). Numbers grow in the order of commits, so what is read once is never followed by a lower one.

    Of keys and members only admins hear. Raises Invalid for a type that does not exist."""
    wanted = [type for type in chosen(types) if is_admin or not type.startswith(FOR_ADMINS)]
    return [Happened(*row) for row in db.rows(AFTER, workspace=workspace_id, after=seq, most=most, types=wanted)]


def chosen(types: str | None) -> list[str]:
    wanted = types.split(",") if types else events.TYPES
    for type in wanted:
        if type not in events.TYPES:
            raise Invalid(type=f"There is no type “{type[:40]}”; there are: {', '.join(events.TYPES)}.")
    return list(wanted)
