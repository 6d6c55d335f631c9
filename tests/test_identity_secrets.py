"""Identity secrets vouch two at a time, are changed without a gap, and take with them whom they vouched for."""

import re
import time

import pytest
from browser import Browser
from calls import call, session
from cast import ADA, BEN, CLEO, DAN, HOUR
from crowd import at_once
from visitors import Visitor

from service import db
from service.errors import Conflict, NotFound, Unauthenticated
from service.feedback import identity_secrets
from service.web import sessions
from service.web.guards import user_token

IDENTITY = "/app/acme/settings/identity"
MINUTE = 60
SPANS = "SELECT extract(epoch FROM ends_at - now())::int / 60 FROM identity_secret ORDER BY created_at"
EVENTS = "SELECT type, data FROM event WHERE type LIKE 'identity_secret.%%' ORDER BY seq"
OVER = "UPDATE identity_secret SET ends_at = now() - interval '3 days' WHERE ends_at IS NOT NULL"
STALE = "UPDATE session SET proved_at = now() - interval '11 minutes'"


@pytest.fixture
def ada(client, acme):
    browser = Browser(client).sign_in(ADA)
    browser.open(IDENTITY)
    return browser


def shown(page) -> str:
    return re.search(r'<code id="secret">([^<]+)</code>', page.text)[1]


# ── two at a time ───────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("overlap", "minutes"), [("1", 60), ("24", 1440), ("168", 10080), ("720", 43200)])
def test_the_former_one_goes_on_for_as_long_as_was_chosen(acme, overlap, minutes):
    former, _ = acme.secret
    kid, _ = identity_secrets.make(acme.team, overlap)
    assert db.rows(SPANS) == [(minutes,), (None,)] and identity_secrets.kids(acme.workspace) == [kid, former]
    assert db.rows(EVENTS) == [("identity_secret.created", {"kid": kid, "former": [former]})]


def test_a_third_is_refused_until_one_ended(acme):
    first, _ = identity_secrets.make(acme.team)
    second, _ = identity_secrets.make(acme.team)
    with pytest.raises(Conflict):
        identity_secrets.make(acme.team)
    identity_secrets.end(acme.team, first)
    third, _ = identity_secrets.make(acme.team)
    assert identity_secrets.kids(acme.workspace) == [third, second]
    db.changed(OVER)  # one whose time is over does not count, and stays known
    identity_secrets.make(acme.team)
    assert [(each.kid, each.vouches) for each in identity_secrets.of(acme.team)][1:] == [(third, True), (second, False)]


def test_another_rotation_does_not_let_the_former_one_go_on_for_longer(acme):
    leaked, _ = acme.secret
    mistaken, _ = identity_secrets.make(acme.team, "1")
    identity_secrets.end(acme.team, mistaken)
    identity_secrets.make(acme.team, "168")
    assert db.rows(SPANS) == [(60,), (None,)]
    identity_secrets.end(acme.team, identity_secrets.kids(acme.workspace)[0])
    db.changed("UPDATE identity_secret SET ends_at = now() + interval '30 days' WHERE kid = %(kid)s", kid=leaked)
    identity_secrets.make(acme.team, "1")
    assert db.rows(SPANS) == [(60,), (None,)]  # sooner is fine


def test_an_end_counts_once_and_only_in_its_own_workspace(acme, globex):
    kid, _ = acme.secret
    for reader, name in ((globex.team, kid), (acme.team, "k_none"), (acme.team, "' OR 1=1")):
        with pytest.raises(NotFound):
            identity_secrets.end(reader, name)
    ends = at_once(lambda _: identity_secrets.end(acme.team, kid), 5)
    assert ends.count(None) == 1 and identity_secrets.of(acme.team) == []
    assert db.rows(EVENTS) == [("identity_secret.ended", {"kid": kid, "vouched": True})]


def test_its_last_use_is_noted_to_the_minute(client, acme):
    used = "SELECT used_at > now() - interval '5 seconds' FROM identity_secret"
    acme.secret  # noqa: B018 (makes it)
    assert db.row(used) == (None,)
    session(client, acme)
    assert db.row(used) == (True,)
    for ago, is_noted in (("50 seconds", False), ("61 seconds", True)):
        db.changed(f"UPDATE identity_secret SET used_at = now() - interval '{ago}'")
        session(client, acme)
        assert db.row(used) == (is_noted,)


def test_who_came_with_a_secret_whose_time_is_over_stays_until_it_is_ended(client, acme):
    kid, _ = acme.secret
    who, visitor = session(client, acme), Visitor(client)
    visitor.cookies["sayso-acme"] = sessions_cookie(acme, kid)
    identity_secrets.make(acme.team, "1")
    db.changed(OVER)
    assert call(client, acme, "opening", session=who).json["user"]["id"] == CLEO["sub"]
    assert visitor.open("/b/acme/me").status_code == 200
    assert call(client, acme, "session", user_token=acme.token()).json["code"] == "token_invalid"
    visitor.do("/b/acme/me", "language", language="de")  # a cookie that is made anew still names the secret
    identity_secrets.end(acme.team, kid)
    assert call(client, acme, "opening", session=who).json["code"] == "token_expired"
    assert visitor.open("/b/acme/me").status_code == 303


def sessions_cookie(company, kid: str) -> str:
    return user_token("visitor", company.workspace, company.user(), kid)


