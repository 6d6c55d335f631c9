"""What strangers write is harmless wherever the public face shows it (trust cases 26–29): pages, feeds, pictures, oEmbed."""

import json
import re
from datetime import UTC, datetime
from html.parser import HTMLParser
from io import BytesIO
from urllib.parse import quote

import feedparser
import pytest
from cast import CLEO
from PIL import Image
from test_markdown import HOSTILE
from visitors import Visitor

from service import db
from service.db import database
from service.feedback import changelog, comments, planning

SUBJECTS = [
    *HOSTILE,
    "</title><script>alert(1)</script>",
    "]]><script>alert(1)</script>",
    "\u2028</script><b>",
    "&lt;b&gt; &amp; 'x' \"y\"",
]
FORBIDDEN = {
    "iframe",
    "object",
    "embed",
    "base",
    "math",
    "frame",
    "applet",
    "audio",
    "video",
    "template",
    "foreignobject",
}
FINE = re.compile(r"(https?:|mailto:|/(?!/)|#|\?|$)")
POSTS = [5, 40]  # shown one by one; all of them stand in the lists


class Harmless(HTMLParser):
    """Reads HTML as a browser would, and keeps whatever could run or lead astray."""

    def __init__(self):
        super().__init__()
        self.wrong = []

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if tag in FORBIDDEN or (tag == "script" and not (given.get("src") or "").startswith("/static/")):
            self.wrong.append((tag, given))
        for name, value in given.items():
            leads = name in {"href", "src", "action", "formaction", "poster", "xlink:href", "srcdoc", "data"}
            if name.startswith("on") or name == "style" or (leads and not FINE.match(value or "")):
                self.wrong.append((tag, name, value))

    handle_startendtag = handle_starttag


def wrong(html: str) -> list:
    reader = Harmless()
    reader.feed(html)
    reader.close()
    return reader.wrong


@pytest.fixture
def flooded(acme):
    """Acme, where everything that can be written was written by somebody hostile."""
    for text in SUBJECTS:
        title = " ".join(text.split())[:200]
        number = acme.post(title, text, by={**CLEO, "name": text[:80]})
        comments.create(acme.reader(), number, text)
        comments.create(acme.writer, number, text, official=True)
        changelog.create(
            acme.team, title, text, categories=[title[:40]], posts=[number], published_at=datetime(2026, 1, 1, tzinfo=UTC)
        )
        planning_of(acme, number)
    database.execute_sql("UPDATE workspace SET name = %s", (SUBJECTS[0][:80],))
    db.changed("DELETE FROM rate")
    return acme


def planning_of(acme, number: int) -> None:
    planning.set_status(acme.team, number, ("planned", "started", "done")[number % 3], notify=False)


def test_no_page_runs_or_links_to_what_they_wrote(client, flooded):
    for visitor in (Visitor(client), Visitor(client).be(flooded)):
        paths = [
            "",
            "?sort=new",
            "?q=alert",
            "/roadmap",
            "/embed/roadmap",
            "/changelog",
            "/posts/new",
            "/me",
            "/me?show=votes",
            "/sign-in",
        ]
        paths += [f"/posts/{number + 1}" for number in range(len(SUBJECTS))]
        paths += [f"/posts/new?title={quote(text)}" for text in SUBJECTS[:9]]
        for path in paths:
            page = visitor.open(f"/b/acme{path.partition('?')[0]}", query_string=path.partition("?")[2])
            assert page.status_code in (200, 303), (path, page.status_code)
            assert wrong(page.text) == [], path
        db.changed("DELETE FROM rate")


def test_feeds_say_it_as_plain_words_and_harmless_html(client, flooded):
    for kind in ("rss", "atom"):
        feed = feedparser.parse(
            client.simulate_get(f"/b/acme/changelog.{kind}").content, sanitize_html=False, resolve_relative_uris=False
        )
        assert not feed.bozo and len(feed.entries) == 50
        for entry in feed.entries:
            for content in [*entry.get("content", []), entry.summary_detail]:
                assert content["type"] == "text/plain" or wrong(content["value"]) == [], entry.title
    titles = {entry.title for entry in feed.entries}
    assert "</title><script>alert(1)</script>" in titles and "&lt;b&gt; &amp; 'x' \"y\"" in titles


def test_sitemaps_oembed_and_pictures_hold_none_of_it(client, flooded):
    site = client.simulate_get("/b/acme/sitemap.xml")
    assert site.status_code == 200 and "alert" not in site.text
    for number in POSTS:
        address = f"http://127.0.0.1:8000/b/acme/posts/{number}"
        answer = client.simulate_get("/oembed", params={"url": address, "format": "json"})
        said = json.loads(answer.text)
        assert (
            "<" not in said["thumbnail_url"]
            and "html" not in said
            and answer.headers["content-type"].startswith("application/json")
        )
        written = client.simulate_get("/oembed", params={"url": address, "format": "xml"})
        assert "<script" not in written.text and "<img" not in written.text
        picture = client.simulate_get(f"/b/acme/posts/{number}/picture.png")
        assert picture.headers["content-type"] == "image/png" and Image.open(BytesIO(picture.content)).size == (1200, 630)
        assert Image.open(BytesIO(picture.content)).info.keys() <= {"dpi"}  # no text beside the pixels


def test_what_does_not_exist_repeats_nothing_of_its_address(client, acme):
    for text in ("<script>alert(1)</script>", "'\"><img src=x onerror=alert(1)>"):
        for path in (
            f"/b/{quote(text, safe='')}",
            f"/b/acme/{quote(text, safe='')}",
            f"/b/acme/posts/{quote(text, safe='')}",
        ):
            page = client.simulate_get(path)
            assert page.status_code == 404 and wrong(page.text) == [] and "alert(1)" not in page.text
