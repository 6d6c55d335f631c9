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

from service import words
from service.feedback import letters
from service.web import pages
from service.web.reference import Field, Shown

NOW = datetime.now(UTC)
HOSTILE = """<script>alert(1)</script>"'><img src=x onerror=alert(2)>{{ 7 * 7 }}"""

STATUSES = [
    Thing(key="open", name="Open", kind="open", color="#64748b", posts=31),
    Thing(key="planned", name="Planned", kind="planned", color="#2563eb", posts=12),
    Thing(key="started", name="In progress", kind="started", color="#b45309", posts=4),
    Thing(key="done", name="Done", kind="done", color="#15803d", posts=58),
    Thing(key="declined", name="Not now", kind="declined", color="#9f1239", posts=9),
]


def a_post(number=12, title="Export invoices to CSV", text="For our **accountant**.", status=1, company="Fern & Co", **more):
    given = {
        "number": number,
        "title": title,
        "body": text,
        "status": STATUSES[status],
        "board": Thing(key="features", name="Features"),
        "held": False,
        "votes": 128,
        "comments": 2,
        "mrr": 123400,
        "author": Thing(name="Maya Okafor", email="maya@fern.example", company=company),
        "created_at": NOW - timedelta(hours=3),
        "updated_at": NOW - timedelta(minutes=5),
        "url": f"http://sayso.example/b/tidewater/posts/{number}",
        "meta": {"page": "https://app.example/invoices"},
    }
    return Thing(**given | more)


def an_operation(word):
    fields = [Field(name=word, kind=[(word, None), (word, word)], limits=word, is_required=True, default=word, about=word,
                    where="header")]  # fmt: skip
    return Shown(
        id="list_posts", method="GET", path=word, summary=word, about=word, scope=word, parameters=fields, body=fields,
        takes=word, takes_file=True, answers=word, fields=fields, status="200", refusals=[404], example=word,
    )  # fmt: skip


def values(word="Tidewater", **more):
    """What every page of the dashboard is given, and what each of them needs, in one."""
    post = a_post(title=word, text=word, company=word)
    given = {
        "base_url": "http://sayso.example",
        "stream_url": "http://sayso.example:8001/stream?ticket=t",
        "csrf": "c5rf",
        "active": "inbox",
        "person": Thing(name=word, email="robin@tidewater.example"),
        "signed_in": True,
        "workspace": Thing(name=word, slug="tidewater", public_id="ws_1"),
        "workspaces": [Thing(name=word, slug="tidewater")],
        "errors": {"email": word, "name": word, "note": word, "status": word, "origins": word},
        "values": {"email": word, "name": word, "note": word, "origins": word},
        "status": 404,
        "title": word,
        "detail": word,
        "email": word,
        "needs_email": True,
        "post": post,
        "posts": [post, a_post(13, body="", author=None, mrr=0)],
        "statuses": STATUSES,
        "boards": [post.board, Thing(key="bugs", name=word)],
        "chosen": "open",
        "sort": "new",
        "q": word,
        "next_url": "?cursor=x",
        "total": 2,
        "history": [
            Thing(type="post.created", actor=word, created_at=NOW, data={}),
            Thing(
                type="post.status_changed", actor=None, created_at=NOW, data={"from": "open", "to": "planned", "note": word}
            ),
        ],
        "voters": [Thing(name=word, email=None, company=word, plan=word, mrr=4900, created_at=NOW)],
        "similar": [Thing(post=post, why="words", score=0.8)],
        "snippet": word,
        "origins": [word],
        "csp": word,
        "secret": word,
        "api_key": word,
        "smtp": False,
        "letters": [Thing(id=1, to_email=word, subject=word, state="kept", created_at=NOW, sent_at=None)],
        "letter": Thing(id=1, to_email=word, subject=word, state="sent", created_at=NOW, sent_at=NOW, text=word, html=word),
        "problems": {404: ("not-found", word)},
        "always": [404],
        "requests_a_minute": 3000,
        "groups": {"posts": [an_operation(word)]},
        "shapes": {"Post": (word, an_operation(word).fields)},
        "script_url": "http://sayso.example/w.js",
        "widget_key": "key",
        "user_token": word,
        "board_url": "/b/tidewater",
        "switches": {"theme": (word, {"auto": word}), "lang": (word, {"en": word})},
        "look": {"theme": "auto", "lang": "en", "accent": "", "side": "left", "launcher": "on", "csp": "strict",
                 "user": word},
        "wanted": 12,
        "is_open": True,
        "comments": [
            Thing(author_name=word, by_team=True, body=word, created_at=NOW, edited_at=NOW, parent=None, internal=internal,
                  official=not internal, is_deleted=deleted) for internal in (False, True) for deleted in (False, True)
        ],
        "entries": [Thing(id=1, title=word, body=word, categories=[word], posts=[12], published_at=NOW)],
        "bodies": {1: word},
        "link": Thing(guest=Thing(name=word, email=word), is_confirmed=False),
        "refusal": word,
        "code": "blocked",
        "words": words.chosen("en"),
        "days": 7,
        "invitation": Thing(name=word, slug="tidewater", inviter=word, person=Thing(name=word, email=word)),
        "role": "an admin",
        "other": word,
        "why": word,
        "proved": Thing(email=word, former=word),
        "is_asked": True,
        "refused": word,
        "is_here": True,
    }
    return given | more


EMPTY = {
    "person": Thing(name="", email="robin@tidewater.example"),
    "errors": {},
    "values": {},
    "posts": [],
    "link": None,
    "statuses": [],
    "boards": [],
    "chosen": "",
    "q": "",
    "next_url": None,
    "total": 0,
    "history": [],
    "voters": [],
    "similar": [],
    "origins": [],
    "secret": None,
    "api_key": None,
    "letters": [],
    "comments": [],
    "entries": [],
    "user_token": None,
    "needs_email": False,
    "other": None,
    "is_here": False,
    "proved": Thing(email="robin@tidewater.example", former=None),
    "is_asked": False,
    "refused": "",
    "signed_in": False,
    "problems": {},
    "always": [],
    "groups": {},
    "shapes": {},
    "csp": "",
    "post": a_post(body="", author=None, mrr=0, votes=1),
}
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
