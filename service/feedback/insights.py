"""What the team learns from its posts: how many, what became of them, and what is wanted most and by whom. For members.

Figures come from what `insight_counts` counted; which posts lead is read from indexes. So a page costs the same with a
thousand posts as with a hundred thousand."""

from contextlib import suppress
from datetime import date, datetime
from typing import NamedTuple

from service import db
from service.errors import Invalid
from service.feedback import insight_counts
from service.feedback.readers import Reader

WEEKS = (12, 26, 52)
MOST_POSTS, MOST_WISHES = 20, 5
MOST_BOARDS, MOST_SEGMENTS = 200, 50
AMONG = 500  # that lead, those are looked for that are not done, where no index knows both
STALE = "1 minute"  # younger figures are not counted again for who opens the page

STATE = """
SELECT nullif(i.counted_at, '-infinity'), c.next_event - 1 > coalesce(i.seq, 0)
         OR i.counted_at < date_trunc('week', now(), 'UTC'),
       i.counted_at IS NULL OR i.counted_at < now() - %(stale)s::interval, c.next_post > 1
  FROM workspace_counter c LEFT JOIN insight_count i ON i.workspace_id = c.workspace_id
 WHERE c.workspace_id = %(workspace)s"""
THIS = "date_trunc(%(span)s, now() AT TIME ZONE 'UTC')"
# one row for each week or month, also for those in which nothing happened
SERIES = f"""
SELECT at::date, coalesce(i.posts, 0), coalesce(i.votes, 0), coalesce(i.answers, 0), i.answer_minutes
  FROM generate_series({THIS} - (%(most)s - 1) * ('1 ' || %(span)s)::interval, {THIS}, ('1 ' || %(span)s)::interval) at
  LEFT JOIN insight i ON i.workspace_id = %(workspace)s AND i.span = %(span)s AND i.starts = at::date
        AND i.board_id = %(board)s AND i.segment_id = %(segment)s
 ORDER BY at"""
SUM = """
SELECT posts, votes, answers, answer_minutes FROM insight
 WHERE workspace_id = %(workspace)s AND span = %(span)s AND board_id = %(board)s AND segment_id = %(segment)s
 ORDER BY starts DESC LIMIT 1"""
EACH = """
SELECT o.key, o.name, coalesce(i.posts, 0), coalesce(i.votes, 0), coalesce(i.answers, 0), i.answer_minutes
  FROM {table} o LEFT JOIN insight i ON i.workspace_id = %(workspace)s AND i.span = %(span)s AND {which}
        AND i.starts = (SELECT max(starts) FROM insight WHERE workspace_id = %(workspace)s AND span = %(span)s)
 WHERE o.workspace_id = %(workspace)s ORDER BY {order} LIMIT %(most)s"""
BOARDS = EACH.format(table="board", which="i.board_id = o.id AND i.segment_id = %(segment)s", order="o.position, o.id")
SEGMENTS = EACH.format(table="segment", which="i.segment_id = o.id AND i.board_id = %(board)s", order="o.name, o.id")
FIND = "SELECT id, name FROM {table} WHERE workspace_id = %(workspace)s AND key = %(key)s"

STANDS = "p.deleted_at IS NULL AND p.merged_into IS NULL AND p.held_at IS NULL"
NOT_DONE = "s.workspace_id = %(workspace)s AND s.kind IN ('open', 'planned', 'started')"
SHOWN = "p.number, p.title, p.votes, coalesce(w.mrr, 0), s.name, s.kind, s.color, b.name, p.created_at"
BESIDE = """
  JOIN status s ON s.workspace_id = %(workspace)s AND s.id = p.status_id
  JOIN board b ON b.workspace_id = %(workspace)s AND b.id = p.board_id"""
