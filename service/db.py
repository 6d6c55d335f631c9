"""The database: one pool a process, one connection a thread, transactions by `@database.atomic()`.

A thread keeps the connection it was given: `connect()` at the start of each request or job costs a look at the socket,
and replaces a connection that died meanwhile (PostgreSQL restarted, a firewall forgot us)."""

import functools
import select
import threading
import traceback
from contextlib import contextmanager, suppress

import psycopg2
from peewee import DatabaseError, IntegrityError, InterfaceError, OperationalError
from playhouse.pool import MaxConnectionsExceeded, PooledPostgresqlDatabase

from service.errors import SaysoError, SettingError

CONNECT_SECONDS, POOL_SECONDS = 3, 1
STATEMENT_MS, LOCK_MS, IDLE_MS = 5000, 2000, 10000
OLDEST_POSTGRES = 16
GONE = (OperationalError, InterfaceError, MaxConnectionsExceeded)  # what a statement raises when the database is away
ENDED = ("08", "57P")  # beginnings of the codes that say the connection is over, not merely this statement
# Serialisation failure, deadlock, a parent that went after it was found (a user who was erased at this moment): the same
# again may well succeed, or see that it is gone.
PARENT_GONE = "23503"
REPEATABLE = {"40001", "40P01", PARENT_GONE}
MOST_TRIES = 3

# What a TCP connection that went silent must not do: hang a thread for minutes. Ignored on a socket of this machine.
ALIVE = {"connect_timeout": CONNECT_SECONDS, "keepalives": 1, "keepalives_idle": 10, "keepalives_interval": 5,
         "keepalives_count": 3, "tcp_user_timeout": 10000}  # fmt: skip


class Connection(psycopg2.extensions.connection):
    """Knows whether a transaction is to begin with the next statement."""

    begins = False


class Cursor(psycopg2.extensions.cursor):
    """Sends a transaction's BEGIN together with its first statement, which spares every verb a round trip."""

    def execute(self, sql, parameters=None) -> None:
        if self.connection.begins:
            sql, parameters = b"BEGIN;" + self.mogrify(sql, parameters), None  # what cannot be sent begins nothing
            self.connection.begins = False
        super().execute(sql, parameters)


class Database(PooledPostgresqlDatabase):
    """A transaction in which nothing was asked is not even begun."""

    def begin(self) -> None:
        self.cursor().connection.begins = True  # a cursor is refused when there is no connection

    def commit(self) -> None:
        if not self.forgets():
            super().commit()

    def rollback(self) -> None:
        if not self.forgets():
            super().rollback()

    def forgets(self) -> bool:
        """Whether the transaction that ends was never begun."""
        if self.is_closed():
            return False
        connection = self.connection()
        begins, connection.begins = connection.begins, False
        return begins


database = Database(None, autoconnect=False, connection_factory=Connection, cursor_factory=Cursor)


def start(url: str, connections: int, statement_ms: int = STATEMENT_MS) -> None:
    """Let this process use the database at `url` with at most so many `connections`; connects later, by thread."""
    limits = {"statement_timeout": statement_ms, "lock_timeout": LOCK_MS, "idle_in_transaction_session_timeout": IDLE_MS}
    settings = limits | {"max_parallel_workers_per_gather": 0}  # a request has one processor; plans are alike everywhere
    options = " ".join(f"-c {name}={value}" for name, value in settings.items())
    database.init(url, max_connections=connections, timeout=POOL_SECONDS, options=options, **ALIVE)


def connect() -> None:
    """Give this thread a connection that works; raises one of GONE when there is none to be had."""
    if database.is_closed():
        database.connect()
    while is_broken(database.connection()):  # the pool's next may have died at the same time
        discard()
        database.connect()


def is_broken(connection) -> bool:
    # an idle connection has nothing to say; if it can be read, the server closed it
    return bool(connection.closed or select.select([connection], [], [], 0)[0])


def discard() -> None:
    """Throw this thread's connection away, whatever state it is in."""
    while database.in_transaction():
        database.pop_transaction()
    database.manual_close()


