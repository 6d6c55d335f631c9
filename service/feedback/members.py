"""The customer's team: people who sign in, and the workspaces they belong to."""

from typing import NamedTuple

from peewee import fn

from service import db, events, installation
from service.errors import Invalid, NotFound
from service.feedback import limits, plan_limits, workspaces
from service.feedback.workspaces import Workspace
from service.models import Member

KNOW = """
INSERT INTO person (email, name) VALUES (%(email)s, %(name)s)
ON CONFLICT (lower(email)) DO UPDATE SET email = person.email RETURNING id, email, name"""
ON_FILE = "SELECT email FROM person WHERE lower(email) = lower(%(email)s)"
NAMED = "SELECT coalesce(nullif(name, ''), email) FROM person WHERE id = %(id)s"
THEIR_WORKSPACES = """
SELECT w.name, w.slug FROM member m JOIN workspace w ON w.id = m.workspace_id
 WHERE m.person_id = %(person)s AND m.joined_at IS NOT NULL ORDER BY m.joined_at DESC"""
ROLE = """
SELECT role FROM member WHERE workspace_id = %(workspace)s AND person_id = %(person)s AND joined_at IS NOT NULL"""
JOIN = """
UPDATE member SET joined_at = now(), invitation_hash = NULL
 WHERE workspace_id = %(workspace)s AND person_id = %(person)s AND joined_at IS NULL"""
# who was only invited: to say anything of them would say that we know them
HOLD = """
SELECT FROM member WHERE workspace_id = %(workspace)s AND person_id = %(person)s AND joined_at IS NOT NULL FOR KEY SHARE"""
ADDRESS = """(
  SELECT {0}.email FROM member known
   WHERE known.workspace_id = {1} AND known.person_id = {0}.id AND known.joined_at IS NOT NULL)"""
NOBODY_YET = "SELECT NOT EXISTS (SELECT FROM person WHERE email <> %(demo)s)"
STANDS_IN = "SELECT FROM person WHERE id = %(person)s AND email = %(demo)s"
DEMO_OWNER = "demo@sayso.example"  # owns what `sayso demo` makes, and is nobody


class Person(NamedTuple):
    id: int
    email: str
    name: str


class Place(NamedTuple):
    """A workspace as the switcher shows it."""

    name: str
    slug: str


def address(person: str, workspace: str = "%(workspace)s") -> str:
    """SQL: the e-mail address of the person of this alias while they are of the team, else NULL: which one they have later
    is no business of it."""
    return ADDRESS.format(person, workspace)


def person(email: str, name: str = "") -> Person:
    """The person with this address, made when they are new."""
    return Person(*db.row(KNOW, email=email, name=name))


@db.verb
def found(name: str, founder: Person) -> Workspace:
    """A new workspace of this name, owned by its founder; RateLimited when they made too many today, Invalid when the plan
    of what they own has no room for one more."""
    plan_limits.expect_place(founder.id)
    limits.new_workspace(founder.id)
    workspace = workspaces.create(name)
    add(workspace, founder, "owner")
    return workspace


@db.verb
def add(workspace: Workspace, person: Person, role: str = "member") -> None:
    """Have a person join a workspace that they know of; who is in already keeps their role. (Others: team.invite.)"""
    row = {"workspace_id": workspace.id, "person_id": person.id, "role": role, "joined_at": fn.now()}
    Member.insert(row).on_conflict_ignore().execute()


def hold(workspace: Workspace, person_id: int) -> None:
    """Keep this member from being removed until the transaction ends; Invalid when they are not of the team."""
    if db.row(HOLD, workspace=workspace.id, person=person_id) is None:
        raise Invalid(member="There is no such member.")


def on_file(email: str) -> str | None:
    """How we write this address, if we know a person of it."""
    row = db.row(ON_FILE, email=email)
    return row and row[0]


def named(id: int | None) -> str:
    """What we call a person in a letter: their name, or their address; empty when there is no such person."""
    row = id and db.row(NAMED, id=id)
    return row[0] if row else ""


def places(person: Person) -> list[Place]:
    """The workspaces that a person has joined, the newest membership first."""
    return [Place(*row) for row in db.rows(THEIR_WORKSPACES, person=person.id)]


def enter(workspace: Workspace, person: Person) -> str:
    """The role of a person who opens a workspace. NotFound when they are not of this team, or only invited to it, as if
    there were no such workspace."""
    row = db.row(ROLE, workspace=workspace.id, person=person.id)
    if row is None:
        raise NotFound("There is no such workspace.")
    return row[0]


@db.verb
def join(workspace_id: int, person: Person, role: str) -> None:
    """Have who was invited be in the team, as `role`; who has joined already has."""
    if db.changed(JOIN, workspace=workspace_id, person=person.id):
        data = {"person": person.id, "role": role, "email": person.email}
        events.record("member.joined", workspace_id, person=person.id, data=data)


def is_operator(person: Person) -> bool:
    """Whether they run this server, and so see how it fares."""
    return installation.operator_id() == person.id


def stands_in(operator: int | None) -> bool:
    """Whether this is the demo's owner, who runs the server only until somebody does."""
    return operator is not None and db.row(STANDS_IN, person=operator, demo=DEMO_OWNER) is not None


def is_nobody_yet() -> bool:
    """Whether this installation still waits for its first person."""
    return db.row(NOBODY_YET, demo=DEMO_OWNER)[0]
