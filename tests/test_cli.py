"""The `sayso` command as a stranger meets it: what goes wrong is one line that says what to do, and exit code 1."""

import json
import os
import socket
import subprocess
import sys

import canary
import pytest
from cast import SECRET_KEY

from service import embedded

ANOTHER_KEY = "an0ther-k3y-0f-n0body-1n-part1cular"


def sayso(*arguments, **environment) -> subprocess.CompletedProcess:
    clean = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG", "COVERAGE_PROCESS_START"}}
    command = [sys.executable, "-m", "service", *arguments]
    done = subprocess.run(command, env={**clean, **environment}, capture_output=True, text=True, timeout=60)
    canary.hear(done.stderr)
    return done


def refused(answer: subprocess.CompletedProcess) -> str:
    """The one line it said, apart from what it waits for on a slow machine."""
    assert answer.returncode == 1, answer
    said = [line for line in answer.stderr.splitlines() if "waiting for PostgreSQL" not in line]
    assert len(said) == 1 and said[0].startswith("sayso: "), answer.stderr
    assert not answer.stdout
    return said[0] + "\n"


@pytest.fixture
def taken():
    with socket.create_server(("127.0.0.1", 0)) as busy:
        yield str(busy.getsockname()[1])


def test_a_taken_port_is_named_with_the_option_to_change_it(folder, taken):
    assert f"Port {taken} is taken; choose another with --port" in refused(
        sayso("up", "--port", taken, DATA_DIR=str(folder / "taken"))
    )
    assert f"Port {taken} is taken; choose another with --stream-port" in refused(
        sayso("up", "--port", free_port(), "--stream-port", taken, DATA_DIR=str(folder / "taken"))
    )


def free_port() -> str:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return str(probe.getsockname()[1])


@pytest.mark.parametrize(("name", "value", "says"), [
    ("PORT", "http", "PORT=http is not a port"),
    ("STREAM_PORT", "70000", "STREAM_PORT=70000 is not a port"),
    ("BASE_URL", "feedback.example.com", "BASE_URL is not a URL"),
    ("SMTP_URL", "mail.example.com", "SMTP_URL is not a URL"),
    ("DATABASE_URL", "mysql://db", "DATABASE_URL is not a URL"),
    ("SECRET_KEYS", "short", "SECRET_KEYS has a key shorter than 32 characters"),
    ("SECRET_KEYS_FILE", "/nowhere", "SECRET_KEYS_FILE=/nowhere cannot be read"),
    ("DEMO", "maybe", "DEMO=maybe is neither on nor off"),
    ("STREAM_URL", "stream", "STREAM_URL is not a URL"),
    ("OUTBOUND_ALLOW", "10.1.0.5/16", "OUTBOUND_ALLOW=10.1.0.5/16 is not a list of networks"),
    ("EMBEDDINGS_URL", "api.example.com/v1", "EMBEDDINGS_URL is not a URL"),
    ("EMBEDDINGS_URL", "https://api.example.com/v1", "EMBEDDINGS_MODEL is not set"),
    ("EMBEDDINGS_URL", "https://me:hunter2@api.example.com/v1", "EMBEDDINGS_URL cannot be used: Leave out the user name"),
])  # fmt: skip
def test_a_wrong_setting_is_named_with_an_example(folder, name, value, says):
    line = refused(sayso("up", **{"DATA_DIR": str(folder / "wrong"), name: value}))
    assert says in line and ("e.g." in line or "like" in line or "name a" in line or "longer" in line)


def test_a_setting_that_holds_a_password_is_not_repeated():
    assert "hunter2" not in refused(sayso("up", SMTP_URL="http://me:hunter2@mail.example.com"))


def test_a_file_in_the_place_of_the_data_folder_is_refused(folder):
    (folder / "file").write_text("")
    assert "cannot be used (File exists); choose another with --data" in refused(sayso("up", "--data", str(folder / "file")))


