"""The widget speaks the language that the page asks for, else the user's, else the browser's; in both directions."""

import json
import time
from pathlib import Path

import jwt
import pytest
from playwright.sync_api import expect

WORDS = Path(__file__).resolve().parents[2] / "widget" / "words"
SAID = {path.stem: json.loads(path.read_text()) for path in WORDS.glob("*.json")}
VIEWS = {"new": "tabNew", "list": "tabList", "post:1": "tabList", "roadmap": "tabRoadmap", "news": "tabNews"}
PANEL = "#sayso-panel dialog"


@pytest.fixture
def visit(browser, site, watched):
    """Opens the panel on the customer's page in a browser made like this."""
    contexts = []

    def visit(attributes: str = "", view: str = "new", **how):
        site.attributes = attributes
        context = browser.new_context(**how)
        contexts.append(context)
        page = watched(context.new_page())
        page.goto(site.url)
        page.evaluate("view => sayso.open(view)", view)
        return page

    yield visit
    for context in contexts:
        context.close()


def panel(language: str, key: str) -> str:
    return SAID[language]["panel"][key]


@pytest.mark.parametrize("language", sorted(SAID))
def test_every_language_shows_every_view(visit, complaints, language):
    page = visit(f' data-locale="{language}-XX"')
    dialog = page.locator(PANEL)
    expect(dialog).to_have_attribute("lang", language)
    expect(dialog).to_have_attribute("dir", "rtl" if language == "ar" else "ltr")
    expect(page.get_by_role("textbox", name=panel(language, "title"))).to_be_visible()
    for view, tab in VIEWS.items():
        page.evaluate("view => sayso.open(view)", view)
        expect(page.get_by_role("tab", name=panel(language, tab), selected=True)).to_be_visible()
        expect(page.locator(".bone")).to_have_count(0)
        said = dialog.inner_text()
        assert "undefined" not in said and "[object" not in said and "{0}" not in said, view
    assert complaints == []


@pytest.mark.parametrize(("wanted", "spoken"), [("pt-BR", "en"), ("de-AT", "de"), ("fr", "fr")])
def test_the_browser_decides_when_the_page_says_nothing(visit, wanted, spoken):
    page = visit(locale=wanted)
    expect(page.locator(PANEL)).to_have_attribute("lang", spoken)


def test_the_users_own_language_comes_before_the_browsers(visit, sayso, complaints):
    now = int(time.time())
    claims = {"sub": "yuki-1", "name": "Yuki", "locale": "ja-JP", "iss": sayso.demo["workspace_id"], "aud": "sayso",
              "iat": now, "exp": now + 600}  # fmt: skip
    token = jwt.encode(claims, sayso.demo["identity_secret"], algorithm="HS256")
    page = visit(f' data-user-token="{token}"', locale="de-DE")
    expect(page.locator(PANEL)).to_have_attribute("lang", "ja")
    expect(page.get_by_role("tab", name=panel("ja", "tabNew"), selected=True)).to_be_visible()
    assert complaints == []


def test_another_language_keeps_the_view_and_what_is_typed(visit, complaints):
    page = visit(locale="en-GB")
    page.get_by_label("What is on your mind?").fill("Half a thought")
    page.get_by_label("Details").fill("and its reasons")
    page.evaluate("sayso.set({locale: 'ar'})")
    expect(page.get_by_role("textbox", name=panel("ar", "title"))).to_have_value("Half a thought")
    expect(page.get_by_role("textbox", name=panel("ar", "body"))).to_have_value("and its reasons")
    page.evaluate("sayso.open('roadmap')")
    page.evaluate("sayso.set({locale: 'de'})")
    expect(page.get_by_role("tab", name=panel("de", "tabRoadmap"), selected=True)).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(PANEL)).to_be_hidden()
    assert complaints == []


def test_a_catalogue_that_does_not_come_leaves_english(visit, site, browser, watched):
    context = browser.new_context(locale="de-DE")
    context.route("**/*.de.js*", lambda route: route.abort())
    page = context.new_page()
    page.goto(site.url)
    page.get_by_role("button", name="Feedback").click()
    expect(page.get_by_label("What is on your mind?")).to_be_focused()
    page.evaluate("sayso.open('list')")
    expect(page.get_by_role("button", name="Vote for").first).to_be_visible()
    context.close()


def test_each_language_has_the_plural_forms_of_its_rules(visit):
    page = visit()
    for language, parts in SAID.items():
        known = page.evaluate("tag => new Intl.PluralRules(tag).resolvedOptions().pluralCategories", language)
        forms = [said for words in parts.values() for said in words.values() if isinstance(said, dict)]
        assert forms and all(set(said) == set(known) for said in forms), language
