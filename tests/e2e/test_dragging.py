"""The roadmap in a real browser: cards move by pointer, by finger and by keyboard, and a colleague sees it at once."""

import pytest
from playwright.sync_api import expect


@pytest.fixture
def roadmap(browser, sayso, watched):
    """Opens the roadmap for a member, in a browser of their own."""
    contexts = []

    def open(**more):
        address = f"{sayso.base_url}/app/{sayso.demo['workspace']}/roadmap"
        context = browser.new_context(**more)
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


def column(page, name: str):
    return page.get_by_role("region", name=name, exact=True)


def titles(page, name: str) -> list[str]:
    return [each.strip() for each in column(page, name).locator(".what").all_inner_texts()]


def grip(page, title: str):
    return page.get_by_role("button", name=f"Move “{title}”")


def drag(page, title: str, onto: str) -> None:
    """With the mouse, from anywhere on the card to the upper half of another."""
    card, target = (page.locator(".card", has_text=each).first.bounding_box() for each in (title, onto))
    page.mouse.move(card["x"] + 30, card["y"] + card["height"] - 12)
    page.mouse.down()
    page.mouse.move(card["x"] + 60, card["y"] + card["height"], steps=3)
    page.mouse.move(target["x"] + 40, target["y"] + 8, steps=8)
    expect(page.locator(".ghost")).to_be_visible()


def test_a_card_is_dragged_to_another_column_and_a_colleague_sees_it(roadmap, complaints):
    page, colleague = roadmap(), roadmap()
    planned, started = titles(page, "Planned"), titles(page, "In progress")
    drag(page, planned[1], onto=started[1])
    page.mouse.up()
    wanted = [started[0], planned[1], *started[1:]]
    expect(column(page, "In progress").locator(".what")).to_have_text(wanted)
    expect(page.get_by_role("status").filter(has_text="“In progress” now")).to_be_visible()
    expect(column(colleague, "In progress").locator(".what")).to_have_text(wanted)
    page.reload()
    expect(column(page, "In progress").locator(".what")).to_have_text(wanted)

    drag(page, planned[1], onto=planned[0])
    page.mouse.up()
    page.get_by_role("button", name="Undo", exact=True).click()
    expect(column(page, "In progress").locator(".what")).to_have_text(wanted)
    assert complaints == []


def test_what_happens_meanwhile_waits_until_the_card_is_down(roadmap, sayso, complaints):
    page, colleague = roadmap(), roadmap()
    shipped, planned = titles(page, "Shipped"), titles(page, "Planned")
    drag(page, shipped[3], onto=shipped[0])
    drag(colleague, planned[2], onto=planned[0])
    colleague.mouse.up()
    expect(colleague.get_by_text("The order was saved.")).to_be_visible()
    expect(page.locator(".ghost")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(".ghost")).to_have_count(0)
    expect(column(page, "Planned").locator(".what").first).to_have_text(planned[2])
    assert titles(page, "Shipped") == shipped
    page.mouse.up()
    assert complaints == []


def test_a_card_is_moved_by_keyboard_alone(roadmap, complaints):
    page = roadmap()
    planned = titles(page, "Planned")
    spoken = page.locator("#moving")
    grip(page, planned[2]).focus()
    page.keyboard.press("Space")
    expect(spoken).to_contain_text(f"{planned[2]} was picked up: Planned, 3 of {len(planned)}.")
    for key in ("ArrowUp", "ArrowUp"):
        page.keyboard.press(key)
    expect(spoken).to_have_text(f"Planned, 1 of {len(planned)}")
    page.keyboard.press("Escape")
    expect(spoken).to_contain_text("back where it was")
    assert titles(page, "Planned") == planned

    page.keyboard.press("Space")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Space")
    expect(page.get_by_text("The order was saved.")).to_be_visible()
    expect(grip(page, planned[2])).to_be_focused()
    page.keyboard.press("Space")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Space")
    expect(page.get_by_text("“In progress” now")).to_be_visible()
    page.reload()
    assert titles(page, "In progress")[1] == planned[2]
    assert titles(page, "Planned") == [planned[0], planned[1], *planned[3:]]
    assert complaints == []


def test_a_finger_that_rests_lifts_a_card_and_one_that_swipes_scrolls(roadmap, complaints):
    page = roadmap(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.locator("#columns").evaluate("each => each.scrollTo({ left: 110, behavior: 'instant' })")
    planned = titles(page, "Planned")
    box = page.locator(".card", has_text=planned[2]).bounding_box()
    finger = page.context.new_cdp_session(page)

    def touch(type: str, y: float | None = None) -> None:
        points = [] if y is None else [{"x": box["x"] + 60, "y": y}]
        finger.send("Input.dispatchTouchEvent", {"type": type, "touchPoints": points})

    begin, above = box["y"] + box["height"] - 12, page.locator(".card", has_text=planned[0]).bounding_box()
    touch("touchStart", begin)
    expect(page.locator(".ghost")).to_be_visible()
    for y in (begin - 20, begin - 60, above["y"] + 5):
        touch("touchMove", y)
    wanted = [planned[2], planned[0], planned[1], *planned[3:]]
    expect(column(page, "Planned").locator(".what").nth(1)).to_have_text(planned[0])
    touch("touchEnd")
    expect(page.get_by_text("The order was saved.")).to_be_visible()

    touch("touchStart", begin)
    for step in range(1, 9):
        touch("touchMove", begin - 12 * step)
    touch("touchEnd")
    page.wait_for_function("scrollY > 0")
    page.reload()
    assert titles(page, "Planned") == wanted
    assert complaints == []
