"""Letters: one row per event and reader, written and sent by the worker, kept for the outbox page."""

import re
import sys
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from service import db, jobs
from service.config import Config
from service.db import database
from service.errors import LeaseLost, MailDelayed, MailRefused, NotFound
from service.feedback import blocked_addresses, sign_in, suppressions
from service.lib import mail, markdown, tokens

SEND = "letter.send"  # kinds of jobs
QUEUE = sign_in.QUEUE  # beside the default one: a mail server that hangs must hold up nothing else
NAME = re.compile(r"<?(([1-9][0-9]{0,17})\.([1-9][0-9]{0,17})(?:\.([1-9][0-9]{0,3}))?)\.([a-z2-7]{16})@", re.ASCII)

# A row for each reader (a statement that gives `email`), and the job that sends it, in the caller's transaction. The text
# is written when it is sent: an event with thousands of readers is still one statement.
ADDRESS = """
WITH reader AS ({readers}), made AS (
  INSERT INTO letter (workspace_id, event_seq, kind, to_email, to_name)
  SELECT %(workspace)s, %(event)s, %(kind)s, email, %(name)s FROM reader
  ON CONFLICT ON CONSTRAINT one_letter_per_event_and_reader DO NOTHING RETURNING id
)
INSERT INTO job (workspace_id, kind, queue, args, run_at)
SELECT %(workspace)s, %(job)s, %(queue)s, jsonb_build_object('letter', id), now() + %(delay)s * interval '1 second'
  FROM made"""
SUBJECT = """
CASE WHEN subject = '' THEN 'Emptied: its author was erased' WHEN subject IS NOT NULL THEN subject
     WHEN state = 'withdrawn' THEN 'Withdrawn before it was written' ELSE 'Not written yet' END"""
READ = f"""
SELECT id, event_seq, kind, to_email, state, created_at, sent_at, {SUBJECT}, coalesce(text, ''), coalesce(html, ''),
       coalesce(to_name, ''), reason, attempts, copy, data
  FROM letter WHERE workspace_id = %(workspace)s AND id = %(id)s"""
# What is empty, not NULL, stays so: its author was erased, perhaps while it was being sent (privacy.EMPTY_LETTERS).
# What its reader is called is needed until the letter has arrived.
FINISH = """
UPDATE letter SET state = %(state)s, reason = %(reason)s, attempts = attempts + %(tries)s, sent_at = now(),
       subject = CASE subject WHEN '' THEN '' ELSE coalesce(%(subject)s, subject) END,
       text = CASE subject WHEN '' THEN '' ELSE coalesce(%(text)s, text) END,
       html = CASE subject WHEN '' THEN '' ELSE coalesce(%(html)s, html) END,
       to_name = CASE WHEN %(state)s NOT IN ('sent', 'withdrawn') THEN to_name END
 WHERE workspace_id = %(workspace)s AND id = %(id)s AND state IN ('waiting', 'failed')"""
# A job that was tried again by hand has a letter that failed before.
NOTE = """
UPDATE letter SET state = CASE WHEN %(last)s THEN 'failed' ELSE state END, reason = %(reason)s, attempts = attempts + 1
 WHERE workspace_id = %(workspace)s AND id = %(id)s AND state IN ('waiting', 'failed')
   AND EXISTS (SELECT FROM job WHERE workspace_id = %(workspace)s AND id = %(job)s AND claim = %(claim)s)"""

templates = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "letter_templates"),
    autoescape=select_autoescape(["html"]),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
templates.filters["markdown"] = markdown.render

settings: list[Config] = []


class Written(NamedTuple):
    """What a letter says."""

    subject: str
    text: str
    html: str
    leave: str = ""  # address for who wants no more of this kind
    thread: str = ""  # name of what it is about, before the @ of a Message-ID
    way_in: str = ""  # the address in it that is stored nowhere and that nobody but its reader is to open
    label: str = ""  # of that address, on the terminal


class NotYet(Exception):
    """Whether there is anything to tell is decided in so many seconds."""

    def __init__(self, seconds: float):
        super().__init__()
        self.seconds = seconds


class Letter(NamedTuple):
    id: int
    event_seq: int
    kind: str
    to_email: str
    # waiting, sent, kept (there is no mail server), refused (by it, or it came back), withdrawn (what it tells is over),
    # suppressed (the address gets none), failed (no server took it, often enough)
    state: str
    created_at: datetime
    sent_at: datetime | None
    subject: str
    text: str = ""
    html: str = ""
    to_name: str = ""  # how its reader says they are called; only until it is sent
    reason: str | None = None  # why it was not sent, or not yet
    attempts: int = 0  # to hand it to a mail server
    copy: int = 0  # how often it was sent again on request
    data: dict = {}  # what else its writer needs to know


class Outcome(NamedTuple):
    """What became of a letter."""

    state: str
    reason: str | None = None
    suppresses: bool = False  # its address gets no more of them

    @property
    def was_tried(self) -> bool:
        return self.state in ("sent", "refused")


OVER = Outcome("withdrawn", "What it tells of is over.")
BLOCKED = "The address is blocked: Moderation → Addresses."
BROKEN = "Sayso could not write this letter. System → Jobs says what is wrong."


def start(config: Config) -> None:
    """Send by this configuration's mail server, as its sender, with links to its BASE_URL."""
    settings[:] = [config]


def link(path: str) -> str:
    """The address of one of our pages, for a letter."""
    return settings[0].base_url + path


