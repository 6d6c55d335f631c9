"""Letters: who gets one, what it says, and what becomes of it, with a real mail server on the other end."""

import dataclasses
import email
import re
from email.policy import default

import pytest
from aiosmtpd.controller import Controller
from browser import Browser
from calls import call
from cast import ADA, BEN, CLEO, DAN
from installation import free_ports
from queued import work_off

from service import db, jobs
from service.db import database
from service.feedback import (
    boards,
    followers,
    general,
    letters,
    members,
    notifications,
    planning,
    team,
    user_links,
    users,
    votes,
)

LETTERS = "SELECT to_email, state, subject FROM letter ORDER BY id"
SHOWN = re.compile(r"^(.+?) for (\S+): http://127\.0\.0\.1:8000(\S+)$", re.MULTILINE)  # on the terminal
SUE, NEW, ACCOUNT = "sue@customer.example", "ada@home.example", "/app/acme/settings/account"


class Server:
    """A mail server that takes letters, unless told what to answer instead."""

    def __init__(self):
        self.received, self.to_readers, self.to_letters = [], "250 OK", "250 OK"

    async def handle_RCPT(self, _server, _session, envelope, address, _options):
        if self.to_readers.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.to_readers

    async def handle_DATA(self, _server, _session, envelope):
        self.received.append((envelope.rcpt_tos, email.message_from_bytes(envelope.content, policy=default)))
        return self.to_letters

    def readers(self) -> list[str]:
        return sorted(reader for to, _ in self.received for reader in to)


@pytest.fixture
def server(here):
    handler = Server()
    controller = Controller(handler, hostname="127.0.0.1", port=free_ports(1)[0])
    controller.start()
    letters.start(dataclasses.replace(here, smtp_url=f"smtp://127.0.0.1:{controller.port}"))
    yield handler
    controller.stop()


def test_the_team_gets_a_letter_about_a_new_post(server, acme):
    acme.post("Dark mode", "My **eyes** <hurt>")
    work_off()
    assert server.readers() == [ADA, BEN]
    _, letter = server.received[0]
    assert letter["Subject"] == "New post #1: Dark mode"
    plain, html = (letter.get_body((kind,)).get_content() for kind in ("plain", "html"))
    assert "Cleo" in plain and "/app/acme/posts/1" in plain and "<hurt>" in plain
    assert "&lt;hurt&gt;" in html and "<hurt>" not in html


def test_author_and_voters_hear_of_a_status_with_its_note_and_nobody_else_does(server, acme):
    number = acme.post("Dark mode", by=CLEO)
    votes.cast(acme.reader(DAN), number)
    acme.user({"sub": "someone", "email": "someone@customer.example"})
    work_off()
    server.received.clear()
    planning.set_status(acme.team, number, "planned", "In **May**.")
    work_off()
    assert server.readers() == [CLEO["email"], DAN["email"]]
    _, letter = server.received[0]
    assert letter["Subject"] == "Dark mode: Planned"
    assert "In **May**." in letter.get_body(("plain",)).get_content()
    assert "/b/acme/posts/1" in letter.get_body(("html",)).get_content()


def test_who_took_their_vote_back_hears_nothing_more(server, acme):
    number = acme.post(by=CLEO)
    votes.cast(acme.reader(DAN), number)
    votes.withdraw(acme.reader(DAN), number)
    planning.set_status(acme.team, number, "done")
    work_off()
    assert DAN["email"] not in server.readers()


def test_nobody_hears_of_a_board_that_they_may_no_longer_read(server, acme):
    number = acme.post(by=CLEO)
    work_off()
    server.received.clear()
    database.execute_sql("UPDATE board SET access = 'private'")
    planning.set_status(acme.team, number, "planned", "Ours alone")
    work_off()
    assert server.received == []


def test_who_left_the_team_hears_no_more_of_its_private_posts(server, acme):
    boards.change(acme.team, "bugs", access="private")
    number = acme.post(board="bugs", public=False)
    ben = members.person(BEN)
    followers.follow(acme.team._replace(user=users.of_member(acme.workspace, ben).id), number)
    for status, hears in (("planned", True), ("done", False)):
        work_off()
        server.received.clear()
        planning.set_status(acme.team, number, status)
        work_off()
        assert (BEN in server.readers()) is hears
        if hears:
            team.remove(acme.team, ben.id)


def test_a_status_can_be_set_without_telling_anyone(server, acme):
    number = acme.post()
    work_off()
    server.received.clear()
    planning.set_status(acme.team, number, "done", notify=False)
    work_off()
    assert server.received == []


def test_the_same_event_writes_one_letter_however_often_it_is_followed_up(server, acme):
    acme.post()
    jobs.enqueue("event.follow_up", acme.workspace.id, seq=1)
    work_off()
    assert server.readers() == [ADA, BEN]


def test_a_letter_that_is_sent_again_after_a_crash_has_the_same_name(server, acme):
    acme.post()
    work_off()
    db.changed("UPDATE letter SET state = 'waiting'")
    jobs.enqueue("letter.send", acme.workspace.id, letter=1)
    work_off()
    names = [letter["Message-ID"] for to, letter in server.received if to == server.received[0][0]]
    assert len(names) == 2 and len(set(names)) == 1


