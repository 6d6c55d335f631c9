"""The changelog of the public face: its pages, what is new to whom, and what people think of it."""

import re
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
from cast import CLEO, DAN
from queued import work_off
from round_trips import Counter
from uploads import png
from visitors import Visitor

from service import db
from service.db import database
from service.feedback import attachments, boards, changelog
from service.web.cursors import closed

NEWS = "/b/acme/changelog"
SEEN = 'SELECT news_seen_at, xmin::text FROM "user" WHERE external_id = %(id)s'
HAPPENED = "SELECT count(*) FROM event"


def publish(company, title: str = "Exports", days: float = 0, **more) -> int:
    """The id of an entry that was published so many days ago; negative: is to be."""
    return changelog.create(company.team, title, published_at=datetime.now(UTC) - timedelta(days=days), **more).id


def titles(page) -> list[str]:
    assert page.status_code == 200, page.text
    return [unescape(title) for title in re.findall(r'<h2 id="title-.*?<a [^>]*>(.*?)</a>', page.text)]


def new(page) -> list[str]:
    """The titles of those that are marked as new to the reader."""
    return [title for part in page.text.split("<article")[1:] if "New to you" in part
            for title in re.findall(r'<h2 id="title-.*?<a [^>]*>(.*?)</a>', part)]  # fmt: skip


def reaction(page, kind: str, id: int) -> tuple[bool, str]:
    """Whether this one is pressed, and the number on it."""
    button = re.search(rf'<button id="{kind}-{id}"(.*?)</button>', page.text, re.S)[1]
    return 'aria-pressed="true"' in button, re.sub(r"\D", "", button.rpartition("<span>")[2])


@pytest.fixture
def cleo(client, acme):
    """Somebody whom we know for a month."""
    visitor = Visitor(client).be(acme, CLEO)
    database.execute_sql("""UPDATE "user" SET first_seen_at = now() - interval '30 days'""")
    return visitor


# ── the pages ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_every_published_entry_is_on_one_page_the_newest_first(client, acme, globex):
    for day in range(21):
        publish(acme, f"Day {day}", day)
    changelog.create(acme.team, "A draft"), publish(acme, "Tomorrow", -1), publish(globex, "Foreign")
    seen, query = [], ""
    while query is not None:
        page = client.simulate_get(NEWS, query_string=query)
        seen.append(titles(page))
        further = re.search(r'href="\?([^"]+)" rel="next"', page.text)
        query = unescape(further[1]) if further else None
    assert [len(part) for part in seen] == [10, 10, 1] and sum(seen, []) == [f"Day {day}" for day in range(21)]
    assert f'href="{NEWS}"' in page.text and "Back to the newest" in page.text


def test_an_entry_is_shown_with_all_that_belongs_to_it(client, acme):
    own = attachments.put(acme.team, "shot.png", png()).id
    work_off()
    number = acme.post("Export")
    id = publish(acme, "Exports", categories=["New"], posts=[number], body=f"Now as **CSV**. ![A shot](file:{own})")
    for path in (NEWS, f"{NEWS}/{id}"):
        page = client.simulate_get(path).text
        assert f'id="entry-{id}"' in page and "<strong>CSV</strong>" in page and "From your ideas" in page, path
        assert f'href="/b/acme/posts/{number}"' in page and 'href="/b/acme/changelog?category=New"' in page
        picture = re.search(r'<img src="(/files/[^"]+)" alt="A shot"', page)[1]
        assert client.simulate_get(picture).status_code == 200


