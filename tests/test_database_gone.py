"""The database goes away and comes back: people get a page that says so, programs a 503, and nobody restarts anything."""

import threading
import time

import pytest
from browser import Browser
from calls import SITE, call
from cast import ADA

from service import db
from service.db import database

DEAD = "postgresql://sayso@127.0.0.1:1/sayso"
OTHERS = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = 'sayso' AND datname = %s"


@pytest.fixture
def kill(admin, here):
    """Ends every connection to this test's database, as a restart of PostgreSQL does."""
    name = here.database_url.partition("/")[2].split("/")[-1].split("?")[0]

    def killed(wait: float = 0.05) -> None:
        admin.execute(OTHERS, (name,))
        time.sleep(wait)

    return killed


@pytest.fixture
def away(here):
    """Switches between a database that is not there (True) and the one that is (False)."""

    def switched(gone: bool) -> None:
        if not database.is_closed():
            db.discard()
        database.close_all()
        db.start(DEAD if gone else here.database_url, connections=40)

    yield switched
    switched(False)


def is_sorry(answer, page: bool = False) -> bool:
    """Whether this says, for people or for programs, that the database is away for a moment."""
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
    if page:
        return answer.text.startswith("<!doctype html>") and "please try again" in answer.text
    return answer.headers["content-type"] == "application/problem+json" and answer.json["code"] == "unavailable"


def test_a_connection_that_was_cut_while_idle_is_replaced_unseen(client, acme, kill):
    acme.post()
    bearer = acme.bearer()
    assert client.simulate_get("/api/v1/posts/1", headers=bearer).status_code == 200
    for _ in range(3):
        kill()
        assert client.simulate_get("/api/v1/posts/1", headers=bearer).status_code == 200
        assert client.simulate_get("/b/acme").status_code == 200
        assert call(client, acme, "opening").status_code == 200


def test_a_connection_that_is_cut_within_a_request_costs_that_request_alone(client, acme, kill, monkeypatch):
    """The backend dies between the look at the connection and the first statement."""
    acme.post()
    bearer = acme.bearer()
    with monkeypatch.context() as moment:
        moment.setattr(db, "is_broken", lambda _: kill())
        assert is_sorry(client.simulate_get("/api/v1/posts/1", headers=bearer))
        assert is_sorry(client.simulate_get("/b/acme"), page=True)
    assert client.simulate_get("/api/v1/posts/1", headers=bearer).status_code == 200


def test_a_write_that_is_cut_off_leaves_nothing_half_done(client, acme, kill):
    acme.bearer()
    stop, answers = threading.Event(), []

    def write() -> None:
        while not stop.is_set():
            answers.append(client.simulate_post("/api/v1/posts", json={"title": "t"}, headers=acme.bearer()))
        db.discard()

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for _ in range(5):
        kill(0.1)
    stop.set()
    for thread in threads:
        thread.join(20)
    assert {answer.status_code for answer in answers} <= {201, 503} and answers[-1].status_code in (201, 503)
    db.connect()
    posts, events, votes = (db.row(f"SELECT count(*) FROM {table}")[0] for table in ("post", "event", "vote"))
    assert posts == events == votes
    assert posts >= sum(answer.status_code == 201 for answer in answers) > 0
    assert client.simulate_post("/api/v1/posts", json={"title": "t"}, headers=acme.bearer()).status_code == 201


def test_without_a_database_everyone_is_told_and_what_needs_none_goes_on(client, acme, away):
    acme.post()
    bearer, key, ada = acme.bearer(), acme.widget_key, Browser(client).sign_in(ADA)
    away(True)
    assert is_sorry(client.simulate_get("/api/v1/posts/1", headers=bearer))
    assert is_sorry(client.simulate_post("/api/v1/posts", json={"title": "t"}, headers=bearer))
    assert is_sorry(client.simulate_get("/readyz"))
    for path in ("/b/acme", "/b/acme/posts/1", "/app/acme/inbox", "/app/sign-in", "/demo"):
        assert is_sorry(ada.open(path), page=True), path
    for path in ("opening", "list", "posts"):
        assert is_sorry(call(client, acme, path, key=key, title="t")), path
    for path in ("/healthz", "/w.js", "/", "/docs", "/static/app.css"):
        assert client.simulate_get(path).status_code == 200, path
    assert client.simulate_get("/nowhere").status_code == 404


def test_when_the_database_is_back_so_is_everything(client, acme, away):
    acme.post()
    bearer, ada = acme.bearer(), Browser(client).sign_in(ADA)
    for _ in range(2):
        away(True)
        assert is_sorry(client.simulate_get("/api/v1/posts/1", headers=bearer))
        assert is_sorry(ada.open("/app/acme/inbox"), page=True)
        away(False)
        assert client.simulate_get("/api/v1/posts/1", headers=bearer).status_code == 200
        assert ada.open("/app/acme/inbox").status_code == 200
        assert call(client, acme, "opening").headers["access-control-allow-origin"] == SITE


def test_a_database_that_was_dropped_is_a_database_that_is_away(client, acme, admin, here):
    bearer = acme.bearer()
    name = here.database_url.partition("/")[2].split("/")[-1].split("?")[0]
    admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
    time.sleep(0.05)
    try:
        for _ in range(2):
            assert is_sorry(client.simulate_get("/api/v1/posts/1", headers=bearer))
    finally:
        admin.execute(f"CREATE DATABASE {name} TEMPLATE template_sayso OWNER sayso")
    assert client.simulate_get("/api/v1/posts/1", headers=bearer).status_code == 401  # an empty one, but it answers


def test_when_all_connections_are_taken_the_next_is_told_soon(client, acme, here):
    acme.post()
    bearer = acme.bearer()
    db.discard()
    database.close_all()
    db.start(here.database_url, connections=2)
    release, taken = threading.Event(), threading.Barrier(3)

    def hold() -> None:
        with db.connected():
            taken.wait(5)
            release.wait(20)

    holders = [threading.Thread(target=hold) for _ in range(2)]
    for holder in holders:
        holder.start()
    taken.wait(5)
    began = time.monotonic()
    assert is_sorry(client.simulate_get("/api/v1/posts/1", headers=bearer))
    assert time.monotonic() - began < 4
    assert client.simulate_get("/healthz").status_code == 200
    release.set()
    for holder in holders:
        holder.join(5)
    assert client.simulate_get("/api/v1/posts/1", headers=bearer).status_code == 200


def test_a_statement_that_takes_too_long_is_ended_and_says_so(client, acme, here):
    acme.post()
    bearer = acme.bearer()
    blocker = db.listener(here.database_url)
    blocker.autocommit = False
    blocker.cursor().execute("LOCK TABLE post")
    try:
        began = time.monotonic()
        answer = client.simulate_get("/api/v1/posts/1", headers=bearer)
        assert answer.status_code == 503 and "retry-after" in answer.headers
        assert time.monotonic() - began < 4
    finally:
        blocker.close()
    assert client.simulate_get("/api/v1/posts/1", headers=bearer).status_code == 200


def test_a_first_statement_that_cannot_be_sent_leaves_what_follows_in_the_transaction(here):
    with pytest.raises(ZeroDivisionError), db.database.atomic():
        with pytest.raises(ValueError, match="NUL"):
            db.rows("SELECT %(text)s", text="\0")
        db.changed("INSERT INTO person (email) VALUES ('nobody@x.example')")
        raise ZeroDivisionError
    assert db.rows("SELECT FROM person") == []
