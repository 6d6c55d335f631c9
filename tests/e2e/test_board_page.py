"""The board in a real browser: quick and live with scripts, whole without them, and nothing moves under its reader."""

import re
from itertools import count

import people
import pytest
from playwright.sync_api import expect

PLACES = "[...document.querySelectorAll('.rows > li')].map(row => [row.dataset.live, row.getBoundingClientRect().top])"
fresh = count(1)


@pytest.fixture
def visitor(browser, sayso, watched):
    """Opens a page of the demo's board, in a browser of its own."""
    contexts = []

    def visitor(path: str = "", **how):
        context = browser.new_context(base_url=sayso.base_url, **how)
        contexts.append(context)
        page = watched(context.new_page())
        page.home = f"/b/{sayso.demo['workspace']}"
        if how.get("java_script_enabled", True):
            with page.expect_response(lambda answer: "/stream?" in answer.url):  # it listens from here on
                page.goto(page.home + path)
        else:
            page.goto(page.home + path)
        return page

    yield visitor
    for context in contexts:
        context.close()


def row(page, title: str):
    return page.get_by_role("listitem").filter(has=page.get_by_role("link", name=title, exact=True))


def vote(page, title: str):
    return page.get_by_role("button", name=re.compile(f"^Vote for “{re.escape(title)}”"))


def like_it(page):
    return page.get_by_role("complementary", name="Similar posts")


def said(page):
    return page.locator(".notices")


def test_a_vote_counts_where_it_is_given_and_the_keyboard_stays_there(sayso, visitor, complaints):
    title = f"Ballot {next(fresh)}"
    people.team(sayso, "POST", "posts", title=title)
    page = visitor("?sort=new")
    expect(page.get_by_role("link", name="Sign in")).to_be_visible()
    vote(page, title).focus()
    for pressed, votes in (("true", 2), ("false", 1), ("true", 2)):
        page.keyboard.press("Enter")
        expect(vote(page, title)).to_have_attribute("aria-pressed", pressed)
        expect(vote(page, title)).to_have_accessible_name(re.compile(f", {votes} votes?$"))
        expect(vote(page, title)).to_be_focused()
    expect(page.get_by_role("link", name="My page")).to_be_visible()  # who acts is known from there on
    page.reload()
    expect(vote(page, title)).to_have_attribute("aria-pressed", "true")
    assert complaints == []


def test_what_others_do_is_shown_and_nothing_moves(sayso, visitor, complaints):
    old, new = f"Seen {next(fresh)}", f"Unseen {next(fresh)}"
    number = people.team(sayso, "POST", "posts", title=old)["number"]
    page = visitor("?sort=new&board=features")
    places = page.evaluate(PLACES)
    people.team(sayso, "PUT", f"posts/{number}/status", status="planned", notify=False)
    people.team(sayso, "POST", "posts", title="Elsewhere", board="bugs")
    people.team(sayso, "POST", "posts", title=new)
    people.team(sayso, "PUT", f"posts/{number}/votes/somebody-else")
    expect(row(page, old)).to_contain_text("Planned")
    expect(vote(page, old)).to_have_accessible_name(re.compile(", 2 votes$"))
    arrived = page.get_by_role("link", name="1 new post", exact=True)
    expect(arrived).to_be_visible()
    assert page.evaluate(PLACES) == places
    arrived.click()
    expect(row(page, new)).to_be_visible()
    expect(arrived).to_have_count(0)
    assert complaints == []


def test_while_somebody_writes_what_is_like_it_shows_and_no_word_is_lost(sayso, visitor, complaints):
    people.team(sayso, "POST", "fields", key="browser", name="Which browser", type="text", board="bugs", required=True)
    page = visitor("/posts/new")
    top = page.get_by_label("Details").bounding_box()
    page.get_by_label("What is on your mind?").press_sequentially("A dark mode")
    expect(like_it(page).get_by_role("link", name="Dark mode", exact=True)).to_be_visible()
    assert page.get_by_label("Details").bounding_box() == top
    page.get_by_label("Details").fill("For the **evening**")
    page.get_by_label("Board").select_option(label="Bugs")
    expect(page.get_by_label("Which browser")).to_be_visible()
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_text("Please fill this in.")).to_be_visible()
    expect(page.get_by_label("Which browser")).to_be_focused()
    expect(page.get_by_label("Details")).to_have_value("For the **evening**")
    assert len(complaints) == 1 and " 422 " in complaints.pop()
    page.get_by_label("Which browser").fill("Lynx")
    page.get_by_role("button", name="Send").click()
    page.wait_for_url(re.compile(r"/posts/\d+$"))
    expect(page.get_by_role("heading", level=1, name="A dark mode")).to_be_visible()
    expect(said(page)).to_contain_text("Thank you")
    people.team(sayso, "DELETE", "fields/browser")
    assert complaints == []


def test_somebody_votes_for_what_is_there_instead_of_writing_it_again(visitor, complaints):
    page = visitor("/posts/new?title=Xero")
    page.get_by_label("What is on your mind?").press_sequentially(" connection")
    similar = like_it(page).get_by_role("listitem").filter(has_text="Connect to Xero")
    similar.get_by_role("button", name="Vote for this instead").click()
    page.wait_for_url(re.compile(r"/posts/\d+$"))
    expect(page.get_by_role("heading", level=1, name="Connect to Xero")).to_be_visible()
    expect(vote(page, "Connect to Xero")).to_have_attribute("aria-pressed", "true")
    expect(said(page)).to_contain_text("Your vote is counted.")
    assert complaints == []


def test_without_scripts_one_finds_votes_and_writes(visitor, complaints):
    page = visitor(java_script_enabled=False)
    page.get_by_role("navigation", name="Boards").get_by_role("link", name="Integrations").click()
    page.get_by_role("searchbox", name="Search").fill("xero")
    page.keyboard.press("Enter")
    expect(row(page, "Connect to Xero")).to_contain_text("same words")
    expect(row(page, "Recurring invoices")).to_have_count(0)
    vote(page, "Connect to Xero").click()
    expect(vote(page, "Connect to Xero")).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_role("searchbox", name="Search")).to_have_value("xero")
    page.get_by_role("link", name="New post").click()
    page.get_by_label("What is on your mind?").fill("Xero and Sage")
    page.get_by_label("Details").fill("As to Xero")
    page.get_by_role("button", name="Look for similar posts").click()
    similar = like_it(page).get_by_role("listitem").filter(has_text="Connect to Xero")
    expect(similar).to_contain_text("You voted")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("heading", level=1, name="Xero and Sage")).to_be_visible()
    expect(said(page)).to_contain_text("Thank you")
    expect(page.get_by_role("paragraph").filter(has_text="As to Xero")).to_be_visible()
    assert complaints == []
