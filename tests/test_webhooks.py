"""Webhooks as their receivers meet them: signed so that three libraries believe it, told once, repeated under one name."""

import json
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
import standardwebhooks
import svix.webhooks
from cast import DAN
from receivers import allow, answer, come_due, in_turn, receiving, tell

from service import db, payloads
from service.errors import Conflict, NotFound
from service.feedback import comments, deliveries, edits, endpoints, planning, users

BY_NODE = """
const { Webhook } = require("standardwebhooks");
let text = ""; process.stdin.on("data", (part) => { text += part; }).on("end", () => {
  const { secret, headers, body } = JSON.parse(text);
  try { console.log(JSON.stringify(new Webhook(secret).verify(body, headers))); }
  catch (error) { console.log("refused: " + error.message); }
});
"""


@pytest.fixture
def receiver(here):
    allow(here)
    with receiving() as made:
        yield made


def listen(company, receiver, *types, **more):
    return endpoints.create(company.team, receiver.url, list(types or ["post.created"]), **more)


def verified_by_node(secret, request) -> str:
    node = shutil.which("node")
    assert node, "These tests need Node.js; install it, e.g.: sudo apt-get install npm"
    given = json.dumps({"secret": secret, "headers": request.headers, "body": request.body.decode()})
    modules = Path(sys.prefix) / "node_modules"
    assert (modules / "standardwebhooks").exists(), "This test needs npm's standardwebhooks; install it: make types"
    ran = subprocess.run([node, "-e", BY_NODE], input=given, capture_output=True, text=True, cwd=sys.prefix,
                         env={"NODE_PATH": str(modules)})  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.strip()


def verifies(secret, request) -> list[bool]:
    """Whether each of the three libraries takes it for ours."""
    found = []
    for library, refusal in ((standardwebhooks.Webhook, standardwebhooks.WebhookVerificationError),
                             (svix.webhooks.Webhook, svix.webhooks.WebhookVerificationError)):  # fmt: skip
        try:
            library(secret).verify(request.body, request.headers)
            found.append(True)
        except refusal:
            found.append(False)
    return [*found, not verified_by_node(secret, request).startswith("refused")]


def test_a_signature_is_that_of_the_specification():
    secret, id, body = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", '{"test": 2432232314}'
    signed = standardwebhooks.Webhook(secret).sign(id, datetime.fromtimestamp(1614265330, UTC), body)
    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_what_arrives_is_verified_by_each_of_the_three_libraries_and_by_no_other_secret(acme, receiver):
    _, secret = listen(acme, receiver)
    _, another = listen(acme, receiver, "user.erased")
    acme.post("Größer & <besser> 🎉", "Zeile\nzwei")
    tell()
    [request] = receiver.requests
    assert verifies(secret, request) == [True, True, True]
    assert verifies(another, request) == [False, False, False]
    assert request.headers["content-type"] == "application/json"
    assert request.headers["user-agent"].startswith("Sayso/")
    assert "." not in request.id and request.path == "/hooks"


def test_the_body_says_what_happened_in_the_shapes_of_the_api(acme, receiver, client):
    listen(acme, receiver, "post.created", "comment.created", "vote.created")
    number = acme.post("Dark mode", "Please.")
    comment = comments.create(acme.writer, number, "A note", internal=True)
    tell()
    created, commented = sorted(receiver.requests, key=lambda each: each.json["type"], reverse=True)
    assert created.json["type"] == "post.created" and datetime.fromisoformat(created.json["timestamp"]).tzinfo
    of_api = client.simulate_get(f"/api/v1/posts/{number}", headers=acme.bearer()).json
    told = created.data["post"]
    assert {**told, "comments": 0, "updated_at": ""} == {**of_api, "comments": 0, "updated_at": ""}
    assert created.data["user"]["id"] == "cleo-7" and created.data["actor"]["name"] == "Cleo"
    event = client.simulate_get("/api/v1/events", params={"type": "post.created"}, headers=acme.bearer()).json["data"][0]
    assert created.data["event_id"] == event["id"] and created.json["timestamp"] == event["created_at"]
    told = commented.data["comment"]
    assert (told["id"], told["body"], told["internal"]) == (comment, "A note", True)


def test_of_what_is_deleted_only_the_number_is_told(acme, receiver):
    listen(acme, receiver, "post.deleted", "comment.deleted")
    number = acme.post("A secret plan")
    comment = comments.create(acme.reader(), number, "A secret remark")
    comments.delete(acme.team, comment)
    edits.delete(acme.team, number)
    tell()
    told = {each.json["type"]: each for each in receiver.requests}
    assert told["post.deleted"].data["post"] == {"number": number}
    assert told["comment.deleted"].data["comment"] == {"id": comment}
    assert not any(b"secret" in each.body for each in receiver.requests)


def test_the_longest_texts_are_cut_to_fit_into_twenty_thousand_bytes(acme, receiver):
    listen(acme, receiver, "post.created", "post.status_changed", "comment.created")
    for letter in "🎉", '"':
        number = acme.post("🎉" * 200, letter * 10_000, meta={f"key {place}": "🎉" * 12 for place in range(8)})
        planning.set_status(acme.team, number, "planned", note=letter * 5000)
        comments.create(acme.reader(), number, letter * 5000)
    tell()
    assert len(receiver.requests) == 6 and all(len(each.body) < 20_000 for each in receiver.requests)
    assert all(each.data["post"]["number"] and each.data["event_id"] for each in receiver.requests)
    told = [each.data for each in receiver.requests if each.json["type"] == "post.created"]
    assert [each["cut"] for each in told] == [True, True]
    assert all(len(each["post"]["body"]) >= 1000 and each["post"]["body"].endswith("…") for each in told)


