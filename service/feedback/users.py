"""The people who use the customer's product: anonymous, identified by the customer's token, or of the team itself."""

import secrets
from datetime import datetime
from typing import NamedTuple

from service import db, events
from service.errors import Conflict, Forbidden, Invalid, NotFound, Unauthenticated
from service.feedback import blocked_addresses, claims, companies, counting, segments
from service.feedback.members import Person
from service.feedback.readers import MEMBER, Reader
from service.feedback.workspaces import COLUMNS, Workspace
from service.lib import text, tokens

LONGEST_SEARCH = 200
RESERVED = ("anon_", "guest_", "sayso-")  # beginnings of ids that we give ourselves
FIRST_VERSION = 1  # of the sessions of a user who was never signed out of all of them
DRAFT_LENGTH, DRAFT_LETTERS = 24, 8  # of random hex that nobody else can have thought of; so many of them differ
WHAT_AN_ID_IS = "A user's id has 1–255 characters, no “/” and none that is invisible."

# Who is there is not locked, which would be before the post that they act on. No row: somebody is making the same user.
MAKE = """
WITH there AS MATERIALIZED (
  SELECT * FROM "user" WHERE workspace_id = %(workspace)s AND external_id = ANY(%(known)s)
), made AS (
  INSERT INTO "user" (workspace_id, external_id, kind, name, email, network_tag)
  SELECT %(workspace)s, %(external)s, %(kind)s, %(name)s, %(email)s, %(network)s WHERE NOT EXISTS (SELECT FROM there)
  ON CONFLICT ON CONSTRAINT one_user_per_external_id DO NOTHING RETURNING *
)
SELECT id, external_id, kind, name, email, session_version, blocked_at IS NOT NULL, locale
  FROM (SELECT * FROM there UNION ALL SELECT * FROM made) u"""

# What is not told stays as it was, unless it is to be `emptied`. Another address, or none, ends the sessions of who came by
# a link to the former one. No row: as of MAKE.
KNOW = """
WITH before AS MATERIALIZED (
  SELECT * FROM "user" WHERE workspace_id = %(workspace)s AND external_id = %(external)s FOR NO KEY UPDATE
), made AS (
  INSERT INTO "user" (workspace_id, external_id, kind, email, email_kid, name, avatar, locale, traits, segments, company_id)
  SELECT %(workspace)s, %(external)s, 'identified', %(email)s, %(email_kid)s, coalesce(%(name)s, ''), %(avatar)s, %(locale)s,
         coalesce(%(traits)s, '{}'::jsonb), coalesce(%(segments)s::text[], '{}'), %(company)s
   WHERE NOT EXISTS (SELECT FROM before)
  ON CONFLICT ON CONSTRAINT one_user_per_external_id DO NOTHING RETURNING *
), kept AS (
  UPDATE "user" u
     SET email = coalesce(%(email)s, CASE WHEN 'email' <> ALL(%(emptied)s::text[]) THEN u.email END),
         email_kid = CASE WHEN %(email)s IS NULL AND 'email' <> ALL(%(emptied)s::text[]) THEN u.email_kid
                          ELSE %(email_kid)s END,
         name = coalesce(%(name)s, u.name), locale = coalesce(%(locale)s, u.locale),
         avatar = coalesce(%(avatar)s, CASE WHEN 'avatar' <> ALL(%(emptied)s::text[]) THEN u.avatar END),
         traits = coalesce(%(traits)s, u.traits), segments = coalesce(%(segments)s::text[], u.segments),
         company_id = coalesce(%(company)s, CASE WHEN 'company' <> ALL(%(emptied)s::text[]) THEN u.company_id END),
         last_seen_at = CASE WHEN %(seen)s THEN now() ELSE u.last_seen_at END,
         session_version = u.session_version + CASE WHEN lower(u.email) <> coalesce(
           lower(%(email)s), CASE WHEN 'email' = ANY(%(emptied)s::text[]) THEN '' END) THEN 1 ELSE 0 END
    FROM before WHERE u.workspace_id = before.workspace_id AND u.id = before.id RETURNING u.*
)
SELECT u.id, u.external_id, u.kind, u.name, u.email, u.session_version, u.blocked_at IS NOT NULL, u.locale,
       b.id IS NULL,
       array_remove(ARRAY[
         CASE WHEN u.email IS DISTINCT FROM b.email THEN 'email' END,
         CASE WHEN u.name <> coalesce(b.name, '') THEN 'name' END,
         CASE WHEN u.avatar IS DISTINCT FROM b.avatar THEN 'avatar' END,
         CASE WHEN u.locale IS DISTINCT FROM b.locale THEN 'locale' END,
         CASE WHEN u.traits <> coalesce(b.traits, '{}') THEN 'traits' END,
         CASE WHEN u.segments <> coalesce(b.segments, '{}') THEN 'segments' END,
         CASE WHEN u.company_id IS DISTINCT FROM b.company_id OR %(company_changed)s THEN 'company' END], NULL)
  FROM (SELECT * FROM made UNION ALL SELECT * FROM kept) u LEFT JOIN before b ON true"""

