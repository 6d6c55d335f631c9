"""The worker, in threads of the test's process, with handlers of the test and a real queue."""

import threading
import time
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest
from installation import until
from queued import MARK, Held, Noted, claim_one, make_due, marked, reason, run_out, state

from service import db, jobs
from service.db import database
from service.errors import LeaseLost
from service.worker import CAPPED_SECONDS, Worker

KILL = """
SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %(name)s AND pid <> pg_backend_pid()"""


@pytest.fixture
def working(here):
    """Starts a worker with handlers by kind; it is stopped when the test is over."""
    started = []

    def start(**options) -> Worker:
        worker = Worker(here.database_url, **{"cron": {}, "lease": 30, "grace": 5, **options})
        thread = threading.Thread(target=worker.run)
        thread.start()
        started.append((worker, thread))
        worker.has_ended = lambda: not thread.is_alive()
        return worker

    yield start
    for worker, _ in started:
        worker.stop()
    for _, thread in started:
        thread.join(10)
        assert not thread.is_alive()


@pytest.fixture
def name(here):
    """This test's database."""
    return urlsplit(here.database_url).path[1:]


@pytest.fixture
def away(admin, name):
    """A `with` block during which the database lets nobody in."""

    @contextmanager
    def block():
        admin.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        admin.execute(KILL, {"name": name})
        yield
        admin.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
        db.connect()

    return block


def test_jobs_are_run_and_gone_each_exactly_once(working):
    noted = Noted()
    working(handlers={"note": noted})
    with database.atomic():
        ids = [jobs.enqueue("note", number % 3) for number in range(150)]
    ids += [jobs.enqueue("note", number % 3) for number in range(150)]
    until(lambda: len(noted) >= 300)
    until(lambda: not any(state(job_id) for job_id in ids))
    assert sorted(noted) == sorted(ids)


def test_a_hint_wakes_it_well_before_the_poll(working):
    noted, waits = Noted(), []
    working(handlers={"note": noted})
    for number in range(9):
        began = time.monotonic()
        jobs.enqueue("note")
        until(lambda count=number: len(noted) > count, every=0.002)
        waits.append(time.monotonic() - began)
    assert sorted(waits)[4] < 0.2


def test_a_job_whose_hint_was_lost_is_found_by_looking(working):
    noted = Noted()
    worker = working(handlers={"note": noted})
    until(lambda: worker.turned)
    db.changed("INSERT INTO job (kind) VALUES ('note')")
    until(lambda: noted, seconds=3)


def test_a_scheduled_job_runs_when_its_time_has_come(working):
    noted, began = Noted(), time.monotonic()
    working(handlers={"note": noted})
    jobs.enqueue("note", delay=1.5)
    until(lambda: noted)
    assert 1.4 < time.monotonic() - began < 3


def test_a_failing_job_is_tried_again_after_growing_delays(working):
    def handler(job):
        raise ValueError(f"no luck\0 {job.attempt}")

    working(handlers={"fails": handler})
    job_id = jobs.enqueue("fails")
    for attempt, delay in enumerate([5, 15, 45, 135], start=1):
        until(lambda wanted=attempt: state(job_id)[0] == wanted and state(job_id)[3])
        _, crashes, error, _, due = state(job_id)
        assert 0.8 * delay - 2 < due <= 1.2 * delay
        assert error.startswith("ValueError\n") and f"no luck {attempt}" not in error, "its words may hold what people typed"
        assert crashes == 0
        make_due()
    assert Worker.delay(jobs.Job(0, 0, None, "", {}, 12, 12)) == 6 * 3600


def test_a_job_of_an_unknown_kind_fails_and_waits_for_a_release_that_knows_it(working):
    working(handlers={})
    job_id = jobs.enqueue("new.kind")
    until(lambda: (state(job_id) or [0])[0] == 1 and state(job_id)[3])
    assert "no handler for new.kind" in state(job_id)[2]


def test_a_handler_that_would_end_its_thread_does_not(working):
    noted = Noted()
    working(handlers={"exit": lambda job: exit(1), "note": noted}, threads=1)
    job_id = jobs.enqueue("exit")
    jobs.enqueue("note")
    until(lambda: noted)
    assert "SystemExit" in state(job_id)[2]


def test_work_that_takes_longer_than_its_lease_is_kept_by_the_heartbeat(working):
    taken = []

    def handler(job):
        taken.append(job.attempt)
        time.sleep(4)

    working(handlers={"slow": handler}, lease=1.5)
    job_id = jobs.enqueue("slow")
    until(lambda: taken and state(job_id) is None)
    assert taken == [1]


def test_a_worker_that_lost_its_lease_has_its_effects_rolled_back(working):
    held = Held()
    working(handlers={"held": held})
    job_id = jobs.enqueue("held")
    held.wait_until_begun()
    with database.atomic():  # at one moment: the lease runs out, and another worker has the job
        run_out()
        jobs.rescue(pause=0)
        other = claim_one()
    held.go.set()
    until(lambda: held.outcomes)
    assert held.outcomes == [LeaseLost]
    assert marked() == []
    with database.atomic():
        other.complete()
    assert state(job_id) is reason(job_id) is None


