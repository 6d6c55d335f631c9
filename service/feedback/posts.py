"""A piece of feedback, `#number` in its workspace: write one, read one."""

from datetime import date, datetime
from typing import NamedTuple

from psycopg2.extras import Json

from service import db, events
from service.errors import Conflict, Invalid, NotFound, Why
from service.feedback import attachments, boards, fields, plan_limits, spam, statuses, tags
from service.feedback.readers import Reader, admitted, readable
from service.feedback.spam import Signals
from service.lib import text, tokens

LONGEST_TITLE, LONGEST_BODY = 200, 10_000
LONGEST_SUBMISSION = 64
LARGEST_META, LARGEST_NUMBER = 8_000, 10**15  # characters of JSON; PostgreSQL writes 1e308 as 309 digits

HOW = """CASE WHEN because IS NULL THEN '{}' ELSE '{"held": true}' END::jsonb"""
# Row, first vote, subscription, tags, event and job in one statement. Locks are taken in the order that every verb keeps:
# parents (board, status), post, counter. A draft that was sent before, a board or a status that is not there: no row.
CREATE = f"""
WITH place AS MATERIALIZED (
  SELECT b.id AS board, s.id AS status,
         coalesce(%(suspect)s, CASE WHEN b.approve_first AND NOT %(member)s THEN 'board'
                                    WHEN {plan_limits.IS_FULL} THEN '{plan_limits.PLAN}' END) AS because
    FROM board b, status s
   WHERE b.workspace_id = %(workspace)s AND {admitted()}
     AND (b.key = %(board)s OR (%(board)s IS NULL AND b.access = 'public'))
     AND s.workspace_id = %(workspace)s AND (s.key = %(status)s OR (%(status)s IS NULL AND s.kind = 'open'))
     AND NOT EXISTS (SELECT FROM post p WHERE p.workspace_id = %(workspace)s AND p.author_id = %(user)s
                        AND p.submission = %(submission)s)
   ORDER BY b.position, b.id, s.position, s.id LIMIT 1 FOR KEY SHARE
), taken AS (
  UPDATE workspace_counter c SET next_post = c.next_post + 1, next_event = c.next_event + 1 FROM place
   WHERE c.workspace_id = %(workspace)s RETURNING c.next_post - 1 AS number, c.next_event - 1 AS seq, board, status, because
), made AS (
  INSERT INTO post (workspace_id, number, board_id, status_id, author_id, title, body, meta, fields, votes, submission,
                    language, held_at, held_because)
  SELECT %(workspace)s, number, board, status, %(user)s, %(title)s, %(body)s, %(meta)s, %(fields)s, 1, %(submission)s,
         %(language)s::regconfig, CASE WHEN because IS NOT NULL THEN now() END, because FROM taken
  ON CONFLICT ON CONSTRAINT one_post_per_submission DO NOTHING RETURNING number
), vote AS (
  INSERT INTO vote (workspace_id, post_number, user_id) SELECT %(workspace)s, number, %(user)s FROM made
), follower AS (
  INSERT INTO follower (workspace_id, post_number, user_id) SELECT %(workspace)s, number, %(user)s FROM made
), tagged AS (
  INSERT INTO post_tag (workspace_id, post_number, tag_id)
  SELECT %(workspace)s, number, unnest(%(tags)s::bigint[]) FROM made
), told AS (SELECT seq, number, because FROM made JOIN taken USING (number)
), {events.written("told", post="number", public="because IS NULL", data=HOW)}
SELECT number FROM made"""

SUBMITTED = """
SELECT number FROM post
 WHERE workspace_id = %(workspace)s AND author_id = %(user)s AND submission = %(submission)s"""

# SQL about the post `p`: is it young enough for its author to change it; did the team let it in, as it stood then?
FRESH = """
now() < p.created_at + (SELECT edit_minutes FROM workspace WHERE id = p.workspace_id) * interval '1 minute'"""
APPROVED = """(p.held_at IS NULL AND (p.held_because IS NOT NULL OR
       (SELECT approve_first FROM board b WHERE b.workspace_id = p.workspace_id AND b.id = p.board_id)))"""

