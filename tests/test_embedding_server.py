"""The way to a server of vectors, against a real one that behaves as others do."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy
import pytest
from embedders import (
    KEY,
    MODEL,
    backwards,
    embedding,
    gives,
    meaning,
    of_length,
    refuses,
    says,
    well,
    when_let_go,
    with_numbers,
)
from receivers import PATIENCE, answer, drip, flood, hang, in_turn, reset, wait_until

from service.lib import embedding_server
from service.lib.embedding_server import AT_ONCE, Server
from service.lib.lines import Unreachable

LONG = 20.0  # seconds that a test is patient
TEXTS = ["Dark mode", "Export invoices", "Sign in with Google"]
PRIVATE = "The salary of Mrs Zwiebelfisch"


def at(there, key: str | None = KEY) -> Server:
    return Server(there.url, key)


def refusal(server: Server, *texts: str, **more) -> str:
    with pytest.raises(Unreachable) as failed:
        server.embed(MODEL, list(texts or [PRIVATE]), **more)
    return str(failed.value)


def unit(text: str) -> numpy.ndarray:
    vector = numpy.array(meaning(text))
    return vector / numpy.linalg.norm(vector)


def fail_three_times(server: Server) -> None:
    for text in ("one", "two", "three"):
        assert server.soon(MODEL, text, LONG) is None


# ── what is asked ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_texts_become_vectors_of_unit_length():
    with embedding() as there:
        made = at(there).embed(MODEL, TEXTS)
    assert made.shape == (3, 384) and made.dtype == numpy.float32
    assert numpy.allclose(made, [unit(text) for text in TEXTS], atol=1e-6)


def test_the_answers_order_is_that_of_its_places():
    with embedding(backwards) as there:
        made = at(there).embed(MODEL, TEXTS)
    assert numpy.allclose(made, [unit(text) for text in TEXTS], atol=1e-6)


def test_it_is_asked_as_openai_documents_it():
    with embedding() as there:
        at(there).embed(MODEL, TEXTS)
    [request] = there.requests
    assert request.path == "/v1/embeddings" and request.headers["content-type"] == "application/json"
    assert request.json == {"model": MODEL, "input": TEXTS, "dimensions": 384, "encoding_format": "float"}


@pytest.mark.parametrize(("key", "sent"), [(KEY, f"Bearer {KEY}"), (None, None)])
def test_the_key_goes_along_when_there_is_one(key, sent):
    with embedding() as there:
        at(there, key).embed(MODEL, TEXTS)
    assert there.requests[0].headers.get("authorization") == sent


def test_many_texts_go_in_several_requests_and_keep_their_order():
    texts = [f"wish {number}" for number in range(2 * AT_ONCE + 6)]
    with embedding() as there:
        made = at(there).embed(MODEL, texts)
    assert [len(each) for each in there.texts] == [AT_ONCE, AT_ONCE, 6]
    assert numpy.allclose(made, [unit(text) for text in texts], atol=1e-6)


def test_nothing_is_asked_for_no_texts():
    with embedding() as there:
        assert at(there).embed(MODEL, []).shape == (0, 384) and there.requests == []


def test_a_model_that_does_not_let_us_choose_the_length_is_asked_without_from_then_on():
    with embedding(refuses(lambda asked: "dimensions" in asked)) as there:
        server = at(there)
        for text in TEXTS:
            assert numpy.allclose(server.embed(MODEL, [text]), unit(text), atol=1e-6)
    assert ["dimensions" in request.json for request in there.requests] == [True, False, False, False]


def test_another_model_of_that_server_may_let_us_choose_it():
    with embedding(refuses(lambda asked: asked["model"] == MODEL and "dimensions" in asked, 422)) as there:
        server = at(there)
        server.embed(MODEL, TEXTS)
        server.embed("another", TEXTS)
    assert ["dimensions" in request.json for request in there.requests] == [True, False, True]


def test_of_a_text_that_is_too_long_for_the_server_it_gets_the_beginning():
    with embedding(refuses(lambda asked: any(len(each) > 512 for each in asked["input"]), 413)) as there:
        made = at(there).embed(MODEL, ["word " * 300, "Dark mode"])
    assert numpy.allclose(made, [unit("word"), unit("Dark mode")], atol=1e-6)
    assert [len(each[0]) for each in there.texts] == [1500, 1500, 400]


# ── what is said when there are none ────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("role", "said"), [
    (answer(401), "does not take our key (401); check EMBEDDINGS_API_KEY"),
    (answer(403), "does not take our key (403)"),
    (answer(404), "no such model or address (404); check EMBEDDINGS_MODEL and EMBEDDINGS_URL"),
    (answer(405), "no such model or address (405)"),
    (answer(429), "asks us to slow down (429)"),
    (answer(400), "refuses what it is asked (400)"),
    (answer(500), "an error of its own (500)"),
    (answer(503), "an error of its own (503)"),
    (answer(308, location="http://127.0.0.1:1/"), "sends us elsewhere (308)"),
    (answer(204, b""), "answers with 204 instead of vectors"),
    (answer(418), "answers with 418 instead of vectors"),
    (answer(200, b"<html>Welcome"), "not what /v1/embeddings answers"),
    (answer(200, b"\xff\xfe"), "not what /v1/embeddings answers"),
    (answer(200, b"[" * 200_000), "not what /v1/embeddings answers"),
    (says([]), "not what /v1/embeddings answers"),
    (says({"data": {"embedding": [1.0] * 384}}), "not what /v1/embeddings answers"),
    (says({"data": [7]}), "not what /v1/embeddings answers"),
    (says({"data": [{"vector": [1.0] * 384}]}), "not what /v1/embeddings answers"),
    (gives(["AACAPwAAgD8="]), "not what /v1/embeddings answers"),
    (gives([[10**400] * 384]), "not what /v1/embeddings answers"),
    (gives([[[1.0] * 384]]), "not what /v1/embeddings answers"),
    (gives([1.0]), "not what /v1/embeddings answers"),
    (says({"data": [{"index": "0", "embedding": [1.0] * 384}]}), "another number of vectors"),
    (gives([]), "another number of vectors"),
    (gives([[1.0] * 384] * 2), "another number of vectors"),
    (of_length(768), "gives 768 numbers; choose a model that can give 384"),
    (with_numbers(float("nan")), "zeros or of what is no number"),
    (with_numbers(float("inf")), "zeros or of what is no number"),
    (with_numbers(1e300), "zeros or of what is no number"),
    (with_numbers(0), "zeros or of what is no number"),
    (flood, "not what /v1/embeddings answers"),
    (reset, "closed before there was an answer"),
])  # fmt: skip
def test_what_is_wrong_is_said_with_what_to_do_and_without_anything_private(role, said):
    with embedding(role) as there:
        sentence = refusal(at(there))
    assert said in sentence
    assert KEY not in sentence and "Zwiebelfisch" not in sentence


def test_vectors_of_different_lengths_are_no_answer():
    with embedding(gives([[1.0] * 384, [1.0] * 383])) as there:
        assert "not what /v1/embeddings answers" in refusal(at(there), "one", "two")


def test_two_vectors_for_the_same_place_are_no_answer():
    two = [{"index": 0, "embedding": [1.0] * 384}] * 2
    with embedding(says({"data": two})) as there:
        assert "another number of vectors" in refusal(at(there), "one", "two")


def test_one_failing_request_fails_the_whole():
    with embedding(in_turn(well, answer(500))) as there:
        assert "an error of its own" in refusal(at(there), *[f"wish {number}" for number in range(AT_ONCE + 1)])


def test_a_server_that_nobody_runs_is_named_as_such():
    with embedding() as there:
        pass
    assert refusal(at(there)) == "The connection was refused. Is it running, and is EMBEDDINGS_URL its address?"


@pytest.mark.parametrize("role", [hang, drip])
def test_one_that_does_not_come_to_an_end_is_left(role):
    with embedding(role) as there:
        assert refusal(at(there), seconds=0.3) == "There was no answer within 0.3 seconds. Is it overloaded?"


@pytest.mark.parametrize("url", ["http://user:secret@127.0.0.1:9/v1", "http://embedd%C3%ADngs.invalid/v1", "http://:80/v1"])
def test_an_address_that_cannot_be_asked_is_said_to_be_wrong(url):
    sentence = refusal(Server(url, KEY))
    assert sentence.endswith("Check EMBEDDINGS_URL.") and "secret" not in sentence


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
        server.embed(MODEL, TEXTS)
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