# ── an hour, and one more ───────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def clock(monkeypatch):
    """Moves our clock to so many minutes after the beginning."""
    began = time.time()
    return lambda minutes: monkeypatch.setattr(time, "time", lambda: began + minutes * MINUTE)


def test_a_session_is_renewed_in_its_second_half_hour_once_an_hour(client, acme, clock):
    first = session(client, acme, DAN)
    for minutes, is_renewed in ((0, False), (29, False), (31, True), (59, True)):
        clock(minutes)
        opened = call(client, acme, "opening", session=first).json
        assert opened["user"]["id"] == "dan-8" and ("session" in opened) == is_renewed, minutes
    second = opened["session"]
    clock(61)
    assert call(client, acme, "opening", session=first).json["code"] == "token_expired"
    for minutes, is_renewed in ((61, False), (89, False), (91, True), (119, True)):
        clock(minutes)
        assert ("session" in call(client, acme, "opening", session=second).json) == is_renewed, minutes
    clock(121)
    assert call(client, acme, "opening", session=second).json["code"] == "token_expired"


def test_a_day_after_the_customers_token_it_takes_another(client, acme, clock):
    began = int(time.time())
    who = session(client, acme, iat=began - 30 * MINUTE, exp=began + MINUTE)
    for minutes in range(45, 23 * 60 + 30, 60):
        clock(minutes)
        who = call(client, acme, "opening", session=who).json["session"]
    assert sessions.read(who)["e"] == began + 23.5 * HOUR
    clock(23 * 60 + 29)
    assert "session" not in call(client, acme, "opening", session=who).json
    clock(23 * 60 + 31)
    assert call(client, acme, "opening", session=who).json["code"] == "token_expired"


# ── the page ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_admin_changes_over_and_ends_the_former_one(ada, client, acme):
    first = shown(ada.send(IDENTITY, do="secret"))
    page = ada.send(IDENTITY, do="secret", overlap="24")
    assert shown(page) != first and "ends" in page.text
    newest, former = identity_secrets.kids(acme.workspace)
    refused = ada.send(IDENTITY, do="secret", overlap="24")
    assert refused.status_code in (409, 422) and "End one first" in refused.text
    assert ada.send(IDENTITY, do="end", kid=former).status_code == 303
    assert "no longer counts" in ada.open(IDENTITY).text and identity_secrets.kids(acme.workspace) == [newest]
    assert ada.send(IDENTITY, do="end", kid=former).status_code == 404  # twice
    for overlap in ("2", "-1", "", "1\0002", "9" * 50):
        ada.open(IDENTITY)
        assert ada.send(IDENTITY, do="secret", overlap=overlap).status_code == 422, overlap
    assert "No secret is left" not in ada.open(IDENTITY).text


def test_the_last_secret_warns_before_its_end(ada, acme):
    identity_secrets.create(acme.workspace)
    newest, _ = identity_secrets.create(acme.workspace)
    identity_secrets.end(acme.team, newest)
    assert "No secret is left after" in ada.open(IDENTITY).text


def test_case_16_secrets_are_made_and_ended_only_by_admins_who_lately_proved_who_they_are(ada, client, acme, globex):
    kid, _ = acme.secret
    ben, eve, nobody = Browser(client).sign_in(BEN), Browser(client).sign_in("eve@globex.example"), Browser(client)
    for browser, status in ((ben, 403), (eve, 404), (nobody, 303)):
        for fields in ({"do": "secret"}, {"do": "end", "kid": kid}):
            browser.open("/app/globex/settings/identity" if browser is eve else IDENTITY)
            assert browser.send(IDENTITY, **fields).status_code == status
    eve.open("/app/globex/settings/identity")
    assert eve.send("/app/globex/settings/identity", do="end", kid=kid).status_code == 404
    db.changed(STALE)
    for fields in ({"do": "secret", "overlap": "24"}, {"do": "end", "kid": kid}):
        page = ada.send(IDENTITY, **fields)
        assert page.status_code == 403 and "Confirm that it is you" in page.text
    assert "This token is good." in ada.send(IDENTITY, do="test", token=acme.token()).text
    assert identity_secrets.kids(acme.workspace) == [kid]


# ── the token tester ────────────────────────────────────────────────────────────────────────────────────────────────


def wrong(acme, token: str) -> dict[str, str]:
    return {check.name: check.sentence for check in identity_secrets.examine(acme.workspace, token) if not check.ok}


def test_the_tester_tells_of_secrets_that_end_and_that_ended(acme):
    kid, secret = acme.secret
    identity_secrets.make(acme.team)
    said = {check.name: check.sentence for check in identity_secrets.examine(acme.workspace, acme.token())}
    assert "It ends on" in said["kid"] and wrong(acme, acme.token()) == {}
    db.changed(OVER)
    found = wrong(acme, acme.token())
    assert "which ended on" in found["kid"] and f"the secret of {kid}, which has ended" in found["Signature"]
    assert "the secret itself" in wrong(acme, secret)["Token"]
    identity_secrets.end(acme.team, kid)
    assert "no active secret" in wrong(acme, acme.token())["kid"]


def test_the_tester_tells_of_a_token_that_was_spent(acme):
    token = acme.token()
    assert identity_secrets.trade_once(acme.workspace, token).user.name == "Cleo" and wrong(acme, f" {token}\n")
    assert "has been used" in wrong(acme, token)["Others"]
    for trade in (identity_secrets.trade, identity_secrets.trade_once):
        with pytest.raises(Unauthenticated):
            trade(acme.workspace, token)
