"""POST /hooks/stripe: what Stripe tells of subscriptions. Nobody is signed in here: the signature says who asks."""

import falcon

from service.errors import Malformed, NotFound, TooLarge
from service.feedback import billing
from service.lib import stripe_client

LARGEST = 256 * 1024  # bytes


class StripeHook:
    """200 for whatever was done, was done before or is of no interest; 400 for what Stripe has not signed for us, 503 when
    it must be sent again. There is no such address where there are no plans."""

    def on_get(self, req, resp):  # noqa: ARG002 (a responder takes both)
        expect_plans()
        raise falcon.HTTPMethodNotAllowed(["POST"])

    def on_post(self, req, resp):
        expect_plans()
        body = req.bounded_stream.read(LARGEST + 1)
        if len(body) > LARGEST:
            raise TooLarge("An event has 256 kB at most.")
        event = stripe_client.believed(body, req.get_header("Stripe-Signature"), billing.settings().stripe_webhook_secrets)
        if event.is_live != billing.stripe().is_live:
            raise Malformed("This event is of the other mode of Stripe, live or test, than our key.")
        billing.hear(event)
        resp.status, resp.media = falcon.HTTP_200, {}


def expect_plans() -> None:
    if not billing.is_on():
        raise NotFound("There is nothing at this address.")
