"""The people who use the customer's product: anonymous, identified by the customer's token, or of the team itself."""

import secrets
from typing import NamedTuple

from psycopg2.extras import Json

from service import db
from service.errors import Forbidden, Invalid, NotFound, Unauthenticated
from service.feedback import limits
from service.feedback.members import Person
from service.feedback.workspaces import COLUMNS, Workspace
from service.lib import text, tokens

LONGEST_NAME = 200
RESERVED = ("anon_", "guest_", "sayso-")  # beginnings of ids that we give ourselves
DRAFT_LENGTH = 24  # characters of random hex that nobody else can have thought of

MAKE = """
INSERT INTO "user" (workspace_id, external_id, kind, name, email)
VALUES (%(workspace)s, %(external)s, %(kind)s, %(name)s, %(email)s)
ON CONFLICT ON CONSTRAINT one_user_per_external_id DO UPDATE SET last_seen_at = now()
RETURNING id, external_id, kind, name, email, session_version, blocked_at IS NOT NULL"""

# A company is told with every token of its users: it is written only when that says something new.
KNOW_COMPANY = """
WITH told AS (
  SELECT coalesce(%(name)s, c.name, '') AS name, coalesce(%(plan)s, c.plan, '') AS plan, coalesce(%(mrr)s, c.mrr, 0) AS mrr,
         c.id, c.name = coalesce(%(name)s, c.name) AND c.plan = coalesce(%(plan)s, c.plan)
           AND c.mrr = coalesce(%(mrr)s, c.mrr) AS is_known
    FROM (SELECT) nothing LEFT JOIN company c ON c.workspace_id = %(workspace)s AND c.external_id = %(external)s
), written AS (
  INSERT INTO company (workspace_id, external_id, name, plan, mrr)
  SELECT %(workspace)s, %(external)s, name, plan, mrr FROM told WHERE id IS NULL OR NOT is_known
  ON CONFLICT ON CONSTRAINT one_company_per_external_id DO UPDATE
    SET name = excluded.name, plan = excluded.plan, mrr = excluded.mrr
  RETURNING id
)
SELECT coalesce((SELECT id FROM written), (SELECT id FROM told))"""

IDENTIFY = """
INSERT INTO "user" AS u (workspace_id, external_id, kind, email, name, avatar, locale, traits, segments, company_id)
VALUES (%(workspace)s, %(external)s, 'identified', %(email)s, coalesce(%(name)s, ''), %(avatar)s, %(locale)s,
        coalesce(%(traits)s, '{}'::jsonb), coalesce(%(segments)s::text[], '{}'), %(company)s)
ON CONFLICT ON CONSTRAINT one_user_per_external_id DO UPDATE
  SET email = coalesce(excluded.email, u.email), name = coalesce(%(name)s, u.name),
      avatar = coalesce(excluded.avatar, u.avatar), locale = coalesce(excluded.locale, u.locale),
      traits = coalesce(%(traits)s, u.traits), segments = coalesce(%(segments)s::text[], u.segments),
      company_id = coalesce(excluded.company_id, u.company_id), last_seen_at = now()
RETURNING id, external_id, kind, name, email, session_version, blocked_at IS NOT NULL"""

BY_EXTERNAL_ID = """
SELECT id, external_id, kind, name, email, session_version, blocked_at IS NOT NULL FROM "user"
 WHERE workspace_id = %(workspace)s AND external_id = %(external)s"""

# Everything a call of the widget needs to know before it begins, in one round trip.
ARRIVE = f"""
WITH counted AS ({limits.HITS})
SELECT {COLUMNS}, u.id, u.external_id, u.kind, u.name, u.email, u.session_version, u.blocked_at IS NOT NULL,
       (SELECT jsonb_agg(counted) FROM counted)
  FROM workspace w LEFT JOIN "user" u ON u.workspace_id = w.id AND u.id = %(user)s
 WHERE w.id = %(workspace)s"""


class User(NamedTuple):
    id: int
    external_id: str
    kind: str
    name: str
    email: str | None
    session_version: int
    is_blocked: bool


