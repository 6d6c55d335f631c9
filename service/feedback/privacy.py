"""What we keep about one user, all of it in one place, and how it goes."""

from service import db, events, retention
from service.errors import Conflict, NotFound
from service.feedback import blocked_addresses, guests, joining, letters, users, views
from service.feedback.readers import Reader
from service.feedback.users import MEMBER
from service.feedback.workspaces import Workspace

# A file is theirs as what it is part of is: a program with a key sends files for its users.
THEIR_FILES = """CASE
  WHEN f.comment_id IS NOT NULL THEN EXISTS (
    SELECT FROM comment c WHERE c.workspace_id = f.workspace_id AND c.id = f.comment_id AND c.user_id = %(user)s)
  WHEN f.post_number IS NOT NULL THEN EXISTS (
    SELECT FROM post p WHERE p.workspace_id = f.workspace_id AND p.number = f.post_number AND p.author_id = %(user)s)
  ELSE f.user_id = %(user)s END"""
# An address may be somebody else's too, of another user or of the team: then what went there is theirs as well, and stays.
THEIR_ADDRESS = """lower({column}) = lower(%(email)s)
     AND NOT EXISTS (SELECT FROM "user" u WHERE u.workspace_id = %(workspace)s AND u.id <> %(user)s
                        AND lower(u.email) = lower(%(email)s))
     AND NOT EXISTS (SELECT FROM member m JOIN person p ON p.id = m.person_id
                      WHERE m.workspace_id = %(workspace)s AND lower(p.email) = lower(%(email)s))"""
THEIR_LETTERS = THEIR_ADDRESS.format(column="to_email")
THEIRS_BY_ADDRESS = THEIR_ADDRESS.format(column="email")

# part of the export → the names of its columns, and the statement that reads them
KEPT = {
    "posts": ("number title body fields meta created_at edited_at deleted_at", """
SELECT number, title, body, fields::text, meta::text, created_at, edited_at, deleted_at FROM post
 WHERE workspace_id = %(workspace)s AND author_id = %(user)s ORDER BY number"""),
    "revisions": ("post title body replaced_at", """
SELECT post_number, title, body, created_at FROM post_revision r
 WHERE workspace_id = %(workspace)s AND (user_id = %(user)s OR EXISTS (
       SELECT FROM post p WHERE p.workspace_id = r.workspace_id AND p.number = r.post_number AND p.author_id = %(user)s))
 ORDER BY id"""),
    "comments": ("id post body internal official held_at created_at edited_at deleted_at", """
SELECT id, post_number, body, internal, official, held_at, created_at, edited_at, deleted_at FROM comment
 WHERE workspace_id = %(workspace)s AND user_id = %(user)s ORDER BY id"""),
    "votes": ("post merged_from created_at", """
SELECT post_number, merged_from, created_at FROM vote
 WHERE workspace_id = %(workspace)s AND user_id = %(user)s ORDER BY post_number"""),
    "follows": ("post merged_from created_at", """
SELECT post_number, merged_from, created_at FROM follower
 WHERE workspace_id = %(workspace)s AND user_id = %(user)s ORDER BY post_number"""),
    "reactions": ("entry kind created_at", """
SELECT entry_id, kind, created_at FROM changelog_reaction
 WHERE workspace_id = %(workspace)s AND user_id = %(user)s ORDER BY entry_id, kind"""),
    "files": ("id name type size created_at", f"""
SELECT id, name, type, size, created_at FROM file f
 WHERE workspace_id = %(workspace)s AND (f.user_id = %(user)s OR {THEIR_FILES}) ORDER BY id"""),
    "letters": ("kind state created_at sent_at", f"""
SELECT kind, state, created_at, sent_at FROM letter WHERE workspace_id = %(workspace)s AND {THEIR_LETTERS} ORDER BY id"""),
    "mailings": ("muted subscribed_at locale created_at", f"""
SELECT muted, subscribed_at, locale, created_at FROM mailing WHERE workspace_id = %(workspace)s AND {THEIRS_BY_ADDRESS}"""),
    "suppressions": ("reason created_at", f"""
SELECT reason, created_at FROM suppression WHERE workspace_id = %(workspace)s AND {THEIRS_BY_ADDRESS}"""),
    "links": ("purpose created_at used_at", f"""
SELECT purpose, created_at, used_at FROM user_link
 WHERE workspace_id = %(workspace)s AND {THEIRS_BY_ADDRESS} ORDER BY id"""),
    "events": ("id type post data created_at", """
SELECT seq, type, post_number, data::text, created_at FROM event
 WHERE workspace_id = %(workspace)s AND user_id = %(user)s ORDER BY seq"""),
}  # fmt: skip

OF_THE_TEAM = {"traits": "{}", "company_plan": None, "company_mrr": None, "segments": []}  # fields of a Profile

# Against every row that would refer to them: what they were just doing is through, and nothing new begins.
HOLD = """
SELECT u.email, EXISTS (SELECT FROM member m
                         WHERE m.workspace_id = u.workspace_id AND u.external_id = %(member)s || m.person_id)
  FROM "user" u WHERE u.workspace_id = %(workspace)s AND u.id = %(user)s FOR UPDATE"""
