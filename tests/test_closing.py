"""The end of a workspace: planned by an owner, called off by whoever runs it, and after a week nothing is left of it."""

import threading
import time

import pytest
from browser import Browser
from calls import call
from cast import ADA, BEN, CLEO, DAN, EVE
from closings import TENANTS, counted, end, planned, run_job, texts, told
from dumps import dump, found, lines
from proving import let_time_go_by
from queued import threads, work_off
from uploads import PDF, send

from service import db
from service.errors import Conflict, Forbidden, Invalid, NotFound
from service.feedback import changelog, clearing, closing, comments, members, sign_in, team, votes, workspaces

PAGE = "/app/acme/settings/privacy"


@pytest.fixture
def ada(client, acme):
    return Browser(client).sign_in(ADA)


@pytest.fixture
def ben(client, acme):
    return Browser(client).sign_in(BEN)


def live(client, company) -> None:
    """Something in it, and something of that waits."""
    company.post("Zqpost", f"Zqbody-{company.workspace.name}", by=CLEO)
    company.post("Another", by=DAN)
    votes.cast(company.reader(DAN), 1)
    comments.create(company.reader(DAN), 1, "Zqcomment")
    send(client, company, PDF, "zqfile.pdf")
    changelog.create(company.team, "Zqnews", "Zqtext")
    work_off()
    company.post("Zqlast", by=CLEO)  # with its jobs


def wait_for_a_lock() -> None:
    """Until somebody waits for what we hold."""
    while db.row("SELECT count(*) FROM pg_locks WHERE NOT granted") == (0,):
        time.sleep(0.01)


# ── to plan it ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_owner_plans_it_everybody_who_runs_it_is_told_and_it_can_be_kept(ada, ben, acme):
    team.set_role(acme.team, members.person(BEN).id, "admin")
    assert "Erase “Acme”" in texts(ada.open(PAGE))
    assert ada.send(PAGE, do="plan", slug=" acme ").status_code == 303
    page = texts(ada.open("/app/acme/inbox"))
    assert "This workspace is erased on" in page and "Keep it" in page
    work_off()
    letters = db.rows("SELECT to_email, subject, text FROM letter WHERE kind = 'workspace_erasure' ORDER BY to_email")
    assert [email for email, *_ in letters] == [ADA, BEN]
    assert "Acme will be erased on" in letters[0][1] and "Ada decided this." in letters[1][2] and PAGE in letters[1][2]
    assert "This workspace is erased on" in texts(ben.open("/app/acme/insights"))
    assert ben.send(PAGE, do="keep").status_code == 303
    assert "erased on" not in texts(ben.open("/app/acme/inbox")) and planned(acme) is None
    assert told(acme) == ["erasure_planned", "erasure_called_off"]
    assert "planned to erase the workspace" in texts(ada.open("/app/acme/settings/audit"))


def test_until_then_everything_goes_on_working(client, acme, ada):
    closing.plan(acme.team, "acme")
    run_job()
    assert acme.post("Still here") == 1 and client.simulate_get("/b/acme").status_code == 200
    assert "Still here" in ada.open("/app/acme/inbox").text


@pytest.mark.parametrize("typed", ["", "Acme", "acme2", "globex"])
def test_another_address_is_not_this_one_and_nothing_is_planned(ada, acme, typed):
    ada.open(PAGE)
    page = ada.send(PAGE, do="plan", slug=typed)
    assert page.status_code == 422 and "This is not its address." in page.text and planned(acme) is None


def test_planned_twice_it_keeps_its_day_and_kept_twice_it_stays(acme):
    first = closing.plan(acme.team, "acme")
    assert closing.plan(acme.team, "acme") == first and told(acme) == ["erasure_planned"]
    closing.call_off(acme.team)
    closing.call_off(acme.team)
    assert told(acme) == ["erasure_planned", "erasure_called_off"]


def test_only_who_showed_lately_who_they_are_plans_it(ada, acme):
    let_time_go_by()
    ada.open(PAGE)
    page = ada.send(PAGE, do="plan", slug="acme")
    assert page.status_code == 403 and "Is this you?" in page.text and planned(acme) is None


def test_neither_a_member_nor_an_admin_nor_anybody_elses_owner_plans_it(client, acme, globex, ben):
    assert "Only an owner can do this." in texts(ben.open(PAGE))
    assert ben.send(PAGE, do="plan", slug="acme").status_code == 403
    team.set_role(acme.team, members.person(BEN).id, "admin")
    ben.open(PAGE)
    assert ben.send(PAGE, do="plan", slug="acme").status_code == 403
    eve = Browser(client).sign_in(EVE)
    eve.open("/app/globex/settings/privacy")
    assert eve.send(PAGE, do="plan", slug="acme").status_code == 404
    assert client.simulate_post(PAGE, body="do=plan&slug=acme").headers["location"] == "/app/sign-in"
    with pytest.raises(Forbidden):
        closing.plan(acme.team._replace(person=globex.owner.id), "acme")
    assert planned(acme) is None and told(acme) == []


def test_a_member_reads_of_it_and_cannot_keep_it(acme, ben):
    closing.plan(acme.team, "acme")
    page = texts(ben.open(PAGE))
    assert "It is erased on" in page and "Keep" not in page
    assert ben.send(PAGE, do="keep").status_code == 403 and planned(acme)