def test_a_job_left_by_a_dead_worker_is_rescued_and_done(working):
    noted, job_id = Noted(), jobs.enqueue("note")
    claim_one(lease=0.1)
    working(handlers={"note": noted}, lease=1)
    until(lambda: noted == [job_id])


def test_a_hog_does_not_keep_another_workspace_waiting(working):
    order = []

    def handler(job):
        order.append(job.workspace_id)
        time.sleep(0.005)

    db.changed("INSERT INTO job (workspace_id, kind) SELECT 5, 'count' FROM generate_series(1, 2000)")
    working(handlers={"count": handler}, threads=1)
    until(lambda: len(order) >= 20)
    for other in (3, 7):
        before = len(order)
        jobs.enqueue("count", other)
        until(lambda workspace=other: workspace in order)
        assert order.index(other) - before <= 20  # what ran while it was enqueued, and one more
    assert len(order) < 1500


# ── stopping ──


def test_a_workspace_at_its_cap_does_not_keep_the_worker_looking(working):
    held, looks = Held(), []
    worker = working(threads=3, cap=1, handlers={"held": held, "other": Noted()})
    worker.pause = lambda ask=worker.pause: looks.append(ask()) or looks[-1]
    for workspace in (1, 1):
        jobs.enqueue("held", workspace)
    held.wait_until_begun()
    until(lambda: len(looks) >= 3)
    assert set(looks[1:]) == {CAPPED_SECONDS}
    held.go.set()
    until(lambda: len(held.outcomes) == 2)


def test_a_stop_finishes_what_runs_and_takes_nothing_new(working):
    held = Held()
    worker = working(handlers={"held": held}, threads=2)
    ids = [jobs.enqueue("held") for _ in range(3)]
    held.wait_until_begun()
    held.wait_until_begun()
    worker.stop()
    held.go.set()
    until(worker.has_ended)
    assert held.outcomes == ["completed", "completed"]
    assert [state(job_id) is None for job_id in ids] == [True, True, False]


def test_a_stop_gives_back_what_does_not_finish_within_the_grace(working):
    held = Held()
    worker = working(handlers={"held": held}, grace=0.3)
    job_id, only_once = jobs.enqueue("held"), jobs.enqueue("held", max_attempts=1)
    held.wait_until_begun()
    held.wait_until_begun()
    worker.stop()
    until(worker.has_ended, seconds=3)
    assert state(job_id)[:4] == (0, 0, None, True), "it waits, with its attempt"
    assert state(only_once)[0] == 1, "it has been tried"
    assert state(only_once)[3] is False, "its lease runs out, and then it is dead"
    claim_one()
    held.go.set()
    until(lambda: len(held.outcomes) == 2)
    assert LeaseLost in held.outcomes
    assert marked() == [f"job {only_once}"]


def test_a_stop_while_the_database_is_away_ends_it_all_the_same(working, away):
    held = Held()
    worker = working(handlers={"held": held}, grace=0.3)
    jobs.enqueue("held")
    held.wait_until_begun()
    with away():
        worker.stop()
        until(worker.has_ended, seconds=6)
    held.go.set()
    until(lambda: held.outcomes)


# ── a database that goes away ──


def test_it_goes_on_within_three_seconds_when_all_its_connections_are_killed(working, admin, name):
    noted = Noted()
    working(handlers={"note": noted})
    jobs.enqueue("note")
    until(lambda: noted)
    for round in (2, 3):
        admin.execute(KILL, {"name": name})
        db.connect()
        jobs.enqueue("note")
        until(lambda count=round: len(noted) == count, seconds=3)


def test_a_job_that_loses_its_connection_fails_like_any_other_and_is_tried_again(working, admin, name):
    attempts = []

    def handler(job):
        if job.attempt == 1:
            admin.execute(KILL, {"name": name})
        attempts.append(job.attempt)
        if job.attempt == 1:
            with database.atomic():
                db.changed(MARK, key="never")

    working(handlers={"unlucky": handler})
    job_id = jobs.enqueue("unlucky")
    until(lambda: attempts)
    db.connect()
    until(lambda: state(job_id)[3])
    assert state(job_id)[:2] == (1, 0), "an attempt, not a crash"
    make_due()
    until(lambda: state(job_id) is None)
    assert attempts == [1, 2]
    assert marked() == []


def test_a_job_whose_end_could_not_be_written_down_is_done_again(working, away):
    held = Held()
    working(handlers={"held": held}, lease=1)
    job_id = jobs.enqueue("held")
    held.wait_until_begun()
    with away():
        held.go.set()
        until(lambda: held.outcomes)
    until(lambda: state(job_id) is None)
    assert len(held.outcomes) == 2
    assert held.outcomes[1] == "completed"
    assert marked() == [f"job {job_id}"]
