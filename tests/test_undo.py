"""Taking a status back is as if it had never been set: for letters that wait, for who waits for an answer, for notes."""

import re
from html import unescape

import pytest
from browser import Browser
from cast import ADA, CLEO
from queued import make_due, work_off

from service import db
from service.errors import Conflict
from service.feedback import actions, activity, comments, history, planning, roadmap
from service.feedback.actions import Undone

LETTERS = "SELECT text, state FROM letter WHERE kind = 'status_changed' ORDER BY event_seq"
DUE = "SELECT extract(epoch FROM run_at - now())::float FROM job WHERE kind = 'letter.send'"
ANSWERED = "SELECT answered_at FROM post WHERE number = 1"


@pytest.fixture
def post(acme) -> int:
    return acme.post("Dark mode", by=CLEO)


def texts(page) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page.text)).split())


def take(acme, status: str, **more) -> actions.Action:
    return actions.take(acme.team, "status", [1], status, **more)


def sent() -> list[str]:
    """The states of all letters about a status, once the time for undoing is over."""
    for _ in range(2):
        work_off()
        make_due()
    work_off()
    return [state for _, state in db.rows(LETTERS)]


# ── letters ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_undoing_a_later_status_lets_the_letter_about_the_earlier_one_go_out(acme, post):
    take(acme, "planned")
    actions.undo(acme.team, take(acme, "done").id)
    assert sent() == ["kept", "withdrawn"]


def test_a_letter_that_is_due_while_a_later_status_can_be_undone_waits_for_that(acme, post):
    take(acme, "planned")
    work_off()
    later = take(acme, "done", notify=False)
    make_due()
    work_off(rounds=1)
    assert [state for _, state in db.rows(LETTERS)] == ["waiting"] and 25 < db.row(DUE)[0] <= 30
    actions.undo(acme.team, later.id)
    assert sent() == ["kept"]


def test_a_letter_about_a_status_that_was_left_is_withdrawn_when_that_can_no_longer_be_undone(acme, post):
    take(acme, "planned")
    take(acme, "done", notify=False)
    assert sent() == ["waiting"]
    db.changed("UPDATE event SET created_at = created_at - interval '31 seconds'")
    assert sent() == ["withdrawn"]


def test_a_status_that_was_left_for_good_is_not_written_about_whatever_was_undone_after(acme, post):
    take(acme, "planned")
    planning.set_status(acme.team, post, "done", notify=False)
    actions.undo(acme.team, take(acme, "started").id)
    take(acme, "planned", note="Again")
    assert sent() == ["withdrawn", "withdrawn", "kept"]


def test_a_post_that_an_earlier_action_was_undone_under_is_told_of_once(acme, post):
    first = take(acme, "planned")
    planning.set_status(acme.team, post, "done", notify=False)
    planning.set_status(acme.team, post, "planned")
    assert actions.undo(acme.team, first.id) == Undone(1, 0)
    planning.set_status(acme.team, post, "planned", "Anew")
    assert sent() == ["withdrawn", "withdrawn", "kept"]


# ── whether it is answered ──────────────────────────────────────────────────────────────────────────────────────────


def test_a_post_that_nobody_had_answered_is_unanswered_again(acme, post):
    action = take(acme, "planned")
    assert db.row(ANSWERED)[0]
    actions.undo(acme.team, action.id)
    assert db.row(ANSWERED) == (None,)


def test_what_the_team_said_below_it_answers_it_still(acme, post):
    team, action = acme.writer, take(acme, "planned")
    comments.create(team, post, "A note", internal=True)
    comments.create(acme.reader(CLEO), post, "Thanks")
    second = comments.create(team, post, "We are on it")
    actions.undo(acme.team, action.id)
    assert db.row(ANSWERED) == db.row("SELECT created_at FROM comment WHERE id = %(id)s", id=second)


def test_undoing_leaves_the_moment_of_an_earlier_answer(acme, post):
    planning.set_status(acme.team, post, "started")
    answered = db.row(ANSWERED)
    actions.undo(acme.team, take(acme, "planned").id)
    assert db.row(ANSWERED) == answered and answered[0]


def test_its_place_on_the_road_map_comes_back_too(acme, post):
    roadmap.place(acme.team, post, "planned")
    actions.undo(acme.team, take(acme, "done").id)
    assert db.row("SELECT roadmap_position FROM post") == (1,)


# ── a note about the status that it has ─────────────────────────────────────────────────────────────────────────────


def test_a_note_about_the_status_that_it_has_is_an_action_and_undoing_it_withdraws_the_letter(acme, post):
    planning.set_status(acme.team, post, "planned", notify=False)
    action = take(acme, "planned", note="In spring")
    assert (action.posts, action.noted) == (1, 1) and history.latest(acme.team)[0].can_undo
    work_off()
    assert actions.undo(acme.team, action.id) == Undone(1, 0)
    assert sent() == ["withdrawn"]
    assert take(acme, "planned", note="In spring").noted == 1, "what was taken back can be told again"
    assert take(acme, "planned", note="In spring") is None


def test_a_note_that_has_gone_out_is_not_offered_to_be_taken_back(acme, post):
    planning.set_status(acme.team, post, "planned", notify=False)
    action = take(acme, "planned", note="In spring")
    db.changed("UPDATE action SET created_at = created_at - interval '31 seconds'")
    assert not history.latest(acme.team)[0].can_undo
    with pytest.raises(Conflict, match="has gone out"):
        actions.undo(acme.team, action.id)
    assert sent() == ["kept"]


def test_of_many_posts_those_that_had_the_status_are_told_of_and_stay_there(acme, post):
    acme.post("Export")
    planning.set_status(acme.team, 2, "planned")
    action = actions.take(acme.team, "status", [1, 2], "planned", note="In spring")
    assert (action.posts, action.noted) == (2, 1)
    assert actions.undo(acme.team, action.id) == Undone(2, 0)
    told = [(each.data["from"], each.data["to"], "undo_of" in each.data)
            for number in (1, 2) for each in activity.history(acme.workspace.id, number) if "from" in each.data]
    assert told == [("planned", "open", True), ("open", "planned", False),
                    ("planned", "planned", True), ("planned", "planned", False), ("open", "planned", False)]  # fmt: skip


def test_the_page_says_that_only_the_note_goes_out(client, acme, post):
    planning.set_status(acme.team, post, "planned", notify=False)
    ada, page = Browser(client).sign_in(ADA), f"/app/acme/posts/{post}"
    for letter, words in (({"notify": "1"}, "Your note goes out in 30 seconds."), ({}, "Your note stands in its history.")):
        ada.open(page)
        ada.send(page, do="status", was="planned", status="planned", note=words, **letter)
        shown = texts(ada.open(page))
        assert f"It has the status “Planned” already. {words}" in shown and "Undo" in shown
    assert "wrote a note about the status Planned" in shown
    assert "A note about Planned written for 1 post" in texts(ada.open("/app/acme/history"))
    ada.send("/app/acme/history", do="undo", action=str(history.latest(acme.team)[0].id))
    assert "took back the note about the status Planned" in texts(ada.open(page))
