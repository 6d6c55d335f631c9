"""Links by which somebody shows that an address is theirs: to sign in to a workspace's public face (once, soon, in the
browser that asked), and to be told of what it publishes (within a week, in any)."""

import secrets
from typing import NamedTuple

from service import db, events, jobs, words
from service.errors import Forbidden, Unauthenticated
from service.feedback import blocked_addresses, claims, letters, limits, mailings, suppressions, users, workspaces
from service.feedback.sign_in import ELSEWHERE, GONE, MINUTES, checked
from service.feedback.users import User
from service.feedback.workspaces import Workspace
from service.lib import tokens

SIGN_IN, SUBSCRIBE = "sign_in", "subscribe"  # purposes
DAYS = 7  # in which a link that subscribes works; one to sign in does for sign_in.MINUTES
SEND = "user_link.send"  # kind of the job that writes and sends the letter
PLACES = {SIGN_IN: "sign-in", SUBSCRIBE: "subscribe"}  # of the pages behind the links
LABELS = {SIGN_IN: "Sign-in link", SUBSCRIBE: "Link to subscribe"}

HOLDS = f"""workspace_id = %(workspace)s AND created_at > now() - CASE purpose
       WHEN '{SIGN_IN}' THEN interval '{MINUTES} minutes' ELSE interval '{DAYS} days' END"""
WITHDRAW = f"""
DELETE FROM user_link WHERE workspace_id = %(workspace)s AND purpose = '{SIGN_IN}' AND browser_hash = %(browser)s
   AND used_at IS NULL"""
MAKE = """
INSERT INTO user_link (workspace_id, purpose, email, browser_hash, locale, place)
VALUES (%(workspace)s, %(purpose)s, %(email)s, %(browser)s, %(locale)s, %(place)s) RETURNING id"""
ARM = f"""
UPDATE user_link SET token_hash = %(token)s WHERE id = %(id)s AND used_at IS NULL AND {HOLDS}
RETURNING purpose, email, locale"""
LOOK = f"""
SELECT email, browser_hash, used_at IS NOT NULL FROM user_link
 WHERE token_hash = %(token)s AND purpose = %(purpose)s AND {HOLDS}"""
USE = f"""
UPDATE user_link SET used_at = now()
 WHERE token_hash = %(token)s AND purpose = %(purpose)s AND used_at IS NULL AND {HOLDS} RETURNING email, place, locale"""
# Whoever is of the team has a user of their own, whom nobody becomes by a link to a customer's user. Nor does anybody become
# a user whose address a secret told that somebody ended: it may be a thief's. One that ran out, and is gone by now, told the
# truth, and no session hangs on it.
KNOWN = f"""
SELECT u.id, u.external_id, u.kind, u.name, u.email, u.session_version, u.blocked_at IS NOT NULL, u.locale,
       (SELECT i.kid FROM identity_secret i WHERE i.workspace_id = u.workspace_id AND i.kid = u.email_kid),
       u.signed_in_at IS NOT NULL
  FROM "user" u
 WHERE u.workspace_id = %(workspace)s AND lower(u.email) = lower(%(email)s) AND u.kind IN ('guest', 'identified')
   AND {claims.BELIEVED}
 ORDER BY u.last_seen_at DESC, u.id DESC"""
# Whoever was a guest with this address before may have left one that is not theirs: their sessions end with its first proof,
# whoever is signed in by that.
ENTER = """
WITH unproven AS (
  UPDATE "user" SET session_version = session_version + 1
   WHERE workspace_id = %(workspace)s AND lower(email) = lower(%(email)s) AND kind = 'guest' AND signed_in_at IS NULL
     AND id <> %(user)s
)
UPDATE "user" SET last_seen_at = now(), signed_in_at = now(),
       network_tag = CASE kind WHEN 'guest' THEN coalesce(%(network)s, network_tag) END,
       session_version = session_version + CASE WHEN kind = 'guest' AND signed_in_at IS NULL THEN 1 ELSE 0 END
 WHERE workspace_id = %(workspace)s AND id = %(user)s RETURNING session_version"""
# So that of two links that are used at once only one makes a guest.
ONE_AT_A_TIME = "SELECT FROM workspace_counter WHERE workspace_id = %(workspace)s FOR NO KEY UPDATE"

BLOCKED = "The team has blocked you here."


class Armed(NamedTuple):
    """A link on its way."""

    purpose: str
    email: str
    locale: str
    secret: str


class Known(NamedTuple):
    """Somebody who has an address."""

    user: User
    kid: str | None  # of the secret that told it, while that is there
    is_proven: bool  # by a link that signed them in before


class Entered(NamedTuple):
    """Who signs in by a link, and where they wanted to go. If a secret told their address, they stay while it is there."""

    user: User
    place: str
    kid: str | None


@db.verb
def ask(workspace: Workspace, email: str, *, browser: str, place: str, locale: str, home: str, network: str) -> str:
    """Have a link sent to `email` that signs in `browser` (its random cookie) and leads to `place`; returns the tidied
    address. `home` is where the workspace stands, to whoever asks. The browser's older links die. Nothing tells whether the
    address is known, or blocked, and then there is no letter. Raises Invalid, or RateLimited."""
    known = checked(email)
    limits.user_sign_in(workspace.id, known, network)
    db.changed(WITHDRAW, workspace=workspace.id, browser=tokens.hashed(browser))
    if blocked_addresses.takes(workspace.id, known):
        send_one(workspace, SIGN_IN, known, tokens.hashed(browser), locale, home, place)
    return known


