"""The outbox: every letter with what became of it, found again, sent again; and the addresses that get none."""

import dataclasses
import re
from html import unescape

import pytest
from browser import Browser
from cast import ADA, BEN, CLEO, DAN, EVE
from installation import free_ports
from mailboxes import Mailbox, sent_by
from queued import work_off

from service import db, jobs
from service.errors import Conflict, NotFound
from service.feedback import kept, letters, mailings, outbox, planning, privacy, suppressions, team
from service.worker import Worker

OUTBOX = "/app/acme/outbox"
MANY = """
INSERT INTO letter (workspace_id, event_seq, kind, to_email, state, subject)
SELECT %(workspace)s, %(event)s, 'kind-' || n, n || '@many.example', 'sent', 'Letter ' || n
  FROM generate_series(1, %(n)s) n"""


@pytest.fixture
def box(here):
    made = Mailbox()
    with sent_by(here, made):
        yield made


@pytest.fixture
def ada(client, acme):
    return Browser(client).sign_in(ADA)


def texts(page) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page.text)).split())


def letter_to(email: str, kind: str = "new_post") -> letters.Letter:
    sql = "SELECT workspace_id, id FROM letter WHERE to_email = %(to)s AND kind = %(kind)s"
    return letters.read(*db.row(sql, to=email, kind=kind))


def press(browser, letter, path: str = OUTBOX, **more):
    browser.open(path)
    return browser.send(path, do="send", letter=letter.id, copy=letter.copy, **more)


def told(acme) -> list[tuple]:
    sql = "SELECT person_id, data FROM event WHERE workspace_id = %(workspace)s AND type = 'letter.sent_again'"
    return db.rows(sql, workspace=acme.workspace.id)


# ── sending again ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_letter_is_sent_again_once_however_often_the_button_is_pressed(ada, acme, box):
    acme.post("Dark mode")
    work_off()
    letter = letter_to(BEN)
    assert press(ada, letter).status_code == 303 and press(ada, letter).status_code == 303
    assert letter_to(BEN)[4] == "waiting" and "on its way again" in texts(ada.open(OUTBOX))
    work_off()
    press(ada, letter)
    work_off()
    first, second = [mail for to, mail in box.received if to == [BEN]]
    assert letters.named(first["Message-ID"])[2] == 0 and letters.named(second["Message-ID"])[2] == 1
    assert first.get_body(("plain",)).get_content() == second.get_body(("plain",)).get_content()
    assert (letter_to(BEN).state, letter_to(BEN).copy, letter_to(BEN).attempts) == ("sent", 1, 1)
    assert told(acme) == [(acme.owner.id, {"letter": letter.id})]


def test_what_was_kept_goes_out_once_there_is_a_mail_server(client, here, acme):
    acme.post("Dark mode")
    work_off()
    ben, box = Browser(client).sign_in(BEN), Mailbox()
    assert letter_to(ADA).state == "kept" and 'value="send"' not in ben.open(OUTBOX).text
    with sent_by(here, box):
        assert press(ben, letter_to(ADA), f"{OUTBOX}/{letter_to(ADA).id}").status_code == 303, "any member may"
        work_off()
    assert box.readers() == [ADA] and letter_to(ADA).state == "sent"


def test_a_letter_that_failed_goes_out_again_and_its_dead_job_sends_nothing_more(here, acme, box):
    box.to_reader = "451 later"
    acme.post("Dark mode")
    work_off(rounds=1)
    db.changed("UPDATE job SET max_attempts = 1 WHERE kind = 'letter.send'")
    worker = Worker(here.database_url, letters.QUEUE)
    for job in jobs.claim("tests", 9, 60, queue=letters.QUEUE):
        worker.attempt(job)
    assert letter_to(BEN).state == "failed" and db.row("SELECT count(*) FROM job_dead") == (2,)
    box.to_reader = "250 OK"
    outbox.send_again(acme.team, letter_to(BEN).id, 0)
    work_off()
    db.changed("INSERT INTO job (workspace_id, queue, kind, args) SELECT workspace_id, queue, kind, args FROM job_dead")
    work_off()
    assert sorted(box.readers()) == [ADA, BEN]


def test_a_letter_whose_job_is_gone_can_be_sent_again_although_it_waits(ada, acme, box):
    acme.post("Dark mode")
    work_off(rounds=1)
    letter = letter_to(BEN)
    outbox.send_again(acme.team, letter.id, 0)
    assert letter_to(BEN).copy == 0, "it is on its way"
    db.changed("DELETE FROM job WHERE kind = 'letter.send'")
    assert "its job is dead" in texts(ada.open(OUTBOX))
    press(ada, letter)
    work_off()
    assert box.readers() == [BEN]


