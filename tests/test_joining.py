"""Somebody votes and writes without an account, and signs in: what they did is theirs, once, and nobody else's."""

import itertools

import pytest
from browser import Browser
from calls import call, session
from cast import CLEO, DAN
from crowd import at_once
from test_domain import check

from service import db
from service.db import database
from service.feedback import (
    blocking,
    changelog,
    comments,
    followers,
    joining,
    kept,
    merges,
    posts,
    privacy,
    user_links,
    users,
)
from service.feedback.readers import Reader
from service.lib import tokens
from service.web.guards import user_token

SUE = "sue@customer.example"
NEWEST = "SELECT workspace_id, id FROM user_link ORDER BY id DESC LIMIT 1"
KINDS = """SELECT kind, count(*) FROM "user" GROUP BY kind ORDER BY kind"""
MERGED = """
SELECT u.external_id, e.data FROM event e JOIN "user" u ON u.id = e.user_id WHERE e.type = 'user.merged' ORDER BY e.seq"""
# every column that names a user, and whether the database deletes the row with them
NAMING = """
SELECT c.conrelid::regclass::text, a.attname::text FROM pg_constraint c
  JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[2]
 WHERE c.contype = 'f' AND c.confrelid = '"user"'::regclass"""
# segments follow from what is known of a user, and because of nobody who is joined is an address blocked
FOLLOWS = {("segment_user", "user_id"), ("blocked_address", "user_id")}
names = itertools.count()


@pytest.fixture(autouse=True)
def _calm(acme):
    database.execute_sql("UPDATE workspace SET holds_suspects = false")


def nobody(acme) -> Reader:
    """A new user without an account."""
    return Reader(acme.workspace, users.make(acme.workspace, f"anon_{next(names)}", "anonymous").id)


def join(acme, reader: Reader, claims: dict = CLEO, version: int = 1) -> bool:
    return joining.join(acme.workspace, acme.user(claims), anonymous=reader.user, version=version)


def holders(table: str, number: int) -> list[str]:
    return [name for (name,) in db.rows(f"""
SELECT u.external_id FROM {table} t JOIN "user" u ON u.id = t.user_id JOIN workspace w ON w.id = t.workspace_id
 WHERE w.slug = 'acme' AND t.post_number = %(number)s ORDER BY u.external_id""", number=number)]  # fmt: skip


# ── the widget ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_was_done_before_identify_is_the_users_after_it(client, acme):
    acme.post("Dark mode", by=DAN)
    token = call(client, acme, "posts/1/vote", voted=True).json["anonymous"]
    call(client, acme, "posts", title="Night theme", anonymous=token)
    said = call(client, acme, "session", user_token=acme.token(), anonymous=token).json
    assert said["user"] == {"id": "cleo-7", "name": "Cleo", "kind": "identified"} and set(said) == {
        "user", "unread", "session", "expires_in"}  # fmt: skip
    mine = call(client, acme, "list", mine=True, session=said["session"]).json["data"]
    assert [post["title"] for post in mine] == ["Night theme"]
    assert call(client, acme, "list", session=said["session"]).json["data"][0]["voted"]
    assert db.rows(KINDS) == [("identified", 2)] and db.rows(MERGED) == [("cleo-7", {"from": "anonymous"})]
    assert db.rows("SELECT FROM event WHERE type = 'vote.created' AND user_id IS NULL") == []
    check()


def test_case_t14_the_anonymous_token_is_nobodys_from_then_on(client, acme):
    acme.post("Dark mode", by=DAN)
    token = call(client, acme, "posts/1/vote", voted=True).json["anonymous"]
    for _ in range(2):
        call(client, acme, "session", user_token=acme.token(), anonymous=token)
    assert call(client, acme, "session", anonymous=token).json["user"] is None
    again = call(client, acme, "posts/1/vote", voted=True, anonymous=token).json
    assert again["anonymous"] != token and again["post"]["votes"] == 3
    call(client, acme, "session", user_token=acme.token(DAN), anonymous=token)
    assert len(db.rows(MERGED)) == 1
    call(client, acme, "session", user_token=acme.token(DAN), anonymous=again["anonymous"])
    assert holders("vote", 1) == ["cleo-7", "dan-8"] and db.row("SELECT votes FROM post") == (2,)


def test_case_t24_without_proof_of_that_session_nothing_is_joined(client, acme, globex, monkeypatch):
    globex.post()
    theirs = call(client, globex, "posts/1/vote", voted=True).json["anonymous"]
    acme.post("Dark mode", by=DAN)
    token = call(client, acme, "posts/1/vote", voted=True).json["anonymous"]
    id, dan = tokens.read("anonymous", token)["u"], acme.user(DAN)
    w = acme.workspace.id
    forged = [theirs, "", "x", token[:-3] + "AAA", tokens.sign("visitor", {"w": w, "u": id, "v": 1}),
              tokens.sign("anonymous", {"w": w, "u": id, "v": 2}), tokens.sign("anonymous", {"w": w, "u": dan.id, "v": 1}),
              tokens.sign("anonymous", {"w": globex.workspace.id, "u": id, "v": 1})]  # fmt: skip
    for each in forged:
        assert call(client, acme, "session", user_token=acme.token(), anonymous=each).status_code == 200, each
    assert call(client, acme, "session", user_token=globex.token(), anonymous=token).status_code == 401
    monkeypatch.setitem(tokens.LIFETIME, "anonymous", -1)
    call(client, acme, "session", user_token=acme.token(), anonymous=token)
    assert db.rows(MERGED) == [] and len(holders("vote", 1)) == 2


