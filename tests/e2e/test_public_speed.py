"""The public face as a visitor with a poor line meets it: light, from one place, readable at once, and nothing moves."""

from urllib.parse import urlsplit

import people
import pytest
from playwright.sync_api import expect

MOST = 30_000  # bytes of HTML, styles and scripts together, as they travel
COUNTED = {"document", "stylesheet", "script"}
PAGES = {"board": "", "post": "/posts/1", "roadmap": "/roadmap", "changelog": "/changelog"}
LOADS = 3  # or votes, at most: a page that moves does so each time; a busy machine that paints in pieces does not
SLOW_3G = {"offline": False, "latency": 2000, "downloadThroughput": 50_000, "uploadThroughput": 50_000}  # ms, bytes a second
# layout shifts, and the things painted that were the largest when they came
WATCH = """
window.seen = { moved: 0, largest: [] };
const hear = (type, take) =>
  new PerformanceObserver((list) => list.getEntries().forEach(take)).observe({ type, buffered: true });
hear("layout-shift", (entry) => { seen.moved += entry.value; });
hear("largest-contentful-paint", (entry) => { seen.largest.push(entry.url ? "picture" : entry.element?.localName); });
"""
PAINTED = "() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime"


@pytest.fixture
def visitor(browser, watched):
    """A page in a browser that has never been here."""
    context = browser.new_context(locale="en-GB")
    context.add_init_script(WATCH)
    yield watched(context.new_page())
    context.close()


def home(sayso) -> str:
    return f"{sayso.base_url}/b/{sayso.demo['workspace']}"


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_light_comes_from_one_place_and_is_mostly_text(visitor, sayso, name, figure, complaints):
    asked = []
    visitor.on("requestfinished", lambda request: asked.append(request))
    visitor.goto(home(sayso) + PAGES[name], wait_until="load")
    visitor.wait_for_function("() => seen.largest.length")
    sizes = {one.url: one.sizes()["responseBodySize"] for one in asked if one.resource_type in COUNTED}
    figure(f"{name}: bytes of HTML, styles and scripts", f"{sum(sizes.values()):,} of {MOST:,} in {len(sizes)} requests")
    assert sum(sizes.values()) <= MOST, sizes

    origins = {"{0.scheme}://{0.netloc}".format(urlsplit(one.url)) for one in asked}
    assert origins <= {sayso.base_url, sayso.stream_origin}
    painted = visitor.evaluate("seen.largest")
    figure(f"{name}: the largest thing painted", painted[-1])
    assert painted[-1] != "picture" or name == "changelog", "only what the team shows in an entry may be so large"
    moved = [visitor.evaluate("seen.moved")]
    while moved[-1] and len(moved) < LOADS:
        visitor.reload(wait_until="load")
        visitor.wait_for_function("() => seen.largest.length")
        moved.append(visitor.evaluate("seen.moved"))
    figure(f"{name}: layout shift, while it is loaded", str(moved))
    assert moved[-1] == 0
    assert complaints == []


@pytest.mark.parametrize("name", ["board", "post"])
def test_nothing_moves_when_somebody_votes_elsewhere(visitor, sayso, name, figure, complaints):
    with visitor.expect_response(lambda answer: "/stream" in answer.url):
        visitor.goto(home(sayso) + PAGES[name])
    first = visitor.locator("main h2 a[href*='/posts/']").first
    number = first.get_attribute("href").rpartition("/")[2] if name == "board" else "1"
    votes, moved = visitor.locator("button.votes").first, []
    while not moved or (moved[-1] and len(moved) < LOADS):
        before, steady = votes.inner_text(), visitor.evaluate("seen.moved")
        people.team(sayso, "PUT", f"posts/{number}/votes/passer-by-{name}-{len(moved)}")
        expect(votes).not_to_have_text(before)
        moved.append(visitor.evaluate("seen.moved") - steady)
    figure(f"{name}: layout shift, after a vote that came by itself", str(moved))
    assert moved[-1] == 0
    assert complaints == []


def test_on_the_slowest_line_there_is_something_to_read_soon(visitor, sayso, figure, complaints):
    visitor.context.new_cdp_session(visitor).send("Network.emulateNetworkConditions", SLOW_3G)
    visitor.goto(home(sayso), wait_until="commit", timeout=60_000)
    expect(visitor.locator("main h2").first).to_be_visible(timeout=60_000)
    painted = visitor.wait_for_function(PAINTED, timeout=60_000).json_value()
    figure("Slow 3G: seconds to the first thing to read, of the board", f"{painted / 1000:.1f}")
    expect(visitor.get_by_role("heading", level=1)).to_be_visible()
    assert complaints == []
