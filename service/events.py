"""record(): the one statement in which every verb ends.

It takes the workspace's next event number, writes the event and enqueues the job from which everything follows (letters,
vectors, webhooks): they appear together with what caused them, or not at all. The number is taken last, so within a
workspace the order of numbers is the order of commits, and a reader that remembers the last one it saw misses nothing."""

from psycopg2.extras import Json

from service import db, jobs

FOLLOW_UP = "event.follow_up"  # kind of the job; never renamed, old ones may be waiting
HINT = "sayso_event"  # NOTIFY channel; the payload is the workspace's id
QUIET = {"vote.created", "vote.deleted"}  # too many for a job and a hint each; the stream looks once a second

RECORD = """
WITH taken AS (
  UPDATE workspace_counter SET next_event = next_event + 1 WHERE workspace_id = %(workspace)s
  RETURNING next_event - 1 AS seq
), event AS (
  INSERT INTO event (workspace_id, seq, type, public, post_number, user_id, person_id, data)
  SELECT %(workspace)s, seq, %(type)s, %(public)s, %(post)s, %(user)s, %(person)s, %(data)s FROM taken
), job AS (
  INSERT INTO job (workspace_id, kind, args)
  SELECT %(workspace)s, %(kind)s, jsonb_build_object('seq', seq) FROM taken WHERE NOT %(quiet)s
)
SELECT seq FROM taken"""

LATEST = "SELECT next_event - 1 FROM workspace_counter WHERE workspace_id = %(workspace)s"


def record(type: str, workspace_id: int, *, public: bool = False, post: int | None = None, user: int | None = None,
           person: int | None = None, data: dict | None = None) -> int:  # fmt: skip
    """Write what happened, as the last statement of a verb's transaction; returns the event's number.

    Who did it is a `user` or a member (`person`); neither means Sayso itself. `data` is small JSON. `public` events of
    posts on public boards are heard by users' open pages; what is for members only must not be."""
    quiet = type in QUIET
    seq = db.row(RECORD, workspace=workspace_id, type=type, public=public, post=post, user=user, person=person,
                 data=Json(data or {}), kind=FOLLOW_UP, quiet=quiet)[0]  # fmt: skip
    if not quiet:
        db.notify(jobs.HINT)
        db.notify(HINT, str(workspace_id))
    return seq


def latest(workspace_id: int) -> int:
    """The number of the newest event; 0 when nothing has happened yet."""
    return db.row(LATEST, workspace=workspace_id)[0]
