"""Segments: who is in which by name or by rules, and that it stays true whatever changes, and however many at once."""

import random
from contextlib import suppress

import pytest
from cast import CLEO, DAN
from crowd import at_once
from program import Program, wrong

from service import db
from service.errors import Conflict, Invalid, NotFound
from service.feedback import boards, companies, privacy, segments, users

MEMBERSHIPS = "SELECT segment_id, user_id FROM segment_user ORDER BY 1, 2"
BIG = {"field": "company.mrr", "op": "at_least", "value": 1000}
CHEF = {"field": "traits.role", "op": "is", "value": "chef"}


@pytest.fixture
def api(client, acme):
    return Program(client, acme)


def who(api, key: str) -> list[str]:
    """The ids of the users in a segment."""
    return [user["id"] for user in api.get("/users", segment=key).json["data"]]


def kept(acme, key: str) -> int:
    return segments.find(acme.team, key).users


def test_a_segment_is_made_changed_and_taken_away(api, acme):
    acme.user(DAN)
    made = api.post("/segments", key="big", name=" Big  ones ", rules=[BIG])
    assert (made.status_code, made.headers["location"]) == (201, "/api/v1/segments/big")
    assert made.json == {"key": "big", "name": "Big ones", "rules": [BIG], "users": 1}
    assert api.get("/segments/big").json == made.json
    assert api.get("/segments").json == {"data": [made.json], "next_cursor": None}
    for _ in range(2):
        changed = api.patch("/segments/big", rules=[{**BIG, "value": 5000}]).json
        assert changed["users"] == 0
    assert api.patch("/segments/big", name="Huge").json == {**changed, "name": "Huge"}
    assert api.delete("/segments/big").status_code == 204
    assert api.delete("/segments/big").status_code == 404
    assert api.events() == ["segment.created", "segment.updated", "segment.updated", "segment.deleted"]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"key": "-"}, "key"),
        ({"key": "taken"}, "key"),
        ({"name": " "}, "name"),
        ({"name": "x" * 81}, "name"),
        ({"rules": [BIG] * 21}, "rules"),
        ({"rules": [{"field": "email", "op": "is", "value": "x"}]}, "rules"),
        ({"rules": [{"field": "traits.", "op": "is", "value": "x"}]}, "rules"),
        ({"rules": [{"field": "traits.a", "op": "like", "value": "x"}]}, "rules"),
        ({"rules": [{"field": "traits.a", "op": "at_least", "value": "9"}]}, "rules"),
        ({"rules": [{"field": "traits.a", "op": "at_most", "value": True}]}, "rules"),
        ({"rules": [{"field": "traits.a", "op": "contains", "value": 9}]}, "rules"),
        ({"rules": [{"field": "traits.a", "op": "is", "value": None}]}, "rules"),
        ({"rules": [{"field": "traits.a", "op": "is", "value": "x" * 201}]}, "rules"),
        ({"rules": [{"field": "traits.a", "op": "is", "value": 10**16}]}, "rules"),
        ({"rules": "all"}, "rules"),
    ],
)
def test_what_cannot_be_taken_is_named_by_its_field(api, fields, field):
    api.post("/segments", key="taken", name="Taken")
    assert wrong(api.post("/segments", **{"key": "new", "name": "New", **fields})) == {field}
    if field != "key":
        assert wrong(api.patch("/segments/taken", **fields)) == {field}
    assert api.events() == ["segment.created"]


