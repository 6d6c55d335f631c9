"""Secrets that we must be able to read again (customers' signing secrets), encrypted at rest with SECRET_KEYS."""

import base64

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from service.lib.tokens import derived

fernets: list[MultiFernet] = []


def start(secret_keys: tuple[str, ...]) -> None:
    """Use these keys, newest last (MultiFernet encrypts with its first)."""
    keys = [base64.urlsafe_b64encode(derived(key, "sealing")) for key in reversed(secret_keys)]
    fernets[:] = [MultiFernet([Fernet(key) for key in keys])]


def seal(text: str) -> str:
    """Encrypt with the newest key."""
    return fernets[0].encrypt(text.encode()).decode()


def unseal(sealed: str) -> str | None:
    """What was sealed with any key of the list; None when none of them opens it."""
    try:
        return fernets[0].decrypt(sealed.encode()).decode()
    except InvalidToken:
        return None
