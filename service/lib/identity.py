"""Tokens that a customer's server signs about its own user: a JWT (RFC 7519), HS256, and nothing else.

PyJWT checks signature, issuer, audience and times. What it lets through and we do not: an expiry that is a string or
years away, duplicate JSON keys, an audience list, an empty or unprintable subject, a `kid` that is not a plain name."""

import base64
import binascii
import json
import math

import jwt

from service.errors import Unauthenticated
from service.lib import text

AUDIENCE = "sayso"
LONGEST = 4096  # bytes of a token
LONGEST_LIFE = 3600  # seconds between iat and exp
LEEWAY = 60  # seconds that clocks may differ


def verify(token: str, issuer: str, secrets: dict[str, str]) -> tuple[dict, str]:
    """The claims of a user token of the workspace whose public id is `issuer`, and the kid of the secret that signed it.

    `secrets` maps kid to secret; a token without `kid` may be signed by any of them. Raises Unauthenticated with a
    message that tells the customer's developer which claim is wrong."""
    if len(token) > LONGEST:
        raise refused("The user token is larger than 4 kB")
    header, claims = (strictly(part) for part in (token.split(".") + ["", ""])[:2])
    candidates = matching(header.get("kid"), secrets)
    check_plain(claims)
    for kid, secret in candidates.items():
        try:
            return decoded(token, secret, issuer), kid
        except jwt.InvalidSignatureError:
            continue
    raise refused("The signature does not match any of this workspace's identity secrets")


def strictly(part: str) -> dict:
    """One part of the token as an object without duplicate keys."""
    try:
        raw = base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)
        value = json.loads(raw, object_pairs_hook=without_duplicates, parse_constant=not_json, parse_float=finite)
    except (binascii.Error, ValueError, RecursionError):
        raise refused("This is not a JWT") from None
    if not isinstance(value, dict):
        raise refused("This is not a JWT")
    return value


def without_duplicates(pairs: list) -> dict:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise refused("A JSON key appears twice")
    return found


def not_json(constant: str):
    raise refused(f"{constant} is not JSON")


def finite(number: str) -> float:
    value = float(number)
    return value if math.isfinite(value) else not_json(number)


def matching(kid, secrets: dict[str, str]) -> dict[str, str]:
    if kid is None:
        return secrets
    if not isinstance(kid, str) or kid not in secrets:
        raise refused("Its `kid` names no active identity secret of this workspace")
    return {kid: secrets[kid]}


def check_plain(claims: dict) -> None:
    subject, issued, expires = (claims.get(name) for name in ("sub", "iat", "exp"))
    if not isinstance(subject, str) or not text.is_plain_id(subject):
        raise refused("`sub` must be your user's id, a string of 1–255 characters without `/`")
    if not all(type(moment) is int for moment in (issued, expires)):
        raise refused("`iat` and `exp` must be there, as whole seconds")
    if not 0 < expires - issued <= LONGEST_LIFE:
        raise refused("`exp` must be after `iat`, by one hour at most")
    if claims.get("aud") != AUDIENCE:
        raise refused(f'`aud` must be "{AUDIENCE}"')


def decoded(token: str, secret: str, issuer: str) -> dict:
    try:
        return jwt.decode(token, secret, algorithms=["HS256"], audience=AUDIENCE, issuer=issuer, leeway=LEEWAY)
    except jwt.ExpiredSignatureError:
        raise Unauthenticated("The user token has expired; sign a new one.", "token_expired") from None
    except jwt.InvalidSignatureError:
        raise
    except jwt.InvalidIssuerError:
        raise refused("`iss` must be this workspace's id") from None
    except jwt.InvalidAlgorithmError:
        raise refused("`alg` must be HS256") from None
    except jwt.PyJWTError as error:
        raise refused(f"It cannot be read: {error}") from None


def refused(why: str) -> Unauthenticated:
    return Unauthenticated(f"{why}.")
