"""The first hour as a new customer spends it: from the sign-in page to the first feedback from their own site, live."""

import re

import pytest
from playwright.sync_api import expect

NEW = "founder@northlight.example"
WISH = "Let me export all scenes at once"


@pytest.fixture
def founder(browser, sayso, letters, watched):
    """The dashboard of someone whom Sayso has never seen, right after signing up by letter."""
    context = browser.new_context(permissions=["clipboard-read", "clipboard-write"])
    page = watched(context.new_page())
    page.goto(sayso.base_url)
    page.get_by_role("link", name="Sign in").click()
    page.get_by_label("Your e-mail address").fill(NEW)
    page.get_by_role("button", name="Send me the link").click()
    expect(page.get_by_role("heading", name="Look in your inbox")).to_be_visible()
    letter = letters.to(NEW, "sign-in link").get_body(("plain",)).get_content()
    page.goto(re.search(r"http\S+/app/sign-in/\S+", letter)[0])
    page.get_by_role("button", name="Sign in").click()
    page.get_by_label("What is your product called?").fill("Northlight")
    page.get_by_role("button", name="Make the workspace").click()
    expect(page.get_by_role("heading", name="First steps")).to_be_visible()
    yield page
    context.close()


def test_from_sign_up_to_the_first_live_feedback(browser, founder, site, letters, watched, complaints):
    # 1: the tag is copied into a page of theirs, on a site of their own
    founder.get_by_role("button", name="Copy the tag").click()
    tag = founder.evaluate("navigator.clipboard.readText()")
    site.key = re.search(r'data-key="([^"]+)"', tag)[1]
    assert tag == f'<script async src="{site.base}/w.js" data-key="{site.key}"></script>'
    context = browser.new_context()
    page = watched(context.new_page())
    page.goto(site.url)
    page.get_by_role("button", name="Feedback").click()

    # it is seen at once, and the next step opens by itself
    expect(founder.get_by_text("1 of 5")).to_be_visible()
    expect(founder.get_by_text("and write what a user would")).to_be_visible()
    expect(founder.get_by_role("link", name="First steps")).to_contain_text("4")

    # 2: the first feedback, sent there, is here
    page.get_by_label("What is on your mind?").fill(WISH)
    page.get_by_role("button", name="Send").click()
    expect(founder.get_by_text("2 of 5")).to_be_visible()

    # 3: a colleague; this step has opened by itself too
    founder.get_by_label("Their e-mail address").fill("mira@northlight.example")
    founder.get_by_role("button", name="Send the invitation").click()
    expect(founder.get_by_text("3 of 5")).to_be_visible()
    invitation = letters.to("mira@northlight.example", "invites you to Northlight")
    assert f"{site.base}/app/join/" in invitation.get_body(("plain",)).get_content()

    # the rest can wait, and what has arrived is in the inbox
    founder.get_by_role("button", name="put these steps away").click()
    expect(founder.get_by_role("heading", name="Inbox")).to_be_visible()
    expect(founder.get_by_role("link", name=WISH)).to_be_visible()
    expect(founder.get_by_role("link", name="First steps")).to_have_count(0)
    assert complaints == []
    context.close()


def test_without_a_site_of_ones_own_the_preview_will_do(browser, sayso, watched, complaints):
    context = browser.new_context()
    page = watched(context.new_page())
    page.goto(sayso.command("sign-in", "solo@studio.example").strip())
    page.get_by_role("button", name="Sign in").click()
    page.get_by_label("What is your product called?").fill("Solo")
    page.get_by_role("button", name="Make the workspace").click()
    page.get_by_role("link", name=re.compile("^First steps")).wait_for()
    page.goto(page.url.replace("/start", "/settings"))
    page.get_by_role("link", name="Open it in a tab of its own").scroll_into_view_if_needed()
    frame = page.frame_locator("iframe[title='A page with your tag']")
    frame.get_by_role("button", name="Feedback").click()
    frame.get_by_label("What is on your mind?").fill("From the preview")
    frame.get_by_role("button", name="Send").click()
    expect(frame.get_by_text("Thank you!").first).to_be_visible()
    page.goto(page.url.replace("/settings", "/start"))
    expect(page.get_by_text("1 of 5")).to_be_visible()  # the feedback; a page of ours is not their site
    expect(page.get_by_text("Then open that page")).to_be_visible()
    assert complaints == []
    context.close()


def test_what_two_members_change_at_once_is_not_lost(browser, sayso, watched):
    owners = []
    for _ in range(2):
        page = watched(browser.new_context().new_page())
        page.goto(sayso.command("sign-in", "demo@sayso.example").strip())
        page.get_by_role("button", name="Sign in").click()
        page.goto(f"{sayso.base_url}/app/tidewater/settings/general")
        owners.append(page)
    first, second = owners
    second.get_by_label("Name of your product").fill("Tidewater Two")
    first.get_by_label("Minutes in which").fill("30")
    first.get_by_role("button", name="Save").click()
    expect(first.get_by_text("The settings were saved.")).to_be_visible()
    second.wait_for_timeout(1500)  # what is being typed must not be taken for newer than it is when the news arrives
    second.get_by_role("button", name="Save").click()
    expect(second.get_by_text("Somebody changed this meanwhile")).to_be_visible()
    expect(second.get_by_label("Name of your product")).to_have_value("Tidewater Two")
    second.get_by_label("Name of your product").fill("Tidewater")
    second.get_by_role("button", name="Save").click()
    expect(second.get_by_text("The settings were saved.")).to_be_visible()
    for page in owners:
        page.context.close()
