"""Users sign in to the public face: by a link in a letter, once, soon, in their own browser; or by way of the product."""

import re
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from browser import Browser
from cast import ADA, CLEO
from crowd import at_once
from visitors import Visitor

from service import db
from service.db import database
from service.feedback import blocking, user_links, users
from service.lib import tokens
from service.web.guards import user_token

SUE = "sue@customer.example"
NEWEST = "SELECT workspace_id, id FROM user_link ORDER BY id DESC LIMIT 1"
PEOPLE = """SELECT kind, email FROM "user" WHERE kind <> 'member' ORDER BY id"""
EVIL = ("//evil.example", "/\\evil.example", "https:evil.example", "%2f%2fevil.example", "/%2fevil.example", "/\tevil",
        "javascript:alert(1)", "/\n/evil", "https://evil.example", "/../../app", "/%2e%2e/%2e%2e/app", "@evil.example",
        ".evil.example", "/posts/3?x=\r\nSet-Cookie: a=b", "/" + "a" * 600, "")  # fmt: skip


@pytest.fixture
def sue(client, acme):
    return Browser(client)


def ask(browser, email=SUE, to="", at="acme") -> str:
    """Ask for a link; returns the secret in its letter, as the worker makes it."""
    answer = browser.send(f"/b/{at}/sign-in?{urlencode({'to': to})}", do="ask", email=email)
    assert answer.status_code == 200 and email.lower() in answer.text.lower()
    return user_links.arm(*db.row(NEWEST)).secret


def press(browser, secret, at="acme"):
    browser.open(f"/b/{at}/sign-in/{secret}")
    return browser.send(f"/b/{at}/sign-in/{secret}")


def name_on(browser, at="acme") -> str:
    """Whom this browser's page is about; empty when it is sent to sign in."""
    page = browser.open(f"/b/{at}/me")
    return re.search(r"<h1[^>]*>(?:<bdi>)?(.*?)(?:</bdi>)?</h1>", page.text)[1] if page.status_code == 200 else ""


# ── by a link ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_somebody_new_asks_for_a_link_opens_it_and_is_a_guest(sue):
    assert 'name="email"' in sue.open("/b/acme/sign-in").text
    secret = ask(sue)
    page = sue.open(f"/b/acme/sign-in/{secret}")
    assert (
        SUE in page.text and page.headers["referrer-policy"] == "no-referrer" and page.headers["cache-control"] == "no-store"
    )
    assert db.rows(PEOPLE) == []
    answer = sue.send(f"/b/acme/sign-in/{secret}")
    assert (answer.status_code, answer.headers["location"]) == (303, "/b/acme")
    assert "You are signed in." in sue.open("/b/acme").text
    assert name_on(sue) == "My page" and db.rows(PEOPLE) == [("guest", SUE)]
    assert db.rows("SELECT data FROM event WHERE type = 'user.identified'") == [({"changed": ["email"]},)]
    assert sue.open("/b/acme/sign-in").headers["location"] == "/b/acme/me"


def test_case_8_opening_the_link_changes_nothing(sue, client):
    secret = ask(sue)
    for _ in range(3):
        sue.open(f"/b/acme/sign-in/{secret}")
        client.simulate_head(f"/b/acme/sign-in/{secret}", headers=sue.headers())
    assert db.rows(PEOPLE) == [] and press(sue, secret).status_code == 303


def test_case_17_a_link_works_once_though_twenty_press_at_once(sue, client):
    secret = ask(sue)
    copies = [Browser(client) for _ in range(20)]
    for copy in copies:
        copy.cookies = dict(sue.cookies)
    answers = at_once(lambda number: copies[number].send(f"/b/acme/sign-in/{secret}"))
    assert sorted(answer.status_code for answer in answers) == [303] + [401] * 19
    assert db.rows(PEOPLE) == [("guest", SUE)]


def test_case_17_a_link_lives_15_minutes_in_the_browser_that_asked(sue, client):
    secret, other = ask(sue), Browser(client)
    assert "another browser" in other.open(f"/b/acme/sign-in/{secret}").text
    assert other.send(f"/b/acme/sign-in/{secret}").status_code == 401
    database.execute_sql("UPDATE user_link SET created_at = now() - interval '16 minutes'")
    assert press(sue, secret).status_code == 401 and "no longer works" in sue.page.text
    assert db.rows(PEOPLE) == []


def test_case_17_a_new_link_ends_the_older_ones_and_none_works_in_another_workspace(sue, globex):
    first, second = ask(sue), ask(sue, SUE.upper())
    for secret, at in ((first, "acme"), (second, "globex"), ("x", "acme"), ("%ff", "acme"), ("a" * 500, "acme")):
        assert press(sue, secret, at).status_code == 401, (secret, at)
    assert press(sue, second).status_code == 303


def test_case_21_an_address_and_a_network_get_only_so_many_links_an_hour(sue):
    for _ in range(5):
        ask(sue)
    page = sue.send("/b/acme/sign-in", do="ask", email=SUE.title())
    assert page.status_code == 429 and 1 <= int(page.headers["retry-after"]) <= 3600 and "a lot at once" in page.text
    for number in range(20):
        sue.send("/b/acme/sign-in", do="ask", email=f"p{number}@x.example")
    assert sue.page.status_code == 429 and not any("sue" in key for (key,) in db.rows("SELECT key FROM rate"))


