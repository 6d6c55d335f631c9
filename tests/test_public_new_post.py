"""The page on which visitors of the board write a post: what it asks, what it keeps, and what comes of it."""

import re
from html import unescape

import pytest
from cast import CLEO, DAN
from lowered import lower
from queued import work_off
from round_trips import Counter
from visitors import Visitor

from service import db
from service.feedback import blocking, boards, fields, general, posts, segments, users
from service.web.guards import user_token

PAGE = "/b/acme/posts/new"
LETTERS = "SELECT kind, to_email, to_name FROM letter ORDER BY id"
WRITTEN = 'SELECT p.title, u.kind, p.fields::text FROM post p JOIN "user" u ON u.id = p.author_id ORDER BY p.number'
DRAFT = "Zm9yIHRlc3RzIG9ubHk-a-random-name-of-a-draft"


@pytest.fixture
def nobody(client):
    return Visitor(client)


@pytest.fixture
def cleo(client, acme):
    return Visitor(client).be(acme)


def written() -> list[tuple]:
    return db.rows(WRITTEN)


def value(page, name: str) -> str | None:
    found = re.search(rf'name="{re.escape(name)}" value="([^"]*)"', page.text)
    return found and unescape(found[1])


def notice(visitor) -> str:
    """What is said where the form led to."""
    assert visitor.page.status_code == 303, visitor.page.text
    return unescape(visitor.open(visitor.page.headers["location"]).text.partition('<div class="notice">')[2])


def ask_email(company, when: str) -> None:
    general.change(company.team, ask_email=when)


# ── the form ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_page_costs_two_statements_and_nobody_keeps_it(client, acme):
    counted = {}
    client.simulate_get(PAGE)
    with Counter().into(counted, "new"):
        page = client.simulate_get(PAGE)
    assert counted["new"] == 2 and page.headers["cache-control"] == "no-store" and not page.cookies
    assert len(value(page, "submission")) == 43 != value(client.simulate_get(PAGE), "submission")


def test_a_board_and_a_title_can_come_with_the_address(nobody, acme):
    page = nobody.open(PAGE, params={"board": "bugs", "title": '"><b>Dark\u202e mode' + "x" * 300})
    assert '<option value="bugs" selected>' in page.text and value(page, "title").startswith('"><b>Dark modexx')
    assert len(value(page, "title")) <= posts.LONGEST_TITLE
    for query, status in (("board=nowhere", 200), ("title=", 200), ("title=a&title=b", 422), ("board=a&board=b", 422)):
        assert nobody.open(PAGE, query_string=query).status_code == status, query


def test_somebody_without_a_name_writes_and_is_known_again(nobody, acme):
    page = nobody.open(PAGE)
    nobody.do(PAGE, "write", title=" Dark  mode ", body="For **owls**", board="bugs", submission=value(page, "submission"))
    assert nobody.page.headers["location"] == "/b/acme/posts/1" and "Thank you" in notice(nobody)
    assert "<strong>owls</strong>" in nobody.page.text and 'aria-pressed="true"' in nobody.page.text
    assert written() == [("Dark mode", "anonymous", "{}")] and "yours" in nobody.open("/b/acme").text


def test_sent_twice_it_is_one_post_even_by_who_is_not_known_yet(client, acme, cleo):
    for visitor, draft in ((Visitor(client), DRAFT), (Visitor(client), DRAFT), (cleo, DRAFT + "2"), (cleo, DRAFT + "2")):
        visitor.do(PAGE, "write", title="Dark mode", submission=draft)
        assert visitor.page.status_code == 303
    assert [kind for _, kind, _ in written()] == ["anonymous", "identified"]


def test_what_is_refused_says_why_in_the_readers_language_and_keeps_every_word(nobody, acme):
    long = "x" * (posts.LONGEST_BODY + 1)
    page = nobody.do(f"{PAGE}?lang=de", "write", title=" \u200b ", body=f"<b>{long}", board="bugs", submission=DRAFT)
    assert page.status_code == 422 and written() == [] and "sayso-acme" not in nobody.cookies
    assert "Bitte schreiben Sie zuerst einen kurzen Titel." in page.text or 'id="title-error"' in page.text
    assert f"&lt;b&gt;{long}</textarea>" in page.text and '<option value="bugs" selected>' in page.text
    assert value(page, "submission") == DRAFT and "Please" not in page.text.split("<main")[1]
    page = nobody.do(PAGE, "write", title="x" * 201)
    assert "höchstens 200 Zeichen" in page.text and value(page, "title") == "x" * 201
    gone = nobody.do(PAGE, "write", title="Dark mode", board="nowhere")
    assert gone.status_code == 422 and 'id="board-error"' in gone.text and value(gone, "title") == "Dark mode"


def test_whatever_is_sent_never_breaks_it(nobody, acme):
    odd = ({}, {"title": "a", "submission": "x" * 5_000}, {"title": b"\0\xed\xa0\x80"}, {"title": ["a", "b"]},
           {"title": "c", "board": "x" * 9_000}, {"title": "d", "fields.nowhere": "1"},
           {"title": "e", "email": "\0" * 500})  # fmt: skip
    for typed in odd:
        assert nobody.do(PAGE, "write", **typed).status_code in (303, 422), typed
    assert nobody.do(PAGE, "instead", number="x").status_code == 404
    assert nobody.do(PAGE, "look", title="\0" * 100).status_code == 200


