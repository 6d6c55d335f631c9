"""Webhooks: a team's own endpoints, and what became of what was sent to them."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec

from service.feedback import deliveries, endpoints
from service.shapes.base import About, Key, NextCursor, Paged, Sent, said

Format = Annotated[
    Literal[endpoints.FORMATS], said("`standard` is Standard Webhooks, signed; the others are messages for that chat.")
]  # fmt: skip
Types = Annotated[list[Literal[endpoints.TYPES]], said("What it hears of.", minItems=1)]
Address = Annotated[
    str, said("https://, at a public address. It may be a secret, so only `admin` sees it.", format="uri", maxLength=2_000)
]  # fmt: skip
Secret = Annotated[str, said("Signs what is sent: whsec_… It is shown this once.")]
DeliveryState = Literal[deliveries.STATES]


class Conditions(Sent):
    """What must hold, too. All that are given."""

    board: Annotated[Key | None, said("The post is on this board.")] = None
    segment: Annotated[Key | None, said("The user behind the post, vote or comment is in this segment.")] = None
    votes: Annotated[
        Annotated[int, About(ge=1, le=endpoints.MOST_VOTES)] | None,
        said("The post has so many votes. With `vote.created` this is told once of each post, when it reaches them."),
    ] = None  # fmt: skip


class Webhook(msgspec.Struct):
    id: int
    url: Address
    types: Types
    conditions: Conditions
    format: Format
    state: Annotated[
        Literal["active", "paused", "gone", "failed"],
        said("`gone`: it answered 410. `failed`: five days of nothing but failures. Set it to `active` to begin again."),
    ]  # fmt: skip
    failing_since: Annotated[datetime | None, said("The first of the failures since which nothing got through.")]
    created_at: datetime


class Webhooks(msgspec.Struct):
    data: list[Webhook]
    next_cursor: NextCursor


class MadeWebhook(Webhook):
    secret: Secret


class NewWebhook(Sent):
    url: Address
    types: Types
    conditions: Annotated[Conditions, said("What must hold, too.")] = msgspec.field(default_factory=Conditions)
    format: Format = "standard"


class WebhookChange(Sent):
    url: Address | None = None
    types: Types | None = None
    conditions: Annotated[Conditions | None, said("These instead of all that were.")] = None
    state: Annotated[Literal["active", "paused"] | None, said("While it is paused nothing new is kept for it.")] = None


class WebhookTest(msgspec.Struct):
    event: Annotated[int, said("Id of the event `webhook.test`; its delivery stands in the list within a second or two.")]


class NewSecret(msgspec.Struct):
    secret: Secret
    former_until: Annotated[datetime, said("Until then the secret before it signs, too.")]


class Delivery(msgspec.Struct):
    id: int
    webhook_id: Annotated[str, said("The header `webhook-id`: the same in every attempt.")]
    event: int
    type: Annotated[str, said(enum=list(endpoints.TYPES))]
    post: int | None
    state: Annotated[DeliveryState, said("`stopped`: its webhook was switched off before.")]
    attempts: Annotated[int, said("How many were made.")]
    due_at: Annotated[datetime | None, said("When the next attempt is made, if it waits.")]
    created_at: datetime


class Attempt(msgspec.Struct):
    number: int
    began_at: datetime
    milliseconds: int
    status: Annotated[int | None, said("What your server answered; null: it did not.")]
    reason: Annotated[str | None, said("Why it does not count; null: it does.")]
    answer: Annotated[str | None, said("What it said, the first 16 kB.")]


class DeliveryDetails(Delivery):
    body: Annotated[
        str | None, said("As it is sent and signed; null before the first attempt, and once a user it spoke of is erased.")
    ]  # fmt: skip
    log: Annotated[list[Attempt], said("The attempts, the first one first.")]


class Deliveries(msgspec.Struct):
    data: list[Delivery]
    next_cursor: NextCursor


class DeliveryFilter(Paged):
    state: DeliveryState | None = None


def webhook(read: endpoints.Endpoint) -> Webhook:
    return Webhook(**facts(read))


def made_webhook(read: endpoints.Endpoint, secret: str) -> MadeWebhook:
    return MadeWebhook(**facts(read), secret=secret)


def facts(read: endpoints.Endpoint) -> dict:
    return {"id": read.id, "url": read.url, "types": list(read.types), "conditions": Conditions(**read.conditions),
            "format": read.format, "state": read.state, "failing_since": read.failing_since,
            "created_at": read.created_at}  # fmt: skip


def conditions(sent: Conditions | None) -> dict | None:
    """What somebody sent, without what they left out."""
    given = msgspec.structs.asdict(sent) if sent else {}
    return None if sent is None else {name: value for name, value in given.items() if value is not None}


def delivery(read: deliveries.Delivery) -> Delivery:
    return Delivery(**outcome(read))


def delivery_details(read: deliveries.Delivery, made: list[deliveries.Attempt]) -> DeliveryDetails:
    log = [Attempt(each.number, each.began_at, each.milliseconds, each.status, each.reason, each.answer) for each in made]
    return DeliveryDetails(**outcome(read), body=read.body, log=log)


def outcome(read: deliveries.Delivery) -> dict:
    due = read.due_at if read.state == "waiting" else None
    return {"id": read.id, "webhook_id": read.webhook_id, "event": read.event_seq, "type": read.type,
            "post": read.post_number, "state": read.state, "attempts": read.attempts, "due_at": due,
            "created_at": read.created_at}  # fmt: skip
