"""T14–T21, T24–T26: what becomes of tokens once they were traded: the sessions, and those of people without a name."""

import time

import itsdangerous
import pytest
from browser import Browser
from calls import SITE, call, session
from cast import ADA, CLEO, DAN
from crowd import at_once
from forgeries import refused, trade
from visitors import Visitor

from service import db
from service.feedback import blocking, identity_secrets, user_links, workspaces
from service.lib import tokens

DAY = 24 * 3600
MALLORY = "mallory@evil.example"
LINK = "SELECT workspace_id, id FROM user_link ORDER BY id DESC LIMIT 1"
USER = 'SELECT count(*) FROM "user" WHERE kind = %(kind)s'
FOREIGN = ("https://evil.example", "null", None, f"{SITE}.evil.example", SITE.replace("https", "http"), f"{SITE}:8443")


@pytest.fixture
def product(acme):
    """Acme, whose own page sends its users back to us."""
    db.changed("UPDATE workspace SET sign_in_url = 'https://app.acme.example/feedback' WHERE slug = 'acme'")
    return acme


def set_out(browser) -> str:
    """Go to the product by our page; returns the state that it gives back."""
    return browser.open("/b/acme/sign-in/with").headers["location"].rpartition("state=")[2]


def come_back(browser, token: str, state: str):
    return browser.open("/b/acme/sign-in/return", params={"token": token, "state": state})


def signed_before(monkeypatch, seconds: int, purpose: str, payload: dict) -> str:
    """One of our tokens as it was signed so long ago, or will be."""
    with monkeypatch.context() as clock:
        real = itsdangerous.TimestampSigner.get_timestamp
        clock.setattr(itsdangerous.TimestampSigner, "get_timestamp", lambda self: real(self) - seconds)
        return tokens.sign(purpose, payload)


def test_t14_a_session_that_was_ended_everywhere_stays_ended(client, acme):
    who, visitor = session(client, acme), Visitor(client).be(acme)
    nobody = call(client, acme, "posts", title="t").json["anonymous"]
    assert "Cleo" in visitor.open("/b/acme/me").text
    db.changed('UPDATE "user" SET session_version = session_version + 1')
    answer = call(client, acme, "opening", session=who)
    assert (answer.status_code, answer.json["code"]) == (401, "token_expired")
    assert call(client, acme, "opening", anonymous=nobody).json["user"] is None
    assert visitor.open("/b/acme/me").status_code == 303


def test_t14_blocking_ends_a_session_and_unblocking_does_not_bring_it_back(client, acme):
    who = session(client, acme)
    blocking.block(acme.team, CLEO["sub"])
    assert call(client, acme, "posts", title="t", session=who).json["code"] == "blocked"
    blocking.unblock(acme.team, CLEO["sub"])
    assert call(client, acme, "opening", session=who).status_code == 401


def test_t15_a_token_that_came_in_an_address_counts_once(client, product):
    token, first = product.token(), Browser(client)
    assert come_back(first, token, set_out(first)).status_code == 303
    thief = Browser(client)
    for spelling in (token, f"{token}=", f"{token}=="):
        assert come_back(thief, spelling, set_out(thief)).status_code == 401
        assert "sayso-acme" not in thief.cookies
    assert trade(client, product, token).status_code == 401, "nor on a page with a widget"


def test_t15_of_twenty_who_show_it_at_once_one_is_signed_in(client, product):
    token, browsers = product.token(), [Browser(client) for _ in range(20)]
    states = [set_out(browser) for browser in browsers]
    answers = at_once(lambda number: come_back(browsers[number], token, states[number]))
    assert sorted(answer.status_code for answer in answers) == [303] + [401] * 19


def test_t16_a_former_secret_vouches_until_its_time_is_over(client, acme):
    token = acme.token()
    identity_secrets.create(acme.workspace)
    assert trade(client, acme, token).status_code == 200
    db.changed('DELETE FROM "user"')
    db.changed("UPDATE identity_secret SET ends_at = now() WHERE ends_at IS NOT NULL")
    refused(client, acme, token)


def test_t17_ending_a_secret_ends_the_sessions_it_vouched_for_and_no_others(client, acme):
    stolen, visitor = session(client, acme, CLEO), Visitor(client)
    nobody = call(client, acme, "posts", title="t").json["anonymous"]
    leaked, _ = acme.secret
    acme.__dict__["secret"] = identity_secrets.create(acme.workspace)
    honest = session(client, acme, DAN)
    identity_secrets.end(acme.team, leaked)
    answer = call(client, acme, "opening", session=stolen)
    assert (answer.status_code, answer.json["code"]) == (401, "token_expired")
    assert call(client, acme, "posts", title="Mine", session=stolen).status_code == 401
    assert call(client, acme, "opening", session=honest).json["user"]["id"] == DAN["sub"]
    assert call(client, acme, "opening", anonymous=nobody).json["user"]
    assert visitor.open("/b/acme").status_code == 200


