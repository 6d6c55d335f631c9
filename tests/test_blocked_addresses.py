"""From where a workspace takes nothing unread: addresses, domains, and for a week the networks of who was blocked."""

import pytest
from browser import Browser
from calls import call, session
from cast import ADA, CLEO, SECRET_KEY
from visitors import Visitor

from service import db, retention
from service.db import database
from service.errors import Invalid
from service.feedback import blocked_addresses, blocking, general, moderation, privacy, spam, user_links, users
from service.lib import tokens

NEW, PAGE = "/b/acme/posts/new", "/app/acme/moderation"
ADDRESSES = {"query_string": "show=addresses"}
SPAMMER = "spammer@junk.example"
LETTERS = "SELECT to_email FROM letter WHERE kind = 'guest'"
LINKS = "SELECT email FROM user_link"
MANY = """
INSERT INTO blocked_address (workspace_id, kind, value, compared)
SELECT %(workspace)s, 'domain', site, site
  FROM (SELECT 'junk-' || n || '.example' FROM generate_series(1, 20000) n) sites (site)"""
BECOME = "UPDATE \"user\" SET kind = 'guest', email = %(email)s WHERE kind = 'anonymous'"


@pytest.fixture
def asking(acme):
    """The team asks who writes for an address, if they like."""
    general.change(acme.team, ask_email="optional")
    return acme


def blocked(company) -> list[tuple]:
    return sorted((each.kind, each.value, each.user_id) for each in blocked_addresses.page(company.team, 99))


def events() -> list[tuple]:
    return db.rows("SELECT type, data->>'kind', data->>'value' FROM event WHERE type LIKE 'address.%%' ORDER BY seq")


def because() -> list[str | None]:
    return [why for (why,) in db.rows("SELECT held_because FROM post ORDER BY number")]


def write(client, title: str, **fields):
    return Visitor(client).do(NEW, "write", title=title, **fields)


@pytest.mark.parametrize(("said", "kind", "value"), [
    (" Spammer@JUNK.example ", "email", SPAMMER), ("junk.example", "domain", "junk.example"),
    ("@Junk.Example", "domain", "junk.example"), ("bücher.example", "domain", "xn--bcher-kva.example"),
])  # fmt: skip
def test_an_address_or_a_domain_is_blocked_once_however_it_is_written(acme, said, kind, value):
    for _ in range(2):
        blocked_addresses.block(acme.team, said)
    assert blocked(acme) == [(kind, value, None)]
    assert events() == [("address.blocked", kind, value if kind == "domain" else None)]  # an address is in no log
    for _ in range(2):
        blocked_addresses.lift(acme.team, kind, value)
    assert blocked(acme) == [] and len(events()) == 2


@pytest.mark.parametrize("said", ["", "@", "com", "a b@c.example", "x" * 2000, "http://junk.example", "no\0pe.example",
                                  "\ud800"])  # fmt: skip
def test_what_is_neither_is_refused(acme, said):
    with pytest.raises(Invalid):
        blocked_addresses.block(acme.team, said)


@pytest.mark.parametrize("email", [SPAMMER, "Spam.mer+again@junk.example"])
def test_who_leaves_a_blocked_address_gets_no_letter_waits_and_learns_nothing(client, asking, email):
    blocked_addresses.block(asking.team, SPAMMER)
    answers = [write(client, f"A wish from {each}", email=each) for each in (email, "sue@junk.example")]
    assert because() == ["address", None] and db.rows(LETTERS) == [("sue@junk.example",)]
    assert [answer.status_code for answer in answers] == [303, 303]


def test_a_blocked_domain_holds_for_those_below_it_and_not_for_others(client, asking, globex):
    blocked_addresses.block(asking.team, "junk.example")
    for each in ("a@junk.example", "a@mail.junk.example", "a@notjunk.example"):
        write(client, f"A wish from {each}", email=each)
    assert because() == ["address", "address", None] and db.rows(LETTERS) == [("a@notjunk.example",)]
    assert blocked_addresses.takes(globex.workspace.id, SPAMMER)


@pytest.mark.parametrize(("said", "expected"), [
    ("Sp.ammer+1@junk.example", ["address", None]), ("example.com", [None, "address"]), ("le.com", [None, None]),
])  # fmt: skip
def test_a_guest_with_a_confirmed_address_waits_by_that_one(client, acme, said, expected):
    visitor = Visitor(client)
    visitor.do(NEW, "write", title="The first wish of somebody new")
    made = call(client, acme, "posts", title="The first wish in the widget").json
    [one, other] = db.rows('SELECT id FROM "user" ORDER BY id')
    for (guest,), email in ((one, SPAMMER), (other, "x@mail.example.com")):
        db.changed(f"{BECOME} AND id = %(id)s", email=email, id=guest)
    blocked_addresses.block(acme.team, said)
    visitor.do(NEW, "write", title="Something quite different on the board")
    call(client, acme, "posts", anonymous=made["anonymous"], title="Yet another one from the panel")
    assert because() == [None, None, *expected]


