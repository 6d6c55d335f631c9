"""Two people with the panel open at once: what one does the other sees, within two seconds and without a reload."""

import json
import time
import urllib.request

import pytest
from playwright.sync_api import expect

SOON = 2000  # ms, as promised


@pytest.fixture
def visitor(browser, site, watched):
    """Opens the customer's page in a browser of its own, with the panel at a view."""
    contexts = []

    def visitor(view: str):
        context = browser.new_context()
        contexts.append(context)
        page = watched(context.new_page())
        page.goto(site.url)
        with page.expect_response(lambda answer: "/stream?" in answer.url):  # it listens from here on
            page.evaluate("view => void sayso.open(view)", view)
        return page

    yield visitor
    for context in contexts:
        context.close()


def tell(sayso, method: str, path: str, **body):
    """What the team's own program does over the API."""
    head = {"Authorization": f"Bearer {sayso.demo['api_key']}", "Content-Type": "application/json"}
    address = f"{sayso.base_url}/api/v1{path}"
    urllib.request.urlopen(urllib.request.Request(address, json.dumps(body).encode(), head, method=method))  # noqa: S310


def test_a_vote_of_one_is_seen_by_the_other(visitor, complaints):
    one, other = visitor("list"), visitor("list")
    mine = one.get_by_role("button", name="Vote for").first
    title = mine.get_attribute("aria-label").split("”")[0]
    before = int(mine.inner_text())
    mine.click()
    theirs = other.get_by_role("button", name=title)
    expect(theirs).to_have_text(str(before + 1), timeout=SOON)
    expect(theirs).to_have_attribute("aria-pressed", "false")
    mine.click()
    expect(theirs).to_have_text(str(before), timeout=SOON)
    assert complaints == []


def test_a_status_is_seen_where_the_post_is_open_and_in_the_list(visitor, sayso, complaints):
    reading, looking = visitor("post:1"), visitor("list")
    heading = reading.get_by_role("heading", level=3).first
    expect(heading).to_be_visible()
    tell(sayso, "PUT", "/posts/1/status", status="started", notify=False)
    expect(reading.get_by_text("In progress").first).to_be_visible(timeout=SOON)
    card = looking.get_by_role("listitem").filter(has_text=heading.inner_text())
    expect(card.get_by_text("In progress")).to_be_visible(timeout=SOON)
    tell(sayso, "PUT", "/posts/1/status", status="done", notify=False)
    expect(reading.get_by_text("Shipped").first).to_be_visible(timeout=SOON)
    assert complaints == []


def test_a_new_post_joins_the_list_without_moving_the_focus(visitor, sayso, complaints):
    page = visitor("list")
    page.get_by_role("button", name="New", exact=True).click()
    vote = page.get_by_role("button", name="Vote for").nth(1)
    vote.focus()
    focused = vote.get_attribute("aria-label")
    title = f"Said over there at {time.time()}"
    tell(sayso, "POST", "/posts", title=title)
    expect(page.get_by_text(title)).to_be_visible(timeout=SOON)
    assert page.evaluate("document.querySelector('#sayso-panel').shadowRoot.activeElement.ariaLabel") == focused
    assert complaints == []


def test_one_who_comes_back_to_the_tab_has_missed_nothing(visitor, sayso, complaints):
    page = visitor("list")
    page.get_by_role("button", name="New", exact=True).click()
    expect(page.get_by_role("button", name="Vote for").first).to_be_visible()
    hide(page, True)
    title = f"Said while nobody looked at {time.time()}"
    tell(sayso, "POST", "/posts", title=title)
    page.wait_for_timeout(SOON)  # a hidden page asks for nothing
    expect(page.get_by_text(title)).to_be_hidden()
    hide(page, False)
    expect(page.get_by_text(title)).to_be_visible(timeout=SOON)
    assert complaints == []


def test_one_who_was_offline_has_missed_nothing(visitor, sayso):
    page = visitor("list")
    page.get_by_role("button", name="New", exact=True).click()
    expect(page.get_by_role("button", name="Vote for").first).to_be_visible()
    page.context.set_offline(True)
    title = f"Said while they were in a tunnel at {time.time()}"
    tell(sayso, "POST", "/posts", title=title)
    page.context.set_offline(False)
    expect(page.get_by_text(title)).to_be_visible(timeout=2 * SOON)


def test_a_closed_panel_listens_to_nothing(visitor, complaints):
    page = visitor("list")
    page.keyboard.press("Escape")
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.wait_for_timeout(SOON)
    assert (asked, complaints) == ([], [])


def hide(page, yes: bool) -> None:
    """What a browser says when somebody goes to another tab, and when they come back."""
    page.evaluate("""yes => {
      Object.defineProperty(document, "hidden", { value: yes, configurable: true });
      document.dispatchEvent(new Event("visibilitychange"));
    }""", yes)  # fmt: skip
