"""A backup every night into BACKUP_DIR, read back before it counts, and the older ones thinned out.

An hourly look asks for one on each new day (UTC), so that one that failed is asked for again, and a server that was off at
midnight has its own as soon as it is on. Only files of our own naming are ever taken away."""

import re
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import psycopg2

from service import backup, backup_file, db, jobs, whole_file
from service.config import Config
from service.db import database
from service.errors import SettingError
from service.jobs import Job
from service.whole_file import PART

LOOK, MAKE = "backup.nightly", "backup.make"  # kinds of the jobs
QUEUE = "backups"
DAYS, WEEKS = 7, 4  # of which one is kept
NAME, NAMED = "sayso-%Y-%m-%d-%H%M.backup", re.compile(r"sayso-\d{4}-\d\d-\d\d-\d{4}\.backup")

IS_DUE = f"""
SELECT NOT EXISTS (SELECT FROM job WHERE workspace_id = {jobs.OURS} AND kind = %(kind)s)
   AND NOT EXISTS (SELECT FROM installation WHERE backup_at >= date_trunc('day', now(), 'UTC'))"""
NOW = "SELECT now() AT TIME ZONE 'UTC'"
DONE = """
UPDATE installation SET backup_at = now(), backup_bytes = %(bytes)s, backup_failure = NULL, backup_failing_at = NULL"""
FAILED = """
UPDATE installation SET backup_failure = %(why)s, backup_failing_at = coalesce(backup_failing_at, now())"""
STANDING = """
SELECT backup_at, backup_bytes, extract(epoch FROM now() - backup_at)::float / 3600, backup_failure, backup_failing_at
  FROM installation"""

settings: list[Config] = []


class Standing(NamedTuple):
    """How it stands with the backups that are made every night."""

    made_at: datetime | None = None
    bytes: int | None = None
    hours: float | None = None  # since it was made
    failure: str | None = None  # since then
    failing_since: datetime | None = None


def start(config: Config) -> None:
    """Make backups as this configuration says."""
    settings[:] = [config]


def look(job: Job) -> None:
    """Ask for a backup when there is none of this day, and nobody is at it."""
    with database.atomic():
        if settings[0].backup_dir and db.row(IS_DUE, kind=MAKE)[0]:
            jobs.enqueue(MAKE, queue=QUEUE)
        job.complete()


def make(job: Job) -> None:
    """Make a backup, read it back, note it, and take away those that are not kept."""
    folder = settings[0].backup_dir
    if not folder:
        return  # BACKUP_DIR was taken away meanwhile
    try:
        size = made_in(folder)
    except (SettingError, OSError, psycopg2.Error) as error:
        db.changed(FAILED, why=str(error) if isinstance(error, SettingError) else type(error).__name__)
        raise
    with database.atomic():
        db.changed(DONE, bytes=size)
        job.complete()
    thin(folder)


def made_in(folder: Path) -> int:
    """The bytes of a new backup in this folder."""
    for part in folder.glob(f"sayso-*.backup{PART}"):
        if NAMED.fullmatch(part.name.removesuffix(PART)) and whole_file.is_left(part):
            part.unlink(missing_ok=True)
    path = folder / db.row(NOW)[0].strftime(NAME)
    backup.make(settings[0].database_url, path)
    read_back(path)
    return path.stat().st_size


def read_back(path: Path) -> None:
    """Read all of a backup; one that is not whole is no backup of its day, and goes."""
    try:
        with backup_file.opened(path) as found:
            found.verify()
    except SettingError:
        path.unlink(missing_ok=True)
        raise


def thin(folder: Path) -> None:
    names = {path.name for path in folder.iterdir() if path.is_file()}
    for name in superfluous(names):
        (folder / name).unlink(missing_ok=True)


def superfluous(names: set[str]) -> set[str]:
    """Those of our files that are neither the last of one of the last 7 days that have any, nor of the 4 weeks before."""
    dates = {name: date for name in names if (date := date_of(name))}
    daily = lasts(dates, "%Y-%m-%d", DAYS)
    older = {name: date for name, date in dates.items() if name < min(daily)}
    return dates.keys() - daily - lasts(older, "%G-%V", WEEKS)


def lasts(dates: dict[str, datetime], period: str, most: int) -> set[str]:
    """The last file of each of the last periods."""
    last = {date.strftime(period): name for name, date in sorted(dates.items())}
    return {last[each] for each in sorted(last)[-most:]}


def date_of(name: str) -> datetime | None:
    """When a file of our naming was begun; None of any other."""
    try:
        return datetime.strptime(name, NAME) if NAMED.fullmatch(name) else None
    except ValueError:
        return None


def standing() -> Standing:
    """As it is now."""
    return Standing(*(db.row(STANDING) or ()))
