"""The inbox as Ada's team works in it: what it shows, how it is narrowed, and what is done to many posts at once."""

import re
from html import unescape
from urllib.parse import urlencode

import pytest
from browser import FORM, Browser
from cast import ADA, BEN, DAN, EVE

from service import db
from service.feedback import (
    actions,
    boards,
    conditions,
    insight_counts,
    lists,
    members,
    planning,
    posts,
    tags,
    team,
)

CSRF = re.compile(r'name="csrf" value="([^"]+)"')


@pytest.fixture
def ada(client, acme):
    return Browser(client).sign_in(ADA)


@pytest.fixture
def busy(acme):
    """Three posts, a tag and a board."""
    tags.create(acme.team, "slow", "Slow")
    boards.create(acme.team, "labs", "Labs", access="public")
    return [acme.post("Dark mode"), acme.post("Export", by=DAN), acme.post("Faster lists")]


def texts(page) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page.text)).split())


def titles(page) -> list[str]:
    return [unescape(each) for each in re.findall(r'<h2><a href="/app/acme/posts/\d+">([^<]+)</a>', page.text)]


def was(browser) -> list[str]:
    return re.findall(r'<input type="hidden" name="was" value="([^"]+)" form="act">', browser.page.text)


def act(browser, numbers, kind: str, query: str = "", quick: bool = False, seen: list[str] | None = None, **fields):
    """Tick boxes and press a button of the bar, as a browser sends it: with how each row `was` when it was shown."""
    browser.open("/app/acme/inbox", query_string=query)
    token = unescape(CSRF.search(browser.page.text)[1])
    ticked = [("post", each) for each in numbers] + [("was", each) for each in (was(browser) if seen is None else seen)]
    body = urlencode([("csrf", token), ("do", "act"), *ticked, *fields.items(), ("kind", kind)])
    headers = {**browser.headers(), "Content-Type": FORM, **({"Sayso-Quick": "1"} if quick else {})}
    return browser.keep(browser.client.simulate_post("/app/acme/inbox", query_string=query, body=body, headers=headers))


# ── what it shows ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_newest_stands_first_with_all_that_a_member_wants_to_know(ada, acme, busy):
    tags.tag(acme.team, 2, "slow")
    planning.assign(acme.team, 2, members.person(BEN).id)
    page = ada.open("/app/acme/inbox")
    assert titles(page) == ["Faster lists", "Export", "Dark mode"]
    for words in ("3 posts", "$49 MRR", "Initech", "Slow", "Assigned to Ben", "#2", "Features", "Open 3"):
        assert words in texts(page), words


def test_a_list_is_searched_and_goes_on(ada, acme):
    for number in range(55):
        acme.post(f"Wish {number}", status="planned" if number == 3 else None)
    assert titles(ada.open("/app/acme/inbox", query_string="status=planned")) == ["Wish 3"]
    assert titles(ada.open("/app/acme/inbox", query_string="q=wish+7")) == ["Wish 7"]
    page = ada.open("/app/acme/inbox", query_string="status=open")
    more = unescape(re.search(r'href="(\?[^"]+)" rel="next"', page.text)[1])
    assert len(titles(page)) == 50 and "status=open" in more
    assert titles(ada.open("/app/acme/inbox", query_string=more[1:])) == ["Wish 4", "Wish 2", "Wish 1", "Wish 0"]


@pytest.mark.parametrize("query, found", [
    ("board=labs", ["Faster lists"]), ("tag=slow", ["Export"]), ("assignee=none", ["Faster lists", "Export"]),
    ("assignee={ben}", ["Dark mode"]), ("plan=team", ["Export"]), ("mrr_from=49", ["Export"]), ("mrr_from=50", []),
    ("older=3", ["Dark mode"]), ("newer=3", ["Faster lists", "Export"]), ("unanswered=1", ["Faster lists", "Export"]),
    ("company=initech", ["Export"]), ("author=cleo-7&sort=top", ["Faster lists", "Dark mode"]),
    ("tag=slow&plan=Team&mrr_from=1&newer=3&unanswered=1&assignee=none&sort=mrr", ["Export"]),
    ("tag=nope", []), ("board=nope", []), ("segment=nope", []), ("assignee=999999999", []),
    ("sort=mrr&tag=slow", ["Export"]),
])  # fmt: skip
def test_each_filter_leaves_what_it_says(ada, acme, busy, query, found):
    ben = members.person(BEN).id
    tags.tag(acme.team, 2, "slow")
    actions.take(acme.team, "board", [3], "labs")
    planning.assign(acme.team, 1, ben)
    db.changed("UPDATE post SET created_at = now() - interval '5 days', answered_at = now() WHERE number = 1")
    insight_counts.count(acme.workspace.id)
    page = ada.open("/app/acme/inbox", query_string=query.format(ben=ben))
    assert page.status_code == 200 and titles(page) == found
    assert found or "Show all posts" in texts(page)


