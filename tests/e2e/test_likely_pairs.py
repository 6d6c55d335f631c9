"""Likely duplicates as the team meets them: found without being asked for, merged and told apart by keyboard or without our
script."""

import pytest
from installation import until
from playwright.sync_api import expect


@pytest.fixture
def team(browser, sayso, state):
    """Opens the dashboard in a browser made like this."""
    contexts = []

    def team(**how):
        context = browser.new_context(storage_state=state, base_url=sayso.base_url, **how)
        contexts.append(context)
        page = context.new_page()
        page.home = f"/app/{sayso.demo['workspace']}"
        return page

    yield team
    for context in contexts:
        context.close()


def write(page, *titles: str) -> list[int]:
    numbers = []
    for title in titles:
        page.goto(f"{page.home}/posts/new")
        page.get_by_label("Title").fill(title)
        page.get_by_role("button", name="Write the post").click()
        expect(page.get_by_role("heading", name=title)).to_be_visible()
        numbers.append(int(page.url.rpartition("/")[2]))
    return numbers


def found(page, one: int, other: int):
    """The pair on the page, as soon as the worker has found it."""
    pair = page.get_by_role("listitem").filter(has=page.get_by_role("button", name=f"Merge #{other} into #{one}"))
    until(lambda: page.goto(f"{page.home}/duplicates") and pair.count())
    return pair


def test_a_pair_is_merged_and_told_apart_without_scripts(team):
    page = team(java_script_enabled=False)
    one, other = write(page, "Bring back the purple paint brush", "Please bring back the purple paint brush")
    pair = found(page, one, other)
    expect(pair).to_contain_text("same words")
    pair.get_by_role("button", name=f"Merge #{one} into #{other}").click()
    expect(page.locator(".notices")).to_contain_text(f"#{one} is a part of #{other} now.")
    expect(pair).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".notices")).to_contain_text("Undone for 1 post.")
    pair.get_by_role("button", name="Not the same").click()
    expect(page.locator(".notices")).to_contain_text("are not the same")
    expect(pair).to_have_count(0)


def test_a_pair_is_decided_on_by_keyboard(team):
    page = team()
    one, other = write(page, "A window for the aquarium view", "Aquarium view needs a window")
    pair = found(page, one, other)
    pair.get_by_role("button", name=f"Merge #{other} into #{one}").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".notices")).to_contain_text(f"#{other} is a part of #{one} now.")
    expect(pair).to_have_count(0)


def test_the_page_of_a_post_names_its_likely_duplicates_at_once(team):
    page = team(java_script_enabled=False)
    one, other = write(page, "Waterproof the lunch box", "Make the lunch box waterproof")
    found(page, one, other)
    page.goto(f"{page.home}/posts/{one}")
    similar = page.locator("#similar")
    expect(similar).to_contain_text("Make the lunch box waterproof")
    similar.get_by_role("button", name="Not the same as Make the lunch box waterproof").click()
    expect(page.locator(".notices")).to_contain_text("these two are not the same")
    expect(page.locator("#similar")).not_to_contain_text("Make the lunch box waterproof")
