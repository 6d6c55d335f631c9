"""The secrets with which a customer's server signs its users' tokens: at most two at a time, sealed at rest."""

import secrets

from service import db, models
from service.feedback import users
from service.feedback.users import User
from service.feedback.workspaces import Workspace
from service.lib import identity, sealing, token_checks, tokens
from service.lib.token_checks import Check
from service.models import IdentitySecret

MOST = 2


@db.verb
def create(workspace: Workspace) -> tuple[str, str]:
    """A new secret, shown this once, as (kid, secret). The one before it stays valid, older ones end."""
    kid, secret = f"k_{secrets.token_hex(4)}", tokens.secret()
    # one at a time, or two members at once would leave more than two active
    models.Workspace.select().where(models.Workspace.id == workspace.id).for_update("FOR NO KEY UPDATE").execute()
    IdentitySecret.insert(workspace_id=workspace.id, kid=kid, sealed=sealing.seal(secret)).execute()
    retired = kids(workspace)[MOST:]
    IdentitySecret.delete().where(IdentitySecret.workspace_id == workspace.id, IdentitySecret.kid.in_(retired)).execute()
    return kid, secret


def kids(workspace: Workspace) -> list[str]:
    """The names of the active secrets, the newest first."""
    return [row.kid for row in active(workspace)]


def reveal(workspace: Workspace) -> dict[str, str]:
    """The active secrets by kid, for verifying a token."""
    found = {row.kid: sealing.unseal(row.sealed) for row in active(workspace)}
    return {kid: secret for kid, secret in found.items() if secret}


def active(workspace: Workspace):
    newest = IdentitySecret.created_at.desc(), IdentitySecret.kid
    return IdentitySecret.select().where(IdentitySecret.workspace_id == workspace.id).order_by(*newest)


def examine(workspace: Workspace, token: str) -> list[Check]:
    """What is right and wrong with a token that a developer pasted, claim by claim. It is neither kept nor told to anyone,
    and makes no user."""
    checks = token_checks.examine(token, workspace.public_id, reveal(workspace))
    return [reserved(check) if check.name == "sub" and check.ok else check for check in checks]


def reserved(check: Check) -> Check:
    if check.sentence.startswith(users.RESERVED):
        return Check("sub", False, f"It must not begin with {', '.join(users.RESERVED)}: such ids are ours.")
    return check


def trade(workspace: Workspace, user_token: str) -> User:
    """The user whom the customer's token names; Unauthenticated says what is wrong with it."""
    return users.identify(workspace, identity.verify(user_token, workspace.public_id, reveal(workspace)))
