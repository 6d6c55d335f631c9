"""What a member does to many posts at once, and takes back."""

import pytest
from cast import BEN, CLEO, DAN
from crowd import at_once
from queued import make_due, work_off

from service import db
from service.errors import Conflict, Invalid, NotFound
from service.feedback import (
    actions,
    boards,
    comments,
    edits,
    fields,
    history,
    members,
    merges,
    planning,
    posts,
    tags,
    team,
    votes,
)
from service.feedback.actions import Undone

STEPS = "SELECT steps FROM action ORDER BY id DESC LIMIT 1"
TYPES = "SELECT type FROM event WHERE seq > %(seq)s ORDER BY seq"
LETTERS = "SELECT to_email, state FROM letter WHERE kind = 'status_changed' ORDER BY id"
WAITING = "SELECT extract(epoch FROM run_at - now())::float FROM job WHERE kind = 'letter.send'"
LATEST = "SELECT max(seq) FROM event"
IS_HERE = {"status": "open", "board": "features", "tags": [], "assignee": None, "pinned": False, "locked": False}


def facts(acme, number: int) -> dict:
    post = posts.find(acme.team, number)
    return {"status": post.status_key, "board": post.board_key, "tags": post.tags, "assignee": post.assignee_id,
            "pinned": post.pinned, "locked": post.locked}  # fmt: skip


def since(seq: int) -> list[str]:
    return [type for (type,) in db.rows(TYPES, seq=seq)]


@pytest.fixture
def three(acme):
    tags.create(acme.team, "slow", "Slow")
    boards.create(acme.team, "labs", "Labs", access="public")
    return [acme.post(f"Wish {number}") for number in range(3)]


@pytest.mark.parametrize("kind, value, shown, aspect, after", [
    ("status", "planned", "Planned", "status", "planned"), ("tag", "slow", "Slow", "tags", ["slow"]),
    ("board", "labs", "Labs", "board", "labs"), ("pin", "", "", "pinned", True), ("lock", "", "", "locked", True),
])  # fmt: skip
def test_an_action_changes_all_its_posts_and_is_taken_back_as_one(acme, three, kind, value, shown, aspect, after):
    before, seq = facts(acme, 1), db.row(LATEST)[0]
    action = actions.take(acme.team, kind, three, value)
    assert (action.kind, action.value, action.posts) == (kind, shown, 3)
    assert [facts(acme, number)[aspect] for number in three] == [after] * 3
    assert actions.undo(acme.team, action.id) == Undone(3, 0)
    assert [facts(acme, number) for number in three] == [before] * 3
    assert actions.undo(acme.team, action.id) == Undone(0, 0)
    assert len(since(seq)) == 6  # one event a post and way, none for the second undo


def test_only_the_posts_that_really_changed_are_taken_back(acme, three):
    planning.set_status(acme.team, 1, "planned")
    action = actions.take(acme.team, "status", three, "planned")
    assert action.posts == 2 and [step["post"] for step in db.row(STEPS)[0]] == [2, 3]
    assert actions.take(acme.team, "status", three, "planned") is None
    assert actions.undo(acme.team, action.id) == Undone(2, 0)
    assert [facts(acme, number)["status"] for number in three] == ["planned", "open", "open"]
    assert db.row("SELECT count(*) FROM action") == (1,)


def test_what_somebody_did_since_is_left_alone(acme, three):
    action = actions.take(acme.team, "status", three, "planned")
    planning.set_status(acme.team, 2, "done")
    edits.delete(acme.team, 3)
    assert actions.undo(acme.team, action.id) == Undone(1, 2)
    assert [facts(acme, number)["status"] for number in (1, 2)] == ["open", "done"]


