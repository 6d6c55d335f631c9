"""One way out for letters: SMTP, by the URL in SMTP_URL."""

import smtplib
import ssl
from email.message import EmailMessage
from email.utils import formatdate, parseaddr
from urllib.parse import unquote, urlsplit

from service.errors import MailRefused

SECONDS = 15  # for each step of the conversation


def message(sender: str, to: str, subject: str, text: str, html: str, message_id: str) -> EmailMessage:
    """A letter in text and HTML. `message_id` is stable, so that a letter sent twice is shown once by many readers.

    Line breaks in a header are refused by `email`; a subject is folded to one line before."""
    letter = EmailMessage()
    letter["From"], letter["To"] = sender, to
    letter["Subject"] = " ".join(subject.split())
    letter["Date"], letter["Message-ID"] = formatdate(), message_id
    letter["Auto-Submitted"] = "auto-generated"
    letter.set_content(text)
    letter.add_alternative(html, subtype="html")
    return letter


def send(url: str, letter: EmailMessage) -> None:
    """Hand a letter to the mail server at smtp://user:password@host:port (smtps:// for TLS from the first byte).

    STARTTLS is used wherever it is offered. Raises MailRefused when the server refuses for good (5xx), OSError or
    smtplib.SMTPException when it is worth another try."""
    try:
        with connected(url) as server:
            server.send_message(letter)
    except smtplib.SMTPRecipientsRefused as refused:
        worst = max(code for code, _ in refused.recipients.values())
        if worst >= 500:
            raise MailRefused(f"refused with {worst}") from None
        raise
    except smtplib.SMTPResponseException as error:
        if error.smtp_code >= 500 and not isinstance(error, smtplib.SMTPAuthenticationError):
            raise MailRefused(f"refused with {error.smtp_code}") from None
        raise


def connected(url: str) -> smtplib.SMTP:
    parts = urlsplit(url)
    secure = parts.scheme == "smtps"
    trust = ssl.create_default_context()
    server = (
        smtplib.SMTP_SSL(parts.hostname, parts.port or 465, timeout=SECONDS, context=trust)
        if secure
        else smtplib.SMTP(parts.hostname, parts.port or 587, timeout=SECONDS)
    )
    server.ehlo()
    if not secure and server.has_extn("starttls"):
        server.starttls(context=trust)
    if parts.username:
        server.login(unquote(parts.username), unquote(parts.password or ""))
    return server


def domain(sender: str) -> str:
    """What stands behind the @ of the sender, for Message-IDs."""
    return parseaddr(sender)[1].rpartition("@")[2] or "localhost"
