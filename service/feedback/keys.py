"""API keys: random, shown once, stored as a hash, each with its scopes. The key names its workspace."""

from typing import NamedTuple

from service import db
from service.errors import Forbidden, Unauthenticated
from service.feedback.members import Person
from service.feedback.workspaces import COLUMNS, Workspace
from service.lib import tokens
from service.models import ApiKey

SCOPES = ("read", "write", "admin")

USE = f"""
SELECT k.id, k.scopes, k.used_at IS NULL OR k.used_at < now() - interval '1 minute', p.id, p.email, p.name,
       {COLUMNS}
  FROM api_key k JOIN workspace w ON w.id = k.workspace_id JOIN person p ON p.id = k.person_id
 WHERE k.workspace_id = %(workspace)s AND k.secret_hash = %(hash)s AND (k.expires_at IS NULL OR k.expires_at > now())"""
USED = "UPDATE api_key SET used_at = now() WHERE workspace_id = %(workspace)s AND id = %(id)s"


class Use(NamedTuple):
    """Who speaks through a key, where, and what they may do."""

    id: int
    scopes: list[str]
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


def use(key: str, scope: str) -> Use:
    """Who this key stands for; Unauthenticated when it is none of ours or expired, Forbidden without the scope."""
    prefix, _, rest = key.partition("_")
    workspace = rest.partition("_")[0]
    looks_right = prefix == "sk" and workspace.isascii() and workspace.isdigit() and len(workspace) < 19
    row = db.row(USE, workspace=int(workspace), hash=tokens.hashed(key)) if looks_right and key.isprintable() else None
    if row is None:
        raise Unauthenticated("This API key is not valid; send one as “Authorization: Bearer sk_…”.", "key_invalid")
    found = Use(row[0], row[1], Person(*row[3:6]), Workspace(*row[6:]))
    if row[2]:  # its last use is known to the minute, which spares a write for every request
        db.changed(USED, workspace=found.workspace.id, id=found.id)
    if scope not in found.scopes and "admin" not in found.scopes:
        raise Forbidden(f"This API key lacks the scope “{scope}”.", "scope_missing")
    return found
