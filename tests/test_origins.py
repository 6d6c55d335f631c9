"""Which pages may carry a widget, and which keys and tokens open which workspace; the attacks on that are in attacks/."""

import json

from calls import SITE, call, session

from service.db import database
from service.lib import tokens


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


def test_a_session_ends_with_its_user(client, acme):
    who = session(client, acme)
    database.execute_sql('DELETE FROM "user"')
    answer = call(client, acme, "opening", session=who)
    assert (answer.status_code, answer.json["code"]) == (401, "token_expired")


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