@pytest.mark.parametrize("email", ["", "sue", "sue@x\nBcc: y@z", "<script>@x.y", "a" * 300 + "@x.y", "a\0b"])
def test_case_53_what_is_no_address_is_refused_in_the_pages_language_and_kept(sue, email):
    page = sue.send("/b/acme/sign-in", headers={"Accept-Language": "de"}, do="ask", email=email)
    assert page.status_code == 422 and "Bitte schreiben Sie Ihre E-Mail-Adresse" in page.text
    assert "<script>@" not in page.text and db.rows("SELECT FROM user_link") == []


# ── whom it makes of one ────────────────────────────────────────────────────────────────────────────────────────────


def test_one_becomes_the_only_user_whom_the_product_names_by_this_address(sue, acme):
    acme.user(CLEO)
    assert press(sue, ask(sue, CLEO["email"].upper())).status_code == 303 and name_on(sue) == "Cleo"


def test_an_address_that_was_shown_to_be_somebodys_is_theirs_whatever_a_token_says(sue, acme):
    users.make(acme.workspace, "guest_x", "guest", "Proven", CLEO["email"])
    for _ in range(2):  # the first time nobody else has it
        assert press(sue, ask(sue, CLEO["email"])).status_code == 303 and name_on(sue) == "Proven"
        sue.cookies.pop("sayso-acme")
        acme.user(CLEO)


def test_the_first_proof_of_an_address_ends_the_sessions_from_before(sue, acme, client):
    user = users.make(acme.workspace, "guest_x", "guest", "Proven", CLEO["email"])
    before = Visitor(client)
    before.cookies["sayso-acme"] = user_token("visitor", acme.workspace, user)
    assert before.open("/b/acme/me").status_code == 200
    press(sue, ask(sue, CLEO["email"]))
    assert before.open("/b/acme/me").status_code == 303 and name_on(sue) == "Proven"
    again = Browser(client)
    press(again, ask(again, CLEO["email"]))
    assert name_on(again) == name_on(sue) == "Proven"  # only the first


def test_of_several_one_becomes_none_but_the_guest_who_was_here_last(sue, acme):
    acme.user(CLEO)
    acme.user({**CLEO, "sub": "cleo-8", "name": "Cleo 8"})
    for external, days in (("guest_1", 3), ("guest_2", 1), ("guest_3", 2)):
        id = users.make(acme.workspace, external, "guest", external, CLEO["email"]).id
        db.changed(f"""UPDATE "user" SET last_seen_at = now() - interval '{days} days' WHERE id = %(id)s""", id=id)
    press(sue, ask(sue, CLEO["email"]))
    assert name_on(sue) == "guest_2"


def test_nobody_becomes_a_member_of_the_team(sue, acme):
    voice = users.of_member(acme.workspace, acme.owner)
    press(sue, ask(sue, ADA))
    assert name_on(sue) == "My page" and db.rows(PEOPLE) == [("guest", ADA)]
    assert sue.open("/app/acme/inbox").headers["location"] == "/app/sign-in" and voice.kind == "member"


def test_who_is_blocked_is_refused_and_nobody_is_made(sue, acme):
    acme.user(CLEO)
    blocking.block(acme.team, CLEO["sub"])
    refused = press(sue, ask(sue, CLEO["email"]))
    assert refused.status_code == 403 and "has blocked you here" in refused.text
    assert name_on(sue) == "" and len(db.rows(PEOPLE)) == 1


def test_who_was_anonymous_takes_their_vote_along(sue, acme):
    acme.post()
    sue.send("/b/acme", do="vote", number="1")
    press(sue, ask(sue))
    assert db.row("SELECT votes FROM post") == (2,)
    assert [kind for kind, _ in db.rows(PEOPLE)] == ["identified", "guest"]


# ── where it leads ──────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("to", EVIL)
def test_case_23_a_place_that_is_not_on_the_board_is_none(sue, acme, to):
    known = Visitor(sue.client).be(acme)
    assert known.open("/b/acme/sign-in", params={"to": to}).headers["location"] == "/b/acme/me"
    ask(sue, to=to)
    assert db.row("SELECT place FROM user_link") == ("",)


def test_after_it_one_is_where_one_came_from(sue, acme):
    page = sue.open("/b/acme/sign-in", params={"to": "/posts/1?reply=2"})
    assert page.status_code == 200
    assert press(sue, ask(sue, to="/posts/1?reply=2")).headers["location"] == "/b/acme/posts/1?reply=2"


# ── by way of the product ───────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def product(acme):
    """The page of Acme's product that signs its users in to the board."""
    database.execute_sql("UPDATE workspace SET sign_in_url = 'https://app.acme.example/login?from=x&state=old#top'")


