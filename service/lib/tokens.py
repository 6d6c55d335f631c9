"""The tokens we sign ourselves, one salt and one lifetime a purpose, and random secrets that are stored only as hashes.

Signed with itsdangerous (HMAC-SHA256) under keys derived from SECRET_KEYS; the newest key signs, every key of the list
verifies. A token is never used as a look-up key: several spellings of one token verify."""

import base64
import hashlib
import hmac
import secrets
import time
from functools import lru_cache

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from itsdangerous import BadData, URLSafeSerializer, URLSafeTimedSerializer

from service.errors import Unauthenticated

MINUTE = 60
DAY = 24 * 60 * MINUTE
LIFETIME = {  # seconds; None = no time in it, so that signing again gives the same token
    "widget-key": None,
    "session": 90 * MINUTE,  # web/sessions.py: one that is renewed half an hour before its end
    "anonymous": 30 * DAY,
    "ticket": 60,
    "csrf": None,  # ends with the dashboard session that it is bound to
    "browser": 60 * MINUTE,
    "file": DAY,
    "guest": 7 * DAY,
    "visitor": 30 * DAY,
    "sign-in-state": 10 * MINUTE,
    "data": 7 * DAY,
    "mailing": None,  # a link in every letter, which works as long as the letter is kept
    "team-letters": None,  # the same, as long as its reader is of the team
    "notice": MINUTE,
    "form": None,  # says when a form was shown, and how old that may be is spam.py's to say
}
LONGEST = 4096  # characters
SECRET_BYTES = 32

TAG_BYTES = 10

serializers: dict[str, URLSafeSerializer] = {}
tag_keys: list[bytes] = []  # newest last


def start(secret_keys: tuple[str, ...]) -> None:
    """Use these keys, newest last."""
    opened.cache_clear()
    tag_keys[:] = [derived(key, "tag") for key in secret_keys]
    for purpose, lifetime in LIFETIME.items():
        kind = URLSafeSerializer if lifetime is None else URLSafeTimedSerializer
        serializers[purpose] = kind(
            [derived(key, purpose) for key in secret_keys],
            salt=f"sayso.{purpose}.v1",
            signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256},
        )


def derived(key: str, purpose: str) -> bytes:
    """32 bytes for one purpose from one of SECRET_KEYS (HKDF-SHA256, RFC 5869)."""
    return HKDF(SHA256(), 32, salt=None, info=f"sayso {purpose}".encode()).derive(key.encode())


def sign(purpose: str, payload: dict) -> str:
    """A token that carries `payload`, readable by anyone, changeable by nobody."""
    return serializers[purpose].dumps(payload)


def read(purpose: str, token: str) -> dict:
    """The payload of a token of ours; raises Unauthenticated (`token_invalid` or `token_expired`)."""
    if not isinstance(token, str) or len(token) > LONGEST:
        raise Unauthenticated("This token is not one of ours.")
    payload, signed_at = opened(purpose, token)
    if signed_at and not -MINUTE <= time.time() - signed_at <= LIFETIME[purpose]:
        raise Unauthenticated("This token has expired; ask for a new one.", "token_expired")
    return payload


@lru_cache(maxsize=4096)
def opened(purpose: str, token: str) -> tuple[dict, float | None]:
    # the signature is worth remembering (it costs more than the rest of a small request), the age is not
    try:
        if LIFETIME[purpose] is None:
            return serializers[purpose].loads(token), None
        payload, signed_at = serializers[purpose].loads(token, return_timestamp=True)
    except (BadData, ValueError):
        raise Unauthenticated("This token is not one of ours.") from None
    return payload, signed_at.timestamp()


def tag(name: str) -> str:
    """16 letters and digits that only we can have given to this name: it may come back from anywhere. Small ones, for what
    passes through mail servers may lose its capitals."""
    return tagged(tag_keys[-1], name)


def tags(name: str) -> list[str]:
    """What every one of our keys makes of this name, the newest first."""
    return [tagged(key, name) for key in reversed(tag_keys)]


def is_tagged(name: str, tag: str) -> bool:
    """Whether this is the tag of that name."""
    return any(same(tagged(key, name), tag) for key in tag_keys)


def tagged(key: bytes, name: str) -> str:
    digest = hmac.digest(key, name.encode("utf-8", "surrogatepass"), "sha256")
    return base64.b32encode(digest[:TAG_BYTES]).decode().lower()


def secret() -> str:
    """A random secret of 256 bits, for links, sessions and keys."""
    return secrets.token_urlsafe(SECRET_BYTES)


def hashed(value: str | bytes) -> bytes:
    """What is stored of a random secret: SHA-256 is enough, there is nothing to guess."""
    return hashlib.sha256(value.encode() if isinstance(value, str) else value).digest()


def same(one: str | bytes, other: str | bytes) -> bool:
    """Whether two secrets are equal, in constant time."""
    one, other = (text.encode() if isinstance(text, str) else text for text in (one, other))
    return hmac.compare_digest(one, other)
