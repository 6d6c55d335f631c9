"""The road map of the public face: what is planned, under way and done, on a page and in a frame of the customer's own."""

import re
from html import unescape

import pytest
from cast import CLEO, DAN
from round_trips import Counter
from visitors import Visitor

from service import db
from service.db import database
from service.feedback import boards, comments, planning, roadmap, statuses, votes, workspaces
from service.web import pages

ROADMAP, FRAME = "/b/acme/roadmap", "/b/acme/embed/roadmap"
VOTES = "SELECT votes FROM post WHERE number = 1"


def lanes(page) -> dict[str, list[str]]:
    """The titles in each column, by its name."""
    found = {}
    for lane in page.text.split('<section class="lane')[1:]:
        name = re.search(r"<h2[^>]*>.*?<bdi>(.*?)</bdi>", lane, re.S)[1]
        found[unescape(name)] = re.findall(r"<h3>.*?<bdi>(.*?)</bdi>", lane, re.S)
    return found


def card(page, number: int) -> str:
    return re.search(rf'data-live="card-{number}".*?</li>', page.text, re.S)[0]


@pytest.fixture
def planned(acme):
    acme.post("Dark mode", status="planned")
    acme.post("Crash", board="bugs", status="planned")
    acme.post("On it", status="started")
    acme.post("An idea")
    return acme


@pytest.mark.parametrize("path", [ROADMAP, FRAME])
def test_each_status_is_a_column_in_the_teams_own_order(client, planned, path):
    votes.cast(planned.reader(DAN), 1)
    statuses.create(planned.team, "beta", "In beta", "started", "#2563eb")
    wanted = {"Planned": ["Dark mode", "Crash"], "In progress": ["On it"], "Done": [], "In beta": []}
    assert lanes(client.simulate_get(path)) == wanted
    roadmap.place(planned.team, 2, "planned")
    assert lanes(client.simulate_get(path))["Planned"] == ["Crash", "Dark mode"]


@pytest.mark.parametrize("path", [ROADMAP, FRAME])
def test_it_can_be_of_one_board(client, planned, path):
    assert lanes(client.simulate_get(path, params={"board": "bugs"}))["Planned"] == ["Crash"]
    for board in ("nowhere", "x" * 5000, "\u202e"):
        assert "Nothing is planned yet" in client.simulate_get(path, params={"board": board}).text
    assert client.simulate_get(path, params={"board": ["bugs", "features"]}).status_code < 500


@pytest.mark.parametrize("path", [ROADMAP, FRAME])
def test_nothing_of_a_board_that_is_not_for_everyone_is_there(client, planned, globex, path):
    boards.change(planned.team, "bugs", access="private")
    globex.post("Foreign", status="planned")
    page = client.simulate_get(path)
    assert lanes(page)["Planned"] == ["Dark mode"] and "Bugs" not in page.text and "Foreign" not in page.text
    assert client.simulate_get(path.replace("acme", "nowhere")).status_code == 404


def test_a_card_says_what_one_decides_by_and_a_long_column_leads_to_the_list(client, planned, monkeypatch):
    monkeypatch.setattr(roadmap, "MOST_SHOWN", 1)
    comments.create(planned.reader(DAN), 2, "Here too")
    page = client.simulate_get(ROADMAP)
    assert "1 comment" in card(page, 2) and "Bugs" in card(page, 2)
    assert 'href="/b/acme?status=planned"' in page.text and "1 more" in page.text
    assert 'href="/b/acme?board=bugs' not in page.text


def test_a_vote_is_cast_without_a_script_and_taken_back(client, planned):
    dan, counts = Visitor(client).be(planned, DAN), []
    for deed in ("vote", "vote", "unvote", "unvote"):
        answer = dan.do(ROADMAP, deed, number="1")
        assert (answer.status_code, answer.headers["location"]) == (303, ROADMAP)
        pressed = 'aria-pressed="true"' in card(dan.open(ROADMAP), 1)
        counts.append((db.row(VOTES)[0], pressed))
    assert counts == [(2, True), (2, True), (1, False), (1, False)]
    assert dan.do(ROADMAP, "vote", number="99").status_code == 404
    assert dan.do(ROADMAP, "publish", number="1").status_code == 400


