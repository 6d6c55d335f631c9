"""Two members on the page of one post: what one does the other sees, and neither overwrites what the other wrote."""

import re

import pytest
from playwright.sync_api import expect

OWNER, COLLEAGUE = "demo@sayso.example", "colleague@sayso.example"
TITLE = "Two members at once"


@pytest.fixture
def both(browser, sayso, watched):
    """The pages of two members of the demo team, each signed in."""
    contexts = [browser.new_context() for _ in range(2)]
    pages, key = [], {"Authorization": f"Bearer {sayso.demo['api_key']}"}
    for context, email in zip(contexts, (OWNER, COLLEAGUE), strict=True):
        page = watched(context.new_page())
        if email == COLLEAGUE:
            page.request.post(f"{sayso.base_url}/api/v1/members", headers=key, data={"email": email})
        page.goto(sayso.command("sign-in", email).strip())
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url(re.compile(r"/app/(new|[\w-]+/inbox)$"))
        if page.url.endswith("/new"):  # the colleague is asked in, and comes for the first time
            page.get_by_role("button", name="Join the team").click()
            page.wait_for_url("**/inbox")
        pages.append(page)
    yield pages
    for context in contexts:
        context.close()


@pytest.fixture
def post(both, sayso):
    """The address of a new post, which both have open."""
    one, other = both
    one.goto(f"{sayso.base_url}/app/{sayso.demo['workspace']}/posts/new")
    one.get_by_label("Title").fill(TITLE)
    one.get_by_label("Details").fill("As it was.")
    one.get_by_role("button", name="Write the post").click()
    expect(one.get_by_role("heading", name=TITLE)).to_be_visible()
    other.goto(one.url)
    return one.url


def open_edit(page):
    page.locator("#edit > summary").click()
    return page.locator("#edit form")


def test_what_one_does_the_other_sees_without_a_reload(both, post):
    one, other = both
    one.get_by_label("Status").select_option(label="Planned")
    one.get_by_role("textbox", name="Note").fill("In spring.")
    one.get_by_role("button", name="Save status").click()
    expect(one.get_by_text("The status was set.")).to_be_visible()
    expect(other.locator("[data-live=title]")).to_contain_text("Planned")
    expect(other.locator("[data-live=history]")).to_contain_text("In spring.")
    expect(other.get_by_label("Status")).to_have_value("planned")
    # and a comment; what the other is writing at this moment stays
    other.get_by_label("Write a comment").fill("I am still writing")
    one.get_by_label("Write a comment").fill("We begin on Monday.")
    one.get_by_role("radio", name="Internal note").check()
    one.get_by_role("button", name="Add comment").click()
    expect(other.locator("[data-live=comments]")).to_contain_text("We begin on Monday.")
    expect(one.get_by_label("Write a comment")).to_have_value("")
    expect(other.get_by_label("Write a comment")).to_have_value("I am still writing")


def test_who_writes_for_what_has_changed_is_warned_and_nothing_is_lost(both, post, complaints):
    one, other = both
    mine, theirs = open_edit(one), open_edit(other)
    theirs.get_by_label("Details").fill("What the other wrote.")
    mine.get_by_label("Title").fill("Changed by one")
    mine.get_by_role("button", name="Save changes").click()
    expect(one.get_by_role("heading", name="Changed by one")).to_be_visible()
    # the other sees it come, and keeps what is typed
    expect(other.get_by_role("heading", name="Changed by one")).to_be_visible()
    expect(other.get_by_text("Somebody changed this post just now.")).to_be_visible()
    expect(theirs.get_by_label("Details")).to_have_value("What the other wrote.")
    theirs.get_by_role("button", name="Save changes").click()
    expect(other.get_by_text("changed this post while you were writing")).to_be_visible()
    expect(other.locator(".theirs").first).to_have_text("As it was.")
    expect(theirs.get_by_label("Details")).to_have_value("What the other wrote.")
    # what happens meanwhile does not take it away
    one.get_by_label("Add a tag").fill("Urgent")
    one.get_by_role("button", name="Add", exact=True).click()
    expect(other.locator("[data-live=tags]")).to_contain_text("Urgent")
    expect(theirs.get_by_label("Details")).to_have_value("What the other wrote.")
    theirs.get_by_role("button", name="Save mine anyway").click()
    expect(one.locator("[data-live=body]")).to_contain_text("What the other wrote.")
    one.get_by_text("What changed").first.click()
    expect(one.locator("[data-live=history] ins").first).to_be_visible()
    # the browser itself notes each answer that is not a success
    assert [said for said in complaints if "409" not in said] == []


def test_a_status_that_another_set_meanwhile_is_not_overwritten(both, post):
    one, other = both
    other.get_by_label("Status").select_option(label="Not planned")
    other.get_by_role("textbox", name="Note").fill("Not for us.")
    one.get_by_label("Status").select_option(label="Planned")
    one.get_by_role("button", name="Save status").click()
    expect(other.get_by_text("Its status was changed just now, to Planned.")).to_be_visible()
    other.get_by_role("button", name="Save status").click()
    expect(other.get_by_role("alert").first).to_contain_text("changed meanwhile")
    expect(other.get_by_role("textbox", name="Note")).to_have_value("Not for us.")
    expect(other.locator("[data-live=title]")).to_contain_text("Planned")
    other.get_by_role("button", name="Save status").click()
    expect(one.locator("[data-live=title]")).to_contain_text("Not planned")
