"""The changelog for feed readers, as one of them understands it."""

import re
from datetime import UTC, datetime, timedelta
from html import unescape

import feedparser
import pytest
from queued import work_off
from round_trips import Counter
from uploads import png

from service.db import database
from service.feedback import attachments, boards, changelog

FEEDS = {"rss": "application/rss+xml", "atom": "application/atom+xml"}
HOSTILE = [  # of trust.md §4, cases 26–32
    "<script>alert(1)</script>", "<img src=x onerror=alert(2)>", "]]></title><script>alert(3)</script>",
    "[x](javascript:alert(4))", "<svg/onload=alert(5)>", "{{ 7 * 7 }}", "\u202egnp.exe", "&lt;b&gt; &amp;amp; &#x3c;i",
    "<!ENTITY x SYSTEM 'file:///etc/passwd'>&x;",
]  # fmt: skip


def publish(company, title: str = "Exports", days: float = 0, **more) -> int:
    return changelog.create(company.team, title, published_at=datetime.now(UTC) - timedelta(days=days), **more).id


def ask(client, kind: str, slug: str = "acme", **headers):
    return client.simulate_get(f"/b/{slug}/changelog.{kind}", headers=headers)


def read(client, kind: str, slug: str = "acme"):
    """The feed as a reader has it; it must be one without a fault."""
    answer = ask(client, kind, slug)
    assert answer.status_code == 200 and answer.headers["content-type"] == f"{FEEDS[kind]}; charset=utf-8"
    found = feedparser.parse(answer.content, response_headers=dict(answer.headers))
    assert not found.bozo, found.get("bozo_exception")
    assert found.version == {"rss": "rss20", "atom": "atom10"}[kind]
    return found


@pytest.mark.parametrize("kind", FEEDS)
def test_a_feed_has_the_published_entries_the_newest_first(client, acme, globex, kind):
    publish(acme, "Old", 3, body="Now as **CSV**.", categories=["New", "R&D"])
    new = publish(acme, "New", 1)
    changelog.create(acme.team, "A draft"), publish(acme, "Tomorrow", -1), publish(globex, "Foreign")
    found = read(client, kind)
    assert [entry.title for entry in found.entries] == ["New", "Old"]
    assert found.entries[0].link == f"http://127.0.0.1:8000/b/acme/changelog/{new}"
    assert [tag.term for tag in found.entries[1].tags] == ["New", "R&D"]
    assert found.entries[1].content[0].value == "<p>Now as <strong>CSV</strong>.</p>"
    assert found.entries[1].summary == "Now as CSV."
    assert found.feed.link == "http://127.0.0.1:8000/b/acme/changelog" and found.feed.title == "What is new in Acme"
    assert any(link.rel == "self" and link.href.endswith(f"/b/acme/changelog.{kind}") for link in found.feed.links)
    assert found.feed.language == "en" and len({entry.id for entry in found.entries}) == 2
    age = datetime.now(UTC) - datetime(*found.entries[1].published_parsed[:6], tzinfo=UTC)
    assert timedelta(days=3) <= age < timedelta(days=3, minutes=5)


@pytest.mark.parametrize("kind", FEEDS)
def test_a_feed_without_an_entry_is_one_too(client, acme, kind):
    found = read(client, kind)
    assert found.entries == [] and found.feed.title


def test_a_feed_ends_after_fifty_and_costs_two_statements(client, acme):
    for day in range(52):
        publish(acme, f"Day {day}", day, posts=[acme.post(f"Wish {day}")])
    counted = {}
    for kind in FEEDS:
        assert len(read(client, kind).entries) == 50
        with Counter().into(counted, kind):
            ask(client, kind)
    assert counted == {"rss": 2, "atom": 2}


@pytest.mark.parametrize("kind", FEEDS)
def test_case_26_to_32_what_anybody_wrote_is_only_text(client, acme, kind):
    for title in HOSTILE:
        publish(acme, title, body=title, categories=[title[:40]])
    text = ask(client, kind).text
    assert "<script" not in text and "<img" not in text and "<!" not in text and "<svg" not in text
    found = read(client, kind)
    assert len(found.entries) == len(HOSTILE)
    for entry in found.entries:
        for shown in (entry.content[0].value, entry.summary):
            assert not re.search(r"<(script|img|svg)|href=\"javascript", shown), shown


