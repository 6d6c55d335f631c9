"""Statuses: a workspace's own names for where a post stands, of which one is always open for new posts."""

import pytest
from crowd import at_once
from program import Program, wrong

from service import db
from service.db import database
from service.errors import Conflict
from service.feedback import edits, posts, statuses

SHAPE = {"key": "review", "name": "In review", "kind": "started", "color": "#7c3aed"}
POSTS = """
SELECT p.number, s.key FROM post p JOIN status s ON s.workspace_id = p.workspace_id AND s.id = p.status_id
 WHERE p.workspace_id = %(workspace)s ORDER BY p.number"""


@pytest.fixture
def api(client, acme):
    return Program(client, acme)


def standing(company) -> dict[int, str]:
    """Post → status, of deleted ones too."""
    return dict(db.rows(POSTS, workspace=company.workspace.id))


def keys(api) -> list[str]:
    return [status["key"] for status in api.get("/statuses").json["data"]]


def test_a_workspace_begins_with_one_of_each_kind(api):
    answer = api.get("/statuses").json
    assert [status["kind"] for status in answer["data"]] == list(statuses.KINDS)
    assert answer["data"][0] == {"key": "open", "name": "Open", "kind": "open", "color": "#64748b"}
    assert answer["next_cursor"] is None


def test_a_new_status_is_the_last_and_posts_can_go_there(api, acme):
    made = api.post("/statuses", **SHAPE)
    assert (made.status_code, made.headers["location"], made.json) == (201, "/api/v1/statuses/review", SHAPE)
    assert api.get("/statuses/review").json == SHAPE
    assert keys(api)[-1] == "review"
    number = acme.post()
    assert api.put(f"/posts/{number}/status", status="review").json["status"] == {
        "key": "review", "name": "In review", "kind": "started"
    }  # fmt: skip
    assert api.events(type="status.created,status.updated,post.status_changed") == ["status.created", "post.status_changed"]


def test_a_status_that_is_open_and_first_takes_the_new_posts(api, acme):
    api.post("/statuses", key="new", name="New", kind="open", position=0)
    assert keys(api)[0] == "new"
    assert posts.find(acme.team, acme.post()).status_key == "new"


def test_a_status_is_renamed_in_every_post_that_stands_there(api, acme):
    number = acme.post()
    changed = api.patch("/statuses/open", name="  Under   review ", color="#000000")
    assert changed.json == {"key": "open", "name": "Under review", "kind": "open", "color": "#000000"}
    assert api.get(f"/posts/{number}").json["status"]["name"] == "Under review"
    api.patch("/statuses/open", position=9)
    assert keys(api)[-1] == "open"


def test_a_change_that_changes_nothing_is_no_event(api):
    api.patch("/statuses/open", name="Open", kind="open", color="#64748b", position=1)
    api.patch("/statuses/open")
    assert api.events() == []
    api.patch("/statuses/open", position=2)
    assert api.events() == ["status.updated"]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"key": "No Key"}, "key"),
        ({"key": "x" * 41}, "key"),
        ({"key": "open"}, "key"),
        ({"name": " \u200b "}, "name"),
        ({"name": "x" * 81}, "name"),
        ({"name": None}, "name"),
        ({"kind": "closed"}, "kind"),
        ({"color": "blue"}, "color"),
        ({"color": "#7C3AED"}, "color"),
        ({"color": "#7c3aed\n"}, "color"),
        ({"position": -1}, "position"),
        ({"position": 10**30}, "position"),
    ],
)
def test_what_cannot_be_taken_is_named_by_its_field(api, fields, field):
    assert wrong(api.post("/statuses", **SHAPE | fields)) == {field}
    if field != "key" and fields != {"name": None}:  # left out of a change means that it stays
        assert wrong(api.patch("/statuses/open", **fields)) == {field}
    assert (len(keys(api)), api.events()) == (5, [])