def test_the_filters_that_are_on_can_be_taken_off_one_by_one(ada, acme, busy):
    page = ada.open("/app/acme/inbox", query_string="tag=slow&older=1&q=dark&status=open")
    assert "Tag: Slow" in texts(page) and "Older than 1 day" in texts(page) and "“dark”" in texts(page)
    without = re.search(r'href="/app/acme/inbox(\?[^"]+)"><span class="vh">Remove the filter </span>Tag', page.text)[1]
    assert unescape(without) == "?older=1&q=dark&status=open"


@pytest.mark.parametrize("query", [
    "older=x", "newer=0", "mrr_from=-1", "mrr_from=1e9", "older=99999", "assignee=me", "sort=x", "tag=a&tag=b",
    f"older={'9' * 400}",
])  # fmt: skip
def test_a_filter_that_makes_no_sense_says_so(ada, query):
    page = ada.open("/app/acme/inbox", query_string=query)
    assert page.status_code == 422 and page.text.startswith("<!doctype html>")


def test_who_has_no_name_is_called_by_their_address_and_can_be_chosen(ada, acme, busy):
    gil = members.person("gil@acme.example")
    members.add(acme.workspace, gil)
    invited, _ = team.invite(acme.team, "hal@acme.example")
    page = ada.open("/app/acme/inbox")
    assert f'<option value="{gil.id}">gil@acme.example</option>' in page.text and "hal@acme.example" not in page.text
    assert "1 post assigned to gil@acme.example." in texts(act(ada, [1], "assign", quick=True, member=gil.id))
    page = ada.open("/app/acme/inbox", query_string=f"assignee={gil.id}")
    assert titles(page) == ["Dark mode"] and "Assigned to gil@acme.example" in texts(page)


def test_a_page_that_found_nothing_yet_offers_to_look_on(ada, acme, busy, monkeypatch):
    monkeypatch.setattr(conditions, "FEW", 0)
    monkeypatch.setattr(lists, "LOOKED_AT", 2)
    page = ada.open("/app/acme/inbox", query_string="q=dark")
    assert titles(page) == [] and "None of these 2 posts matches all of this." in texts(page)
    more = unescape(re.search(r'href="(\?[^"]+)" rel="next"', page.text)[1])
    assert titles(ada.open("/app/acme/inbox", query_string=more[1:])) == ["Dark mode"]


def test_mrr_is_said_to_be_as_it_was_counted(ada, acme, busy):
    page = ada.open("/app/acme/inbox", query_string="sort=mrr")
    assert "MRR is being counted for the first time" in texts(page) and "No post has MRR yet" in texts(page)
    insight_counts.count(acme.workspace.id)
    page = ada.open("/app/acme/inbox", query_string="sort=mrr")
    assert "MRR as counted just now" in texts(page) and titles(page) == ["Export"]


def test_counts_end_at_999(ada, acme, busy, monkeypatch):
    monkeypatch.setattr(lists, "MOST_COUNTED", 2)
    page = texts(ada.open("/app/acme/inbox"))
    assert "All 2+" in page and "Open 2+" in page and "2+ posts" in page


# ── what is done to many at once ────────────────────────────────────────────────────────────────────────────────────


def test_three_posts_get_a_status_and_the_notice_offers_the_way_back(ada, acme, busy):
    answer = act(ada, busy, "status", query="status=open", status="planned", note="Soon", notify="1")
    assert (answer.status_code, answer.headers["location"]) == (303, "/app/acme/inbox?status=open")
    page = ada.open("/app/acme/inbox")
    assert "3 posts set to Planned." in texts(page) and "Planned 3" in texts(page)
    assert {planned.status_key for planned in posts.these(acme.team, busy)} == {"planned"}
    undo = re.search(r'name="action" value="(\d+)"', page.text)[1]
    ada.send("/app/acme/inbox", do="undo", action=undo)
    assert "Open 3" in texts(ada.open("/app/acme/inbox"))


