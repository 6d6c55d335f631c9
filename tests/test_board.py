"""What everyone may read: the public board, the changelog, the pages that belong to no workspace, and errors as pages."""

import re
from html import unescape

import pytest
from browser import Browser
from cast import ADA
from falcon.inspect import inspect_routes
from lowered import lower

from service import demo, installation
from service.db import database
from service.feedback import comments, members, planning, users

ENTRY = """
INSERT INTO changelog_entry (workspace_id, title, body, published_at)
VALUES (%s, %s, 'Now with **dark** mode', now() + %s * interval '1 day') RETURNING id"""
LINK = "INSERT INTO changelog_post (workspace_id, entry_id, post_number) VALUES (%s, %s, %s)"
ALWAYS = ("x-content-type-options", "referrer-policy", "permissions-policy", "content-security-policy", "x-request-id")


def publish(company, title: str, days: int, number: int | None = None) -> None:
    [entry] = database.execute_sql(ENTRY, (company.workspace.id, title, days)).fetchone()
    if number:
        database.execute_sql(LINK, (company.workspace.id, entry, number))


@pytest.fixture
def demo_workspace(here):
    """What `sayso demo` makes, in an installation that has been started once."""
    installation.check_keys()
    return demo.make(here)


# ── the board ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_everyone_reads_the_board_by_status_and_board(client, acme):
    acme.post("Dark mode")
    acme.post("Crash", board="bugs", status="planned")
    assert all(title in client.simulate_get("/b/acme").text for title in ("Dark mode", "Crash"))
    for query, shown in (("board=bugs", "Crash"), ("status=open", "Dark mode"), ("board=nowhere", None), ("status=x", None)):
        page = client.simulate_get("/b/acme", query_string=query)
        assert page.status_code == 200
        assert [title for title in ("Dark mode", "Crash") if f">{title}</a>" in page.text] == ([shown] if shown else []), (
            query
        )


def test_a_post_has_a_page_of_its_own(client, acme):
    acme.post("Dark mode", "For **night** owls")
    page = client.simulate_get("/b/acme/posts/1")
    assert "<strong>night</strong>" in page.text and "cleo" not in page.text.lower().replace("cleo</", "")


def test_what_is_said_below_a_post_is_shown_page_by_page(client, acme):
    acme.post("Dark mode")
    for number in range(12):
        comments.create(acme.reader(), 1, f"remark-{number} " + "[" * 4_900)
    comments.create(acme.writer, 1, "In spring", official=True)
    seen, page = [], client.simulate_get("/b/acme/posts/1")
    assert "In spring" in page.text and "<h2>13 comments</h2>" in page.text
    while True:
        seen.append(len(re.findall(r"remark-\d+ ", page.text)))
        further = re.search(r'href="(\?cursor=[^"#]+)#talk" rel="next"', page.text)
        if further is None:
            break
        page = client.simulate_get("/b/acme/posts/1", query_string=further[1][1:])
    assert seen == [10, 2] and page.text.count("In spring") == 1  # in its place
    for cursor in ("x", "1"):
        assert client.simulate_get("/b/acme/posts/1", query_string=f"cursor={cursor}").status_code == 400


def test_one_network_opens_only_so_many_pages_a_minute(client, acme, monkeypatch):
    lower(monkeypatch, PAGES=3)
    acme.post("Dark mode")
    pages = [client.simulate_get(f"/b/acme{path}") for path in ("", "/posts/1", "/changelog") * 3]  # in two minutes at most
    assert [page.status_code for page in pages[:3]] == [200] * 3
    assert 429 in [page.status_code for page in pages] and "try again in" in pages[3].text + pages[-1].text


def test_a_member_without_a_name_answers_as_the_team_and_never_by_their_address(client, acme):
    acme.post("Dark mode")
    nameless = members.person("zoe@acme.example")
    members.add(acme.workspace, nameless)
    for person, body in ((nameless, "Soon."), (acme.owner, "Now.")):
        user = users.of_member(acme.workspace, person)
        comments.create(acme.team._replace(user=user.id), 1, body, official=person == nameless)
    page = client.simulate_get("/b/acme/posts/1").text
    assert '<bdi>Acme</bdi></strong><span class="badge">Team<' in page
    assert '<bdi>Ada</bdi></strong><span class="badge">Team<' in page
    assert "zoe" not in page and "Anonymous" not in page


def test_case_49_the_board_pages_through_all_its_posts(client, acme):
    for number in range(45):
        acme.post(f"Wish {number}")
    for sort in ("top", "new", "trending"):
        seen, query = [], f"sort={sort}"
        while query:
            page = client.simulate_get("/b/acme", query_string=query).text
            seen += re.findall(r"/b/acme/posts/(\d+)", page)
            more = re.search(r'href="/b/acme\?([^"]+)"[^>]* rel="next"', page)
            query = unescape(more[1]) if more else None
        assert sorted(set(map(int, seen))) == list(range(1, 46)), sort


def test_case_59_a_private_post_is_nowhere_on_the_board(client, acme):
    number = acme.post("Secret crash", board="bugs")
    planning.set_status(acme.team, number, "done", "Fixed")
    publish(acme, "Version 2", -1, number)
    database.execute_sql("UPDATE board SET access = 'private' WHERE key = 'bugs'")
    for path in ("/b/acme", "/b/acme?board=bugs", "/b/acme?status=done", "/b/acme/changelog"):
        page = client.simulate_get(path.split("?")[0], query_string=path.partition("?")[2]).text
        assert "Secret" not in page and "posts/1" not in page
    hidden, missing = client.simulate_get("/b/acme/posts/1"), client.simulate_get("/b/acme/posts/2")
    assert (hidden.status_code, hidden.text) == (404, missing.text.replace("posts%2F2", "posts%2F1"))


