"""Every page that is no workspace's can be shown, with values like those of a lively one, of an empty one, and of a hostile
one. Those of the dashboard and the public face are opened as they are answered (test_dashboard_pages, test_public_pages)."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace as Thing

import falcon
import jinja2
import pytest
from falcon import testing
from page_values import EMPTY, STATUSES, a_post, values

from service import words
from service.feedback import letters
from service.web import pages

HOSTILE = """<script>alert(1)</script>"'><img src=x onerror=alert(2)>{{ 7 * 7 }}"""
OPTIONAL = ["board_url", "snippet"]
WHOLE = sorted(
    name
    for name in pages.TEMPLATES.list_templates(["html"])
    if not name.startswith("board/") and not Path(name).name.startswith("_") and Path(name).stem not in {"layout", "single"}
    and not (name.startswith("app/") and 'extends "app/single.html"' not in (pages.HERE / "templates" / name).read_text())
)
LETTERS = ["new_post.html", "new_post.txt", "status_changed.html", "status_changed.txt", "sign_in.html", "sign_in.txt"]


def show(template, **given):
    """The answer of a server whose only page is `template`."""

    class Page:
        def on_get(self, req, resp):
            pages.render(req, resp, template, **given)

    app = falcon.App()
    app.add_route("/", Page())
    return testing.TestClient(app).simulate_get("/")


@pytest.mark.parametrize("template", WHOLE)
def test_every_page_of_a_lively_workspace_is_shown(template):
    assert show(template, **values()).status_code == 200


@pytest.mark.parametrize("template", WHOLE)
def test_every_page_of_an_empty_workspace_is_shown(template):
    given = {name: value for name, value in values(**EMPTY).items() if name not in OPTIONAL}
    assert show(template, **given).status_code == 200


@pytest.mark.parametrize("template", WHOLE)
def test_hostile_text_is_only_text(template):
    page = show(template, **values(HOSTILE)).text
    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert ("{{ 7 * 7 }}" in page) == ("alert(1)" in page)


@pytest.mark.parametrize("template", WHOLE)
def test_pages_need_no_inline_script_or_style(template):
    page = show(template, **values()).text
    assert " style=" not in page
    assert "<style" not in page
    assert "<script>" not in page
    assert " onclick=" not in page


@pytest.mark.parametrize("template", WHOLE)
def test_no_id_stands_twice_on_a_page(template):
    ids = re.findall(r' id="([^"]+)"', show(template, **values()).text)
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("template", [name for name in WHOLE if name.startswith("app/")])
def test_every_form_that_changes_something_carries_the_csrf_token(template):
    page = show(template, **values()).text
    assert page.count('method="post"') == page.count('name="csrf" value="c5rf"')


def test_the_demo_is_as_strict_as_a_strict_customer():
    policy = show("demo.html", **values()).headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "require-trusted-types-for 'script'; trusted-types 'none'" in policy
    assert "connect-src 'self' http://sayso.example http://sayso.example:8001;" in policy


def test_a_letter_is_shown_in_a_sandbox_that_runs_nothing():
    resp = falcon.Response()
    pages.render_letter(resp, "<p>Hello</p>")
    policy = resp.get_header("Content-Security-Policy")
    assert policy.startswith("default-src 'none'; style-src 'unsafe-inline';")
    assert "sandbox allow-popups" in policy
    assert "allow-scripts" not in policy
    assert "frame-ancestors 'self'" in policy


@pytest.mark.parametrize("template", LETTERS)
def test_letters_say_everything_and_escape_it_where_it_is_html(template):
    hostile = {"workspace": Thing(name=HOSTILE), "post": a_post(title=HOSTILE, text=HOSTILE), "author": HOSTILE}
    given = {**hostile, "note": HOSTILE, "words": words.chosen("en")}
    more = {"url": "http://sayso.example/x?a=1", "minutes": 15, "status": STATUSES[3]}
    letter = letters.templates.get_template(template).render(**given, **more)
    assert "http://sayso.example/x?a=1" in letter
    assert ("<script>" in letter) == (template in {"new_post.txt", "status_changed.txt"})


def test_a_failed_form_keeps_what_was_typed_and_says_what_is_wrong_beside_it():
    page = show("app/sign_in.html", csrf="c", errors={"email": "That is no address."}, values={"email": "robin@"}).text
    assert 'value="robin@" aria-invalid="true" aria-describedby="email-error"' in page
    assert '<p class="error" id="email-error">That is no address.</p>' in page


def test_a_missing_value_is_an_error_and_not_an_empty_place():
    with pytest.raises(jinja2.UndefinedError):
        pages.TEMPLATES.get_template("board/post.html").render(workspace=Thing(name="Tidewater", slug="tidewater"))


def test_shared_values_of_the_request_reach_the_page():
    req, resp = falcon.Request(testing.create_environ()), falcon.Response()
    req.context.page = {"status": 404, "title": "Shared", "detail": "x"}
    pages.render(req, resp, "error.html", title="Own")
    assert "<h1>Own</h1>" in resp.text


@pytest.mark.parametrize(
    ("age", "words"),
    [
        (timedelta(seconds=5), "just now"),
        (timedelta(minutes=5), "5 min ago"),
        (timedelta(hours=23.9), "23 h ago"),
        (timedelta(days=1.5), "1 day ago"),
        (timedelta(days=2), "2 days ago"),
        (timedelta(seconds=-3), "just now"),
    ],
)
def test_ages_in_words(age, words):
    assert pages.ago(datetime.now(UTC) - age) == words


def test_dates_and_money():
    assert pages.date(datetime(2026, 11, 2, tzinfo=UTC)) == "2 Nov 2026"
    assert pages.ago(datetime(2020, 1, 31, tzinfo=UTC)) == "31 Jan 2020"
    assert [pages.money(cents) for cents in (120000, 1250, 0, None)] == ["$1,200", "$12.50", "$0", ""]


def test_the_address_of_a_file_changes_with_the_file():
    address = pages.asset("app.css")
    assert address.startswith("/static/app.css?v=")
    with pytest.raises(FileNotFoundError):
        pages.asset("nothing.css")