BY_EXTERNAL_ID = """
SELECT id, external_id, kind, name, email, session_version, blocked_at IS NOT NULL, locale FROM "user"
 WHERE workspace_id = %(workspace)s AND external_id = %(external)s"""
SOUGHT = """
SELECT id, external_id, kind, name, email, session_version, blocked_at IS NOT NULL, locale FROM "user"
 WHERE workspace_id = %(workspace)s AND (external_id = %(sought)s OR lower(email) = lower(%(sought)s))
 ORDER BY external_id = %(sought)s DESC, last_seen_at DESC, id DESC LIMIT 1"""

PROFILES = """
SELECT u.id, u.external_id, u.kind, u.email, u.name, u.avatar, u.locale, u.traits::text,
       c.external_id, c.name, c.plan, c.mrr,
       array(SELECT unnest(u.segments) UNION
             SELECT s.key FROM segment_user su JOIN segment s ON s.workspace_id = su.workspace_id AND s.id = su.segment_id
              WHERE su.workspace_id = u.workspace_id AND su.user_id = u.id ORDER BY 1),
       u.blocked_at IS NOT NULL, u.first_seen_at, u.last_seen_at
  FROM "user" u LEFT JOIN company c ON c.workspace_id = u.workspace_id AND c.id = u.company_id
 WHERE u.workspace_id = %(workspace)s AND (%(external)s IS NULL OR u.external_id = %(external)s)
   AND (%(after)s IS NULL OR u.id > %(after)s) AND (%(company)s IS NULL OR c.external_id = %(company)s)
   AND (%(q)s IS NULL OR u.name ILIKE %(q)s OR u.email ILIKE %(q)s OR u.external_id ILIKE %(q)s)
   AND (%(segment)s IS NULL OR %(segment)s = ANY(u.segments) OR EXISTS (
        SELECT FROM segment_user su JOIN segment s ON s.workspace_id = su.workspace_id AND s.id = su.segment_id
         WHERE su.workspace_id = u.workspace_id AND su.user_id = u.id AND s.key = %(segment)s))
 ORDER BY u.id LIMIT %(most)s"""

# Everything a call of the widget needs to know before it begins, in one round trip.
ARRIVE = f"""
WITH counted AS ({counting.HITS})
SELECT {COLUMNS}, u.id, u.external_id, u.kind, u.name, u.email, u.session_version, u.blocked_at IS NOT NULL, u.locale,
       {counting.COUNTS}
  FROM workspace w LEFT JOIN "user" u ON u.workspace_id = w.id AND u.id = %(user)s AND {claims.VOUCHED_FOR}
 WHERE w.id = %(workspace)s"""


class User(NamedTuple):
    id: int
    external_id: str
    kind: str
    name: str
    email: str | None
    session_version: int
    is_blocked: bool
    locale: str | None  # a language tag, as their token told it


class Profile(NamedTuple):
    """All that we were told of a user, for members."""

    id: int
    external_id: str
    kind: str  # anonymous, guest, identified, member
    email: str | None
    name: str
    avatar: str | None
    locale: str | None
    traits: str  # JSON
    company_id: str | None  # external
    company_name: str | None
    company_plan: str | None
    company_mrr: int | None
    segments: list[str]  # keys of those they are in, and what their token names
    is_blocked: bool
    first_seen_at: datetime
    last_seen_at: datetime


