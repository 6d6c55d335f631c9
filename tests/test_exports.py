"""Exports as they are asked for, watched, stopped, fetched and thrown away: by the API, on the page, on the command line."""

import io
import zipfile

import pytest
from browser import Browser
from cast import ADA, BEN
from exported import opened
from program import Program
from queued import claim, make_due, run_out, work_off

from service import db, jobs, retention
from service.errors import LeaseLost, NotFound
from service.feedback import export_file, exporting, exports, members, passing, team
from service.handlers import HANDLERS
from service.web import downloads

PARTS = "SELECT count(*) FROM export_part"
STATE = "SELECT state FROM export ORDER BY id DESC LIMIT 1"
LETTERS = "SELECT to_email, state, subject, text FROM letter WHERE kind = 'export_ready'"
AGED = "UPDATE export SET finished_at = finished_at - %(days)s * interval '1 day'"
STALE = "UPDATE session SET proved_at = now() - interval '1 day'"
PAGE = "/app/acme/settings/export"


@pytest.fixture
def program(client, acme):
    return Program(client, acme)


@pytest.fixture
def ada(client, acme):
    return Browser(client).sign_in(ADA)


def parts() -> int:
    return db.row(PARTS)[0]


def state() -> str:
    return db.row(STATE)[0]


# ── the API ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_program_asks_waits_and_downloads(program, acme):
    acme.post("Dark mode")
    asked = program.post("/exports")
    assert asked.status_code == 201 and asked.json["state"] == "waiting"
    path = f"/exports/{asked.json['id']}"
    assert asked.headers["location"] == f"/api/v1{path}"
    early = program.get(f"{path}/file")
    assert (early.status_code, early.json["code"]) == (409, "export_not_ready")
    work_off()
    ready = program.get(path).json
    assert ready["state"] == "ready" and ready["done"] == ready["total"] > 0
    answer = program.get(f"{path}/file")
    assert answer.status_code == 200 and len(answer.content) == ready["size"] == int(answer.headers["content-length"])
    assert answer.headers["content-type"] == "application/zip"
    assert answer.headers["cache-control"] == "no-store" and answer.headers["x-content-type-options"] == "nosniff"
    assert "attachment; filename*=UTF-8''acme-20" in answer.headers["content-disposition"]
    assert b"Dark mode" in zipfile.ZipFile(io.BytesIO(answer.content)).read("posts.jsonl")
    assert program.get("/exports").json["data"] == [ready]
    assert "export.requested" in program.events() and "export.ready" in program.events()


def test_one_that_is_under_way_is_the_answer_to_a_second(program):
    first, second = program.post("/exports"), program.post("/exports")
    assert (first.status_code, second.status_code) == (201, 200) and first.json == second.json
    first = first.json
    assert len(program.get("/exports").json["data"]) == 1
    work_off()
    assert program.post("/exports").json["id"] != first["id"]


def test_so_many_a_day_and_no_more(program):
    for _ in range(10):
        assert program.post("/exports").status_code == 201
        work_off(2)
    assert program.post("/exports").status_code == 429


def test_another_workspace_does_not_find_it(client, acme, globex, program):
    id = program.post("/exports").json["id"]
    work_off()
    eve = Program(client, globex)
    for path in (f"/exports/{id}", f"/exports/{id}/file"):
        assert eve.get(path).status_code == 404
    assert eve.post(f"/exports/{id}/stop").status_code == 404 and eve.delete(f"/exports/{id}").status_code == 404
    assert eve.get("/exports").json["data"] == [] and program.get(f"/exports/{id}/file").status_code == 200


def test_it_is_stopped_once_and_its_bytes_are_gone(program, monkeypatch):
    id = program.post("/exports").json["id"]

    def stopping(archive, workspace):
        assert program.post(f"/exports/{id}/stop").json["state"] == "stopped"
        archive.sink.advance(1)
        pytest.fail("it went on")

    monkeypatch.setattr(export_file, "write_files", stopping)
    monkeypatch.setattr(exporting, "PART", 100)
    work_off()
    assert parts() == 0 and program.get(f"/exports/{id}").json["state"] == "stopped"
    assert program.get(f"/exports/{id}/file").status_code == 404
    assert program.post(f"/exports/{id}/stop").json["state"] == "stopped", "and a second time nothing happens"
    assert db.rows(LETTERS) == []


def test_one_that_waits_is_stopped_before_it_begins(program):
    id = program.post("/exports").json["id"]
    program.post(f"/exports/{id}/stop")
    work_off()
    assert (parts(), state()) == (0, "stopped")


def test_its_file_is_deleted(program):
    id = program.post("/exports").json["id"]
    work_off()
    assert parts() == 1
    assert program.delete(f"/exports/{id}").status_code == 204
    assert program.get(f"/exports/{id}/file").status_code == 404, "at once"
    work_off()
    assert parts() == 0 and program.get(f"/exports/{id}").json["said"] == exports.DELETED
    assert program.delete(f"/exports/{id}").status_code == 204


