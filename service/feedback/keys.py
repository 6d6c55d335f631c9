"""API keys: random, shown once, stored as a hash, each with its scopes. The key names its workspace."""

from datetime import datetime
from typing import NamedTuple

from service import db, events
from service.errors import Forbidden, Invalid, NotFound, RateLimited, Unauthenticated
from service.feedback import counting, limits
from service.feedback.members import Person
from service.feedback.readers import MEMBER, Reader
from service.feedback.workspaces import COLUMNS, Workspace
from service.lib import text, tokens

SCOPES = ("read", "write", "admin")
LONGEST_NAME = 80
LONGEST_YEARS = 100  # until a key expires; what never ends needs no date
PREFIX = 14  # characters of a key that are shown in lists

LIST = """
SELECT id, name, prefix, scopes, person_id, expires_at, used_at, created_at FROM api_key
 WHERE workspace_id = %(workspace)s AND (%(id)s IS NULL OR id = %(id)s) ORDER BY id"""
MAKE = """
INSERT INTO api_key (workspace_id, person_id, name, scopes, prefix, secret_hash, expires_at)
SELECT %(workspace)s, %(person)s, %(name)s, %(scopes)s, %(prefix)s, %(hash)s, %(expires)s
 WHERE %(expires)s IS NULL OR %(expires)s::timestamptz BETWEEN now() AND now() + %(years)s * interval '1 year'
RETURNING id, name, prefix, scopes, person_id, expires_at, used_at, created_at"""
MAKER = "SELECT expires_at FROM api_key WHERE workspace_id = %(workspace)s AND secret_hash = %(hash)s FOR KEY SHARE"
RENAME = """
UPDATE api_key SET name = %(name)s WHERE workspace_id = %(workspace)s AND id = %(id)s AND name <> %(name)s"""
END = """
DELETE FROM api_key WHERE workspace_id = %(workspace)s AND id = %(id)s RETURNING name, prefix, scopes"""
END_NAMED = "DELETE FROM api_key WHERE workspace_id = %(workspace)s AND name = %(name)s"

COUNTED = counting.upsert(counting.completed("found.id", "found"))

# Who a key stands for, its last use (to the minute, which spares a write for every request) and its count of this minute,
# in one round trip. What is not a key of ours counts nothing. It may do no more than its creator may now: `admin`, which
# has the other scopes in it, is left of those two when its creator runs the workspace no longer.
USE = f"""
WITH found AS (
  SELECT * FROM api_key
   WHERE workspace_id = %(workspace)s AND secret_hash = %(hash)s AND (expires_at IS NULL OR expires_at > now())
), used AS (
  UPDATE api_key k SET used_at = now() FROM found
   WHERE k.workspace_id = found.workspace_id AND k.id = found.id
     AND (found.used_at IS NULL OR found.used_at < now() - interval '1 minute')
), counted AS ({COUNTED})
SELECT k.id, CASE WHEN 'admin' <> ALL(k.scopes) OR m.role IN ('owner', 'admin') THEN k.scopes
                  ELSE ARRAY['read', 'write'] END,
       coalesce(counted.hits, 0), coalesce(counted.age, 0), u.id, p.id, p.email, p.name, {COLUMNS}
  FROM found k LEFT JOIN counted ON true JOIN workspace w ON w.id = k.workspace_id JOIN person p ON p.id = k.person_id
  JOIN member m ON m.workspace_id = k.workspace_id AND m.person_id = k.person_id
  LEFT JOIN "user" u ON u.workspace_id = k.workspace_id AND u.external_id = '{MEMBER}' || p.id"""


class Use(NamedTuple):
    """Who speaks through a key, where, and what they may do."""

    id: int
    scopes: list[str]  # of those it was made with, the ones that its creator's role still gives it
    hits: int  # of this minute
    remaining: int  # seconds of it
    user: int | None  # as whom its creator posts and votes, once they did
    person: Person
    workspace: Workspace


class Key(NamedTuple):
    """A key without what makes it one."""

    id: int
    name: str
    prefix: str
    scopes: list[str]
    member: int  # who made it: a person
    expires_at: datetime | None
    used_at: datetime | None
    created_at: datetime

    def facts(self) -> dict:
        """What an event says of it."""
        return {"name": self.name, "prefix": self.prefix, "scopes": self.scopes}


def of(reader: Reader) -> list[Key]:
    """The workspace's keys, the oldest first."""
    return [Key(*row) for row in db.rows(LIST, workspace=reader.workspace.id, id=None)]


def find(reader: Reader, id: int) -> Key:
    """The key of this id, or NotFound."""
    row = db.row(LIST, workspace=reader.workspace.id, id=id)
    if row is None:
        raise NotFound("There is no such key.")
    return Key(*row)


