"""The road map in the widget: a column at a time, with votes, kept current."""

from contextlib import closing

import psycopg2
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

FIRST = 90_000  # number of a post that stands here only for a while
MANY = """
INSERT INTO post (workspace_id, number, board_id, status_id, author_id, title)
SELECT p.workspace_id, %s + n, p.board_id, p.status_id, p.author_id, 'Plan ' || n FROM post p, generate_series(1, 60) n
 WHERE p.title = 'Dark mode'"""
FEW = "DELETE FROM post WHERE number > %s"


@pytest.fixture
def opened(browser, site, watched):
    """Opens the road map on the customer's site, in a browser made like this."""
    contexts = []

    def opened(**how):
        context = browser.new_context(**how)
        contexts.append(context)
        page = watched(context.new_page())
        page.goto(site.url)
        page.get_by_role("link", name="Ideas").click()
        page.get_by_role("tab", name="Roadmap").click()
        expect(page.get_by_role("group", name="Columns").get_by_role("button", name="Planned")).to_be_visible()
        return page

    yield opened
    for context in contexts:
        context.close()


@pytest.fixture
def plenty(sayso):
    """More planned posts than a column shows."""
    assert sayso.demo
    run(sayso, MANY)
    yield
    run(sayso, FEW)


def run(sayso, sql: str) -> None:
    with closing(psycopg2.connect(sayso.database_url)) as connection, connection, connection.cursor() as cursor:
        cursor.execute(sql, [FIRST])


def test_a_column_is_chosen_and_its_posts_are_opened_and_voted_for(opened, complaints):
    page = opened()
    columns = page.get_by_role("group", name="Columns")
    expect(columns.get_by_role("button", name="Planned")).to_have_attribute("aria-pressed", "true")
    columns.get_by_role("button", name="In progress").click()
    vote = page.get_by_role("button", name="Vote for “Connect to Xero”")
    vote.click()
    expect(vote).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="Connect to Xero", exact=True).click()
    expect(page.get_by_role("heading", name="Connect to Xero")).to_be_visible()
    page.get_by_role("tab", name="Roadmap").click()
    expect(columns.get_by_role("button", name="In progress")).to_have_attribute("aria-pressed", "true")
    expect(vote).to_have_attribute("aria-pressed", "true")
    assert complaints == []


def test_what_a_column_does_not_show_is_in_the_list(opened, plenty, complaints):
    page = opened()
    planned = page.get_by_role("group", name="Columns").get_by_role("button", name="Planned")
    count = int(planned.inner_text().split()[-1])
    page.get_by_role("button", name=f"{count - 50} more").click()
    expect(page.get_by_role("searchbox")).to_be_visible()
    expect(page.get_by_role("button", name="Filter, 1 active")).to_be_visible()
    expect(page.get_by_label("Status", exact=True)).to_have_value("planned")
    expect(page.get_by_role("listitem")).to_have_count(20)
    assert complaints == []


def test_a_change_elsewhere_arrives_and_takes_neither_focus_nor_column(opened, sayso, complaints):
    page = opened()
    page.get_by_role("button", name="Dark mode", exact=True).focus()
    other = opened()
    other.get_by_role("group", name="Columns").get_by_role("button", name="Planned").click()
    votes = page.get_by_role("button", name="Vote for “Dark mode”")
    before = votes.get_attribute("aria-label")
    other.get_by_role("button", name="Vote for “Dark mode”").click()
    expect(votes).not_to_have_attribute("aria-label", before)
    expect(page.get_by_role("button", name="Dark mode", exact=True)).to_be_focused()
    assert complaints == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_has_nothing_to_object_to_on_the_road_map(opened, scheme):
    page = opened(color_scheme=scheme, reduced_motion="reduce")
    expect(page.get_by_role("listitem").first).to_be_visible()
    found = Axe().run(page, "#sayso-panel", options={"resultTypes": ["violations"]}).response["violations"]
    assert [f"{each['id']}: {each['nodes'][0]['html'][:200]}" for each in found] == []
