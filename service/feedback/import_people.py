"""Who wrote and voted elsewhere: found by the customer's id or by address, or made.

An address that a file tells is nobody's proof: whoever has it can sign in by a link to it, and hears nothing by letter until
they have, or the customer's own token or program has told it."""

import hashlib
import secrets

from psycopg2.extras import Json

from service import db
from service.errors import Invalid
from service.feedback import claims, import_places, mailings, segments, suppressions, users
from service.feedback.imported import Piece, Refused
from service.feedback.readers import MEMBER
from service.lib import text
from service.sources.records import Mailing, Person

BY_ID = """
SELECT id FROM "user" WHERE workspace_id = %(workspace)s AND external_id = %(external)s"""
# Of several with one address first the one who has shown that it is theirs, then the one of the customer's own.
BY_EMAIL = """
SELECT id FROM "user" WHERE workspace_id = %(workspace)s AND lower(email) = lower(%(email)s)
   AND kind IN ('guest', 'identified')
 ORDER BY signed_in_at IS NOT NULL DESC, kind = 'identified' DESC, last_seen_at DESC, id DESC LIMIT 1"""
OF_TEAM = """
SELECT p.id, p.email, p.name FROM member m JOIN person p ON p.id = m.person_id
 WHERE m.workspace_id = %(workspace)s AND m.joined_at IS NOT NULL AND lower(p.email) = lower(%(email)s)"""
MAKE = """
INSERT INTO "user" (workspace_id, external_id, kind, email, email_kid, name, avatar, locale, traits, segments, company_id,
                    blocked_at, first_seen_at, last_seen_at)
VALUES (%(workspace)s, %(external)s, %(kind)s, %(email)s, %(email_kid)s, %(name)s, %(avatar)s, %(locale)s, %(traits)s,
        %(segments)s::text[], %(company)s, CASE WHEN %(blocked)s THEN now() END,
        coalesce(%(first)s, %(last)s, now()), coalesce(%(last)s, %(first)s, now()))
ON CONFLICT ON CONSTRAINT one_user_per_external_id DO NOTHING RETURNING id"""
# Somebody of whom nothing is known but that they voted.
NAMELESS = """
WITH made AS (
  INSERT INTO "user" (workspace_id, external_id, kind, first_seen_at, last_seen_at)
  SELECT %(workspace)s, %(prefix)s || lpad(to_hex(%(number)s), 6, '0') || lpad(to_hex(place), 6, '0'), 'anonymous',
         coalesce(%(at)s, now()), coalesce(%(at)s, now())
    FROM generate_series(1, %(count)s) place
  ON CONFLICT ON CONSTRAINT one_user_per_external_id DO NOTHING RETURNING id
)
INSERT INTO vote (workspace_id, post_number, user_id, created_at)
SELECT %(workspace)s, %(number)s, id, coalesce(%(at)s, now()) FROM made"""
# One of them has a name by now: the vote without one goes.
HOLD_NAMELESS = """
SELECT n.id, n.external_id FROM vote v
  JOIN "user" n ON n.workspace_id = v.workspace_id AND n.id = v.user_id AND n.kind = 'anonymous'
 WHERE v.workspace_id = %(workspace)s AND v.post_number = %(number)s
   AND starts_with(n.external_id, %(prefix)s || lpad(to_hex(%(number)s), 6, '0'))
 ORDER BY v.user_id LIMIT 1 FOR UPDATE OF n"""
MADE_BY = """
SELECT import_id FROM imported
 WHERE workspace_id = %(workspace)s AND kind = 'post' AND source_key = ANY(%(keys)s) AND local = %(number)s LIMIT 1"""
