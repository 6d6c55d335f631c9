"""Guests: who has no account and leaves an e-mail address with a post. Nothing comes of it before they say it is theirs."""

import re

import pytest
from browser import Browser
from calls import call, session
from cast import ADA, CLEO
from crowd import at_once
from lowered import lower
from queued import work_off

from service import db, words
from service.db import database
from service.feedback import blocking, comments, general, limits, privacy
from service.lib import tokens

SUE = "sue@customer.example"
LETTERS = "SELECT to_email, state, subject, text, html, to_name FROM letter WHERE kind = 'guest' ORDER BY id"
USERS = 'SELECT kind, name, email, left(external_id, 6) FROM "user" ORDER BY id'
IDENTIFIED = "SELECT data, person_id FROM event WHERE type = 'user.identified'"
DRAFT = "5f2c7be1a0d94c3388f1e6b2"


@pytest.fixture(autouse=True)
def asking(acme):
    general.change(acme.team, ask_email="optional")


def write(client, company, title="Dark mode", guest=None, **more):
    """A post of somebody new, or of who has the token among `more`."""
    return call(client, company, "posts", title=title, guest=guest, **more)


def sue(name="Sue") -> dict:
    return {"email": SUE, "name": name}


def sent() -> list[tuple]:
    """The letters to guests, once the worker has written them."""
    work_off()
    return db.rows(LETTERS)


def link() -> str:
    """The address of the page that the newest letter leads to."""
    return re.search(r"http://127\.0\.0\.1:8000(/b/\S+)", sent()[-1][3])[1]


def users() -> list[tuple]:
    return [row for row in db.rows(USERS) if row[0] != "member"]


def press(client, address: str):
    """Open the page of a link and press its button; the page that comes of it."""
    browser = Browser(client)
    assert browser.open(address).status_code == 200
    answer = browser.send(address)
    return browser.open(answer.headers["location"]) if answer.status_code == 303 else answer


# ── whom it asks ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_where_nobody_is_asked_an_address_is_ignored(client, acme):
    general.change(acme.team, ask_email="no")
    for guest in (sue(), {"email": "nonsense"}, {"email": ""}):
        assert write(client, acme, guest=guest).status_code == 201
    assert sent() == [] and {kind for kind, *_ in users()} == {"anonymous"}


def test_where_it_is_optional_one_may_leave_it_out(client, acme):
    for guest in (None, {"email": "", "name": "Sue"}, {"email": "  "}):
        assert write(client, acme, guest=guest).status_code == 201
    assert sent() == []


def test_where_it_is_required_there_is_no_post_without_it_and_nobody_is_made(client, acme):
    general.change(acme.team, ask_email="required")
    for guest in (None, {"email": ""}, {"email": " ", "name": "Sue"}):
        refused = write(client, acme, guest=guest)
        assert (refused.status_code, refused.json["errors"][0]["field"]) == (422, "email")
    assert users() == []
    token = write(client, acme, guest=sue()).json["anonymous"]
    assert write(client, acme, anonymous=token).status_code == 422  # it is not confirmed yet
    press(client, link())
    assert write(client, acme, anonymous=token).status_code == 201
    assert write(client, acme, session=session(client, acme, CLEO)).status_code == 201


def test_who_is_identified_is_never_asked_and_stays_who_they_are(client, acme):
    assert write(client, acme, guest=sue(), session=session(client, acme, CLEO)).status_code == 201
    assert sent() == [] and users() == [("identified", "Cleo", CLEO["email"], "cleo-7")]


@pytest.mark.parametrize("guest", [
    {"email": "nonsense"}, {"email": "a@b\r\nBcc: all@customer.example"}, {"email": "=?utf-8?q?a?=@b.example"},
    {"email": "a@b.example, c@d.example"}, {"email": "x" * 70 + "@b.example"}, {"email": f"<{SUE}>"},
    {"email": "a@b\u202e.example"},
])  # fmt: skip
def test_an_address_that_is_none_is_refused(client, acme, guest):
    refused = write(client, acme, guest=guest)
    assert (refused.status_code, refused.json["errors"][0]["field"]) == (422, "email")
    assert users() == []


def test_a_name_that_is_too_long_and_fields_of_another_type_are_refused(client, acme):
    wrong = [(sue("x" * 81), "name"), ({"email": SUE, "name": 7}, "guest"), ({"email": []}, "guest"), ("x", "guest")]
    for guest, field in wrong:
        refused = write(client, acme, guest=guest)
        assert (refused.status_code, refused.json["errors"][0]["field"]) == (422, field)


