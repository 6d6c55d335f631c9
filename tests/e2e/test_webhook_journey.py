"""A webhook from its first test to what its receiver answered, and a job that died, in a browser and with a real worker."""

import re
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import installation
import psycopg2
import pytest
from playwright.sync_api import expect
from standardwebhooks import Webhook

ANSWER = "<b>Thank you</b>"
BURY = """
INSERT INTO job_dead (workspace_id, id, queue, kind, args, attempt, died_at, reason)
SELECT id, 900001, 'default', 'insights.count', '{}', 12, now(), 'OperationalError: the database was away' FROM workspace
 WHERE slug = %s"""


@pytest.fixture(scope="module")
def sayso():
    """One that may reach this machine."""
    with installation.running(OUTBOUND_ALLOW="127.0.0.0/8") as running:
        yield running


@pytest.fixture
def team(browser, sayso, watched, complaints):
    """The demo's owner, signed in."""
    assert sayso.demo
    context = browser.new_context()
    page = watched(context.new_page())
    page.goto(sayso.command("sign-in", "demo@sayso.example").strip())
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Inbox")).to_be_visible()
    yield page
    context.close()
    assert complaints == []


@contextmanager
def receiver():
    """A customer's server: its address, and what it was sent."""
    received = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            received.append((dict(self.headers), self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(202)
            self.end_headers()
            self.wfile.write(ANSWER.encode())

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/hooks", received
        server.shutdown()


def test_an_endpoint_is_added_tested_and_its_log_shows_what_it_answered(team, sayso):
    with receiver() as (address, received):
        team.goto(f"{sayso.base_url}/app/{sayso.demo['workspace']}/settings/webhooks")
        team.get_by_label("Address", exact=True).fill(address)
        team.get_by_role("button", name="Add the endpoint").click()
        secret = team.locator("#secret").inner_text()
        team.get_by_role("link", name="Send it a test").click()
        team.get_by_role("button", name="Send a test").click()
        log = team.locator(".deliveries li")
        expect(log).to_have_count(1, timeout=30_000)
        expect(log.get_by_text("Delivered")).to_be_visible(timeout=30_000)
        log.get_by_role("link", name="webhook.test").click()
        expect(team.get_by_text("202", exact=True)).to_be_visible()
        expect(team.get_by_text(ANSWER)).to_be_visible()
        [(headers, body)] = received
        assert Webhook(secret).verify(body, headers)["type"] == "webhook.test"
        expect(team.get_by_text(re.compile(f"webhook-id: {headers['webhook-id']}"))).to_be_visible()
        team.get_by_role("button", name="Send again").click()
        expect(team.get_by_text("attempt 2")).to_be_visible(timeout=30_000)
    assert len({headers["webhook-id"] for headers, _ in received}) == 1 and len(received) == 2


def test_a_dead_job_is_seen_with_its_reason_and_tried_again(team, sayso):
    with psycopg2.connect(sayso.database_url) as connection, connection.cursor() as cursor:
        cursor.execute(BURY, (sayso.demo["workspace"],))
    team.goto(f"{sayso.base_url}/app/{sayso.demo['workspace']}/system/jobs")
    expect(team.get_by_text("OperationalError: the database was away")).to_be_visible()
    team.get_by_role("button", name="Try again").click()
    expect(team.get_by_text("It is being tried again.")).to_be_visible()
    expect(team.get_by_text("OperationalError: the database was away")).to_have_count(0)
