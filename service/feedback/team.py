"""Who is of the team, and as what. A workspace always has an owner."""

from datetime import datetime
from typing import NamedTuple

from service import db, events
from service.errors import Conflict, Forbidden, Invalid, NotFound
from service.feedback import limits, members, plan_limits, users
from service.feedback.readers import Reader
from service.lib import text

ROLES = ("owner", "admin", "member")
LONGEST_NAME = 80

# A name is a person's own, and so is how they write their address: whoever invites learns both only when they joined.
LIST = """
SELECT p.id, CASE WHEN m.joined_at IS NULL THEN coalesce(m.invited_email, p.email) ELSE p.email END,
       CASE WHEN m.joined_at IS NULL THEN '' ELSE p.name END, m.role, m.created_at, m.joined_at IS NOT NULL, m.invited_at
  FROM member m JOIN person p ON p.id = m.person_id
 WHERE m.workspace_id = %(workspace)s AND (%(person)s IS NULL OR m.person_id = %(person)s)
 ORDER BY m.created_at, p.id"""
# Until they say otherwise they speak and live as who lets them in.
ADD = """
INSERT INTO member (workspace_id, person_id, role, invited_by, invited_email, locale, time_zone)
SELECT %(workspace)s, %(person)s, %(role)s, %(by)s, %(email)s, coalesce(max(locale), 'en'),
       coalesce(max(time_zone), 'UTC')
  FROM member
 WHERE workspace_id = %(workspace)s AND person_id = %(by)s
ON CONFLICT ON CONSTRAINT one_membership_per_person DO NOTHING RETURNING person_id"""
# All of them, in one order: two owners who remove each other at once take turns, and the second finds one owner left.
HOLD_OWNERS = """
SELECT person_id FROM member WHERE workspace_id = %(workspace)s AND role = 'owner' AND joined_at IS NOT NULL
 ORDER BY person_id FOR NO KEY UPDATE"""
HOLD = """
SELECT role FROM member WHERE workspace_id = %(workspace)s AND person_id = %(person)s FOR NO KEY UPDATE"""
SET_ROLE = "UPDATE member SET role = %(role)s WHERE workspace_id = %(workspace)s AND person_id = %(person)s"
RENAME = "UPDATE person SET name = %(name)s WHERE id = %(person)s AND name <> %(name)s"
# A person has one name: their users have it in every workspace of theirs, for users read it there.
RENAME_USERS = """
UPDATE "user" u SET name = %(name)s FROM member m
 WHERE m.person_id = %(person)s AND u.workspace_id = m.workspace_id AND u.external_id = %(external)s"""
REMOVE = "DELETE FROM member WHERE workspace_id = %(workspace)s AND person_id = %(person)s"


class Member(NamedTuple):
    id: int  # of the person
    email: str
    name: str  # empty until they joined
    role: str
    created_at: datetime  # when they were let in
    has_joined: bool
    invited_at: datetime | None  # when the letter with the link was written that works now


def of(reader: Reader) -> list[Member]:
    """The team, in the order in which they were let in."""
    return [Member(*row) for row in db.rows(LIST, workspace=reader.workspace.id, person=None)]


def find(reader: Reader, person: int) -> Member:
    """The member of this id, or NotFound."""
    row = db.row(LIST, workspace=reader.workspace.id, person=person)
    if row is None:
        raise NotFound("There is no such member.")
    return Member(*row)


@db.verb
def invite(reader: Reader, email: str, role: str = "member") -> tuple[Member, bool]:
    """Let the person with this address into the team; returns the member, and whether they are new. Who is in already with
    this role stays; Conflict when it is with another, or the plan has no seat for one more. Only owners let in an
    owner, else Forbidden."""
    check(role)
    address = text.email(email)
    if address is None:
        raise Invalid(email="Write their e-mail address, like ben@example.com.")
    person = members.person(address)
    plan_limits.expect_seat(reader.workspace, person.id)
    if role == "owner":
        allow(reader, hold_owners(reader))
    told = {"person": person.id, "role": role, "by": reader.person, "email": address}
    is_new = db.row(ADD, workspace=reader.workspace.id, **told) is not None
    if is_new:
        limits.invitation(reader.workspace.id, address, by=reader.person)
    member = find(reader, person.id)
    if is_new:
        note("member.added", reader, member)
    if member.role != role:
        raise Conflict(f"They are in the team already, as {member.role}; change their role instead.", "already_member")
    return member, is_new


@db.verb
def set_role(reader: Reader, person: int, role: str) -> Member:
    """Make a member an owner, admin or member; nothing new is no change. Only owners make and unmake owners, else Forbidden.
    Conflict when no owner would be left."""
    check(role)
    before = hold(reader, person, role)
    if before != role:
        db.changed(SET_ROLE, workspace=reader.workspace.id, person=person, role=role)
        note("member.updated", reader, find(reader, person), was=before)
    return find(reader, person)


@db.verb
def rename(reader: Reader, name: str) -> None:
    """Say what the member who acts is called; users read it beside what they write. Invalid when it is no name; the same
    again is no change."""
    said = text.fitting(name, LONGEST_NAME, text.tidy_line)
    if not said:
        raise Invalid(name=f"Write your name, 1–{LONGEST_NAME} characters.")
    if db.changed(RENAME, person=reader.person, name=said):
        db.changed(RENAME_USERS, person=reader.person, name=said, external=f"{users.MEMBER}{reader.person}")
        data = {"person": reader.person, "changed": ["name"]}
        events.record("member.updated", reader.workspace.id, data=data, **reader.actor())


@db.verb
def remove(reader: Reader, person: int) -> None:
    """Take someone out of the team; the API keys they made end, and nobody is responsible for their posts any more.

    NotFound when they are not in it, so the second time too. Only owners take out an owner, else Forbidden. Conflict when no
    owner would be left."""
    hold(reader, person)
    member = find(reader, person)
    db.changed(REMOVE, workspace=reader.workspace.id, person=person)
    note("member.removed", reader, member, joined=member.has_joined)


def hold(reader: Reader, person: int, role: str | None = None) -> str:
    """The role of a member who is about to get another, or none, held until the transaction ends."""
    owners = hold_owners(reader)
    held = db.row(HOLD, workspace=reader.workspace.id, person=person)
    if held is None:
        raise NotFound("There is no such member.")
    if held[0] != role and "owner" in (held[0], role):
        allow(reader, owners)
    if owners == [person] and role != "owner":
        raise Conflict("This is the last owner; make someone else an owner first.", "last_owner")
    return held[0]


def hold_owners(reader: Reader) -> list[int]:
    return [row[0] for row in db.rows(HOLD_OWNERS, workspace=reader.workspace.id)]


def allow(reader: Reader, owners: list[int]) -> None:
    """Raise Forbidden unless an owner acts."""
    if reader.person not in owners:
        raise Forbidden("Only an owner can make someone an owner, or an owner anything else.", "owners_only")


def check(role: str) -> None:
    if role not in ROLES:
        raise Invalid(role=f"Choose one of: {', '.join(ROLES)}.")


def note(type: str, reader: Reader, member: Member, **more) -> None:
    """Who is not there any more is told by what they were: that is in the event."""
    what = {"person": member.id, "role": member.role, "email": member.email, **more}
    events.record(type, reader.workspace.id, data=what, **reader.actor())
