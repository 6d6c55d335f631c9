"""The token tester says of every token what `verify` says, and of every claim what to do."""

import base64
import json
import os
import shutil
import subprocess
import sys
import time
from html import unescape

import jwt
import pytest
from browser import Browser
from cast import ADA, BEN, HOUR

from service import db
from service.errors import Unauthenticated
from service.feedback import identity_secrets
from service.lib import identity, token_checks
from service.web import pages

IDENTITY = "/app/acme/settings/identity"
NOW = int(time.time())
OURS = {"k_new": "n" * 43, "k_old": base64.urlsafe_b64encode(b"o" * 32).decode().rstrip("=")}
GOOD = {"iss": "ws_1", "aud": "sayso", "sub": "u_7", "iat": NOW, "exp": NOW + HOUR}


def signed(claims: dict = GOOD, secret=OURS["k_new"], head: dict = {"kid": "k_new"}, algorithm="HS256", **changed) -> str:  # noqa: B006
    whole = {name: value for name, value in {**claims, **changed}.items() if value is not None}
    return jwt.encode(whole, secret, algorithm=algorithm, headers=head)


def now() -> int:
    return int(time.time())


def part(value) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def wrong(token: str) -> dict[str, str]:
    """What is wrong with it, by claim."""
    return {check.name: check.sentence for check in token_checks.examine(token, "ws_1", OURS) if not check.ok}


def test_a_good_token_is_right_in_everything():
    for token in (signed(), signed(head=None), signed(secret=OURS["k_old"], head={"kid": "k_old"}), f"  {signed()}\n"):
        assert wrong(token) == {}
    assert {check.name for check in token_checks.examine(signed(), "ws_1", OURS)} == {
        "Token", "alg", "kid", "Signature", "iss", "aud", "sub", "iat", "exp"}  # fmt: skip


@pytest.mark.parametrize(("token", "claim", "says"), [
    ("", "Token", "Paste a token"),
    ("hello", "Token", "not a JWT"),
    ("a.b.c", "Token", "not a JWT"),
    ("é.\ud800.\0", "Token", "not a JWT"),
    ("a.b.c.d.e", "Token", "encrypted"),
    ("x" * 5000, "Token", "larger than 4 kB"),
    (OURS["k_new"], "Token", "the secret itself"),
    ("sk_1_abc", "Token", "an API key"),
    (f"{part([])}.{part(GOOD)}.x", "Token", "not a JWT"),
    (f"{part({'alg': 'none'})}.{part(GOOD)}.", "alg", "not signed"),
    (f"{part({'alg': 'RS256'})}.{part(GOOD)}.x", "alg", "must be HS256"),
    (f"{part({'alg': 'HS256'})}.{part(GOOD)}.x", "Signature", "not made with any secret"),
    (signed(head={"kid": "k_gone"}), "kid", "no active secret of this workspace; there are: k_new, k_old"),
    (signed(secret=OURS["k_old"]), "Signature", "the secret of k_old, which is not the one that `kid` names"),
    (signed(secret=OURS["k_new"] + "\n"), "Signature", "trim what you read"),
    (signed(secret=b"o" * 32, head={"kid": "k_old"}), "Signature", "decoded from base64"),
    (signed(secret="s" * 43), "Signature", "not made with any secret"),
    (signed(iss="ws_2"), "iss", "another workspace; this one is ws_1"),
    (signed(iss=None), "iss", "missing"),
    (signed(aud="other"), "aud", "must be sayso"),
    (signed(aud=["sayso"]), "aud", "not a list"),
    (signed(sub=None), "sub", "must be your user’s id"),
    (f"{part({'alg': 'HS256'})}.{part({**GOOD, 'sub': 7})}.x", "sub", "must be a text"),
    (signed(sub="a/b"), "sub", "without `/`"),
    (signed(iat=NOW * 1000, exp=NOW * 1000 + 60), "iat", "milliseconds"),
    (f"{part({'alg': 'HS256'})}.{part({**GOOD, 'iat': 'today'})}.x", "iat", "whole seconds since 1970"),
    (lambda: signed(iat=now() + 600, exp=now() + 900), "iat", "in the future; set the clock"),
    (lambda: signed(iat=now() - 2 * HOUR, exp=now() - HOUR), "exp", "expired 6"),
    (signed(exp=NOW + 86400), "exp", "lives 24 hours; one hour is the most"),
    (signed(exp=NOW - 30), "exp", "not after `iat`"),
    (signed(exp=None), "exp", "missing"),
    (lambda: signed(nbf=now() + 600), "Others", "not yet valid"),
])  # fmt: skip
def test_each_mistake_is_named_with_what_to_do(token, claim, says):
    token = token() if callable(token) else token  # what depends on the moment is made at the moment
    assert says in wrong(token)[claim]
    with pytest.raises(Unauthenticated):
        identity.verify(token, "ws_1", OURS)


