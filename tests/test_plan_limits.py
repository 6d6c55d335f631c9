"""What Free has room for: open posts, members, workspaces; that nobody loses a word by it, and no user hears of it."""

from concurrent.futures import ThreadPoolExecutor

import pytest
import stripes
from browser import Browser
from calls import call, session
from cast import ADA, BEN, CLEO, DAN
from program import Program
from queued import work_off
from visitors import Visitor, after, said

from service import db, jobs
from service.errors import Conflict, Invalid
from service.feedback import (
    billing,
    edits,
    kept,
    members,
    merges,
    moderation,
    plan_checks,
    planning,
    posts,
    preferences,
    team,
    workspaces,
)

FILL = """
WITH later AS (UPDATE workspace_counter SET next_post = 2000 WHERE workspace_id = %(workspace)s)
INSERT INTO post (workspace_id, number, board_id, status_id, author_id, title, body, votes)
SELECT %(workspace)s, 1000 + n, (SELECT min(id) FROM board WHERE workspace_id = %(workspace)s),
       (SELECT id FROM status WHERE workspace_id = %(workspace)s AND kind = 'open'), NULL, 'Wish ' || n, '', 0
  FROM generate_series(1, %(most)s) n"""
HELD = "SELECT number, held_because FROM post WHERE workspace_id = %(workspace)s AND held_at IS NOT NULL ORDER BY number"
LETTERS = "SELECT subject FROM letter WHERE kind = 'new_post' AND subject IS NOT NULL"
PRO = "UPDATE workspace SET plan = %(plan)s WHERE id = %(workspace)s"


def fill(company, most: int) -> None:
    db.changed(FILL, workspace=company.workspace.id, most=most)


def held(company) -> list:
    return db.rows(HELD, workspace=company.workspace.id)


def make(company, plan: str) -> None:
    db.changed(PRO, plan=plan, workspace=company.workspace.id)
    company.workspace = workspaces.find(company.workspace.id)


# ── open posts ──


def test_without_plans_there_is_no_limit(acme, here):
    fill(acme, 120)
    acme.post("One more")
    assert held(acme) == []


@pytest.mark.parametrize(("there", "waits"), [(79, False), (98, False), (99, False), (100, True), (101, True)])
def test_the_hundredth_open_post_stands_and_the_next_one_waits(acme, stripe, there, waits):
    fill(acme, there)
    number = acme.post("One more")
    assert held(acme) == ([(number, "plan")] if waits else [])


def test_it_holds_for_the_team_and_its_programs_too_and_not_for_what_is_planned(client, acme, stripe):
    fill(acme, 100)
    made = Program(client, acme).post("/posts", title="By a program")
    mine = posts.create(acme.writer, "By the team")
    planned = posts.create(acme.writer, "Planned at once", status="planned")
    assert made.status_code == 201 and [number for number, _ in held(acme)] == [made.json["number"], mine]
    assert posts.find(acme.team, planned).held is False and posts.find(acme.team, mine).held is True


def test_what_is_closed_deleted_merged_or_waits_takes_no_room(acme, globex, stripe):
    fill(acme, 99)
    fill(globex, 100)
    planning.set_status(acme.team, 1001, "done")
    edits.delete(acme.team, 1002)
    merges.merge(acme.team, 1003, 1004)
    for title in "ABCD":
        acme.post(title)
    assert held(acme) == []
    acme.post("E")
    assert len(held(acme)) == 1


def test_what_looks_like_spam_waits_as_that(client, acme, stripe):
    fill(acme, 100)
    call(client, acme, "posts", title="Buy", body="http://a.example http://b.example http://c.example http://d.example",
         submission="s" * 24)  # fmt: skip
    assert [why for _, why in held(acme)] == ["links"]