def test_t17_a_browser_that_came_with_the_leaked_secrets_token_is_signed_out(client, product):
    browser = Browser(client)
    assert come_back(browser, product.token(), set_out(browser)).status_code == 303
    assert browser.open("/b/acme/me").status_code == 200
    identity_secrets.end(product.team, product.secret[0])
    assert browser.open("/b/acme/me").status_code == 303


def test_t17_who_gave_a_user_their_own_address_by_a_leaked_secret_loses_the_user_with_it(client, acme):
    """Mallory signs that Cleo has mallory's address, and becomes Cleo by a link in a letter, without a token."""
    leaked, mallory = acme.secret[0], Browser(client)
    session(client, acme, CLEO)
    session(client, acme, {**CLEO, "email": MALLORY})
    assert by_link(mallory, MALLORY) == 303 and "Cleo" in mallory.open("/b/acme/me").text
    acme.__dict__["secret"] = identity_secrets.create(acme.workspace)
    identity_secrets.end(acme.team, leaked)
    assert mallory.open("/b/acme/me").status_code == 303, "the session that the link began"
    assert by_link(mallory, MALLORY) == 303 and "Cleo" not in mallory.open("/b/acme/me").text, "and another link"
    session(client, acme, CLEO, email=None)
    again = Browser(client)
    assert by_link(again, MALLORY) == 303 and "Cleo" not in again.open("/b/acme/me").text, "her product says no address"
    assert call(client, acme, "opening", session=session(client, acme, CLEO)).json["user"]["id"] == CLEO["sub"]


def by_link(browser, email: str) -> int:
    """Sign in to the board by a link in a letter; returns the status of the answer."""
    browser.send("/b/acme/sign-in", do="ask", email=email)
    path = f"/b/acme/sign-in/{user_links.arm(*db.row(LINK)).secret}"
    browser.open(path)
    return browser.send(path).status_code


def test_t18_a_token_in_an_address_goes_no_further(client, product):
    """That no log holds it is the canary's to find (canary.py), which reads what this service wrote."""
    browser, token = Browser(client), product.token()
    answer = come_back(browser, token, set_out(browser))
    assert (answer.status_code, answer.headers["referrer-policy"]) == (303, "no-referrer")
    assert answer.headers["cache-control"] == "no-store"
    assert token not in answer.headers["location"] + answer.text + str(browser.cookies)
    wrong = come_back(browser, token, "wrong")
    assert wrong.status_code == 401 and token not in wrong.text and wrong.headers["referrer-policy"] == "no-referrer"


def test_t19_a_token_for_one_purpose_is_refused_for_every_other(client, acme):
    acme.post()
    payload = {"w": acme.workspace.id, "u": acme.user(CLEO).id, "v": 1, "g": 1, "p": True, "o": None, "s": "x"}
    for made in tokens.LIFETIME:
        token = tokens.sign(made, payload)
        for wanted in tokens.LIFETIME:
            try:
                assert tokens.read(wanted, token) == payload and wanted == made
            except tokens.Unauthenticated:
                assert wanted != made
        if made != "session":
            assert call(client, acme, "opening", session=token).status_code == 401
        if made != "anonymous":
            assert call(client, acme, "opening", anonymous=token).json["user"] is None
        if made != "widget-key":
            assert call(client, acme, "opening", key=token).status_code == 401
        if made != "visitor":
            page = client.simulate_get("/b/acme/me", headers={"Cookie": f"sayso-acme={token}"})
            assert page.status_code == 303, made
        for path in ("confirm", "letters", "subscribe", "sign-in"):
            kind = {"confirm": "guest", "letters": "mailing"}.get(path)
            assert made == kind or client.simulate_get(f"/b/acme/{path}/{token}").status_code in (401, 404), (made, path)


def test_t20_a_good_token_on_a_foreign_page_is_refused(client, acme):
    workspaces.set_origins(acme.workspace, SITE)
    for origin in FOREIGN:
        answer = call(client, acme, "session", origin=origin, user_token=acme.token())
        assert (answer.status_code, answer.json["code"]) == (403, "origin_refused"), origin
        assert "access-control-allow-origin" not in answer.headers
    assert db.row(USER, kind="identified") == (0,)


