"""How the server fares, hour by hour: answers and statements that were slow, and how full the machine is.

Each process counts in memory and writes it down once a minute, so that measuring costs next to nothing; the worker looks at
the machine once a minute. All of it is of all workspaces together, for whoever runs the server."""

import threading
from contextlib import contextmanager, suppress
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from peewee import DatabaseError

from service import db, plans
from service.db import database
from service.jobs import Job
from service.lib import machine

MEASURE = "machine.measure"  # kind of the job
SLOW_ANSWER_MS = 500
SLOW_STATEMENT_SECONDS = 0.25
WRITE_SECONDS, LAST_WRITE_SECONDS = 60, 5
MOST_TEXTS = 200  # that are slow, between two writes
LONGEST_TEXT = 10_000  # characters

THIS_HOUR = "date_trunc('hour', now(), 'UTC')"
ADD = f"""
INSERT INTO measurement (hour, answers, slow_answers) VALUES ({THIS_HOUR}, %(answers)s, %(slow)s)
ON CONFLICT (hour) DO UPDATE SET answers = measurement.answers + excluded.answers,
       slow_answers = measurement.slow_answers + excluded.slow_answers"""
# says whether this took longer than ever: then its plan is worth another look
ADD_STATEMENT = """
WITH known AS (SELECT longest_ms FROM slow_query WHERE id = %(id)s)
INSERT INTO slow_query (id, text, times, longest_ms) VALUES (%(id)s, %(text)s, %(times)s, %(longest)s)
ON CONFLICT (id) DO UPDATE SET times = slow_query.times + excluded.times, last_seen = now(),
       longest_ms = greatest(slow_query.longest_ms, excluded.longest_ms)
RETURNING coalesce((SELECT longest_ms FROM known), 0) < %(longest)s"""
SET_PLAN = "UPDATE slow_query SET plan = nullif(%(plan)s, '') WHERE id = %(id)s"
# connections of all databases of this PostgreSQL: they share its limit
LOOK = f"""
INSERT INTO measurement (hour, cpu, memory, disk, connections, most_connections)
SELECT {THIS_HOUR}, %(cpu)s, %(memory)s, %(disk)s, sum(numbackends)::int, current_setting('max_connections')::int
  FROM pg_stat_database
ON CONFLICT (hour) DO UPDATE SET cpu = greatest(measurement.cpu, excluded.cpu),
       memory = greatest(measurement.memory, excluded.memory), disk = coalesce(excluded.disk, measurement.disk),
       connections = greatest(measurement.connections, excluded.connections), most_connections = excluded.most_connections"""
# The operator's own figure, of all workspaces. Posts are tagged after they were written, so the days before count again.
COMPLAINTS = """
WITH complaint AS (
  SELECT date_trunc('hour', p.created_at, 'UTC') AS hour, count(*)::int AS posts FROM tag t
    JOIN post_tag l ON l.workspace_id = t.workspace_id AND l.tag_id = t.id
    JOIN post p ON p.workspace_id = l.workspace_id AND p.number = l.post_number
    JOIN installation i ON true
    JOIN member m ON m.workspace_id = t.workspace_id AND m.person_id = i.operator_id  -- others say what they like
   WHERE t.key = 'slow' AND p.deleted_at IS NULL AND p.created_at > now() - interval '8 days' GROUP BY 1
)
UPDATE measurement m SET complaints = coalesce(c.posts, 0)
  FROM measurement each LEFT JOIN complaint c ON c.hour = each.hour
 WHERE m.hour = each.hour AND m.hour > now() - interval '8 days' AND m.complaints IS DISTINCT FROM coalesce(c.posts, 0)"""
HOURS = """
SELECT hour, answers, slow_answers, cpu, memory, disk, connections, most_connections, complaints FROM measurement
 WHERE hour > now() - %(hours)s * interval '1 hour' ORDER BY hour"""
SLOWEST = """
SELECT text, coalesce(plan, ''), times, longest_ms, first_seen, last_seen FROM slow_query
 WHERE last_seen > now() - %(hours)s * interval '1 hour' ORDER BY longest_ms DESC, id LIMIT %(most)s"""


