"""Letters: one row per event and reader, written and sent by the worker, kept for the outbox page."""

import sys
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from service import db, jobs
from service.config import Config
from service.db import database
from service.errors import MailRefused, NotFound
from service.feedback import sign_in
from service.lib import mail, markdown

SEND = "letter.send"  # kinds of jobs
QUEUE = sign_in.QUEUE  # beside the default one: a mail server that hangs must hold up nothing else
PAGE = 50

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
SUBJECT = "coalesce(CASE subject WHEN '' THEN 'Emptied: its author was erased' ELSE subject END, 'Not written yet')"
READ = f"""
SELECT id, event_seq, kind, to_email, state, created_at, sent_at, {SUBJECT}, coalesce(text, ''), coalesce(html, ''),
       coalesce(to_name, '')
  FROM letter WHERE workspace_id = %(workspace)s AND id = %(id)s"""
LIST = f"""
SELECT id, event_seq, kind, to_email, state, created_at, sent_at, {SUBJECT} FROM letter
 WHERE workspace_id = %(workspace)s ORDER BY id DESC LIMIT %(most)s"""
# What is empty, not NULL, stays so: its author was erased, perhaps while it was being sent (privacy.EMPTY_LETTERS).
FINISH = """
UPDATE letter SET state = %(state)s, subject = coalesce(subject, %(subject)s), text = coalesce(text, %(text)s),
       html = coalesce(html, %(html)s), to_name = NULL, sent_at = now()
 WHERE workspace_id = %(workspace)s AND id = %(id)s"""

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
    state: str  # waiting, sent, kept (there is no mail server), refused (by it, for good), withdrawn (what it tells is over)
    created_at: datetime
    sent_at: datetime | None
    subject: str
    text: str = ""
    html: str = ""
    to_name: str = ""  # how its reader says they are called; only until it is sent


def start(config: Config) -> None:
    """Send by this configuration's mail server, as its sender, with links to its BASE_URL."""
    settings[:] = [config]


def link(path: str) -> str:
    """The address of one of our pages, for a letter."""
    return settings[0].base_url + path


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


def deliver(to: str, written: Written, name: str) -> str:
    """Send it, or keep it when there is no mail server; returns the state it is in now.

    `name` makes its Message-ID, so that one that is sent again after a crash is recognised."""
    config = settings[0]
    if not config.smtp_url:
        return "kept"
    try:
        message_id = f"<{name}@{mail.domain(config.mail_from)}>"
        mail.send(config.smtp_url, mail.message(config.mail_from, to, *written[:3], message_id, written.leave))
    except MailRefused:
        return "refused"
    return "sent"


def finish(job: jobs.Job, letter: Letter, state: str, written: Written | None) -> None:
    """Remember what became of a letter, together with the end of its job."""
    said = (written or Written("Withdrawn: what it tells of is gone", "", ""))._asdict()
    with database.atomic():
        db.changed(FINISH, workspace=job.workspace_id, id=letter.id, state=state, **said)
        job.complete()


def put_off(job: jobs.Job, seconds: float) -> None:
    """Look at a letter again in so many seconds."""
    with database.atomic():
        jobs.enqueue(SEND, job.workspace_id, queue=QUEUE, delay=seconds, **job.args)
        job.complete()


def send_sign_in(job: jobs.Job) -> None:
    """Send a sign-in link. Its secret is made here and stored nowhere, so this letter is not kept either.

    Without a mail server the link is shown on the terminal, if there is one; never in a log."""
    armed, config = sign_in.arm(job.args["link"]), settings[0]
    if armed is None:
        return
    email, secret = armed
    url = link(f"/app/sign-in/{secret}")
    if config.smtp_url:
        written = write("sign_in", "Your sign-in link", url=url, minutes=sign_in.MINUTES)
        deliver(email, written, f"sign-in.{job.args['link']}")
    elif sys.stdout.isatty():
        print(f"Sign-in link for {email}: {url}", flush=True)


def read(workspace_id: int, letter_id: int) -> Letter:
    """One letter of this workspace, whole, or NotFound."""
    row = db.row(READ, workspace=workspace_id, id=letter_id)
    if row is None:
        raise NotFound("There is no such letter.")
    return Letter(*row)


def waiting(workspace_id: int, letter_id: int) -> Letter | None:
    """The letter, if it still waits to be sent: not if it was, nor if it went with its event or its workspace."""
    row = db.row(READ, workspace=workspace_id, id=letter_id)
    letter = row and Letter(*row)
    return letter if letter and letter.state == "waiting" else None


def latest(workspace_id: int) -> list[Letter]:
    """The newest letters of this workspace, without their texts."""
    return [Letter(*row) for row in db.rows(LIST, workspace=workspace_id, most=PAGE)]
