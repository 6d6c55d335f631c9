"""The page on which the team lets posts in, brings deleted ones back, and lets blocked users in again."""

import re
from html import unescape

import pytest
from browser import Browser
from cast import ADA, BEN, CLEO, DAN, EVE

from service.feedback import blocking, boards, edits, lists, moderation

PAGE = "/app/acme/moderation"
HOSTILE = "<script>alert(1)</script>"


@pytest.fixture
def ada(client, acme):
    boards.change(acme.team, "features", approve_first=True)
    for title, claims in (("First", CLEO), ("Second", DAN), ("Third", CLEO)):
        acme.post(title, f"About **{title}**", by=claims)
    browser = Browser(client).sign_in(ADA)
    browser.open(PAGE)
    return browser


def texts(page) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page.text.partition("<main")[2])).split())


def public(acme) -> list[int]:
    return sorted(post.number for post in lists.page(acme.reader({"sub": "somebody"})).posts)


def test_what_waits_is_shown_the_oldest_first_with_all_that_helps_to_decide(ada):
    page = ada.open(PAGE)
    assert re.findall(r'posts/\d+">(\w+)</a>', page.text) == ["First", "Second", "Third"]
    for words in ("Waiting (3)", "cleo@customer.example", "Initech", "Features", "Decline and block"):
        assert words in texts(page), words
    assert "<strong>First</strong>" in page.text


def test_one_is_approved_by_its_button_and_several_by_their_boxes(ada, acme):
    assert ada.send(PAGE, do="approve", number="2").status_code == 303
    assert "1 post was approved" in ada.open(PAGE).text and public(acme) == [2]
    page = ada.send(PAGE, {"Sayso-Quick": "1"}, do="approve", number=["1", "3", "2", "999"])
    assert page.status_code == 200 and "2 posts were approved" in page.text and "Nothing waits for you" in texts(page)
    assert public(acme) == [1, 2, 3]
    assert "somebody decided before you" in ada.send(PAGE, {"Sayso-Quick": "1"}, do="approve", number="1").text


def test_what_is_declined_can_be_undone_at_once_and_restored_later(ada, acme):
    page = ada.send(PAGE, {"Sayso-Quick": "1"}, do="decline", number=["1", "2"])
    action = re.search(r'name="action" value="(\d+)"', page.text)[1]
    assert "2 posts were declined" in page.text and moderation.waiting(acme.team) == 1
    ada.send(PAGE, do="undo", action=action)
    assert moderation.waiting(acme.team) == 3
    ada.open(PAGE)
    ada.send(PAGE, do="decline", number="1")
    page = ada.open(PAGE, query_string="show=deleted")
    assert "First" in texts(page) and "by Ada" in texts(page) and "was waiting" in texts(page)
    page = ada.send(PAGE, {"Sayso-Quick": "1"}, do="restore", number=["1", "2", "777"])
    assert "1 post was restored" in page.text, "the other two were not deleted"
    assert moderation.waiting(acme.team) == 3 and public(acme) == []
    assert "somebody decided before you" in ada.send(PAGE, {"Sayso-Quick": "1"}, do="restore", number="1").text


def test_what_was_brought_back_by_hand_is_not_undone_again(ada, acme):
    ada.send(PAGE, do="decline", number="1")
    edits.restore(acme.team, 1)
    page = ada.open("/app/acme/history")
    action = re.search(r'name="action" value="(\d+)"', page.text)[1]
    page = ada.send("/app/acme/history", {"Sayso-Quick": "1"}, do="undo", action=action)
    assert page.status_code == 200 and "There was nothing left to undo: 1 post changed since" in page.text
    assert 'name="action"' not in page.text


def test_an_author_is_blocked_with_what_they_wrote_and_let_in_again(ada, acme):
    ada.send(PAGE, do="block", number="1")
    page = ada.open(PAGE, query_string="show=blocked")
    assert "Cleo" in texts(page) and "Dan" not in texts(page)
    assert "(blocked)" in texts(ada.open(PAGE))  # her other post still waits
    for _ in range(2):
        ada.open(PAGE, query_string="show=blocked")
        assert ada.send(PAGE, do="unblock", user="cleo-7").status_code == 303
    assert moderation.blocked(acme.team, 9) == []