def test_who_signs_in_with_the_customer_s_product_is_not_held_by_address(client, acme):
    blocked_addresses.block(acme.team, CLEO["email"])
    call(client, acme, "posts", session=session(client, acme, CLEO), title="A wish of a known customer")
    assert because() == [None]


def test_without_suspects_what_is_blocked_waits_all_the_same(client, asking):
    moderation.hold_suspects(asking.team, False)
    blocked_addresses.block(asking.team, "junk.example")
    for title, email in (("From there", SPAMMER), ("From elsewhere", "sue@fine.example")):
        write(client, title, email=email, body="https://x.example " * 9, homepage="x")
    assert because() == ["address", None]


def test_without_suspects_what_comes_from_a_blocked_network_waits_all_the_same(client, acme):
    write(client, "Buy this and nothing else")
    moderation.hold_suspects(acme.team, False)
    [(one,)] = db.rows('SELECT external_id FROM "user"')
    blocking.block(acme.team, one)
    write(client, "Somebody else behind the same address")
    call(client, acme, "posts/1/comments", body="And this is what a third one says")
    assert because() == [None, "network"] and db.rows("SELECT held_because FROM comment") == [("network",)]


def test_only_what_was_blocked_by_hand_counts_and_too_much_of_it_is_refused(client, acme, monkeypatch):
    monkeypatch.setattr(blocked_addresses, "MOST", 2)
    write(client, "Buy this and nothing else")
    db.changed(BECOME, email=SPAMMER)
    for (each,) in db.rows('SELECT external_id FROM "user"'):
        blocking.block(acme.team, each)
    users.make(acme.workspace, "guest_x", "guest", "Another", "another@junk.example")
    blocking.block(acme.team, "guest_x")
    db.changed("UPDATE blocked_address SET user_id = NULL, ends_at = now() WHERE kind = 'network'")
    for site in ("one.example", "two.example"):
        blocked_addresses.block(acme.team, site)
    with pytest.raises(Invalid, match="2 addresses are blocked already"):
        blocked_addresses.block(acme.team, "three.example")
    blocked_addresses.lift(acme.team, "domain", "one.example")
    blocked_addresses.block(acme.team, "three.example")


def test_however_much_is_blocked_an_address_is_found_by_its_index(acme):
    database.execute_sql("SET statement_timeout = 0")
    db.changed(MANY, workspace=acme.workspace.id)
    database.execute_sql("ANALYZE")
    place = {"workspace": acme.workspace.id, "user": None, "tags": ["a" * 16], "vouched": [], "most": 9, "length": 9,
             "places": blocked_addresses.places(1, "a@mail.junk-7.example")}  # fmt: skip
    for sql in (blocked_addresses.TAKES, spam.KNOWN):
        plan = "\n".join(row[0] for row in db.rows(f"EXPLAIN {sql}", **place))
        assert "blocked_address_compared" in plan and "Seq Scan on blocked_address" not in plan, plan
    assert not blocked_addresses.takes(acme.workspace.id, "a@mail.junk-7.example")


def test_no_link_to_sign_in_or_subscribe_goes_to_a_blocked_address_and_the_page_is_the_same(acme, client):
    blocked_addresses.block(acme.team, SPAMMER)
    pages = []
    for email in (SPAMMER, "sue@fine.example"):
        visitor = Visitor(client)
        visitor.do("/b/acme/sign-in", "ask", email=email)
        asked = {"locale": "en", "home": "https://x.example", "network": ""}
        assert user_links.ask_to_subscribe(acme.workspace, email, **asked) == email
        pages.append((visitor.page.status_code, visitor.page.text.replace(email, "…")))
    assert pages[0][0] == pages[1][0] and {email for (email,) in db.rows(LINKS)} == {"sue@fine.example"}


def test_a_guest_s_address_is_blocked_with_them_and_lifted_with_them(acme):
    guest = users.make(acme.workspace, "guest_x", "guest", "Spammer", SPAMMER)
    for _ in range(2):
        blocking.block(acme.team, "guest_x")
    assert blocked(acme) == [("email", SPAMMER, guest.external_id)]
    blocking.unblock(acme.team, "guest_x")
    assert blocked(acme) == [] and [type for type, *_ in events()] == ["address.blocked", "address.unblocked"]