def arrive(workspace_id: int, user_id: int | None, kid: str | None,
           counts: list[counting.Count]) -> tuple[Workspace, User | None, list]:  # fmt: skip
    """The workspace, the user (None: there is none of that id in it, or the secret `kid` that vouched for them was ended),
    and how far these counts are now, for `counting.check`. Raises NotFound without the workspace."""
    found = counting.carried(ARRIVE, counts, workspace=workspace_id, user=user_id, kid=kid)
    if not found:
        raise NotFound("There is no such workspace.")
    row = found[0]
    split = len(Workspace._fields)
    return Workspace(*row[:split]), User(*row[split:-1]) if row[split] else None, row[-1]


def make_anonymous(workspace: Workspace, draft: str | None = None, network: str = "") -> User:
    """A user of whom we know nothing yet; made by their first action, never by a mere visit.

    `draft` is the random name of what they send: sent again, because our answer was lost, it is by the same user; but not
    once all sessions of that one were ended, for who knows a draft shows no more than one of those. Of the `network` that
    they come from only a name that means nothing elsewhere is kept, for 30 days."""
    [tag, *_] = [*blocked_addresses.tags(workspace.id, network), None]
    unguessable = draft and len(draft) >= DRAFT_LENGTH and len(set(draft)) >= DRAFT_LETTERS
    name = tokens.hashed(draft).hex()[:24] if unguessable else secrets.token_hex(12)
    user = make(workspace, f"anon_{name}", "anonymous", later=f"guest_{name}", network=tag)
    if user.is_blocked or user.session_version == FIRST_VERSION:
        return user
    return make(workspace, f"anon_{secrets.token_hex(12)}", "anonymous", network=tag)


def of_member(workspace: Workspace, person: Person) -> User:
    """The user as whom a member posts and votes in their own workspace. What users read of them has their name, or none:
    never their address."""
    return make(workspace, f"{MEMBER}{person.id}", "member", person.name, person.email)


def by_external_id(workspace: Workspace, external_id: str) -> User:
    """The user with this id, made when they are new (the API acts on behalf of people not seen yet). Ids that we give
    ourselves must exist. Conflict when they are blocked: what they may not do, nobody does for them."""
    if not text.is_plain_id(external_id):
        raise Invalid(author=WHAT_AN_ID_IS)
    if external_id.startswith(RESERVED):
        row = db.row(BY_EXTERNAL_ID, workspace=workspace.id, external=external_id)
        if row is None:
            raise Invalid(author=f"There is no such user; ids of your own do not begin with {', '.join(RESERVED)}.")
        user = User(*row)
    else:
        user = make(workspace, external_id, "identified")
    if user.is_blocked:
        raise Conflict("This user has been blocked by the team.", "blocked")
    return user


def find(workspace: Workspace, external_id: str) -> User:
    """The user with this id, or NotFound."""
    row = db.row(BY_EXTERNAL_ID, workspace=workspace.id, external=external_id) if "\0" not in external_id else None
    if row is None:
        raise NotFound("There is no such user.")
    return User(*row)


def sought(workspace: Workspace, words: str, person: int | None) -> User:
    """The user with this id or else this e-mail address, for this member who acts on their behalf. Raises Invalid when there
    is none, or it is another member, Conflict when they are blocked."""
    exact = words.strip() if words.isprintable() and len(words) <= 2 * LONGEST_SEARCH else ""
    row = db.row(SOUGHT, workspace=workspace.id, sought=exact) if exact else None
    if row is None:
        raise Invalid(user="There is no user with this id or e-mail address. Users are known from the widget or the API.")
    user = User(*row)
    if user.is_blocked:
        raise Conflict("This user has been blocked by the team.", "blocked")
    own_voice(user.external_id, person, "user")
    return user


def own_voice(external_id: str, person: int | None, field: str) -> None:
    """Raise Invalid when this is a member other than this one: nobody speaks for a colleague."""
    if external_id.startswith(MEMBER) and external_id != f"{MEMBER}{person}":
        raise Invalid(**{field: "A member writes and votes for themselves."})


