"""System: the server's figures for who runs it, a workspace's own jobs and letters for its team."""

import re
from html import unescape

import pytest
from browser import Browser
from cast import ADA, BEN, EVE

from service import db, handlers, installation, jobs, measurements
from service.feedback import endpoints, members, sign_in
from service.web.dashboard import system

HEALTH, JOBS = "/app/acme/system", "/app/acme/system/jobs"
MEASURED = """
INSERT INTO measurement (hour, answers, slow_answers, cpu, memory, disk, connections, most_connections, complaints)
VALUES (date_trunc('hour', now(), 'UTC'), 4000, %(slow)s, 0.34, 0.61, %(disk)s, 18, 100, 0)"""
WAITING = "SELECT kind, attempt, args FROM job WHERE workspace_id = %(workspace)s"


@pytest.fixture
def ada(client, acme):
    return Browser(client).sign_in(ADA)


@pytest.fixture
def operator(client, acme):
    """Ada, who runs the server."""
    installation.check_keys()
    installation.appoint(acme.owner.id)
    return Browser(client).sign_in(ADA)


def texts(page) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page.text)).split())


def dead(workspace_id: int, reason: str = "MailFailed refused\n  File …") -> int:
    """A job that died; returns its id."""
    job = jobs.enqueue("letter.send", workspace_id, max_attempts=1, letter=7)
    [claimed] = [each for each in jobs.claim("tests", 99, 60) if each.id == job]
    jobs.fail(claimed, reason, 0)
    return job


def failed(workspace_id: int, reason: str) -> int:
    """A job that failed once and is tried again in ten minutes; returns its id."""
    job = jobs.enqueue("letter.send", workspace_id, letter=7)
    [claimed] = [each for each in jobs.claim("tests", 99, 60) if each.id == job]
    jobs.fail(claimed, reason, 600)
    return job


def press(browser, does: str, workspace: int, job: int):
    return press_for(browser, does, workspace=workspace, job=job)


def press_for(browser, does: str, **said):
    browser.open(JOBS)
    return browser.send(JOBS, do=does, **said)


# ── who sees what ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_first_owner_runs_the_server_and_the_demos_owner_only_until_then(here):
    installation.check_keys()
    demo = members.person(members.DEMO_OWNER, "Robin Demo")
    installation.appoint(demo.id, instead=False)
    assert members.is_operator(demo)
    first, _ = sign_in.redeem(sign_in.make_link(None), None, "ada@acme.example")
    assert members.is_operator(first) and not members.is_operator(demo)
    sign_in.redeem(sign_in.make_link("eve@globex.example"), None)
    assert members.is_operator(first)


def test_without_a_terminal_the_server_is_run_by_whom_its_command_line_let_in(acme):
    installation.check_keys()
    for address, runs_it in ((members.DEMO_OWNER, True), ("ben@acme.example", True), ("eve@globex.example", False)):
        person, _ = sign_in.redeem(sign_in.make_link(address), None)
        assert members.is_operator(person) == runs_it, address


def test_who_runs_the_server_sees_the_answer_with_its_figures(operator):
    assert "Nothing was measured so far" in texts(operator.open(HEALTH))
    db.changed(MEASURED, slow=8, disk=0.42)
    said = texts(operator.open(HEALTH))
    assert "Do you need to scale yet? No." in said
    for words in ("0.2 % of 4,000 answers", "processor at most 34 %", "18 of 100 connections", "No mail server is set up"):
        assert words in said, words
    assert operator.page.text.count('role="img"') == 6


def test_the_one_next_thing_to_fix_is_said_with_its_figure(operator):
    db.changed(MEASURED, slow=80, disk=0.93)
    said = texts(operator.open(HEALTH))
    assert "Do you need to scale yet? Make room on the disk. The disk of the database is 93 % full." in said


def test_a_slow_statement_stands_there_with_its_plan_and_nobodys_data(operator, acme):
    secret = "mein-geheimnis"
    slow = "SELECT title, pg_sleep(0.3) FROM workspace w LEFT JOIN post p ON title = %(title)s"
    with measurements.kept():
        db.rows(slow, title=secret)
    page = operator.open(HEALTH)
    assert "title = %(title)s" in texts(page) and "Join" in texts(page) and secret not in page.text


