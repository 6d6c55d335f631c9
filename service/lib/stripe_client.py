"""Stripe, asked and believed: the one place that knows its library. What goes wrong there is an error of ours, without a
word of Stripe's in it, for those may repeat a key or somebody's address."""

import json
import logging
import time
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from hashlib import sha256
from typing import NamedTuple

import stripe
from stripe import StripeClient

from service.errors import Malformed, NotFound, PaymentAway

log = logging.getLogger("sayso.payments")
logging.getLogger("stripe").setLevel(logging.WARNING)  # below that it says whom it asked about

SECONDS, RETRIES = 10, 1  # for who waits for a page
HASTY_SECONDS = 5  # for an event, which Stripe sends again: no thread of ours is held for long
TOLERANCE = 300  # seconds, for which what was signed is believed
MOST = 100  # subscriptions, or sessions, of one customer that are looked at
GONE = "resource_missing"
OVER = ("canceled", "incomplete_expired")  # what never comes back
stripe.enable_telemetry = False


class Found(NamedTuple):
    """One subscription, as Stripe says it stands now."""

    id: str
    status: str
    created: int
    period: str | None  # month or year
    period_ends_at: datetime | None
    trial_ends_at: datetime | None
    is_ending: bool  # at the end of the period
    had_trial: bool
    unpaid_since: datetime | None  # when Stripe gave up, for want of payment


class Heard(NamedTuple):
    """An event that Stripe sent."""

    id: str
    type: str
    customer: str | None
    is_live: bool
    is_of_another: bool  # an account that is connected to ours


class Stripe:
    """One account at Stripe, by its key; at `address` instead of Stripe's own, for tests."""

    def __init__(self, key: str, address: str | None = None):
        self.is_live = key.startswith(("sk_live_", "rk_live_"))
        places = {"base_addresses": {"api": address}} if address else {}
        self.client, self.hasty = (
            StripeClient(key, http_client=stripe.RequestsClient(timeout=seconds), max_network_retries=retries, **places)
            for seconds, retries in ((SECONDS, RETRIES), (HASTY_SECONDS, 0))
        )

    def make_customer(self, reference: str, once: str) -> str:
        """The id of a new customer; asked again with the same `once`, of the same. Stripe asks them itself who they are:
        what we say must be the same each time, whoever asks."""
        with asking():
            said = {"metadata": {"workspace": reference}}
            return self.client.v1.customers.create(said, {"idempotency_key": once}).id

    def subscriptions(self, customer: str, *, in_haste: bool = False) -> list[Found]:
        """All that this customer has or had, at most 100; none when Stripe does not know them. `in_haste`: asked once, and
        not for long."""
        try:
            with asking():
                said = {"customer": customer, "status": "all", "limit": MOST}
                client = self.hasty if in_haste else self.client
                return [found(each) for each in client.v1.subscriptions.list(said).data]
        except NotFound:
            return []

    def check_out(self, customer: str, price: str, *, reference: str, trial_days: int, back: str, cancelled: str) -> str:
        """The address of a page of Stripe's where this customer subscribes. It ends the pages that were made before; asked
        twice at the same moment, both get the same. NotFound when Stripe does not know the customer."""
        data = {"metadata": {"workspace": reference}}
        if trial_days:
            data["trial_period_days"] = trial_days
        said = {"mode": "subscription", "customer": customer, "line_items": [{"price": price, "quantity": 1}],
                "client_reference_id": reference, "metadata": {"workspace": reference}, "subscription_data": data,
                "success_url": back, "cancel_url": cancelled}  # fmt: skip
        with asking():
            sessions = self.client.v1.checkout.sessions
            before = sessions.list({"customer": customer, "limit": MOST}).data  # the newest first
            for each in before:
                if each.status == "open":
                    self.expire(each.id)
            return sessions.create(said, {"idempotency_key": once(said, before[0].id if before else "first")}).url

    def expire_open(self, customer: str) -> None:
        """End the pages on which this customer could still subscribe; NotFound as above."""
        with asking():
            for each in self.client.v1.checkout.sessions.list({"customer": customer, "status": "open", "limit": MOST}).data:
                self.expire(each.id)

    def expire(self, session: str) -> None:
        try:
            self.client.v1.checkout.sessions.expire(session)
        except stripe.InvalidRequestError:  # it was used, or is over: a subscription that came of it is looked for before
            log.info("a session for checking out was over before it was ended")

    def cancel_all(self, customer: str) -> None:
        """End all subscriptions of this customer now; those that are over stay as they are."""
        for each in self.subscriptions(customer):
            if each.status not in OVER:
                with suppress(NotFound), asking():  # it ended meanwhile
                    self.client.v1.subscriptions.cancel(each.id)

    def portal(self, customer: str, back: str) -> str:
        """The address of a page of Stripe's where this customer changes or ends what they pay; NotFound as above."""
        with asking():
            return self.client.v1.billing_portal.sessions.create({"customer": customer, "return_url": back}).url