# Without a join: after waiting for another's change, PostgreSQL looks at the post again but not at what was joined.
HOLD = f"""
SELECT p.number, p.title, p.body, p.fields::text, p.author_id, p.author_id = %(user)s, p.merged_into, p.locked, p.pinned,
       (SELECT key FROM status s WHERE s.workspace_id = p.workspace_id AND s.id = p.status_id),
       (SELECT key FROM board b WHERE b.workspace_id = p.workspace_id AND b.id = p.board_id),
       (SELECT access FROM board b WHERE b.workspace_id = p.workspace_id AND b.id = p.board_id),
       p.assignee_id, p.eta, p.updated_at, {FRESH}, now() < p.created_at + interval '1 day', p.held_at IS NOT NULL,
       {APPROVED}
  FROM post p WHERE p.workspace_id = %(workspace)s AND p.number = ANY(%(numbers)s) AND {readable()}
 ORDER BY p.number FOR NO KEY UPDATE"""

# What a post looks like is added to a page of posts, after the page is known: joined and counted for the posts shown, not
# for all there are. What more than FEW votes are worth was counted for the insights minutes ago, if it was: no look sums it.
FEW = 5
# That there is no room for a post is the team's business: to its author it looks as if it stood there.
WAITS = f"p.held_at IS NOT NULL AND (%(member)s OR p.held_because IS DISTINCT FROM '{plan_limits.PLAN}')"
DECORATED = """
WITH page AS MATERIALIZED ({page}
), stands AS MATERIALIZED (SELECT * FROM status WHERE workspace_id = %(workspace)s
), place AS MATERIALIZED (SELECT * FROM board WHERE workspace_id = %(workspace)s
), writer AS MATERIALIZED (
  SELECT * FROM "user" WHERE %(member)s AND workspace_id = %(workspace)s AND id = ANY(ARRAY(SELECT author_id FROM page))
), firm AS MATERIALIZED (
  SELECT * FROM company WHERE workspace_id = %(workspace)s AND id = ANY(ARRAY(SELECT company_id FROM writer))
)
SELECT p.number, p.title, p.body, p.votes, p.comments,
       CASE WHEN %(member)s THEN p.meta::text ELSE '{{}}' END, CASE WHEN %(member)s THEN p.fields::text ELSE '{{}}' END,
       CASE WHEN %(member)s THEN array(
         SELECT t.key FROM post_tag l JOIN tag t ON t.workspace_id = %(workspace)s AND t.id = l.tag_id
          WHERE l.workspace_id = %(workspace)s AND l.post_number = p.number ORDER BY t.key) ELSE '{{}}' END,
       p.pinned, p.locked, p.merged_into, CASE WHEN %(member)s THEN p.eta END, p.created_at, p.updated_at, p.edited_at,
       s.key, s.name, s.kind, s.color, b.key, b.name, b.access,
       u.external_id, u.name, u.email, u.avatar, u.kind, c.external_id, c.name, c.plan, c.mrr,
       assignee.id, assignee.name, assignee.email,
       CASE WHEN %(member)s THEN coalesce(
         (SELECT w.mrr FROM post_worth w
           WHERE w.workspace_id = %(workspace)s AND w.post_number = p.number AND p.votes > {counted}), (
         SELECT coalesce(sum(payer.mrr), 0)::bigint FROM company payer
          WHERE payer.workspace_id = %(workspace)s AND payer.id IN (
            SELECT voter.company_id FROM vote v
              JOIN "user" voter ON voter.workspace_id = %(workspace)s AND voter.id = v.user_id
             WHERE v.workspace_id = %(workspace)s AND v.post_number = p.number))) END,
       p.number = ANY(ARRAY(SELECT v.post_number FROM vote v
                             WHERE v.workspace_id = %(workspace)s AND v.user_id = %(user)s
                               AND v.post_number = ANY(ARRAY(SELECT number FROM page)))),
       coalesce(p.author_id = %(user)s, false), {held}, p.rank
  FROM page p
  JOIN stands s ON s.id = p.status_id
  JOIN place b ON b.id = p.board_id
  LEFT JOIN writer u ON u.id = p.author_id
  LEFT JOIN firm c ON c.id = u.company_id
  LEFT JOIN person assignee ON %(member)s AND assignee.id = p.assignee_id
 ORDER BY {order}""".replace("{counted}", str(FEW)).replace("{held}", WAITS)
