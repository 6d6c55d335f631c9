"""The public face in a browser that runs no scripts: read, search, vote, write, answer, sign in, stop a letter."""

import re

import people
import pytest
from playwright.sync_api import expect
from test_public_people import HOME, link_in, sign_in

EMAIL = "gray@plain.example"


@pytest.fixture
def page(browser, sayso, watched):
    assert sayso.demo
    context = browser.new_context(base_url=sayso.base_url, java_script_enabled=False)
    yield watched(context.new_page())
    context.close()


def vote(page, title: str):
    return page.get_by_role("button", name=re.compile(f"^Vote for “{title}”"))


def said(page, text: str) -> None:
    expect(page.locator(".notice")).to_contain_text(text)


def test_all_of_it_works(page, sayso, letters, complaints):
    page.goto(HOME)
    page.get_by_role("searchbox", name="Search").fill("repeat an invoice each month")
    page.keyboard.press("Enter")
    expect(page.get_by_role("listitem").filter(has_text="Recurring invoices")).to_contain_text(
        re.compile("same (words|meaning)")
    )
    vote(page, "Recurring invoices").click()
    expect(vote(page, "Recurring invoices")).to_have_attribute("aria-pressed", "true")
    assert "q=repeat" in page.url  # still where they were

    page.get_by_role("link", name="Recurring invoices").click()
    page.get_by_label("Add a comment").fill("Quarterly, **please**")
    page.get_by_role("button", name="Add comment").click()
    expect(page.get_by_role("listitem").filter(has_text="Quarterly").locator("strong", has_text="please")).to_be_visible()

    page.goto(HOME)
    page.get_by_role("link", name="New post").first.click()
    page.get_by_label("What is on your mind?").fill("Bills that come back")
    page.get_by_role("button", name="Look for similar posts").click()
    expect(page.get_by_role("complementary")).to_contain_text("Recurring invoices")
    expect(page.get_by_label("What is on your mind?")).to_have_value("Bills that come back")
    page.get_by_label("What is on your mind?").fill("Ink on paper, by post")
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Ink on paper, by post")
    number = re.search(r"\d+$", page.url)[0]

    sign_in(page, letters, EMAIL)
    page.goto(f"{HOME}/posts/{number}")
    following = page.get_by_role("button", name="Following", exact=True)
    expect(following).to_be_visible()  # what they wrote without an account is theirs now
    following.click()
    page.get_by_role("button", name="Follow", exact=True).click()
    expect(following).to_be_visible()
    people.team(sayso, "PUT", f"posts/{number}/status", status="planned", note="In spring.")
    page.goto(re.search(r"http\S+/letters/\S+", plain(letters.to(EMAIL, "Ink on paper")))[0])
    page.get_by_role("button", name=re.compile("Stop")).first.click()
    expect(page.get_by_text("You get no more of these e-mails.")).to_be_visible()
    assert complaints == []


def plain(letter) -> str:
    return letter.get_body(("plain",)).get_content()


def test_what_was_typed_survives_a_refusal(page, complaints):
    page.goto(f"{HOME}/posts/new?title=%20")
    page.get_by_label("Details").fill("All of this was typed by hand.")
    page.locator("#new").evaluate("form => { form.noValidate = true; }")
    page.get_by_label("What is on your mind?").fill("   ")
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_label("What is on your mind?")).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_label("Details")).to_have_value("All of this was typed by hand.")
    assert [each for each in complaints if "422" not in each] == []


def test_a_link_in_a_letter_is_read_and_not_obeyed(page, letters, sayso):
    page.goto(f"{HOME}/changelog")
    page.get_by_text("Hear what is new").click()
    page.get_by_label("Your e-mail address").fill("scanner@plain.example")
    page.get_by_role("button", name="Subscribe").click()
    link = link_in(letters.to("scanner@plain.example", "Hear what is new"))
    for _ in range(2):
        page.goto(link)
        expect(page.get_by_role("button", name="Subscribe")).to_be_visible()
    asked = "SELECT count(*) FROM mailing WHERE email = 'scanner@plain.example' AND subscribed_at IS NOT NULL"
    assert people.rows(sayso, asked) == [(0,)]
