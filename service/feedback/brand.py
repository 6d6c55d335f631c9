"""What makes the public face the customer's own: logo, accent colour, address, domain, and where its users sign in."""

import re
from datetime import datetime
from hashlib import sha256
from subprocess import SubprocessError
from typing import NamedTuple
from urllib.parse import urlsplit

from service import db, events
from service.errors import Invalid, NotFound, PictureRefused
from service.feedback import limits, versions, workspaces
from service.feedback.readers import Reader
from service.feedback.workspaces import COLUMNS, Workspace
from service.lib import images, text

LARGEST_LOGO = 1 << 20  # bytes that are sent
SIDE = 240  # pixels of a logo as it is kept: as a PNG it fits its table whatever it shows
LOGO_TYPE = "image/png"
COLOUR = re.compile(r"#?([0-9a-f]{6}|[0-9a-f]{3})", re.ASCII)
SLUG = re.compile(r"[a-z0-9](-?[a-z0-9]){1,39}", re.ASCII)
MOST_FORMER = 10  # addresses of before that still lead here, the newest ones
LONGEST_URL = 500
OWN_MACHINE = {"localhost", "127.0.0.1", "::1"}

READ = """
SELECT slug, former_slugs, logo, accent, domain, domain_seen_at, sign_in_url, is_indexed FROM workspace
 WHERE id = %(workspace)s"""
HOLD = f"{READ} FOR NO KEY UPDATE"
SAVE = {field: f"UPDATE workspace SET {field} = %(value)s WHERE id = %(workspace)s"
        for field in ("accent", "logo", "sign_in_url", "is_indexed")}  # fmt: skip
SAVE_SLUG = "UPDATE workspace SET slug = %(slug)s, former_slugs = %(former)s::text[] WHERE id = %(workspace)s"
SAVE_DOMAIN = "UPDATE workspace SET domain = %(domain)s, domain_seen_at = NULL WHERE id = %(workspace)s"
IS_TAKEN = """
SELECT EXISTS (SELECT FROM workspace WHERE id <> %(workspace)s AND (slug = %(slug)s OR former_slugs @> ARRAY[%(slug)s]))"""
# Who claimed a domain that has never worked has not shown that it is theirs.
LOSE_DOMAIN = """
UPDATE workspace SET domain = NULL WHERE domain = %(domain)s AND domain_seen_at IS NULL AND id <> %(workspace)s
RETURNING id"""
DOMAIN_WORKS = "SELECT EXISTS (SELECT FROM workspace WHERE domain = %(domain)s AND id <> %(workspace)s)"
BY_WORKING_DOMAIN = f"SELECT {COLUMNS} FROM workspace w WHERE w.domain = %(domain)s AND w.domain_seen_at IS NOT NULL"
IS_DOMAIN = "SELECT EXISTS (SELECT FROM workspace WHERE domain = %(domain)s)"

KEEP_LOGO = """
INSERT INTO workspace_logo (workspace_id, type, data) VALUES (%(workspace)s, %(type)s, %(data)s)
ON CONFLICT (workspace_id) DO UPDATE SET type = excluded.type, data = excluded.data, created_at = now()"""
DROP_LOGO = "DELETE FROM workspace_logo WHERE workspace_id = %(workspace)s"
LOGO = """
SELECT w.logo, l.type, l.data FROM workspace w JOIN workspace_logo l ON l.workspace_id = w.id
 WHERE w.{place} AND w.logo IS NOT NULL"""
BY_SLUG, BY_DOMAIN, OF = (LOGO.format(place=place) for place in (
    "slug = %(at)s OR w.former_slugs @> ARRAY[%(at)s]", "domain = %(at)s", "id = %(workspace)s"))  # fmt: skip


class Brand(NamedTuple):
    slug: str
    former_slugs: list[str]  # that lead to the slug
    logo: str | None  # hash of the picture
    accent: str | None  # #rrggbb
    domain: str | None
    domain_seen_at: datetime | None  # when a browser first reached us by it
    sign_in_url: str | None
    is_indexed: bool