THESE = DECORATED.format(order="p.number DESC", page=f"""
SELECT p.*, NULL AS rank FROM post p
 WHERE p.workspace_id = %(workspace)s AND p.number = ANY(%(numbers)s) AND {readable()}""")  # fmt: skip


class Post(NamedTuple):
    """A post as it is read, with its status, board and author.

    For members only: meta, fields, tags, ETA, author, company, assignee, MRR."""

    number: int
    title: str
    body: str
    votes: int
    comments: int  # that users may read
    meta: str  # JSON
    fields: str  # JSON
    tags: list[str]
    pinned: bool
    locked: bool
    merged_into: int | None
    eta: date | None
    created_at: datetime
    updated_at: datetime
    edited_at: datetime | None
    status_key: str
    status_name: str
    status_kind: str
    status_color: str
    board_key: str
    board_name: str
    board_access: str
    author_id: str | None  # external
    author_name: str | None
    author_email: str | None
    author_avatar: str | None
    author_kind: str | None
    company_id: str | None  # external
    company_name: str | None
    company_plan: str | None
    company_mrr: int | None
    assignee_id: int | None
    assignee_name: str | None
    assignee_email: str | None
    mrr: int | None  # cents a month of the companies that vote for it, each once; of many votes as counted last
    voted: bool
    mine: bool
    held: bool  # it waits to be let in, as far as this reader is told: its author and members alone see it
    rank: object


class Held(NamedTuple):
    """A post that nobody else changes until this transaction ends."""

    number: int
    title: str
    body: str
    fields: str  # JSON
    author: int | None
    mine: bool | None
    merged_into: int | None
    locked: bool
    pinned: bool
    status: str
    board: str
    access: str
    assignee: int | None
    eta: date | None
    updated_at: datetime
    is_fresh: bool  # young enough for its author to change it
    is_new: bool  # less than a day old
    waits: bool  # for the team's approval
    is_approved: bool  # the team let it in, or it stands on a board where nothing stands without


@db.verb
def create(reader: Reader, title: str, body: str = "", *, board: str | None = None, status: str | None = None,
           meta: dict | None = None, values: dict | None = None, tagged: list[str] | None = None,
           files: list[int] | None = None, submission: str | None = None,
           signals: Signals | None = None) -> int:  # fmt: skip
    """Write a post as the reader's user, who votes for it and follows it; returns its number.

    `submission` names the draft: sending it twice makes one post. Without a `board` it goes to the first public one. What a
    user writes on a board that approves first waits for the team (moderation.approve), and what by the `signals` of its form
    looks like spam; what there is no room for, whoever writes it (plan_limits).
    `values` are of custom fields, by key; `tagged` are keys of tags, `files` ids of files that were sent before. Raises
    Invalid with the field that must change."""
    written = {"board": board, "status": status, "submission": named(submission), "meta": small(meta)}
    written |= checked(title, body) | {"tags": tags.chosen(reader, tagged or [])}
    asked = values if reader.is_member else values is not None  # a form of users that shows fields sends them, be they empty
    written["fields"] = Json(fields.fitting(reader, board, values) if asked else {})
    written["suspect"] = spam.why(reader, f"{written['title']}\n{written['body']}", signals)
    told = events.told("post.created", public=True, **reader.actor())
    if files:
        attachments.hold(reader, files)  # files before the counter, as everywhere
    written["is_limited"] = plan_limits.holds(reader.workspace)
    row = db.row(CREATE, **reader.scope(), **written, language=reader.workspace.language, **without_user(told))
    if row is None:
        return earlier(reader, written)
    if files:
        attachments.attach(reader, files, post=row[0])
    events.hint("post.created", reader.workspace.id)
    return row[0]


