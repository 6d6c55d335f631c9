"""No letter to users goes to an address that the workspace has blocked; letters to its team go all the same."""

import pytest
from browser import Browser
from cast import ADA, BEN, CLEO
from mailboxes import Mailbox, sent_by
from queued import work_off

from service import db
from service.feedback import blocked_addresses, changelog, comments, planning, questions, team

FATE = "SELECT state, reason FROM letter WHERE to_email = %(email)s AND kind = %(kind)s"
ALL_FATES = "SELECT state, reason FROM letter WHERE workspace_id = %(workspace)s AND to_email = %(email)s"
KINDS = "SELECT DISTINCT kind FROM letter WHERE workspace_id = %(workspace)s AND to_email = %(email)s"
BLOCKED = "The address is blocked: Moderation → Addresses."


@pytest.fixture
def box(here):
    made = Mailbox()
    with sent_by(here, made):
        yield made


def fate(email: str, kind: str) -> tuple:
    return db.row(FATE, email=email, kind=kind)


def tell_everybody(company) -> None:
    """Write all kinds of letters to who follows post 1, and to who subscribed."""
    planning.set_status(company.team, 1, "planned", "Soon.")
    comments.create(company.writer, 1, "In spring.", official=True)
    comments.create(company.writer, 1, "And more then.")
    questions.ask(company.team, 1, "Which colour?")
    entry = changelog.create(company.team, "Dark mode", "It is there.", posts=[1])
    changelog.change(company.team, entry.id, published_at=db.row("SELECT now()")[0])
    for _ in range(2):
        work_off()
        db.changed("UPDATE job SET run_at = now()")
    work_off()


def test_no_letter_to_users_goes_to_a_blocked_address_whatever_its_kind_and_each_says_why(acme, globex, box):
    acme.post()
    acme.post("The same in another colour", by={**CLEO, "sub": "cleo-8", "email": "sue@fine.example"})
    globex.post()
    blocked_addresses.block(acme.team, CLEO["email"].partition("@")[2])
    tell_everybody(acme)
    planning.set_status(globex.team, 1, "planned")
    work_off()
    kinds = {kind for (kind,) in db.rows(KINDS, workspace=acme.workspace.id, email=CLEO["email"])}
    assert kinds >= {"status_changed", "answer", "reply", "question", "shipped"}
    assert set(db.rows(ALL_FATES, workspace=acme.workspace.id, email=CLEO["email"])) == {("suppressed", BLOCKED)}
    sent = [letter for to, letter in box.received if to == [CLEO["email"]]]
    assert [letter["Subject"] for letter in sent] == ["Dark mode: Planned"], "that of the workspace that has not blocked it"


def test_a_letter_that_waits_while_its_address_is_blocked_is_held_back(acme, box):
    acme.post()
    work_off()
    planning.set_status(acme.team, 1, "planned")
    work_off(rounds=1)
    assert fate(CLEO["email"], "status_changed") == ("waiting", None)
    blocked_addresses.block(acme.team, CLEO["email"].upper())
    work_off()
    assert fate(CLEO["email"], "status_changed") == ("suppressed", BLOCKED) and [CLEO["email"]] not in box.readers()


def test_letters_to_the_team_go_where_it_has_blocked_itself(client, acme, box):
    blocked_addresses.block(acme.team, "acme.example")
    team.invite(acme.team, "new@acme.example", "member")
    acme.post()
    work_off()
    assert set(box.readers()) == {ADA, BEN, "new@acme.example"}
    Browser(client).send("/app/sign-in", email=ADA)
    assert Browser(client).sign_in(ADA).open("/app/acme/inbox").status_code == 200


def test_a_letter_that_was_held_back_is_sent_again_only_when_its_address_is_let_in(client, acme, box):
    acme.post()
    blocked_addresses.block(acme.team, CLEO["email"])
    planning.set_status(acme.team, 1, "planned")
    work_off()
    ada = Browser(client).sign_in(ADA)
    (id,) = db.row("SELECT id FROM letter WHERE to_email = %(email)s", email=CLEO["email"])
    page = ada.open(f"/app/acme/outbox/{id}").text
    assert BLOCKED in page and "Letters to this address are held back." in page and 'value="send"' not in page
    refused = ada.send("/app/acme/outbox", {"Sayso-Quick": "1"}, do="send", letter=id, copy=0)
    assert refused.status_code == 409 and f"Letters to this address are held back. {BLOCKED}" in refused.text
    blocked_addresses.lift(acme.team, "email", CLEO["email"])
    assert "Letters to this address are held back." not in ada.open(f"/app/acme/outbox/{id}").text
    assert ada.send("/app/acme/outbox", do="send", letter=id, copy=0).status_code == 303
    work_off()
    assert fate(CLEO["email"], "status_changed") == ("sent", None) and box.readers().count(CLEO["email"]) == 1
