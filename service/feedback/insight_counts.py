"""What the page of insights shows, counted beforehand by a job: reading it then costs the same however many posts there are.

Posts, votes, answers and the median time to an answer for each of the last 53 weeks and 13 months, and for the last 12, 26
and 52 weeks together (a median cannot be added up); of all boards and each, for everyone and each segment. Then what each
post is worth, and what each segment wants. Every piece is one short statement in a transaction of its own."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

from service import db, events, jobs
from service.db import database
from service.jobs import Job

COUNT = "insights.count"  # kind of the job
WEEKS, MONTHS = 53, 13  # with the current one
WINDOWS = {"12 weeks": 12, "26 weeks": 26, "52 weeks": 52}
POSTS_AT_ONCE = 5000  # whose worth is counted in one statement
MOST_WISHES = 10  # of a segment; the page shows those of them that are not done
MOST_SEGMENTS = 200
# After these more may have changed than this month and the last. A vote that is taken back later was cast all the same; and
# for a user who comes into another segment, what was counted before last month stays with those they were in then.
REACH_BACK = ("post.approved", "post.deleted", "post.restored", "post.updated")
CHANGE_ALL = ("board.deleted", "segment.created", "segment.deleted", "segment.updated", "user.erased")

# The operator's own work, so it looks at all workspaces: a row for each. A new week moves the windows, too.
DUE = """
SELECT c.workspace_id FROM workspace_counter c LEFT JOIN insight_count i ON i.workspace_id = c.workspace_id
 WHERE c.next_event - 1 > coalesce(i.seq, 0)
    OR i.counted_at < date_trunc('week', now(), 'UTC')
 ORDER BY c.workspace_id"""
# what was counted last; held, so that two counts of a workspace take turns
BEGIN = """
INSERT INTO insight_count (workspace_id, seq, counted_at)
SELECT id, 0, '-infinity' FROM workspace WHERE id = %(workspace)s ON CONFLICT (workspace_id) DO NOTHING"""
HOLD = """
SELECT seq, counted_at = '-infinity', now() FROM insight_count WHERE workspace_id = %(workspace)s FOR UPDATE"""
END = """
UPDATE insight_count SET seq = greatest(seq, %(seq)s), counted_at = %(at)s WHERE workspace_id = %(workspace)s"""
TYPES_SINCE = """
SELECT EXISTS (SELECT FROM event WHERE workspace_id = %(workspace)s AND type = ANY(%(types)s) AND seq > %(seq)s)"""
OLDEST_CHANGED = """
SELECT min(p.created_at) FROM event e JOIN post p ON p.workspace_id = %(workspace)s AND p.number = e.post_number
 WHERE e.workspace_id = %(workspace)s AND e.type = ANY(%(types)s) AND e.seq > %(seq)s
   AND (e.type <> 'post.updated' OR e.data->'changed' @> '["board"]')"""
CLEAR = "DELETE FROM insight WHERE workspace_id = %(workspace)s AND span = %(span)s AND starts = %(starts)s"
FORGET = "DELETE FROM insight WHERE workspace_id = %(workspace)s AND span = %(span)s AND starts < %(before)s"

COUNTED = "p.workspace_id = %(workspace)s AND p.deleted_at IS NULL AND p.held_at IS NULL"
ANSWERS = f"""
SELECT p.board_id AS board, p.author_id AS who, 0 AS posts, 0 AS votes, 1 AS answers,
       greatest(0, extract(epoch FROM p.answered_at - p.created_at) / 60) AS minutes
  FROM post p WHERE {COUNTED} AND p.answered_at >= %(from)s AND p.answered_at < %(until)s"""
# A vote counts once, for the post it was cast for, not again for the one into which that was merged.
FACTS = f"""
SELECT p.board_id AS board, p.author_id AS who, 1 AS posts, 0 AS votes, 0 AS answers, NULL::numeric AS minutes
  FROM post p WHERE {COUNTED} AND p.created_at >= %(from)s AND p.created_at < %(until)s
UNION ALL
SELECT p.board_id, v.user_id, 0, count(*)::int, 0, NULL FROM vote v JOIN post p ON p.number = v.post_number AND {COUNTED}
 WHERE v.workspace_id = %(workspace)s AND v.created_at >= %(from)s AND v.created_at < %(until)s AND v.merged_from IS NULL
 GROUP BY p.board_id, v.user_id
