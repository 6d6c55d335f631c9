"""What Stripe tells us: believed only when it signed it, done once, and never out of order (cases 73–76)."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
import stripes
from stripes import FORMER, SECRET, event, plan, send, signed, told

from service import db
from service.errors import PaymentAway
from service.feedback import billing


def heard() -> int:
    return db.row("SELECT count(*) FROM stripe_event")[0]


def test_who_pays_is_pro_and_who_ends_that_is_free(client, acme, stripe, cus):
    sub = stripe.subscribe(cus)
    assert send(client, event("customer.subscription.created", sub)).status_code == 200
    assert plan(acme) == "pro" and billing.of(acme.workspace).period == "month"
    sub |= {"status": "canceled", "ended_at": sub["created"]}
    assert send(client, event("customer.subscription.deleted", sub)).status_code == 200
    assert plan(acme) == "free"
    assert told(acme) == [("plan.changed", "pro"), ("plan.changed", "free")]


@pytest.mark.parametrize(
    "signature",
    ["", "t=1,v1=00", "nonsense", "t=x,v1=y", "t=99999999999999999999999,v1=é", "v1=1", "t=1"],
)
def test_case_73_what_nobody_signed_is_refused(client, acme, stripe, cus, signature):
    stripe.subscribe(cus)
    answer = send(client, event("customer.subscription.created", {"customer": cus}), signature)
    assert answer.status_code == 400 and plan(acme) == "free" and heard() == 0
    assert stripe.asked == []


def test_case_73_another_secret_an_old_moment_and_an_altered_byte_are_refused(client, acme, stripe, cus):
    stripe.subscribe(cus)
    body = json.dumps(event("customer.subscription.created", {"customer": cus})).encode()
    assert send(client, body, signed(body, "whsec_somebody")).status_code == 400
    assert send(client, body, signed(body, SECRET, age=301)).status_code == 400
    assert send(client, body.replace(b"false", b"fals3"), signed(body)).status_code == 400
    assert send(client, body + b" ", signed(body)).status_code == 400
    assert send(client, b"\xff\xfe", signed(b"\xff\xfe")).status_code == 400
    assert send(client, b"[]", signed(b"[]")).status_code == 400
    assert send(client, b'{"id": "evt_1"}', signed(b'{"id": "evt_1"}')).status_code == 400
    assert plan(acme) == "free" and heard() == 0
    assert send(client, body, signed(body, SECRET, age=290)).status_code == 200
    assert plan(acme) == "pro"


def test_case_73_while_secrets_are_exchanged_either_is_believed_and_one_of_two_signatures_will_do(client, stripe, cus):
    for tags in ([SECRET], [FORMER], ["whsec_0ther", SECRET], [FORMER, SECRET]):
        body = json.dumps(event("customer.subscription.updated", {"customer": cus})).encode()
        assert send(client, body, signed(body, *tags)).status_code == 200
    assert heard() == 4


def test_case_74_twenty_of_the_same_at_once_have_one_effect(client, app, acme, stripe, cus):
    stripe.subscribe(cus)
    body = json.dumps(event("customer.subscription.created", {"customer": cus})).encode()

    def once(_):
        try:
            return send(client, body).status_code
        finally:
            db.discard()

    with ThreadPoolExecutor(20) as pool:
        assert set(pool.map(once, range(20))) == {200}
    assert heard() == 1 and told(acme) == [("plan.changed", "pro")]
    assert db.row("SELECT version FROM subscription")[0] == 1
    before = len(stripe.asked)
    assert send(client, body).status_code == 200 and len(stripe.asked) == before


def test_case_75_the_order_in_which_events_come_counts_for_nothing(client, acme, stripe, cus):
    sub = stripe.subscribe(cus, "canceled", ended_at=1)
    send(client, event("customer.subscription.deleted", sub))
    send(client, event("invoice.paid", {"object": "invoice", "customer": cus}))
    send(client, event("customer.subscription.updated", sub | {"status": "active"}))
    send(client, event("customer.subscription.created", sub | {"status": "active"}))
    assert plan(acme) == "free" and heard() == 4 and told(acme) == []


def test_case_75_an_answer_that_is_older_than_one_written_meanwhile_is_not_written(client, acme, stripe, cus):
    sub = stripe.subscribe(cus)
    asked = []

    def overtake(_path):
        """While Stripe answers the first time that it is paid, it ends, and another event of that is dealt with."""
        asked.append(1)
        if len(asked) == 1:
            old = stripe.kept[cus]
            stripe.kept[cus] = [sub | {"status": "canceled"}]
            with ThreadPoolExecutor(1) as pool:
                pool.submit(lambda: (send(client, event("customer.subscription.deleted", sub)), db.discard())).result()
            stripe.kept[cus] = old
            stripe.before_answer = lambda _: stripe.kept.update({cus: [sub | {"status": "canceled"}]})

    stripe.before_answer = overtake
    assert send(client, event("customer.subscription.created", sub)).status_code == 200
    assert plan(acme) == "free" and heard() == 2


def test_case_75_what_comes_again_three_days_late_changes_nothing(client, acme, stripe, cus):
    sub = stripe.subscribe(cus)
    first = event("customer.subscription.created", sub)
    send(client, first)
    sub["status"] = "canceled"
    send(client, event("customer.subscription.deleted", sub))
    db.changed("UPDATE stripe_event SET created_at = now() - interval '3 days'")
    assert send(client, first).status_code == 200 and plan(acme) == "free" and heard() == 2


def test_case_75_an_event_of_the_other_mode_is_refused_and_an_unknown_type_let_go(client, acme, stripe, cus):
    stripe.subscribe(cus)
    assert send(client, event("customer.subscription.created", {"customer": cus}, livemode=True)).status_code == 400
    assert send(client, event("person.updated", {"customer": cus})).status_code == 200
    assert plan(acme) == "free" and heard() == 0


def test_case_76_events_of_others_touch_no_workspace(client, acme, globex, stripe, cus):
    other = stripes.customer(stripe, globex)
    stripe.subscribe(other)
    assert send(client, event("customer.subscription.created", {"customer": "cus_nobody"})).status_code == 200
    assert send(client, event("customer.subscription.created", {"customer": None})).status_code == 200
    mine = {"customer": cus, "metadata": {"workspace": globex.workspace.public_id}}
    assert send(client, event("customer.subscription.created", mine)).status_code == 200
    assert send(client, event("customer.subscription.created", {"customer": other}, account="acct_1")).status_code == 200
    assert (plan(acme), plan(globex)) == ("free", "free")
    send(client, event("customer.subscription.created", {"customer": other}))
    assert (plan(acme), plan(globex)) == ("free", "pro")


def test_of_several_subscriptions_the_one_that_is_paid_counts(client, acme, stripe, cus):
    stripe.subscribe(cus)
    stripe.subscribe(cus, "canceled")
    stripe.subscribe(cus, "incomplete_expired")
    send(client, event("checkout.session.completed", {"object": "checkout.session", "customer": cus}))
    assert plan(acme) == "pro"


def test_when_stripe_is_away_it_must_send_again(client, acme, stripe, cus, caplog):
    sub = stripe.subscribe(cus)
    stripe.is_away = True
    said = event("customer.subscription.created", sub)
    answer = send(client, said)
    assert answer.status_code == 503 and int(answer.headers["Retry-After"]) > 0 and answer.json["code"] == "payment_away"
    assert "private" not in answer.text + caplog.text and "sk_test" not in answer.text + caplog.text and heard() == 0
    stripe.is_away = False
    assert send(client, said).status_code == 200 and plan(acme) == "pro"


def test_an_event_holds_us_for_one_question_that_fails_and_a_page_for_two(client, acme, stripe, cus):
    stripe.is_away, stripe.may_retry = True, True
    assert send(client, event("customer.subscription.created", stripe.subscribe(cus))).status_code == 503
    assert len(stripe.asked) == 1
    with pytest.raises(PaymentAway):
        billing.refresh(acme.workspace.id)
    assert len(stripe.asked) == 3


def test_a_customer_whom_stripe_forgot_has_nothing(client, acme, stripe, cus):
    stripe.subscribe(cus)
    send(client, event("customer.subscription.created", {"customer": cus}))
    del stripe.customers[cus]
    assert send(client, event("customer.deleted", {"object": "customer", "id": cus})).status_code == 200
    assert plan(acme) == "free"


def test_too_much_is_not_read_and_without_plans_there_is_no_such_address(client, acme, here, stripe):
    assert send(client, b" " * (256 * 1024 + 1)).status_code == 413
    assert client.simulate_get("/hooks/stripe").status_code == 405
    billing.start(here)
    assert client.simulate_get("/hooks/stripe").status_code == 404
    assert send(client, event("customer.subscription.created", {})).status_code == 404