def test_other_teams_see_their_own_jobs_and_nothing_of_the_server(ada, acme, globex):
    db.changed(MEASURED, slow=0, disk=0.42)
    dead(globex.workspace.id, "GlobexFailed")
    dead(jobs.OURS, "OursFailed")
    dead(acme.workspace.id, "AcmeFailed")
    said = texts(ada.open(HEALTH))
    assert "The person who runs this server sees here how it fares" in said and "42 %" not in said
    page = ada.open(JOBS).text
    assert "AcmeFailed" in page and "GlobexFailed" not in page and "OursFailed" not in page


def test_who_runs_the_server_sees_the_jobs_of_all(operator, acme, globex):
    dead(globex.workspace.id, "GlobexFailed")
    dead(jobs.OURS, "OursFailed")
    dead(acme.workspace.id, "AcmeFailed")
    said = texts(operator.open(JOBS))
    assert all(words in said for words in ("GlobexFailed", "OursFailed", "AcmeFailed", "Globex", "The server’s own"))


@pytest.mark.parametrize("address", [HEALTH, JOBS])
def test_strangers_get_in_nowhere(client, acme, globex, address):
    assert client.simulate_get(address).status_code == 303
    assert Browser(client).sign_in(EVE).open(address).status_code == 404


# ── jobs ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_jobs_are_counted_by_kind(ada, acme):
    workspace = acme.workspace.id
    db.changed("DELETE FROM job")
    jobs.enqueue("letter.send", workspace)
    [running] = jobs.claim("tests", 1, 60)
    jobs.enqueue("letter.send", workspace)
    [again] = jobs.claim("tests", 1, 60)
    jobs.fail(again, "Later", 600)
    jobs.enqueue("letter.send", workspace, delay=60)
    jobs.enqueue("something.new", workspace, delay=60)
    dead(workspace)
    said = texts(ada.open(JOBS))
    assert "Letters letter.send 1 1 1 1 just now" in said and "something.new 1 0 0 0" in said, said


def test_a_dead_job_is_tried_again_once_however_often_it_is_asked_for(ada, acme):
    job = dead(acme.workspace.id)
    assert press(ada, "retry", acme.workspace.id, job).status_code == 303
    assert "It is being tried again." in texts(ada.open(JOBS))
    assert db.rows(WAITING, workspace=acme.workspace.id).count(("letter.send", 0, {"letter": 7})) == 1
    press(ada, "retry", acme.workspace.id, job)
    assert "somebody was quicker" in texts(ada.open(JOBS))
    assert db.rows(WAITING, workspace=acme.workspace.id).count(("letter.send", 0, {"letter": 7})) == 1


def test_a_dead_job_is_discarded(ada, acme):
    job = dead(acme.workspace.id)
    press(ada, "discard", acme.workspace.id, job)
    press(ada, "discard", acme.workspace.id, job)
    assert db.rows("SELECT FROM job_dead") == [] and "None. A job that fails" in texts(ada.open(JOBS))


@pytest.mark.parametrize("does", ["retry", "discard"])
def test_a_job_of_another_workspace_is_not_there_for_its_neighbours(ada, acme, globex, does):
    for workspace in (globex.workspace.id, jobs.OURS):
        job = dead(workspace)
        assert press(ada, does, workspace, job).status_code == 404
        assert db.row("SELECT count(*) FROM job_dead WHERE id = %(id)s", id=job) == (1,)


def test_why_a_job_failed_and_when_it_is_tried_next_stands_there_and_it_can_be_tried_now(ada, acme, globex):
    job = failed(acme.workspace.id, "MailFailed: 421 try later")
    failed(globex.workspace.id, "GlobexFailed")
    said = texts(ada.open(JOBS))
    assert "attempt 1 of 12 failed" in said and "MailFailed: 421 try later" in said and "GlobexFailed" not in said
    assert re.search(r"next in (8|9|1\d) min", said), said
    press(ada, "hurry", acme.workspace.id, job)
    assert "It is tried again now." in texts(ada.open(JOBS))
    assert db.row("SELECT run_at <= now() FROM job WHERE id = %(id)s", id=job) == (True,)
    press(ada, "hurry", acme.workspace.id, job)
    assert "somebody was quicker" in texts(ada.open(JOBS))


