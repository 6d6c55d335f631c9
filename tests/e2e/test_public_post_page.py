"""The page of a post on the public face, in a browser: with scripts, without, and while others are at it."""

import json
import re
import urllib.request
from urllib.parse import parse_qs

import pytest
from installation import until
from playwright.sync_api import expect

PHONE = {"viewport": {"width": 390, "height": 844}}


class Team:
    """What the team and others do meanwhile, through the API."""

    def __init__(self, sayso):
        self.sayso = sayso

    def do(self, method: str, path: str, body: dict | None = None) -> dict:
        asked = urllib.request.Request(
            f"{self.sayso.base_url}/api/v1{path}", method=method, data=json.dumps(body).encode() if body else None,
            headers={"Authorization": f"Bearer {self.sayso.demo['api_key']}", "Content-Type": "application/json"},
        )  # fmt: skip
        with urllib.request.urlopen(asked, timeout=20) as answer:
            return json.loads(answer.read() or b"null")

    def post(self, title: str) -> int:
        return self.do("POST", "/posts", {"title": title, "author": "u_1003"})["number"]

    def say(self, number: int, body: str, **more) -> int:
        return self.do("POST", f"/posts/{number}/comments", {"body": body, **more})["id"]


@pytest.fixture
def team(sayso):
    return Team(sayso)


@pytest.fixture
def opened(browser, sayso, watched):
    """Opens a post as somebody new, in a browser of their own."""
    contexts = []

    def opened(number: int, query: str = "", **how):
        contexts.append(browser.new_context(**how))
        page = watched(contexts[-1].new_page())
        if how.get("java_script_enabled", True):
            with page.expect_response(lambda answer: "/stream?" in answer.url):  # it listens from here on
                page.goto(f"{sayso.base_url}/b/{sayso.demo['workspace']}/posts/{number}{query}")
        else:
            page.goto(f"{sayso.base_url}/b/{sayso.demo['workspace']}/posts/{number}{query}")
        return page

    yield opened
    for context in contexts:
        context.close()


def press(page, name: str, **more) -> None:
    page.get_by_role("button", name=name, exact=True, **more).click()


def fold(page, name: str):
    """The name of something that opens below it."""
    return page.locator("summary", has_text=re.compile(f"^{name}"))


def shape(words) -> list[tuple]:
    """Where these words are, seen from the first one."""
    boxes = [word.bounding_box() for word in words.all()]
    return [(box["x"] - boxes[0]["x"], box["y"] - boxes[0]["y"]) for box in boxes]


def notice(page, text: str) -> None:
    expect(page.get_by_role("status").get_by_text(text)).to_be_visible()


@pytest.mark.parametrize("scripts", [True, False])
def test_somebody_new_votes_follows_comments_answers_corrects_and_deletes(opened, team, complaints, scripts):
    number = team.post(f"Stamps on invoices {scripts}")
    team.say(number, "Which stamps?")
    page = opened(number, java_script_enabled=scripts, **PHONE)
    page.get_by_role("button", name=re.compile("^Vote for")).click()
    expect(page.get_by_role("button", name=re.compile("2 votes$"))).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_role("button", name="Following", exact=True)).to_be_visible()
    page.get_by_label("Add a comment").fill("The **round** ones")
    press(page, "Add comment")
    notice(page, "Your comment is in.")
    expect(page.locator(".threads strong", has_text="round")).to_be_visible()
    expect(page.get_by_label("Add a comment")).to_have_value("")
    fold(page, "Reply").first.click()
    page.get_by_role("textbox", name=re.compile("^Reply to")).fill("And in blue")
    page.locator(".acts > div:visible").get_by_role("button", name="Reply").click()
    expect(page.locator(".threads .prose", has_text="And in blue")).to_be_visible()
    expect(page.locator("details[open]")).to_have_count(0)
    row = page.locator(".acts", has=fold(page, "Edit")).first.locator("summary")
    was = shape(row)
    fold(page, "Edit").first.click()
    assert shape(row) == was  # it stays above what it opens, also for the keyboard
    fold(page, "Edit").first.focus()
    for then in (fold(page, "Delete").first, page.get_by_role("textbox", name="Your comment")):
        page.keyboard.press("Tab")
        expect(then).to_be_focused()
    page.keyboard.press("ControlOrMeta+A")
    page.keyboard.type("And in green")
    page.locator(".acts > div:visible").get_by_role("button", name="Save").click()
    notice(page, "Your comment is changed.")
    expect(page.locator(".threads .prose", has_text="And in green")).to_be_visible()
    fold(page, "Delete").first.click()
    page.locator(".acts > div:visible").get_by_role("button", name="Delete").click()
    notice(page, "Your comment is deleted.")
    expect(page.get_by_role("heading", name="2 comments")).to_be_visible()
    assert complaints == []


