"""Letters: written once per event and reader, sent by the worker, kept for the outbox page."""

import sys
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
SEND_SIGN_IN = sign_in.SEND
PAGE = 50

KEEP = """
INSERT INTO letter (workspace_id, event_seq, kind, to_email, subject, text, html)
VALUES (%(workspace)s, %(event)s, %(kind)s, %(to)s, %(subject)s, %(text)s, %(html)s)
ON CONFLICT ON CONSTRAINT one_letter_per_event_and_reader DO NOTHING RETURNING id"""
READ = """
SELECT id, to_email, subject, state, created_at, sent_at, text, html FROM letter
 WHERE workspace_id = %(workspace)s AND id = %(id)s"""
MARK = "UPDATE letter SET state = %(state)s, sent_at = now() WHERE workspace_id = %(workspace)s AND id = %(id)s"
LIST = """
SELECT id, to_email, subject, state, created_at, sent_at FROM letter
 WHERE workspace_id = %(workspace)s ORDER BY id DESC LIMIT %(most)s"""

templates = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "letter_templates"),
    autoescape=select_autoescape(["html"]),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
templates.filters["markdown"] = markdown.render

settings: list[Config] = []


class Letter(NamedTuple):
    id: int
    to_email: str
    subject: str
    state: str  # waiting, sent, kept (there is no mail server), refused (by it, for good)
    created_at: object
    sent_at: object | None
    text: str = ""
    html: str = ""


def start(config: Config) -> None:
    """Send by this configuration's mail server, as its sender, with links to its BASE_URL."""
    settings[:] = [config]


def link(path: str) -> str:
    """The address of one of our pages, for a letter."""
    return settings[0].base_url + path


def write(workspace_id: int, event: int, kind: str, to: str, subject: str, **values) -> None:
    """Write a letter of this kind and have it sent, in the caller's transaction; a second time nothing happens."""
    made = db.row(KEEP, workspace=workspace_id, event=event, kind=kind, to=to, subject=subject, **composed(kind, values))
    if made:
        jobs.enqueue(SEND, workspace_id, letter=made[0])


def composed(kind: str, values: dict) -> dict[str, str]:
    endings = {"text": "txt", "html": "html"}
    return {part: templates.get_template(f"{kind}.{ending}").render(values) for part, ending in endings.items()}


def send(job: jobs.Job) -> None:
    """Send one letter. Killed between the mail server's yes and our commit it is sent again, with the same Message-ID."""
    config, letter = settings[0], read(job.workspace_id, job.args["letter"])
    if letter.state != "waiting":
        return
    state = "kept"
    if config.smtp_url:
        message_id = f"<{job.workspace_id}.{letter.id}@{mail.domain(config.mail_from)}>"
        ready = mail.message(config.mail_from, letter.to_email, letter.subject, letter.text, letter.html, message_id)
        state = delivered(config.smtp_url, ready)
    with database.atomic():
        db.changed(MARK, workspace=job.workspace_id, id=letter.id, state=state)
        job.complete()


def delivered(url: str, ready) -> str:
    try:
        mail.send(url, ready)
    except MailRefused:
        return "refused"
    return "sent"


def send_sign_in(job: jobs.Job) -> None:
    """Send a sign-in link. Its secret is made here and stored nowhere, so this letter is not kept either.

    Without a mail server the link is shown on the terminal, if there is one; never in a log."""
    armed, config = sign_in.arm(job.args["link"]), settings[0]
    if armed is None:
        return
    email, secret = armed
    url = link(f"/app/sign-in/{secret}")
    if config.smtp_url:
        parts = composed("sign_in", {"url": url, "minutes": sign_in.LINK_MINUTES})
        message_id = f"<sign-in.{job.args['link']}@{mail.domain(config.mail_from)}>"
        ready = mail.message(config.mail_from, email, "Your sign-in link", **parts, message_id=message_id)
        delivered(config.smtp_url, ready)
    elif sys.stdout.isatty():
        print(f"Sign-in link for {email}: {url}", flush=True)


def read(workspace_id: int, letter_id: int) -> Letter:
    """One letter of this workspace, whole, or NotFound."""
    row = db.row(READ, workspace=workspace_id, id=letter_id)
    if row is None:
        raise NotFound("There is no such letter.")
    return Letter(*row)


def latest(workspace_id: int) -> list[Letter]:
    """The newest letters of this workspace, without their texts."""
    return [Letter(*row) for row in db.rows(LIST, workspace=workspace_id, most=PAGE)]