class Hour(NamedTuple):
    """What was measured in an hour, on all processes of the server; None: it is not known."""

    hour: datetime
    answers: int = 0
    slow_answers: int = 0  # took longer than 500 ms
    cpu: float | None = None  # the greatest share, from 0 to 1
    memory: float | None = None
    disk: float | None = None
    connections: int | None = None
    most_connections: int | None = None
    complaints: int | None = None  # posts tagged “slow”


class Statement(NamedTuple):
    """A statement that was slow, without anybody's data."""

    text: str
    plan: str  # empty: PostgreSQL could not say
    times: int
    longest_ms: int
    first_seen: datetime
    last_seen: datetime


class Tally:
    """What this process has counted since it wrote it down last."""

    def __init__(self):
        self.lock = threading.Lock()
        self.answers = self.slow = 0
        self.statements: dict[str, tuple[int, int]] = {}  # text → (times, longest in ms)

    def answered(self, milliseconds: float) -> None:
        with self.lock:
            self.answers += 1
            self.slow += milliseconds > SLOW_ANSWER_MS

    def waited(self, text: str, milliseconds: int, times: int = 1) -> None:
        with self.lock:
            known, longest = self.statements.get(text, (0, 0))
            if known or len(self.statements) < MOST_TEXTS:
                self.statements[text] = known + times, max(longest, milliseconds)

    def take(self) -> tuple[int, int, dict]:
        with self.lock:
            taken = self.answers, self.slow, self.statements
            self.answers, self.slow, self.statements = 0, 0, {}
        return taken

    def put_back(self, answers: int, slow: int, statements: dict) -> None:
        with self.lock:
            self.answers, self.slow = self.answers + answers, self.slow + slow
        for text, (times, longest) in statements.items():
            self.waited(text, longest, times)


tally = Tally()
database_folder: list[Path] = []  # where the embedded database is


def answered(milliseconds: float) -> None:
    """Count an answer to a request."""
    tally.answered(milliseconds)


def hear(event) -> None:
    """Note a statement that took long: its text as we wrote it, never its values."""
    if event.duration > SLOW_STATEMENT_SECONDS:
        tally.waited(event.sql.strip()[:LONGEST_TEXT], round(event.duration * 1000))


@contextmanager
def kept(folder: Path | None = None):
    """Measure what this process does, and write it down every minute and at the end. `folder` is that of the database, when
    it is on this machine. Needs a database connection of its own."""
    database_folder[:] = [folder] if folder else []
    database.query_hooks.append(hear)
    ended = threading.Event()
    writer = threading.Thread(target=write_on, args=(ended,), name="measurements", daemon=True)
    writer.start()
    try:
        yield
    finally:
        database.query_hooks.remove(hear)
        ended.set()
        writer.join(LAST_WRITE_SECONDS)


def write_on(ended: threading.Event) -> None:
    is_last = False
    while not is_last:
        is_last = ended.wait(WRITE_SECONDS)
        with suppress(DatabaseError, *db.GONE), db.connected():
            write_down()


def write_down() -> None:
    """Add what was counted to this hour's row, and slow statements to theirs; several processes add up."""
    answers, slow, statements = taken = tally.take()
    if not answers and not statements:
        return
    try:
        with database.atomic():
            db.changed(ADD, answers=answers, slow=slow)
            named = sorted((sha256(text.encode()).digest(), text, *counted) for text, counted in statements.items())
            slower = [(id, text) for id, text, times, longest in named
                      if db.row(ADD_STATEMENT, id=id, text=text, times=times, longest=longest)[0]]  # fmt: skip
    except Exception:
        tally.put_back(*taken)  # the database is away: at the next time
        raise
    for id, text in slower:
        db.changed(SET_PLAN, id=id, plan=plans.of(text))


def measure(job: Job) -> None:  # noqa: ARG001 (a handler takes its job)
    """Look at the machine, and at what users say of it."""
    folder = database_folder[0] if database_folder else None
    db.changed(LOOK, cpu=machine.cpu(), memory=machine.memory(), disk=machine.disk(folder))
    db.changed(COMPLAINTS)


def hours(most: int) -> list[Hour]:
    """The last hours in which something was measured, the oldest first."""
    return [Hour(*row) for row in db.rows(HOURS, hours=most)]


def slowest(hours: int, most: int) -> list[Statement]:
    """The slowest of the statements that were slow in the last hours."""
    return [Statement(*row) for row in db.rows(SLOWEST, hours=hours, most=most)]
