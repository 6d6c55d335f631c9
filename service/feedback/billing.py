"""What a workspace pays, as Stripe said when it was last asked, and the plan that follows from it.

Whatever comes from Stripe, an event or somebody who returns from a checkout, is only a reason to ask how things stand now:
so the order of events counts for nothing, and neither does one that is lost or comes twice."""

import logging
from datetime import datetime
from typing import NamedTuple

from service import db, events
from service.config import Config
from service.errors import NotFound, PaymentAway
from service.feedback import plan_limits
from service.feedback.workspaces import Workspace
from service.lib.stripe_client import Found, Heard, Stripe

log = logging.getLogger("sayso.payments")

QUEUE = "billing"  # Stripe may be slow; that holds up nothing else
GRACE_DAYS, REMINDER_DAYS = 7, 5  # since nothing is paid
TRIAL_DAYS = 14
FRESH_SECONDS = 5  # for which nobody asks anew just to show it
MOST_FETCHES = 5  # of what others have written down meanwhile
PAID, OWED, UNBEGUN = ("active", "trialing"), ("past_due", "unpaid"), ("incomplete", "incomplete_expired")
LIVE = (*PAID, *OWED, "paused")  # a second one beside it would be paid twice
TYPES = ("checkout.session.", "customer.", "invoice.")  # beginnings of what may change a subscription

CUSTOMER_OF = "SELECT stripe_customer FROM workspace WHERE id = %(workspace)s"
OF_CUSTOMER = "SELECT id FROM workspace WHERE stripe_customer = %(customer)s"
KNOWN = "SELECT FROM stripe_event WHERE id = %(id)s"
NOTE = "INSERT INTO stripe_event (id, type) VALUES (%(id)s, %(type)s) ON CONFLICT DO NOTHING RETURNING id"
VERSION = """
SELECT coalesce((SELECT version FROM subscription WHERE workspace_id = %(workspace)s), 0)"""
BEGIN = "INSERT INTO subscription (workspace_id) VALUES (%(workspace)s) ON CONFLICT DO NOTHING"
# The workspace before what belongs to it, as everywhere.
HOLD_WORKSPACE = "SELECT FROM workspace WHERE id = %(workspace)s FOR NO KEY UPDATE"
HOLD = """
SELECT s.version, w.plan, s.past_due_since IS NOT NULL FROM subscription s JOIN workspace w ON w.id = s.workspace_id
 WHERE s.workspace_id = %(workspace)s FOR NO KEY UPDATE OF s"""
# `owes`: it has not paid, so the days of grace count, from when Stripe gave up or we first heard of it; they begin once.
WRITE = """
UPDATE subscription SET version = version + 1, stripe_id = %(id)s, status = %(status)s, period = %(period)s,
       period_ends_at = %(period_ends_at)s, trial_ends_at = %(trial_ends_at)s, is_ending = %(is_ending)s,
       had_trial = had_trial OR %(had_trial)s, live = %(live)s, changed_at = now(),
       past_due_since = CASE WHEN %(owes)s THEN coalesce(past_due_since, %(unpaid_since)s, now()) END,
       reminded_at = CASE WHEN %(owes)s THEN reminded_at END
 WHERE workspace_id = %(workspace)s"""
IN_GRACE = f"coalesce(s.past_due_since > now() - interval '{GRACE_DAYS} days', false)"
PLAN = f"""
UPDATE workspace w SET plan = CASE WHEN s.status IN {PAID} OR {IN_GRACE} THEN 'pro' ELSE 'free' END
  FROM subscription s WHERE w.id = %(workspace)s AND s.workspace_id = w.id
RETURNING w.plan, s.past_due_since IS NOT NULL"""
# Who pays keeps the workspace; not who has cancelled and uses it until the end. A closed one (clearing) has no customer.
STAY = f"""
UPDATE workspace w SET erase_at = NULL FROM subscription s
 WHERE w.id = %(workspace)s AND w.erase_at IS NOT NULL AND w.stripe_customer IS NOT NULL
   AND s.workspace_id = w.id AND s.status IN {LIVE} AND NOT s.is_ending"""
READ = f"""
SELECT s.stripe_id, s.status, s.period, s.period_ends_at, s.trial_ends_at, s.is_ending, s.had_trial, s.past_due_since,
       s.past_due_since + interval '{GRACE_DAYS} days', {IN_GRACE}, s.live
  FROM subscription s WHERE s.workspace_id = %(workspace)s"""
REMIND = f"""
UPDATE subscription s SET reminded_at = now() FROM workspace w
 WHERE s.workspace_id = %(workspace)s AND w.id = s.workspace_id AND w.plan = 'pro' AND s.reminded_at IS NULL
   AND s.past_due_since < now() - interval '{REMINDER_DAYS} days'"""
IS_FRESH = """
SELECT EXISTS (SELECT FROM subscription WHERE workspace_id = %(workspace)s
                  AND changed_at > now() - %(seconds)s * interval '1 second')"""
SETTLE = "UPDATE subscription SET version = version + 1 WHERE workspace_id = %(workspace)s"


class Subscription(NamedTuple):
    """What Stripe said last. Without one: nobody ever subscribed."""

    stripe_id: str | None = None
    status: str | None = None
    period: str | None = None  # month or year
    period_ends_at: datetime | None = None
    trial_ends_at: datetime | None = None
    is_ending: bool = False  # at the end of the period
    had_trial: bool = False
    past_due_since: datetime | None = None
    grace_ends_at: datetime | None = None  # until when everything stays on
    is_in_grace: bool = False
    live: int = 0  # how many there are: every one but this is paid for nothing

    @property
    def is_live(self) -> bool:
        """Whether there is one that is paid, or shall be."""
        return self.status in LIVE


