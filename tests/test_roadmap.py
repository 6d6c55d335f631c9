"""The roadmap: columns in the team's own order, moved by one member or by two at once."""

import itertools
import re
from datetime import date
from html import unescape

import pytest
from browser import Browser
from cast import ADA, BEN, CLEO, DAN, EVE
from crowd import at_once
from queued import make_due, work_off

from service import db
from service.errors import Conflict, Invalid, NotFound
from service.feedback import actions, boards, edits, members, merges, planning, roadmap, statuses, tags, votes
from service.feedback.readers import Reader

TOLD = "SELECT type, data->>'changed', public FROM event WHERE type ~ '^post.(updated|status)' ORDER BY seq"
POSITIONS = "SELECT number, roadmap_position FROM post WHERE roadmap_position IS NOT NULL ORDER BY roadmap_position"
MOVED = ("post.updated", '["roadmap_position"]', False)


@pytest.fixture
def planned(acme):
    """Five posts that are planned, #5 the newest; nobody but their author votes for them."""
    return [acme.post(f"Wish {number}", status="planned") for number in range(1, 6)]


def column(acme, status="planned", **filters) -> list[int]:
    found = {each.status.key: each for each in roadmap.columns(acme.team, **filters)}
    return [post.number for post in found[status].posts]


def test_columns_stand_in_the_order_of_the_statuses_and_their_posts_by_votes(acme, planned):
    votes.cast(acme.reader(DAN), 2)
    backlog = acme.post("Open one")
    statuses.create(acme.team, "beta", "In beta", "started", "#2563eb")
    found = roadmap.columns(acme.team)
    assert [each.status.key for each in found] == ["open", "planned", "started", "done", "beta"]
    assert found[0].is_backlog and [post.number for post in found[0].posts] == [backlog]
    assert column(acme) == [2, 5, 4, 3, 1]
    assert "open" not in [each.status.key for each in roadmap.columns(acme.team, backlog=False)]


def test_what_is_placed_stands_first_and_the_rest_goes_on_by_votes(acme, planned):
    roadmap.place(acme.team, 1, "planned", after=5)
    assert column(acme) == [5, 1, 4, 3, 2]
    votes.cast(acme.reader(DAN), 2)
    assert column(acme) == [5, 1, 2, 4, 3]
    roadmap.place(acme.team, 3, "planned")
    assert column(acme) == [3, 5, 1, 2, 4]
    assert db.rows(POSITIONS) == [(3, 1), (5, 2), (1, 3)]
    assert db.rows(TOLD) == [MOVED, MOVED]


def test_the_same_again_is_no_change(acme, planned):
    roadmap.place(acme.team, 1, "planned", after=4)
    before = db.rows(TOLD)
    assert roadmap.place(acme.team, 1, "planned", after=4) is None
    edits.delete(acme.team, 5)
    roadmap.place(acme.team, 1, "planned", after=4)
    assert db.rows(TOLD) == before


def test_an_order_moves_nothing_for_users(acme, planned):
    read = "SELECT updated_at FROM post WHERE number = 1"
    before = db.row(read)
    roadmap.place(acme.team, 1, "planned")
    assert db.row(read) == before


def test_another_column_is_another_status_which_can_be_undone(acme, planned):
    started = acme.post("On it", status="started")
    action = roadmap.place(acme.team, 4, "started", after=started, notify=False)
    assert (column(acme), column(acme, "started")) == ([5, 3, 2, 1], [started, 4])
    assert [type for type, *_ in db.rows(TOLD)] == ["post.status_changed", "post.updated"]
    assert actions.undo(acme.team, action.id).undone == 1
    assert (column(acme), column(acme, "started")) == ([5, 4, 3, 2, 1], [started])


def test_undoing_puts_a_post_back_to_where_it_was_placed(acme, planned):
    for number in (3, 2, 1):
        roadmap.place(acme.team, number, "planned")
    action = roadmap.place(acme.team, 2, "done")
    actions.undo(acme.team, action.id)
    assert column(acme) == [1, 2, 3, 5, 4]


