"""Endpoints: the addresses of a team's own systems, each with what it wants to hear of and the secret that signs it.

The address and the secrets are sealed at rest: what is in an address of Slack's is a password. Nothing here reaches out;
`deliveries.py` says what is told to whom, `service/webhooks.py` tells it."""

import base64
import secrets
from datetime import datetime
from typing import NamedTuple
from urllib.parse import urlsplit

from psycopg2.extras import Json

from service import db, events, jobs
from service.config import Config
from service.errors import Conflict, Invalid, NotFound
from service.feedback import limits, versions
from service.feedback.readers import Reader
from service.lib import outbound, sealing, text

TYPES = (
    "post.created", "post.updated", "post.deleted", "post.restored", "post.status_changed", "post.merged", "post.unmerged",
    "vote.created", "vote.deleted", "comment.created", "comment.updated", "comment.deleted", "changelog.published",
    "user.identified", "user.erased", "webhook.test",
)  # fmt: skip
FORMATS = ("standard", "slack", "discord", "teams")
DELIVER = "endpoint.deliver"  # kind of the job of an endpoint that has deliveries due; never renamed
QUEUE = "webhooks"
ROUSE = "endpoint.rouse"  # kind of the job that looks after all of them; never renamed
MOST = 20  # of a workspace
MOST_VOTES = 1_000_000  # of a threshold
SECRET_BYTES = 32
OVERLAP_HOURS = 24  # in which the secret before the newest signs, too

COLUMNS = "id, sealed_url, host, format, types, conditions, state, failing_since, former_until, created_at"
LIST = f"""
SELECT {COLUMNS} FROM endpoint
 WHERE workspace_id = %(workspace)s AND (%(id)s IS NULL OR id = %(id)s) AND state <> 'deleted' ORDER BY id"""
HOLD = f"""
SELECT {COLUMNS} FROM endpoint
 WHERE workspace_id = %(workspace)s AND id = %(id)s AND state <> 'deleted' FOR NO KEY UPDATE"""
# one at a time, or two members at once would make more than there may be
HOLD_ALL = "SELECT id FROM workspace WHERE id = %(workspace)s FOR NO KEY UPDATE"
COUNT = "SELECT count(*) FROM endpoint WHERE workspace_id = %(workspace)s AND state <> 'deleted'"
MAKE = """
INSERT INTO endpoint (workspace_id, host, sealed_url, format, types, conditions, sealed_secret)
VALUES (%(workspace)s, %(host)s, %(url)s, %(format)s, %(types)s, %(conditions)s, %(secret)s) RETURNING id"""
SAVE = """
UPDATE endpoint SET types = %(types)s, conditions = %(conditions)s, state = %(state)s
 WHERE workspace_id = %(workspace)s AND id = %(id)s"""
# what is under way to the old address has lost its turn (attempts.end)
MOVE = """
UPDATE endpoint SET host = %(host)s, sealed_url = %(url)s, busy_until = NULL
 WHERE workspace_id = %(workspace)s AND id = %(id)s"""
# What was said of its failures is said of another address, or of a time before somebody mended it.
BEGIN_ANEW = """
UPDATE endpoint SET failing_since = NULL, warned_at = NULL, resting_until = NULL
 WHERE workspace_id = %(workspace)s AND id = %(id)s"""
ROTATE = """
UPDATE endpoint SET sealed_former = sealed_secret, former_until = now() + %(hours)s * interval '1 hour',
       sealed_secret = %(secret)s
 WHERE workspace_id = %(workspace)s AND id = %(id)s"""
# What was delivered to it may be too much for one statement, so it goes in pieces (attempts.rouse), and the row after it.
DELETE = """
UPDATE endpoint SET state = 'deleted', sealed_url = '', sealed_secret = '', sealed_former = NULL, former_until = NULL,
       failing_since = NULL, busy_until = NULL
 WHERE workspace_id = %(workspace)s AND id = %(id)s AND state <> 'deleted' RETURNING host"""
FORGET_REACHED = "DELETE FROM endpoint_reached WHERE workspace_id = %(workspace)s AND endpoint_id = %(id)s"
PLACES = {
    "board": "SELECT FROM board WHERE workspace_id = %(workspace)s AND key = %(key)s",
    "segment": "SELECT FROM segment WHERE workspace_id = %(workspace)s AND key = %(key)s",
}

settings: list[Config] = []


