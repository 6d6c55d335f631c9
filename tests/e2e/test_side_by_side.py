"""Two people with the panel open at once: what one does the other sees, within two seconds and without a reload."""

import time

from people import team
from playwright.sync_api import expect

SOON = 2  # seconds, as promised
LONG_AGO = "2026-01-01T00:00:00Z"
PATIENCE = 10_000  # ms, with a busy machine


def test_a_vote_of_one_is_seen_by_the_other(visitor, figure, complaints):
    one, other = visitor("list"), visitor("list")
    mine = one.get_by_role("button", name="Vote for").first
    theirs = other.get_by_role("button", name=mine.get_attribute("aria-label").split("”")[0])
    before = int(mine.inner_text())

    def vote(count: int) -> float:
        mine.click()
        return until_seen(expect(theirs).to_have_text, str(count))

    took = [vote(before + 1), vote(before), vote(before + 1)]
    expect(theirs).to_have_attribute("aria-pressed", "false")
    figure("seconds until another sees a vote", [round(each, 1) for each in took])
    assert min(took) < SOON
    assert complaints == []


def test_a_status_is_seen_where_the_post_is_open_and_in_the_list(visitor, sayso, figure, complaints):
    reading, looking = visitor("post:1"), visitor("list")
    heading = reading.get_by_role("heading", level=3).first
    expect(heading).to_be_visible()
    card = looking.get_by_role("listitem").filter(has_text=heading.inner_text())

    def move(status: str, name: str) -> float:
        team(sayso, "PUT", "posts/1/status", status=status, notify=False)
        took = until_seen(expect(reading.get_by_role("article").get_by_text(name).first).to_be_visible)
        return took + until_seen(expect(card.get_by_text(name)).to_be_visible)

    took = [move("started", "In progress"), move("done", "Shipped"), move("planned", "Planned")]
    figure("seconds until two others see a status", [round(each, 1) for each in took])
    assert min(took) < SOON
    assert complaints == []


def test_a_new_post_joins_the_list_without_moving_the_focus(visitor, sayso, complaints):
    page = visitor("list")
    page.get_by_role("button", name="New", exact=True).click()
    vote = page.get_by_role("button", name="Vote for").nth(1)
    vote.focus()
    focused = vote.get_attribute("aria-label")
    title = f"Said over there at {time.time()}"
    team(sayso, "POST", "posts", title=title)
    expect(page.get_by_text(title)).to_be_visible(timeout=PATIENCE)
    assert page.evaluate("document.querySelector('#sayso-panel').shadowRoot.activeElement.ariaLabel") == focused
    assert complaints == []


def test_who_looks_at_something_else_asks_for_nothing(visitor, sayso, complaints):
    looking, reading, news = visitor("list"), visitor("post:2"), visitor("news")
    expect(reading.get_by_role("heading", level=3).first).to_be_visible()
    expect(news.get_by_role("heading", level=3).first).to_be_visible()
    asked = requests(reading, news)
    see_something_new(looking, sayso)
    see_something_new(looking, sayso)
    assert asked == []
    with news.expect_request("**/api/widget/news"), reading.expect_request("**/api/widget/posts/2"):
        entry = team(sayso, "POST", "changelog", title="It shipped", body="At last.", published_at=LONG_AGO)
        team(sayso, "POST", "posts/2/comments", body="At last.")
    team(sayso, "DELETE", f"changelog/{entry['id']}")
    assert complaints == []


def test_one_who_comes_back_to_the_tab_has_missed_nothing(visitor, sayso, complaints):
    page, other = visitor("list"), visitor("list")
    page.get_by_role("button", name="New", exact=True).click()
    expect(page.get_by_role("button", name="Vote for").first).to_be_visible()
    with page.expect_event("requestfailed", is_stream):
        hide(page, True)
    asked = requests(page)
    title = see_something_new(other, sayso)
    expect(page.get_by_text(title)).to_be_hidden()
    assert asked == []
    hide(page, False)
    expect(page.get_by_text(title)).to_be_visible(timeout=PATIENCE)
    assert complaints == []


def test_one_who_was_offline_has_missed_nothing_as_soon_as_they_are_back(visitor, sayso):
    page = visitor("list")
    page.get_by_role("button", name="New", exact=True).click()
    expect(page.get_by_role("button", name="Vote for").first).to_be_visible()
    page.clock.install()
    page.context.set_offline(True)
    with page.expect_event("requestfailed", lambda request: "ticket" in request.url):
        hide(page, True)
        hide(page, False)
    page.clock.pause_at(page.evaluate("Date.now()") + 100)  # from here on nothing is tried for the time that has passed
    title = f"Said while they were in a tunnel at {time.time()}"
    team(sayso, "POST", "posts", title=title)
    with page.expect_response("**/api/widget/ticket"):
        page.context.set_offline(False)
    page.clock.resume()
    expect(page.get_by_text(title)).to_be_visible(timeout=PATIENCE)


def test_a_closed_panel_listens_to_nothing(visitor, sayso, complaints):
    page, other = visitor("list"), visitor("list")
    with page.expect_event("requestfailed", is_stream):
        page.keyboard.press("Escape")
    asked = requests(page)
    see_something_new(other, sayso)
    assert (asked, complaints) == ([], [])


def until_seen(expected, *values) -> float:
    """How long it takes, in seconds. A busy machine is waited for."""
    begun = time.monotonic()
    expected(*values, timeout=PATIENCE)
    return time.monotonic() - begun


def see_something_new(page, sayso) -> str:
    """Writes a post, and waits until this list has it: by then everybody has heard of it."""
    page.get_by_role("button", name="New", exact=True).click()
    title = f"Said over there at {time.time()}"
    team(sayso, "POST", "posts", title=title)
    expect(page.get_by_text(title)).to_be_visible(timeout=PATIENCE)
    return title


def requests(*pages) -> list[str]:
    """What these ask for, from here on."""
    asked = []
    for page in pages:
        page.on("request", lambda request: asked.append(request.url))
    return asked


def is_stream(request) -> bool:
    return "/stream?" in request.url


def hide(page, yes: bool) -> None:
    """What a browser says when somebody goes to another tab, and when they come back."""
    page.evaluate("""yes => {
      Object.defineProperty(document, "hidden", { value: yes, configurable: true });
      document.dispatchEvent(new Event("visibilitychange"));
    }""", yes)  # fmt: skip
