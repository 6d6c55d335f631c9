"""The worker: claims jobs, runs a few at a time, keeps their leases alive, and stops without losing any.

A handler is a function of one Job. Slow work (SMTP, the model, HTTP) is done outside a transaction; then it opens one,
writes the effects and calls `job.complete()` in it. A handler that has no effects to write just returns."""

import logging
import os
import secrets
import select
import socket
import threading
import time
from contextlib import closing, contextmanager, suppress
from queue import SimpleQueue

import psycopg2

from service import db, jobs
from service.config import LEASE_SECONDS
from service.errors import LeaseLost, SaysoError
from service.handlers import CRON, HANDLERS, QUEUES

log = logging.getLogger("sayso.worker")

CONNECTIONS = sum(queue.threads + 2 for queue in QUEUES.values())
POLL_SECONDS, CAPPED_SECONDS = 1.0, 0.2
STOP_SECONDS = 20  # of grace for what is running; less than the supervisor's
BEAT_SECONDS, RESCUE_SECONDS, RESCUE_PAUSE_SECONDS = 5, 15, 10  # at most; less when leases are short
WATCHDOG_SECONDS = 60  # without a turn of the loop: let the supervisor start us anew
FIRST_RETRY_SECONDS, LONGEST_RETRY_SECONDS = 5, 6 * 3600