def test_categories_are_those_in_use_and_leave_what_has_them(client, acme):
    publish(acme, "A", 2, categories=["New", "R&D"])
    publish(acme, "B", 1, categories=["Fixed"])
    changelog.create(acme.team, "C", categories=["Secret plans"])
    page = client.simulate_get(NEWS)
    assert re.findall(r'class="chip"[^>]*>(?:<bdi>)?([^<]+)', page.text) == ["All", "Fixed", "New", "R&amp;D"]
    assert titles(client.simulate_get(NEWS, params={"category": "R&D"})) == ["A"]
    for other in ("nothing", "x" * 5000, "'", "{New}"):
        found = client.simulate_get(NEWS, params={"category": other})
        assert titles(found) == [] and "Nothing in this category yet" in found.text and "Fixed" in found.text


def test_a_post_that_the_reader_may_not_see_is_not_named(client, acme, cleo):
    id = publish(acme, posts=[acme.post("Secret", board="bugs"), acme.post("Shown")])
    boards.change(acme.team, "bugs", access="private")
    for visitor in (Visitor(client), cleo):
        for path in (NEWS, f"{NEWS}/{id}"):
            page = visitor.open(path).text
            assert "Shown" in page and "Secret" not in page


@pytest.mark.parametrize("cursor", ["x", "é", closed("news", (1, 2)), closed("changelog", 1), "A" * 9999])
def test_a_bad_cursor_is_refused(client, acme, cursor):
    assert client.simulate_get(NEWS, params={"cursor": cursor}).status_code in (400, 414)


def test_a_page_costs_two_statements(client, acme):
    own = attachments.put(acme.team, "shot.png", png()).id
    work_off()
    for day in range(12):
        id = publish(acme, f"Day {day}", day, posts=[acme.post(f"Wish {day}")], categories=["New"], body=f"![x](file:{own})")
    counted = {}
    for path in (NEWS, f"{NEWS}?category=New", f"{NEWS}/{id}"):
        with Counter().into(counted, path):
            client.simulate_get(path.split("?")[0], query_string=path.partition("?")[2])
    assert set(counted.values()) == {2}, counted


def test_what_is_read_in_the_changelog_is_told_to_who_shows_a_link_to_it(client, acme):
    own = attachments.put(acme.team, "shot.png", png()).id
    work_off()
    older, newer = publish(acme, "A", 3), publish(acme, "C", 1)
    id = publish(acme, 'B "quoted" & <b>', 2, body=f"Text ![x](file:{own})")
    page = client.simulate_get(f"{NEWS}/{id}").text
    url = f"http://127.0.0.1:8000/b/acme/changelog/{id}"
    assert f'<link rel="canonical" href="{url}">' in page and f'<meta property="og:url" content="{url}">' in page
    assert f'property="og:image" content="{url}/pictures/{own}"' in page and "<b>" not in page.partition("<body")[0]
    assert f'href="/b/acme/changelog/{newer}" rel="prev"' in page and f'href="/b/acme/changelog/{older}" rel="next"' in page
    for path in (NEWS, f"{NEWS}/{id}"):
        head = client.simulate_get(path).text.partition("</head>")[0]
        assert re.findall(r'rel="alternate" type="application/(\w+)\+xml" href="([^"]+)"', head) == [
            (kind, f"http://127.0.0.1:8000/b/acme/changelog.{kind}") for kind in ("rss", "atom")], path  # fmt: skip


def test_what_is_not_published_has_no_page(client, acme, globex, cleo):
    draft, later, foreign = changelog.create(acme.team, "Draft").id, publish(acme, "Later", -1), publish(globex)
    for visitor in (Visitor(client), cleo):
        for id in (draft, later, foreign, 99_999, "0", "x", "9" * 30):
            assert visitor.open(f"{NEWS}/{id}").status_code == 404, id


def test_without_an_entry_the_page_says_so(client, acme):
    page = client.simulate_get(NEWS)
    assert "No news yet" in page.text and "Everything" not in page.text


