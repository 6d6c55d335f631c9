"""API keys: random, shown once, stored as a hash, each with its scopes. The key names its workspace."""

from typing import NamedTuple

from service import db
from service.errors import Forbidden, Unauthenticated
from service.feedback import limits
from service.feedback.members import Person
from service.feedback.workspaces import COLUMNS, Workspace
from service.lib import tokens
from service.models import ApiKey

SCOPES = ("read", "write", "admin")

# Who a key stands for, its last use (to the minute, which spares a write for every request) and its count of this minute,
# in one round trip. What is not a key of ours counts nothing.
USE = f"""
WITH found AS (
  SELECT * FROM api_key
   WHERE workspace_id = %(workspace)s AND secret_hash = %(hash)s AND (expires_at IS NULL OR expires_at > now())
), used AS (
  UPDATE api_key k SET used_at = now() FROM found
   WHERE k.workspace_id = found.workspace_id AND k.id = found.id
     AND (found.used_at IS NULL OR found.used_at < now() - interval '1 minute')
), counted AS ({limits.counting("(SELECT 'key:' || id AS key FROM found) AS named")})
SELECT k.id, k.scopes, counted.hits, counted.remaining, u.id, p.id, p.email, p.name, {COLUMNS}
  FROM counted, found k JOIN workspace w ON w.id = k.workspace_id JOIN person p ON p.id = k.person_id
  LEFT JOIN "user" u ON u.workspace_id = k.workspace_id AND u.external_id = 'sayso-member-' || p.id"""


class Use(NamedTuple):
    """Who speaks through a key, where, and what they may do."""

    id: int
    scopes: list[str]
    hits: int  # of this minute
    remaining: int  # seconds of it
    user: int | None  # as whom its creator posts and votes, once they did
    person: Person
    workspace: Workspace


@db.verb
def create(workspace: Workspace, person: Person, name: str, scopes: tuple[str, ...] = SCOPES) -> str:
    """A new key, returned this once. Several may have the same name."""
    secret = f"sk_{workspace.id}_{tokens.secret()}"
    ApiKey.insert(
        workspace_id=workspace.id, person_id=person.id, name=name, scopes=list(scopes), prefix=secret[:14],
        secret_hash=tokens.hashed(secret),
    ).execute()  # fmt: skip
    return secret


@db.verb
def revoke(workspace: Workspace, name: str) -> None:
    """End the keys of this name."""
    ApiKey.delete().where(ApiKey.workspace_id == workspace.id, ApiKey.name == name).execute()


@db.verb
def replace(workspace: Workspace, person: Person, name: str) -> str:
    """A new key of this name, returned this once; those that had it end."""
    revoke(workspace, name)
    return create(workspace, person, name)


def use(key: str) -> Use:
    """Who this key stands for, counted; Unauthenticated when it is none of ours, revoked or expired."""
    prefix, _, rest = key.partition("_")
    workspace = rest.partition("_")[0]
    looks_right = prefix == "sk" and workspace.isascii() and workspace.isdigit() and len(workspace) < 19
    place = {"workspace": int(workspace), "hash": tokens.hashed(key)} if looks_right and key.isprintable() else None
    row = place and db.row(USE, **place, seconds=limits.MINUTE)
    if not row:
        raise Unauthenticated("This API key is not valid; send one as “Authorization: Bearer sk_…”.", "key_invalid")
    return Use(*row[:5], Person(*row[5:8]), Workspace(*row[8:]))


def require(use: Use, scope: str) -> None:
    """Raise Forbidden unless the key has this scope; `admin` has them all."""
    if scope not in use.scopes and "admin" not in use.scopes:
        raise Forbidden(f"This API key lacks the scope “{scope}”.", "scope_missing")
