"""Who asked for this already: posts that mean the same, or say it in the same words.

Meaning leads and words break ties, a tenth of a score, where the model knows the language; elsewhere, and for a post that
has no vector yet, words lead: so nobody ever waits for a model. What nothing is near to finds nothing."""

import threading
from typing import NamedTuple

from service import db
from service.errors import RateLimited
from service.feedback import conditions, posts, typed, vectors
from service.feedback.posts import Post
from service.feedback.readers import Reader, listed
from service.lib import text

LONGEST_QUERY = 500  # characters
AT_ONCE, ROOM_SECONDS = 4, 1  # searches of this process; whoever finds no room for so long is asked to come again
BEGINNING = 300  # characters of a post's text that stand for all of it
DEFAULT_HITS, MOST_HITS = 5, 20
NEAREST = 40  # posts that are looked at because of their meaning
FEW = 15_000  # vectors of a workspace, all of which can be compared
BY_BITS = 400  # of many, those that are compared: at least 0.95 of the nearest ten are among them (make bench)
WITHOUT, BESIDE = 500, 60  # posts that are looked at because of their words, when words are all there is, or beside meaning
WORDS_NEAR, WORDS_FAR = 0.25, 0.12  # the floors of what has no vector: which part of what a text's words weigh it shares

FITS = f"""(%(board)s::bigint IS NULL OR p.board_id = %(board)s) AND (%(status)s::bigint IS NULL OR p.status_id = %(status)s)
     AND p.number IS DISTINCT FROM %(beside)s AND {listed()}"""
# What users may read of comments, and members besides. What came with a merged post may have been on another board.
TOLD = "c.deleted_at IS NULL AND c.held_at IS NULL AND (%(member)s OR (NOT c.internal AND c.origin_number IS NULL))"

# Words are constants in the statement, not a part of a WITH: so the planner knows how rare they are. `begun` is the text
# without its last word, `prefix` what that word begins with. Of words that say nothing ("the") nothing is asked.
WORDS = "plainto_tsquery(%(language)s::regconfig, %(text)s)"
ANY = f"(replace({WORDS}::text, '&', '|')::tsquery || %(prefix)s::tsquery)"
ALL = f"""({WORDS} || plainto_tsquery('simple', %(text)s) || CASE WHEN %(prefix)s = '' THEN ''::tsquery ELSE
      plainto_tsquery(%(language)s::regconfig, %(begun)s) && %(prefix)s::tsquery END)"""


def said(words: str, table: str = "p") -> str:
    """SQL: does a post or a comment of this workspace say this? However many others say it, only ours are looked at."""
    return f"""{table}.workspace_id = %(workspace)s AND numnode({WORDS}) > 0
        AND words_of({table}.workspace_id, {table}.search) @@ {conditions.ours(words)}"""


DISTANCE = "vector <=> (SELECT vector FROM asked)"
OURS = "workspace_id = %(workspace)s AND model = %(model)s AND (SELECT vector FROM asked) IS NOT NULL"
ALONE = "(SELECT vector FROM asked) IS NULL"  # words are all there is
MOST = f"CASE WHEN {ALONE} THEN {WITHOUT} ELSE {BESIDE} END"
WITHIN = """
          (%(board)s::bigint IS NULL OR post_number IN (
             SELECT number FROM post WHERE workspace_id = %(workspace)s AND board_id = %(board)s))
      AND (%(status)s::bigint IS NULL OR post_number IN (
             SELECT number FROM post WHERE workspace_id = %(workspace)s AND status_id = %(status)s))"""