# ── the letter ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_letter_says_when_and_to_whom_something_was_written_and_that_ignoring_it_does_nothing(client, acme):
    write(client, acme, guest=sue())
    [(to, state, subject, plain, html, name)] = sent()
    assert (to, state, name) == (SUE, "kept", "Sue"), "the name is kept until the letter is sent"
    assert subject == "Confirm your e-mail address for Acme"
    day = words.chosen("en").date(db.row("SELECT created_at FROM post")[0])
    assert f"wrote to Acme on {day}." in html
    for sentence in (f"wrote to Acme on {day}.", "The link works for 7 days", "Then nothing happens; you can delete this"):
        assert sentence in plain, sentence
    assert "Sue" not in plain + html
    page = Browser(client).sign_in(ADA).open("/app/acme/outbox")
    assert SUE in page.text


def test_no_letter_carries_a_word_of_whoever_wrote(client, acme):
    write(client, acme, "Call +1 555 now, evil.example", body="evil", guest=sue("evil.example"))
    [(_, _, subject, plain, html, _)] = sent()
    assert not any(word in subject + plain + html for word in ("evil", "Call", "555"))


@pytest.mark.parametrize("name", ["Acme", "acme support", "\uff21\uff23\uff2d\uff25  Team", "AcmeSupport",
                                  "Ada Okafor", "ADA  OKAFOR", "Ada\u200d Okafor", "\uff21da Okafor"])  # fmt: skip
def test_nobody_is_a_guest_by_the_teams_or_a_members_name(client, acme, name):
    db.changed("UPDATE person SET name = 'Ada Okafor'")
    refused = write(client, acme, guest=sue(name))
    assert (refused.status_code, refused.json["errors"][0]["field"]) == (422, "name") and users() == []
    for other in ("Ada", "Ada Okafor-Lind", "Sam of Acme", ""):
        assert write(client, acme, guest=sue(other)).status_code == 201, other


def test_a_name_may_begin_like_a_short_name_of_a_product(client, acme):
    general.change(acme.team, name="Al")
    assert [write(client, acme, guest=sue(name)).status_code for name in ("Alice", "Al", "Al Support")] == [201, 422, 422]


def test_until_it_is_confirmed_nobody_sees_who_they_say_they_are(client, acme):
    token = write(client, acme, guest=sue("Sue the Great")).json["anonymous"]
    reader = acme.reader()._replace(user=tokens.read("anonymous", token)["u"])
    comments.create(reader, 1, "Please!")
    link()
    browser = Browser(client).sign_in(ADA)
    found = [browser.open(f"/app/acme/{path}").text for path in ("inbox", "posts/1", "users", "moderation", "insights")]
    found += [client.simulate_get(f"/api/v1/{path}", headers=acme.bearer()).text for path in ("posts", "users", "events")]
    found += [call(client, acme, path).text for path in ("list", "posts/1")]
    assert not any("Sue the" in each or SUE in each for each in found)
    assert ("anonymous", "", None) in [row[:3] for row in users()]


def test_the_same_draft_is_one_letter_however_often_it_is_sent(client, acme):
    answers = at_once(lambda _: write(client, acme, guest=sue(), submission=DRAFT), 8)
    assert {answer.json["post"]["number"] for answer in answers} == {1}
    assert len(sent()) == 1
    address = link()
    press(client, address)
    assert write(client, acme, guest=sue(), submission=DRAFT).json["post"]["number"] == 1
    assert len(sent()) == 1 and len(users()) == 1


# ── not a way to flood anybody ──────────────────────────────────────────────────────────────────────────────────────


def test_an_address_gets_three_letters_a_day_of_a_workspace_and_so_many_of_all(client, acme, globex, monkeypatch):
    lower(monkeypatch, GUEST_LETTERS_BY_ALL=5)
    general.change(globex.team, ask_email="optional")
    spellings = [SUE, "SUE@Customer.example", "sue+1@\uff43ustomer\u3002example", "s.u.e@customer.example", SUE]
    answers = [write(client, company, guest={"email": each}) for each in spellings for company in (acme, globex)]
    assert {answer.status_code for answer in answers} == {201}
    assert len({tuple(answer.json) for answer in answers}) == 1
    assert len(sent()) == 5


def test_a_network_and_a_workspace_have_limits_too_and_one_does_not_use_up_the_other(client, acme, monkeypatch):
    lower(monkeypatch, GUEST_LETTERS_FROM=3, GUEST_LETTERS_TO=9, GUEST_LETTERS=5)
    for network in ("one", "two", "three"):
        monkeypatch.setattr(limits, "network", lambda _, network=network: network)
        for number in range(6):
            assert write(client, acme, guest={"email": f"{network}-{number}@customer.example"}).status_code == 201
        assert len(sent()) == {"one": 3, "two": 5, "three": 5}[network]