def test_what_others_do_shows_at_once_and_moves_nothing_that_somebody_writes(opened, team, complaints):
    number = team.post("Duplicate an estimate")
    first = team.say(number, "One\n\n" * 12)
    team.say(number, "Two")
    page = opened(number)
    fold(page, "Reply").nth(1).click()
    box = page.get_by_role("textbox", name=re.compile("^Reply to"))
    expect(box).to_be_focused()
    box.press_sequentially("I am in the mid")
    before = box.bounding_box()
    team.say(number, "Meanwhile", parent=first)
    team.do("PUT", f"/posts/{number}/votes/u_1017")
    team.do("PUT", f"/posts/{number}/status", {"status": "planned"})
    team.say(number, "It will come", official=True)
    expect(page.get_by_text("Meanwhile")).to_be_visible()
    expect(page.locator("[data-live=votes]")).to_contain_text("2")
    expect(page.get_by_role("region", name="Official answer")).to_contain_text("It will come")
    expect(page.locator("header .status")).to_have_text("Planned")
    expect(box).to_be_focused()
    assert abs(box.bounding_box()["y"] - before["y"]) < 2
    page.keyboard.type("dle")
    expect(box).to_have_value("I am in the middle")
    assert complaints == []


def test_words_that_can_no_longer_be_said_stay_until_they_are_sent_and_then_too(opened, team, complaints):
    number = team.post("Remember the last client")
    page = opened(number)
    page.get_by_label("Add a comment").fill("My careful words")
    team.do("PATCH", f"/posts/{number}", {"locked": True})
    expect(page.locator("header .by")).to_contain_text("Closed")
    expect(page.get_by_label("Add a comment")).to_have_value("My careful words")
    press(page, "Add comment")
    expect(page.get_by_role("alert")).to_have_text("The team has closed this post for new votes and comments.")
    expect(page.get_by_label("Add a comment")).to_have_value("My careful words")
    assert [said for said in complaints if "403" not in said] == []


def test_a_vote_shows_at_once_and_what_reached_nobody_is_taken_back(opened, team, complaints):
    number = team.post("Round the hours")
    page = opened(number)
    vote, held = page.get_by_role("button", name=re.compile("^Vote for")), []
    page.route(f"**/posts/{number}", lambda route: held.append(route))
    vote.click()
    expect(vote).to_have_attribute("aria-pressed", "true")
    expect(vote).to_have_text("2")
    until(lambda: page.evaluate("1") and held)
    held.pop().abort()
    notice(page, "The server could not be reached. Please try again.")
    expect(vote).to_have_attribute("aria-pressed", "false")
    expect(vote).to_have_text("1")
    page.get_by_label("Add a comment").fill("+1")
    press(page, "Add comment")
    until(lambda: page.evaluate("1") and held)
    names = {parse_qs(held[0].request.post_data)["submission"][0]}
    held.pop().abort()
    notice(page, "What you wrote is still here.")
    press(page, "Add comment")
    until(lambda: page.evaluate("1") and held)
    names.add(parse_qs(held[0].request.post_data)["submission"][0])
    held.pop().continue_()
    notice(page, "Your comment is in.")
    assert len(names) == 1
    assert [said for said in complaints if "ERR_FAILED" not in said] == []


def test_a_post_reads_well_in_a_language_that_is_read_from_the_right(opened, team, complaints):
    number = team.post("Hours per client")
    page = opened(number, "?lang=ar", **PHONE)
    assert page.locator("html").get_attribute("dir") == "rtl"
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    votes, title = (page.locator(place).bounding_box() for place in ("header .votes", "article h1"))
    assert votes["x"] > title["x"]
    page.get_by_label("أضف تعليقًا").fill("نعم، من فضلكم")
    press(page, "إرسال التعليق")
    expect(page.locator(".threads .prose", has_text="نعم")).to_be_visible()
    assert complaints == []
