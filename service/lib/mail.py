"""One way out for letters: SMTP, by the URL in SMTP_URL."""

import smtplib
import ssl
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import formatdate, parseaddr
from urllib.parse import unquote, urlsplit

from service.errors import MailRefused

SECONDS = 15  # for each step of the conversation


class Policy(EmailPolicy):
    """Writes the address of a List- header as it is: `email` takes a long one for words and encodes it, and then no mail
    program finds an address there."""

    def fold(self, name: str, value: str) -> str:
        return f"{name}: {value}{self.linesep}" if name.startswith("List-") else super().fold(name, value)

    def fold_binary(self, name: str, value: str) -> bytes:
        return self.fold(name, value).encode() if name.startswith("List-") else super().fold_binary(name, value)


def message(sender: str, to: str, subject: str, text: str, html: str, message_id: str, leave: str = "") -> EmailMessage:
    """A letter in text and HTML. `message_id` is stable, so that a letter sent twice is shown once by many readers; `leave`
    is the address to which mail programs post that its reader wants no more of them (RFC 8058).

    Line breaks in a header are refused by `email`; a subject is folded to one line before."""
    letter = EmailMessage(Policy())
    letter["From"], letter["To"] = sender, to
    # `email` decodes what stands behind =? in a header, line breaks too: a title could write headers of its own
    letter["Subject"] = " ".join(subject.split()).replace("=?", "= ?")
    letter["Date"], letter["Message-ID"] = formatdate(), message_id
    letter["Auto-Submitted"] = "auto-generated"
    if leave:
        letter["List-Unsubscribe"], letter["List-Unsubscribe-Post"] = f"<{leave}>", "List-Unsubscribe=One-Click"
    letter.set_content(text)
    letter.add_alternative(html, subtype="html")
    return letter


def send(url: str, letter: EmailMessage) -> None:
    """Hand a letter to the mail server at smtp://user:password@host:port (smtps:// for TLS from the first byte).

    STARTTLS is used wherever it is offered. Raises MailRefused when the server refuses this reader or this letter for
    good (5xx), or the address cannot be written in mail; OSError or smtplib.SMTPException when it is worth another try:
    whatever is wrong with the server, or with us in its eyes, is no reason to drop a letter."""
    with connected(url) as server:
        try:
            server.send_message(letter)
        except smtplib.SMTPRecipientsRefused as refused:
            if all(code >= 500 for code, _ in refused.recipients.values()):
                raise MailRefused("the server refuses this address") from None
            raise
        except smtplib.SMTPDataError as error:
            if error.smtp_code >= 500:
                raise MailRefused("the server refuses this letter") from None
            raise
        except (UnicodeError, smtplib.SMTPNotSupportedError):
            raise MailRefused("this address cannot be written in mail") from None


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
