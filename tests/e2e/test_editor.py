"""The editor of the changelog in a real browser: what is typed is shown, pictures are pasted, and a colleague's saving takes
nothing away."""

import base64
import re

import pytest
from playwright.sync_api import expect
from uploads import png

PASTE = """(body, picture) => {
  const bytes = Uint8Array.from(atob(picture), (each) => each.charCodeAt(0)), data = new DataTransfer();
  data.items.add(new File([bytes], "New (dark).png", { type: "image/png" }));
  body.focus();
  body.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
}"""
IS_SHOWN = "each => each.complete && each.naturalWidth > 0"


@pytest.fixture
def member(browser, sayso, watched):
    """Opens a page of the dashboard for a member, in a browser of their own."""
    contexts = []

    def open(path: str, **more):
        address = f"{sayso.base_url}/app/{sayso.demo['workspace']}/{path}"
        context = browser.new_context(timezone_id="Asia/Tokyo", **more)
        contexts.append(context)
        page = watched(context.new_page())
        page.goto(sayso.command("sign-in", "demo@sayso.example").strip())
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url("**/inbox")
        page.goto(address)
        return page

    yield open
    for context in contexts:
        context.close()


def preview(page):
    return page.locator("[data-live=shown]")


def test_an_entry_is_written_with_a_picture_scheduled_and_published(member, browser, sayso, watched, complaints):
    page = member("changelog/new")
    page.get_by_label("Title").fill("Dark at last")
    body = page.get_by_label("Text", exact=True)
    body.press_sequentially("Easy on the eyes")
    expect(preview(page)).to_contain_text("Easy on the eyes")
    page.keyboard.press("Control+a")
    page.get_by_role("button", name="Bold").click()
    expect(preview(page).locator("strong")).to_have_text("Easy on the eyes")
    page.keyboard.press("Control+z")
    expect(body).to_have_value("Easy on the eyes")

    body.press("End")
    page.keyboard.press("Enter")
    body.evaluate(PASTE, base64.b64encode(png(size=(300, 200))).decode())
    expect(body).to_have_value(re.compile(r"^Easy on the eyes\n!\[New dark\]\(file:\d+\)\n$"))
    picture = preview(page).get_by_role("img", name="New dark")
    expect(picture).to_be_visible(timeout=15_000)
    assert picture.evaluate(IS_SHOWN)

    page.get_by_label("Find posts").press_sequentially("recurring invoices")
    page.get_by_role("group", name="Posts that were found").get_by_label("Recurring invoices").check()
    expect(page.locator("[data-live=linked]")).to_contain_text("Recurring invoices")
    expect(page.locator("[data-live=publishing]")).to_contain_text("people get a letter about it.")

    later = page.get_by_label("Or publish it later, at (Asia/Tokyo)")
    later.fill("2031-05-06T09:30")
    page.get_by_role("button", name="Schedule").click()
    expect(page.get_by_text("It will be published on 6 May 2031, 00:30 UTC.")).to_be_visible()
    expect(page.get_by_label("Or publish it later, at (Asia/Tokyo)")).to_have_value("2031-05-06T09:30")
    expect(page.locator("[data-live=state]")).to_contain_text("Scheduled")
    expect(page.locator("[data-live=state]")).to_contain_text("6 May 2031, 09:30")

    page.get_by_label("Set these posts to").select_option(label="Shipped")
    page.get_by_role("button", name="Publish now").click()
    expect(page.get_by_text(re.compile(r"“Dark at last” is published. \d+ people get a letter about it."))).to_be_visible()
    expect(page.locator("[data-live=state]")).to_contain_text("Published")
    expect(page.locator("[data-live=linked]")).to_contain_text("Shipped")

    everyone = browser.new_context()
    public = watched(everyone.new_page())
    public.goto(f"{sayso.base_url}/b/{sayso.demo['workspace']}/changelog")
    shown = public.get_by_role("img", name="New dark")
    expect(shown).to_be_visible()
    shown.scroll_into_view_if_needed()
    assert shown.evaluate(IS_SHOWN)
    everyone.close()
    assert [said for said in complaints if "503" not in said] == []  # a picture may not be ready when it is looked for


def test_two_who_write_the_same_entry_lose_nothing(member, complaints):
    page, colleague = member("changelog/new"), member("changelog")
    page.get_by_label("Title").fill("For two")
    page.get_by_label("Text", exact=True).fill("First words")
    page.get_by_role("button", name="Save as a draft").click()
    expect(page.get_by_text("Saved as a draft.")).to_be_visible()
    colleague.get_by_role("link", name="For two").click()

    colleague.get_by_label("Text", exact=True).fill("The colleague's words")
    page.get_by_label("Text", exact=True).fill("My own words")
    colleague.get_by_role("button", name="Save", exact=True).click()
    expect(colleague.get_by_text("Saved.", exact=True)).to_be_visible()
    expect(page.get_by_text("A colleague has just saved this entry.")).to_be_visible()
    expect(page.get_by_label("Text", exact=True)).to_have_value("My own words")
    expect(preview(page)).to_contain_text("My own words")

    complaints.clear()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("Both texts are below")
    expect(page.get_by_role("region", name="The text that is saved now")).to_have_text("The colleague's words")
    expect(page.get_by_label("Text", exact=True)).to_have_value("My own words")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Saved.", exact=True)).to_be_visible()
    expect(page.get_by_role("alert")).to_have_count(0)
    expect(colleague.get_by_label("Text", exact=True)).to_have_value("My own words")

    page.get_by_text("Delete…").click()
    page.get_by_role("button", name="Delete this entry").click()
    expect(page.get_by_text("The entry was deleted.")).to_be_visible()
    assert all("409" in said or "404" in said for said in complaints), complaints