@pytest.mark.parametrize(
    ("rule", "holds"),
    [
        (("traits.role", "is", "chef"), True),
        (("traits.role", "is", "Chef"), False),
        (("traits.role", "is_not", "chef"), False),
        (("traits.role", "is_not", "cook"), True),
        (("traits.role", "contains", "HE"), True),
        (("traits.role", "contains", "%"), False),
        (("traits.role", "at_least", 1), False),
        (("traits.seats", "is", 12), True),
        (("traits.seats", "is", 12.0), True),
        (("traits.seats", "is", "12"), False),
        (("traits.seats", "at_least", 12), True),
        (("traits.seats", "at_least", 12.5), False),
        (("traits.seats", "at_most", 100), True),
        (("traits.seats", "contains", "1"), False),
        (("traits.beta", "is", True), True),
        (("traits.beta", "is", 1), False),
        (("traits.beta", "at_least", 0), False),
        (("traits.city", "contains", "ZÜR"), True),
        (("traits.a.b", "is", "c"), True),
        (("traits.nothing", "is", "x"), False),
        (("traits.nothing", "is_not", "x"), False),
        (("company.plan", "is", "Team"), True),
        (("company.name", "contains", "tech"), True),
        (("company.mrr", "at_most", 4900), True),
        (("company.mrr", "at_least", 4901), False),
    ],
)
def test_a_rule_holds_or_not(api, acme, rule, holds):
    acme.user({**DAN, "traits": {"role": "chef", "seats": 12, "beta": True, "city": "Zürich", "a.b": "c"}})
    acme.user(CLEO)  # of whom none of this is known
    made = api.post("/segments", key="s", name="S", rules=[dict(zip(("field", "op", "value"), rule, strict=True))])
    assert made.json["users"] == int(holds)


def test_all_rules_must_hold_unless_the_token_names_the_segment(api, acme):
    api.post("/segments", key="chefs", name="Chefs", rules=[CHEF, BIG])
    acme.user({**DAN, "traits": {"role": "chef"}})
    acme.user({**CLEO, "traits": {"role": "chef"}})
    acme.user({"sub": "fay", "segments": ["chefs", "unknown"]})
    assert who(api, "chefs") == ["dan-8", "fay"]
    assert api.get("/users/fay").json["segments"] == ["chefs", "unknown"]
    assert kept(acme, "chefs") == 2


def test_a_segment_that_is_made_later_finds_who_was_named_before(api, acme):
    acme.user({"sub": "fay", "segments": ["late"]})
    assert api.post("/segments", key="late", name="Late").json["users"] == 1


def test_who_changes_joins_and_leaves(api, acme):
    api.post("/segments", key="chefs", name="Chefs", rules=[CHEF])
    api.post("/segments", key="big", name="Big", rules=[BIG])
    for traits, company, chefs, big in [
        ({"role": "chef"}, None, 1, 0), ({"role": "cook"}, {"id": "c", "mrr": 1000}, 0, 1),
        ({"role": "chef"}, {"id": "d"}, 1, 0), (None, {"id": "c"}, 1, 1), ({}, {"id": "c", "mrr": 999}, 0, 0),
    ]:  # fmt: skip
        acme.user({"sub": "fay", "traits": traits, "company": company})
        assert (kept(acme, "chefs"), kept(acme, "big")) == (chefs, big)


def test_a_company_that_changes_takes_all_its_users_along(api, acme):
    api.post("/segments", key="big", name="Big", rules=[BIG])
    for user in ("fay", "gus"):
        acme.user({"sub": user, "company": {"id": "c", "mrr": 5}})
    api.put("/companies/c", mrr=1000)
    assert who(api, "big") == ["fay", "gus"]
    acme.user({"sub": "fay", "company": {"id": "c", "mrr": 10}})  # told by one, true of both
    assert who(api, "big") == []


def test_a_board_is_for_those_who_are_in_its_segment_at_this_moment(api, acme):
    api.post("/segments", key="chefs", name="Chefs", rules=[CHEF])
    api.post("/boards", key="kitchen", name="Kitchen", access="segments", segments=["chefs"])
    for traits, sees in [({"role": "chef"}, True), ({"role": "cook"}, False), ({"role": "chef"}, True)]:
        reader = acme.reader({**CLEO, "traits": traits})
        assert ("kitchen" in [board.key for board in boards.of(reader)]) is sees
    assert (api.delete("/segments/chefs").status_code, api.delete("/segments/chefs").json["code"]) == (409, "in_use")
    api.patch("/boards/kitchen", access="public", segments=[])
    assert api.delete("/segments/chefs").status_code == 204


def test_of_two_segments_that_a_board_relies_on_only_one_can_go(acme):
    for key in ("a", "b"):
        segments.create(acme.team, key, key)
    boards.create(acme.team, "kitchen", "Kitchen", access="segments", segments=["a", "b"])
    done = at_once(lambda number: segments.delete(acme.team, "ab"[number]), 2)
    assert sorted(type(each).__name__ for each in done) == ["Conflict", "NoneType"]
    assert any(isinstance(each, Conflict) and each.code == "in_use" for each in done)


