"""The end of a workspace: planned by an owner, called off by whoever runs it, and after a week nothing is left of it."""

import re
import threading
import time
from html import unescape

import pytest
import stripes
from browser import Browser
from calls import call
from cast import ADA, BEN, CLEO, DAN, EVE
from dumps import dump, found, lines
from proving import let_time_go_by
from queued import in_another_thread, threads, work_off
from uploads import PDF, send

from service import db, jobs
from service.errors import Conflict, Forbidden, Invalid, NotFound, PaymentAway
from service.feedback import billing, changelog, checkouts, clearing, closing, comments, members, plan_checks, sign_in, team, votes, workspaces

PAGE = "/app/acme/settings/privacy"
TENANTS = """
SELECT DISTINCT quote_ident(c.table_name) FROM information_schema.columns c
  JOIN information_schema.tables t USING (table_schema, table_name)
 WHERE c.table_schema = 'public' AND c.column_name = 'workspace_id' AND t.table_type = 'BASE TABLE'"""
DUE = "UPDATE workspace SET erase_at = now() - interval '1 second' WHERE id = %(workspace)s"
TOLD = "SELECT type FROM event WHERE workspace_id = %(workspace)s AND type LIKE 'workspace.era%%' ORDER BY seq"
BECAUSE = "SELECT data->>'because' FROM event WHERE type = 'workspace.erasure_called_off'"
LEAVING = "SELECT kind, workspace_id FROM job WHERE queue = 'billing'"
BILLING_PAGE = "/app/acme/settings/billing"
SUBSCRIPTION = "INSERT INTO subscription (workspace_id, status) VALUES (%(workspace)s, %(status)s)"


@pytest.fixture
def stripe(here):
    with stripes.account(here) as account:
        yield account


@pytest.fixture
def cus(stripe, acme):
    return stripes.customer(stripe, acme)


@pytest.fixture
def ada(client, acme):
    return Browser(client).sign_in(ADA)


@pytest.fixture
def ben(client, acme):
    return Browser(client).sign_in(BEN)


def texts(page) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page.text)).split())


def planned(company):
    return db.row("SELECT erase_at FROM workspace WHERE id = %(workspace)s", workspace=company.workspace.id)[0]


def told(company) -> list[str]:
    return [type.removeprefix("workspace.") for (type,) in db.rows(TOLD, workspace=company.workspace.id)]


def counted(company) -> dict[str, int]:
    """Rows of a workspace, by table."""
    of = {table: db.row(f"SELECT count(*) FROM {table} WHERE workspace_id = %(id)s", id=company.workspace.id)[0]
          for (table,) in db.rows(TENANTS)}  # fmt: skip
    return {table: count for table, count in of.items() if count}


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


def end(company) -> None:
    closing.plan(company.team, company.workspace.slug)
    db.changed(DUE, workspace=company.workspace.id)


def run_job() -> None:
    job = jobs.enqueue(clearing.ERASE)
    [claimed] = [each for each in jobs.claim("tests", 100, 60, after=jobs.FIRST) if each.id == job]
    clearing.erase_due(claimed)


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


@pytest.mark.parametrize("status", ["active", "trialing", "past_due", "unpaid", "paused", "incomplete"])
def test_who_still_pays_ends_that_first(acme, ada, stripe, status):
    db.changed(SUBSCRIPTION, workspace=acme.workspace.id, status=status)
    assert "Cancel the subscription first" in texts(ada.open(PAGE))
    with pytest.raises(Conflict, match="Cancel the subscription first"):
        closing.plan(acme.team, "acme")
    db.changed("UPDATE subscription SET is_ending = true")
    assert closing.plan(acme.team, "acme")


def test_who_began_to_pay_meanwhile_is_not_erased(acme, stripe):
    end(acme)
    db.changed(SUBSCRIPTION, workspace=acme.workspace.id, status="active")
    run_job()
    assert workspaces.find(acme.workspace.id).slug == "acme"


# ── and what it pays ────────────────────────────────────────────────────────────────────────────────────────────────


def subscribed(acme, stripe, cus, status="active", **more) -> dict:
    sub = stripe.subscribe(cus, status, **more)
    billing.refresh(acme.workspace.id)
    return sub


def check_out(acme) -> str:
    return checkouts.begin(acme.workspace, "month", "http://here/back", "http://here")


def open_ones(stripe) -> list[str]:
    return [id for id, each in stripe.sessions.items() if each["status"] == "open"]


@pytest.mark.parametrize("status", ["active", "past_due", "unpaid"])
def test_where_nothing_is_paid_any_more_an_old_subscription_keeps_nothing_from_being_erased(ada, acme, status):
    db.changed(SUBSCRIPTION, workspace=acme.workspace.id, status=status)
    assert "Erase “Acme”" in texts(ada.open(PAGE)) and ada.open(BILLING_PAGE).status_code == 404
    end(acme)
    run_job()
    assert counted(acme) == {} and db.rows(LEAVING) == []


def test_what_is_to_be_erased_is_not_subscribed_to(ada, acme, stripe):
    closing.plan(acme.team, "acme")
    ada.open(BILLING_PAGE)
    answer = ada.send(BILLING_PAGE, do="subscribe", period="month")
    assert answer.status_code == 409 and "Keep it first (Settings → Privacy)" in answer.text
    assert stripe.asked == []
    closing.call_off(acme.team)
    assert ada.send(BILLING_PAGE, do="subscribe", period="month").status_code == 303


