"""One way out for letters: SMTP, by the URL in SMTP_URL."""

import re
import smtplib
import ssl
from contextlib import contextmanager, suppress
from email.errors import MessageError
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import formatdate, parseaddr
from urllib.parse import unquote, urlsplit

from service.errors import MailDelayed, MailRefused

SECONDS = 15  # for each step of the conversation
GOODBYE_SECONDS = 2  # the letter is theirs by then
ENHANCED = re.compile(rb"\s*([245]\.\d{1,3}\.\d{1,3})\b")  # RFC 3463, at the beginning of an answer
OF_THE_ADDRESS = {550, 551, 553}  # codes that speak of a mailbox, when no enhanced one says more
WANTS_OUR_NAME = {530, 534, 535, 538}  # the way to their server is set up wrongly, which says nothing of a letter
MEANINGS = {  # of the second and third number of an enhanced code
    "1.1": "there is no such mailbox", "1.2": "there is no such mail domain", "1.3": "it is no mail address",
    "1.6": "the mailbox has moved", "1.10": "this domain takes no mail", "2": "the mailbox takes no mail",
    "2.1": "the mailbox is switched off", "2.2": "the mailbox is full", "2.3": "the letter is too long for the mailbox",
    "3": "something is wrong with the mail server", "3.4": "the letter is too large",
    "4": "the mail server of the address cannot be reached", "5": "the mail servers did not understand each other",
    "6": "the letter’s content is not taken", "7": "its rules do not let this letter in",
}  # fmt: skip
OURS = ("3", "5", "6", "7")  # subjects of the server, the conversation, the content, the rules: not of the address


class Policy(EmailPolicy):
    """Writes the address of a List- header as it is: `email` takes a long one for words and encodes it, and then no mail
    program finds an address there."""

    def fold(self, name: str, value: str) -> str:
        return f"{name}: {value}{self.linesep}" if name.startswith("List-") else super().fold(name, value)

    def fold_binary(self, name: str, value: str) -> bytes:
        return self.fold(name, value).encode() if name.startswith("List-") else super().fold_binary(name, value)


def message(sender: str, to: str, subject: str, text: str, html: str, message_id: str, leave: str = "",
            thread: str = "") -> EmailMessage:  # fmt: skip
    """A letter in text and HTML. `message_id` is stable, so that a letter sent twice is shown once by many readers; `leave`
    is the address to which mail programs post that its reader wants no more of them (RFC 8058); `thread` the Message-ID
    that all letters about one thing name, so that they are shown together.

    Line breaks in a header are refused by `email`; a subject is folded to one line before."""
    letter = EmailMessage(Policy())
    letter["From"], letter["To"] = sender, to
    # `email` decodes what stands behind =? in a header, line breaks too: a title could write headers of its own
    letter["Subject"] = " ".join(subject.split()).replace("=?", "= ?")
    letter["Date"], letter["Message-ID"] = formatdate(), message_id
    letter["Auto-Submitted"] = "auto-generated"
    if thread:
        letter["In-Reply-To"], letter["References"] = thread, thread
    if leave:
        letter["List-Unsubscribe"], letter["List-Unsubscribe-Post"] = f"<{leave}>", "List-Unsubscribe=One-Click"
    letter.set_content(text)
    letter.add_alternative(html, subtype="html")
    return letter


def send(url: str, letter: EmailMessage) -> None:
    """Hand a letter to the mail server at smtp://user:password@host:port (smtps:// for TLS from the first byte).

    STARTTLS is used wherever it is offered. Raises MailRefused when the server refuses this reader or this letter for
    good (5xx), or it cannot be written as mail; MailDelayed when it is worth another try: whatever is wrong with the
    server, or with us in its eyes, is no reason to drop a letter."""
    try:
        with connected(url) as server:
            try:
                server.send_message(letter)
            except (UnicodeError, ValueError, MessageError, smtplib.SMTPNotSupportedError):
                raise MailRefused("This address cannot be written in mail.") from None
    except smtplib.SMTPRecipientsRefused as refused:
        [(code, said)] = refused.recipients.values()
        raise answered(code, said, "this address") from None
    except smtplib.SMTPDataError as error:
        raise answered(error.smtp_code, error.smtp_error, "this letter") from None
    except (OSError, UnicodeError, smtplib.SMTPException) as error:
        raise MailDelayed(why(error)) from None


def answered(code: int, said: bytes, what: str) -> MailDelayed | MailRefused:
    """What an answer to a reader's address or to a letter comes to. Without an enhanced code an answer to the whole letter
    says nothing of the address: many servers refuse by 550 what they take for spam."""
    found = ENHANCED.match(said)
    status = found[1].decode() if found else None
    named = f"{code} {status}" if status else str(code)
    meaning = f": {explained(status)}" if status and explained(status) else ""
    if code < 500 or code in WANTS_OUR_NAME:
        return MailDelayed(f"The mail server does not take {what} now ({named}{meaning}).")
    is_address = is_of_the_address(status) if status else what == "this address" and code in OF_THE_ADDRESS
    return MailRefused(f"The mail server refuses {what} ({named}{meaning}).", is_address)


def is_of_the_address(status: str) -> bool:
    """Whether an enhanced code says that an address gets no mail, whatever is sent to it."""
    return status.startswith("5.") and status.split(".")[1] not in OURS


def explained(status: str) -> str | None:
    """An enhanced code in words."""
    _, subject, detail = status.split(".")
    return MEANINGS.get(f"{subject}.{detail}") or MEANINGS.get(subject)


def why(error: Exception) -> str:
    """Why a server took nothing at all; its own words may hold the address, so they are not repeated."""
    if isinstance(error, smtplib.SMTPResponseException):
        return f"The mail server does not take letters from here now ({error.smtp_code})."
    if isinstance(error, ssl.SSLError):
        return "No safe connection to the mail server came about (TLS)."
    if isinstance(error, smtplib.SMTPServerDisconnected):
        return "The mail server ended the conversation before it had taken the letter."
    if isinstance(error, TimeoutError):
        return f"The mail server did not answer within {SECONDS} seconds."
    if isinstance(error, smtplib.SMTPException):
        return f"The mail server cannot do what SMTP_URL asks for ({type(error).__name__})."
    return f"The mail server cannot be reached ({error.strerror or type(error).__name__})."


@contextmanager
def connected(url: str):
    """A conversation with the server. What goes wrong with its end is nobody's loss: the letter was taken or not before."""
    server = opened(urlsplit(url))
    try:
        yield server
        with suppress(OSError, smtplib.SMTPException):
            server.sock.settimeout(GOODBYE_SECONDS)
            server.quit()
    finally:
        server.close()


def opened(parts) -> smtplib.SMTP:
    secure = parts.scheme == "smtps"
    trust = ssl.create_default_context()
    server = (
        smtplib.SMTP_SSL(parts.hostname, parts.port or 465, timeout=SECONDS, context=trust)
        if secure
        else smtplib.SMTP(parts.hostname, parts.port or 587, timeout=SECONDS)
    )
    try:
        server.ehlo_or_helo_if_needed()
        if not secure and server.has_extn("starttls"):
            server.starttls(context=trust)
        if parts.username:
            server.login(unquote(parts.username), unquote(parts.password or ""))
    except BaseException:
        server.close()
        raise
    return server


def domain(sender: str) -> str:
    """What stands behind the @ of the sender, for Message-IDs."""
    return parseaddr(sender)[1].rpartition("@")[2] or "localhost"
