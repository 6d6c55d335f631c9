"""Members sign in by a link in a letter: once, soon, in their own browser; and out again for good."""

import pytest
from browser import Browser, read_letter
from cast import ADA, BEN, EVE

from service import db
from service.feedback import members, sign_in


@pytest.fixture
def ada(client, acme):
    """A browser before the sign-in form of an installation where Acme lives."""
    shown = Browser(client)
    shown.open("/app/sign-in")
    return shown


def ask(browser, email=ADA) -> str:
    """Ask for a link; returns the secret in the letter."""
    browser.open("/app/sign-in")
    assert browser.send("/app/sign-in", email=email).status_code == 200
    return read_letter()


def redeem(browser, secret):
    browser.open(f"/app/sign-in/{secret}")
    return browser.send(f"/app/sign-in/{secret}")


def is_signed_in(browser) -> bool:
    return browser.open("/app/acme/inbox").status_code == 200


# ── the link ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_member_asks_for_a_link_opens_it_and_is_in(ada):
    assert ada.send("/app/sign-in", email=ADA).status_code == 200
    assert ADA in ada.page.text
    secret = read_letter()
    assert "One click signs you in" in ada.open(f"/app/sign-in/{secret}").text
    assert ada.page.headers["referrer-policy"] == "no-referrer"
    assert ada.page.headers["cache-control"] == "no-store"
    answer = ada.send(f"/app/sign-in/{secret}")
    assert (answer.status_code, answer.headers["location"]) == (303, "/app/")
    assert ada.open("/app/").headers["location"] == "/app/acme/inbox"
    assert is_signed_in(ada)


def test_who_has_no_workspace_yet_makes_one(ada):
    assert redeem(ada, ask(ada, "new@startup.example")).headers["location"] == "/app/new"


def test_case_8_opening_the_link_changes_nothing(ada, client):
    secret = ask(ada)
    for _ in range(3):
        ada.open(f"/app/sign-in/{secret}")
        client.simulate_head(f"/app/sign-in/{secret}", headers=ada.headers())
    assert db.row("SELECT count(*) FROM session") == (0,)
    assert redeem(ada, secret).status_code == 303


def test_a_wrong_link_leads_back_to_the_form(ada):
    for secret in ("x", "%ff", "é", "a" * 500, "%3Cscript%3E"):
        page = ada.open(f"/app/sign-in/{secret}")
        assert (page.status_code, "<form" in page.text) == (422, True), secret
        assert "<script>alert" not in page.text


def test_a_link_from_the_command_line_works_in_any_browser(client, acme):
    browser = Browser(client)
    assert redeem(browser, sign_in.make_link(BEN)).status_code == 303
    assert is_signed_in(browser)


def test_the_first_owner_says_who_they_are_once(client, here):
    secret, late = sign_in.make_link(None), sign_in.make_link(None)
    browser = Browser(client)
    assert "you become the owner" in browser.open(f"/app/sign-in/{secret}").text
    page = browser.send(f"/app/sign-in/{secret}", email="not an address")
    assert (page.status_code, 'value="not an address"' in page.text) == (422, True)
    assert browser.send(f"/app/sign-in/{secret}", email="first@here.example").headers["location"] == "/app/new"
    assert not members.is_nobody_yet()
    second = Browser(client)
    second.open(f"/app/sign-in/{late}")
    assert second.send(f"/app/sign-in/{late}", email=EVE).status_code == 401


@pytest.mark.parametrize(
    "email", ["", "ada", "a@b@c", "a b@c.d", "ada@x\nBcc: y@z", "<script>@x.y", "a" * 255 + "@x.y", "=?utf-8?q?a=2C?=@x.y"]
)
def test_case_53_what_is_no_address_is_refused_and_kept_in_the_field(ada, email):
    page = ada.send("/app/sign-in", email=email)
    assert page.status_code == 422
    assert 'aria-invalid="true"' in page.text and "<script>@" not in page.text
    assert db.row("SELECT count(*) FROM sign_in_link") == (0,)


# ── forms of other pages ────────────────────────────────────────────────────────────────────────────────────────────


def test_case_7_a_form_without_our_token_or_from_another_site_is_refused(client, acme):
    ada, eve = Browser(client).sign_in(ADA), Browser(client).sign_in(EVE)
    eve.open("/app/new")
    foreign = eve.page
    sites = [{"Sec-Fetch-Site": site} for site in ("cross-site", "same-site", "x")]
    origins = [{"Origin": f"http://{name}"} for name in ("evil.example", "[", "127.0.0.1:8000.evil.example")]
    for headers in sites + origins:
        ada.open("/app/new")
        assert ada.send("/app/new", headers, name="Made by a foreign page").status_code == 403, headers
    for token in ("", "x", "é", "\0"):
        assert ada.send("/app/new", name="Made by a foreign page", csrf=token).status_code == 403
    ada.page = foreign
    assert ada.send("/app/new", name="Made by a foreign page").status_code == 403
    assert [place.name for place in members.places(acme.owner)] == ["Acme"]


def test_case_7_our_own_forms_are_taken(client, acme):
    ada = Browser(client).sign_in(ADA)
    for number, headers in enumerate(({}, {"Sec-Fetch-Site": "same-origin"}, {"Origin": "http://127.0.0.1:8000"})):
        ada.open("/app/new")
        assert ada.send("/app/new", headers, name=f"Product {number}").status_code == 303


def test_case_7_the_forms_before_sign_in_are_bound_to_the_browser(ada, client):
    other = Browser(client)
    other.open("/app/sign-in")
    other.page = ada.page
    assert other.send("/app/sign-in", email=ADA).status_code == 403
    assert db.row("SELECT count(*) FROM sign_in_link") == (0,)
