"""What tests of the queue do and look at: claim jobs, see what became of them, let time pass; handlers to run."""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from service import db, jobs
from service.db import database
from service.handlers import HANDLERS, QUEUES

LEASE = 60
MARK = "INSERT INTO rate VALUES (%(key)s, now(), 1)"
MARKED = "SELECT key FROM rate ORDER BY key"
FIELDS = "attempt, crashes, last_error, claim IS NULL, extract(epoch FROM run_at - now())::float"


def claim(most=10, after=jobs.FIRST, lease=LEASE, queue="default", cap=None):
    return jobs.claim("a worker", most, lease, after, queue, cap)


def claim_one(**more) -> jobs.Job:
    [job] = claim(1, **more)
    return job


def state(job_id):
    """(attempts, crashes, last error, waits, seconds until it is due), or None when it is not in the queue."""
    return db.row(f"SELECT {FIELDS} FROM job WHERE id = %(id)s", id=job_id)


def reason(job_id):
    """Why it is dead, or None."""
    found = db.row("SELECT reason FROM job_dead WHERE id = %(id)s", id=job_id)
    return found and found[0]


def make_due():
    db.changed("UPDATE job SET run_at = now()")


def run_out():
    """Let every lease end now, as time does when a worker is silent."""
    db.changed("UPDATE job SET lease_until = now() - interval '1 second' WHERE claim IS NOT NULL")


@contextmanager
def threads(count):
    """A pool whose threads have database connections, and give them back."""
    with ThreadPoolExecutor(count, initializer=db.connect) as pool:
        yield pool
        together = threading.Barrier(count)
        list(pool.map(lambda _: (together.wait(), db.discard()), range(count)))


def in_another_thread(work):
    with threads(1) as pool:
        return pool.submit(work).result()


def work_off(rounds: int = 9) -> None:
    """Do what waits in the queue, and what follows from it, as the worker does."""
    for _ in range(rounds):
        for job in [job for queue in QUEUES for job in jobs.claim("tests", 100, 60, queue=queue)]:
            HANDLERS[job.kind](job)
            if not job.completed:
                job.complete()


class Noted(list):
    """A handler that notes the ids of the jobs it was given."""

    def __call__(self, job):
        self.append(job.id)


class Held:
    """A handler that writes an effect and completes, but only when it is let go."""

    def __init__(self):
        self.begun, self.go = threading.Semaphore(0), threading.Event()
        self.outcomes = []

    def __call__(self, job):
        self.begun.release()
        assert self.go.wait(20)
        try:
            with database.atomic():
                db.changed(MARK, key=f"job {job.id}")
                job.complete()
            self.outcomes.append("completed")
        except Exception as error:
            self.outcomes.append(type(error))
            raise

    def wait_until_begun(self):
        assert self.begun.acquire(timeout=10)


def marked() -> list[str]:
    return [key for (key,) in db.rows(MARKED)]
