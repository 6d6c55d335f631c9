"""Deploys under load: workers come and go while jobs keep coming, and each job is done, and done once."""

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
from installation import until

from service import db, jobs

REPOSITORY = Path(db.__file__).parents[1]
STOPS = 4
A_SECOND, AT_ONCE = 200, 10  # jobs
LONG_LEASE = 60  # seconds: only a stop that loses its jobs makes them wait for it


@contextmanager
def load():
    """Jobs that keep coming, two hundred a second; yields their ids."""
    made, ended = [], threading.Event()

    def enqueue():
        with db.connected():
            while not ended.wait(AT_ONCE / A_SECOND):
                with db.database.atomic():
                    made.extend(jobs.enqueue("doomed", number, stop_at="nowhere") for number in range(AT_ONCE))

    thread = threading.Thread(target=enqueue)
    thread.start()
    try:
        yield made
    finally:
        ended.set()
        thread.join()


def acted(folder) -> Counter:
    """How often each job acted on the outside world."""
    path = folder / "effects"
    return Counter(path.read_text().split() if path.exists() else ())


def test_workers_that_are_stopped_and_started_in_turn_lose_no_job_and_do_none_twice(here, tmp_path, figure):
    def begin():
        told = [sys.executable, doomed.__file__, here.database_url, tmp_path, "0", LONG_LEASE]
        known = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
        with canary.log("doomed") as log:
            return subprocess.Popen(list(map(str, told)), env=known, stdout=log, stderr=log)

    workers, ends = [begin(), begin()], []
    try:
        with load() as made:
            for _ in range(STOPS):
                before = len(acted(tmp_path))
                until(lambda seen=before: len(acted(tmp_path)) > seen + A_SECOND / 2, 30)
                oldest = workers.pop(0)
                oldest.terminate()
                workers.append(begin())
                ends.append(oldest.wait(15))
        until(lambda: db.row("SELECT count(*) FROM job") == (0,), 30)
    finally:
        for worker in workers:
            worker.terminate()
        ends += [worker.wait(15) for worker in workers]
    assert ends.count(0) > STOPS / 2 and set(ends) <= {0, -signal.SIGTERM}, "by itself, or before it had begun"
    figure("jobs done while workers were stopped and started", len(made))
    done = acted(tmp_path)
    assert set(done) == set(map(str, made)) and set(done.values()) == {1}
    assert db.row("SELECT count(*) FROM rate") == (len(made),), "what each wrote in its transaction"
    assert db.row("SELECT count(*) FROM job_dead") == (0,)
