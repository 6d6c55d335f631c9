"""`sayso reembed` as a process, killed half way, beside a second one, and with a server that does not answer."""

import dataclasses
import os
import signal
import subprocess
import sys

import canary
import pytest
from cast import SECRET_KEY
from reembedders import DARK, EXPORT, TURNED, serving

from service import db, installation
from service.feedback import reembedding, similar, vectors
from service.lib import embeddings

POSTS, PIECES = 150, 2  # of 32
MANY = """
INSERT INTO post (workspace_id, number, board_id, status_id, author_id, title)
SELECT workspace_id, 2 + n, board_id, status_id, author_id, 'Wish ' || n FROM post, generate_series(1, %(more)s) n
 WHERE number = 1"""
MODELS = "SELECT embedding_model, embedding_next FROM installation"
MADE = "SELECT count(*) FROM post_embedding WHERE model = %(model)s"
PATIENCE = 100  # seconds
OLD = (embeddings.MODEL, TURNED)


@pytest.fixture
def server():
    with serving() as server:
        yield server


@pytest.fixture
def company(here, server, acme):
    """Acme with many posts that have vectors of the local model; its pages are told of the server."""
    vectors.start(dataclasses.replace(here, embeddings_url=server.url, embeddings_model=TURNED))
    installation.check_keys()
    acme.post(DARK)
    acme.post(EXPORT)
    db.changed(MANY, more=POSTS - 2)
    reembedding.begin(embeddings.MODEL)
    assert sum(done.made for done in reembedding.reembed(embeddings.MODEL)) == POSTS
    return acme


@pytest.fixture
def sayso(here, server):
    """Starts `sayso reembed`; whatever still runs at the end is ended."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    told = {**kept, "DATABASE_URL": here.database_url, "SECRET_KEYS": SECRET_KEY, "EMBEDDINGS_URL": server.url,
            "EMBEDDINGS_MODEL": TURNED}  # fmt: skip
    started = []

    def start(*arguments: str) -> subprocess.Popen:
        command, pipes = [sys.executable, "-m", "service", "reembed", *arguments], {"stdout": -1, "stderr": -1, "text": True}
        started.append(subprocess.Popen(command, env=told, **pipes))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.communicate()


def ended(process: subprocess.Popen) -> tuple[int, str, str]:
    """(its exit code, what it said, what it complained of)."""
    said, complained = process.communicate(timeout=PATIENCE)
    canary.hear(complained)
    return process.returncode, said, complained


def held(server) -> None:
    """Let the server answer the first pieces, and then no more, until somebody waits for it."""
    server.patience = 2 + PIECES  # first a sample, and what the floors are measured by


def found(company) -> list[tuple[str, str]]:
    """The nearest; of two that are as near, which there would be if models were mixed, the later one."""
    return [(hit.post.title, hit.why) for hit in similar.find(company.team, "night theme", limit=1)]


def test_killed_half_way_and_begun_again_it_asks_for_nothing_twice_and_the_old_vectors_answer(company, server, sayso):
    held(server)
    process = sayso()
    assert server.held.wait(PATIENCE)
    assert (db.row(MODELS), found(company)) == (OLD, [(DARK, "meaning")])
    process.send_signal(signal.SIGKILL)
    process.wait(PATIENCE)
    before = server.answered.copy()
    assert (db.row(MODELS), db.row(MADE, model=TURNED), found(company)) == (OLD, (32 * PIECES,), [(DARK, "meaning")])

    server.patience = None
    code, said, complained = ended(sayso())
    assert (code, complained) == (0, "") and f"({POSTS - 32 * PIECES} vectors were made)" in said
    again = set(before) & set(server.answered - before) - {(TURNED, vectors.SAMPLE)}
    assert (again, db.row(MODELS), db.row(MADE, model=TURNED)) == (set(), (TURNED, None), (POSTS,))
    vectors.forget()
    vectors.memory.server.soon(TURNED, "night theme", patience=PATIENCE)
    assert found(company) == [(DARK, "meaning")]


def test_a_second_one_beside_it_is_refused_in_one_line(company, server, sayso):
    held(server)
    first = sayso()
    assert server.held.wait(PATIENCE)
    code, said, complained = ended(sayso())
    assert (code, said, complained.count("\n")) == (1, "", 1)
    assert "sayso: Another `sayso reembed` is at work already" in complained
    server.patience = None
    server.let_go.set()
    assert ended(first)[0] == 0


def test_what_goes_wrong_at_the_beginning_is_one_line_that_says_what_to_do(company, server, sayso):
    code, said, complained = ended(sayso("--model", "nosuch"))
    assert (code, said, complained.count("\n")) == (1, "", 1)
    assert "sayso: The server gives no vectors of nosuch." in complained and "EMBEDDINGS_MODEL" in complained
    assert db.row(MODELS) == (embeddings.MODEL, None)


def test_the_database_that_goes_away_ends_it_in_one_line_and_it_can_be_begun_again(company, server, sayso):
    held(server)
    process = sayso()
    assert server.held.wait(PATIENCE)
    db.row("""SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
               WHERE datname = current_database() AND pid <> pg_backend_pid()""")
    server.patience = None
    server.let_go.set()
    code, _, complained = ended(process)
    assert (code, complained.count("\n"), complained[:7]) == (1, 1, "sayso: ")
    assert ended(sayso())[0] == 0
    assert (db.row(MODELS), db.row(MADE, model=TURNED)) == ((TURNED, None), (POSTS,))
