"""The ways in of an import: a program, the dashboard, the command line."""

import json
import logging
import os

import pytest
from browser import Browser
from cast import ADA, BEN, EVE
from click.testing import CliRunner
from peewee import OperationalError
from program import wrong
from queued import work_off

from service import db
from service.cli.group import commands
from service.feedback import importing, posts

TABLE = b"Subject,Text,Who,Id\r\nDark mode,For the night,cleo@customer.example,1\r\n,,x@y.example,2\r\n"
MAPPING = json.dumps({"columns": {"title": "Subject", "body": "Text", "author_email": "Who"}})


def send(client, company, data=TABLE, **query):
    query = {"source": "csv", "name": "wishes.csv", "mapping": MAPPING, **query}
    headers = {**company.bearer(), "Content-Type": "application/octet-stream"}
    return client.simulate_post("/api/v1/imports", params=query, body=data, headers=headers)


def get(client, company, path, **query):
    return client.simulate_get(f"/api/v1/imports{path}", params=query, headers=company.bearer())


def post(client, company, path):
    return client.simulate_post(f"/api/v1/imports{path}", headers=company.bearer())


# ── programs ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_program_imports_reads_what_became_of_each_row_and_takes_it_back(client, acme):
    made = send(client, acme)
    assert (made.status_code, made.json["state"], made.json["name"]) == (201, "waiting", "wishes.csv")
    work_off()
    path = made.headers["location"].removeprefix("/api/v1/imports")
    done = get(client, acme, path).json
    assert (done["state"], done["made"], done["wrong"], done["can_undo"]) == ("done", 1, 1, True)
    rows = get(client, acme, f"{path}/rows", limit=1).json
    assert rows["data"] == [{"number": 1, "kind": "post", "outcome": "made", "said": None}]
    rest = get(client, acme, f"{path}/rows", cursor=rows["next_cursor"]).json["data"]
    assert rest[0]["said"] == "title: Say in a few words what it is about."
    assert get(client, acme, f"{path}/rows", outcome="known").json["data"] == []
    assert post(client, acme, f"{path}/undo").json["state"] == "undoing"
    work_off()
    assert post(client, acme, f"{path}/undo").json["state"] == "undone"
    assert db.row("SELECT count(*) FROM post")[0] == 0


def test_a_dry_run_makes_nothing(client, acme):
    path = send(client, acme, dry_run="true").headers["location"].removeprefix("/api/v1/imports")
    work_off()
    assert get(client, acme, path).json["made"] == 1 and db.row("SELECT count(*) FROM post")[0] == 0
    assert post(client, acme, f"{path}/undo").status_code == 409


@pytest.mark.parametrize(("query", "field"), [
    ({"mapping": "[1]"}, "mapping"), ({"mapping": "{"}, "mapping"), ({"mapping": '{"rows": "cats"}'}, "rows"),
    ({"mapping": '{"columns": {"title": "Nowhere"}}'}, "title"), ({"mapping": '{"columns": {"cat": "Text"}}'}, "columns"),
    ({"mapping": '{"columns": [1]}'}, "columns"), ({"mapping": '{"dates": "year"}'}, "dates"),
    ({"board": "nowhere"}, "board"),
    ({"mapping": "{}", "data": b"Text\nx"}, "title"), ({"data": b""}, "file"), ({"data": b"a,a\n1,2"}, "file"),
])  # fmt: skip
def test_what_must_change_is_said(client, acme, query, field):
    assert wrong(send(client, acme, **query)) == {field}
    assert db.row("SELECT count(*) FROM import")[0] == 0


def test_more_than_the_web_takes_is_sent_to_the_command_line(client, acme):
    answer = send(client, acme, data=b"x" * (11 << 20))
    assert answer.status_code == 413


def test_another_company_does_not_find_it(client, acme, globex):
    path = send(client, acme).headers["location"].removeprefix("/api/v1/imports")
    for answer in (get(client, globex, path), get(client, globex, f"{path}/rows"), post(client, globex, f"{path}/stop")):
        assert answer.status_code == 404
    assert get(client, globex, "").json["data"] == []
    assert post(client, acme, f"{path}/stop").json["state"] == "stopped"


# ── the dashboard ───────────────────────────────────────────────────────────────────────────────────────────────────

HOME = "/app/acme/settings/import"


def upload(browser, data=TABLE, source="csv"):
    csrf = browser.open(HOME).text.split('name="csrf" value="')[1].split('"')[0]
    parts = [("csrf", csrf.encode()), ("do", b"upload"), ("source", source.encode())]
    body = b"".join(b'--x\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' % (name.encode(), said)
                    for name, said in parts)  # fmt: skip
    body += b'--x\r\nContent-Disposition: form-data; name="file"; filename="wishes.csv"\r\n\r\n' + data + b"\r\n--x--\r\n"
    headers = {**browser.headers(), "Content-Type": "multipart/form-data; boundary=x", "Sec-Fetch-Site": "same-origin"}
    return browser.keep(browser.client.simulate_post(HOME, body=body, headers=headers))


@pytest.fixture
def ada(client, acme):
    return Browser(client).sign_in(ADA)


