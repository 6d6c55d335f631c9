"""What is right and wrong with a customer's user token, claim by claim, for the developer who wonders why it is refused.

`identity.verify` has the last word: what it takes is right here too, what it refuses is not."""

import base64
import binascii
import hashlib
import hmac
import time
from datetime import datetime
from typing import NamedTuple

from service.errors import Unauthenticated
from service.lib import identity, text

MILLISECONDS = 10**11  # a number of seconds this large is some 3,000 years away, and usually of milliseconds


class Check(NamedTuple):
    name: str
    ok: bool
    sentence: str  # what it is, or what to do


def examine(token: str, issuer: str, secrets: dict[str, str], *, over: dict[str, str] | None = None,
            ends: dict[str, datetime] | None = None, now: float | None = None) -> list[Check]:  # fmt: skip
    """The checks of a token that was pasted, for the workspace whose public id is `issuer` and whose active secrets these
    are, by kid; those whose time is `over` vouch no more, and some have a moment at which that `ends`. The first that fails
    is what `verify` refuses it for, or stands beside it."""
    over, ends = over or {}, ends or {}
    token, now = token.strip(), time.time() if now is None else now
    if mistaken := something_else(token, {*secrets.values(), *over.values()}):
        return [Check("Token", False, mistaken)]
    try:
        header, claims = (identity.strictly(part) for part in token.split(".")[:2])
    except Unauthenticated as refusal:
        return [Check("Token", False, f"{refusal} Its three parts must be JSON in base64url, as a JWT library writes them.")]
    checks = [
        Check("Token", True, "It is a JWT: three parts, the first two readable."),
        algorithm(header), key_id(header, secrets, ends), signature(token, header, secrets, over),
        issued_by(claims, issuer), audience(claims), subject(claims), *times(claims, now),
    ]  # fmt: skip
    return [*checks, *last_word(token, issuer, secrets, checks)]


def something_else(token: str, secrets: set[str]) -> str | None:
    """What was pasted instead of a token, in words; None when it may be one."""
    if not token:
        return "Paste a token that your server signed."
    if len(token) > identity.LONGEST:
        return "It is larger than 4 kB; leave out what Sayso does not need, such as long traits."
    if token in secrets:
        return "This is the secret itself. It signs tokens and stays on your server; paste a token that it signed."
    if token.startswith("sk_"):
        return "This is an API key. It is not for tokens; if others could have seen it, end it under API keys."
    if token.count(".") == 4:
        return "This is an encrypted token (JWE, five parts). Sayso takes signed ones (JWS, three parts)."
    if token.count(".") != 2:
        return "This is not a JWT: one has three parts with dots between them, like eyJhb….eyJzd….s5Fk…."
    return None


def algorithm(header: dict) -> Check:
    said = header.get("alg")
    if said == "HS256":
        return Check("alg", True, "HS256.")
    if isinstance(said, str) and said.lower() == "none":
        return Check("alg", False, "The token is not signed (`alg` is none). Sign it with HS256 and the secret.")
    return Check("alg", False, f"It is {shown(said)}, and must be HS256: the one secret signs and verifies.")


def key_id(header: dict, secrets: dict[str, str], ends: dict[str, datetime]) -> Check:
    said, known = header.get("kid"), ", ".join(secrets)
    if said is None:
        return Check("kid", True, "Not there, so every active secret is tried. It is quicker with one.")
    if isinstance(said, str) and said in secrets:
        until = f" It ends on {on(ends[said])}; change over to the newer one before." if said in ends else ""
        return Check("kid", True, f"{said}, an active secret of this workspace.{until}")
    if isinstance(said, str) and said in ends:
        return Check("kid", False, f"It is {said}, which ended on {on(ends[said])}; sign with {known or 'a new secret'}.")
    return Check("kid", False, f"It is {shown(said)}, which is no active secret of this workspace; "
                               + (f"there are: {known}." if known else "there is none yet, make one."))  # fmt: skip


def signature(token: str, header: dict, secrets: dict[str, str], over: dict[str, str]) -> Check:
    if not secrets and not over:
        return Check("Signature", False, "This workspace has no identity secret yet; make one and sign with it.")
    said = header.get("kid")
    wanted = {said: secrets[said]} if isinstance(said, str) and said in secrets else secrets
    if any(signs(secret.encode(), token) for secret in wanted.values()):
        return Check("Signature", True, "It was made with a secret of this workspace.")
    return Check("Signature", False, likely(token, secrets, over))


