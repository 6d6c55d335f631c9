"""Erasing one user, so that nothing of them is left but what `remains` says.

One transaction takes what is theirs. What others wrote of them is looked through afterwards (sweeping), and posts that go
for good go with what stands below them (remains.bury)."""

from service import db, events, retention
from service.errors import Conflict, NotFound
from service.feedback import blocked_addresses, exports, guests, joining, letters, remains, sweeping, users, views
from service.feedback.kept import THEIR_FILES, THEIR_LETTERS, THEIRS_BY_ADDRESS
from service.feedback.readers import Reader
from service.feedback.users import MEMBER

# Against every row that would refer to them: what they were just doing is through, and nothing new begins.
HOLD = """
SELECT u.email, u.name, EXISTS (SELECT FROM member m
                         WHERE m.workspace_id = u.workspace_id AND u.external_id = %(member)s || m.person_id)
  FROM "user" u WHERE u.workspace_id = %(workspace)s AND u.id = %(user)s FOR UPDATE"""
EMPTY_COMMENTS = """
WITH before AS (
  SELECT id, post_number, NOT internal AND held_at IS NULL AND deleted_at IS NULL AS counted FROM comment
   WHERE workspace_id = %(workspace)s AND user_id = %(user)s
), emptied AS (
  UPDATE comment SET body = '', official = false, deleted_at = coalesce(deleted_at, now()) FROM before
   WHERE workspace_id = %(workspace)s AND comment.id = before.id
), counted AS (
  SELECT post_number, count(*) AS comments FROM before WHERE counted GROUP BY post_number
)
UPDATE post SET comments = post.comments - counted.comments FROM counted
 WHERE workspace_id = %(workspace)s AND number = counted.post_number"""
DELETE_FILES = f"""
DELETE FROM file f WHERE workspace_id = %(workspace)s AND {THEIR_FILES} RETURNING sha256, thumbnail_sha256"""
# Kept answers are sealed, so nobody can say which of them speak of this user: all go, a day early.
FORGET_ANSWERS = "DELETE FROM repeated_request WHERE workspace_id = %(workspace)s"
# Events of their doing, about a post of theirs, or about what they said (`told`), which stay with the post where that stood
# then; `around` are all there that speak of a comment. Each part reads an index, and so does what is looked up by
# them: a join of all letters with all events would take seconds.
THEIR_EVENTS = """
WITH RECURSIVE said AS MATERIALIZED (
  SELECT id::text AS id, post_number, origin_number FROM comment WHERE workspace_id = %(workspace)s AND user_id = %(user)s
), stood (number) AS (
  SELECT post_number FROM said UNION SELECT origin_number FROM said WHERE origin_number IS NOT NULL
   UNION
  SELECT merged.number FROM stood CROSS JOIN LATERAL (
    SELECT (e.data->>'into')::integer AS number FROM event e
     WHERE e.workspace_id = %(workspace)s AND e.post_number = stood.number AND e.type = 'post.merged' OFFSET 0) merged
), around AS MATERIALIZED (
  SELECT seq, data->>'comment' IN (SELECT id FROM said) AS is_theirs FROM event
   WHERE workspace_id = %(workspace)s AND post_number = ANY(ARRAY(SELECT number FROM stood)) AND data ? 'comment'
), told AS MATERIALIZED (
  SELECT seq FROM event WHERE workspace_id = %(workspace)s AND user_id = %(user)s
   UNION
  SELECT seq FROM event WHERE workspace_id = %(workspace)s AND post_number = ANY(ARRAY(
         SELECT number FROM post WHERE workspace_id = %(workspace)s AND author_id = %(user)s))
   UNION
  SELECT seq FROM around WHERE is_theirs
)"""
# What others were told of them names them, in letters of their doing, about a post of theirs or of what they said. Those
# that still wait get no text when they are sent either: what is empty stays empty (letters.FINISH).
EMPTY_LETTERS = f"""{THEIR_EVENTS}, found AS (
  SELECT l.id FROM told CROSS JOIN LATERAL (
    SELECT id FROM letter WHERE workspace_id = %(workspace)s AND event_seq = told.seq OFFSET 0) l
   UNION
  SELECT l.id FROM around CROSS JOIN LATERAL (
    SELECT id, data FROM letter
     WHERE workspace_id = %(workspace)s AND event_seq = around.seq AND post_number IS NOT NULL OFFSET 0) l
   CROSS JOIN LATERAL jsonb_array_elements_text(l.data->'comments') AS gathered (id)
   WHERE gathered.id IN (SELECT id FROM said)
)
UPDATE letter SET subject = '', text = '', html = ''
 WHERE workspace_id = %(workspace)s AND id = ANY(ARRAY(SELECT id FROM found))"""
