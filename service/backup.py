"""A backup while everything runs: one snapshot of the database, dumped by pg_dump, and counted in the same snapshot."""

import subprocess
import threading
import time
from collections.abc import Callable
from contextlib import closing, contextmanager
from importlib import metadata
from pathlib import Path

import psycopg2

from service import backup_file, db, migrate, postgres_tools, row_sums, structure
from service.backup_file import PIECE_BYTES, Manifest, Went, Writer, unseen
from service.errors import SettingError

LOCK_SECONDS = 10
AGAIN = "When that is mended, run it again."
TABLE_BEGINS = "dumping contents of table "
# The extension is not in it, so that a role without rights restores it; nor who owns what, which may differ there.
DUMP = ("--format=custom", "--schema=public", "--no-owner", "--no-privileges", "--no-comments", "--no-security-labels",
        "--no-publications", "--no-subscriptions", "--no-tablespaces", "--no-unlogged-table-data", "--compress=gzip:2",
        "--verbose")  # fmt: skip

UNLIMITED = f"""
SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0; SET lock_timeout = '{LOCK_SECONDS}s'"""
IS_OURS = "SELECT to_regclass('public.installation') IS NOT NULL AND to_regclass('public.schema_migration') IS NOT NULL"
TRY_ALONE, NOT_ALONE = f"SELECT pg_try_advisory_lock({migrate.LOCK})", f"SELECT pg_advisory_unlock({migrate.LOCK})"
BEGIN = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
SNAPSHOT = "SELECT pg_export_snapshot()"
FACTS = """
SELECT to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
       array(SELECT name::text FROM public.schema_migration ORDER BY name),
       current_setting('server_version_num')::int / 10000, (SELECT extversion FROM pg_extension WHERE extname = 'vector'),
       (SELECT key_check FROM public.installation)"""


def make(url: str, place: Path, went: Went = unseen) -> Manifest:
    """Write a backup of the database at `url` to this file; `went` is told how far it is.

    Raises SettingError with one line; an older file of that name is still there then."""
    with backup_file.written(place) as file, snapshot(url) as (cursor, id, tables):
        sizes = {f'"public.{table.plain}"': table.bytes for table in tables}
        done, whole = 0, 2 * sum(sizes.values())  # each is dumped, and counted

        def further(bytes: int) -> None:
            nonlocal done
            done += bytes
            went(done, whole)

        cursor.execute(FACTS)
        made_at, migrations, postgres, pgvector, key_check = cursor.fetchone()
        tool = postgres_tools.find("pg_dump", postgres)
        made_of = structure.of(cursor)  # before the dump, whose sequences are as far or further
        dump([tool, *DUMP, f"--snapshot={id}"], url, file, lambda table: further(sizes.get(table, 0)))
        return file.finish(
            made_at=made_at, sayso=metadata.version("sayso"), migrations=migrations, postgres=postgres, pgvector=pgvector,
            tables=row_sums.of(cursor, tables, further), structure=made_of, key_check=key_check,
        )  # fmt: skip


@contextmanager
def snapshot(url: str):
    """A transaction that sees the tables as they are at this moment, however long it lasts; yields its cursor, the
    snapshot's name, and the tables, which nobody alters meanwhile."""
    try:
        connection = db.listener(url)
    except psycopg2.Error as error:
        raise SettingError(f"The database cannot be reached ({said(error)}); check DATABASE_URL.") from None
    with closing(connection), plainly():
        cursor = connection.cursor()
        cursor.execute(UNLIMITED)
        if connection.server_version >= 17_00_00:
            cursor.execute("SET transaction_timeout = 0")
        end_with_us(cursor)
        cursor.execute(IS_OURS)
        if not cursor.fetchone()[0]:
            raise SettingError("There is no Sayso in this database; nothing to back up.")
        yield cursor, *begun(cursor)


def begun(cursor) -> tuple[str, list[row_sums.Table]]:
    wait_until(cursor, TRY_ALONE)  # an upgrade ends first; one that comes later finds the tables locked
    tables = row_sums.tables(cursor)
    cursor.execute(BEGIN)
    cursor.execute(f"LOCK TABLE {', '.join(f'public.{table.name}' for table in tables)} IN ACCESS SHARE MODE")
    cursor.execute(SNAPSHOT)
    [id] = cursor.fetchone()
    cursor.execute(NOT_ALONE)
    return id, tables


def wait_until(cursor, question: str) -> None:
    cursor.execute(question)
    while not cursor.fetchone()[0]:
        time.sleep(migrate.POLL_SECONDS)
        cursor.execute(question)


def end_with_us(cursor) -> None:
    """Let PostgreSQL notice within seconds when this process was killed; not every operating system lets it."""
    try:
        cursor.execute("SET client_connection_check_interval = '2s'")
    except psycopg2.Error:
        return


@contextmanager
def plainly():
    try:
        yield
    except psycopg2.Error as error:
        raise SettingError(f"The backup was not made: the database said: {said(error)}. {AGAIN}") from None


def said(error: psycopg2.Error) -> str:
    """Its first line: what follows may repeat somebody's words."""
    return " ".join((error.diag.message_primary or str(error)).split())


def dump(command: list, url: str, file: Writer, table_done: Callable[[str], None]) -> None:
    name, environment = postgres_tools.told(url)
    pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    # a session of its own: a Ctrl-C reaches only us, and we end it
    process = subprocess.Popen([*command, f"--dbname={name}"], env=environment, start_new_session=True, **pipes)  # noqa: S603
    heard = []
    listener = threading.Thread(target=hear, args=(process.stderr, heard, table_done), daemon=True)
    listener.start()
    try:
        while piece := process.stdout.read(PIECE_BYTES):
            file.write(piece)
        status = process.wait()
    finally:
        process.kill()
        process.wait()
        listener.join()
        process.stdout.close()
    if status:
        raise SettingError(f"The backup was not made: {postgres_tools.last_words(''.join(heard))}. {AGAIN}")


def hear(output, heard: list[str], table_done: Callable[[str], None]) -> None:
    """What pg_dump says, and with each table that it begins, that the one before is done."""
    table = None
    with output:
        for raw in output:
            line = raw.decode(errors="replace")
            if TABLE_BEGINS in line:
                if table:
                    table_done(table)
                table = line.split(TABLE_BEGINS, 1)[1].strip()
            elif "error" in line or "FATAL" in line:
                heard.append(line)
    if table:
        table_done(table)
