"""When nothing is paid: what stays on for how long, and who is told."""

import pytest
from browser import Browser
from cast import ADA, BEN
from queued import work_off
from stripes import plan, told

from service import db, jobs
from service.feedback import billing, plan_checks, preferences, team

PAGE = "/app/acme/settings/billing"
LATER = """
UPDATE subscription SET past_due_since = past_due_since - %(days)s * interval '1 day',
       changed_at = changed_at - %(days)s * interval '1 day',
       period_ends_at = period_ends_at - %(days)s * interval '1 day'"""
LETTERS = "SELECT kind, to_email, subject, text FROM letter WHERE kind IN ('payment_failed', 'plan_ended') ORDER BY id"


@pytest.fixture
def ada(client, acme, stripe):
    return Browser(client).sign_in(ADA)


def check() -> None:
    jobs.enqueue(plan_checks.CHECK)
    work_off()


def subscribed(acme, stripe, cus, status="active", **more) -> dict:
    sub = stripe.subscribe(cus, status, **more)
    billing.refresh(acme.workspace.id)
    return sub


def test_a_payment_that_fails_leaves_everything_on_for_seven_days(ada, acme, stripe, cus):
    sub = subscribed(acme, stripe, cus)
    sub["status"] = "past_due"
    for _ in range(2):
        billing.refresh(acme.workspace.id)
    work_off()
    page = ada.open(PAGE)
    assert plan(acme) == "pro" and "everything stays on" in page.text
    assert told(acme) == [("plan.changed", "pro"), ("payment.failed", False)]
    [(kind, to, subject, text)] = db.rows(LETTERS)
    assert (kind, to, subject) == ("payment_failed", ADA, "A payment for Acme failed")
    assert "everything stays on" in text and PAGE in text and "Until" in text


def test_on_the_fifth_day_it_reminds_and_on_the_seventh_free_holds(ada, acme, stripe, cus):
    sub = subscribed(acme, stripe, cus)
    sub["status"] = "past_due"
    billing.refresh(acme.workspace.id)
    for days in (4.9, 0.2, 0.1):
        db.changed(LATER, days=days)
        check()
    assert told(acme)[2:] == [("payment.failed", True)] and plan(acme) == "pro"
    db.changed(LATER, days=1.9)
    for _ in range(2):
        check()
    assert plan(acme) == "free" and told(acme)[3:] == [("plan.changed", "free")]
    assert [(kind, subject) for kind, _, subject, _ in db.rows(LETTERS)] == [
        ("payment_failed", "A payment for Acme failed"), ("payment_failed", "Acme is still not paid"),
        ("plan_ended", "Acme is on Free now"),
    ]  # fmt: skip
    assert "Nothing was deleted" in db.rows(LETTERS)[-1][3] and "the limits of Free hold" in ada.open(PAGE).text
    sub["status"] = "active"
    billing.refresh(acme.workspace.id)
    assert plan(acme) == "pro" and billing.of(acme.workspace).past_due_since is None


def test_who_pays_in_time_is_asked_for_nothing_more(acme, stripe, cus):
    sub = subscribed(acme, stripe, cus)
    sub["status"] = "past_due"
    billing.refresh(acme.workspace.id)
    sub["status"] = "active"
    db.changed(LATER, days=8)
    check()
    assert plan(acme) == "pro" and [kind for kind, *_ in db.rows(LETTERS)] == ["payment_failed"] * bool(db.rows(LETTERS))
    assert billing.of(acme.workspace).past_due_since is None


def test_what_stripe_ends_for_want_of_payment_keeps_the_rest_of_the_seven_days(acme, stripe, cus):
    sub = subscribed(acme, stripe, cus)
    sub["status"] = "past_due"
    billing.refresh(acme.workspace.id)
    db.changed(LATER, days=3)
    sub |= {"status": "canceled", "ended_at": sub["created"], "cancellation_details": {"reason": "payment_failed"}}
    billing.refresh(acme.workspace.id)
    assert plan(acme) == "pro"
    db.changed(LATER, days=4.1)
    check()
    assert plan(acme) == "free"
    billing.refresh(acme.workspace.id)
    assert plan(acme) == "free", "grace does not begin anew"


def test_who_cancels_is_on_free_at_the_end_without_a_letter(acme, stripe, cus):
    sub = subscribed(acme, stripe, cus)
    sub |= {"status": "canceled", "cancellation_details": {"reason": "cancellation_requested"}}
    billing.refresh(acme.workspace.id)
    work_off()
    assert plan(acme) == "free" and db.rows(LETTERS) == []


def test_an_event_that_got_lost_is_made_up_for_within_the_hour(acme, stripe, cus):
    sub = subscribed(acme, stripe, cus)
    sub["status"] = "canceled"
    check()
    assert plan(acme) == "pro", "nothing was due"
    db.changed(LATER, days=31)
    check()
    assert plan(acme) == "free"


def test_while_stripe_is_away_pro_stays_a_day_longer_and_no_more(acme, stripe, cus):
    sub = subscribed(acme, stripe, cus)
    sub["status"] = "past_due"
    billing.refresh(acme.workspace.id)
    stripe.is_away = True
    db.changed(LATER, days=7.5)
    check()
    assert plan(acme) == "pro"
    db.changed(LATER, days=1)
    check()
    assert plan(acme) == "free"
    assert db.rows("SELECT FROM job WHERE kind = 'plan.look'") == [], "the next hour asks again"


def test_the_audit_log_says_it(ada, acme, stripe, cus):
    subscribed(acme, stripe, cus)
    assert "made the workspace Pro" in ada.open("/app/acme/settings/audit").text


def test_letters_speak_the_language_of_who_reads_them(acme, stripe, cus):
    preferences.choose(acme.team, "at_once", "weekly", "Europe/Berlin", "de")
    sub = subscribed(acme, stripe, cus)
    sub["status"] = "past_due"
    billing.refresh(acme.workspace.id)
    work_off()
    assert db.rows(LETTERS)[0][2] == "Eine Zahlung für Acme ist fehlgeschlagen"


def test_admins_hear_of_it_too_and_members_do_not(acme, stripe, cus):
    ben = next(each.id for each in team.of(acme.team) if each.email == BEN)
    sub = subscribed(acme, stripe, cus)
    team.set_role(acme.team, ben, "admin")
    sub["status"] = "unpaid"
    billing.refresh(acme.workspace.id)
    work_off()
    assert {to for _, to, *_ in db.rows(LETTERS)} == {ADA, BEN}