def without_user(told: dict) -> dict:
    return {name: value for name, value in told.items() if name != "user"}  # the reader's scope names it already


def earlier(reader: Reader, written: dict) -> int:
    """The post that this draft made before; else says which of its places is not there."""
    sent = db.row(SUBMITTED, **reader.scope(), submission=written["submission"])
    if sent:
        return sent[0]
    boards.choose(reader, written["board"])
    statuses.choose(reader.workspace.id, written["status"])
    raise Conflict("Its board or status was taken away at this moment; please try again.")


def named(submission: str | None) -> str | None:
    if len(submission or "") > LONGEST_SUBMISSION:
        raise Invalid(submission=f"The name of a draft has at most {LONGEST_SUBMISSION} characters.")
    return tokens.hashed(submission).hex() if submission else None  # who knows it is its author: it is not kept


def checked(title: str, body: str) -> dict:
    """Title and body as they are stored; Invalid says which must change."""
    tidied = {"title": text.fitting(title, LONGEST_TITLE, text.tidy_line), "body": text.fitting(body, LONGEST_BODY)}
    wrong = {}
    if tidied["title"] is None:
        said = f"A title has at most {LONGEST_TITLE} characters; put the rest into the details."
        wrong["title"] = Why(said, "title_too_long", LONGEST_TITLE)
    elif not tidied["title"]:
        wrong["title"] = Why("Say in a few words what it is about.", "title_missing")
    if tidied["body"] is None:
        said = f"That is more than {LONGEST_BODY:,} characters; shorten it a little."
        wrong["body"] = Why(said, "too_long", LONGEST_BODY)
    if wrong:
        raise Invalid(**wrong)
    return tidied


def small(meta: dict | None) -> Json:
    if any(isinstance(number, int | float) and abs(number) > LARGEST_NUMBER for number in (meta or {}).values()):
        raise Invalid(meta="A number of the page's own data is too large; send it as text.")
    value = Json(meta or {})
    if len(value.dumps(value.adapted)) > LARGEST_META:
        raise Invalid(meta=f"The page's own data is more than {LARGEST_META:,} characters of JSON.")
    return value


def find(reader: Reader, number: int) -> Post:
    """One post as this reader may see it, or NotFound."""
    found = these(reader, [number])
    if not found:
        raise NotFound(f"There is no post #{number}.")
    return found[0]


def these(reader: Reader, numbers: list[int]) -> list[Post]:
    """The posts with these numbers that the reader may see, the newest first."""
    return [Post(*row) for row in db.rows(THESE, **reader.scope(), numbers=numbers)]


def hold(reader: Reader, number: int) -> Held:
    """The post, held until the transaction ends; NotFound, or Conflict when it was merged into another."""
    [held] = hold_each(reader, [number])
    if held.merged_into:
        raise merged(number, held.merged_into)
    return held


def hold_each(reader: Reader, numbers: list[int]) -> list[Held]:
    """These posts in the order given, held in the order of their numbers; NotFound names the first that is missing."""
    found = {row[0]: Held(*row) for row in db.rows(HOLD, **reader.scope(), numbers=numbers)}
    missing = [number for number in numbers if number not in found]
    if missing:
        raise NotFound(f"There is no post #{missing[0]}.")
    return [found[number] for number in numbers]


def merged(number: int, into: int) -> Conflict:
    """What is said to someone who wants to change a post that was merged."""
    return Conflict(f"#{number} was merged into #{into}; do this there, or undo the merge first.", "merged")
