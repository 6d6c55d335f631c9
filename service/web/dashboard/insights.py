"""What the posts tell: figures over time, what leads, who wants what; each table also as a file for spreadsheets."""

from collections.abc import Callable

import falcon

from service.errors import NotFound
from service.feedback import insights
from service.feedback.insights import Choice, Span
from service.web import charts, inputs, spreadsheets
from service.web.charts import Point
from service.web.dashboard.page import Page, at, render
from service.web.guards import require_member
from service.web.pages import query

MINUTES_OF_HOUR, MINUTES_OF_DAY = 60, 1440
SHORT_HOURS, SHORT_DAYS = 120, 2 * MINUTES_OF_DAY  # minutes; from here on it is said in hours, in days
ROUND_MINUTES = (1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 2880, 7200, 14400, 28800, 72000)
KINDS = {"posts": "Posts", "votes": "Votes", "answers": "Answers"}
FIGURES = ["Posts", "Votes", "Answers", "Median minutes to the first answer"]
LEADERS = ["Post", "Title", "Votes", "MRR", "Status", "Board", "Written"]


@falcon.before(require_member)
class Insights(Page):
    def show(self, req, resp):
        reader, choice = req.context.reader, chosen(req)
        weeks, months = insights.weeks(reader, choice), insights.months(reader, choice)
        render(
            req, resp, "app/insights.html", active="insights", state=insights.look(reader), choice=choice,
            spans=insights.WEEKS, picked=picked(req), total=insights.total(reader, choice), months=begun(months),
            news=news(months), charts=drawn(choice, weeks), boards=insights.boards(reader, choice),
            segments=insights.segments(reader, choice), by_votes=insights.top_by_votes(reader, choice),
            by_mrr=insights.top_by_mrr(reader, choice),
            wishes=by_segment(insights.wishes(reader)), spent=spent, day=day, month=month,
            csv=lambda name: at(req, f"insights/{name}.csv") + query(**picked(req)),
        )  # fmt: skip


@falcon.before(require_member)
class Sheet:
    """One of the page's tables, as CSV."""

    def on_get(self, req, resp, table):
        if table not in SHEETS:
            raise NotFound("There is no such table.")
        header, rows = SHEETS[table](req.context.reader, chosen(req))
        spreadsheets.answer(resp, f"{req.context.workspace.slug}-{table}", header, rows)


def picked(req) -> dict[str, str]:
    return {name: inputs.param(req, name) for name in ("weeks", "board", "segment")}


def chosen(req) -> Choice:
    """What the address asks for."""
    asked = picked(req)
    weeks = int(asked["weeks"]) if asked["weeks"] in map(str, insights.WEEKS) else 0 if asked["weeks"] else insights.WEEKS[0]
    return insights.choose(req.context.reader, weeks, asked["board"], asked["segment"])


# ── words ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def spent(minutes: float | None) -> str:
    """45 min, 5 h, 3 days; a dash when nothing was answered."""
    if minutes is None:
        return "–"
    if minutes < SHORT_HOURS:
        return f"{minutes:g} min"
    if minutes < SHORT_DAYS:
        return f"{rounded(minutes / MINUTES_OF_HOUR)} h"
    return f"{rounded(minutes / MINUTES_OF_DAY)} days"


def rounded(count: float) -> str:
    return f"{round(count, 1 if count < 10 else None):g}"


def brief(minutes: float) -> str:
    """The same, beside an axis."""
    return spent(minutes).replace(" days", " d")


def day(starts) -> str:
    return f"{starts.day} {starts:%b}"


def month(starts) -> str:
    return f"{starts:%B}"


def news(months: list[Span]) -> dict[str, str]:
    """What the last whole month brought, compared with the one before; and what this one has so far."""
    before, last, now = months[-3:]
    said = {name: f"{getattr(last.figures, name):,} in {month(last.starts)}, {compared(name, last, before)}."
            for name in KINDS}  # fmt: skip
    so_far = ", ".join(many(name, getattr(now.figures, name)) for name in KINDS)
    return {**said, "minutes": quicker(last, before), "so_far": f"{month(now.starts)} so far: {so_far}."}


def begun(months: list[Span]) -> list[Span]:
    """Without the months before anything happened."""
    return months[next((place for place, span in enumerate(months) if any(span.figures[:3])), len(months) - 1):]


