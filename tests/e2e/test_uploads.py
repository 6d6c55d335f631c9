"""Files with a post: chosen, dropped, pasted or edited, and sent after the words are safe, whatever the line does."""

import base64
import io

import pytest
from installation import until
from people import ROBIN, rows, token
from PIL import Image
from playwright.sync_api import expect

TITLE = "What is on your mind?"
FILES = "**/api/widget/posts/*/files"
LARGEST = 10 * 1024 * 1024
NEWEST = """
SELECT f.name, f.state FROM file f JOIN workspace w ON w.id = f.workspace_id
 WHERE w.slug = %s AND post_number = (SELECT max(number) FROM post p WHERE p.workspace_id = w.id)"""
END_SESSIONS = 'UPDATE "user" SET session_version = session_version + 1 WHERE external_id = %s RETURNING id'
# An event of the form that carries files and perhaps text, as the browser makes it.
CARRY = """([type, name, kind, bytes, texts]) => {
  const data = new DataTransfer();
  if (name) data.items.add(new File([Uint8Array.from(atob(bytes), (one) => one.charCodeAt(0))], name, { type: kind }));
  for (const type in texts) data.setData(type, texts[type]);
  const how = { bubbles: true, composed: true, cancelable: true, dataTransfer: data, clipboardData: data };
  const at = document.querySelector("#sayso-panel").shadowRoot.querySelector("textarea");
  return at.dispatchEvent(new (type === "paste" ? ClipboardEvent : DragEvent)(type, how));
}"""


def png(color="teal") -> bytes:
    content = io.BytesIO()
    Image.new("RGB", (300, 200), color).save(content, "PNG")
    return content.getvalue()


def file(name="notes.txt", data=b"some words", kind="text/plain") -> dict:
    return {"name": name, "mimeType": kind, "buffer": data}


@pytest.fixture
def page(browser, site, watched):
    context = browser.new_context()
    page = watched(context.new_page())
    page.goto(site.url)
    page.get_by_role("button", name="Feedback", exact=True).click()
    expect(page.get_by_role("button", name="Attach")).to_be_visible()
    yield page
    context.close()


@pytest.fixture
def kept(sayso):
    """The names of the files that the newest post has."""

    return lambda: sorted(name for name, _ in rows(sayso, NEWEST, sayso.demo["workspace"]))


def attach(page, *files: dict) -> None:
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Attach").click()
    chooser.value.set_files(list(files))


def carry(page, type: str, name="", data=b"", kind="text/plain", **texts) -> bool:
    """False when the form has taken it."""
    return page.evaluate(CARRY, [type, name, kind, base64.b64encode(data).decode(), texts])


def send(page, title: str) -> None:
    page.get_by_label(TITLE).fill(title)
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_text("Thank you!").first).to_be_visible()


def attached(page):
    return page.get_by_role("list", name="Files").get_by_role("listitem")


def test_files_are_chosen_dropped_and_pasted_and_taken_away_again(page, kept, complaints):
    attach(page, file(), file("totals.png", png(), "image/png"))
    assert carry(page, "dragover", "x.pdf", b"%PDF-1.7", "application/pdf") is False
    expect(page.get_by_text("Drop your files here")).to_be_visible()
    assert carry(page, "drop", "x.pdf", b"%PDF-1.7 x", "application/pdf") is False
    expect(page.get_by_text("Drop your files here")).to_be_hidden()
    assert carry(page, "paste", "image.png", png("red"), "image/png") is False
    expect(attached(page)).to_have_count(4)
    assert carry(page, "paste", **{"text/plain": "words"}), "text is pasted as ever"
    office = {"text/plain": "cells", "text/html": "<b>cells</b>"}
    assert carry(page, "paste", "image.png", png(), "image/png", **office), "and so is what comes with a picture of it"
    page.get_by_role("button", name="Remove: image.png").click()
    expect(attached(page)).to_have_count(3)
    expect(page.locator("button:focus")).to_have_attribute("aria-label", "Remove: x.pdf")
    send(page, "Four ways in")
    expect(page.get_by_text("3 files sent.").first).to_be_visible()
    assert kept() == ["notes.txt", "totals.png", "x.pdf"]
    assert complaints == []


