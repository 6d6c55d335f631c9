"""The changelog as the team writes it: drafts, moments, pictures, and two who write at once."""

import re
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
from browser import Browser
from cast import ADA, BEN, CLEO, DAN, EVE
from queued import work_off
from uploads import png

from service import db, jobs, retention
from service.feedback import attachments, boards, changelog, edits, history, merges, posts, releases, votes

LETTERS = "SELECT to_email, kind, subject, text FROM letter WHERE kind IN ('shipped', 'status_changed') ORDER BY id"
TOLD = "SELECT type FROM event WHERE type ~ '^changelog' OR type = 'post.status_changed' ORDER BY seq"
TOMORROW = f"{datetime.now(UTC) + timedelta(days=1):%Y-%m-%dT%H:%M}"
NEW = "/app/acme/changelog/new"
SEEN = re.compile(r'name="seen" value="(\w*)"')
ADDRESS = re.compile(r'<img[^>]* src="(/files/[^"]+)"')


@pytest.fixture
def ada(client, acme):
    acme.post("Dark mode")
    return Browser(client).sign_in(ADA)


@pytest.fixture
def ben(client, acme):
    return Browser(client).sign_in(BEN)


def texts(page) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page.text)).split())


def write(browser, path=NEW, do="save", **fields):
    """Open the editor and send its form."""
    browser.open(path)
    seen = SEEN.search(browser.page.text)[1]
    return browser.send(path, do=do, **{"title": "Version 2", "body": "", "seen": seen, **fields})


def made(browser, **fields) -> str:
    """The address of a new entry."""
    return write(browser, **fields).headers["location"]


def told() -> list[str]:
    return [type for (type,) in db.rows(TOLD)]


def picture(acme, reader=None) -> int:
    """The id of a picture that a member has sent and the worker has made harmless."""
    id = attachments.put(reader or acme.team, "shot.png", png()).id
    work_off()
    return id


# ── writing ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_draft_is_saved_and_stands_in_the_list(ada, acme):
    address = made(ada, title="Version 2", body="Now **dark**", categories="New, Design, ", posts="1")
    entry = changelog.page(acme.team, 1)[0]
    assert address == f"/app/acme/changelog/{entry.id}"
    assert (entry.categories, entry.posts, entry.state) == (["New", "Design"], [1], "draft")
    page = ada.open(address)
    assert "Saved as a draft." in texts(page) and "<strong>dark</strong>" in page.text
    listed = texts(ada.open("/app/acme/changelog"))
    assert "Draft Version 2" in listed and "1 post" in listed
    for state, shown in (("draft", True), ("published", False), ("nonsense", True)):
        assert ("Version 2" in ada.open(f"/app/acme/changelog?state={state}").text) is shown


def test_a_form_that_is_sent_twice_is_one_entry_and_one_announcement(ada, acme):
    for _ in range(2):
        write(ada, do="publish")
    assert len(changelog.page(acme.team, 9)) == 1 and told() == ["changelog.published"]


def test_what_cannot_be_taken_is_said_beside_it_and_nothing_typed_is_lost(ada, acme):
    address = made(ada, title="Kept")
    for fields, field, do in (({"title": " "}, "title", "save"), ({"title": "x" * 201}, "title", "publish"),
                              ({"body": "y" * 10_001}, "body", "save"), ({"categories": "z" * 41}, "categories", "save"),
                              ({"at": "soon"}, "at", "schedule"), ({"at": "2020-01-01T00:00"}, "at", "schedule"),
                              ({"at": "9999-12-31T23:59-12:00"}, "at", "schedule")):  # fmt: skip
        for path in (NEW, address):
            page = write(ada, path, do, **{"title": "Typed", "body": "typed too", **fields})
            assert page.status_code == 422, fields
            assert f'id="{field}-error"' in page.text, fields
            assert "typed too" in page.text or "body" in fields
    assert write(ada, posts="99").status_code == 422
    assert write(ada, do="publish", posts="1", status="declined").status_code == 422
    assert [entry.title for entry in changelog.page(acme.team, 9)] == ["Kept"] and told() == ["changelog.created"]


def test_the_preview_shows_what_is_typed_and_saves_nothing(ada, acme):
    page = write(ada, do="preview", title="Soon", body="It is *almost* there", posts="1", q="dark")
    assert page.status_code == 200 and "<em>almost</em>" in page.text and 'value="Soon"' in page.text
    assert "1 person gets a letter about it." in texts(page)
    assert changelog.page(acme.team, 9) == []