ARE_MANY = f"(SELECT next_post FROM workspace_counter WHERE workspace_id = %(workspace)s) > {FEW}"
# Of a workspace with few posts all vectors are compared, of one with many those that are nearest by the signs of their
# numbers alone: both stand side by side in an index. Then posts are looked at one by one, the nearest first, until there are
# enough that may be read: OFFSET 0 keeps PostgreSQL from joining them all. What has a vector need not be found by only some
# of the words; the newest posts may have none yet. Of words that many posts have not all of them are read.
FIND = f"""
WITH asked AS (
  SELECT {{vector}} AS vector
), near AS MATERIALIZED (
  SELECT number, 1 - distance AS nearness FROM (
    (SELECT post_number AS number, {DISTANCE} AS distance FROM post_embedding WHERE {OURS} AND NOT {ARE_MANY} AND {WITHIN}
      ORDER BY distance)
    UNION ALL -- one of the two is empty, so the order is that of the other
    (SELECT post_number, {DISTANCE} AS distance FROM post_embedding WHERE {OURS} AND post_number = ANY(ARRAY(
       SELECT post_number FROM post_embedding WHERE {OURS} AND {ARE_MANY} AND {WITHIN}
        ORDER BY bits <~> (SELECT binary_quantize(vector)::bit(384) FROM asked) LIMIT {BY_BITS}))
      ORDER BY distance)) e
   WHERE EXISTS (SELECT FROM post p WHERE p.workspace_id = %(workspace)s AND p.number = e.number AND {FITS} OFFSET 0)
   LIMIT {NEAREST}
), worded AS MATERIALIZED (
  SELECT number, max(worth) AS worth FROM (
    (SELECT p.number, 0.5 AS worth FROM post p WHERE {said(ALL)} AND {FITS} LIMIT {MOST})
    UNION ALL
    (SELECT p.number, NULL FROM post p WHERE {ALONE} AND {said(ANY)} AND {FITS} LIMIT {MOST})
    UNION ALL
    SELECT p.number, CASE WHEN p.search @@ {ALL} THEN 0.5 END FROM (
      SELECT * FROM post WHERE workspace_id = %(workspace)s AND numnode({WORDS}) > 0 ORDER BY number DESC LIMIT {MOST}) p
     WHERE p.search @@ {ANY} AND {FITS}
    UNION ALL
    (SELECT c.post_number, 0.35 FROM comment c WHERE {said(ALL, "c")} AND {TOLD} AND EXISTS (
       SELECT FROM post p WHERE p.workspace_id = %(workspace)s AND p.number = c.post_number AND {FITS} OFFSET 0)
      LIMIT {MOST})) each GROUP BY number
), met AS MATERIALIZED (
  SELECT number, nearness, worth, search FROM near FULL JOIN worded USING (number) JOIN (
    SELECT number, search FROM post WHERE workspace_id = %(workspace)s AND number = ANY(ARRAY(
      SELECT number FROM near UNION SELECT number FROM worded))) p USING (number)
), word AS (
  SELECT place, word::tsquery AS anywhere, (word || ':A')::tsquery AS in_title
    FROM unnest(string_to_array(plainto_tsquery(%(language)s::regconfig, %(begun)s)::text, ' & '))
         WITH ORDINALITY whole (word, place)
  UNION ALL
  SELECT 0, word::tsquery, (word || CASE WHEN word = %(prefix)s THEN 'A' ELSE ':A' END)::tsquery
    FROM unnest(string_to_array(plainto_tsquery(%(language)s::regconfig, %(last)s)::text, ' & ') || %(prefix)s::text)
         AS last (word) WHERE word <> ''
), shared AS MATERIALIZED (
  SELECT number, place, max(CASE WHEN search @@ in_title THEN 1 ELSE 0.6 END) AS part
    FROM met JOIN word ON search @@ anywhere GROUP BY number, place
), weighed AS MATERIALIZED (
  SELECT place, ln(1 + (SELECT next_post FROM workspace_counter WHERE workspace_id = %(workspace)s) / (0.5 + count(number)))
           AS weight
    FROM (SELECT DISTINCT place FROM word) each LEFT JOIN shared USING (place) GROUP BY place
), likened AS (
  SELECT met.*, coalesce((SELECT sum(part * weight) FROM shared JOIN weighed USING (place) WHERE shared.number = met.number)
                         / (SELECT sum(weight) FROM weighed), 0) AS likeness
    FROM met
), scored AS (
  SELECT number, worth, likeness, coalesce(nearness >= %(far)s, false) AS by_meaning, CASE
           WHEN nearness >= %(far)s AND (SELECT max(nearness) FROM near) >= %(near)s THEN nearness
           WHEN likeness >= %(words_far)s AND (SELECT max(likeness) FROM likened) >= {WORDS_NEAR}
                AND ({ALONE} OR NOT EXISTS (
                  SELECT FROM post_embedding e WHERE e.workspace_id = %(workspace)s AND e.model = %(model)s
                     AND e.post_number = likened.number)) THEN 0.5 * likeness END AS meant
    FROM likened
)
SELECT number, worth IS NOT NULL OR likeness >= 0.5 OR NOT by_meaning AS by_words,
       (greatest(meant, worth) + 0.1 * likeness)::float AS score
  FROM scored WHERE greatest(meant, worth) IS NOT NULL ORDER BY score DESC, number DESC LIMIT %(limit)s"""