def once(said: dict, last: str) -> str:
    """A key that is the same for all who ask the same after the same `last` one; for a minute, as Stripe repeats its errors,
    too."""
    digest = sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:32]
    return f"sayso-checkout-{last}-{digest}-{int(time.time()) // 60}"


@contextmanager
def asking():
    """Turns every error of Stripe's into PaymentAway, or NotFound when it does not know what was asked for."""
    try:
        yield
    except stripe.InvalidRequestError as error:
        if error.code == GONE and error.param in ("customer", "id"):  # a price that is not there is a wrong setting
            raise NotFound("Stripe does not know it.") from None
        raise away(error) from None
    except stripe.StripeError as error:
        raise away(error) from None


def away(error: stripe.StripeError) -> PaymentAway:
    log.warning("Stripe did not do it (%s, %s, %s)", type(error).__name__, error.http_status, error.code)
    return PaymentAway()


def believed(body: bytes, signature: str | None, secrets: tuple[str, ...]) -> Heard:
    """The event in this body, if one of the `secrets` signed these very bytes within the last minutes; else Malformed."""
    for secret in secrets:
        try:
            event = stripe.Webhook.construct_event(body, signature, secret, tolerance=TOLERANCE)
            return heard(event.to_dict())
        except (stripe.SignatureVerificationError, ValueError, TypeError, KeyError, AttributeError):
            continue  # signed by another secret, or not what Stripe sends
    raise Malformed("This was not signed by Stripe just now.")


def heard(event: dict) -> Heard:
    about, type = event["data"]["object"], str(event["type"])
    customer = about.get("id") if about.get("object") == "customer" else about.get("customer")
    if isinstance(customer, dict):
        customer = customer["id"]
    return Heard(str(event["id"]), type, customer, bool(event["livemode"]), bool(event.get("account")))


def found(said) -> Found:
    """A subscription as Stripe tells of it: since 2025 its period is that of what is subscribed to, its first item."""
    told = said.to_dict()
    item = next(iter(told.get("items", {}).get("data", [])), {})
    period = ((item.get("price") or {}).get("recurring") or {}).get("interval")
    ends = told.get("cancel_at") or item.get("current_period_end") or told.get("current_period_end")
    is_unpaid = (told.get("cancellation_details") or {}).get("reason") == "payment_failed"
    return Found(
        told["id"], told["status"], told.get("created") or 0, period if period in ("month", "year") else None, moment(ends),
        moment(told.get("trial_end")), bool(told.get("cancel_at_period_end") or told.get("cancel_at")),
        bool(told.get("trial_start")), moment(told.get("ended_at") or told.get("canceled_at")) if is_unpaid else None,
    )  # fmt: skip


def moment(seconds: int | None) -> datetime | None:
    return datetime.fromtimestamp(seconds, UTC) if seconds else None
