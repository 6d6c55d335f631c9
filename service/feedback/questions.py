"""Asking those who voted for a post what they mean by it, by letter; they answer below the post."""

from typing import NamedTuple

from service import db, events
from service.errors import Conflict, Invalid
from service.feedback import limits, posts, segments
from service.feedback.followers import HEARING
from service.feedback.readers import Reader
from service.lib import text

LONGEST_QUESTION = 1_000
LETTER = "question"  # kind of the letter
MOST_A_DAY = 3  # of one post: nobody likes to be asked all the time

ASKED = f"vote f {HEARING} AND f.workspace_id = %(workspace)s AND f.post_number = %(post)s"
# Who gets a letter: each address once.
READERS = f"""
  SELECT DISTINCT ON (lower(u.email)) u.email FROM {ASKED}
     AND (%(segment)s::text IS NULL OR EXISTS (
         SELECT FROM segment s JOIN segment_user su ON su.workspace_id = s.workspace_id AND su.segment_id = s.id
          WHERE s.workspace_id = f.workspace_id AND s.key = %(segment)s AND su.user_id = u.id))
   ORDER BY lower(u.email)"""
COUNT = f"SELECT count(*) FROM ({READERS}) reader"
COUNTS = f"""
WITH asked AS MATERIALIZED (SELECT u.id, lower(u.email) AS email FROM {ASKED})
SELECT NULL AS key, NULL AS name, count(DISTINCT email) FROM asked
UNION ALL
(SELECT s.key, s.name, count(DISTINCT asked.email) FROM asked
   JOIN segment_user su ON su.workspace_id = %(workspace)s AND su.user_id = asked.id
   JOIN segment s ON s.workspace_id = su.workspace_id AND s.id = su.segment_id
  GROUP BY s.key, s.name ORDER BY s.key)"""
OF_TODAY = """
SELECT data->>'note', data->>'segment' FROM event
 WHERE workspace_id = %(workspace)s AND post_number = %(number)s AND type = 'post.question_asked'
   AND created_at > now() - interval '1 day' ORDER BY seq DESC"""


class Audience(NamedTuple):
    """Whom a question can be for, and how many letters that is."""

    segment: str | None  # key; None: all voters
    name: str | None
    readers: int


@db.verb
def ask(reader: Reader, number: int, question: str, segment: str | None = None) -> int:
    """Have a letter with this question sent to the voters of a post, or to those of one segment; returns to how many. Asking
    the same again within a day is asking once. For members.

    Raises Invalid with the field that must change or when nobody would get it, Conflict after three questions a day,
    RateLimited after twenty about all posts."""
    asked = checked(question)
    if segment is not None and segment not in {each.key for each in segments.of(reader)}:
        raise Invalid(segment="There is no such segment.")
    posts.hold(reader, number)
    place = {"workspace": reader.workspace.id, "post": number, "segment": segment, "kind": LETTER}
    [count] = db.row(COUNT, **place)
    today = db.rows(OF_TODAY, workspace=reader.workspace.id, number=number)
    if today and today[0] == (asked, segment):
        return count
    if len(today) >= MOST_A_DAY:
        raise Conflict(f"This post’s voters were asked {MOST_A_DAY} times within a day; wait until tomorrow.", "too_many")
    if not count:
        raise Invalid(segment="None of these voters has an e-mail address, so nobody would get this letter.")
    limits.question(reader.workspace.id)
    data = {"count": count, "segment": segment, "note": asked}
    events.record("post.question_asked", reader.workspace.id, post=number, data=data, **reader.actor())
    return count


def checked(question: str) -> str:
    asked = text.fitting(question, LONGEST_QUESTION)
    if asked is None:
        raise Invalid(question=f"A question has at most {LONGEST_QUESTION:,} characters; shorten it a little.")
    if not text.tidy_line(asked):
        raise Invalid(question="Write what you want to ask first.")
    return asked


def audiences(reader: Reader, number: int) -> list[Audience]:
    """Whom a question about this post can be for: all voters first, then each segment that has some."""
    place = {"workspace": reader.workspace.id, "post": number, "kind": LETTER}
    return [Audience(*row) for row in db.rows(COUNTS, **place)]
