"""Vectors of what somebody types, within a moment or not at all: from a server that is quick, slow, hanging or failing."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy
from embedders import MODEL, at, embedding, refuses, unit, well, when_let_go
from receivers import PATIENCE, answer, hang, in_turn, wait_until

from service.lib import embedding_server
from service.lib.embedding_server import Server

LONG = 20.0  # seconds that a test is patient


def fail_three_times(server: Server) -> None:
    for text in ("one", "two", "three"):
        assert server.soon(MODEL, text, LONG) is None


# ── within a moment ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_quick_server_answers_at_once():
    with embedding() as there:
        assert numpy.allclose(at(there).soon(MODEL, "Dark mode", LONG), unit("Dark mode"), atol=1e-6)


def test_nobody_waits_for_a_slow_server_and_the_next_one_gets_its_answer():
    with embedding(when_let_go) as there:
        server = at(there)
        assert server.soon(MODEL, "Dark mode") is None
        there.let_go.set()
        assert server.soon(MODEL, "Dark mode", LONG) is not None
        assert server.soon(MODEL, "Dark mode", 0) is not None
        assert len(there.requests) == 1


def test_who_types_the_same_at_the_same_time_is_one_question():
    with embedding(when_let_go) as there, ThreadPoolExecutor(6) as pool:
        server = at(there)
        found = [pool.submit(server.soon, MODEL, "Dark mode", LONG) for _ in range(6)]
        there.wait_for(1)
        there.let_go.set()
        assert all(each.result() is not None for each in found)
        assert len(there.requests) == 1


def test_the_same_text_means_something_else_to_another_model():
    with embedding() as there:
        server = at(there)
        server.soon(MODEL, "Dark mode", LONG)
        server.soon("another", "Dark mode", LONG)
    assert [request.json["model"] for request in there.requests] == [MODEL, "another"]


def test_a_hanging_server_is_asked_by_a_few_threads_and_few_texts_wait_for_it():
    with embedding(when_let_go) as there:
        server = at(there)
        for number in range(200):
            assert server.soon(MODEL, f"wish {number}", 0) is None
        there.wait_for(embedding_server.THREADS)
        assert len(server.asked) == embedding_server.MOST_WAITING
        assert len(server.threads) == embedding_server.THREADS
        there.let_go.set()
        there.wait_for(embedding_server.MOST_WAITING)
        wait_until(lambda: not server.asked)
        assert there.most <= embedding_server.THREADS and len(there.requests) == embedding_server.MOST_WAITING


def test_threads_end_when_nothing_waits():
    with embedding() as there:
        server = at(there)
        server.soon(MODEL, "Dark mode", LONG)
        wait_until(lambda: not server.threads)


def test_only_the_latest_texts_are_remembered(monkeypatch):
    monkeypatch.setattr(embedding_server, "KEPT", 2)
    with embedding() as there:
        server = at(there)
        for text in ("one", "two", "one", "three", "one", "two"):
            assert server.soon(MODEL, text, LONG) is not None
    assert there.texts == [["one"], ["two"], ["three"], ["two"]]


def test_a_process_ends_although_the_server_hangs():
    with embedding(hang) as there:
        program = f"""
from service.lib.embedding_server import Server
print(Server({there.url!r}, None).soon({MODEL!r}, 'Dark mode', 0.1))"""
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=3 * PATIENCE)
        assert (done.returncode, done.stdout, done.stderr) == (0, "None\n", "")
        assert not there.let_go.is_set()


# ── a server that fails ─────────────────────────────────────────────────────────────────────────────────────────────


def test_after_three_failures_in_a_row_nobody_is_asked_any_more():
    with embedding(answer(500)) as there:
        server = at(there)
        fail_three_times(server)
        assert server.soon(MODEL, "four", LONG) is None
        assert there.texts == [["one"], ["two"], ["three"]]


def test_why_it_fails_is_known_after_three_failures_in_a_row():
    with embedding(answer(500)) as there:
        server = at(there)
        server.soon(MODEL, "one", LONG), server.soon(MODEL, "two", LONG)
        assert server.failure == "", "nobody knows yet"
        server.soon(MODEL, "three", LONG)
        assert "an error of its own (500)" in server.failure


def test_two_failures_are_forgotten_by_a_success():
    with embedding(in_turn(answer(500), answer(500), well, answer(500), answer(500), well)) as there:
        server = at(there)
        found = [server.soon(MODEL, text, LONG) is not None for text in ("a", "b", "c", "d", "e", "f")]
    assert found == [False, False, True, False, False, True] and server.failure is None


def test_what_is_remembered_answers_while_nobody_is_asked():
    with embedding(in_turn(well, answer(500))) as there:
        server = at(there)
        server.soon(MODEL, "Dark mode", LONG)
        fail_three_times(server)
        assert server.soon(MODEL, "Dark mode", LONG) is not None


def test_after_the_rest_one_tries_alone_and_its_success_lets_everybody_ask():
    with embedding(in_turn(answer(500), answer(500), answer(500), when_let_go)) as there:
        server = at(there)
        fail_three_times(server)
        server.rests_until = 0  # as time does
        assert server.soon(MODEL, "four", 0) is None and server.soon(MODEL, "five", 0) is None
        there.wait_for(4)
        there.let_go.set()
        assert server.soon(MODEL, "four", LONG) is not None and server.failure is None
        assert server.soon(MODEL, "five", LONG) is not None
        assert there.texts[3:] == [["four"], ["five"]]


def test_when_the_one_that_tries_fails_all_rest_again():
    with embedding(answer(500)) as there:
        server = at(there)
        fail_three_times(server)
        server.rests_until = 0
        assert server.soon(MODEL, "four", LONG) is None and server.soon(MODEL, "five", LONG) is None
        assert there.texts == [["one"], ["two"], ["three"], ["four"]]


def test_vectors_of_posts_tell_that_the_server_is_well_again():
    with embedding(in_turn(answer(500), answer(500), answer(500), well)) as there:
        server = at(there)
        fail_three_times(server)
        server.embed(MODEL, ["Export invoices"])
        assert server.failure is None and server.soon(MODEL, "four", LONG) is not None


def test_what_waits_is_given_up_when_the_rest_begins(monkeypatch):
    monkeypatch.setattr(embedding_server, "THREADS", 1)

    def fails_when_let_go(receiver, handler):
        receiver.let_go.wait(60)
        answer(500)(receiver, handler)

    with embedding(fails_when_let_go) as there:
        server = at(there)
        for number in range(9):
            assert server.soon(MODEL, f"wish {number}", 0) is None
        there.let_go.set()
        wait_until(lambda: not server.asked)
        assert len(there.requests) == 3


def test_texts_that_the_server_refuses_take_it_from_nobody():
    with embedding(refuses(lambda sent: any("🚀" in text for text in sent["input"]), 413)) as there:
        server = at(there)
        for text in ("🚀", "🚀🚀", "🚀🚀🚀", "🚀"):
            assert server.soon(MODEL, text, LONG) is None
        assert server.soon(MODEL, "Dark mode", LONG) is not None and server.failure is None
