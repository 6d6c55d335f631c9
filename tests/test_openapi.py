"""The API's document says all of the API and nothing else, and its page shows all of the document."""

import re
from html import unescape

import jsonschema_rs
import pytest
from falcon import testing
from schemathesis.specs.openapi.definitions import OPENAPI_31_VALIDATOR

from service import shapes
from service.web import openapi
from service.web.app import create_app, routes

PLACE = re.compile(r"{(\w+)(:\w+)?}")
DOCUMENT = "/api/v1/openapi.json"


@pytest.fixture(scope="module")
def pages(settings):
    """HTTP without a database."""
    return testing.TestClient(create_app(settings))


@pytest.fixture(scope="module")
def document(pages) -> dict:
    answer = pages.simulate_get(DOCUMENT)
    assert answer.status_code == 200, answer.text
    return answer.json


@pytest.fixture(scope="module")
def described(document) -> dict[tuple[str, str], dict]:
    """(method, path) → operation"""
    return {(method, path): each for path, methods in document["paths"].items() for method, each in methods.items()}


def within(value, kind=dict):
    """Every object in a JSON value."""
    if isinstance(value, kind):
        yield value
    for each in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from within(each, kind)


def parameter(operation: dict, name: str) -> dict:
    return next(each for each in operation["parameters"] if each.get("name") == name)


def test_every_address_of_the_api_is_in_the_document_and_nothing_else(described):
    there = {
        (method, PLACE.sub(r"{\1}", address))
        for address, resource in routes().items()
        if address.startswith("/api/v1/") and address != DOCUMENT
        for method in ("get", "head", "post", "put", "patch", "delete")
        if hasattr(resource, f"on_{method}")
    }
    assert set(described) == there


def test_it_is_a_valid_openapi_3_1_document(document):
    assert [str(error) for error in OPENAPI_31_VALIDATOR.iter_errors(document)] == []
    assert document["openapi"].startswith("3.1.")