class Logo(NamedTuple):
    hash: str
    type: str
    data: bytes


def of(reader: Reader) -> Brand:
    return Brand(*db.row(READ, workspace=reader.workspace.id))


def held(reader: Reader) -> Brand:
    return Brand(*db.row(HOLD, workspace=reader.workspace.id))


def record(workspace_id: int, field: str, **actor) -> None:
    events.record("workspace.updated", workspace_id, data={"changed": [field]}, **actor)


def keep(reader: Reader, field: str, value, seen: str | None) -> bool:
    """Save one field, unless it says that already; Conflict when it is not as it was `seen` (versions.version)."""
    before = getattr(held(reader), field)
    versions.check(seen, before)
    if value == before:
        return False
    db.changed(SAVE[field], workspace=reader.workspace.id, value=value)
    record(reader.workspace.id, field, **reader.actor())
    return True


# ── logo and colour ─────────────────────────────────────────────────────────────────────────────────────────────────


def drawn(data: bytes) -> bytes:
    """A picture from somewhere, written anew as a small square PNG; Invalid when it is none. It takes a moment and a process
    of its own, so not in a transaction."""
    if not data:
        raise Invalid(file="Choose a picture first.")
    if len(data) > LARGEST_LOGO:
        raise Invalid(file="A logo has at most 1 MB; make it smaller, 256 × 256 pixels are enough.")
    try:
        return images.squared(images.clean(data).thumbnail, SIDE)
    except (PictureRefused, SubprocessError):
        raise Invalid(file="This picture could not be read. Send a PNG, JPEG, WebP or GIF.") from None


@db.verb
def set_logo(reader: Reader, data: bytes, *, seen: str | None = None) -> None:
    """Show this picture, which was `drawn`, beside the name."""
    if keep(reader, "logo", sha256(data).hexdigest()[:20], seen):
        db.changed(KEEP_LOGO, workspace=reader.workspace.id, type=LOGO_TYPE, data=data)


@db.verb
def remove_logo(reader: Reader, *, seen: str | None = None) -> None:
    if keep(reader, "logo", None, seen):
        db.changed(DROP_LOGO, workspace=reader.workspace.id)


def logo_at(at: str, *, by_domain: bool = False) -> Logo:
    """The logo of the board at this slug, or domain; NotFound when there is none."""
    row = db.row(BY_DOMAIN if by_domain else BY_SLUG, at=at)
    if row is None:
        raise NotFound("There is no logo here.")
    return Logo(row[0], row[1], bytes(row[2]))


def logo_of(workspace: Workspace) -> bytes | None:
    row = db.row(OF, workspace=workspace.id) if workspace.logo else None
    return row and bytes(row[2])


@db.verb
def set_accent(reader: Reader, said: str, *, seen: str | None = None) -> None:
    """Colour links and buttons so; with nothing said, as we do."""
    keep(reader, "accent", colour(said), seen)


def colour(said: str) -> str | None:
    """#rrggbb, however it was typed; None for nothing. Invalid when it is no colour."""
    plain = said.strip().lower()
    if not plain:
        return None
    found = COLOUR.fullmatch(plain)
    if not found:
        raise Invalid(accent="Write a colour as #rrggbb, for example #0b667f; or leave it empty for ours.")
    return "#" + (found[1] if len(found[1]) == 6 else "".join(char * 2 for char in found[1]))


# ── where it stands ─────────────────────────────────────────────────────────────────────────────────────────────────


