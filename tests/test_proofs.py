"""What is delicate is done by who has shown within ten minutes who they are: by a link in a letter, in that session."""

import pytest
from browser import Browser
from cast import ADA, DAN
from mailboxes import Mailbox, sent_by
from proving import let_time_go_by, prove, read_proof
from queued import work_off

from service import db
from service.feedback import endpoints, keys, sign_in

KEYS, MAKE = "/app/acme/settings/keys", {"do": "make", "name": "import of July", "scopes": "read"}
QUICK = {"Sayso-Quick": "1"}


@pytest.fixture
def ada(client, acme):
    """Ada's browser, long after she signed in."""
    browser = Browser(client).sign_in(ADA)
    let_time_go_by()
    return browser


def make_key(browser, headers: dict = {}):  # noqa: B006 it is only read
    browser.open(KEYS)
    return browser.send(KEYS, headers, **MAKE)


def test_case_16_what_is_delicate_is_done_only_after_a_fresh_proof(ada, acme):
    page = make_key(ada)
    assert page.status_code == 403 and keys.of(acme.team) == []
    assert 'value="import of July"' in page.text and "Confirm that it is you" in page.text
    assert 'action="/app/prove"' in page.text and ADA in page.text
    prove(ada)
    assert make_key(ada).status_code == 200
    assert [key.name for key in keys.of(acme.team)] == ["import of July"]
    let_time_go_by()
    assert make_key(ada).status_code == 403


def test_what_is_not_delicate_asks_for_nothing(ada):
    ada.open("/app/acme/settings/general")
    assert 'action="/app/prove"' not in ada.page.text
    ada.open("/app/acme/settings/tags")
    assert ada.send("/app/acme/settings/tags", do="create", name="Money", color="#2563eb").status_code == 303


def test_page_js_gets_the_page_with_the_banner_and_then_the_part_that_follows(ada):
    page = make_key(ada, QUICK)
    assert page.status_code == 403 and page.text.count('data-live="proof"') == 1
    part = ada.send("/app/prove", QUICK, do="prove")
    assert part.status_code == 200 and 'data-live="proof"' in part.text and 'data-live="notice"' in part.text
    assert "Ask for your link" in part.text and "<form" not in part.text


def test_an_endpoint_that_keeps_its_address_is_changed_without(ada, acme):
    endpoint, _ = endpoints.create(acme.team, "https://hooks.invalid/", ["post.created"], {})
    path = f"/app/acme/settings/webhooks/{endpoint.id}"
    ada.open(path)
    assert ada.send(path, do="change", url=endpoint.url, types="post.deleted").status_code == 303


def test_a_file_that_is_fetched_leads_to_the_page_that_asks(ada, acme):
    acme.user(DAN)
    assert ada.open("/app/acme/users/dan-8/export").headers["location"] == "/app/prove"
    prove(ada)
    assert ada.open("/app/acme/users/dan-8/export").status_code == 200


# ── the link ────────────────────────────────────────────────────────────────────────────────────────────────────────


def ask(browser) -> str:
    browser.open("/app/prove")
    assert browser.send("/app/prove").status_code == 200
    return read_proof()


def is_fresh(browser) -> bool:
    return sign_in.who(browser.cookies["sayso"]).is_fresh


def test_opening_the_link_changes_nothing(ada):
    secret = ask(ada)
    assert "Is this you?" in ada.open(f"/app/prove/{secret}").text and ada.page.headers["referrer-policy"] == "no-referrer"
    assert not is_fresh(ada)


def test_case_14_the_proof_gives_the_session_another_secret_and_open_forms_stay_good(ada, client):
    thief = Browser(client)
    thief.cookies = dict(ada.cookies)
    form = ada.open(KEYS)
    prove(ada)
    assert is_fresh(ada) and thief.open("/app/acme/inbox").headers["location"] == "/app/sign-in"
    ada.page = form
    assert ada.send(KEYS, **MAKE).status_code == 200


def test_case_17_it_lives_15_minutes_and_a_new_one_ends_it(ada):
    first = ask(ada)
    second = ask(ada)
    assert ada.open(f"/app/prove/{first}").status_code == 401
    assert ada.open(f"/app/prove/{second}").status_code == 200
    db.changed("UPDATE sign_in_link SET created_at = now() - interval '16 minutes'")
    assert ada.open(f"/app/prove/{second}").status_code == 401
    assert ada.open("/app/prove/%3Cscript%3E").status_code == 401


def test_it_signs_nobody_in_and_a_link_to_sign_in_proves_nothing(ada, client):
    secret = ask(ada)
    assert Browser(client).open(f"/app/sign-in/{secret}").status_code == 422
    link = sign_in.make_link(ADA)
    assert ada.open(f"/app/prove/{link}").status_code == 401


def test_a_person_gets_ten_letters_an_hour(ada):
    for _ in range(10):
        ask(ada)
    ada.open("/app/prove")
    page = ada.send("/app/prove", QUICK, do="prove")
    assert page.status_code == 429 and int(page.headers["retry-after"]) > 0 and 'role="alert"' in page.text


def test_who_is_signed_out_is_sent_to_sign_in(client, acme):
    browser = Browser(client)
    assert browser.open("/app/prove").headers["location"] == "/app/sign-in"
    assert browser.send("/app/prove").headers["location"] == "/app/sign-in"


def test_the_letter_goes_to_the_address_on_file_in_the_language_of_the_browser(ada, here):
    box = Mailbox()
    ada.open("/app/prove")
    ada.send("/app/prove", {"Accept-Language": "de"})
    with sent_by(here, box):
        work_off()
    [(to, letter)] = box.received
    assert to == [ADA] and letter["Subject"] == "Bestätigen Sie, dass Sie es sind"
    assert "/app/prove/" in letter.get_body(("plain",)).get_content()
