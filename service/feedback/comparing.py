"""Finding posts that are likely to ask for the same, before anybody looks for them: each post when its vector is made or its
text changes, and at night those that this missed (imported ones, or all of them after an upgrade).

What decides is not the score of the search, whose hits by words stand on another scale. Of two posts with vectors it is how
much nearer they are to each other than to those around them: where everybody writes about invoices, all are near to all, and
that alone means little. Where one has no vector, most words of both titles must be the same. Either score is from 0 to 1."""

import time
from contextlib import suppress
from typing import NamedTuple

from peewee import OperationalError

from service import db, jobs
from service.db import database
from service.feedback import posts, similar, typed, vectors, workspaces
from service.feedback.activity import Event
from service.feedback.posts import Post
from service.feedback.readers import Reader, listed
from service.jobs import Job

FIND, QUEUE = "duplicates.find", vectors.DUPLICATES  # kind of the jobs of the night; they compute for long
ALL = "all"
MOST = 5  # that are kept of what one post is compared with
AROUND = 10  # posts nearest to one
# Parts of the way up from a floor to the same: from what is near those two, and from what is near at all. The first was
# measured on requests of which many are of one thing: nine in ten of what it lets through are the same
# (tests/test_duplicates_quality.py). The second is for many that say the same, who stand around each other.
STANDS_OUT, IS_SURE = 0.25, 0.67
MOST_WORDS = 0.6  # of two titles that are the same, as a part of the longer one's
AT_ONCE = 10  # posts
SECONDS = 30.0  # after which a job of the night lets other workspaces go on
CANCELED = "57014"  # code of an error: the statement took too long
MERGED_DAYS = 30  # in which a merge may be undone, and its pair be shown again

# The operator's own work, so it looks at all workspaces.
DUE = """
SELECT w.id FROM workspace w JOIN workspace_counter c ON c.workspace_id = w.id
 WHERE c.next_post - 1 > w.compared_to ORDER BY w.id"""
NEXT = """
SELECT number FROM post WHERE workspace_id = %(workspace)s
   AND number > (SELECT compared_to FROM workspace WHERE id = %(workspace)s) ORDER BY number LIMIT %(most)s"""
ADVANCE = "UPDATE workspace SET compared_to = %(number)s WHERE id = %(workspace)s AND compared_to < %(number)s"

SAID = f"p.workspace_id = %(workspace)s AND {listed()}"
STEMS = f"tsvector_to_array(to_tsvector(p.language, translate(p.title, '{typed.HOLDING}', '{' ' * len(typed.HOLDING)}')))"
VECTOR = """(
  SELECT e.vector FROM post_embedding e
   WHERE e.workspace_id = %(workspace)s AND e.model = %(model)s AND e.post_number = p.number)"""
# A post beside those that a search found, and those that were likely before. What is merged, deleted or waits is not looked
# at: its pairs are hidden (duplicates.OPEN), and are there again when that is undone.
MEASURE = f"""
WITH one AS MATERIALIZED (
  SELECT p.number, {STEMS} AS stems, {VECTOR} AS vector FROM post p WHERE {SAID} AND p.number = %(number)s
), kept AS MATERIALIZED (
  SELECT other_number AS number FROM likely_duplicate WHERE workspace_id = %(workspace)s AND post_number = %(number)s
  UNION ALL SELECT post_number FROM likely_duplicate WHERE workspace_id = %(workspace)s AND other_number = %(number)s
), other AS MATERIALIZED (
  SELECT p.number, {STEMS} AS stems, {VECTOR} AS vector
    FROM (SELECT unnest(%(others)s::integer[]) AS number UNION SELECT number FROM kept) each JOIN post p USING (number)
   WHERE {SAID} AND p.number <> %(number)s
)
SELECT other.number, 1 - (one.vector <=> other.vector),
       cardinality(array(SELECT unnest(one.stems) INTERSECT SELECT unnest(other.stems)))::float
         / greatest(cardinality(one.stems), cardinality(other.stems), 1),
       EXISTS (
         SELECT FROM dismissed_duplicate x WHERE x.workspace_id = %(workspace)s
            AND x.post_number = least(one.number, other.number) AND x.other_number = greatest(one.number, other.number)),
       EXISTS (SELECT FROM kept WHERE kept.number = other.number)
  FROM one CROSS JOIN other ORDER BY 2 DESC NULLS LAST, 3 DESC, other.number DESC"""
