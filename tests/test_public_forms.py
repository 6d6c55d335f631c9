"""Every form of the public face: whoever sends it, from wherever, and whatever is written into it."""

import re
from urllib.parse import quote

import pytest
from browser import FORM
from cast import CLEO
from test_public_pages import furnished  # noqa: F401 (a fixture)
from visitors import FORMS, SECRETS, Visitor, placed

from service import db
from service.web import page

EVENTS = "SELECT count(*) FROM event"
ELSEWHERE = [
    {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"},
    {"Sec-Fetch-Site": "same-site", "Origin": "https://other.customer.example"},
    {"Origin": "https://evil.example"},
]
TYPED = [
    "",
    "x",
    "-1",
    "9" * 40,
    "٣",
    "\0",
    "\ud800",
    "<script>alert(1)</script>",
    "a" * 60_000,
    "\u202e\u200b",
    "'; --",
    "on",
]
FIELDS = [
    "number",
    "title",
    "body",
    "board",
    "email",
    "name",
    "submission",
    "parent",
    "comment",
    "kind",
    "entry",
    "id",
    "q",
    "muted",
    "to",
]


def with_forms() -> dict[str, page.Page]:
    return {address: resource for address, resource in FORMS.items() if isinstance(resource, page.Page)}


def test_a_form_of_another_site_does_nothing(client, furnished):  # noqa: F811
    visitor, before = Visitor(client).be(furnished), db.row(EVENTS)
    for address, resource in with_forms().items():
        for headers in ELSEWHERE:
            for deed in resource.deeds:
                answer = visitor.do(placed(address, furnished), deed, headers, number="1", body="Hello", title="Hello")
                assert answer.status_code == 403, (address, deed, headers)
    assert db.row(EVENTS) == before


def test_a_form_that_does_nothing_here_is_400(client, furnished):  # noqa: F811
    for address in with_forms():
        assert Visitor(client).be(furnished).do(placed(address, furnished), "nothing").status_code == 400, address


def test_whatever_is_written_into_a_form_gets_a_readable_page(client, furnished):  # noqa: F811
    for address, resource in with_forms().items():
        for deed in resource.deeds:
            for typed in TYPED:
                db.changed("DELETE FROM rate")
                visitor = Visitor(client).be(furnished)
                raw = "&".join([f"do={deed}", *(f"{field}={quoted(typed)}" for field in FIELDS)])
                answer = client.simulate_post(placed(address, furnished), body=raw,
                                              headers={**visitor.headers(), "Content-Type": FORM})  # fmt: skip
                assert answer.status_code < 500, (address, deed, typed[:20])
                assert "<script>alert(1)" not in answer.text, (address, deed)
                if deed.startswith("erase"):
                    furnished.user(CLEO)


def quoted(typed: str) -> str:
    return quote(typed.encode("utf-8", "surrogatepass"))


@pytest.mark.parametrize("kind", ["application/json", "text/plain", "multipart/form-data", ""])
def test_a_body_that_is_no_form_is_refused(client, furnished, kind):  # noqa: F811
    for address in FORMS:
        answer = client.simulate_post(placed(address, furnished), body='{"do": "vote"}', headers={"Content-Type": kind})
        assert answer.status_code in (303, 400, 401, 403, 404, 415), address


def test_every_form_does_something_that_its_page_offers(client, furnished):  # noqa: F811
    for visitor in (Visitor(client), Visitor(client).be(furnished)):
        for address, resource in with_forms().items():
            shown = visitor.open(placed(address, furnished)).text
            offered = set(re.findall(r'name="do" value="([^"]+)"', shown))
            assert offered <= resource.deeds.keys(), address
            assert "csrf" not in shown, address


def test_no_address_holds_a_secret_that_can_be_guessed(client, furnished):  # noqa: F811
    for address in FORMS:
        if any(f"{{{name}}}" in address for name in SECRETS):
            answer = Visitor(client).do(placed(address, furnished), "")
            assert answer.status_code in (401, 403, 404, 410, 422), address