@db.verb
def ask_to_subscribe(workspace: Workspace, email: str, *, locale: str, home: str, network: str) -> str:
    """Have a link sent to `email` that subscribes it to what is published; returns the tidied address. Too many
    letters, or a blocked address: nothing happens, and whoever asked does not learn that. Raises Invalid."""
    known = checked(email)
    if blocked_addresses.takes(workspace.id, known) and limits.allows_guest_letter(workspace.id, known, network):
        send_one(workspace, SUBSCRIBE, known, None, locale, home)
    return known


def send_one(workspace: Workspace, purpose: str, email: str, browser: bytes | None, locale: str, home: str,
             place: str = "") -> None:  # fmt: skip
    [link] = db.row(MAKE, workspace=workspace.id, purpose=purpose, email=email, browser=browser, locale=locale, place=place)
    jobs.enqueue(SEND, workspace.id, queue=letters.QUEUE, link=link, home=home)


def arm(workspace_id: int, link: int) -> Armed | None:
    """Give a link its secret, at the moment it is sent, so that it is stored nowhere; None when it was used, withdrawn or
    is too old. Arming again replaces the secret."""
    secret = tokens.secret()
    row = db.row(ARM, workspace=workspace_id, id=link, token=tokens.hashed(secret))
    return row and Armed(*row, secret)


def send(job: jobs.Job) -> None:
    """Write and send the letter with a link, which is kept nowhere."""
    armed = arm(job.workspace_id, job.args["link"])
    if armed:
        url = f"{job.args['home']}/{PLACES[armed.purpose]}/{armed.secret}"
        written = write(workspaces.find(job.workspace_id), armed, url)._replace(way_in=url, label=LABELS[armed.purpose])
        letters.deliver(armed.email, written, f"user-link.{job.workspace_id}.{job.args['link']}")


def write(workspace: Workspace, armed: Armed, url: str) -> letters.Written:
    """In the language of the page on which they asked."""
    said = words.chosen(armed.locale)
    if armed.purpose == SUBSCRIBE:
        subject = said.say("letterSubscribe", workspace.name)
        return letters.write("subscribe", subject, workspace=workspace, words=said, url=url, days=DAYS)
    subject = said.say("signInTo", workspace.name)
    return letters.write("user_link", subject, workspace=workspace, words=said, url=url, minutes=MINUTES)


def look(workspace: Workspace, secret: str, browser: str) -> str:
    """Whose link to sign in this is, without using it up; Unauthenticated (`link_gone`, `other_browser`) when it does not
    hold."""
    row = db.row(LOOK, workspace=workspace.id, token=tokens.hashed(secret), purpose=SIGN_IN)
    if row is None or row[2]:
        raise Unauthenticated(GONE, "link_gone")
    if not tokens.same(bytes(row[1]), tokens.hashed(browser)):
        raise Unauthenticated(ELSEWHERE, "other_browser")
    return row[0]


@db.verb
def redeem(workspace: Workspace, secret: str, browser: str, network: str = "") -> Entered:
    """Use a link up, from this `network`. Of many at the same moment exactly one succeeds. Errors as of `look`; Forbidden
    when they are blocked, and then the link is as it was."""
    look(workspace, secret, browser)
    used = db.row(USE, workspace=workspace.id, token=tokens.hashed(secret), purpose=SIGN_IN)
    if used is None:
        raise Unauthenticated(GONE, "link_gone")
    email, place, _ = used
    user, kid, _ = owner(workspace, email) or new_guest(workspace, email)
    [tag, *_] = [*blocked_addresses.tags(workspace.id, network), None]
    [version] = db.row(ENTER, workspace=workspace.id, user=user.id, email=email, network=tag)
    suppressions.arrived(workspace.id, email)
    return Entered(user._replace(session_version=version), place, kid)


def owner(workspace: Workspace, email: str) -> Known | None:
    """Whom we know by this address: the guest who was here last of those who signed in by a link to it; else the one whom
    the customer's product named, if it is only one; else any guest, who may be a stranger that wrote with an address which
    its owner confirmed. Forbidden when they are blocked."""
    found = [Known(User(*row[:-2]), *row[-2:]) for row in db.rows(KNOWN, workspace=workspace.id, email=email)]
    guests_of_it, named = ([each for each in found if each.user.kind == kind and not each.user.is_blocked]
                           for kind in ("guest", "identified"))  # fmt: skip
    is_blocked = any(each.user.is_blocked for each in found)
    proven = [each for each in guests_of_it if each.is_proven]
    those = proven or (named if len(named) == 1 and not is_blocked else guests_of_it)
    if not those and is_blocked:
        raise Forbidden(BLOCKED, "blocked")
    return those[0] if those else None


def new_guest(workspace: Workspace, email: str) -> Known:
    db.rows(ONE_AT_A_TIME, workspace=workspace.id)
    known = owner(workspace, email)
    if known:
        return known
    made = users.make(workspace, f"guest_{secrets.token_hex(12)}", "guest", email=email)
    events.record("user.identified", workspace.id, user=made.id, data={"changed": ["email"]})
    return Known(made, None, False)


def look_at_subscription(workspace: Workspace, secret: str) -> tuple[str, bool]:
    """The address that this link subscribes, and whether it did; Unauthenticated (`link_gone`) when it does not hold."""
    row = db.row(LOOK, workspace=workspace.id, token=tokens.hashed(secret), purpose=SUBSCRIBE)
    if row is None:
        raise Unauthenticated(GONE, "link_gone")
    return row[0], row[2]


@db.verb
def subscribe(workspace: Workspace, secret: str) -> None:
    """Use a link up: its address is told of what is published from here on. Again, nothing happens. Errors as of
    `look_at_subscription`."""
    look_at_subscription(workspace, secret)
    used = db.row(USE, workspace=workspace.id, token=tokens.hashed(secret), purpose=SUBSCRIBE)
    if used:
        email, _, locale = used
        mailings.subscribe(workspace, email, locale)
        suppressions.arrived(workspace.id, email)
