"""The news in the widget: what is unread, what it says with its pictures, and what people think of it."""

import json
import re
import time

import jwt
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

NEWEST, OLDEST = "Reminders that write themselves", "Moving in is easier, and the door has a second lock"


@pytest.fixture
def opened(browser, site, watched, sayso):
    """A page of the customer's site, as one of the demo's users or nobody sees it."""
    contexts = []

    def opened(user=None, **how):
        context = browser.new_context(**how)
        contexts.append(context)
        site.attributes = f' data-locale="en" data-user-token="{token(sayso.demo, user)}"' if user else ""
        page = watched(context.new_page())
        page.goto(site.url)
        return page

    yield opened
    for context in contexts:
        context.close()


def token(demo: dict, user: str) -> str:
    now = int(time.time())
    claims = {"sub": user, "iss": demo["workspace_id"], "aud": "sayso", "iat": now, "exp": now + 600}
    return jwt.encode(claims, demo["identity_secret"], algorithm="HS256", headers={"kid": demo["identity_kid"]})


def test_unread_news_are_announced_marked_and_read_once(opened, complaints):
    page = opened("u_1012")
    page.get_by_role("link", name="Ideas").click()
    news = page.get_by_role("tab", name=re.compile(r"News, \d+ new"))
    unread = int(re.search(r"\d+", news.get_attribute("aria-label") or news.inner_text())[0])
    news.click()
    expect(page.get_by_role("listitem").filter(has_text=NEWEST).get_by_role("img", name="New to you")).to_be_visible()
    assert unread >= 2
    expect(page.get_by_role("img", name="New to you")).to_have_count(unread)
    expect(page.get_by_role("tab", name="News", exact=True)).to_be_visible()
    assert page.evaluate("sayso.unread()") == 0

    page = opened("u_1012")
    page.get_by_role("link", name="Ideas").click()
    page.get_by_role("tab", name="News", exact=True).click()
    expect(page.get_by_role("heading", name=NEWEST)).to_be_visible()
    expect(page.get_by_role("img", name="New to you")).to_have_count(0)
    assert complaints == []


def test_an_entry_shows_its_picture_its_posts_and_all_of_its_text(opened, complaints):
    page = opened()
    page.evaluate("sayso.open('news')")
    entry = page.get_by_role("listitem").filter(has=page.get_by_role("heading", name=NEWEST))
    picture = entry.get_by_role("img", name="The reminders of an invoice")
    expect(picture).not_to_have_js_property("height", 0)
    expect(entry.get_by_text("New", exact=True)).to_be_visible()
    on = entry.get_by_role("button", name="Read on")
    on.click()
    expect(on).to_be_hidden()
    expect(entry.get_by_text("in Slack", exact=True)).to_be_in_viewport()
    entry.get_by_role("button", name="Send reminders when an invoice is overdue").click()
    expect(page.get_by_role("heading", name="Send reminders when an invoice is overdue")).to_be_visible()
    assert complaints == []


def test_a_reaction_counts_at_once_stays_and_is_taken_back_when_it_fails(opened, complaints):
    page = opened("u_1011")
    page.evaluate("sayso.open('news')")
    entry = page.get_by_role("listitem").filter(has=page.get_by_role("heading", name=NEWEST))
    confused = entry.get_by_role("button", name="Confused")
    confused.click()
    expect(confused).to_have_attribute("aria-pressed", "true")
    expect(confused).to_have_accessible_name("Confused, 1")
    expect(entry.get_by_role("group", name="Reactions").get_by_role("button")).to_have_count(4)

    page.route("**/reaction", lambda route: route.abort())
    confused.click()
    expect(page.get_by_text("We could not reach the server.")).to_be_visible()
    expect(confused).to_have_attribute("aria-pressed", "true")
    page.unroute("**/reaction")
    confused.click()
    expect(confused).to_have_accessible_name("Confused")
    assert [said for said in complaints if "net::ERR_FAILED" not in said] == []


def test_show_more_leads_to_the_first_of_the_older_ones_also_when_there_are_no_more(opened, site, complaints):
    page = opened()
    page.route("**/api/widget/news", halve)
    page.evaluate("sayso.open('news')")
    more = page.get_by_role("button", name="Show more")
    more.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name=OLDEST)).to_be_attached()
    expect(more).to_be_hidden()
    expect(page.get_by_role("listitem").filter(has=page.get_by_role("heading")).nth(1).get_by_role("heading").first).to_be_focused()
    assert complaints == []


def halve(route) -> None:
    """Answers with one entry, and with the rest when it is asked for the second page."""
    asked = json.loads(route.request.post_data)
    second = asked.pop("cursor", None)
    answer = route.fetch(post_data=json.dumps(asked))
    entries = answer.json()["data"]
    page = {"data": entries[1:], "next_cursor": None} if second else {"data": entries[:1], "next_cursor": "more"}
    route.fulfill(response=answer, json=page)


def test_a_page_can_point_at_one_entry(opened, sayso, complaints):
    page = opened()
    page.evaluate("sayso.open('news')")
    expect(page.get_by_role("heading", name=OLDEST)).to_be_attached()
    entry = page.request.post(f"{sayso.base_url}/api/widget/news", data=f'{{"key": "{sayso.demo["widget_key"]}"}}',
                              headers={"Content-Type": "text/plain"}).json()["data"][-1]["id"]  # fmt: skip
    page.reload()
    page.evaluate(f"sayso.open('news', {{entry: {entry}}})")
    expect(page.get_by_role("heading", name=OLDEST)).to_be_focused()
    expect(page.get_by_role("heading", name=OLDEST)).to_be_in_viewport()
    assert complaints == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_has_nothing_to_object_to_in_the_news(opened, scheme):
    page = opened("u_1014", color_scheme=scheme, reduced_motion="reduce")
    page.evaluate("sayso.open('news')")
    expect(page.get_by_role("heading", name=NEWEST)).to_be_visible()
    found = Axe().run(page, "#sayso-panel", options={"resultTypes": ["violations"]}).response["violations"]
    assert [f"{each['id']}: {each['nodes'][0]['html'][:200]}" for each in found] == []