WORTH = "LEFT JOIN post_worth w ON w.workspace_id = %(workspace)s AND w.post_number = p.number"
# The indexes of posts by votes begin with the status or the board, and with what is pinned: the first of each part are
# read, and the first of those are the first of all.
LEADING = f"""
SELECT p.number, p.title, p.votes, p.status_id, p.board_id, p.created_at FROM post p
 WHERE p.workspace_id = %(workspace)s AND p.pinned = part.pinned AND {STANDS} AND {{where}}
 ORDER BY p.votes DESC, p.number DESC LIMIT {{most}}"""
OF_ALL = LEADING.format(where="p.status_id = part.id", most="%(most)s")
OF_BOARD = f"""
SELECT p.* FROM ({LEADING.format(where="p.board_id = %(board)s", most="%(among)s")}) p
 WHERE p.status_id IN (SELECT s.id FROM status s WHERE {NOT_DONE})
 ORDER BY p.votes DESC, p.number DESC LIMIT %(most)s"""
STATUSES = f"SELECT s.id, pinned FROM status s, (VALUES (true), (false)) pin (pinned) WHERE {NOT_DONE}"
TOP = """
SELECT {shown} FROM ({parts}) part CROSS JOIN LATERAL ({first}) p {beside} {worth}
 ORDER BY p.votes DESC, p.number DESC LIMIT %(most)s"""
BY_VOTES = TOP.format(shown=SHOWN, parts=STATUSES, first=OF_ALL, beside=BESIDE, worth=WORTH)
BY_VOTES_OF_BOARD = TOP.format(shown=SHOWN, parts="SELECT true AS pinned UNION ALL SELECT false", first=OF_BOARD,
                               beside=BESIDE, worth=WORTH)  # fmt: skip
BY_MRR = f"""
SELECT {SHOWN} FROM (
  SELECT post_number, mrr FROM post_worth WHERE workspace_id = %(workspace)s
   ORDER BY mrr DESC, post_number DESC LIMIT %(among)s) w
  JOIN post p ON p.workspace_id = %(workspace)s AND p.number = w.post_number {BESIDE}
 WHERE {STANDS} AND {NOT_DONE} AND (%(board)s = 0 OR p.board_id = %(board)s)
 ORDER BY w.mrr DESC, w.post_number DESC LIMIT %(most)s"""
WISHES = f"""
SELECT o.key, o.name, wish.votes, wish.number, wish.title, wish.mrr, wish.status_name, wish.kind, wish.color
  FROM (SELECT id, key, name FROM segment WHERE workspace_id = %(workspace)s ORDER BY name, id LIMIT %(segments)s) o
 CROSS JOIN LATERAL (
  SELECT l.votes, p.number, p.title, coalesce(w.mrr, 0) AS mrr, s.name AS status_name, s.kind, s.color FROM segment_wish l
    JOIN post p ON p.workspace_id = %(workspace)s AND p.number = l.post_number {BESIDE} {WORTH}
   WHERE l.workspace_id = %(workspace)s AND l.segment_id = o.id AND {STANDS} AND {NOT_DONE}
   ORDER BY l.votes DESC, p.number DESC LIMIT %(most)s) wish
 ORDER BY o.name, o.id, wish.votes DESC, wish.number DESC"""


class State(NamedTuple):
    """When the figures were counted (None: never yet), and whether they are just being counted anew."""

    counted_at: datetime | None
    is_counting: bool
    has_posts: bool


class Choice(NamedTuple):
    """What the figures are of: a board and a segment (0: all), over so many weeks."""

    weeks: int
    board: int = 0
    board_name: str = ""
    segment: int = 0
    segment_name: str = ""

    def scope(self, reader: Reader) -> dict:
        return {"workspace": reader.workspace.id, "board": self.board, "segment": self.segment}


class Figures(NamedTuple):
    posts: int = 0
    votes: int = 0
    answers: int = 0
    minutes: int | None = None  # median time to the first answer; None: nothing was answered


class Span(NamedTuple):
    """A week or month."""

    starts: date
    figures: Figures


class Part(NamedTuple):
    """A board or a segment."""

    key: str
    name: str
    figures: Figures