# Posts as they are read, each with its score and why it was found.
READ = """
SELECT p.*, ARRAY[hit.score, hit.by_words::int] AS rank FROM ({find}) hit
  JOIN post p ON p.workspace_id = %(workspace)s AND p.number = hit.number"""
OF_POST = """(
  SELECT vector FROM post_embedding WHERE workspace_id = %(workspace)s AND model = %(model)s AND post_number = %(beside)s)"""
LIKE_TEXT, LIKE_POST = (
    posts.DECORATED.format(page=READ.format(find=FIND.format(vector=vector)), order="p.rank DESC, p.number DESC")
    for vector in ("%(vector)s::halfvec(384)", OF_POST)
)


room = threading.BoundedSemaphore(AT_ONCE)  # that all threads search would let everybody else wait


class Hit(NamedTuple):
    post: Post
    why: str  # "words" when it says what was asked in the same words, else "meaning"
    score: float


def find(reader: Reader, asked_for: str, *, limit: int = DEFAULT_HITS, board: int | None = None, status: int | None = None,
         closely: bool = False) -> list[Hit]:  # fmt: skip
    """Posts like this text that the reader may see, the likest first; nothing when nothing is near it. `board` and `status`
    (their ids) leave only those of them. `closely` leaves what is near itself: for who has little room; else what follows
    the near ones is shown too, though it may be of something else. RateLimited when too many search at this moment.

    The model runs before the query, outside any transaction."""
    wanted = text.tidy_line(asked_for[: 4 * LONGEST_QUERY])[:LONGEST_QUERY]
    if not wanted:
        return []
    models = vectors.models()
    floors = models.floors_of(models.current)
    vector = vectors.of_typed(models.current, reader.workspace.language, wanted) if floors else None
    asked = {"vector": vector, "model": models.current, "beside": None, "board": board, "status": status}
    return hits(reader, LIKE_TEXT, typing(wanted), floors, closely, limit, asked)


def beside(reader: Reader, post: Post, *, limit: int = DEFAULT_HITS, closely: bool = False) -> list[Hit]:
    """Posts like this one that the reader may see, the likest first; as `find`. No model has to run for it."""
    models = vectors.models()
    floors, speaks = models.floors_of(models.current), vectors.speaks(models.current, reader.workspace.language)
    asked = {"model": models.current, "beside": post.number, "board": None, "status": None, "vector": None}
    wanted = text.tidy_line(f"{post.title}\n{post.body[:BEGINNING]}" if speaks else post.title)
    return hits(reader, LIKE_POST if speaks else LIKE_TEXT, words(typed.few(wanted)), floors, closely, limit, asked)


def hits(reader: Reader, statement: str, wanted: dict, floors: vectors.Floors | None, closely: bool, limit: int,
         asked: dict) -> list[Hit]:  # fmt: skip
    near, far = floors or (1, 1)
    if not room.acquire(timeout=ROOM_SECONDS):
        raise RateLimited(1)
    try:
        found = db.rows(
            statement, **reader.scope(), **asked, **wanted, language=reader.workspace.language, near=near,
            far=near if closely else far, words_far=WORDS_NEAR if closely else WORDS_FAR,
            limit=min(max(limit, 1), MOST_HITS),
        )  # fmt: skip
    finally:
        room.release()
    return [hit(Post(*row)) for row in found]


def hit(post: Post) -> Hit:
    score, by_words = post.rank
    return Hit(post, "words" if by_words else "meaning", round(score, 3))


def words(wanted: str, last: str = "") -> dict[str, str]:
    """The parameters of a statement that has WORDS in it: a text, and apart its last word when that may be only begun."""
    return {"text": wanted, "begun": wanted.removesuffix(last), "last": last, "prefix": typed.prefix(last)}


def typing(wanted: str) -> dict[str, str]:
    """The same of a text that somebody is still typing."""
    wanted = typed.few(wanted)
    return words(wanted, typed.begun(wanted))
