"""The board as a list: chosen from, searched, voted on, for each visitor what they may see."""

import re
from html import unescape
from urllib.parse import quote

import pytest
from cast import CLEO, DAN
from queued import work_off
from round_trips import Counter
from visitors import Visitor

from service import db
from service.db import database
from service.feedback import blocking, boards, brand, comments, edits, similar, users
from service.web.guards import user_token

LINK = re.compile(r'<a [^>]*href="([^"]*)"[^>]*>(?:<svg.*?</svg>)?(?:<bdi>)?([^<]+)', re.DOTALL)
VOTERS = """
SELECT u.external_id FROM vote v JOIN "user" u ON u.workspace_id = v.workspace_id AND u.id = v.user_id
 WHERE v.workspace_id = %(workspace)s AND v.post_number = %(post)s ORDER BY u.id"""
PRIVATE = "UPDATE board SET access = 'private'"


@pytest.fixture
def nobody(client):
    return Visitor(client)


def titles(page) -> list[str]:
    found = re.findall(r'<h2><a href="[^"]+" dir="auto">(.+?)</a>', page.text)
    return [unescape(re.sub("</?mark>", "", title)) for title in found]


def links(page) -> dict[str, str]:
    return {name.strip(): unescape(address) for address, name in LINK.findall(page.text)}


def row(page, number: int) -> str:
    return re.search(rf'<li data-live="post-{number}">.*?</li>', page.text, re.DOTALL)[0]


def voters(company, post: int) -> list[str]:
    return [user for (user,) in db.rows(VOTERS, workspace=company.workspace.id, post=post)]


# ── choosing ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_boards_statuses_orders_and_words_stand_in_the_address_and_each_link_keeps_the_others(nobody, acme):
    acme.post("Dark mode")
    page = nobody.open("/b/acme?board=bugs&status=planned&sort=new")
    assert "<h1 dir=\"auto\">Bugs</h1>" in page.text and "What does not work as it should?" in page.text
    found = links(page)
    assert found["Features"] == "/b/acme?board=features&status=planned&sort=new"
    assert found["All posts"] == "/b/acme?status=planned&sort=new" and found["All"] == "/b/acme?board=bugs&sort=new"
    assert found["Open"] == "/b/acme?board=bugs&status=open&sort=new"
    assert found["Trending"] == "/b/acme?board=bugs&status=planned&sort=trending"
    assert found["Top"] == "/b/acme?board=bugs&status=planned"
    assert found["New post"] == "/b/acme/posts/new?board=bugs" and found["Clear filters"] == "/b/acme"
    assert 'rel="canonical" href="http://127.0.0.1:8000/b/acme?board=bugs"' in page.text
    for name, value in (("board", "bugs"), ("status", "planned"), ("sort", "new")):
        assert f'name="{name}" value="{value}"' in page.text  # the search keeps them


def test_what_is_pinned_comes_first_and_says_so_and_ones_own_posts_say_so(client, acme):
    old, new = acme.post("Dark mode"), acme.post("Export", by=DAN)
    edits.change(acme.team, old, pinned=True)
    comments.create(acme.reader(), new, "Please")
    page = Visitor(client).be(acme).open("/b/acme", query_string="sort=new")
    assert titles(page) == ["Dark mode", "Export"]
    assert "Pinned" in row(page, old) and "yours" in row(page, old)
    assert "Pinned" not in row(page, new) and "yours" not in row(page, new) and "1 comment<" in row(page, new)


def test_a_narrowed_list_costs_two_statements(client, acme):
    acme.post("Dark mode")
    counted = {}
    for query in ("", "board=features", "board=features&status=open&sort=new"):
        client.simulate_get("/b/acme", query_string=query)
        with Counter().into(counted, query):
            assert titles(client.simulate_get("/b/acme", query_string=query)) == ["Dark mode"]
    assert set(counted.values()) == {2}


def test_an_empty_board_invites_and_one_that_is_closed_says_how_to_get_in(client, nobody, acme):
    assert links(nobody.open("/b/acme"))["Write the first post"] == "/b/acme/posts/new"
    database.execute_sql(PRIVATE)
    for path in ("/b/acme", "/b/acme/posts/new", "/b/acme?q=dark", "/b/acme?board=bugs"):
        page = nobody.open(*path.split("?")[:1], query_string=path.partition("?")[2])
        assert page.status_code == 200 and "not open to everyone" in page.text and "<form" not in page.text
        assert page.text.count("/b/acme/sign-in") == 2, path
    assert Visitor(client).be(acme).open("/b/acme").text.count("/b/acme/sign-in") == 0


def test_a_former_address_leads_to_the_one_of_today_and_an_unknown_one_to_nothing(client, acme):
    brand.set_slug(acme.team, "acme-labs")
    moved = client.simulate_get("/b/acme/posts/1", query_string="cursor=x")
    assert (moved.status_code, moved.headers["location"]) == (308, "/b/acme-labs/posts/1?cursor=x")
    assert client.simulate_get("/b/acme-labs").status_code == 200
    for slug in ("nobody", "acme.example", "x" * 2_000, "ACME-LABS"):
        missing = client.simulate_get(f"/b/{slug}")
        assert missing.status_code == 404 and missing.text.startswith("<!doctype html>"), slug