# ── what a workspace asks ───────────────────────────────────────────────────────────────────────────────────────────


def test_each_board_asks_its_own_fields_which_must_fit(nobody, acme):
    fields.create(acme.team, "browser", "Browser", "select", options=["Firefox", "Lynx <3>"], board="bugs", required=True)
    fields.create(acme.team, "times", "How often", "number")
    assert "Browser" not in nobody.open(PAGE).text and "How often" in nobody.page.text
    page = nobody.do(PAGE, "look", board="bugs", title="")
    assert ">Lynx &lt;3&gt;</option>" in page.text
    page = nobody.do(PAGE, "write", title="Crash", board="bugs", **{"fields.times": "often"})
    assert page.status_code == 422 and value(page, "fields.times") == "often" and 'id="fields.times-error"' in page.text
    page = nobody.do(PAGE, "write", title="Crash", board="bugs", **{"fields.times": "3"})
    assert 'id="fields.browser-error"' in page.text and "Please fill this in." in page.text and written() == []
    nobody.do(PAGE, "write", title="Crash", board="bugs", **{"fields.times": "3", "fields.browser": "Lynx <3>"})
    assert notice(nobody) and written() == [("Crash", "anonymous", '{"times": 3, "browser": "Lynx <3>"}')]


def test_who_leaves_an_address_is_asked_by_letter_whether_it_was_them(nobody, acme):
    ask_email(acme, "required")
    assert 'type="email"' in nobody.open(PAGE).text
    page = nobody.do(PAGE, "write", title="Dark mode", email="zoe", name="Zoë")
    assert page.status_code == 422 and (value(page, "email"), value(page, "name")) == ("zoe", "Zoë")
    assert 'id="email-error"' in page.text and written() == []
    page = nobody.do(PAGE, "write", title="Dark mode", email="zoe@home.example", name="Acme team")
    assert 'id="name-error"' in page.text and written() == []
    for _ in range(2):
        nobody.do(PAGE, "write", title="Dark mode", email="zoe@home.example", name="Zoë", submission=DRAFT)
    assert "zoe@home.example" in notice(nobody)
    assert db.rows(LETTERS) == [("guest", "zoe@home.example", "Zoë")] and len(written()) == 1


def test_an_address_is_asked_of_nobody_whom_the_product_knows_and_may_be_left_out(client, nobody, acme, cleo):
    ask_email(acme, "optional")
    assert 'type="email"' in nobody.open(PAGE).text and 'type="email"' not in cleo.open(PAGE).text
    assert "Posting as Cleo" in cleo.page.text
    nobody.do(PAGE, "write", title="Dark mode", email="", name="")
    cleo.do(PAGE, "write", title="Export", email="x", name="y")
    assert [kind for _, kind, _ in written()] == ["anonymous", "identified"] and db.rows(LETTERS) == []


def test_a_post_that_waits_for_the_team_says_so(client, cleo, acme):
    boards.change(acme.team, "bugs", approve_first=True)
    cleo.do(PAGE, "write", title="Crash", board="bugs")
    assert "waits for the team’s approval" in notice(cleo)
    assert Visitor(client).open("/b/acme/posts/1").status_code == 404 and "Crash" not in Visitor(client).open("/b/acme").text


def test_nobody_writes_where_they_may_not(client, nobody, acme, cleo):
    segments.create(acme.team, "big", "Big ones", [{"field": "company.mrr", "op": "at_least", "value": 1000}])
    boards.create(acme.team, "vip", "For a few", access="segments", segments=["big"])
    assert nobody.do(PAGE, "write", title="Dark mode", board="vip").status_code == 422
    dan = Visitor(client).be(acme, DAN)
    assert dan.do(PAGE, "write", title="Dark mode", board="vip").status_code == 303
    blocking.block(acme.team, CLEO["sub"])
    cleo.cookies["sayso-acme"] = user_token("visitor", acme.workspace, users.find(acme.workspace, CLEO["sub"]))
    refused = cleo.do(PAGE, "write", title="Spam", body="kept")
    assert refused.status_code == 403 and 'role="alert"' in refused.text and "kept</textarea>" in refused.text
    assert [title for title, _, _ in written()] == ["Dark mode"]
    assert nobody.open("/b/nowhere/posts/new").status_code == 404


# ── what is like it ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_similar_posts_are_shown_without_losing_a_word_and_without_counting_as_a_deed(nobody, acme, monkeypatch):
    acme.post("Dark mode"), acme.post("Dark secret", board="bugs")
    work_off()
    lower(monkeypatch, FIRST_DEEDS=1)
    for _ in range(3):
        page = nobody.do(PAGE, "look", title="night theme", body="For owls", submission=DRAFT)
    assert page.status_code == 200 and "Dark mode" in page.text and "same meaning" in page.text
    assert "For owls</textarea>" in page.text and (value(page, "title"), value(page, "submission")) == ("night theme", DRAFT)
    assert not nobody.cookies and written() == [("Dark mode", "identified", "{}"), ("Dark secret", "identified", "{}")]
    assert "Nothing like it so far" in nobody.do(PAGE, "look", title="zxcv qwer").text
    nobody.do(PAGE, "instead", number=1)
    assert nobody.page.headers["location"] == "/b/acme/posts/1" and "counted" in notice(nobody)
    assert "You voted" in nobody.do(PAGE, "look", title="night theme").text