def likely(token: str, secrets: dict[str, str], over: dict[str, str]) -> str:
    """How a signature that does not fit was probably made."""
    for kid, secret in over.items():
        if signs(secret.encode(), token):
            return f"It was made with the secret of {kid}, which has ended. Sign with an active one."
    for kid, secret in secrets.items():
        if signs(secret.encode(), token):
            return f"It was made with the secret of {kid}, which is not the one that `kid` names."
        if any(signs(secret.encode() + end, token) for end in (b"\n", b"\r\n", b" ")):
            return "It was made with the secret and a line end or blank after it; trim what you read from the file."
        if signs(decoded(secret), token):
            return "It was made with the secret decoded from base64; use its characters as they are, as text."
    return "It was not made with any secret of this workspace. Compare what your server has with the key id above."


def signs(secret: bytes, token: str) -> bool:
    unsigned, _, last = token.rpartition(".")
    made = hmac.new(secret, unsigned.encode(errors="replace"), hashlib.sha256).digest()
    return hmac.compare_digest(base64.urlsafe_b64encode(made).rstrip(b"="), last.encode(errors="replace"))


def decoded(secret: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(secret + "=" * (-len(secret) % 4))
    except (binascii.Error, ValueError):
        return b"?"


def issued_by(claims: dict, issuer: str) -> Check:
    said = claims.get("iss")
    if said == issuer:
        return Check("iss", True, f"{issuer}, this workspace.")
    if isinstance(said, str) and said.startswith("ws_"):
        return Check("iss", False, f"It is {shown(said)}, another workspace; this one is {issuer}.")
    return Check("iss", False, f"It is {shown(said)}, and must be {issuer}, this workspace’s id.")


def audience(claims: dict) -> Check:
    said = claims.get("aud")
    if said == identity.AUDIENCE:
        return Check("aud", True, "sayso.")
    as_text = " It must be a text, not a list." if isinstance(said, list) else ""
    return Check("aud", False, f"It is {shown(said)}, and must be sayso.{as_text}")


def subject(claims: dict) -> Check:
    said = claims.get("sub")
    if isinstance(said, str) and text.is_plain_id(said):
        return Check("sub", True, f"{said}, your id of this user.")
    if type(said) is int:
        return Check("sub", False, f'It is the number {shown(said)}, and must be a text: "sub": "7", not 7.')
    return Check("sub", False, "It must be your user’s id: a text of 1–255 characters without `/`.")


def times(claims: dict, now: float) -> list[Check]:
    issued, expires = claims.get("iat"), claims.get("exp")
    return [whole("iat", issued, now) or issued_at(issued, now), whole("exp", expires, now) or expiry(issued, expires, now)]


def whole(name: str, said, now: float) -> Check | None:
    """Why this is no moment; None when it is one."""
    if type(said) is not int or said < 0:
        return Check(name, False, f"It is {shown(said)}, and must be whole seconds since 1970, like {int(now)}.")
    if said > MILLISECONDS:
        return Check(name, False, f"It is {shown(said)}, which looks like milliseconds; divide by 1000.")
    return None


def issued_at(issued: int, now: float) -> Check:
    ahead = issued - now
    if ahead > identity.LEEWAY:
        return Check("iat", False, f"It is {span(ahead)} in the future; set the clock of your server.")
    return Check("iat", True, f"Signed {span(-ahead)} ago." if ahead < 0 else "Signed just now.")


def expiry(issued, expires: int, now: float) -> Check:
    life = expires - issued if whole("iat", issued, now) is None else None
    if life is not None and life <= 0:
        return Check("exp", False, "It is not after `iat`; set it to `iat` and at most one hour.")
    if life is not None and life > identity.LONGEST_LIFE:
        return Check("exp", False, f"The token lives {span(life)}; one hour is the most. Sign a new one for every page.")
    if expires <= now - identity.LEEWAY:
        return Check("exp", False, f"It expired {span(now - expires)} ago. Sign a new one for every page.")
    return Check("exp", True, f"It ends in {span(expires - now)}." if expires > now else "It has just ended.")


def last_word(token: str, issuer: str, secrets: dict[str, str], checks: list[Check]) -> list[Check]:
    """What `verify` says beyond these checks, or against them."""
    try:
        identity.verify(token, issuer, secrets)
    except Unauthenticated as refusal:
        return [Check("Others", False, str(refusal))] if all(check.ok for check in checks) else []
    return []


def span(seconds: float) -> str:
    for size, word in ((86400, "days"), (3600, "hours"), (60, "minutes")):
        if seconds >= 2 * size:
            return f"{int(seconds // size):,} {word}"
    return f"{int(seconds)} seconds"


def on(moment: datetime) -> str:
    return f"{moment.day} {moment:%B %Y, %H:%M} UTC"


def shown(value) -> str:
    """A claim as a short text, for a sentence."""
    if value is None:
        return "missing"
    said = str(value) if isinstance(value, str | int | float | bool) else repr(value)
    return f"“{text.tidy_line(said[:200])[:60]}”"
