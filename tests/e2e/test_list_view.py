"""The list in the widget: searched, narrowed, one's own; and nothing of it is lost or overtaken."""

import time
from contextlib import closing

import jwt
import psycopg2
import pytest
from axe_playwright_python.sync_playwright import Axe
from installation import until
from people import team
from playwright.sync_api import expect

HOLD = "UPDATE post SET held_at = now() WHERE title = %s"
FIRST = "li.card >> nth=0"


@pytest.fixture
def opened(browser, site, watched):
    """Opens the list on the customer's site, in a browser made like this."""
    contexts = []

    def opened(**how):
        context = browser.new_context(**how)
        contexts.append(context)
        page = watched(context.new_page())
        page.goto(site.url)
        page.get_by_role("link", name="Ideas").click()
        expect(page.get_by_role("searchbox", name="Search")).to_be_visible()
        expect(page.get_by_role("listitem").first).to_be_visible()
        return page

    yield opened
    for context in contexts:
        context.close()


def test_a_search_finds_is_kept_and_is_cleared_by_escape_before_the_panel_closes(opened, complaints):
    page = opened()
    search, posts = page.get_by_role("searchbox", name="Search"), page.get_by_role("listitem")
    search.fill("slack")
    expect(posts).to_have_count(1)
    expect(page.get_by_text("1 post shown")).to_be_attached()

    page.get_by_role("button", name="Post in Slack when an invoice is paid", exact=True).click()
    expect(page.get_by_role("heading", name="Post in Slack")).to_be_visible()
    page.get_by_role("tab", name="Posts").click()
    expect(search).to_have_value("slack")
    expect(posts).to_have_count(1)

    search.press("Escape")
    expect(search).to_have_value("")
    expect(page.get_by_role("button", name="Recurring invoices", exact=True)).to_be_visible()
    search.press("Escape")
    expect(search).to_be_hidden()
    assert complaints == []


def test_what_is_not_found_can_be_written_as_a_new_post(opened, complaints):
    page = opened()
    page.get_by_role("searchbox").fill("parking for zeppelins")
    expect(page.get_by_text("Nothing found for “parking for zeppelins”")).to_be_visible()
    page.get_by_role("button", name="Write it as a new post").click()
    expect(page.get_by_label("What is on your mind?")).to_have_value("parking for zeppelins")
    assert complaints == []


def test_an_answer_that_comes_late_does_not_replace_a_newer_one(opened, complaints):
    page, held = opened(), []
    page.route("**/api/widget/list", lambda route: held.append(route) if '"q":"dark"' in route.request.post_data
               else route.continue_())  # fmt: skip
    page.get_by_role("searchbox").fill("dark")
    until(lambda: page.evaluate("0") or held)
    page.get_by_role("searchbox").fill("slack")
    expect(page.get_by_role("listitem")).to_have_count(1)
    with page.expect_response(lambda answer: '"q":"dark"' in (answer.request.post_data or "")) as late:
        held[0].continue_()
    late.value.finished()
    expect(page.get_by_role("listitem")).to_contain_text("Slack")
    assert complaints == []


def test_filters_narrow_the_list_say_how_many_they_are_and_are_cleared(opened, complaints):
    page = opened()
    page.get_by_role("button", name="Filter").click()
    page.get_by_label("Status", exact=True).select_option(label="Planned")
    expect(page.get_by_role("button", name="Filter, 1 active")).to_be_visible()
    expect(page.locator(FIRST)).to_contain_text("Dark mode")
    page.get_by_label("Board", exact=True).select_option(label="Bugs")
    expect(page.get_by_role("button", name="Filter, 2 active")).to_be_visible()
    page.get_by_label("Status", exact=True).select_option(label="Not planned")
    page.get_by_role("searchbox").fill("recurring")
    page.get_by_role("searchbox").fill("")
    page.get_by_role("button", name="Clear filters").first.click()
    expect(page.locator(FIRST)).to_contain_text("Recurring invoices")
    expect(page.get_by_role("button", name="Filter", exact=True)).to_be_focused()
    assert complaints == []


def test_the_board_that_the_page_names_is_chosen_beforehand(opened, site, complaints):
    site.attributes = ' data-board="bugs"'
    page = opened()
    page.get_by_role("button", name="Filter", exact=True).click()
    expect(page.get_by_label("Board", exact=True)).to_have_value("bugs")
    expect(page.get_by_text("Recurring invoices")).to_be_hidden()
    assert complaints == []


def test_my_posts_are_there_also_while_they_wait_for_approval(opened, site, sayso, complaints):
    claims = {"sub": "sam-1", "name": "Sam", "iss": sayso.demo["workspace_id"], "aud": "sayso", "iat": 0, "exp": 2**31}
    page = opened()
    page.get_by_role("button", name="My posts").click()
    expect(page.get_by_text("You have not posted yet")).to_be_visible()

    claims["iat"] = int(page.evaluate("Date.now() / 1000"))
    claims["exp"] = claims["iat"] + 600
    token = jwt.encode(claims, sayso.demo["identity_secret"], algorithm="HS256", headers={"kid": sayso.demo["identity_kid"]})
    site.attributes = f' data-user-token="{token}"'
    page = opened()
    page.get_by_role("tab", name="New post").click()
    page.get_by_label("What is on your mind?").fill("A stamp that says thank you")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_text("Thank you!").first).to_be_visible()
    with closing(psycopg2.connect(sayso.database_url)) as connection, connection, connection.cursor() as cursor:
        cursor.execute(HOLD, ["A stamp that says thank you"])
    page.get_by_role("tab", name="Posts").click()
    page.get_by_role("button", name="My posts").click()
    expect(page.get_by_role("listitem")).to_have_count(1)
    expect(page.get_by_role("listitem")).to_contain_text("waits for approval")
    assert complaints == []


def test_show_more_leads_to_the_first_of_the_new_ones_also_when_there_are_no_more(opened, complaints):
    page, more = opened(), lambda: page.get_by_role("button", name="Show more")
    expect(more()).to_be_visible()
    while more().is_visible():
        count = page.locator("li.card").count()
        more().focus()
        page.keyboard.press("Enter")
        expect(page.locator("li.card").nth(count).get_by_role("button").first).to_be_focused()
    assert complaints == []


def test_a_card_that_disappears_leaves_the_focus_to_its_neighbour(opened, sayso, complaints):
    number = team(sayso, "POST", "posts", title=f"Gone at {time.time()}")["number"]
    page = opened()
    page.get_by_role("button", name="New", exact=True).click()
    card = page.get_by_role("button", name="Gone at", exact=False).last
    card.focus()
    team(sayso, "DELETE", f"posts/{number}")
    expect(card).to_have_count(0)
    expect(page.locator(FIRST).get_by_role("button").first).to_be_focused()
    assert complaints == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_has_nothing_to_object_to_in_the_list(opened, scheme):
    page = opened(color_scheme=scheme, reduced_motion="reduce")
    page.get_by_role("button", name="Filter").click()
    page.get_by_label("Status", exact=True).select_option(label="Planned")
    expect(page.locator(FIRST)).to_contain_text("Dark mode")
    assert objections(page) == []
    page.get_by_role("searchbox").fill("parking for zeppelins")
    expect(page.get_by_text("Nothing found")).to_be_visible()
    assert objections(page) == []


def objections(page) -> list[str]:
    found = Axe().run(page, "#sayso-panel", options={"resultTypes": ["violations"]}).response["violations"]
    return [f"{each['id']}: {each['nodes'][0]['html'][:200]}" for each in found]
