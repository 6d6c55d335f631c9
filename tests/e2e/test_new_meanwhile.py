"""A post on its way: what is written meanwhile, an answer that is lost, and words that were changed after that."""

import pytest
from installation import until
from people import rows, team
from playwright.sync_api import expect

POSTS = "**/api/widget/posts"
TITLE = "What is on your mind?"
MADE = "SELECT count(*) FROM post WHERE title = %s"


@pytest.fixture
def page(browser, site):
    context = browser.new_context()
    page = context.new_page()
    page.goto(site.url)
    page.get_by_role("button", name="Feedback", exact=True).click()
    expect(page.get_by_role("button", name="Attach")).to_be_visible()
    yield page
    context.close()


def send(page) -> None:
    page.get_by_role("button", name="Send").click()


def thanked(page):
    return expect(page.get_by_text("Thank you!").first).to_be_visible()


def made(sayso, title: str) -> int:
    return rows(sayso, MADE, title)[0][0]


def lose(route) -> None:
    """It arrives, and the answer does not."""
    route.fetch()
    route.abort()


def test_an_answer_that_was_lost_on_the_way_makes_no_second_post(page, sayso):
    page.get_by_label(TITLE).fill("Lost on the way back")
    page.route(POSTS, lose, times=1)
    send(page)
    expect(page.get_by_text("Your text is still here.")).to_be_visible()
    page.get_by_role("button", name="Try again").click()
    thanked(page)
    assert made(sayso, "Lost on the way back") == 1


@pytest.mark.parametrize("locked", [False, True])
def test_words_that_were_changed_after_an_answer_was_lost_arrive_too(page, sayso, locked):
    before, after = f"First words {locked}", f"Better words {locked}"
    page.get_by_label(TITLE).fill(before)
    page.route(POSTS, lose, times=1)
    send(page)
    expect(page.get_by_text("Your text is still here.")).to_be_visible()
    if locked:
        number = team(sayso, "GET", "posts?sort=new&limit=1")["data"][0]["number"]
        team(sayso, "PATCH", f"posts/{number}", locked=True)
    page.get_by_label(TITLE).fill(after)
    send(page)
    if locked:
        expect(page.get_by_text("An earlier try has arrived and can no longer be changed.")).to_be_visible()
        expect(page.get_by_label(TITLE)).to_have_value(after)
        page.get_by_role("button", name="Try again").click()
    thanked(page)
    expect(page.get_by_text(after).first).to_be_visible()
    assert (made(sayso, before), made(sayso, after)) == (int(locked), 1)


def test_nothing_is_written_into_what_is_on_its_way_and_one_goes_on_where_one_was(page):
    held = []
    page.get_by_label(TITLE).fill("On its way")
    details = page.get_by_label("Details")
    details.fill("All of it")
    page.route(POSTS, lambda route: held.append(route), times=1)
    details.press("Control+Enter")
    until(lambda: page.evaluate("1") and held)
    expect(page.get_by_role("button", name="Sending…")).to_be_focused()
    details.click(force=True)
    page.keyboard.type("and more")
    held[0].abort()
    expect(details).to_be_focused()
    expect(details).to_have_value("All of it")
    page.keyboard.type(", now")
    page.keyboard.press("Control+Enter")
    thanked(page)
    expect(page.get_by_text("All of it, now").first).to_be_visible()
