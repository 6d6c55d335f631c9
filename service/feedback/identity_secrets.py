"""The secrets with which a customer's server signs its users' tokens: at most two at a time, sealed at rest."""

import secrets

from service import db
from service.feedback import users
from service.feedback.users import User
from service.feedback.workspaces import Workspace
from service.lib import identity, sealing, tokens

MOST = 2

ADD = "INSERT INTO identity_secret (workspace_id, kid, sealed) VALUES (%(workspace)s, %(kid)s, %(sealed)s)"
LIST = "SELECT kid, sealed FROM identity_secret WHERE workspace_id = %(workspace)s ORDER BY created_at DESC, kid"
RETIRE = """
DELETE FROM identity_secret WHERE workspace_id = %(workspace)s AND kid NOT IN (
  SELECT kid FROM identity_secret WHERE workspace_id = %(workspace)s ORDER BY created_at DESC, kid LIMIT %(most)s)"""


@db.verb
def create(workspace: Workspace) -> tuple[str, str]:
    """A new secret, shown this once, as (kid, secret). The one before it stays valid, older ones end."""
    kid, secret = f"k_{secrets.token_hex(4)}", tokens.secret()
    db.changed(ADD, workspace=workspace.id, kid=kid, sealed=sealing.seal(secret))
    db.changed(RETIRE, workspace=workspace.id, most=MOST)
    return kid, secret


def kids(workspace: Workspace) -> list[str]:
    """The names of the active secrets, the newest first."""
    return [kid for kid, _ in db.rows(LIST, workspace=workspace.id)]


def reveal(workspace: Workspace) -> dict[str, str]:
    """The active secrets by kid, for verifying a token."""
    found = {kid: sealing.unseal(sealed) for kid, sealed in db.rows(LIST, workspace=workspace.id)}
    return {kid: secret for kid, secret in found.items() if secret}


def trade(workspace: Workspace, user_token: str) -> User:
    """The user whom the customer's token names; Unauthenticated says what is wrong with it."""
    return users.identify(workspace, identity.verify(user_token, workspace.public_id, reveal(workspace)))
