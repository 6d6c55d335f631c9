"""Two posts side by side before they become one: what would move, doing it, and taking it back."""

import re
from html import unescape

import pytest
from browser import Browser
from cast import ADA, CLEO, DAN, EVE

from service.feedback import boards, comments, followers, merges, posts, votes

MERGE = "/app/acme/posts/2/merge"


@pytest.fixture
def ada(client, acme):
    acme.post("Dark mode", by=DAN)
    acme.post("Night theme", by=CLEO)
    votes.cast(acme.reader(DAN), 2)
    comments.create(acme.reader(CLEO), 2, "Please")
    comments.create(acme.writer, 2, "Ask Ben", internal=True)
    followers.follow(acme.reader({"sub": "fan"}), 2)
    return Browser(client).sign_in(ADA)


def texts(page) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page.text)).split())


def test_the_preview_says_what_then_is_true(ada, acme):
    told = merges.preview(acme.team, 2, 1)
    assert told == (1, 1, 3, 1, 1, 1, 2, 4900)
    page = texts(ada.open(MERGE, params={"into": "1"}))
    for words in ("Merge #2 into #1", "1 new vote; 1 person votes for both already", "1 comment and 1 internal note",
                  "3 new followers", "#1 then has 2 votes, worth $49 a month"):  # fmt: skip
        assert words in page, words
    merges.merge(acme.team, 2, 1)
    after = posts.find(acme.team, 1)
    assert (after.votes, after.comments, after.mrr) == (told.votes_after, told.comments, told.mrr_after)


def test_a_merge_is_done_and_undone(ada, acme):
    ada.open(MERGE, params={"into": "1"})
    answer = ada.send(MERGE, do="merge", into="1")
    assert (answer.status_code, answer.headers["location"]) == (303, "/app/acme/posts/1")
    page = ada.open("/app/acme/posts/1")
    assert "#2 is a part of this post now." in texts(page) and "Merged into this" in texts(page)
    part = ada.open("/app/acme/posts/2")
    assert "This post was merged into #1" in texts(part) and 'do" value="status"' not in part.text
    ada.open("/app/acme/posts/1")
    action = re.search(r'name="action" value="(\d+)"', page.text)[1]
    assert ada.send("/app/acme/posts/1", do="undo", action=action).status_code == 303
    assert posts.find(acme.team, 2).merged_into is None and posts.find(acme.team, 1).votes == 1


def test_each_of_both_pages_takes_it_back(ada, acme):
    for path, typed in (("/app/acme/posts/2", {}), ("/app/acme/posts/1", {"part": "2"})):
        merges.merge(acme.team, 2, 1)
        ada.open(path)
        assert ada.send(path, do="unmerge", **typed).status_code == 303
        assert posts.find(acme.team, 2).merged_into is None


def test_the_other_post_is_found_by_number_or_words(ada):
    assert "Merge #2 into another post" in texts(ada.open(MERGE))
    assert "Merge #2 into #1" in texts(ada.open(MERGE, params={"into": " #1 "}))
    assert "?into=1" in ada.open(MERGE, params={"into": "dark"}).text
    assert "No post has this number or these words" in texts(ada.open(MERGE, params={"into": "zebra"}))


def test_what_cannot_be_merged_is_told_before_and_refused_after(ada, acme):
    acme.post("Secret", board="bugs")
    boards.change(acme.team, "bugs", access="private")
    for into, words in (("2", "into itself"), ("3", "not the same people"), ("99", "There is no post #99")):
        assert words in texts(ada.open(MERGE, params={"into": into})), into
        page = ada.send(MERGE, do="merge", into=into)
        assert page.status_code == 422, into
    for into in ("", "x", "9" * 30, "１"):
        ada.open(MERGE)
        assert ada.send(MERGE, do="merge", into=into).status_code == 422, into
    merges.merge(acme.team, 2, 1)
    assert "was merged into #1" in texts(ada.open(MERGE, params={"into": "3"}))
    assert posts.find(acme.team, 1).votes == 2


def test_nobody_else_merges_here(ada, client, acme, globex):
    eve = Browser(client).sign_in(EVE)
    eve.open("/app/new")
    assert eve.send(MERGE, do="merge", into="1").status_code == 404
    assert eve.open(MERGE).status_code == eve.open("/app/globex/posts/2/merge").status_code == 404
    assert ada.open("/app/acme/posts/9/merge").status_code == 404
    assert posts.find(acme.team, 2).merged_into is None
