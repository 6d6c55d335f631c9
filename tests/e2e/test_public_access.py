"""The public face is for everyone: nothing that axe objects to, in both themes and directions; it fits a phone and large
type, and the keyboard does all of it."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

SMALLEST = 24  # px, of a target
TARGETS = "button, a[href], input:not([type=file], [type=hidden]), select, textarea, summary"
# what answers to a click is the label, too, and the row over which a link in it is spread
WHOLE = """each => each.closest("label") || getComputedStyle(each, "::after").position === "absolute" && each.offsetParent
  || each"""
SMALL = f"""([targets, least], whole = {WHOLE}) => [...document.querySelectorAll(targets)]
  .filter(each => each.checkVisibility({{ visibilityProperty: true }}) && !each.closest(".prose, .skip, p, [data-inline]"))
  .map(each => [whole(each).getBoundingClientRect(), each.outerHTML.slice(0, 140)])
  .filter(([box]) => box.width && Math.min(box.width, box.height) + 0.1 < least)
  .map(([box, html]) => `${{Math.round(box.width)}}×${{Math.round(box.height)}} ${{html}}`)"""
WIDER = "document.documentElement.scrollWidth - innerWidth"
LEAST = 15  # rules that found something to look at, or axe did not see the page


@pytest.fixture(scope="module")
def state(browser, sayso, letters):
    """What the browser of a user keeps, who signed in by letter."""
    context = browser.new_context(base_url=sayso.base_url)
    page = context.new_page()
    sign_in(page, sayso, letters, "ines@public.example")
    page.goto(f"/b/{sayso.demo['workspace']}/posts/2")
    page.get_by_role("button", name=re.compile("^Vote for")).first.click()
    expect(page.get_by_role("button", name=re.compile("^Vote for")).first).to_have_attribute("aria-pressed", "true")
    kept = context.storage_state()
    context.close()
    return kept


def sign_in(page, sayso, letters, email: str) -> None:
    page.goto(f"/b/{sayso.demo['workspace']}/sign-in")
    page.get_by_label("E-mail").fill(email)
    page.get_by_role("button", name=re.compile("link", re.IGNORECASE)).click()
    letter = letters.to(email, "ign")
    page.goto(re.search(r"http\S+/sign-in/\S+", letter.get_body(("plain",)).get_content())[0])
    page.get_by_role("main").get_by_role("button").first.click()
    expect(page.get_by_role("link", name="My page")).to_be_visible()


@pytest.fixture
def paths(browser, sayso):
    """Every page of the demo's public face."""
    home = f"/b/{sayso.demo['workspace']}"
    context = browser.new_context(base_url=sayso.base_url)
    page = context.new_page()
    page.goto(f"{home}/changelog")
    entry = page.locator(f"a[href*='{home}/changelog/']").first.get_attribute("href")
    context.close()
    return [home, f"{home}?q=invoice", f"{home}?status=planned&sort=new", f"{home}/posts/new",
            f"{home}/posts/1", f"{home}/posts/2?reply=0",
            f"{home}/roadmap", f"{home}/changelog", entry, f"{home}/sign-in", f"{home}/me", f"{home}/me?show=letters",
            f"{home}/posts/99999", f"{home}/embed/roadmap"]  # fmt: skip


@pytest.fixture
def opened(browser, sayso, state, watched):
    contexts = []

    def opened(**how):
        context = browser.new_context(base_url=sayso.base_url, **{"storage_state": state, **how})
        contexts.append(context)
        return watched(context.new_page())

    yield opened
    for context in contexts:
        context.close()


@pytest.mark.parametrize("language", ["en", "ar"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_page_has_anything_that_axe_objects_to(opened, paths, complaints, theme, language):
    page, wrong = opened(color_scheme=theme, reduced_motion="reduce", locale=language), []
    for path in paths:
        page.goto(path)
        found = Axe().run(page, options={"resultTypes": ["violations", "passes"]}).response
        assert len(found["passes"]) >= LEAST, path
        wrong += [f"{path}: {each['id']} {node['html'][:160]}" for each in found["violations"] for node in each["nodes"]]
    assert (wrong, [said for said in complaints if "404" not in said]) == ([], [])


@pytest.mark.parametrize(("language", "width"), [("de", 320), ("ar", 390), ("ja", 390), ("en", 1280)])
def test_every_page_fits_and_every_target_is_large_enough(opened, paths, language, width):
    page, wrong = opened(viewport={"width": width, "height": 800}, locale=language), []
    for path in paths:
        page.goto(path)
        wrong += [f"{path}: {each}" for each in page.evaluate(SMALL, [TARGETS, SMALLEST])]
        wrong += [f"{path}: {over} px too wide" for over in [page.evaluate(WIDER)] if over > 0]
    assert wrong == []


def test_by_keyboard_alone_one_votes_and_comments(opened, sayso, complaints):
    page = opened()
    page.goto(f"/b/{sayso.demo['workspace']}/posts/3")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    vote = page.get_by_role("button", name=re.compile("^Vote for")).first
    before = vote.get_attribute("aria-pressed")
    for _ in range(10):
        page.keyboard.press("Tab")
        if vote.evaluate("each => each === document.activeElement"):
            break
    page.keyboard.press("Enter")
    expect(vote).not_to_have_attribute("aria-pressed", before)
    expect(vote).to_be_focused()
    assert complaints == []
