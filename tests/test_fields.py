"""Custom fields: what a workspace asks of every post, or of those on one board."""

import json

import pytest
from calls import call, session
from crowd import at_once
from program import Program, wrong

from service import db
from service.db import database
from service.errors import Invalid
from service.feedback import edits, fields, posts

SELECT = {"key": "size", "name": "Size", "type": "select", "options": ["Small", "Large"]}
SHAPE = {"required": False, "options": [], "board": None}
VALUES = "SELECT number, fields FROM post WHERE workspace_id = %(workspace)s ORDER BY number"


@pytest.fixture
def api(client, acme):
    return Program(client, acme)


def kept(company) -> dict[int, dict]:
    """Post → values, of deleted ones too."""
    return dict(db.rows(VALUES, workspace=company.workspace.id))


def ask(api, key: str, type: str = "text", **more) -> None:
    assert api.post("/fields", key=key, name=key.title(), type=type, **more).status_code == 201


# ── the fields ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_field_is_made_changed_and_taken_away(api):
    made = api.post("/fields", **SELECT)
    assert (made.status_code, made.headers["location"], made.json) == (201, "/api/v1/fields/size", SHAPE | SELECT)
    ask(api, "page", board="bugs", required=True, position=0)
    page = {"key": "page", "name": "Page", "type": "text", "required": True, "options": [], "board": "bugs"}
    assert api.get("/fields").json == {"data": [page, SHAPE | SELECT], "next_cursor": None}
    changed = api.patch("/fields/size", name="How big", required=True, options=["S", "M"], board="bugs", position=3)
    assert changed.json == {"key": "size", "name": "How big", "type": "select", "required": True, "options": ["S", "M"],
                            "board": "bugs"}  # fmt: skip
    assert api.get("/fields/size").json == changed.json
    assert api.delete("/fields/size").status_code == 204
    assert api.delete("/fields/size").status_code == 404
    assert api.events() == ["field.created", "field.created", "field.updated", "field.deleted"]


def test_a_field_can_be_asked_on_every_board_again(api):
    ask(api, "page", board="bugs")
    assert api.patch("/fields/page", name="URL").json["board"] == "bugs"
    assert api.patch("/fields/page", board=None).json["board"] is None


def test_a_change_that_changes_nothing_is_no_event(api):
    api.post("/fields", **SELECT, board="bugs", position=1)
    api.patch("/fields/size", name="Size", required=False, options=["Small", " Large "], board="bugs", position=1)
    api.patch("/fields/size")
    assert api.events() == ["field.created"]


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"key": "a b"}, "key"),
        ({"key": "taken"}, "key"),
        ({"name": "\u2060"}, "name"),
        ({"name": "x" * 81}, "name"),
        ({"type": "email"}, "type"),
        ({"type": "text"}, "options"),
        ({"options": []}, "options"),
        ({"options": ["Small", "Small "]}, "options"),
        ({"options": ["Small", " "]}, "options"),
        ({"options": ["x" * 81]}, "options"),
        ({"options": [str(n) for n in range(101)]}, "options"),
        ({"options": "Small"}, "options"),
        ({"board": "nowhere"}, "board"),
        ({"board": ""}, "board"),
        ({"required": "yes"}, "required"),
    ],
)
def test_what_cannot_be_taken_is_named_by_its_field(api, given, field):
    api.post("/fields", **SELECT | {"key": "taken"})
    assert wrong(api.post("/fields", **SELECT | given)) == {field}
    if "key" not in given and "type" not in given:
        assert wrong(api.patch("/fields/taken", **given)) == {field}
    assert api.events() == ["field.created"]


def test_only_a_select_has_options(api):
    ask(api, "page")
    assert wrong(api.patch("/fields/page", options=["One"])) == {"options"}
    assert api.patch("/fields/page", options=[]).status_code == 200


# ── their values ────────────────────────────────────────────────────────────────────────────────────────────────────