@contextmanager
def connected():
    """A connection for a command or a thread that ends: it is given back."""
    connect()
    try:
        yield database
    finally:
        if not database.is_closed():
            database.close()


def listener(url: str):
    """A plain psycopg2 connection in autocommit, outside the pool: for LISTEN, for heartbeats, for locks."""
    connection = psycopg2.connect(url, **ALIVE)
    connection.autocommit = True
    return connection


def check(url: str) -> None:
    """Raise SettingError, with one line that says what to do, unless this database can be used."""
    try:
        connection = listener(url)
    except psycopg2.Error as error:
        said = " ".join(str(error).split()) or "no answer"
        raise SettingError(f"The database cannot be reached ({said}); check DATABASE_URL.") from None
    try:
        cursor = connection.cursor()
        if connection.server_version < OLDEST_POSTGRES * 10000:
            version = connection.server_version // 10000
            raise SettingError(f"The database is PostgreSQL {version}; Sayso needs {OLDEST_POSTGRES} or newer.")
        cursor.execute("SELECT count(*) FROM pg_available_extensions WHERE name = 'vector'")
        if not cursor.fetchone()[0]:
            raise SettingError(
                "The database has no pgvector; install it on the server (Debian: postgresql-NN-pgvector) and start again."
            )
    finally:
        connection.close()


def code(error: Exception) -> str | None:
    """The SQLSTATE behind an error of the database; None when it could not even say one."""
    return getattr(getattr(error, "orig", None), "pgcode", None)


def traced(error: BaseException) -> str:
    """What went wrong and where, for a log: without the error's own words, which repeat what people typed, PostgreSQL's
    even the whole row. Errors that we raise ourselves say nothing of that kind, so their words stay."""
    said = str(error) if isinstance(error, SaysoError) else ""
    frames = "".join(traceback.format_tb(error.__traceback__))
    return " ".join(f"{type(error).__name__} {code(error) or ''} {said}".split()) + "\n" + frames


def is_connection_lost(error: Exception) -> bool:
    """Whether the connection is over; else only the statement was too slow, locked out, or refused for lack of room."""
    return (code(error) or "08").startswith(ENDED)


def verb(function):
    """One transaction around a verb, tried again when it lost a deadlock or a parent. Inside another verb it is part of that
    one: no savepoint, so an error ends them all."""

    @functools.wraps(function)
    def run(*arguments, **named):
        if database.in_transaction():
            return function(*arguments, **named)
        for left in reversed(range(MOST_TRIES)):
            try:
                with database.atomic():
                    return function(*arguments, **named)
            except (OperationalError, IntegrityError) as error:
                if code(error) not in REPEATABLE or not left:
                    raise
        return None

    return run


class Unsaid(threading.local):
    def __init__(self):
        self.hints: set[tuple[str, str]] = set()


unsaid = Unsaid()
NOTIFY = """
SELECT pg_notify(channel, payload) FROM unnest(%(channels)s::text[], %(payloads)s::text[]) AS hint (channel, payload)"""


def notify(channel: str, payload: str = "") -> None:
    """Tell other processes, after the commit: inside the transaction it would limit the whole server to one commit an
    fsync. All of a transaction's hints leave in one round trip. They may be lost, so everyone also looks by itself."""
    unsaid.hints.add((channel, payload))
    database.after_commit(say)


def say() -> None:
    hints, unsaid.hints = unsaid.hints, set()
    if hints:
        with suppress(DatabaseError, *GONE):
            channels, payloads = zip(*hints, strict=True)
            rows(NOTIFY, channels=list(channels), payloads=list(payloads))


def rows(sql: str, **parameters) -> list[tuple]:
    """What a named SQL constant returns; `parameters` fill its %(name)s."""
    return database.execute_sql(sql, parameters).fetchall()


def row(sql: str, **parameters) -> tuple | None:
    """The first row, or None."""
    return database.execute_sql(sql, parameters).fetchone()


def changed(sql: str, **parameters) -> int:
    """How many rows a statement touched."""
    return database.execute_sql(sql, parameters).rowcount
