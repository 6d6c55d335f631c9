"""The end of a workspace: an owner plans it, for a week everything goes on working and it can be called off, then all of it
goes (clearing)."""

from datetime import datetime
from typing import NamedTuple

from service import db, events
from service.errors import Conflict, Forbidden, Invalid, NotFound
from service.feedback import billing, leaving
from service.feedback.readers import Reader

DAYS = 7
PAYING = (*billing.LIVE, "incomplete")  # states of a subscription that costs, or may yet

PAYING_STILL = "Cancel the subscription first (Settings → Billing): nobody is to pay for what is gone."

# Closed (clearing), nobody is in it any more.
READ = """
SELECT erase_at, NOT EXISTS (SELECT FROM member WHERE workspace_id = %(workspace)s),
       (SELECT role FROM member WHERE workspace_id = %(workspace)s AND person_id = %(person)s AND joined_at IS NOT NULL)
  FROM workspace WHERE id = %(workspace)s"""
# A statement of its own: what is read beside a row that was waited for is as old as the wait.
HOLD = "SELECT FROM workspace WHERE id = %(workspace)s FOR NO KEY UPDATE"
# SQL: does it pay, or may it yet? Where there is nothing to pay, an old row says nothing.
LIVES = f"""(%(is_billed)s AND EXISTS (
  SELECT FROM subscription s WHERE s.workspace_id = {{workspace}} AND s.status IN {PAYING} AND NOT s.is_ending))"""
PAYS = f"SELECT {LIVES.format(workspace='%(workspace)s')}"
PLAN = f"""
UPDATE workspace SET erase_at = now() + interval '{DAYS} days' WHERE id = %(workspace)s RETURNING erase_at"""
CALL_OFF = "UPDATE workspace SET erase_at = NULL WHERE id = %(workspace)s"


class Standing(NamedTuple):
    """What the member who acts sees of the end."""

    erase_at: datetime | None  # NULL: it stays
    is_closed: bool  # nobody gets in any more, and what is in it goes
    role: str | None


def of(reader: Reader) -> Standing:
    row = db.row(READ, **who(reader))
    if row is None:
        raise NotFound("There is no such workspace.")
    return Standing(*row)


def held(reader: Reader) -> Standing:
    """The same, which nobody changes until the transaction ends."""
    db.row(HOLD, workspace=reader.workspace.id)
    return of(reader)


def who(reader: Reader) -> dict:
    return {"workspace": reader.workspace.id, "person": reader.person}


def pays(reader: Reader) -> bool:
    """Whether there is a subscription that would go on costing."""
    return db.row(PAYS, workspace=reader.workspace.id, is_billed=billing.is_on())[0]


@db.verb
def plan(reader: Reader, typed: str) -> datetime:
    """Have the workspace erased in a week; returns when. Planned already, it stays as it was. For owners, else Forbidden;
    Invalid unless they `typed` its address; Conflict while a subscription goes on."""
    standing = held(reader)
    if standing.role != "owner":
        raise Forbidden("Only an owner can have the workspace erased.", "owners_only")
    if standing.erase_at:
        return standing.erase_at
    if typed.strip() != reader.workspace.slug:
        raise Invalid(slug="This is not its address. Type it as it stands above.")
    if pays(reader):
        raise Conflict(PAYING_STILL, "subscribed")
    [erase_at] = db.row(PLAN, workspace=reader.workspace.id)
    leaving.plan(reader.workspace.id)
    data = {"at": erase_at.isoformat(timespec="seconds")}
    events.record("workspace.erasure_planned", reader.workspace.id, data=data, **reader.actor())
    return erase_at


@db.verb
def call_off(reader: Reader) -> None:
    """Keep the workspace; when that is so anyway, nothing happens. For owners and admins, else Forbidden; Conflict when
    it is closed already."""
    standing = held(reader)
    if standing.is_closed:
        raise Conflict("It is too late: the workspace is being erased.", "too_late")
    if standing.role not in ("owner", "admin"):
        raise Forbidden("Only owners and admins can keep the workspace.")
    if standing.erase_at:
        db.changed(CALL_OFF, workspace=reader.workspace.id)
        events.record("workspace.erasure_called_off", reader.workspace.id, **reader.actor())
