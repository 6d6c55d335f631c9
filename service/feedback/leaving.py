"""What a workspace that goes leaves at Stripe: nothing that costs, and no page on which that could begin.

Stripe is asked by jobs, which exist exactly when the end does, and which are tried again until Stripe has done it."""

from contextlib import suppress

from service import db, jobs
from service.errors import NotFound
from service.feedback import billing
from service.jobs import Job

EXPIRE, LEAVE = "billing.expire", "billing.leave"  # kinds of jobs

GOING = "SELECT stripe_customer FROM workspace WHERE id = %(workspace)s AND erase_at IS NOT NULL"
CUSTOMER = "SELECT stripe_customer FROM workspace WHERE id = %(workspace)s"
PART = "UPDATE workspace SET stripe_customer = NULL WHERE id = %(workspace)s"


def plan(workspace: int) -> None:
    """Have the pages ended on which this workspace, whose end is planned, could still subscribe."""
    if billing.is_on():
        jobs.enqueue(EXPIRE, workspace, queue=billing.QUEUE, unique_key=EXPIRE)


def part(workspace: int) -> None:
    """Have everything ended that this workspace, which is held and closed now, has at Stripe. Whatever Stripe says of that
    customer from here on is about nobody."""
    [customer] = db.row(CUSTOMER, workspace=workspace)
    if customer is None:
        return
    db.changed(PART, workspace=workspace)
    if billing.is_on():
        jobs.enqueue(LEAVE, queue=billing.QUEUE, unique_key=customer, customer=customer)


def expire(job: Job) -> None:
    """End the open checkouts of a workspace, unless it stays after all. PaymentAway: the job is tried again."""
    row = db.row(GOING, workspace=job.workspace_id)
    if billing.is_on() and row and row[0]:
        with suppress(NotFound):
            billing.stripe().expire_open(row[0])


def leave(job: Job) -> None:
    """End the open checkouts and the subscriptions of who was our customer, in this order: what comes of a checkout at the
    last moment is ended, too. PaymentAway: the job is tried again."""
    if billing.is_on():
        with suppress(NotFound):
            billing.stripe().expire_open(job.args["customer"])
            billing.stripe().cancel_all(job.args["customer"])