def test_a_call_that_only_asks_joins_nobody(client, acme):
    token = call(client, acme, "posts", title="By nobody").json["anonymous"]
    known = session(client, acme)
    for path in ("opening", "list", "session", "ticket"):
        call(client, acme, path, session=known, anonymous=token)
    assert db.rows(MERGED) == []


# ── who is not joined ───────────────────────────────────────────────────────────────────────────────────────────────


def test_who_is_blocked_stays_so_and_whoever_signs_in_is_not(client, acme):
    token = call(client, acme, "posts", title="Spam").json["anonymous"]
    id, name = db.row("""SELECT id, external_id FROM "user" WHERE kind = 'anonymous'""")
    blocking.block(acme.team, name)
    for each in (token, user_token("anonymous", acme.workspace, users.find(acme.workspace, name))):
        said = call(client, acme, "session", user_token=acme.token(), anonymous=each)
        assert said.json["user"]["id"] == "cleo-7"
    assert db.row("""SELECT author_id FROM post""") == (id,) and db.rows(MERGED) == []
    assert not acme.user(CLEO).is_blocked


@pytest.mark.parametrize("kind", ["guest", "identified", "member"])
def test_case_t25_whoever_has_an_account_is_never_joined_to_another(acme, kind):
    other = users.make(acme.workspace, f"x-{kind}", kind, "", CLEO["email"])
    assert not joining.join(acme.workspace, acme.user(CLEO), anonymous=other.id, version=1)
    assert users.find(acme.workspace, f"x-{kind}").id == other.id


def test_nobody_is_joined_to_who_is_gone_blocked_or_without_an_account(acme):
    reader, cleo = nobody(acme), acme.user(CLEO)
    posts.create(reader, "Hers")
    anonymous = users.make(acme.workspace, "anon_other", "anonymous")
    blocking.block(acme.team, acme.user(DAN).external_id)
    dan = users.find(acme.workspace, DAN["sub"])
    privacy.erase(acme.team, cleo.external_id)
    for into in (cleo, dan, anonymous, users.of_member(acme.workspace, acme.owner)):
        assert not joining.join(acme.workspace, into, anonymous=reader.user, version=1), into
    assert db.row("SELECT author_id FROM post") == (reader.user,)


def test_nobody_is_joined_across_workspaces(acme, globex):
    reader = nobody(acme)
    assert not joining.join(globex.workspace, globex.user(CLEO), anonymous=reader.user, version=1)
    assert not joining.join(acme.workspace, globex.user(CLEO), anonymous=reader.user, version=1)


# ── the board ───────────────────────────────────────────────────────────────────────────────────────────────────────


def by_link(browser, email: str = SUE):
    browser.send("/b/acme/sign-in", do="ask", email=email)
    secret = user_links.arm(*db.row(NEWEST)).secret
    browser.open(f"/b/acme/sign-in/{secret}")
    assert db.rows(MERGED) == [], "opening a link changes nothing"
    return browser.send(f"/b/acme/sign-in/{secret}")


def test_on_the_board_a_link_in_a_letter_takes_along_what_this_browser_did(client, acme):
    acme.post("Dark mode", by=DAN)
    sue = Browser(client)
    sue.send("/b/acme", do="vote", number="1")
    copy = Browser(client)
    copy.cookies = dict(sue.cookies)
    assert by_link(sue).status_code == 303
    assert db.rows(KINDS) == [("guest", 1), ("identified", 1)] and db.row("SELECT votes FROM post") == (2,)
    assert "Dark mode" in sue.open("/b/acme/me?show=votes").text
    assert copy.open("/b/acme/me").status_code == 303, "the cookie from before is nobody's"


def test_on_the_board_the_products_own_token_does_too(client, acme):
    database.execute_sql("UPDATE workspace SET sign_in_url = 'https://app.acme.example/login'")
    acme.post("Dark mode", by=DAN)
    sue = Browser(client)
    sue.send("/b/acme", do="vote", number="1")
    place = sue.open("/b/acme/sign-in/with").headers["location"]
    back = {"token": acme.token(), "state": place.rpartition("state=")[2]}
    assert sue.open("/b/acme/sign-in/return", params=back).status_code == 303
    assert holders("vote", 1) == ["cleo-7", "dan-8"] and holders("follower", 1) == ["cleo-7", "dan-8"]


