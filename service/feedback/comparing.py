"""Finding posts that are likely to ask for the same, before anybody looks for them: each post when its vector is made or its
text changes, and at night those that this missed (imported ones, or all of them after an upgrade).

What decides is not the score of the search, whose hits by words stand on another scale. Two posts with vectors are likely
when their meanings are clearly nearer than those of any two requests: a third of the way from the model's floor to the same.
Where one has no vector, when most words of both titles are the same. Either score is from 0 to 1."""

import time

from service import db, jobs
from service.db import database
from service.feedback import posts, similar, vectors, workspaces
from service.feedback.activity import Event
from service.feedback.posts import Post
from service.feedback.readers import Reader, listed
from service.jobs import Job

FIND, QUEUE = "duplicates.find", "duplicates"  # kind of the jobs of the night; they compute for long
ALL = "all"
MOST = 5  # that are kept of what one post is compared with
MOST_WORDS = 0.6  # of two titles that are the same, as a part of the longer one's
AT_ONCE = 100  # posts
SECONDS = 30.0  # after which a job of the night lets other workspaces go on
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
STEMS = "tsvector_to_array(to_tsvector(p.language, p.title))"
VECTOR = """(
  SELECT e.vector FROM post_embedding e
   WHERE e.workspace_id = %(workspace)s AND e.model = %(model)s AND e.post_number = p.number)"""
# The pairs of a post, measured anew as it stands now; those that are no longer likely go. What is merged, deleted or waits
# is not looked at: its pairs are hidden (duplicates.OPEN), and are there again when that is undone.
KEEP = f"""
WITH one AS MATERIALIZED (
  SELECT p.number, {STEMS} AS stems, {VECTOR} AS vector FROM post p WHERE {SAID} AND p.number = %(number)s
), candidate AS (
  SELECT unnest(%(others)s::integer[]) AS number
  UNION SELECT other_number FROM likely_duplicate WHERE workspace_id = %(workspace)s AND post_number = %(number)s
  UNION SELECT post_number FROM likely_duplicate WHERE workspace_id = %(workspace)s AND other_number = %(number)s
), other AS MATERIALIZED (
  SELECT p.number, {STEMS} AS stems, {VECTOR} AS vector FROM candidate JOIN post p USING (number)
   WHERE {SAID} AND p.number <> %(number)s
), measured AS MATERIALIZED (
  SELECT least(one.number, other.number) AS first, greatest(one.number, other.number) AS second,
         1 - (one.vector <=> other.vector) AS nearness,
         cardinality(array(SELECT unnest(one.stems) INTERSECT SELECT unnest(other.stems)))::float
           / greatest(cardinality(one.stems), cardinality(other.stems), 1) AS share
    FROM one CROSS JOIN other
), likely AS MATERIALIZED (
  SELECT first, second, round(coalesce(nearness, share)::numeric, 3)::real AS score,
         CASE WHEN share >= {MOST_WORDS} THEN 'words' ELSE 'meaning' END AS why,
         row_number() OVER (ORDER BY coalesce(nearness, share) DESC, second DESC, first DESC) AS place
    FROM measured m
   WHERE (nearness >= %(likely)s OR (nearness IS NULL AND share >= {MOST_WORDS})) AND NOT EXISTS (
     SELECT FROM dismissed_duplicate x
      WHERE x.workspace_id = %(workspace)s AND x.post_number = m.first AND x.other_number = m.second)
), gone AS (
  DELETE FROM likely_duplicate d USING measured m
   WHERE d.workspace_id = %(workspace)s AND d.post_number = m.first AND d.other_number = m.second
     AND NOT EXISTS (SELECT FROM likely l WHERE l.first = m.first AND l.second = m.second)
)
INSERT INTO likely_duplicate AS d (workspace_id, post_number, other_number, score, why)
SELECT %(workspace)s, first, second, score, why FROM likely l
 WHERE place <= {MOST} OR EXISTS (SELECT FROM likely_duplicate k WHERE k.workspace_id = %(workspace)s
                                     AND k.post_number = l.first AND k.other_number = l.second)
 ORDER BY first, second
ON CONFLICT ON CONSTRAINT one_suggestion_per_pair DO UPDATE SET score = excluded.score, why = excluded.why
 WHERE (d.score, d.why) IS DISTINCT FROM (excluded.score, excluded.why)"""

FORGET = """
DELETE FROM likely_duplicate d USING post p
 WHERE d.workspace_id = %(workspace)s AND d.{side} = p.number AND p.workspace_id = %(workspace)s
   AND p.merged_into IS NOT NULL AND p.merged_at < now() - %(days)s * interval '1 day'"""
FORGET_MERGED = [FORGET.format(side=side) for side in ("post_number", "other_number")]


# ── when a post changes ──


def renew(event: Event) -> None:
    """Compare the event's post once more: it may be read again, by people who could not before."""
    vectors.compare(event.workspace_id, event.post_number)


def compare(job: Job) -> None:
    """Keep the posts that are likely to be the same as this one."""
    reader = of_the_team(job.workspace_id)
    settle(reader, near(reader, posts.these(reader, [job.args["post"]])), job)


@db.verb
def settle(reader: Reader, found: dict[int, list[int]], job: Job) -> None:
    keep(reader, found)
    job.complete()


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
    reader, end = of_the_team(job.workspace_id), time.monotonic() + SECONDS
    while is_more := step(reader):
        if time.monotonic() >= end:
            break
    with database.atomic():
        if is_more:
            ask(reader.workspace.id)
        else:
            forget_merged(reader)
        job.complete()


def step(reader: Reader) -> bool:
    """Compare the next few posts; False when there are none. What was done of them is remembered with what was found."""
    numbers = [row[0] for row in db.rows(NEXT, workspace=reader.workspace.id, most=AT_ONCE)]
    if numbers:
        advance(reader, near(reader, posts.these(reader, numbers)), numbers[-1])
    return bool(numbers)


@db.verb
def advance(reader: Reader, found: dict[int, list[int]], last: int) -> None:
    keep(reader, found)
    db.changed(ADVANCE, workspace=reader.workspace.id, number=last)


def forget_merged(reader: Reader) -> None:
    """Drop the pairs of posts that were merged so long ago that nobody takes it back."""
    for statement in FORGET_MERGED:
        db.changed(statement, workspace=reader.workspace.id, days=MERGED_DAYS)


# ── both ──


def of_the_team(workspace_id: int) -> Reader:
    """Who sees all that may be suggested to the team; nobody else is shown it."""
    return Reader(workspaces.find(workspace_id), is_member=True)


def near(reader: Reader, those: list[Post]) -> dict[int, list[int]]:
    """The numbers of posts that may be the same, by the number of each of those. It takes long, so no transaction waits."""
    return {post.number: [hit.post.number for hit in similar.beside(reader, post, limit=similar.MOST_HITS)]
            for post in those if not post.merged_into and not post.held}  # fmt: skip


def keep(reader: Reader, found: dict[int, list[int]]) -> None:
    """Keep which of these are likely, whatever was kept before."""
    models = vectors.models()
    floors = models.floors_of(models.current)
    measure = {"model": models.current if floors else None, "likely": floors and likely(floors)}
    for number in sorted(found):
        db.changed(KEEP, **reader.scope(), **measure, number=number, others=found[number])


def likely(floors: vectors.Floors) -> float:
    """How near two posts are whose meanings are clearly nearer than those of any two: 0.55 by the local model."""
    return floors.near + (1 - floors.near) / 3