def test_t21_a_signature_that_is_almost_right_is_as_wrong_as_any(client, acme):
    """Signatures are compared by hmac.compare_digest, random secrets by a look-up of their hash: neither tells how much of a
    guess was right. What can be seen from outside is that every wrong one has the same answer."""
    token = acme.token()
    head, _, signature = token.rpartition(".")
    other = {"A": "B"}
    almost = [signature[:place] + other.get(signature[place], "A") + signature[place + 1 :] for place in (0, 20, 41)]
    answers = {refused(client, acme, f"{head}.{each}") for each in [*almost, "A" * 43]}
    assert len(answers) == 1
    who = session(client, acme)
    for place in (-43, -20, -2):
        forged = who[:place] + other.get(who[place], "A") + (who[place + 1 :] if place != -1 else "")
        assert call(client, acme, "opening", session=forged).json["detail"] == "This token is not one of ours."


def test_t24_what_somebody_did_without_a_name_is_theirs_only_with_their_token(client, acme):
    for title in ("One", "Two"):
        acme.post(title, by=DAN)
    nobody = call(client, acme, "posts/1/vote", voted=True).json["anonymous"]
    without = call(client, acme, "session", user_token=acme.token()).json["session"]
    assert not call(client, acme, "posts/1", session=without).json["post"]["voted"]
    for wrong in (f"{nobody[:-2]}xx", "x", tokens.sign("visitor", tokens.read("anonymous", nobody))):
        call(client, acme, "session", user_token=acme.token(), anonymous=wrong)
        assert db.row(USER, kind="anonymous") == (1,), wrong
    shown = call(client, acme, "session", user_token=acme.token(), anonymous=nobody).json["session"]
    assert call(client, acme, "posts/1", session=shown).json["post"]["voted"]
    assert db.row(USER, kind="anonymous") == (0,)
    assert call(client, acme, "opening", anonymous=nobody).json["user"] is None, "the old token is nobody's"


def test_t24_an_anonymous_token_of_another_workspace_is_nobody_here(client, acme, globex):
    acme.post()
    ours = call(client, acme, "posts/1/vote", voted=True).json["anonymous"]
    globex.post()
    answer = call(client, globex, "posts/1/vote", voted=True, anonymous=ours).json
    assert answer["anonymous"] != ours and answer["post"]["votes"] == 2
    call(client, globex, "session", user_token=globex.token(), anonymous=ours)
    assert call(client, acme, "posts/1", anonymous=ours).json["post"]["voted"]


def test_t25_two_identified_users_in_one_browser_stay_two(client, acme):
    first, second = (session(client, acme, {**CLEO, "sub": subject}) for subject in ("cleo-7", "cleo-8"))
    call(client, acme, "posts", title="By the first", session=first)
    both = call(client, acme, "session", user_token=acme.token({**CLEO, "sub": "cleo-8"}), anonymous=first, session=first)
    assert both.json["user"]["id"] == "cleo-8" and db.row(USER, kind="identified") == (2,)
    mine = [call(client, acme, "list", mine=True, session=who).json["data"] for who in (first, second)]
    assert [len(posts) for posts in mine] == [1, 0]


def test_t25_a_token_of_one_workspace_is_nobodys_session_in_another(client, acme, globex):
    ours, number = session(client, acme), globex.post()
    for path, more in (("opening", {}), (f"posts/{number}/vote", {"voted": True})):
        answer = call(client, globex, path, session=ours, **more)
        assert (answer.status_code, answer.json["code"]) == (401, "token_invalid")


def test_t26_our_clock_may_be_wrong_by_a_minute_no_more(client, acme, monkeypatch):
    said = tokens.read("anonymous", call(client, acme, "posts", title="t").json["anonymous"])
    for age, holds in ((30 * DAY - 20, True), (30 * DAY + 90, False), (-40, True), (-120, False)):
        token = signed_before(monkeypatch, age, "anonymous", said)
        assert bool(call(client, acme, "opening", anonymous=token).json["user"]) is holds, age
    who = tokens.read("session", session(client, acme))
    for age, left, status in ((3500, 60, 200), (3700, -1, 401), (-40, 3600, 200), (-120, 3600, 401), (DAY + 90, 60, 401)):
        token = signed_before(monkeypatch, age, "session", {**who, "e": int(time.time()) + left})
        assert call(client, acme, "opening", session=token).status_code == status, age


def test_t23_a_members_cookie_is_no_users_session(client, acme):
    ada = Browser(client).sign_in(ADA)
    answer = call(client, acme, "opening", session=ada.cookies["sayso"])
    assert answer.status_code == 401