def make(workspace: Workspace, external_id: str, kind: str, name: str = "", email: str | None = None,
         later: str | None = None, network: str | None = None) -> User:  # fmt: skip
    """The user with this id, or the one that they have `later`, made when they are new; who is there stays as they are."""
    told, row = {"external": external_id, "kind": kind, "name": name, "email": email, "network": network}, None
    told["known"] = [external_id, later]
    while row is None:
        row = db.row(MAKE, workspace=workspace.id, **told)
    return User(*row)


def profile(workspace: Workspace, external_id: str) -> Profile:
    """All that we were told of the user with this id, or NotFound."""
    found = text.is_plain_id(external_id) and profiles(workspace, most=1, external=external_id)
    if not found:
        raise NotFound("There is no such user.")
    return found[0]


def page(workspace: Workspace, most: int, after: int | None = None, *, q: str | None = None, company: str | None = None,
         segment: str | None = None) -> list[Profile]:  # fmt: skip
    """The workspace's users, `most` of them in the order in which we first knew them, `after` the one of this id.

    `q` is a part of their name, e-mail or id; `company` is the customer's own id of one, `segment` the key of one."""
    sought = text.tidy_line((q or "")[: 4 * LONGEST_SEARCH])[:LONGEST_SEARCH]
    plain = sought.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
    return profiles(workspace, most, after=after, q=f"%{plain}%" if plain else None, company=company or None,
                    segment=segment or None)  # fmt: skip


def profiles(workspace: Workspace, most: int, **filters) -> list[Profile]:
    every = dict.fromkeys(("external", "after", "q", "company", "segment"))
    return [Profile(*row) for row in db.rows(PROFILES, workspace=workspace.id, most=most, **{**every, **filters})]


@db.verb
def identify(workspace: Workspace, token: dict, kid: str | None = None) -> User:
    """Know a user by the verified claims of the customer's `token` (product contract: sub, email, name, avatar, locale,
    traits, company, segments), signed by the secret `kid`. What the token does not say stays as it was. Raises Forbidden
    when they are blocked."""
    if token["sub"].startswith(RESERVED):
        raise Unauthenticated(f"`sub` must not begin with {', '.join(RESERVED)}.")
    company = companies.know(workspace.id, token.get("company"))
    user, _ = know(workspace, token["sub"], company, **claims.taken(token, kid))
    if user.is_blocked:
        raise Forbidden("This user has been blocked by the team.", "blocked")
    return user


@db.verb
def put(reader: Reader, external_id: str, **given) -> bool:
    """Know a user by what is given, as if their token had said it, and leave the rest; made when they are new. Returns
    whether they are. What is given as None is emptied.

    It is of: email, name, avatar, traits, company ({id, name, plan, mrr}), segments (keys). Raises Invalid with the field
    that must change."""
    if not text.is_plain_id(external_id):
        raise Invalid(id=WHAT_AN_ID_IS)
    if external_id.startswith(RESERVED):
        raise Invalid(id=f"Ids that begin with {', '.join(RESERVED)} are given by Sayso.")
    emptied = [field for field, value in given.items() if value is None]
    given |= {field: value for field, value in claims.EMPTY.items() if field in emptied}
    company = given.pop("company", None)
    told = claims.checked(**given)
    _, is_new = know(
        reader.workspace, external_id, company and companies.told(reader.workspace.id, company), person=reader.person,
        locale=None, seen=False, emptied=emptied, **told,
    )  # fmt: skip
    return is_new


def know(workspace: Workspace, external_id: str, company: companies.Known | None, *, person: int | None = None,
         seen: bool = True, emptied: list[str] | None = None, **told) -> tuple[User, bool]:  # fmt: skip
    """The user, with what is told of them, and whether they are new; an event and their segments follow what is."""
    row, moved = None, bool(company and company.changed)
    while row is None:
        row = db.row(KNOW, workspace=workspace.id, external=external_id, company=company and company.id,
                     company_changed=moved, seen=seen, emptied=emptied or [], **told)  # fmt: skip
    *user, is_new, changed = row
    user = User(*user)
    if is_new or changed:
        data = {"changed": changed}
        events.record("user.identified", workspace.id, user=user.id, person=person, data=data)
    if moved:
        segments.sort(workspace.id, company=company.id)
    elif {"traits", "segments", "company"}.intersection(changed):
        segments.sort(workspace.id, user=user.id)
    return user, is_new