def test_what_must_not_be_sent_again_is_not_and_says_why(ada, acme, box):
    number = acme.post("Dark mode", by=CLEO)
    acme.post("Exports", by=DAN)
    planning.set_status(acme.team, number, "planned")
    work_off()
    cases = {CLEO["email"]: "status_changed", BEN: "new_post"}
    mailings.mute(acme.workspace, CLEO["email"])
    team.remove(acme.team, db.row("SELECT id FROM person WHERE email = %(ben)s", ben=BEN)[0])
    said = {CLEO["email"]: "does not want letters of this kind", BEN: "Nobody here has this address any more"}
    for to, kind in cases.items():
        page = press(ada, letter_to(to, kind))
        assert page.status_code == 409 and said[to] in texts(page)
        assert said[to] in texts(ada.open(f"{OUTBOX}/{letter_to(to, kind).id}")) and 'value="send"' not in ada.page.text
    [about_cleo, about_dan] = [id for (id,) in db.rows("SELECT id FROM letter WHERE to_email = %(a)s ORDER BY id", a=ADA)]
    privacy.erase(acme.team, CLEO["sub"])
    with pytest.raises(Conflict, match="author was erased"):
        outbox.send_again(acme.team, about_cleo, 0)
    suppressions.add(acme.workspace.id, ADA, "It came back.")
    with pytest.raises(Conflict, match="held back. It came back."):
        outbox.send_again(acme.team, about_dan, 0)
    db.changed("UPDATE letter SET state = 'withdrawn' WHERE id = %(id)s", id=about_dan)
    with pytest.raises(Conflict, match="is over"):
        outbox.send_again(acme.team, about_dan, 0)
    assert told(acme) == []


def test_a_copy_of_what_is_over_by_now_is_withdrawn_and_says_so(acme, box):
    acme.post("Dark mode")
    work_off()
    outbox.send_again(acme.team, letter_to(BEN).id, 0)
    db.changed("UPDATE post SET deleted_at = now()")
    work_off()
    assert (letter_to(BEN).state, letter_to(BEN).reason) == ("withdrawn", "What it tells of is over.")
    assert letter_to(BEN).text and len(box.received) == 2


def test_nobody_sends_the_letters_of_another_workspace(client, ada, acme, globex, box):
    acme.post("Dark mode")
    work_off()
    letter, eve = letter_to(BEN), Browser(client).sign_in(EVE)
    assert press(eve, letter, "/app/globex/outbox").status_code == 404
    eve.open("/app/globex/outbox")
    for path in (OUTBOX, f"{OUTBOX}/{letter.id}"):
        assert eve.send(path, do="send", letter=letter.id, copy=0).status_code == 404
        eve.open("/app/globex/outbox")
        assert client.simulate_post(path, body="do=send").status_code in {303, 403, 415}
    with pytest.raises(NotFound):
        outbox.send_again(globex.team, letter.id, 0)
    for letter, copy in (("", "0"), ("x", "0"), ("1", ""), ("1", "-1"), ("9" * 40, "0")):
        ada.open(OUTBOX)
        assert ada.send(OUTBOX, do="send", letter=letter, copy=copy).status_code == 422
    assert ada.send(OUTBOX, do="send", letter="1", copy="999999999").status_code == 303
    assert told(acme) == [] and len(box.received) == 2


# ── the pages ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_letters_are_found_by_state_address_and_kind(ada, acme, globex, box):
    acme.post("Dark mode")
    globex.post("Secret plan")
    work_off()
    box.to_reader = "550 5.1.1 who?"
    planning.set_status(acme.team, 1, "planned")
    work_off()
    refused = texts(ada.open(f"{OUTBOX}?state=refused"))
    assert "there is no such mailbox" in refused and "to cleo@customer.example" in refused and "to ben@" not in refused
    assert "Sent 2" in refused and "Refused 1" in refused and "Secret plan" not in refused
    for q, there, gone in (("CLEO@", "cleo", "ada"), ("new post", "ada", "cleo"), ("ben@", "ben", "ada")):
        page, there, gone = texts(ada.open(f"{OUTBOX}?q={q}")), f"to {there}@", f"to {gone}@"
        assert there in page and gone not in page, q
    assert "No letter here" in texts(ada.open(f"{OUTBOX}?q=nobody%25_&state=sent"))
    for bad in ("state=nothing", "cursor=abc", "q=a&q=b"):
        assert ada.open(f"{OUTBOX}?{bad}").status_code in {400, 422}, bad
    for odd in ("q=" + "x" * 3_000, "q=%00%ff", "cursor=", "state="):
        assert ada.open(f"{OUTBOX}?{odd}").status_code in {200, 400}, odd[:20]


