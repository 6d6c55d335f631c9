"""The page of insights as Acme's team reads it: figures, charts with their tables, files; and what it costs."""

import csv
import io
import re
from html import unescape

import pytest
from browser import Browser
from cast import ADA, DAN, EVE
from queued import work_off

from service import db
from service.db import database
from service.feedback import insight_counts, planning, segments, votes

PAGE = "/app/acme/insights"
PAYING = [{"field": "company.mrr", "op": "at_least", "value": 1}]
FILL = """
INSERT INTO post (workspace_id, number, board_id, status_id, title, votes, created_at, answered_at)
SELECT %(workspace)s, n, boards[1 + n %% cardinality(boards)], statuses[1 + n %% cardinality(statuses)], 'Wish ' || n,
       n * 7919 %% 1009, now() - n %% 364 * interval '1 day',
       CASE WHEN n %% 3 = 0 THEN now() - (n %% 364 - 1) * interval '1 day' END
  FROM generate_series(%(first)s, %(last)s) n,
       (SELECT array_agg(id) AS boards FROM board WHERE workspace_id = %(workspace)s) b,
       (SELECT array_agg(id) AS statuses FROM status WHERE workspace_id = %(workspace)s) s"""
CAST = """
INSERT INTO vote (workspace_id, post_number, user_id, created_at)
SELECT %(workspace)s, n, %(user)s, now() - n %% 364 * interval '1 day' FROM generate_series(%(first)s, %(last)s) n"""
BLOCKS = """
SELECT pg_stat_force_next_flush(), blks_hit + blks_read FROM pg_stat_database WHERE datname = current_database()"""


@pytest.fixture
def ada(client, acme):
    return Browser(client).sign_in(ADA)


def texts(page) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page.text)).split())


def sheet(browser, name: str, **params) -> list[list[str]]:
    page = browser.open(f"{PAGE}/{name}.csv", params=params)
    assert page.status_code == 200, page.text
    return list(csv.reader(io.StringIO(page.text)))


def lively(acme) -> int:
    """Two posts, one of which is answered; returns its number."""
    segments.create(acme.team, "paying", "Paying", PAYING)
    number = acme.post("Export", by=DAN)
    votes.cast(acme.reader(), number)
    planning.set_status(acme.team, number, "planned")
    acme.post("Dark mode", board="bugs")
    insight_counts.count(acme.workspace.id)
    return number


# ── the page ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_workspace_without_posts_is_told_what_will_stand_here(ada):
    assert "Figures come with the first posts" in texts(ada.open(PAGE))


def test_the_first_visit_has_it_counted_and_the_next_one_shows_it(ada, acme):
    acme.post()
    page = ada.open(PAGE)
    assert "Being counted for the first time" in texts(page) and "data-counting" in page.text
    work_off()
    page = ada.open(PAGE)
    assert "Counted just now" in texts(page) and "data-counting" not in page.text
    assert "so far: 1 post, 1 vote, 0 answers." in texts(page)


def test_figures_leaders_and_wishes_are_shown(ada, acme):
    lively(acme)
    said = texts(ada.open(PAGE))
    for words in ("Posts in 12 weeks 2", "Votes in 12 weeks 3", "Answers in 12 weeks 1", "What each segment wants",
                  "Time to first answer in 12 weeks 0 min", "Export Planned Features just now 2 votes $49 MRR",
                  "Paying Export 1 vote"):  # fmt: skip
        assert words in said, words


def test_board_and_segment_in_the_address_narrow_the_figures(ada, acme):
    lively(acme)
    said = texts(ada.open(PAGE, params={"board": "bugs", "weeks": "52"}))
    assert "Posts in 52 weeks 1" in said and "Posts by week, Bugs" in said and "$49 MRR" not in said
    assert "Votes in 12 weeks 1" in texts(ada.open(PAGE, params={"segment": "paying"}))
    for wrong in ({"board": "nowhere"}, {"segment": "x\ud800"[:1]}, {"weeks": "13"}, {"weeks": "1e9"}, {"board": "a'--"}):
        assert ada.open(PAGE, params=wrong).status_code == 422, wrong


def test_what_changed_is_said_of_whole_months_in_words(ada, acme):
    last, before = "date_trunc('month', now(), 'UTC')", "interval '1 month'"
    for _ in range(3):
        db.changed(f"UPDATE post SET created_at = {last} - {before} WHERE number = %(number)s", number=acme.post())
    db.changed(f"UPDATE post SET created_at = {last} - 2 * {before} WHERE number = %(number)s", number=acme.post())
    insight_counts.count(acme.workspace.id)
    assert re.search(r"3 in [A-Z][a-z]+, 2 more than in [A-Z][a-z]+\.", texts(ada.open(PAGE)))


