"""Bring the database's schema up to date: the files of migrations/ that have not run yet, in order, each once.

Several servers may start at the same moment: one runs the files, the others poll for its lock. Waiting *inside*
pg_advisory_lock would deadlock with CREATE INDEX CONCURRENTLY, which waits for every open snapshot."""

import time
from contextlib import contextmanager

from playhouse.migrations import Runner
from playhouse.postgres_ext import PostgresqlExtDatabase

from service import db, files
from service.errors import SettingError

LOCK = 7_272_976  # "sayso" on a telephone's keys, any constant would do
POLL_SECONDS = 0.1


def run(url: str) -> list[str]:
    """Apply what is pending in the database at `url`; returns the names of the files that ran.

    Raises SettingError when the database is too old or lacks pgvector."""
    with alone(url) as database:
        make_extension(database)
        return Runner(database, str(files.root("migrations"))).up()


@contextmanager
def alone(url: str):
    """A database by whose connection this process alone changes the tables, for as long as that takes.

    Raises SettingError when the database cannot be used."""
    db.check(url)
    database = PostgresqlExtDatabase(url, options="-c lock_timeout=2000 -c statement_timeout=0")
    with database.connection_context():
        wait_for_lock(database)
        yield database


def wait_for_lock(database) -> None:
    # held by the session, so that closing the connection (or dying) gives it back
    while not database.execute_sql("SELECT pg_try_advisory_lock(%s)", (LOCK,)).fetchone()[0]:
        time.sleep(POLL_SECONDS)


def make_extension(database) -> None:
    if database.execute_sql("SELECT FROM pg_extension WHERE extname = 'vector'").fetchone():
        return
    try:
        database.execute_sql("CREATE EXTENSION IF NOT EXISTS vector")
    except Exception as error:
        raise SettingError(
            f"The vector extension cannot be made ({' '.join(str(error).split())}); "
            "let a superuser run CREATE EXTENSION vector in this database, then start again."
        ) from None


def pending() -> list[str]:
    """The names of files that have not run, in the database this process uses (for /readyz)."""
    return [found.name for found in Runner(db.database, str(files.root("migrations"))).status() if not found.applied]