def test_an_address_that_is_refused_for_good_is_not_tried_again(server, acme):
    server.to_readers = "550 no such person"
    acme.post()
    work_off()
    assert {state for _, state, _ in db.rows(LETTERS)} == {"refused"}
    assert db.row("SELECT count(*) FROM job") == (0,)


def test_a_server_that_is_busy_is_tried_again(server, acme):
    server.to_letters = "451 later"
    acme.post()
    with pytest.raises(Exception, match="451"):
        work_off()
    assert {state for _, state, _ in db.rows(LETTERS)} == {"waiting"}


def test_a_letter_about_a_post_that_is_gone_is_withdrawn(server, acme):
    acme.post()
    work_off(rounds=1)
    database.execute_sql("DELETE FROM post")
    work_off()
    assert {state for _, state, _ in db.rows(LETTERS)} == {"withdrawn"}
    assert server.received == []


def test_without_a_mail_server_letters_are_kept_to_be_read(client, acme):
    acme.post("Dark mode")
    work_off()
    assert db.rows(LETTERS)[0] == (ADA, "kept", "New post #1: Dark mode")
    page = Browser(client).sign_in(ADA).open("/app/acme/outbox").text
    assert "New post #1: Dark mode" in page


def test_a_sign_in_letter_carries_a_link_that_works_and_is_kept_nowhere(server, client):
    browser = Browser(client)
    browser.open("/app/sign-in")
    browser.send("/app/sign-in", email="ada@acme.example")
    work_off()
    [(to, letter)] = server.received
    assert to == ["ada@acme.example"]
    link = next(word for word in letter.get_body(("plain",)).get_content().split() if "/app/sign-in/" in word)
    path = link.removeprefix("http://127.0.0.1:8000")
    assert "ada@acme.example" in browser.open(path).text
    assert db.rows(LETTERS) == []


@pytest.mark.parametrize("is_terminal", [True, False])
def test_without_a_mail_server_each_link_is_on_the_terminal_and_nowhere_else(client, acme, monkeypatch, capsys, is_terminal):
    monkeypatch.setattr(letters.sys.stdout, "isatty", lambda: is_terminal, raising=False)
    ada, sue = Browser(client).sign_in(ADA), Browser(client)
    for place, fields in (("/app/prove", {"do": "prove"}), (ACCOUNT, {"do": "address", "email": NEW})):
        ada.open(ACCOUNT)
        ada.send(place, **fields)
    sue.open("/app/sign-in")
    sue.send("/app/sign-in", email=ADA)
    sue.send("/b/acme/sign-in", do="ask", email=SUE)
    user_links.ask_to_subscribe(acme.workspace, SUE, locale="en", home=letters.link("/b/acme"), network="192.0.2.1")
    work_off()
    said = capsys.readouterr().out
    shown = SHOWN.findall(said)
    assert [(label, to) for label, to, _ in shown] == is_terminal * [
        ("Link to confirm", ADA), ("Link to confirm", NEW), ("Sign-in link", ADA), ("Sign-in link", SUE),
        ("Link to subscribe", SUE)]  # fmt: skip
    for (_, _, path), browser in zip(shown, (ada, ada, sue, sue, sue), strict=False):
        assert browser.open(path).status_code == 200, path
    assert len(said.splitlines()) == len(shown) and db.rows(LETTERS) == []


def test_with_a_mail_server_no_link_is_on_the_terminal(server, client, monkeypatch, capsys):
    monkeypatch.setattr(letters.sys.stdout, "isatty", lambda: True, raising=False)
    browser = Browser(client)
    browser.open("/app/sign-in")
    browser.send("/app/sign-in", email=ADA)
    work_off()
    assert server.readers() == [ADA] and capsys.readouterr().out == ""


def test_a_title_cannot_smuggle_a_header_into_a_letter(server, acme):
    acme.post("Hello\r\nBcc: victim@example.com")
    work_off()
    assert server.readers() == [ADA, BEN]
    assert server.received[0][1]["Bcc"] is None


def test_every_kind_of_letter_has_its_two_templates():
    for kind in [*notifications.WRITERS, "sign_in", "user_link", "subscribe"]:
        assert letters.templates.get_template(f"{kind}.txt") and letters.templates.get_template(f"{kind}.html")


def test_the_job_of_a_letter_that_is_gone_with_its_event_just_ends(server, acme):
    acme.post()
    work_off(rounds=1)
    database.execute_sql("DELETE FROM event")
    work_off()
    assert server.received == []
    assert db.row("SELECT count(*) FROM job") == (0,)


def test_the_link_that_confirms_an_address_arrives_and_is_not_kept(server, client, acme):
    general.change(acme.team, ask_email="optional")
    call(client, acme, "posts", title="Dark mode", guest={"email": "sue@customer.example", "name": "Sue"})
    work_off()
    [letter] = [letter for to, letter in server.received if to == ["sue@customer.example"]]
    plain, html = (letter.get_body((kind,)).get_content() for kind in ("plain", "html"))
    [place] = re.findall(r"/b/acme/confirm/[\w.-]+", plain)
    assert place in html and Browser(client).send(place).status_code == 303
    kept = "".join(db.row("SELECT text, html FROM letter WHERE kind = 'guest' AND state = 'sent'"))
    assert place not in kept and kept.count("/b/acme/confirm/…") == 2
