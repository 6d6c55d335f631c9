"""The worker: claims jobs, runs each in a thread of its own, keeps their leases alive, and stops without losing any.

A handler is a function of one Job. Slow work (SMTP, the model, HTTP) is done outside a transaction; then it opens one,
writes the effects and calls `job.complete()` in it. A handler that has no effects to write just returns."""

import logging
import os
import secrets
import select
import socket
import threading
import time
import traceback
from concurrent.futures import ThreadPoolExecutor

import psycopg2

from service import db, events, jobs
from service.db import database
from service.errors import LeaseLost
from service.feedback import consequences, letters, similar

log = logging.getLogger("sayso.worker")

# The stored kind of a job is never renamed: one of an older release may still be waiting.
HANDLERS = {
    events.FOLLOW_UP: consequences.follow_up,
    similar.EMBED: similar.embed,
    letters.SEND: letters.send,
    letters.SEND_SIGN_IN: letters.send_sign_in,
    "rows.prune": consequences.prune,
}
CRON = {"rows.prune": 3600}  # seconds between runs

THREADS = 4
LEASE_SECONDS = 60
RESCUE_SECONDS = 15
POLL_SECONDS = 1.0
STOP_SECONDS = 25  # of grace for what is running
WATCHDOG_SECONDS = 60  # without a successful look at the queue: let the supervisor start us anew
FIRST_RETRY_SECONDS, LONGEST_RETRY_SECONDS = 5, 6 * 3600


class Worker:
    """One process's loop. `lease` in seconds is a parameter so that tests need not wait a minute."""

    def __init__(self, url: str, threads: int = THREADS, lease: float = LEASE_SECONDS, handlers: dict | None = None):
        self.url, self.threads, self.lease = url, threads, lease
        self.handlers = HANDLERS if handlers is None else handlers
        # unique per start: a worker that comes back must not be taken for the one that died
        self.name = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
        self.running: dict = {}  # claim → Job
        self.stopping, self.ended = threading.Event(), threading.Event()
        self.wake_read, self.wake_write = os.pipe()
        self.served_last = -1
        self.looked_at = time.monotonic()

    def run(self) -> None:
        """Work until `stop()`; then finish what runs within the grace, and give the rest back."""
        heart = threading.Thread(target=self.beat, name="heartbeat", daemon=True)
        heart.start()
        pool = ThreadPoolExecutor(self.threads, thread_name_prefix="job")
        try:
            while not self.stopping.is_set():
                self.turn(pool)
        finally:
            self.wind_up(pool)

    def stop(self, *_) -> None:
        """End `run()` soon; safe in a signal handler."""
        self.stopping.set()
        self.wake()

    def wake(self) -> None:
        os.write(self.wake_write, b".")

    # ── the loop ──

    def turn(self, pool: ThreadPoolExecutor) -> None:
        try:
            with self.listening() as listener:
                while not self.stopping.is_set():
                    taken = self.take(pool)
                    self.wait(listener, 0 if taken else self.pause())
        except (*db.GONE, psycopg2.Error) as error:
            log.warning("The database is away (%s); trying again.", type(error).__name__)
            self.watch()
            self.stopping.wait(POLL_SECONDS)

    def listening(self):
        connection = db.listener(self.url)
        connection.cursor().execute(f"LISTEN {jobs.HINT}")
        return Closing(connection)

    def take(self, pool: ThreadPoolExecutor) -> int:
        free = self.threads - len(self.running)
        if not free:
            return 0
        with db.connected():
            found = jobs.claim(self.name, free, self.lease, self.served_last)
        self.looked_at = time.monotonic()
        # fewer than asked for: the last workspace was passed, so the next turn begins with the first again
        self.served_last = found[-1].workspace_id if len(found) == free else -1
        for job in found:
            self.running[job.claim] = job
            pool.submit(self.work, job)
        return len(found)

    def pause(self) -> float:
        if len(self.running) >= self.threads:
            return POLL_SECONDS  # a thread that becomes free wakes us
        with db.connected():
            due = jobs.seconds_to_next()
        return POLL_SECONDS if due is None else min(max(due, 0.01), POLL_SECONDS)

    def wait(self, listener, seconds: float) -> None:
        ready, _, _ = select.select([listener, self.wake_read], [], [], seconds)
        if self.wake_read in ready:
            os.read(self.wake_read, 4096)
        if listener in ready:
            listener.poll()  # raises when the connection died; the first poll after a kill may not
            listener.notifies.clear()
            if listener.closed:
                raise psycopg2.OperationalError("the listening connection was closed")

    def watch(self) -> None:
        if time.monotonic() - self.looked_at > WATCHDOG_SECONDS:
            log.error("No look at the queue succeeded for %s s; ending, to be started anew.", WATCHDOG_SECONDS)
            os._exit(1)

    # ── one job ──

    def work(self, job: jobs.Job) -> None:
        try:
            db.connect()
            self.handle(job)
        except LeaseLost as lost:
            log.warning("%s", lost)
        except db.GONE:
            db.discard() if not database.is_closed() else None
            log.warning("job %s (%s) lost the database; its lease will run out", job.id, job.kind)
        finally:
            self.running.pop(job.claim, None)
            self.wake()

    def handle(self, job: jobs.Job) -> None:
        try:
            self.handlers[job.kind](job)
            if not job.completed:
                job.complete()
        except (LeaseLost, *db.GONE):
            raise
        except Exception as error:  # whatever a handler does wrong, the job is tried again
            log.warning("job %s (%s) failed, attempt %s: %s", job.id, job.kind, job.attempt, type(error).__name__)
            known = job.kind in self.handlers
            reason = traceback.format_exc(limit=-4) if known else f"no handler for {job.kind}"
            jobs.fail(job, reason, self.delay(job))

    @staticmethod
    def delay(job: jobs.Job) -> float:
        return min(FIRST_RETRY_SECONDS * 3 ** (job.attempt - 1), LONGEST_RETRY_SECONDS)

    # ── leases ──

    def beat(self) -> None:
        """Lengthen the leases of what runs, rescue what others left, keep the clock of cron: on our own connection."""
        rescued = 0.0
        while not self.ended.wait(min(self.lease / 3, POLL_SECONDS * 5)):
            try:
                with db.connected():
                    self.lengthen()
                    if time.monotonic() - rescued > min(self.lease / 4, RESCUE_SECONDS):
                        rescued = time.monotonic()
                        jobs.rescue(pause=min(self.lease / 6, 10))
                        for kind, every in CRON.items():
                            jobs.cron(kind, every)
            except db.GONE:
                db.discard() if not database.is_closed() else None
                time.sleep(POLL_SECONDS)  # leases run on meanwhile; fencing keeps late effects out

    def lengthen(self) -> None:
        claims = list(self.running)
        if claims:
            database.execute_sql(jobs.HEARTBEAT, {"claims": claims, "lease": self.lease, "queue": "default"})

    def wind_up(self, pool: ThreadPoolExecutor) -> None:
        pool.shutdown(wait=False, cancel_futures=True)
        deadline = time.monotonic() + STOP_SECONDS
        while any(thread.is_alive() for thread in pool._threads) and time.monotonic() < deadline:
            time.sleep(0.05)
        self.ended.set()
        if self.running:
            with db.connected():
                jobs.release(list(self.running))
            os._exit(0)  # what hangs holds no job any more, and would hold up the end of the process


class Closing:
    """A psycopg2 connection that a `with` block closes (its own `with` only ends a transaction)."""

    def __init__(self, connection):
        self.connection = connection

    def __enter__(self):
        return self.connection

    def __exit__(self, *_):
        self.connection.close()