def arrive(workspace_id: int, user_id: int | None, keys: list[str]) -> tuple[Workspace, User | None, list]:
    """The workspace, the user (None: there is none of that id in it), and the counts of this minute by `keys`, each one
    higher now, for `limits.check`. Raises NotFound without the workspace."""
    row = db.row(ARRIVE, workspace=workspace_id, user=user_id, keys=keys, seconds=limits.MINUTE)
    if row is None:
        raise NotFound("There is no such workspace.")
    split = len(Workspace._fields)
    counted = [(hit["key"], hit["hits"], hit["remaining"]) for hit in row[-1]]
    return Workspace(*row[:split]), User(*row[split:-1]) if row[split] else None, counted


def make_anonymous(workspace: Workspace, draft: str | None = None) -> User:
    """A user of whom we know nothing yet; made by their first action, never by a mere visit.

    `draft` is the random name of what they send: sent again, because our answer was lost, it is by the same user."""
    unguessable = draft and len(draft) >= DRAFT_LENGTH
    name = tokens.hashed(draft).hex()[:24] if unguessable else secrets.token_hex(12)
    return make(workspace, f"anon_{name}", "anonymous")


def of_member(workspace: Workspace, person: Person) -> User:
    """The user as whom a member posts and votes in their own workspace."""
    return make(workspace, f"sayso-member-{person.id}", "member", person.name or person.email, person.email)


def by_external_id(workspace: Workspace, external_id: str) -> User:
    """The user with this id, made when they are new (the API acts on behalf of people not seen yet). Ids that we give
    ourselves must exist."""
    if not text.is_plain_id(external_id):
        raise Invalid(author="A user's id has 1–255 characters, no “/” and none that is invisible.")
    if external_id.startswith(RESERVED):
        row = db.row(BY_EXTERNAL_ID, workspace=workspace.id, external=external_id)
        if row is None:
            raise Invalid(author=f"There is no such user; ids of your own do not begin with {', '.join(RESERVED)}.")
        return User(*row)
    return make(workspace, external_id, "identified")


def find(workspace: Workspace, external_id: str) -> User:
    """The user with this id, or NotFound."""
    row = db.row(BY_EXTERNAL_ID, workspace=workspace.id, external=external_id) if "\0" not in external_id else None
    if row is None:
        raise NotFound("There is no such user.")
    return User(*row)


def make(workspace: Workspace, external_id: str, kind: str, name: str = "", email: str | None = None) -> User:
    return User(*db.row(MAKE, workspace=workspace.id, external=external_id, kind=kind, name=name, email=email))


@db.verb
def identify(workspace: Workspace, claims: dict) -> User:
    """Know a user by the verified claims of the customer's token (product contract: sub, email, name, avatar, locale,
    traits, company, segments). What the token does not say stays as it was. Raises Forbidden when they are blocked."""
    if claims["sub"].startswith(RESERVED):
        raise Unauthenticated(f"`sub` must not begin with {', '.join(RESERVED)}.")
    user = User(*db.row(
        IDENTIFY, workspace=workspace.id, external=claims["sub"], email=text.email(said(claims, "email") or ""),
        name=said(claims, "name"), avatar=said(claims, "avatar"), locale=said(claims, "locale"),
        traits=flat(claims.get("traits")), segments=words(claims.get("segments")), company=company(workspace, claims),
    ))  # fmt: skip
    if user.is_blocked:
        raise Forbidden("This user has been blocked by the team.", "blocked")
    return user


def company(workspace: Workspace, claims: dict) -> int | None:
    told = claims.get("company")
    known = told.get("id") if isinstance(told, dict) else None
    if type(known) not in (str, int) or not text.is_plain_id(str(known)):
        return None
    mrr = told.get("mrr")
    return db.row(
        KNOW_COMPANY, workspace=workspace.id, external=str(known), name=said(told, "name"), plan=said(told, "plan"),
        mrr=int(mrr) if type(mrr) in (int, float) and 0 <= mrr < 10**15 else None,
    )[0]  # fmt: skip


def said(claims: dict, name: str) -> str | None:
    value = claims.get(name)
    return text.tidy_line(value[: 4 * LONGEST_NAME])[:LONGEST_NAME] or None if isinstance(value, str) else None


def flat(traits) -> Json | None:
    if not isinstance(traits, dict):
        return None
    plain = {text.tidy_line(key): value for key, value in traits.items() if isinstance(value, str | int | float | bool)}
    return Json({key: text.tidy_line(value) if isinstance(value, str) else value for key, value in plain.items()})


def words(segments) -> list[str] | None:
    if not isinstance(segments, list):
        return None
    return [text.tidy_line(word)[:80] for word in segments if isinstance(word, str)]
