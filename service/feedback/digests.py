"""What happened lately in a workspace, for those of the team who want to read it together: every day or every Monday at
eight in the morning, by their own clock.

A digest tells of what happened from one eight o'clock to the next, in the days of the reader's time zone, however long they
are and whenever the job came round: nothing is told twice, and nothing is left out."""

from datetime import date, datetime
from typing import NamedTuple

from psycopg2.extras import Json

from service import db, jobs
from service.feedback import letters, preferences
from service.jobs import Job

DUE = "digest.due"  # kind of the job
DIGEST, NEW_POSTS = "digest", "new_posts"  # kinds of letters
AT_ONCE = 500  # members a statement
MOST = 10  # of each list in a letter
TELLING = {  # kind of letter → types of the events without which there is nothing to tell
    DIGEST: ["post.created", "post.status_changed", "comment.created", "changelog.published", "vote.created"],
    NEW_POSTS: ["post.created"],
}

# The operator's own work, so it looks at all workspaces. Whose row another process holds comes up at the next round; the day
# is noted and the letter is written down in one statement, so two hosts never send two. Eight o'clock is on every day of
# every zone; a zone that PostgreSQL does not know counts as UTC. The letter's event is the newest of those that it tells of.
TAKE = """
WITH due AS MATERIALIZED (
  SELECT m.workspace_id, m.person_id, zone, today, digested_on, is_digest, is_digest AND digest = 'weekly' AS is_weekly
    FROM member m
   CROSS JOIN LATERAL (SELECT CASE WHEN m.time_zone = ANY(%(zones)s) THEN m.time_zone ELSE 'UTC' END AS zone) clock
   CROSS JOIN LATERAL (SELECT coalesce(%(at)s::timestamptz, now()) AS at) moment
   CROSS JOIN LATERAL (SELECT (at AT TIME ZONE zone)::date AS today, (at AT TIME ZONE zone)::time AS hour) local
   CROSS JOIN LATERAL (
     SELECT m.digest = 'daily' OR (m.digest = 'weekly' AND extract(isodow FROM today) = 1) AS is_digest) wanted
   WHERE hour >= '08:00' AND coalesce(digested_on < today, true) AND m.joined_at <= at - interval '1 day'
     AND (is_digest OR m.new_posts = 'daily')
   ORDER BY m.workspace_id, m.person_id LIMIT %(most)s FOR NO KEY UPDATE OF m SKIP LOCKED
), noted AS (
  UPDATE member m SET digested_on = today FROM due
   WHERE m.workspace_id = due.workspace_id AND m.person_id = due.person_id
), span AS MATERIALIZED (
  SELECT workspace_id, person_id, first, today, CASE WHEN is_digest THEN 'digest' ELSE 'new_posts' END AS kind,
         CASE WHEN is_weekly THEN 'weekly' ELSE 'daily' END AS period,
         (first + time '08:00') AT TIME ZONE zone AS since, (today + time '08:00') AT TIME ZONE zone AS until
    FROM due CROSS JOIN LATERAL (
     SELECT CASE WHEN is_weekly THEN least(today - 7, greatest(coalesce(digested_on, today - 7), today - 14))
                 ELSE greatest(coalesce(digested_on, today - 1), today - 7) END AS first) begins
), told AS (
  SELECT once.*, newest.seq FROM (SELECT DISTINCT workspace_id, kind, since, until FROM span) once CROSS JOIN LATERAL (
    SELECT max(seq) AS seq FROM jsonb_array_elements_text(%(telling)s::jsonb -> once.kind) type CROSS JOIN LATERAL (
      SELECT e.seq, e.created_at FROM event e
       WHERE e.workspace_id = once.workspace_id AND e.type = type.value AND e.created_at < once.until
       ORDER BY e.seq DESC LIMIT 1) last
     WHERE last.created_at >= once.since) newest
), made AS (
  INSERT INTO letter (workspace_id, event_seq, kind, to_email, data)
  SELECT workspace_id, told.seq, kind, p.email,
         jsonb_build_object('since', since, 'until', until, 'period', period, 'from', first, 'to', today)
    FROM span JOIN told USING (workspace_id, kind, since, until) JOIN person p ON p.id = span.person_id
   WHERE told.seq IS NOT NULL
  ON CONFLICT ON CONSTRAINT one_letter_per_event_and_reader DO NOTHING RETURNING workspace_id, id
), sent AS (
  INSERT INTO job (workspace_id, kind, queue, args)
  SELECT workspace_id, %(job)s, %(queue)s, jsonb_build_object('letter', id) FROM made RETURNING id
)
SELECT (SELECT count(*) FROM due), (SELECT count(*) FROM sent)"""

# ── what a letter tells ──

SPAN = "workspace_id = %(workspace)s AND {at} >= %(since)s::timestamptz AND {at} < %(until)s::timestamptz"
SHOWN = "p.deleted_at IS NULL AND p.merged_into IS NULL"
# Nobody is named: letters are kept, and who is erased must not have to be looked for in those that tell of many.
NEW = f"""
SELECT p.number, p.title, b.name, p.votes, p.held_at IS NOT NULL, count(*) OVER ()
  FROM post p JOIN board b ON b.workspace_id = p.workspace_id AND b.id = p.board_id
 WHERE p.{SPAN.format(at="p.created_at")} AND {SHOWN}
 ORDER BY p.held_at IS NOT NULL AND p.held_because NOT IN ('board', 'plan'), p.number DESC LIMIT %(most)s"""  # suspects last
