"""Paying: the page, the way to Stripe and back, what happens when nothing is paid, and what is told of it."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import stripes
from browser import Browser
from cast import ADA, BEN, EVE
from stripes import plan

from service import db
from service.feedback import billing, checkouts, limits, workspaces

PAGE = "/app/acme/settings/billing"
LATER = "UPDATE subscription SET changed_at = changed_at - interval '6 seconds'"
STALE = "UPDATE session SET proved_at = now() - interval '1 hour'"


@pytest.fixture
def ada(client, acme, stripe):
    return Browser(client).sign_in(ADA)


def posts_to(stripe, path: str) -> list[dict]:
    return [fields for method, asked, fields in stripe.asked if (method, asked) == ("POST", path)]


def subscribed(acme, stripe, cus, status="active", **more) -> dict:
    sub = stripe.subscribe(cus, status, **more)
    billing.refresh(acme.workspace.id)
    return sub


def test_there_is_no_such_page_where_there_are_no_plans(client, acme):
    ada = Browser(client).sign_in(ADA)
    assert ada.open(PAGE).status_code == 404 and PAGE not in ada.open("/app/acme/settings/team").text
    assert ada.send(PAGE, do="subscribe", period="month").status_code == 404


def test_the_page_says_what_is_used_and_what_pro_brings(ada, acme):
    for number in range(3):
        acme.post(f"Wish {number}")
    page = ada.open(PAGE)
    assert "3 of 100" in page.text and "2 of 3" in page.text and "Start a 14-day trial" in page.text
    assert "Manage billing" not in page.text and PAGE in ada.open("/app/acme/settings/team").text
    allowed = "form-action 'self' https://checkout.stripe.com https://billing.stripe.com"
    assert allowed in page.headers["Content-Security-Policy"]
    assert "stripe" not in ada.page.headers["Content-Security-Policy"]


def test_members_and_others_do_not_get_there(client, ada, globex):
    assert Browser(client).open(PAGE).status_code == 303
    assert Browser(client).sign_in(EVE).open(PAGE).status_code == 404
    ben = Browser(client).sign_in(BEN)
    assert ben.open(PAGE).status_code == 403
    ben.open("/app/acme/settings/team")
    assert ben.send(PAGE, do="subscribe", period="month").status_code == 403


def test_who_subscribes_is_sent_to_stripe_and_comes_back_to_pro(ada, acme, stripe):
    ada.open(PAGE)
    answer = ada.send(PAGE, do="subscribe", period="month")
    assert answer.status_code == 303 and answer.headers["Location"].startswith(f"{stripe.address}/pay/")
    [asked] = posts_to(stripe, "/v1/checkout/sessions")
    assert asked["line_items[0][price]"] == stripes.MONTHLY and asked["subscription_data[trial_period_days]"] == "14"
    assert asked["client_reference_id"] == asked["metadata[workspace]"] == acme.workspace.public_id
    assert asked["success_url"].endswith(f"{PAGE}?checkout=done") and asked["cancel_url"].endswith(PAGE)
    assert "reload this page" in ada.open(f"{PAGE}?checkout=done").text and plan(acme) == "free"
    ends = 1_900_000_000
    stripe.subscribe(asked["customer"], "trialing", trial_start=ends - 14 * stripes.DAY, trial_end=ends)
    db.changed(LATER)
    back = ada.open(f"{PAGE}?checkout=done")
    assert "Thank you. This workspace is Pro now." in back.text and "Trial until" in back.text and "17 Mar 2030" in back.text
    assert plan(acme) == "pro" and "Start a" not in back.text


def test_a_quick_form_is_told_where_to_go(ada, stripe):
    ada.open(PAGE)
    answer = ada.send(PAGE, do="subscribe", period="year", headers={"Sayso-Quick": "1"})
    assert answer.status_code == 204 and answer.headers["Sayso-Go"].startswith(stripe.address)
    assert posts_to(stripe, "/v1/checkout/sessions")[0]["line_items[0][price]"] == stripes.YEARLY


def test_there_is_one_customer_and_one_way_to_pay_at_a_time(ada, acme, stripe):
    for period in ("month", "year", "month"):
        ada.open(PAGE)
        ada.send(PAGE, do="subscribe", period=period)
    assert len(stripe.customers) == 1
    assert [each["status"] for each in stripe.sessions.values()] == ["expired", "expired", "open"]


def test_two_clicks_at_once_get_the_same_way_to_pay(acme, stripe):
    checkouts.known(acme.workspace)
    together = threading.Barrier(2)

    def wait(path: str) -> None:
        if path == "/v1/checkout/sessions" and stripe.asked[-1][0] == "GET":
            together.wait(10)

    def click(_) -> str:
        db.connect()
        try:
            return checkouts.begin(acme.workspace, "month", "http://here/back", "http://here")
        finally:
            db.discard()

    stripe.before_answer = wait
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(click, range(2))
    assert first == second and [each["status"] for each in stripe.sessions.values()] == ["open"]


def test_reloading_the_page_asks_stripe_now_and_then_only(ada, acme, stripe, cus):
    def looks() -> int:
        return sum((method, path) == ("GET", "/v1/subscriptions") for method, path, _ in stripe.asked)

    for _ in range(3):
        assert ada.open(f"{PAGE}?checkout=done").status_code == 200
    assert looks() == 1
    for _ in range(20):
        db.changed(LATER)
        assert ada.open(f"{PAGE}?checkout=done").status_code == 200
    assert looks() <= 2 * limits.BILLING_LOOKS.most


def test_who_died_before_the_customer_was_noted_makes_no_second_one(acme, stripe):
    first = checkouts.known(acme.workspace)
    db.changed("UPDATE workspace SET stripe_customer = NULL")
    assert checkouts.known(acme.workspace) == first and len(stripe.customers) == 1


def test_who_has_a_subscription_is_not_let_pay_twice(ada, acme, stripe, cus):
    stripe.subscribe(cus, "past_due")
    ada.open(PAGE)
    answer = ada.send(PAGE, do="subscribe", period="month")
    assert answer.status_code == 409 and "has a subscription" in answer.text and "Manage billing" in answer.text
    assert posts_to(stripe, "/v1/checkout/sessions") == []


def test_there_is_one_trial(ada, acme, stripe, cus):
    subscribed(acme, stripe, cus, "canceled", trial_start=1)
    assert "14-day trial" not in ada.open(PAGE).text
    ada.send(PAGE, do="subscribe", period="month")
    assert "subscription_data[trial_period_days]" not in posts_to(stripe, "/v1/checkout/sessions")[0]


def test_a_customer_whom_stripe_forgot_is_made_anew(ada, acme, stripe, cus):
    del stripe.customers[cus]
    ada.open(PAGE)
    assert ada.send(PAGE, do="subscribe", period="month").status_code == 303
    assert workspaces.find(acme.workspace.id) and db.row("SELECT stripe_customer FROM workspace")[0] in stripe.customers


def test_billing_is_managed_at_stripe(ada, acme, stripe, cus):
    subscribed(acme, stripe, cus)
    page = ada.open(PAGE)
    assert "Renews on" in page.text and "paid every month" in page.text
    answer = ada.send(PAGE, do="manage")
    assert answer.status_code == 303 and answer.headers["Location"] == f"{stripe.address}/portal/{cus}"
    assert posts_to(stripe, "/v1/billing_portal/sessions")[0]["return_url"].endswith(PAGE)


def test_what_cannot_be_done_is_said_on_the_page(ada, acme, stripe):
    ada.open(PAGE)
    assert ada.send(PAGE, do="subscribe", period="century").status_code == 422
    assert "every month or every year" in ada.page.text
    assert ada.send(PAGE, do="manage").status_code == 409
    stripe.is_away = True
    answer = ada.send(PAGE, do="subscribe", period="month")
    assert answer.status_code == 503 and "cannot be reached" in answer.text and "private.example" not in answer.text
    assert ada.open(f"{PAGE}?checkout=done").status_code == 200


def test_it_asks_who_one_is(ada, stripe):
    ada.open(PAGE)
    db.changed(STALE)
    answer = ada.send(PAGE, do="subscribe", period="month")
    assert answer.status_code == 403 and stripe.sessions == {}


def test_two_at_once_are_said_until_one_is_cancelled(ada, acme, stripe, cus):
    sub = subscribed(acme, stripe, cus)
    assert "2 subscriptions" not in ada.open(PAGE).text
    subscribed(acme, stripe, cus, "past_due")
    page = ada.open(PAGE).text
    assert "Stripe has 2 subscriptions of this workspace" in page and "Cancel all but one under Manage billing" in page
    sub["status"] = "canceled"
    billing.refresh(acme.workspace.id)
    assert "2 subscriptions" not in ada.open(PAGE).text


def test_a_subscription_of_a_customer_whom_stripe_forgot_is_over(ada, acme, stripe, cus):
    subscribed(acme, stripe, cus)
    del stripe.customers[cus]
    ada.open(PAGE)
    page = ada.send(PAGE, do="manage")
    assert page.status_code == 409 and "Subscribe anew." in page.text and "Subscribe monthly" not in page.text
    assert plan(acme) == "free" and "Start a 14-day trial" in page.text and "Free: for one small team." in page.text


def test_pages_of_stripes_are_not_made_without_end(ada, acme, stripe, cus):
    subscribed(acme, stripe, cus)
    ada.open(PAGE)
    for _ in range(limits.WAYS_TO_PAY.most):
        assert ada.send(PAGE, do="manage").status_code == 303
        ada.open(PAGE)
    asked = len(stripe.asked)
    for do in ("manage", "subscribe"):
        assert ada.send(PAGE, do=do, period="month").status_code == 429 and len(stripe.asked) == asked


def test_a_price_that_stripe_does_not_know_is_no_traceback(ada, acme, stripe):
    billing.settings().stripe_prices["month"] = "price_misspelt"
    ada.open(PAGE)
    assert ada.send(PAGE, do="subscribe", period="month").status_code == 503
    billing.settings().stripe_prices["month"] = stripes.MONTHLY


def test_who_ends_it_is_told_until_when_it_holds(ada, acme, stripe, cus):
    subscribed(acme, stripe, cus, cancel_at_period_end=True)
    assert "Ends on" in ada.open(PAGE).text and plan(acme) == "pro"
