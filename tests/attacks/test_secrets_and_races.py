"""Cases 77–80 and 87–91: what is kept and said of secrets, keys of programs, and twenty who want the same at once."""

import hashlib
import re

import canary
import pytest
from browser import Browser, read_letter
from calls import call, session
from cast import ADA, CLEO, DAN
from crowd import at_once
from installation import REPOSITORY
from program import Program, wrong
from queued import work_off
from uploads import PDF, form

from service import db
from service.feedback import comments, endpoints, identity_secrets, invitations, keys, limits, privacy, team, user_links
from service.lib import tokens

GIL = "gil@elsewhere.example"
TEXTS = """
SELECT table_name, column_name FROM information_schema.columns
 WHERE table_schema = 'public' AND data_type IN ('text', 'jsonb', 'bytea', 'ARRAY')"""
INTERNALS = ("Traceback", "psycopg2", "SELECT", "column", "waitress", str(REPOSITORY), "File ")
NEWEST_USER_LINK = "SELECT workspace_id, id FROM user_link ORDER BY id DESC LIMIT 1"
LAST_SLOT = "UPDATE rate SET hits = %(hits)s WHERE key LIKE 'files-of-user:%%'"


def places_of(words: list[str]) -> list[tuple]:
    """The columns in which one of these words stands, whatever it is in."""
    found = []
    for table, column in db.rows(TEXTS):
        for (value,) in db.rows(f'SELECT "{column}" FROM "{table}" WHERE "{column}" IS NOT NULL'):
            text = bytes(value).decode("latin-1") if isinstance(value, memoryview) else str(value)
            found += [(table, column, word) for word in words if word in text]
    return found


# ── 77–80 ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_case_77_no_secret_is_stored_as_it_is(client, acme):
    """Which SECRET_KEYS are refused, and how they are changed, is in test_sealing.py."""
    ada = Browser(client)
    ada.open("/app/sign-in")
    ada.send("/app/sign-in", email=ADA)
    link, browser = read_letter(), ada.cookies["sayso-browser"]
    ada.open(f"/app/sign-in/{link}")
    ada.send(f"/app/sign-in/{link}")
    _, whsec = endpoints.create(acme.team, "https://hooks.invalid/T0/B0/secret-path", ["post.created"])
    invitation = invitations.arm(acme.workspace, team.invite(acme.team, GIL)[0].email)
    again = {"Idempotency-Key": "once", **acme.bearer()}
    made = client.simulate_post("/api/v1/keys", json={"name": "ci", "scopes": ["read"]}, headers=again).json
    kept = [link, browser, invitation, ada.cookies["sayso"], acme.api_key, acme.secret[1], acme.token(), whsec, "T0/B0"]
    kept += [value for value in made.values() if str(value).startswith("sk_") and len(value) > 20]
    assert len(kept) == 10 and places_of(kept) == []


def test_case_78_what_the_service_writes_down_holds_nothing_of_anybody(client, acme):
    """Every log line of the whole run is searched when it ends (canary.py); here, that there is something to search."""
    canary.hear("this line is kept")
    assert canary.heard() > 0 and [each for each in canary.found() if each.startswith("web-")] == []


def test_case_79_a_fault_of_ours_is_not_explained_to_strangers(client, acme):
    acme.post("Dark mode")
    db.changed("ALTER TABLE post RENAME COLUMN title TO heading")
    try:
        answers = [client.simulate_get(path, headers=headers) for path, headers in
                   (("/b/acme", {}), ("/api/v1/posts/1", acme.bearer()))] + [call(client, acme, "list")]  # fmt: skip
    finally:
        db.changed("ALTER TABLE post RENAME COLUMN heading TO title")
    for answer in answers:
        assert answer.status_code == 500 and re.fullmatch(r"[\w-]{8,}", answer.headers["x-request-id"])
        assert not any(word in answer.text for word in INTERNALS)
        assert "server" not in answer.headers and "x-powered-by" not in answer.headers
    assert client.simulate_get("/b/acme").status_code == 200


