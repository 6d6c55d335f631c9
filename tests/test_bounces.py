"""`sayso bounce`: what mail servers report of letters is taken, from whoever sends it, for no more than it shows."""

import os
import random
import subprocess
import sys
from email.message import EmailMessage

import canary
import pytest
from cast import ADA, BEN, SECRET_KEY
from hypothesis import given
from hypothesis import strategies as st
from mailboxes import Mailbox, sent_by
from queued import work_off

from service import db
from service.errors import Malformed, NotFound, SaysoError, TooLarge
from service.feedback import letters, outbox, suppressions
from service.lib import bounces, tokens

FATE = "SELECT state, reason FROM letter WHERE to_email = %(to)s"
DSN = """\
From: MAILER-DAEMON@mail.example
To: feedback@sayso.example
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: multipart/report; report-type={type}; boundary="b"

--b
Content-Type: text/plain

Sorry.

--b
Content-Type: message/{kind}

{fields}

--b
Content-Type: {returned}

{headers}

--b--
"""
FAILED = """\
Reporting-MTA: dns; mail.example

Final-Recipient: rfc822; ada@acme.example
Action: {action}
Status: {status}
Diagnostic-Code: smtp; 550 {status} <ada@acme.example>: no such person"""
ABUSE = "Feedback-Type: {type}\nUser-Agent: Isp/1.0\nVersion: 1"


def bounce(name: str, status: str = "5.1.1", action: str = "failed", returned: str = "message/rfc822") -> bytes:
    headers = f"From: Sayso <sayso@localhost>\nTo: ada@acme.example\nMessage-ID: {name}\nSubject: Hello\n\nText"
    fields = FAILED.format(action=action, status=status)
    return DSN.format(type="delivery-status", kind="delivery-status", fields=fields, returned=returned,
                      headers=headers).encode()  # fmt: skip


def complaint(name: str, type: str = "abuse") -> bytes:
    return DSN.format(type="feedback-report", kind="feedback-report", fields=ABUSE.format(type=type),
                      returned="message/rfc822", headers=f"Message-ID: {name}\nSubject: Hello\n\nText").encode()  # fmt: skip


@pytest.fixture
def name(here, acme):
    """The Message-ID of the letter to Ada about a post, which was sent."""
    box = Mailbox()
    with sent_by(here, box):
        acme.post("Dark mode")
        work_off()
    return next(letter["Message-ID"] for to, letter in box.received if to == [ADA])


def take(raw: bytes) -> str:
    return outbox.take_back(bounces.read(raw))


def events(acme) -> list[tuple]:
    sql = "SELECT type, data FROM event WHERE workspace_id = %(workspace)s AND type LIKE 'suppression.%%' ORDER BY seq"
    return db.rows(sql, workspace=acme.workspace.id)


@pytest.mark.parametrize("returned", ["message/rfc822", "text/rfc822-headers"])
def test_case_71_a_letter_that_came_back_for_good_is_refused_and_its_address_gets_no_more(acme, name, returned):
    said = "It came back: there is no such mailbox (5.1.1)."
    assert "gets no more letters" in take(bounce(name, returned=returned))
    assert db.row(FATE, to=ADA) == ("refused", said) and suppressions.reason_of(acme.workspace.id, ADA) == said
    assert db.row(FATE, to=BEN)[0] == "sent" and suppressions.reason_of(acme.workspace.id, BEN) is None
    assert take(bounce(name)) == "This was known."
    assert events(acme) == [("suppression.created", {"reason": said})]


@pytest.mark.parametrize(("status", "action"), [("4.4.1", "delayed"), ("5.1.1", "delayed"), ("4.2.2", "expanded"),
                                                ("2.0.0", "delivered"), ("2.0.0", "relayed"), ("5.1.1", "")])  # fmt: skip
def test_what_may_still_arrive_changes_nothing(acme, name, status, action):
    assert "nothing to do" in take(bounce(name, status, action))
    assert db.row(FATE, to=ADA) == ("sent", None) and suppressions.of(acme.team) == []


@pytest.mark.parametrize(("status", "said"), [
    ("4.4.1", "It came back: the mail server of the address cannot be reached (4.4.1)."),
    ("4.2.2", "It came back: the mailbox is full (4.2.2)."), ("gone", "It came back (without a reason)."),
])  # fmt: skip
def test_what_a_server_gave_up_after_days_is_refused_and_its_address_may_be_tried_again(acme, name, status, said):
    assert (take(bounce(name, status)), take(bounce(name, status))) == ("Letter 1 came back.", "This was known.")
    assert db.row(FATE, to=ADA) == ("refused", said) and suppressions.of(acme.team) == events(acme) == []


def test_what_came_back_for_the_servers_rules_is_refused_and_says_nothing_of_the_address(acme, name):
    assert take(bounce(name, "5.7.1")) == "Letter 1 came back."
    assert db.row(FATE, to=ADA)[0] == "refused" and suppressions.of(acme.team) == []


def test_case_71_who_calls_a_letter_spam_gets_no_more(acme, name):
    assert "spam" in take(complaint(name)) and take(complaint(name)) == "This was known."
    assert suppressions.reason_of(acme.workspace.id, ADA) == suppressions.COMPLAINT
    assert db.row(FATE, to=ADA)[0] == "sent" and len(events(acme)) == 1
    assert "nothing to do" in take(complaint(name, "not-spam")), "they changed their mind"


def test_the_report_of_an_older_copy_says_nothing_of_the_newer_one(acme, name):
    db.changed("UPDATE letter SET copy = 1")
    take(bounce(name))
    assert db.row(FATE, to=ADA)[0] == "sent" and suppressions.reason_of(acme.workspace.id, ADA)


