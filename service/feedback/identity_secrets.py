"""The secrets with which a customer's server signs its users' tokens: two at a time vouch for people, sealed at rest.

Every session that a token is traded for names the secret that signed it, and holds while its row is there. So ending a
secret signs out whom it vouched for; one whose time is over vouches for nobody new, and its sessions run out.

A session by a link to an address that a token told names that token's secret, too. And what an ended secret told of
addresses is not believed any more (user_links.KNOWN), while one whose time ran out told the truth."""

import secrets
from datetime import datetime
from typing import NamedTuple

from service import db, events
from service.errors import Conflict, Invalid, NotFound, Unauthenticated
from service.feedback import users
from service.feedback.readers import Reader
from service.feedback.users import User
from service.feedback.workspaces import Workspace
from service.lib import identity, sealing, token_checks, tokens
from service.lib.token_checks import Check

MOST = 2  # that vouch at a time
OVERLAPS = {"1": "1 hour", "24": "1 day", "168": "7 days", "720": "30 days"}  # hours that a former one goes on
USUAL_OVERLAP = "168"
VOUCHES = "(ends_at IS NULL OR ends_at > now())"

# One at a time, or two members at once would leave more than two that vouch.
HOLD = "SELECT FROM workspace WHERE id = %(workspace)s FOR NO KEY UPDATE"
MAKE = "INSERT INTO identity_secret (workspace_id, kid, sealed) VALUES (%(workspace)s, %(kid)s, %(sealed)s)"
# Who makes another meanwhile does not have one go on that was to end sooner.
LIMIT = f"""
UPDATE identity_secret SET ends_at = least(ends_at, now() + %(hours)s * interval '1 hour')
 WHERE workspace_id = %(workspace)s AND kid <> %(kid)s AND {VOUCHES} RETURNING kid"""
# Not noted with the users whose addresses it told, of whom there may be a great many.
END = f"""
WITH ended AS (
  DELETE FROM identity_secret WHERE workspace_id = %(workspace)s AND kid = %(kid)s RETURNING kid, {VOUCHES} AS vouched
), noted AS (
  UPDATE workspace SET revoked_kids = array_append(revoked_kids, ended.kid) FROM ended WHERE id = %(workspace)s
)
SELECT vouched FROM ended"""
LIST = f"""
SELECT kid, created_at, used_at, ends_at, {VOUCHES} FROM identity_secret WHERE workspace_id = %(workspace)s
 ORDER BY {VOUCHES} DESC, created_at DESC, kid"""
# What vouches, whether it was used within this minute, and whether this token has counted already.
SEALED = f"""
SELECT kid, sealed, {VOUCHES}, ends_at, used_at > now() - interval '1 minute',
       EXISTS (SELECT FROM spent_token WHERE workspace_id = %(workspace)s AND digest = %(digest)s)
  FROM identity_secret WHERE workspace_id = %(workspace)s ORDER BY created_at DESC, kid"""
USED = "UPDATE identity_secret SET used_at = now() WHERE workspace_id = %(workspace)s AND kid = %(kid)s"
SPEND = """
INSERT INTO spent_token (workspace_id, digest) VALUES (%(workspace)s, %(digest)s)
ON CONFLICT ON CONSTRAINT a_token_is_spent_once DO NOTHING"""


class Secret(NamedTuple):
    """A secret without what makes it one."""

    kid: str
    created_at: datetime
    used_at: datetime | None  # when it last vouched for somebody, to the minute
    ends_at: datetime | None  # from when it vouches for nobody new
    vouches: bool


class Sealed(NamedTuple):
    kid: str
    sealed: str
    vouches: bool
    ends_at: datetime | None
    is_noted: bool  # its last use, already in this minute
    is_spent: bool  # the token that was asked about


class Vouched(NamedTuple):
    """Whom a token of the customer's names, by which secret, and when it was signed."""

    user: User
    kid: str
    issued: int


@db.verb
def make(reader: Reader, overlap: str = USUAL_OVERLAP) -> tuple[str, str]:
    """A new secret, shown this once, as (kid, secret). The one before it vouches on for so many hours, one of OVERLAPS.
    Conflict when two vouch already: whoever made the second is still changing over."""
    if overlap not in OVERLAPS:
        raise Invalid(overlap="Choose one of the list.")
    kid, secret, former = insert(reader.workspace, overlap)
    events.record("identity_secret.created", reader.workspace.id, data={"kid": kid, "former": former}, **reader.actor())
    return kid, secret


@db.verb
def create(workspace: Workspace, overlap: str = USUAL_OVERLAP) -> tuple[str, str]:
    """A new secret for a test or a command, as `make` does it, but nobody's deed."""
    return insert(workspace, overlap)[:2]


