"""The first hour: five steps that tick themselves by what has happened, and a guide that never nags."""

import re
from html import unescape

import pytest
from browser import Browser
from calls import call, session
from cast import ADA, BEN
from crowd import at_once
from round_trips import Counter

from service import db
from service.feedback import guide, keys, posts, workspaces

START = "/app/globex/start"
SITE = "https://app.globex.example"
EVENTS = """
SELECT type, data, public FROM event WHERE workspace_id = %(workspace)s AND type <> 'member.signed_in' ORDER BY seq"""


CROWD = """
INSERT INTO "user" (workspace_id, external_id, kind)
SELECT %(workspace)s, 'anon_' || n, 'anonymous' FROM generate_series(1, 3000) n"""


@pytest.fixture
def eve(client, globex):
    browser = Browser(client).sign_in(globex.owner.email)
    browser.open(START)
    return browser


def texts(page) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page.text)).split())


def done(company) -> set[str]:
    return {step.key for step in guide.steps(company.team) if step.done}


def happened(company) -> list[tuple]:
    return db.rows(EVENTS, workspace=company.workspace.id)


# ── the tag is seen ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_first_page_that_opens_the_widget_is_remembered_and_told_to_the_team(client, globex):
    for site in (SITE, "https://other.example", SITE):
        assert call(client, globex, "opening", origin=site).status_code == 200
    assert happened(globex) == [("workspace.installed", {"origin": SITE}, False)]
    step = guide.steps(globex.team)[0]
    assert (step.key, step.done, step.from_where) == ("tag", True, SITE)


def test_many_first_pages_at_once_are_one(client, globex):
    at_once(lambda number: guide.record_load(globex.workspace, f"https://site-{number}.example"))
    assert [event[0] for event in happened(globex)] == ["workspace.installed"]


@pytest.mark.parametrize("origin", [None, "null", "", "file://", "http://127.0.0.1:8000", "http://falconframework.org",
                                    "https://" + "x" * 400, "https://a.example/path",
                                    "https://a.example\ud800"])  # fmt: skip
def test_pages_of_ours_and_pages_without_an_address_are_not_a_customers_site(client, globex, origin):
    if origin is None or origin.isascii():
        call(client, globex, "opening", origin=origin)
    else:
        guide.record_load(globex.workspace, origin)
    assert "tag" not in done(globex) and happened(globex) == []


def test_a_refused_site_is_not_one_that_carries_the_tag(client, globex):
    workspaces.set_origins(globex.workspace, SITE)
    assert call(client, globex, "opening", origin="https://evil.example").status_code == 403
    assert "tag" not in done(globex)


def test_once_it_is_seen_opening_costs_nothing_more(client, globex):
    counted = {}
    for name in ("first", "second", "third"):
        with Counter().into(counted, name):
            call(client, globex, "opening", origin=SITE)
    assert counted["first"] > counted["second"] == counted["third"]


# ── the steps ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_steps_tick_themselves_one_after_the_other(client, eve, globex):
    assert done(globex) == set() and "0 of 5" in texts(eve.open(START))
    call(client, globex, "opening", origin=SITE)
    assert done(globex) == {"tag"} and f"A page of {SITE} has opened it" in texts(eve.open(START))
    call(client, globex, "posts", title="Dark mode", origin=SITE)
    assert done(globex) == {"tag", "feedback"}
    eve.open(START)
    assert eve.send(START, do="invite", email="gil@globex.example").status_code == 303
    assert done(globex) == {"tag", "feedback", "team"} and guide.left(globex.workspace) == 2
    session(client, globex)
    assert "identity" in done(globex)
    client.simulate_get("/api/v1/posts", headers=globex.bearer())
    assert len(done(globex)) == 5 and guide.left(globex.workspace) == 0
    page = texts(eve.open(START))
    assert "Everything is set up" in page and "5 of 5" in page


def test_what_the_team_wrote_itself_is_not_yet_feedback(globex):
    posts.create(globex.writer, "What we heard on the phone")
    assert done(globex) == set()
    globex.post("Dark mode")
    assert done(globex) == {"feedback"}


def test_users_that_only_the_api_named_do_not_tick_the_tokens(globex):
    globex.user()
    keys.create(globex.workspace, globex.owner, "unused")
    assert done(globex) == set()


def test_a_wrong_address_is_kept_beside_its_reason(eve, globex):
    page = eve.send(START, do="invite", email="gil")
    assert page.status_code == 422 and 'id="email-error"' in page.text and 'value="gil"' in page.text


def test_a_workspace_with_many_users_is_looked_at_as_cheaply_as_an_empty_one(globex):
    db.changed(CROWD, workspace=globex.workspace.id)
    counted = {}
    with Counter().into(counted, "steps"):
        guide.steps(globex.team)
    assert counted["steps"] == 1
    [[plan]] = db.rows(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {guide.STEPS}", workspace=globex.workspace.id)
    assert plan[0]["Plan"]["Shared Hit Blocks"] + plan[0]["Plan"]["Shared Read Blocks"] < 300


# ── never nagging ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_put_away_it_stays_away_and_costs_no_query(eve, globex):
    assert START in eve.open("/app/globex/settings").text
    eve.open(START)
    for _ in range(2):
        sent = eve.send(START, do="dismiss")
        assert (sent.status_code, sent.headers["location"]) == (303, "/app/globex/inbox")
        eve.open(START)
    assert START not in re.sub(r"<main.*", "", eve.open("/app/globex/settings").text, flags=re.DOTALL)
    assert happened(globex) == [("workspace.updated", {"changed": ["guide"]}, False)]
    counted = {}
    with Counter().into(counted, "left"):
        assert guide.left(workspaces.find(globex.workspace.id)) == 0
    assert counted["left"] == 1  # to find the workspace
    assert eve.open(START).status_code == 200  # who wants it finds it


def test_a_new_workspace_begins_with_the_first_steps(eve):
    eve.open("/app/new")
    answer = eve.send("/app/new", name="Fern & Söhne")
    assert (answer.status_code, answer.headers["location"]) == (303, "/app/fern-sohne/start")
    page = eve.open("/app/fern-sohne/start")
    assert "Fern & Söhne" in texts(page) and 'data-key="' in texts(page)


def test_a_plain_member_reads_the_steps_and_puts_nothing_away(client, acme):
    ben = Browser(client).sign_in(BEN)
    page = ben.open("/app/acme/start")
    assert page.status_code == 200 and 'value="dismiss"' not in page.text and 'value="invite"' not in page.text
    for does in ("dismiss", "invite"):
        ben.open("/app/acme/start")
        assert ben.send("/app/acme/start", do=does, email=ADA).status_code == 403
    assert workspaces.by_slug("acme").guide_dismissed_at is None