@db.verb
def make(reader: Reader, name: str, scopes: list[str], expires_at: datetime | None = None, *,
         by: str | None = None) -> tuple[Key, str]:  # fmt: skip
    """A new key of the member who acts, and its secret, which is returned this once. It ends with their membership.

    One that is made `by` another key (its secret) ends no later than that one. Raises Invalid with the field that must
    change."""
    said = named(name)
    if not scopes or not set(scopes) <= set(SCOPES):
        raise Invalid(scopes=f"Choose one or more of: {', '.join(SCOPES)}.")
    ordered = [scope for scope in SCOPES if scope in scopes]
    expires_at = within(reader.workspace, expires_at, by)
    made, secret = insert(reader.workspace, reader.person, said, ordered, expires_at)
    events.record("key.created", reader.workspace.id, data=made.facts(), **reader.actor())
    return made, secret


def named(name: str) -> str:
    said = text.fitting(name, LONGEST_NAME, text.tidy_line)
    if not said:
        raise Invalid(name=f"Give it a name of 1–{LONGEST_NAME} characters, e.g. of the program that uses it.")
    return said


def within(workspace: Workspace, expires_at: datetime | None, by: str | None) -> datetime | None:
    """When a key ends that is made `by` this one: by default when that does; Invalid when it would be later."""
    row = by and db.row(MAKER, workspace=workspace.id, hash=tokens.hashed(by))
    latest = row[0] if row else None
    if latest and expires_at and expires_at > latest:
        raise Invalid(expires_at="Choose a moment no later than that at which the key ends that makes this one.")
    return expires_at or latest


@db.verb
def rename(reader: Reader, id: int, name: str) -> Key:
    """Give a key another name; the same again is no change. NotFound when there is none."""
    if db.changed(RENAME, workspace=reader.workspace.id, id=id, name=named(name)):
        events.record("key.updated", reader.workspace.id, data=find(reader, id).facts(), **reader.actor())
    return find(reader, id)


@db.verb
def end(reader: Reader, id: int) -> None:
    """End a key. NotFound when there is none, so the second time too."""
    row = db.row(END, workspace=reader.workspace.id, id=id)
    if row is None:
        raise NotFound("There is no such key.")
    name, prefix, scopes = row
    data = {"name": name, "prefix": prefix, "scopes": scopes}
    events.record("key.deleted", reader.workspace.id, data=data, **reader.actor())


@db.verb
def create(workspace: Workspace, person: Person, name: str, scopes: tuple[str, ...] = SCOPES) -> str:
    """A new key for a test or a command, returned this once. Several may have the same name."""
    return insert(workspace, person.id, name, list(scopes))[1]


@db.verb
def replace(workspace: Workspace, person: Person, name: str) -> str:
    """A new key of this name with every scope, returned this once; those that had it end."""
    db.changed(END_NAMED, workspace=workspace.id, name=name)
    made, secret = insert(workspace, person.id, name, list(SCOPES))
    events.record("key.created", workspace.id, person=person.id, data=made.facts())
    return secret


def insert(workspace: Workspace, person: int, name: str, scopes: list[str], expires_at: datetime | None = None) -> tuple:
    secret = f"sk_{workspace.id}_{tokens.secret()}"
    row = db.row(MAKE, workspace=workspace.id, person=person, name=name, scopes=scopes, prefix=secret[:PREFIX],
                 hash=tokens.hashed(secret), expires=expires_at, years=LONGEST_YEARS)  # fmt: skip
    if row is None:
        raise Invalid(expires_at=f"Choose a moment in the next {LONGEST_YEARS} years, or none.")
    return Key(*row), secret


def use(key: str) -> Use:
    """Who this key stands for, counted; Unauthenticated when it is none of ours, revoked or expired."""
    prefix, _, rest = key.partition("_")
    workspace = rest.partition("_")[0]
    looks_right = prefix == "sk" and workspace.isascii() and workspace.isdigit() and len(workspace) < 19
    place = {"workspace": int(workspace), "hash": tokens.hashed(key)} if looks_right and key.isprintable() else None
    found = place and counting.carried(USE, [limits.API.of(place["workspace"], "*")], **place)
    if not found:
        raise Unauthenticated("This API key is not valid; send one as “Authorization: Bearer sk_…”.", "key_invalid")
    id, scopes, hits, age, user, *row = found[0]
    return Use(id, scopes, hits, counting.remaining(limits.API, age), user, Person(*row[:3]), Workspace(*row[3:]))


def check(use: Use) -> None:
    """Raise RateLimited when this was one request too many of its key."""
    if use.hits > limits.API.most:
        raise RateLimited(use.remaining)


def require(use: Use, scope: str) -> None:
    """Raise Forbidden unless the key has this scope; `admin` has them all."""
    if scope not in use.scopes and "admin" not in use.scopes:
        raise Forbidden(f"This API key lacks the scope “{scope}”.", "scope_missing")