def test_what_we_have_not_tagged_ourselves_is_not_believed(acme, globex, name):
    whole = name.strip("<>")
    number, rest = whole.split(".", 1)
    other = tokens.tag("1.1.1")
    forged = [f"{int(number) + 1}.{rest}", whole.replace(".1.", ".2.", 1), whole[:-20] + "aaaa" + whole[-16:],
              "1.1@localhost", f"1.1.{'a' * 16}@localhost", f"1.1.{other}@localhost", f"01.1.{tokens.tag('01.1')}@localhost",
              "1.1.@x", "@",
              f"{'9' * 400}.1.{'a' * 16}@x", "post.1.1@localhost", "\u0661.1.aaaaaaaaaaaaaaaa@x"]  # fmt: skip
    for each in forged:
        with pytest.raises(NotFound, match="no letter of ours"):
            take(bounce(f"<{each}>"))
    assert db.row(FATE, to=ADA) == ("sent", None) and suppressions.of(acme.team) == suppressions.of(globex.team) == []
    assert letters.named(name.upper()) == (1, 1, 0), "some servers write all in capitals"


def test_after_new_secret_keys_the_reports_of_older_letters_are_still_known(acme, settings, name):
    tokens.start((*settings.secret_keys, "another-key-another-key-another-key-"))
    try:
        assert letters.named(name) == (1, 1, 0)
        tokens.start(("another-key-another-key-another-key-",))
        assert letters.named(name) is None
    finally:
        tokens.start(settings.secret_keys)


def test_the_report_of_a_letter_that_is_not_kept_any_more_is_one_sentence(acme, name):
    db.changed("DELETE FROM letter")
    with pytest.raises(NotFound, match="not kept any more"):
        take(bounce(name))


def test_other_mail_is_refused(name):
    reply = EmailMessage()
    reply["In-Reply-To"], reply["Subject"] = name, "Out of office"
    reply.set_content("I am away. Status: 5.1.1 Action: failed")
    cases = [b"", b"\0" * 500, b"Hello", reply.as_bytes(), bounce(name).replace(b"multipart/report", b"multipart/mixed"),
             b"Content-Type: multipart/report\n\nnothing", os.urandom(5000)]  # fmt: skip
    for raw in cases:
        with pytest.raises(Malformed):
            bounces.read(raw)
    with pytest.raises(TooLarge):
        bounces.read(b"a" * (bounces.LARGEST + 1))


def test_a_header_that_would_take_long_to_read_is_not_read():
    for header in (b'Content-Type: multipart/report; a="' + b";" * 200_000, b"Content-Type: a;" + b"\n b;" * 50_000):
        with pytest.raises(Malformed):
            bounces.read(header + b"\n\nText")


def test_nothing_that_is_broken_breaks_the_reading(name):
    whole, dice = bounce(name), random.Random(7)
    nest = b"".join(b'Content-Type: multipart/report; boundary="%d"\n\n--%d\n' % (depth, depth) for depth in range(3000))
    odd = whole.replace(b"boundary", b"charset*0*=x''%ff; boundary")
    for raw in (nest, odd, whole.replace(b"message/rfc822", b"message/a/b")):
        with_one_line(raw)
    for _ in range(300):
        broken = bytearray(whole)
        for _ in range(dice.randint(1, 30)):
            broken[dice.randrange(len(broken))] = dice.randrange(256)
        with_one_line(bytes(broken[: dice.randrange(len(broken))] if dice.random() < 0.3 else broken))


@given(st.binary(max_size=300), st.binary(max_size=300))
def test_nothing_that_is_sent_breaks_the_reading(fields, headers):
    with_one_line(bounce("<1.1.a@b>").replace(b"Status: 5.1.1", fields).replace(b"Subject: Hello", headers))


def with_one_line(raw: bytes) -> None:
    try:
        assert isinstance(bounces.read(raw), bounces.Report)
    except SaysoError as error:
        assert "\n" not in str(error)


# ── the command ─────────────────────────────────────────────────────────────────────────────────────────────────────


def command(raw: bytes, **settings) -> subprocess.CompletedProcess:
    told = {"PATH": os.environ["PATH"], "SECRET_KEYS": SECRET_KEY, **settings}
    done = subprocess.run([sys.executable, "-m", "service", "bounce"], env=told, input=raw, capture_output=True, timeout=60)
    canary.hear(done.stderr.decode())
    return done


def test_a_mail_servers_pipe_gets_a_sentence_and_a_code(here, acme, name):
    done = command(bounce(name), DATABASE_URL=here.database_url)
    assert (done.returncode, done.stdout) == (0, b"Letter 1 came back: its reader gets no more letters.\n"), done
    assert db.row(FATE, to=ADA)[0] == "refused"
    forged = command(bounce("<1.2.aaaaaaaaaaaaaaaa@x>"), DATABASE_URL=here.database_url)
    assert (forged.returncode, forged.stderr) == (1, b"sayso: This report is about no letter of ours.\n")
    broken = command(b"\xff" * 3_000_000, DATABASE_URL=here.database_url)
    assert broken.returncode == 1 and broken.stderr.count(b"\n") == 1 and b"larger than 1 MB" in broken.stderr
    away = command(bounce(name), DATABASE_URL="postgresql://127.0.0.1:1/x")
    assert away.returncode == os.EX_TEMPFAIL and away.stderr.count(b"\n") == 1, away


def test_no_address_is_said_aloud(acme, name):
    assert ADA not in take(bounce(name)) + str(events(acme))