def test_a_file_is_sent_its_columns_are_chosen_it_is_rehearsed_imported_and_taken_back(ada, acme):
    sent = upload(ada)
    assert sent.status_code == 303
    page = sent.headers["location"]
    shown = ada.open(page).text
    assert 'option value="Subject" selected' in shown and "For the night" in shown
    said = {"rows": "posts", "column-title": "Subject", "column-body": "Text", "column-author_email": "Who"}
    assert ada.send(page, do="start", dry="1", **said).status_code == 303
    assert "data-again" in ada.open(page).text
    work_off()
    shown = ada.open(page).text
    assert "nothing was made" in shown and "Row 3" in shown and "Say in a few words" in shown
    assert 'option value="Text" selected' in shown  # what was chosen is kept
    ada.send(page, do="start", **said)
    work_off()
    shown = ada.open(page).text
    assert "1 were new" in shown and "Undo the import" in shown
    assert posts.find(acme.team, 1).body == "For the night"
    ada.send(page, do="take_back")
    work_off()
    assert "It was taken back." in ada.open(page).text
    assert "wishes.csv" in ada.open(HOME).text


def test_what_is_refused_is_shown_with_what_was_chosen(ada):
    page = upload(ada).headers["location"]
    ada.open(page)
    shown = ada.send(page, do="start", rows="posts", **{"column-title": "", "column-body": "Text", "dates": "day"})
    assert shown.status_code == 422
    assert "Choose the column that has the title" in shown.text and 'value="Text" selected' in shown.text
    ada.open(page)
    assert ada.send(page, do="choose", rows="votes").status_code == 303
    assert "Id of the post" in ada.open(page).text
    ada.send(page, do="discard")
    assert ada.open(page).status_code == 404


def test_no_file_and_no_table_are_refused_in_the_page(ada):
    assert upload(ada, b"").status_code == 422
    assert upload(ada, source="nothing").status_code == 422


def test_members_and_others_do_not_see_it(client, acme, globex, ada):
    page = upload(ada).headers["location"]
    assert Browser(client).sign_in(BEN).open(page).status_code == 403
    assert Browser(client).sign_in(EVE).open(page).status_code == 404
    assert Browser(client).open(page).status_code in (302, 303)


# ── the command line ────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def run(here, tmp_path, monkeypatch):
    """`sayso import …`, on this database."""
    monkeypatch.setenv("DATABASE_URL", here.database_url)
    monkeypatch.setenv("SECRET_KEYS", ",".join(here.secret_keys))
    file = tmp_path / "wishes.csv"
    file.write_bytes(TABLE)

    def sayso(*words):
        given = [str(file) if word == "FILE" else word for word in words]
        return CliRunner().invoke(commands, ["import", *given, "--workspace", "acme", "--data", str(tmp_path)])

    quiet = {name: logging.getLogger(name).level for name in ("sayso.access", "peewee.migrations", "waitress")}
    yield sayso
    for name, level in quiet.items():  # as a command sets them for its process
        logging.getLogger(name).setLevel(level)


def test_the_command_line_rehearses_imports_and_takes_back(here, acme, run):
    asked = ("csv", "FILE", "--map", "title=Subject", "--map", "body=Text")
    assert "1 rows would be new" in run(*asked, "--dry-run").output
    done = run(*asked)
    assert done.exit_code == 0 and "Import 2: 1 rows new, 0 known, 1 wrong." in done.output, done.output
    assert "row 3: Subject: Say in a few words" in done.output or "row 3: title: Say in a few words" in done.output
    assert "1 known" in run(*asked).output
    assert "taken back" in run("--undo", "2").output
    db.connect()
    assert db.row("SELECT count(*) FROM post")[0] == 0
    assert db.rows("SELECT state FROM import ORDER BY id") == [("done",), ("undone",), ("done",)]


@pytest.mark.parametrize("words", [
    ("csv", "/nowhere.csv"), ("csv", "FILE", "--map", "title"), ("sayso", "FILE"), (),
    ("csv", "FILE", "--map", "title=Subject", "--board", "nowhere"), ("--undo", "99"),
])  # fmt: skip
def test_what_cannot_be_imported_is_one_line(here, acme, run, words):
    done = run(*words)
    assert done.exit_code == 1 and str(done.exception).endswith((".", "acme", "SLUG")), done.exception
    db.connect()
    assert db.row("SELECT count(*) FROM import WHERE state IN ('running', 'waiting')")[0] == 0


def test_a_stream_and_a_database_that_fails_are_one_line(here, acme, run, tmp_path, monkeypatch):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    held = os.open(pipe, os.O_RDWR)  # so that to open it does not wait for who writes
    done = run("csv", str(pipe))
    os.close(held)
    assert done.exit_code == 1 and "save it as a file" in str(done.exception)

    def failing(*_):
        raise OperationalError("row: dan@customer.example")

    monkeypatch.setattr(importing, "write_some", failing)
    done = run("csv", "FILE", "--map", "title=Subject")
    assert done.exit_code == 1 and "run the same command again" in str(done.exception)


def test_rows_of_a_table_of_cannys_are_counted_as_in_a_spreadsheet(here, acme, run):
    assert "row 3: " in run("canny", "FILE", "--map", "title=Subject").output


def test_taking_back_twice_by_the_command_line_is_no_error(here, acme, run):
    run("csv", "FILE", "--map", "title=Subject")
    for _ in range(2):
        done = run("--undo", "1")
        assert done.exit_code == 0 and "taken back" in done.output, done.exception