# The same of what endpoints were told. What still waits is written anew when it is sent, from what is left.
EMPTY_DELIVERIES = f"""{THEIR_EVENTS}, emptied AS (
  UPDATE delivery SET body = NULL WHERE workspace_id = %(workspace)s AND event_seq = ANY(ARRAY(SELECT seq FROM told))
  RETURNING id
)
UPDATE delivery_attempt SET answer = NULL
 WHERE workspace_id = %(workspace)s AND delivery_id = ANY(ARRAY(SELECT id FROM emptied))"""
EMPTY_META = "UPDATE post SET meta = '{}' WHERE workspace_id = %(workspace)s AND author_id = %(user)s AND meta <> '{}'"
# What a post said in the fields of another board is kept only to undo its move (actions.step).
EMPTY_STEPS = """
WITH theirs AS MATERIALIZED (
  SELECT number FROM post WHERE workspace_id = %(workspace)s AND author_id = %(user)s
)
UPDATE action a SET steps = (
  SELECT jsonb_agg(CASE WHEN (step->>'post')::integer IN (SELECT number FROM theirs) THEN step - 'fields' ELSE step END
                   ORDER BY place)
    FROM jsonb_array_elements(a.steps) WITH ORDINALITY AS each (step, place))
 WHERE a.workspace_id = %(workspace)s AND a.kind = 'board' AND EXISTS (
       SELECT FROM jsonb_array_elements(a.steps) step
        WHERE step ? 'fields' AND (step->>'post')::integer IN (SELECT number FROM theirs))"""
DELETE_LETTERS = f"""
WITH gone AS (
  DELETE FROM letter WHERE workspace_id = %(workspace)s AND {THEIR_LETTERS} RETURNING id
)
DELETE FROM job USING gone WHERE job.workspace_id = %(workspace)s AND job.kind = %(kind)s AND job.claim IS NULL
   AND job.args = jsonb_build_object('letter', gone.id)"""
DELETE_BY_ADDRESS = [
    f"DELETE FROM {table} WHERE workspace_id = %(workspace)s AND {THEIRS_BY_ADDRESS}"
    for table in ("mailing", "user_link", "suppression")
]
# Those that asked them to confirm an address, which is theirs only then.
DELETE_QUESTIONS = """
WITH gone AS (
  DELETE FROM letter l USING event e WHERE l.workspace_id = %(workspace)s AND l.kind = %(kind)s
     AND e.workspace_id = l.workspace_id AND e.seq = l.event_seq AND e.user_id = %(user)s
  RETURNING l.id, lower(l.to_email) AS email
), forgotten AS (
  DELETE FROM suppression s USING gone WHERE s.workspace_id = %(workspace)s AND s.email = gone.email
     AND NOT EXISTS (SELECT FROM "user" u WHERE u.workspace_id = %(workspace)s AND u.id <> %(user)s
                        AND lower(u.email) = gone.email)
)
DELETE FROM job USING gone WHERE job.workspace_id = %(workspace)s AND job.kind = %(job)s AND job.claim IS NULL
   AND job.args = jsonb_build_object('letter', gone.id)"""
