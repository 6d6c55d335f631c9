"""The customer's signed user token: what is taken from it. What is refused, and why, is in attacks/test_user_tokens.py."""

import pytest
from calls import call
from forgeries import HEAD, HOUR, USER, claims, part, refused, signed, trade

from service import db


def test_a_good_token_is_traded_for_a_session(client, acme):
    answer = trade(client, acme, acme.token()).json
    assert answer["user"] == {"id": "cleo-7", "name": "Cleo", "kind": "identified"}
    assert answer["expires_in"] == HOUR
    assert call(client, acme, "opening", session=answer["session"]).json["user"]["id"] == "cleo-7"


def test_without_a_kid_any_active_secret_will_do(client, acme):
    assert trade(client, acme, signed(acme, HEAD, claims(acme))).status_code == 200


def test_all_we_are_told_of_a_user_is_remembered_and_nothing_is_forgotten(client, acme):
    told = {"traits": {"role": "chef", "n": 3, "deep": {"x": 1}}, "segments": ["beta", 7], "company": {"id": 42, "mrr": 9.5}}
    trade(client, acme, acme.token(**told))
    trade(client, acme, acme.token({"sub": "cleo-7"}))
    [(kind, email, name, company, traits, segments)] = db.rows(USER, workspace=acme.workspace.id)
    assert (kind, email, name, segments) == ("identified", "cleo@customer.example", "Cleo", ["beta"])
    assert traits == {"role": "chef", "n": 3} and company is not None


@pytest.mark.parametrize(
    "company", [None, {}, {"id": None}, {"id": ""}, {"id": {}}, {"id": True}, {"id": "a/b"}, "acme", []]
)
def test_a_company_without_an_id_is_no_company(client, acme, company):
    assert trade(client, acme, acme.token(company=company)).status_code == 200
    assert db.row("SELECT count(*) FROM company") == (0,)


def test_what_is_no_token_is_refused(client, acme):
    head, body, signature = acme.token().split(".")
    bad = ["", ".", "..", "...", "a.b.c", head, f"{head}.{body}", f"{head}.{body}.", f"{head}.{body}.{signature}.x", "é.é.é"]
    bad += [
        f"{head}.{part(value)}.{signature}" for value in ("[]", '"x"', "1", "null", "[" * 2900, b"\xff", b"\xef\xbb\xbf{}")
    ]
    bad += [f"{head}.{body}.{signature[:-5]}AAAAA", f"{part('[]')}.{body}.{signature}"]
    for token in bad:
        refused(client, acme, token)


def test_a_workspace_without_a_secret_takes_no_token(client, acme, globex):
    for token in (signed(acme, HEAD, claims(globex)), signed(acme, {**HEAD, "kid": ""}, claims(globex))):
        refused(client, globex, token)
