"""API keys: random, shown once, stored as a hash, each with its scopes. The key names its workspace."""

from typing import NamedTuple

from service import db
from service.db import database
from service.errors import Forbidden, Unauthenticated
from service.feedback.members import Person
from service.feedback.workspaces import Workspace
from service.lib import tokens

SCOPES = ("read", "write", "admin")

ADD = """
INSERT INTO api_key (workspace_id, name, prefix, secret_hash, scopes, person_id)
VALUES (%(workspace)s, %(name)s, %(prefix)s, %(hash)s, %(scopes)s, %(person)s)"""
REPLACE = "DELETE FROM api_key WHERE workspace_id = %(workspace)s AND name = %(name)s"
USE = """
UPDATE api_key k SET used_at = now() FROM workspace w, person p
 WHERE k.workspace_id = %(workspace)s AND k.secret_hash = %(hash)s AND w.id = k.workspace_id AND p.id = k.person_id
   AND (k.expires_at IS NULL OR k.expires_at > now())
RETURNING k.id, k.scopes, p.id, p.email, p.name,
          w.id, w.public_id, w.slug, w.name, w.language::text, w.origins, w.key_generation, w.key_oldest"""


class Use(NamedTuple):
    """Who speaks through a key, where, and what they may do."""

    id: int
    scopes: list[str]
    person: Person
    workspace: Workspace


@database.atomic()
def create(workspace: Workspace, person: Person, name: str, scopes: tuple[str, ...] = SCOPES) -> str:
    """A new key of this name, returned this once; an older key of the same name ends."""
    secret = f"sk_{workspace.id}_{tokens.secret()}"
    db.changed(REPLACE, workspace=workspace.id, name=name)
    db.changed(ADD, workspace=workspace.id, name=name, prefix=secret[:14], hash=tokens.hashed(secret),
               scopes=list(scopes), person=person.id)  # fmt: skip
    return secret


def use(key: str, scope: str) -> Use:
    """Who this key stands for; Unauthenticated when it is none of ours or expired, Forbidden without the scope."""
    prefix, _, rest = key.partition("_")
    workspace = rest.partition("_")[0]
    looks_right = prefix == "sk" and workspace.isascii() and workspace.isdigit() and len(workspace) < 19
    row = db.row(USE, workspace=int(workspace), hash=tokens.hashed(key)) if looks_right and key.isprintable() else None
    if row is None:
        raise Unauthenticated("This API key is not valid; send one as “Authorization: Bearer sk_…”.", "key_invalid")
    found = Use(row[0], row[1], Person(*row[2:5]), Workspace(*row[5:]))
    if scope not in found.scopes and "admin" not in found.scopes:
        raise Forbidden(f"This API key lacks the scope “{scope}”.", "scope_missing")
    return found
