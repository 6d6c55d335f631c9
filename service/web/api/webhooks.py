"""/api/v1/webhooks: the team's own endpoints, and what became of what was sent to them."""

from service import shapes
from service.feedback import deliveries, endpoints
from service.web import cursors
from service.web.operations import Call, Created, operation


def details(call: Call, webhook: int, delivery: int) -> shapes.DeliveryDetails:
    return shapes.delivery_details(*deliveries.find(call.reader, webhook, delivery))


class Webhooks:
    @operation("List webhooks", query=shapes.Paged, answers=shapes.Webhooks, scope="admin")
    def on_get(self, call):
        page, following = cursors.part(endpoints.of(call.reader), call.query, "webhooks")
        return shapes.Webhooks([shapes.webhook(each) for each in page], following)

    @operation("Make a webhook", takes=shapes.NewWebhook, answers=shapes.MadeWebhook, scope="admin")
    def on_post(self, call):
        """From now on what happens is sent to this address. The answer shows its secret, once. A workspace has at most 20.
        The manual says how to receive and verify."""
        new = call.body
        made, secret = endpoints.create(call.reader, new.url, new.types, shapes.conditions(new.conditions), new.format)
        return Created(f"/api/v1/webhooks/{made.id}", shapes.made_webhook(made, secret))


class Webhook:
    @operation("One webhook", answers=shapes.Webhook, scope="admin")
    def on_get(self, call, webhook):
        return shapes.webhook(endpoints.find(call.reader, webhook))

    @operation("Change a webhook", takes=shapes.WebhookChange, answers=shapes.Webhook, scope="admin")
    def on_patch(self, call, webhook):
        """One that was switched off begins again with `"state": "active"`."""
        new, conditions = call.body, shapes.conditions(call.body.conditions)
        return shapes.webhook(endpoints.update(
            call.reader, webhook, url=new.url, types=new.types, conditions=conditions, state=new.state,
        ))  # fmt: skip

    @operation("Take a webhook away", scope="admin")
    def on_delete(self, call, webhook):
        """With the log of its deliveries; nothing more is sent."""
        endpoints.delete(call.reader, webhook)


class Test:
    @operation("Send a test to a webhook", answers=shapes.WebhookTest, scope="admin", statuses=(200,))
    def on_post(self, call, webhook):
        """An event `webhook.test`, to this one alone, whatever its types and conditions."""
        return shapes.WebhookTest(endpoints.test(call.reader, webhook))


class Secret:
    @operation("Change the secret of a webhook", answers=shapes.NewSecret, scope="admin", statuses=(200,))
    def on_post(self, call, webhook):
        """The answer shows the new one, once. For 24 hours both sign, so that you can put it in without losing anything."""
        secret = endpoints.rotate(call.reader, webhook)
        return shapes.NewSecret(secret, endpoints.find(call.reader, webhook).former_until)


class Deliveries:
    @operation("What was sent to a webhook", query=shapes.DeliveryFilter, answers=shapes.Deliveries, scope="admin")
    def on_get(self, call, webhook):
        """The newest first, for 30 days."""
        query = call.query
        before = cursors.after(query.cursor, "deliveries")
        found = deliveries.of(call.reader, webhook, before=before, state=query.state, most=query.limit + 1)
        page, following = cursors.cut(found, query.limit, "deliveries")
        return shapes.Deliveries([shapes.delivery(each) for each in page], following)


class Delivery:
    @operation("One delivery with its attempts", answers=shapes.DeliveryDetails, scope="admin")
    def on_get(self, call, webhook, delivery):
        return details(call, webhook, delivery)


class Redelivery:
    @operation("Send a delivery again", answers=shapes.DeliveryDetails, scope="admin", statuses=(200,))
    def on_post(self, call, webhook, delivery):
        """One more attempt, now, with the same body and `webhook-id`."""
        deliveries.redeliver(call.reader, webhook, delivery)
        return details(call, webhook, delivery)
