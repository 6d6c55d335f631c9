"""What is sent and has no place in a shape, or no end."""

import pytest
from addresses import World, address, operations
from calls import call
from program import Program, wrong

from service.web import inputs


@pytest.fixture
def api(client, acme):
    return Program(client, acme)


def test_a_field_that_is_not_there_is_named_wherever_a_body_is_taken(client, acme):
    world = World(client, acme)
    for each in operations():
        if each.about.takes:
            place = address(each, world.place(each))
            answer = world.send(each, place, {**world.body(each), "autor": "x"})
            assert wrong(answer) == {"autor"}, (each.method, each.path)
            assert answer.json["errors"][0]["message"].startswith("There is no such field here; there are: ")


def test_the_same_within_an_object(api):
    assert wrong(api.put("/users/dan-8", company={"id": "initech", "paln": "Team"})) == {"company.paln"}
    rule = {"field": "company.mrr", "op": "at_least", "value": 1, "vlaue": 1}
    assert wrong(api.post("/segments", key="big", name="Big", rules=[rule])) == {"rules.vlaue"}
    assert api.get("/users/dan-8").status_code == 404


@pytest.mark.parametrize("name", ["", "\0", "`", "x" * 50_000, " - at `$.title`", " - at `$.nowhere", "\U0001f600\u202e"])
def test_whatever_it_is_called(api, name):
    assert api.post("/posts", title="t", **{name: 1}).status_code == 422


def test_old_widgets_may_send_what_they_like(client, acme):
    acme.post()
    assert call(client, acme, "list", something="old").status_code == 200


@pytest.mark.parametrize(("raw", "is_deep"), [
    (b"[" * 32 + b"]" * 32, False), (b"[" * 33 + b"]" * 33, True), (b'{"a":[' * 17 + b"]}" * 17, True),
    (b"[" + b"[]," * 1000 + b"[]]", False), (b'{"a": "' + b"[{" * 99 + b'\\"[[" }', False),
    (b'"' * 100_000 + b"[" * 40, True),
    (b'{"a": "\\\\"}' + b"[" * 40, True),
])  # fmt: skip
def test_depth_is_counted_outside_of_texts(raw, is_deep):
    assert inputs.is_deep(raw) == is_deep


def test_what_is_nested_too_deeply_is_malformed(client, acme):
    body = b'{"title": "t", "meta": {"a": ' + b"[" * 40 + b"]" * 40 + b"}}"
    headers = {**acme.bearer(), "Content-Type": "application/json"}
    assert client.simulate_post("/api/v1/posts", body=body, headers=headers).status_code == 400
