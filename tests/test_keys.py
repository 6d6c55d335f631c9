"""API keys: made for a purpose and a time, shown once, ended."""

from datetime import UTC, datetime, timedelta

import pytest
from cast import BEN
from program import Program, wrong

from service import db
from service.db import database
from service.feedback import keys, members

SHAPE = {"id", "name", "prefix", "scopes", "member", "expires_at", "used_at", "created_at"}


@pytest.fixture
def api(client, acme):
    return Program(client, acme)


def bearer(key: str) -> dict:
    return {"Authorization": f"Bearer {key}"}


def soon(**time) -> str:
    return (datetime.now(UTC) + timedelta(**time)).isoformat()


def test_a_key_is_shown_once_and_works(client, api):
    made = api.post("/keys", name=" Import  script ", scopes=["write", "read", "read"])
    place = f"/keys/{made.json['id']}"
    assert (made.status_code, made.headers["location"]) == (201, f"/api/v1{place}")
    secret = made.json.pop("key") if "key" in made.json else made.json["key"]
    shown = api.get(place).json
    assert set(shown) == SHAPE and secret.startswith(shown["prefix"]) and len(secret) > 40
    assert (shown["name"], shown["scopes"], shown["used_at"]) == ("Import script", ["read", "write"], None)
    assert client.simulate_get("/api/v1/posts", headers=bearer(secret)).status_code == 200
    assert client.simulate_get("/api/v1/keys", headers=bearer(secret)).status_code == 403
    assert api.get(place).json["used_at"] is not None
    assert secret not in api.get("/keys").text + str(db.rows("SELECT data FROM event"))


def test_keys_are_listed_with_the_one_that_asks(api):
    api.post("/keys", name="Second", scopes=["read"])
    assert [key["name"] for key in api.get("/keys").json["data"]] == ["tests", "Second"]


def test_a_key_that_is_ended_ends_at_once(client, api):
    made = api.post("/keys", name="Import", scopes=["read"]).json
    assert api.delete(f"/keys/{made['id']}").status_code == 204
    assert api.delete(f"/keys/{made['id']}").status_code == 404
    assert client.simulate_get("/api/v1/posts", headers=bearer(made["key"])).status_code == 401
    [created, deleted] = api.get("/events").json["data"]
    assert (created["type"], deleted["type"]) == ("key.created", "key.deleted")
    assert created["data"] == deleted["data"] == {"name": "Import", "prefix": made["prefix"], "scopes": ["read"]}


def test_a_key_ends_when_its_time_is_over(client, api):
    made = api.post("/keys", name="Import", scopes=["read"], expires_at=soon(hours=1)).json
    assert datetime.fromisoformat(made["expires_at"]) > datetime.now(UTC)
    assert client.simulate_get("/api/v1/posts", headers=bearer(made["key"])).status_code == 200
    database.execute_sql("UPDATE api_key SET expires_at = now() - interval '1 s' WHERE id = %s", (made["id"],))
    assert client.simulate_get("/api/v1/posts", headers=bearer(made["key"])).status_code == 401


def test_a_key_can_do_no_more_than_its_creator_may_now(client, api, acme):
    ben = api.get("/members").json["data"][1]["id"]
    api.patch(f"/members/{ben}", role="admin")
    person = members.person(BEN)
    bens = [bearer(keys.create(acme.workspace, person, "ben", scopes)) for scopes in (("admin",), keys.SCOPES)]
    assert {client.simulate_get("/api/v1/keys", headers=each).status_code for each in bens} == {200}
    assert api.get("/keys").json["data"][-1]["member"] == ben
    api.patch(f"/members/{ben}", role="member")
    for each in bens:
        answer = client.simulate_get("/api/v1/keys", headers=each)
        assert (answer.status_code, answer.json["code"]) == (403, "scope_missing")
        assert client.simulate_post("/api/v1/posts", json={"title": "Dark mode"}, headers=each).status_code == 201
    api.patch(f"/members/{ben}", role="owner")
    assert client.simulate_get("/api/v1/keys", headers=bens[0]).status_code == 200