def test_case_80_of_who_was_erased_nothing_is_left(client, acme, globex):
    them = {**CLEO, "sub": "unmistakable-7", "email": "unmistakable@customer.example", "name": "Unmistakable Name"}
    who = session(client, acme, them)
    number = call(client, acme, "posts", title="Dark mode", session=who).json["post"]["number"]
    call(client, acme, f"posts/{number}/comments", body="Please", session=who)
    Browser(client).send("/b/acme/sign-in", do="ask", email=them["email"])
    comments.create(acme.writer, number, "Thank you")
    work_off()
    words = ["unmistakable-7", "unmistakable@", "Unmistakable Name"]
    assert places_of(words), "or nothing was looked for"
    privacy.erase(acme.team, them["sub"])
    work_off()
    assert places_of(words) == [] and call(client, acme, "opening", session=who).status_code == 401


# ── 87, 88 ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def ask(client, key: str, **more) -> int:
    return client.simulate_get("/api/v1/posts", headers={"Authorization": f"Bearer {key}"}, **more).status_code


def test_case_87_a_key_is_for_what_it_is_for_and_ends(client, acme, globex):
    reader = keys.create(acme.workspace, acme.owner, "reader", ("read",))
    assert ask(client, reader) == 200
    asked = {"headers": {"Authorization": f"Bearer {reader}"}, "json": {"title": "t"}}
    assert client.simulate_post("/api/v1/posts", **asked).json["code"] == "scope_missing"
    for name in ("key", "api_key", "access_token", "token"):
        assert client.simulate_get("/api/v1/posts", params={name: reader}).status_code == 401, "in an address it is no key"
    moved = reader.replace(f"sk_{acme.workspace.id}_", f"sk_{globex.workspace.id}_")
    assert ask(client, moved) == 401
    assert db.row("SELECT used_at IS NOT NULL FROM api_key WHERE name = 'reader'") == (True,)
    [made] = [key for key in keys.of(acme.team) if key.name == "reader"]
    keys.end(acme.team, made.id)
    assert ask(client, reader) == 401 and ask(client, acme.api_key) == 200
    db.changed("UPDATE api_key SET expires_at = now() - interval '1 second'")
    assert ask(client, acme.api_key) == 401


def test_case_88_a_secret_is_found_by_its_hash_or_compared_in_constant_time(client, acme):
    """What is random is looked up by its SHA-256, so nothing depends on how much of a guess was right; what is signed is
    compared by hmac.compare_digest. Every wrong one has the same answer."""
    key = acme.api_key
    stored = {bytes(row[0]) for row in db.rows("SELECT secret_hash FROM api_key")}
    assert {hashlib.sha256(part.encode()).digest() for part in (key, key.split("_", 2)[2])} & stored
    almost = key[:-1] + ("A" if key[-1] != "A" else "B")
    guesses = [almost, key[:20] + "x" * (len(key) - 20), f"sk_{acme.workspace.id}_x", "x"]
    answers = [client.simulate_get("/api/v1/posts", headers={"Authorization": f"Bearer {guess}"}).json for guess in guesses]
    assert {(answer["code"], answer["detail"]) for answer in answers} == {("key_invalid", answers[0]["detail"])}
    assert not tokens.same("a", "b") and tokens.same(b"a", "a") and not tokens.same("a", "aa")


# ── 89–91 ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_case_89_of_twenty_who_use_one_invitation_one_joins(client, acme):
    secret = invitations.arm(acme.workspace, team.invite(acme.team, GIL)[0].email)
    browsers = [Browser(client) for _ in range(20)]
    for browser in browsers:
        browser.open(f"/app/join/acme/{secret}")
    answers = at_once(lambda number: browsers[number].send(f"/app/join/acme/{secret}"))
    assert sorted(answer.status_code for answer in answers) == [303] + [401] * 19
    assert sum(browser.open("/app/acme/inbox").status_code == 200 for browser in browsers) == 1
    assert db.row("SELECT count(*) FROM event WHERE type = 'member.joined'") == (1,)
    assert db.row("SELECT count(*) FROM session") == (1,)


def test_case_89_twenty_votes_of_one_are_one(client, acme):
    number, who = acme.post(by=DAN), session(client, acme)
    answers = at_once(lambda _: call(client, acme, f"posts/{number}/vote", voted=True, session=who))
    assert {answer.status_code for answer in answers} == {200}
    assert db.row("SELECT votes, (SELECT count(*) FROM vote) FROM post") == (2, 2)