class Leader(NamedTuple):
    """A post that is not done, and leads by votes or by what its voters pay."""

    number: int
    title: str
    votes: int
    mrr: int  # cents a month
    status_name: str
    status_kind: str
    status_color: str
    board: str
    created_at: datetime


class Wish(NamedTuple):
    """A post that a segment votes for."""

    segment_key: str
    segment: str
    votes: int  # of the segment
    number: int
    title: str
    mrr: int
    status_name: str
    status_kind: str
    status_color: str


def look(reader: Reader) -> State:
    """How fresh the figures are. When something happened since they were counted, more than a minute ago, they are being
    counted anew from now on."""
    counted_at, has_news, is_stale, has_posts = db.row(STATE, workspace=reader.workspace.id, stale=STALE)
    is_counting = has_news and is_stale
    if is_counting:
        with suppress(*db.GONE):  # the page is worth more than its being fresh; the clock asks for it, too
            insight_counts.ask(reader.workspace.id)
    return State(counted_at, is_counting, has_posts)


def choose(reader: Reader, weeks: int, board: str = "", segment: str = "") -> Choice:
    """What to show figures of; Invalid when there is no such thing."""
    if weeks not in WEEKS:
        raise Invalid(weeks=f"Choose one of: {', '.join(map(str, WEEKS))} weeks.")
    return Choice(weeks, *find(reader, "board", board), *find(reader, "segment", segment))


def find(reader: Reader, table: str, key: str) -> tuple[int, str]:
    if not key:
        return 0, ""
    found = db.row(FIND.format(table=table), workspace=reader.workspace.id, key=key)
    if found is None:
        raise Invalid(**{table: f"There is no such {table}."})
    return found


def weeks(reader: Reader, choice: Choice) -> list[Span]:
    """Week by week, the oldest first; the last one is not over."""
    return series(reader, choice, "week", choice.weeks)


def months(reader: Reader, choice: Choice) -> list[Span]:
    """The last 13 months, the oldest first; the last one is not over."""
    return series(reader, choice, "month", insight_counts.MONTHS)


def series(reader: Reader, choice: Choice, span: str, most: int) -> list[Span]:
    found = db.rows(SERIES, **choice.scope(reader), span=span, most=most)
    return [Span(starts, Figures(*figures)) for starts, *figures in found]


def total(reader: Reader, choice: Choice) -> Figures:
    """All of the weeks together."""
    return Figures(*db.row(SUM, **choice.scope(reader), span=f"{choice.weeks} weeks") or ())


def boards(reader: Reader, choice: Choice) -> list[Part]:
    """Each board, of the chosen segment."""
    return parts(BOARDS, reader, choice, MOST_BOARDS)


def segments(reader: Reader, choice: Choice) -> list[Part]:
    """Each segment, of the chosen board; who is in several counts in each."""
    return parts(SEGMENTS, reader, choice, MOST_SEGMENTS)


def parts(sql: str, reader: Reader, choice: Choice, most: int) -> list[Part]:
    found = db.rows(sql, **choice.scope(reader), span=f"{choice.weeks} weeks", most=most)
    return [Part(key, name, Figures(*figures)) for key, name, *figures in found]


def top_by_votes(reader: Reader, choice: Choice) -> list[Leader]:
    """The posts that most want and that are not done; of all times."""
    sql = BY_VOTES_OF_BOARD if choice.board else BY_VOTES
    return [Leader(*row) for row in db.rows(sql, **choice.scope(reader), most=MOST_POSTS, among=AMONG)]


def top_by_mrr(reader: Reader, choice: Choice) -> list[Leader]:
    """The posts whose voters' companies pay most and that are not done."""
    found = db.rows(BY_MRR, **choice.scope(reader), most=MOST_POSTS, among=AMONG)
    return [Leader(*row) for row in found]


def wishes(reader: Reader) -> list[Wish]:
    """What each segment votes for most and does not have yet, segment by segment; on all boards."""
    return [Wish(*row) for row in db.rows(WISHES, workspace=reader.workspace.id, segments=MOST_SEGMENTS, most=MOST_WISHES)]
