"""Bodies that no client of ours would send: every route that takes one refuses them politely, and never breaks."""

import gzip
import json
from urllib.parse import urlencode

import pytest
from browser import CSRF, FORM, Browser
from calls import SITE
from cast import ADA
from falcon.inspect import inspect_routes
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service import db

DEEP = 40_000  # more than any parser's stack, within what a body may weigh
JSON_ROUTES = {  # address → a body that it takes
    "/api/v1/posts": {"title": "Dark mode", "body": "", "board": "bugs", "status": "open", "author": "cleo-7", "meta": {}},
    "/api/v1/posts/1/status": {"status": "open", "note": "", "notify": True},
    "/api/widget/opening": {"board": "bugs", "sort": "top"},
    "/api/widget/list": {"sort": "new", "q": "dark", "board": "bugs", "status": "open", "mine": False, "cursor": None},
    "/api/widget/posts": {"title": "Dark mode", "body": "", "board": "bugs", "meta": {}, "submission": "a" * 32},
    "/api/widget/posts/1": {},
    "/api/widget/posts/1/vote": {"voted": True},
    "/api/widget/similar": {"text": "dark"},
    "/api/widget/session": {"user_token": "x"},
    "/api/widget/ticket": {},
}
FORM_ROUTES = {
    "/app/new": {"name": "Product"},
    "/app/acme/settings": {"origins": "https://a.example"},
    "/app/acme/settings/secret": {},
    "/app/acme/settings/key": {},
    "/app/acme/posts/1/status": {"status": "open", "note": "", "notify": "1"},
    "/app/sign-in": {"email": "a@b.example"},
    "/app/sign-in/secret": {"email": "a@b.example"},
    "/app/sign-out": {},
}
NOT_JSON = [
    b"", b" ", b"[", b"nul", b"\0", b"\xff\xfe", b"\xef\xbb\xbf{}", b"[" * DEEP, b"NaN", b"a=1&b=2", b'"x"', b"7", b"null",
    b"true", b"[]", b"[{}]", '{"a": 1}'.encode("utf-16"), '{"a": 1}'.encode("utf-32"),
]  # fmt: skip
HALF_JSON = [
    b"{",
    b"{'a': 1}",
    b'{"a": 1,}',
    b'{"a": 1} x',
    b'{"a": "\xed\xa0\x80"}',
    b'{"a":' * DEEP,
    b'{"a": \x01}',
    b'{"a"}',
]
VALUES = [
    None, True, 0, -1, 2**63, 2**64, 1.5, 1e308, "", "x", "\u202e\u200b", "x" * 20_000, [], [[]], {}, {"a": {}}, {"": None},
    ["x"] * 1000,
]  # fmt: skip
RAW_VALUES = [
    "NaN", "Infinity", "-Infinity", "1e999", "1" + "0" * 5000, '"\\u0000"', '"\\ud800"', '"\\udc00\\ud800"', '"\x01"',
    "[" * DEEP + "]" * DEEP, '{"a":' * DEEP + "1" + "}" * DEEP,
]  # fmt: skip
TYPES = [
    None,
    "",
    "text/html",
    "application/xml",
    FORM,
    "multipart/form-data; boundary=x",
    "application/json-patch+json",
    "json",
]
USUAL = object()


@pytest.fixture
def send(client, acme):
    """Sends a body to an address of Acme's API, as a client that is allowed to."""
    acme.post()
    bearer = acme.bearer()

    def sent(path: str, body, kind: str | None = USUAL, **headers):
        usual = "text/plain" if path.startswith("/api/widget") else "application/json"
        known = {"Content-Type": usual if kind is USUAL else kind, "Origin": SITE, **bearer, **headers}
        method = "PUT" if path.endswith("/status") else "POST"
        known = {name: value for name, value in known.items() if value is not None}
        return client.simulate_request(method, path, body=body, headers=known)

    def whole(path: str, **fields) -> dict:
        key = {"key": acme.widget_key} if path.startswith("/api/widget") else {}
        return {**key, **JSON_ROUTES[path], **fields}

    sent.whole = whole
    return sent


def is_problem(answer, *statuses: int) -> bool:
    """Whether this is an error as the API promises them, with one of these statuses."""
    assert answer.status_code in statuses, answer.text[:300]
    assert answer.headers["content-type"] == "application/problem+json"
    assert {"type", "title", "status", "detail"} <= set(answer.json) and answer.json["status"] == answer.status_code
    return "Traceback" not in answer.text


def test_every_route_with_a_body_is_attacked_here(client):
    taken = {
        route.path.replace("{slug}", "acme").replace("{number:number}", "1").replace("{secret}", "secret")
        for route in inspect_routes(client.app.app)
        for method in route.methods
        if method.method in {"POST", "PUT", "PATCH"} and not method.internal
    }
    assert taken == {*JSON_ROUTES, *FORM_ROUTES}


# ── JSON ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_case_46_what_is_no_json_object_is_400(send):
    for path in JSON_ROUTES:
        for body in NOT_JSON:
            assert is_problem(send(path, body), 400), body[:20]
        for body in HALF_JSON:
            assert is_problem(send(path, body), 400, 422), body[:20]
        assert is_problem(send(path, b"[" * 100_000), 400)