def test_case_89_the_last_place_of_a_limit_is_taken_once(client, acme):
    number, who = acme.post(), session(client, acme)

    def upload(_) -> int:
        fields = [("key", None, acme.widget_key.encode()), ("session", None, who.encode()), ("file", "a.pdf", PDF)]
        body, kind = form(*fields)
        headers = {"Content-Type": kind, "Origin": "https://app.acme.example"}
        return client.simulate_post(f"/api/widget/posts/{number}/files", body=body, headers=headers).status_code

    assert upload(0) == 201
    db.changed("DELETE FROM file")
    db.changed(LAST_SLOT, hits=limits.FILES_OF_USER.most - 1)
    assert sorted(at_once(upload)) == [201] + [429] * 19
    assert db.row("SELECT count(*) FROM file") == (1,)


def test_case_89_who_signs_up_twenty_times_at_once_is_one_person(client, acme):
    browsers, secrets = [Browser(client) for _ in range(20)], []
    for place, browser in enumerate(browsers):
        browser.open("/b/acme/sign-in")
        known = {"browser": browser.cookies["sayso-browser"], "network": f"network {place}"}
        user_links.ask(acme.workspace, GIL, place="", locale="en", home="", **known)
        secrets.append(user_links.arm(*db.row(NEWEST_USER_LINK)).secret)
    at_once(lambda number: browsers[number].send(f"/b/acme/sign-in/{secrets[number]}"))
    assert db.rows("SELECT kind FROM \"user\" WHERE email = %(email)s", email=GIL) == [("guest",)]


def test_case_89_twenty_identity_secrets_at_once_are_two(client, acme):
    browsers = [Browser(client) for _ in range(20)]
    browsers[0].sign_in(ADA).open("/app/acme/settings/identity")
    for browser in browsers:
        browser.cookies, browser.page = browsers[0].cookies, browsers[0].page
    at_once(lambda number: browsers[number].send("/app/acme/settings/identity", do="secret", overlap="168"))
    assert len(identity_secrets.kids(acme.workspace)) == identity_secrets.MOST


def test_case_90_one_idempotency_key_is_one_answer(client, acme, globex):
    again = {"Idempotency-Key": "post-1"}
    answers = at_once(lambda _: Program(client, acme).post("/posts", again, title="Dark mode"), 12)
    assert {answer.json["number"] for answer in answers if answer.status_code == 201} == {1}
    assert {answer.status_code for answer in answers} <= {201, 503} and db.row("SELECT count(*) FROM post") == (1,)
    other = Program(client, acme).post("/posts", again, title="Light mode")
    assert (other.status_code, other.json["code"]) == (409, "idempotency_key_reused")
    assert Program(client, globex).post("/posts", again, title="Light mode").status_code == 201


@pytest.mark.parametrize("target", [
    "http://127.0.0.1/", "https://127.0.0.1/", "https://169.254.169.254/", "https://[::1]/", "https://2130706433/",
    "https://user:pw@hooks.example/", "file:///etc/passwd",
])  # fmt: skip
def test_case_91_a_webhook_reaches_nothing_of_ours(client, acme, target):
    assert wrong(Program(client, acme).post("/webhooks", url=target, types=["post.created"])) == {"url"}


def test_case_91_a_webhook_is_tried_by_its_own_workspace_alone(client, acme, globex):
    endpoints.create(globex.team, "https://hooks.invalid/", ["post.created"])
    hook, api = endpoints.of(globex.team)[0].id, Program(client, acme)
    for path in ("/test", "/secret"):
        assert api.post(f"/webhooks/{hook}{path}").status_code == 404
    assert api.patch(f"/webhooks/{hook}", state="paused").status_code == api.get(f"/webhooks/{hook}").status_code == 404
    ada = Browser(client).sign_in(ADA)
    for does in ("test", "rotate", "resume", "delete"):
        ada.open("/app/acme/settings/webhooks")
        assert ada.send(f"/app/acme/settings/webhooks/{hook}", do=does).status_code == 404
    assert [each.state for each in endpoints.of(globex.team)] == ["active"]
    assert db.row("SELECT count(*) FROM event WHERE type = 'webhook.test'") == (0,)