def test_what_comes_from_the_network_of_who_was_declined_waits_for_a_week(acme, client):
    write(client, "Buy this and nothing else")
    db.changed("UPDATE post SET held_at = now(), held_because = 'links'")
    moderation.decline(acme.team, [1], block=True)
    assert [kind for kind, *_ in blocked(acme)] == ["network"]
    write(client, "Somebody else behind the same address")
    assert because() == ["links", "network"]
    db.changed("UPDATE blocked_address SET ends_at = now()")
    write(client, "A week later, from whoever has it now")
    assert because()[2] is None and blocked(acme) == []


def test_a_network_stays_blocked_while_one_of_it_is(acme, client):
    write(client, "Buy this and nothing else")
    write(client, "Sell that and everything else")
    (one,), (other,) = db.rows("SELECT external_id FROM \"user\" WHERE kind = 'anonymous' ORDER BY id")
    for each in (one, other):
        blocking.block(acme.team, each)
    blocking.unblock(acme.team, other)
    assert [(kind, user) for kind, _, user in blocked(acme)] == [("network", one)]
    blocking.unblock(acme.team, one)
    assert blocked(acme) == []


def test_what_is_blocked_by_hand_too_stays_blocked_when_its_guest_is_let_in(acme):
    users.make(acme.workspace, "guest_x", "guest", "Spammer", SPAMMER)
    blocking.block(acme.team, "guest_x")
    blocked_addresses.block(acme.team, SPAMMER)
    blocking.unblock(acme.team, "guest_x")
    assert blocked(acme) == [("email", SPAMMER, None)]


def test_who_was_a_guest_does_not_write_on_as_nobody(acme, client):
    write(client, "Buy this and nothing else")
    db.changed("UPDATE \"user\" SET kind = 'guest', email = %(email)s", email=SPAMMER)
    [(guest,)] = db.rows('SELECT external_id FROM "user"')
    blocking.block(acme.team, guest)
    write(client, "Somebody else, I swear")
    assert because()[1] == "network"


def test_a_network_is_known_after_a_key_was_added(acme, client):
    write(client, "Buy this and nothing else")
    db.changed("UPDATE post SET held_at = now(), held_because = 'links'")
    moderation.decline(acme.team, [1], block=True)
    tokens.start((SECRET_KEY, "another-key-another-key-another-key"))
    try:
        write(client, "Somebody else behind the same address")
    finally:
        tokens.start((SECRET_KEY,))
    assert because() == ["links", "network"]


def test_the_network_itself_is_stored_nowhere_and_its_tag_for_a_month(acme, client):
    write(client, "Hello from somewhere")
    [(id, tag)] = db.rows('SELECT id, network_tag FROM "user" WHERE kind = \'anonymous\'')
    assert len(tag) == 16 and "127" not in tag
    write(client, "Hello again, from a newer browser")
    db.changed("UPDATE \"user\" SET first_seen_at = now() - interval '31 days' WHERE id = %(id)s", id=id)
    retention.prune(None)
    assert db.rows('SELECT count(network_tag) FROM "user" WHERE kind = \'anonymous\'') == [(1,)]


def test_who_is_erased_is_in_no_list(acme):
    users.make(acme.workspace, "guest_x", "guest", "Spammer", SPAMMER)
    blocking.block(acme.team, "guest_x")
    for each in ("Spam.mer@junk.example", "sue@junk.example"):
        blocked_addresses.block(acme.team, each)
    privacy.erase(acme.team, "guest_x")
    (kind, tag, user), other = sorted(blocked(acme), key=lambda each: "@" in each[1])
    assert other == ("email", "sue@junk.example", None) and (kind, user) == ("email", None) and "junk" not in tag


def test_who_is_erased_is_kept_out_all_the_same(client, acme):
    users.make(acme.workspace, "guest_x", "guest", "Spammer", SPAMMER)
    blocked_addresses.block(acme.team, SPAMMER)
    privacy.erase(acme.team, "guest_x")
    assert not blocked_addresses.takes(acme.workspace.id, SPAMMER.upper())
    page = Browser(client).sign_in(ADA).open("/app/acme/moderation", **ADDRESSES)
    assert "The address of somebody who was erased" in page.text
    blocked_addresses.block(acme.team, SPAMMER)
    blocked_addresses.lift(acme.team, "email", SPAMMER)
    assert blocked_addresses.takes(acme.workspace.id, SPAMMER)
