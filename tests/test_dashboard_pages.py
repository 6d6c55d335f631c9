"""Every page of the dashboard, as it is answered: of an empty workspace, of a furnished one, and of one that is full of
texts which somebody hopes we take for HTML. A page that is new is looked at here too."""

import re

import pytest
from browser import Browser
from cast import ADA
from dashboards import furnish, in_acme, of_the_team
from queued import work_off

from service.web.app import for_the_team
from service.web.dashboard.page import UNDO, Page

HOSTILE = """<script>alert(1)</script>"'><img src=x onerror=alert(2)>{{ 7 * 7 }}"""
FORM = re.compile(r'<form\b[^>]*method="post"[^>]*>(.*?)</form>', re.DOTALL)
pytestmark = pytest.mark.usefixtures("stripe")  # where there are plans, there is one page more
PAGES = [path for method, path in of_the_team() if method == "GET"]


def pages(client, company) -> dict[str, str]:
    """Address → HTML of every page that its owner can open."""
    browser, found = Browser(client).sign_in(ADA), {}
    for path in PAGES:
        answer = browser.open(in_acme(path, company))
        assert answer.status_code in (200, 303), (path, answer.text)
        if answer.status_code == 200 and answer.headers["content-type"].startswith("text/html"):
            assert answer.headers["cache-control"] == "no-store", path
            found[path] = answer.text
    return found


@pytest.fixture
def furnished(client, acme):
    furnish(acme)
    work_off()
    return pages(client, acme)


def test_every_page_is_shown_and_says_what_it_is(furnished):
    for path, page in furnished.items():
        if "<!doctype html>" in page and not path.endswith("/html"):  # of a letter
            assert page.count("<h1") == 1, path
            assert re.search(r"<title>\s*\S", page), path


def test_pages_need_no_inline_script_or_style(furnished):
    for path, page in furnished.items():
        if not path.endswith("/html"):
            assert not re.search(r" style=|<style|<script>| on[a-z]+=", page), path


def test_no_id_stands_twice_on_a_page(furnished):
    for path, page in furnished.items():
        ids = re.findall(r'\sid="([^"]+)"', page)
        assert sorted(ids) == sorted(set(ids)), path


def test_no_part_that_is_renewed_has_the_name_of_another(furnished):
    for path, page in furnished.items():
        parts = re.findall(r'\sdata-live="([^"]+)"', page)
        assert sorted(parts) == sorted(set(parts)), path


def test_every_form_that_changes_something_is_bound_to_this_browser(furnished):
    for path, page in furnished.items():
        for form in FORM.findall(page):
            assert 'name="csrf" value="' in form, (path, form)


def test_hostile_text_is_only_text(client, acme):
    furnish(acme, HOSTILE)
    work_off()
    found = pages(client, acme)
    for path, page in found.items():
        assert "<script>alert" not in page, path
        assert "<img src=x" not in page, path
    assert "&lt;script&gt;alert(1)" in found["/app/{slug}/inbox"]
    assert "{{ 7 * 7 }}" in found["/app/{slug}/inbox"]


def test_pages_of_an_empty_workspace_say_what_will_be_there(client, acme):
    browser = Browser(client).sign_in(ADA)
    for path in PAGES:
        if "{" not in path.replace("{slug}", ""):
            answer = browser.open(in_acme(path, acme))
            assert answer.status_code in (200, 303), (path, answer.text)


def test_pages_may_only_talk_to_us_and_to_the_stream(client, acme):
    headers = Browser(client).sign_in(ADA).open("/app/acme/inbox").headers
    assert "connect-src 'self' http://127.0.0.1:8001;" in headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Referrer-Policy"] == "strict-origin-when-cross-origin"


def test_every_form_does_something_that_its_page_offers(furnished):
    offered = {path: resource for path, resource in for_the_team().items() if isinstance(resource, Page)}
    for path, page in furnished.items():
        for form in FORM.findall(page):
            for deed in re.findall(r'name="do" value="([^"]*)"', form):
                if 'formaction="' not in form and deed != UNDO:
                    assert deed in offered[path].deeds, (path, deed)
