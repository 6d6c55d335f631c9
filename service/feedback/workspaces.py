"""A customer's account: made with what every product needs first, so that the snippet works at once."""

import re
import secrets
import unicodedata
from datetime import datetime
from html import escape
from typing import NamedTuple

from service import db, models
from service.errors import Invalid, NotFound
from service.feedback.languages import CODES
from service.lib import text, tokens

LONGEST_NAME, LONGEST_ORIGIN, MOST_ORIGINS = 80, 300, 200
USUAL_PORT = {"http": ":80", "https": ":443"}
RESERVED_SLUGS = {"new", "join", "prove", "sign-in", "sign-out", "outbox", "inbox", "settings", "system", "api", "docs",
                  "browser", "notice", "language", "state"}  # these are names of cookies, too  # fmt: skip

CREATE = """
WITH made AS (
  INSERT INTO workspace (public_id, slug, name)
  SELECT %(public_id)s, %(slug)s, %(name)s WHERE NOT EXISTS (SELECT FROM workspace WHERE former_slugs @> ARRAY[%(slug)s])
  ON CONFLICT ON CONSTRAINT slug_is_taken DO NOTHING RETURNING id
), counter AS (
  INSERT INTO workspace_counter (workspace_id) SELECT id FROM made
), boards AS (
  INSERT INTO board (workspace_id, key, name, description, position)
  SELECT id, key, name, description, position FROM made, (VALUES
    ('features', 'Features', 'What would make the product better for you?', 1),
    ('bugs', 'Bugs', 'What does not work as it should?', 2)) AS first (key, name, description, position)
), statuses AS (
  INSERT INTO status (workspace_id, key, name, kind, color, position)
  SELECT id, key, name, key, color, position FROM made, (VALUES
    ('open', 'Open', '#64748b', 1), ('planned', 'Planned', '#2563eb', 2), ('started', 'In progress', '#b45309', 3),
    ('done', 'Done', '#15803d', 4), ('declined', 'Not planned', '#9f1239', 5)) AS first (key, name, color, position)
)
SELECT id FROM made"""

# Who takes an address waits here: it must not become another's former one at this moment.
HOLD_ADDRESSES = "SELECT pg_advisory_xact_lock(hashtext('sayso addresses'))"

COLUMNS = """w.id, w.public_id, w.slug, w.name, w.language::text, w.origins, w.key_generation, w.key_oldest, w.loaded_at,
  w.guide_dismissed_at, w.edit_minutes, w.ask_email, w.logo, w.accent, w.domain, w.domain_seen_at IS NOT NULL, w.sign_in_url,
  w.is_indexed, w.plan, w.holds_suspects, w.former_key_seen_at"""
FIND = "SELECT {columns} FROM workspace w WHERE w.{column} = %(value)s"
BY_ID, BY_SLUG = (FIND.format(columns=COLUMNS, column=name) for name in ("id", "slug"))


class Workspace(NamedTuple):
    id: int
    public_id: str  # what customers' servers put into `iss`
    slug: str
    name: str
    language: str
    origins: list[str]
    key_generation: int
    key_oldest: int
    loaded_at: datetime | None  # when a page of the customer's first opened the widget
    guide_dismissed_at: datetime | None
    edit_minutes: int  # in which users may change what they wrote
    ask_email: str  # of users without an account, when they write a post: no, optional or required
    logo: str | None  # hash of the picture
    accent: str | None  # #rrggbb
    domain: str | None  # of its own, instead of /b/slug
    domain_works: bool  # a browser has reached us by it
    sign_in_url: str | None  # where the customer's product signs its users in to the board
    is_indexed: bool  # by search engines
    plan: str  # free or pro
    holds_suspects: bool  # what looks like spam waits for the team
    former_key_seen_at: datetime | None  # when a page last came with a widget key older than the newest, to the hour