@pytest.mark.parametrize(
    ("fields", "status", "words"),
    [
        ({"do": "approve"}, 422, "Tick the posts first."),
        ({"do": "decline", "number": "x"}, 422, "Tick the posts first."),
        ({"do": "restore", "number": "9" * 30}, 422, "Tick the posts first."),
        ({"do": "unblock"}, 422, "Tick the users first."),
        ({"do": "unblock", "user": "no\x00body"}, 303, ""),
        ({"do": "explode", "number": "1"}, 400, "Reload the page"),
    ],
)
def test_a_form_that_says_nothing_does_nothing(ada, acme, fields, status, words):
    tab = "blocked" if fields["do"] == "unblock" else "waiting"
    if tab == "blocked":
        blocking.block(acme.team, "dan-8")
    ada.open(PAGE, query_string=f"show={tab}")
    answer = ada.send(f"{PAGE}?show={tab}", **fields)
    assert answer.status_code == status and words in answer.text
    assert moderation.waiting(acme.team) == 3


def test_long_lists_go_on_and_what_people_wrote_is_text(ada, acme):
    for number in range(30):
        acme.post(f"{HOSTILE} {number}", "x" * 900, by={**CLEO, "name": HOSTILE})
    page = ada.open(PAGE)
    assert HOSTILE not in page.text and page.text.count('class="card">') >= 25
    more = unescape(re.search(r'href="\?([^"]+)" rel="next"', page.text)[1])
    rest = ada.open(PAGE, query_string=more)
    assert rest.text.count("Choose #") == 8
    for query, status in (("show=x", 422), ("cursor=x", 400), (more.replace("waiting", "deleted"), 400)):
        assert ada.open(PAGE, query_string=query).status_code == status, query


def test_members_approve_and_decline_and_only_admins_block(client, ada, acme):
    ben = Browser(client).sign_in(BEN)
    assert "Decline and block" not in texts(ben.open(PAGE))
    for fields in ({"do": "block", "number": "1"}, {"do": "unblock", "user": "cleo-7"}):
        ben.open(PAGE)
        assert ben.send(PAGE, **fields).status_code == 403
    ben.open(PAGE)
    ben.send(PAGE, do="approve", number="1")
    assert public(acme) == [1] and moderation.blocked(acme.team, 9) == []


def test_it_is_for_this_team_alone(client, ada, acme, globex):
    edits.delete(acme.team, 1)
    eve = Browser(client).sign_in(EVE)
    for query in ("", "show=deleted", "show=blocked"):
        assert Browser(client).open(PAGE, query_string=query).headers["location"] == "/app/sign-in"
        assert eve.open(PAGE, query_string=query).status_code == 404
        assert "First" not in texts(eve.open("/app/globex/moderation", query_string=query))
    eve.send("/app/globex/moderation", do="approve", number=["2", "3"])
    assert moderation.waiting(acme.team) == 2


def test_what_its_author_changed_after_it_was_read_is_not_approved_unread(client, acme):
    boards.change(acme.team, "features", approve_first=True)
    number = acme.post("A friendly idea")
    ada = Browser(client).sign_in(ADA)
    value = re.search(rf'value="({number}:\w+)"', ada.open("/app/acme/moderation").text)[1]
    edits.change(acme.reader(CLEO), number, title="Buy my pills")
    answer = ada.send("/app/acme/moderation", do="approve", number=value)
    assert answer.status_code == 409 and f"The author of #{number} changed it meanwhile" in answer.text
    assert moderation.waiting(acme.team) == 1
    fresh = re.search(rf'value="({number}:\w+)"', answer.text)[1]
    ada.send("/app/acme/moderation", do="approve", number=fresh)
    assert moderation.waiting(acme.team) == 0
