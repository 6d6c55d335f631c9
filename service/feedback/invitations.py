"""The link in a letter by which who was invited joins the team: once, within a week."""

from typing import NamedTuple

from service import db, events
from service.errors import Conflict, NotFound, Unauthenticated
from service.feedback import limits, members, sign_in, team
from service.feedback.members import Person
from service.feedback.readers import Reader
from service.feedback.sign_in import Origin
from service.feedback.team import Member
from service.feedback.workspaces import Workspace
from service.lib import tokens

DAYS = 7  # in which a link works, from when its letter was written

# Whose address the letter goes to: who changes it at this moment waits, and then ends the link (account.CLOSE).
ARM = """
WITH reader AS MATERIALIZED (SELECT id FROM person WHERE lower(email) = lower(%(email)s) FOR SHARE)
UPDATE member m SET invitation_hash = %(token)s, invited_at = now() FROM reader
 WHERE m.workspace_id = %(workspace)s AND m.person_id = reader.id AND m.joined_at IS NULL"""
# Within the workspace: what invites to one opens no other. A former address of it is the same workspace.
HOLDS = f"""
  FROM member m JOIN person p ON p.id = m.person_id JOIN workspace w ON w.id = m.workspace_id
  LEFT JOIN person b ON b.id = m.invited_by
 WHERE (w.slug = %(slug)s OR w.former_slugs @> ARRAY[%(slug)s]) AND m.invitation_hash = %(token)s
   AND m.joined_at IS NULL AND m.invited_at > now() - interval '{DAYS} days'"""
LOOK = f"""
SELECT m.workspace_id, p.id, p.email, p.name, m.role, coalesce(nullif(b.name, ''), {members.address("b", "w.id")}, ''),
       w.name, w.slug, EXISTS (SELECT FROM member o WHERE o.person_id = p.id AND o.workspace_id <> m.workspace_id)
       OR EXISTS (SELECT FROM session s WHERE s.person_id = p.id)
       OR EXISTS (SELECT FROM installation i WHERE i.operator_id = p.id) {HOLDS}"""
HOLD = f"{LOOK} FOR NO KEY UPDATE OF m"
PENDING = f"""
SELECT w.id, w.name, w.slug, m.role, coalesce(nullif(b.name, ''), {members.address("b", "w.id")}, '')
  FROM member m JOIN workspace w ON w.id = m.workspace_id LEFT JOIN person b ON b.id = m.invited_by
 WHERE m.person_id = %(person)s AND m.joined_at IS NULL ORDER BY m.created_at DESC, w.id"""
LEFT = """
SELECT FROM member m JOIN person p ON p.id = m.person_id
 WHERE m.workspace_id = %(workspace)s AND m.person_id = %(person)s AND lower(m.invited_email) <> lower(p.email)"""
# The link of the letter before ends at once. Until the next letter is written there is nothing to send again, so that a
# second press of the button is none; a letter that nobody wrote does not stand in the way for long.
AGAIN = """
UPDATE member SET invitation_hash = NULL, invited_at = NULL, invited_by = %(by)s
 WHERE workspace_id = %(workspace)s AND person_id = %(person)s AND joined_at IS NULL
   AND (invited_at IS NOT NULL OR created_at < now() - interval '10 minutes')"""

GONE = "This invitation was used or withdrawn, or is too old. Ask for a new one, or sign in if you have joined already."

SIGN_IN = "Sign in first; then open this link again."


class Invitation(NamedTuple):
    """Who is asked in to what, by whom, and as what."""

    workspace_id: int
    person: Person
    role: str
    inviter: str  # how we call them; empty when they are not there any more
    name: str  # of the workspace
    slug: str
    is_known: bool  # they have, or are asked into, more here, which a link that lay in a mailbox for a week does not open


class Pending(NamedTuple):
    """A workspace that somebody who is signed in is asked into."""

    workspace_id: int
    name: str
    slug: str
    role: str
    inviter: str  # how we call them; empty when they are not there any more


def arm(workspace: Workspace, email: str) -> str | None:
    """The secret of a link for who was invited at this address, made when the letter is written and stored nowhere; the one
    before ends. None when there is nobody to invite: they joined, the invitation was withdrawn, or the address left."""
    secret = tokens.secret()
    armed = db.changed(ARM, workspace=workspace.id, email=email, token=tokens.hashed(secret))
    return secret if armed else None


def look(slug: str, secret: str) -> Invitation:
    """The invitation of this secret to the workspace at `slug`, which stays as it is; Unauthenticated when it does not
    hold."""
    return found(db.row(LOOK, slug=slug, token=tokens.hashed(secret)))


@db.verb
def accept(slug: str, secret: str, origin: Origin, here: Person | None = None) -> tuple[Invitation, str | None]:
    """Join by this link, which nobody can use again, and start a session: its secret; None for who is signed in `here`. The
    letter was sent to the address on file, so who comes by it has shown that it is theirs, if long ago: Unauthenticated for
    somebody known who is not signed in. Of many at the same moment exactly one succeeds."""
    invitation = found(db.row(HOLD, slug=slug, token=tokens.hashed(secret)))
    is_here = here is not None and here.id == invitation.person.id
    if invitation.is_known and not is_here:
        raise Unauthenticated(SIGN_IN)
    members.join(invitation.workspace_id, invitation.person, invitation.role)
    return invitation, None if is_here else sign_in.begin(invitation.person, origin, is_fresh=False)


def pending(person: Person) -> list[Pending]:
    """What this person is asked into, the newest first, however old: they have shown who they are."""
    return [Pending(*row) for row in db.rows(PENDING, person=person.id)]


@db.verb
def join(person: Person, slug: str) -> None:
    """Join what they are asked into; who is in stays. NotFound when they are not."""
    asked = [each for each in pending(person) if each.slug == slug]
    if asked:
        members.join(asked[0].workspace_id, person, asked[0].role)
    elif slug not in [place.slug for place in members.places(person)]:
        raise NotFound("There is no such invitation.")


def found(row: tuple | None) -> Invitation:
    if row is None:
        raise Unauthenticated(GONE)
    workspace, id, email, name, *more = row
    return Invitation(workspace, Person(id, email, name), *more)


@db.verb
def send_again(reader: Reader, person: int) -> Member:
    """Have another letter written to who was invited, with a link that takes the place of the former one. While a letter is
    being written, nothing more happens. NotFound when they are not in the team, Conflict when they have joined, or have
    another address by now; RateLimited."""
    member = team.find(reader, person)
    if member.has_joined:
        raise Conflict("They have joined already.", "already_joined")
    if db.row(LEFT, workspace=reader.workspace.id, person=person) is not None:
        raise Conflict("They have left this address; withdraw the invitation, and ask them for the new one.", "address_left")
    if db.changed(AGAIN, workspace=reader.workspace.id, person=person, by=reader.person):
        limits.invitation(reader.workspace.id, member.email, by=reader.person)
        data = {"person": person, "role": member.role, "email": member.email}
        events.record("member.invited_again", reader.workspace.id, data=data, **reader.actor())
    return member