UNION ALL {ANSWERS}"""
GROUPED = """
WITH fact AS MATERIALIZED ({facts}), grouped AS (
  SELECT coalesce(board, 0) AS board, 0 AS segment, sum(posts) AS posts, sum(votes) AS votes, sum(answers) AS answers,
         percentile_cont(0.5) WITHIN GROUP (ORDER BY minutes) FILTER (WHERE minutes IS NOT NULL) AS minutes
    FROM fact GROUP BY GROUPING SETS ((board), ()) HAVING count(*) > 0
  UNION ALL
  SELECT coalesce(f.board, 0), su.segment_id, sum(f.posts), sum(f.votes), sum(f.answers),
         percentile_cont(0.5) WITHIN GROUP (ORDER BY f.minutes) FILTER (WHERE f.minutes IS NOT NULL)
    FROM fact f JOIN segment_user su ON su.workspace_id = %(workspace)s AND su.user_id = f.who
   GROUP BY GROUPING SETS ((su.segment_id, f.board), (su.segment_id))
)"""
WRITE = """
INSERT INTO insight (workspace_id, span, starts, board_id, segment_id, posts, votes, answers, answer_minutes)"""
COUNT_SPAN = f"""
{GROUPED.format(facts=FACTS)} {WRITE}
SELECT %(workspace)s, %(span)s, %(starts)s, board, segment, posts, votes, answers, minutes FROM grouped"""
# what can be added up is added up from the weeks
COUNT_WINDOW = f"""
{GROUPED.format(facts=ANSWERS)}, added AS (
  SELECT board_id, segment_id, sum(posts) AS posts, sum(votes) AS votes, sum(answers) AS answers FROM insight
   WHERE workspace_id = %(workspace)s AND span = 'week' AND starts >= %(starts)s GROUP BY board_id, segment_id
) {WRITE}
SELECT %(workspace)s, %(span)s, %(starts)s, a.board_id, a.segment_id, a.posts, a.votes, a.answers, g.minutes
  FROM added a LEFT JOIN grouped g ON g.board = a.board_id AND g.segment = a.segment_id"""

LAST_POST = "SELECT max(number) FROM post WHERE workspace_id = %(workspace)s"
COUNT_WORTH = """
WITH fresh AS (
  SELECT number, sum(mrr)::bigint AS mrr FROM (
    SELECT DISTINCT v.post_number AS number, payer.id, payer.mrr FROM vote v
      JOIN "user" voter ON voter.workspace_id = %(workspace)s AND voter.id = v.user_id
      JOIN company payer ON payer.workspace_id = %(workspace)s AND payer.id = voter.company_id AND payer.mrr > 0
     WHERE v.workspace_id = %(workspace)s AND v.post_number > %(after)s AND v.post_number <= %(last)s) each
   GROUP BY number
), gone AS (
  DELETE FROM post_worth w WHERE w.workspace_id = %(workspace)s AND w.post_number > %(after)s AND w.post_number <= %(last)s
     AND NOT EXISTS (SELECT FROM fresh WHERE fresh.number = w.post_number)
)
INSERT INTO post_worth (workspace_id, post_number, mrr) SELECT %(workspace)s, number, mrr FROM fresh ORDER BY number
ON CONFLICT (workspace_id, post_number) DO UPDATE SET mrr = excluded.mrr WHERE post_worth.mrr <> excluded.mrr"""
SEGMENTS = "SELECT id FROM segment WHERE workspace_id = %(workspace)s ORDER BY key LIMIT %(most)s"
CLEAR_WISHES = "DELETE FROM segment_wish WHERE workspace_id = %(workspace)s AND segment_id = %(segment)s"
COUNT_WISHES = """
INSERT INTO segment_wish (workspace_id, segment_id, post_number, votes)
SELECT %(workspace)s, %(segment)s, p.number, wanted.votes FROM (
  SELECT v.post_number AS number, count(*) AS votes FROM segment_user su
    JOIN vote v ON v.workspace_id = %(workspace)s AND v.user_id = su.user_id
   WHERE su.workspace_id = %(workspace)s AND su.segment_id = %(segment)s GROUP BY v.post_number) wanted
  JOIN post p ON p.workspace_id = %(workspace)s AND p.number = wanted.number
  JOIN status s ON s.workspace_id = %(workspace)s AND s.id = p.status_id AND s.kind IN ('open', 'planned', 'started')
 WHERE p.deleted_at IS NULL AND p.merged_into IS NULL AND p.held_at IS NULL
 ORDER BY wanted.votes DESC, p.number DESC LIMIT %(most)s"""


class Span(NamedTuple):
    """A week or a month, from its first moment until the next one's, in UTC."""

    name: str
    starts: date
    ends: date

    def scope(self, workspace_id: int) -> dict:
        return {"workspace": workspace_id, "span": self.name, "starts": self.starts, "from": moment(self.starts),
                "until": moment(self.ends)}  # fmt: skip


