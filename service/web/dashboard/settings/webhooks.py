"""Webhooks: which of the team's own systems hear of what. Every member sees that they are there; their addresses and what
was delivered to them, owners and admins alone."""

import json
from datetime import UTC, datetime, timedelta

from service.errors import Invalid
from service.feedback import boards, deliveries, endpoints, segments
from service.feedback.versions import version
from service.web import cursors, inputs
from service.web.dashboard import places
from service.web.dashboard.page import at
from service.web.dashboard.settings import Setting, webhook_words
from service.web.guards import require_admin
from service.web.inputs import whole
from service.web.openapi import version as sayso
from service.web.page import Done
from service.web.pages import query

PAGE = 25
CURSOR = "deliveries"
SOON = timedelta(seconds=90)  # what is due until then, the page waits for
LONG_DUE = timedelta(minutes=5)  # what should have been done so long ago, it does not


class Webhooks(Setting):
    """The endpoints, and the form for another."""

    key = "webhooks"
    delicate = frozenset(["create"])

    def show(self, req, resp):
        reader = req.context.reader
        self.render(req, resp, endpoints=endpoints.of(reader), latest=deliveries.latest(reader), most=endpoints.MOST,
                    made=None, secret=None, **shared(reader))  # fmt: skip

    def create(self, req):
        form = req.context.form
        made, secret = endpoints.create(req.context.reader, form.get("url", ""), types(form), conditions(form),
                                        form.get("format", ""))  # fmt: skip
        return Done(f"{made.name} was added.", show={"made": made, "secret": secret if is_signed(made) else None})

    deeds = {"create": create}


class Endpoint(Setting):
    """One endpoint: what it hears of, and what was delivered to it."""

    key, template = "webhooks", "webhook"
    delicate = frozenset(["rotate"])

    def is_delicate(self, req, deed, endpoint):
        if deed == "change":  # only where what is told goes elsewhere
            return req.context.form.get("url", "").strip() != endpoints.find(req.context.reader, endpoint).url
        return super().is_delicate(req, deed)

    def show(self, req, resp, endpoint):
        require_admin(req)
        reader, state = req.context.reader, inputs.param(req, "state") or None
        found = endpoints.find(reader, endpoint)
        before = places.number_after(req, CURSOR)
        listed = deliveries.of(reader, endpoint, before=before, state=state, most=PAGE + 1)
        page, following = cursors.cut(listed, PAGE, CURSOR)
        self.render(
            req, resp, endpoint=found, deliveries=page, chosen=state, waiting=deliveries.waiting(reader, endpoint),
            is_soon=any(map(is_soon, page)), secret=None, now=datetime.now(UTC), overlap=endpoints.OVERLAP_HOURS,
            seen=version(*said(found)), next_url=following and query(state=state, cursor=following), **shared(reader),
        )  # fmt: skip

    def change(self, req, endpoint):
        form = req.context.form
        endpoints.update(req.context.reader, endpoint, url=form.get("url", ""), types=types(form),
                         conditions=conditions(form), seen=form.get("seen"))  # fmt: skip
        return Done("The endpoint was saved.")

    def pause(self, req, endpoint):
        endpoints.update(req.context.reader, endpoint, state="paused")
        return Done("It is paused: nothing is sent to it.")

    def resume(self, req, endpoint):
        endpoints.update(req.context.reader, endpoint, state="active")
        return Done("It is switched on again.")

    def rotate(self, req, endpoint):
        return Done("There is a new secret.", show={"secret": endpoints.rotate(req.context.reader, endpoint)})

    def test(self, req, endpoint):
        endpoints.test(req.context.reader, endpoint)
        return Done("A test is on its way. What comes of it stands below in a moment.")

    def delete(self, req, endpoint):
        name = endpoints.find(req.context.reader, endpoint).name
        endpoints.delete(req.context.reader, endpoint)
        return Done(f"{name} was taken away.", to=at(req, "settings/webhooks"))

    def again(self, req, endpoint):
        return send_again(req, endpoint, whole(req.context.form.get("delivery", "")))

    deeds = {"change": change, "pause": pause, "resume": resume, "rotate": rotate, "test": test, "delete": delete,
             "again": again}  # fmt: skip


class Delivery(Setting):
    """One delivery: what was sent, and what came of each attempt."""

    key, template = "webhooks", "delivery"

    def show(self, req, resp, endpoint, delivery):
        require_admin(req)
        reader = req.context.reader
        found, attempts = deliveries.find(reader, endpoint, delivery)
        self.render(
            req, resp, endpoint=endpoints.find(reader, endpoint), delivery=found, attempts=attempts[::-1],
            body=pretty(found.body), headers=headers(found, attempts), is_soon=is_soon(found), words=webhook_words,
        )  # fmt: skip

    def again(self, req, endpoint, delivery):
        return send_again(req, endpoint, delivery)

    deeds = {"again": again}


def send_again(req, endpoint: int, delivery: int | None) -> Done:
    if delivery is None:
        raise Invalid(delivery="Name a delivery of the list.")
    deliveries.redeliver(req.context.reader, endpoint, delivery)
    return Done("It is being sent again.")


# ── what forms say ──────────────────────────────────────────────────────────────────────────────────────────────────


def types(form) -> list[str]:
    chosen = form.every("types")
    if not chosen:
        raise Invalid(types="Tick at least one thing that it shall hear of.")
    return chosen


def conditions(form) -> dict:
    votes = form.get("votes", "").strip()
    if votes and not whole(votes):
        raise Invalid(votes="Type a whole number, or leave it empty.")
    found = {"board": form.get("board"), "segment": form.get("segment"), "votes": whole(votes)}
    return {name: value for name, value in found.items() if value}


# ── what pages show ─────────────────────────────────────────────────────────────────────────────────────────────────


def shared(reader) -> dict:
    """What both pages with the form of an endpoint need."""
    return {
        "words": webhook_words,
        "boards": {board.key: board.name for board in boards.of(reader)},
        "segments": {segment.key: segment.name for segment in segments.listed(reader)},
    }


def said(endpoint) -> tuple:
    """What the form of an endpoint can change."""
    return endpoint.url, endpoint.types, endpoint.conditions


def is_signed(endpoint) -> bool:
    return endpoint.format == webhook_words.SIGNED


def is_soon(delivery) -> bool:
    """Whether something comes of it while one looks."""
    now = datetime.now(UTC)
    return delivery.state == "waiting" and now - LONG_DUE < delivery.due_at < now + SOON


def headers(delivery, attempts: list) -> dict[str, str]:
    """What a delivery is sent with, but the signature, which is kept nowhere."""
    moment = int(attempts[-1].began_at.timestamp()) if attempts else "the moment of the attempt"
    return {"content-type": "application/json", "user-agent": f"Sayso/{sayso()}", "webhook-id": delivery.webhook_id,
            "webhook-timestamp": str(moment), "webhook-signature": "v1,…"}  # fmt: skip


def pretty(body: str | None) -> str | None:
    """JSON as people read it."""
    try:
        return body and json.dumps(json.loads(body), indent=2, ensure_ascii=False)
    except ValueError:
        return body
