"""The canary bites: whatever must not stand in a log is found there, is not shown again, and fails the run."""

import subprocess
import sys

import canary
import pytest
from calls import session
from cast import ADA, SECRET_KEY
from installation import REPOSITORY

from service.feedback import sign_in
from service.lib import tokens
from service.web.forms import csrf

LEAKS = """
import logging
def test_that_passes():
    logging.getLogger("sayso.leak").{how}("signed in: %s", "ada" + "@acme.example")
"""


@pytest.fixture
def private(client, acme) -> dict[str, str]:
    """One of everything that must never be logged."""
    secret = sign_in.make_link(ADA)
    return {
        "API key": acme.api_key, "identity secret": acme.secret[1], "user token": acme.token(),
        "session": session(client, acme), "widget key": acme.widget_key, "form token": csrf("session 1"),
        "webhook secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "link": f"/app/sign-in/{secret}", "secret": secret,
        "cookie": f"Cookie: sayso={tokens.secret()}", "address": ADA, "database": "postgresql://sayso:hunter2@db/sayso",
        "header": f"Authorization: Bearer {acme.api_key}", "key of ours": SECRET_KEY,
    }  # fmt: skip


def test_case_78_everything_private_is_found_and_not_repeated(private):
    for name, value in private.items():
        for line in (value, f"2026-08-01 sayso.web said: ({value}), and more", f"'{value}'"):
            found = list(canary.search([line]))
            assert len(found) == 1, name
            assert value not in found[0][1] and "[…]" in found[0][1], name


@pytest.mark.parametrize("line", [
    "2026-08-01 12:00:00,000 sayso.access 5f2c7be1a0d9 GET /app/sign-in/{secret} 303 4 ms",
    "Sayso is ready: http://127.0.0.1:8000",
    "The database is away (OperationalError); trying again.", '  File "/opt/sayso/feedback/spam.py", line 91, in why',
    "test_a_browser_that_came_with_the_leaked_se", "job 12 (sign_in.send) failed, attempt 3: ConnectionRefusedError",
    "sayso: ada is not an e-mail address; give one like ada@example.com.",
    '{"level":"info","logger":"tls","identifier":"127.0.0.1"}',
])  # fmt: skip
def test_what_a_log_is_for_is_left_alone(line):
    assert list(canary.search([line])) == []


@pytest.mark.parametrize(("how", "ends"), [("info", 1), ("debug", 0)])
def test_case_78_a_run_that_logs_an_address_fails_though_its_tests_pass(tmp_path, how, ends):
    (tmp_path / "test_leak.py").write_text(LEAKS.format(how=how))
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "conftest", "-c", REPOSITORY / "setup.cfg",
               "--rootdir", tmp_path, tmp_path]  # fmt: skip
    known = {"PATH": "/usr/bin:/bin", "PYTHONPATH": f"{REPOSITORY / 'tests'}:{REPOSITORY}"}
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, cwd=tmp_path, env=known, timeout=60)
    assert done.returncode == ends, done.stdout + done.stderr
    assert "1 passed" in done.stdout and ADA not in done.stdout.partition("canary")[2]
    assert ("a log holds" in done.stdout) is bool(ends)