def thread(workspace_id: int, number: int) -> str:
    """What names a post in all letters about it."""
    return f"post.{workspace_id}.{number}"


def address(sql: str, kind: str, workspace_id: int, event: int, *, delay: int = 0, name: str | None = None,
            **parameters) -> None:  # fmt: skip
    """Have a letter of this kind sent to the readers that `sql` finds (an ADDRESS), after a `delay` in seconds; a second
    time nothing happens. `name` is what the letter itself needs to know, of the only one."""
    named = {"workspace": workspace_id, "event": event, "kind": kind, "name": name, "job": SEND, "queue": QUEUE,
             "delay": delay}  # fmt: skip
    if db.changed(sql, **named, **parameters):
        db.notify(jobs.HINT)


def write(kind: str, subject: str, **values) -> Written:
    """The letter of this kind, from its two templates."""
    parts = (templates.get_template(f"{kind}.{ending}").render(values) for ending in ("txt", "html"))
    return Written(subject, *parts)


def carry(workspace_id: int, letter: Letter, written: Written, *, is_to_team: bool) -> Outcome:
    """Send a letter to its reader, unless their address gets none; as `deliver`."""
    reason = held_back(workspace_id, letter.to_email, is_to_team=is_to_team)
    if reason:
        return Outcome("suppressed", reason)
    return deliver(letter.to_email, written, name(workspace_id, letter.id, letter.copy))


def held_back(workspace_id: int, email: str, *, is_to_team: bool) -> str | None:
    """Why no letter is sent to this address; None when one is. What a workspace has blocked holds back letters to users, not
    those to its team."""
    reason = suppressions.reason_of(workspace_id, email)
    return reason or (None if is_to_team or blocked_addresses.takes(workspace_id, email) else BLOCKED)


def deliver(to: str, written: Written, name: str) -> Outcome:
    """Send it, or keep it when there is no mail server; its way in is then shown on the terminal, if there is one, and
    never in a log. Raises MailDelayed when it is worth another try.

    `name` makes its Message-ID, so that one that is sent again after a crash is recognised."""
    config = settings[0]
    if not config.smtp_url:
        if written.way_in and sys.stdout.isatty():
            print(f"{written.label} for {to}: {written.way_in}", flush=True)
        return Outcome("kept")
    try:
        message_id, thread = (each and f"<{each}@{mail.domain(config.mail_from)}>" for each in (name, written.thread))
        mail.send(config.smtp_url, mail.message(config.mail_from, to, *written[:3], message_id, written.leave, thread))
    except MailRefused as refused:
        return Outcome("refused", str(refused), refused.is_address)
    return Outcome("sent")


def name(workspace_id: int, letter: int, copy: int) -> str:
    """What makes a letter's Message-ID: the same at each attempt, another for each copy, and with a tag by which we know it
    when the letter comes back."""
    said = f"{workspace_id}.{letter}.{copy}" if copy else f"{workspace_id}.{letter}"
    return f"{said}.{tokens.tag(said)}"


def named(message_id: str) -> tuple[int, int, int] | None:
    """Workspace, letter and copy of a Message-ID; None when we have not made it."""
    found = NAME.match(message_id.strip().lower())
    if found is None or not tokens.is_tagged(found[1], found[5]):
        return None
    return int(found[2]), int(found[3]), int(found[4] or 0)


def finish(job: jobs.Job, letter: Letter, outcome: Outcome, written: Written | None) -> None:
    """Remember what became of a letter, together with the end of its job."""
    said = written._asdict() if written else dict.fromkeys(Written._fields)
    with database.atomic():
        db.changed(FINISH, workspace=job.workspace_id, id=letter.id, state=outcome.state, reason=outcome.reason,
                   tries=int(outcome.was_tried), **said)  # fmt: skip
        job.complete()
        if outcome.suppresses:
            suppressions.add(job.workspace_id, letter.to_email, outcome.reason)


@contextmanager
def noting(job: jobs.Job, letter: Letter):
    """An attempt to send a letter: when it does not succeed the letter says why, and after the last that it failed."""
    try:
        yield
    except LeaseLost:
        raise
    except Exception as error:
        reason = str(error) if isinstance(error, MailDelayed) else BROKEN
        with suppress(*db.GONE):
            db.changed(NOTE, workspace=job.workspace_id, id=letter.id, job=job.id, claim=job.claim, reason=reason,
                       last=job.attempt >= job.max_attempts)  # fmt: skip
        raise


def put_off(job: jobs.Job, seconds: float) -> None:
    """Look at a letter again in so many seconds."""
    with database.atomic():
        jobs.enqueue(SEND, job.workspace_id, queue=QUEUE, delay=seconds, **job.args)
        job.complete()


def read(workspace_id: int, letter_id: int) -> Letter:
    """One letter of this workspace, whole, or NotFound."""
    row = db.row(READ, workspace=workspace_id, id=letter_id)
    if row is None:
        raise NotFound("There is no such letter.")
    return Letter(*row)


def waiting(workspace_id: int, letter_id: int) -> Letter | None:
    """The letter, if it still waits to be sent, or failed and its job is tried again: not if it was sent, nor if it went
    with its event or its workspace."""
    row = db.row(READ, workspace=workspace_id, id=letter_id)
    letter = row and Letter(*row)
    return letter if letter and letter.state in ("waiting", "failed") else None
