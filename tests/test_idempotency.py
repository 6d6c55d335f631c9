"""A request that is sent again with the same Idempotency-Key is done once."""

import pytest
from crowd import at_once
from program import Program, wrong

from service import db

KEY = {"Idempotency-Key": "0b0c4f2e"}


@pytest.fixture
def api(client, acme):
    return Program(client, acme)


def test_the_second_answer_is_the_first_one_again(api):
    first = api.post("/posts", KEY, title="Dark mode")
    again = api.post("/posts", KEY, title="Dark mode")
    assert (again.status_code, again.headers["location"], again.json) == (201, "/api/v1/posts/1", first.json)
    assert len(api.get("/posts").json["data"]) == 1


def test_another_body_or_address_under_the_same_key_is_a_conflict(api):
    api.post("/posts", KEY, title="Dark mode")
    for answer in (api.post("/posts", KEY, title="Night mode"), api.post("/boards", KEY, key="a", name="A")):
        assert (answer.status_code, answer.json["code"]) == (409, "idempotency_key_reused")


def test_a_request_that_was_refused_can_be_sent_again_corrected(api):
    assert wrong(api.post("/posts", KEY, title="")) == {"title"}
    assert api.post("/posts", KEY, title="Dark mode").status_code == 201


def test_a_key_belongs_to_its_workspace(client, api, globex):
    api.post("/posts", KEY, title="Dark mode")
    assert Program(client, globex).post("/posts", KEY, title="Another").json["title"] == "Another"


def test_what_is_kept_cannot_be_read_in_the_database(api):
    api.post("/posts", KEY, title="Unmistakable")
    assert "Unmistakable" not in str(db.rows("SELECT sealed FROM repeated_request"))


def test_a_key_that_cannot_be_one_is_named(api):
    for key in ("", "x" * 256):
        assert wrong(api.post("/posts", {"Idempotency-Key": key}, title="Dark mode")) == {"Idempotency-Key"}


def test_case_90_twenty_at_once_make_one_post(client, api, acme):
    answers = at_once(lambda n: api.post("/posts", KEY, title="Dark mode"), 12)
    assert {answer.json["number"] for answer in answers if answer.status_code == 201} == {1}
    assert {answer.status_code for answer in answers} <= {201, 503}
    assert db.row("SELECT count(*) FROM post") == (1,)