EXPORTS_GONE = "It was deleted because a user was erased who stood in it. Make a new one."
# Files that came in whole and hold everybody: what was made of them stays.
FORGET_IMPORTS = "DELETE FROM import_part WHERE workspace_id = %(workspace)s"
# One that runs has a copy of its file, and would make them anew.
STOP_IMPORTS = """
UPDATE import SET state = 'stopped', finished_at = now(),
       said = 'A user was erased who may stand in the file, so it was deleted. Send it again to go on.'
 WHERE workspace_id = %(workspace)s AND state IN ('waiting', 'running')"""
FORGET_DRAFTS = "DELETE FROM import WHERE workspace_id = %(workspace)s AND state = 'draft'"
FORGET_IMPORTED = """
DELETE FROM imported WHERE workspace_id = %(workspace)s AND local = %(user)s
   AND (kind IN ('made user', 'person', 'vote', 'follower') OR kind LIKE 'reaction %%')"""
# What hangs on them goes with the row (follows, segments, reactions) or stays without a name (posts, comments, events).
DELETE_USER = 'DELETE FROM "user" WHERE workspace_id = %(workspace)s AND id = %(user)s'


@db.verb
def erase(reader: Reader, external_id: str) -> None:
    """Forget a user: follows, files, letters, what they wanted to be told and saved views that name them go, comments lose
    their text, events whose doing they were, letters to the team and deliveries to endpoints what they said of it; of their
    posts and votes stays what `remains` says. NotFound when there is none, so the second time too; Conflict when they are of
    the team."""
    workspace, user = reader.workspace.id, users.find(reader.workspace, external_id).id
    place = {"workspace": workspace, "user": user}
    email, name = hold(place, reader.workspace.name)
    actor = reader._replace(user=None) if reader.user == user else reader
    stays = remains.of(reader)
    sweeping.begin(place, email, by_team=reader.user != user)
    forget_what_was_told(place)
    remains.settle_votes(place, stays.votes)
    db.changed(EMPTY_COMMENTS, **place)
    hashes = [bytes(each) for row in db.rows(DELETE_FILES, **place) for each in row if each]
    retention.drop(workspace, hashes)
    if email:
        forget_address(place, email)
    if stays.posts:
        remains.unname(place, name)
        remains.forget_addresses(place, name, email)
        db.changed(EMPTY_META, **place)
    else:
        remains.bury(actor, user)
    views.forget(actor, external_id, email)
    # takes the counter, and only then the row goes: with it go the rows of segment_user, which segments.sort holds while it
    # has the counter
    events.record("user.erased", workspace, **actor.actor())
    db.changed(DELETE_USER, **place)


def forget_what_was_told(place: dict) -> None:
    """Take what they said, and what is kept to undo or to repeat, out of what was written down elsewhere."""
    for statement in (EMPTY_LETTERS, EMPTY_DELIVERIES, EMPTY_STEPS, FORGET_ANSWERS, STOP_IMPORTS, FORGET_DRAFTS,
                      FORGET_IMPORTS, FORGET_IMPORTED):  # fmt: skip
        db.changed(statement, **place)
    db.changed(DELETE_QUESTIONS, **place, kind=guests.LETTER, job=letters.SEND)
    exports.forget_all(place["workspace"], EXPORTS_GONE)


def forget_address(place: dict, email: str) -> None:
    db.changed(DELETE_LETTERS, **place, email=email, kind=letters.SEND)
    for statement in DELETE_BY_ADDRESS:
        db.changed(statement, **place, email=email)
    blocked_addresses.forget(place["workspace"], email)


def hold(place: dict, team: str) -> tuple[str | None, str]:
    """Hold the user and all they had to do with, until the transaction ends; returns their address and name."""
    db.rows(joining.HOLD_POSTS, **place)
    held = db.row(HOLD, **place, member=MEMBER)
    if held is None:  # erased by somebody else, while we waited
        raise NotFound("There is no such user.")
    email, name, is_member = held
    if is_member:
        raise Conflict("This is someone of the team; remove them from it first.", "is_member", team)
    db.rows(joining.HOLD_POSTS, **place)  # with what they did while we waited
    return email, name
