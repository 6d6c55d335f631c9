"""What System says of the vectors to who runs the server: whose they are, and what is not as it is set up."""

import dataclasses
import re
from html import unescape

import falcon.testing
import pytest
from browser import Browser
from cast import ADA, BEN
from embedders import MODEL, switch
from queued import work_off

from service import db, installation
from service.feedback import vector_health, vectors
from service.lib import embeddings
from service.web.app import create_app
from service.web.dashboard import system

URL = "https://vectors.example/v1"
NEXT = "UPDATE installation SET embedding_next = %(model)s"
COPIED = """
INSERT INTO post_embedding (workspace_id, model, post_number, vector)
SELECT workspace_id, %(model)s, post_number, vector FROM post_embedding ORDER BY post_number LIMIT 2"""


@pytest.fixture
def settings_with(here):
    """The settings with these of a server, or without any."""
    installation.check_keys()
    return lambda **named: dataclasses.replace(here, **named)


def texts(page) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page.text)).split())


def said(config) -> str:
    now = vector_health.standing(config)
    return " ".join([system.compared(now), *system.of_vectors(now)])


def test_our_own_model_is_named_and_nothing_is_wrong(settings_with):
    assert said(settings_with()) == f"Posts are compared by {embeddings.MODEL}, a model that runs here."


def test_a_servers_model_is_named_with_where_it_is_and_nothing_is_wrong(settings_with):
    switch()
    assert said(settings_with(embeddings_url=URL, embeddings_model=MODEL)) == (
        f"Posts are compared by {MODEL}, a model of the server at vectors.example, which is sent what people write and type."
    )


def test_another_model_in_the_settings_is_said_to_need_the_command(settings_with):
    told = said(settings_with(embeddings_url=URL, embeddings_model=MODEL))
    assert f"EMBEDDINGS_MODEL is {MODEL}, but posts are still compared by {embeddings.MODEL}." in told
    assert told.endswith("Make the vectors anew: sayso reembed")


def test_a_server_that_is_in_the_settings_no_longer_is_missed(settings_with):
    switch()
    assert f"EMBEDDINGS_URL is not set, but posts are compared by {MODEL}" in said(settings_with())


def test_how_far_the_new_vectors_are_is_said(settings_with, acme, globex):
    for number in range(3):
        acme.post(f"Dark mode {number}")
    globex.post("Dark mode")
    work_off()
    db.changed(NEXT, model=MODEL)
    db.changed(COPIED, model=MODEL)
    told = said(settings_with(embeddings_url=URL, embeddings_model=MODEL))
    assert f"Vectors of {MODEL} are being made: 2 of 4 posts. Those of {embeddings.MODEL} answer until all are" in told
    assert "EMBEDDINGS_MODEL" not in told, "it is on its way"


def test_of_very_many_vectors_only_some_are_counted(settings_with, acme, monkeypatch):
    monkeypatch.setattr(vector_health, "MOST_COUNTED", 1)
    acme.post("Dark mode"), acme.post("Export invoices")
    work_off()
    db.changed(NEXT, model=MODEL)
    db.changed(COPIED, model=MODEL)
    assert "more than 1 of 2 posts" in said(settings_with())


def test_a_failure_is_of_no_interest_when_nobody_needs_the_server(settings_with):
    db.changed(vectors.FAILED, failure="It is away.")
    assert "It is away." not in said(settings_with(embeddings_url=URL, embeddings_model=embeddings.MODEL))


def test_while_vectors_are_made_the_old_ones_answer_although_the_server_fails(settings_with):
    db.changed(NEXT, model=MODEL)
    db.changed(vectors.FAILED, failure="It is away.")
    told = said(settings_with(embeddings_url=URL, embeddings_model=MODEL))
    assert f"It is away. The vectors of {embeddings.MODEL} answer meanwhile, and nothing is lost." in told


def test_only_who_runs_the_server_reads_it(settings_with, acme):
    client = falcon.testing.TestClient(create_app(settings_with(embeddings_url=URL, embeddings_model=MODEL)))
    installation.appoint(acme.owner.id)
    pages = [texts(Browser(client).sign_in(who).open("/app/acme/system")) for who in (ADA, BEN)]
    assert ["sayso reembed" in page and "Posts are compared by" in page for page in pages] == [True, False]
    assert "vectors.example" not in pages[1] and MODEL not in pages[1]
