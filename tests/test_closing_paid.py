"""The end of a workspace, and what it pays: nobody pays for what is gone, and nothing is gone that is paid."""

import pytest
import stripes
from browser import Browser
from cast import ADA
from closings import counted, end, planned, run_job, texts, told
from queued import in_another_thread, run_out, work_off

from service import db, jobs
from service.errors import Conflict, PaymentAway
from service.feedback import billing, checkouts, clearing, closing, plan_checks, workspaces

PAGE, BILLING_PAGE = "/app/acme/settings/privacy", "/app/acme/settings/billing"
BECAUSE = "SELECT data->>'because' FROM event WHERE type = 'workspace.erasure_called_off'"
LEAVING = "SELECT kind, workspace_id FROM job WHERE queue = 'billing'"
SUBSCRIPTION = "INSERT INTO subscription (workspace_id, status) VALUES (%(workspace)s, %(status)s)"


@pytest.fixture
def ada(client, acme):
    return Browser(client).sign_in(ADA)


def subscribed(acme, stripe, cus, status="active", **more) -> dict:
    sub = stripe.subscribe(cus, status, **more)
    billing.refresh(acme.workspace.id)
    return sub


def check_out(acme) -> str:
    return checkouts.begin(acme.workspace, "month", "http://here/back", "http://here")


def open_ones(stripe) -> list[str]:
    return [id for id, each in stripe.sessions.items() if each["status"] == "open"]


@pytest.mark.parametrize("status", ["active", "trialing", "past_due", "unpaid", "paused", "incomplete"])
def test_who_still_pays_ends_that_first(acme, ada, stripe, status):
    db.changed(SUBSCRIPTION, workspace=acme.workspace.id, status=status)
    assert "Cancel the subscription first" in texts(ada.open(PAGE))
    with pytest.raises(Conflict, match="Cancel the subscription first"):
        closing.plan(acme.team, "acme")
    db.changed("UPDATE subscription SET is_ending = true")
    assert closing.plan(acme.team, "acme")


def test_who_began_to_pay_meanwhile_is_not_erased(acme, stripe):
    end(acme)
    db.changed(SUBSCRIPTION, workspace=acme.workspace.id, status="active")
    run_job()
    assert workspaces.find(acme.workspace.id).slug == "acme"


@pytest.mark.parametrize("status", ["active", "past_due", "unpaid"])
def test_where_nothing_is_paid_any_more_an_old_subscription_keeps_nothing_from_being_erased(ada, acme, status):
    db.changed(SUBSCRIPTION, workspace=acme.workspace.id, status=status)
    assert "Erase “Acme”" in texts(ada.open(PAGE)) and ada.open(BILLING_PAGE).status_code == 404
    end(acme)
    run_job()
    assert counted(acme) == {} and db.rows(LEAVING) == []


def test_what_is_to_be_erased_is_not_subscribed_to(ada, acme, stripe):
    closing.plan(acme.team, "acme")
    ada.open(BILLING_PAGE)
    answer = ada.send(BILLING_PAGE, do="subscribe", period="month")
    assert answer.status_code == 409 and "Keep it first (Settings → Privacy)" in answer.text
    assert stripe.asked == []
    closing.call_off(acme.team)
    assert ada.send(BILLING_PAGE, do="subscribe", period="month").status_code == 303


def test_planned_while_stripe_makes_the_page_to_pay_it_is_nobodys(acme, stripe, cus):
    def plan(path: str) -> None:
        if path == "/v1/checkout/sessions" and stripe.asked[-1][0] == "POST":
            in_another_thread(lambda: closing.plan(acme.team, "acme"))
            in_another_thread(work_off)  # before there is anything to end

    stripe.before_answer = plan
    with pytest.raises(Conflict, match="to be erased"):
        check_out(acme)
    assert len(stripe.sessions) == 1 and open_ones(stripe) == []


def test_planned_before_the_customer_is_noted_there_is_none(acme, stripe):
    def plan(path: str) -> None:
        if path == "/v1/customers":
            in_another_thread(lambda: closing.plan(acme.team, "acme"))

    stripe.before_answer = plan
    with pytest.raises(Conflict, match="to be erased"):
        check_out(acme)
    assert db.row("SELECT stripe_customer FROM workspace") == (None,) and stripe.sessions == {}


