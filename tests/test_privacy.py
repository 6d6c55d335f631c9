"""Case 78: what the logs of a whole day say about the people in it, which is nothing."""

import logging

import pytest
from browser import Browser, read_letter
from calls import call
from cast import ADA, CLEO
from queued import work_off

from service.db import database

TITLE, BODY, NOTE = "Canary-title-71c3", "Canary-body-8d20", "Canary-note-5e9b"


@pytest.fixture
def logs(caplog):
    """Everything that is logged; of the database driver's own log, which has every parameter, what `sayso` lets out."""
    caplog.set_level(logging.DEBUG)
    for name in ("peewee", "peewee.pool"):
        caplog.set_level(logging.INFO, name)
    return caplog


def a_day(client, acme) -> list[str]:
    """Someone signs in, a user writes and votes, a member answers, letters go out; returns what must not be logged."""
    ada = Browser(client)
    ada.open("/app/sign-in")
    before = ada.cookies["sayso-browser"]
    ada.send("/app/sign-in", email=ADA)
    link = read_letter()
    ada.open(f"/app/sign-in/{link}")
    ada.send(f"/app/sign-in/{link}")
    ada.send(f"/app/sign-in/{link}")
    token = acme.token()
    session = call(client, acme, "session", user_token=token).json["session"]
    opened = call(client, acme, "opening", session=session).json
    call(client, acme, "posts", session=session, title=TITLE, body=BODY, meta={"page": "https://x.example/Canary-page"})
    anonymous = call(client, acme, "posts/1/vote", voted=True).json["anonymous"]
    call(client, acme, "list", q=TITLE, anonymous=anonymous)
    call(client, acme, "similar", text=TITLE)
    ada.open("/app/acme/posts/1")
    ada.send("/app/acme/posts/1", do="status", was="open", status="planned", note=NOTE, notify="1")
    ada.open("/app/acme/settings/identity")
    ada.send("/app/acme/settings/identity", do="test", token=token)
    secret = ada.send("/app/acme/settings/identity", do="secret").text.partition('id="secret">')[2][:43]
    client.simulate_get("/api/v1/similar", params={"text": TITLE}, headers=acme.bearer())
    work_off()
    ticket = opened["stream_url"].partition("ticket=")[2].partition("&")[0]
    known = [acme.api_key, acme.widget_key, acme.secret[1], secret, token, session, anonymous, ticket, link, before]
    private = [*known, ada.cookies["sayso"], ADA, CLEO["email"], "Canary"]
    assert all(private)
    return private


def failures(client, acme, private: list[str]) -> None:
    """The same secrets in requests that go wrong."""
    for value in private:
        client.simulate_get(f"/app/sign-in/{value}", params={"token": value}, headers={"Cookie": f"sayso={value}"})
        client.simulate_get(
            f"/nowhere/{value}", headers={"Authorization": f"Bearer {value}", "Referer": value, "User-Agent": value}
        )
        client.simulate_get("/api/v1/posts/1", headers={"Authorization": f"Bearer {value}"})
        call(client, acme, "opening", session=value, origin=f"https://{value}")
        client.simulate_post("/api/v1/posts", body=f'{{"title": "{value}"', headers={"Content-Type": "application/json"})


def test_case_78_a_whole_day_leaves_nobodys_words_or_secrets_in_the_logs(client, acme, logs):
    private = a_day(client, acme)
    failures(client, acme, private)
    written = logs.text
    assert "POST /app/sign-in/{secret} 303" in written
    assert [word for word in private if word in written] == []


def test_case_78_a_log_line_cannot_be_forged(client, acme, logs):
    client.simulate_get("/b/acme%0d%0aFORGED", params={"q": "a\r\nFORGED"})
    client.simulate_get("/nowhere%0aFORGED")
    assert "FORGED" not in logs.text


def test_case_78_a_fault_is_logged_without_the_row_that_caused_it(client, acme, logs):
    bearer = acme.bearer()
    database.execute_sql("ALTER TABLE post ADD CONSTRAINT fault CHECK (votes > 5)")
    answer = client.simulate_post("/api/v1/posts", json={"title": TITLE, "body": BODY}, headers=bearer)
    assert answer.status_code == 500
    assert "IntegrityError 23514" in logs.text and "service/feedback/posts.py" in logs.text
    assert "Canary" not in logs.text


def test_case_79_a_fault_of_ours_is_written_down_and_not_shown(client, acme, logs):
    acme.post(TITLE)
    database.execute_sql("ALTER TABLE post RENAME COLUMN title TO heading")
    for path, headers in (("/b/acme", {}), ("/api/v1/posts/1", acme.bearer())):
        answer = client.simulate_get(path, headers=headers)
        assert answer.status_code == 500
        assert not [word for word in ("Traceback", "column", "psycopg2", "SELECT") if word in answer.text]
        assert answer.headers["x-request-id"] in logs.text
