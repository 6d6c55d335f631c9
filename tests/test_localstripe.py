"""The same against a Stripe that somebody else has written: localstripe, as a process of its own. It has no pages to check
out on, and cards and trials are not what it is for; what it signs and tells is not ours."""

import dataclasses
import subprocess
import sys
import time
import urllib.request
from urllib.parse import urlencode

import pytest
import receivers
import stripe
from installation import free_ports
from stripes import send

from service import db
from service.feedback import billing, checkouts, workspaces

KEY, SECRET = "sk_test_12345", "whsec_l0calstripe"
PATIENCE = 30  # seconds


@pytest.fixture
def address(folder):
    [port] = free_ports(1)
    process = subprocess.Popen([sys.executable, "-m", "localstripe", "--from-scratch", "--port", str(port)], cwd=folder,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # fmt: skip
    address = f"http://127.0.0.1:{port}"
    try:
        wait_for(lambda: answers(f"{address}/js.stripe.com/v3/"))
        yield address
    finally:
        process.terminate()
        process.wait(10)


@pytest.fixture
def config(here, address):
    made = dataclasses.replace(here, stripe_secret_key=KEY, stripe_webhook_secrets=(SECRET,), stripe_api=address,
                               stripe_prices={"month": "pro"})  # fmt: skip
    billing.start(made)
    yield made
    billing.start(here)


def answers(url: str) -> bool:
    try:
        return urllib.request.urlopen(url, timeout=5).status == 200
    except OSError:
        return False


def wait_for(found):
    ends = time.monotonic() + PATIENCE
    while time.monotonic() < ends:
        if it := found():
            return it
        time.sleep(0.05)
    raise AssertionError("nothing came")


def test_what_localstripe_sells_signs_and_tells_makes_a_workspace_pro_and_free_again(client, acme, config, address):
    theirs = stripe.StripeClient(KEY, base_addresses={"api": address})
    with receivers.receiving() as receiver:
        fields = urlencode({"url": f"http://127.0.0.1:{receiver.port}/", "secret": SECRET}).encode()
        urllib.request.urlopen(f"{address}/_config/webhooks/sayso", fields)
        customer = checkouts.known(acme.workspace)
        assert customer.startswith("cus_") and db.row("SELECT stripe_customer FROM workspace")[0] == customer
        product = theirs.v1.products.create({"name": "Pro", "type": "service"})
        theirs.v1.plans.create({"id": "pro", "amount": 0, "currency": "usd", "interval": "month", "product": product.id})
        theirs.v1.subscriptions.create({"customer": customer, "items": [{"plan": "pro"}]})
        told = wait_for(lambda: [each for each in receiver.requests if b"customer.subscription.created" in each.body])[0]
    answer = send(client, told.body, told.headers["stripe-signature"])
    assert answer.status_code == 200, answer.text
    assert send(client, told.body + b" ", told.headers["stripe-signature"]).status_code == 400
    now = billing.of(acme.workspace)
    assert workspaces.find(acme.workspace.id).plan == "pro" and now.status == "active" and now.period_ends_at is not None
    billing.stripe().cancel_all(customer)
    billing.stripe().cancel_all(customer)
    billing.refresh(acme.workspace.id)
    assert workspaces.find(acme.workspace.id).plan == "free"
