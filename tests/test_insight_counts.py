"""What the page of insights shows is counted by a job, a piece at a time, and counting again changes nothing."""

from datetime import UTC, datetime, timedelta

import pytest
from cast import CLEO, DAN
from queued import work_off

from service import db, events, jobs
from service.feedback import boards, comments, edits, insight_counts, insights, merges, moderation, planning, segments, votes
from service.feedback.insights import Choice, Figures

ALL = Choice(12)
AGE = """
WITH aged AS (UPDATE post SET created_at = created_at - %(days)s * interval '1 day',
                              answered_at = answered_at - %(days)s * interval '1 day' WHERE number = %(number)s)
UPDATE vote SET created_at = created_at - %(days)s * interval '1 day' WHERE post_number = %(number)s"""
ANSWERED = "UPDATE post SET answered_at = created_at + %(minutes)s * interval '1 minute' WHERE number = %(number)s"
WHEN = "SELECT answered_at FROM post WHERE number = %(number)s"


def age(number: int, days: int) -> None:
    db.changed(AGE, number=number, days=days)


def count(company) -> None:
    insight_counts.count(company.workspace.id)


def series(company, choice=ALL) -> list[tuple[int, int, int]]:
    return [span.figures[:3] for span in insights.weeks(company.team, choice)]


def all_rows() -> list[tuple]:
    return db.rows("SELECT * FROM insight ORDER BY workspace_id, span, starts, board_id, segment_id")


# ── what counts ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_posts_votes_and_answers_are_counted_in_their_weeks(acme, globex):
    old, new = acme.post("Dark mode"), acme.post("Export", by=DAN)
    globex.post()
    votes.cast(acme.reader(DAN), old)
    planning.set_status(acme.team, new, "planned")
    age(old, 14)
    count(acme)
    assert series(acme)[-3:] == [(1, 2, 0), (0, 0, 0), (1, 1, 1)]
    assert insights.total(acme.team, ALL) == Figures(2, 3, 1, 0)
    assert sum(span.figures.posts for span in insights.months(acme.team, ALL)) == 2
    assert insights.total(globex.team, ALL) == Figures(), "nobody counted it yet"


def test_deleted_and_waiting_posts_do_not_count_and_a_merged_vote_counts_once(acme):
    kept, gone, held, merged = (acme.post(title) for title in ("Kept", "Gone", "Held", "Merged"))
    votes.cast(acme.reader(DAN), merged)
    merges.merge(acme.team, merged, kept)
    edits.delete(acme.team, gone)
    db.changed("UPDATE post SET held_at = now() WHERE number = %(number)s", number=held)
    count(acme)
    assert series(acme)[-1] == (2, 3, 0), "Cleo's two votes and Dan's one, which stands below both posts now"


def test_the_median_is_of_the_whole_time_not_of_the_weeks_medians(acme):
    for minutes, days in ((10, 0), (20, 0), (30, 0), (1000, 21), (2000, 21)):
        number = acme.post(f"Answered after {minutes}")
        age(number, days + 2)
        db.changed(ANSWERED, number=number, minutes=minutes)
    count(acme)
    assert insights.total(acme.team, ALL).minutes == 30


def test_boards_and_segments_have_figures_of_their_own(acme):
    segments.create(acme.team, "paying", "Paying", [{"field": "company.mrr", "op": "at_least", "value": 1}])
    acme.post("Dark mode", by=CLEO)
    wish = acme.post("Export", by=DAN, board="bugs")
    votes.cast(acme.reader(CLEO), wish)
    count(acme)
    assert {part.key: part.figures[:2] for part in insights.boards(acme.team, ALL)}["bugs"] == (1, 2)
    assert [part.figures[:2] for part in insights.segments(acme.team, ALL)] == [(1, 1)]
    dans = insights.choose(acme.team, 12, "bugs", "paying")
    assert insights.total(acme.team, dans)[:2] == (1, 1)
    assert insights.total(acme.team, insights.choose(acme.team, 12, "features", "paying")) == Figures()
    assert [(wish.segment, wish.votes, wish.title) for wish in insights.wishes(acme.team)] == [("Paying", 1, "Export")]


def test_posts_are_worth_what_their_voters_companies_pay_each_once(acme):
    colleague = {**DAN, "sub": "dora-9", "email": "dora@customer.example"}
    number, other = acme.post("Export", by=DAN), acme.post("Dark mode")
    votes.cast(acme.reader(colleague), number)
    count(acme)
    assert [(each.number, each.mrr) for each in insights.top_by_mrr(acme.team, ALL)] == [(number, 4900)]
    assert [each.number for each in insights.top_by_votes(acme.team, ALL)] == [number, other]
    votes.withdraw(acme.reader(colleague), number)
    votes.withdraw(acme.reader(DAN), number)
    planning.set_status(acme.team, other, "done")
    count(acme)
    assert insights.top_by_mrr(acme.team, ALL) == []
    assert [each.number for each in insights.top_by_votes(acme.team, ALL)] == [number]


