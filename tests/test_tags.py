"""Tags: the team's own words for posts, which users never see."""

import json

import pytest
from calls import call, session
from crowd import at_once
from program import Program, wrong

from service.db import database
from service.feedback import tags

HOT = {"key": "hot", "name": "Hot", "color": "#dc2626"}


@pytest.fixture
def api(client, acme):
    return Program(client, acme)


def test_a_tag_is_made_changed_and_taken_away(api):
    made = api.post("/tags", **HOT)
    assert (made.status_code, made.headers["location"], made.json) == (201, "/api/v1/tags/hot", HOT)
    assert api.post("/tags", key="big", name="Big").json["color"] == "#64748b"
    assert [tag["key"] for tag in api.get("/tags").json["data"]] == ["big", "hot"]
    assert api.patch("/tags/hot", name="Very hot").json == HOT | {"name": "Very hot"}
    assert api.get("/tags/hot").json["name"] == "Very hot"
    assert api.delete("/tags/hot").status_code == 204
    assert api.delete("/tags/hot").status_code == 404
    assert api.events() == ["tag.created", "tag.created", "tag.updated", "tag.deleted"]


def test_a_change_that_changes_nothing_is_no_event(api):
    api.post("/tags", **HOT)
    api.patch("/tags/hot", name=" Hot ", color=HOT["color"])
    api.patch("/tags/hot")
    assert api.events() == ["tag.created"]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"key": "-hot"}, "key"),
        ({"key": ""}, "key"),
        ({"key": "taken"}, "key"),
        ({"name": ""}, "name"),
        ({"name": "x" * 81}, "name"),
        ({"color": "#FFF"}, "color"),
        ({"color": 7}, "color"),
    ],
)
def test_what_cannot_be_taken_is_named_by_its_field(api, fields, field):
    api.post("/tags", key="taken", name="Taken")
    assert wrong(api.post("/tags", **HOT | fields)) == {field}
    if field != "key":
        assert wrong(api.patch("/tags/taken", **fields)) == {field}
    assert api.events() == ["tag.created"]


def test_a_post_is_tagged_once_however_often_it_is_said(api, acme):
    number = acme.post()
    api.post("/tags", **HOT)
    for _ in range(2):
        assert api.put(f"/posts/{number}/tags/hot").status_code == 204
    assert api.get(f"/posts/{number}").json["tags"] == ["hot"]
    for _ in range(2):
        assert api.delete(f"/posts/{number}/tags/hot").status_code == 204
    assert api.get(f"/posts/{number}").json["tags"] == []
    updates = api.get("/events", type="post.updated").json["data"]
    assert [event["data"] for event in updates] == [
        {"changed": ["tags"], "added": "hot"}, {"changed": ["tags"], "removed": "hot"},
    ]  # fmt: skip
    assert [api.put(f"/posts/{path}").status_code for path in (f"{number}/tags/cold", "99/tags/hot")] == [404, 404]


def test_a_merged_post_takes_no_tags(api, acme):
    acme.post("One"), acme.post("Two")
    api.post("/tags", **HOT)
    api.put("/posts/1/merge", into=2)
    assert (api.put("/posts/1/tags/hot").status_code, api.put("/posts/1/tags/hot").json["code"]) == (409, "merged")


def test_posts_are_written_with_tags_and_found_by_them(api, acme):
    api.post("/tags", **HOT)
    api.post("/tags", key="big", name="Big")
    made = api.post("/posts", title="Dark mode", tags=["hot", "big", "hot"])
    assert made.json["tags"] == ["big", "hot"]
    acme.post("Another")
    assert [post["number"] for post in api.get("/posts", tag="hot").json["data"]] == [1]
    assert api.get("/posts", tag="nothing").json["data"] == []
    assert wrong(api.post("/posts", title="Dark mode", tags=["hot", "cold"])) == {"tags"}


def test_a_tag_that_goes_leaves_every_post(api):
    api.post("/tags", **HOT)
    for title in ("One", "Two"):
        api.post("/posts", title=title, tags=["hot"])
    api.delete("/tags/hot")
    assert [post["tags"] for post in api.get("/posts").json["data"]] == [[], []]
    api.post("/tags", **HOT)
    assert api.get("/posts", tag="hot").json["data"] == []


def test_posts_can_be_tagged_while_the_tag_is_taken_away(api, acme):
    numbers = [acme.post(f"Wish {n}") for n in range(8)]
    api.post("/tags", **HOT)

    def work(n: int):
        return tags.delete(acme.team, "hot") if n == 3 else tags.tag(acme.team, numbers[n], "hot")

    outcomes = at_once(work, 8)
    assert {type(each).__name__ for each in outcomes} <= {"NoneType", "NotFound"}
    assert database.execute_sql("SELECT count(*) FROM post_tag").fetchone() == (0,)


def test_users_never_see_tags_nor_filter_by_them(client, api, acme):
    api.post("/tags", **HOT)
    number = acme.post(tagged=["hot"])
    assert api.get(f"/posts/{number}").json["tags"] == ["hot"]
    mine = session(client, acme)
    for path in ("opening", "list", f"posts/{number}"):
        seen = call(client, acme, path, session=mine, tag="cold")
        assert seen.status_code == 200 and "Dark mode" in seen.text
        assert "hot" not in json.dumps(seen.json["post"] if "post" in seen.json else seen.json.get("data", seen.json))
    assert "hot" not in client.simulate_get("/b/acme").text
    assert "hot" not in client.simulate_get(f"/b/acme/posts/{number}").text


def test_another_workspaces_tags_are_as_good_as_none(client, api, globex):
    api.post("/tags", **HOT)
    theirs, number = Program(client, globex), globex.post()
    assert theirs.get("/tags").json["data"] == []
    for answer in (
        theirs.get("/tags/hot"), theirs.patch("/tags/hot", name="Ours"), theirs.delete("/tags/hot"),
        theirs.put(f"/posts/{number}/tags/hot"), theirs.delete(f"/posts/{number}/tags/hot"),
    ):  # fmt: skip
        assert answer.status_code == 404
    assert wrong(theirs.post("/posts", title="t", tags=["hot"])) == {"tags"}
    assert api.get("/tags").json["data"] == [HOT]


def test_without_a_key_there_is_nothing(client, api):
    api.post("/tags", **HOT)
    for method, path in (("GET", "/tags"), ("POST", "/tags"), ("GET", "/tags/hot"), ("PATCH", "/tags/hot"),
                         ("DELETE", "/tags/hot")):  # fmt: skip
        assert client.simulate_request(method, f"/api/v1{path}").status_code == 401
