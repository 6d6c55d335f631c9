"""`sayso export`: the same file, straight onto the disk; and what goes wrong is one line."""

import os
import resource
import subprocess
import sys
import zipfile

import pytest
from cast import SECRET_KEY
from exported import Opened, furnish, made
from test_cli import refused, sayso

from service import db, whole_file

EVENTS = "SELECT type, data->>'to' FROM event WHERE type LIKE 'export.%%'"


@pytest.fixture
def export(acme, url):
    return lambda file, *more, slug="acme", **given: sayso(
        "export", str(file), "--workspace", slug, *more, DATABASE_URL=url, SECRET_KEYS=SECRET_KEY, **given
    )


def test_it_writes_the_same_file_for_its_owner_alone(acme, export, tmp_path):
    furnish(acme)
    file = tmp_path / "acme.zip"
    done = export(file)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"{file}: {file.stat().st_size:,} bytes, SHA-256 ")
    assert file.stat().st_mode & 0o777 == 0o600 and list(tmp_path.iterdir()) == [file]
    opened = Opened(file.read_bytes())
    assert opened.testzip() is None and opened.tables == made(acme).tables
    assert ("export.requested", "file") in db.rows(EVENTS), "the team sees that it was done"


def test_a_workspace_that_is_not_there_is_one_line_and_no_file(export, tmp_path):
    assert "There is no such workspace." in refused(export(tmp_path / "x.zip", slug="nobody"))
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_there_is_not_written_over(export, tmp_path):
    (tmp_path / "acme.zip").write_text("mine")
    assert "is there already" in refused(export(tmp_path / "acme.zip"))
    assert (tmp_path / "acme.zip").read_text() == "mine"


def test_two_into_one_file_do_not_meet_and_no_link_is_followed(export, tmp_path):
    file, theirs = tmp_path / "acme.zip", tmp_path / "theirs"
    with whole_file.written(file):
        assert "is being written by another command" in refused(export(file))
    file.unlink()
    theirs.write_text("theirs")
    (tmp_path / "acme.zip.part").symlink_to(theirs)
    assert "is in the way, and not ours" in refused(export(file))
    assert theirs.read_text() == "theirs" and not file.exists()


def test_a_folder_that_is_not_there_is_one_line(export, tmp_path):
    assert "cannot be written (No such file or directory)" in refused(export(tmp_path / "none" / "acme.zip"))


def test_a_full_disk_is_one_line_and_leaves_nothing(acme, url, tmp_path):
    """A limit of the size of files stands for the disk."""
    furnish(acme)
    environment = {"PATH": os.environ["PATH"], "DATABASE_URL": url, "SECRET_KEYS": SECRET_KEY}
    done = subprocess.run(
        [sys.executable, "-m", "service", "export", str(tmp_path / "acme.zip"), "--workspace", "acme"],
        env=environment, capture_output=True, text=True, timeout=60, check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096)),
    )  # fmt: skip
    assert "cannot be written (File too large)" in refused(done)
    assert not zipfile.is_zipfile(tmp_path / "acme.zip") and list(tmp_path.iterdir()) == []