def test_a_key_ends_no_later_than_the_one_that_makes_it(client, api):
    maker = api.post("/keys", name="Maker", scopes=["admin"], expires_at=soon(hours=2)).json

    def make(**more):
        return client.simulate_post("/api/v1/keys", headers=bearer(maker["key"]),
                                    json={"name": "Made", "scopes": ["admin"], **more})  # fmt: skip

    assert make().json["expires_at"] == maker["expires_at"]
    assert datetime.fromisoformat(make(expires_at=soon(hours=1)).json["expires_at"]) < datetime.now(UTC) + timedelta(hours=2)
    assert wrong(make(expires_at=soon(hours=3))) == {"expires_at"}
    assert api.post("/keys", name="Made", scopes=["admin"]).json["expires_at"] is None


def test_a_key_gets_another_name(api, globex):
    made = api.post("/keys", name="Import", scopes=["read"]).json
    for _ in range(2):
        assert api.patch(f"/keys/{made['id']}", name=" Nightly  import ").json["name"] == "Nightly import"
    assert api.events() == ["key.created", "key.updated"]
    assert wrong(api.patch(f"/keys/{made['id']}", name=" ")) == {"name"}
    assert Program(api.client, globex).patch(f"/keys/{made['id']}", name="Mine").status_code == 404


def test_a_request_for_a_key_that_is_sent_again_makes_one_and_shows_it_again(api):
    first, again = (api.post("/keys", {"Idempotency-Key": "k-1"}, name="Import", scopes=["read"]) for _ in range(2))
    assert first.json == again.json and len(api.get("/keys").json["data"]) == 2


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"name": ""}, "name"), ({"name": "x" * 81}, "name"), ({"scopes": []}, "scopes"), ({"scopes": ["root"]}, "scopes"),
        ({"scopes": "read"}, "scopes"), ({"scopes": None}, "scopes"), ({"expires_at": "2020-01-01T00:00:00Z"}, "expires_at"),
        ({"expires_at": "2999-01-01T00:00:00Z"}, "expires_at"), ({"expires_at": "9999-12-31T23:59:59-23:59"}, "expires_at"),
        ({"expires_at": "0001-01-01T00:00:00+23:59"}, "expires_at"), ({"expires_at": "2030-01-01T00:00:00"}, "expires_at"),
        ({"expires_at": "tomorrow"}, "expires_at"), ({"expires_at": 7}, "expires_at"),
    ],
)  # fmt: skip
def test_what_cannot_be_taken_is_named_by_its_field(api, fields, field):
    assert wrong(api.post("/keys", **{"name": "Import", "scopes": ["read"], **fields})) == {field}
    assert len(api.get("/keys").json["data"]) == 1 and api.events() == []


def test_only_an_admins_key_sees_or_makes_keys(client, acme):
    writer = bearer(keys.create(acme.workspace, acme.owner, "w", ("read", "write")))
    for method, path in (("GET", ""), ("POST", ""), ("GET", "/1"), ("DELETE", "/1")):
        answer = client.simulate_request(method, f"/api/v1/keys{path}", json={}, headers=writer)
        assert (answer.status_code, answer.json["code"]) == (403, "scope_missing")
        assert client.simulate_request(method, f"/api/v1/keys{path}").status_code == 401


def test_a_key_of_another_workspace_is_not_found(client, api, acme, globex):
    made = api.post("/keys", name="Import", scopes=["read"]).json
    theirs = Program(client, globex)
    assert theirs.get(f"/keys/{made['id']}").status_code == theirs.delete(f"/keys/{made['id']}").status_code == 404
    assert [key["name"] for key in theirs.get("/keys").json["data"]] == ["tests"]
    assert api.get(f"/keys/{made['id']}").status_code == 200


def test_a_key_that_is_made_anew_in_the_settings_is_told_too(api, acme):
    for _ in range(2):
        keys.replace(acme.workspace, acme.owner, "dashboard")
    assert [key["name"] for key in api.get("/keys").json["data"]] == ["dashboard", "tests"]
    assert api.events() == ["key.created", "key.created"]