def count_due(job: Job) -> None:
    """Count the workspace of the job anew; of a job that is nobody's, have all workspaces counted in which something
    happened since they were counted last."""
    if job.workspace_id != jobs.OURS:
        return count(job.workspace_id)
    with database.atomic():
        for (workspace,) in db.rows(DUE):
            ask(workspace)
        job.complete()


def ask(workspace_id: int) -> None:
    """Have a workspace counted soon, by one job however often this is asked for."""
    jobs.enqueue(COUNT, workspace_id, unique_key="all")


def count(workspace_id: int) -> None:
    """Count a workspace: what can have changed since it was counted last, everything the first time."""
    seq = events.latest(workspace_id)
    db.changed(BEGIN, workspace=workspace_id)
    found = db.row(HOLD, workspace=workspace_id)
    if found is None:
        return  # the workspace is gone
    last, is_first, at = found
    today = at.astimezone(UTC).date()
    since = date.min if is_first else changed_since(workspace_id, last, today)
    for span in spans(today):
        if span.ends > since:
            count_span(workspace_id, span)
    for name, weeks in WINDOWS.items():
        count_window(workspace_id, Span(name, monday(today) - timedelta(weeks=weeks - 1), date.max))
    count_worth(workspace_id)
    for (segment,) in db.rows(SEGMENTS, workspace=workspace_id, most=MOST_SEGMENTS):
        count_wishes(workspace_id, segment)
    forget(workspace_id, today)
    db.changed(END, workspace=workspace_id, seq=seq, at=at)


def changed_since(workspace_id: int, seq: int, today: date) -> date:
    """The first day that has to be counted again."""
    if db.row(TYPES_SINCE, workspace=workspace_id, types=list(CHANGE_ALL), seq=seq)[0]:
        return date.min
    oldest = db.row(OLDEST_CHANGED, workspace=workspace_id, types=list(REACH_BACK), seq=seq)[0]
    last_month = month(today, 1)
    return min(last_month, oldest.astimezone(UTC).date()) if oldest else last_month


def spans(today: date) -> Iterator[Span]:
    """The weeks and months that are shown, the oldest first."""
    for back in reversed(range(WEEKS)):
        starts = monday(today) - timedelta(weeks=back)
        yield Span("week", starts, starts + timedelta(weeks=1))
    for back in reversed(range(MONTHS)):
        yield Span("month", month(today, back), month(today, back - 1))


def monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def month(day: date, back: int) -> date:
    """The first day of the month so many months before that of `day`."""
    index = day.year * 12 + day.month - 1 - back
    return date(index // 12, index % 12 + 1, 1)


def moment(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


@db.verb
def count_span(workspace_id: int, span: Span) -> None:
    db.rows(HOLD, workspace=workspace_id)
    db.changed(CLEAR, workspace=workspace_id, span=span.name, starts=span.starts)
    db.changed(COUNT_SPAN, **span.scope(workspace_id))


@db.verb
def count_window(workspace_id: int, span: Span) -> None:
    db.rows(HOLD, workspace=workspace_id)
    db.changed(FORGET, workspace=workspace_id, span=span.name, before=date.max)
    db.changed(COUNT_WINDOW, **span.scope(workspace_id))


def count_worth(workspace_id: int) -> None:
    last = db.row(LAST_POST, workspace=workspace_id)[0] or 0
    for after in range(0, last, POSTS_AT_ONCE):
        count_worth_of(workspace_id, after, after + POSTS_AT_ONCE)


@db.verb
def count_worth_of(workspace_id: int, after: int, last: int) -> None:
    db.changed(COUNT_WORTH, workspace=workspace_id, after=after, last=last)


@db.verb
def count_wishes(workspace_id: int, segment: int) -> None:
    db.rows(HOLD, workspace=workspace_id)
    db.changed(CLEAR_WISHES, workspace=workspace_id, segment=segment)
    db.changed(COUNT_WISHES, workspace=workspace_id, segment=segment, most=MOST_WISHES)


def forget(workspace_id: int, today: date) -> None:
    """Drop the weeks and months that are not shown any more."""
    for name in ("week", "month"):
        first = next(span.starts for span in spans(today) if span.name == name)
        db.changed(FORGET, workspace=workspace_id, span=name, before=first)
