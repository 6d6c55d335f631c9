"""A product manager's morning: fifty posts, two hands on the keyboard, no mouse."""

import pytest
from cast import Company
from installation import until
from playwright.sync_api import expect

from service import db
from service.db import database
from service.feedback import members, tags

TESS = "tess@triage.example"
POSTS = 50
# what is done to each ten of them: one key, what is typed then, and the event that it makes
PLANNED, TAGGED, MINE, MERGED = ("s", "plan"), ("t", "slo"), ("a", "tess"), ("m", "#1")
ROUND = [PLANNED, PLANNED, TAGGED, MINE, PLANNED, MERGED, TAGGED, MINE, PLANNED, "undo"]

LAST_EVENT = """
SELECT e.type, e.data->>'to', e.data->>'added', e.data->>'assignee', e.data->>'into', e.person_id IS NOT NULL FROM event e
 WHERE e.workspace_id = %(workspace)s AND e.post_number = %(number)s ORDER BY seq DESC LIMIT 1"""
WAITS = """
SELECT extract(epoch FROM j.run_at - now())::float FROM letter l
  JOIN event e ON e.workspace_id = l.workspace_id AND e.seq = l.event_seq
  JOIN job j ON j.workspace_id = l.workspace_id AND j.args = jsonb_build_object('letter', l.id)
 WHERE l.workspace_id = %(workspace)s AND e.post_number = %(number)s AND l.kind = 'status_changed'"""
HURRY = "UPDATE job SET run_at = now() WHERE workspace_id = %(workspace)s AND kind = 'letter.send'"
STATES = """
SELECT to_email, l.state FROM letter l WHERE workspace_id = %(workspace)s AND kind = 'status_changed'"""
FACTS = """
SELECT count(*) FILTER (WHERE s.key = 'planned'), count(*) FILTER (WHERE p.assignee_id IS NOT NULL),
       count(*) FILTER (WHERE p.merged_into = 1), count(*) FILTER (WHERE s.kind = 'open' AND p.merged_into IS NULL),
       (SELECT count(*) FROM post_tag WHERE workspace_id = %(workspace)s), max(p.votes)
  FROM post p JOIN status s ON s.workspace_id = p.workspace_id AND s.id = p.status_id WHERE p.workspace_id = %(workspace)s"""


@pytest.fixture
def triage(sayso):
    """A workspace of Tess's own in the running installation, with fifty posts of fifty users."""
    db.start(sayso.database_url, connections=2)
    db.connect()
    tess = members.person(TESS, "Tess")
    made = Company(members.found("Triage", tess), tess)
    tags.create(made.team, "slow", "Slow")
    for number in range(1, POSTS + 1):
        made.post(f"Wish {number}", by={"sub": f"user-{number}", "email": voter(number)})
    yield made
    db.discard()
    database.close_all()


@pytest.fixture
def desk(browser, sayso, triage, watched):
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = watched(context.new_page())
    page.goto(sayso.command("sign-in", TESS).strip())
    page.get_by_role("button", name="Sign in").click()
    page.goto(f"{sayso.base_url}/app/{triage.workspace.slug}/inbox?status=open")
    yield page
    context.close()


def voter(number: int) -> str:
    return f"user-{number}@triage-customer.example"


def focused(page) -> int:
    """The number of the post whose line has the focus."""
    return page.evaluate("Number(document.activeElement.closest('li')?.dataset.number || 0)")


def choose(page, key: str, typed: str) -> None:
    page.keyboard.press(key)
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.type(typed)
    expect(page.get_by_role("dialog").get_by_role("option").first).to_be_visible()
    page.keyboard.press("Enter")


def shows(page, still_open: int) -> None:
    expect(page.get_by_role("link", name=f"Open {still_open}", exact=True)).to_be_visible()


def test_triages_50_posts_by_keyboard_alone(desk, triage, letters, complaints):
    place, tess = {"workspace": triage.workspace.id}, str(triage.owner.id)
    told, merged, withdrawn = [], [], []
    listing, position, still_open = list(range(POSTS, 0, -1)), 0, POSTS
    shows(desk, POSTS)
    desk.keyboard.press("j")
    for turn in range(POSTS):
        number, what = listing[position], ROUND[turn % len(ROUND)]
        until(lambda number=number: focused(desk) == number)
        if what in (TAGGED, MINE):
            choose(desk, *what)
            tag, member, words = ("slow", None, "Slow") if what is TAGGED else (None, tess, "Assigned to Tess")
            expected = ("post.updated", None, tag, member, None, True)
            desk.locator(f"#post-{number}").get_by_text(words, exact=True).wait_for(state="attached")
            assert focused(desk) == number  # the row is another one now, and the focus is where it was
            desk.keyboard.press("j")
            position += 1
        elif what == "undo":
            choose(desk, "s", "done")
            shows(desk, still_open - 1)
            desk.keyboard.press("u")
            expect(desk.locator(f"#post-{number}")).to_be_visible()
            expected = ("post.status_changed", "open", None, None, None, True)
            withdrawn.append(number)
            position += 1
        else:
            choose(desk, *what)
            still_open -= 1
            listing.remove(number)
            if what is PLANNED:
                told.append(number)
                expected = ("post.status_changed", "planned", None, None, None, True)
                waits = until(lambda number=number: db.row(WAITS, **place, number=number))
                assert 0 < waits[0] <= 30
            else:
                merged.append(number)
                withdrawn.append(number)  # who follows it follows #1 now, which comes last and is taken back
                expected = ("post.merged", None, None, None, "1", True)
            expect(desk.locator(f"#post-{number}")).to_have_count(0)
        shows(desk, still_open)
        assert until(lambda number=number: db.row(LAST_EVENT, **place, number=number)) == expected, (turn, what)

    assert db.row(FACTS, **place) == (20, 10, 5, 25, 10, 6)
    # letters: none before its time, one for each status that stayed, none for those that were taken back
    db.changed(HURRY, **place)
    states = until(lambda: (found := dict(db.rows(STATES, **place))) and "waiting" not in found.values() and found)
    assert states == {**{voter(number): "sent" for number in told}, **{voter(number): "withdrawn" for number in withdrawn}}
    arrived = [to for to, letter in letters.received if to.endswith("@triage-customer.example")]
    assert sorted(arrived) == sorted(map(voter, [*told, *merged]))
    assert complaints == []


def test_new_posts_wait_at_the_top_and_move_nothing(desk, triage, complaints):
    for _ in range(3):
        desk.keyboard.press("j")
    desk.keyboard.press("x")
    first = desk.locator(".rows > li").first
    expect(first).to_have_id(f"post-{POSTS}")
    triage.post("A brand new wish", by={"sub": "user-1"})
    triage.post("Another one", by={"sub": "user-2"})
    button = desk.get_by_role("button", name="2 new posts")
    expect(button).to_be_visible()
    expect(first).to_have_id(f"post-{POSTS}")
    assert focused(desk) == POSTS - 2
    expect(desk.get_by_role("checkbox", name=f"Select #{POSTS - 2}:")).to_be_checked()
    button.click()
    expect(first).to_contain_text("Another one")
    assert focused(desk) == POSTS + 2
    expect(desk.get_by_role("checkbox", name=f"Select #{POSTS - 2}:")).to_be_checked()

    desk.keyboard.press("?")
    expect(desk.get_by_role("dialog", name="Keys")).to_contain_text("Merge into another post")
    desk.keyboard.press("Escape")
    desk.keyboard.press("/")
    desk.keyboard.type("sjk")
    expect(desk.get_by_label("Search posts")).to_have_value("sjk")
    assert complaints == []
