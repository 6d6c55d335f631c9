"""A member's own: where they are signed in, out of which they sign themselves; and their address, which only they change."""

import pytest
from browser import Browser
from cast import ADA, BEN
from crowd import at_once
from lowered import lower
from mailboxes import Mailbox, sent_by
from proving import let_time_go_by, read_proof
from queued import work_off

from service import db
from service.errors import Conflict
from service.feedback import account, blocked_addresses, invitations, members, planning, proofs, sign_in, team, users
from service.lib import agents

ACCOUNT, NEW = "/app/acme/settings/account", "ada@new.example"
SESSIONS = "SELECT count(*) FROM session WHERE person_id = %(person)s"
EVENTS = "SELECT type, data FROM event WHERE workspace_id = %(workspace)s AND type LIKE 'member.%%' ORDER BY seq"
IDS = "SELECT id FROM session WHERE person_id = %(person)s ORDER BY id"


@pytest.fixture
def ada(client, acme):
    return Browser(client).sign_in(ADA)


def is_signed_in(browser) -> bool:
    return browser.open("/app/acme/inbox").status_code == 200


def told(acme) -> list[tuple]:
    return [row for row in db.rows(EVENTS, workspace=acme.workspace.id) if row[0] != "member.joined"]


# ── sessions ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("agent", "said"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0", "Firefox on Linux"),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/126.0 Safari/537.36 Edg/126.0", "Edge on Windows"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Version/17.5 Safari/605.1.15", "Safari on a Mac"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) CriOS/126.0 Mobile Safari/604.1", "Chrome on an iPhone"),
        ("Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/126.0 Mobile Safari/537.36", "Chrome on Android"),
        ("curl/8.5.0", "curl"),
        ("<script>", "A browser"),
        ("", "A browser"),
    ],
)
def test_a_browser_is_named_in_words(agent, said):
    assert agents.said(agent) == said


def test_the_page_lists_where_one_is_signed_in_and_this_one_first(ada, acme):
    agent = "Mozilla/5.0 (iPad; CPU OS 17_5 like Mac OS X) Safari/604.1"
    sign_in.begin(acme.owner, sign_in.Origin(agent, "203.0.113.9"))
    page = ada.open(ACCOUNT).text
    assert page.index("this one") < page.index("Safari on an iPad") < page.index("203.0.113.9")
    db.changed("UPDATE session SET seen_at = now() - interval '15 days' WHERE network = '203.0.113.9'")
    assert "iPad" not in ada.open(ACCOUNT).text


def test_one_session_is_ended_and_twice_is_once(ada, client, acme):
    other = Browser(client).sign_in(ADA)
    [_, (theirs,)] = db.rows(IDS, person=acme.owner.id)
    for _ in range(2):
        ada.open(ACCOUNT)
        assert ada.send(ACCOUNT, do="end", session=theirs).status_code == 303
    assert not is_signed_in(other) and is_signed_in(ada)
    assert [row[0] for row in told(acme)] == ["member.signed_in", "member.signed_in", "member.signed_out"]
    assert told(acme)[0][1] == {"person": acme.owner.id, "browser": "A browser"}


def test_the_session_of_somebody_else_is_not_ended(ada, client, acme):
    ben = Browser(client).sign_in(BEN)
    for session in (*(id for (id,) in db.rows("SELECT max(id) FROM session")), "x", "", "9" * 30):
        ada.open(ACCOUNT)
        assert ada.send(ACCOUNT, do="end", session=session).status_code == 303
    assert is_signed_in(ben)


def test_case_15_signing_out_everywhere_else_leaves_this_one_alone(ada, client, acme):
    others = [Browser(client).sign_in(ADA) for _ in range(3)]
    ben = Browser(client).sign_in(BEN)
    ada.open(ACCOUNT)
    assert ada.send(ACCOUNT, do="end_others").status_code == 303
    assert is_signed_in(ada) and is_signed_in(ben) and not any(map(is_signed_in, others))
    assert told(acme)[-1] == ("member.signed_out", {"person": acme.owner.id, "sessions": 3})


def test_signing_in_and_out_is_told_to_every_team_of_theirs_and_to_no_other(client, acme, globex):
    team.invite(globex.team, ADA, "member")
    browser = Browser(client).sign_in(ADA)
    browser.open("/app/acme/inbox")
    browser.send("/app/sign-out")
    assert [row[0] for row in told(acme)] == ["member.signed_in", "member.signed_out"]
    assert [row[0] for row in told(globex)] == ["member.added"]  # she has not joined it


def test_a_plain_member_has_the_page_too(client, acme):
    ben = Browser(client).sign_in(BEN)
    assert "Owners and admins change" not in ben.open(ACCOUNT).text
    assert ben.send(ACCOUNT, do="rename", name="Benjamin").status_code == 303
    assert "Benjamin" in ben.open(ACCOUNT).text


# ── the address ─────────────────────────────────────────────────────────────────────────────────────────────────────


def ask(browser, email=NEW) -> str:
    browser.open(ACCOUNT)
    assert browser.send(ACCOUNT, do="address", email=email).status_code == 303
    return f"/app/prove/{read_proof()}"


