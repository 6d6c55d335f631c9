"""Case 72: no letter but the one that asks goes to an address that nobody has confirmed."""

import pytest
from calls import call
from cast import ADA, CLEO
from mailboxes import Mailbox, sent_by
from queued import work_off

from service import db
from service.feedback import changelog, comments, general, planning, privacy, questions, suppressions, team, user_links

SUE = "sue@customer.example"


@pytest.fixture
def box(here):
    made = Mailbox()
    with sent_by(here, made):
        yield made


def subjects(box, email: str) -> list[str]:
    return [letter["Subject"] for to, letter in box.received if to == [email]]


def let_all_happen(acme, number: int) -> None:
    """Everything of which somebody who follows this post could be told."""
    planning.set_status(acme.team, number, "done", "It is there.")
    comments.create(acme.writer, number, "Here you are.", official=True)
    comments.create(acme.writer, number, "And more.")
    entry = changelog.create(acme.team, "Dark mode", "It is there.", posts=[number])
    changelog.change(acme.team, entry.id, published_at=db.row("SELECT now()")[0])
    db.changed("UPDATE job SET run_at = now()")
    work_off()
    db.changed("UPDATE job SET run_at = now() WHERE kind = 'letter.send'")
    work_off()


def test_a_guest_hears_of_nothing_before_they_have_opened_the_link(client, acme, box):
    general.change(acme.team, ask_email="optional")
    call(client, acme, "posts", title="Dark mode", guest={"email": SUE, "name": "Sue"})
    work_off()
    let_all_happen(acme, 1)
    assert subjects(box, SUE) == ["Confirm your e-mail address for Acme"]


def test_who_is_anonymous_hears_of_nothing_whatever_address_stands_in_their_row(acme, box):
    number = acme.post("Dark mode", by=CLEO)
    db.changed('UPDATE "user" SET kind = \'anonymous\' WHERE external_id = %(id)s', id=CLEO["sub"])
    let_all_happen(acme, number)
    assert subjects(box, CLEO["email"]) == [] and questions.audiences(acme.team, number)[0].readers == 0


def test_who_was_invited_hears_of_that_alone_until_they_come(acme, box):
    team.invite(acme.team, "new@acme.example", "owner")
    let_all_happen(acme, acme.post("Dark mode"))
    assert len(subjects(box, "new@acme.example")) == 1 and "invites you" in subjects(box, "new@acme.example")[0]
    assert subjects(box, ADA)


def ask_to_subscribe(acme, email: str) -> None:
    user_links.ask_to_subscribe(acme.workspace, email, locale="en", home="https://b.example", network="127.0.0.1")
    work_off()


def secret(box, email: str) -> str:
    letter = next(letter for to, letter in reversed(box.received) if to == [email])
    return next(word for word in letter.get_body(("plain",)).get_content().split() if "/subscribe/" in word).split("/")[-1]


def test_who_wants_the_news_gets_them_after_the_link_and_not_before(acme, box):
    ask_to_subscribe(acme, SUE)
    let_all_happen(acme, acme.post("Dark mode", by=CLEO))
    assert len(subjects(box, SUE)) == 1
    user_links.subscribe(acme.workspace, secret(box, SUE))
    let_all_happen(acme, acme.post("Exports", by=CLEO))
    assert len(subjects(box, SUE)) == 2


@pytest.mark.parametrize(("reason", "is_lifted"), [("It came back (5.1.1).", True), (suppressions.COMPLAINT, False)])
def test_a_link_that_is_asked_for_goes_to_an_address_that_gets_no_letters_and_its_use_shows_that_mail_arrives(
    acme, globex, box, reason, is_lifted
):
    for company in (acme, globex):
        suppressions.add(company.workspace.id, SUE, reason)
    ask_to_subscribe(acme, SUE)
    assert suppressions.reason_of(acme.workspace.id, SUE) == reason, "that it was taken says nothing yet"
    user_links.subscribe(acme.workspace, secret(box, SUE))
    assert suppressions.reason_of(acme.workspace.id, SUE) == (None if is_lifted else reason)
    assert suppressions.reason_of(globex.workspace.id, SUE) == reason


def test_who_is_erased_before_they_confirmed_is_not_remembered_as_an_address_either(client, acme):
    general.change(acme.team, ask_email="optional")
    call(client, acme, "posts", title="Dark mode", guest={"email": SUE, "name": "Sue"})
    work_off()
    suppressions.add(acme.workspace.id, SUE, "It came back.")
    privacy.erase(acme.team, db.row("SELECT external_id FROM \"user\" WHERE kind = 'anonymous'")[0])
    assert db.row("SELECT count(*) FROM suppression") == (0,)
    assert db.row("SELECT count(*) FROM letter WHERE to_email = %(to)s", to=SUE) == (0,)