def test_a_letter_about_what_was_called_off_is_not_sent(acme):
    closing.plan(acme.team, "acme")
    work_off(1)
    closing.call_off(acme.team)
    work_off()
    assert db.rows("SELECT DISTINCT state FROM letter WHERE kind = 'workspace_erasure'") == [("withdrawn",)]


def test_nothing_that_is_no_address_is_taken(acme):
    with pytest.raises(Invalid):
        closing.plan(acme.team, "acme\0")


# ── its time has come ───────────────────────────────────────────────────────────────────────────────────────────────


def test_case_80_nothing_is_left_of_it_and_all_of_the_other(client, acme, globex, url, folder):
    live(client, acme)
    live(client, globex)
    session = call(client, acme, "session", user_token=acme.token()).json["session"]
    ada = Browser(client).sign_in(ADA)
    before = counted(globex)
    end(acme)
    run_job()
    assert counted(acme) == {} and counted(globex) == before
    assert db.rows("SELECT slug FROM workspace") == [("globex",)]
    text = dump(url, folder)
    traces = ["acme.example", "Zqbody-Acme", acme.workspace.public_id]
    assert found(text, traces) == [], lines(text, traces)
    assert "Zqbody-Globex" in text
    assert db.rows("SELECT email FROM person") == [(EVE,)] and db.rows("SELECT count(*) FROM session") == [(0,)]
    assert client.simulate_get("/b/acme").status_code == 404 and ada.open("/app/acme/inbox").status_code == 303
    assert call(client, acme, "opening", session=session).status_code in (401, 404)
    assert client.simulate_get("/api/v1/posts", headers=acme.bearer()).status_code == 401


def test_every_table_of_a_workspace_is_cleared(here):
    assert sorted(clearing.CLEARED) == sorted(table for (table,) in db.rows(TENANTS))


def test_killed_at_any_moment_the_next_run_goes_on(client, acme, globex):
    live(client, acme)
    live(client, globex)
    before = counted(globex)
    end(acme)
    runs = 0
    while not clearing.erase(acme.workspace.id, ends=0):  # one piece a run
        runs += 1
        assert client.simulate_get("/b/acme").status_code == 404
    assert runs > 10 and counted(acme) == {} and counted(globex) == before


def test_what_is_left_after_a_while_is_another_jobs(client, acme, monkeypatch):
    live(client, acme)
    end(acme)
    monkeypatch.setattr(clearing, "SECONDS", 0)
    run_job()
    assert counted(acme) and db.row("SELECT count(*) FROM job WHERE kind = %(kind)s", kind=clearing.ERASE) == (1,)
    work_off(60)
    assert counted(acme) == {} and db.rows("SELECT count(*) FROM workspace") == [(0,)]


def test_two_at_once_take_turns(client, acme, globex):
    live(client, acme)
    live(client, globex)
    before = counted(globex)
    end(acme)
    together = threading.Barrier(2)

    def run(_):
        together.wait()
        return clearing.erase(acme.workspace.id, ends=float("inf"))

    with threads(2) as pool:
        assert list(pool.map(run, range(2))) == [True, True]
    assert counted(acme) == {} and counted(globex) == before


def test_its_day_has_come_and_until_it_is_closed_it_can_be_kept(acme, ada):
    end(acme)
    assert "Keep the workspace" in texts(ada.open(PAGE))
    assert ada.send(PAGE, do="keep").status_code == 303 and planned(acme) is None
    run_job()
    assert workspaces.find(acme.workspace.id).slug == "acme"


def test_closed_it_cannot_be_kept_and_gone_there_is_nothing_to_keep(acme):
    end(acme)
    clearing.close(acme.workspace.id)
    with pytest.raises(Conflict, match="too late"):
        closing.call_off(acme.team)
    assert planned(acme)
    run_job()
    with pytest.raises(NotFound):
        closing.call_off(acme.team)


def test_kept_at_the_moment_at_which_it_is_closed_one_of_both_holds(acme):
    end(acme)
    with threads(1) as pool:
        with db.database.atomic():
            clearing.close(acme.workspace.id)
            kept = pool.submit(closing.call_off, acme.team)
            wait_for_a_lock()
        with pytest.raises(Conflict, match="too late"):
            kept.result(10)
    assert planned(acme)


def test_people_of_another_team_and_who_runs_the_server_stay(acme, globex):
    team.invite(globex.team, BEN)
    db.changed("INSERT INTO installation (key_check) VALUES ('k')")
    db.changed("UPDATE installation SET operator_id = %(ada)s", ada=acme.owner.id)
    dora = members.person("dora@acme.example")
    team.invite(acme.team, dora.email)
    end(acme)
    run_job()
    assert db.rows("SELECT email FROM person ORDER BY email") == [(ADA,), (BEN,), (EVE,)]


def test_who_was_here_only_can_begin_anew(client, acme):
    sign_in.make_link(ADA)
    end(acme)
    run_job()
    assert db.rows("SELECT count(*) FROM sign_in_link") == [(0,)]
    ada = members.person(ADA, "Ada")
    assert members.found("Acme", ada).slug == "acme"


def test_the_demo_is_forgotten_with_its_workspace(acme):
    db.changed("INSERT INTO installation (key_check) VALUES ('k')")
    db.changed("UPDATE installation SET demo_id = %(id)s", id=acme.workspace.id)
    end(acme)
    run_job()
    assert db.rows("SELECT demo_id FROM installation") == [(None,)]


def test_nothing_is_due_and_nothing_happens(acme, globex):
    before = counted(acme), counted(globex)
    run_job()
    assert (counted(acme), counted(globex)) == before
