"""Addresses to which nothing is sent any more: mail to them came back for good, or their reader called it spam.

That is a workspace's own knowledge. A link that somebody asks for (user_links) is tried all the same; once it is used, mail
does arrive, and the address is free again, unless it was called spam."""

from datetime import datetime
from typing import NamedTuple

from service import db, events
from service.feedback.readers import Reader

COMPLAINT = "Its reader reported a letter as spam."  # nothing but a member's word lifts that

ADD = """
INSERT INTO suppression (workspace_id, email, reason) VALUES (%(workspace)s, lower(%(email)s), %(reason)s)
ON CONFLICT (workspace_id, email) DO NOTHING"""
LIFT = """
DELETE FROM suppression WHERE workspace_id = %(workspace)s AND email = lower(%(email)s)
   AND reason IS DISTINCT FROM %(but)s"""
REASON_OF = "SELECT reason FROM suppression WHERE workspace_id = %(workspace)s AND email = lower(%(email)s)"
AMONG = """
SELECT email FROM suppression
 WHERE workspace_id = %(workspace)s AND email IN (SELECT lower(each) FROM unnest(%(emails)s::text[]) AS each)"""
LIST = """
SELECT email, reason, created_at FROM suppression
 WHERE workspace_id = %(workspace)s AND position(lower(%(q)s) IN email) > 0 ORDER BY created_at DESC, email LIMIT %(most)s"""


class Suppression(NamedTuple):
    email: str  # in small letters
    reason: str
    created_at: datetime


@db.verb
def add(workspace_id: int, email: str, reason: str) -> bool:
    """Send nothing to this address any more; returns whether that is new. The event does not name it: programs with any key
    read events."""
    is_new = bool(db.changed(ADD, workspace=workspace_id, email=email, reason=reason))
    if is_new:
        events.record("suppression.created", workspace_id, data={"reason": reason})
    return is_new


@db.verb
def lift(reader: Reader, email: str) -> None:
    """Send to this address again; when that is so already, nothing happens. For admins."""
    if "\0" not in email and db.changed(LIFT, workspace=reader.workspace.id, email=email, but=None):
        events.record("suppression.deleted", reader.workspace.id, **reader.actor())


@db.verb
def arrived(workspace_id: int, email: str) -> None:
    """Send to this address again, because a link in a letter to it was used; not when it called one spam."""
    if db.changed(LIFT, workspace=workspace_id, email=email, but=COMPLAINT):
        events.record("suppression.deleted", workspace_id)


def reason_of(workspace_id: int, email: str) -> str | None:
    """Why nothing is sent to this address; None when letters to it are sent."""
    row = db.row(REASON_OF, workspace=workspace_id, email=email)
    return row and row[0]


def among(reader: Reader, emails: list[str]) -> set[str]:
    """Those of these addresses to which nothing is sent, in small letters."""
    return {email for (email,) in db.rows(AMONG, workspace=reader.workspace.id, emails=emails)}


def of(reader: Reader, q: str = "", most: int = 50) -> list[Suppression]:
    """The addresses of this workspace that have `q` in them, the newest first."""
    return [Suppression(*row) for row in db.rows(LIST, workspace=reader.workspace.id, q=q, most=most)]
