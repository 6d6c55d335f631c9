"""Every page of the public face, as it is answered: to nobody, to a user, in every language, and full of texts which
somebody hopes we take for HTML. A page that is new is looked at here too."""

import re
from datetime import UTC, datetime
from html import unescape

import pytest
from cast import CLEO, DAN
from dashboards import furnish
from round_trips import Counter
from visitors import PAGES, SECRETS, Visitor, placed

from service import db, models, words
from service.db import database
from service.feedback import boards, changelog, comments, segments

HOSTILE = """<script>alert(1)</script>"'><img src=x onerror=alert(2)>{{ 7 * 7 }}"""
FOR_MEMBERS = [
    "dan@customer.example",
    "cleo@customer.example",
    "Initech",
    "1234",
    "https://app.acme.example/secret-page",
    "whisper",
]
DIGEST = 'SELECT coalesce(sum(hashtextextended(t::text, 0)), 0) FROM "{}" t'
COUNTED = "rate"  # the one table that a visit changes
PLURALS = re.compile(r"""\sdata-[\w-]+=('[^']*'|"[^"]*")""")  # for the script, which fills them in
GARBAGE = {
    "status": "x", "board": "\u202e", "sort": "'; DROP", "q": "!!! & | ( :*", "cursor": "x" * 5000, "category": "<b>",
    "reply": "-1", "edit": "9" * 30, "show": "x", "to": "//evil.example", "from": "0", "theme": "x", "lang": "xx",
    "title": HOSTILE, "url": "x", "kind": "x", "state": "x",
}  # fmt: skip


@pytest.fixture
def furnished(acme):
    furnish(acme)
    comments.create(acme.writer, 1, "whisper", internal=True)
    [entry] = changelog.page(acme.team, 1)
    changelog.change(acme.team, entry.id, published_at=datetime(2026, 1, 1, tzinfo=UTC))
    return acme


def texts(client, company, visitor=None, only="text/html", **query) -> dict[str, str]:
    """Address → what stands there, of every page that answers this visitor."""
    visitor, found = visitor or Visitor(client), {}
    for address in PAGES:
        answer = visitor.open(placed(address, company), params=query)
        fine = (200, 401, 403, 404, 410) if any(f"{{{name}}}" in address for name in SECRETS) else (200, 302, 303, 401, 404)
        assert answer.status_code in fine, (address, answer.text)
        kind = answer.headers.get("content-type", "")
        if answer.status_code != 404 and kind.startswith(only) and not kind.startswith("image/"):
            found[address] = answer.text
    return found


@pytest.mark.parametrize("language", sorted(words.catalogues()))
def test_every_page_says_what_it_is_in_every_language(client, furnished, language):
    said = words.catalogues()[language]
    for visitor in (Visitor(client), Visitor(client).be(furnished, DAN)):
        for address, page in texts(client, furnished, visitor, lang=language).items():
            assert f'<html lang="{language}" dir="{said.dir}"' in page, address
            assert page.count("<h1") == 1 and re.search(r"<title>\s*\S", page), address
            assert not re.search(r"\{[01]\}", PLURALS.sub("", page)), address


def test_a_link_to_the_board_the_roadmap_or_the_changelog_shows_what_it_leads_to(client, furnished):
    home = "http://127.0.0.1:8000/b/acme"
    for path in ("", "/roadmap", "/changelog"):
        page = client.simulate_get(f"/b/acme{path}").text
        said = {"type": "website", "url": home + path, "image": f"{home}/picture.png", "locale": "en_US"}
        for name, value in said.items():
            assert f'<meta property="og:{name}" content="{value}">' in page, (path, name)
        assert page.count('property="og:title"') == page.count('name="description"') == 1, path
        assert 'name="twitter:card" content="summary_large_image"' in page


def test_pages_need_no_inline_script_or_style(client, furnished):
    for address, page in texts(client, furnished, Visitor(client).be(furnished, DAN)).items():
        assert not re.search(r" style=|<style|<script>| on[a-z]+=", page), address


def test_no_id_and_no_part_that_is_renewed_stands_twice(client, furnished):
    for address, page in texts(client, furnished, Visitor(client).be(furnished, DAN)).items():
        for attribute in ("id", "data-live"):
            found = re.findall(rf'\s{attribute}="([^"]+)"', page)
            assert sorted(found) == sorted(set(found)), (address, attribute)


def test_what_is_for_members_stands_nowhere(client, furnished):
    for visitor in (Visitor(client), Visitor(client).be(furnished, CLEO)):
        shown = texts(client, furnished, visitor, only="")
        assert len(shown) >= 10
        for address, page in shown.items():
            own = (
                {"cleo@customer.example"}
                if visitor.cookies and address.startswith(("/me", "/posts/new", "/changelog"))
                else set()
            )
            assert [word for word in FOR_MEMBERS if word in page and word not in own] == [], address