class Worker:
    """The loop of one queue. It needs `threads` + 2 database connections; of one workspace no more than about `cap` jobs run
    at once in all workers; `lease` and `grace` are in seconds."""

    def __init__(self, url: str, queue: str = "default", *, threads: int = 4, cap: int | None = None,
                 lease: float = LEASE_SECONDS, grace: float = STOP_SECONDS, handlers: dict = HANDLERS,
                 cron: dict = CRON):  # fmt: skip
        self.url, self.queue, self.threads, self.lease, self.grace = url, queue, threads, lease, grace
        self.cap, self.handlers, self.cron = cap, handlers, cron
        # unique per start: a worker that comes back must not be taken for the one that died
        self.name = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
        self.running: dict = {}  # claim → Job, from the claim until its thread is done with it
        self.left: set = set()  # claims of jobs whose end could not be written down, for lack of a database
        self.given = SimpleQueue()  # Jobs for the threads; None tells one to end
        self.served_last = jobs.FIRST  # workspace
        self.stopping = False  # no Event: its lock may be held by the very thread that a signal interrupts
        self.turned = False  # since the watchdog looked
        self.ended = threading.Event()
        self.wake_read, self.wake_write = os.pipe()

    def run(self) -> None:
        """Work until `stop()`; then finish what runs within the grace, and give the rest back."""
        hands = [start(self.labour) for _ in range(self.threads)]
        heart = start(self.beat)
        start(self.watch)
        try:
            while not self.stopping:
                self.follow()
        finally:
            self.wind_up(hands)
            heart.join(POLL_SECONDS)

    def stop(self, *_) -> None:
        """End `run()` soon; safe in a signal handler."""
        self.stopping = True
        self.wake()

    def wake(self) -> None:
        os.write(self.wake_write, b".")

    # ── the loop ──

    def follow(self) -> None:
        """Look for jobs at every hint and every second, until told to stop or the database goes away."""
        try:
            with self.listening() as listener:
                while not self.stopping:
                    again = self.take()
                    self.wait(0 if again else self.pause(), listener)
                    self.turned = True
        except (*db.GONE, psycopg2.Error) as error:
            log.warning("The database is away (%s); trying again.", type(error).__name__)
            self.wait(POLL_SECONDS)

    @contextmanager
    def listening(self):
        with closing(db.listener(self.url)) as listener:
            listener.cursor().execute(f"LISTEN {jobs.HINT}")
            yield listener

    def take(self) -> bool:
        """Claim a job for every free thread; returns whether there may be more at once."""
        free, began = self.threads - len(self.running), self.served_last
        if not free:
            return False
        with db.connected():
            found = jobs.claim(self.name, free, self.lease, began, self.queue, self.cap)
        for job in found:
            self.running[job.claim] = job
            self.given.put(job)
        # fewer than asked for: nothing is left behind that workspace, so the next turn begins with the first again
        self.served_last = max(job.workspace_id for job in found) if len(found) == free else jobs.FIRST
        return bool(found) or began != jobs.FIRST

    def pause(self) -> float:
        if len(self.running) >= self.threads:
            return POLL_SECONDS  # a thread that becomes free wakes us
        with db.connected():
            due = jobs.seconds_to_next(self.queue)
        # what is due and was not claimed has to wait for another of its workspace, whose end wakes us
        least = 0.01 if self.cap is None else CAPPED_SECONDS
        return POLL_SECONDS if due is None else min(max(due, least), POLL_SECONDS)

    def wait(self, seconds: float, listener=None) -> None:
        ready, _, _ = select.select([self.wake_read, listener] if listener else [self.wake_read], [], [], seconds)
        if self.wake_read in ready:
            os.read(self.wake_read, 4096)
        if listener in ready:
            listener.poll()  # raises when the connection died; the first poll after a kill may not
            listener.notifies.clear()
            if listener.closed:
                raise psycopg2.OperationalError("the listening connection was closed")

    # ── one job ──

    def labour(self) -> None:
        """A thread's life: one job after the other, on a connection of its own."""
        while job := self.given.get():
            try:
                self.attempt(job)
            except LeaseLost as lost:
                log.warning("%s", lost)
            except Exception as error:  # not even the failure can be written down; mostly the database is away
                log.warning("job %s (%s) is left for later: %s", job.id, job.kind, type(error).__name__)
                if isinstance(error, db.GONE) and job.max_attempts > 1:
                    self.left.add(job.claim)
            finally:
                self.running.pop(job.claim)
                self.wake()
        db.discard()

    def attempt(self, job: jobs.Job) -> None:
        db.connect()
        try:
            self.handler(job.kind)(job)
            if not job.completed:
                job.complete()
        except LeaseLost:
            raise
        except (Exception, SystemExit) as error:  # whatever a handler does wrong, the job is tried again
            log.warning("job %s (%s) failed, attempt %s: %s", job.id, job.kind, job.attempt, type(error).__name__)
            db.connect()  # a new one, if what went wrong is the old
            jobs.fail(job, db.traced(error), self.delay(job))

    def handler(self, kind: str):
        if kind not in self.handlers:
            raise SaysoError(f"no handler for {kind}; a newer release may have enqueued it")
        return self.handlers[kind]

    @staticmethod
    def delay(job: jobs.Job) -> float:
        return min(FIRST_RETRY_SECONDS * 3 ** (job.attempt - 1), LONGEST_RETRY_SECONDS)

    # ── beside the loop ──

    def beat(self) -> None:
        """Lengthen the leases of what runs, rescue what others left, keep the clock of cron."""
        rescued = 0.0
        while not self.ended.wait(min(self.lease / 3, BEAT_SECONDS)):
            try:
                with db.connected():
                    jobs.heartbeat(list(self.running), self.lease, self.queue)
                    self.give_back()
                    if time.monotonic() - rescued >= min(self.lease / 4, RESCUE_SECONDS):
                        rescued = time.monotonic()
                        self.tidy()
            except Exception as error:  # nothing may end this thread; leases run on meanwhile, and fencing holds
                log.warning("The heartbeat missed a beat: %s", type(error).__name__)

    def give_back(self) -> None:
        """What was left when the database went away need not wait for the end of its lease."""
        if left := list(self.left):
            jobs.release(left, self.queue, crash=True)
            self.left.difference_update(left)

    def tidy(self) -> None:
        jobs.rescue(min(self.lease / 6, RESCUE_PAUSE_SECONDS), self.queue)
        for kind, every in self.cron.items():
            jobs.cron(kind, every)

    def watch(self) -> None:
        """End the process when its loop hangs. Seconds are counted, so that a process that was halted may go on."""
        quiet = 0
        while not self.ended.wait(1):
            quiet = 0 if self.turned else quiet + 1
            self.turned = False
            if quiet >= WATCHDOG_SECONDS:
                log.error("No look at the queue for %s s; ending, to be started anew.", WATCHDOG_SECONDS)
                os._exit(1)

    def wind_up(self, hands: list[threading.Thread]) -> None:
        """What still runs after the grace goes to another worker, unless it may be tried only once."""
        for _ in hands:
            self.given.put(None)
        deadline = time.monotonic() + self.grace
        for hand in hands:
            hand.join(max(0, deadline - time.monotonic()))
        self.ended.set()
        left = [claim for claim, job in list(self.running.items()) if job.max_attempts > 1] + list(self.left)
        if left:
            with suppress(*db.GONE), db.connected():
                jobs.release(left, self.queue)


class Workers:
    """A worker for each queue, in one process."""

    def __init__(self, url: str, lease: float = LEASE_SECONDS):
        self.each = [Worker(url, name, **queue._asdict(), lease=lease, cron=CRON if name == "default" else {})
                     for name, queue in QUEUES.items()]  # fmt: skip

    def run(self) -> None:
        """Work on all queues until `stop()`. When one fails, all end: a queue must not stand still unseen."""
        first, *rest = self.each
        others = [start(self.beside, worker) for worker in rest]
        try:
            first.run()
        finally:
            self.stop()
            for other in others:
                other.join()

    def beside(self, worker: Worker) -> None:
        try:
            worker.run()
        except Exception:
            log.exception("Nobody works on the queue %s any more; ending, to be started anew.", worker.queue)
            os._exit(1)

    def stop(self, *_) -> None:
        """End `run()` soon; safe in a signal handler."""
        for worker in self.each:
            worker.stop()


def start(work, *arguments) -> threading.Thread:
    # a daemon: what hangs must not hold up the end of the process
    thread = threading.Thread(target=work, args=arguments, name=work.__name__, daemon=True)
    thread.start()
    return thread