def test_a_member_is_made_responsible_and_whoever_was_before_comes_back(acme, three):
    ben = members.person(BEN).id
    planning.assign(acme.team, 1, acme.owner.id)
    planning.assign(acme.team, 2, ben)
    action = actions.take(acme.team, "assign", three, str(ben))
    assert (action.value, action.posts) == ("Ben", 2)
    everyone_off = actions.take(acme.team, "assign", three, "none")
    assert everyone_off.posts == 3 and facts(acme, 1)["assignee"] is None
    team.remove(acme.team, ben)
    assert actions.undo(acme.team, everyone_off.id) == Undone(0, 3)  # who is gone cannot come back
    with pytest.raises(Invalid):
        actions.take(acme.team, "assign", three, str(ben))


def test_undoing_a_merge_and_a_deletion_brings_back_votes_and_comments(acme, three):
    for reader in (acme.reader(DAN), acme.reader(CLEO)):
        votes.cast(reader, 1)
    comments.create(acme.reader(DAN), 2, "Mine too")
    counts = [(posts.find(acme.team, number).votes, posts.find(acme.team, number).comments) for number in three]
    merge = actions.take(acme.team, "merge", [*three, 3], "#3")
    assert (merge.value, merge.posts, posts.find(acme.team, 3).comments) == ("#3", 2, 1)
    gone = actions.take(acme.team, "delete", [3])
    assert actions.undo(acme.team, gone.id) == Undone(1, 0)
    assert actions.undo(acme.team, merge.id) == Undone(2, 0)
    assert [(posts.find(acme.team, number).votes, posts.find(acme.team, number).comments) for number in three] == counts


def test_a_merge_whose_target_moved_on_is_left_alone(acme, three):
    merge = actions.take(acme.team, "merge", [1], "2")
    merges.merge(acme.team, 2, 3)
    assert actions.undo(acme.team, merge.id) == Undone(0, 1)


def test_another_board_takes_its_fields_and_undo_brings_the_values_back(acme, three):
    fields.create(acme.team, "browser", "Browser", "text", board="features")
    edits.change(acme.team, 1, values={"browser": "Firefox"})
    action = actions.take(acme.team, "board", three, "labs")
    assert posts.find(acme.team, 1).fields == "{}"
    actions.undo(acme.team, action.id)
    assert posts.find(acme.team, 1).fields == '{"browser": "Firefox"}'


def test_what_an_action_went_by_may_be_gone_when_it_is_undone(acme, three):
    tagged = actions.take(acme.team, "tag", three, "slow")
    moved = actions.take(acme.team, "board", three, "labs")
    tags.delete(acme.team, "slow")
    boards.delete(acme.team, "features", into="labs")
    assert actions.undo(acme.team, tagged.id) == Undone(0, 3)
    assert actions.undo(acme.team, moved.id) == Undone(0, 3)


@pytest.mark.parametrize("kind, numbers, value, error", [
    ("status", [1], "nowhere", Invalid), ("status", [1], "", Invalid), ("tag", [1], "", Invalid), ("tag", [1], "x", Invalid),
    ("assign", [1], "me", Invalid), ("assign", [1], "999999999", Invalid), ("board", [1], "nope", Invalid),
    ("merge", [1], "1", Invalid), ("merge", [1], "٣", Invalid), ("merge", [1], "999", Invalid), ("dance", [1], "", Invalid),
    ("delete", [], "", Invalid), ("delete", list(range(1, 102)), "", Invalid), ("delete", [1, 99], "", NotFound),
])  # fmt: skip
def test_what_cannot_be_done_is_said_and_nothing_is_done(acme, three, kind, numbers, value, error):
    with pytest.raises(error):
        actions.take(acme.team, kind, numbers, value)
    assert facts(acme, 1)["status"] == "open" and db.row("SELECT count(*) FROM action") == (0,)


def test_one_post_that_refuses_stops_them_all(acme, three):
    merges.merge(acme.team, 2, 3)
    with pytest.raises(Conflict, match="#2 was merged"):
        actions.take(acme.team, "status", three, "done")
    assert facts(acme, 1)["status"] == "open"


