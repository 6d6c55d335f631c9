"""The road map and the changelog of the public face in a browser: votes and reactions in place, nothing that jumps, and the
road map in a frame of somebody else's page."""

import people
import pytest
from playwright.sync_api import expect

FRAME = """<!doctype html><html lang="en"><title>Ours</title><h1>Ours</h1>
<iframe title="Roadmap" width="900" height="500" src="{base}/b/tidewater/embed/roadmap?theme=dark"></iframe></html>"""
PLACES = """[...document.querySelectorAll('.cards > li')].map(
  card => [card.offsetLeft, card.offsetTop, card.querySelector('h3').textContent])"""


@pytest.fixture
def opened(browser, sayso, watched):
    """Opens a page of the demo's board, in a browser of its own."""
    contexts = []

    def opened(path: str, **how):
        context = browser.new_context(**how)
        contexts.append(context)
        page = watched(context.new_page())
        page.goto(sayso.demo["board_url"] + path)
        return page

    yield opened
    for context in contexts:
        context.close()


def card(page, title: str):
    return page.get_by_role("listitem").filter(has=page.get_by_role("link", name=title, exact=True))


def test_a_vote_counts_where_it_is_cast_and_on_every_open_page(opened, sayso, complaints):
    people.team(sayso, "POST", "posts", title="Stamps", status="planned")
    one, other = opened("/roadmap"), opened("/roadmap")
    before, button = one.evaluate(PLACES), card(one, "Stamps").get_by_role("button")
    button.focus()
    one.keyboard.press("Enter")
    expect(button).to_have_attribute("aria-pressed", "true")
    expect(button).to_have_text("2")
    expect(button).to_be_focused()
    expect(card(other, "Stamps").get_by_role("button")).to_have_text("2")
    assert one.evaluate(PLACES) == other.evaluate(PLACES) == before
    assert complaints == []


def test_a_card_that_is_moved_stays_until_the_page_is_opened_anew(opened, sayso, complaints):
    made = people.team(sayso, "POST", "posts", title="Envelopes", status="planned")
    page = opened("/roadmap")
    before, moved = page.evaluate(PLACES), card(page, "Envelopes")
    expect(moved.get_by_text("In progress")).to_be_hidden()
    people.team(sayso, "PUT", f"posts/{made['number']}/status", status="started", notify=False)
    expect(moved.get_by_text("In progress")).to_be_visible()
    assert [each[2] for each in page.evaluate(PLACES)] == [each[2] for each in before]
    page.reload()
    column = page.get_by_role("region", name="In progress")
    expect(column.get_by_role("link", name="Envelopes")).to_be_visible()
    expect(column.get_by_text("In progress")).to_have_count(1 + column.get_by_role("listitem").count())
    expect(moved.get_by_text("In progress")).to_be_hidden()
    assert complaints == []


def test_a_reaction_is_given_and_taken_back_by_keyboard(opened, complaints):
    page = opened("/changelog")
    entry = page.get_by_role("article", name="Invoices in any currency")
    love = entry.get_by_role("button", name="Love")
    love.focus()
    for pressed in ("true", "false", "true"):
        page.keyboard.press("Enter")
        expect(love).to_have_attribute("aria-pressed", pressed)
        expect(love).to_be_focused()
    entry.get_by_role("link", name="Invoices in any currency").click()
    expect(page.get_by_role("button", name="Love")).to_have_attribute("aria-pressed", "true")
    assert complaints == []


def test_without_scripts_one_reacts_votes_and_comes_back_to_where_one_was(opened):
    page = opened("/changelog?category=Fixed", java_script_enabled=False)
    entry = page.get_by_role("article", name="Five small things, fixed")
    entry.get_by_role("button", name="Celebrate").click()
    expect(entry.get_by_role("button", name="Celebrate")).to_have_attribute("aria-pressed", "true")
    expect(entry.get_by_role("heading", name="Five small things, fixed")).to_be_in_viewport()
    assert "category=Fixed" in page.url
    page.get_by_role("link", name="Roadmap").click()
    button = card(page, "Dark mode").get_by_role("button")
    button.click()
    expect(button).to_have_attribute("aria-pressed", "true")


def test_in_a_frame_of_another_page_links_open_the_board_beside_it(opened, site, complaints):
    site.POLICY, site.PAGE = "default-src 'none'; frame-src {base}", FRAME
    page = opened("/roadmap", color_scheme="light")
    page.goto(site.url)
    inside = page.frame_locator("iframe")
    expect(inside.get_by_role("region", name="In progress")).to_be_visible()
    assert inside.locator("html").evaluate("html => getComputedStyle(html).colorScheme") == "dark"
    assert inside.get_by_role("button").count() == 0
    with page.context.expect_page() as beside:
        inside.get_by_role("link", name="Recurring invoices").click()
    expect(beside.value.get_by_role("heading", name="Recurring invoices", level=1)).to_be_visible()
    assert page.url == site.url
    assert complaints == []
