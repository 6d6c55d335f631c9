"""Webhooks through the API: made, changed, tested, rotated, taken away; what was sent to them, and sent again."""

import pytest
from cast import CLEO
from program import Program, wrong
from queued import work_off
from receivers import allow, answer, receiving

from service import db
from service.feedback import endpoints, keys

URL = "https://hooks.acme.example/sayso?token=hidden"
SHAPE = {"id", "url", "types", "conditions", "format", "state", "failing_since", "created_at"}
DELIVERY = {"id", "webhook_id", "event", "type", "post", "state", "attempts", "due_at", "created_at"}
NOTHING = {"board": None, "segment": None, "votes": None}


@pytest.fixture
def api(client, acme):
    return Program(client, acme)


@pytest.fixture
def receiver(here):
    allow(here)
    with receiving() as made:
        yield made


def make(api, url=URL, **more) -> dict:
    made = api.post("/webhooks", **{"url": url, "types": ["post.created"], **more})
    assert made.status_code == 201, made.text
    return made.json


def sent(api, receiver, titles=("Dark mode",)) -> tuple[str, list[dict]]:
    """The path of a webhook that was told of these posts, and what was sent to it, the newest first."""
    place = f"/webhooks/{make(api, receiver.url)['id']}"
    for title in titles:
        api.post("/posts", title=title)
    work_off()
    return place, api.get(f"{place}/deliveries").json["data"]


def test_a_webhook_is_made_with_a_secret_that_is_shown_once(api):
    made = api.post("/webhooks", url=URL, types=["vote.created", "post.created", "vote.created"],
                    conditions={"board": "bugs", "votes": 10})  # fmt: skip
    shown = dict(made.json)
    secret, place = shown.pop("secret"), f"/webhooks/{shown['id']}"
    assert (made.status_code, made.headers["location"], set(shown)) == (201, f"/api/v1{place}", SHAPE)
    assert secret.startswith("whsec_") and len(secret) == 50
    assert api.get(place).json == shown and api.get("/webhooks").json == {"data": [shown], "next_cursor": None}
    assert (shown["url"], shown["types"], shown["format"]) == (URL, ["post.created", "vote.created"], "standard")
    assert (shown["conditions"], shown["state"]) == ({"board": "bugs", "segment": None, "votes": 10}, "active")
    kept = str(db.rows("SELECT data FROM event")) + str(db.rows("SELECT * FROM endpoint"))
    assert secret not in kept and "hidden" not in kept


def test_a_request_for_a_webhook_that_is_sent_again_makes_one_and_shows_its_secret_again(api):
    key = {"Idempotency-Key": "w-1"}
    first, again = (api.post("/webhooks", key, url=URL, types=["post.created"]) for _ in range(2))
    assert first.json == again.json and len(api.get("/webhooks").json["data"]) == 1


def test_a_webhook_is_changed_field_by_field(api):
    place = f"/webhooks/{make(api, conditions={'votes': 10})['id']}"
    for change in ({"url": "https://other.acme.example/"}, {"types": ["user.erased"]}, {"state": "paused"},
                   {"conditions": {"board": "bugs"}}, {"conditions": {}}, {"state": "active"}):  # fmt: skip
        before = api.get(place).json
        wanted = before | change
        if "conditions" in change:
            wanted["conditions"] = NOTHING | change["conditions"]
        for _ in range(2):
            assert api.patch(place, **change).json == api.get(place).json == wanted
    assert api.events() == ["endpoint.created"] + ["endpoint.updated"] * 6


def test_a_change_of_nothing_changes_nothing(api):
    made = make(api)
    place = f"/webhooks/{made.pop('id')}"
    assert api.patch(place).json == api.get(place).json and api.events() == ["endpoint.created"]


def test_a_webhook_is_taken_away_once(api):
    place = f"/webhooks/{make(api)['id']}"
    assert [api.delete(place).status_code for _ in range(2)] == [204, 404]
    assert api.get(place).status_code == 404 and api.get("/webhooks").json["data"] == []
    assert api.events() == ["endpoint.created", "endpoint.deleted"]


def test_a_list_of_webhooks_has_pages(api):
    ids = [make(api)["id"] for _ in range(3)]
    first = api.get("/webhooks", limit=2).json
    second = api.get("/webhooks", limit=2, cursor=first["next_cursor"]).json
    assert [each["id"] for each in first["data"] + second["data"]] == ids and second["next_cursor"] is None