DROP_NAMELESS = 'DELETE FROM "user" WHERE workspace_id = %(workspace)s AND id = %(id)s'
# What an address does not want is never forgotten for what a file says, and what it wants only if nothing is known of it.
MAIL = """
INSERT INTO mailing AS m (workspace_id, email, muted, subscribed_at, locale)
SELECT %(workspace)s, %(email)s, %(muted)s::text[], %(subscribed_at)s, %(locale)s
 WHERE NOT EXISTS (SELECT FROM mailing WHERE workspace_id = %(workspace)s AND email = %(email)s
                      AND muted @> %(muted)s::text[])
ON CONFLICT (workspace_id, email) DO UPDATE SET
  muted = array(SELECT DISTINCT kind FROM unnest(m.muted || excluded.muted) AS kind ORDER BY kind)"""
LONGEST_REASON = 300
ANONYMOUS, GUEST, IDENTIFIED = "anonymous", "guest", "identified"
PREFIXES = {ANONYMOUS: "anon_", GUEST: "guest_"}
FORMER = "former-member-"  # of an id: whoever was of the team elsewhere, and is not here


def find(piece: Piece, told: Person) -> int | None:
    """The user who this is; None when they are not here yet. In a rehearsal 0 for one whom a row before would have made."""
    who = identity(told)
    if who not in piece.kept:
        found = looked_up(piece, told)
        if found is None:
            return None
        piece.kept[who] = found
    return piece.kept[who]


def identity(told: Person) -> tuple:
    return ("person", told.id, told.email, told.known_as, None if told.id or told.email or told.known_as else told.name)


def looked_up(piece: Piece, told: Person) -> int | None:
    place = {"workspace": piece.workspace.id}
    if (member := of_team(piece, told)) is not None:
        return member
    if told.id:
        row = db.row(BY_ID, **place, external=external(piece, told))
        return row[0] if row else piece.known("person", f"id {told.id}")
    email = told.email and text.email(told.email)
    if email and (row := db.row(BY_EMAIL, **place, email=email)):
        return row[0]
    return next((known for name in names(told) if (known := piece.known("person", name)) is not None), None)


def names(told: Person) -> list[str]:
    """By what the source tells this person apart, the surest first."""
    ways = {"as": told.known_as, "email": told.email and told.email.lower(), "name": text.tidy_line(told.name[:800])}
    said = [f"{way} {name}" for way, name in ways.items() if name]
    return said if told.known_as or told.email else said[-1:]


def of_team(piece: Piece, told: Person) -> int | None:
    """Whoever is a member here writes as one, whatever they were elsewhere."""
    if not told.email or (told.id and told.kind != "member") or not (email := text.email(told.email)):
        return None
    row = db.row(OF_TEAM, workspace=piece.workspace.id, email=email)
    if row is None or piece.is_dry:
        return row and 0
    return users.make(piece.workspace, f"{MEMBER}{row[0]}", "member", row[2], row[1]).id


def person(piece: Piece, told: Person) -> int:
    """The user who this is, made when they are not here yet."""
    found = find(piece, told)
    if found is None:
        found = piece.kept[identity(told)] = make(piece, told)
    return found


def user(piece: Piece, told: Person) -> str:
    """A row that is a person. What is known of one who is here stays as it is."""
    if find(piece, told) is not None:
        return "known"
    person(piece, told)
    return "made"


def make(piece: Piece, told: Person) -> int:
    id = external(piece, told)
    facts = checked(piece, told, id)
    made = 0
    if not piece.is_dry:
        row = db.row(MAKE, workspace=piece.workspace.id, external=id, **facts)
        if row is None:  # somebody has made them at this moment
            return db.row(BY_ID, workspace=piece.workspace.id, external=id)[0]
        made = row[0]
        if told.traits or told.segments or facts["company"]:
            segments.sort(piece.workspace.id, user=made)
    piece.remember("made user", id, made)
    for name in [f"id {told.id}"] if told.id else names(told):
        piece.remember("person", name, made)
    return made