def test_its_author_sees_it_stand_and_nobody_else_sees_it(client, acme, stripe):
    fill(acme, 100)
    who = session(client, acme)
    made = call(client, acme, "posts", title="My wish for exports", session=who, submission="s" * 24)
    number = made.json["post"]["number"]
    assert held(acme) == [(number, "plan")] and "held" not in made.json["post"]
    cleo, dan = Visitor(client).be(acme), Visitor(client).be(acme, DAN)
    page = cleo.open(f"/b/acme/posts/{number}")
    assert page.status_code == 200 and "waits" not in said(page) and "My wish for exports" in said(page)
    assert "waits" not in said(cleo.open("/b/acme/me")) and "My wish for exports" in said(cleo.page)
    assert "My wish for exports" in said(cleo.open("/b/acme?sort=new"))
    assert dan.open(f"/b/acme/posts/{number}").status_code == 404
    assert "My wish" not in said(dan.open("/b/acme?sort=new"))
    assert "My wish" not in client.simulate_get("/b/acme?sort=new").text
    shown = call(client, acme, f"posts/{number}", session=who).json
    assert not shown["post"].get("held")
    listed = call(client, acme, "list", session=who, mine=True).json["data"]
    assert [(each["number"], each.get("held", False)) for each in listed] == [(number, False)]
    other = session(client, acme, DAN)
    assert call(client, acme, f"posts/{number}", session=other).status_code == 404
    own = kept.own(acme.workspace, CLEO["sub"])
    assert own["posts"][0]["held_at"] is None and "plan" not in str(own["posts"]) and "held" not in str(own["events"])


def test_who_writes_it_on_the_board_is_thanked_as_always(client, acme, stripe):
    fill(acme, 100)
    cleo = Visitor(client).be(acme)
    cleo.open("/b/acme/posts/new")
    cleo.do("/b/acme/posts/new", "write", title="A wish", body="", submission="q" * 24)
    assert [why for _, why in held(acme)] == ["plan"]
    words = said(after(cleo))
    assert "waits" not in words and "approv" not in words


def test_the_team_hears_of_it_and_reads_why(client, acme, stripe):
    preferences.choose(acme.team, "at_once", "weekly", "UTC", "en")
    fill(acme, 100)
    acme.post("My wish for exports")
    work_off()
    assert db.rows(LETTERS) == [("Waits for approval: post #2000: My wish for exports",)] * 2
    ada = Browser(client).sign_in(ADA)
    assert "no room for more open posts" in said(ada.open("/app/acme/moderation"))


def test_its_author_does_not_read_in_their_own_data_that_it_ever_waited(client, acme, stripe):
    fill(acme, 100)
    number = acme.post("My wish")
    make(acme, "pro")
    jobs.enqueue(plan_checks.CHECK)
    work_off()
    own = kept.own(acme.workspace, CLEO["sub"])
    assert held(acme) == [] and [each["number"] for each in own["posts"]] == [number] and own["events"]
    assert "held\"" not in str([each["data"] for each in own["events"]])


def test_letting_it_in_needs_room(client, acme, stripe):
    fill(acme, 100)
    number = acme.post("My wish")
    ada = Browser(client).sign_in(ADA)
    ada.open("/app/acme/moderation")
    answer = ada.send("/app/acme/moderation", do="approve", number=str(number))
    assert answer.status_code == 409 and "none can be let in" in answer.text and "Settings → Billing" in answer.text
    planning.set_status(acme.team, 1001, "done")
    assert moderation.approve(acme.team, [number]) == 1 and held(acme) == []
    assert moderation.approve(acme.team, [number]) == 0
    edits.change(acme.reader(), number, title="My better wish")  # nobody approved it: it is still its author's


def test_a_board_that_approves_first_is_no_way_around(acme, stripe):
    db.changed("UPDATE board SET approve_first = true")
    fill(acme, 99)
    numbers = [acme.post(f"Wish {number}") for number in range(3)]
    assert {why for _, why in held(acme)} == {"board"}
    with pytest.raises(Conflict, match="1 more can be let in"):
        moderation.approve(acme.team, numbers)
    assert moderation.approve(acme.team, numbers[:1]) == 1


@pytest.mark.parametrize("seconds", [20, -1])
def test_with_pro_all_of_them_are_let_in(client, acme, stripe, monkeypatch, seconds):
    monkeypatch.setattr(plan_checks, "SECONDS", seconds)
    monkeypatch.setattr(plan_checks, "SOME", plan_checks.SOME.replace("LIMIT 50", "LIMIT 2"))
    monkeypatch.setattr(plan_checks, "AT_ONCE", 2)
    fill(acme, 100)
    numbers = [acme.post(f"Waits {number}") for number in range(5)]
    cus = stripes.customer(stripe, acme)
    stripe.subscribe(cus)
    billing.refresh(acme.workspace.id)
    work_off()
    assert held(acme) == [] and "Waits 4" in client.simulate_get("/b/acme?sort=new").text
    told = db.row("SELECT count(*) FROM event WHERE type = 'post.approved'")[0]
    assert told == len(numbers) == 5


