"""What brings a job back when its worker died, and what is due by the clock."""

import pytest
from queued import LEASE, claim, claim_one, reason, run_out, state, threads

from service import db, jobs

pytestmark = pytest.mark.usefixtures("here")


def test_a_heartbeat_keeps_a_job_from_being_rescued():
    job_id = jobs.enqueue("letter.send")
    job = claim_one()
    run_out()
    jobs.heartbeat([job.claim], LEASE)
    jobs.rescue()
    assert state(job_id)[3] is False
    job.complete()


def test_an_expired_lease_brings_the_job_back_after_a_pause():
    job_id = jobs.enqueue("letter.send")
    claim_one()
    jobs.rescue()
    assert state(job_id)[3] is False, "its lease still holds"
    run_out()
    jobs.rescue(pause=100)
    attempt, crashes, _, waits, due = state(job_id)
    assert (attempt, crashes, waits) == (1, 1, True)
    assert 99 < due <= 100


def test_a_job_that_killed_three_workers_is_dead():
    job_id = jobs.enqueue("letter.send")
    for crashes in (1, 2):
        claim_one()
        run_out()
        jobs.rescue(pause=0)
        assert state(job_id)[1] == crashes
    claim_one()
    run_out()
    jobs.rescue()
    assert state(job_id) is None
    assert reason(job_id) == "its worker died or hung (crash 3)"


def test_a_job_that_may_run_once_is_dead_after_a_crash_and_not_tried_again():
    job_id = jobs.enqueue("letter.send", max_attempts=1)
    claim_one()
    run_out()
    jobs.rescue(pause=0)
    assert claim() == []
    assert reason(job_id) == "its worker died or hung (crash 1)"


def test_eight_threads_that_rescue_count_a_crash_once():
    for _ in range(50):
        jobs.enqueue("letter.send")
    assert len(claim(50)) == 50
    run_out()
    with threads(8) as pool:
        list(pool.map(lambda _: jobs.rescue(pause=0), range(8)))
    assert db.rows("SELECT crashes, count(*) FROM job GROUP BY 1") == [(1, 50)]


def test_cron_enqueues_once_a_slot_however_many_call_it():
    def tick(_):
        jobs.cron("rows.prune", 86400 * 365 * 100)  # a slot that does not end during the test

    with threads(8) as pool:
        list(pool.map(tick, range(40)))
    assert [job.kind for job in claim()] == ["rows.prune"]


def test_cron_enqueues_again_in_the_next_slot_and_skips_those_that_were_missed():
    jobs.cron("rows.prune", 3600)
    db.changed("UPDATE cron_run SET due_at = due_at - interval '5 hours'")
    jobs.cron("rows.prune", 3600)
    assert len(claim()) == 2
