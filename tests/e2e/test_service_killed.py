"""The service dies while somebody is using the widget, for real: the page is unharmed, nothing typed is lost, and it goes on
by itself when the service is back."""

import json
import urllib.request
from contextlib import closing

import caddy
import people
import psycopg2
import pytest
from playwright.sync_api import expect

BACK = 40_000  # ms: it may have tried in vain just before
POSTS = "SELECT count(*) FROM post WHERE title = %s"
FILES = """
SELECT count(*) FROM file f JOIN post p ON p.workspace_id = f.workspace_id AND p.number = f.post_number
 WHERE p.title = %s"""
SLOW_LINE = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 400_000}  # bytes a second


@pytest.fixture(scope="module")
def sayso(letters, front):
    """An installation of our own: these tests end it."""
    with caddy.perhaps(front, SMTP_URL=letters.url) as running:
        people.trust(running)
        yield running


@pytest.fixture
def page(browser, site):
    context = browser.new_context()
    page = context.new_page()
    page.errors = []
    page.on("pageerror", lambda error: page.errors.append(str(error)))
    page.goto(site.url)
    yield page
    assert page.errors == []
    expect(page.get_by_role("heading", name="Invoices", exact=True)).to_be_visible()
    context.close()


def count(sayso, sql: str, title: str) -> int:
    with closing(psycopg2.connect(sayso.database_url)) as connection, connection.cursor() as cursor:
        cursor.execute(sql, [title])
        return cursor.fetchone()[0]


def die(sayso) -> None:
    for child in ("web", "stream", "worker"):
        sayso.kill(child)
    sayso.stop()


def rise(sayso) -> None:
    sayso.said.clear()
    sayso.start()


def test_while_somebody_is_typing(page, sayso):
    wish = "Print two invoices on one sheet"
    page.get_by_role("button", name="Feedback").click()
    title = page.get_by_label("What is on your mind?")
    title.press_sequentially(wish[:12])
    die(sayso)
    title.press_sequentially(wish[12:])
    page.get_by_label("Details").fill("Saves paper.")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_text("Your text is still here.")).to_be_visible()
    expect(title).to_have_value(wish)
    rise(sayso)
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("heading", name=wish)).to_be_visible(timeout=BACK)
    assert count(sayso, POSTS, wish) == 1


def test_while_the_list_is_live(page, sayso):
    with page.expect_response(lambda answer: "/stream?" in answer.url):
        page.evaluate("void sayso.open('list')")
    page.get_by_role("button", name="New", exact=True).click()
    expect(page.get_by_role("button", name="Vote for").first).to_be_visible()
    die(sayso)
    rise(sayso)
    title = "Round to five cents"
    body = json.dumps({"title": title}).encode()
    head = {"Authorization": f"Bearer {sayso.demo['api_key']}", "Content-Type": "application/json"}
    urllib.request.urlopen(urllib.request.Request(f"{sayso.base_url}/api/v1/posts", body, head))  # noqa: S310
    expect(page.get_by_text(title)).to_be_visible(timeout=BACK)


def test_while_a_file_is_on_its_way(page, sayso):
    wish = "Show where the rounding goes wrong"
    page.get_by_role("button", name="Feedback").click()
    page.get_by_label("What is on your mind?").fill(wish)
    log = {"name": "rounding.log", "mimeType": "text/plain", "buffer": b"0.1 + 0.2 is 0.30000000000000004\n" * 60_000}
    page.locator("input[type=file]").set_input_files(log)
    expect(page.get_by_text("rounding.log")).to_be_visible()
    page.context.new_cdp_session(page).send("Network.emulateNetworkConditions", SLOW_LINE)
    with page.expect_request(lambda asked: asked.url.endswith("/files") and asked.method == "POST"):
        page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("heading", name=wish)).to_be_visible()
    die(sayso)
    again = page.get_by_role("button", name="Try again")
    expect(again).to_be_visible()
    rise(sayso)
    again.click()
    expect(page.get_by_text("1 file sent.").first).to_be_attached(timeout=BACK)
    assert (count(sayso, POSTS, wish), count(sayso, FILES, wish)) == (1, 1)