def test_its_schemas_are_valid_json_schemas(document, described):
    found = [*document["components"]["schemas"].values(), *(each["schema"] for each in within(document) if "schema" in each)]
    for schema in found:
        assert jsonschema_rs.meta.is_valid({"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}), schema


def test_every_reference_leads_somewhere(document):
    for reference in {each["$ref"] for each in within(document) if "$ref" in each}:
        place = document
        for step in reference.removeprefix("#/").split("/"):
            place = place[step]
        assert isinstance(place, dict)


def test_nothing_is_described_that_nobody_refers_to(document):
    referred = {each["$ref"].rsplit("/", 1)[1] for each in within(document) if "$ref" in each}
    for kind in ("schemas", "parameters", "headers", "responses"):
        assert set(document["components"][kind]) <= referred, kind


def test_examples_fit_their_own_schema(document, described):
    for key, operation in described.items():
        content = operation.get("requestBody", {}).get("content", {}).get("application/json")
        if content:
            schema = {**content["schema"], "components": document["components"]}
            assert jsonschema_rs.validator_for(schema).is_valid(content["example"]), (key, content["example"])


def test_every_operation_has_a_name_of_its_own_that_says_what_it_does(described):
    names = [each["operationId"] for each in described.values()]
    assert len(names) == len(set(names))
    assert {"list_posts", "create_post", "get_post", "change_post", "put_post_vote", "list_post_votes", "put_post_status",
            "delete_board", "list_events"} <= set(names)  # fmt: skip
    assert all(each["summary"] and each["tags"] and each["description"] for each in described.values())


@pytest.mark.parametrize("word, one", [("posts", "post"), ("companies", "company"), ("statuses", "status"),
                                       ("status", "status"), ("boards", "board")])  # fmt: skip
def test_things_are_named_in_the_singular(word, one):
    assert openapi.singular(word) == one


def test_every_place_in_an_address_is_a_parameter_of_it(described):
    for (_, path), operation in described.items():
        said = [each["name"] for each in operation["parameters"] if each.get("in") == "path"]
        assert said == re.findall(r"{(\w+)}", path)
    assert parameter(described["get", "/api/v1/posts/{number}"], "number")["schema"] == {
        "type": "integer", "minimum": 1, "maximum": 999_999_999}  # fmt: skip
    assert parameter(described["get", "/api/v1/boards/{board}"], "board")["schema"]["pattern"] == shapes.KEY


def test_every_operation_says_how_it_answers_and_refuses(described):
    for (method, path), operation in described.items():
        answers = operation["responses"]
        good = [status for status in answers if status.startswith("2")]
        assert sorted(good) in (["200"], ["201"], ["204"], ["200", "201"])
        assert {"400", "401", "403", "422", "429", "503"} < set(answers)
        assert ("404" in answers) == ("{" in path)
        assert all(("Location" in answers[status]["headers"]) == (status == "201") for status in good)
        assert ("content" in answers[good[0]]) == (good != ["204"])
        assert "RateLimit-Remaining" in answers[good[0]]["headers"]
        assert ({"413", "415"} <= set(answers)) == ("requestBody" in operation)
        asks = [each.get("$ref", "").rsplit("/", 1)[-1] for each in operation["parameters"]]
        assert ("IdempotencyKey" in asks) == (method != "get")


def test_every_operation_says_which_scope_it_needs(described):
    for operation in described.values():
        (scope,) = operation["security"][0]["key"]
        assert scope in ("read", "write", "admin") and f"Needs the scope `{scope}`." in operation["description"]
    assert described["get", "/api/v1/posts"]["security"] == [{"key": ["read"]}]
    assert described["delete", "/api/v1/posts/{number}"]["security"] == [{"key": ["write"]}]


def test_limits_and_formats_come_from_the_shapes(document, described):
    new = document["components"]["schemas"]["NewPost"]
    assert new["required"] == ["title"] and new["properties"]["title"]["maxLength"] == 200
    assert document["components"]["schemas"]["Post"]["properties"]["created_at"]["format"] == "date-time"
    limit = parameter(described["get", "/api/v1/posts"], "limit")
    assert limit["schema"] == {"type": "integer", "minimum": 1, "maximum": 100, "default": 20} and not limit["required"]
    assert parameter(described["get", "/api/v1/posts"], "q")["schema"]["type"] == "string"  # left out, never null
    assert parameter(described["get", "/api/v1/similar"], "text")["required"]


def test_a_change_of_a_post_may_name_the_version_it_was_made_for(described):
    asked = [each.get("$ref") for each in described["patch", "/api/v1/posts/{number}"]["parameters"]]
    assert "#/components/parameters/IfMatch" in asked


def test_it_is_served_without_a_key_and_may_be_kept(pages):
    answer = pages.simulate_get(DOCUMENT)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    assert answer.headers["cache-control"] == "public, max-age=300"
    assert pages.simulate_post(DOCUMENT).status_code == 405


def test_the_page_shows_every_operation_and_every_shape(pages, document, described):
    page = pages.simulate_get("/api/docs")
    assert page.status_code == 200 and page.headers["content-type"].startswith("text/html")
    text = unescape(page.text)
    for (method, path), operation in described.items():
        assert f'id="{operation["operationId"]}"' in text and operation["summary"] in text
        assert f">{method.upper()}</b> <code>{path}</code>" in text
    for name in document["components"]["schemas"]:
        assert f'id="shape-{name}"' in text
    assert len(re.findall(r"\bcurl ", text)) >= len(described)


def test_every_link_of_the_page_leads_somewhere(pages):
    here, manual = (pages.simulate_get(path).text for path in ("/api/docs", "/docs"))
    for link in set(re.findall(r'href="([^"]+)"', here)):
        path, _, anchor = link.partition("#")
        if anchor:
            assert f'id="{anchor}"' in (manual if path == "/docs" else here), link
        else:
            assert pages.simulate_get(path).status_code == 200, link
    assert 'href="/api/docs"' in manual and 'href="/docs"' in here


def test_the_page_needs_no_script(pages):
    page = pages.simulate_get("/api/docs")
    assert re.findall(r"<script[^>]*>", page.text) == [re.search(r'<script src="/static/copy.js[^>]*>', page.text)[0]]
    assert "style=" not in page.text
