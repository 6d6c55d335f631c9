"""T1–T13, T22, T23, T26: the customer's signed user token, attacked through the door that every widget uses."""

import json
import time

import jwt
from browser import Browser
from cast import ADA, BEN
from forgeries import HEAD, HOUR, claims, part, refused, signed, trade
from ways_out import OK, says, server

from service.feedback import identity_secrets


def test_t01_no_algorithm_is_not_an_algorithm(client, acme):
    for name in ("none", "None", "NoNe", "NONE", "", None, ["HS256"], "hs256"):
        for token in (
            signed(acme, {**HEAD, "alg": name}, claims(acme)),
            f"{part({**HEAD, 'alg': name})}.{part(claims(acme))}.",
        ):
            refused(client, acme, token)
    refused(client, acme, signed(acme, {"typ": "JWT"}, claims(acme)))


def test_t02_only_hs256_is_taken(client, acme):
    for algorithm in ("HS384", "HS512"):
        token = jwt.encode(claims(acme), acme.secret[1] * 2, algorithm)
        refused(client, acme, token)
    for algorithm in ("RS256", "ES256", "EdDSA"):
        refused(client, acme, signed(acme, {**HEAD, "alg": algorithm}, claims(acme)))


def test_t03_a_token_of_one_workspace_opens_no_other(client, acme, globex):
    globex.secret  # noqa: B018 (makes one)
    assert "kid" in refused(client, globex, acme.token())
    refused(client, globex, signed(acme, HEAD, claims(globex)))
    assert "iss" in refused(client, globex, signed(globex, HEAD, claims(acme)))


def test_t04_an_expiry_is_a_number_within_the_hour(client, acme):
    now = int(time.time())
    for expiry in (None, str(now + 60), -1, 0, now + 10 * 365 * 86400, now + HOUR + 1, now + 60.5, True, [now], 10**400):
        assert "exp" in refused(client, acme, acme.token(iat=now, exp=expiry)), expiry
    refused(client, acme, acme.token(iat=now - 2 * HOUR, exp=now - HOUR), "token_expired")


def test_t05_a_clock_may_be_ahead_by_half_a_minute_not_by_an_hour(client, acme):
    now = int(time.time())
    refused(client, acme, acme.token(iat=now + HOUR, exp=now + HOUR + 60))
    refused(client, acme, acme.token(iat=None))
    refused(client, acme, acme.token(nbf=now + HOUR))
    assert trade(client, acme, acme.token(iat=now + 30, exp=now + 90)).status_code == 200


def test_t26_a_users_expiry_is_forgiven_for_a_minute(client, acme):
    now = int(time.time())
    refused(client, acme, acme.token(iat=now - 200, exp=now - 90), "token_expired")
    assert trade(client, acme, acme.token(iat=now - 200, exp=now - 30)).status_code == 200


def test_t06_the_audience_is_us_alone(client, acme):
    for audience in (None, "", "other", "sayso.example", ["sayso"], ["sayso", "other"], {"sayso": 1}):
        assert "aud" in refused(client, acme, acme.token(aud=audience))


def test_t07_the_issuer_is_exactly_this_workspace(client, acme):
    public_id = acme.workspace.public_id
    for issuer in (None, "", public_id[:-1], f"{public_id}x", public_id.upper(), [public_id], 7, "%"):
        refused(client, acme, signed(acme, HEAD, claims(acme, iss=issuer)))


def test_t08_the_subject_is_a_plain_id(client, acme):
    bad = ["", " ", "x" * 256, "a\0b", "a\nb", "a/b", "\u202ecleo", "\ud800", 7, None, True, ["cleo-7"], {"a": 1}]
    for subject in [*bad, "anon_x", "guest_x", "sayso-member-1"]:
        refused(client, acme, acme.token(sub=subject))


def test_t09_json_that_can_be_read_in_two_ways_is_refused(client, acme):
    whole = json.dumps(claims(acme))
    for more in ('"sub": "dan-8"', '"traits": {"a": 1, "a": 2}'):
        assert "twice" in refused(client, acme, signed(acme, HEAD, f"{whole[:-1]}, {more}}}"))
    refused(client, acme, signed(acme, '{"alg": "HS256", "alg": "HS256"}', whole))
    for more in ("NaN", "Infinity", "-Infinity", "1e999", "-1e999"):
        for place in (f'"x": {more}', f'"traits": {{"x": {more}}}', f'"company": {{"id": "c", "mrr": {more}}}'):
            refused(client, acme, signed(acme, HEAD, f"{whole[:-1]}, {place}}}"))


def test_t10_keys_inside_the_token_are_ignored_and_nothing_is_fetched(client, acme):
    jwk = {"kty": "oct", "k": part("x" * 32)}
    with server(says(OK)) as elsewhere:
        url = f"http://127.0.0.1:{elsewhere.port}/keys"
        for more in ({"jwk": jwk}, {"jku": url}, {"x5u": url}, {"x5c": ["x"]}, {"kid": url}):
            refused(client, acme, jwt.encode(claims(acme), "x" * 32, "HS256", headers=more))
        assert elsewhere.asked == []
    refused(client, acme, signed(acme, {**HEAD, "crit": ["b64"], "b64": False}, claims(acme)))


def test_t11_a_kid_only_picks_among_the_workspaces_own(client, acme, globex):
    for kid in ([acme.secret[0]], "../../etc/passwd", "' OR 1=1 --", globex.secret[0], "", 0, {}, None.__class__.__name__):
        assert "kid" in refused(client, acme, signed(acme, {**HEAD, "kid": kid}, claims(acme)))


def test_t12_a_secret_is_ours_to_make_and_always_of_256_bits(client, acme):
    ada = Browser(client).sign_in(ADA)
    ada.open("/app/acme/settings/identity")
    page = ada.send("/app/acme/settings/identity", do="secret", secret="abcde", sealed="abcde", overlap="168")
    assert page.status_code == 200, page.text
    [made] = identity_secrets.reveal(acme.workspace).values()
    assert len(made) == 43 and made in page.text


def test_t13_a_token_has_at_most_4_kb(client, acme):
    assert "4 kB" in refused(client, acme, acme.token(traits={"x": "y" * 4096}))


def test_t22_a_role_in_the_token_means_nothing(client, acme):
    told = {"role": "admin", "kind": "member", "workspace_id": 1, "blocked_at": None, "session_version": 9}
    assert trade(client, acme, acme.token(**told)).json["user"]["kind"] == "identified"


def test_t23_a_members_address_in_a_token_is_not_that_member(client, acme):
    answer = trade(client, acme, acme.token(email=BEN, sub="not-ben")).json
    assert answer["user"]["kind"] == "identified"
    for cookie in (answer["session"], acme.token(email=BEN)):
        page = client.simulate_get("/app/acme/inbox", headers={"Cookie": f"sayso={cookie}; __Host-sayso={cookie}"})
        assert (page.status_code, page.headers["location"]) == (303, "/app/sign-in")
