"""The demo page: a customer's product, and switches that show and try everything a customer can choose."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect


@pytest.fixture
def opened(browser, sayso, watched):
    """Opens the demo page at an address that says how its switches stand."""
    contexts = []

    def opened(query="", **how):
        context = browser.new_context(**how)
        contexts.append(context)
        page = watched(context.new_page())
        page.goto(f"{sayso.demo['demo_page']}{query}")
        return page

    yield opened
    for context in contexts:
        context.close()


def test_every_switch_is_part_of_the_address(opened, complaints):
    page = opened("?theme=dark&side=left&launcher=off&accent=lemon&lang=de&user=u_1012")
    page.get_by_role("link", name="Tell us what is missing").click()
    panel = page.locator("#sayso-panel dialog")
    expect(panel).to_have_class("dark left shown")
    expect(panel).to_have_attribute("lang", "de")
    expect(panel).to_contain_text("Camille Roussel")
    expect(page.get_by_role("button", name="Feedback", exact=True)).to_be_hidden()
    assert panel.evaluate("it => getComputedStyle(it).getPropertyValue('--sayso-accent')") == "#ffd800"
    assert complaints == []


def test_a_switch_takes_effect_at_once_or_with_the_page(opened, complaints):
    page = opened("?theme=light")
    page.get_by_role("link", name="What we are building").click()
    panel = page.locator("#sayso-panel dialog")
    expect(panel).to_be_visible()
    page.keyboard.press("Escape")
    page.get_by_role("radio", name="Dark").check(force=True)
    assert "theme=dark" in page.url
    page.get_by_role("link", name="What we are building").click()
    expect(panel).to_have_class("dark right shown")
    page.keyboard.press("Escape")
    with page.expect_navigation():
        page.get_by_role("radio", name="Left").check(force=True)
    assert "theme=dark" in page.url and "side=left" in page.url
    assert complaints == []


def test_without_scripts_the_switches_are_a_form_and_the_links_lead_to_the_board(opened):
    page = opened("?csp=strict", java_script_enabled=False)
    page.get_by_role("radio", name="Dark").check(force=True)
    page.get_by_role("button", name="Apply").click()
    assert "theme=dark" in page.url
    page.get_by_role("link", name="Recurring invoices are on their way").click()
    expect(page.get_by_role("heading", name="Recurring invoices").first).to_be_visible()


@pytest.mark.parametrize("policy", ["strict", "ordinary"])
def test_the_widget_works_under_either_policy_and_above_a_dialog_of_the_page(opened, policy, complaints):
    page = opened(f"?csp={policy}&user=u_1009&lang=en")
    expect(page.get_by_role("link", name="What’s new 2")).to_be_visible()
    page.get_by_role("button", name="Invite your accountant").click()
    page.get_by_role("button", name="Something is missing here").click()
    title = page.get_by_label("What is on your mind?")
    expect(title).to_be_focused()
    page.keyboard.type("More room")
    expect(title).to_have_value("More room")
    page.keyboard.press("Escape")
    expect(title).to_be_hidden()
    expect(page.get_by_role("dialog", name="Invite your accountant")).to_be_visible()
    assert complaints == []


def test_the_policies_are_what_they_are_called(sayso, browser):
    context = browser.new_context()
    headers = {each: context.request.get(f"{sayso.demo['demo_page']}?csp={each}").headers["content-security-policy"]
               for each in ("strict", "ordinary", "nonsense")}  # fmt: skip
    context.close()
    assert headers["strict"] == headers["nonsense"]
    assert "default-src 'none'" in headers["strict"] and "trusted-types 'none'" in headers["strict"]
    assert "trusted-types" not in headers["ordinary"]


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 390)])
def test_axe_has_nothing_to_object_to_and_nothing_is_too_wide(opened, scheme, width):
    page = opened("?user=u_1010", color_scheme=scheme, viewport={"width": width, "height": 800})
    found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    assert [f"{each['id']}: {each['nodes'][0]['html'][:200]}" for each in found] == []
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
