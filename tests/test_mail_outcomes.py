"""What becomes of a letter, whatever a mail server answers: none is lost, and each says why it has not arrived."""

import dataclasses
import os
import signal
import ssl
import threading
from collections import Counter

import pytest
import trustme
from cast import ADA, BEN, CLEO
from installation import free_ports, until
from mailboxes import Mailbox, greeting, sent_by, serving
from queued import work_off
from test_processes import sayso

from service import db, jobs
from service.feedback import letters, notifications, planning, suppressions
from service.worker import Worker

FATE = "SELECT state, reason, attempts FROM letter ORDER BY id LIMIT 1"
LEFT = "SELECT FROM job WHERE kind = 'letter.send'"


@pytest.fixture
def box(here):
    made = Mailbox()
    with sent_by(here, made):
        yield made


@pytest.fixture
def letter(here, acme):
    """One letter, to Ada, that waits to be sent."""
    db.changed("DELETE FROM member WHERE person_id <> %(ada)s", ada=acme.owner.id)
    acme.post("Dark mode")
    work_off(rounds=1)
    assert db.row(FATE) == ("waiting", None, 0)


def attempt(here) -> None:
    """Try the letters that are due, as the worker does."""
    worker = Worker(here.database_url, letters.QUEUE)
    for job in jobs.claim("tests", 100, 60, queue=letters.QUEUE):
        worker.attempt(job)


def due_in() -> float:
    return db.row("SELECT extract(epoch FROM run_at - now())::float FROM job WHERE kind = 'letter.send'")[0]


def pass_by(seconds: float) -> None:
    """Let time pass."""
    db.changed("UPDATE job SET run_at = run_at - %(seconds)s * interval '1 second'", seconds=seconds)


def arrives(here, box) -> bool:
    pass_by(due_in())
    attempt(here)
    return box.readers() == [ADA] and db.row(FATE)[:2] == ("sent", None) and not db.rows("SELECT FROM job_dead")


@pytest.mark.parametrize(("step", "answer", "says"), [
    ("to_sender", "421 too busy", "(421)"), ("to_sender", "550 5.7.1 go away", "(550)"),
    ("to_reader", "421 too busy", "this address now (421)"),
    ("to_reader", "450 4.2.2 full", "(450 4.2.2: the mailbox is full)"),
    ("to_reader", "530 5.7.0 Authentication required", "(530 5.7.0"),
    ("to_letter", "421 shutting down", "this letter now (421)"), ("to_letter", "451 4.3.0 later", "(451 4.3.0"),
])  # fmt: skip
def test_what_may_pass_is_tried_again_and_the_letter_says_why(here, box, letter, step, answer, says):
    setattr(box, step, answer)
    attempt(here)
    state, reason, attempts = db.row(FATE)
    assert (state, attempts) == ("waiting", 1) and says in reason and ADA not in reason, reason
    assert 3 < due_in() < 7 and suppressions.reason_of(1, ADA) is None
    setattr(box, step, "250 OK")
    assert arrives(here, box)


@pytest.mark.parametrize(("words", "says"), [
    (b"421 Service not available\r\n", "(421)"), (b"554 No SMTP here\r\n", "(554)"),
    (b"", "ended the conversation"), (b"\xff\x00nonsense\r\n" * 9, "the mail server"),
])  # fmt: skip
def test_a_server_that_does_not_let_us_in_is_tried_again(here, letter, words, says):
    with greeting(words) as port:
        letters.start(dataclasses.replace(here, smtp_url=f"smtp://127.0.0.1:{port}"))
        attempt(here)
    state, reason, attempts = db.row(FATE)
    assert (state, attempts) == ("waiting", 1) and says.lower() in reason.lower(), reason
    box = Mailbox()
    with sent_by(here, box):
        assert arrives(here, box)


def test_a_server_that_takes_a_letter_and_hangs_up_gets_it_again_under_the_same_name(here, box, letter):
    box.drops = 1
    attempt(here)
    assert db.row(FATE) == ("waiting", "The mail server ended the conversation before it had taken the letter.", 1)
    pass_by(due_in())
    attempt(here)
    assert db.row(FATE) == ("sent", None, 2)
    first, second = box.names()
    assert first == second and letters.named(first) == (1, 1, 0)