def test_a_quick_form_gets_the_page_at_once(ada, busy):
    page = act(ada, [2], "delete", quick=True)
    assert page.status_code == 200 and titles(page) == ["Faster lists", "Dark mode"] and "1 post deleted." in texts(page)
    assert "Nothing had to change." in texts(act(ada, [1], "unpin", quick=True))


@pytest.mark.parametrize("kind, fields, sentence", [
    ("tag", {"tag": "slow"}, "2 posts tagged “Slow”."), ("assign", {"member": "none"}, "Nothing had to change."),
    ("board", {"board": "labs"}, "2 posts moved to Labs."), ("merge", {"into": "3"}, "2 posts merged into #3."),
])  # fmt: skip
def test_every_button_of_the_bar_does_what_it_says(ada, busy, kind, fields, sentence):
    assert sentence in texts(act(ada, [1, 2], kind, quick=True, **fields))


@pytest.mark.parametrize("numbers, kind, fields, status, sentence", [
    ([], "delete", {}, 422, "Choose the posts first"), ([1], "status", {"status": ""}, 422, "Choose a status."),
    ([1], "assign", {"member": ""}, 422, "Choose a member, or nobody."), ([1], "merge", {"into": "x9"}, 422, "like 12"),
    ([1], "status", {"status": "done", "note": "Typed " + "x" * 5000}, 422, "A note has at most 5,000"),
    ([1, 99], "delete", {}, 409, "There is no post #99"), ([1], "", {}, 422, "Choose one of"),
    (["1'", "-1", "9" * 30, "٣"], "delete", {}, 422, "Choose the posts first"),
])  # fmt: skip
def test_what_cannot_be_done_is_said_and_what_was_typed_stays(ada, acme, busy, numbers, kind, fields, status, sentence):
    page = act(ada, numbers, kind, **fields)
    assert page.status_code == status and sentence in texts(page)
    assert all(value[:20] in page.text for value in fields.values()) and len(titles(page)) == 3
    assert db.row("SELECT count(*) FROM action") == (0,)


def test_what_a_colleague_changed_since_the_page_was_shown_is_left_alone_and_named(ada, acme, busy):
    ben = members.person(BEN).id
    planning.assign(acme.team, 1, ben)
    ada.open("/app/acme/inbox")
    seen = was(ada)
    assert seen == ["3:open:features:", "2:open:features:", f"1:open:features:{ben}"]
    planning.set_status(acme.team, 1, "planned")
    planning.set_status(acme.team, 2, "done")
    planning.assign(acme.team, 3, ben)
    page = act(ada, busy, "status", status="done", seen=seen)
    assert page.status_code == 409 and "#1: Its status was changed meanwhile, so nothing was done." in texts(page)
    page = act(ada, busy, "assign", member=str(acme.owner.id), seen=seen)
    assert page.status_code == 409 and "#3: Its assignee was changed meanwhile" in texts(page)
    assert db.row("SELECT count(*) FROM action") == (0,) and posts.find(acme.team, 3).status_key == "open"
    assert "2 posts set to Done." in texts(act(ada, busy, "status", status="done", quick=True))


@pytest.mark.parametrize("row", ["", "1", "1:2", ":::", "x:open:features:x", "1:open:features:٣:", f"{'9' * 40}:a:b:c"])
def test_a_row_that_says_nonsense_stops_nothing_else(ada, busy, row):
    assert "1 post deleted." in texts(act(ada, [2], "delete", quick=True, seen=[row]))
    assert "1 post set to Done." in texts(act(ada, [3], "status", quick=True, seen=[row], status="done"))


def test_what_the_team_did_stands_in_the_history_with_a_way_back(ada, client, acme, globex, busy):
    act(ada, [1, 3], "status", status="done")
    page = ada.open("/app/acme/history")
    assert "2 posts set to Done" in texts(page) and "Ada" in texts(page) and "#1 #3" in texts(page)
    undo = re.search(r'name="action" value="(\d+)"', page.text)[1]
    ada.send("/app/acme/history", do="undo", action=undo)
    page = ada.open("/app/acme/history")
    assert "undone just now" in texts(page) and 'name="action"' not in page.text
    eve = Browser(client).sign_in(EVE)
    eve.open("/app/globex/history")
    assert eve.send("/app/globex/history", do="undo", action=undo).status_code == 404
    assert "Nothing yet" in texts(eve.open("/app/globex/history"))
