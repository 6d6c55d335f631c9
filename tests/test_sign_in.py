"""Members sign in by a link in a letter: once, soon, in their own browser; and out again for good."""

import dataclasses

import falcon.testing
import pytest
from browser import Browser, read_letter
from cast import ADA, BEN, EVE
from crowd import at_once

from service import db
from service.db import database
from service.feedback import members, sign_in
from service.web.app import create_app

TEXTS = """
SELECT table_name, column_name FROM information_schema.columns
 WHERE table_schema = 'public' AND data_type IN ('text', 'jsonb', 'bytea', 'ARRAY')"""


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


def test_case_17_a_link_works_once_though_twenty_press_at_once(ada, client):
    secret = ask(ada)
    ada.open(f"/app/sign-in/{secret}")
    copies = [Browser(client) for _ in range(20)]
    for copy in copies:
        copy.cookies, copy.page = dict(ada.cookies), ada.page
    answers = at_once(lambda number: copies[number].send(f"/app/sign-in/{secret}"))
    assert sorted(answer.status_code for answer in answers) == [303] + [401] * 19
    assert db.row("SELECT count(*) FROM session") == (1,)


def test_case_17_a_link_lives_15_minutes(ada):
    for age, status in (("14 minutes", 303), ("16 minutes", 422)):
        secret = ask(ada)
        database.execute_sql(f"UPDATE sign_in_link SET created_at = now() - interval '{age}'")
        assert ada.open(f"/app/sign-in/{secret}").status_code == (200 if status == 303 else 422)
        if status == 303:
            assert ada.send(f"/app/sign-in/{secret}").status_code == 303


def test_case_17_a_link_works_only_in_the_browser_that_asked(ada, client):
    secret, other = ask(ada), Browser(client)
    assert "in which you asked" in other.open(f"/app/sign-in/{secret}").text
    other.open("/app/sign-in")
    assert other.send(f"/app/sign-in/{secret}").status_code == 401
    assert redeem(ada, secret).status_code == 303


def test_case_17_a_new_link_ends_the_older_ones(ada):
    first, second = ask(ada), ask(ada, ADA.upper())
    assert ada.open(f"/app/sign-in/{first}").status_code == 422
    assert redeem(ada, second).status_code == 303


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


def test_case_20_the_answer_does_not_tell_who_is_known(ada):
    pages = []
    for email in (ADA, "nobody@acme.example"):
        ada.open("/app/sign-in")
        page = ada.send("/app/sign-in", email=email)
        pages.append((page.status_code, page.text.replace(email, "X"), sorted(page.headers)))
    assert pages[0] == pages[1]


@pytest.mark.parametrize(
    "email", ["", "ada", "a@b@c", "a b@c.d", "ada@x\nBcc: y@z", "<script>@x.y", "a" * 255 + "@x.y", "=?utf-8?q?a=2C?=@x.y"]
)
def test_case_53_what_is_no_address_is_refused_and_kept_in_the_field(ada, email):
    page = ada.send("/app/sign-in", email=email)
    assert page.status_code == 422
    assert 'aria-invalid="true"' in page.text and "<script>@" not in page.text
    assert db.row("SELECT count(*) FROM sign_in_link") == (0,)


def test_case_21_an_address_gets_five_links_an_hour(ada):
    for _ in range(5):
        ask(ada)
    ada.open("/app/sign-in")
    page = ada.send("/app/sign-in", email=ADA.title())
    assert page.status_code == 429
    assert 1 <= int(page.headers["retry-after"]) <= 3600
    assert ask(ada, BEN)


def test_case_21_a_network_gets_twenty_links_an_hour(ada):
    for number in range(20):
        ada.send("/app/sign-in", email=f"p{number}@x.example")
        ada.open("/app/sign-in")
    assert ada.send("/app/sign-in", email="p21@x.example").status_code == 429


# ── the session ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_case_13_the_cookie_is_for_our_server_alone(ada):
    answer = redeem(ada, ask(ada))
    cookie = answer.cookies["sayso"]
    assert (cookie.http_only, cookie.same_site, cookie.path, cookie.domain, cookie.secure) == (True, "Lax", "/", None, False)
    assert cookie.max_age == 30 * 24 * 3600
    assert "sayso-browser" not in ada.cookies


def test_case_13_over_https_the_cookie_cannot_be_set_by_anyone_else(here, acme):
    secure = falcon.testing.TestClient(create_app(dataclasses.replace(here, base_url=f"https://{falcon.testing.DEFAULT_HOST}")))
    browser = Browser(secure)
    answer = redeem(browser, ask(browser))
    cookie = answer.cookies["__Host-sayso"]
    assert (cookie.http_only, cookie.same_site, cookie.path, cookie.domain, cookie.secure) == (True, "Lax", "/", None, True)
    assert set(answer.cookies) == {"__Host-sayso", "__Host-sayso-browser"}
    assert answer.headers["strict-transport-security"] == "max-age=31536000"
    plain = secure.simulate_get("/app/acme/inbox", headers={"Cookie": f"sayso={cookie.value}"})
    assert plain.status_code == 303


def test_case_14_a_cookie_that_was_there_before_is_never_adopted(ada):
    ada.cookies["sayso"] = "chosen-by-an-attacker"
    answer = redeem(ada, ask(ada))
    assert answer.cookies["sayso"].value != "chosen-by-an-attacker"
    first = ada.cookies["sayso"]
    redeem(ada, ask(ada))
    assert ada.cookies["sayso"] != first


def test_case_15_signing_out_ends_the_copied_cookie_too(ada, client):
    redeem(ada, ask(ada))
    thief = Browser(client)
    thief.cookies = dict(ada.cookies)
    ada.open("/app/acme/inbox")
    answer = ada.send("/app/sign-out")
    assert (answer.status_code, answer.headers["clear-site-data"]) == (303, '"cache"')
    assert "sayso" not in ada.cookies
    assert thief.open("/app/acme/inbox").headers["location"] == "/app/sign-in"


def test_case_16_a_session_ends_after_14_idle_days_or_30_in_all(client, acme):
    browser = Browser(client).sign_in(ADA)
    for column, days, holds in (
        ("seen_at", 13, True),
        ("seen_at", 15, False),
        ("created_at", 29, True),
        ("created_at", 31, False),
    ):
        database.execute_sql("UPDATE session SET seen_at = now(), created_at = now()")
        database.execute_sql(f"UPDATE session SET {column} = now() - interval '{days} days'")
        assert is_signed_in(browser) == holds, (column, days)


def test_who_left_the_team_sees_nothing_at_once(client, acme):
    browser = Browser(client).sign_in(BEN)
    assert is_signed_in(browser)
    database.execute_sql("DELETE FROM member WHERE person_id = (SELECT id FROM person WHERE email = %s)", (BEN,))
    assert browser.open("/app/acme/inbox").status_code == 404


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


# ── what is stored ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_case_77_no_secret_is_stored_as_it_is(client, acme):
    browser = Browser(client)
    secret = ask(browser)
    cookie = browser.cookies["sayso-browser"]
    redeem(browser, secret)
    secrets = [secret, cookie, browser.cookies["sayso"], acme.api_key, acme.secret[1]]
    for table, column in db.rows(TEXTS):
        for (value,) in db.rows(f'SELECT "{column}" FROM "{table}" WHERE "{column}" IS NOT NULL'):
            text = bytes(value).decode("latin-1") if isinstance(value, memoryview) else str(value)
            assert not [secret for secret in secrets if secret in text], (table, column)
