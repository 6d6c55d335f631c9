"""What `sayso backup` and `sayso restore` refuse, in one line that says what to do, and that nothing was changed by it."""

import json
import os
import shutil
import stat
import subprocess
import zipfile
from pathlib import Path

import pytest
from backing_up import LARGE, kept, refused, rewritten, sayso, stands, tables
from cast import SECRET_KEY

from service import embedded, postgres_tools, whole_file
from service.errors import SettingError

OTHER_KEY = "0th3r-k3y-0f-n0body-1n-part1cular"
MADE = "CREATE TABLE theirs (id int)"


@pytest.fixture(scope="module")
def live(postgres, template, settings):
    """The address of a database that people use."""
    with kept(postgres, template, settings, LARGE) as url:
        yield url


@pytest.fixture(scope="module")
def made(live, tmp_path_factory):
    file = tmp_path_factory.mktemp("made") / "sayso.backup"
    sayso("backup", file, url=live)
    return file


@pytest.fixture
def file(made, tmp_path):
    """A backup of it, to be bent."""
    return Path(shutil.copy(made, tmp_path))


# ── the file ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_backup_says_what_it_is_and_that_the_keys_are_not_inside(live, file):
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    with zipfile.ZipFile(file) as found:
        assert [each.filename for each in found.infolist()] == ["dump", "manifest.json"]
        said = json.loads(found.read("manifest.json"))
    assert (said["format"], said["version"], said["secret_keys"]) == ("sayso backup", 1, "not inside")
    assert said["tables"]["post"]["rows"] == 1 and "rate" not in said["tables"]
    whole = file.read_bytes()
    assert SECRET_KEY.encode() not in whole
    told = sayso("backup", file, url=live)
    assert "SECRET_KEYS are not inside" in told and str(file) in told and "rows of" in told


