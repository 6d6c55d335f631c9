"""Members show once more who they are, before what is delicate; and that a new address is theirs. Both by the link in a
letter, which works once, in the session that asked for it, and while the person has the address that they had then."""

from typing import NamedTuple

from service import db, jobs
from service.errors import Unauthenticated
from service.feedback import limits
from service.feedback.sign_in import ELSEWHERE, GONE, MINUTES, QUEUE, Session
from service.lib import tokens

PROOF, ADDRESS = "proof", "address"  # purposes
LIVES = {PROOF: MINUTES, ADDRESS: 60}  # minutes
SEND = "proof.send"  # kind of the job that writes and sends the letter

WITHDRAW = "DELETE FROM sign_in_link WHERE session_id = %(session)s AND purpose = %(purpose)s AND used_at IS NULL"
MAKE = """
INSERT INTO sign_in_link (purpose, email, session_id, former)
VALUES (%(purpose)s, %(email)s, %(session)s, %(former)s) RETURNING id"""
HOLDS = f"""
purpose <> 'sign_in' AND used_at IS NULL
   AND created_at > now() - CASE purpose WHEN '{PROOF}' THEN {LIVES[PROOF]} ELSE {LIVES[ADDRESS]} END * interval '1 minute'
   AND EXISTS (SELECT FROM session s JOIN person p ON p.id = s.person_id
                WHERE s.id = session_id AND p.email = coalesce(former, sign_in_link.email))"""
ARM = f"UPDATE sign_in_link SET token_hash = %(token)s WHERE id = %(id)s AND {HOLDS} RETURNING purpose, email"
LOOK = f"SELECT session_id, purpose, email, former FROM sign_in_link WHERE token_hash = %(token)s AND {HOLDS}"
USE = f"""
UPDATE sign_in_link SET used_at = now() WHERE token_hash = %(token)s AND session_id = %(session)s AND {HOLDS} RETURNING id"""
# Whoever copied the session's secret before its person proved who they are shall gain nothing by that.
FRESHEN = "UPDATE session SET proved_at = now(), token_hash = %(token)s WHERE id = %(session)s"


class Link(NamedTuple):
    """What a link proves: who somebody is, or that the new address `email` is theirs, in place of `former`."""

    purpose: str
    email: str
    former: str | None


class Armed(NamedTuple):
    """A link on its way."""

    purpose: str
    email: str
    secret: str


@db.verb
def ask(session: Session, locale: str | None = None) -> None:
    """Have a letter sent to the address on file, in the language `locale`, with a link that proves who is in this session.
    The older ones die. Raises RateLimited."""
    limits.proof(session.person.id)
    send_one(session, PROOF, session.person.email, None, locale)


@db.verb
def ask_for_address(session: Session, email: str, locale: str | None = None) -> None:
    """Have a letter sent to `email`, with a link that makes it this person's address. Nothing tells whether it is already
    somebody's. The older ones die. Raises RateLimited."""
    limits.new_address(session.person.id, email)
    send_one(session, ADDRESS, email, session.person.email, locale)


def send_one(session: Session, purpose: str, email: str, former: str | None, locale: str | None) -> None:
    place = {"session": session.id, "purpose": purpose}
    db.changed(WITHDRAW, **place)
    [link] = db.row(MAKE, **place, email=email, former=former)
    jobs.enqueue(SEND, queue=QUEUE, link=link, locale=locale)


def arm(link: int) -> Armed | None:
    """Give a link its secret, at the moment it is sent, so that it is stored nowhere; None when it does not hold any more.
    Arming again replaces the secret."""
    secret = tokens.secret()
    row = db.row(ARM, id=link, token=tokens.hashed(secret))
    return row and Armed(*row, secret)


def look(session: Session | None, secret: str) -> Link:
    """What this link proves, without using it up; Unauthenticated when it does not hold in this session."""
    row = db.row(LOOK, token=tokens.hashed(secret))
    if row is None:
        raise Unauthenticated(GONE)
    if session is None or row[0] != session.id:
        raise Unauthenticated(ELSEWHERE)
    return Link(*row[1:])


@db.verb
def redeem(session: Session, secret: str) -> tuple[int, str]:
    """Use a link up: who is in the session has shown it now, and the session has another secret, for its cookie. Returns the
    link's id, and that. Of many at the same moment exactly one succeeds. Errors as of `look`."""
    look(session, secret)
    used = db.row(USE, token=tokens.hashed(secret), session=session.id)
    if used is None:
        raise Unauthenticated(GONE)
    fresh = tokens.secret()
    if not db.changed(FRESHEN, session=session.id, token=tokens.hashed(fresh)):
        raise Unauthenticated(GONE)
    return used[0], fresh