DROP = """
DELETE FROM likely_duplicate
 WHERE workspace_id = %(workspace)s AND ((post_number = %(number)s AND other_number = ANY(%(others)s))
    OR (other_number = %(number)s AND post_number = ANY(%(others)s)))"""
KEEP = """
INSERT INTO likely_duplicate AS d (workspace_id, post_number, other_number, score, why)
SELECT %(workspace)s, least(%(number)s, other), greatest(%(number)s, other), round(score::numeric, 3), why
  FROM unnest(%(others)s::integer[], %(scores)s::float[], %(whys)s::text[]) AS found (other, score, why) ORDER BY 2, 3
ON CONFLICT ON CONSTRAINT one_suggestion_per_pair DO UPDATE SET score = excluded.score, why = excluded.why
 WHERE (d.score, d.why) IS DISTINCT FROM (excluded.score, excluded.why)"""

FORGET = """
DELETE FROM likely_duplicate
 WHERE workspace_id = %(workspace)s AND (post_number = %(number)s OR other_number = %(number)s)"""
FORGET_LONG_MERGED = """
DELETE FROM likely_duplicate d USING post p
 WHERE d.workspace_id = %(workspace)s AND d.{side} = p.number AND p.workspace_id = %(workspace)s
   AND p.merged_into IS NOT NULL AND p.merged_at < now() - %(days)s * interval '1 day'"""
FORGET_MERGED = [FORGET_LONG_MERGED.format(side=side) for side in ("post_number", "other_number")]


class TooLong(Exception):
    """PostgreSQL needed too long to find what is around a post."""


class Other(NamedTuple):
    """A post beside another one."""

    number: int
    nearness: float | None  # of what they mean; None: one has no vector
    share: float  # of the words of the longer title
    is_dismissed: bool
    is_kept: bool

    @property
    def score(self) -> float:
        return self.share if self.nearness is None else self.nearness

    @property
    def why(self) -> str:
        return "words" if self.share >= MOST_WORDS else "meaning"


class Found(NamedTuple):
    """What came of a comparison: those that are likely, the likeliest first, and those that were and are not any more."""

    likely: list[Other]
    gone: list[int]


# ── when a post changes ──


def renew(event: Event) -> None:
    """Compare the event's post once more: it may be read again, by people who could not before."""
    vectors.compare(event.workspace_id, event.post_number)


def compare(job: Job) -> None:
    """Keep the posts that are likely to be the same as this one."""
    comparison = Comparison(job.workspace_id)
    settle(comparison.reader, comparison.of([job.args["post"]]), job)


@db.verb
def settle(reader: Reader, found: dict[int, Found], job: Job) -> None:
    keep(reader, found)
    job.complete()


def forget(event: Event) -> None:
    """Drop the pairs of a post that was deleted; comes it back, it is compared again."""
    db.changed(FORGET, workspace=event.workspace_id, number=event.post_number)


# ── at night ──


def find(job: Job) -> None:
    """Compare those posts of the job's workspace that were not compared at night before; of a job that is nobody's, have
    this done for all workspaces that have such posts."""
    if job.workspace_id != jobs.OURS:
        return walk(job)
    with database.atomic():
        for (workspace,) in db.rows(DUE):
            ask(workspace)
        job.complete()


def ask(workspace_id: int) -> None:
    """Have a workspace's posts compared soon, by one job however often this is asked for."""
    jobs.enqueue(FIND, workspace_id, unique_key=ALL, queue=QUEUE)


def walk(job: Job) -> None:
    """Compare post after post, from where it was left, for SECONDS; then another job goes on."""
    comparison, end = Comparison(job.workspace_id), time.monotonic() + SECONDS
    while is_more := step(comparison):
        if time.monotonic() >= end:
            break
    with database.atomic():
        if is_more:
            ask(job.workspace_id)
        else:
            forget_merged(job.workspace_id)
        job.complete()


def step(comparison: "Comparison") -> bool:
    """Compare the next few posts; False when there are none. What was done of them is remembered with what was found."""
    reader = comparison.reader
    numbers = [row[0] for row in db.rows(NEXT, workspace=reader.workspace.id, most=AT_ONCE)]
    if numbers:
        advance(reader, comparison.of(numbers), numbers[-1])
    return bool(numbers)


