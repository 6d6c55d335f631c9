"""From where a workspace takes nothing unread, and whom it sends no letter: e-mail addresses, domains, networks."""

from datetime import datetime
from typing import NamedTuple

from service import db, events
from service.errors import Invalid
from service.feedback import members
from service.feedback.readers import Reader
from service.lib import text, tokens

EMAIL, DOMAIN, NETWORK = "email", "domain", "network"  # kinds
MOST = 1000  # in one workspace, by hand
NETWORK_DAYS = 7  # it is somebody else's soon

# In the order of their names, so that two who block the same do not wait for each other. What is blocked by hand stays so
# when the user is let in again with whom it was blocked before.
BLOCK = f"""
INSERT INTO blocked_address AS b (workspace_id, kind, value, compared, person_id, user_id, created_at, ends_at)
SELECT %(workspace)s, kind, lower(value), compared, %(person)s, user_id, clock_timestamp(),
       CASE kind WHEN '{NETWORK}' THEN now() + interval '{NETWORK_DAYS} days' END
  FROM unnest(%(kinds)s::text[], %(values)s::text[], %(compared)s::text[], %(users)s::bigint[])
       those (kind, value, compared, user_id) ORDER BY kind, value
ON CONFLICT (workspace_id, kind, value) DO UPDATE
   SET ends_at = excluded.ends_at, user_id = excluded.user_id, person_id = excluded.person_id
 WHERE b.ends_at IS NOT NULL OR (excluded.user_id IS NULL AND b.user_id IS NOT NULL)
RETURNING kind, value"""
# what of a user is blocked with them
PLACES = f"""('guest', '{EMAIL}', lower(u.email)), ('guest', '{NETWORK}', u.network_tag),
             ('anonymous', '{NETWORK}', u.network_tag)"""
PLACES_OF = f"""
SELECT DISTINCT ON (place.kind, place.value) place.kind, place.value, u.id
  FROM "user" u CROSS JOIN LATERAL (VALUES {PLACES}) place (of, kind, value)
 WHERE u.workspace_id = %(workspace)s AND u.id = ANY(%(ids)s) AND place.of = u.kind AND place.value IS NOT NULL
 ORDER BY place.kind, place.value, u.id"""
LIFT = """
DELETE FROM blocked_address WHERE workspace_id = %(workspace)s AND kind = %(kind)s
   AND (value = %(value)s OR value = ANY(%(tags)s::text[]))"""
# It stays because of another who is blocked and came from there.
HAND_ON = f"""
UPDATE blocked_address b SET user_id = u.id
  FROM "user" u CROSS JOIN LATERAL (VALUES {PLACES}) place (of, kind, value)
 WHERE b.workspace_id = %(workspace)s AND b.user_id = %(user)s AND u.workspace_id = %(workspace)s AND u.id <> %(user)s
   AND u.blocked_at IS NOT NULL AND place.of = u.kind AND (place.kind, place.value) = (b.kind, b.value)"""
LIFT_OF_USER = "DELETE FROM blocked_address WHERE workspace_id = %(workspace)s AND user_id = %(user)s RETURNING kind, value"
# All spellings of it become one row that is found by what our key makes of it.
FORGET = f"""
WITH gone AS (
  DELETE FROM blocked_address WHERE workspace_id = %(workspace)s AND kind = '{EMAIL}' AND compared = %(mailbox)s
  RETURNING person_id, created_at
)
INSERT INTO blocked_address (workspace_id, kind, value, compared, person_id, created_at)
SELECT %(workspace)s, '{EMAIL}', %(tag)s, %(tag)s, min(person_id), min(created_at) FROM gone HAVING count(*) > 0
ON CONFLICT DO NOTHING"""
# not what was blocked with users, nor what is left of that when they are gone
COUNT = f"""
SELECT count(*) FROM blocked_address WHERE workspace_id = %(workspace)s AND user_id IS NULL AND kind <> '{NETWORK}'"""
PAGE = f"""
SELECT b.kind, b.value, b.created_at, b.ends_at, u.external_id, u.name,
       coalesce(nullif(p.name, ''), {members.address("p")})
  FROM blocked_address b
  LEFT JOIN "user" u ON u.workspace_id = b.workspace_id AND u.id = b.user_id
  LEFT JOIN person p ON p.id = b.person_id
 WHERE b.workspace_id = %(workspace)s AND (b.ends_at IS NULL OR b.ends_at > now())
   AND (%(at)s IS NULL OR b.created_at < %(at)s::timestamptz)
 ORDER BY b.created_at DESC LIMIT %(most)s"""
# `address` when something of the `places` is blocked in the workspace, `network` when nothing but a network is; else NULL
KIND_OF_PLACE = f"""
  (SELECT CASE b.kind WHEN '{NETWORK}' THEN 'network' ELSE 'address' END FROM blocked_address b
    WHERE b.workspace_id = %(workspace)s AND b.compared = ANY(%(places)s::text[])
      AND (b.ends_at IS NULL OR b.ends_at > now()) ORDER BY b.kind LIMIT 1)"""