# A vote for a merged post has a copy below the other; each counts where it stands.
TAKE_VOTES = """
WITH gone AS (
  DELETE FROM vote WHERE workspace_id = %(workspace)s AND user_id = %(user)s RETURNING post_number
)
UPDATE post SET votes = votes - 1 FROM gone WHERE workspace_id = %(workspace)s AND number = gone.post_number"""
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
# What others were told of them names them, in letters of their doing, about a post of theirs or of what they said. Those
# that still wait get no text when they are sent either: what is empty stays empty (letters.FINISH).
EMPTY_LETTERS = """
UPDATE letter l SET subject = '', text = '', html = '' FROM event e
 WHERE l.workspace_id = %(workspace)s AND e.workspace_id = l.workspace_id AND e.seq = l.event_seq
   AND (e.user_id = %(user)s OR e.post_number IN (
          SELECT number FROM post WHERE workspace_id = %(workspace)s AND author_id = %(user)s)
        OR e.data->>'comment' IN (SELECT id::text FROM comment WHERE workspace_id = %(workspace)s AND user_id = %(user)s)
        OR (l.post_number IS NOT NULL AND EXISTS (
            SELECT FROM jsonb_array_elements_text(l.data->'comments') AS told (id) WHERE told.id IN (
                   SELECT id::text FROM comment WHERE workspace_id = %(workspace)s AND user_id = %(user)s))))"""
# The same of what endpoints were told. What still waits is written anew when it is sent, from what is left.
EMPTY_DELIVERIES = """
WITH theirs AS (
  SELECT d.id FROM delivery d JOIN event e ON e.workspace_id = d.workspace_id AND e.seq = d.event_seq
   WHERE d.workspace_id = %(workspace)s AND (e.user_id = %(user)s
      OR e.post_number IN (SELECT number FROM post WHERE workspace_id = %(workspace)s AND author_id = %(user)s)
      OR (e.type LIKE 'comment.%%' AND (e.data->>'comment')::bigint IN (
          SELECT id FROM comment WHERE workspace_id = %(workspace)s AND user_id = %(user)s)))
), emptied AS (
  UPDATE delivery SET body = NULL WHERE workspace_id = %(workspace)s AND id IN (SELECT id FROM theirs) RETURNING id
)
UPDATE delivery_attempt SET answer = NULL WHERE workspace_id = %(workspace)s AND delivery_id IN (SELECT id FROM emptied)"""
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
# What hangs on them goes with the row (follows, segments, reactions) or stays without a name (posts, comments, events).
DELETE_USER = 'DELETE FROM "user" WHERE workspace_id = %(workspace)s AND id = %(user)s'


def export(workspace: Workspace, external_id: str) -> dict:
    """Everything we keep about a user: `user`, their Profile, and by its name each part of KEPT, as dicts. NotFound
    without the user."""
    profile = users.profile(workspace, external_id)
    place = {"workspace": workspace.id, "user": profile.id, "email": profile.email}
    parts = {
        part: [dict(zip(columns.split(), row, strict=True)) for row in db.rows(sql, **place)]
        for part, (columns, sql) in KEPT.items()
    }
    return {"user": profile, **parts}


def own(workspace: Workspace, external_id: str) -> dict:
    """The same for the user themselves: without what the team says of them and their company."""
    found = export(workspace, external_id)
    posts = [{**post, "fields": "{}"} for post in found["posts"]]
    return {**found, "user": found["user"]._replace(**OF_THE_TEAM), "posts": posts}


@db.verb
def erase(reader: Reader, external_id: str) -> None:
    """Forget a user: votes, follows, files, letters, what they wanted to be told and saved views that name them go, comments
    lose their text, posts their author and what the page sent along, events whose doing they were, letters to the team and
    deliveries to endpoints what they said of it. NotFound when there is none, so the second time too; Conflict when they are
    of the team."""
    workspace, user = reader.workspace.id, users.find(reader.workspace, external_id).id
    place = {"workspace": workspace, "user": user}
    email = hold(place, reader.workspace.name)
    db.changed(TAKE_VOTES, **place)
    db.changed(EMPTY_COMMENTS, **place)
    hashes = [bytes(each) for row in db.rows(DELETE_FILES, **place) for each in row if each]
    retention.drop(workspace, hashes)
    db.changed(EMPTY_LETTERS, **place)
    db.changed(EMPTY_DELIVERIES, **place)
    db.changed(DELETE_QUESTIONS, **place, kind=guests.LETTER, job=letters.SEND)
    db.changed(EMPTY_META, **place)
    db.changed(EMPTY_STEPS, **place)
    db.changed(FORGET_ANSWERS, **place)
    if email:
        db.changed(DELETE_LETTERS, **place, email=email, kind=letters.SEND)
        for statement in DELETE_BY_ADDRESS:
            db.changed(statement, **place, email=email)
        blocked_addresses.forget(workspace, email)
    actor = reader._replace(user=None) if reader.user == user else reader
    views.forget(reader, external_id, email)
    # takes the counter, and only then the row goes: with it go the rows of segment_user, which segments.sort holds while it
    # has the counter
    events.record("user.erased", workspace, **actor.actor())
    db.changed(DELETE_USER, **place)


def hold(place: dict, team: str) -> str | None:
    """Hold the user and all they had to do with, until the transaction ends; returns their address."""
    db.rows(joining.HOLD_POSTS, **place)
    held = db.row(HOLD, **place, member=MEMBER)
    if held is None:  # erased by somebody else, while we waited
        raise NotFound("There is no such user.")
    email, is_member = held
    if is_member:
        raise Conflict("This is someone of the team; remove them from it first.", "is_member", team)
    db.rows(joining.HOLD_POSTS, **place)  # with what they did while we waited
    return email
