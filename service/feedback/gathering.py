"""Who hears of a comment, and the letter that gathers what is said below a post within an hour, so that much talk is still
one letter."""

from typing import NamedTuple

from service import db, jobs
from service.errors import NotFound
from service.feedback import comments, letters
from service.feedback.activity import Event
from service.feedback.followers import HEARING
from service.feedback.letters import Letter
from service.feedback.readers import IS_MEMBER, admitted, readable

LETTER = "reply"  # kind of the letter that gathers
SECONDS = 3600  # from its first comment until it is written

# SQL: comments `c` that the user `u` may read, wants to hear of and did not write; not of somebody whom the team keeps out
OF_OTHERS = f"""
  comment c JOIN follower f ON f.workspace_id = c.workspace_id AND f.post_number = c.post_number {HEARING}
     AND c.workspace_id = %(workspace)s AND NOT c.internal AND c.held_at IS NULL AND c.deleted_at IS NULL
     AND {comments.ADMITTED.format(admitted=admitted(IS_MEMBER, "u.id"))} AND NOT EXISTS (
         SELECT FROM "user" author WHERE author.workspace_id = c.workspace_id AND author.id = c.user_id
            AND (author.id = u.id OR lower(author.email) = lower(u.email) OR author.blocked_at IS NOT NULL))"""
# Everybody who follows its post; of each comment once, however often it is made the official answer.
TO_FOLLOWERS = letters.ADDRESS.format(readers=f"""
  SELECT DISTINCT ON (lower(u.email)) u.email FROM {OF_OTHERS}
     AND c.id = %(comment)s AND c.official AND NOT EXISTS (
         SELECT FROM letter l JOIN event e ON e.workspace_id = l.workspace_id AND e.seq = l.event_seq
          WHERE l.workspace_id = c.workspace_id AND lower(l.to_email) = lower(u.email) AND l.kind = %(kind)s
            AND e.data->>'comment' = c.id::text)
   ORDER BY lower(u.email)""")
# Whoever wrote the post, or commented on it before, and still follows it; not who has a letter of this comment already.
TALKERS = f"""
  SELECT DISTINCT ON (lower(u.email)) u.email, c.post_number FROM {OF_OTHERS}
     AND c.id = %(comment)s AND NOT c.official AND (p.author_id = u.id OR EXISTS (
         SELECT FROM comment own WHERE own.workspace_id = c.workspace_id AND own.post_number = c.post_number
            AND own.user_id = u.id AND own.id < c.id AND own.held_at IS NULL AND own.deleted_at IS NULL))
     AND NOT EXISTS (
         SELECT FROM letter l WHERE l.workspace_id = c.workspace_id AND lower(l.to_email) = lower(u.email)
            AND (l.event_seq = %(event)s OR l.data->'comments' @> to_jsonb(c.id)))
   ORDER BY lower(u.email)"""
# One that is not begun takes the comment in; the first comment of a letter makes its job.
GATHER = f"""
WITH reader AS ({TALKERS}), gathered AS (
  INSERT INTO letter AS l (workspace_id, event_seq, kind, to_email, post_number, data)
  SELECT %(workspace)s, %(event)s, %(kind)s, email, post_number,
         jsonb_build_object('comments', jsonb_build_array(%(comment)s)) FROM reader
  ON CONFLICT (workspace_id, post_number, lower(to_email), kind)
        WHERE post_number IS NOT NULL AND begun_at IS NULL AND state = 'waiting'
  DO UPDATE SET data = jsonb_set(l.data, '{{comments}}', l.data->'comments' || to_jsonb(%(comment)s::bigint))
  RETURNING id, jsonb_array_length(data->'comments') = 1 AS is_new
)
INSERT INTO job (workspace_id, kind, queue, args, run_at)
SELECT %(workspace)s, %(job)s, %(queue)s, jsonb_build_object('letter', id), now() + %(seconds)s * interval '1 second'
  FROM gathered WHERE is_new"""
