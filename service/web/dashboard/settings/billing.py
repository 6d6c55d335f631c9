"""What the workspace pays, and the way to Stripe's pages, where that begins, changes and ends. Only where there is something
to pay."""

from contextlib import suppress

from service.errors import NotFound, PaymentAway, RateLimited
from service.feedback import billing, checkouts, limits, plan_limits, team, workspaces
from service.web import pages
from service.web.dashboard.page import at
from service.web.dashboard.settings import Setting
from service.web.guards import require_admin
from service.web.page import Done

DONE = "done"  # how Stripe's page says in our address that somebody subscribed
# A form that is answered by sending the browser on to Stripe: Chromium asks whether the form may lead there.
STRIPE_PAGES = "https://checkout.stripe.com https://billing.stripe.com"


class Billing(Setting):
    key = "billing"
    delicate = frozenset(["subscribe", "manage"])
    refusals = (*Setting.refusals, PaymentAway)

    def allow(self, req, deed, place):
        expect_plans()
        super().allow(req, deed, place)

    def show(self, req, resp):
        expect_plans()
        require_admin(req)
        if req.method == "GET" and req.params.get("checkout") == DONE:
            look(req)
        elif req.method == "POST":  # Stripe may have been asked by what was refused
            reread(req)
        workspace = req.context.workspace
        self.render(
            req, resp, policy=policy(), plan=workspace.plan, subscription=billing.of(workspace),
            open_posts=plan_limits.open_posts(workspace), seats=len(team.of(req.context.reader)), free=plan_limits.FREE,
            prices=billing.settings().stripe_prices, trial_days=billing.TRIAL_DAYS, grace_days=billing.GRACE_DAYS,
            is_back=req.params.get("checkout") == DONE,
        )  # fmt: skip

    def subscribe(self, req):
        page = req.context.config.base_url + at(req, "settings/billing")
        period = req.context.form.get("period", "")
        return Done(to=checkouts.begin(req.context.workspace, period, f"{page}?checkout={DONE}", page))

    def manage(self, req):
        page = req.context.config.base_url + at(req, "settings/billing")
        return Done(to=checkouts.manage(req.context.workspace, page))

    deeds = {"subscribe": subscribe, "manage": manage}


def expect_plans() -> None:
    if not billing.is_on():
        raise NotFound("There is nothing at this address.")


def look(req) -> None:
    """Ask Stripe how the workspace stands, for its event may come later, and have the page show that; unless it was asked
    moments ago, or too often."""
    if not billing.is_fresh(req.context.workspace):
        with suppress(PaymentAway, RateLimited):
            limits.billing_look(req.context.workspace.id)
            billing.refresh(req.context.workspace.id)
    reread(req)


def reread(req) -> None:
    """Have the page show the workspace as it is by now."""
    workspace = workspaces.find(req.context.workspace.id)
    req.context.workspace, req.context.reader = workspace, req.context.reader._replace(workspace=workspace)
    req.context.page["workspace"] = workspace


def policy() -> str:
    """That of every page, and that its forms may lead to Stripe."""
    allowed = f"form-action 'self' {STRIPE_PAGES} {pages.origin(billing.settings().stripe_api)}".rstrip()
    return pages.PAGE.replace("form-action 'self'", allowed)
