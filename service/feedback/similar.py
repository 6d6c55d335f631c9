"""Who asked for this already: posts that mean the same, or say it in the same words.

Meaning leads and words break ties (0.25 of a score) where the local model knows the language; elsewhere words lead. A
post that has no vector yet is found by its words, so nobody ever waits for the model."""

from typing import NamedTuple

from service import db, jobs
from service.db import database
from service.feedback import posts
from service.feedback.activity import Event
from service.feedback.posts import Post
from service.feedback.readers import Reader, listed
from service.lib import embeddings, text

EMBED = "post.embed"  # kind of the job
FLOOR = 0.33  # cosine below which two English texts have nothing to do with each other, for the local model
KNOWN_LANGUAGES = {"english"}  # of the local model
LONGEST_QUERY = 500  # characters
DEFAULT_HITS, MOST_HITS = 5, 20

FITS = """(%(board)s::bigint IS NULL OR p.board_id = %(board)s) AND (%(status)s::bigint IS NULL OR p.status_id = %(status)s)
     AND p.number IS DISTINCT FROM %(beside)s"""

# Any shared word makes a post a candidate by words; the rank says how much it shares. Words alone count for posts that
# have no vector, or when the model does not know the language; there, all words must be found.
FIND = f"""
WITH asked AS (
  SELECT %(vector)s::halfvec(384) AS vector,
         replace(plainto_tsquery(%(language)s::regconfig, %(text)s)::text, '&', '|')::tsquery AS any_word,
         plainto_tsquery(%(language)s::regconfig, %(text)s) AS all_words
), near AS (
  SELECT p.number, 1 - (e.vector <=> asked.vector) AS nearness FROM asked, post_embedding e
    JOIN post p ON p.workspace_id = e.workspace_id AND p.number = e.post_number
   WHERE e.workspace_id = %(workspace)s AND e.model = %(model)s AND asked.vector IS NOT NULL
     AND {FITS} AND {listed()}
   ORDER BY e.vector <=> asked.vector LIMIT 40
), worded AS (
  SELECT p.number, ts_rank(p.search, asked.any_word, 32) AS likeness, p.search @@ asked.all_words AS has_all,
         EXISTS (SELECT FROM post_embedding e WHERE e.workspace_id = %(workspace)s AND e.model = %(model)s
                    AND e.post_number = p.number) AS has_vector
    FROM asked, post p
   WHERE p.workspace_id = %(workspace)s AND p.search @@ asked.any_word
     AND {FITS} AND {listed()}
   ORDER BY likeness DESC LIMIT 40
), scored AS (
  SELECT number, coalesce(likeness, 0) > 0 AS by_words,
         coalesce(nearness, CASE WHEN has_all THEN 0.5 ELSE 0 END) + 0.25 * coalesce(likeness, 0) AS score
    FROM near FULL JOIN worded USING (number)
   WHERE nearness >= %(floor)s OR (nearness IS NULL AND has_all AND (NOT has_vector OR %(vector)s IS NULL))
)
SELECT number, by_words, score::float FROM scored ORDER BY score DESC, number DESC LIMIT %(limit)s"""

TEXT = "SELECT title, body FROM post WHERE workspace_id = %(workspace)s AND number = %(number)s"
KEEP = """
INSERT INTO post_embedding (workspace_id, model, post_number, vector)
SELECT workspace_id, %(model)s, number, %(vector)s::halfvec(384) FROM post
 WHERE workspace_id = %(workspace)s AND number = %(number)s AND title = %(title)s AND body = %(body)s
ON CONFLICT (workspace_id, model, post_number) DO UPDATE SET vector = excluded.vector"""


class Hit(NamedTuple):
    post: Post
    why: str  # "words" when they share words, else "meaning"
    score: float


def find(reader: Reader, typed: str, *, limit: int = DEFAULT_HITS, beside: int | None = None,
         board: int | None = None, status: int | None = None) -> list[Hit]:
    """Posts like this text that the reader may see, the likest first; nothing when nothing is like it. `beside` leaves
    one post out; `board` and `status` (their ids) leave only those of them.

    The model runs before the query, outside any transaction."""
    wanted = text.tidy_line(typed[: 4 * LONGEST_QUERY])[:LONGEST_QUERY]
    if not wanted:
        return []
    language = reader.workspace.language
    knows = language in KNOWN_LANGUAGES and embeddings.reads(wanted)
    found = db.rows(
        FIND, **reader.scope(), model=embeddings.MODEL, vector=embeddings.query(wanted) if knows else None,
        text=wanted, language=language, floor=FLOOR, beside=beside, board=board, status=status,
        limit=min(max(limit, 1), MOST_HITS),
    )  # fmt: skip
    read = {post.number: post for post in posts.these(reader, [row[0] for row in found])}
    hits = [(read.get(number), "words" if by_words else "meaning", round(score, 3)) for number, by_words, score in found]
    return [Hit(*hit) for hit in hits if hit[0]]  # one may have gone between the two statements


def renew(event: Event) -> None:
    """Have a post's vector made, once however often its text changes before that."""
    if event.type == "post.updated" and not {"title", "body"} & set(event.data["changed"]):
        return
    jobs.enqueue(EMBED, event.workspace_id, unique_key=str(event.post_number), post=event.post_number)


def embed(job: jobs.Job) -> None:
    """Make the vector of a post, unless its text changed meanwhile: then another job waits that reads the new one.

    A post that the model cannot read gets none, and is found by its words."""
    place = {"workspace": job.workspace_id, "number": job.args["post"]}
    row = db.row(TEXT, **place)
    if row is None or not embeddings.reads(row[0]):
        return
    title, body = row
    vector = embeddings.document(title, body)
    with database.atomic():
        db.changed(KEEP, model=embeddings.MODEL, vector=vector, title=title, body=body, **place)
        job.complete()