def test_a_workspace_has_no_more_webhooks_than_it_may(api, acme):
    for _ in range(endpoints.MOST):
        endpoints.create(acme.team, URL, ["post.created"])
    refused = api.post("/webhooks", url=URL, types=["post.created"])
    assert (refused.status_code, refused.json["code"]) == (409, "too_many")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("url", "http://hooks.acme.example/"), ("url", "https://user:pw@acme.example/"), ("url", "https://127.0.0.1/"),
        ("url", "ftp://acme.example/"), ("url", "https://acme.example/" + "x" * 2_000), ("url", ""), ("url", 7),
        ("types", []), ("types", ["post.exploded"]), ("types", ["key.created"]), ("types", "post.created"),
        ("conditions", {"board": "nowhere"}), ("conditions", {"segment": "nobody"}), ("conditions", {"votes": 0}),
        ("conditions", {"votes": "ten"}), ("conditions", {"votes": 10**9}), ("conditions", [1]),
    ],
)  # fmt: skip
def test_what_cannot_be_taken_is_named_by_its_field_and_says_why(api, field, value):
    place = f"/webhooks/{make(api)['id']}"
    before = api.get(place).json
    for refused in (api.post("/webhooks", **{"url": URL, "types": ["post.created"], field: value}),
                    api.patch(place, **{field: value})):  # fmt: skip
        assert wrong(refused) == {field}
        [said] = [error["message"] for error in refused.json["errors"]]
        assert said[0].isupper() and said.endswith(".") and "whsec_" not in said
    assert api.get(place).json == before and len(api.get("/webhooks").json["data"]) == 1


def test_a_format_is_chosen_when_a_webhook_is_made_and_a_state_afterwards(api):
    place = f"/webhooks/{make(api, format='slack')['id']}"
    assert api.get(place).json["format"] == "slack"
    assert wrong(api.post("/webhooks", url=URL, types=["post.created"], format="irc")) == {"format"}
    assert wrong(api.post("/webhooks", url=URL, types=["post.created"], state="paused")) == {"state"}
    assert wrong(api.patch(place, format="teams")) == {"format"}
    assert wrong(api.patch(place, state="gone")) == {"state"}
    assert wrong(api.patch(place, conditions={"colour": "red"})) == {"conditions.colour"}


def test_a_test_reaches_a_webhook_whatever_it_wants_and_no_other(api, receiver):
    place = f"/webhooks/{make(api, receiver.url, types=['user.erased'], conditions={'board': 'bugs'})['id']}"
    make(api, receiver.url, types=["webhook.test"])
    seqs = []
    for count in (1, 2):
        tested = api.post(f"{place}/test")
        assert tested.status_code == 200
        seqs.append(tested.json["event"])
        work_off()
        assert len(receiver.requests) == count and receiver.requests[-1].data["event_id"] == seqs[-1]
    listed = api.get(f"{place}/deliveries").json["data"]
    assert [each["event"] for each in listed] == seqs[::-1]
    assert {(each["type"], each["state"], each["due_at"]) for each in listed} == {("webhook.test", "delivered", None)}


def test_one_that_is_switched_off_is_neither_tested_nor_told_again(api, receiver):
    place, [delivery] = sent(api, receiver)
    api.patch(place, state="paused")
    for path in (f"{place}/test", f"{place}/deliveries/{delivery['id']}/redelivery"):
        refused = api.post(path)
        assert (refused.status_code, refused.json["code"]) == (409, "endpoint_off")


def test_a_new_secret_is_shown_once_and_the_old_one_signs_for_a_day(api):
    made = make(api)
    place, seen = f"/webhooks/{made['id']}", {made["secret"]}
    for _ in range(2):
        changed = api.post(f"{place}/secret")
        assert (changed.status_code, set(changed.json)) == (200, {"secret", "former_until"})
        assert changed.json["secret"] not in seen and changed.json["former_until"].endswith("Z")
        seen.add(changed.json["secret"])
    assert not any(secret in api.get(place).text + api.get("/events").text for secret in seen)


def test_a_delivery_shows_what_was_sent_and_what_was_answered(api, receiver):
    receiver.role = answer(200, b"thank you")
    place, [listed] = sent(api, receiver)
    shown = api.get(f"{place}/deliveries/{listed['id']}").json
    [request] = receiver.requests
    assert set(listed) == DELIVERY and {name: shown[name] for name in DELIVERY} == listed
    assert (shown["body"], shown["webhook_id"]) == (request.body.decode(), request.id)
    assert (shown["state"], shown["attempts"], shown["post"]) == ("delivered", 1, 1)
    [attempt] = shown["log"]
    assert (attempt["number"], attempt["status"], attempt["reason"], attempt["answer"]) == (1, 200, None, "thank you")
    assert attempt["milliseconds"] >= 0