def test_titles_are_text_that_is_escaped_once(client, acme):
    title = "Fish & chips < 5 € 🎉 “a”"
    publish(acme, title)
    for kind in FEEDS:
        assert f">{title.replace('&', '&amp;').replace('<', '&lt;')}</title>" in ask(client, kind).text
        assert unescape(read(client, kind).entries[0].title) == title


def test_what_xml_has_no_word_for_is_left_out(client, acme):
    """Typed texts are tidied; what came into the database otherwise must not break the feed either."""
    publish(acme, "x")
    database.execute_sql("""UPDATE changelog_entry SET title = E'A\\x01\\x0b\\uffff\\x1bB', body = E'C\\x02D',
                                   categories = ARRAY[E'E\\x03']""")
    database.execute_sql("UPDATE workspace SET name = E'Ac\\x08me'")
    for kind in FEEDS:
        [entry] = read(client, kind).entries
        assert entry.title == "AB" and "CD" in entry.content[0].value and entry.tags[0].term == "E"


def test_pictures_have_addresses_that_last_as_long_as_their_entry(client, acme, globex):
    own = attachments.put(acme.team, "shot.png", png()).id
    work_off()
    entry = publish(acme, body=f"![A shot](file:{own}) ![none](file:99)")
    place = f"/b/acme/changelog/{entry}/pictures/{own}"
    for kind in FEEDS:
        shown = read(client, kind).entries[0].content[0].value
        assert f'src="http://127.0.0.1:8000{place}"' in shown and shown.count("<img") == 1
    there = client.simulate_get(place)
    assert there.status_code == 302 and client.simulate_get(there.headers["location"]).headers["content-type"] == "image/png"
    other = publish(acme, "Other")
    nothing = place.replace(f"pictures/{own}", "pictures/99")
    for wrong in (place.replace(f"/{entry}/", f"/{other}/"), nothing, place.replace("acme", "globex")):
        assert client.simulate_get(wrong).status_code == 404, wrong
    changelog.change(acme.team, entry, published_at=None)
    assert client.simulate_get(place).status_code == 404


def test_a_reader_that_has_the_newest_gets_no_body(client, acme):
    entry = publish(acme, days=1)
    for kind in FEEDS:
        first = ask(client, kind)
        tag, since = first.headers["etag"], first.headers["last-modified"]
        assert first.headers["cache-control"] == "public, max-age=300" and "set-cookie" not in first.headers
        for headers in ({"If-None-Match": tag}, {"If-Modified-Since": since}):
            again = ask(client, kind, **headers)
            assert (again.status_code, again.content) == (304, b""), headers
        for headers in ({"If-None-Match": '"x"', "If-Modified-Since": since}, {"If-Modified-Since": "yesterday"}):
            assert ask(client, kind, **headers).status_code == 200, headers
    changelog.change(acme.team, entry, title="Changed")
    database.execute_sql("UPDATE changelog_entry SET updated_at = now() + interval '2 seconds'")
    for headers in ({"If-None-Match": tag}, {"If-Modified-Since": since}):
        assert ask(client, "atom", **headers).status_code == 200, headers


def test_a_feed_is_the_same_for_everybody_and_marks_nothing(client, acme):
    secret = acme.post("Secret", board="bugs")
    publish(acme, posts=[secret])
    boards.change(acme.team, "bugs", access="private")
    known = {"Cookie": "sayso-acme=x; sayso-language=de; sayso-notice=x", "Accept-Language": "ar"}
    for kind in FEEDS:
        assert ask(client, kind).text == ask(client, kind, **known).text
        assert "Secret" not in ask(client, kind).text
        assert ask(client, kind, slug="nowhere").status_code == 404


def test_entries_keep_their_name_when_the_board_moves_to_a_domain_of_its_own(client, acme):
    publish(acme)
    before = read(client, "atom")
    database.execute_sql("UPDATE workspace SET domain = 'feedback.acme.example', domain_seen_at = now()")
    after = read(client, "atom")
    assert before.entries[0].id == after.entries[0].id and before.feed.id == after.feed.id
    assert after.entries[0].link.startswith("https://feedback.acme.example/changelog/")
