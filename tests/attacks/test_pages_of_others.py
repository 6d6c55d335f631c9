"""Cases 1–12: what a page on somebody else's site may ask of us, read of us and do to us."""

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from browser import FORM, Browser
from calls import SITE, call, session
from cast import ADA, CLEO
from installation import REPOSITORY
from visitors import Visitor

from service import db
from service.feedback import members, user_links, workspaces

PATHS = ["opening", "list", "posts", "posts/1", "posts/1/vote", "similar", "session", "ticket"]
TRICKS = [
    "null", "", "https://app.acme.example.evil.example", "https://app-acme.example", "https://appxacme.example",
    "https://evil.example/https://app.acme.example", "https://app.acme.example@evil.example", "http://app.acme.example",
    "https://app.acme.example:8443", "https://acme.example", "https://x.app.acme.example", "HTTPS://APP.ACME.EXAMPLE.",
    "https://app.acme.example, https://evil.example", "https://app.acme.example/", "file://", "http://[", "*",
]  # fmt: skip
NEWEST_USER_LINK = "SELECT workspace_id, id FROM user_link ORDER BY id DESC LIMIT 1"
ALLOWED = "access-control-"


@pytest.fixture
def strict(acme):
    """Acme, with its widget allowed on its own site alone."""
    workspaces.set_origins(acme.workspace, SITE)
    return acme


def promised(answer) -> list[str]:
    return [name for name in answer.headers if name.startswith(ALLOWED)]


def test_case_1_a_listed_page_may_read_the_answer(client, strict):
    answer = call(client, strict, "opening")
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == SITE
    assert answer.headers["vary"] == "Origin"


@pytest.mark.parametrize("path", PATHS)
def test_case_1_no_answer_is_for_everyone_or_with_credentials(client, acme, path):
    acme.post()
    for origin in (SITE, "null", None):
        for headers in ({}, {"Content-Type": "application/xml"}):
            answer = call(
                client, acme, path, origin=origin, headers=headers, voted=True, text="t", title="t", user_token="t"
            )
            assert answer.headers.get("access-control-allow-origin") in (None, SITE)
            assert "access-control-allow-credentials" not in answer.headers
            assert answer.headers["vary"] == "Origin"


def test_case_2_any_other_origin_is_refused_and_may_not_read_why(client, strict):
    for origin in [*TRICKS, None]:
        answer = call(client, strict, "opening", origin=origin)
        assert (answer.status_code, answer.json["code"]) == (403, "origin_refused"), origin
        assert "access-control-allow-origin" not in answer.headers
        assert answer.headers["vary"] == "Origin"


def test_case_3_a_preflight_is_promised_nothing(client, acme):
    asked = {"Origin": SITE, "Access-Control-Request-Method": "DELETE", "Access-Control-Request-Headers": "x-anything"}
    for path in ("/api/widget/opening", "/api/v1/posts", "/app/acme/settings"):
        assert promised(client.simulate_options(path, headers=asked)) == []


def test_case_4_pages_and_the_rest_api_are_readable_by_no_other_site(client, acme):
    acme.post()
    for path, headers in (("/api/v1/posts/1", acme.bearer()), ("/app/acme/inbox", {}), ("/b/acme", {}), ("/nowhere", {})):
        assert promised(client.simulate_get(path, headers={"Origin": SITE, **headers})) == []


def test_case_4_the_widgets_calls_look_at_no_cookie_and_set_none(client, acme):
    ada = Browser(client).sign_in(ADA)
    answer = call(client, acme, "opening", headers={**ada.headers()})
    assert answer.json["user"] is None and "set-cookie" not in answer.headers


def test_case_5_a_body_of_no_kind_is_no_body(client, acme):
    """What a cross-site `fetch` of a Blob sends, with no Content-Type and without a preflight."""
    headers = {**acme.bearer(), "Content-Type": ""}
    assert client.simulate_post("/api/v1/posts", body='{"title": "Dark mode"}', headers=headers).status_code == 415
    assert call(client, acme, "posts", title="Dark mode", headers={"Content-Type": None}).status_code == 415
    assert db.row("SELECT count(*) FROM post") == (0,)


def test_case_6_the_api_takes_json_and_a_form_is_a_form(client, acme):
    ada = Browser(client).sign_in(ADA)
    ada.open("/app/new")
    for kind in ("text/plain", FORM, "multipart/form-data; boundary=x", "application/xml"):
        headers = {**acme.bearer(), "Content-Type": kind}
        assert client.simulate_post("/api/v1/posts", body='{"title": "Dark mode"}', headers=headers).status_code == 415, kind
    for kind in ("application/json", "text/plain"):
        assert ada.send("/app/new", {"Content-Type": kind}, name="Mine").status_code == 415, kind
    assert [place.name for place in members.places(acme.owner)] == ["Acme"]


