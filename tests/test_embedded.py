"""The embedded PostgreSQL: real clusters in throw-away folders."""

import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psycopg2
import pytest

from service import cluster, embedded
from service.errors import SettingError

REPOSITORY, PATIENCE = Path(embedded.__file__).parents[1], 20  # seconds
START = "import sys; from service import embedded; embedded.start(sys.argv[1], fast=True)"
STAY = "import sys, time; from service import embedded\nwith embedded.running(sys.argv[1]): time.sleep(60)"
BUSY = """
import sys, psycopg2
cursor = psycopg2.connect(sys.argv[1]).cursor()
try: cursor.execute("DO $$ DECLARE busy int := 0; BEGIN WHILE busy < 25000000 LOOP busy := busy + 1; END LOOP; END $$")
except psycopg2.Error: pass
"""
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root runs PostgreSQL as somebody else")


@pytest.fixture
def home():
    """A folder that the account which runs PostgreSQL can reach; pytest's own are closed to it when we are root."""
    folder = embedded.real(tempfile.mkdtemp(prefix="sayso-test-"))
    folder.chmod(0o755)
    yield folder
    for data in {path.parents[1] for path in folder.rglob("postgres/postmaster.pid")}:
        cluster.stop(data)
        embedded.forget_socket(data)
    shutil.rmtree(folder)


@pytest.fixture
def data(home):
    return home / "data"


@pytest.fixture
def server(data):
    server = embedded.start(data, fast=True)
    yield server
    server.stop()


def ask(url, question):
    with embedded.cursor(url) as answer:
        answer.execute(question)
        return answer.fetchone()[0] if answer.description else None


def until(condition):
    deadline = time.monotonic() + PATIENCE
    while not (found := condition()):
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.01)
    return found


def python(code, *arguments, **options):
    """A Python of its own that runs `code` with the repository at hand."""
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.Popen(command, cwd=REPOSITORY, text=True, **options)


def refusal(*arguments, **options):
    with pytest.raises(SettingError) as refused:
        embedded.start(*arguments, **options)
    assert "\n" not in str(refused.value)
    return str(refused.value)


def test_a_first_start_makes_everything_and_a_later_one_finds_it(data):
    first = embedded.start(data)
    ask(first.url, "CREATE TABLE wish AS SELECT 'dark mode' AS title")
    first.stop()
    first.stop()
    assert cluster.postmaster(data) is None

    later = embedded.start(data)
    assert ask(later.url, "SELECT title FROM wish") == "dark mode"
    assert ask(later.url, "SHOW fsync") == "on"
    later.stop()


def test_the_application_owns_its_database_without_privileges_and_has_vectors(server):
    assert ask(server.url, "SELECT current_user || ' ' || current_database()") == "sayso sayso"
    assert ask(server.url, "SELECT count(*) FROM pg_roles WHERE rolname = 'sayso' AND (rolsuper OR rolcreaterole)") == 0
    assert ask(server.url, "SELECT '[1,2]'::vector::text") == "[1,2]"
    assert ask(server.url, "SELECT lower('ÄÉЖ')") == "äéж"
    assert ask(server.owner_url, "SELECT rolsuper FROM pg_roles WHERE rolname = current_user") is True
    with pytest.raises(psycopg2.Error):
        ask(server.url, "SET ROLE postgres")


def test_both_versions_run(data):
    server = embedded.start(data, version="16", fast=True)
    assert ask(server.url, "SHOW server_version").startswith("16.")
    assert ask(server.url, "SELECT '[1,2]'::vector::text || lower('Ä')") == "[1,2]ä"
    server.stop()
    assert "SAYSO_POSTGRES=16" in refusal(data, version="18")
    assert "choose 16 or 18" in refusal(data, version="17")


def test_it_is_reached_by_a_socket_only_that_strangers_cannot_enter(server):
    assert ask(server.owner_url, "SHOW listen_addresses") == ""
    assert stat.S_IMODE(server.socket.stat().st_mode) == 0o700
    assert stat.S_IMODE((server.data_dir / "postgres").stat().st_mode) == 0o700


@needs_root
def test_whoever_else_runs_as_nobody_is_not_let_in(server):
    account = cluster.account_for(server.data_dir / "postgres")
    programs = cluster.binaries(server.data_dir, account, "18")
    tried = cluster.run(account, [programs / "psql", server.url, "-c", "SELECT 1"])
    assert "Peer authentication failed" in tried.stderr or account.pw_name != "nobody"


def test_it_comes_back_with_its_data_after_a_kill(data):
    killed = embedded.start(data)
    ask(killed.url, "CREATE TABLE wish AS SELECT 'dark mode' AS title")
    killed.process.kill()
    killed.process.wait()

    again = embedded.start(data)
    assert ask(again.url, "SELECT title FROM wish") == "dark mode"
    again.stop()


def test_it_starts_again_while_the_killed_one_is_still_busy(data):
    killed = embedded.start(data / ("long" * 25), fast=True)
    with subprocess.Popen([sys.executable, "-c", BUSY, killed.url], cwd=REPOSITORY):
        until(lambda: ask(killed.owner_url, "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%busy%'") > 1)
        killed.process.kill()
        killed.process.wait()
        assert not killed.is_running()
        again = embedded.start(killed.data_dir, fast=True)
        assert ask(killed.url, "SELECT 1") == 1  # at the same address
        again.stop()


def test_a_stale_process_number_that_a_stranger_has_now_does_not_matter(data):
    server = embedded.start(data, fast=True)
    left = (data / "postgres/postmaster.pid").read_text()
    server.stop()
    account = cluster.account_for(data / "postgres")
    with subprocess.Popen(["/bin/sleep", "60"], **cluster.under(account)) as stranger:
        (data / "postgres/postmaster.pid").write_text("\n".join([str(stranger.pid), *left.splitlines()[1:]]))
        again = embedded.start(data, fast=True)
        assert ask(again.url, "SELECT 1") == 1
        again.stop()
        assert stranger.poll() is None
        stranger.kill()