# ── what is new ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_was_published_since_they_looked_is_new_once(client, acme, cleo):
    publish(acme, "Before their time", 40)
    publish(acme, "News", 1)
    assert new(cleo.open(NEWS)) == ["News"]
    happened, kept = db.row(HAPPENED), db.row(SEEN, id="cleo-7")
    assert new(cleo.open(NEWS)) == [] and db.row(SEEN, id="cleo-7") == kept and db.row(HAPPENED) == happened
    publish(acme, "Newer")
    assert new(cleo.open(NEWS)) == ["Newer"]
    assert new(Visitor(client).open(NEWS)) == []


def test_only_who_looks_at_the_newest_has_seen_them(client, acme, cleo):
    id = publish(acme, "News", 1, categories=["New"])
    for path, headers in ((f"{NEWS}/{id}", {}), (f"{NEWS}?category=New", {}), (NEWS, {"Sec-Fetch-Dest": "empty"}),
                          (NEWS, {"Sec-Purpose": "prefetch"}), (f"{NEWS}.rss", {}), (f"{NEWS}.atom", {})):  # fmt: skip
        cookies = {"Cookie": f"sayso-acme={cleo.cookies['sayso-acme']}"}
        answer = client.simulate_get(path.split("?")[0], query_string=path.partition("?")[2], headers={**cookies, **headers})
        assert answer.status_code == 200
        assert db.row(SEEN, id="cleo-7")[0] is None, (path, headers)
    assert new(cleo.open(NEWS)) == ["News"]


# ── reactions ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_reaction_counts_once_and_can_be_taken_back(client, acme, cleo):
    id, counts = publish(acme), []
    dan = Visitor(client).be(acme, DAN)
    dan.do(NEWS, "react", entry=str(id), kind="love")
    for deed in ("react", "react", "unreact", "unreact"):
        answer = cleo.do(NEWS, deed, entry=str(id), kind="love")
        assert (answer.status_code, answer.headers["location"]) == (303, NEWS)
        shown = [reaction(cleo.open(path), "love", id) for path in (NEWS, f"{NEWS}/{id}")]
        assert shown[0] == shown[1]
        counts.append(shown[0])
    assert counts == [(True, "2"), (True, "2"), (False, "1"), (False, "1")]


def test_the_first_reaction_makes_a_user_and_looking_or_taking_back_none(client, acme):
    id, nobody = publish(acme), Visitor(client)
    nobody.open(NEWS)
    nobody.do(f"{NEWS}/{id}", "unreact", entry=str(id), kind="like")
    assert db.row('SELECT count(*) FROM "user"') == (0,) and nobody.cookies == {}
    quick = nobody.do(f"{NEWS}/{id}", "react", {"Sayso-Quick": "1"}, entry=str(id), kind="like")
    assert quick.status_code == 200 and reaction(quick, "like", id) == (True, "1")
    assert list(nobody.cookies) == ["sayso-acme"] and reaction(nobody.open(NEWS), "like", id) == (True, "1")


def test_what_cannot_be_reacted_to_is_refused_and_leaves_nobody_behind(client, acme, globex):
    id, draft, foreign = publish(acme), changelog.create(acme.team, "Draft").id, publish(globex)
    for entry in (draft, foreign, "", "x", "9" * 30):
        assert Visitor(client).do(NEWS, "react", entry=str(entry), kind="like").status_code == 404, entry
    for kind in ("hate", "", "\x00"):
        assert Visitor(client).do(NEWS, "react", entry=str(id), kind=kind).status_code == 422, kind
    assert db.row('SELECT count(*) FROM "user"') == (0,)
    elsewhere = {"Sec-Fetch-Site": "cross-site"}
    assert Visitor(client).do(NEWS, "react", elsewhere, entry=str(id), kind="like").status_code == 403


def test_who_is_blocked_reads_and_is_told_so_where_they_pressed(client, acme, cleo):
    id = publish(acme)
    database.execute_sql('UPDATE "user" SET blocked_at = now()')
    answer = cleo.do(NEWS, "react", entry=str(id), kind="like")
    assert answer.status_code == 403 and 'role="alert"' in answer.text and titles(cleo.open(NEWS)) == ["Exports"]