def test_a_database_of_ones_own_needs_keys_of_ones_own():
    assert "SECRET_KEYS is not set" in refused(sayso("web", DATABASE_URL="postgresql://127.0.0.1:1/x"))


def test_a_database_that_does_not_answer_is_one_line():
    line = refused(sayso("migrate", DATABASE_URL=f"postgresql://127.0.0.1:{free_port()}/x", SECRET_KEYS=SECRET_KEY))
    assert "The database cannot be reached" in line


def test_a_database_that_holds_other_keys_secrets_is_refused(url):
    assert sayso("migrate", DATABASE_URL=url, SECRET_KEYS=SECRET_KEY).returncode == 0
    line = refused(sayso("migrate", DATABASE_URL=url, SECRET_KEYS=ANOTHER_KEY))
    assert "SECRET_KEYS do not open what this database holds" in line


def test_keys_can_be_rotated_with_the_old_one_before_the_new(url):
    sayso("migrate", DATABASE_URL=url, SECRET_KEYS=SECRET_KEY)
    both = f"{SECRET_KEY},{ANOTHER_KEY}"
    assert "up to date" in sayso("migrate", DATABASE_URL=url, SECRET_KEYS=both).stdout


def test_a_server_without_pgvector_is_refused_with_what_to_install(folder):
    with embedded.claim(folder / "bare"):
        server = embedded.start(folder / "bare", "18", fast=True)  # older ones cannot be told to find no extensions
        try:
            with embedded.cursor(server.address("postgres", "postgres")) as superuser:
                superuser.execute("ALTER DATABASE sayso SET extension_control_path = '/nowhere'")
            line = refused(sayso("migrate", DATABASE_URL=server.address("sayso", "sayso"), SECRET_KEYS=SECRET_KEY))
        finally:
            server.stop()
    assert "The database has no pgvector; install it on the server" in line


def test_an_extension_that_we_may_not_make_is_left_to_the_superuser(empty_url):
    line = refused(sayso("migrate", DATABASE_URL=empty_url, SECRET_KEYS=SECRET_KEY))
    assert "let a superuser run CREATE EXTENSION vector" in line


def test_sign_in_prints_a_link_and_refuses_what_is_no_address(url):
    answer = sayso("sign-in", "ada@acme.example", DATABASE_URL=url, SECRET_KEYS=SECRET_KEY)
    assert answer.stdout.startswith("http://127.0.0.1:8000/app/sign-in/")
    assert "is not an e-mail address" in refused(sayso("sign-in", "ada", DATABASE_URL=url, SECRET_KEYS=SECRET_KEY))


def test_the_demo_keeps_its_data_and_makes_a_fresh_key_and_link_each_time(url):
    first, second = (
        json.loads(sayso("demo", "--json", DATABASE_URL=url, SECRET_KEYS=SECRET_KEY).stdout) for _ in range(2)
    )
    fresh = {"api_key", "sign_in_url"}
    assert set(first) == fresh | {
        "base_url", "workspace", "workspace_id", "widget_key", "identity_secret", "identity_kid", "demo_page", "board_url",
    }  # fmt: skip
    assert {name for name in first if first[name] != second[name]} == fresh


def test_settings_may_come_from_files(folder, url):
    (folder / "keys").write_text(SECRET_KEY + "\n")
    (folder / "database").write_text(url + "\n")
    files = {"DATABASE_URL_FILE": str(folder / "database"), "SECRET_KEYS_FILE": str(folder / "keys")}
    assert "up to date" in sayso("migrate", **files).stdout


def test_a_new_key_takes_over_and_the_old_one_goes(url):
    def run(command, keys):
        return sayso(command, DATABASE_URL=url, SECRET_KEYS=keys)

    assert run("migrate", SECRET_KEY).returncode == 0
    done = run("reseal", f"{SECRET_KEY},{ANOTHER_KEY}")
    assert (done.returncode, done.stderr) == (0, "")
    assert "Everything is sealed with the newest key" in done.stdout and "can be taken away" in done.stdout
    assert run("migrate", ANOTHER_KEY).returncode == 0