@pytest.mark.parametrize("headers", [
    {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Origin": "https://evil.example"},
])  # fmt: skip
def test_case_7_a_form_of_another_site_does_nothing_with_our_cookie(client, acme, headers):
    """Every form of the dashboard is asked the same in test_dashboard_forms.py."""
    ada = Browser(client).sign_in(ADA)
    ada.open("/app/acme/settings")
    for more in ({}, {"csrf": "x"}):
        answer = ada.send("/app/acme/settings", headers, do="origins", origins="https://evil.example", **more)
        assert answer.status_code == 403
    for more in ({}, {"Origin": "null"}):
        assert ada.send("/app/acme/settings", more, do="origins", origins="https://evil.example", csrf="").status_code == 403
    assert workspaces.by_slug("acme").origins == []


def test_case_8_looking_at_something_changes_nothing(client, acme):
    """Every address is asked the same by test_matrix.py and test_public_pages.py; these are the links in letters."""
    acme.post()
    someone = Browser(client)
    someone.send("/b/acme/sign-in", do="ask", email=CLEO["email"])
    user_secret = user_links.arm(*db.row(NEWEST_USER_LINK)).secret
    before = db.row("SELECT count(*) FROM event")
    for path in (f"/b/acme/sign-in/{user_secret}", "/b/acme/posts/1", "/b/acme", "/b/acme/me", "/app/sign-in"):
        for ask in (client.simulate_get, client.simulate_head):
            ask(path, headers=someone.headers(), params={"do": "vote", "number": "1", "voted": "true"})
    assert db.row("SELECT count(*) FROM event") == before and db.row("SELECT votes FROM post") == (1,)
    someone.open(f"/b/acme/sign-in/{user_secret}")
    assert someone.send(f"/b/acme/sign-in/{user_secret}").status_code == 303, "the link still works"


def test_case_9_no_other_site_shows_our_pages_in_a_frame(client, acme):
    ada = Browser(client).sign_in(ADA)
    for path in ("/app/acme/inbox", "/app/acme/settings", "/app/sign-in", "/app/acme/nowhere", "/b/acme/me", "/b/acme"):
        assert "frame-ancestors 'none'" in ada.open(path).headers["content-security-policy"], path
    for path in ("/nowhere", "/api/v1/posts", "/healthz", "/w.js"):
        assert "frame-ancestors" in client.simulate_get(path).headers["content-security-policy"], path


def newest(client) -> str:
    """The build that is served: an older one leads there."""
    return client.simulate_get("/w/0000/panel.js").headers["location"].split("/")[1]


def scripts(client) -> dict[str, str]:
    """The loader and every chunk, by name: a folder of widget/ is one."""
    build, found = newest(client), {"w": client.simulate_get("/w.js").text}
    for folder in (REPOSITORY / "widget").iterdir():
        answer = client.simulate_get(f"/w/{build}/{folder.name}.js")
        if answer.status_code == 200:
            found[folder.name] = answer.text
    return found


def test_case_10_the_widget_listens_to_no_messages(client):
    """So none can be forged; that its panel is in the page itself is seen in e2e/test_hosts.py."""
    for name, text in scripts(client).items():
        assert not re.search(r"postMessage|onmessage|[\"']message[\"']", text), name


def test_case_11_the_widget_needs_nothing_that_a_strict_page_forbids(client):
    """Real pages with real traps are in e2e/test_hosts.py."""
    found = scripts(client)
    assert len(found) > 3
    for name, text in found.items():
        assert not re.search(r"\beval\(|new Function|innerHTML|outerHTML|insertAdjacentHTML|document\.write", text), name
    assert set(re.findall(r"\bwindow\.(\w+)\s*=[^=]", found["w"])) <= {"sayso"}


def test_case_12_a_script_has_an_address_for_ever_and_holds_nothing_of_anybody(client, acme):
    session(client, acme)
    chunk = client.simulate_get(f"/w/{newest(client)}/panel.js", headers={"Origin": SITE})
    assert chunk.status_code == 200 and "immutable" in chunk.headers["cache-control"]
    for text in scripts(client).values():
        assert not any(word in text for word in (acme.widget_key, acme.workspace.public_id, CLEO["email"], "cleo-7"))


def test_a_page_that_leads_a_visitor_to_the_product_learns_nobodys_name(client, acme):
    """Signed in at the product, they would come back at once with a token, and what they wrote would carry their name."""
    db.changed("UPDATE workspace SET sign_in_url = 'https://app.acme.example/feedback' WHERE slug = 'acme'")
    visitor = Visitor(client)
    visitor.do("/b/acme/posts/new", "write", title="My boss must not know that I wrote this")
    answer = visitor.open("/b/acme/sign-in/with", {"Sec-Fetch-Site": "cross-site"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/b/acme/sign-in")
    state = parse_qs(urlsplit(answer.headers["location"]).query).get("state", ["x"])[0]
    back = {"token": acme.token(), "state": state}
    assert visitor.open("/b/acme/sign-in/return", {"Sec-Fetch-Site": "cross-site"}, params=back).status_code == 401
    page = Browser(client).open("/b/acme/posts/1").text
    assert "My boss" in page and CLEO["name"] not in page
    assert db.rows('SELECT kind FROM "user"') == [("anonymous",)]
