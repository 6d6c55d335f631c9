"""Bodies that no client of ours would send: every route that takes one refuses them politely, and never breaks."""

import gzip
import json
from typing import NamedTuple
from urllib.parse import urlencode

import pytest
from addresses import World, address, operations
from browser import CSRF, FORM, Browser
from calls import SITE
from cast import ADA
from falcon.inspect import inspect_routes
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service import db
from service.web.app import routes as all_routes
from service.web.page import Page

DEEP = 40_000  # more than any parser's stack, within what a body may weigh
WIDGET_ROUTES = {  # address → a body that it takes; those of the API are made from what it says of itself
    "/api/widget/opening": {"board": "bugs", "sort": "top"},
    "/api/widget/list": {"sort": "new", "q": "dark", "board": "bugs", "status": "open", "mine": False, "cursor": None},
    "/api/widget/posts": {"title": "Dark mode", "body": "", "board": "bugs", "meta": {}, "submission": "a" * 32},
    "/api/widget/posts/1": {},
    "/api/widget/posts/1/vote": {"voted": True},
    "/api/widget/posts/1/follow": {"following": True},
    "/api/widget/posts/1/edit": {"title": "Dark mode", "body": ""},
    "/api/widget/posts/1/delete": {},
    "/api/widget/posts/1/comments": {"body": "Me too", "parent": None, "submission": "a" * 32},
    "/api/widget/posts/1/comments/after": {"after": 1},
    "/api/widget/comments/1/edit": {"body": "Me too"},
    "/api/widget/comments/1/delete": {},
    "/api/widget/similar": {"text": "dark"},
    "/api/widget/session": {"user_token": "x"},
    "/api/widget/news": {"cursor": None},
    "/api/widget/news/1/reaction": {"kind": "love", "on": True},
    "/api/widget/roadmap": {"board": "bugs"},
    "/api/widget/ticket": {},
}
FORM_ROUTES = {  # those of pages are attacked in test_dashboard_forms and test_public_forms
    "/app/join/acme/secret": {},
    "/app/new": {"name": "Product"},
    "/app/acme/files": {},
    "/app/sign-in": {"email": "a@b.example"},
    "/app/sign-in/secret": {"email": "a@b.example"},
    **{f"/b/acme/{page}/secret": {} for page in ("confirm", "data", "letters", "sign-in", "subscribe")},
    "/letters/team/secret": {},
    "/app/prove": {},
    "/app/prove/secret": {},
    "/app/sign-out": {},
}
UPLOAD_ROUTES = {"/api/widget/posts/1/files"}  # attacked in test_widget_uploads
HOOK_ROUTES = {"/hooks/stripe"}  # attacked in test_billing_hook: nothing of it is read before its signature is
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


class Route(NamedTuple):
    """Where a body can be sent, and one with every field there is."""

    method: str
    path: str
    whole: dict

    @property
    def is_widgets(self) -> bool:
        return self.path.startswith("/api/widget")

    def body(self, **fields) -> bytes:
        return json.dumps({**self.whole, **fields}).encode()

    def raw(self, field: str, value: str) -> str:
        """A body in which this text stands where the value of a field is expected."""
        return json.dumps({**self.whole, field: "HERE"}).replace('"HERE"', value)


@pytest.fixture
def routes(client, acme) -> list[Route]:
    """Every address that takes JSON, for things of Acme's that are there."""
    acme.post()
    world = World(client, acme)
    found = [Route("POST", path, {"key": acme.widget_key, **body}) for path, body in WIDGET_ROUTES.items()]
    for each in operations():
        if each.about.takes:
            found.append(Route(each.method.upper(), address(each, world.place(each)), world.body(each, every=True)))
    return found


@pytest.fixture
def send(client, acme):
    """Sends a body, as a client that is allowed to; as often as it likes."""
    minutes = 0

    def sent(route: Route, body, kind: str | None = USUAL, **headers):
        nonlocal minutes
        minutes += 1
        if minutes % 500 == 0:
            db.changed("DELETE FROM rate")
        usual = "text/plain" if route.is_widgets else "application/json"
        known = {"Content-Type": usual if kind is USUAL else kind, "Origin": SITE, **acme.bearer(), **headers}
        known = {name: value for name, value in known.items() if value is not None}
        return client.simulate_request(route.method, route.path, body=body, headers=known)

    return sent


def is_problem(answer, *statuses: int) -> bool:
    """Whether this is an error as the API promises them, with one of these statuses."""
    assert answer.status_code in statuses, answer.text[:300]
    assert answer.headers["content-type"] == "application/problem+json"
    assert {"type", "title", "status", "detail"} <= set(answer.json) and answer.json["status"] == answer.status_code
    return "Traceback" not in answer.text


def is_polite(answer) -> bool:
    """Taken, or refused with a reason: also because something that it names is not there."""
    return answer.status_code in (200, 201, 204) or is_problem(answer, 400, 401, 403, 404, 409, 422)


def test_every_route_with_a_body_is_attacked_here(client):
    resources = all_routes()
    taken = {
        route.path.replace("{slug}", "acme").replace("{number:number}", "1").replace("{comment:number}", "1")
        .replace("{secret}", "secret").replace("{entry:number}", "1").replace("{token}", "token")
            .replace("{place}", "acme")
        for route in inspect_routes(client.app.app)
        for method in route.methods
        if method.method in {"POST", "PUT", "PATCH"} and not method.internal and not route.path.startswith("/api/v1/")
        and not isinstance(resources.get(route.path), Page)
    }
    assert taken == {*WIDGET_ROUTES, *FORM_ROUTES, *UPLOAD_ROUTES, *HOOK_ROUTES}