def test_pages_show_every_letter_once_and_a_search_looks_further_back_when_told_to(ada, acme, monkeypatch):
    acme.post("Dark mode")
    db.changed(MANY, workspace=acme.workspace.id, event=1, n=120)
    seen, address = [], OUTBOX
    while address:
        page = ada.open(address).text
        seen += re.findall(r">Letter (\d+)</a>", page)
        following = re.search(r'href="(\?[^"]+)" rel="next"', page)
        address = following and f"{OUTBOX}{unescape(following[1])}"
    assert seen == [str(number) for number in range(120, 0, -1)]
    monkeypatch.setattr(outbox, "WINDOW", 100)
    page = ada.open(f"{OUTBOX}?q=7@many").text
    assert len(re.findall(r">Letter \d*7</a>", page)) == 10 and "Look further back" in page
    page = ada.open(f"{OUTBOX}{unescape(re.search(r'href=.(.[^>]+). rel=.next', page)[1])}").text
    assert re.findall(r">Letter (\d*)</a>", page) == ["17", "7"] and "Look further back" not in page


def test_a_letter_that_waits_shows_why_and_when_it_is_tried_next(here, ada, acme):
    letters.start(dataclasses.replace(here, smtp_url=f"smtp://127.0.0.1:{free_ports(1)[0]}"))
    acme.post("Dark mode")
    work_off(rounds=1)
    worker = Worker(here.database_url, letters.QUEUE)
    for job in jobs.claim("tests", 9, 60, queue=letters.QUEUE):
        worker.attempt(job)
    db.changed("UPDATE job SET run_at = now() + interval '135 seconds'")
    for page in (texts(ada.open(OUTBOX)), texts(ada.open(f"{OUTBOX}/{letter_to(BEN).id}"))):
        assert "cannot be reached (Connection refused). 1 attempt, next in 2 min" in page
    assert f"<{letters.name(acme.workspace.id, letter_to(BEN).id, 0)}@localhost>" in texts(ada.page)


def test_a_letter_that_is_not_written_has_no_empty_frame(ada, acme, box):
    acme.post("Dark mode")
    work_off(rounds=1)
    page = ada.open(f"{OUTBOX}/{letter_to(BEN).id}")
    assert "Not written yet." in texts(page) and "<iframe" not in page.text
    db.changed("UPDATE letter SET state = 'failed', html = ' '")
    page = ada.open(f"{OUTBOX}/{letter_to(BEN).id}")
    assert "Not written yet." in texts(page) and "<iframe" not in page.text
    db.changed("UPDATE letter SET state = 'withdrawn'")
    assert "No text of it is kept." in texts(ada.open(f"{OUTBOX}/{letter_to(BEN).id}"))


def test_only_the_job_that_sends_a_letter_counts_and_a_running_one_has_no_time(acme, box):
    acme.post("Dark mode")
    work_off(rounds=1)
    letter = letter_to(BEN)
    [(at,)] = db.rows("SELECT run_at FROM job WHERE args->>'letter' = %(id)s", id=str(letter.id))
    assert outbox.next_attempts(acme.team, [letter]) == {letter.id: at}
    jobs.claim("tests", 9, 60, queue=letters.QUEUE)
    assert outbox.next_attempts(acme.team, [letter]) == {letter.id: None}
    db.changed("UPDATE job SET kind = 'other' WHERE queue = %(queue)s", queue=letters.QUEUE)
    assert outbox.next_attempts(acme.team, [letter]) == {}


def test_owners_and_admins_lift_a_suppression_and_others_only_see_it(client, ada, acme, globex):
    acme.user(CLEO)
    suppressions.add(acme.workspace.id, CLEO["email"], "It came back: there is no such mailbox (5.1.1).")
    suppressions.add(globex.workspace.id, "there@globex.example", "No.")
    ben = Browser(client).sign_in(BEN)
    assert "cleo@customer.example It came back" in texts(ben.open(OUTBOX)) and "there@globex" not in ben.page.text
    assert "Held back . It came back" in texts(ben.open(f"/app/acme/users/{CLEO['sub']}"))
    ben.open(OUTBOX)
    assert ben.send(OUTBOX, do="lift", email=CLEO["email"]).status_code == 403
    ada.open(OUTBOX)
    for email in ("there@globex.example", "", "\0", "x" * 9000, CLEO["email"], CLEO["email"]):
        assert ada.send(OUTBOX, do="lift", email=email).status_code == 303
        ada.open(OUTBOX)
    assert suppressions.of(acme.team) == [] and len(suppressions.of(globex.team)) == 1
    lifted = "SELECT workspace_id, person_id FROM event WHERE type = 'suppression.deleted'"
    assert db.rows(lifted) == [(acme.workspace.id, acme.owner.id)]


def test_who_is_erased_is_not_kept_among_those_who_get_no_letters(acme):
    acme.user(CLEO)
    suppressions.add(acme.workspace.id, CLEO["email"], "It came back.")
    assert [each["reason"] for each in kept.export(acme.workspace, CLEO["sub"])["suppressions"]] == ["It came back."]
    privacy.erase(acme.team, CLEO["sub"])
    assert suppressions.of(acme.team) == []