FITS = [
    ("text", " a  b ", "a b"),
    ("long_text", "a\r\nb", "a\nb"),
    ("number", 7, 7),
    ("number", -0.5, -0.5),
    ("select", "Large", "Large"),
    ("date", "2026-12-31", "2026-12-31"),
    ("checkbox", False, False),
]
DOES_NOT = [
    ("text", "x" * 201), ("text", " "), ("text", 7), ("text", True), ("long_text", "x" * 5001), ("number", "7"),
    ("number", True), ("number", 10**15), ("number", -1e300), ("number", 10**400),
    ("select", "Huge"), ("select", "large"), ("select", 1),
    ("date", "31.12.2026"), ("date", "2026-02-30"), ("date", "2026-W01-1"), ("date", "20261231"), ("date", 20261231),
    ("checkbox", "true"), ("checkbox", 1),
]  # fmt: skip


@pytest.mark.parametrize(("type", "value", "stored"), FITS)
def test_a_value_that_fits_is_stored_and_read(api, type, value, stored):
    ask(api, "it", type, options=SELECT["options"] if type == "select" else [])
    made = api.post("/posts", title="Dark mode", fields={"it": value}).json
    assert made["fields"] == {"it": stored}
    assert api.patch("/posts/1", fields={"it": None}).json["fields"] == {}
    assert api.patch("/posts/1", fields={"it": value}).json["fields"] == {"it": stored}
    assert api.get("/posts").json["data"][0]["fields"] == {"it": stored}
    api.patch("/posts/1", fields={"it": value})
    assert len(api.events(type="post.updated")) == 2


def test_a_value_that_does_not_fit_is_refused(api):
    for type in fields.TYPES:
        ask(api, type.replace("_", "-"), type, options=SELECT["options"] if type == "select" else [])
    api.post("/posts", title="Dark mode")
    for type, value in DOES_NOT:
        key = type.replace("_", "-")
        for answer in (
            api.post("/posts", title="t", fields={key: value}), api.patch("/posts/1", title="t", fields={key: value}),
        ):  # fmt: skip
            assert wrong(answer) == {f"fields.{key}"}, (type, value)
    assert api.get("/posts").json["data"][0]["title"] == "Dark mode"


def test_every_value_that_is_wrong_is_named(api):
    ask(api, "page"), ask(api, "seats", "number")
    answer = api.post("/posts", title="t", fields={"page": "", "seats": "many", "colour": "red", "gone": None})
    assert wrong(answer) == {"fields.page", "fields.seats", "fields.colour"}
    assert wrong(api.post("/posts", title="t", fields={"page": ["a"]})) == {"fields"}
    assert "page, seats" in str(answer.json["errors"])


def test_a_field_of_one_board_is_asked_only_there(api):
    ask(api, "page", board="bugs")
    assert api.post("/posts", title="t", board="bugs", fields={"page": "/a"}).json["fields"] == {"page": "/a"}
    assert wrong(api.post("/posts", title="t", fields={"page": "/a"})) == {"fields.page"}
    moved = api.patch("/posts/1", board="features").json
    assert (moved["board"], moved["fields"]) == ("features", {})
    assert wrong(api.patch("/posts/1", fields={"page": "/b"})) == {"fields.page"}


def test_an_option_that_goes_leaves_posts_as_they_are(api):
    api.post("/fields", **SELECT)
    api.post("/posts", title="t", fields={"size": "Large"})
    api.patch("/fields/size", options=["Small"])
    assert api.patch("/posts/1", title="u").json["fields"] == {"size": "Large"}
    assert wrong(api.post("/posts", title="t", fields={"size": "Large"})) == {"fields.size"}


def test_a_field_that_goes_takes_its_values_along_of_deleted_posts_too(api, acme):
    api.post("/fields", **SELECT)
    ask(api, "page")
    for n in range(3):
        api.post("/posts", title=f"Wish {n}", fields={"size": "Large", "page": f"/{n}"})
    edits.delete(acme.team, 2)
    before = len(api.events())
    api.delete("/fields/size")
    assert kept(acme) == {n: {"page": f"/{n - 1}"} for n in (1, 2, 3)}
    assert api.events()[before:] == ["field.deleted"]


