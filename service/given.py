"""One setting as it was given, read and checked; a SettingError says in one line what is wrong, and an example."""

from pathlib import Path
from urllib.parse import urlsplit

from service.errors import SettingError


def secret(given, name: str) -> str | None:
    """The value of NAME, or the content of the file that NAME_FILE names; None when neither is set."""
    path = given.get(f"{name}_FILE")
    if not path:
        return given.get(name) or None
    try:
        return Path(path).read_text().strip() or None
    except (OSError, UnicodeDecodeError) as error:
        raise SettingError(f"{name}_FILE={path} cannot be read ({reason(error)}); name a readable text file.") from None


def port_number(given, name: str, default: int) -> int:
    value = given.get(name) or str(default)
    if not (value.isascii() and value.isdigit() and 0 < int(value[:6]) < 65536):
        raise SettingError(f"{name}={value} is not a port; give a number from 1 to 65535, e.g. {name}={default}.")
    return int(value)


def whole_seconds(given, name: str, default: int) -> int:
    value = given.get(name) or str(default)
    if not (value.isascii() and value.isdigit() and 0 < int(value[:6]) <= 3600):
        raise SettingError(f"{name}={value} is not a number of seconds from 1 to 3600; give e.g. {name}={default}.")
    return int(value)


def url(given, name: str, schemes: set[str], example: str) -> str | None:
    value = (given.get(name) or "").rstrip("/")
    try:
        parts = urlsplit(value)
        bad = parts.scheme not in schemes or not (parts.netloc or parts.scheme.startswith("postgres")) or parts.port == 0
        at_root = value == f"{parts.scheme}://{parts.hostname or ''}{f':{parts.port}' if parts.port else ''}"
        bad = bad or (name == "BASE_URL" and not at_root and "[" not in value)  # our pages stand at the root, without a user
    except ValueError:
        bad = True
    if value and bad:
        # the value may hold a password, so it is not repeated
        raise SettingError(f"{name} is not a URL that can be used; give one like {name}={example}")
    return value or None


def flag(given, name: str, default: bool) -> bool:
    value = (given.get(name) or "").lower()
    if value not in {"", "0", "1", "on", "off", "true", "false", "yes", "no"}:
        raise SettingError(f"{name}={value} is neither on nor off; give e.g. {name}=on.")
    return value in {"1", "on", "true", "yes"} if value else default


def reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or "it is not text"