def test_what_the_server_would_refuse_is_refused_at_once(page, complaints):
    attach(page, file("film.mov", b"x", "video/quicktime"))
    expect(page.get_by_text("“film.mov” cannot be sent.")).to_be_visible()
    attach(page, file("big.log", b"x" * (LARGEST + 1), ""))
    expect(page.get_by_text("“big.log” is larger than 10 MB.")).to_be_visible()
    attach(page, *[file(f"{number}.txt") for number in range(11)])
    expect(page.get_by_text("A post takes at most 10 files.")).to_be_visible()
    expect(attached(page)).to_have_count(10)
    assert complaints == []


def test_files_wait_in_the_draft_while_the_panel_is_closed_and_elsewhere(page, complaints):
    attach(page, file())
    page.locator("input[type=file]").dispatch_event("cancel")
    expect(attached(page)).to_have_count(1)
    page.keyboard.press("Escape")
    expect(attached(page)).to_have_count(0)
    page.get_by_role("button", name="Feedback", exact=True).click()
    page.get_by_role("tab", name="Roadmap").click()
    page.get_by_role("tab", name="New post").click()
    expect(attached(page)).to_have_count(1)
    assert complaints == []


def test_progress_is_shown_and_one_file_is_cancelled_while_two_are_on_their_way(page, kept):
    waiting = []
    page.route(FILES, lambda route: waiting.append(route))
    attach(page, *[file(f"{name}.txt", name.encode()) for name in "abc"])
    send(page, "Held up")
    expect(page.get_by_role("progressbar", name="Sending a.txt")).to_be_visible()
    until(lambda: page.evaluate("1") and len(waiting) == 2)
    page.get_by_role("button", name="Cancel: a.txt").click()
    expect(attached(page)).to_have_count(2)
    until(lambda: page.evaluate("1") and len(waiting) == 3)
    for route in waiting[1:]:
        route.continue_()
    expect(page.get_by_text("2 files sent.").first).to_be_visible()
    assert kept() == ["b.txt", "c.txt"]


def test_an_upload_that_fails_leaves_the_post_and_is_tried_again_after_another_view(page, kept):
    page.route(FILES, lambda route: route.abort(), times=1)
    attach(page, file())
    send(page, "A cut line")
    again = page.get_by_role("button", name="Try again")
    expect(again).to_be_visible()
    expect(page.get_by_text("We could not reach the server.")).to_be_visible()
    page.get_by_role("tab", name="Posts").click()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Feedback", exact=True).click()
    page.get_by_role("button", name="New", exact=True).click()
    page.get_by_role("button", name="A cut line", exact=True).click()
    again.click()
    expect(page.get_by_text("1 file sent.").first).to_be_visible()
    assert kept() == ["notes.txt"]


def lose(route) -> None:
    """It arrives, and the answer does not."""
    route.fetch()
    route.abort()


def held_up(page):
    """Holds up the next two files; returns what waits for them."""
    held = []
    page.route(FILES, lambda route: held.append(route) if len(held) < 2 else route.continue_())
    return lambda: until(lambda: page.evaluate("1") and held[1:] and held)


def test_a_file_whose_answer_was_lost_is_not_sent_twice_whatever_it_is_called(page, kept, sayso):
    two = held_up(page)
    attach(page, file("a:  b.TXT"), file("IMG 1.PNG", png(), "image/png"))
    send(page, "Nobody heard the yes")
    for route in two():
        lose(route)
    again = page.get_by_role("button", name="Try again")
    expect(again).to_have_count(2)
    until(lambda: {state for _, state in rows(sayso, NEWEST, sayso.demo["workspace"])} == {"ready"})  # written anew
    again.first.click()
    again.click()
    expect(page.get_by_text("2 files sent.").first).to_be_visible()
    assert kept() == ["IMG 1.png", "a_ b.txt"]