# Not their authors' own. A vote counts once, not again for the post into which its own was merged.
VOTED = f"""
SELECT p.number, p.title, count(*), p.votes, count(*) OVER ()
  FROM vote v JOIN post p ON p.workspace_id = v.workspace_id AND p.number = v.post_number
 WHERE v.{SPAN.format(at="v.created_at")} AND v.merged_from IS NULL AND v.user_id IS DISTINCT FROM p.author_id
   AND {SHOWN} AND p.held_at IS NULL
 GROUP BY p.workspace_id, p.number ORDER BY count(*) DESC, p.number DESC LIMIT %(most)s"""
# Numbers grow with time: what is older than the oldest of the span is not looked at, however long the log is.
EVENTS = f"""
{SPAN.format(at="e.created_at")} AND e.seq > coalesce((
  SELECT o.seq FROM event o WHERE o.workspace_id = %(workspace)s AND o.created_at < %(since)s::timestamptz
   ORDER BY o.seq DESC LIMIT 1), 0)"""
# What came back to where it was has not moved.
MOVED = f"""
WITH moved AS (
  SELECT e.post_number, max(e.seq) AS seq, (array_agg(e.data ORDER BY e.seq))[1] ->> 'from' AS was,
         (array_agg(e.data ORDER BY e.seq DESC))[1] AS last
    FROM event e WHERE e.{EVENTS} AND e.type = 'post.status_changed' GROUP BY e.post_number
)
SELECT p.number, p.title, last ->> 'name', last ->> 'color', count(*) OVER ()
  FROM moved JOIN post p ON p.workspace_id = %(workspace)s AND p.number = moved.post_number
 WHERE was <> last ->> 'to' AND {SHOWN} ORDER BY moved.seq DESC LIMIT %(most)s"""
TALK = f"""
SELECT count(DISTINCT c.id), count(DISTINCT c.id) FILTER (WHERE c.official) FROM event e
  JOIN comment c ON c.workspace_id = e.workspace_id AND c.id = (e.data ->> 'comment')::bigint
  JOIN post p ON p.workspace_id = c.workspace_id AND p.number = c.post_number
 WHERE e.{EVENTS} AND NOT e.data ? 'held' AND e.type IN ('comment.created', 'comment.approved')
   AND NOT c.internal AND c.held_at IS NULL AND c.deleted_at IS NULL AND p.deleted_at IS NULL"""
PUBLISHED = f"""
SELECT e.id, e.title, count(*) OVER () FROM changelog_entry e
 WHERE e.{SPAN.format(at="e.published_at")} ORDER BY e.published_at DESC, e.id DESC LIMIT %(most)s"""


class NewPost(NamedTuple):
    number: int
    title: str
    board: str
    votes: int
    is_held: bool


class Voted(NamedTuple):
    number: int
    title: str
    gained: int
    votes: int


class Moved(NamedTuple):
    number: int
    title: str
    status: str  # as it was called when it got there
    color: str


class Published(NamedTuple):
    id: int
    title: str


class Part(NamedTuple):
    """The first few of what there is to tell of one kind, and how many there are."""

    few: list
    count: int

    @property
    def more(self) -> int:
        return self.count - len(self.few)


class Digest(NamedTuple):
    """What happened in a workspace; each part may be empty, but not all."""

    new: Part
    voted: Part
    moved: Part
    published: Part
    comments: int
    official: int  # of them


NOTHING = Part([], 0)


def send_due(job: Job) -> None:  # noqa: ARG001 (a handler takes its job)
    """Have a letter sent to everyone whose hour has come."""
    while take() == AT_ONCE:
        pass


@db.verb
def take(at: datetime | None = None) -> int:
    """Write down the letters to those whose hour has come by this moment (None: now), at most AT_ONCE members; returns how
    many there were. Nothing happened: no letter, and the day is done all the same."""
    members, made = db.row(TAKE, at=at, zones=list(preferences.zones()), most=AT_ONCE, telling=Json(TELLING),
                           job=letters.SEND, queue=letters.QUEUE)  # fmt: skip
    if made:
        db.notify(jobs.HINT)
    return members


def read(workspace_id: int, kind: str, since: str, until: str) -> Digest | None:
    """What happened in this span, for a letter of this kind; None when nothing did, or it is gone by now."""
    span = {"workspace": workspace_id, "since": since, "until": until, "most": MOST}
    new = part(NewPost, NEW, span)
    if kind == NEW_POSTS:
        return Digest(new, NOTHING, NOTHING, NOTHING, 0, 0) if new.few else None
    others = [part(each, sql, span) for each, sql in ((Voted, VOTED), (Moved, MOVED), (Published, PUBLISHED))]
    comments, official = db.row(TALK, **span)
    return Digest(new, *others, comments, official) if comments or any(each.few for each in (new, *others)) else None


def part(each: type, sql: str, span: dict) -> Part:
    rows = db.rows(sql, **span)
    return Part([each(*row[:-1]) for row in rows], rows[0][-1] if rows else 0)


def days(data: dict) -> tuple[date, date]:
    """The first and the last day of which a letter with this data tells, by its reader's calendar."""
    return date.fromisoformat(data["from"]), date.fromisoformat(data["to"])


def makes_up(data: dict) -> bool:
    """Whether a letter with this data tells of more than its day or week: those before were missed."""
    first, last = days(data)
    return (last - first).days > (7 if data["period"] == "weekly" else 1)
