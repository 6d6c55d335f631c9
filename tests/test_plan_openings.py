"""Posts that become open later, by their status, restored, unmerged or imported, need room on Free, too."""

import pytest

from service import db
from service.errors import Conflict
from service.feedback import actions, edits, merges, plan_limits, planning, posts, statuses

FILL = """
WITH later AS (UPDATE workspace_counter SET next_post = 2000 WHERE workspace_id = %(workspace)s)
INSERT INTO post (workspace_id, number, board_id, status_id, author_id, title, body, votes)
SELECT %(workspace)s, 1000 + n, (SELECT min(id) FROM board WHERE workspace_id = %(workspace)s),
       (SELECT min(id) FROM status WHERE workspace_id = %(workspace)s AND kind = 'open'), NULL, 'Wish ' || n, '', 0
  FROM generate_series(1, %(most)s) n"""


def fill(company, most: int) -> None:
    db.changed(FILL, workspace=company.workspace.id, most=most)


@pytest.mark.parametrize("way", ["status", "many", "restored", "unmerged", "kind", "into"])
def test_what_is_opened_later_needs_room_too_and_what_is_undone_does_not(acme, stripe, way):
    statuses.create(acme.team, "later", "Later", "planned", "#336699")
    wish = posts.create(acme.writer, "Wish", status="later")
    undo = prepare(acme, way, wish)
    before = plan_limits.open_posts(acme.workspace)
    with pytest.raises(Conflict, match="no room for this"):
        DOINGS[way](acme, wish)
    assert before == plan_limits.open_posts(acme.workspace) == 100
    if undo:
        assert actions.undo(acme.team, undo.id).undone == 1 and not posts.find(acme.team, wish).merged_into
    planning.set_status(acme.team, 1002, "done")
    planning.set_status(acme.team, 1003, "done")
    DOINGS[way](acme, wish)


def prepare(acme, way: str, wish: int) -> actions.Action | None:
    """A workspace that is full, with something in it that could be opened; the action that took it away, if one did."""
    if way in ("restored", "unmerged"):
        planning.set_status(acme.team, wish, "open")
    fill(acme, 100 if way != "unmerged" else 99)
    if way == "restored":
        return actions.take(acme.team, "delete", [wish])
    if way == "unmerged":
        undo = actions.take(acme.team, "merge", [wish], "1001")
        posts.create(acme.writer, "The hundredth")
        return undo
    return None


DOINGS = {
    "status": lambda acme, wish: planning.set_status(acme.team, wish, "open"),
    "many": lambda acme, wish: actions.take(acme.team, "status", [wish, 1001], "open"),
    "restored": lambda acme, wish: edits.restore(acme.team, wish),
    "unmerged": lambda acme, wish: merges.unmerge(acme.team, wish),
    "kind": lambda acme, _: statuses.change(acme.team, "later", kind="open"),
    "into": lambda acme, _: statuses.delete(acme.team, "later", into="open"),
}


def test_who_has_more_open_posts_than_free_moves_them_about(acme, stripe):
    statuses.create(acme.team, "read", "Read", "open", "#336699")
    fill(acme, 130)
    planning.set_status(acme.team, 1001, "read")
    planning.set_status(acme.team, 1001, "planned")
    with pytest.raises(Conflict, match="129 of the 100"):
        planning.set_status(acme.team, 1001, "open")
