"""GET /oembed: what stands for a link to a post or an entry in somebody's article, by the words of oembed.com 1.0."""

from datetime import UTC, datetime
from urllib.parse import quote
from xml.etree import ElementTree

import pytest
from falcon.testing import TestClient

from service import db
from service.feedback import boards, brand, changelog, merges
from service.web.app import create_app

BASE = "http://127.0.0.1:8000"
HOSTILE = """<script>alert(1)</script>"'><img src=x onerror=alert(2)>]]>{{ 7 * 7 }}&amp;"""
WORKS = "UPDATE workspace SET domain_seen_at = now() WHERE id = %(workspace)s"


def asked(client, url: str, **more):
    return client.simulate_get("/oembed", params={"url": url, **more})


def test_a_post_is_a_link_with_a_title_and_a_picture(client, acme):
    acme.post("Dark mode")
    answer = asked(client, f"{BASE}/b/acme/posts/1")
    home = f"{BASE}/b/acme"
    assert answer.json == {
        "version": "1.0", "type": "link", "title": "Dark mode", "author_name": "Acme", "author_url": home,
        "provider_name": "Acme", "provider_url": home, "cache_age": 600,
        "thumbnail_url": f"{home}/posts/1/picture.png", "thumbnail_width": 1200, "thumbnail_height": 630,
    }  # fmt: skip
    assert answer.headers["content-type"].startswith("application/json")
    assert client.simulate_get(f"{answer.json['thumbnail_url'].removeprefix(BASE)}").status_code == 200
    for spelling in (f"{home}/posts/1/", f"{home}/posts/1?lang=de#comments", f"{home}/posts/1".replace("http", "HTTP")):
        assert asked(client, spelling).json["title"] == "Dark mode", spelling


def test_an_entry_of_the_changelog_is_one_too_once_it_is_published(client, acme):
    entry = changelog.create(acme.team, "News", published_at=datetime(2026, 1, 1, tzinfo=UTC))
    draft = changelog.create(acme.team, "Draft")
    assert asked(client, f"{BASE}/b/acme/changelog/{entry.id}").json["title"] == "News"
    assert asked(client, f"{BASE}/b/acme/changelog/{draft.id}").status_code == 404


def test_the_same_as_xml_whatever_the_title_holds(client, acme):
    acme.post(HOSTILE)
    answer = asked(client, f"{BASE}/b/acme/posts/1", format="xml")
    assert answer.headers["content-type"] == "text/xml; charset=utf-8"
    read = {each.tag: each.text for each in ElementTree.fromstring(answer.content)}
    said = asked(client, f"{BASE}/b/acme/posts/1").json
    assert read == {name: str(value) for name, value in said.items()} and said["title"] == HOSTILE
    assert "<script" not in answer.text and answer.headers["x-content-type-options"] == "nosniff"
    db.changed("UPDATE post SET title = %(title)s", title="a\x0bb\uffffc")
    assert ElementTree.fromstring(asked(client, f"{BASE}/b/acme/posts/1", format="xml").content)[2].text == "abc"


def test_a_format_that_there_is_not_is_not_implemented(client, acme):
    acme.post("Dark mode")
    for format in ("html", "JSON", "x" * 100):
        assert asked(client, f"{BASE}/b/acme/posts/1", format=format).status_code == 501


def test_a_picture_larger_than_the_room_for_it_is_left_out(client, acme):
    acme.post("Dark mode")
    for room, has_picture in (({"maxwidth": "600"}, False), ({"maxheight": "100"}, False), ({"maxwidth": "1200"}, True),
                              ({"maxwidth": "x"}, True), ({"maxwidth": "9" * 50}, True)):  # fmt: skip
        assert ("thumbnail_url" in asked(client, f"{BASE}/b/acme/posts/1", **room).json) == has_picture, room


def test_what_is_not_everyones_and_what_is_not_ours_is_not_found(client, acme, globex):
    boards.create(acme.team, "inside", "Inside", "", "private")
    boards.create(acme.team, "checked", "Checked", "", "public", approve_first=True)
    number = acme.post("Secret", public=False, board="inside")
    held = acme.post("Not yet", board="checked")
    wrong = [f"{BASE}/b/acme/posts/{number}", f"{BASE}/b/acme/posts/{held}", f"{BASE}/b/acme/posts/99",
             f"{BASE}/b/globex/posts/1", f"{BASE}/b/acme", f"{BASE}/app/acme/posts/1",
             "https://elsewhere.example/b/acme/posts/1", "https://evil.example/posts/1", "", "x", "//",
             "http://[::1", "https://a:x/posts/1", "javascript:alert(1)",
             f"{BASE}/b/acme/posts/" + "9" * 30, f"{BASE}.evil.example/b/acme/posts/1",
             f"{BASE}@evil.example/b/acme/posts/1", "https://" + "a" * 3000,
             "https://é.example/posts/1"]  # fmt: skip
    for url in wrong:
        answer = asked(client, url)
        assert answer.status_code == 404 and "Secret" not in answer.text, url
    assert client.simulate_get("/oembed").status_code == 404
    assert client.simulate_get("/oembed?url=a&url=b").status_code == 422
    assert client.simulate_get(f"/oembed?url={quote(BASE)}/b/acme/posts/1%00").status_code == 400


def test_a_merged_post_and_a_former_address_are_what_they_became(client, acme):
    into, merged = acme.post("Dark mode"), acme.post("Night mode")
    merges.merge(acme.team, merged, into)
    brand.set_slug(acme.team, "acme-labs")
    said = asked(client, f"{BASE}/b/acme/posts/{merged}").json
    assert said["title"] == "Dark mode" and said["thumbnail_url"] == f"{BASE}/b/acme-labs/posts/{into}/picture.png"


def test_posts_at_a_domain_that_works_are_ours_asked_for_here_or_there(client, here, acme):
    acme.post("Dark mode")
    brand.set_domain(acme.team, "feedback.acme.example", "https://sayso.example")
    assert asked(client, "https://feedback.acme.example/posts/1").status_code == 404
    db.changed(WORKS, workspace=acme.workspace.id)
    secure = TestClient(create_app(here.serving("https://sayso.example")), headers={"Host": "feedback.acme.example"})
    for each in (client, secure):
        said = asked(each, "https://feedback.acme.example/posts/1").json
        assert said["thumbnail_url"] == "https://feedback.acme.example/posts/1/picture.png"
    assert asked(client, "http://feedback.acme.example/posts/1").status_code == 404


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_it_only_tells(client, method):
    assert client.simulate_request(method, "/oembed").status_code == 405