@pytest.mark.parametrize("value", [None, True, -1, 0, 10**400, -(10**400), 1.5, "x", [], {}, "9" * 3000])
def test_no_claim_breaks_the_tester(value):
    for name in ("iss", "aud", "sub", "iat", "exp", "nbf"):
        token = f"{part({'alg': value, 'kid': value})}.{part({**GOOD, name: value})}.x"
        assert wrong(token)


def test_a_workspace_without_a_secret_is_told_to_make_one():
    checks = token_checks.examine(signed(), "ws_1", {})
    assert "make one" in {check.name: check.sentence for check in checks}["Signature"]


# ── the page ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_page_says_it_and_keeps_nothing(client, acme):
    for email in (ADA, BEN):  # every member may ask
        browser = Browser(client).sign_in(email)
        browser.open(IDENTITY)
        good = browser.send(IDENTITY, do="test", token=acme.token())
        assert good.status_code == 200 and "This token is good." in good.text
        assert acme.token()[:20] not in browser.open(IDENTITY).text
        bad = unescape(browser.send(IDENTITY, do="test", token=acme.token(sub="anon_1", aud="x")).text)
        assert "2 things to mend" in bad and "such ids are ours" in bad and "must be sayso" in bad
    assert db.row('SELECT count(*) FROM "user"') == (0,)


def test_a_token_of_another_workspace_is_told_apart(acme, globex):
    acme.secret, globex.secret  # noqa: B018 (makes one of each)
    said = {check.name: check for check in identity_secrets.examine(acme.workspace, globex.token())}
    assert not (said["kid"].ok or said["Signature"].ok or said["iss"].ok) and said["aud"].ok


# ── the code that is shown there ────────────────────────────────────────────────────────────────────────────────────

MAIL = "cleo@customer.example"
CALLS = {
    "python": ([sys.executable, "-c"],
               f"import types\nprint(sayso_token(types.SimpleNamespace(id=7, email='{MAIL}', name='Cleo')))"),
    "node": (["node", "--input-type=module", "-e"], f"console.log(saysoToken({{id: 7, email: '{MAIL}', name: 'Cleo'}}))"),
    "ruby": (["ruby", "-e"], f"puts sayso_token(Struct.new(:id, :email, :name).new(7, '{MAIL}', 'Cleo'))"),
    "php": (["php", "-r"], f"echo sayso_token((object) ['id' => 7, 'email' => '{MAIL}', 'name' => 'Cleo']);"),
    "go": (["go", "run"],
           f'func main() {{\n\ttoken, _ := saysoToken("7", "{MAIL}", "Cleo")\n\tos.Stdout.WriteString(token)\n}}'),
}  # fmt: skip


@pytest.mark.parametrize("language", CALLS)
def test_the_code_we_show_signs_tokens_that_we_take(acme, language, tmp_path):
    (command, *more), call = CALLS[language]
    if shutil.which(command) is None:
        pytest.skip(f"there is no {language} on this machine")
    kid, secret = acme.secret
    code = getattr(pages.TEMPLATES.get_template("_signing.html").module, language)(acme.workspace.public_id, kid)
    program = f"{unescape(str(code)).removeprefix('<?php')}\n{call}\n"
    if language == "go":
        (tmp_path / "main.go").write_text(program)
        program = str(tmp_path / "main.go")
    surroundings = {**os.environ, "SAYSO_SECRET": secret}
    done = subprocess.run([command, *more, program], env=surroundings, capture_output=True, text=True, timeout=60)
    if "cannot load such file -- jwt" in done.stderr:
        pytest.skip("there is no jwt gem on this machine")
    assert done.returncode == 0, done.stderr
    checks = identity_secrets.examine(acme.workspace, done.stdout)
    assert [check for check in checks if not check.ok] == []
    assert identity_secrets.trade(acme.workspace, done.stdout.strip()).user.name == "Cleo"
