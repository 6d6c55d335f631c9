"""Posts that may ask for the same, and those of which the team said that they do not."""

from typing import NamedTuple

from service import db, events
from service.errors import Conflict, Invalid
from service.feedback import merges, posts, similar
from service.feedback.posts import Post
from service.feedback.readers import Reader, listed
from service.feedback.similar import Hit

MOST = 5  # suggestions beside a post
MOST_COUNTED = 10  # stands for more, too

DISMISS = """
INSERT INTO dismissed_duplicate (workspace_id, post_number, other_number, person_id)
VALUES (%(workspace)s, least(%(a)s, %(b)s), greatest(%(a)s, %(b)s), %(person)s)
ON CONFLICT ON CONSTRAINT one_answer_per_pair DO NOTHING"""
FORGET = """
DELETE FROM likely_duplicate
 WHERE workspace_id = %(workspace)s AND post_number = least(%(a)s, %(b)s) AND other_number = greatest(%(a)s, %(b)s)"""
DISMISSED = """
SELECT other_number FROM dismissed_duplicate WHERE workspace_id = %(workspace)s AND post_number = %(number)s
UNION ALL
SELECT post_number FROM dismissed_duplicate WHERE workspace_id = %(workspace)s AND other_number = %(number)s"""

# SQL: is the pair `d` (comparing.py) still a question? Both posts are looked up one by one: OFFSET 0 keeps PostgreSQL from
# joining all there are. What was told apart at the moment it was found may have been kept all the same.
STANDS = """EXISTS (
  SELECT FROM post p WHERE p.workspace_id = %(workspace)s AND p.number = d.{side} AND {listed} OFFSET 0)"""
OPEN = f"""d.workspace_id = %(workspace)s AND {STANDS.format(side="post_number", listed=listed())}
  AND {STANDS.format(side="other_number", listed=listed())} AND NOT EXISTS (
  SELECT FROM dismissed_duplicate x WHERE x.workspace_id = %(workspace)s AND x.post_number = d.post_number
     AND x.other_number = d.other_number OFFSET 0)"""
COUNT = f"SELECT count(*) FROM (SELECT FROM likely_duplicate d WHERE {OPEN} LIMIT {MOST_COUNTED}) likely"
PAGE = f"""
SELECT d.post_number, d.other_number, d.score, d.why FROM likely_duplicate d
 WHERE {OPEN} AND (%(score)s::real IS NULL OR (d.score <= %(score)s::real AND (
       d.score < %(score)s::real OR (d.post_number, d.other_number) > (%(post)s, %(other)s))))
 ORDER BY d.score DESC, d.post_number, d.other_number LIMIT %(most)s"""
BESIDE = f"""
SELECT CASE d.post_number WHEN %(number)s THEN d.other_number ELSE d.post_number END AS other, d.why, d.score
  FROM likely_duplicate d WHERE {OPEN} AND (d.post_number = %(number)s OR d.other_number = %(number)s)
 ORDER BY d.score DESC, other DESC LIMIT %(most)s"""


class Pair(NamedTuple):
    """Two posts that are likely to ask for the same; the first has fewer votes, or as many and came later."""

    post: Post
    other: Post
    why: str  # "words" when most words of their titles are the same, else "meaning"
    score: float  # 0 … 1
    place: tuple[float, int, int]  # in the list: its score, and the numbers, the smaller first

    @property
    def why_not(self) -> str:
        """Why neither can be merged into the other; empty when they can."""
        try:
            merges.allow(*(merges.Standing(each.number, each.merged_into, each.board_key, each.board_access, each.held)
                           for each in (self.post, self.other)))  # fmt: skip
        except (Invalid, Conflict) as error:
            return str(error)
        return ""


@db.verb
def dismiss(reader: Reader, number: int, other: int) -> None:
    """Say that two posts are not the same: neither is suggested for the other again. A second time nothing happens, in
    either direction. For members."""
    if number == other:
        raise Invalid(other="A post is always the same as itself.")
    posts.find(reader, number)
    posts.find(reader, other)
    db.changed(FORGET, workspace=reader.workspace.id, a=number, b=other)
    if db.changed(DISMISS, workspace=reader.workspace.id, a=number, b=other, person=reader.person):
        events.record("duplicate.dismissed", reader.workspace.id, post=number, data={"other": other}, **reader.actor())


def page(reader: Reader, most: int, after: tuple[float, int, int] | None = None) -> list[Pair]:
    """The pairs that nobody has decided on, the likeliest first, after the place of the one that was read last. For
    members."""
    score, first, second = after or (None, None, None)
    found = db.rows(PAGE, **reader.scope(), score=score, post=first, other=second, most=most)
    numbers = {number for a, b, *_ in found for number in (a, b)}
    read = {post.number: post for post in posts.these(reader, sorted(numbers))}
    pairs = [(read.get(a), read.get(b), why, score, (score, a, b)) for a, b, score, why in found]
    return [pair(*each) for each in pairs if each[0] and each[1]]  # one may have gone between the two statements


def pair(post: Post, other: Post, *more) -> Pair:
    fewer, more_wanted = sorted((post, other), key=lambda each: (each.votes, -each.number))
    return Pair(fewer, more_wanted, *more)


def known(reader: Reader, number: int) -> list[Hit]:
    """The posts that are likely to be the same as this one, as they were found before; the likeliest first. For members."""
    found = db.rows(BESIDE, **reader.scope(), number=number, most=MOST)
    read = {post.number: post for post in posts.these(reader, [row[0] for row in found])} if found else {}
    return [Hit(read[other], why, score) for other, why, score in found if other in read]


def suggestions(reader: Reader, number: int) -> list[Hit]:
    """The posts that may ask for the same as this one, the likest first, without those that were dismissed. For members.

    It compares the post with the whole workspace, so a page should not wait for it; `known` are there already."""
    post = posts.find(reader, number)
    dismissed = {row[0] for row in db.rows(DISMISSED, workspace=reader.workspace.id, number=number)}
    hits = similar.beside(reader, post, limit=MOST + len(dismissed), closely=True)
    return [hit for hit in hits if hit.post.number not in dismissed][:MOST]
