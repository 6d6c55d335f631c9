"""The sessions of users whom a customer's token vouches for. The widget keeps them in memory; we keep nothing.

One lasts an hour. A renewal adds one hour to its end, and is given only in the last half hour before that: so one is
renewed once an hour however often that is asked for, and twice the same gives the same end. A day after the customer's
server signed its token it takes another token. All of them name the secret that signed it, and hold while that is there
(claims.VOUCHED_FOR)."""

import time

from service.errors import Unauthenticated
from service.feedback.identity_secrets import Vouched
from service.feedback.users import User
from service.lib import tokens

HOUR, DAY = 3600, 24 * 3600  # seconds


def begin(workspace, vouched: Vouched) -> str:
    """The session that a customer's token is traded for."""
    user = vouched.user
    return tokens.sign("session", {"w": workspace.id, "u": user.id, "v": user.session_version, "k": vouched.kid,
                                   "i": vouched.issued, "e": int(time.time()) + HOUR})  # fmt: skip


def read(token: str) -> dict:
    """What a session says; Unauthenticated when it is none, or over."""
    signed = tokens.read("session", token)
    if time.time() >= signed.get("e", 0):
        raise Unauthenticated("This session has ended; ask for a new one.", "token_expired")
    return signed


def renewed(token: str | None, user: User | None) -> str | None:
    """This session, which was found to hold for its user, with one more hour; None when it is too early or too late."""
    if not token or user is None:
        return None
    signed = read(token)
    end = min(signed["e"] + HOUR, signed["i"] + DAY)
    if time.time() < signed["e"] - HOUR / 2 or end <= signed["e"]:
        return None
    return tokens.sign("session", signed | {"e": end})