@pytest.mark.parametrize(("step", "answer", "says", "is_suppressed"), [
    ("to_reader", "550 no such person", "refuses this address (550)", True),
    ("to_reader", "550 5.1.1 unknown", "(550 5.1.1: there is no such mailbox)", True),
    ("to_reader", "554 5.7.1 Relay access denied", "(554 5.7.1: its rules do not let this letter in)", False),
    ("to_reader", "552 too much", "(552)", False),
    ("to_letter", "550 5.1.1 unknown", "refuses this letter (550 5.1.1: there is no such mailbox)", True),
    ("to_letter", "554 5.7.1 spam", "(554 5.7.1", False), ("to_letter", "554 5.6.0 content", "content", False),
    ("to_letter", "552 5.3.4 too big", "the letter is too large", False),
    ("to_letter", "550 looks like spam", "this letter (550)", False),
])  # fmt: skip
def test_what_is_refused_for_good_is_not_tried_again(here, acme, box, letter, step, answer, says, is_suppressed):
    setattr(box, step, answer)
    attempt(here)
    state, reason, attempts = db.row(FATE)
    assert (state, attempts) == ("refused", 1) and says in reason and ADA not in reason, reason
    assert db.rows(LEFT) == [] and db.rows("SELECT FROM job_dead") == []
    assert suppressions.reason_of(acme.workspace.id, ADA.upper()) == (reason if is_suppressed else None)


def test_a_suppressed_address_gets_no_letter_until_that_is_lifted(here, acme, globex, box, letter):
    suppressions.add(acme.workspace.id, ADA, "It came back.")
    suppressions.add(acme.workspace.id, ADA, "Twice.")
    suppressions.add(globex.workspace.id, CLEO["email"], "There.")
    attempt(here)
    assert db.row(FATE) == ("suppressed", "It came back.", 0) and box.received == []
    planning.set_status(acme.team, 1, "planned")
    work_off()
    assert box.readers() == [CLEO["email"]], "what another workspace knows is its own"
    suppressions.lift(acme.team, ADA.upper())
    acme.post("Another")
    work_off()
    assert ADA in box.readers()
    told = db.rows("SELECT type, data FROM event WHERE workspace_id = 1 AND type LIKE 'supp%%' ORDER BY seq")
    assert told == [("suppression.created", {"reason": "It came back."}), ("suppression.deleted", {})]


def test_a_server_that_is_down_for_an_hour_loses_no_letter(here, acme, letter):
    port = free_ports(1)[0]
    letters.start(dataclasses.replace(here, smtp_url=f"smtp://127.0.0.1:{port}"))
    passed, tries = 0, 0
    while passed < 3600:
        attempt(here)
        tries += 1
        state, reason, attempts = db.row(FATE)
        assert (state, reason, attempts) == ("waiting", "The mail server cannot be reached (Connection refused).", tries)
        wait = due_in()
        passed += wait
        pass_by(wait)
    assert tries < 9
    box = Mailbox()
    with serving(box, port):
        assert arrives(here, box)


def test_after_the_last_attempt_it_has_failed_and_says_why_and_its_job_can_be_tried_again(here, acme, letter):
    letters.start(dataclasses.replace(here, smtp_url=f"smtp://127.0.0.1:{free_ports(1)[0]}"))
    for _ in range(jobs.MAX_ATTEMPTS):
        pass_by(2 * 86400)
        attempt(here)
    assert db.row(FATE) == ("failed", "The mail server cannot be reached (Connection refused).", jobs.MAX_ATTEMPTS)
    assert db.rows(LEFT) == []
    [(job, said)] = db.rows("SELECT id, reason FROM job_dead")
    assert said.startswith("MailDelayed The mail server cannot be reached") and ADA not in said
    box = Mailbox()
    with sent_by(here, box):
        db.changed("INSERT INTO job (workspace_id, queue, kind, args) SELECT workspace_id, queue, kind, args FROM job_dead")
        attempt(here)
    assert db.row(FATE)[:2] == ("sent", None) and box.readers() == [ADA]


