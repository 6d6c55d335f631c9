"""The customer's signed user token, attacked: trust.md's list, through the door that every widget uses."""

import base64
import hashlib
import hmac
import json
import time

import jwt
import pytest
from calls import call
from cast import BEN, CLEO

from service import db
from service.db import database
from service.feedback import identity_secrets

USER = 'SELECT kind, email, name, company_id, traits, segments FROM "user" WHERE workspace_id = %(workspace)s'
HOUR = 3600


def trade(client, company, token: str):
    return call(client, company, "session", user_token=token)


def refused(client, company, token: str, code: str = "token_invalid") -> str:
    """Why the token is refused, in words."""
    answer = trade(client, company, token)
    assert (answer.status_code, answer.json.get("code")) == (401, code), answer.text
    assert db.rows(USER, workspace=company.workspace.id) == []
    return answer.json["detail"]


def part(value) -> str:
    raw = value if isinstance(value, bytes) else value.encode() if isinstance(value, str) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def signed(company, header, claims) -> str:
    """A token of exactly these parts (text or JSON), with a true signature of the company's secret."""
    unsigned = f"{part(header)}.{part(claims)}"
    signature = hmac.new(company.secret[1].encode(), unsigned.encode(), hashlib.sha256).digest()
    return f"{unsigned}.{part(signature)}"


def claims(company, **changed) -> dict:
    now = int(time.time())
    return {"iss": company.workspace.public_id, "aud": "sayso", "sub": "cleo-7", "iat": now, "exp": now + HOUR, **changed}


HEAD = {"alg": "HS256", "typ": "JWT"}


# ── what works ──────────────────────────────────────────────────────────────────────────────────────────────────────


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


# ── the attacks ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_case_t1_no_algorithm_is_not_an_algorithm(client, acme):
    for name in ("none", "None", "NoNe", "NONE", "", None, ["HS256"], "hs256"):
        for token in (
            signed(acme, {**HEAD, "alg": name}, claims(acme)),
            f"{part({**HEAD, 'alg': name})}.{part(claims(acme))}.",
        ):
            refused(client, acme, token)
    refused(client, acme, signed(acme, {"typ": "JWT"}, claims(acme)))


def test_case_t2_only_hs256_is_taken(client, acme):
    for algorithm in ("HS384", "HS512"):
        token = jwt.encode(claims(acme), acme.secret[1] * 2, algorithm)
        refused(client, acme, token)
    for algorithm in ("RS256", "ES256", "EdDSA"):
        refused(client, acme, signed(acme, {**HEAD, "alg": algorithm}, claims(acme)))


def test_case_t3_a_token_of_one_workspace_opens_no_other(client, acme, globex):
    globex.secret  # noqa: B018 (makes one)
    assert "kid" in refused(client, globex, acme.token())
    refused(client, globex, signed(acme, HEAD, claims(globex)))
    assert "iss" in refused(client, globex, signed(globex, HEAD, claims(acme)))


def test_case_t4_an_expiry_is_a_number_within_the_hour(client, acme):
    now = int(time.time())
    for expiry in (None, str(now + 60), -1, 0, now + 10 * 365 * 86400, now + HOUR + 1, now + 60.5, True, [now], 10**400):
        assert "exp" in refused(client, acme, acme.token(iat=now, exp=expiry)), expiry
    refused(client, acme, acme.token(iat=now - 2 * HOUR, exp=now - HOUR), "token_expired")


def test_case_t5_a_clock_may_be_ahead_by_half_a_minute_not_by_an_hour(client, acme):
    now = int(time.time())
    refused(client, acme, acme.token(iat=now + HOUR, exp=now + HOUR + 60))
    refused(client, acme, acme.token(iat=None))
    refused(client, acme, acme.token(nbf=now + HOUR))
    assert trade(client, acme, acme.token(iat=now + 30, exp=now + 90)).status_code == 200


def test_case_t26_an_expiry_is_forgiven_for_a_minute(client, acme):
    now = int(time.time())
    refused(client, acme, acme.token(iat=now - 200, exp=now - 90), "token_expired")
    assert trade(client, acme, acme.token(iat=now - 200, exp=now - 30)).status_code == 200


def test_case_t6_the_audience_is_us_alone(client, acme):
    for audience in (None, "", "other", "sayso.example", ["sayso"], ["sayso", "other"], {"sayso": 1}):
        assert "aud" in refused(client, acme, acme.token(aud=audience))


def test_case_t7_the_issuer_is_exactly_this_workspace(client, acme):
    public_id = acme.workspace.public_id
    for issuer in (None, "", public_id[:-1], f"{public_id}x", public_id.upper(), [public_id], 7, "%"):
        refused(client, acme, signed(acme, HEAD, claims(acme, iss=issuer)))


