"""How the server fares is counted at little cost, written down without anybody's data, and judged in one sentence."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from cast import CLEO, DAN
from crowd import at_once
from queued import work_off

from service import db, installation, jobs, measurements, plans
from service.db import database
from service.feedback import insight_counts, lists, scale, tags, votes
from service.feedback.scale import Signals
from service.lib import machine
from service.measurements import Hour, Statement

SLEEP = "SELECT pg_sleep(%(seconds)s), %(secret)s"
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def tally():
    measurements.tally.take()
    yield
    measurements.tally.take()


def this_hour() -> tuple[int, int]:
    return db.row("SELECT answers, slow_answers FROM measurement") or (0, 0)


# ── counting ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_answers_are_added_to_the_hour_by_every_process_and_slow_ones_twice(here):
    for milliseconds in (3, 500, 501, 4000):
        measurements.answered(milliseconds)
    measurements.write_down()
    assert this_hour() == (4, 2)
    at_once(lambda _: (measurements.answered(900), measurements.write_down()), 10)
    measurements.write_down()
    assert this_hour() == (14, 12)


def test_what_could_not_be_written_down_is_kept_for_the_next_time(here, url):
    measurements.answered(3)
    measurements.tally.waited("SELECT 1", 300)
    db.discard()
    with pytest.raises(db.GONE):
        measurements.write_down()
    db.connect()
    measurements.write_down()
    assert this_hour() == (1, 0) and [each.text for each in measurements.slowest(1, 9)] == ["SELECT 1"]


def test_requests_are_answers_but_files_and_what_needs_no_database_are_not(client, acme):
    for path in ("/b/acme", "/app/acme/inbox", "/nowhere"):
        client.simulate_get(path)
    for path in ("/healthz", "/static/app.css", "/files/none", "/w.js"):
        client.simulate_get(path)
    assert measurements.tally.take()[0] == 3


def test_a_process_writes_down_what_it_measured_when_it_ends(here):
    before = threading.active_count()
    with measurements.kept():
        measurements.answered(3)
        db.rows(SLEEP, seconds=0.26, secret="a")
    assert this_hour() == (1, 0) and len(measurements.slowest(1, 9)) == 1
    assert threading.active_count() == before and not database.query_hooks


# ── slow statements ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_slow_statement_is_kept_by_its_text_and_never_with_its_values(here):
    secret = "ada@acme.example"
    for seconds in (0.26, 0.3):
        with measurements.kept():
            db.rows(SLEEP, seconds=seconds, secret=secret)
            db.rows("SELECT %(secret)s", secret=secret)
    [found] = measurements.slowest(1, 9)
    assert (found.text, found.times) == (SLEEP, 2) and 300 <= found.longest_ms < 2000
    assert "Result" in found.plan
    everything = str(db.rows("SELECT t.* FROM slow_query t"))
    assert secret not in everything and "0.26" not in everything


def test_a_statement_that_ran_out_of_time_is_slow_too(here):
    with measurements.kept(), database.atomic():
        database.execute_sql("SET LOCAL statement_timeout = 300")
        with pytest.raises(db.GONE):
            db.rows(SLEEP, seconds=3, secret="a")
    assert [each.text for each in measurements.slowest(1, 9)] == [SLEEP]


def test_statements_of_ours_have_plans_that_are_made_without_values(acme):
    sent = []
    database.query_hooks.append(sent.append)
    try:
        number = acme.post("Dark mode", by=DAN)
        for sort in ("top", "mrr", "trending"):
            lists.page(acme.team, sort=sort, q="dark")
        votes.cast(acme.reader(CLEO), number)
        insight_counts.count(acme.workspace.id)
        jobs.claim("tests", 1, 60)
    finally:
        database.query_hooks.remove(sent.append)
    texts = {event.sql.strip() for event in sent if event.sql.strip().startswith(("SELECT", "WITH", "INSERT", "UPDATE"))}
    without = [text for text in texts if "cost=" not in plans.of(text)]
    assert len(texts) > 15 and not without, without[0]
    own = "SELECT count(*) FROM post WHERE title LIKE %s AND number %% 2 = %s AND body = '100 %%'"
    assert "cost=" in plans.of(own) and "'100 %'" in plans.of(own)


def test_what_has_no_plan_is_kept_without_one(here):
    for sql in ("SET statement_timeout = 5000", "SELECT this is no SQL", "", "SELECT unnest(%(things)s)"):
        assert isinstance(plans.of(sql), str)
    assert plans.of("VACUUM") == ""
    assert db.row("SELECT 1") == (1,), "the connection is as good as before"


def test_a_flood_of_texts_stays_small(here):
    for number in range(1000):
        measurements.tally.waited(f"SELECT {number}", 300)
    assert len(measurements.tally.statements) == measurements.MOST_TEXTS


# ── the machine ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_worker_looks_at_the_machine_and_keeps_the_worst_of_the_hour(here):
    for _ in range(2):
        jobs.enqueue(measurements.MEASURE)
        work_off()
    [hour] = measurements.hours(1)
    assert 1 <= hour.connections <= hour.most_connections and hour.disk is None and hour.complaints == 0
    db.changed("UPDATE measurement SET cpu = 1, memory = 1, connections = 99")
    jobs.enqueue(measurements.MEASURE)
    work_off()
    assert measurements.hours(1)[0][3:7] == (1, 1, None, 99)


def test_posts_tagged_slow_are_complaints_in_the_hour_they_were_written(acme, globex):
    """Of the workspaces of who runs the server; others may call slow what they like."""
    installation.check_keys()
    installation.appoint(acme.owner.id)
    for company in (acme, globex):
        tags.create(company.team, "slow", "Slow")
    tags.tag(globex.team, globex.post("A stranger's complaint"), "slow")
    now, earlier = acme.post("The list takes ages"), acme.post("Loading takes ages")
    db.changed("UPDATE post SET created_at = created_at - interval '3 days' WHERE number = %(n)s", n=earlier)
    db.changed("INSERT INTO measurement (hour) VALUES (date_trunc('hour', now() - interval '3 days', 'UTC'))")
    for number in (now, earlier):
        tags.tag(acme.team, number, "slow")
    for expected in ([1, 1], [1, 0]):
        jobs.enqueue(measurements.MEASURE)
        work_off()
        assert [hour.complaints for hour in measurements.hours(scale.WEEK)] == expected
        tags.untag(acme.team, now, "slow")


def test_what_cannot_be_known_of_a_machine_is_none(tmp_path):
    assert machine.disk(None) is None and machine.disk(tmp_path / "none") is None
    assert 0 < machine.disk(tmp_path) < 1 and 0 <= machine.cpu() <= 1
    for text in ("", "MemTotal: many", "MemTotal: 0 kB\nMemAvailable: 0 kB"):
        (tmp_path / "meminfo").write_text(text)
        assert machine.memory(tmp_path / "meminfo") is None
    (tmp_path / "meminfo").write_text("MemTotal:  1000 kB\nMemFree: 1 kB\nMemAvailable:   250 kB\n")
    assert machine.memory(tmp_path / "meminfo") == 0.75


# ── the verdict ─────────────────────────────────────────────────────────────────────────────────────────────────────

STATEMENT = Statement("SELECT 1", "", 10, 1000, NOON, NOON)
WELL = Signals(answers=10_000, slow_answers=100, cpu=0.89, busy_hours=2, memory=0.949, disk=0.899, connections=44,
               most_connections=50, complaints=2, statements=[STATEMENT._replace(times=9)])  # fmt: skip


def test_a_server_that_is_well_needs_nothing_and_the_figures_are_said():
    found = scale.verdict(WELL)
    assert found.fix == "" and found.figures == (
        "In the last 24 hours: 1.0 % of 10,000 answers took longer than 500 ms, processor at most 89 %, "
        "memory at most 95 %, disk at most 90 %, 44 of 50 connections. In 7 days: 2 posts tagged “slow”."
    )


@pytest.mark.parametrize(("changed", "fix", "figure"), [
    ({"disk": 0.9}, "Make room on the disk.", "90 % full"),
    ({"connections": 45}, "Give PostgreSQL more connections.", "45 of 50"),
    ({"memory": 0.95}, "Give the server more memory.", "95 %"),
    ({"slow_answers": 101}, "Make the slowest statement quicker.", "1.0 % of 10,000 answers took longer than 500 ms in"),
    ({"slow_answers": 180}, "Make the slowest statement quicker.", "; the slowest statement took 1.0 s."),
    ({"slow_answers": 101, "statements": [], "cpu": 0.9}, "Give the server more cores.", "busy at 90 %"),
    ({"slow_answers": 101, "statements": []}, "Start a second web process.", "neither a statement nor the processor"),
    ({"busy_hours": 3}, "Give the server more cores.", "in 3 of the last 24 hours"),
    ({"statements": [STATEMENT]}, "Make one statement quicker.", "slow 10 times, and took up to 1.0 s"),
    ({"complaints": 3}, "Read what your users find slow.", "3 posts"),
    ({"disk": 0.95, "memory": 1.0, "complaints": 9}, "Make room on the disk.", "95 %"),
])  # fmt: skip
def test_at_each_border_the_one_next_thing_is_named(changed, fix, figure):
    found = scale.verdict(WELL._replace(**changed))
    assert found.fix == fix and figure in found.figures and found.advice


@pytest.mark.parametrize("changed", [
    {"answers": 199, "slow_answers": 199}, {"answers": 0, "slow_answers": 0}, {"cpu": None, "memory": None, "disk": None},
    {"connections": None, "most_connections": None}, {"statements": [STATEMENT._replace(longest_ms=999)]},
    {"statements": []},
])  # fmt: skip
def test_what_is_little_or_unknown_is_no_alarm(changed):
    assert scale.verdict(WELL._replace(**changed)).fix == ""


def test_the_signals_are_of_the_last_day_and_complaints_of_the_week():
    old = Hour(NOON - timedelta(hours=24), 1000, 1000, 1.0, 1.0, 0.99, 50, 50, 1)
    new = [Hour(NOON - timedelta(hours=back), 100, 1, 0.95, 0.5, disk, 10 + back, 50, 1)
           for back, disk in ((3, 0.3), (2, 0.4), (0, None))]  # fmt: skip
    found = scale.signals([old, *new], [])
    assert found == Signals(300, 3, 0.95, 3, 0.5, 0.4, 13, 50, 4, [])
    assert scale.signals([], []) == Signals(0, 0, None, 0, None, None, None, None, 0, [])