def test_a_letter_that_cannot_be_written_says_so(here, box, letter, monkeypatch):
    monkeypatch.setitem(notifications.WRITERS, "new_post", lambda event: 1 / 0)
    attempt(here)
    assert db.row(FATE) == ("waiting", letters.BROKEN, 1)


def test_a_refusal_to_say_goodbye_is_nobodys_loss(here, box, letter):
    def hang_up():
        raise ConnectionResetError

    box.on_goodbye = hang_up
    attempt(here)
    assert db.row(FATE) == ("sent", None, 1) and len(box.received) == 1


def test_case_53_nothing_in_a_letter_can_speak_to_the_mail_server(here, acme, box):
    body = "Hi\r\n.\r\nMAIL FROM:<x@evil.example>\r\nRCPT TO:<victim@evil.example>\r\n\n.\nDATA\r\nBcc: victim@evil.example"
    title = "Subject\r\nBcc: victim@evil.example\r\n\r\n=?utf-8?q?=0ABcc:_v?="
    acme.post(title, body, by={**CLEO, "name": "C\r\nBcc: v@evil.example"})
    work_off()
    assert box.readers() == [ADA, BEN]
    for _, letter in box.received:
        assert letter["Bcc"] is None and letter.get_all("To") in ([ADA], [BEN]) and len(letter.get_all("Subject")) == 1
        assert "RCPT TO:<victim@evil.example>" in letter.get_body(("plain",)).get_content()


# ── crashes, and several workers ────────────────────────────────────────────────────────────────────────────────────


def test_killed_between_the_servers_yes_and_our_commit_it_arrives_twice_at_most_under_one_name(here, letter):
    box, killed = Mailbox(), threading.Event()
    with serving(box) as port:
        told = {"SMTP_URL": f"smtp://127.0.0.1:{port}", "SAYSO_LEASE": "2"}
        with sayso(here.database_url, "worker", ends=(-signal.SIGKILL,), **told) as first:

            def kill():
                os.kill(first.pid, signal.SIGKILL)
                killed.set()

            box.on_goodbye = kill
            assert killed.wait(30)
        assert db.row(FATE) == ("waiting", None, 0)
        box.on_goodbye = lambda: None
        with sayso(here.database_url, "worker", **told):
            until(lambda: db.row(FATE)[0] == "sent", 40)
    assert len(box.received) == 2 and len(set(box.names())) == 1


def test_two_workers_send_each_letter_once(here, acme, box):
    for number in range(15):
        acme.post(f"Wish {number}")
    work_off(rounds=1)
    workers = [Worker(here.database_url, letters.QUEUE, threads=2, handlers={letters.SEND: notifications.send}, cron={})
               for _ in range(2)]  # fmt: skip
    threads = [threading.Thread(target=worker.run) for worker in workers]
    for thread in threads:
        thread.start()
    try:
        until(lambda: db.row("SELECT count(*) FROM letter WHERE state = 'sent'") == (30,), 30)
    finally:
        for worker, thread in zip(workers, threads, strict=True):
            worker.stop()
            thread.join()
    assert set(Counter(box.names()).values()) == {1} and len(box.received) == 30


# ── TLS ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def certificate(tmp_path):
    """A server's side of TLS, for localhost, by somebody unknown; and the file that makes them known."""
    issuer, context, file = trustme.CA(), ssl.create_default_context(ssl.Purpose.CLIENT_AUTH), tmp_path / "issuer.pem"
    issuer.issue_cert("localhost").configure_cert(context)
    issuer.cert_pem.write_to_path(file)
    return context, file


@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
def test_a_letter_goes_by_tls_where_there_is_any_and_to_nobody_who_cannot_show_who_they_are(
    here, letter, certificate, monkeypatch, scheme
):
    context, file = certificate
    how = {"tls_context": context, "require_starttls": True} if scheme == "smtp" else {"ssl_context": context}
    box = Mailbox()
    with sent_by(here, box, scheme, "localhost", **how):
        attempt(here)
        assert db.row(FATE) == ("waiting", "No safe connection to the mail server came about (TLS).", 1)
        assert box.received == []
        monkeypatch.setenv("SSL_CERT_FILE", str(file))
        assert arrives(here, box)