def test_planned_while_stripe_makes_the_page_to_pay_it_is_nobodys(acme, stripe, cus):
    def plan(path: str) -> None:
        if path == "/v1/checkout/sessions" and stripe.asked[-1][0] == "POST":
            in_another_thread(lambda: closing.plan(acme.team, "acme"))
            in_another_thread(work_off)  # before there is anything to end

    stripe.before_answer = plan
    with pytest.raises(Conflict, match="to be erased"):
        check_out(acme)
    assert len(stripe.sessions) == 1 and open_ones(stripe) == []


def test_planned_before_the_customer_is_noted_there_is_none(acme, stripe):
    def plan(path: str) -> None:
        if path == "/v1/customers":
            in_another_thread(lambda: closing.plan(acme.team, "acme"))

    stripe.before_answer = plan
    with pytest.raises(Conflict, match="to be erased"):
        check_out(acme)
    assert db.row("SELECT stripe_customer FROM workspace") == (None,) and stripe.sessions == {}


def test_a_page_to_pay_that_is_open_already_is_ended(acme, stripe):
    check_out(acme)
    closing.plan(acme.team, "acme")
    assert len(open_ones(stripe)) == 1 and db.rows(LEAVING) == [("billing.expire", acme.workspace.id)]
    work_off()
    assert open_ones(stripe) == [] and db.rows(LEAVING) == []


def test_called_off_at_once_the_page_to_pay_stays_open(acme, stripe):
    check_out(acme)
    closing.plan(acme.team, "acme")
    closing.call_off(acme.team)
    work_off()
    assert len(open_ones(stripe)) == 1


@pytest.mark.parametrize("ending", ["unpaid", "canceled"])
def test_who_subscribes_keeps_the_workspace_whatever_becomes_of_that(ada, acme, stripe, cus, ending):
    end(acme)
    sub = subscribed(acme, stripe, cus)
    billing.refresh(acme.workspace.id)
    assert planned(acme) is None and told(acme) == ["erasure_planned", "erasure_called_off"]
    assert db.rows(BECAUSE) == [("subscribed",)]
    assert "erased on" not in texts(ada.open("/app/acme/inbox"))
    assert "Sayso kept the workspace, as it was subscribed" in texts(ada.open("/app/acme/settings/audit"))
    sub["status"] = ending
    billing.refresh(acme.workspace.id)
    run_job()
    assert workspaces.find(acme.workspace.id).slug == "acme"


def test_who_cancelled_and_uses_the_rest_is_erased_all_the_same_until_they_take_that_back(acme, stripe, cus):
    sub = subscribed(acme, stripe, cus, cancel_at_period_end=True)
    closing.plan(acme.team, "acme")
    billing.refresh(acme.workspace.id)
    assert planned(acme)
    sub["cancel_at_period_end"] = False
    billing.refresh(acme.workspace.id)
    assert planned(acme) is None


def test_what_has_only_begun_to_be_paid_waits(acme, stripe, cus):
    end(acme)
    sub = subscribed(acme, stripe, cus, "incomplete")
    run_job()
    assert planned(acme) and workspaces.find(acme.workspace.id).slug == "acme"
    sub["status"] = "incomplete_expired"
    billing.refresh(acme.workspace.id)
    run_job()
    assert counted(acme) == {}


def test_erased_it_leaves_nothing_at_stripe_that_is_paid_or_could_be(acme, stripe, cus):
    check_out(acme)
    former, theirs = stripe.subscribe(cus, "canceled"), stripe.subscribe(cus, cancel_at_period_end=True)
    billing.refresh(acme.workspace.id)
    end(acme)
    unheard = stripe.subscribe(cus, "past_due")  # its event got lost
    run_job()
    assert counted(acme) == {} and db.rows(LEAVING) == [("billing.leave", jobs.OURS)]
    stripe.is_away = True
    with pytest.raises(PaymentAway):
        work_off()
    assert db.rows(LEAVING) == [("billing.leave", jobs.OURS)]
    stripe.is_away = False
    db.changed("UPDATE job SET claim = NULL")
    work_off()
    assert {each["status"] for each in (former, theirs, unheard)} == {"canceled"} and open_ones(stripe) == []
    assert db.rows(LEAVING) == []


def test_a_customer_whom_stripe_forgot_is_left_in_peace(acme, stripe, cus):
    end(acme)
    run_job()
    del stripe.customers[cus]
    work_off()
    assert db.rows(LEAVING) == []


def test_closed_nothing_that_stripe_says_brings_it_back(client, acme, stripe, cus):
    live(client, acme)
    end(acme)

    def close(path: str) -> None:
        stripe.before_answer = lambda path: None
        in_another_thread(lambda: clearing.close(acme.workspace.id))

    stripe.before_answer = close
    stripe.subscribe(cus)
    billing.refresh(acme.workspace.id)
    assert planned(acme) and told(acme) == ["erasure_planned"]
    event = stripes.event("customer.subscription.created", stripe.kept[cus][0])
    assert stripes.send(client, event).status_code == 200 and planned(acme)
    jobs.enqueue(plan_checks.CHECK)
    run_job()
    assert counted(acme) == {}


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
