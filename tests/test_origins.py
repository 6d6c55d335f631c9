"""Which pages may carry a widget, and which keys and tokens open which workspace."""

import json

import pytest
from calls import SITE, call, session
from cast import CLEO

from service.db import database
from service.feedback import workspaces
from service.lib import tokens

PATHS = ["opening", "list", "posts", "posts/1", "posts/1/vote", "similar", "session", "ticket"]
TRICKS = [
    "null", "", "https://app.acme.example.evil.example", "https://app-acme.example", "https://appxacme.example",
    "https://evil.example/https://app.acme.example", "https://app.acme.example@evil.example", "http://app.acme.example",
    "https://app.acme.example:8443", "https://acme.example", "https://x.app.acme.example", "HTTPS://APP.ACME.EXAMPLE.",
    "https://app.acme.example, https://evil.example", "https://app.acme.example/", "file://", "http://[", "*",
]  # fmt: skip


@pytest.fixture
def strict(acme):
    """Acme, with its widget allowed on its own site alone."""
    workspaces.set_origins(acme.workspace, SITE)
    return acme


# ── origins ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_case_1_a_listed_page_may_read_the_answer(client, strict):
    answer = call(client, strict, "opening")
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == SITE
    assert answer.headers["vary"] == "Origin"


def test_case_2_any_other_origin_is_refused_and_may_not_read_why(client, strict):
    for origin in [*TRICKS, None]:
        answer = call(client, strict, "opening", origin=origin)
        assert (answer.status_code, answer.json["code"]) == (403, "origin_refused"), origin
        assert "access-control-allow-origin" not in answer.headers
        assert answer.headers["vary"] == "Origin"


@pytest.mark.parametrize("path", PATHS)
def test_case_1_no_answer_is_for_everyone_or_with_credentials(client, acme, path):
    acme.post()
    for origin in (SITE, "null", None):
        for headers in ({}, {"Content-Type": "application/xml"}):
            answer = call(
                client, acme, path, origin=origin, headers=headers, voted=True, text="t", title="t", user_token="t"
            )
            assert answer.headers.get("access-control-allow-origin") in (None, SITE)
            assert "access-control-allow-credentials" not in answer.headers
            assert answer.headers["vary"] == "Origin"


def test_an_empty_list_takes_any_page_but_one_without_a_name(client, acme):
    assert (
        call(client, acme, "opening", origin="https://any.example").headers["access-control-allow-origin"]
        == "https://any.example"
    )
    answer = call(client, acme, "opening", origin=None)
    assert answer.status_code == 200 and "access-control-allow-origin" not in answer.headers
    answer = call(client, acme, "opening", origin="null")
    assert (answer.status_code, answer.json["code"]) == (403, "origin_refused")
    assert "access-control-allow-origin" not in answer.headers


def test_case_3_a_preflight_is_promised_nothing(client, acme):
    asked = {"Origin": SITE, "Access-Control-Request-Method": "DELETE", "Access-Control-Request-Headers": "x-anything"}
    for path in ("/api/widget/opening", "/api/v1/posts", "/app/acme/settings"):
        answer = client.simulate_options(path, headers=asked)
        assert not [name for name in answer.headers if name.startswith("access-control")]


def test_case_4_pages_and_the_rest_api_are_readable_by_no_other_site(client, acme):
    acme.post()
    for path, headers in (("/api/v1/posts/1", acme.bearer()), ("/app/acme/inbox", {}), ("/b/acme", {}), ("/nowhere", {})):
        answer = client.simulate_get(path, headers={"Origin": SITE, **headers})
        assert not [name for name in answer.headers if name.startswith("access-control")]


# ── keys ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_forged_key_opens_nothing(client, acme, globex):
    body, _, signature = acme.widget_key.rpartition(".")
    other = globex.widget_key.rpartition(".")[0]
    forged = [
        "",
        "x",
        "é",
        "a.b",
        body,
        f"{other}.{signature}",
        acme.widget_key[:-4],
        "x" * 5000,
        session(client, acme),
        acme.api_key,
    ]
    for key in forged:
        answer = call(client, acme, "opening", key=key)
        assert (answer.status_code, answer.json["code"]) == (401, "token_invalid"), key
        assert "access-control-allow-origin" not in answer.headers