def test_posts_are_found_by_words_and_by_numbers(ada, acme):
    acme.post("Dark icons")
    merged = acme.post("Dark theme")
    merges.merge(acme.team, merged, 1)
    both = {"Dark mode", "Dark icons"}
    for q, shown in (("dark", both), ("2", {"Dark icons"}), ("#1, 2, 3 999999999", both), ("nothing like it", set())):
        found = re.search(r'data-live="found".*?</section>', write(ada, do="preview", q=q).text, re.DOTALL)[0]
        assert {title for title in ("Dark mode", "Dark icons", "Dark theme") if title in found} == shown, q


def test_an_entry_is_scheduled_withdrawn_and_deleted(ada, acme):
    address = made(ada, do="schedule", at=TOMORROW)
    assert f'value="{TOMORROW}"' in ada.open(address).text and "Scheduled" in texts(ada.page)
    [entry] = changelog.page(acme.team, 9)
    assert (entry.state, f"{entry.published_at.astimezone(UTC):%Y-%m-%dT%H:%M}") == ("scheduled", TOMORROW)
    assert write(ada, address, "withdraw").status_code == 303
    assert changelog.find(acme.team, entry.id).state == "draft"
    ada.open(address)
    assert ada.send(address, do="delete").headers["location"] == "/app/acme/changelog"
    assert ada.open(address).status_code == 404
    ada.open(NEW)
    assert ada.send(address, do="delete").status_code == 404
    assert told() == ["changelog.created", "changelog.updated", "changelog.deleted"]


# ── publishing ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_publishing_tells_each_follower_once_and_moves_the_posts_without_letters_of_their_own(ada, acme):
    second = acme.post("Dark icons", by=DAN)
    votes.cast(acme.reader(CLEO), second)
    acme.post("By somebody without an address", by={"sub": "nobody"})
    work_off()
    address = made(ada, do="publish", body="At *last*. ![shot](file:9)", posts="1")
    ada.open(address)
    assert "1 person gets a letter about it." in texts(ada.page)
    assert releases.audience(acme.team, [1, second, 3]) == (2, False)
    work_off()
    assert [(to, kind) for to, kind, *_ in db.rows(LETTERS)] == [(CLEO["email"], "shipped")]
    [(_, _, subject, text)] = db.rows(LETTERS)
    assert subject == "New in Acme: Version 2" and "At *last*. [shot]" in text and "/b/acme/changelog/" in text

    entry = releases.publish(acme.team, None, title="More", body="", categories=[], posts=[1, second], status="done")
    assert {posts.find(acme.team, number).status_key for number in entry.posts} == {"done"}
    [action] = history.latest(acme.team)
    assert (action.kind, action.value, action.numbers, action.can_undo) == ("status", "Done", [1, second], True)
    work_off()
    assert sorted(to for to, kind, *_ in db.rows(LETTERS)[1:]) == [CLEO["email"], DAN["email"]]
    assert {kind for _, kind, *_ in db.rows(LETTERS)} == {"shipped"}


def test_what_was_published_before_is_told_no_second_time(ada, acme):
    address = made(ada, do="publish", posts="1")
    work_off()
    write(ada, address, "withdraw", posts="1")
    page = ada.open(address)
    assert "Nobody gets another letter." in texts(page)
    write(ada, address, "publish", posts="1")
    work_off()
    assert len(db.rows(LETTERS)) == 1
    before = changelog.page(acme.team, 1)[0].published_at
    write(ada, address, "publish", title="Version 2.0", posts="1")
    assert changelog.page(acme.team, 1)[0].published_at == before, "published already, it keeps its moment"


def test_nobody_is_told_of_posts_that_they_may_not_read_any_more(acme):
    number = acme.post("Secret", board="bugs")
    assert releases.audience(acme.team, [number]).people == 1
    boards.change(acme.team, "bugs", access="private")
    assert releases.audience(acme.team, [number]).people == 0
    edits.delete(acme.team, acme.post("Gone"))
    releases.publish(acme.team, None, title="t", body="", categories=[], posts=[number])
    work_off()
    assert db.rows(LETTERS) == []


def test_a_letter_about_an_entry_that_is_a_draft_again_is_withdrawn(acme):
    acme.post()
    entry = releases.publish(acme.team, None, title="t", body="", categories=[], posts=[1])
    work_off(rounds=1)
    changelog.change(acme.team, entry.id, published_at=None)
    work_off()
    assert db.row("SELECT state FROM letter WHERE kind = 'shipped'") == ("withdrawn",)