class Endpoint(NamedTuple):
    id: int
    url: str  # empty: no key of ours opens it any more
    host: str
    format: str
    types: list[str]
    conditions: dict  # board, segment: keys; votes: a number; each may be missing
    state: str  # active, paused; gone: it answered 410; failed: nothing got through for days
    failing_since: datetime | None
    former_until: datetime | None  # until then the secret before the newest signs, too
    created_at: datetime

    @property
    def name(self) -> str:
        """What tells it from another one at the same host."""
        return f"{self.host} #{self.id}"


def start(config: Config) -> None:
    """Take the addresses that this configuration allows."""
    settings[:] = [config]


def of(reader: Reader) -> list[Endpoint]:
    """The workspace's endpoints, the oldest first."""
    return [endpoint(row) for row in db.rows(LIST, workspace=reader.workspace.id, id=None)]


def find(reader: Reader, id: int) -> Endpoint:
    """The endpoint of this id, or NotFound."""
    return found(db.row(LIST, workspace=reader.workspace.id, id=id))


def found(row: tuple | None) -> Endpoint:
    if row is None:
        raise NotFound("There is no such endpoint.")
    return endpoint(row)


def endpoint(row: tuple) -> Endpoint:
    id, sealed_url, *rest = row
    return Endpoint(id, sealing.unseal(sealed_url) or "", *rest)


@db.verb
def create(reader: Reader, url: str, types: list[str], conditions: dict | None = None,
           format: str = "standard") -> tuple[Endpoint, str]:  # fmt: skip
    """A new endpoint, and the secret that signs what it is sent, which is returned this once.

    Raises Invalid with the field that must change, Conflict when the workspace has as many as it may."""
    said = checked(reader, url=url, types=types, conditions=conditions or {}, format=format)
    workspace, secret = reader.workspace.id, new_secret()
    db.rows(HOLD_ALL, workspace=workspace)
    if db.row(COUNT, workspace=workspace)[0] >= MOST:
        raise Conflict(f"A workspace has at most {MOST} endpoints; delete one that is not needed.", "too_many")
    [id] = db.row(MAKE, workspace=workspace, host=host(said["url"]), url=sealing.seal(said["url"]), format=format,
                  types=said["types"], conditions=Json(said["conditions"]), secret=sealing.seal(secret))  # fmt: skip
    tell("endpoint.created", reader, id, host(said["url"]))
    return find(reader, id), secret


@db.verb
def update(reader: Reader, id: int, *, url: str | None = None, types: list[str] | None = None,
           conditions: dict | None = None, state: str | None = None, seen: str | None = None) -> Endpoint:  # fmt: skip
    """Change what is given of an endpoint and leave the rest; nothing new is no change. `state` is active or paused; what
    is switched on again gets what still waits. Raises Invalid with the field that must change, Conflict when it is not (any
    more) the version of address, types and conditions that was `seen`."""
    given = {"url": url, "types": types, "conditions": conditions, "state": state}
    given = checked(reader, **{name: value for name, value in given.items() if value is not None})
    place = {"workspace": reader.workspace.id, "id": id}
    before = found(db.row(HOLD, **place))
    versions.check(seen, before.url, before.types, before.conditions)
    after = before._replace(**given)
    changed = [name for name in given if getattr(after, name) != getattr(before, name)]
    if not changed:
        return before
    db.changed(SAVE, **place, types=after.types, conditions=Json(after.conditions), state=after.state)
    if "url" in changed:
        db.changed(MOVE, **place, host=host(after.url), url=sealing.seal(after.url))
    if after.conditions.get("votes") != before.conditions.get("votes"):
        db.changed(FORGET_REACHED, **place)  # it was another threshold
    if {"url", "state"}.intersection(changed):
        db.changed(BEGIN_ANEW, **place)
        wake(reader.workspace.id, id)
    tell("endpoint.updated", reader, id, host(after.url) or before.host, changed=changed)
    return find(reader, id)


@db.verb
def delete(reader: Reader, id: int) -> None:
    """Take an endpoint away; what was delivered to it goes soon after. NotFound when there is none, so the second time
    too."""
    row = db.row(DELETE, workspace=reader.workspace.id, id=id)
    if row is None:
        raise NotFound("There is no such endpoint.")
    jobs.enqueue(ROUSE, unique_key="deleted")
    tell("endpoint.deleted", reader, id, row[0])


