"""The way to Stripe's own pages: where a workspace subscribes, and where it changes or ends that. For admins.

Stripe is asked between the transactions, never in one."""

from service import db
from service.errors import Conflict, Invalid, NotFound, PaymentAway
from service.feedback import billing, limits
from service.feedback.workspaces import Workspace

CUSTOMER = "SELECT stripe_customer FROM workspace WHERE id = %(workspace)s"
# Whoever was first: the other one stays without a subscription.
KEEP = """
UPDATE workspace SET stripe_customer = coalesce(stripe_customer, %(customer)s)
 WHERE id = %(workspace)s AND erase_at IS NULL
RETURNING stripe_customer"""
FORGET = """
UPDATE workspace SET stripe_customer = NULL WHERE id = %(workspace)s AND stripe_customer = %(customer)s"""
GOES = "SELECT erase_at IS NOT NULL FROM workspace WHERE id = %(workspace)s"
GOING = "This workspace is to be erased. Keep it first (Settings → Privacy), then subscribe."
HAS_ONE = "This workspace has a subscription. Manage billing changes or ends it."
UNKNOWN = "Stripe does not know this workspace any more. Subscribe anew."


def begin(workspace: Workspace, period: str, back: str, cancelled: str) -> str:
    """The address at which this workspace subscribes, to pay every month or year: Stripe's, which leads `back`. Invalid when
    there is no such price, Conflict when it has a subscription or is to be erased; PaymentAway."""
    price = billing.settings().stripe_prices.get(period)
    if price is None:
        raise Invalid(period="Choose whether you pay every month or every year.")
    expect_staying(workspace)
    limits.way_to_pay(workspace.id)
    gone = None
    for _ in range(2):
        customer = known(workspace, gone)
        billing.refresh(workspace.id)
        standing = billing.of(workspace)
        if standing.is_live:
            raise Conflict(HAS_ONE, "subscribed")
        try:
            url = billing.stripe().check_out(
                customer, price, reference=workspace.public_id, back=back, cancelled=cancelled,
                trial_days=0 if standing.had_trial else billing.TRIAL_DAYS,
            )  # fmt: skip
        except NotFound:  # they were deleted at Stripe, or are of another account of it
            gone = customer
        else:
            return in_time(workspace, customer, url)
    raise Conflict(UNKNOWN, "customer_gone")


def in_time(workspace: Workspace, customer: str, url: str) -> str:
    """This address, unless the end of the workspace was planned while Stripe made it: then it is nobody's."""
    try:
        expect_staying(workspace)
    except (Conflict, NotFound):
        billing.stripe().expire_open(customer)
        raise
    return url


def expect_staying(workspace: Workspace) -> None:
    """Raise Conflict when the workspace is to be erased: nobody is to pay for what goes."""
    row = db.row(GOES, workspace=workspace.id)
    if row is None:
        raise NotFound("There is no such workspace.")
    if row[0]:
        raise Conflict(GOING, "erasure_planned")


def manage(workspace: Workspace, back: str) -> str:
    """The address at which this workspace changes, pays or ends its subscription: Stripe's, which leads `back`. Conflict
    when it never had one; PaymentAway."""
    row = db.row(CUSTOMER, workspace=workspace.id)
    if not row or not row[0]:
        raise Conflict("There is nothing to manage yet: this workspace never subscribed.", "not_subscribed")
    limits.way_to_pay(workspace.id)
    try:
        return billing.stripe().portal(row[0], back)
    except NotFound:
        billing.refresh(workspace.id)  # what we know of a subscription is of a customer who is no more
        raise Conflict(UNKNOWN, "customer_gone") from None


def known(workspace: Workspace, gone: str | None = None) -> str:
    """The id by which Stripe knows this workspace, made when it does not yet, or knows the one that is `gone` no more."""
    if gone:
        db.changed(FORGET, workspace=workspace.id, customer=gone)
    row = db.row(CUSTOMER, workspace=workspace.id)
    if row and row[0]:
        return row[0]
    once = f"sayso-customer-{workspace.public_id}-{gone or 'first'}"
    made = billing.stripe().make_customer(workspace.public_id, once)
    kept = db.row(KEEP, workspace=workspace.id, customer=made)
    if kept is None:
        expect_staying(workspace)
        raise PaymentAway  # its end was planned, and called off, in between
    return kept[0]