@pytest.mark.parametrize(("broken", "says"), [
    (lambda whole: whole[: len(whole) // 2], "is not a whole backup"),
    (lambda whole: whole[:-1], "is not a whole backup"),
    (lambda whole: whole[:4], "is not a whole backup"),
    (lambda whole: whole[:999_999] + bytes([whole[999_999] ^ 1]) + whole[1_000_000:], "is damaged"),
    (lambda whole: whole.replace(b'"postgres"', b'"Postgres"'), "is damaged"),
    (lambda _: b"", "is empty"),
    (lambda _: b"Dear Sir or Madam,\n" * 999, "is no backup of Sayso"),
], ids=["half", "a byte less", "four bytes", "another byte", "another manifest", "empty", "a letter"])  # fmt: skip
def test_what_is_no_whole_backup_is_refused_before_anything_is_touched(file, target, broken, says):
    file.write_bytes(broken(file.read_bytes()))
    for more in ((), ("--check",)):
        line = refused("restore", file, *more, url=target)
        assert says in line and str(file) in line, line
    assert tables(target) == 0


@pytest.mark.parametrize(("changed", "says"), [
    ({"version": 2}, "a form that this Sayso does not know"),
    ({"format": "holiday pictures"}, "is damaged"),
    ({"tables": "many"}, "is damaged"),
    ({"dump_sha256": "00"}, "is damaged"),
    ({"dump_bytes": 7}, "is damaged"),
    ({"migrations": ["0001_workspaces", "9999_later"]}, "made by a newer Sayso"),
    ({"postgres": 99}, "made with PostgreSQL 99"),
    ({"structure": {"things": [], "sequences": {}}}, "not what was backed up, in: column "),
    ({"structure": None}, "is damaged"),
])  # fmt: skip
def test_a_backup_that_says_something_else_is_refused(file, target, changed, says):
    assert says in refused("restore", rewritten(file, **changed), url=target)
    assert tables(target) == 0


def test_rows_that_are_not_those_that_were_backed_up_are_noticed_and_taken_back(file, target):
    with zipfile.ZipFile(file) as found:
        said = json.loads(found.read("manifest.json"))["tables"]
    for table, sums in (("post", {"rows": 1, "checksum": "7"}), ("vote", {"rows": 9, "checksum": said["vote"]["checksum"]}),
                        ("nowhere", {"rows": 0, "checksum": "0"})):  # fmt: skip
        line = refused("restore", rewritten(file, tables={**said, table: sums}), url=target)
        assert f"not what was backed up, in: {table}." in line
        assert tables(target) == 0


def test_a_dump_that_ends_with_the_rows_is_noticed_and_taken_back(live, file, target):
    """Its rows are all there, but no index, no key, and no sequence that goes on."""
    tool = postgres_tools.find("pg_dump", 18)
    name, environment = postgres_tools.told(live)
    parts = ["--section=pre-data", "--section=data", "--format=custom", "--schema=public", "--no-comments"]
    half = subprocess.run([tool, *parts, name], env=environment, capture_output=True, check=True).stdout
    line = refused("restore", rewritten(file, dump=half), url=target)
    assert "not what was backed up, in: constraint " in line and "Nothing was changed." in line
    assert tables(target) == 0


def test_sequences_that_are_behind_are_noticed(file, target):
    with zipfile.ZipFile(file) as found:
        said = json.loads(found.read("manifest.json"))["structure"]
    name, known = next((name, value) for name, value in said["sequences"].items() if value)
    behind = {**said, "sequences": {**said["sequences"], name: known + 1}}
    assert f"in: sequence {name}." in refused("restore", rewritten(file, structure=behind), url=target)
    further = {**said, "sequences": {**said["sequences"], name: known - 1}}  # it went on while the backup was made
    sayso("restore", rewritten(file, structure=further), url=target)


def test_an_archive_of_something_else_is_refused(tmp_path, target):
    place = tmp_path / "pictures.zip"
    for names, how in ((["a.png"], zipfile.ZIP_STORED), (["dump", "manifest.json"], zipfile.ZIP_DEFLATED)):
        with zipfile.ZipFile(place, "w", how) as made:
            for name in names:
                made.writestr(name, b"x" * 99_999)
        assert "is no backup of Sayso" in refused("restore", place, url=target)


def test_files_that_cannot_be_are_named(live, file, tmp_path, target):
    for command in ("backup", "restore"):
        assert str(tmp_path) in refused(command, tmp_path, url=live)
    assert "No such file" in refused("restore", tmp_path / "none", url=target)
    assert "No such file" in refused("backup", tmp_path / "none" / "sayso.backup", url=live)
    assert "is no file" in refused("backup", "/dev/null", url=live)
    assert "is no file" in refused("restore", "/dev/null", url=target)
    assert Path("/dev/null").is_char_device()
    (tmp_path / "file").write_text("")
    assert "Not a directory" in refused("backup", tmp_path / "file" / "sayso.backup", url=live)


def test_nothing_that_others_put_in_the_way_is_followed_or_used(live, tmp_path):
    place, part, theirs = tmp_path / "x.backup", tmp_path / "x.backup.part", tmp_path / "theirs"
    theirs.write_text("theirs")
    place.symlink_to(theirs)
    assert "is a link" in refused("backup", place, url=live)
    place.unlink()
    for make in (lambda: part.symlink_to(theirs), lambda: part.hardlink_to(theirs), lambda: os.mkfifo(part), part.mkdir,
                 lambda: part.symlink_to("nowhere")):  # fmt: skip
        make()
        assert "is in the way, and not ours" in refused("backup", place, url=live)
        part.rmdir() if part.is_dir() else part.unlink()
    if os.geteuid() == 0:  # else nobody can make what belongs to another
        part.write_text("")
        os.chown(part, 65534, 65534)
        assert "is in the way, and not ours" in refused("backup", place, url=live)
        part.unlink()
    assert theirs.read_text() == "theirs" and list(tmp_path.iterdir()) == [theirs]
    part.write_text("of a killed run of ours")
    with part.open("rb") as listening:
        sayso("backup", place, url=live)
        assert listening.read() == b"of a killed run of ours", "it was not written into what others may have opened"
    assert not part.exists()


def test_a_file_that_is_exchanged_while_it_is_written_gets_no_name(tmp_path):
    place, part = tmp_path / "x.backup", tmp_path / "x.backup.part"
    with pytest.raises(SettingError, match="Somebody took"), whole_file.written(place):
        part.unlink()
        part.write_text("theirs")
    assert not place.exists() and part.read_text() == "theirs"


# ── the database ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_live_data_is_never_restored_over(live, file, target):
    before = stands(live)
    assert "There is data in this database already" in refused("restore", file, url=live)
    assert stands(live) == before
    with embedded.cursor(target) as cursor:
        cursor.execute(MADE)
    assert "There is data in this database already" in refused("restore", file, url=target)


def test_a_database_without_a_sayso_is_not_backed_up(tmp_path, target):
    assert "There is no Sayso in this database" in refused("backup", tmp_path / "sayso.backup", url=target)
    gone = target.replace("/test_", "/nowhere_")
    assert "The database cannot be reached" in refused("backup", tmp_path / "sayso.backup", url=gone)
    assert list(tmp_path.iterdir()) == []


def test_without_the_extension_the_line_says_who_can_make_it(file, empty_url):
    assert "let a superuser run CREATE EXTENSION vector" in refused("restore", file, url=empty_url)


def test_wrong_keys_are_noticed_before_anything_is_written(live, file, target):
    for more in ((), ("--check",)):
        line = refused("restore", file, *more, url=target, SECRET_KEYS=OTHER_KEY)
        assert "SECRET_KEYS do not open this backup" in line and OTHER_KEY not in line
    assert tables(target) == 0
    assert "SECRET_KEYS is not set" in refused("backup", file, url=live, SECRET_KEYS=None)
    assert "those given here do not open it" in sayso("backup", file, url=live, SECRET_KEYS=OTHER_KEY)
    sayso("restore", file, url=target, SECRET_KEYS=f"{SECRET_KEY},{OTHER_KEY}")


# ── a data folder ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_without_keys_no_folder_and_no_key_is_made(file, folder):
    place = folder / "nothing-here"
    line = refused("restore", file, DATA_DIR=str(place))
    assert "put the file secret_keys of the server that made it" in line and not place.exists()
    assert "whether they open it was not checked" in sayso("restore", file, "--check", DATA_DIR=str(place))
    assert not place.exists()


def test_a_whole_server_moves_into_a_new_folder_with_its_keys(live, file, folder):
    place = folder / "moved"
    place.mkdir()
    place.chmod(0o711)
    (place / "secret_keys").write_text(SECRET_KEY + "\n")
    (place / "secret_keys").chmod(0o600)
    with embedded.claim(place):
        assert "Sayso is already running in" in refused("restore", file, DATA_DIR=str(place))
    assert "SECRET_KEYS open it" in sayso("restore", file, "--check", DATA_DIR=str(place))
    assert "Restored and counted again" in sayso("restore", file, DATA_DIR=str(place))
    again = folder / "again.backup"
    assert f"{place}/secret_keys" in sayso("backup", again, DATA_DIR=str(place))
    with zipfile.ZipFile(again) as found:
        said = json.loads(found.read("manifest.json"))["tables"]
    assert {name: (each["rows"], each["checksum"]) for name, each in said.items()} == {
        name: (each.rows, each.checksum) for name, each in stands(live).items()
    }


def test_a_backup_of_a_folder_without_a_sayso_is_refused_and_makes_none(folder):
    place = folder / "no-sayso"
    assert "There is no Sayso in" in refused("backup", folder / "x.backup", DATA_DIR=str(place))
    assert not place.exists()


def test_both_commands_say_what_they_do():
    for command in ("backup", "restore"):
        said = sayso(command, "--help")
        assert "FILE" in said and "SECRET_KEYS" in said
