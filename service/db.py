"""The database: one pool a process, one connection a thread, transactions by `@database.atomic()`.

A thread keeps the connection it was given: `connect()` at the start of each request or job costs a look at the socket,
and replaces a connection that died meanwhile (PostgreSQL restarted, a firewall forgot us)."""

import select
from contextlib import contextmanager

import psycopg2
from peewee import InterfaceError, OperationalError
from playhouse.pool import MaxConnectionsExceeded, PooledPostgresqlDatabase

from service.errors import SettingError

CONNECT_SECONDS = 3
STATEMENT_MS, LOCK_MS, IDLE_MS = 5000, 2000, 10000
OLDEST_POSTGRES = 16
GONE = (OperationalError, InterfaceError, MaxConnectionsExceeded)

# What a TCP connection that went silent must not do: hang a thread for minutes. Ignored on a socket of this machine.
ALIVE = {"connect_timeout": CONNECT_SECONDS, "keepalives": 1, "keepalives_idle": 10, "keepalives_interval": 5,
         "keepalives_count": 3, "tcp_user_timeout": 10000}  # fmt: skip

database = PooledPostgresqlDatabase(None, autoconnect=False)


def start(url: str, connections: int, statement_ms: int = STATEMENT_MS) -> None:
    """Let this process use the database at `url` with at most so many `connections`; connects later, by thread."""
    limits = {"statement_timeout": statement_ms, "lock_timeout": LOCK_MS, "idle_in_transaction_session_timeout": IDLE_MS}
    options = " ".join(f"-c {name}={milliseconds}" for name, milliseconds in limits.items())
    database.init(url, max_connections=connections, timeout=CONNECT_SECONDS, options=options, **ALIVE)


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


def rows(sql: str, **parameters) -> list[tuple]:
    """What a named SQL constant returns; `parameters` fill its %(name)s."""
    return database.execute_sql(sql, parameters).fetchall()


def row(sql: str, **parameters) -> tuple | None:
    """The first row, or None."""
    return database.execute_sql(sql, parameters).fetchone()


def changed(sql: str, **parameters) -> int:
    """How many rows a statement touched."""
    return database.execute_sql(sql, parameters).rowcount
