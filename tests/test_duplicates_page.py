"""The page on which the team merges what is likely to be the same, or tells it apart."""

import re
from html import unescape

import pytest
from browser import Browser
from cast import ADA, BEN, CLEO, DAN, EVE
from round_trips import Counter

from service import db
from service.feedback import boards, duplicates, posts, votes

PAGE = "/app/acme/duplicates"
QUICK = {"Sayso-Quick": "1"}
PAIR = """
INSERT INTO likely_duplicate (workspace_id, post_number, other_number, score, why)
VALUES (%(workspace)s, %(a)s, %(b)s, %(score)s, %(why)s)"""


def likely(company, a: int, b: int, score: float = 0.7, why: str = "meaning") -> None:
    db.changed(PAIR, workspace=company.workspace.id, a=a, b=b, score=score, why=why)


def texts(page) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page.text.partition("<main")[2])).split())


def order(page) -> list[tuple[int, int]]:
    return [(int(a), int(b)) for a, b in re.findall(r'id="pair-(\d+)-(\d+)"', page.text)]


@pytest.fixture
def ada(client, acme):
    acme.post("Dark mode", "For the night shift.", by=DAN)
    acme.post("Night theme", "Please.", by=CLEO)
    acme.post("Black background", by=CLEO)
    votes.cast(acme.reader(CLEO), 1)
    likely(acme, 1, 2, 0.713)
    likely(acme, 2, 3, 0.912, "words")
    return Browser(client).sign_in(ADA)


def test_pairs_stand_side_by_side_with_all_that_helps_to_decide(ada):
    page = ada.open(PAGE)
    assert order(page) == [(3, 2), (2, 1)], "the likeliest first, and of each the one with fewer votes"
    for words in ("same words 0.91", "same meaning 0.71", "#1 Dark mode", "For the night shift.", "2 votes", "0 comments",
                  "Features", "Open", "just now", "Merge #2 into #1", "Merge #1 into #2", "Not the same"):  # fmt: skip
        assert words in texts(page), words
    for link in ("/app/acme/posts/1", "/app/acme/posts/3", "/app/acme/posts/2/merge?into=1"):
        assert f'href="{link}"' in page.text


def test_a_merge_takes_every_pair_of_the_post_along_and_can_be_undone(ada, acme):
    ada.open(PAGE)
    assert ada.send(PAGE, do="merge", post="2", other="1").status_code == 303
    page = ada.open(PAGE)
    assert "#2 is a part of #1 now." in page.text and order(page) == []
    assert posts.find(acme.team, 2).merged_into == 1
    action = re.search(r'name="action" value="(\d+)"', page.text)[1]
    page = ada.send(PAGE, QUICK, do="undo", action=action)
    assert "Undone for 1 post." in page.text and order(page) == [(3, 2), (2, 1)]


def test_the_other_direction_is_offered_too(ada, acme):
    ada.open(PAGE)
    page = ada.send(PAGE, QUICK, do="merge_back", post="2", other="1")
    assert "#1 is a part of #2 now." in page.text and order(page) == [(3, 2)]
    assert posts.find(acme.team, 1).merged_into == 2 and posts.find(acme.team, 2).votes == 2


def test_what_is_told_apart_is_gone_for_good(ada, acme):
    ada.open(PAGE)
    page = ada.send(PAGE, QUICK, do=["merge", "dismiss"], post="3", other="2")  # what the form does, and what its button
    assert "Noted: #3 and #2 are not the same." in page.text and order(page) == [(2, 1)]
    assert db.row("SELECT post_number, other_number FROM dismissed_duplicate") == (2, 3)


def test_who_decides_later_is_told_that_it_was_done(ada, acme):
    ada.open(PAGE)
    ada.send(PAGE, do="merge", post="2", other="1")
    ada.open(PAGE)
    assert "somebody decided before you" in ada.send(PAGE, QUICK, do="merge", post="2", other="1").text
    refused = ada.send(PAGE, QUICK, do="merge", post="2", other="3")
    assert refused.status_code == 409 and "#2 was merged into #1" in texts(refused)


def test_what_not_the_same_people_may_read_is_not_merged_here(ada, acme):
    boards.create(acme.team, "inner", "Inner", "", "private")
    number = acme.post("Dark", board="inner", public=False)
    likely(acme, 1, number, 0.99)
    page = ada.open(PAGE)
    assert f"#{number} is on “inner”, #1 on “features”" in texts(page) and f"Merge #{number}" not in texts(page)
    assert ada.send(PAGE, do="merge", post=str(number), other="1").status_code == 422
    assert order(ada.send(PAGE, QUICK, do="dismiss", post=str(number), other="1"))[0] == (3, 2)


