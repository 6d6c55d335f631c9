"""Cases 14, 16 and 22: a proof once more of who somebody is, and another address: for one session, once, soon."""

import re

import pytest
from browser import Browser
from cast import ADA, BEN, EVE
from crowd import at_once
from mailboxes import Mailbox, sent_by
from queued import work_off

from service import db
from service.feedback import endpoints, members, proofs

NEW = "ada@new.example"
NEWEST_LINK = "SELECT id FROM sign_in_link ORDER BY id DESC LIMIT 1"
STALE = "UPDATE session SET proved_at = now() - interval '11 minutes'"
PROVED = "UPDATE session SET proved_at = now() - %(minutes)s * interval '1 minute'"
ACCOUNT = "/app/acme/settings/account"


@pytest.fixture
def ada(client, acme):
    browser = Browser(client).sign_in(ADA)
    db.changed(STALE)
    browser.open("/app/acme/settings/team")
    return browser


def ask(browser) -> str:
    """Ask for a letter that proves who one is; returns the secret of its link."""
    assert browser.send("/app/prove").status_code == 200
    return proofs.arm(db.row(NEWEST_LINK)[0]).secret


def ask_to_move(browser, email: str = NEW) -> str:
    browser.open(ACCOUNT)
    assert browser.send(ACCOUNT, do="address", email=email).status_code in (200, 303)
    return proofs.arm(db.row(NEWEST_LINK)[0]).secret


def press(browser, secret: str) -> int:
    """Open the link, and press the button of its page; the page says before what the button answers."""
    shown = browser.open(f"/app/prove/{secret}").status_code
    if "csrf" not in browser.page.text:  # nothing to press; somebody could send it all the same
        browser.open("/app/new")
    assert browser.send(f"/app/prove/{secret}").status_code == shown
    return shown


def is_fresh() -> list[bool]:
    return [row[0] for row in db.rows("SELECT proved_at > now() - interval '1 minute' FROM session ORDER BY id")]


def is_in(browser) -> bool:
    return browser.open("/app/acme/inbox").status_code == 200


def prove(browser) -> None:
    browser.open("/app/new")
    assert press(browser, ask(browser)) == 200


def address() -> str:
    """Ada's."""
    return db.row("SELECT email FROM person ORDER BY id LIMIT 1")[0]


@pytest.mark.parametrize(("place", "fields"), [
    ("settings", {"do": "origins", "origins": "https://evil.example"}), ("settings", {"do": "rotate", "seen": "1"}),
    ("settings/identity", {"do": "secret", "overlap": "168"}),
    ("settings/keys", {"do": "make", "name": "x", "scopes": "read"}),
    ("settings/team", {"do": "invite", "email": "gil@elsewhere.example", "role": "admin"}),
    ("settings/team", {"do": "remove", "person": "{ben}"}),
    ("settings/team", {"do": "role", "person": "{ben}", "role": "admin"}),
    ("settings/webhooks", {"do": "create", "url": "https://new.invalid/", "types": "post.created", "format": "standard"}),
    ("settings/webhooks/{endpoint}", {"do": "rotate"}),
    ("settings/webhooks/{endpoint}", {"do": "change", "url": "https://evil.invalid/", "types": "post.created"}),
    ("settings/brand", {"do": "domain", "domain": "feedback.acme.example"}),
    ("settings/brand", {"do": "sign_in_url", "sign_in_url": "https://evil.example/"}),
    ("settings/account", {"do": "address", "email": NEW}),
    ("users/cleo-7", {"do": "erase", "confirm": "cleo-7"}),
])  # fmt: skip
def test_case_16_what_is_delicate_asks_for_a_fresh_proof(client, acme, ada, place, fields):
    acme.user()
    endpoint, _ = endpoints.create(acme.team, "https://hooks.invalid/", ["post.created"], {})
    known = {"endpoint": endpoint.id, "ben": members.person(BEN).id}
    path, fields = f"/app/acme/{place}".format(**known), {name: value.format(**known) for name, value in fields.items()}
    before = db.row("SELECT count(*) FROM event")
    for minutes, is_refused in ((11, True), (9, False)):
        db.changed(PROVED, minutes=minutes)
        ada.open(path)
        page = ada.send(path, **fields)
        assert (page.status_code == 403, 'action="/app/prove"' in page.text) == (is_refused, is_refused)
        assert is_refused or page.status_code in (200, 303) or "without HTTPS" in page.text
        assert not is_refused or db.row("SELECT count(*) FROM event") == before


