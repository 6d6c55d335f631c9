"""What every answer says about itself, whatever the address, the method and the outcome: made from the table of addresses,
so a new address needs no word here."""

import dataclasses
import re
from concurrent.futures import ThreadPoolExecutor

import falcon.testing
import pytest
from browser import Browser
from cast import ADA

from service import db, stream
from service.lib import headers
from service.web.app import create_app, routes

DEAD = "postgresql://nobody@127.0.0.1:1/nothing"
ALWAYS = {
    "x-content-type-options": "nosniff",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=()",
}
STRICT, SILENT = "strict-origin-when-cross-origin", "no-referrer"
FORM = "application/x-www-form-urlencoded"
ASKED = [("GET", None, None), ("POST", FORM, "do=nothing"), ("POST", "application/json", "{"), ("DELETE", None, None)]


@pytest.fixture
def secure(here):
    return falcon.testing.TestClient(create_app(dataclasses.replace(here, base_url="https://feedback.acme.example")))


def places(slug: str) -> dict[str, str]:
    """Template → an address that it takes; what it names may or may not be there."""
    known = {"slug": slug, "name": "tokens.css", "build": "0", "token": "t" * 40, "secret": "s" * 40, "table": "posts"}
    return {template: re.sub(r"\{(\w+)(:number)?\}", lambda found: "1" if found[2] else known.get(found[1], "x"), template)
            for template in routes()}  # fmt: skip


def is_protected(answer, where) -> None:
    found = answer.headers
    assert {name: found.get(name) for name in ALWAYS} == ALWAYS, where
    assert "frame-ancestors" in found["content-security-policy"], where
    assert found["referrer-policy"] in (STRICT, SILENT), where
    assert found["cache-control"] and found["x-request-id"], where
    assert "server" not in found, where


def test_every_answer_of_every_address_has_them(client, secure, acme):
    for template, path in places(acme.workspace.slug).items():
        for method, kind, body in ASKED:
            about = {"Content-Type": kind} if kind else {}
            answer = client.simulate_request(method, path, headers=about, body=body)
            is_protected(answer, (method, template, answer.status))
            assert "strict-transport-security" not in answer.headers, "nothing promises HTTPS to a server that has none"
        answer = secure.simulate_get(path)
        is_protected(answer, ("https", template, answer.status))
        assert answer.headers["strict-transport-security"] == "max-age=31536000", template


def test_every_kind_of_refusal_has_them(client, acme):
    class Broken:
        offline = True

        def on_get(self, req, resp):
            raise RuntimeError("as a mistake of ours does")

    client.app.app.add_route("/broken", Broken())
    key = acme.bearer()
    answers = {
        400: client.simulate_get("/docs", query_string="a=%00"),
        401: client.simulate_get("/api/v1/posts"),
        404: client.simulate_get("/nothing"),
        405: client.simulate_delete("/docs"),
        413: client.simulate_post("/api/v1/posts", body="x" * 300_000, headers={**key, "Content-Type": "application/json"}),
        414: client.simulate_get("/" + "x" * 9000),
        415: client.simulate_post("/api/v1/posts", body="title=x", headers={**key, "Content-Type": FORM}),
        422: client.simulate_post("/api/v1/posts", json={"title": ""}, headers=key),
        500: client.simulate_get("/broken"),
    }
    for status, answer in answers.items():
        assert answer.status_code == status
        is_protected(answer, status)


def test_an_answer_without_a_database_has_them(client, acme):
    bearer = acme.bearer()
    db.discard()
    db.database.close_all()
    db.start(DEAD, connections=2)
    for path in ("/readyz", f"/b/{acme.workspace.slug}", "/app", "/api/v1/posts"):
        answer = client.simulate_get(path, headers=bearer if path.startswith("/api") else {})
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "2"), path
        is_protected(answer, path)


def test_the_answers_of_the_stream_have_them_too(here):
    listening = falcon.testing.TestClient(stream.create_app(here.database_url))
    for path, status in {"/stream": 401, "/healthz": 200, "/nothing": 404}.items():
        with ThreadPoolExecutor() as apart:  # a browser's loop may run in this thread
            answer = apart.submit(listening.simulate_get, path).result()
        assert (answer.status_code, answer.headers["cache-control"]) == (status, "no-store")
        assert {name: answer.headers.get(name.lower()) for name in headers.ALWAYS} == headers.ALWAYS


def test_what_is_for_one_person_is_stored_by_nobody(client, acme):
    ada = Browser(client).sign_in(ADA)
    number = acme.post()
    for template, path in places(acme.workspace.slug).items():
        if template.startswith("/app"):
            assert_not_stored(ada.open(path.replace("/posts/1", f"/posts/{number}")), template)
        elif template.startswith("/api/v1/") and not template.endswith(".json"):
            assert_not_stored(client.simulate_get(path, headers=acme.bearer()), template)


def assert_not_stored(answer, where) -> None:
    assert answer.headers["cache-control"] == "no-store" or answer.status_code == 404, (where, answer.status)


def test_an_address_with_a_secret_is_told_to_nobody_and_its_page_is_kept_nowhere(client, acme):
    asked = [(template, path) for template, path in places(acme.workspace.slug).items()
             if re.search(r"\{(token|secret)\}|/return$", template)]  # fmt: skip
    assert len(asked) > 2
    for template, path in asked:
        answer = client.simulate_get(path)
        assert answer.headers["referrer-policy"] == SILENT, template
        assert answer.headers["cache-control"] == "no-store", template


def test_what_is_the_same_for_ever_says_so(client):
    answer = client.simulate_get("/static/tokens.css", query_string="v=1")
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert client.simulate_get("/static/tokens.css").headers["cache-control"] == "no-cache"