def test_forms_that_name_no_two_posts_are_refused(ada):
    for deed in ("merge", "merge_back", "dismiss"):
        for post, other in (("1", "1"), ("", ""), ("x", "y")):
            ada.open(PAGE)
            assert ada.send(PAGE, do=deed, post=post, other=other).status_code == 422, (deed, post, other)
        for post, other in (("99", "98"), ("9" * 30, "1"), ("1", "99")):
            ada.open(PAGE)
            assert ada.send(PAGE, do=deed, post=post, other=other).status_code in (404, 422), (deed, post, other)
    ada.open(PAGE)
    assert ada.send(PAGE, do="merge-all").status_code == 400


def test_a_page_shows_twenty_and_the_next_goes_on_after_them(ada, acme):
    for number in range(4, 30):
        acme.post(f"Post {number}")
        likely(acme, 1, number, 0.6 if number < 20 else 0.65)
    found, address, sizes = [], PAGE, []
    while address:
        page = ada.open(address)
        found += [tuple(sorted(each)) for each in order(page)]
        sizes.append(len(order(page)))
        following = re.search(r'href="(\?cursor=[^"]+)" rel="next"', page.text)
        address = following and PAGE + unescape(following[1])
    assert sizes == [20, 8]
    assert found == [(2, 3), (1, 2), *[(1, number) for number in range(20, 30)], *[(1, number) for number in range(4, 20)]]


def test_a_later_page_on_which_nothing_is_left_leads_back(ada, acme):
    for number in range(4, 25):
        acme.post(f"Post {number}")
        likely(acme, 1, number, 0.6)
    cursor = unescape(re.search(r'href="(\?cursor=[^"]+)" rel="next"', ada.open(PAGE).text)[1])
    db.changed("DELETE FROM likely_duplicate")
    assert "Nothing is left on this page" in texts(ada.open(PAGE + cursor))


def test_a_cursor_that_is_none_is_refused(ada):
    for cursor in ("x", "ZHVwbGljYXRlc3wxfDI", "ZHVwbGljYXRlc3wtMXwyfDM", "%00"):
        assert ada.open(f"{PAGE}?cursor={cursor}").status_code == 400, cursor


def test_without_any_the_page_says_what_would_be_there(ada):
    db.changed("DELETE FROM likely_duplicate")
    page = ada.open(PAGE)
    assert "No two posts seem to ask for the same" in texts(page) and 'data-live="likely"' not in page.text


def test_the_frame_counts_up_to_nine(ada, acme):
    assert '<b class="count" data-live="likely">2<' in ada.open("/app/acme/inbox").text
    for number in range(4, 14):
        acme.post(f"Post {number}")
        likely(acme, 1, number, 0.6)
    assert '<b class="count" data-live="likely">9+<' in ada.open("/app/acme/inbox").text
    assert len(duplicates.page(acme.team, 100)) == 12


def test_every_member_may_and_nobody_else(ada, client, acme, globex):
    ben = Browser(client).sign_in(BEN)
    ben.open(PAGE)
    assert "are not the same" in ben.send(PAGE, QUICK, do="dismiss", post="3", other="2").text
    assert Browser(client).open(PAGE).status_code == 303
    eve = Browser(client).sign_in(EVE)
    assert eve.open(PAGE).status_code == 404
    eve.open("/app/globex/duplicates")
    assert "Dark mode" not in eve.page.text
    for address in ("/app/globex/duplicates", PAGE):
        eve.open("/app/globex/duplicates")
        assert eve.send(address, do="merge", post="2", other="1").status_code in (404, 422)
    assert posts.find(acme.team, 2).merged_into is None


def test_twenty_pairs_cost_as_many_round_trips_as_one(ada, acme):
    counted = {}
    ada.open(PAGE)
    with Counter().into(counted, "two"):
        ada.open(PAGE)
    for number in range(4, 30):
        acme.post(f"Post {number}")
        likely(acme, 1, number, 0.6)
    with Counter().into(counted, "twenty"):
        ada.open(PAGE)
    assert counted["twenty"] == counted["two"]


def test_the_palette_finds_the_page(ada):
    assert f'href="{PAGE}"' in ada.open("/app/acme/search", QUICK, params={"q": "dupl"}).text
