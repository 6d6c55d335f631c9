"""A backup put into an empty database: its tables, rows and sums in one transaction, so that a restore that ends before it
is done, however it ends, leaves the database empty."""

import contextlib
from collections.abc import Callable

import psycopg2
from peewee import DatabaseError, InterfaceError

from service import files, migrate, replay, row_sums, structure
from service.backup_file import Backup, Manifest, Went, unseen
from service.errors import SettingError
from service.installation import KEY_CHECK
from service.lib import sealing

# anything but what belongs to an extension
IS_EMPTY = """
SELECT NOT EXISTS (
  SELECT FROM pg_class c WHERE relnamespace = 'public'::regnamespace
     AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_class'::regclass AND objid = c.oid AND deptype = 'e'))"""
MAJOR = "SELECT current_setting('server_version_num')::int / 10000"
UNCHANGED = "Nothing was changed."


def expect_known(manifest: Manifest) -> None:
    """Raise SettingError when a newer release made this."""
    ours = {path.stem for path in files.root("migrations").glob("[0-9]*.py")}
    if set(manifest.migrations) - ours:
        raise SettingError(f"This backup was made by a newer Sayso ({manifest.sayso}); update this one first. {UNCHANGED}")


def expect_keys(manifest: Manifest, secret_keys: tuple[str, ...]) -> None:
    """Raise SettingError unless these SECRET_KEYS open what is sealed in the backup."""
    sealing.start(secret_keys)
    if manifest.key_check and sealing.unseal(manifest.key_check) != KEY_CHECK:
        raise SettingError("SECRET_KEYS do not open this backup; put the file secret_keys of the server that made it into "
                           f"the data folder, or set SECRET_KEYS to what they were there. {UNCHANGED}")  # fmt: skip


def expect_major(manifest: Manifest, major: int, older: bool) -> None:
    """Raise SettingError when the database's PostgreSQL is older than the one of the backup, unless `older` ones will do."""
    if major < manifest.postgres and not older:
        raise SettingError(f"This backup was made with PostgreSQL {manifest.postgres}, and here is {major}; restore into "
                           f"{manifest.postgres} or newer, or try all the same: --older-postgres. {UNCHANGED}")  # fmt: skip


def into(url: str, backup: Backup, older: bool = False, went: Went = unseen) -> None:
    """Put the backup into the empty database at `url`, count everything again, and bring its tables up to date.

    Raises SettingError, in one line, when that cannot be; then the database is as empty as it was. `older`: the database may
    be an older PostgreSQL than the backup's."""
    with migrate.alone(url) as database:  # who starts Sayso here meanwhile waits until it is there
        with plainly():
            expect_room(backup.manifest, database.cursor(), older)
            migrate.make_extension(database)
            with database.atomic():
                put(backup, database.cursor(), went)
        database.execute_sql("ANALYZE")
    migrate.run(url)


def expect_room(manifest: Manifest, cursor, older: bool) -> None:
    cursor.execute(MAJOR)
    expect_major(manifest, cursor.fetchone()[0], older)
    cursor.execute(IS_EMPTY)
    if not cursor.fetchone()[0]:
        raise SettingError("There is data in this database already, and a restore never writes over any; give another "
                           f"folder with --data, or an empty database. {UNCHANGED}")  # fmt: skip


def put(backup: Backup, cursor, went: Went) -> None:
    whole = 2 * backup.manifest.dump_bytes  # it is read, and then all rows are counted
    done = 0

    def read():
        nonlocal done
        for piece in backup.pieces():
            yield piece
            done += len(piece)
            went(done, whole)

    replay.replay(read(), backup.manifest.postgres, cursor)
    verify(backup.manifest, cursor, lambda share: went(int(whole * (1 + share) / 2), whole))


def verify(manifest: Manifest, cursor, went: Callable[[float], None]) -> None:
    tables = row_sums.tables(cursor)
    done, whole = 0, sum(table.bytes for table in tables) or 1

    def counted(bytes: int) -> None:
        nonlocal done
        done += bytes
        went(done / whole)

    wrong = row_sums.different(manifest.tables, row_sums.of(cursor, tables, counted))
    wrong += structure.different(manifest.structure, structure.of(cursor))
    if wrong:
        raise SettingError(f"What was restored is not what was backed up, in: {', '.join(wrong)[:200]}. Take another "
                           f"backup. {UNCHANGED}")  # fmt: skip


@contextlib.contextmanager
def plainly():
    """The database's first line only: what follows may repeat somebody's words."""
    try:
        yield
    except (psycopg2.Error, DatabaseError, InterfaceError) as error:
        cause = getattr(error, "orig", None) or error
        words = getattr(getattr(cause, "diag", None), "message_primary", None) or str(cause)
        raise SettingError(f"The restore was given up: the database said: {' '.join(words.split())}. {UNCHANGED} "
                           "When that is mended, run it again.") from None  # fmt: skip