class Moved(Exception):
    """Somebody else wrote down a newer answer while we asked."""


# what this process asks Stripe with: the account and the settings
asked: list[tuple[Stripe, Config]] = []


def start(config: Config) -> None:
    """Have the plans hold, and Stripe asked, as this configuration says; without a key neither."""
    asked.clear()
    if config.stripe_secret_key:
        asked.append((Stripe(config.stripe_secret_key, config.stripe_api), config))
    plan_limits.start(bool(config.stripe_secret_key))


def is_on() -> bool:
    """Whether there is anything to pay here."""
    return plan_limits.is_on()


def stripe() -> Stripe:
    return asked[0][0]


def settings() -> Config:
    return asked[0][1]


def of(workspace: Workspace) -> Subscription:
    """What the workspace pays, as we know it."""
    return Subscription(*(db.row(READ, workspace=workspace.id) or ()))


def is_fresh(workspace: Workspace) -> bool:
    """Whether Stripe was asked moments ago."""
    return db.row(IS_FRESH, workspace=workspace.id, seconds=FRESH_SECONDS)[0]


def hear(event: Heard) -> None:
    """Do what an event of Stripe's asks for, once: look how its customer's workspace stands. What is of no workspace, or of
    no interest, is let go. PaymentAway when Stripe must send it again."""
    row = event.customer and not event.is_of_another and db.row(OF_CUSTOMER, customer=event.customer)
    if row and event.type.startswith(TYPES):
        refresh(row[0], event)


def refresh(workspace_id: int, event: Heard | None = None) -> None:
    """Ask Stripe what the workspace pays and write that down, unless somebody else wrote down a newer answer meanwhile: then
    ask again. Nothing for an `event` that was heard before. PaymentAway when Stripe does not answer."""
    for _ in range(MOST_FETCHES):
        if event and db.row(KNOWN, id=event.id) is not None:
            return
        row = db.row(CUSTOMER_OF, workspace=workspace_id)
        if not row or not row[0]:
            return
        [version] = db.row(VERSION, workspace=workspace_id)
        every = stripe().subscriptions(row[0], in_haste=event is not None)
        try:
            return write(workspace_id, row[0], version, every, event)
        except Moved:
            continue
    raise PaymentAway


@db.verb
def write(workspace_id: int, customer: str, version: int, every: list[Found], event: Heard | None = None) -> None:
    """Write down what Stripe said of this customer when the row had this version, with the event that made us ask; Moved
    when it has another by now, or the workspace: a closed one has none (leaving)."""
    before = hold(workspace_id)
    if before[0] != version or db.row(CUSTOMER_OF, workspace=workspace_id)[0] != customer:
        raise Moved
    if event and db.row(NOTE, id=event.id, type=event.type) is None:
        return
    said, had_trial = counting(every), any(each.had_trial for each in every)
    owes = said is not None and (said.status in OWED or said.unpaid_since is not None)
    told = said._asdict() if said else dict.fromkeys(Found._fields) | {"is_ending": False}
    live = sum(each.status in LIVE for each in every)
    if live > 1:
        log.warning("workspace %s has %s subscriptions at Stripe", workspace_id, live)
    db.changed(WRITE, **told | {"workspace": workspace_id, "had_trial": had_trial, "live": live, "owes": owes})
    settle(workspace_id, *before[1:])


def counting(every: list[Found]) -> Found | None:
    """The one of a customer's subscriptions that counts: one that is paid, else owed, else that came to something; of those
    the newest."""
    def rank(each: Found) -> tuple:
        return each.status in PAID, each.status in OWED, each.status not in UNBEGUN, each.created

    return max(every, key=rank, default=None)


def hold(workspace_id: int) -> tuple[int, str, bool]:
    """Version, plan and whether something is owed, held until the transaction ends; NotFound when it was erased."""
    if db.row(HOLD_WORKSPACE, workspace=workspace_id) is None:
        raise NotFound("There is no such workspace.")
    db.changed(BEGIN, workspace=workspace_id)
    return db.row(HOLD, workspace=workspace_id)


def settle(workspace_id: int, was: str, was_owing: bool) -> None:
    """Give the workspace the plan that follows from its subscription, and tell what changed. One that is paid now stays."""
    plan, owes = db.row(PLAN, workspace=workspace_id)
    if plan != was:
        because = "subscribed" if plan == "pro" else "payment" if owes else "ended"
        events.record("plan.changed", workspace_id, data={"plan": plan, "was": was, "because": because})
    if owes and not was_owing and plan == "pro":
        events.record("payment.failed", workspace_id, data={"reminder": False})
    if db.changed(STAY, workspace=workspace_id):
        events.record("workspace.erasure_called_off", workspace_id, data={"because": "subscribed"})


@db.verb
def end_grace(workspace_id: int) -> None:
    """Take Pro away when its days of grace are over, by what we know."""
    before = hold(workspace_id)
    db.changed(SETTLE, workspace=workspace_id)
    settle(workspace_id, *before[1:])


@db.verb
def remind(workspace_id: int) -> None:
    """Have who runs the workspace told once more, before the days of grace are over; once."""
    hold(workspace_id)
    if db.changed(REMIND, workspace=workspace_id):
        events.record("payment.failed", workspace_id, data={"reminder": True})
