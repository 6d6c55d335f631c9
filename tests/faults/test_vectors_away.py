"""The server of vectors is away, slow or wrong: posts are taken, words answer, and nothing is lost."""

import dataclasses
import re
from html import unescape

import falcon.testing
import pytest
import urllib3
from browser import Browser
from cast import ADA
from embedders import KEY, MODEL, embedding, gives, of_length, refuses, switch, well, when_let_go, with_numbers
from installation import running
from queued import make_due
from receivers import answer, drip, hang, in_turn, wait_until

from service import db, installation, jobs
from service.db import database
from service.feedback import vectors
from service.handlers import HANDLERS
from service.lib import embedding_server
from service.web.app import create_app
from service.worker import Worker

AWAY = {
    "hangs": hang,
    "drips": drip,
    "has an error": answer(500),
    "asks us to slow down": answer(429),
    "does not take our key": answer(401),
    "has another model": of_length(768),
    "gives what is no number": with_numbers(float("nan")),
    "is something else": answer(200, b"<html>Welcome"),
    "gives too few": gives([]),
}
TRIED = "SELECT attempt, last_error FROM job WHERE kind = 'post.embed'"
WAITS = "SELECT run_at > now() FROM job WHERE kind = 'post.embed'"
MADE = "SELECT count(*) FROM post_embedding WHERE model = %(model)s"


@pytest.fixture
def server():
    with embedding() as there:
        yield there


@pytest.fixture
def here(here, server, monkeypatch):
    """This process, with the settings that name the server; it is not waited for as long as people would."""
    monkeypatch.setattr(embedding_server, "SECONDS", 0.3)
    monkeypatch.setattr(embedding_server, "SOON_SECONDS", 0.3)
    made = dataclasses.replace(here, embeddings_url=server.url, embeddings_model=MODEL, embeddings_api_key=KEY)
    vectors.start(made)
    switch()
    return made


@pytest.fixture
def client(here):
    return falcon.testing.TestClient(create_app(here))


@pytest.fixture
def patient(monkeypatch):
    """Somebody who waits for as long as an answer takes."""
    monkeypatch.setattr(embedding_server, "PATIENCE", 20)


def submit(client, company, title: str):
    wish = {"title": title, "author": company.user().external_id}
    return client.simulate_post("/api/v1/posts", json=wish, headers=company.bearer())


def found(client, company, text: str) -> list[tuple[str, str]]:
    answered = client.simulate_get("/api/v1/similar", params={"text": text}, headers=company.bearer())
    assert answered.status_code == 200
    return [(hit["post"]["title"], hit["why"]) for hit in answered.json["data"]]


def work(here) -> None:
    """Do what waits as the worker does, which goes on when a job fails."""
    worker = Worker(here.database_url, vectors.QUEUE)
    follow_up()
    for job in jobs.claim("tests", 100, 60, queue=vectors.QUEUE):
        worker.attempt(job)


def follow_up() -> None:
    for job in jobs.claim("tests", 100, 60):
        HANDLERS[job.kind](job)


def health(client, company) -> str:
    """What the operator reads on System."""
    installation.appoint(company.owner.id)
    page = Browser(client).sign_in(ADA).open("/app/acme/system")
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page.text)).split())


# ── whatever it does wrong ──────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("role", AWAY.values(), ids=AWAY)
def test_a_post_is_accepted_and_found_by_its_words(here, server, client, acme, role):
    server.role = role
    assert submit(client, acme, "Dark mode").status_code == 201
    work(here)
    assert found(client, acme, "a dark mode") == [("Dark mode", "words")]
    assert "Dark mode" in client.simulate_get("/b/acme", params={"q": "a dark mode"}).text


@pytest.mark.usefixtures("patient")
@pytest.mark.parametrize("role", AWAY.values(), ids=AWAY)
def test_the_job_is_tried_again_and_meaning_answers_once_the_server_is_well(here, server, client, acme, role):
    server.role = role
    submit(client, acme, "Dark mode")
    work(here)
    [(attempt, said)] = db.rows(TRIED)
    assert attempt == 1 and said.startswith("Unreachable ") and KEY not in said and "Dark mode" not in said
    server.role = well
    make_due()
    work(here)
    vectors.forget()
    assert db.rows(TRIED) == [] and found(client, acme, "night theme") == [("Dark mode", "meaning")]


@pytest.mark.parametrize("role", AWAY.values(), ids=AWAY)
def test_system_says_so_until_the_server_is_well(here, server, client, acme, role):
    server.role = role
    submit(client, acme, "Dark mode")
    work(here)
    warned = health(client, acme)
    assert "The server of vectors at 127.0.0.1 has given none since" in warned and KEY not in warned
    assert "Posts are found by their words meanwhile, and nothing is lost." in warned
    server.role = well
    make_due()
    work(here)
    assert "has given none" not in health(client, acme)


def test_jobs_shows_the_reason(here, server, client, acme):
    server.role = answer(401)
    submit(client, acme, "Dark mode")
    work(here)
    installation.appoint(acme.owner.id)
    page = Browser(client).sign_in(ADA).open("/app/acme/system/jobs").text
    assert "Vectors of posts, for similar posts" in page and "check EMBEDDINGS_API_KEY" in page