# ── searching ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_hits_say_why_they_are_there_and_can_be_narrowed_and_voted_on(nobody, acme):
    for title, board in (("Dark mode", "features"), ("Dark mode flickers", "bugs"), ("Export invoices", "features")):
        acme.post(title, board=board)
    work_off()
    page = nobody.open("/b/acme", params={"q": "dark mode"})
    assert titles(page) == ["Dark mode", "Dark mode flickers"] and "same words" in row(page, 1)
    assert '<meta name="robots" content="noindex">' in page.text and "2 posts for “dark mode”" in page.text
    page = nobody.open("/b/acme", params={"q": "night theme"})
    assert "Dark mode" in titles(page) and "same meaning" in row(page, 1)
    page = nobody.open("/b/acme", params={"q": "dark mode", "board": "bugs"})
    assert titles(page) == ["Dark mode flickers"] and links(page)["Clear the search"] == "/b/acme?board=bugs"
    assert titles(nobody.open("/b/acme", params={"q": "dark mode", "status": "planned"})) == []
    nobody.do("/b/acme?q=dark+mode", "vote", number=1)
    assert nobody.page.headers["location"] == "/b/acme?q=dark+mode"
    assert 'aria-pressed="true"' in row(nobody.open("/b/acme", query_string="q=dark+mode"), 1)


def test_the_closest_of_a_board_are_found_beside_closer_ones_elsewhere(nobody, acme):
    acme.post("Export of the whole dark archive", board="bugs")
    for number in range(similar.MOST_HITS + 1):
        acme.post(f"Dark {number}", board="features")
    page = nobody.open("/b/acme", params={"q": "dark", "board": "bugs"})
    assert titles(page) == ["Export of the whole dark archive"] and "1 post for “dark”" in page.text
    page = nobody.open("/b/acme", params={"q": "dark", "status": "open"})
    assert len(titles(page)) == similar.MOST_HITS and "The 20 posts closest to “dark”" in page.text


def test_who_finds_nothing_can_write_it_and_no_words_break_the_search(nobody, acme):
    acme.post("Dark mode")
    page = nobody.open("/b/acme", params={"q": "<i>Xylophone & co", "board": "features"})
    assert "Nothing found for “&lt;i&gt;Xylophone &amp; co”" in page.text
    assert links(page)["Write it as a new post"] == "/b/acme/posts/new?board=features&title=%3Ci%3EXylophone+%26+co"
    odd = ("\ud800".encode("utf-8", "surrogatepass"), "-" * 60, "& | ! ( : *", "x" * 5_000, "\u202e" * 300, "{0} {1}")
    for q in odd:
        answer = nobody.open("/b/acme", query_string=f"q={quote(q)}")
        assert answer.status_code == 200, q
    for query, status in (("q=a&q=b", 422), ("cursor=x", 400), ("q=%00", 400), ("sort=mrr", 200), ("sort[]=x", 200),
                          ("board=%01&status=%FF", 200)):  # fmt: skip
        assert nobody.open("/b/acme", query_string=query).status_code == status, query


# ── voting ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_somebody_votes_from_the_list_and_takes_it_back(nobody, acme):
    acme.post("Dark mode")
    assert 'aria-label="Vote for “Dark mode”, 1 vote"' in row(nobody.open("/b/acme"), 1) and not nobody.cookies
    for _ in range(2):
        nobody.do("/b/acme?sort=new", "vote", number=1)
        assert (nobody.page.status_code, nobody.page.headers["location"]) == (303, "/b/acme?sort=new")
    page = nobody.open("/b/acme")
    assert 'aria-pressed="true"' in row(page, 1) and "2 votes" in row(page, 1) and len(voters(acme, 1)) == 2
    assert page.headers["cache-control"] == "private, no-cache"
    quick = nobody.do("/b/acme", "unvote", {"Sayso-Quick": "1"}, number=1)
    assert quick.status_code == 200 and 'aria-pressed="false"' in row(quick, 1) and voters(acme, 1) == [CLEO["sub"]]


def test_a_vote_for_what_is_not_there_or_by_whom_is_blocked_counts_nothing(client, nobody, acme, globex):
    acme.post("Dark mode"), acme.post("Secret", public=False, board="bugs")
    database.execute_sql(f"{PRIVATE} WHERE key = 'bugs'")
    globex.post("Theirs"), globex.post("Theirs"), globex.post("Theirs")
    for number in ("2", "3", "0", "-1", "x", "9" * 30, ""):
        assert nobody.do("/b/acme", "vote", number=number).status_code == 404, number
    assert not nobody.cookies and voters(acme, 2) == [CLEO["sub"]]
    acme.user(DAN)
    dan = Visitor(client)
    blocking.block(acme.team, DAN["sub"])
    dan.cookies["sayso-acme"] = user_token("visitor", acme.workspace, users.find(acme.workspace, DAN["sub"]))
    refused = dan.do("/b/acme", "vote", number=1)
    assert refused.status_code == 403 and 'role="alert"' in refused.text and titles(refused) == ["Dark mode"]
    assert voters(acme, 1) == [CLEO["sub"]]


def test_boards_stand_in_their_own_order_by_their_own_names(nobody, acme):
    boards.change(acme.team, "features", name="عربي <b>", description="Was *fehlt*?")
    page = nobody.open("/b/acme", query_string="board=features")
    assert "<bdi>عربي &lt;b&gt;</bdi>" in page.text and "Was *fehlt*?" in page.text
    assert users.of_member(acme.workspace, acme.owner).name not in page.text
