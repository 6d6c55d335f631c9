"""Every page of the dashboard can be used by everyone: read aloud, walked by keyboard, at 200 %, in the dark, on a phone,
without our script, and on a slow line."""

import re

import brotli
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

LARGEST = 60_000  # bytes of a page with all it loads, compressed
ASSETS = re.compile(r'(?:src|href)="(/static/[^"]+)"')
# where the focus is, whether it can be seen there, and whether it is inside what one sees
FOCUSED = """() => {
  const element = document.activeElement;
  if (!element || element === document.body) return null;
  const box = element.getBoundingClientRect(), style = getComputedStyle(element);
  const ring = style.outlineStyle !== "none" || style.boxShadow !== "none"
    || element.localName === "iframe" // which has its own
    || [...element.querySelectorAll("*"), element].some(each => getComputedStyle(each, "::after").outlineStyle !== "none");
  window.counted ??= new Map();
  if (!counted.has(element)) counted.set(element, counted.size);
  return { id: counted.get(element), what: element.outerHTML.slice(0, 120), ring, size: box.width * box.height };
}"""
FOCUSABLE = """() => [...document.querySelectorAll(
  "a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex='0']")].filter(each => !each.disabled)
  .filter(each => each.checkVisibility({ visibilityProperty: true, contentVisibilityAuto: true }) && each.tabIndex >= 0
    && !(each.type === "radio" && !each.checked)).length"""
WIDER = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture
def opened(browser, state):
    """Opens a page of the dashboard in a browser made like this."""
    contexts = []

    def opened(**how):
        context = browser.new_context(storage_state=state, **how)
        contexts.append(context)
        return context.new_page()

    yield opened
    for context in contexts:
        context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_has_anything_that_axe_objects_to(opened, addresses, scheme):
    page, wrong = opened(color_scheme=scheme), []
    for address in addresses:
        assert page.goto(address).ok, address
        wrong += objections(page, address)
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_that_opens_has_anything_that_axe_objects_to(opened, sayso, scheme):
    page, wrong = opened(color_scheme=scheme, reduced_motion="reduce"), []
    home = f"{sayso.base_url}/app/{sayso.demo['workspace']}"

    def look(what: str, seen) -> None:
        expect(seen.first).to_be_visible()
        wrong.extend(objections(page, f"{what}, {scheme}"))

    page.goto(f"{home}/inbox")
    page.keyboard.press("?")
    look("the keys", page.get_by_role("dialog", name="Keys"))
    page.keyboard.press("Escape")
    page.keyboard.press("s")
    look("the list of statuses", page.get_by_role("dialog").get_by_role("option"))
    page.keyboard.press("Escape")
    page.keyboard.press("m")
    look("a list of nothing yet", page.get_by_role("dialog").get_by_role("combobox"))
    page.keyboard.press("Escape")
    page.keyboard.press("x")
    page.locator("summary", has_text="Filters").click()
    look("the filters", page.get_by_label("Voters’ plan"))
    page.get_by_text("Letter", exact=True).click()
    look("the letter", page.get_by_label("Note"))
    page.keyboard.press("Control+k")
    page.keyboard.type("time")
    look("what the search found", page.get_by_role("listbox", name="Found").get_by_role("option"))

    page.goto(f"{home}/posts/1")
    page.get_by_label("Add a vote for a user").fill("nobody@nowhere.example")
    page.get_by_role("button", name="Add vote").click()
    look("a refused form", page.get_by_text("There is no user with this id"))
    for summary in page.locator("main summary:visible").all():
        summary.click()
    look("everything that opens on a post", page.get_by_label("Title"))
    page.locator("#viewer").evaluate("viewer => viewer.showModal()")
    look("the viewer of pictures", page.get_by_role("dialog", name="Picture"))
    assert not wrong, "\n".join(wrong)


def objections(page, where: str) -> list[str]:
    found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    return [f"{where}: {each['id']}: {each['nodes'][0]['html'][:200]}" for each in found]


def test_the_keyboard_alone_reaches_everything_and_is_seen_where_it_is(opened, addresses):
    page, wrong = opened(viewport={"width": 1280, "height": 900}), []
    for address in addresses:
        page.goto(address)
        wanted, seen = page.evaluate(FOCUSABLE), set()
        for _ in range(wanted + 40):  # a field of a date has several stops, a frame its own
            page.keyboard.press("Tab")
            here = page.evaluate(FOCUSED)
            if here is None:
                break
            seen.add(here["id"])
            if not here["ring"] or not here["size"]:
                wrong.append(f"{address}: the focus cannot be seen at {here['what']}")
        if len(seen) < wanted:
            wrong.append(f"{address}: {len(seen)} of {wanted} things reached")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("width", [390, 640])  # a phone; 1280 pixels at 200 %
def test_no_page_scrolls_sideways(opened, addresses, width):
    page, wrong = opened(viewport={"width": width, "height": 800}), []
    for address in addresses:
        page.goto(address)
        if (wider := page.evaluate(WIDER)) > 0:
            wrong.append(f"{address}: {wider} pixels too wide")
    assert not wrong, "\n".join(wrong)


def test_every_page_with_all_it_loads_is_small(opened, addresses, sayso, figure):
    page, sizes = opened(java_script_enabled=False), {}
    for address in addresses:
        answer = page.goto(address)
        texts = [answer.body()]
        texts += [page.request.get(sayso.base_url + each).body() for each in set(ASSETS.findall(answer.text()))]
        sizes[address] = sum(len(brotli.compress(text, quality=5)) for text in texts)
    heaviest = max(sizes, key=sizes.get)
    figure("the heaviest page of the dashboard", f"{sizes[heaviest]:,} bytes, {heaviest}")
    assert sizes[heaviest] <= LARGEST


def test_no_page_complains_about_anything(opened, addresses, watched, complaints):
    page = watched(opened())
    for address in addresses:
        page.goto(address)
        page.wait_for_load_state("load")
    assert not complaints