def test_a_server_that_does_not_let_us_choose_the_length_is_no_failure(here, server, client, acme):
    server.role = refuses(lambda asked: "dimensions" in asked)
    submit(client, acme, "Dark mode")
    work(here)
    assert db.row(MADE, model=MODEL) == (1,) and "has given none" not in health(client, acme)


def test_posts_that_waited_go_together(here, server, acme):
    for number in range(40):
        acme.post(f"Wish {number}")
    follow_up()
    while waiting := jobs.claim("tests", 1, 60, queue=vectors.QUEUE):
        HANDLERS[waiting[0].kind](waiting[0])
    assert db.row(MADE, model=MODEL) == (40,)
    sent = [text for request in server.texts for text in request if text.startswith("Wish")]
    assert sorted(sent) == sorted({f"Wish {number}" for number in range(40)}), "each once"
    assert len(server.requests) == 3, "one to measure the model by, two for forty posts"


# ── while somebody types ────────────────────────────────────────────────────────────────────────────────────────────


def test_words_answer_while_the_server_takes_its_time_and_meaning_when_it_is_asked_again(
    here, server, client, acme, monkeypatch
):
    monkeypatch.setattr(embedding_server, "SOON_SECONDS", 60)
    acme.post("Dark mode")
    work(here)
    vectors.forget()
    server.role = when_let_go
    before = len(server.requests)
    assert found(client, acme, "night theme") == [] and found(client, acme, "a dark mode") == [("Dark mode", "words")]
    server.let_go.set()
    wait_until(lambda: not vectors.memory.server.asked)
    assert found(client, acme, "night theme") == [("Dark mode", "meaning")]
    assert len(server.requests) == before + 2


@pytest.mark.usefixtures("patient")
def test_a_server_that_keeps_failing_is_left_alone_and_system_says_so_until_it_answers(here, server, client, acme):
    acme.post("Dark mode")
    work(here)  # so that its model is known
    vectors.forget()
    server.requests.clear()
    server.role = in_turn(answer(500), answer(500), answer(500), well)
    for text in ("one", "two", "three", "four", "five"):
        found(client, acme, text)
    assert len(server.requests) == 3
    assert "has given none since" in health(client, acme)
    vectors.memory.server.rests_until = 0  # as time does
    found(client, acme, "six")
    assert "has given none" not in health(client, acme)


@pytest.mark.usefixtures("patient")
def test_vectors_of_posts_take_the_warning_back_that_another_process_wrote(here, server, client, acme):
    vectors.note(None)
    db.changed(vectors.FAILED, failure="It is away.")  # a page's
    acme.post("Dark mode")
    work(here)
    assert "has given none" not in health(client, acme)


def test_the_key_and_what_people_wrote_are_in_no_log(here, server, client, acme, caplog):
    for role in AWAY.values():
        server.role = role
        submit(client, acme, "Zwiebelfisch")
        found(client, acme, "Zwiebelfisch")
        make_due()
        work(here)
    assert "post.embed" in caplog.text and KEY not in caplog.text and "Zwiebelfisch" not in caplog.text


# ── the whole ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_installation_starts_takes_posts_answers_and_stops_while_the_server_hangs():
    with embedding(hang) as there:
        told = {"EMBEDDINGS_URL": there.url, "EMBEDDINGS_MODEL": MODEL, "EMBEDDINGS_API_KEY": KEY}
        with running(**told) as sayso:
            key = {"Authorization": f"Bearer {sayso.demo['api_key']}"}
            there.wait_for(1)
            wish = {"title": "Tide tables on paper", "author": "u_1001"}
            taken = urllib3.request("POST", f"{sayso.base_url}/api/v1/posts", json=wish, headers=key, timeout=30)
            asked = {"text": "tide tables on paper"}
            answered = urllib3.request("GET", f"{sayso.base_url}/api/v1/similar", fields=asked, headers=key, timeout=30)
            titles = [hit["post"]["title"] for hit in answered.json()["data"]]
            assert taken.status == 201 and "Tide tables on paper" in titles
            assert sayso.stop() == 0 and not there.let_go.is_set()
            assert KEY not in "\n".join(sayso.said)


# ── what must not stop the others ───────────────────────────────────────────────────────────────────────────────────


def test_a_text_that_the_server_fails_at_stops_no_other(here, server, client, acme):
    server.role = refuses(lambda sent: any("poison" in text for text in sent["input"]), 500)
    for title in ("A poison", "Dark mode", "Slack integration"):
        submit(client, acme, title)
    for _ in range(3):
        work(here)
        make_due()
    assert db.row(MADE, model=MODEL) == (2,) and len(db.rows(TRIED)) == 1


def test_a_server_that_fails_now_and_then_hurries_nobody(here, server, client, acme):
    server.role = answer(500)
    submit(client, acme, "Dark mode")
    work(here)
    vectors.note(None)
    assert db.row(WAITS) == (True,)
    vectors.note("It is away.")
    database.execute_sql("UPDATE installation SET embedding_failing_at = now() - interval '2 minutes'")
    vectors.note(None)
    assert db.row(WAITS) == (False,)