def test_the_changelog_shows_what_is_published(client, acme):
    publish(acme, "Version 2", -1, acme.post())
    publish(acme, "Version 3", +1)
    page = client.simulate_get("/b/acme/changelog").text
    assert "Version 2" in page and "<strong>dark</strong>" in page and "/b/acme/posts/1" in page
    assert "Version 3" not in page


def test_case_26_what_people_write_cannot_act(client, acme):
    hostile = """<script>alert(1)</script>"'><img src=x onerror=alert(2)>[x](javascript:alert(3))"""
    acme.post(hostile, hostile)
    for path in ("/b/acme", "/b/acme/posts/1"):
        page = client.simulate_get(path).text
        assert "<script>alert" not in page and "<img src=x" not in page and 'href="javascript:' not in page


# ── pages of the house ──────────────────────────────────────────────────────────────────────────────────────────────


def test_the_front_page_and_the_manual_can_be_read(client):
    for path in ("/", "/docs", "/app/sign-in"):
        page = client.simulate_get(path)
        assert page.status_code == 200 and page.headers["content-type"].startswith("text/html"), path


def test_the_demo_page_carries_the_widget_and_a_user_who_is_asked_for(client, demo_workspace):
    page = client.simulate_get("/demo")
    assert page.status_code == 200 and demo_workspace.widget_key in page.text
    assert "'unsafe-inline'" not in page.headers["content-security-policy"]
    assert "data-user-token" not in page.text
    for user in ("u_1003", "someone new"):
        assert "data-user-token" in client.simulate_get("/demo", params={"user": user}).text
    for query in ("user=a&user=b", "user=", "user=a/b", "user=" + "x" * 300, "user=anon_x"):
        assert client.simulate_get("/demo", query_string=query).status_code == 200, query


def test_there_is_no_demo_page_before_there_is_a_demo(client, here):
    installation.check_keys()
    assert client.simulate_get("/demo").status_code == 404


def test_health_says_alive_and_ready(client):
    assert client.simulate_get("/healthz").json == {"alive": True}
    assert client.simulate_get("/readyz").json == {"ready": True, "pending_migrations": []}


def test_errors_are_pages_for_people_and_problems_for_programs(client, acme):
    for path in ("/nowhere", "/b/nowhere", "/b/acme/posts/9", "/app/nowhere/at/all", "/app/acme"):
        page = client.simulate_get(path, headers={"Accept": "application/json"})
        assert page.status_code in (303, 404) and "Traceback" not in page.text
        assert page.status_code == 303 or page.text.startswith("<!doctype html>")
    for path in ("/api/nowhere", "/api/v1/posts/9", "/api/v2/posts", "/w/nowhere.js", "/static/nowhere.css"):
        answer = client.simulate_get(path, headers={"Accept": "text/html", **acme.bearer()})
        assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json"), path
        assert {"type", "title", "status", "detail"} <= set(answer.json)


def test_case_34_every_answer_is_protected(client, acme):
    acme.post()
    paths = [
        "/",
        "/b/acme",
        "/b/acme/posts/1",
        "/nowhere",
        "/api/nowhere",
        "/api/v1/posts/1",
        "/app/",
        "/healthz",
        "/w.js",
        "/docs",
    ]
    for path in paths:
        answer = client.simulate_get(path)
        assert all(answer.headers.get(name) for name in ALWAYS), path
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "frame-ancestors" in answer.headers["content-security-policy"]
        assert "unsafe-inline" not in answer.headers["content-security-policy"]
        assert not {"server", "x-powered-by"} & set(answer.headers)


def test_case_35_what_is_for_one_person_is_kept_by_no_cache(client, acme):
    acme.post()
    ada = Browser(client).sign_in(ADA)
    for path in ("inbox", "posts/1", "settings", "outbox", "ticket"):
        assert ada.open(f"/app/acme/{path}").headers["cache-control"] == "no-store", path
    for path in ("/api/v1/posts/1", "/api/v1/posts/9", "/api/v1/similar?text=x"):
        answer = client.simulate_get(path.split("?")[0], query_string=path.partition("?")[2], headers=acme.bearer())
        assert answer.headers["cache-control"] == "no-store", path


def routes(client) -> list[tuple[str, set[str]]]:
    """Every address, with something in its places, and the methods it takes."""
    places = {"{slug}": "acme", "{name}": "x", "{secret}": "x"}
    found = []
    for route in inspect_routes(client.app.app):
        path = re.sub(r"\{\w+:number\}", "1", route.path)
        for place, value in places.items():
            path = path.replace(place, value)
        found.append((path, {method.method for method in route.methods if not method.internal} - {"HEAD"}))
    return found


def test_case_86_a_head_is_a_get_without_its_body(client, acme, demo_workspace):
    acme.post()
    headers = {**Browser(client).sign_in(ADA).headers(), **acme.bearer()}
    readable = [path for path, methods in routes(client) if "GET" in methods]
    assert len(readable) > 20
    for path in readable:
        get, head = (client.simulate_request(method, path, headers=headers) for method in ("GET", "HEAD"))
        assert (head.status_code, head.text) == (get.status_code, ""), path
        assert set(head.headers) == set(get.headers), path


def test_case_86_a_method_that_is_not_there_is_405_and_says_which_are(client, acme):
    acme.post()
    for path, known in routes(client):
        for method in {"GET", "POST", "PUT", "DELETE", "PATCH", "TRACE"} - known:
            answer = client.simulate_request(method, path, headers=acme.bearer())
            assert answer.status_code == 405, (method, path)
            assert set(answer.headers["allow"].split(", ")) >= known, (method, path)