def set_out(browser, at="acme", to="/posts/3") -> str:
    """Go to the product; returns the state that it is to send back."""
    answer = browser.open(f"/b/{at}/sign-in/with", params={"to": to})
    assert (answer.status_code, answer.headers["referrer-policy"]) == (302, "no-referrer")
    place = urlsplit(answer.headers["location"])
    said = parse_qs(place.query, strict_parsing=True)
    assert (place.netloc, place.path, place.fragment, said["from"]) == ("app.acme.example", "/login", "top", ["x"])
    assert said["return_to"] == [f"http://127.0.0.1:8000/b/{at}/sign-in/return"]
    [state] = said["state"]
    return state


def come_back(browser, token, state, at="acme"):
    answer = browser.open(f"/b/{at}/sign-in/return", params={"token": token, "state": state})
    assert (answer.headers["referrer-policy"], answer.headers["cache-control"]) == ("no-referrer", "no-store")
    assert "sayso-state" not in browser.cookies
    return answer


@pytest.mark.usefixtures("product")
def test_the_product_sends_its_user_back_and_they_are_in(sue, acme):
    assert "Continue with" in sue.open("/b/acme/sign-in", params={"to": "/posts/3"}).text
    answer = come_back(sue, acme.token(), set_out(sue))
    assert (answer.status_code, answer.headers["location"]) == (303, "/b/acme/posts/3")
    assert name_on(sue) == "Cleo"


@pytest.mark.usefixtures("product")
def test_a_return_that_comes_too_late_or_with_a_bad_token_signs_nobody_in(sue, acme, globex, monkeypatch):
    foreign, old = globex.token(), acme.token(iat=1, exp=100)
    for token in (foreign, old, "", "x.y.z", acme.token(sub="sayso-member-1"), acme.token(aud="x")):
        refused = come_back(sue, token, set_out(sue))
        assert refused.status_code == 401 and "could not prove who you are" in refused.text, token
    state = set_out(sue)
    monkeypatch.setitem(tokens.LIFETIME, "sign-in-state", -1)
    assert come_back(sue, acme.token(), state).status_code == 401
    assert name_on(sue) == "" and db.rows(PEOPLE) == []


@pytest.mark.usefixtures("product")
def test_what_was_begun_at_one_workspace_does_not_end_at_another(sue, acme, globex):
    state = set_out(sue)
    assert come_back(sue, globex.token(), state, "globex").status_code == 401 and name_on(sue, "globex") == ""


@pytest.mark.usefixtures("product")
def test_who_is_blocked_hears_it_when_they_come_back(sue, acme):
    acme.user(CLEO)
    blocking.block(acme.team, CLEO["sub"])
    refused = come_back(sue, acme.token(), set_out(sue))
    assert refused.status_code == 403 and "has blocked you here" in refused.text and name_on(sue) == ""


def test_without_a_page_of_the_product_there_is_no_such_way(sue, acme):
    assert "Continue with" not in sue.open("/b/acme/sign-in").text
    assert sue.open("/b/acme/sign-in/with").status_code == 404
    for url in ("javascript:alert(1)", "ftp://x.example"):
        db.changed("UPDATE workspace SET sign_in_url = %(url)s", url=url)
        assert sue.open("/b/acme/sign-in/with").status_code == 404
    assert sue.open("/b/acme/sign-in/return", params={"token": [acme.token()] * 2, "state": "x"}).status_code == 401


@pytest.mark.usefixtures("product")
@pytest.mark.parametrize("headers", [
    {"Sec-Fetch-Site": "same-origin"}, {"Sec-Fetch-Site": "none"},
    {"Referer": "http://127.0.0.1:8000/b/acme/sign-in"}, {"Referer": "http://falconframework.org/b/acme/sign-in?to=/posts/3"},
])  # fmt: skip
def test_our_own_pages_lead_to_the_product_and_so_does_who_types_the_address(client, headers):
    answer = client.simulate_get("/b/acme/sign-in/with", headers=headers)
    assert answer.status_code == 302 and answer.headers["location"].startswith("https://app.acme.example/login?")


@pytest.mark.usefixtures("product")
@pytest.mark.parametrize("headers", [
    {}, {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Sec-Fetch-Site": "x"},
    {"Sec-Fetch-Site": "cross-site", "Referer": "http://127.0.0.1:8000/b/acme/sign-in"},
    {"Referer": "https://evil.example/"}, {"Referer": "http://127.0.0.1:8000.evil.example/b/acme/sign-in"},
    {"Referer": "http://127.0.0.1:80001/"}, {"Referer": "null"}, {"Referer": ""},
])  # fmt: skip
def test_who_comes_from_elsewhere_presses_the_button_of_the_sign_in_page_first(client, sue, headers):
    answer = client.simulate_get("/b/acme/sign-in/with", headers=headers, params={"to": "/posts/3"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/b/acme/sign-in?to=%2Fposts%2F3")
    assert "sayso-state" not in answer.cookies
    assert 'href="/b/acme/sign-in/with?to=%2Fposts%2F3"' in sue.open(answer.headers["location"]).text
    assert client.simulate_get("/b/acme/sign-in/with", headers=headers).headers["location"] == "/b/acme/sign-in"
    assert client.simulate_get("/b/acme/sign-in/with", headers=headers, params={"to": EVIL[0]}).status_code == 303
