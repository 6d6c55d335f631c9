"""What tokens and programs tell of a user, as it is stored. Tokens are taken for what of them can be; programs are told what
must change."""

from psycopg2.extras import Json

from service.errors import Invalid
from service.lib import text

LONGEST_NAME, LONGEST_AVATAR, LONGEST_SEGMENT = 200, 2000, 80
LARGEST_TRAITS = 8_000  # characters of JSON
MOST_SEGMENTS = 50  # named for one user
EMPTY = {"name": "", "traits": {}, "segments": []}  # of the rest, nothing at all

# SQL: a session that was made from a customer's token, or for an address that one told, holds while the secret is there.
VOUCHED_FOR = """(%(kid)s IS NULL OR EXISTS (
       SELECT FROM identity_secret i WHERE i.workspace_id = w.id AND i.kid = %(kid)s))"""
# SQL: a user `u` has no address that a secret told which somebody ended: it may be a thief's.
BELIEVED = """NOT EXISTS (
       SELECT FROM workspace told WHERE told.id = u.workspace_id AND u.email_kid = ANY(told.revoked_kids))"""

IMPORTED = "imported"  # in the place of a secret's name: a file of another system told the address, and nobody has shown it
# SQL: the address of a user `u` was told by who may tell it, or they have shown that it is theirs.
TOLD = f"(u.email_kid IS DISTINCT FROM '{IMPORTED}' OR u.signed_in_at IS NOT NULL)"


def taken(token: dict, kid: str | None) -> dict:
    """What a token that the secret `kid` signed tells of its user; None for what it does not, or cannot be taken."""
    email = text.email(said(token, "email") or "")
    return {
        "email": email, "email_kid": kid if email else None, "name": said(token, "name"),
        "avatar": picture(token.get("avatar")), "locale": said(token, "locale"), "traits": flat(token.get("traits")),
        "segments": words(token.get("segments")),
    }  # fmt: skip


def checked(email: str | None = None, name: str | None = None, avatar: str | None = None, traits: dict | None = None,
            segments: list[str] | None = None) -> dict:  # fmt: skip
    """What a program tells of a user, as it is stored; Invalid names what must change."""
    told = {
        "email": None if email is None else text.email(email), "email_kid": None,
        "name": None if name is None else text.fitting(name, LONGEST_NAME, text.tidy_line),
        "avatar": picture(avatar), "traits": flat(traits), "segments": words(segments),
    }  # fmt: skip
    wrong = {}
    if email is not None and not told["email"]:
        wrong["email"] = "This is no e-mail address; write one like cleo@example.com."
    if name is not None and told["name"] is None:
        wrong["name"] = f"A name has at most {LONGEST_NAME} characters."
    if avatar is not None and not told["avatar"]:
        wrong["avatar"] = f"Give the address of a picture, https://…, of at most {LONGEST_AVATAR:,} characters."
    if traits is not None and len(told["traits"].dumps(told["traits"].adapted)) > LARGEST_TRAITS:
        wrong["traits"] = f"The traits are more than {LARGEST_TRAITS:,} characters of JSON."
    if segments is not None and (len(segments) > MOST_SEGMENTS or any(len(key) > LONGEST_SEGMENT for key in segments)):
        wrong["segments"] = f"Name at most {MOST_SEGMENTS} segments, of at most {LONGEST_SEGMENT} characters each."
    if wrong:
        raise Invalid(**wrong)
    return told


def picture(avatar) -> str | None:
    fits = isinstance(avatar, str) and len(avatar) <= LONGEST_AVATAR and avatar.startswith(("https://", "http://"))
    return text.tidy_line(avatar) or None if fits else None


def flat(traits) -> Json | None:
    if not isinstance(traits, dict):
        return None
    plain = {text.tidy_line(key): value for key, value in traits.items() if isinstance(value, str | int | float | bool)}
    return Json({key: text.tidy_line(value) if isinstance(value, str) else value for key, value in plain.items()})


def words(segments) -> list[str] | None:
    if not isinstance(segments, list):
        return None
    tidied = (text.tidy_line(word)[:LONGEST_SEGMENT] for word in segments if isinstance(word, str))
    return list(dict.fromkeys(filter(None, tidied)))


def said(told: dict, name: str) -> str | None:
    """What a token says under this name, as one short line; None when it says nothing that can be one."""
    value = told.get(name)
    return text.tidy_line(value[: 4 * LONGEST_NAME])[:LONGEST_NAME] or None if isinstance(value, str) else None
