"""The widget is for everyone: no view that axe objects to, in both themes and directions; the keyboard does all of it."""

import time

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

VIEWS = ["new", "list", "post:1", "roadmap", "news"]
ASKED = "#sayso-panel"
LEAST = 15  # rules that found something to look at, or axe did not see into the panel
HAS_FOCUS = "element => element.getRootNode().activeElement === element"
SMALLEST = 24  # px, of a target
SMALL = """least => {
  const panel = document.querySelector("#sayso-panel").shadowRoot;
  const targets = [...panel.querySelectorAll("button, a[href], input:not([type=file]), select, textarea")];
  return targets.filter(each => each.checkVisibility({ visibilityProperty: true }) && !each.closest(".rich, .text"))
    .map(each => [each.getBoundingClientRect(), each.outerHTML.slice(0, 120)])
    .filter(([box]) => box.width && Math.min(box.width, box.height) + 0.1 < least)
    .map(([box, html]) => `${box.width}×${box.height} ${html}`);
}"""
WIDER = "document.querySelector('#sayso-panel').shadowRoot.querySelector('dialog').scrollWidth > innerWidth"


@pytest.fixture
def visit(browser, site, watched):
    """Opens the customer's page in a browser made like this."""
    contexts = []

    def visit(attributes: str = "", **how):
        site.attributes = attributes
        context = browser.new_context(**how)
        contexts.append(context)
        page = watched(context.new_page())
        page.goto(site.url)
        page.evaluate("sayso.ready")
        return page

    yield visit
    for context in contexts:
        context.close()


def shown(page, view: str) -> None:
    """Opens a view and waits until it is there."""
    page.evaluate("view => sayso.open(view)", view)
    panel = page.locator("#sayso-panel dialog")
    expect(panel.locator(".bone")).to_have_count(0)
    expect(panel.locator("[role=tab][aria-selected=true]")).to_be_visible()


@pytest.mark.parametrize("language", ["en", "ar"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_view_has_anything_that_axe_objects_to(visit, complaints, theme, language):
    page = visit(f' data-theme="{theme}" data-locale="{language}"', reduced_motion="reduce")
    wrong = []
    for view in VIEWS:
        shown(page, view)
        found = Axe().run(page, ASKED, options={"resultTypes": ["violations", "passes"]}).response
        assert len(found["passes"]) >= LEAST, view
        wrong += [f"{view}: {each['id']} {node['html'][:160]}" for each in found["violations"] for node in each["nodes"]]
    assert (wrong, complaints) == ([], [])


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("language", ["en", "de", "ar"])
def test_every_target_is_large_enough_and_nothing_runs_out_of_the_panel(visit, width, language):
    page = visit(f' data-locale="{language}"', viewport={"width": width, "height": 800})
    for view in VIEWS:
        shown(page, view)
        assert page.evaluate(SMALL, SMALLEST) == [], view
        assert not page.evaluate(WIDER), view


def test_at_200_percent_everything_is_still_there(visit):
    page = visit(viewport={"width": 640, "height": 400})  # what is left of 1,280 × 800
    for view in VIEWS:
        shown(page, view)
        panel = page.locator("#sayso-panel dialog").bounding_box()
        assert panel["x"] >= 0 and panel["y"] >= 0
        assert panel["x"] + panel["width"] <= 640 and panel["y"] + panel["height"] <= 400
    page.get_by_role("button", name="Close").click()


def tab_to(page, element, key: str = "Tab", most: int = 60) -> None:
    """Presses Tab until this element has the focus."""
    for _ in range(most):
        if element.count() and element.first.evaluate(HAS_FOCUS):
            return
        page.keyboard.press(key)
    raise AssertionError(f"Tab never came to {element}")


def test_the_keyboard_alone_submits_votes_comments_and_closes(visit, complaints):
    page = visit()
    wish = f"Number invoices by year {time.time()}"
    tab_to(page, page.get_by_role("button", name="Feedback"))
    page.keyboard.press("Enter")
    title = page.get_by_label("What is on your mind?")
    expect(title).to_be_focused()
    page.keyboard.type(wish)
    page.keyboard.press("Enter")  # goes on to the details
    page.keyboard.type("Our auditor asks for it.")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("heading", name=wish)).to_be_visible()

    # a comment below it
    tab_to(page, page.get_by_label("Add a comment"))
    page.keyboard.type("And by client.")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("And by client.", exact=True)).to_be_visible()

    # a vote for another one
    tab_to(page, page.get_by_role("tab", name="Posts"), "Shift+Tab")
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("tab", name="Roadmap")).to_be_focused()
    page.keyboard.press("ArrowLeft")
    expect(page.get_by_role("tab", name="Posts")).to_be_focused()
    vote = page.get_by_role("button", name="Vote for “Recurring invoices”")
    tab_to(page, vote)
    was = vote.get_attribute("aria-pressed")
    page.keyboard.press("Space")
    expect(vote).not_to_have_attribute("aria-pressed", was)

    page.keyboard.press("Escape")
    expect(page.get_by_role("tab", name="Posts")).to_be_hidden()
    expect(page.get_by_role("button", name="Feedback")).to_be_focused()
    assert complaints == []


def test_a_phone_keeps_the_focus_inside_and_the_desktop_lets_it_out(visit):
    page = visit(viewport={"width": 390, "height": 844})
    page.get_by_role("button", name="Feedback").click()
    expect(page.get_by_label("What is on your mind?")).to_be_focused()
    for _ in range(40):
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.id || document.activeElement.localName") in ("sayso-panel", "body")
    page = visit()
    page.get_by_role("button", name="Feedback").click()
    expect(page.get_by_label("What is on your mind?")).to_be_focused()
    page.keyboard.press("Escape")
    page.get_by_label("Search").focus()
    page.get_by_role("button", name="Feedback").click()
    expect(page.get_by_label("What is on your mind?")).to_be_focused()
    page.get_by_label("Search").focus()
    page.keyboard.type("The page goes on.")
    expect(page.get_by_label("Search")).to_have_value("The page goes on.")


def test_what_happens_is_said_aloud(visit):
    page = visit()
    page.evaluate("sayso.open('list')")
    page.get_by_role("button", name="Vote for").first.click()
    expect(page.locator("#sayso-panel [role=status]").filter(has_text="vote")).to_have_count(1)


@pytest.mark.parametrize("how", [{"forced_colors": "active"}, {"reduced_motion": "reduce"}], ids=["forced colours", "still"])
def test_what_the_system_asks_for_is_respected(visit, how):
    page = visit(**how)
    for view in VIEWS:
        shown(page, view)
    moving = "document.querySelector('#sayso-panel').shadowRoot.getAnimations({subtree: true}).length"
    assert page.evaluate(moving) == 0 or "forced_colors" in how
    if "forced_colors" in how:
        chosen, other = (page.get_by_role("tab", name=name).evaluate("tab => getComputedStyle(tab).backgroundColor")
                         for name in ("News", "Posts"))  # fmt: skip
        assert chosen != other