def test_a_rotated_key_works_until_it_is_revoked(client, acme):
    key = acme.widget_key
    database.execute_sql("UPDATE workspace SET key_generation = 2")
    assert call(client, acme, "opening", key=key).status_code == 200
    database.execute_sql("UPDATE workspace SET key_oldest = 2")
    answer = call(client, acme, "opening", key=key)
    assert (answer.status_code, answer.json["code"]) == (401, "key_revoked")


# ── tokens ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_case_t3_a_session_of_one_workspace_is_refused_by_another(client, acme, globex):
    ours, number = session(client, acme), globex.post()
    for path, more in (("opening", {}), (f"posts/{number}/vote", {"voted": True})):
        answer = call(client, globex, path, session=ours, **more)
        assert (answer.status_code, answer.json["code"]) == (401, "token_invalid")


def test_case_t24_an_anonymous_token_of_another_workspace_is_nobody_here(client, acme, globex):
    acme.post()
    ours = call(client, acme, "posts/1/vote", voted=True).json["anonymous"]
    globex.post()
    answer = call(client, globex, "posts/1/vote", voted=True, anonymous=ours).json
    assert answer["anonymous"] != ours and answer["post"]["votes"] == 2


def test_case_t25_an_identified_user_and_the_anonymous_one_before_do_not_merge(client, acme):
    acme.post("By Cleo")
    token = call(client, acme, "posts", title="By nobody").json["anonymous"]
    both = call(client, acme, "list", mine=True, session=session(client, acme, CLEO), anonymous=token).json["data"]
    assert [post["title"] for post in both] == ["By Cleo"]


def test_case_t19_a_token_for_one_purpose_is_refused_for_every_other(client, acme):
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


def test_case_t14_an_ended_session_stays_ended(client, acme):
    who = session(client, acme)
    token = call(client, acme, "posts", title="t").json["anonymous"]
    database.execute_sql('UPDATE "user" SET session_version = session_version + 1')
    answer = call(client, acme, "opening", session=who)
    assert (answer.status_code, answer.json["code"]) == (401, "token_expired")
    assert call(client, acme, "opening", anonymous=token).json["user"] is None


def test_a_session_ends_with_its_user(client, acme):
    who = session(client, acme)
    database.execute_sql('DELETE FROM "user"')
    answer = call(client, acme, "opening", session=who)
    assert (answer.status_code, answer.json["code"]) == (401, "token_expired")


def test_case_t26_our_clock_may_be_wrong_by_a_minute_no_more(client, acme, monkeypatch):
    who, real = session(client, acme), tokens.time.time
    for shift, status in ((3590, 200), (3700, 401), (-50, 200), (-120, 401)):
        with monkeypatch.context() as clock:
            clock.setattr(tokens.time, "time", lambda shift=shift: real() + shift)
            assert call(client, acme, "opening", session=who).status_code == status, shift


def test_an_expired_session_says_so_and_an_expired_anonymous_token_is_forgotten(client, acme, monkeypatch):
    who, token = session(client, acme), call(client, acme, "posts", title="t").json["anonymous"]
    real = tokens.time.time
    monkeypatch.setattr(tokens.time, "time", lambda: real() + 31 * 24 * 3600)
    answer = call(client, acme, "opening", session=who)
    assert (answer.status_code, answer.json["code"]) == (401, "token_expired")
    assert answer.headers["access-control-allow-origin"] == SITE
    assert "anonymous" in call(client, acme, "posts", title="u", anonymous=token).json


def test_empty_tokens_are_no_tokens(client, acme):
    acme.post()
    for field in ("session", "anonymous"):
        for path in ("opening", "list", "posts/1", "similar"):
            answer = call(client, acme, path, text="dark", **{field: ""})
            assert answer.status_code == 200, (field, path)
    assert call(client, acme, "opening", anonymous="").json["user"] is None


def test_case_63_one_network_that_asks_too_much_waits_and_others_do_not(client, acme, globex):
    call(client, acme, "opening")
    database.execute_sql("UPDATE rate SET hits = 100000")
    answer = call(client, acme, "opening")
    assert (answer.status_code, answer.headers["access-control-expose-headers"]) == (429, "Retry-After")
    assert int(answer.headers["retry-after"]) >= 1
    assert call(client, globex, "opening").status_code == 200
    body = json.dumps({"key": acme.widget_key})
    elsewhere = client.simulate_post(
        "/api/widget/opening", body=body, headers={"Content-Type": "text/plain", "X-Forwarded-For": "9.9.9.9"}
    )
    assert elsewhere.status_code == 429  # case 62: an address that anyone can write is not believed