def insert(workspace: Workspace, overlap: str) -> tuple[str, str, list[str]]:
    kid, secret = f"k_{secrets.token_hex(4)}", tokens.secret()
    db.row(HOLD, workspace=workspace.id)
    if len(kids(workspace)) >= MOST:
        raise Conflict("Two secrets are active already. End one first.", "two_secrets")
    db.changed(MAKE, workspace=workspace.id, kid=kid, sealed=sealing.seal(secret))
    former = db.rows(LIMIT, workspace=workspace.id, kid=kid, hours=int(overlap))
    return kid, secret, [name for (name,) in former]


@db.verb
def end(reader: Reader, kid: str) -> None:
    """End a secret at once: its tokens are refused, whom it vouched for is signed out, and an address that it told signs
    nobody in until it is told again. NotFound when there is none, so the second time too."""
    db.row(HOLD, workspace=reader.workspace.id)
    row = db.row(END, workspace=reader.workspace.id, kid=kid)
    if row is None:
        raise NotFound("There is no such secret.")
    events.record("identity_secret.ended", reader.workspace.id, data={"kid": kid, "vouched": row[0]}, **reader.actor())


def of(reader: Reader) -> list[Secret]:
    """Those that vouch, the newest first, then those whose time is over and whose sessions run out."""
    return [Secret(*row) for row in db.rows(LIST, workspace=reader.workspace.id)]


def kids(workspace: Workspace) -> list[str]:
    """The names of the secrets that vouch, the newest first."""
    return [each.kid for each in kept(workspace) if each.vouches]


def reveal(workspace: Workspace) -> dict[str, str]:
    """The secrets that vouch by kid, for signing a token."""
    return unsealed(each for each in kept(workspace) if each.vouches)


def kept(workspace: Workspace, digest: bytes | None = None) -> list[Sealed]:
    return [Sealed(*row) for row in db.rows(SEALED, workspace=workspace.id, digest=digest)]


def unsealed(found) -> dict[str, str]:
    opened = {each.kid: sealing.unseal(each.sealed) for each in found}
    return {kid: secret for kid, secret in opened.items() if secret}


def examine(workspace: Workspace, token: str) -> list[Check]:
    """What is right and wrong with a token that a developer pasted, claim by claim. It is neither kept nor told to anyone,
    and makes no user."""
    found = kept(workspace, digest(token.strip()))
    vouching, over = (unsealed(each for each in found if each.vouches is wanted) for wanted in (True, False))
    ends = {each.kid: each.ends_at for each in found if each.ends_at}
    checks = token_checks.examine(token, workspace.public_id, vouching, over=over, ends=ends)
    checks = [reserved(check) if check.name == "sub" and check.ok else check for check in checks]
    if checks[-1].ok and any(each.is_spent for each in found):
        checks.append(Check("Others", False, f"{SPENT} Sign a new one for every sign-in."))
    return checks


def reserved(check: Check) -> Check:
    if check.sentence.startswith(users.RESERVED):
        return Check("sub", False, f"It must not begin with {', '.join(users.RESERVED)}: such ids are ours.")
    return check


SPENT = "It came in an address, where a token counts once, and has been used."


def trade(workspace: Workspace, user_token: str) -> Vouched:
    """Whom the customer's token names; Unauthenticated says what is wrong with it."""
    claims, kid = vouch(workspace, user_token, "token_expired")
    return Vouched(users.identify(workspace, claims, kid), kid, claims["iat"])


@db.verb
def trade_once(workspace: Workspace, user_token: str) -> Vouched:
    """The same for a token that came in an address, which others may have seen: it counts once, however its signature is
    spelt. Unauthenticated (`token_spent`) from then on."""
    claims, kid = vouch(workspace, user_token, "token_spent")
    if not db.changed(SPEND, workspace=workspace.id, digest=digest(user_token)):
        raise spent("token_spent")
    return Vouched(users.identify(workspace, claims, kid), kid, claims["iat"])


def vouch(workspace: Workspace, user_token: str, code: str) -> tuple[dict, str]:
    """The claims of a token that has not been spent, and the kid of its secret, whose use is noted."""
    found = {each.kid: each for each in kept(workspace, digest(user_token))}
    claims, kid = identity.verify(
        user_token, workspace.public_id, unsealed(each for each in found.values() if each.vouches)
    )
    if found[kid].is_spent:
        raise spent(code)
    if not found[kid].is_noted:
        db.changed(USED, workspace=workspace.id, kid=kid)
    return claims, kid


def spent(code: str) -> Unauthenticated:
    return Unauthenticated("This user token came in an address and has been used; sign a new one.", code)


def digest(user_token: str) -> bytes:
    """What a token is known by: its signed part. A signature has several spellings."""
    return tokens.hashed(user_token.strip().rpartition(".")[0].encode(errors="replace"))