def test_a_page_to_pay_that_is_open_already_is_ended(acme, stripe):
    check_out(acme)
    closing.plan(acme.team, "acme")
    assert len(open_ones(stripe)) == 1 and db.rows(LEAVING) == [("billing.expire", acme.workspace.id)]
    work_off()
    assert open_ones(stripe) == [] and db.rows(LEAVING) == []


def test_called_off_at_once_the_page_to_pay_stays_open(acme, stripe):
    check_out(acme)
    closing.plan(acme.team, "acme")
    closing.call_off(acme.team)
    work_off()
    assert len(open_ones(stripe)) == 1


@pytest.mark.parametrize("ending", ["unpaid", "canceled"])
def test_who_subscribes_keeps_the_workspace_whatever_becomes_of_that(ada, acme, stripe, cus, ending):
    end(acme)
    sub = subscribed(acme, stripe, cus)
    billing.refresh(acme.workspace.id)
    assert planned(acme) is None and told(acme) == ["erasure_planned", "erasure_called_off"]
    assert db.rows(BECAUSE) == [("subscribed",)]
    assert "erased on" not in texts(ada.open("/app/acme/inbox"))
    assert "Sayso kept the workspace, as it was subscribed" in texts(ada.open("/app/acme/settings/audit"))
    sub["status"] = ending
    billing.refresh(acme.workspace.id)
    run_job()
    assert workspaces.find(acme.workspace.id).slug == "acme"


def test_who_cancelled_and_uses_the_rest_is_erased_all_the_same_until_they_take_that_back(acme, stripe, cus):
    sub = subscribed(acme, stripe, cus, cancel_at_period_end=True)
    closing.plan(acme.team, "acme")
    billing.refresh(acme.workspace.id)
    assert planned(acme)
    sub["cancel_at_period_end"] = False
    billing.refresh(acme.workspace.id)
    assert planned(acme) is None


def test_what_has_only_begun_to_be_paid_waits(acme, stripe, cus):
    end(acme)
    sub = subscribed(acme, stripe, cus, "incomplete")
    run_job()
    assert planned(acme) and workspaces.find(acme.workspace.id).slug == "acme"
    sub["status"] = "incomplete_expired"
    billing.refresh(acme.workspace.id)
    run_job()
    assert counted(acme) == {}


def test_erased_it_leaves_nothing_at_stripe_that_is_paid_or_could_be(acme, stripe, cus):
    check_out(acme)
    former, theirs = stripe.subscribe(cus, "canceled"), stripe.subscribe(cus, cancel_at_period_end=True)
    billing.refresh(acme.workspace.id)
    end(acme)
    unheard = stripe.subscribe(cus, "past_due")  # its event got lost
    run_job()
    assert counted(acme) == {} and db.rows(LEAVING) == [("billing.leave", jobs.OURS)]
    stripe.is_away = True
    with pytest.raises(PaymentAway):
        work_off()
    assert db.rows(LEAVING) == [("billing.leave", jobs.OURS)]
    stripe.is_away = False
    run_out()
    jobs.rescue(pause=0, queue=billing.QUEUE)
    work_off()
    assert {each["status"] for each in (former, theirs, unheard)} == {"canceled"} and open_ones(stripe) == []
    assert db.rows(LEAVING) == []


def test_a_customer_whom_stripe_forgot_is_left_in_peace(acme, stripe, cus):
    end(acme)
    run_job()
    del stripe.customers[cus]
    work_off()
    assert db.rows(LEAVING) == []


def test_closed_nothing_that_stripe_says_brings_it_back(client, acme, stripe, cus):
    acme.post("Wish")
    end(acme)

    def close(path: str) -> None:
        stripe.before_answer = lambda path: None
        in_another_thread(lambda: clearing.close(acme.workspace.id))

    stripe.before_answer = close
    stripe.subscribe(cus)
    billing.refresh(acme.workspace.id)
    assert planned(acme) and told(acme) == ["erasure_planned"]
    event = stripes.event("customer.subscription.created", stripe.kept[cus][0])
    assert stripes.send(client, event).status_code == 200 and planned(acme)
    jobs.enqueue(plan_checks.CHECK)
    run_job()
    assert counted(acme) == {}