def external(piece: Piece, told: Person) -> str:
    """The id that they have here: the customer's own, where it is one."""
    if not told.id:
        known = told.email or told.known_as or told.name
        return f"guest_{secrets.token_hex(12)}" if known else f"anon_{secrets.token_hex(12)}"
    if not text.is_plain_id(told.id):
        raise Refused(users.WHAT_AN_ID_IS, "author_id")
    if piece.source != "sayso" and told.id.startswith(users.RESERVED):
        raise Refused(f"Ids that begin with {', '.join(users.RESERVED)} are given by Sayso.", "author_id")
    if told.id.startswith("sayso-"):
        return f"{FORMER}{piece.keys('person', told.id)[-1].decode()}"
    return told.id


def checked(piece: Piece, told: Person, id: str) -> dict:
    kind = next((kind for kind, prefix in PREFIXES.items() if id.startswith(prefix)), IDENTIFIED)
    traits = told.traits if isinstance(told.traits, dict) and told.traits else None
    try:
        said = claims.checked(told.email or None, told.name[:800], None, traits, list(told.segments))
    except Invalid as error:
        [column, why] = next(iter(error.fields.items()))
        raise Refused(why, f"author_{column}") from None
    was_member = id.startswith(FORMER)  # their address was for colleagues only
    return {
        "kind": kind, "name": said["name"] or "", "email": None if was_member else said["email"],
        "email_kid": claims.IMPORTED if said["email"] and not was_member else None, "avatar": claims.picture(told.avatar),
        "locale": told.locale and text.tidy_line(told.locale[:40]) or None, "traits": said["traits"] or Json({}),
        "segments": said["segments"] or [], "company": import_places.company_of(piece, told.company),
        "blocked": told.is_blocked, "first": past(piece, told.created_at), "last": past(piece, told.seen_at),
    }  # fmt: skip


def past(piece: Piece, moment):
    return min(moment, piece.now) if moment else None


def prefix(workspace_id: int, import_id: int) -> str:
    """How the ids begin of all the nameless ones whom this import has made: so that they can be found again."""
    return f"anon_{hashlib.sha256(f'nameless {workspace_id} {import_id}'.encode()).hexdigest()[:12]}"


def nameless(piece: Piece, number: int, count: int, at) -> None:
    """So many votes for a post, of people of whom nothing is known."""
    place = piece.workspace.id
    db.changed(NAMELESS, workspace=place, prefix=prefix(place, piece.id), number=number, count=count, at=at)


def named(piece: Piece, post: str, number: int) -> None:
    """A vote of somebody who is known has come for a post that an import before has given votes without a name: one of these
    goes, so that there are as many as there were."""
    place, keys = {"workspace": piece.workspace.id, "number": number}, piece.keys("post", post)
    row = db.row(MADE_BY, **place, keys=keys)
    found = row and db.row(HOLD_NAMELESS, **place, prefix=prefix(piece.workspace.id, row[0]))
    if found:
        db.changed(DROP_NAMELESS, workspace=piece.workspace.id, id=found[0])
        piece.keep("named", found[1].encode(), number)


# ── who gets letters ────────────────────────────────────────────────────────────────────────────────────────────────

def mailing(piece: Piece, told: Mailing) -> str:
    """What an address wants to be told. Nothing that it does not want here is loosened, nor when the import is undone. That
    it wants news is believed of who runs the server: in a file that anybody sends it may be made up."""
    email = text.email(told.email)
    if email is None:
        raise Refused("This is no e-mail address.", "email")
    reason = told.suppressed and (text.tidy_line(told.suppressed[: 4 * LONGEST_REASON])[:LONGEST_REASON] or "Imported")
    muted = sorted(kind for kind in set(told.muted) if kind in mailings.ABOUT_POSTS)
    if piece.is_dry:
        return "made"
    place = {"workspace": piece.workspace.id, "email": email.lower()}
    since = past(piece, told.subscribed_at) if piece.rules.by_hand else None
    changed = bool(reason and db.changed(suppressions.ADD, **place, reason=reason))
    if muted or since or told.locale:
        locale = told.locale and text.tidy_line(told.locale[:40]) or None
        changed |= bool(db.changed(MAIL, **place, muted=muted, subscribed_at=since, locale=locale))
    return "made" if changed else "known"