@db.verb
def rotate(reader: Reader, id: int) -> str:
    """A new secret, returned this once. For a day the one before it signs, too; older ones end."""
    place = {"workspace": reader.workspace.id, "id": id}
    before, secret = found(db.row(HOLD, **place)), new_secret()
    db.changed(ROTATE, **place, hours=OVERLAP_HOURS, secret=sealing.seal(secret))
    tell("endpoint.updated", reader, id, before.host, changed=["secret"])
    return secret


@db.verb
def test(reader: Reader, id: int) -> int:
    """Have an endpoint told that this is a test, whatever it wants to hear of; returns the number of the event. Conflict
    when it is switched off."""
    endpoint = require_active(reader, id)
    data = {"endpoint": endpoint.id}
    return events.record("webhook.test", reader.workspace.id, data=data, **reader.actor())


def require_active(reader: Reader, id: int) -> Endpoint:
    """The endpoint of this id, held until the transaction ends, for an attempt that somebody asks for; NotFound, Conflict
    when it is switched off, or RateLimited."""
    limits.webhook_try(reader.workspace.id)
    endpoint = found(db.row(HOLD, workspace=reader.workspace.id, id=id))
    if endpoint.state != "active":
        raise Conflict("This endpoint is switched off; switch it on first.", "endpoint_off")
    return endpoint


def wake(workspace_id: int, id: int, delay: float = 0) -> None:
    """See after so many seconds, in the worker, what is due for this endpoint."""
    jobs.enqueue(DELIVER, workspace_id, queue=QUEUE, delay=delay, unique_key=str(id), endpoint=id)


def tell(type: str, reader: Reader, id: int, host: str, **more) -> None:
    events.record(type, reader.workspace.id, data={"endpoint": id, "host": host, **more}, **reader.actor())


def new_secret() -> str:
    return "whsec_" + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def host(url: str) -> str:
    return (urlsplit(url).hostname or "").lower()


def checked(reader: Reader, **given) -> dict:
    """What is given, as it is stored; Invalid says all that must change."""
    said, wrong = {}, {}
    for name, value in given.items():
        try:
            said[name] = CHECKS[name](reader, value)
        except Invalid as error:
            wrong |= error.fields
    if wrong:
        raise Invalid(**wrong)
    return said


def a_url(reader: Reader, url: str) -> str:  # noqa: ARG001 (they are all called alike)
    tidied = url.strip() if isinstance(url, str) else ""
    if not tidied.isprintable() or not tidied:
        raise Invalid(url="Give the address of your system, e.g. https://example.com/hooks/sayso.")
    outbound.check_form(tidied, allow=settings[0].outbound_allow)
    return tidied


def some_types(reader: Reader, types: list[str]) -> list[str]:  # noqa: ARG001
    if not types or not all(isinstance(type, str) for type in types) or not set(types) <= set(TYPES):
        raise Invalid(types=f"Choose one or more of: {', '.join(TYPES)}.")
    return [type for type in TYPES if type in types]


def a_format(reader: Reader, format: str) -> str:  # noqa: ARG001
    if format not in FORMATS:
        raise Invalid(format=f"Choose one of: {', '.join(FORMATS)}.")
    return format


def a_state(reader: Reader, state: str) -> str:  # noqa: ARG001
    if state not in ("active", "paused"):
        raise Invalid(state="Switch it on (active) or off (paused).")
    return state


def some_conditions(reader: Reader, conditions: dict) -> dict:
    """Those that are set."""
    said = {name: value for name, value in conditions.items() if value is not None}
    if not set(said) <= {"board", "segment", "votes"}:
        raise Invalid(conditions="Conditions are: board (its key), segment (its key), votes (a number).")
    for name, sql in PLACES.items():
        if name in said and not is_there(reader, sql, said[name]):
            raise Invalid(conditions=f"There is no such {name}; name one by its key.")
    votes = said.get("votes", 1)
    if isinstance(votes, bool) or not isinstance(votes, int) or not 1 <= votes <= MOST_VOTES:
        raise Invalid(conditions=f"Votes is a whole number from 1 to {MOST_VOTES:,}.")
    return said


def is_there(reader: Reader, sql: str, key: object) -> bool:
    known = isinstance(key, str) and text.is_key(key)
    return known and db.row(sql, workspace=reader.workspace.id, key=key) is not None


CHECKS = {"url": a_url, "types": some_types, "conditions": some_conditions, "format": a_format, "state": a_state}