def test_case_22_the_address_changes_when_the_link_to_the_new_one_is_used(ada, client, acme, here):
    other = Browser(client).sign_in(ADA)
    users.of_member(acme.workspace, acme.owner)
    before, link = ada.cookies["sayso"], ask(ada)
    assert NEW in ada.open(link).text and ADA in ada.page.text
    assert ada.send(link).status_code == 200
    assert db.row("SELECT email FROM person WHERE id = %(id)s", id=acme.owner.id) == (NEW,)
    assert db.row("SELECT email FROM \"user\" WHERE external_id LIKE 'sayso-member-%%'") == (NEW,)
    assert is_signed_in(ada) and ada.cookies["sayso"] != before and not is_signed_in(other)
    assert told(acme)[-1] == ("member.updated", {"person": acme.owner.id, "changed": ["email"]})
    assert is_signed_in(Browser(client).sign_in(NEW))
    box = Mailbox()
    with sent_by(here, box):
        work_off()
    [letter] = [letter for to, letter in box.received if to == [ADA]]
    assert letter["Subject"] == "Your address was changed" and NEW in letter.get_body(("plain",)).get_content()


def test_the_former_address_is_told_though_the_session_ends_at_once(ada, here):
    link = ask(ada)
    ada.open(link)
    ada.send(link)
    ada.open("/app/acme/inbox")
    ada.send("/app/sign-out")
    box = Mailbox()
    with sent_by(here, box):
        work_off()
    assert ADA in box.readers()


def test_case_22_the_letter_goes_to_the_new_address_alone(ada, here):
    box = Mailbox()
    ada.open(ACCOUNT)
    ada.send(ACCOUNT, do="address", email=NEW)
    with sent_by(here, box):
        work_off()
    assert NEW in box.readers() and "Confirm your new address" in [letter["Subject"] for _, letter in box.received]


def test_case_20_nothing_tells_whose_an_address_is_until_its_owner_opens_the_letter(ada, client):
    pages = []
    for email in (BEN, "nobody@acme.example"):
        ada.open(ACCOUNT)
        answer = ada.send(ACCOUNT, do="address", email=email)
        pages.append((answer.status_code, ada.open(ACCOUNT).text.replace(email, "X").count("X gets a letter")))
    assert pages == [(303, 1)] * 2
    link = ask(ada, BEN.title())
    assert (ada.open(link).status_code, "has an account of its own" in ada.page.text) == (409, True)
    ada.open(ACCOUNT)
    assert ada.send(link).status_code == 409
    assert is_signed_in(Browser(client).sign_in(BEN))
    assert db.row("SELECT count(*) FROM person WHERE email = %(ada)s", ada=ADA) == (1,)


@pytest.mark.parametrize("email", ["", "ada", "a b@c.d", "x" * 10_000, ADA])
def test_what_cannot_be_a_new_address_is_refused(ada, email):
    ada.open(ACCOUNT)
    page = ada.send(ACCOUNT, do="address", email=email)
    assert page.status_code == 422 and 'aria-invalid="true"' in page.text


def test_what_was_sent_to_the_former_address_opens_nothing_any_more(ada, client, acme, globex):
    team.invite(globex.team, ADA, "member")
    invitation, link = invitations.arm(globex.workspace, ADA), sign_in.make_link(ADA)
    move = ask(ada)
    ada.open(move)
    assert ada.send(move).status_code == 200
    stranger = Browser(client)
    assert stranger.open(f"/app/join/{globex.workspace.slug}/{invitation}").status_code == 401
    assert stranger.open(f"/app/sign-in/{link}").status_code == 422


def test_case_16_it_asks_for_a_fresh_proof(ada):
    let_time_go_by()
    ada.open(ACCOUNT)
    page = ada.send(ACCOUNT, do="address", email=NEW)
    assert page.status_code == 403 and f'value="{NEW}"' in page.text
    assert db.row("SELECT count(*) FROM sign_in_link WHERE purpose = 'address'") == (0,)


def test_of_many_who_take_one_address_at_once_one_gets_it_and_the_others_are_told(here, monkeypatch):
    lower(monkeypatch, NEW_ADDRESSES_BY_ALL=8)
    people = [members.person(f"person{number}@x.example") for number in range(8)]
    taken = []
    for person in people:
        session = sign_in.who(sign_in.begin(person, sign_in.NOWHERE))
        account.ask_to_move(session, NEW)
        taken.append((session, proofs.arm(db.row("SELECT max(id) FROM sign_in_link")[0])))
    done = at_once(lambda each: account.redeem(taken[each][0], taken[each][1].secret), len(people))
    assert sum(isinstance(each, tuple) for each in done) == 1
    assert {type(each) for each in done} == {tuple, Conflict}


def test_the_team_that_somebody_left_reads_no_address_that_they_have_later(client, acme):
    ben = members.person(BEN)
    db.changed("UPDATE person SET name = '' WHERE id = %(id)s", id=ben.id)
    theirs = acme.team._replace(person=ben.id)
    number = acme.post()
    planning.set_status(theirs, number, "planned")
    blocked_addresses.block(acme.team._replace(person=ben.id), "spam.example")
    team.remove(acme.team, ben.id)
    db.changed("UPDATE person SET email = 'ben@home.example' WHERE id = %(id)s", id=ben.id)
    ada = Browser(client).sign_in(ADA)
    for path in (f"posts/{number}", "moderation?show=addresses", "history", "settings/audit", "settings/audit.csv"):
        page = ada.open(f"/app/acme/{path}")
        assert page.status_code == 200 and "ben@home.example" not in page.text, path