BEGIN = """
UPDATE letter SET begun_at = coalesce(begun_at, now()) WHERE workspace_id = %(workspace)s AND id = %(id)s
RETURNING post_number, data->'comments'"""
LEFT = f"""
SELECT DISTINCT ON (c.id) c.id, c.post_number, c.body, coalesce(p.author_id = u.id, false) AS is_own,
       (SELECT name FROM "user" w WHERE w.workspace_id = c.workspace_id AND w.id = c.user_id),
       (SELECT kind = 'member' FROM "user" w WHERE w.workspace_id = c.workspace_id AND w.id = c.user_id)
  FROM {OF_OTHERS} AND lower(u.email) = lower(%(email)s) AND c.id = ANY(%(comments)s) AND c.official = %(official)s
 ORDER BY c.id, is_own DESC"""
# Since the letter before this one, or in the hour before its first comment and the one after.
VOTES = """
SELECT count(*) FROM vote v, letter l
 WHERE l.workspace_id = %(workspace)s AND l.id = %(id)s AND v.workspace_id = l.workspace_id AND v.post_number = %(post)s
   AND v.merged_from IS NULL AND v.created_at <= l.begun_at AND v.created_at > greatest(
       l.created_at - %(seconds)s * interval '1 second', (
       SELECT max(o.begun_at) FROM letter o WHERE o.workspace_id = l.workspace_id AND o.id < l.id AND o.kind = l.kind
          AND o.post_number = l.post_number AND lower(o.to_email) = lower(l.to_email)))
   AND NOT EXISTS (SELECT FROM "user" u WHERE u.workspace_id = v.workspace_id AND u.id = v.user_id
                      AND lower(u.email) = lower(l.to_email))"""
HEARS = f"""
SELECT FROM post p JOIN "user" u ON u.workspace_id = p.workspace_id
 WHERE p.workspace_id = %(workspace)s AND p.number = %(number)s AND lower(u.email) = lower(%(email)s)
   AND u.blocked_at IS NULL AND {readable(IS_MEMBER, "u.id")}"""


class Said(NamedTuple):
    """A comment, as a letter tells of it."""

    id: int
    post: int  # where it is shown by now
    body: str
    is_own: bool  # the post is its reader's own
    author: str | None
    by_team: bool | None


def address(event: Event, comment: int) -> None:
    """Have a comment told to those who talk below its post, in the letter that waits for each of them or in a new one."""
    made = db.changed(GATHER, workspace=event.workspace_id, event=event.seq, kind=LETTER, comment=comment, job=letters.SEND,
                      queue=letters.QUEUE, seconds=SECONDS)  # fmt: skip
    if made:
        db.notify(jobs.HINT)


def begin(workspace_id: int, letter: Letter) -> tuple[list[Said], int]:
    """What a gathering letter has to tell, by what its reader may hear of now: comments, and for the author of the post how
    many voted for it meanwhile. What is said from here on is told by another letter, so this must be committed before what
    it returns is used. NotFound when nothing is left."""
    place = {"workspace": workspace_id, "id": letter.id}
    _, gathered = db.row(BEGIN, **place)
    found = said(workspace_id, letter, gathered)
    if not found[0].is_own:
        return found, 0
    [votes] = db.row(VOTES, **place, post=found[0].post, seconds=SECONDS)
    return found, votes


def said(workspace_id: int, letter: Letter, ids: list[int], *, official: bool = False) -> list[Said]:
    """Those of these comments that the reader of this letter may hear of now, the oldest first; NotFound without any."""
    place = {"workspace": workspace_id, "email": letter.to_email, "kind": letter.kind}
    found = [Said(*row) for row in db.rows(LEFT, **place, comments=ids, official=official)]
    if not found:
        raise NotFound("There is nothing left to tell.")
    return found


def may_read(workspace_id: int, email: str, number: int) -> bool:
    """Whether somebody of this address may read this post now."""
    return db.row(HEARS, workspace=workspace_id, email=email, number=number) is not None