def test_only_the_team_of_its_workspace_finds_a_segment(client, api, acme, globex):
    api.post("/segments", key="chefs", name="Chefs", rules=[CHEF])
    globex.user({"sub": "hal", "traits": {"role": "chef"}})
    theirs = Program(client, globex)
    assert theirs.get("/segments").json["data"] == []
    chefs = "/segments/chefs"
    for answer in (theirs.get(chefs), theirs.patch(chefs, name="X"), theirs.delete(chefs)):
        assert answer.status_code == 404
    assert kept(acme, "chefs") == 0
    for path in ("/segments", "/segments/chefs"):
        assert client.simulate_get(f"/api/v1{path}").status_code == 401


def test_whatever_changes_at_once_everybody_ends_where_they_belong(acme):
    """Users, their company, rules, and new segments, all at the same moment, in an order that nobody chooses."""
    segments.create(acme.team, "chefs", "Chefs", [CHEF])
    segments.create(acme.team, "big", "Big", [BIG])
    for user in range(4):
        users.identify(acme.workspace, {"sub": f"u{user}"})
    segments.create(acme.team, "steady", "Steady", [CHEF])
    users.identify(acme.workspace, {"sub": "steady", "traits": {"role": "chef"}})  # whom nothing moves

    def change(number: int):
        any_ = random.Random(number)
        for _ in range(4):
            what = any_.randrange(5)
            told = {"sub": f"u{any_.randrange(4)}", "traits": {"role": any_.choice(["chef", "cook"])}}
            if what == 0:
                segments.change(acme.team, "chefs", rules=[{**CHEF, "value": any_.choice(["chef", "cook"])}])
            elif what == 1:
                companies.put(acme.team, any_.choice("cd"), mrr=any_.choice([1, 2000]))
            elif what == 2:
                segments.create(acme.team, f"s{number}-{any_.randrange(10**6)}", "S", [CHEF])
            else:
                company = {"id": any_.choice("cd"), **any_.choice([{}, {"mrr": 3000}, {"mrr": 3}])}
                users.identify(acme.workspace, {**told, "company": company})

    assert [error for error in at_once(change) if error] == []
    found = db.rows(MEMBERSHIPS)
    segments.sort(acme.workspace.id)
    assert found == db.rows(MEMBERSHIPS) and found


def test_segments_come_and_go_while_users_are_known_and_erased_and_nobody_waits_for_ever(acme, monkeypatch):
    """Each deadlock would be an error here: nothing is tried again."""
    monkeypatch.setattr(db, "REPEATABLE", set())
    fits = {"field": "company.mrr", "op": "at_least", "value": 1}
    boards.create(acme.team, "kitchen", "Kitchen")
    for user in range(6):
        users.identify(acme.workspace, {"sub": f"u{user}", "company": {"id": "c", "mrr": 0}})

    def change(number: int):
        any_ = random.Random(number)
        for turn in range(8):
            with suppress(Invalid, NotFound, Conflict):
                if number % 4 == 0:
                    segments.create(acme.team, "vip", "VIP", [fits])
                    boards.change(acme.team, "kitchen", access="segments", segments=["vip"])
                elif number % 4 == 1:
                    boards.change(acme.team, "kitchen", access="public", segments=[])
                    segments.delete(acme.team, "vip")
                elif number % 4 == 2:
                    privacy.erase(acme.team, f"u{any_.randrange(6)}")
                else:
                    company = {"id": "c", "mrr": turn % 2}
                    users.identify(acme.workspace, {"sub": f"u{any_.randrange(6)}", "company": company})

    assert [error for error in at_once(change, 12) if error] == []
    found = db.rows(MEMBERSHIPS)
    segments.sort(acme.workspace.id)
    assert found == db.rows(MEMBERSHIPS)


def test_a_new_user_who_is_identified_twice_at_once_is_one_in_the_right_segment(acme):
    segments.create(acme.team, "chefs", "Chefs", [CHEF])
    found = at_once(lambda _: users.identify(acme.workspace, {"sub": "fay", "traits": {"role": "chef"}}).id)
    assert len(set(found)) == 1
    assert db.rows(MEMBERSHIPS) == [(segments.find(acme.team, "chefs").id, found[0])]
    told = db.row("SELECT count(*) FROM event WHERE type = 'user.identified'")
    assert told == (1,)