def test_another_status_takes_the_place_away(acme, planned):
    roadmap.place(acme.team, 1, "planned")
    for status in ("started", "planned"):
        planning.set_status(acme.team, 1, status)
    assert db.rows(POSITIONS) == []
    roadmap.place(acme.team, 1, "planned")
    roadmap.place(acme.team, 1, "open", after=2)
    assert db.rows(POSITIONS) == [], "the backlog goes by votes"


def test_a_column_shows_its_first_and_says_how_many_more_there_are(acme, planned, monkeypatch):
    monkeypatch.setattr(roadmap, "MOST_SHOWN", 3)
    monkeypatch.setitem(roadmap.SHOWN, "open", 1)
    acme.post(), acme.post()
    found = {each.status.key: each for each in roadmap.columns(acme.team)}
    assert [len(found["planned"].posts), found["planned"].more] == [3, 2]
    assert [len(found["open"].posts), found["open"].more] == [1, 1]
    assert found["done"].more == 0
    roadmap.place(acme.team, 1, "planned", after=2)
    assert db.rows(POSITIONS) == [(5, 1), (4, 2), (3, 3), (2, 4), (1, 5)], "also below those that are shown"


def test_columns_are_filtered_by_board_and_tag(acme, planned):
    bug = acme.post("Crash", board="bugs", status="planned")
    tags.create(acme.team, "mobile", "Mobile", "#2563eb")
    tags.tag(acme.team, 2, "mobile")
    assert column(acme, board="bugs") == [bug] and column(acme, tag="mobile") == [2]
    assert column(acme, board="nowhere") == column(acme, board="bugs", tag="mobile") == []


def test_what_is_deleted_merged_or_waits_is_not_on_it(acme, planned):
    edits.delete(acme.team, 5)
    merges.merge(acme.team, 4, 3)
    db.changed("UPDATE post SET held_at = now() WHERE number = 2")
    assert column(acme) == [3, 1]
    with pytest.raises(Conflict):
        roadmap.place(acme.team, 4, "done")
    with pytest.raises(NotFound):
        roadmap.place(acme.team, 5, "done")


def test_users_see_the_same_order_of_what_they_may_read(acme, planned):
    acme.post("Secret", board="bugs", status="planned")
    roadmap.place(acme.team, 1, "planned")
    boards.change(acme.team, "bugs", access="private")
    [found, *_] = roadmap.columns(acme.reader(CLEO), backlog=False)
    assert [post.number for post in found.posts] == [1, 5, 4, 3, 2]


def test_what_is_not_there_is_refused(acme, globex, planned):
    for wrong, field in (({"status": "nowhere"}, "status"), ({"status": "declined"}, "status"),
                         ({"status": "planned", "after": 99}, "after"), ({"status": "planned", "after": 1}, "after"),
                         ({"status": "done", "after": 2}, "after")):  # fmt: skip
        with pytest.raises(Invalid) as refused:
            roadmap.place(acme.team, 1, **wrong)
        assert set(refused.value.fields) == {field}
    for number, team in ((99, acme.team), (1, globex.team)):
        with pytest.raises(NotFound):
            roadmap.place(team, number, "planned")
    assert db.rows(TOLD) == []


def test_who_moves_what_was_moved_meanwhile_is_warned(acme, planned):
    roadmap.place(acme.team, 1, "started", seen="planned")
    with pytest.raises(Conflict):
        roadmap.place(acme.team, 1, "done", seen="planned")
    assert column(acme, "started") == [1]


def test_eight_who_move_at_once_end_in_one_order(acme, planned):
    eve = Reader(acme.workspace, is_member=True, person=members.person(EVE).id)
    pairs = list(itertools.permutations(planned, 2))

    def work(turn: int):
        for number, after in pairs[turn::4]:
            roadmap.place(eve if turn % 2 else acme.team, number, ("planned", "started")[turn % 3 == 2], after=None)
            roadmap.place(acme.team, number, "planned", after=after)

    failed = [each for each in at_once(work, 4) if each is not None and not isinstance(each, Invalid)]
    assert failed == []
    assert sorted(column(acme) + column(acme, "started")) == planned
    for status in ("planned", "started"):
        places = "SELECT roadmap_position FROM post p JOIN status s ON s.id = p.status_id WHERE s.key = %(status)s"
        found = [place for (place,) in db.rows(places, status=status) if place]
        assert len(found) == len(set(found)), "no two at the same place"


