"""The queue's statements, each against the real table: how jobs come, are claimed, and end."""

import select
import uuid
from collections import Counter
from contextlib import closing

import pytest
from queued import claim, claim_one, in_another_thread, make_due, reason, run_out, state, threads

from service import db, jobs
from service.db import database
from service.errors import LeaseLost

pytestmark = pytest.mark.usefixtures("here")


# ── enqueue ──


def test_a_job_is_invisible_until_the_transaction_that_enqueued_it_commits():
    with database.atomic():
        job_id = jobs.enqueue("letter.send", 7, letter=3)
        assert in_another_thread(claim) == []
    job = claim_one()
    assert (job.id, job.workspace_id, job.kind, job.args) == (job_id, 7, "letter.send", {"letter": 3})
    assert (job.attempt, job.max_attempts) == (1, jobs.MAX_ATTEMPTS)


def test_a_job_goes_with_the_transaction_that_is_rolled_back():
    with database.atomic() as transaction:
        jobs.enqueue("letter.send")
        transaction.rollback()
    assert claim() == []


def test_a_delayed_job_is_not_due_before_its_time():
    job_id = jobs.enqueue("letter.send", delay=30)
    assert claim() == []
    assert 29 < jobs.seconds_to_next() <= 30
    make_due()
    assert jobs.seconds_to_next() <= 0
    assert claim_one().id == job_id
    assert jobs.seconds_to_next() is None


def test_a_unique_key_coalesces_jobs_that_wait():
    first = jobs.enqueue("post.embed", 1, unique_key="12", delay=60)
    assert jobs.enqueue("post.embed", 1, unique_key="12", delay=30) == first
    assert jobs.enqueue("post.embed", 1, unique_key="12", delay=90) == first
    assert 29 < state(first)[4] < 31, "the earliest of their times counts"
    others = {
        jobs.enqueue("post.embed", 1, unique_key="13"),
        jobs.enqueue("post.embed", 2, unique_key="12"),
        jobs.enqueue("other", 1, unique_key="12"),
        jobs.enqueue("post.embed", 1),
    }
    assert len(others | {first}) == 5


def test_a_unique_key_does_not_coalesce_with_a_job_that_runs():
    first = jobs.enqueue("post.embed", 1, unique_key="12")
    running = claim_one()
    second = jobs.enqueue("post.embed", 1, unique_key="12")
    assert first != second
    jobs.fail(running, "no model", delay=0)  # both wait now, and that is no conflict
    assert {job.id for job in claim()} == {first, second}


def test_a_job_that_is_coalesced_with_is_not_claimed_before_what_it_must_see_is_committed():
    jobs.enqueue("post.embed", 1, unique_key="12")
    with database.atomic():
        jobs.enqueue("post.embed", 1, unique_key="12")
        assert in_another_thread(claim) == []
    assert len(claim()) == 1


def test_sixteen_threads_that_enqueue_the_same_key_make_one_job():
    with threads(16) as pool:
        ids = list(pool.map(lambda _: jobs.enqueue("post.embed", 1, unique_key="12"), range(64)))
    assert len(set(ids)) == 1


def test_workers_are_notified_once_and_only_after_the_commit(here):
    with closing(db.listener(here.database_url)) as listener:
        listener.cursor().execute(f"LISTEN {jobs.HINT}")

        def heard(seconds) -> int:
            select.select([listener], [], [], seconds)
            listener.poll()
            count = len(listener.notifies)
            listener.notifies.clear()
            return count

        with database.atomic():
            jobs.enqueue("letter.send")
            jobs.enqueue("letter.send")
            assert heard(0.1) == 0
        assert heard(5) == 1
        with database.atomic() as transaction:
            jobs.enqueue("letter.send")
            transaction.rollback()
        jobs.enqueue("letter.send", delay=60)
        assert heard(0.1) == 0, "nothing that is due was enqueued"
        jobs.enqueue("letter.send")
        assert heard(5) == 1


# ── claim ──


def test_each_of_500_jobs_is_claimed_exactly_once_by_four_threads():
    with database.atomic():
        ids = {jobs.enqueue("letter.send", number % 7) for number in range(500)}

    def drain(_):
        taken, after = [], jobs.FIRST
        while len(found := claim(5, after)) or after != jobs.FIRST:
            taken += [job.id for job in found]
            after = found[-1].workspace_id if len(found) == 5 else jobs.FIRST
        return taken

    with threads(4) as pool:
        taken = Counter(job_id for part in pool.map(drain, range(4)) for job_id in part)
    assert set(taken) == ids
    assert set(taken.values()) == {1}


@pytest.mark.parametrize("other", [1, 3])
def test_a_hog_with_2000_jobs_does_not_delay_another_workspace_beyond_the_next_claim(other):
    db.changed("INSERT INTO job (workspace_id, kind) SELECT 2, 'letter.send' FROM generate_series(1, 2000)")
    assert {job.workspace_id for job in claim(4)} == {2}
    jobs.enqueue("letter.send", other)
    after, taken = 2, []
    for _ in range(2):  # behind the hog comes the end, and then the first again
        found = claim(1, after)
        taken += [job.workspace_id for job in found]
        after = found[-1].workspace_id if found else jobs.FIRST
    assert taken[0] == other