def test_each_chart_says_itself_in_words_and_has_its_table_behind_it(ada, acme):
    lively(acme)
    page = ada.open(PAGE).text
    for name in ("posts", "votes", "answers", "minutes"):
        assert f'role="img" aria-labelledby="{name}-title {name}-words"' in page and f'id="{name}-words"' in page
        assert f'<details id="{name}-table">' in page
    assert page.count('class="bar') == 36 and "style=" not in page


# ── files ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_every_table_is_a_file_for_spreadsheets(ada, acme):
    number = lively(acme)
    page = ada.open(PAGE).text
    tables = set(re.findall(r"/insights/([a-z-]+)\.csv", page))
    assert tables == {"weeks", "months", "boards", "segments", "top-by-votes", "top-by-mrr", "wishes"}
    assert [len(sheet(ada, name)) for name in ("weeks", "months", "boards", "segments")] == [13, 14, 3, 2]
    assert sheet(ada, "weeks")[-1][1:] == ["2", "3", "1", "0"]
    assert sheet(ada, "weeks", board="bugs")[-1][1:] == ["1", "1", "0", ""]
    assert sheet(ada, "top-by-mrr")[1][:5] == [str(number), "Export", "2", "49.00", "Planned"]
    assert sheet(ada, "wishes")[1][:4] == ["Paying", "1", str(number), "Export"]


def test_a_cell_that_a_spreadsheet_would_compute_stays_a_text(ada, acme):
    for title in ("=1+1", "+SUM(A1)", "-2", "@cmd", "Say \"a\", b\nc"):
        acme.post(title)
    titles = {row[1] for row in sheet(ada, "top-by-votes")[1:]}
    assert titles == {"'=1+1", "'+SUM(A1)", "'-2", "'@cmd", 'Say "a", b c'}


def test_a_file_has_a_name_with_its_date_and_no_mark_at_its_beginning(ada):
    page = ada.open(f"{PAGE}/weeks.csv")
    assert re.fullmatch(r'attachment; filename="acme-weeks-\d{4}-\d\d-\d\d\.csv"', page.headers["content-disposition"])
    assert page.headers["content-type"] == "text/csv; charset=utf-8" and page.content.startswith(b"Week from,Posts")


@pytest.mark.parametrize("address", [PAGE, f"{PAGE}/weeks.csv", f"{PAGE}/wishes.csv"])
def test_others_see_nothing_of_it(client, acme, globex, address):
    assert client.simulate_get(address).status_code == 303
    assert Browser(client).sign_in(EVE).open(address).status_code == 404


def test_there_are_no_other_tables(ada):
    for name in ("users", "WEEKS", "weeks.csv", "../weeks", "%00"):
        assert ada.open(f"{PAGE}/{name}.csv").status_code in (400, 404), name


# ── what it costs ───────────────────────────────────────────────────────────────────────────────────────────────────


def blocks() -> int:
    db.row(BLOCKS)
    return db.row(BLOCKS)[1]


def read_by(ada, address: str) -> int:
    ada.open(address)
    before = blocks()
    assert ada.open(address).status_code == 200
    return blocks() - before


def test_with_a_hundred_times_the_posts_the_page_reads_less_than_three_times_as_much(ada, acme):
    scope = {"workspace": acme.workspace.id, "user": acme.user(DAN).id}
    segments.create(acme.team, "paying", "Paying", PAYING)
    read = []
    for first, last in ((1, 1000), (1001, 100_000)):
        with database.atomic():
            database.execute_sql("SET LOCAL statement_timeout = 0")
            db.changed(FILL, **scope, first=first, last=last)
            db.changed(CAST, **scope, first=first, last=last)
            db.changed("UPDATE workspace_counter SET next_event = next_event + 1, next_post = %(last)s + 1", last=last)
            db.changed("DELETE FROM insight_count")
        database.execute_sql("VACUUM ANALYZE post, vote")
        insight_counts.count(scope["workspace"])
        database.execute_sql("VACUUM ANALYZE insight, post_worth, segment_wish")
        read.append([read_by(ada, address) for address in (PAGE, f"{PAGE}?weeks=52&board=bugs&segment=paying")])
    small, large = read
    assert all(much <= 3 * little for little, much in zip(small, large, strict=True)), read
