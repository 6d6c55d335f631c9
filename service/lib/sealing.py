"""Secrets that we must be able to read again (customers' signing secrets), encrypted at rest with SECRET_KEYS."""

import base64

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from service.lib.tokens import derived

fernets: list[MultiFernet] = []
newest: list[Fernet] = []


def start(secret_keys: tuple[str, ...]) -> None:
    """Use these keys, newest last (MultiFernet encrypts with its first)."""
    known = [Fernet(base64.urlsafe_b64encode(derived(key, "sealing"))) for key in reversed(secret_keys)]
    fernets[:], newest[:] = [MultiFernet(known)], known[:1]


def seal(text: str) -> str:
    """Encrypt with the newest key."""
    return fernets[0].encrypt(text.encode()).decode()


def unseal(sealed: str) -> str | None:
    """What was sealed with any key of the list; None when none of them opens it."""
    try:
        return fernets[0].decrypt(sealed.encode()).decode()
    except InvalidToken:
        return None


def resealed(sealed: str) -> str | None:
    """The same text sealed with the newest key: as it is, if that opens it; None when no key of the list does."""
    try:
        newest[0].decrypt(sealed.encode())
        return sealed
    except InvalidToken:
        text = unseal(sealed)
        return None if text is None else seal(text)