def test_cases_43_to_46_a_field_of_another_kind_never_breaks_us(send):
    for path in JSON_ROUTES:
        for field in JSON_ROUTES[path]:
            for value in VALUES:
                answer = send(path, json.dumps(send.whole(path, **{field: value})))
                assert answer.status_code in (200, 201) or is_problem(answer, 400, 401, 422), (field, value)
            for raw in RAW_VALUES:
                answer = send(path, json.dumps(send.whole(path, **{field: "HERE"})).replace('"HERE"', raw))
                assert is_problem(answer, 400, 422), (field, raw[:20])


def test_case_45_fields_that_nobody_asked_for_never_break_us(send):
    for path in JSON_ROUTES:
        for raw in RAW_VALUES:
            for body in (f'{{"unknown": {raw}}}', json.dumps(send.whole(path, unknown="HERE")).replace('"HERE"', raw)):
                answer = send(path, body)
                assert answer.status_code in (200, 201) or is_problem(answer, 400, 401, 422), raw[:20]


def test_case_43_a_nul_in_a_text_is_400_and_nothing_is_stored(send):
    for path in ("/api/v1/posts", "/api/widget/posts"):
        for body in (send.whole(path, title="a\0b"), send.whole(path, meta={"a\0": 1}), send.whole(path, meta={"a": "\0"})):
            assert is_problem(send(path, json.dumps(body)), 400)
    assert db.row("SELECT count(*) FROM post") == (1,)


def test_case_47_numbers_in_meta_are_taken_or_refused_whole(send):
    for value, status in ((2**63, 201), (10**300, 201), (-0.0, 201), (True, 201), (None, 201)):
        answer = send("/api/v1/posts", json.dumps({"title": "t", "meta": {"n": value}}))
        assert (answer.status_code, answer.json["meta"]) == (status, {"n": value})
    assert is_problem(send("/api/v1/posts", '{"title": "t", "meta": {"n": 1' + "0" * 5000 + "}}"), 422)


# ── what a body may be called, and how large it may be ──────────────────────────────────────────────────────────────


def test_cases_5_and_6_only_json_is_taken_for_json(send):
    for path in JSON_ROUTES:
        for kind in TYPES if path.startswith("/api/widget") else [*TYPES, "text/plain", "text/plain;charset=UTF-8"]:
            assert is_problem(send(path, json.dumps(send.whole(path)), kind), 415), kind


def test_case_41_a_packed_body_is_not_unpacked(send):
    for path in JSON_ROUTES:
        packed = gzip.compress(json.dumps(send.whole(path)).encode())
        assert is_problem(send(path, packed, **{"Content-Encoding": "gzip"}), 415)


def test_case_36_a_body_that_is_too_large_is_413(send):
    for path in JSON_ROUTES:
        assert is_problem(send(path, json.dumps(send.whole(path, unknown="x" * 300_000))), 413)


# ── forms ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def submit(client, acme):
    """Sends a form to an address of the dashboard, signed in."""
    acme.post()
    ada = Browser(client).sign_in(ADA)
    before = Browser(client)

    def sent(path: str, raw: bytes | str = b"", kind: str = FORM, **headers):
        browser = before if path.startswith("/app/sign-in") else ada
        browser.open("/app/sign-in" if browser is before else "/app/new")
        token = urlencode({"csrf": CSRF.search(browser.page.text)[1]})
        raw = raw.encode() if isinstance(raw, str) else raw
        known = {**browser.headers(), "Content-Type": kind, **headers}
        return client.simulate_post(path, body=token.encode() + b"&" + raw, headers=known)

    return sent


def test_a_form_of_rubbish_gets_a_readable_page(submit):
    for path in FORM_ROUTES:
        fields = [field.encode() for field in FORM_ROUTES[path]] or [b"x"]
        values = [
            b"%00",
            b"a%00b",
            b"\0",
            b"%ff%fe",
            b"\xff\xfe",
            b"%ED%A0%80",
            b"%",
            b"%zz",
            b"%u0041",
            b"+" * 500,
            b"x" * 50_000,
            b"%0d%0aA:%20b",
        ]
        bodies = [field + b"=" + value for field in fields for value in values]
        bodies += [
            b"&".join(field + b"=a" for field in fields * 2),
            b"&" * 5000,
            b"=" * 5000,
            b"a=1&" * 9999,
            b"[]",
            b'{"a": 1}',
        ]
        for body in bodies if path != "/app/sign-out" else bodies[:1]:
            page = submit(path, body)
            assert page.status_code in (200, 303, 401, 403, 422, 429), (body[:20], page.text[:200])
            assert page.status_code == 303 or page.text.startswith("<!doctype html>")


def test_a_form_that_is_too_large_or_no_form_is_refused_as_a_page(submit):
    for path in FORM_ROUTES:
        assert submit(path, b"x=" + b"y" * 200_000).status_code == 413
        for kind in ("application/json", "text/plain", "multipart/form-data; boundary=x"):
            page = submit(path, kind=kind)
            assert page.status_code == 415 and page.text.startswith("<!doctype html>")


# ── whatever else there may be ──────────────────────────────────────────────────────────────────────────────────────

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda some: st.lists(some) | st.dictionaries(st.text(), some),
)
FIELDS = sorted({"key", "session", "anonymous"}.union(*JSON_ROUTES.values()))


def test_nothing_at_all_makes_a_500(send):
    @settings(max_examples=120, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(st.sampled_from([*JSON_ROUTES]), st.dictionaries(st.sampled_from(FIELDS), ANYTHING), st.binary())
    def fuzz(path, fields, raw):
        for body in (json.dumps(send.whole(path, **fields)), raw):
            assert send(path, body).status_code < 500, body

    fuzz()
