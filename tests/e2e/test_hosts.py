"""A guest in thirty houses: on every page of `hosts/` somebody opens the panel, types, sends, comments, votes and closes it,
and neither the visit nor the page suffers."""

import re

import houses
import pytest
from installation import until
from playwright.sync_api import expect

# for the words on a page that must hold: what is in our shadow roots, and how well a field can be read
WITH = """
const inside = (selector) => [...document.querySelectorAll("*")]
  .map((one) => one.shadowRoot?.querySelector(selector)).find(Boolean);
const light = (color) => color.match(/[\\d.]+/g).slice(0, 3).map((part) => part / 255)
  .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4))
  .reduceRight((sum, part, index) => sum + part * [0.2126, 0.7152, 0.0722][index], 0);
const contrast = (one) => {
  const { color, backgroundColor } = getComputedStyle(one), [a, b] = [light(color), light(backgroundColor)];
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
};
"""
# all of a page that the widget could have touched
SNAPSHOT = """() => ({
  body: document.body.outerHTML, head: document.head.outerHTML, globals: Object.keys(window).join(), title: document.title,
  root: [...document.documentElement.attributes].map(({ name, value }) => `${name}=${value}`).join(),
  place: [scrollX, scrollY, history.length, location.href].join(), cookie: document.origin === "null" || document.cookie,
})"""
CLICKED = "() => document.elementsFromPoint(innerWidth / 2, innerHeight / 2).every((one) => !one.shadowRoot)"


@pytest.fixture(scope="module")
def street(sayso):
    made = houses.Street(sayso)
    yield made
    made.close()


@pytest.fixture
def visit(browser, street, watched, complaints):
    """Opens a page of the street: (page, the frame that has the widget, the house)."""
    contexts = []

    def visit(path: str):
        house = street.house(path)
        width, height = (house.first("viewport") or "1100x800").split("x")
        context = browser.new_context(viewport={"width": int(width), "height": int(height)})
        contexts.append(context)
        page = watched(context.new_page())
        page.goto(street.url + path)
        frame = page
        if selector := house.first("frame"):
            frame = page.locator(selector).element_handle().content_frame()
        if ready := house.first("ready"):
            frame.wait_for_function(ready)
        return page, frame, house

    yield visit
    for context in contexts:
        context.close()


@pytest.mark.parametrize("name", houses.all_of_them())
def test_a_visit_goes_well_and_leaves_no_trace(visit, complaints, name):
    page, frame, house = visit(f"/{name}.html")
    opener = frame.locator(house.first("opener")) if house.first("opener") else launcher(frame)
    expect(opener).to_have_count(1)
    expect(opener).to_be_visible()
    before = frame.evaluate(SNAPSHOT)
    opener.click()
    write(page, frame, house, f"A wish from {name}")
    comment(page, frame)
    vote(page, frame)
    leave(page, frame, opener)
    if not house.first("meanwhile"):
        assert frame.evaluate(SNAPSHOT) == before
    holds(frame, house, "after")
    assert complaints == []


def test_a_frame_without_an_origin_or_storage_is_told_so_and_keeps_its_words(street, visit, complaints):
    """What the sandbox made anonymous we answer nothing: nobody could say which page it is. (complaint 31)"""
    frame = '<iframe src="plain.html" sandbox="allow-scripts allow-forms" width="900" height="700"></iframe>'
    street.pages["/nowhere.html"] = f"<!--\nframe: iframe\n-->\n<!doctype html><title>Nowhere</title>{frame}"
    page, frame, _ = visit("/nowhere.html")
    launcher(frame).click()
    title = frame.get_by_label("What is on your mind?")
    expect(title).to_be_focused()
    page.keyboard.type("A wish from nowhere")
    frame.get_by_role("button", name="Send").click()
    expect(frame.get_by_text("We could not reach the server.").first).to_be_visible()
    expect(title).to_have_value("A wish from nowhere")
    page.keyboard.press("Escape")
    expect(title).to_be_hidden()
    assert [said for said in complaints if not re.match("Access to fetch|Failed to load resource|sayso:", said)] == []


def write(page, frame, house, wish: str) -> None:
    """By keyboard, as people type: every letter arrives here, also when the page moves meanwhile."""
    title, body = frame.get_by_label("What is on your mind?"), frame.get_by_label("Details")
    expect(title).to_be_focused()
    holds(frame, house, "open")
    page.keyboard.type(wish)
    if meanwhile := house.first("meanwhile"):
        frame.evaluate(f"() => {{ {meanwhile} }}")
    page.keyboard.press("Enter")
    expect(body).to_be_focused()
    page.keyboard.type("With /details: jk, ?")
    expect(title).to_have_value(wish)
    expect(body).to_have_value("With /details: jk, ?")
    send = frame.get_by_role("button", name="Send")
    box, size = send.bounding_box(), page.viewport_size
    assert box["x"] >= 0 and box["y"] >= 0
    assert box["x"] + box["width"] <= size["width"] and box["y"] + box["height"] <= size["height"]
    send.click()
    expect(frame.get_by_text("Thank you!").first).to_be_visible()
    expect(frame.get_by_role("heading", name=wish)).to_be_visible()


def comment(page, frame) -> None:
    frame.get_by_label("Add a comment").click()
    page.keyboard.type("And jk, ?")
    frame.get_by_role("article").get_by_role("button", name="Send").click()
    expect(frame.get_by_role("article").get_by_role("listitem")).to_contain_text("And jk, ?")


def vote(page, frame) -> None:
    frame.get_by_role("tab", name="Posts", exact=True).click()
    button = frame.get_by_role("button", name="Vote for “Recurring invoices”")
    expect(button).to_have_attribute("aria-pressed", "false")
    button.click()
    expect(button).to_have_attribute("aria-pressed", "true")
    expect(frame.get_by_text("Your vote is counted.")).to_be_attached()
    # the list can be scrolled, also where the page has locked its own scrolling
    high = button.bounding_box()["y"]
    button.hover()
    page.mouse.wheel(0, 60)
    until(lambda: button.bounding_box()["y"] < high)


def leave(page, frame, opener) -> None:
    page.keyboard.press("Escape")
    expect(frame.get_by_role("tab", name="Posts", exact=True)).to_be_hidden()
    expect(opener).to_be_focused()
    assert frame.evaluate("sayso.isOpen()") is False
    assert frame.evaluate(CLICKED), "something of ours still lies over the page"


def holds(frame, house, word: str) -> None:
    for said in house.said(word):
        assert frame.evaluate(f"() => {{ {WITH} return !!({said}) }}"), f"{word}: {said}"


def launcher(frame):
    return frame.get_by_role("button", name="Feedback", exact=True)