def test_a_failure_says_why_and_when_it_is_tried_again(api, receiver):
    receiver.role = answer(500, b"out of order")
    place, [listed] = sent(api, receiver)
    assert (listed["state"], listed["attempts"]) == ("waiting", 1) and listed["due_at"] > listed["created_at"]
    [attempt] = api.get(f"{place}/deliveries/{listed['id']}").json["log"]
    assert (attempt["status"], attempt["reason"], attempt["answer"]) == (500, "It answered 500.", "out of order")
    assert api.get(place).json["failing_since"] is not None


def test_a_list_of_deliveries_has_pages_and_a_filter(api, receiver):
    place, found = sent(api, receiver, ["One", "Two", "Three"])
    assert [each["post"] for each in found] == [3, 2, 1]
    first = api.get(f"{place}/deliveries", limit=2).json
    second = api.get(f"{place}/deliveries", limit=2, cursor=first["next_cursor"]).json
    assert first["data"] + second["data"] == found and second["next_cursor"] is None
    assert api.get(f"{place}/deliveries", state="delivered").json["data"] == found
    assert api.get(f"{place}/deliveries", state="failed").json["data"] == []
    assert wrong(api.get(f"{place}/deliveries", state="lost")) == {"state"}
    assert api.get(f"{place}/deliveries", cursor=api.get("/webhooks", limit=1).json["next_cursor"] or "x").status_code == 400


def test_a_delivery_is_sent_again_under_the_same_name(api, receiver):
    place, [delivery] = sent(api, receiver)
    path = f"{place}/deliveries/{delivery['id']}"
    for count in (2, 3):
        again = api.post(f"{path}/redelivery")
        assert (again.status_code, again.json["state"]) == (200, "waiting")
        work_off()
        assert len(receiver.requests) == count and len(api.get(path).json["log"]) == count
    assert len({(request.id, request.body) for request in receiver.requests}) == 1


def test_a_user_who_is_not_of_the_team_and_a_key_that_is_no_admins_see_no_webhook(client, acme, api):
    place = f"/webhooks/{make(api)['id']}"
    weak = keys.create(acme.workspace, acme.owner, "weak", ("read", "write"))
    asked = [("GET", "/webhooks"), ("POST", "/webhooks"), ("GET", place), ("PATCH", place), ("DELETE", place),
             ("POST", f"{place}/test"), ("POST", f"{place}/secret"), ("GET", f"{place}/deliveries"),
             ("GET", f"{place}/deliveries/1"), ("POST", f"{place}/deliveries/1/redelivery")]  # fmt: skip
    for key, status in ((weak, 403), (acme.token(CLEO), 401), (None, 401)):
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        for method, path in asked:
            answered = client.simulate_request(method, f"/api/v1{path}", json={}, headers=headers)
            assert answered.status_code == status and "hidden" not in answered.text, (method, path)


def test_another_workspaces_webhook_is_not_found(client, api, globex, receiver):
    place, [delivery] = sent(api, receiver)
    path, theirs = f"{place}/deliveries/{delivery['id']}", Program(client, globex)
    own = f"/webhooks/{make(theirs)['id']}"
    answers = [theirs.get(place), theirs.patch(place, state="paused"), theirs.delete(place), theirs.post(f"{place}/test"),
               theirs.post(f"{place}/secret"), theirs.get(f"{place}/deliveries"), theirs.get(path),
               theirs.post(f"{path}/redelivery"), theirs.get(f"{own}/deliveries/{delivery['id']}"),
               theirs.post(f"{own}/deliveries/{delivery['id']}/redelivery")]  # fmt: skip
    assert {each.status_code for each in answers} == {404}
    assert api.get(place).json["state"] == "active" and len(theirs.get("/webhooks").json["data"]) == 1


def test_a_delivery_of_one_webhook_is_not_found_under_another(api, receiver):
    _, [delivery] = sent(api, receiver)
    other = f"/webhooks/{make(api)['id']}"
    assert api.get(f"{other}/deliveries/{delivery['id']}").status_code == 404
    assert api.post(f"{other}/deliveries/{delivery['id']}/redelivery").status_code == 404
