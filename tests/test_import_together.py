"""Imports one after the other, beside each other, or on Free: counts stay right, nothing hangs, nobody is misled."""

import json

import pytest
from browser import Browser
from cast import ADA
from queued import work_off

from service import db
from service.db import listener
from service.feedback import import_limits, import_workers, imports, plan_limits, posts, undoing


def run(company, data, source="csv", **more):
    made = imports.begin(company.team, source, "file", data, {}, **more)
    work_off()
    return imports.find(company.team, made.id)


POSTS = b"Title,Id,Votes\nDark mode,p1,5\nExport,p2,2\n"
VOTES = b"Post ID,Voter Email\np1,a@y.example\np1,b@y.example\np1,c@y.example\n"


def counted(company, number=1):
    return posts.find(company.team, number).votes


def test_votes_that_get_a_name_later_are_counted_once(acme):
    run(acme, POSTS)
    named = run(acme, VOTES)
    assert (named.made, counted(acme), counted(acme, 2)) == (3, 5, 2)
    assert run(acme, VOTES).known == 3 and counted(acme) == 5
    more = "".join(f"p1,{n}@z.example\n" for n in range(4))
    run(acme, f"Post ID,Voter Email\n{more}".encode())
    assert counted(acme) == 7, "more names than votes were told"
    imports.undo(acme.team, named.id)
    work_off()
    assert counted(acme) == 7, "what lost its name is there again"
    assert imports.find(acme.team, named.id).state == "undone"


def page(kind, *items):
    return json.dumps({kind: items}).encode()


def test_the_pages_of_canny_may_come_one_by_one_or_all_together(acme, globex):
    voters = [{"id": f"u{n}", "name": f"Voter {n}"} for n in range(3)]
    post = {"id": "a", "title": "Dark mode", "score": 5, "author": voters[0]}
    votes = [{"post": {"id": "a"}, "voter": voter} for voter in voters]
    run(acme, page("posts", post), "canny")
    run(acme, page("votes", *votes), "canny")
    assert counted(acme) == 5
    run(globex, json.dumps([{"posts": [post]}, {"votes": votes}]).encode(), "canny")
    assert counted(globex) == 5


def test_many_voters_without_a_name_are_taken_back_some_at_a_time(acme, monkeypatch):
    monkeypatch.setattr(undoing, "NAMELESS_AT_ONCE", 7)
    monkeypatch.setattr(undoing, "HEAVY", 30)
    done = run(acme, b"Title,Id,Votes\n" + b"".join(b"Wish %d,%d,20\n" % (n, n) for n in range(5)))
    assert db.row('SELECT count(*) FROM "user"') == (100,)
    imports.undo(acme.team, done.id)
    work_off()
    assert imports.find(acme.team, done.id).state == "undone"
    for table in ('"user"', "post", "imported"):
        assert db.row(f"SELECT count(*) FROM {table}") == (0,), table


def test_votes_of_one_person_are_all_taken_back(acme, monkeypatch):
    monkeypatch.setattr(undoing, "AT_ONCE", 2)
    run(acme, b"Title,Id\n" + b"".join(b"Wish %d,%d\n" % (n, n) for n in range(5)))
    done = run(acme, b"Post ID,Voter Email\n" + b"".join(b"%d,a@y.example\n" % n for n in range(5)))
    imports.undo(acme.team, done.id)
    work_off()
    assert db.row('SELECT (SELECT count(*) FROM vote), (SELECT count(*) FROM "user")') == (0, 0)


def test_taking_back_that_died_can_begin_again_whoever_began_it(acme):
    done = run(acme, POSTS)
    imports.undo(acme.team, done.id, is_queued=False)  # by the command line, which died
    db.changed("UPDATE import SET finished_at = now() - interval '2 hours'")
    dead = imports.find(acme.team, done.id)
    assert (dead.state, dead.can_undo) == ("failed", True)
    assert imports.undo(acme.team, done.id).state == "undoing"
    assert imports.undo(acme.team, done.id).state == "undoing"
    work_off()
    assert imports.find(acme.team, done.id).state == "undone"
    assert db.row("SELECT count(*) FROM job") == (0,)


def test_what_somebody_works_on_by_the_command_line_has_not_failed(acme):
    done = run(acme, POSTS)
    with import_workers.by_hand(acme.team):
        imports.undo(acme.team, done.id, is_queued=False)
        assert imports.find(acme.team, done.id).state == "undoing"
    assert imports.find(acme.team, done.id).state == "failed"


def test_two_imports_into_one_workspace_wait_for_each_other(acme, here, monkeypatch):
    other = listener(here.database_url)
    other.cursor().execute("SELECT pg_advisory_lock(hashtext('sayso import'), %s)", [acme.workspace.id])
    real, met = import_workers.alone, []

    def alone(workspace):
        try:
            real(workspace)
        except import_workers.Busy:
            met.append(workspace)
            other.close()
            raise

    monkeypatch.setattr(import_workers, "alone", alone)
    db.changed("SET lock_timeout = 100")
    try:
        assert run(acme, POSTS).state == "done" and met
    finally:
        db.changed("RESET lock_timeout")


@pytest.fixture
def on_free():
    plan_limits.start(True)
    yield
    plan_limits.start(False)


def test_what_waits_because_the_plan_has_no_room_is_said_before_and_after(client, acme, on_free):
    table = "Title,Id,Status\n" + "".join(f"Wish {n},{n},Open\n" for n in range(102)) + "Done,x,Complete\nLast,y,Odd\n"
    rehearsed = run(acme, table.encode(), is_dry=True)
    said = "3 of them {} in Moderation: Free has room for 100 open posts."
    browser = Browser(client).sign_in(ADA)
    for done, waits in ((rehearsed, "would wait"), (run(acme, table.encode()), "wait")):
        assert (done.made, done.wrong) == (104, 0)
        assert import_limits.waiting(acme.workspace.id, done.id, done.is_dry) == said.format(waits)
        lines = [line.number for line in imports.lines(acme.team, done.id, 200, outcome="made") if line.said]
        assert lines == [101, 102, 104]
        assert said.format(waits) in browser.open(f"/app/acme/settings/import/{done.id}").text
    assert db.row("SELECT count(*) FROM post WHERE held_because = 'plan'") == (3,)


@pytest.mark.parametrize(("stood", "leads"), [("https://x.example/idea/1", 1), ("https://x.example/idea?id=1", 0),
                                            ("https://x.example/idea#1", 0)])  # fmt: skip
def test_an_address_that_a_query_completes_is_none_of_a_post(acme, stood, leads):
    run(acme, f"Title,Id,URL\nDark mode,1,{stood}\n".encode())
    assert db.row("SELECT count(*) FROM former_address") == (leads,)
