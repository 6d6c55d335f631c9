"""Reports of mail servers about letters of ours: that one could not be delivered (RFC 3464), or that its reader called it
spam (RFC 5965). Anybody can send one, so nothing in it is believed but a Message-ID that we have tagged ourselves."""

import re
from email import message_from_bytes
from email.errors import MessageError
from email.message import Message
from typing import NamedTuple

from service.errors import Malformed, TooLarge

LARGEST = 1024 * 1024  # bytes
LONGEST_HEADER = 8192  # bytes: `email` needs the square of it
HEADER = re.compile(rb"^[^\s:]{1,100}:[^\n]*(?:\n[ \t][^\n]*)*", re.MULTILINE)
MOST_PARTS, MOST_IDS = 100, 20
LETTER_ID = re.compile(r"<[^<>\s]{1,250}>")
STATUS = re.compile(r"\s*([45]\.\d{1,3}\.\d{1,3})\b")
DIAGNOSTIC = re.compile(r"\b([45]\.\d{1,3}\.\d{1,3})\b")
ABUSE = {"abuse", "fraud"}
BROKEN = (MessageError, RecursionError, ValueError, LookupError, TypeError, AttributeError)  # how `email` meets the worst
NO_REPORT = "This is no report of a mail server about a letter."


class Report(NamedTuple):
    ids: list[str]  # Message-IDs that it names; the letter's own first
    status: str | None  # enhanced code of why it was given up, perhaps empty; None: it was delivered, or may yet be
    is_complaint: bool


def read(raw: bytes) -> Report:
    """What a report says. Raises TooLarge, or Malformed when it is none."""
    if len(raw) > LARGEST:
        raise TooLarge(f"This is larger than {LARGEST // 1024 // 1024} MB, and no report of a mail server is.")
    if any(found.end() - found.start() > LONGEST_HEADER for found in HEADER.finditer(raw)):
        raise Malformed(NO_REPORT)
    try:
        return understood(message_from_bytes(raw))
    except BROKEN:
        raise Malformed(NO_REPORT) from None


def understood(report: Message) -> Report:
    parts = [part for part, _ in zip(report.walk(), range(MOST_PARTS), strict=False)]
    kinds = {part.get_content_type(): part for part in reversed(parts)}
    delivery, complaint = kinds.get("message/delivery-status"), kinds.get("message/feedback-report")
    if report.get_content_type() != "multipart/report" or not (delivery or complaint):
        raise Malformed(NO_REPORT)
    ids = [found for part in parts[1:] for found in ids_in(part, "Message-ID")]
    ids += [found for name in ("In-Reply-To", "References") for found in LETTER_ID.findall(said(report, name))]
    kind = said(blocks(complaint)[0], "Feedback-Type").strip().lower() if complaint else ""
    return Report(list(dict.fromkeys(ids))[:MOST_IDS], failure(delivery) if delivery else None, kind in ABUSE)


def ids_in(part: Message, name: str) -> list[str]:
    """The ids in a header of a returned letter, also when its headers alone came back, as text."""
    if part.get_content_type() == "text/rfc822-headers":
        part = message_from_bytes(part.get_payload(decode=True) or b"")
    return LETTER_ID.findall(said(part, name))


def failure(delivery: Message) -> str | None:
    """The enhanced code of the first reader that failed: with 4.x.x the server has tried for days and given up."""
    for block in blocks(delivery):
        if said(block, "Action").strip().lower() == "failed":
            found = STATUS.match(said(block, "Status")) or DIAGNOSTIC.search(said(block, "Diagnostic-Code"))
            return found[1] if found else ""
    return None


def blocks(part: Message) -> list[Message]:
    """The groups of fields in a report."""
    found = part.get_payload()
    return [each for each in found if isinstance(each, Message)] if isinstance(found, list) else [part]


def said(part: Message, name: str) -> str:
    return str(part.get(name, ""))
