"""The dashboard in a browser that runs no scripts: every page can be read, and one thing at a time can be done on it."""

import pytest
from playwright.sync_api import expect


@pytest.fixture
def page(browser, sayso, state):
    context = browser.new_context(storage_state=state, java_script_enabled=False, base_url=sayso.base_url)
    page = context.new_page()
    page.home = f"/app/{sayso.demo['workspace']}"
    yield page
    context.close()


def said(page, text: str) -> None:
    expect(page.locator(".notices")).to_contain_text(text)


def test_every_page_can_be_read(page, addresses):
    for address in addresses:
        assert page.goto(address).ok, address
        assert page.get_by_role("heading", level=1).count() == 1, address


def test_a_post_is_written_worked_on_and_put_away(page):
    page.goto(f"{page.home}/posts/new")
    page.get_by_label("Title").fill("Stamps on invoices")
    page.get_by_role("button", name="Write the post").click()
    expect(page.get_by_role("heading", name="Stamps on invoices")).to_be_visible()

    page.get_by_label("Status", exact=True).select_option(label="Planned")
    page.get_by_label("Note", exact=True).fill("In spring.")
    page.get_by_role("button", name="Save status").click()
    said(page, "The status was set")
    page.get_by_role("button", name="Undo").click()
    said(page, "Undone")
    expect(page.get_by_label("Status", exact=True).locator("option:checked")).to_have_text("Open")

    page.get_by_label("Assigned to").select_option(index=1)
    page.get_by_role("button", name="Save who it is assigned to").click()
    expect(page.get_by_label("Assigned to").locator("option:checked")).not_to_have_text("Nobody")
    page.get_by_label("Done by").fill("2027-03-31")
    page.get_by_role("button", name="Save the date").click()
    expect(page.get_by_label("Done by")).to_have_value("2027-03-31")
    page.get_by_label("Add a tag").fill("Stamps")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.locator(".tag", has_text="Stamps").first).to_be_visible()

    page.locator("summary", has_text="Edit").first.click()
    page.get_by_label("Title").fill("Rubber stamps on invoices")
    page.get_by_role("button", name="Save changes").click()
    expect(page.get_by_role("heading", name="Rubber stamps on invoices")).to_be_visible()
    page.get_by_label("Write a comment").fill("Which **stamps** do you need?")
    page.get_by_role("button", name="Add comment").click()
    expect(page.locator(".talk strong", has_text="stamps")).to_be_visible()
    page.get_by_label("Add a vote for a user").fill("u_1017")
    page.get_by_role("button", name="Add vote").click()
    expect(page.get_by_role("heading", name="2 voters")).to_be_visible()

    page.get_by_role("button", name="Delete", exact=True).click()
    said(page, "deleted")


def test_two_posts_are_merged_and_parted(page):
    page.goto(f"{page.home}/posts/2/merge?into=1")
    page.get_by_role("button", name="Merge").first.click()
    said(page, "Undo")
    page.get_by_role("button", name="Undo").click()
    said(page, "Undone")


def test_a_card_of_the_roadmap_is_moved(page):
    page.goto(f"{page.home}/roadmap")
    card = page.locator("section", has=page.get_by_role("heading", name="Planned")).locator("li").first
    title = card.get_by_role("link").first.inner_text()
    card.locator("summary").first.click()
    card.get_by_label("Column").select_option(label="In progress")
    card.get_by_role("button", name="Move").click()
    column = page.locator("section", has=page.get_by_role("heading", name="In progress"))
    expect(column.get_by_role("link", name=title)).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    said(page, "Undone")


def test_an_entry_is_previewed_saved_and_published(page):
    page.goto(f"{page.home}/changelog/new")
    page.get_by_label("Title").fill("Stamps are here")
    page.get_by_label("Text", exact=True).fill("Now with **stamps**.")
    page.get_by_role("button", name="Show how it looks").click()
    expect(page.locator(".prose strong", has_text="stamps")).to_be_visible()
    page.get_by_role("button", name="Save as a draft").click()
    said(page, "draft")
    page.get_by_role("button", name="Publish now").click()
    said(page, "published")


def test_a_user_is_blocked_and_let_in_again(page):
    page.goto(f"{page.home}/users/u_1020")
    page.get_by_role("button", name="Block", exact=True).click()
    expect(page.get_by_role("button", name="Unblock")).to_be_visible()
    page.goto(f"{page.home}/moderation?show=blocked")
    row = page.locator("li", has=page.locator("a[href$='/users/u_1020']"))
    row.get_by_role("button", name="Unblock").click()
    said(page, "can write and vote again")
    expect(row).to_have_count(0)


def test_a_segment_is_counted_and_kept(page):
    page.goto(f"{page.home}/segments/new")
    page.get_by_label("Name", exact=True).fill("Payers")
    page.get_by_label("Fact of rule 1").fill("company.mrr")
    page.get_by_label("Comparison of rule 1").select_option("at_least")
    page.get_by_label("Value of rule 1").fill("1")
    page.get_by_role("button", name="Count").click()
    expect(page.get_by_text("users would be in it")).to_be_visible()
    page.get_by_role("button", name="Make the segment").click()
    expect(page.get_by_role("heading", name="Payers")).to_be_visible()


def test_a_refused_form_keeps_what_was_typed(page):
    page.goto(f"{page.home}/posts/3")
    page.get_by_label("Add a vote for a user").fill("nobody@nowhere.example")
    page.get_by_role("button", name="Add vote").click()
    expect(page.get_by_label("Add a vote for a user")).to_have_value("nobody@nowhere.example")
    expect(page.get_by_text("There is no user with this id")).to_be_visible()