def test_no_value_outlives_a_field_that_goes_while_posts_are_written(acme):
    fields.create(acme.team, "page", "Page", "text")
    reader = acme.reader()

    def work(n: int):
        if n == 4:
            return fields.delete(acme.team, "page")
        return posts.create(reader, f"Wish {n}", values={"page": "/a"})

    outcomes = at_once(work, 10)
    assert all(each is None or isinstance(each, int | Invalid) for each in outcomes), outcomes
    assert all(values == {} for values in kept(acme).values())


# ── users ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_is_required_is_asked_of_users_whose_form_shows_it(client, api, acme):
    ask(api, "page", required=True)
    ask(api, "seats", "number")
    assert call(client, acme, "posts", title="A form without fields").status_code == 201
    for given in ({}, {"page": None}, {"seats": 3}):
        assert wrong(call(client, acme, "posts", title="t", fields=given)) == {"fields.page"}
    assert wrong(call(client, acme, "posts", title="t", fields={"page": "/a", "seats": "3"})) == {"fields.seats"}
    assert call(client, acme, "posts", title="A form with fields", fields={"page": "/a"}).status_code == 201
    assert api.post("/posts", title="A program", fields={"seats": 3}).status_code == 201
    assert list(kept(acme).values()) == [{}, {"page": "/a"}, {"seats": 3}]


def test_what_one_board_requires_is_not_asked_on_another(client, api, acme):
    ask(api, "page", required=True, board="bugs")
    assert call(client, acme, "posts", title="t", fields={}).status_code == 201
    assert wrong(call(client, acme, "posts", title="t", board="bugs", fields={})) == {"fields.page"}
    assert wrong(call(client, acme, "posts", title="t", board="nowhere", fields={})) == {"board"}


def test_an_author_cannot_empty_what_is_required_but_the_team_can(api, acme):
    ask(api, "page", required=True)
    number = acme.post(values={"page": "/a"})
    with pytest.raises(Invalid, match="fill in"):
        edits.change(acme.reader(), number, values={"page": None})
    edits.change(acme.reader(), number, values={"page": "/b"})
    assert api.patch(f"/posts/{number}", fields={"page": None}).json["fields"] == {}


def test_users_never_see_values(client, api, acme):
    ask(api, "page")
    mine = session(client, acme)
    made = call(client, acme, "posts", session=mine, title="Dark mode", fields={"page": "/secret"})
    assert kept(acme) == {1: {"page": "/secret"}}
    answers = [made, *(call(client, acme, path, session=mine) for path in ("opening", "list", "posts/1"))]
    answers += [client.simulate_get(path) for path in ("/b/acme", "/b/acme/posts/1")]
    assert all("Dark mode" in answer.text and "/secret" not in answer.text for answer in answers)
    assert api.get("/posts/1").json["fields"] == {"page": "/secret"}


# ── other workspaces ────────────────────────────────────────────────────────────────────────────────────────────────


def test_another_workspaces_fields_are_as_good_as_none(client, api, globex):
    api.post("/fields", **SELECT)
    theirs = Program(client, globex)
    assert theirs.get("/fields").json["data"] == []
    for answer in (theirs.get("/fields/size"), theirs.patch("/fields/size", name="Ours"), theirs.delete("/fields/size")):
        assert answer.status_code == 404
    assert wrong(theirs.post("/posts", title="t", fields={"size": "Small"})) == {"fields.size"}
    api.post("/boards", key="labs", name="Labs")
    assert wrong(theirs.post("/fields", key="x", name="X", type="text", board="labs")) == {"board"}
    theirs.post("/fields", **SELECT)
    theirs.post("/posts", title="t", fields={"size": "Small"})
    api.delete("/fields/size")
    assert theirs.get("/posts/1").json["fields"] == {"size": "Small"}


def test_without_a_key_there_is_nothing(client, api):
    api.post("/fields", **SELECT)
    for method, path in (("GET", "/fields"), ("POST", "/fields"), ("GET", "/fields/size"), ("PATCH", "/fields/size"),
                         ("DELETE", "/fields/size")):  # fmt: skip
        assert client.simulate_request(method, f"/api/v1{path}", body=json.dumps({})).status_code == 401
    assert database.execute_sql("SELECT count(*) FROM field").fetchone() == (1,)
