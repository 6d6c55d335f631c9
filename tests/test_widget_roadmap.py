"""The road map in the widget: what is planned, started and done, as far as the reader may see it."""

import pytest
from calls import call, session
from cast import CLEO, DAN
from round_trips import Counter

from service import db
from service.feedback import boards, edits, planning, roadmap, votes

CARD = {"number", "title", "body", "status", "board", "votes", "voted", "mine", "created_at", "url"}


@pytest.fixture
def planned(acme):
    """A post of each kind, and one more that is planned."""
    numbers = {key: acme.post(key.title(), status=key) for key in ("open", "planned", "started", "done", "declined")}
    return {**numbers, "other": acme.post("Other", status="planned", board="bugs")}


def columns(client, company, **more) -> dict[str, list[int]]:
    """Key of a status → numbers of its posts."""
    answer = call(client, company, "roadmap", **more)
    assert answer.status_code == 200, answer.text
    return {each["status"]["key"]: [post["number"] for post in each["posts"]] for each in answer.json["columns"]}


def test_it_has_a_column_for_each_status_that_promises_something(client, acme, planned):
    votes.cast(acme.reader(DAN), planned["planned"])
    assert columns(client, acme) == {
        "planned": [planned["planned"], planned["other"]], "started": [planned["started"]], "done": [planned["done"]],
    }  # fmt: skip
    first = call(client, acme, "roadmap", session=session(client, acme, DAN)).json["columns"][0]
    assert first["status"] == {"key": "planned", "name": "Planned", "kind": "planned", "color": "#2563eb"}
    assert first["more"] == 0 and set(first["posts"][0]) == CARD
    assert first["posts"][0]["voted"] and not first["posts"][1]["voted"]


def test_the_teams_own_order_and_a_board_are_kept_to(client, acme, planned):
    roadmap.place(acme.team, planned["other"], "planned")
    assert columns(client, acme)["planned"] == [planned["other"], planned["planned"]]
    assert columns(client, acme, board="bugs") == {"planned": [planned["other"]], "started": [], "done": []}
    for board in ("nowhere", "'", "\u202e"):
        assert columns(client, acme, board=board) == {"planned": [], "started": [], "done": []}


def test_what_a_reader_may_not_see_is_not_on_it(client, acme, globex, planned):
    boards.create(acme.team, "inner", "Inner", access="private")
    boards.create(acme.team, "slow", "Slow", approve_first=True)
    edits.change(acme.team, planned["other"], board="inner")
    edits.delete(acme.team, planned["done"])
    held = acme.post("Held", board="slow")
    planning.set_status(acme.team, held, "started")
    for who in (None, session(client, acme, CLEO)):
        for board in (None, "inner", "slow"):
            shown = columns(client, acme, session=who, board=board)
            assert not {planned["other"], planned["done"], held} & {number for some in shown.values() for number in some}
    assert columns(client, globex) == {"planned": [], "started": [], "done": []}


def test_a_long_column_says_how_much_more_there_is_and_details_are_shortened(client, acme):
    for number in range(roadmap.MOST_SHOWN + 3):
        acme.post(f"Wish {number}", "long " * 300, status="planned")
    first = call(client, acme, "roadmap").json["columns"][0]
    assert (len(first["posts"]), first["more"]) == (roadmap.MOST_SHOWN, 3)
    assert all(len(post["body"]) < 300 for post in first["posts"])


def test_looking_makes_nobody_and_costs_four_round_trips(client, acme, planned):
    before, counted = db.row('SELECT count(*) FROM "user"'), {}
    with Counter().into(counted, "roadmap"):
        columns(client, acme)
    assert counted == {"roadmap": 2} and db.row('SELECT count(*) FROM "user"') == before


@pytest.mark.parametrize("fields", [{"board": 1}, {"board": []}, {"session": "x"}, {"key": "x"}])
def test_bad_input_is_refused(client, acme, fields):
    answer = call(client, acme, "roadmap", **fields)
    assert answer.status_code in (401, 422)