@db.verb
def advance(reader: Reader, found: dict[int, Found], last: int) -> None:
    keep(reader, found)
    db.changed(ADVANCE, workspace=reader.workspace.id, number=last)


def forget_merged(workspace_id: int) -> None:
    """Drop the pairs of posts that were merged so long ago that nobody takes it back."""
    for statement in FORGET_MERGED:
        db.changed(statement, workspace=workspace_id, days=MERGED_DAYS)


# ── both ──


def keep(reader: Reader, found: dict[int, Found]) -> None:
    """Keep what is likely, and nothing that is not any more."""
    for number, (likely, gone) in sorted(found.items()):
        place = {"workspace": reader.workspace.id, "number": number}
        if gone:
            db.changed(DROP, **place, others=gone)
        if likely:
            db.changed(KEEP, **place, others=[each.number for each in likely], scores=[each.score for each in likely],
                       whys=[each.why for each in likely])  # fmt: skip


class Comparison:
    """Compares posts of a workspace, and remembers what is around each. It takes long, so no transaction waits for it."""

    def __init__(self, workspace_id: int):
        self.reader = Reader(workspaces.find(workspace_id), is_member=True)  # what is found is for the team alone
        models = vectors.models()
        self.floors = models.floors_of(models.current)
        speaks = self.floors and vectors.speaks(models.current, self.reader.workspace.language)
        self.model = models.current if speaks else None
        self.around: dict[int, tuple[list[Other], dict[int, Post]]] = {}

    def of(self, numbers: list[int]) -> dict[int, Found]:
        """What is likely to be the same as each of these; nothing of those that are gone, merged or wait."""
        self.around, found = {}, {}
        for post in posts.these(self.reader, numbers):
            if not post.merged_into and not post.held:
                with suppress(TooLong):
                    found[post.number] = self.judged(post)
        return found

    def judged(self, post: Post) -> Found:
        others, found = self.look(post)
        likely = [other for other in others
                  if not other.is_dismissed and self.is_likely(post, other, found.get(other.number))]  # fmt: skip
        chosen = [other for place, other in enumerate(likely) if place < MOST or other.is_kept]
        stay = {other.number for other in chosen}
        return Found(chosen, [other.number for other in others if other.is_kept and other.number not in stay])

    def is_likely(self, post: Post, other: Other, found: Post | None) -> bool:
        """Whether the two are likely the same. What was not `found` beside the post counts as being where that is."""
        if other.nearness is None:
            return other.share >= MOST_WORDS
        if other.nearness >= up(self.floors.near, IS_SURE):
            return True
        near, own = self.floors.near, self.crowd(post)
        if other.nearness < self.least(own, near):  # it does not whatever is around the other: that costs another search
            return False
        return other.nearness >= self.least(own, self.crowd(found) if found else own)

    def least(self, *crowds: float) -> float:
        """How near two posts are at least that stand out from these."""
        return up(max(sum(crowds) / len(crowds), self.floors.near), STANDS_OUT)

    def crowd(self, post: Post) -> float:
        """How near those are on average that stand around a post."""
        near = [other.nearness for other in self.look(post)[0] if other.nearness is not None][:AROUND]
        return (sum(near) + self.floors.far * (AROUND - len(near))) / AROUND

    def look(self, post: Post) -> tuple[list[Other], dict[int, Post]]:
        """What is around a post, the nearest first, and those of them that the search found."""
        if post.number not in self.around:
            try:
                hits = similar.beside(self.reader, post, limit=similar.MOST_HITS, closely=True)
            except OperationalError as error:  # one text may be what PostgreSQL is too slow for; the others are compared
                if db.code(error) != CANCELED:
                    raise
                raise TooLong from None
            found = {hit.post.number: hit.post._replace(body=hit.post.body[: similar.BEGINNING]) for hit in hits}
            rows = db.rows(MEASURE, **self.reader.scope(), number=post.number, others=list(found), model=self.model)
            self.around[post.number] = [Other(*row) for row in rows], found
        return self.around[post.number]


def up(floor: float, part: float) -> float:
    """So far up from a floor to 1."""
    return floor + part * (1 - floor)