def test_case_14_a_proof_gives_the_session_another_secret_and_the_copied_one_ends(client, ada):
    thief = Browser(client)
    thief.cookies = dict(ada.cookies)
    secret = ask(ada)
    assert press(ada, secret) == 200 and is_fresh() == [True]
    assert ada.cookies["sayso"] != thief.cookies["sayso"] and is_in(ada) and not is_in(thief)


def test_case_16_a_proof_is_for_the_session_that_asked_and_for_no_other(client, ada):
    secret, other, ben = ask(ada), Browser(client).sign_in(ADA), Browser(client).sign_in(BEN)
    db.changed(STALE)
    for browser in (other, ben, Browser(client)):
        page = browser.open(f"/app/prove/{secret}")
        assert (page.status_code, "in which you asked" in page.text) == (401, True)
    for browser in (other, ben):
        assert press(browser, secret) == 401
    assert is_fresh() == [False] * 3
    assert press(ada, secret) == 200 and is_fresh() == [True, False, False]
    db.changed(STALE)
    assert press(ada, secret) == 401 and is_fresh() == [False] * 3, "and once"


def test_case_16_a_proof_that_comes_late_is_none_and_signs_nobody_in(client, ada):
    secret, nobody = ask(ada), Browser(client)
    nobody.open("/app/sign-in")
    assert nobody.send(f"/app/prove/{secret}").status_code in (303, 401) and "sayso" not in nobody.cookies
    assert client.simulate_get(f"/app/sign-in/{secret}").status_code in (401, 422), "nor is it a link to sign in"
    db.changed("UPDATE sign_in_link SET created_at = now() - interval '16 minutes'")
    assert press(ada, secret) == 401 and is_fresh() == [False]


def test_case_16_of_twenty_who_prove_it_at_once_one_does(client, ada):
    secret, copies = ask(ada), [Browser(client) for _ in range(20)]
    ada.open(f"/app/prove/{secret}")
    for copy in copies:
        copy.cookies, copy.page = dict(ada.cookies), ada.page
    answers = at_once(lambda number: copies[number].send(f"/app/prove/{secret}").status_code)
    assert sorted(answers)[0] == 200 and set(sorted(answers)[1:]) <= {303, 401}


def test_case_22_another_address_asks_for_a_proof_and_for_a_letter_to_the_new_one(client, ada):
    ada.open(ACCOUNT)
    assert ada.send(ACCOUNT, do="address", email=NEW).status_code == 403
    prove(ada)
    elsewhere = Browser(client).sign_in(ADA)
    secret = ask_to_move(ada)
    assert address() == ADA and press(elsewhere, secret) == 401, "in the session that asked"
    assert press(ada, secret) == 200 and address() == NEW
    assert is_in(ada) and not is_in(elsewhere), "everywhere else they are signed out"
    assert press(ada, secret) == 401, "and once"


def test_case_22_a_link_dies_when_the_address_changed_otherwise_or_is_somebodys(client, ada, globex):
    prove(ada)
    first = ask_to_move(ada, "first@new.example")
    db.changed("UPDATE person SET email = 'ada@third.example' WHERE email = %(email)s", email=ADA)
    assert press(ada, first) == 401 and address() == "ada@third.example"
    db.changed("UPDATE person SET email = %(email)s WHERE email = 'ada@third.example'", email=ADA)
    taken = ask_to_move(ada, NEW)
    members.person(NEW)
    assert press(ada, taken) in (401, 409) and address() == ADA
    late = ask_to_move(ada, "late@new.example")
    db.changed("UPDATE sign_in_link SET created_at = now() - interval '61 minutes'")
    assert press(ada, late) == 401 and address() == ADA


def test_case_22_nothing_tells_whose_an_address_is(client, ada, here, globex):
    prove(ada)
    pages, box = [], Mailbox()
    for email in (EVE, NEW):
        ada.open(ACCOUNT)
        asked = ada.send(ACCOUNT, do="address", email=email)
        page = ada.open(asked.headers["location"])
        words = re.sub("ticket=[^&]+", "", page.text.replace(email, "X"))
        pages.append((asked.status_code, sorted(asked.headers), page.status_code, sorted(page.headers), words))
        with sent_by(here, box):
            work_off()
    assert pages[0] == pages[1] and pages[0][0] == 303 and "X gets a letter" in pages[0][-1]
    assert [to for to, letter in box.received if letter["Subject"] == "Confirm your new address"] == [[EVE], [NEW]]