def test_of_two_files_alike_none_is_taken_for_the_other(page, kept):
    two = held_up(page)
    attach(page, file("image.png", png("red"), "image/png"), file("image.png", png("blue"), "image/png"))
    send(page, "Two pastes")
    first, second = two()
    first.abort()
    lose(second)
    again = page.get_by_role("button", name="Try again")
    expect(again).to_have_count(2)
    again.first.click()
    again.click()
    expect(page.get_by_text("2 files sent.").first).to_be_visible()
    assert set(kept()) == {"image.png"} and len(kept()) >= 2


def test_files_go_on_by_themselves_when_the_line_is_back(page, kept):
    page.route(FILES, lambda route: route.abort("internetdisconnected"))
    attach(page, file("a.txt", b"a"), file("b.txt", b"b"))
    send(page, "In a tunnel")
    expect(page.get_by_role("button", name="Try again")).to_have_count(2)
    page.context.set_offline(True)
    page.unroute(FILES)
    page.context.set_offline(False)
    expect(page.get_by_text("2 files sent.").first).to_be_visible()
    assert kept() == ["a.txt", "b.txt"]


def test_what_the_server_refuses_says_why_and_the_rest_arrives(page, kept):
    attach(page, file("broken.txt", b"\0\1\2"), file())
    send(page, "One bad apple")
    expect(page.get_by_text("Send a picture (PNG, JPEG, WebP, GIF)")).to_be_visible()
    expect(page.get_by_role("button", name="Try again")).to_be_hidden()
    until(lambda: kept() == ["notes.txt"])


@pytest.fixture
def tried(page):
    """How often a file was sent."""
    tried = []
    page.on("request", lambda request: request.method == "POST" and request.url.endswith("/files") and tried.append(request))
    return tried


@pytest.fixture
def an_hour_later(page, sayso):
    """Robin has signed in, and their session ends when the first file is on its way."""

    def end(route):
        rows(sayso, END_SESSIONS, ROBIN)
        route.continue_()

    page.evaluate("token => sayso.identify(async () => token)", token(sayso.demo, ROBIN))
    expect(page.get_by_text("Posting as Robin Marsh")).to_be_visible()
    page.route(FILES, end, times=1)


def test_a_session_that_ended_meanwhile_is_renewed(page, kept, an_hour_later, tried):
    attach(page, file())
    send(page, "An hour later")
    expect(page.get_by_text("1 file sent.").first).to_be_visible()
    assert (kept(), len(tried)) == (["notes.txt"], 2)


def cancelled_while(page, address: str, begin) -> None:
    """Cancels the only file when the widget waits for this answer, which then comes."""
    held = []
    page.route(address, lambda route: held.append(route), times=1)
    begin()
    until(lambda: page.evaluate("1") and held)
    page.get_by_role("button", name="Cancel: notes.txt").click()
    with page.expect_response(address):
        held[0].continue_()
    page.get_by_role("tab", name="Posts").click()
    expect(page.get_by_role("button", name="Vote for").first).to_be_visible()


def test_who_cancels_while_a_session_is_renewed_sends_nothing(page, kept, an_hour_later, tried):
    attach(page, file())
    cancelled_while(page, "**/api/widget/session", lambda: send(page, "No, not this one"))
    assert (kept(), len(tried)) == ([], 1)


def test_who_cancels_while_it_is_looked_for_sends_nothing(page, kept, tried):
    page.route(FILES, lambda route: route.abort(), times=1)
    attach(page, file())
    send(page, "Not this one either")
    again = page.get_by_role("button", name="Try again")
    expect(again).to_be_visible()
    cancelled_while(page, "**/api/widget/posts/*", again.click)
    assert (kept(), len(tried)) == ([], 1)


def test_a_pasted_picture_is_edited_before_it_is_sent(page, kept, complaints):
    carry(page, "paste", "image.png", png(), "image/png")
    page.get_by_role("button", name="Edit: image.png").click()
    editor = page.get_by_role("dialog", name="Edit the picture")
    editor.get_by_role("button", name="Attach").click()
    expect(page.get_by_role("button", name="Remove: screenshot.png")).to_be_visible()
    expect(attached(page)).to_have_count(1)
    send(page, "Look at this")
    expect(page.get_by_text("1 file sent.").first).to_be_visible()
    assert kept() == ["screenshot.png"]
    assert complaints == []
