"""Asking the voters of a post for more: who gets the letter, what it says, how often, and the form that sends it."""

import dataclasses
import re
from html import unescape

import pytest
from browser import Browser
from cast import ADA, CLEO, DAN
from queued import threads, work_off

from service import db
from service.errors import Conflict, Invalid, NotFound
from service.feedback import boards, letters, merges, questions, segments, votes

READERS = "SELECT to_email, subject, text, html FROM letter WHERE kind = 'question' ORDER BY to_email"
TEAM = [{"field": "company.plan", "op": "is", "value": "Team"}]


@pytest.fixture
def post(acme, here):
    letters.start(dataclasses.replace(here, smtp_url=""))  # kept, so that they can be read
    number = acme.post("Dark mode", by=DAN)
    votes.cast(acme.reader(CLEO), number)
    segments.create(acme.team, "team", "On Team", TEAM)
    return number


def asked() -> list[tuple]:
    return db.rows("SELECT public, data FROM event WHERE type = 'post.question_asked' ORDER BY seq")


def test_every_voter_with_an_address_gets_the_question_once(acme, post):
    votes.cast(acme.reader({"sub": "no-address"}), post)
    votes.cast(acme.reader({**CLEO, "sub": "cleo-again", "email": "CLEO@customer.example"}), post)
    acme.user({"sub": "bystander", "email": "bystander@customer.example"})
    assert questions.ask(acme.team, post, "At night **only**, or always?") == 2
    work_off()
    found = db.rows(READERS)
    assert [row[0].lower() for row in found] == [CLEO["email"], DAN["email"]]
    _, subject, text, html = found[0]
    assert subject == "A question about: Dark mode" and "At night **only**" in text and "/b/acme/posts/1" in text
    assert "<strong>only</strong>" in html
    assert asked() == [(False, {"count": 2, "segment": None, "note": "At night **only**, or always?"})]


def test_the_voters_of_one_segment_are_asked_alone(acme, post):
    assert questions.audiences(acme.team, post) == [(None, None, 2), ("team", "On Team", 1)]
    assert questions.ask(acme.team, post, "Why?", "team") == 1
    work_off()
    assert [row[0] for row in db.rows(READERS)] == [DAN["email"]]


def test_who_is_blocked_or_may_not_read_it_is_not_asked(acme, post):
    db.changed("UPDATE \"user\" SET blocked_at = now() WHERE external_id = %(id)s", id=DAN["sub"])
    assert questions.ask(acme.team, post, "Why?") == 1
    boards.change(acme.team, "features", access="private")
    with pytest.raises(Invalid, match="nobody would get"):
        questions.ask(acme.team, post, "Why not?")
    assert len(asked()) == 1


def test_the_same_again_is_asked_once_and_three_a_day_are_enough(acme, post):
    for text in ("One?", "One?", "Two?", "Three?", "Three?"):
        questions.ask(acme.team, post, text)
    assert len(asked()) == 3
    with pytest.raises(Conflict, match="wait until tomorrow"):
        questions.ask(acme.team, post, "Four?")
    db.changed("UPDATE event SET created_at = now() - interval '25 hours' WHERE type = 'post.question_asked'")
    assert questions.ask(acme.team, post, "Four?") == 2


def test_many_at_once_ask_no_more_than_three_times(acme, post):
    def ask(number):
        try:
            return questions.ask(acme.team, post, f"Question {number}?")
        except Conflict:
            return None

    with threads(6) as pool:
        assert list(pool.map(ask, range(6))).count(None) == 3
    assert len(asked()) == 3


def test_what_cannot_be_asked_is_refused_with_a_sentence(acme, post, globex):
    for text, segment, field in (("", None, "question"), ("x" * 1001, None, "question"), ("Why?", "nobody", "segment")):
        with pytest.raises(Invalid) as refused:
            questions.ask(acme.team, post, text, segment)
        assert set(refused.value.fields) == {field}
    with pytest.raises(NotFound):
        questions.ask(globex.team, post, "Why?")
    other = acme.post("Another")
    merges.merge(acme.team, other, post)
    with pytest.raises(Conflict):
        questions.ask(acme.team, other, "Why?")
    assert asked() == []


def test_the_page_says_how_many_get_it_and_keeps_what_was_typed(client, acme, post):
    ada = Browser(client).sign_in(ADA)
    page = ada.open("/app/acme/posts/1")
    assert "All voters: 2 letters" in page.text and "On Team: 1 letter<" in page.text
    page = ada.send("/app/acme/posts/1", do="ask", question="x" * 1001, segment="team")
    assert page.status_code == 422 and "x" * 1001 in page.text and 'value="team" selected' in page.text
    assert ada.send("/app/acme/posts/1", do="ask", question="When do you need it?", segment="team").status_code == 303
    page = ada.open("/app/acme/posts/1")
    said = " ".join(unescape(re.sub(r"<[^>]+>", " ", page.text)).split())
    for words in ("Your question is on its way to 1 voter.", "Ada asked 1 voter", "When do you need it?"):
        assert words in said, words
