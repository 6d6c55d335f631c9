"""Someone who is erased leaves no trace in what the team keeps for itself: what it takes to undo, and saved views."""

import pytest
from cast import CLEO, DAN

from service import db
from service.feedback import actions, boards, edits, fields, privacy, views

STEPS = "SELECT steps FROM action ORDER BY id"


def test_values_of_their_posts_are_not_kept_to_undo_a_move(acme):
    boards.create(acme.team, "labs", "Labs", access="public")
    fields.create(acme.team, "phone", "Phone", "text", board="features")
    for number, by, phone in ((1, CLEO, "555-0101"), (2, DAN, "555-0102")):
        acme.post(by=by)
        edits.change(acme.team, number, values={"phone": phone})
    before = [[post, "features", "labs"] for post in (1, 2)]
    action = actions.take(acme.team, "board", [1, 2], "labs")
    assert "555-0101" in str(db.rows(STEPS))
    privacy.erase(acme.team, CLEO["sub"])
    [(steps,)] = db.rows(STEPS)
    assert [[step["post"], step["before"], step["after"]] for step in steps] == before
    assert [step.get("fields") for step in steps] == [None, {"phone": "555-0102"}]
    assert actions.undo(acme.team, action.id).undone == 2
    assert db.rows("SELECT fields FROM post ORDER BY number") == [({},), ({"phone": "555-0102"},)]


@pytest.mark.parametrize("name, query, goes", [
    ("Hers", "author=cleo-7&status=open", True), ("Letters", "q=cleo%40customer.example+invoice", True),
    ("Shouted", "q=%22CLEO%40CUSTOMER.EXAMPLE%22", True), ("Her id", "q=cleo-7", True),
    ("By cleo@customer.example", "status=open", True), ("Dan's", "author=dan-8&q=dan%40customer.example", False),
    ("Others", "q=cleo-70&author=cleo-71", False), ("Open", "status=open", False),
])  # fmt: skip
def test_a_saved_view_that_names_them_goes(acme, globex, name, query, goes):
    acme.user(CLEO)
    views.save(acme.team, name, query)
    views.save(globex.team, name, query)
    privacy.erase(acme.team, CLEO["sub"])
    assert (views.of(acme.team) == []) is goes and len(views.of(globex.team)) == 1
    told = [type for (type,) in db.rows("SELECT type FROM event WHERE workspace_id = %(workspace)s AND type ~ '^view' "
                                        "ORDER BY seq", workspace=acme.workspace.id)]  # fmt: skip
    assert told == ["view.created", "view.deleted"][: 1 + goes]


def test_without_an_address_only_their_id_is_looked_for(acme):
    acme.user({"sub": "nia-9"})
    views.save(acme.team, "Hers", "author=nia-9")
    views.save(acme.team, "Open", "status=open")
    privacy.erase(acme.team, "nia-9")
    assert [view.name for view in views.of(acme.team)] == ["Open"]