def test_case_t8_the_subject_is_a_plain_id(client, acme):
    bad = ["", " ", "x" * 256, "a\0b", "a\nb", "a/b", "\u202ecleo", "\ud800", 7, None, True, ["cleo-7"], {"a": 1}]
    for subject in [*bad, "anon_x", "guest_x", "sayso-member-1"]:
        refused(client, acme, acme.token(sub=subject))


def test_case_t9_json_that_can_be_read_in_two_ways_is_refused(client, acme):
    whole = json.dumps(claims(acme))
    for more in ('"sub": "dan-8"', '"traits": {"a": 1, "a": 2}'):
        assert "twice" in refused(client, acme, signed(acme, HEAD, f"{whole[:-1]}, {more}}}"))
    refused(client, acme, signed(acme, '{"alg": "HS256", "alg": "HS256"}', whole))
    for more in ("NaN", "Infinity", "-Infinity", "1e999", "-1e999"):
        for place in (f'"x": {more}', f'"traits": {{"x": {more}}}', f'"company": {{"id": "c", "mrr": {more}}}'):
            refused(client, acme, signed(acme, HEAD, f"{whole[:-1]}, {place}}}"))


def test_case_t10_keys_inside_the_token_are_ignored(client, acme):
    jwk = {"kty": "oct", "k": part("x" * 32)}
    for more in ({"jwk": jwk}, {"jku": "http://127.0.0.1:1/x"}, {"x5u": "http://127.0.0.1:1/x"}, {"x5c": ["x"]}):
        token = jwt.encode(claims(acme), "x" * 32, "HS256", headers=more)
        refused(client, acme, token)
    refused(client, acme, signed(acme, {**HEAD, "crit": ["b64"], "b64": False}, claims(acme)))


def test_case_t11_a_kid_only_picks_among_the_workspaces_own(client, acme, globex):
    for kid in ([acme.secret[0]], "../../etc/passwd", "' OR 1=1 --", globex.secret[0], "", 0, {}, None.__class__.__name__):
        assert "kid" in refused(client, acme, signed(acme, {**HEAD, "kid": kid}, claims(acme)))


def test_case_t13_a_token_has_at_most_4_kb(client, acme):
    assert "4 kB" in refused(client, acme, acme.token(traits={"x": "y" * 4096}))


def test_what_is_no_token_is_refused(client, acme):
    head, body, signature = acme.token().split(".")
    bad = ["", ".", "..", "...", "a.b.c", head, f"{head}.{body}", f"{head}.{body}.", f"{head}.{body}.{signature}.x", "é.é.é"]
    bad += [
        f"{head}.{part(value)}.{signature}" for value in ("[]", '"x"', "1", "null", "[" * 2900, b"\xff", b"\xef\xbb\xbf{}")
    ]
    bad += [f"{head}.{body}.{signature[:-5]}AAAAA", f"{part('[]')}.{body}.{signature}"]
    for token in bad:
        refused(client, acme, token)


def test_case_t16_a_new_secret_leaves_the_one_before_until_the_next(client, acme):
    token = acme.token()
    identity_secrets.create(acme.workspace)
    assert trade(client, acme, token).status_code == 200
    database.execute_sql('DELETE FROM "user"')
    identity_secrets.create(acme.workspace)
    refused(client, acme, token)
    assert len(identity_secrets.kids(acme.workspace)) == 2


def test_a_workspace_without_a_secret_takes_no_token(client, acme, globex):
    for token in (signed(acme, HEAD, claims(globex)), signed(acme, {**HEAD, "kid": ""}, claims(globex))):
        refused(client, globex, token)


def test_case_t20_a_good_token_on_a_foreign_page_is_refused(client, acme):
    database.execute_sql("UPDATE workspace SET origins = ARRAY['https://app.acme.example']")
    for origin in ("https://evil.example", "null", None):
        answer = call(client, acme, "session", origin=origin, user_token=acme.token())
        assert (answer.status_code, answer.json["code"]) == (403, "origin_refused")


def test_case_t22_a_role_in_the_token_means_nothing(client, acme):
    told = {"role": "admin", "kind": "member", "workspace_id": 1, "blocked_at": None, "session_version": 9}
    assert trade(client, acme, acme.token(**told)).json["user"]["kind"] == "identified"


def test_case_t23_a_members_address_in_a_token_is_not_that_member(client, acme):
    answer = trade(client, acme, acme.token(email=BEN, sub="not-ben")).json
    assert answer["user"]["kind"] == "identified"
    for cookie in (answer["session"], acme.token(email=BEN)):
        page = client.simulate_get("/app/acme/inbox", headers={"Cookie": f"sayso={cookie}; __Host-sayso={cookie}"})
        assert (page.status_code, page.headers["location"]) == (303, "/app/sign-in")


def test_case_t25_two_users_with_one_address_stay_two(client, acme):
    for subject in ("cleo-7", "cleo-8"):
        assert trade(client, acme, acme.token({**CLEO, "sub": subject})).json["user"]["id"] == subject
    assert len(db.rows(USER, workspace=acme.workspace.id)) == 2
