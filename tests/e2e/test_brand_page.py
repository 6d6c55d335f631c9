"""The page where a team gives its board a name, a logo and a colour, in a real browser."""

import re
from io import BytesIO

import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import expect


def logo() -> bytes:
    content = BytesIO()
    Image.new("RGB", (64, 64), "#b45309").save(content, "PNG")
    return content.getvalue()


@pytest.fixture
def brand(browser, sayso, state, watched):
    """The page in a signed-in browser; with or without scripts."""
    contexts = []

    def brand(**how):
        context = browser.new_context(storage_state=state, **how)
        contexts.append(context)
        page = watched(context.new_page())
        page.goto(f"{sayso.base_url}/app/tidewater/settings/brand")
        return page

    yield brand
    for context in contexts:
        context.close()


def test_a_colour_is_shown_in_both_themes_while_one_types_or_picks_it(brand, sayso, complaints):
    page = brand()
    before = page.get_by_label("Colour", exact=True).input_value()
    page.get_by_label("Colour", exact=True).fill("#ffd800")
    expect(page.get_by_role("img", name="Dark pages in #ffd800")).to_be_visible()
    light = page.get_by_role("img", name=re.compile("Light pages in")).get_attribute("aria-label")
    assert "#ffd800" not in light, "it is made darker there"
    page.get_by_label("Choose a colour").fill("#ff69b4")
    expect(page.get_by_role("img", name="Dark pages in #ff69b4")).to_be_visible()
    expect(page.get_by_label("Colour", exact=True)).to_have_value("#ff69b4")
    page.get_by_role("button", name="Save the colour").click()
    expect(page.get_by_text("The colour was saved.")).to_be_visible()
    page.goto(f"{sayso.base_url}/b/tidewater")
    assert page.evaluate("getComputedStyle(document.documentElement).getPropertyValue('--accent')") != "#0b667f"
    page.goto(f"{sayso.base_url}/app/tidewater/settings/brand")
    page.get_by_label("Colour", exact=True).fill(before)
    page.get_by_role("button", name="Save the colour").click()
    expect(page.get_by_text("The colour was saved.")).to_be_visible()
    assert complaints == []


def test_a_logo_is_sent_with_scripts_off_and_stands_on_the_board(brand, sayso, browser):
    page = brand(java_script_enabled=False)
    picture = {"name": "a.png", "mimeType": "image/png", "buffer": logo()}
    page.get_by_label(re.compile("picture", re.IGNORECASE)).set_input_files(picture)
    page.get_by_role("button", name="Save the logo").click()
    expect(page.get_by_text("The logo was saved.")).to_be_visible()
    page.goto(f"{sayso.base_url}/b/tidewater")
    address = page.locator("header .brand img").get_attribute("src")
    assert page.request.get(f"{sayso.base_url}{address}").ok


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_has_nothing_to_object_to(brand, complaints, scheme):
    page = brand(color_scheme=scheme)
    found = Axe().run(page).response["violations"]
    assert not found, [(each["id"], each["nodes"][0]["html"][:120]) for each in found]
    assert complaints == []
