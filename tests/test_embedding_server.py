"""The way to a server of vectors, against a real one that behaves as others do; the settings that name it."""

import numpy
import pytest
from cast import SECRET_KEY
from embedders import KEY, MODEL, at, backwards, embedding, gives, of_length, refuses, says, unit, well, with_numbers
from receivers import answer, drip, flood, hang, in_turn, reset

from service import config
from service.errors import SettingError
from service.lib.embedding_server import AT_ONCE, Server
from service.lib.lines import Unreachable

TEXTS = ["Dark mode", "Export invoices", "Sign in with Google"]
PRIVATE = "The salary of Mrs Zwiebelfisch"


def refusal(server: Server, *texts: str, **more) -> str:
    with pytest.raises(Unreachable) as failed:
        server.embed(MODEL, list(texts or [PRIVATE]), **more)
    return str(failed.value)


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


# ── the settings ────────────────────────────────────────────────────────────────────────────────────────────────────


def given(**settings: str) -> config.Config:
    ours = {"SECRET_KEYS": SECRET_KEY, "DATABASE_URL": "postgresql://none"}
    return config.read({**ours, "EMBEDDINGS_MODEL": MODEL, **settings})


@pytest.mark.parametrize("url", [
    "http://127.0.0.1:11434/v1", "http://127.0.0.1:11434/v1/", "http://127.0.0.1:11434/v1/embeddings",
])  # fmt: skip
def test_the_address_of_the_api_and_that_of_its_vectors_mean_the_same(url):
    assert given(EMBEDDINGS_URL=url).embeddings_url == "http://127.0.0.1:11434/v1"


@pytest.mark.parametrize("url", ["http://ollama:11434/v1", "http://[::1]:8080/v1", "https://api.openai.com/v1"])
def test_it_may_be_anywhere(url):
    assert given(EMBEDDINGS_URL=url).embeddings_url == url


@pytest.mark.parametrize("url", ["https://me:hunter2@api.example.com/v1", "https://api.example.com/v1#top", "http://a b/v1"])
def test_an_address_that_nobody_can_ask_is_refused_at_the_start(url):
    with pytest.raises(SettingError, match="EMBEDDINGS_URL cannot be used: .* like EMBEDDINGS_URL=https://") as refused:
        given(EMBEDDINGS_URL=url)
    assert "hunter2" not in str(refused.value)


def test_without_an_address_nobody_is_asked_and_the_model_means_nothing():
    assert given().embeddings_url is None


def test_an_address_needs_a_model():
    with pytest.raises(SettingError, match="EMBEDDINGS_MODEL is not set; .* e.g. EMBEDDINGS_MODEL="):
        given(EMBEDDINGS_URL="https://api.example.com/v1", EMBEDDINGS_MODEL=" ")


def test_the_key_may_come_from_a_file(tmp_path):
    (tmp_path / "key").write_text(f"{KEY}\n")
    assert given(EMBEDDINGS_API_KEY_FILE=str(tmp_path / "key")).embeddings_api_key == KEY


@pytest.mark.parametrize("key", ["k\u00e9y", "key\r\nx-more: 1", "key\x00"])
def test_a_key_that_no_header_can_carry_is_refused_and_not_repeated(key):
    with pytest.raises(SettingError, match="EMBEDDINGS_API_KEY has characters that no header can carry") as refused:
        given(EMBEDDINGS_API_KEY=key)
    assert key not in str(refused.value)