def test_a_first_start_that_was_cut_short_is_done_again(data):
    first = python(START, data)
    until(lambda: list(data.glob("unfinished-*/base")))
    first.kill()
    first.wait()
    assert not (data / "postgres").exists()

    server = embedded.start(data, fast=True)
    assert ask(server.url, "SELECT 1") == 1
    server.stop()
    assert not list(data.glob("unfinished-*/base/1"))


def test_one_that_its_starter_left_running_is_adopted_and_can_be_stopped(data):
    python(START, data).wait()
    pid = cluster.postmaster(data)
    adopted = embedded.start(data)
    assert adopted.adopted and cluster.postmaster(data) == pid
    adopted.stop()
    assert cluster.postmaster(data) is None


def test_one_that_runs_but_does_not_answer_any_more_is_replaced(data):
    mute = embedded.start(data, fast=True)
    shutil.rmtree(mute.socket)
    again = embedded.start(data, fast=True)
    assert not again.adopted
    assert ask(again.url, "SELECT 1") == 1
    again.stop()
    mute.stop()


def test_an_interrupt_while_it_starts_leaves_nothing_running(data):
    embedded.start(data, fast=True).stop()
    starting = python(STAY, data, stderr=subprocess.DEVNULL)
    until(lambda: (data / "postgres/postmaster.pid").exists())
    starting.send_signal(signal.SIGINT)
    starting.wait()
    until(lambda: cluster.postmaster(data) is None)


def test_it_is_found_while_it_runs_and_finding_does_not_own_it(data):
    assert embedded.find(data) is None
    server = embedded.start(data, fast=True)
    found = embedded.find(data)
    assert found.url == server.url
    found.stop()
    assert ask(found.url, "SELECT 1") == 1
    server.stop()
    assert embedded.find(data) is None


def test_a_folder_whose_socket_leads_to_another_server_has_none(home, server):
    (home / "other").mkdir()
    shutil.copytree(server.data_dir / "settings", home / "other/settings")
    (home / "other/postgres").mkdir()
    os.chown(home / "other/postgres", server.socket.stat().st_uid, -1)
    (home / "other/socket").symlink_to(server.socket)
    assert embedded.find(home / "other") is None
    shutil.rmtree(home / "other")


def test_a_long_path_gets_its_socket_elsewhere(home):
    data = home / ("long" * 25) / "data"
    server = embedded.start(data, fast=True)
    assert stat.S_IMODE(server.socket.stat().st_mode) == 0o700
    assert ask(embedded.find(data).url, "SELECT 1") == 1
    server.stop()
    assert not server.socket.exists()


def test_a_folder_with_quotes_spaces_and_other_letters_works(home):
    server = embedded.start(home / "a 'b' \"c\" ü %20", fast=True)
    assert ask(embedded.find(server.data_dir).url, "SELECT 1") == 1
    server.stop()


def test_one_folder_is_claimed_once(data):
    with embedded.claim(data), pytest.raises(SettingError, match="already running"), embedded.claim(data):
        pass
    with embedded.claim(data):
        pass


def test_a_file_in_the_place_of_the_folder_is_refused(data):
    data.write_text("mine")
    assert "is a file" in refusal(data)
    assert "cannot be used" in refusal(data / "below")


def test_a_cluster_that_is_none_is_left_alone(data):
    (data / "postgres").mkdir(parents=True)
    (data / "postgres/letter.txt").write_text("mine")
    account = cluster.account_for(data / "postgres")
    cluster.give(data / "postgres", account)
    assert "something else" in refusal(data)
    assert (data / "postgres/letter.txt").read_text() == "mine"


@needs_root
def test_a_folder_that_postgres_cannot_reach_is_refused_and_stays_closed(home):
    closed = home / "closed"
    closed.mkdir(mode=0o700)
    assert f"cannot enter {closed};" in refusal(closed / "data")
    (closed / "photo.jpg").touch()
    assert f"cannot enter {closed};" in refusal(closed)
    assert stat.S_IMODE(closed.stat().st_mode) == 0o700


@needs_root
def test_programs_that_postgres_cannot_reach_are_copied_whole_even_under_a_strict_umask(home, data):
    wheel = Path(cluster.binaries(home, cluster.account_for(data), "18")).parents[1]
    private = home / "private"
    private.mkdir(mode=0o700)
    for name in (wheel.name, f"{wheel.name}.libs"):
        (private / name).symlink_to(wheel.parent / name)
    code = (
        "import sys; from service import embedded; sys.path.insert(0, sys.argv[2]); "
        "server = embedded.start(sys.argv[1], fast=True); server.stop()"
    )
    assert python(code, data, private, umask=0o077).wait() == 0
    assert list(data.glob("binaries/18-*/*/pginstall18/bin/postgres"))
    initdb = next(data.glob("binaries/18-*/*/pginstall18/bin/initdb"))
    initdb.write_text("")
    assert python(code, data, private).wait() == 0
    assert initdb.stat().st_size > 0


def test_without_the_wheel_one_line_says_what_to_install(data):
    code = (
        "import sys; from service import embedded, errors; sys.path[:] = []\n"
        "try: embedded.start(sys.argv[1])\nexcept errors.SettingError as error: print(error)"
    )
    said = python(code, data, stdout=subprocess.PIPE).communicate()[0]
    assert "pip install 'sayso[embedded]'" in said
    assert said.count("\n") == 1