def test_who_stops_reading_or_comes_third_holds_nobody_up(program, acme):
    id = program.post("/exports").json["id"]
    work_off()
    export = exports.find(acme.team, id)
    first, second = (downloads.whole(acme.workspace, export)[2] for _ in range(2))
    busy = program.get(f"/exports/{id}/file")
    assert busy.status_code == 503 and busy.headers["retry-after"] == "30"
    first.close()
    first.close()
    assert program.get(f"/exports/{id}/file").status_code == 200
    assert program.get(f"/exports/{id}/file").status_code == 200, "what was sent gave its turn back"
    second.close()


# ── the work ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_one_that_is_killed_in_the_middle_begins_anew(acme, monkeypatch):
    acme.post("Dark mode")
    export = exports.request(acme.team)[0]
    monkeypatch.setattr(exporting, "PART", 100)
    real = export_file.write_files

    def dying(*_):
        raise SystemExit

    monkeypatch.setattr(export_file, "write_files", dying)
    [job] = claim(queue=passing.QUEUE)
    with pytest.raises(SystemExit):
        HANDLERS[job.kind](job)
    assert parts() > 3 and exports.find(acme.team, export.id).state == "running"
    monkeypatch.setattr(export_file, "write_files", real)
    run_out()
    jobs.rescue(0, passing.QUEUE)
    make_due()
    file = opened(acme, export.id)
    assert file.testzip() is None and len(file.whole) == exports.find(acme.team, export.id).size
    assert [row["title"] for row in file.rows("posts")] == ["Dark mode"]


def test_a_worker_that_lost_its_job_writes_nothing_more(acme, monkeypatch):
    export = exports.request(acme.team)[0]
    [old] = claim(queue=passing.QUEUE)
    run_out()
    jobs.rescue(0, passing.QUEUE)
    make_due()
    with pytest.raises(LeaseLost):
        HANDLERS[old.kind](old)
    assert opened(acme, export.id).testzip() is None


def test_one_that_cannot_be_written_says_so_after_some_tries_and_another_can_be_asked_for(acme, monkeypatch):
    export = exports.request(acme.team)[0]

    def broken(*_):
        raise ValueError("a bug")

    monkeypatch.setattr(export_file, "write_files", broken)
    for _ in range(exports.TRIES):
        make_due()
        [job] = claim(queue=passing.QUEUE)
        with pytest.raises(ValueError, match="a bug"):
            HANDLERS[job.kind](job)
        jobs.fail(job, "a bug", 0)
    failed = exports.find(acme.team, export.id)
    assert (failed.state, failed.said) == ("failed", exports.BROKEN)
    monkeypatch.undo()
    again = exports.request(acme.team)[0]
    assert again.id != export.id
    work_off()
    assert exports.find(acme.team, again.id).state == "ready"


def test_one_whose_worker_died_without_a_word_is_not_under_way_for_ever(acme):
    export = exports.request(acme.team)[0]
    db.changed("DELETE FROM job")
    assert exports.find(acme.team, export.id).state == "failed"
    assert exports.request(acme.team)[0].id != export.id


def test_files_of_a_week_ago_go_and_what_was_asked_for_stays_told(acme):
    export = exports.request(acme.team)[0]
    work_off()
    db.changed(AGED, days=6.9)
    jobs.enqueue(retention.PRUNE)
    work_off()
    assert parts() == 1
    db.changed(AGED, days=0.2)
    jobs.enqueue(retention.PRUNE)
    work_off()
    gone = exports.find(acme.team, export.id)
    assert (parts(), gone.state, gone.said) == (0, "gone", "It was kept for 7 days.")


def test_all_files_of_a_workspace_go_at_once_and_no_others(acme, globex):
    mine, theirs = exports.request(acme.team)[0], exports.request(globex.team)[0]
    work_off()
    under_way = exports.request(acme.team)[0]
    exports.forget_all(acme.workspace.id, "Somebody was erased.")
    assert [each.state for each in exports.of(acme.team, 9)] == ["gone", "gone"]
    with pytest.raises(NotFound):
        exports.ready(acme.team, mine.id)
    assert list(exports.pieces(acme.workspace.id, mine.id)) == []
    work_off()
    assert exports.find(acme.team, under_way.id).said == "Somebody was erased." and parts() == 1
    assert exports.ready(globex.team, theirs.id).state == "ready"


# ── the letter ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_who_asked_hears_that_it_is_ready_with_a_link_to_the_page(acme):
    exports.request(acme.team)
    work_off()
    [(email, kept, subject, text)] = db.rows(LETTERS)
    assert (email, kept, subject) == (ADA, "kept", "The export of Acme is ready")
    assert "http://127.0.0.1:8000/app/acme/settings/export" in text and "about 1 MB" in text


def test_who_asked_and_is_an_admin_no_more_hears_nothing(acme):
    ben = members.person(BEN)
    team.set_role(acme.team, ben.id, "admin")
    exports.request(acme.team._replace(person=ben.id))
    team.set_role(acme.team, ben.id, "member")
    work_off()
    assert db.rows(LETTERS) == []


def test_of_one_that_nobody_asked_for_who_runs_the_workspace_hears(acme):
    exports.request(acme.team._replace(person=None))
    work_off()
    assert [email for email, *_ in db.rows(LETTERS)] == [ADA]
