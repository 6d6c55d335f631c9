"""A backup and a restore that are ended on the way: killed, stopped, without room. Nothing is lost, the next works."""

import os
import shutil
import signal
from pathlib import Path

import pytest
from backing_up import LARGE, PATIENCE, at, database_of, ended, heavy, kept, refused, sayso, stands, started, tables
from cast import SECRET_KEY
from installation import until

from service import backup_file, db

HALTED = Path(__file__).with_name("halted.py")
MUCH = 2 * LARGE
ROOM = 17_000_000  # bytes of a file: PostgreSQL's own take 16 MB each
DUMPING = [("service.backup", "snapshot", 1), ("service.backup_file", "Writer.write", 3), ("service.row_sums", "of", 1),
           ("service.backup_file", "Writer.finish", 1), ("os", "fsync", 1)]  # fmt: skip
RESTORING = [("service.restore", "put", 1), ("service.replay", "tell", 40), ("service.replay", "Rows.read", 60),
             ("service.row_sums", "of", 1)]  # fmt: skip


@pytest.fixture
def sign(tmp_path):
    return tmp_path / "halted"


@pytest.fixture(scope="module")
def full(postgres, template, settings):
    """The address of a database that a backup takes a while for."""
    with kept(postgres, template, settings, MUCH) as url:
        yield url


@pytest.fixture(scope="module")
def made(full, tmp_path_factory) -> Path:
    file = tmp_path_factory.mktemp("made") / "sayso.backup"
    sayso("backup", file, url=full)
    return file


@pytest.fixture
def file(made, tmp_path) -> Path:
    """A whole backup of it."""
    return Path(shutil.copy(made, tmp_path))


def halted(place: tuple, sign: Path, *command, **more):
    """The command, which has reached this place and stays there."""
    process = started(HALTED, *place, sign, *command, program=(), **more)
    until(lambda: sign.exists() or process.poll() is not None, PATIENCE)
    assert process.poll() is None, ended(process)
    return process


def end(process, number: int = signal.SIGKILL) -> None:
    children = below(process.pid)
    process.send_signal(number)
    ended(process)
    until(lambda: not any(Path(f"/proc/{pid}").exists() and "Z" not in state(pid) for pid in children), PATIENCE)


def below(parent: int) -> list[int]:
    """The processes that this one has started."""
    return [int(place.name) for place in Path("/proc").glob("[0-9]*") if parent_of(place) == parent]


def parent_of(place: Path) -> int | None:
    try:
        return int((place / "stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return None


def state(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return "Z"


# ── a backup ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_backup_that_is_killed_leaves_the_older_one_and_the_next_works(full, file, sign):
    """Each is the next of the one before, as far as it comes."""
    before, stood = file.read_bytes(), stands(full)
    for place in DUMPING:
        end(halted(place, sign, "backup", file, url=full))
        assert file.read_bytes() == before, place
        sign.unlink()
    sayso("backup", file, url=full)
    with backup_file.opened(file) as found:
        found.verify()
        assert found.manifest.tables == stood
    assert [each.name for each in file.parent.glob("sayso*")] == ["sayso.backup"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_backup_that_is_stopped_leaves_nothing_but_the_older_one(full, file, sign, number):
    before = file.read_bytes()
    end(halted(("service.backup_file", "Writer.write", 3), sign, "backup", file, url=full), number)
    assert file.read_bytes() == before and [each.name for each in file.parent.glob("sayso*")] == ["sayso.backup"]


def test_without_room_it_is_one_line_and_the_older_one_stays(full, file):
    before = file.read_bytes()
    line = refused("backup", file, url=full, largest=MUCH // 3)
    assert "cannot be written (File too large); nothing was changed" in line
    assert file.read_bytes() == before and [each.name for each in file.parent.glob("sayso*")] == ["sayso.backup"]


def test_two_backups_into_one_file_do_not_meet(full, file, sign):
    first = halted(("service.backup_file", "Writer.write", 3), sign, "backup", file, url=full)
    assert "is being written by another command" in refused("backup", file, url=full)
    end(first)
    sayso("backup", file, url=full)


def test_nobody_sees_the_password_of_the_database_in_a_list_of_processes(full, file, sign):
    process = halted(("service.backup_file", "Writer.write", 3), sign, "backup", file,
                     url=full.replace("//sayso@", "//sayso:hunter2@"))  # fmt: skip
    said = [Path(f"/proc/{pid}/cmdline").read_bytes() for pid in below(process.pid)]
    assert any(b"pg_dump" in each for each in said) and not any(b"hunter2" in each for each in said)
    environments = [Path(f"/proc/{pid}/environ").read_bytes() for pid in below(process.pid)]
    assert not any(SECRET_KEY.encode() in each for each in environments)
    end(process)


# ── a restore ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_restore_that_is_killed_leaves_the_database_empty_and_the_next_works(full, file, target, sign):
    for place in RESTORING:
        end(halted(place, sign, "restore", file, url=target))
        assert tables(target) == 0, place
        sign.unlink()
    sayso("restore", file, url=target)
    assert stands(target) == stands(full)


def test_a_restore_that_is_killed_before_its_tables_are_brought_up_to_date_is_whole(full, file, target, sign):
    end(halted(("service.migrate", "run", 1), sign, "restore", file, url=target))
    assert stands(target) == stands(full)
    sayso("migrate", url=target)
    assert "There is data in this database already" in refused("restore", file, url=target)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_restore_that_is_stopped_leaves_the_database_empty(file, target, sign, number):
    end(halted(("service.replay", "Rows.read", 60), sign, "restore", file, url=target), number)
    assert tables(target) == 0


def test_a_restore_without_room_is_one_line_and_with_room_it_works(postgres, full, file, folder):
    place = folder / "no-room"
    with database_of(postgres, "larger", "kept") as url:
        with at(url):
            heavy(db.row("SELECT id FROM workspace")[0], ROOM)
        sayso("backup", file, url=url)
    told = {"DATA_DIR": str(place), "SECRET_KEYS": SECRET_KEY}
    line = refused("restore", file, largest=ROOM, **told)
    assert "The restore was given up: the database said: could not extend file" in line and "Nothing was changed." in line
    assert "run it again" in line
    assert "Restored and counted again" in sayso("restore", file, **told)


def test_a_check_that_is_killed_is_cleared_away_by_the_next(file, folder, sign):
    here = folder / "checks"
    here.mkdir(exist_ok=True)
    here.chmod(0o1777)
    told = {"TMPDIR": str(here), "DATA_DIR": str(folder / "none")}
    process = halted(("service.restore", "put", 1), sign, "restore", file, "--check", **told)
    process.kill()
    ended(process)
    [left] = here.glob("sayso-check-*")
    server = int((left / "postgres/postmaster.pid").read_text().splitlines()[0])
    os.kill(server, 0)  # it is there
    assert "can be restored" in sayso("restore", file, "--check", **told)
    assert list(here.glob("sayso-check-*")) == []
    until(lambda: state(server) == "Z" or not Path(f"/proc/{server}").exists(), PATIENCE)