def test_the_posts_of_a_status_move_with_one_event_when_it_goes(api, acme):
    for title in ("One", "Two", "Gone"):
        api.put(f"/posts/{acme.post(title)}/status", status="planned")
    edits.delete(acme.team, 3)
    refused = api.delete("/statuses/planned")
    assert (refused.status_code, refused.json["code"]) == (409, "in_use")
    before = len(api.events())
    assert api.delete("/statuses/planned", into="started").status_code == 204
    assert standing(acme) == dict.fromkeys((1, 2, 3), "started")
    assert api.events()[before:] == ["status.deleted"]
    assert api.get("/events", type="status.deleted").json["data"][0]["data"] == {"key": "planned", "into": "started"}
    assert api.delete("/statuses/planned", into="started").status_code == 404


def test_an_empty_status_goes_without_a_word_about_where(api):
    assert api.delete("/statuses/declined").status_code == 204
    assert "declined" not in keys(api)


@pytest.mark.parametrize("into", ["planned", "nowhere", "x" * 300, "a\u0301/%"])
def test_posts_can_only_move_into_another_status_that_there_is(api, acme, into):
    number = acme.post()
    api.put(f"/posts/{number}/status", status="planned")
    assert wrong(api.delete("/statuses/planned", into=into)) == {"into"}
    assert standing(acme) == {number: "planned"}


def test_the_last_open_status_stays_open(api):
    for refused in (api.delete("/statuses/open", into="done"), api.patch("/statuses/open", kind="planned")):
        assert (refused.status_code, refused.json["code"]) == (409, "last_open")
    assert api.patch("/statuses/open", kind="open", name="Wishes").status_code == 200
    api.post("/statuses", key="new", name="New", kind="open")
    assert api.patch("/statuses/open", kind="planned").json["kind"] == "planned"
    assert api.delete("/statuses/new").json["code"] == "last_open"


def test_two_members_who_remove_the_last_two_open_ones_do_not_both_succeed(acme):
    others = [f"open-{n}" for n in range(3)]
    for key in others:
        statuses.create(acme.team, key, key, "open", "#000000")

    def remove(n: int):
        if n % 2:
            statuses.change(acme.team, [*others, "open"][n // 2], kind="done")
        else:
            statuses.delete(acme.team, [*others, "open"][n // 2], into="done")

    at_once(remove, 8)
    assert [status.kind for status in statuses.of(acme.workspace.id)].count("open") == 1


def test_posts_that_are_written_and_moved_meanwhile_are_not_lost(acme, here):
    statuses.create(acme.team, "new", "New", "open", "#000000", position=0)
    reader = acme.reader()

    def work(n: int):
        return statuses.delete(acme.team, "new", into="open") if n == 5 else posts.create(reader, f"Wish {n}")

    outcomes = at_once(work, 12)
    assert outcomes[5] is None
    assert all(isinstance(each, int | Conflict) for each in outcomes if each is not None), outcomes
    assert set(standing(acme).values()) == {"open"}


def test_another_workspaces_statuses_are_as_good_as_none(client, api, globex):
    api.post("/statuses", **SHAPE)
    theirs = Program(client, globex)
    for answer in (
        theirs.get("/statuses/review"), theirs.patch("/statuses/review", name="Ours"), theirs.delete("/statuses/review"),
    ):  # fmt: skip
        assert answer.status_code == 404
    assert wrong(theirs.delete("/statuses/done", into="review")) == {"into"}
    assert api.get("/statuses/review").json == SHAPE
    assert theirs.post("/statuses", **SHAPE).status_code == 201


def test_without_a_key_there_is_nothing(client, api):
    for method, path in (("GET", "/statuses"), ("POST", "/statuses"), ("GET", "/statuses/open"), ("PATCH", "/statuses/open"),
                         ("DELETE", "/statuses/open")):  # fmt: skip
        assert client.simulate_request(method, f"/api/v1{path}").status_code == 401
    assert database.execute_sql("SELECT count(*) FROM event").fetchone() == (0,)