# ── when it is counted again ────────────────────────────────────────────────────────────────────────────────────────


def test_counting_twice_is_counting_once_and_counting_anew_finds_the_same(acme):
    for days in (0, 10, 40, 200):
        age(acme.post(f"Wish of {days} days", by=DAN), days)
    count(acme)
    rows = all_rows()
    count(acme)
    assert all_rows() == rows
    db.changed("DELETE FROM insight_count")
    count(acme)
    assert all_rows() == rows


def test_an_old_post_that_is_deleted_moved_or_comes_back_is_counted_anew_where_it_was(acme):
    number = acme.post()
    age(number, 70)
    count(acme)
    edits.delete(acme.team, number)
    count(acme)
    assert sum(each[0] for each in series(acme)) == 0
    edits.restore(acme.team, number)
    count(acme)
    assert sum(each[0] for each in series(acme)) == 1


def test_an_old_post_that_is_let_in_is_counted_where_it_was(acme):
    boards.change(acme.team, "features", approve_first=True)
    number = acme.post()
    age(number, 100)
    count(acme)
    assert sum(each[0] for each in series(acme, Choice(26))) == 0
    moderation.approve(acme.team, [number])
    count(acme)
    assert sum(each[0] for each in series(acme, Choice(26))) == 1


def test_a_new_segment_is_counted_for_all_the_time_before(acme):
    age(acme.post("Export", by=DAN), 70)
    count(acme)
    segments.create(acme.team, "paying", "Paying", [{"field": "company.mrr", "op": "at_least", "value": 1}])
    count(acme)
    assert [part.figures[:2] for part in insights.segments(acme.team, ALL)] == [(1, 1)]


def test_the_clock_counts_the_workspaces_in_which_something_happened_and_no_others(acme, globex):
    acme.post()
    jobs.enqueue(insight_counts.COUNT)
    work_off()
    assert insights.look(acme.team)[1:] == (False, True)
    assert db.rows("SELECT seq FROM insight_count") == [(events.latest(acme.workspace.id),)]
    jobs.enqueue(insight_counts.COUNT)
    [job] = [job for job in jobs.claim("tests", 9, 60) if job.kind == insight_counts.COUNT]
    insight_counts.count_due(job)
    assert db.rows("SELECT workspace_id FROM job WHERE kind = %(kind)s", kind=insight_counts.COUNT) == []
    db.changed("UPDATE insight_count SET counted_at = now() - interval '8 days'")
    assert db.rows(insight_counts.DUE) == [(acme.workspace.id,)], "the last twelve weeks are others now"


def test_opening_the_page_asks_for_one_count_when_there_is_news_and_not_more_than_once_a_minute(acme):
    acme.post()
    waiting = "SELECT count(*) FROM job WHERE kind = 'insights.count'"
    assert [insights.look(acme.team) for _ in range(3)] == [(None, True, True)] * 3
    assert db.row(waiting) == (1,)
    work_off()
    acme.post("Another")
    assert insights.look(acme.team).is_counting is False, "counted less than a minute ago"
    db.changed("UPDATE insight_count SET counted_at = counted_at - interval '2 minutes'")
    assert insights.look(acme.team).is_counting is True
    assert db.row(waiting) == (1,)


# ── the team's first answer ─────────────────────────────────────────────────────────────────────────────────────────


def answered_at(number: int):
    return db.row(WHEN, number=number)[0]


def test_the_teams_first_public_comment_is_the_answer(acme):
    number = acme.post()
    comments.create(acme.reader(CLEO), number, "Please")
    comments.create(acme.writer, number, "Let us think", internal=True)
    assert answered_at(number) is None
    comments.create(acme.writer, number, "Soon")
    first = answered_at(number)
    assert datetime.now(UTC) - first < timedelta(minutes=1)
    comments.create(acme.writer, number, "Really soon")
    planning.set_status(acme.team, number, "planned")
    assert answered_at(number) == first


@pytest.mark.parametrize("by_team", [True, False])
def test_the_first_status_that_a_member_sets_is_an_answer_too(acme, by_team):
    number = acme.post()
    planning.set_status(acme.team if by_team else acme.reader(member=True), number, "planned")
    assert (answered_at(number) is not None) == by_team
