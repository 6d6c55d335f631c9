"""The backup of every night: made, read back, thinned out, and its age and its failures on System."""

import dataclasses
import re
import stat
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
from browser import Browser
from cast import ADA
from queued import claim, make_due

from service import backup_file, db, installation, jobs, nightly
from service.errors import SettingError
from service.handlers import CRON, HANDLERS

HEALTH = "/app/acme/system"
AGO = "UPDATE installation SET backup_at = now() - %(hours)s * interval '1 hour', backup_bytes = 12000000"


@pytest.fixture
def nights(here, acme, tmp_path):
    """The folder of the backups."""
    installation.check_keys()
    folder = tmp_path / "backups"
    folder.mkdir()
    nightly.start(dataclasses.replace(here, backup_dir=folder))
    yield folder
    nightly.start(here)


@pytest.fixture
def operator(client, acme, settings, app):
    """Ada, who runs the server."""
    installation.check_keys()
    installation.appoint(acme.owner.id)
    return Browser(client).sign_in(ADA)


def texts(page) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page.text)).split())


def look() -> None:
    """An hour has gone by."""
    db.changed("DELETE FROM cron_run")
    jobs.cron(nightly.LOOK, CRON[nightly.LOOK])
    for job in claim():
        HANDLERS[job.kind](job)
        if not job.completed:
            job.complete()


def work() -> int:
    """What the worker does with the queue of backups; returns how many it made."""
    found = claim(queue=nightly.QUEUE)
    for job in found:
        try:
            HANDLERS[job.kind](job)
        except Exception as error:
            jobs.fail(job, db.traced(error), 600)
            raise
    return len(found)


def made(folder) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_backup_is_made_once_a_day_whole_and_for_our_eyes_only(nights, acme):
    acme.post("Dark mode")
    look()
    look()
    assert work() == 1 and work() == 0
    [name] = made(nights)
    assert nightly.date_of(name) and stat.S_IMODE((nights / name).stat().st_mode) == 0o600
    with backup_file.opened(nights / name) as found:
        found.verify()
        assert found.manifest.tables["post"].rows == 1
    look()
    assert work() == 0, "there is one of this day"
    db.changed(AGO, hours=24)
    look()
    assert work() == 1
    assert nightly.standing().hours < 1 and nightly.standing().bytes == (nights / made(nights)[-1]).stat().st_size


def test_two_workers_make_one(nights):
    db.changed("DELETE FROM cron_run")
    for _ in range(2):
        jobs.cron(nightly.LOOK, CRON[nightly.LOOK])
    looks = claim()
    assert [job.kind for job in looks] == [nightly.LOOK]
    nightly.look(looks[0])
    jobs.enqueue(nightly.LOOK)
    [late] = claim()
    nightly.look(late)
    assert len(claim(queue=nightly.QUEUE)) == 1


def test_without_a_folder_nothing_is_made(here, acme):
    installation.check_keys()
    nightly.start(here)
    look()
    assert work() == 0
    jobs.enqueue(nightly.MAKE, queue=nightly.QUEUE)
    [job] = claim(queue=nightly.QUEUE)
    nightly.make(job)  # asked for before BACKUP_DIR was taken away
    assert nightly.standing().made_at is None


def test_what_a_killed_run_has_left_goes_and_what_is_not_ours_stays(nights):
    (nights / "sayso-2026-01-01-0300.backup.part").write_text("half")
    theirs = {"sayso-2026-01-01.backup", "sayso-2026-13-41-2599.backup", "holiday.jpg", "sayso-2026-01-01-0300.backup.gpg",
              "my.backup.part"}  # fmt: skip
    for name in theirs:
        (nights / name).write_text("theirs")
    look()
    work()
    assert theirs < set(made(nights)) and len(made(nights)) == len(theirs) + 1


def test_what_is_not_as_it_was_written_is_no_backup_of_its_day(nights):
    look()
    work()
    [name] = made(nights)
    nightly.read_back(nights / name)
    whole = (nights / name).read_bytes()
    (nights / name).write_bytes(whole[:5000] + bytes([whole[5000] ^ 1]) + whole[5001:])
    with pytest.raises(SettingError, match="is damaged"):
        nightly.read_back(nights / name)
    assert made(nights) == []


def test_old_ones_are_thinned_out_when_a_new_one_is_there(nights):
    now = datetime.now(UTC)
    for days in range(1, 60):
        (nights / (now - timedelta(days=days)).strftime(nightly.NAME)).write_text("old")
    look()
    work()
    dates = [nightly.date_of(name) for name in made(nights)]
    assert now.date() - timedelta(days=6) in {date.date() for date in dates}
    assert len(dates) == 7 + 4 and (now.date() - min(dates).date()).days >= 20


def test_a_failure_keeps_the_old_ones_is_seen_on_system_and_ends_with_the_next_success(nights, operator):
    for days in range(1, 20):
        (nights / (datetime.now(UTC) - timedelta(days=days)).strftime(nightly.NAME)).write_text("old")
    before = made(nights)
    parked = nights.with_name("unmounted")
    nights.rename(parked)
    look()
    with pytest.raises(Exception, match="cannot be written"):
        work()
    said = texts(operator.open(HEALTH))
    assert "no backup could be made" in said and "cannot be written (No such file or directory)" in said
    parked.rename(nights)
    assert made(nights) == before
    look()
    assert work() == 0, "one waits for its next attempt"
    make_due()
    assert work() == 1
    said = texts(operator.open(HEALTH))
    assert "no backup could be made" not in said and "Last backup: 0 min ago" in said


def test_of_each_day_and_week_the_last_is_kept():
    def names(*days: str) -> set[str]:
        return {f"sayso-{day}.backup" for day in days}

    assert nightly.superfluous(set()) == set()
    few = names("2026-01-01-0000", "2026-01-02-0000")
    assert nightly.superfluous(few) == set()
    assert nightly.superfluous(few | names("2026-01-02-0900")) == names("2026-01-02-0000")
    first = datetime(2025, 11, 1)
    daily = {(first + timedelta(days=days)).strftime(nightly.NAME) for days in range(75)}  # to Wednesday, 14 January
    weekly = names("2026-01-07-0000", "2026-01-04-0000", "2025-12-28-0000", "2025-12-21-0000")
    assert daily - nightly.superfluous(daily) == weekly | names(*(f"2026-01-{day:02}-0000" for day in range(8, 15)))
    assert nightly.superfluous(daily | {"sayso-2020-01-01-0000.backup.gpg", "x"}) == nightly.superfluous(daily)


@pytest.mark.parametrize(("hours", "says", "warns"), [(5, "Last backup: 5 h ago, 12.0 MB, in BACKUP_DIR.", False),
                                                      (27, "The last backup was made 27 h ago. One is due", True),
                                                      (200, "The last backup was made 8 days ago.", True)])  # fmt: skip
def test_its_age_stands_on_system(operator, hours, says, warns):
    db.changed(AGO, hours=hours)
    page = operator.open(HEALTH)
    assert says in texts(page) and ("last backup was made" in texts(page)) == warns


def test_who_has_none_is_told_how_and_not_alarmed(operator):
    page = operator.open(HEALTH)
    assert "No backup is made by itself. Set BACKUP_DIR to a folder" in texts(page)


def test_other_teams_see_nothing_of_it(client, acme):
    installation.check_keys()
    db.changed(AGO, hours=99)
    assert "backup" not in texts(Browser(client).sign_in(ADA).open(HEALTH)).lower()