def test_hostile_text_is_only_text(client, acme):
    furnish(acme, HOSTILE)
    [entry] = changelog.page(acme.team, 1)
    changelog.change(acme.team, entry.id, published_at=datetime(2026, 1, 1, tzinfo=UTC))
    database.execute_sql("UPDATE workspace SET name = %s", (HOSTILE[:80],))
    shown = 0
    for visitor in (Visitor(client), Visitor(client).be(acme, {**CLEO, "name": HOSTILE})):
        for address, page in texts(
            client, acme, visitor, only=("text/", "application/rss", "application/atom", "application/xml")
        ).items():
            assert "<script>alert" not in page and "<img src=x" not in page and "{49}" not in page, address
            shown += "alert(1)" in unescape(page)
    assert shown > 10


def test_whatever_stands_in_an_address_never_breaks_a_page(client, furnished):
    for address in PAGES:
        for name, value in GARBAGE.items():
            answer = Visitor(client).open(placed(address, furnished), params={name: value})
            assert answer.status_code < 500, (address, name)
            assert "evil.example" not in answer.headers.get("location", ""), (address, name)


def test_looking_changes_nothing_and_leaves_no_cookie(client, furnished):
    before = digests()
    for address in PAGES:
        answer = client.simulate_get(placed(address, furnished))
        assert digests() == before, address
        if "sign-in" not in address:  # its form is bound to the browser
            assert answer.cookies == {}, address


def digests() -> dict[str, int]:
    tables = [model._meta.table_name for model in models.GLOBAL + models.OF_A_WORKSPACE]
    return {table: db.row(DIGEST.format(table))[0] for table in tables if table != COUNTED}


def test_a_page_that_everyone_may_keep_costs_two_statements_and_comes_again_only_when_it_changed(client, furnished):
    counter, counted = Counter(), {}
    for address in PAGES:
        path = placed(address, furnished)
        client.simulate_get(path)
        with counter.into(counted, address):
            answer = client.simulate_get(path)
        if "public" not in answer.headers.get("cache-control", ""):
            del counted[address]
        elif tag := answer.headers.get("etag"):
            again = client.simulate_get(path, headers={"If-None-Match": tag})
            assert (again.status_code, again.text) == (304, ""), address
    assert counted.pop("/sitemap.xml") == 3  # it has a limit of its own
    assert counted.pop("/posts/{number:number}") <= 4  # what else people asked for is looked for when the post is known
    assert {address: count for address, count in counted.items() if count > 2} == {}
    assert len(counted) >= 6


def test_another_workspaces_things_are_not_there(client, furnished, globex):
    globex.post("Only at Globex")
    furnished.post("Only at Acme")
    for address in PAGES:
        assert b"Only at Globex" not in client.simulate_get(placed(address, furnished)).content, address
    assert client.simulate_get("/b/globex/posts/2").status_code == 404
    stranger = Visitor(client).be(furnished)
    stranger.cookies["sayso-globex"] = stranger.cookies["sayso-acme"]  # Acme's user is nobody at Globex
    assert stranger.open("/b/globex/me").status_code == 303


def test_boards_are_shown_to_whom_they_are_for(client, acme):
    segments.create(acme.team, "big", "Big ones", [{"field": "company.mrr", "op": "at_least", "value": 1000}])
    boards.create(acme.team, "inside", "Inside", access="private")
    boards.create(acme.team, "vip", "For a few", access="segments", segments=["big"])
    acme.post("Only inside", public=False, board="inside")
    acme.user(DAN)
    acme.post("Only for a few", by=DAN, board="vip")
    nobody, other, few = Visitor(client), Visitor(client).be(acme, CLEO), Visitor(client).be(acme, DAN)
    for visitor, sees in ((nobody, False), (other, False), (few, True)):
        for path in ("", "/roadmap", "/sitemap.xml", "/posts/new"):
            page = visitor.open(f"/b/acme{path}", params={"q": "few"} if not path else {}).text
            assert "Only inside" not in page and ">Inside<" not in page, path
            if path in ("", "/posts/new"):
                assert ("For a few" in page) == sees, (path, sees)
        assert visitor.open("/b/acme/posts/1").status_code == 404
        assert visitor.open("/b/acme/posts/2").status_code == (200 if sees else 404)
        assert visitor.open("/b/acme/posts/2/picture.png").status_code == 404  # which is the same for everybody


def test_a_link_to_another_language_keeps_what_was_asked_but_no_secret_and_nothing_that_stands_twice(client, acme):
    path = "/b/acme?board=features&q=a+%26+b&lang=de&state=x&token=x&cursor=&sort=top&sort=new"
    assert 'href="?board=features&amp;q=a+%26+b&amp;lang=fr"' in client.simulate_get(path).text


def test_an_error_page_speaks_its_readers_language_alone(client, acme):
    for path in ("?cursor=x", "?q=a&q=b", "/me?cursor=%ff", "/letters/x", "/subscribe/x", "/sign-in/x", "/confirm/x"):
        page = Visitor(client).be(acme).open(f"/b/acme{path}{'&' if '?' in path else '?'}lang=de")
        main = page.text.split("<main")[1].split("</main")[0]
        assert page.status_code in (400, 401, 422) and 'lang="en"' not in main and "cursor" not in main, path
        assert 'href="/b/acme"' in main, path  # a way on