# ── two at once ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_who_saves_second_sees_both_texts_and_decides(ada, ben, acme):
    address = made(ada, title="Version 2", body="Draft")
    ada.open(address), ben.open(address)
    seen = SEEN.search(ada.page.text)[1]
    ben.send(address, do="save", title="By Ben", body="Ben’s words", seen=seen)
    page = ada.send(address, do="publish", title="By Ada", body="Ada’s words", seen=seen, posts="1")
    assert page.status_code == 409
    for words in ("Somebody saved this entry meanwhile", "Ben’s words", "Ada’s words", "By Ben"):
        assert words in texts(page) or words in unescape(page.text)
    assert changelog.page(acme.team, 1)[0][1:3] == ("By Ben", "Ben’s words")
    preview = ada.send(address, do="preview", title="By Ada", body="Ada’s words", seen=seen)
    assert SEEN.search(preview.text)[1] == seen, "looking is not deciding"
    now = SEEN.search(page.text)[1]
    assert ada.send(address, do="save", title="By Ada", body="Ada’s words", seen=now).status_code == 303
    assert changelog.page(acme.team, 1)[0].title == "By Ada"
    ben.open(address)
    again = ben.send(address, do="save", title="By Ada", body="Ada’s words", seen=seen)
    assert again.status_code == 303, "there is nothing to overwrite"


def test_another_workspaces_entries_are_not_there(client, acme, globex, ada):
    address = made(ada)
    eve = Browser(client).sign_in(EVE)
    number = address.split("/")[-1]
    for path in (address, "/app/acme/changelog", NEW, f"/app/globex/changelog/{number}"):
        assert eve.open(path).status_code == 404, path
    for do in ("save", "publish", "withdraw", "preview", "delete"):
        eve.open("/app/globex/changelog/new")
        assert eve.send(f"/app/globex/changelog/{number}", do=do, title="t").status_code == 404, do
    eve.open("/app/globex/changelog/new")
    assert eve.send("/app/globex/changelog/new", do="save", title="t", posts="1").status_code == 422
    assert Browser(client).open(address).status_code == 303


# ── pictures ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_picture_is_shown_to_the_team_at_once_and_to_everyone_when_it_is_published(client, ada, acme):
    id = picture(acme)
    body = f"Look: ![A *shot*](file:{id})"
    preview = write(ada, do="preview", body=body)
    assert client.simulate_get(unescape(ADDRESS.search(preview.text)[1])).headers["content-type"] == "image/png"
    assert 'alt="A shot"' in preview.text
    address = made(ada, body=body)
    entry = changelog.page(acme.team, 1)[0]
    assert attachments.find(acme.team, id).entry == entry.id
    assert attachments.pictures(acme.reader(), [entry.id]) == {}
    write(ada, address, "publish", body=body)
    page = client.simulate_get("/b/acme/changelog")
    assert client.simulate_get(unescape(ADDRESS.search(page.text)[1])).status_code == 200
    assert changelog.page(acme.team, 1)[0].body == body


def test_pictures_of_an_entry_are_kept_and_go_with_it(ada, acme):
    used, unused = picture(acme), picture(acme)
    made(ada, body=f"![shot](file:{used})")
    db.changed("UPDATE file SET created_at = now() - interval '2 days'")
    jobs.enqueue(retention.PRUNE)
    work_off()
    assert attachments.find(acme.team, used).entry and db.rows("SELECT id FROM file") == [(used,)] and unused != used
    changelog.delete(acme.team, changelog.page(acme.team, 1)[0].id)
    assert db.rows("SELECT id FROM file") == []


def test_only_the_teams_own_pictures_are_shown_and_each_by_one_entry(client, ada, acme, globex):
    foreign, users = picture(globex), picture(acme, acme.reader(CLEO))
    of_a_post, text = picture(acme), attachments.put(acme.team, "a.txt", b"text").id
    posts.create(acme.writer, "With a picture", files=[of_a_post])
    own = picture(acme)
    made(ada, title="First", body=f"![mine](file:{own})")
    body = " ".join(f"![n{id}](file:{id})" for id in (foreign, users, of_a_post, text, own, 0, 2**62, 10**17))
    for do in ("preview", "publish"):
        page = write(ada, do=do, title="Second", body=f"{body} ![x](https://evil.example/x.png) <img src=x>")
        assert do == "publish" or "<img" not in page.text.split('data-live="shown"')[1].split("</article>")[0]
    page = client.simulate_get("/b/acme/changelog").text
    assert "<img" not in page.split("<main")[1].split("</main>")[0] and f"n{own}" in page
    assert {file.entry for file in attachments.of(acme.team, 9) if file.id != own} == {None}
