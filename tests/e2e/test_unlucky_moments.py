"""What happens at the wrong moment: answers that come late, pieces that do not come, storage that is not there. Nobody acts
as somebody else, and nothing is dead until the page is loaded again."""

from contextlib import closing

import psycopg2
import pytest
from people import token
from playwright.sync_api import expect

USERS = 'SELECT count(*) FROM "user"'
END = 'UPDATE "user" SET session_version = session_version + 1 WHERE external_id = %s'
NO_STORAGE = "Object.defineProperty(window, 'localStorage', { get() { throw new DOMException('no'); } })"


@pytest.fixture
def page(browser, site, watched):
    context = browser.new_context()
    page = watched(context.new_page())
    page.calls = []
    page.on("request", lambda asked: "/api/widget/" in asked.url and page.calls.append(asked))
    yield page
    context.close()


def sql(sayso, statement: str, *values):
    with closing(psycopg2.connect(sayso.database_url)) as connection, connection, connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchone()[0] if cursor.description else None


def votes(page) -> list[dict]:
    return [call.post_data_json for call in page.calls if call.url.endswith("/vote")]


def vote(page, index: int = 0):
    button = page.get_by_role("button", name="Vote for").nth(index)
    was = button.get_attribute("aria-pressed")
    with page.expect_response(lambda answer: answer.url.endswith("/vote")) as answered:
        button.click()
    expect(button).not_to_have_attribute("aria-pressed", was)
    return answered.value


def both(page):
    """Waits until two votes have been counted."""
    counted = []
    return page.expect_response(lambda answer: answer.url.endswith("/vote") and answer.ok
                                and (counted.append(answer) or len(counted) == 2))  # fmt: skip


def test_an_answer_that_comes_after_a_logout_signs_nobody_in_again(page, site, sayso, complaints):
    page.goto(site.url)
    page.evaluate("token => sayso.identify(token)", token(sayso.demo, "late-1"))
    held = []
    page.route("**/opening", lambda route: held.append(route) if not held else route.fallback())
    with page.expect_request("**/opening"):
        page.evaluate("void sayso.open('list')")
    page.wait_for_timeout(0)
    page.evaluate("sayso.logout()")
    held[0].continue_()
    expect(page.get_by_role("button", name="Vote for").first).to_be_visible()
    vote(page)
    assert "session" not in votes(page)[-1]
    assert complaints == []


def test_a_vote_of_one_whose_session_has_ended_is_nobody_elses(page, site, sayso):
    site.attributes = f' data-user-token="{token(sayso.demo, "ended-1")}"'
    page.goto(site.url)
    page.evaluate("void sayso.open('list')")
    button = page.get_by_role("button", name="Vote for").first
    expect(button).to_be_visible()
    before = sql(sayso, USERS)
    sql(sayso, END, "ended-1")
    button.click()
    expect(page.locator("#sayso-panel .toast")).to_be_visible()
    assert len(votes(page)) == 1 and sql(sayso, USERS) == before


def test_two_votes_that_find_the_session_ended_are_both_counted(page, site, sayso):
    page.goto(site.url)
    page.evaluate("token => sayso.identify(async () => token)", token(sayso.demo, "both-1"))
    page.evaluate("void sayso.open('list')")
    buttons = [page.get_by_role("button", name="Vote for").nth(index) for index in (2, 3)]
    expect(buttons[1]).to_be_visible()
    sql(sayso, END, "both-1")
    with both(page):
        for button in buttons:
            button.click()
    for button in buttons:
        expect(button).to_have_attribute("aria-pressed", "true")