TAKES = f"SELECT {KIND_OF_PLACE}"


class Blocked(NamedTuple):
    """From where somebody is kept out; a network only by a name that means nothing elsewhere."""

    kind: str  # email, domain, network
    value: str
    at: datetime
    ends_at: datetime | None
    user_id: str | None  # external: because of whom
    user_name: str | None
    by: str | None  # the member who did it


@db.verb
def block(reader: Reader, address: str) -> str:
    """Keep out an e-mail address, or all at a domain: no letter goes there, and what comes from there waits. Returns how it
    is written. Again, nothing happens. Raises Invalid (`address`)."""
    kind, value = told(address)
    if db.row(COUNT, workspace=reader.workspace.id)[0] >= MOST:
        raise Invalid(address=f"{MOST:,} addresses are blocked already; lift some of them first.")
    add(reader, [(kind, value, None)])
    return value


def told(address: str) -> tuple[str, str]:
    """What somebody means: somebody@example.com, or example.com, with or without an @ before it."""
    said = address[:1000].strip()
    if "@" in said[1:]:
        kind, value = EMAIL, text.email(said)
    else:
        kind, value = DOMAIN, text.domain_of(said.removeprefix("@"))
    if value is None or (kind == DOMAIN and "." not in value):
        raise Invalid(address="Give an e-mail address, or a domain like example.com.")
    return kind, value


@db.verb
def block_of(reader: Reader, ids: list[int]) -> None:
    """Keep out from where these users came who are blocked: guests' addresses, and for a week the networks of those without
    any account. Of users whom the customer knows nothing more is needed."""
    add(reader, db.rows(PLACES_OF, workspace=reader.workspace.id, ids=ids))


def add(reader: Reader, those: list[tuple[str, str, int | None]]) -> None:
    """Keep out each `(kind, value, user)`; the user is because of whom."""
    columns = {"kinds": [kind for kind, _, _ in those], "values": [value for _, value, _ in those],
               "compared": [text.mailbox(value) if kind == EMAIL else value for kind, value, _ in those],
               "users": [user for _, _, user in those]}  # fmt: skip
    for made in db.rows(BLOCK, workspace=reader.workspace.id, person=reader.person, **columns):
        record(reader, "address.blocked", *made)


@db.verb
def lift(reader: Reader, kind: str, value: str) -> None:
    """Let somebody in again from there; who is not kept out stays so."""
    if "\0" in f"{kind}{value}":
        return
    tags = erased(reader.workspace.id, value) if kind == EMAIL else []  # of somebody who was erased and had it, too
    if db.changed(LIFT, workspace=reader.workspace.id, kind=kind, value=value, tags=tags):
        record(reader, "address.unblocked", kind, value)


@db.verb
def lift_of(reader: Reader, user: int) -> None:
    """Take back what was blocked because of this user, and of no other."""
    db.changed(HAND_ON, workspace=reader.workspace.id, user=user)
    for gone in db.rows(LIFT_OF_USER, workspace=reader.workspace.id, user=user):
        record(reader, "address.unblocked", *gone)


def forget(workspace_id: int, email: str) -> None:
    """Write an address nowhere any more whose owner was erased; if it was blocked it stays so, found by a tag of it."""
    tag = erased(workspace_id, email)[0]
    db.changed(FORGET, workspace=workspace_id, mailbox=text.mailbox(email), tag=tag)


def erased(workspace_id: int, email: str) -> list[str]:
    """All names that an address has had here, by our keys, when it stands here itself no more; the newest first."""
    return tokens.tags(f"address {workspace_id} {text.mailbox(email)}")


def record(reader: Reader, type: str, kind: str, value: str) -> None:
    # the log outlives whoever has the address, so it does not say which one
    data = {"kind": kind, "value": value} if kind == DOMAIN else {"kind": kind}
    events.record(type, reader.workspace.id, person=reader.person, data=data)


def page(reader: Reader, most: int, after: tuple[datetime | None, int] | None = None) -> list[Blocked]:
    """From where somebody is kept out, the last one first, after the place (`at`, anything) of the one read last."""
    at, _ = after or (None, 0)
    return [Blocked(*row) for row in db.rows(PAGE, workspace=reader.workspace.id, most=most, at=at)]


def takes(workspace_id: int, email: str) -> bool:
    """Whether a letter may go to this address of a user; who asks for one does not learn that."""
    return db.row(TAKES, workspace=workspace_id, places=places(workspace_id, email))[0] is None


def places(workspace_id: int, email: str) -> list[str]:
    """All that keeps this address out when it is blocked: its mailbox, also by its tags, its domain, and those above it."""
    labels = email.lower().rpartition("@")[2].split(".")
    domains = [".".join(labels[first:]) for first in range(len(labels) - 1)]
    return [text.mailbox(email), *erased(workspace_id, email), *domains]


def tags(workspace_id: int, network: str) -> list[str]:
    """All names that a network has had here by our keys, the newest first: it is stored nowhere itself."""
    return tokens.tags(f"network {workspace_id} {network}") if network else []