def test_a_first_vote_makes_a_user_who_is_known_from_then_on(client, planned):
    nobody = Visitor(client)
    nobody.open(ROADMAP)
    assert nobody.cookies == {}
    nobody.do(ROADMAP, "vote", number="1")
    assert list(nobody.cookies) == ["sayso-acme"] and 'aria-pressed="true"' in card(nobody.open(ROADMAP), 1)


def test_a_card_that_was_moved_is_a_part_of_the_page_that_says_where_it_stands_now(client, planned):
    before = card(client.simulate_get(ROADMAP), 1)
    planning.set_status(planned.team, 1, "started")
    after = card(client.simulate_get(ROADMAP), 1)
    assert 'class="where"' in before and "Planned" in before and "In progress" in after
    css = (pages.HERE / "static" / "shipped.css").read_text()
    assert all(f".lane-{lane} .in-{lane} .where" in css for lane in range(1, 10))


@pytest.mark.parametrize("path", [ROADMAP, FRAME])
def test_it_costs_two_statements_however_much_there_is(client, planned, path):
    for number in range(60):
        planned.post(f"Wish {number}", status=("planned", "started", "done")[number % 3])
    counted = {}
    with Counter().into(counted, "page"):
        answer = client.simulate_get(path)
    assert counted == {"page": 2} and answer.headers["cache-control"].startswith("public")
    again = client.simulate_get(path, headers={"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304


# ── in a frame ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_frame_can_be_shown_by_those_who_may_carry_the_widget(client, planned):
    policy = client.simulate_get(FRAME).headers["content-security-policy"]
    assert policy.endswith("frame-ancestors *") and "script" not in policy and "default-src 'none'" in policy
    workspaces.set_origins(planned.workspace, "https://app.acme.example\nhttps://acme.example")
    answer = client.simulate_get(FRAME)
    policy = answer.headers["content-security-policy"]
    assert policy.endswith("frame-ancestors 'self' https://app.acme.example https://acme.example")
    assert "x-frame-options" not in answer.headers
    assert "frame-ancestors 'none'" in client.simulate_get(ROADMAP).headers["content-security-policy"]


def test_in_a_frame_nobody_is_known_and_nothing_is_done(client, planned):
    cleo = Visitor(client).be(planned, CLEO)
    cleo.cookies |= {"sayso-language": "de", "sayso-notice": "x"}
    page = cleo.open(FRAME, params={"lang": "fr"})
    assert "set-cookie" not in page.headers and '<html lang="fr"' in page.text
    assert cleo.open(FRAME).text == client.simulate_get(FRAME).text
    assert "<form" not in page.text and "<script" not in page.text
    links = re.findall(r"<a [^>]*>", page.text)
    assert len(links) >= 4 and all('target="_blank" rel="noopener"' in link for link in links)
    assert cleo.do(FRAME, "vote", number="1").status_code == 405


def test_a_frame_has_the_theme_that_its_page_asks_for(client, planned):
    database.execute_sql("UPDATE workspace SET accent = '#ffcc00'")
    for theme in ("dark", "light", "auto", "", "x", '">'):
        shown = theme if theme in ("dark", "light") else "auto"
        page = client.simulate_get(FRAME, params={"theme": theme})
        assert f'dir="ltr" class="{shown}">' in page.text, theme
        assert ("prefers-color-scheme" in page.text) == (shown == "auto"), theme


def test_the_themes_of_a_frame_are_those_of_all_pages(client):
    tokens, embed = ((pages.HERE / "static" / name).read_text() for name in ("tokens.css", "embed.css"))
    light, dark = (colours(block) for block in re.findall(r":root \{(.*?)\}", tokens, re.S)[:2])
    for theme, wanted in (("light", {name: light[name] for name in dark}), ("dark", dark)):
        [block] = re.findall(rf"^\.{theme} \{{(.*?)\}}", embed, re.S | re.M)
        assert colours(block) == wanted, theme


def colours(block: str) -> dict[str, str]:
    return dict(re.findall(r"(--[\w-]+): ([^;]+);", block))


def test_who_may_see_no_board_is_told_so_and_offered_to_sign_in(client, acme):
    for key in ("features", "bugs"):
        boards.change(acme.team, key, access="private")
    page = client.simulate_get(ROADMAP).text
    assert "There is nothing to see here yet" in page and "/b/acme/sign-in?to=%2Froadmap" in page