def test_two_first_votes_at_once_are_one_persons(page, site, sayso, complaints):
    page.goto(site.url)
    page.evaluate("void sayso.open('list')")
    expect(page.get_by_role("button", name="Vote for").nth(5)).to_be_visible()
    labels = [page.get_by_role("button", name="Vote for").nth(index).get_attribute("aria-label") for index in (4, 5)]
    buttons = [page.get_by_role("button", name=label.rpartition(",")[0]) for label in labels]
    before = sql(sayso, USERS)
    with both(page):
        page.evaluate("""() => document.querySelector("#sayso-panel").shadowRoot.querySelectorAll("button.vote")
            .forEach((button, index) => [4, 5].includes(index) && button.click())""")
    page.reload()
    page.evaluate("void sayso.open('list')")
    for button in buttons:
        expect(button).to_have_attribute("aria-pressed", "true")
    assert (sql(sayso, USERS), complaints) == (before + 1, [])


def test_a_page_without_storage_keeps_who_acted_in_memory(page, site, sayso, complaints):
    page.add_init_script(NO_STORAGE)
    page.goto(site.url)
    page.evaluate("void sayso.open('list')")
    expect(page.get_by_role("button", name="Vote for").first).to_be_visible()
    before = sql(sayso, USERS)
    answers = [vote(page).json()["post"]["votes"] for _ in range(3)]
    assert answers == [answers[0], answers[0] - 1, answers[0]]
    assert (sql(sayso, USERS), complaints) == (before + 1, [])


def test_a_view_that_did_not_come_can_be_closed_and_asked_for_again(page, site):
    page.goto(site.url)
    page.route("**/roadmap.js*", lambda route: route.abort("connectionreset"))
    page.evaluate("void sayso.open('roadmap')")
    again = page.get_by_role("button", name="Try again")
    expect(again).to_be_visible()
    page.keyboard.press("Escape")
    expect(again).to_be_hidden()
    page.get_by_role("button", name="Feedback").click()
    expect(again).to_be_visible()
    page.unroute("**/roadmap.js*")
    again.click()
    expect(page.get_by_role("button", name="Vote for").first).to_be_visible()
    page.get_by_role("button", name="Close").click()
    expect(page.get_by_role("tab", name="Roadmap")).to_be_hidden()


@pytest.mark.parametrize(("piece", "view"), [("panel", "new"), ("text", "news"), ("write", "post:1")])
def test_a_piece_that_a_restart_swallowed_comes_at_the_next_try(page, site, piece, view):
    page.goto(site.url)
    page.route(f"**/{piece}.js", lambda route: route.fulfill(status=502, body="restarting"), times=1)
    opened = page.evaluate("view => sayso.open(view).then(() => 'opened', problem => problem.code)", view)
    if opened == "opened":
        page.get_by_role("button", name="Try again").click()
    else:
        page.evaluate("view => sayso.open(view)", view)
    expect(page.locator("#sayso-panel .bone")).to_have_count(0)
    expect(page.get_by_role("tab", selected=True)).to_be_visible()
    expect(page.get_by_role("button", name="Try again")).to_have_count(0)


def test_a_panel_of_yesterday_says_that_the_page_is_old(page, site):
    page.goto(site.url)
    page.evaluate("sayso.open('new')")
    page.route("**/news.js", lambda route: route.fulfill(status=404))
    page.evaluate("sayso.open('news')")
    expect(page.get_by_text("This page is out of date by now. Please reload it.")).to_be_visible()


def test_one_that_was_destroyed_while_it_opened_asks_for_nothing_more(page, site, complaints):
    page.goto(site.url)
    held = []
    page.route("**/opening", lambda route: held.append(route))
    with page.expect_request("**/opening"):
        page.evaluate("void sayso.open('list')")
    page.evaluate("sayso.destroy()")
    asked = len(page.calls)
    page.wait_for_timeout(0)
    with page.expect_response("**/opening"):
        held[0].continue_()
    page.wait_for_timeout(500)  # a stream would have been opened by now
    assert (len(page.calls), page.evaluate("typeof sayso"), complaints) == (asked, "undefined", [])


def test_whoever_works_elsewhere_on_the_page_keeps_the_focus(page, site):
    page.goto(site.url)
    page.get_by_role("button", name="Feedback").click()
    page.get_by_label("Search").click()
    page.evaluate("sayso.close()")
    expect(page.get_by_label("Search")).to_be_focused()