def compared(name: str, last: Span, before: Span) -> str:
    more = getattr(last.figures, name) - getattr(before.figures, name)
    if not more:
        return f"as many as in {month(before.starts)}"
    return f"{abs(more):,} {'more' if more > 0 else 'fewer'} than in {month(before.starts)}"


def quicker(last: Span, before: Span) -> str:
    took, earlier = last.figures.minutes, before.figures.minutes
    if took is None:
        return f"Nothing was answered in {month(last.starts)}."
    if earlier is None:
        return f"{spent(took)} in {month(last.starts)}."
    if spent(took) == spent(earlier):
        return f"{spent(took)} in {month(last.starts)}, as in {month(before.starts)}."
    return f"{spent(took)} in {month(last.starts)}, {spent(earlier)} in {month(before.starts)}."


def many(name: str, count: int) -> str:
    return f"{count:,} {name[:-1] if count == 1 else name}"


# ── charts ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def drawn(choice: Choice, weeks: list[Span]) -> list[dict]:
    """A chart for each figure, and the rows of the table behind it."""
    of = "".join(f", {name}" for name in (choice.board_name, choice.segment_name) if name)
    charts_of_counts = [chart(name, f"{label} by week{of}", weeks) for name, label in KINDS.items()]
    return [*charts_of_counts, chart_of_times(f"Median time to the first answer by week{of}", weeks)]


def chart(name: str, title: str, weeks: list[Span]) -> dict:
    values = [getattr(span.figures, name) for span in weeks]
    points = [point(span, value, many(name, value), weeks) for span, value in zip(weeks, values, strict=True)]
    words = f"From {day(weeks[0].starts)} on {many(name, sum(values))} in all, at most {max(values):,} in a week."
    rows = [(day(span.starts), f"{value:,}") for span, value in zip(weeks, values, strict=True)]
    return {"name": name, "title": title, "unit": KINDS[name], "svg": charts.bars(name, title, words, points), "rows": rows}


def chart_of_times(title: str, weeks: list[Span]) -> dict:
    points = [point(span, span.figures.minutes, spent(span.figures.minutes), weeks) for span in weeks]
    known = [span.figures.minutes for span in weeks if span.figures.minutes is not None]
    words = f"Between {spent(min(known))} and {spent(max(known))}." if known else "Nothing was answered in this time."
    rows = [(day(span.starts), spent(span.figures.minutes)) for span in weeks]
    return {"name": "minutes", "title": title, "unit": "Median",
            "svg": charts.line("minutes", title, words, points, brief, ROUND_MINUTES), "rows": rows}  # fmt: skip


def point(span: Span, value: float | None, said: str, weeks: list[Span]) -> Point:
    is_whole = span is not weeks[-1]
    return Point(day(span.starts), value, f"Week of {day(span.starts)}: {said}{'' if is_whole else ' so far'}", is_whole)


def by_segment(wishes: list) -> dict[str, list]:
    """Segment's key → what it wants."""
    found: dict[str, list] = {}
    for wish in wishes:
        found.setdefault(wish.segment_key, []).append(wish)
    return found


# ── files ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def spans(header: str, read) -> Callable:
    return lambda reader, choice: ([header, *FIGURES], [[span.starts, *span.figures] for span in read(reader, choice)])


def parts(header: str, read) -> Callable:
    return lambda reader, choice: ([header, *FIGURES], [[part.name, *part.figures] for part in read(reader, choice)])


def leaders(read) -> Callable:
    return lambda reader, choice: (LEADERS, [
        [each.number, each.title, each.votes, dollars(each.mrr), each.status_name, each.board, each.created_at.date()]
        for each in read(reader, choice)])  # fmt: skip


def wanted(reader, _choice) -> tuple[list, list]:
    rows = [[each.segment, each.votes, each.number, each.title, dollars(each.mrr), each.status_name]
            for each in insights.wishes(reader)]  # fmt: skip
    return ["Segment", "Votes of the segment", "Post", "Title", "MRR", "Status"], rows


def dollars(cents: int) -> str:
    return f"{cents / 100:.2f}"


SHEETS = {
    "weeks": spans("Week from", insights.weeks),
    "months": spans("Month from", insights.months),
    "boards": parts("Board", insights.boards),
    "segments": parts("Segment", insights.segments),
    "top-by-votes": leaders(insights.top_by_votes),
    "top-by-mrr": leaders(insights.top_by_mrr),
    "wishes": wanted,
}