# ── its page ────────────────────────────────────────────────────────────────────────────────────────────────────────

PAGE = "/app/acme/roadmap"


@pytest.fixture
def ada(client, acme):
    return Browser(client).sign_in(ADA)


def texts(page) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page.text)).split())


def move(browser, number, status="planned", after="", path=PAGE, **more):
    browser.open(path)
    return browser.send(path, do="place", number=str(number), was="planned", status=status, after=str(after), **more)


def test_the_page_shows_what_a_card_needs(ada, acme, planned):
    tags.create(acme.team, "mobile", "Mobile", "#2563eb")
    tags.tag(acme.team, 2, "mobile")
    votes.cast(acme.reader(DAN), 2)
    planning.assign(acme.team, 2, acme.owner.id)
    planning.set_eta(acme.team, 2, date(2020, 1, 2))
    page = ada.open(PAGE)
    [card] = re.findall(r'<li class="card" id="card-2".*?</li>', page.text, re.DOTALL)
    for part in ("Wish 2", "$49", "Mobile", "Ada", "by 2 Jan 2020", 'class="late"'):
        assert part in card, part
    assert "Nothing here yet." in texts(page) and 'href="/app/acme/posts/2"' in card
    assert "Wish 1" not in ada.open(f"{PAGE}?tag=mobile").text.split("<datalist")[0]
    assert ada.open(f"{PAGE}?board=nowhere&tag=%00").status_code in (200, 400, 422)


def test_without_a_script_the_form_of_a_card_moves_it_and_tells_its_followers_later(ada, acme, planned):
    work_off()
    assert move(ada, 2, "started", notify="1").status_code == 303
    assert column(acme, "started") == [2]
    page = ada.open(PAGE)
    assert "#2 is “In progress” now. Its followers get a letter in 30 seconds." in texts(page) and "Undo" in texts(page)
    make_due()
    work_off()
    assert db.row("SELECT to_email FROM letter WHERE kind = 'status_changed'") == (CLEO["email"],)
    assert move(ada, 1, after="#4").headers["location"] == PAGE
    assert "The order was saved." in texts(ada.open(PAGE)) and column(acme) == [5, 4, 1, 3]


def test_a_drag_is_undone_by_the_button_of_its_message(ada, acme, planned):
    move(ada, 2, "done")
    action = re.search(r'name="action" value="(\d+)"', ada.open(PAGE).text)[1]
    ada.send(PAGE, do="undo", action=action)
    assert 2 in column(acme) and column(acme, "done") == []


def test_what_is_refused_is_said_and_what_was_typed_stays(ada, acme, planned):
    for after, sentence in (("soon", "Write the number of a post"), ("99", "#99 does not stand in this column"),
                            ("9" * 40, "Write the number"), ("-1", "Write the number")):  # fmt: skip
        page = move(ada, 3, after=after)
        assert page.status_code == 422 and sentence in texts(page) and f'value="{after}"' in page.text, after
    assert move(ada, 3, "nowhere").status_code == 422
    assert move(ada, 99).status_code == move(ada, "x").status_code == 404
    planning.set_status(acme.team, 3, "done")
    page = move(ada, 3, "started")
    assert page.status_code == 409 and "Its status was changed meanwhile" in texts(page)


def test_a_date_is_saved_from_the_card(ada, acme, planned):
    ada.open(PAGE)
    assert ada.send(PAGE, do="eta", number="1", was="", eta="2031-05-06").status_code == 303
    assert "by 6 May 2031" in texts(ada.open(PAGE))
    page = ada.send(PAGE, do="eta", number="1", was="2031-05-06", eta="someday")
    assert page.status_code == 422 and "Write the day like" in texts(page)
    assert ada.send(PAGE, do="eta", number="1", was="", eta="2032-01-01").status_code == 409, "decided on an older date"


def test_the_road_map_is_the_teams_alone(client, acme, globex, planned):
    assert Browser(client).open(PAGE).status_code == 303
    eve = Browser(client).sign_in(EVE)
    assert eve.open(PAGE).status_code == 404
    assert move(eve, 1, "done", path="/app/globex/roadmap").status_code == 404
    assert move(Browser(client).sign_in(BEN), 1, "done").status_code == 303, "every member plans"
    assert column(acme, "done") == [1]