def test_no_address_is_written_where_its_letters_are_counted(client, acme):
    write(client, acme, guest=sue())
    assert not any("sue" in key for (key,) in db.rows("SELECT key FROM rate"))


# ── confirming ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_opening_the_link_changes_nothing_and_its_button_makes_a_guest(client, acme):
    token = write(client, acme, guest=sue()).json["anonymous"]
    address = link()
    page = client.simulate_get(address)
    assert "Is this you?" in page.text and SUE in page.text and "Sue" in page.text
    assert page.headers["referrer-policy"] == "no-referrer" and page.headers["cache-control"] == "no-store"
    assert "<script" not in page.text and "set-cookie" not in page.headers
    assert users()[0][0] == "anonymous"
    for _ in range(2):
        assert "Your address is confirmed" in press(client, address).text
    assert users() == [("guest", "Sue", SUE, "guest_")]
    assert db.rows(IDENTIFIED) == [({"changed": ["email", "name"]}, None)]
    said = call(client, acme, "session", anonymous=token).json["user"]
    assert (said["name"], said["kind"]) == ("Sue", "guest")


def test_twenty_presses_at_once_confirm_once(client, acme):
    write(client, acme, guest=sue(""))
    address = link()
    assert {answer.status_code for answer in at_once(lambda _: Browser(client).send(address))} == {303}
    assert db.rows(IDENTIFIED) == [({"changed": ["email"]}, None)]


def test_a_link_that_does_not_hold_says_so_and_does_nothing(client, acme, globex):
    write(client, acme, guest=sue())
    address = link()
    token = address.rpartition("/")[2]
    foreign = tokens.sign("anonymous", tokens.read("guest", token))  # of another purpose
    for place in (f"acme/confirm/{token[:-1]}", f"globex/confirm/{token}", f"acme/confirm/{foreign}", "acme/confirm/é"):
        for answer in (client.simulate_get(f"/b/{place}"), Browser(client).send(f"/b/{place}")):
            assert answer.status_code == 401 and "This link does not work" in answer.text, place
    assert client.simulate_get(f"/b/nowhere/confirm/{token}").status_code == 404
    assert users()[0][0] == "anonymous"


def test_a_link_ends_after_a_week(client, acme, monkeypatch):
    write(client, acme, guest=sue())
    address = link()
    monkeypatch.setitem(tokens.LIFETIME, "guest", -1)
    for answer in (client.simulate_get(address), Browser(client).send(address)):
        assert answer.status_code == 401 and "This link is too old" in answer.text
    assert users()[0][0] == "anonymous"


def test_who_was_blocked_or_erased_meanwhile_is_told_and_nothing_happens(client, acme):
    write(client, acme, guest=sue())
    address = link()
    [(id,)] = db.rows('SELECT external_id FROM "user"')
    blocking.block(acme.team, id)
    assert [client.simulate_get(address).status_code, Browser(client).send(address).status_code] == [403, 403]
    privacy.erase(acme.team, id)
    gone = Browser(client).send(address)
    assert gone.status_code == 404 and "nothing left to confirm" in gone.text
    assert users() == []


def test_the_first_of_two_addresses_that_is_confirmed_stays(client, acme):
    token = write(client, acme, guest=sue()).json["anonymous"]
    first = link()
    write(client, acme, guest={"email": "other@customer.example"}, anonymous=token)
    second = link()
    press(client, second)
    answer = Browser(client).send(first)
    assert answer.status_code == 409 and "another address" in answer.text and "other@" not in answer.text
    assert users() == [("guest", "", "other@customer.example", "guest_")]


def test_what_was_taken_away_before_its_letter_is_sent_needs_none(client, acme):
    token = write(client, acme, guest=sue()).json["anonymous"]
    database.execute_sql("""UPDATE "user" SET blocked_at = now()""")
    assert sent()[0][1] == "withdrawn"
    assert call(client, acme, "list", anonymous=token).status_code == 403


def test_erasing_somebody_leaves_nothing_of_an_address_that_they_never_confirmed(client, acme):
    for work in (lambda: None, work_off):
        write(client, acme, guest=sue("Sue the Great"))
        work()
        [(id,)] = db.rows('SELECT external_id FROM "user"')
        privacy.erase(acme.team, id)
        assert db.rows(LETTERS) == []
        work_off()
        assert db.rows(LETTERS) == [] and users() == []