# ── JSON ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_case_46_what_is_no_json_object_is_400(routes, send):
    for route in routes:
        for body in NOT_JSON:
            assert is_problem(send(route, body), 400), (route, body[:20])
        for body in HALF_JSON:
            assert is_problem(send(route, body), 400, 422), (route, body[:20])
        assert is_problem(send(route, b"[" * 100_000), 400)


def test_cases_43_to_46_a_field_of_another_kind_never_breaks_us(routes, send):
    for route in routes:
        for field in route.whole:
            for value in VALUES:
                assert is_polite(send(route, route.body(**{field: value}))), (route, field, value)
            for raw in RAW_VALUES:
                assert is_problem(send(route, route.raw(field, raw)), 400, 422), (route, field, raw[:20])


def test_case_45_fields_that_nobody_asked_for_never_break_us(routes, send):
    for route in routes:
        for raw in RAW_VALUES:
            for body in (f'{{"unknown": {raw}}}', route.raw("unknown", raw)):
                assert is_polite(send(route, body)), (route, raw[:20])


def the(routes: list[Route], path: str) -> Route:
    return next(route for route in routes if route.path == path)


def test_case_43_a_nul_in_a_text_is_400_and_nothing_is_stored(routes, send):
    before = db.row("SELECT count(*) FROM post")
    for path in ("/api/v1/posts", "/api/widget/posts"):
        route = the(routes, path)
        for fields in ({"title": "a\0b"}, {"meta": {"a\0": 1}}, {"meta": {"a": "\0"}}):
            assert is_problem(send(route, route.body(**fields)), 400)
    assert db.row("SELECT count(*) FROM post") == before


def test_case_47_numbers_in_meta_are_taken_or_refused_whole(routes, send):
    posts = the(routes, "/api/v1/posts")
    for value in (10**15, 1.5, -0.0, True, None):
        answer = send(posts, json.dumps({"title": "t", "meta": {"n": value}}))
        assert (answer.status_code, answer.json["meta"]) == (201, {"n": value})
    for value in (10**15 + 1, 2**63, 10**300, -1e308):
        assert is_problem(send(posts, json.dumps({"title": "t", "meta": {"n": value}})), 422)
    assert is_problem(send(posts, '{"title": "t", "meta": {"n": 1' + "0" * 5000 + "}}"), 422)


# ── what a body may be called, and how large it may be ──────────────────────────────────────────────────────────────


def test_cases_5_and_6_only_json_is_taken_for_json(routes, send):
    for route in routes:
        for kind in TYPES if route.is_widgets else [*TYPES, "text/plain", "text/plain;charset=UTF-8"]:
            assert is_problem(send(route, route.body(), kind), 415), (route, kind)


def test_case_41_a_packed_body_is_not_unpacked(routes, send):
    for route in routes:
        assert is_problem(send(route, gzip.compress(route.body()), **{"Content-Encoding": "gzip"}), 415)


def test_case_36_a_body_that_is_too_large_is_413(routes, send):
    for route in routes:
        assert is_problem(send(route, route.body(unknown="x" * 300_000)), 413)


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
        values = [b"%00", b"a%00b", b"\0", b"%ff%fe", b"\xff\xfe", b"%ED%A0%80", b"%", b"%zz", b"%u0041", b"+" * 500,
                  b"x" * 50_000, b"%0d%0aA:%20b"]  # fmt: skip
        whole = urlencode(FORM_ROUTES[path]).encode()  # of a repeated field the last one counts
        bodies = [whole + b"&" + field + b"=" + value for field in fields for value in values]
        bodies += [b"&".join(field + b"=a" for field in fields * 2), b"&" * 5000, b"=" * 5000, b"a=1&" * 9999, b"[]",
                   b'{"a": 1}']  # fmt: skip
        for body in bodies if path != "/app/sign-out" else bodies[:1]:
            page = submit(path, body)
            assert page.status_code in (200, 303, 400, 401, 403, 404, 409, 422, 429), (path, body[:20], page.text[:200])
            assert page.status_code == 303 or page.text.startswith("<!doctype html>")


def test_a_form_that_is_too_large_or_no_form_is_refused_as_a_page(submit):
    for path in FORM_ROUTES:
        known_first = {401} if "/data/" in path else set()  # nothing is read of whoever has no link
        assert submit(path, b"x=" + b"y" * 200_000).status_code in known_first | {413}
        for kind in ("application/json", "text/plain", "multipart/form-data; boundary=x"):
            page = submit(path, kind=kind)
            refused = {415, 400} if "letters" in path else {415}  # mail programs send that one as multipart, too
            assert page.status_code in refused | known_first and page.text.startswith("<!doctype html>")


# ── whatever else there may be ──────────────────────────────────────────────────────────────────────────────────────

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda some: st.lists(some) | st.dictionaries(st.text(), some),
)


def test_nothing_at_all_makes_a_500(routes, send):
    fields_there = sorted({"session", "anonymous"}.union(*(route.whole for route in routes)))

    @settings(max_examples=120, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(st.sampled_from(routes), st.dictionaries(st.sampled_from(fields_there), ANYTHING), st.binary())
    def fuzz(route, fields, raw):
        for body in (route.body(**fields), raw):
            assert send(route, body).status_code < 500, (route, body)

    fuzz()