def test_another_team_finds_no_action_and_a_month_is_the_end(acme, globex, three):
    action = actions.take(acme.team, "pin", three)
    with pytest.raises(NotFound):
        actions.undo(globex.team, action.id)
    db.changed("UPDATE action SET created_at = now() - interval '31 days'")
    with pytest.raises(Conflict, match="30 days"):
        actions.undo(acme.team, action.id)
    assert not history.latest(acme.team)[0].can_undo


def test_the_history_says_who_did_what_to_how_many(acme, globex, three):
    first = actions.take(acme.team, "status", three, "planned")
    actions.take(acme.team, "delete", [2])
    actions.undo(acme.team, first.id)
    newest, oldest = history.latest(acme.team)
    assert (newest.kind, newest.posts, newest.numbers, newest.can_undo) == ("delete", 1, [2], True)
    assert (oldest.name, oldest.value, oldest.posts, oldest.can_undo) == ("Ada", "Planned", 3, False)
    assert history.latest(acme.team, most=1, before=newest.id) == [oldest] and history.latest(globex.team) == []


def test_two_who_do_opposite_things_at_once_get_along(acme, here, three):
    ways = [(three, "planned"), (three[::-1], "done")]
    done = at_once(lambda turn: actions.take(acme.team, "status", *ways[turn % 2]), 8)
    assert not [each for each in done if isinstance(each, Exception)]
    assert len({facts(acme, number)["status"] for number in three}) == 1


@pytest.mark.parametrize("kind, value, seen, theirs", [
    ("status", "done", "open", lambda team, ben: planning.set_status(team, 2, "planned")),
    ("board", "labs", "features", lambda team, ben: edits.change(team, 2, board="bugs")),
    ("assign", "none", None, lambda team, ben: planning.assign(team, 2, ben)),
])  # fmt: skip
def test_what_a_colleague_set_since_the_list_was_shown_is_not_overwritten(acme, three, kind, value, seen, theirs):
    ben = members.person(BEN).id
    planning.assign(acme.team, 1, ben)
    shown = dict.fromkeys(three, seen) | ({1: ben} if kind == "assign" else {})
    theirs(acme.team, ben)
    before = [facts(acme, number) for number in three]
    with pytest.raises(Conflict, match=r"^#2: Its .* was changed meanwhile"):
        actions.take(acme.team, kind, three, value, seen=shown)
    assert [facts(acme, number) for number in three] == before and db.row("SELECT count(*) FROM action") == (0,)
    actions.take(acme.team, kind, [2], value)
    assert actions.take(acme.team, kind, three, value, seen=shown).posts == (1 if kind == "assign" else 2)


# ── letters ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_letter_waits_for_the_undo_bar_and_goes_out_when_nobody_undid(acme, three):
    actions.take(acme.team, "status", [1], "planned", note="In spring")
    work_off()
    assert db.rows(LETTERS) == [(CLEO["email"], "waiting")] and 25 < db.row(WAITING)[0] <= 30
    make_due()
    work_off()
    assert db.rows(LETTERS) == [(CLEO["email"], "kept")]


def test_a_status_that_was_taken_back_is_never_written_about(acme, three):
    action = actions.take(acme.team, "status", [1], "planned")
    work_off()
    actions.undo(acme.team, action.id)
    actions.take(acme.team, "status", [1], "planned", note="Now really")  # the first letter stays withdrawn all the same
    make_due()
    work_off()
    make_due()
    work_off()
    assert db.rows(LETTERS) == [(CLEO["email"], "withdrawn"), (CLEO["email"], "kept")]


def test_without_a_letter_nobody_is_told_and_others_ways_in_do_not_wait(acme, three):
    actions.take(acme.team, "status", [1], "planned", notify=False)
    work_off()
    assert db.rows(LETTERS) == []
    planning.set_status(acme.team, 2, "planned")
    work_off()
    assert db.rows(LETTERS) == [(CLEO["email"], "kept")]
