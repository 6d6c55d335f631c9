"""What is a member's own, in all workspaces: where they are signed in, and their address."""

from datetime import datetime
from typing import NamedTuple

from peewee import IntegrityError

from service import db, events, jobs
from service.errors import Conflict, Invalid
from service.feedback import proofs, sign_in
from service.feedback.readers import MEMBER
from service.feedback.sign_in import Session
from service.lib import agents

TELL = "address.tell"  # kind of the job that tells an address that it is nobody's any more

SESSIONS = f"""
SELECT s.id, s.agent, s.network, s.created_at, s.seen_at FROM session s
 WHERE s.person_id = %(person)s AND {sign_in.LIVES} ORDER BY s.id <> %(session)s, s.seen_at DESC, s.id DESC"""
END = "DELETE FROM session WHERE person_id = %(person)s AND id = %(session)s"
END_OTHERS = "DELETE FROM session WHERE person_id = %(person)s AND id <> %(session)s"
# Of two people who take the same address at once the index lets one have it.
MOVE = """
UPDATE person SET email = %(email)s WHERE id = %(person)s AND email = %(former)s
   AND NOT EXISTS (SELECT FROM person WHERE lower(email) = lower(%(email)s) AND id <> %(person)s)"""
TAKEN = "SELECT FROM person WHERE lower(email) = lower(%(email)s) AND id <> %(person)s"
MOVE_USERS = f"""
UPDATE "user" u SET email = %(email)s FROM member m
 WHERE m.person_id = %(person)s AND m.joined_at IS NOT NULL AND u.workspace_id = m.workspace_id
   AND u.external_id = '{MEMBER}' || m.person_id"""
# What was sent to the former address lets nobody in.
CLOSE = "UPDATE member SET invitation_hash = NULL WHERE person_id = %(person)s AND invitation_hash IS NOT NULL"
WITHDRAW = """
DELETE FROM sign_in_link WHERE purpose = 'sign_in' AND lower(email) = lower(%(former)s) AND used_at IS NULL"""
CHANGED = "SELECT former, email FROM sign_in_link WHERE id = %(id)s AND purpose = 'address' AND used_at IS NOT NULL"

SAME = "This is your address already."
HAS_OWNER = "This address has an account of its own. Sign in with it, or choose another one."


class Place(NamedTuple):
    """A browser in which somebody is signed in."""

    id: int
    agent: str
    network: str
    began_at: datetime
    seen_at: datetime  # to the minute

    @property
    def browser(self) -> str:
        return agents.said(self.agent)


def places(session: Session) -> list[Place]:
    """Where the person of this session is signed in: here first, then where they were last."""
    return [Place(*row) for row in db.rows(SESSIONS, person=session.person.id, session=session.id)]


@db.verb
def end(session: Session, id: int) -> bool:
    """Sign the person out of one of their sessions; False when it is none of theirs, or has ended before."""
    ended = db.changed(END, person=session.person.id, session=id)
    if ended:
        sign_in.note("member.signed_out", session.person.id, sessions=1)
    return bool(ended)


@db.verb
def end_others(session: Session) -> int:
    """Sign the person out everywhere but in this session; returns of how many."""
    ended = db.changed(END_OTHERS, person=session.person.id, session=session.id)
    if ended:
        sign_in.note("member.signed_out", session.person.id, sessions=ended)
    return ended


def ask_to_move(session: Session, email: str, locale: str | None = None) -> str:
    """Have a letter sent to `email`, with a link that makes it this person's address; returns the tidied one. Raises
    Invalid, or RateLimited."""
    known = sign_in.checked(email)
    if known == session.person.email:
        raise Invalid(email=SAME)
    proofs.ask_for_address(session, known, locale)
    return known


def look(session: Session | None, secret: str) -> proofs.Link:
    """What a link proves, as `proofs.look`; Conflict when the address has become somebody else's meanwhile."""
    link = proofs.look(session, secret)
    if link.former and db.row(TAKEN, email=link.email, person=session.person.id) is not None:
        raise Conflict(HAS_OWNER, "address_taken")
    return link


@db.verb
def redeem(session: Session, secret: str, locale: str | None = None) -> tuple[proofs.Link, str]:
    """Do what a link is for; returns it, and the session's new secret. A new address takes the place of the former one,
    which is told, in the language `locale`; everywhere else they are signed out. Errors as of `look`: then nothing happened.
    """
    link = look(session, secret)
    id, fresh = proofs.redeem(session, secret)
    if link.former:
        move(session, link)
        jobs.enqueue(TELL, queue=sign_in.QUEUE, link=id, locale=locale)
    return link, fresh


def move(session: Session, link: proofs.Link) -> None:
    person = {"person": session.person.id}
    try:
        moved = db.changed(MOVE, **person, email=link.email, former=link.former)
    except IntegrityError:  # at this very moment it became somebody else's
        moved = 0
    if not moved:
        raise Conflict(HAS_OWNER, "address_taken")
    db.changed(MOVE_USERS, **person, email=link.email)
    db.changed(CLOSE, **person)
    db.changed(WITHDRAW, former=link.former)
    end_others(session)
    for workspace in sign_in.workspaces_of(session.person.id):
        data = {"person": session.person.id, "changed": ["email"]}
        events.record("member.updated", workspace, person=session.person.id, data=data)


def changed(link: int) -> tuple[str, str] | None:
    """The address that was left by this link, and the one that took its place; None when it was not used, or long ago."""
    return db.row(CHANGED, id=link)