def test_what_was_written_at_that_very_moment_is_let_in_within_the_hour(acme, stripe):
    fill(acme, 100)
    acme.post("Late")
    make(acme, "pro")
    jobs.enqueue(plan_checks.CHECK)
    work_off()
    assert held(acme) == []


def test_where_plans_are_given_up_everything_is_let_in(acme, here, stripe):
    fill(acme, 100)
    acme.post("Waits")
    billing.start(here)
    jobs.enqueue(plan_checks.CHECK)
    work_off()
    assert held(acme) == []


def test_who_goes_back_to_free_keeps_everything_and_only_what_is_new_waits(client, acme, stripe):
    make(acme, "pro")
    fill(acme, 130)
    for name in ("gil", "hal", "ida"):
        team.invite(acme.team, f"{name}@acme.example")
    make(acme, "free")
    assert client.simulate_get("/b/acme/posts/1100").status_code == 200 and len(team.of(acme.team)) == 5
    acme.post("New")
    assert [why for _, why in held(acme)] == ["plan"]


@pytest.mark.parametrize(
    ("there", "words"),
    [(79, None), (80, "80 of 100 open posts on Free"), (99, "99 of 100 open posts"), (100, "all that Free has room for"),
     (130, "all that Free has room for")],
)  # fmt: skip
def test_the_team_sees_it_coming(client, acme, stripe, there, words):
    fill(acme, there)
    ada = Browser(client).sign_in(ADA)
    page = said(ada.open("/app/acme/roadmap"))
    assert words in page if words else "on Free" not in page and "Free has" not in page
    make(acme, "pro")
    assert "Free has" not in said(ada.open("/app/acme/roadmap")) and "on Free" not in said(ada.page)


# ── members and workspaces ──


def test_a_fourth_member_is_refused_in_words_and_the_third_is_not(client, acme, stripe):
    ada = Browser(client).sign_in(ADA)
    ada.open("/app/acme/settings/team")
    assert ada.send("/app/acme/settings/team", do="invite", email="gil@acme.example", role="member").status_code == 303
    ada.open("/app/acme/settings/team")
    answer = ada.send("/app/acme/settings/team", do="invite", email="hal@acme.example", role="member")
    assert answer.status_code == 409 and "room for 3 members" in answer.text and 'value="hal@acme.example"' in answer.text
    again = Program(client, acme).post("/members", email="hal@acme.example", role="member")
    assert again.status_code == 409 and again.json["code"] == "plan_members"
    assert team.invite(acme.team, BEN)[1] is False, "who is in has a seat"
    members.join(acme.workspace.id, members.person("gil@acme.example"), "member")
    assert len(team.of(acme.team)) == 3


def test_of_twenty_invitations_at_once_one_finds_a_seat(acme, stripe):
    def invite(number: int) -> bool:
        try:
            team.invite(acme.team, f"new-{number}@acme.example")
            return True
        except Conflict:
            return False
        finally:
            db.discard()

    def connected(number: int) -> bool:
        db.connect()
        return invite(number)

    with ThreadPoolExecutor(20) as pool:
        assert sum(pool.map(connected, range(20))) == 1
    assert len(team.of(acme.team)) == 3


def test_on_pro_a_team_grows(acme, stripe):
    make(acme, "pro")
    for number in range(5):
        team.invite(acme.team, f"new-{number}@acme.example")
    assert len(team.of(acme.team)) == 7


def test_who_owns_a_workspace_on_free_makes_it_pro_before_another(client, acme, stripe):
    with pytest.raises(Invalid, match="Acme"):
        members.found("Second", acme.owner)
    ada = Browser(client).sign_in(ADA)
    ada.open("/app/new")
    answer = ada.send("/app/new", name="Second")
    assert answer.status_code == 422 and "Make that one Pro first" in answer.text and 'value="Second"' in answer.text
    make(acme, "pro")
    assert members.found("Second", acme.owner).plan == "free"
    with pytest.raises(Invalid):
        members.found("Third", acme.owner)
    assert members.found("Ben’s own", members.person(BEN)).name == "Ben’s own", "a member owns nothing"