@pytest.mark.parametrize(("does", "left"), [("retry-all", 3), ("discard-all", 0)])
def test_all_dead_jobs_of_a_kind_are_tried_again_or_discarded_at_once(ada, acme, globex, does, left):
    for workspace in [acme.workspace.id] * 3 + [globex.workspace.id, jobs.OURS]:
        dead(workspace)
    assert "What they were to do is never done." in texts(ada.open(JOBS))
    press_for(ada, does, kind="letter.send")
    assert "3 jobs are" in texts(ada.open(JOBS))
    for _ in range(2):
        press_for(ada, does, kind="letter.send")
        assert "somebody was quicker" in texts(ada.open(JOBS))
    for kind in ("", "nothing", "x" * 10_000):
        assert press_for(ada, does, kind=kind).status_code == 303
    assert db.rows(WAITING, workspace=acme.workspace.id).count(("letter.send", 0, {"letter": 7})) == left
    assert db.row("SELECT count(*) FROM job_dead") == (2,)


def test_who_runs_the_server_has_the_dead_of_all_tried_again_at_once(operator, acme, globex):
    for workspace in (acme.workspace.id, globex.workspace.id, jobs.OURS):
        dead(workspace)
    press_for(operator, "retry-all", kind="letter.send")
    assert db.rows("SELECT FROM job_dead") == [] and "3 jobs are being tried again" in texts(operator.open(JOBS))


def test_the_letters_and_webhooks_behind_the_jobs_are_linked(ada, acme):
    made, _ = endpoints.create(acme.team, "https://hooks.invalid/", ["post.created"])
    endpoints.test(acme.team, made.id)
    db.changed("INSERT INTO delivery (workspace_id, endpoint_id, event_seq) SELECT workspace_id, %(id)s, seq FROM event "
               "WHERE type = 'webhook.test'", id=made.id)  # fmt: skip
    page = ada.open(JOBS)
    assert "Webhooks 1 waiting" in texts(page) and "failing" not in texts(page)
    db.changed("UPDATE endpoint SET state = 'gone'")
    page = ada.open(JOBS)
    assert "1 endpoint failing" in texts(page) and 'href="/app/acme/settings/webhooks"' in page.text
    assert 'href="/app/acme/outbox' in page.text


def test_every_kind_of_job_is_said_in_words():
    assert set(handlers.HANDLERS) <= set(system.KINDS)


def test_who_runs_the_server_tries_any_job_again(operator, globex):
    job = dead(globex.workspace.id)
    assert press(operator, "retry", globex.workspace.id, job).status_code == 303
    assert db.rows("SELECT FROM job_dead") == []


def test_plain_members_look_and_do_not_touch(client, acme):
    job = dead(acme.workspace.id)
    ben = Browser(client).sign_in(BEN)
    assert "Owners and admins can try them again" in texts(ben.open(JOBS)) and 'value="retry"' not in ben.page.text
    for does in ("retry", "discard", "hurry", "retry-all", "discard-all"):
        assert press_for(ben, does, workspace=acme.workspace.id, job=job, kind="letter.send").status_code == 403
    assert db.row("SELECT count(*) FROM job_dead") == (1,)


def test_a_form_that_names_no_job_is_refused(ada, acme):
    for workspace, job in (("", ""), ("x", "1"), (acme.workspace.id, "9" * 30), ("-1", "1")):
        assert press(ada, "retry", workspace, job).status_code == 422


def test_the_three_pages_lead_to_each_other(ada):
    for address, name in ((HEALTH, "Health"), (JOBS, "Jobs"), ("/app/acme/outbox", "Letters")):
        page = ada.open(address)
        assert re.search(rf'href="{address}" aria-current="page">{name}<', page.text), address
        assert all(f'href="{other}"' in page.text for other in (HEALTH, JOBS, "/app/acme/outbox"))


def test_a_job_that_would_be_tried_again_is_discarded(ada, acme):
    job = jobs.enqueue("nothing", acme.workspace.id)
    [claimed] = jobs.claim("tests", 1, 60)
    jobs.fail(claimed, "no luck", 3600)
    press(ada, "discard", acme.workspace.id, job)
    assert db.row("SELECT count(*) FROM job WHERE id = %(id)s", id=job) == (0,)