def test_a_workspace_that_has_as_many_running_as_it_may_leaves_the_rest_to_others():
    for workspace in (1, 1, 1, 1, 2, 2):
        jobs.enqueue("nothing", workspace)
    assert Counter(job.workspace_id for job in claim(10, cap=3)) == {1: 3, 2: 2}
    assert claim(10, cap=3) == []
    assert [job.workspace_id for job in claim(10)] == [1], "without a cap nothing is left"


def test_workspaces_with_waiting_jobs_share_what_a_claim_takes():
    with database.atomic():
        for workspace in (1, 2, 3):
            for _ in range(10):
                jobs.enqueue("letter.send", workspace)
    assert Counter(job.workspace_id for job in claim(6)) == {1: 2, 2: 2, 3: 2}
    assert Counter(job.workspace_id for job in claim(1, after=1)) == {2: 1}


def test_within_a_workspace_the_oldest_due_job_is_first():
    ids = [jobs.enqueue("letter.send", 1) for _ in range(3)]
    assert [claim_one().id for _ in range(3)] == ids


def test_queues_are_apart():
    jobs.enqueue("letter.send", queue="slow")
    assert claim() == []
    assert len(claim(queue="slow")) == 1


# ── the end of an attempt ──


def test_a_completed_job_is_gone():
    job_id = jobs.enqueue("letter.send")
    job = claim_one()
    job.complete()
    assert job.completed
    assert state(job_id) is reason(job_id) is None


def test_completing_under_an_old_claim_raises_and_rolls_the_effects_back():
    jobs.enqueue("letter.send")
    stale = claim_one()
    run_out()
    jobs.rescue(pause=0)
    current = claim_one()
    with pytest.raises(LeaseLost), database.atomic():
        db.changed("INSERT INTO rate VALUES ('effect', now(), 1)")
        stale.complete()
    assert db.row("SELECT count(*) FROM rate") == (0,)
    assert not stale.completed
    current.complete()


def test_failing_releasing_and_beating_under_an_old_claim_do_nothing():
    job_id = jobs.enqueue("letter.send")
    stale = claim_one()
    run_out()
    jobs.rescue(pause=0)
    claim_one(lease=100)
    before = db.row("SELECT * FROM job WHERE id = %(id)s", id=job_id)
    jobs.fail(stale, "too late", delay=0)
    jobs.fail(stale, "too late", delay=0, fatal=True)
    jobs.heartbeat([stale.claim], 999)
    jobs.release([stale.claim])
    assert db.row("SELECT * FROM job WHERE id = %(id)s", id=job_id) == before
    assert reason(job_id) is None


def test_a_failed_job_waits_for_about_the_delay_and_keeps_its_error():
    job_id = jobs.enqueue("letter.send")
    jobs.fail(claim_one(), "421 try later", delay=100)
    attempt, crashes, error, waits, due = state(job_id)
    assert (attempt, crashes, error, waits) == (1, 0, "421 try later", True)
    assert 79 < due <= 120
    make_due()
    assert claim_one().attempt == 2


def test_the_last_failed_attempt_buries_the_job_with_its_reason():
    job_id = jobs.enqueue("letter.send", 4, max_attempts=2, letter=9)
    jobs.fail(claim_one(), "first", delay=0)
    make_due()
    job = claim_one()
    assert job.attempt == job.max_attempts
    jobs.fail(job, "second", delay=0)
    assert state(job_id) is None
    buried = db.row("SELECT reason, workspace_id, kind, args, attempt FROM job_dead WHERE id = %(id)s", id=job_id)
    assert buried == ("second", 4, "letter.send", {"letter": 9}, 2)


def test_a_fatal_failure_buries_the_job_at_once():
    job_id = jobs.enqueue("letter.send")
    jobs.fail(claim_one(), "there is no such address", delay=0, fatal=True)
    assert state(job_id) is None
    assert reason(job_id) == "there is no such address"


@pytest.mark.parametrize("fatal", [False, True])
@pytest.mark.parametrize("error", ["a\0b", "x" * 10_000, "a\ud800b", "é\u0958" * 2000, "", "100 % {wrong} %(id)s"])
def test_an_error_may_hold_anything_and_be_long(error, fatal):
    job_id = jobs.enqueue("letter.send")
    jobs.fail(claim_one(), error, delay=0, fatal=fatal)
    kept = reason(job_id) if fatal else state(job_id)[2]
    assert len(kept) <= jobs.LONGEST_ERROR
    assert kept[:1] == error[:1]


def test_a_release_gives_the_attempt_back_and_the_job_is_due_at_once():
    job_id = jobs.enqueue("letter.send", max_attempts=1)
    jobs.release([claim_one().claim, uuid.uuid4()])
    assert state(job_id)[:4] == (0, 0, None, True)
    assert claim_one().attempt == 1