@db.verb
def set_slug(reader: Reader, said: str, *, seen: str | None = None) -> str:
    """Stand at this address from now on; the one of before leads there. Returns it."""
    wanted = said.strip().lower()[:100]
    if not SLUG.fullmatch(wanted):
        raise Invalid(slug="An address has 2–40 small letters a–z and digits, and single hyphens between them.")
    workspaces.hold_addresses()
    before = held(reader)
    versions.check(seen, before.slug)
    if wanted == before.slug:
        return wanted
    if wanted in workspaces.RESERVED_SLUGS or db.row(IS_TAKEN, workspace=reader.workspace.id, slug=wanted)[0]:
        raise Invalid(slug="This address is taken; choose another.")
    former = [each for each in (*before.former_slugs, before.slug) if each != wanted][-MOST_FORMER:]
    db.changed(SAVE_SLUG, workspace=reader.workspace.id, slug=wanted, former=former)
    record(reader.workspace.id, "slug", **reader.actor())
    return wanted


@db.verb
def set_domain(reader: Reader, said: str, base_url: str, *, seen: str | None = None) -> None:
    """Stand at this domain too, from its first visitor on; with nothing said, at none. `base_url` is where we are."""
    wanted = domain(said, base_url)
    limits.domain(reader.workspace.id)
    workspaces.hold_addresses()
    before = held(reader).domain
    versions.check(seen, before)
    if wanted == before:
        return
    if wanted:
        for (loser,) in db.rows(LOSE_DOMAIN, workspace=reader.workspace.id, domain=wanted):
            record(loser, "domain")
        if db.row(DOMAIN_WORKS, workspace=reader.workspace.id, domain=wanted)[0]:
            raise Invalid(domain="Another workspace stands at this domain already.")
    db.changed(SAVE_DOMAIN, workspace=reader.workspace.id, domain=wanted)
    record(reader.workspace.id, "domain", **reader.actor())


def domain(said: str, base_url: str) -> str | None:
    """The domain as the DNS writes it; None for nothing. Invalid when it cannot be a customer's own."""
    plain = said.strip()[:500].lower().removeprefix("https://").removesuffix("/").removesuffix(".")
    if not plain:
        return None
    if not base_url.startswith("https:"):
        raise Invalid(domain="A domain of your own needs HTTPS: start Sayso behind Caddy, with an https BASE_URL.")
    wanted = text.domain_of(plain)
    if not wanted or "." not in wanted or wanted.rpartition(".")[2].isdigit() or len(wanted) < 4:
        raise Invalid(domain="Write a domain like feedback.example.com, without a port or a path.")
    ours = urlsplit(base_url).hostname
    if wanted == ours or wanted.endswith(f".{ours}"):
        raise Invalid(domain="This is a domain of ours; choose one of your own.")
    return wanted


def at_domain(name: str) -> Workspace:
    """The workspace whose domain this is, and works; or NotFound."""
    return workspaces.found(db.row(BY_WORKING_DOMAIN, domain=name))


def is_domain(name: str) -> bool:
    """Whether this is the domain of a workspace, so that a certificate may be had for it."""
    return db.row(IS_DOMAIN, domain=name)[0]


# ── who signs in where, and who lists it ────────────────────────────────────────────────────────────────────────────


@db.verb
def set_sign_in_url(reader: Reader, said: str, *, seen: str | None = None) -> None:
    """Send who signs in to the board to this page of the customer's product; with nothing said, by letter alone."""
    keep(reader, "sign_in_url", page_of_theirs(said), seen)


def page_of_theirs(said: str) -> str | None:
    plain = text.tidy_line(said[: 2 * LONGEST_URL])
    if not plain:
        return None
    try:
        parts = urlsplit(plain)
        is_safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in OWN_MACHINE)
        fits = is_safe and parts.hostname and parts.port != 0 and not parts.username and not parts.fragment
    except ValueError:
        fits = False
    if not fits or len(plain) > LONGEST_URL or not plain.isascii() or re.search(r"[\s\\\"<>]", plain):
        raise Invalid(sign_in_url="Write an address like https://app.example.com/feedback-sign-in; http only for localhost.")
    return plain


@db.verb
def set_indexed(reader: Reader, is_indexed: bool, *, seen: str | None = None) -> None:
    """Let search engines list the public pages, or ask them not to."""
    keep(reader, "is_indexed", is_indexed, seen)