@db.verb
def create(name: str) -> Workspace:
    """A new workspace with a first board or two, the usual statuses, and a slug made from its name."""
    name = text.fitting(name, LONGEST_NAME, text.tidy_line)
    if not name:
        raise Invalid(name=f"Give your product's name, 1–{LONGEST_NAME} characters.")
    base = slug(name)
    hold_addresses()
    for candidate in (base, *(f"{base[:33]}-{secrets.token_hex(3)}" for _ in range(3))):
        made = candidate not in RESERVED_SLUGS and db.row(
            CREATE, public_id=f"ws_{secrets.token_hex(8)}", slug=candidate, name=name
        )
        if made:
            return find(made[0])
    raise Invalid(name="This name is taken; choose another.")


def hold_addresses() -> None:
    """Let nobody else take an address until this transaction ends."""
    db.row(HOLD_ADDRESSES)


def slug(name: str) -> str:
    """The name as it stands in addresses: ASCII only, so that no look-alike can pass for another workspace."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    words = re.findall(r"[a-z0-9]+", plain)
    made = "-".join(words)[:40].strip("-")
    return made if len(made) > 1 else f"w-{secrets.token_hex(3)}"


def find(workspace_id: int) -> Workspace:
    """The workspace with this id, or NotFound."""
    return found(db.row(BY_ID, value=workspace_id))


def by_slug(slug: str) -> Workspace:
    """The workspace under this address, or NotFound."""
    return found(db.row(BY_SLUG, value=slug))


def found(row: tuple | None) -> Workspace:
    if row is None:
        raise NotFound("There is no such workspace.")
    return Workspace(*row)


def language_tag(workspace: Workspace) -> str:
    """The language that the workspace writes in, as HTML names it; empty when it is of none."""
    return CODES.get(workspace.language, "")


def has_badge(workspace: Workspace, is_billed: bool) -> bool:
    """Whether its public pages say what they run on: on the free plan, where there are plans."""
    return is_billed and workspace.plan == "free"


def home(workspace: Workspace, base_url: str) -> str:
    """Where everyone finds its board: under its own domain as soon as that works, else below our address."""
    return f"https://{workspace.domain}" if workspace.domain_works else f"{base_url}/b/{workspace.slug}"


def widget_key(workspace: Workspace) -> str:
    """What stands in the snippet: signed, not secret, the same each time until it is rotated."""
    return tokens.sign("widget-key", {"w": workspace.id, "g": workspace.key_generation})


def snippet(workspace: Workspace, base_url: str) -> str:
    """What a team puts into its product's pages."""
    return f'<script async src="{escape(base_url)}/w.js" data-key="{widget_key(workspace)}"></script>'


def accepts_key(workspace: Workspace, generation: int) -> bool:
    """Whether a widget key of this generation still works (several do while one is being rotated)."""
    return workspace.key_oldest <= generation <= workspace.key_generation


def accepts_origin(workspace: Workspace, origin: str | None) -> bool:
    """Whether a page of this origin may carry the widget; an empty list takes any."""
    return not workspace.origins or origin in workspace.origins


@db.verb
def set_origins(workspace: Workspace, lines: str) -> list[str]:
    """Replace the list of origins by these lines; raises Invalid when one is not an exact origin. (By the team, told:
    general.set_origins.)"""
    origins = list(dict.fromkeys(as_sent(line) for line in lines.splitlines() if line.strip()))
    wrong = [origin for origin in origins if not is_origin(origin)]
    if wrong:
        raise Invalid(origins=f"“{wrong[0][:80]}” is not an origin; write one a line, like https://app.example.com")
    if len(origins) > MOST_ORIGINS:
        raise Invalid(origins=f"There can be {MOST_ORIGINS} origins at most.")
    models.Workspace.update(origins=origins).where(models.Workspace.id == workspace.id).execute()
    return origins


def is_origin(said: str) -> bool:
    """Whether this is the origin of a page, as browsers send it."""
    return len(said) <= LONGEST_ORIGIN and bool(re.fullmatch(r"https?://[a-z0-9.\-]+(:\d{1,5})?", said))


def as_sent(line: str) -> str:
    """An origin as browsers send it: in lower case, without the port that its scheme has anyway."""
    origin = line.strip().rstrip("/").lower()
    return origin.removesuffix(USUAL_PORT.get(origin.partition(":")[0], "/"))