def test_what_a_customer_keeps_with_us_goes_before_the_names_of_things():
    data = {"event_id": 7, "actor": {"name": "Ada"}, "user": {"id": "u", "traits": {"a": "x" * 20_000}},
            "post": {"number": 3, "title": "Dark mode", "meta": {}}}  # fmt: skip
    told = json.loads(payloads.fitting({"type": "post.created", "timestamp": "", "data": data}))["data"]
    assert told == {**data, "user": {"id": "u", "traits": {}}, "cut": True}
    data["user"]["name"] = "x" * 20_000
    told = json.loads(payloads.fitting({"type": "post.created", "timestamp": "", "data": data}))["data"]
    assert told == {"event_id": 7, "cut": True, "post": {"number": 3}, "user": {"id": "u"}}


def test_both_secrets_sign_while_one_is_replaced_and_only_the_new_one_after_a_day(acme, receiver):
    endpoint, old = listen(acme, receiver, "post.created")
    new = endpoints.rotate(acme.team, endpoint.id)
    assert endpoints.find(acme.team, endpoint.id).former_until
    acme.post()
    tell()
    assert verifies(old, receiver.requests[0]) == verifies(new, receiver.requests[0]) == [True] * 3
    assert standardwebhooks.Webhook(new).verify(receiver.requests[0].body, receiver.requests[0].headers)
    db.changed("UPDATE endpoint SET former_until = now() - interval '1 second'")
    acme.post("Another")
    tell()
    assert verifies(old, receiver.requests[1]) == [False] * 3
    assert verifies(new, receiver.requests[1]) == [True] * 3
    endpoints.rotate(acme.team, endpoint.id)
    endpoints.rotate(acme.team, endpoint.id)
    acme.post("A third")
    tell()
    assert verifies(new, receiver.requests[2]) == [False] * 3


def test_a_test_reaches_this_endpoint_alone_whatever_it_wants_to_hear_of(acme, receiver):
    with receiving() as other:
        endpoint, secret = listen(acme, receiver, "post.created", conditions={"votes": 50})
        listen(acme, other)
        seq = endpoints.test(acme.team, endpoint.id)
        tell()
        [request] = receiver.requests
        assert (request.json["type"], request.data["event_id"]) == ("webhook.test", seq)
        assert verifies(secret, request) == [True, True, True]
        assert other.requests == []


def test_the_log_holds_what_was_sent_and_what_was_answered(acme, receiver):
    receiver.role = in_turn(answer(500, "Oh\0 nö".encode() + b"\xff" * 20_000), answer(202, b"fine"))
    endpoint, _ = listen(acme, receiver, "post.created")
    number = acme.post()
    tell()
    [listed] = deliveries.of(acme.team, endpoint.id, state="waiting")
    assert listed.body is None and (listed.type, listed.post_number) == ("post.created", number)
    come_due()
    tell()
    delivery, [first, second] = deliveries.find(acme.team, endpoint.id, listed.id)
    assert delivery.state == "delivered" and delivery.attempts == 2
    assert delivery.body.encode() == receiver.requests[0].body == receiver.requests[1].body
    assert (first.number, first.status, first.reason) == (1, 500, "It answered 500.")
    assert first.answer.startswith("Oh� nö") and len(first.answer.encode()) <= 3 * 16_000 and len(first.answer) <= 16_000
    assert (second.status, second.reason, second.answer) == (202, None, "fine") and second.milliseconds >= 0
    assert {each.id for each in receiver.requests} == {delivery.webhook_id}


def test_a_delivery_is_made_again_on_request_under_the_same_name(acme, globex, receiver):
    endpoint, _ = listen(acme, receiver, "post.created")
    acme.post()
    tell()
    [made] = deliveries.of(acme.team, endpoint.id)
    again = deliveries.redeliver(acme.team, endpoint.id, made.id)
    assert again.state == "waiting"
    deliveries.redeliver(acme.team, endpoint.id, made.id)  # it is due already
    said = db.rows("SELECT type, data->'delivery' FROM event WHERE type LIKE 'endpoint.%%' ORDER BY seq")
    assert said == [("endpoint.created", None), ("endpoint.sent_again", made.id)]
    receiver.role = answer(500)
    tell()
    assert [each.id for each in receiver.requests] == [made.webhook_id] * 2
    delivery, tries = deliveries.find(acme.team, endpoint.id, made.id)
    assert (delivery.state, len(tries)) == ("failed", 2)  # one more try, no more
    with pytest.raises(NotFound):
        deliveries.redeliver(globex.team, endpoint.id, made.id)
    with pytest.raises(NotFound):
        deliveries.find(globex.team, endpoint.id, made.id)
    with pytest.raises(NotFound):
        deliveries.of(globex.team, endpoint.id)
    endpoints.update(acme.team, endpoint.id, state="paused")
    with pytest.raises(Conflict, match="switched off"):
        deliveries.redeliver(acme.team, endpoint.id, made.id)


def test_a_chat_is_told_in_its_own_form_and_nothing_of_internal_notes(acme, receiver):
    parts = {"slack": "blocks", "discord": "embeds", "teams": "attachments"}
    made = [listen(acme, receiver, "post.created", "comment.created", "user.identified", format=each)[0] for each in parts]
    acme.user({**DAN, "name": "Daniela"})
    users.put(acme.team, "dan-8", name="Dan")  # by a member
    comments.create(acme.writer, acme.post("Dark mode", by=DAN), "For us only", internal=True)
    tell()
    for part in parts.values():
        assert sum(part in each.json for each in receiver.requests) >= 3
    assert not any(b"For us only" in each.body for each in receiver.requests)
    told = [each for endpoint in made for each in deliveries.of(acme.team, endpoint.id)]
    assert {each.state for each in told} == {"delivered"} and "comment.created" not in {each.type for each in told}