def test_case_t25_who_is_signed_in_already_and_signs_in_as_another_takes_nothing_along(client, acme):
    acme.post("Cleo's")
    cleo = Browser(client)
    cleo.cookies["sayso-acme"] = user_token("visitor", acme.workspace, acme.user(CLEO))
    by_link(cleo)
    assert db.rows(MERGED) == [] and db.row("SELECT author_id FROM post") == (acme.user(CLEO).id,)


# ── what is joined, and how ─────────────────────────────────────────────────────────────────────────────────────────


def test_every_column_that_names_a_user_is_thought_of(here):
    assert set(db.rows(NAMING)) == set(joining.MOVED.items()) | FOLLOWS


def test_all_that_somebody_did_is_the_users_and_in_their_export_and_erasure(acme):
    reader, cleo = nobody(acme), acme.reader()
    acme.post("Dark mode", by=DAN)
    posts.create(reader, "Mine", submission="draft-1")
    comments.create(reader, 1, "Me too", submission="draft-2")
    followers.follow(reader, 1)
    entry = changelog.create(acme.team, "News", published_at=db.row("SELECT now()")[0])
    for who, kind in ((reader, "like"), (reader, "love"), (cleo, "like")):
        changelog.react(who, entry.id, kind)
    posts.create(cleo, "Sent twice", submission="draft-1")
    comments.create(cleo, 1, "Sent twice", submission="draft-2")
    database.execute_sql("""UPDATE "user" SET first_seen_at = now() - interval '3 days', news_seen_at = now()
                             WHERE kind = 'anonymous'""")
    assert join(acme, reader) and not join(acme, reader)
    found = kept.export(acme.workspace, "cleo-7")
    assert [post["title"] for post in found["posts"]] == ["Mine", "Sent twice"]
    assert [each["body"] for each in found["comments"]] == ["Me too", "Sent twice"]
    assert [each["kind"] for each in found["reactions"]] == ["like", "love"] and len(found["follows"]) == 3
    assert db.row("""SELECT first_seen_at < now() - interval '2 days', news_seen_at IS NOT NULL FROM "user"
                      WHERE external_id = 'cleo-7'""") == (True, True)
    assert posts.create(cleo, "Sent a third time", submission="draft-1") == 3, "a draft is still known again"
    check()
    privacy.erase(acme.team, "cleo-7")
    assert db.rows("SELECT FROM comment WHERE user_id IS NOT NULL OR body <> ''") == []
    check()


# ── all at once ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_case_89_of_twenty_who_show_one_session_at_once_one_has_what_it_did(client, acme):
    acme.post("Dark mode", by=DAN)
    token = call(client, acme, "posts/1/vote", voted=True).json["anonymous"]
    shown = [acme.token({"sub": f"user-{number % 4}"}) for number in range(20)]
    answers = at_once(lambda number: call(client, acme, "session", user_token=shown[number], anonymous=token))
    assert {answer.status_code for answer in answers} == {200}
    assert len(db.rows(MERGED)) == 1 and len(holders("vote", 1)) == 2
    check()


def test_what_is_done_at_that_moment_is_done_before_it_or_refused_and_never_lost(client, acme):
    for number in range(5):
        acme.post(f"Wish {number}", by=DAN)
    token = call(client, acme, "posts/1/vote", voted=True).json["anonymous"]

    def work(number: int):
        if number == 7:
            return call(client, acme, "session", user_token=acme.token(), anonymous=token)
        if number in (3, 5):
            merges.merge(acme.team, number, 1)
        return call(client, acme, f"posts/{number % 5 + 1}/vote", voted=True, anonymous=token)

    answers = at_once(work, 12)
    assert {answer.status_code for answer in answers} <= {200, 409}, [answer.text for answer in answers]
    assert len(db.rows(MERGED)) == 1
    check()


def test_the_event_says_what_happened_and_names_nobody_else(acme):
    join(acme, nobody(acme))
    told = db.row("SELECT public, data, user_id FROM event WHERE type = 'user.merged'")
    assert told == (False, {"from": "anonymous"}, acme.user(CLEO).id)


def test_what_no_person_can_have_done_is_left_where_it_is(acme, monkeypatch):
    reader, number = nobody(acme), acme.post()
    comments.create(reader, number, "Me too")
    comments.create(reader, number, "Really")
    monkeypatch.setattr(joining, "MOST", 1)
    assert not join(acme, reader)
    monkeypatch.setattr(joining, "MOST", 2)
    assert join(acme, reader)


def test_a_guest_is_known_by_where_they_came_from_without_a_name(acme):
    tag = users.make(acme.workspace, "anon_tagged", "anonymous", network="net-tag")
    guest = users.make(acme.workspace, "guest_x", "guest", "Sue", SUE)
    assert joining.join(acme.workspace, guest, anonymous=tag.id, version=1)
    blocking.block(acme.team, "guest_x")
    assert {kind for (kind,) in db.rows("SELECT kind FROM blocked_address")} == {"email", "network"}
