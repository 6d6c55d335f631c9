"""What is promised when processes are killed: a job that may run once runs at most once, any other until it is done."""

import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from contextlib import contextmanager
from pathlib import Path

import canary
import doomed
import pytest
from installation import until
from queued import reason, state

from service import db, jobs
from service.worker import Worker

REPOSITORY = Path(db.__file__).parents[1]
# Where the worker is killed → how often a job acts on the outside world when it may be tried once, and when three times.
TIMES = {
    "claimed": (0, 1),
    "done outside": (1, 2),
    "done in the transaction": (1, 2),
    "completed": (1, 1),
}
WATCHED = """
from service import db, worker
worker.WATCHDOG_SECONDS = 1
db.start("postgresql://127.0.0.1:1/nowhere", 6)
worker.Worker("postgresql://127.0.0.1:1/nowhere").run()
"""


def python(*arguments) -> subprocess.Popen:
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    with canary.log("python") as log:
        return subprocess.Popen([sys.executable, *map(str, arguments)], env=environment, stdout=log, stderr=log)


@contextmanager
def doomed_worker(url, folder, seconds=600):
    process = python(doomed.__file__, url, folder, seconds)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


@contextmanager
def second_worker(url, folder):
    worker = Worker(url, lease=doomed.LEASE, handlers={"doomed": doomed.handler(folder)}, cron={})
    thread = threading.Thread(target=worker.run)
    thread.start()
    try:
        yield
    finally:
        worker.stop()
        thread.join()


def effects(folder) -> Counter:
    path = folder / "effects"
    return Counter(map(int, path.read_text().split() if path.exists() else ()))


def marks(job_id) -> list[str]:
    """The attempts whose transaction was committed."""
    return [key for (key,) in db.rows("SELECT key FROM rate WHERE key LIKE %(like)s", like=f"{job_id} %")]


def test_a_worker_killed_anywhere_runs_a_job_at_most_once_or_until_it_is_done(here, tmp_path):
    rows = {(point, most): jobs.enqueue("doomed", stop_at=point, max_attempts=most) for point in TIMES for most in (1, 3)}
    with doomed_worker(here.database_url, tmp_path) as process:
        until(lambda: all((tmp_path / str(job_id)).exists() for job_id in rows.values()))
        process.kill()
    with second_worker(here.database_url, tmp_path):
        until(lambda: not any(state(job_id) for job_id in rows.values()))

    acted = effects(tmp_path)
    for point, (once, thrice) in TIMES.items():
        assert acted[rows[point, 1]] == once, point
        assert acted[rows[point, 3]] == thrice, point
        died = reason(rows[point, 1])
        assert died == (None if point == "completed" else "its worker died or hung (crash 1)"), point
        assert reason(rows[point, 3]) is None, point
        assert len(marks(rows[point, 1])) == (point == "completed"), point
        assert len(marks(rows[point, 3])) == 1, "what is done in the job's transaction is done once"


def test_a_worker_that_was_halted_does_not_undo_what_its_successor_did(here, tmp_path):
    job_id = jobs.enqueue("doomed", stop_at="done in the transaction")
    with doomed_worker(here.database_url, tmp_path, seconds=1) as process:
        until((tmp_path / str(job_id)).exists)
        process.send_signal(signal.SIGSTOP)
        with second_worker(here.database_url, tmp_path):
            until(lambda: state(job_id) is None)
            process.send_signal(signal.SIGCONT)
            process.terminate()
            assert process.wait(10) == 0
    assert effects(tmp_path) == {job_id: 2}
    assert marks(job_id) == [f"{job_id} attempt 2"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_worker_that_is_told_to_stop_finishes_what_runs_and_ends_well(here, tmp_path, number):
    job_id = jobs.enqueue("doomed", stop_at="claimed")
    with doomed_worker(here.database_url, tmp_path, seconds=1) as process:
        until((tmp_path / str(job_id)).exists)
        process.send_signal(number)
        assert process.wait(10) == 0
    assert state(job_id) is None
    assert marks(job_id) == [f"{job_id} attempt 1"]


def test_a_worker_whose_loop_hangs_ends_so_that_the_supervisor_starts_it_anew():
    process = python("-c", WATCHED)
    assert process.wait(20) == 1
