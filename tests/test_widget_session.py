"""Who somebody is to the widget: identified by the customer's token, anonymous or nobody yet; and what they see first."""

import time

import pytest
from calls import SITE, call, session
from cast import CLEO, DAN
from lowered import lower
from round_trips import Counter

from service import db
from service.db import database
from service.feedback import boards, changelog, fields, general, guide, languages, limits, segments, workspaces

DRAFT = "5f2c7be1a0d94c3388f1e6b2"


def anonymous(client, company) -> str:
    """The token of somebody who wrote a post."""
    return call(client, company, "posts", title="Dark mode", submission=DRAFT).json["anonymous"]


def publish(company, title: str = "Exports are here"):
    return changelog.create(company.team, title, published_at=db.row("SELECT now()")[0])


# ── who is it? ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_customers_token_is_traded_for_a_session_with_what_is_new(client, acme):
    acme.user(CLEO)
    publish(acme)
    said = call(client, acme, "session", user_token=acme.token(CLEO)).json
    assert (said["user"], said["expires_in"]) == ({"id": "cleo-7", "name": "Cleo", "kind": "identified"}, 3600)
    assert said["unread"] == 1
    assert call(client, acme, "list", mine=True, session=said["session"]).status_code == 200


def test_without_one_an_anonymous_token_says_who_it_is_and_gets_no_session(client, acme):
    token = anonymous(client, acme)
    publish(acme)
    said = call(client, acme, "session", anonymous=token).json
    assert said["user"]["kind"] == "anonymous" and said["unread"] == 1
    assert set(said) == {"user", "unread"}


@pytest.mark.parametrize("token", [None, "", "nonsense", "x" * 10_000])
def test_who_has_no_token_that_holds_is_nobody_and_stays_so(client, acme, token):
    said = call(client, acme, "session", anonymous=token)
    assert (said.status_code, said.json) == (200, {"user": None, "unread": 0})
    assert db.row('SELECT count(*) FROM "user"') == (0,)


def test_a_token_of_another_workspace_is_nobody_here(client, acme, globex):
    assert call(client, globex, "session", anonymous=anonymous(client, acme)).json["user"] is None
    refused = call(client, globex, "session", user_token=acme.token(CLEO))
    assert (refused.status_code, refused.json["code"]) == (401, "token_invalid")
    foreign = call(client, globex, "session", session=session(client, acme))
    assert (foreign.status_code, foreign.json["code"]) == (401, "token_invalid")


def test_who_signs_in_is_whom_the_token_names_whoever_they_were_before(client, acme):
    token = anonymous(client, acme)
    database.execute_sql("""UPDATE "user" SET blocked_at = now() WHERE kind = 'anonymous'""")
    for known in (token, "x"):
        said = call(client, acme, "session", user_token=acme.token(CLEO), anonymous=known).json
        assert said["user"]["id"] == "cleo-7"
    assert call(client, acme, "session", anonymous=token).json["code"] == "blocked"


# ── what identify rejects with ──────────────────────────────────────────────────────────────────────────────────────


def test_an_expired_token_and_one_that_is_wrong_are_told_apart(client, acme):
    now = int(time.time())
    old = {"iat": now - 7200, "exp": now - 3700}
    wrong = [{"aud": "else"}, {"iss": "ws_else"}, {"sub": "anon_1"}, {"exp": now + 90_000}, {"nbf": now + 900}]
    for changed, code in [(old, "token_expired"), *((each, "token_invalid") for each in wrong)]:
        answer = call(client, acme, "session", user_token=acme.token(CLEO, **changed))
        assert (answer.status_code, answer.json["code"]) == (401, code), changed
    for token in ("", "x", "a.b.c", "é" * 5000):
        assert call(client, acme, "session", user_token=token).json["code"] == "token_invalid", token


def test_a_foreign_page_a_blocked_user_and_too_many_calls_have_codes_of_their_own(client, acme, monkeypatch):
    acme.user(CLEO)
    workspaces.set_origins(acme.workspace, SITE)
    foreign = call(client, acme, "session", user_token=acme.token(CLEO), origin="https://evil.example")
    assert (foreign.status_code, foreign.json["code"]) == (403, "origin_refused")
    database.execute_sql('UPDATE "user" SET blocked_at = now()')
    blocked = call(client, acme, "session", user_token=acme.token(CLEO))
    assert (blocked.status_code, blocked.json["code"]) == (403, "blocked")
    lower(monkeypatch, WIDGET_CALLS=1)
    limited = call(client, acme, "session", user_token=acme.token(CLEO))
    assert (limited.status_code, limited.json["code"]) == (429, "rate_limited")
    assert int(limited.headers["retry-after"]) <= limits.MINUTE


# ── the first answer ────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_first_answer_says_what_a_form_of_this_workspace_asks(client, acme):
    fields.create(acme.team, "size", "Size", "select", required=True, options=["Small", "Large"], board="bugs")
    fields.create(acme.team, "why", "Why?", "text")
    general.change(acme.team, language="german", edit_minutes=15, ask_email="optional")
    opened = call(client, acme, "opening").json
    assert opened["workspace"]["language"] == "de"
    assert (opened["ask_email"], opened["edit_minutes"], opened["unread"]) == ("optional", 15, 0)
    assert opened["fields"] == [
        {"key": "size", "name": "Size", "type": "select", "required": True, "options": ["Small", "Large"], "board": "bugs"},
        {"key": "why", "name": "Why?", "type": "text", "required": False, "options": [], "board": None},
    ]
    general.change(acme.team, language="simple")
    assert call(client, acme, "opening").json["workspace"]["language"] == ""


def test_every_language_has_a_code(here):
    assert languages.CODES.keys() == languages.LANGUAGES.keys()


def test_a_field_of_a_board_is_as_secret_as_the_board(client, acme):
    segments.create(acme.team, "initech", "Initech", [{"field": "company.name", "op": "is", "value": "Initech"}])
    for key, access in (("inner", "private"), ("chosen", "segments")):
        boards.create(acme.team, key, key.title(), access=access, segments=["initech"] if access == "segments" else None)
        fields.create(acme.team, f"of-{key}", f"Secret of {key}", "text", board=key)
    fields.create(acme.team, "of-all", "Of all", "text")

    def seen(**who) -> list[str]:
        return [field["key"] for field in call(client, acme, "opening", **who).json["fields"]]

    assert seen() == seen(session=session(client, acme, CLEO)) == ["of-all"]
    assert seen(session=session(client, acme, DAN)) == ["of-chosen", "of-all"]


def test_the_first_answer_costs_four_round_trips_whoever_asks(client, acme):
    acme.post()
    guide.record_load(acme.workspace, SITE)
    who, counted = session(client, acme), {}
    with Counter().into(counted, "nobody"):
        call(client, acme, "opening")
    with Counter().into(counted, "identified"):
        call(client, acme, "opening", session=who)
    with Counter().into(counted, "who am I"):
        call(client, acme, "session", session=who)
    assert counted == {"nobody": 4, "identified": 4, "who am I": 2}
