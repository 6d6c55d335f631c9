"""Comments told by letter: who hears of them, and much talk in one letter."""

from itertools import count

import pytest
from cast import ADA, BEN, CLEO, DAN
from crowd import at_once
from queued import make_due, work_off

from service import db, jobs
from service.feedback import (
    blocking,
    boards,
    comments,
    followers,
    gathering,
    letters,
    mailings,
    members,
    merges,
    moderation,
    segments,
    users,
    votes,
)

SUE = {"sub": "sue-9", "email": "sue@customer.example", "name": "Sue"}
LETTERS = """
SELECT to_email, state, subject, text FROM letter WHERE kind = 'reply' AND to_email = %(email)s ORDER BY id"""
READERS = "SELECT to_email FROM letter WHERE kind = 'reply' ORDER BY to_email"


def readers() -> list[str]:
    work_off()
    return [email for (email,) in db.rows(READERS)]


def told(email=CLEO["email"]) -> list[tuple]:
    """What one was told an hour later: (subject, text) of each letter."""
    work_off()
    make_due()
    work_off()
    return [(subject, text) for _, state, subject, text in db.rows(LETTERS, email=email) if state == "kept"]


@pytest.fixture
def post(acme):
    """Cleo's; Dan commented on it, and she was told."""
    number = acme.post("Dark mode", by=CLEO)
    comments.create(acme.reader(DAN), number, "First")
    assert len(told()) == 1
    return number


def test_ten_votes_and_three_comments_within_an_hour_make_one_letter(acme):
    number = acme.post("Dark mode", by=CLEO)
    names = (f"voter-{place}" for place in count())
    for body in ("One", "Two", "Three"):
        for _ in range(3):
            votes.cast(acme.reader({"sub": next(names)}), number)
        comments.create(acme.reader(DAN), number, body)
        work_off()
    votes.cast(acme.reader({"sub": next(names)}), number)
    assert db.rows(LETTERS, email=CLEO["email"]) == [(CLEO["email"], "waiting", None, None)]
    [(subject, text)] = told()
    assert subject == "3 new comments: Dark mode" and "Meanwhile, 10 more people voted for it." in text
    assert text.index("One") < text.index("Two") < text.index("Three") and "/b/acme/posts/1#comment-1" in text
    assert told() == [(subject, text)]


def test_votes_alone_make_no_letter(acme):
    number = acme.post(by=CLEO)
    for name in range(10):
        votes.cast(acme.reader({"sub": f"voter-{name}"}), number)
    assert told() == [] and readers() == []


def test_votes_are_told_to_the_author_alone_and_once(acme, post):
    comments.create(acme.reader(SUE), post, "Second")
    votes.cast(acme.reader(SUE), post)
    assert "1 more person voted for it" in told()[-1][1]
    assert "voted for it" not in told(DAN["email"])[-1][1]
    comments.create(acme.reader(SUE), post, "Third")
    assert "voted for it" not in told()[-1][1]


def test_author_and_who_commented_hear_and_nobody_else_nor_who_said_it(acme, post):
    votes.cast(acme.reader(SUE), post)
    followers.follow(acme.reader({"sub": "eli", "email": "eli@customer.example"}), post)
    for body, hears in (("Second", [CLEO["email"], CLEO["email"]]), ("Third", [CLEO["email"], CLEO["email"]])):
        comments.create(acme.reader(DAN), post, body)
        assert readers() == hears
    comments.create(acme.reader({**CLEO, "sub": "cleo-again"}), post, "By her other account")
    assert readers() == [CLEO["email"], CLEO["email"], DAN["email"]]
    comments.create(acme.writer, post, "From the team")
    make_due()
    assert readers().count(DAN["email"]) == 1 and ADA not in readers()


@pytest.mark.parametrize("how", ["muted", "blocked", "unfollowed", "private", "gone", "no address"])
def test_who_does_not_want_it_or_may_not_read_it_hears_nothing_before_and_after_it_is_addressed(acme, post, how):
    cleo = acme.reader(CLEO)

    def end():
        if how == "muted":
            mailings.mute(acme.workspace, CLEO["email"], "reply")
        elif how == "blocked":
            blocking.block(acme.team, CLEO["sub"])
        elif how == "unfollowed":
            followers.unfollow(cleo, post)
        elif how == "private":
            boards.change(acme.team, "features", access="private")
        elif how == "gone":
            db.changed("UPDATE post SET deleted_at = now()")
        else:
            db.changed("UPDATE \"user\" SET email = NULL WHERE external_id = 'cleo-7'")

    comments.create(acme.reader(DAN), post, "Second")
    work_off()
    end()
    assert len(told()) == 1
    assert db.row("SELECT state FROM letter WHERE kind = 'reply' ORDER BY id DESC") == ("withdrawn",)
    if how != "gone":
        comments.create(acme.team._replace(user=acme.reader(DAN).user), post, "Third")
        work_off()
        assert db.row("SELECT count(*) FROM letter WHERE to_email = 'cleo@customer.example' AND kind = 'reply'") == (2,)


def test_what_is_deleted_or_made_a_note_meanwhile_is_not_told(acme, post):
    made = [comments.create(acme.reader(DAN), post, body) for body in ("Second", "Third", "Fourth", "Fifth")]
    spam = comments.create(acme.reader({"sub": "spammer"}), post, "Spam")
    work_off()
    comments.delete(acme.team, made[0])
    comments.change(acme.team, made[1], internal=True)
    comments.change(acme.reader(DAN), made[2], body="Better")
    blocking.block(acme.team, "spammer")
    subject, text = told()[-1]
    assert subject == "2 new comments: Dark mode" and "Better" in text and "Fifth" in text
    assert not any(words in text for words in ("Second", "Third", "Fourth", "Spam")) and spam


def test_notes_are_told_to_nobody_until_they_are_none_and_then_once(acme, post):
    note = comments.create(acme.writer, post, "Ours alone", internal=True)
    assert len(told()) == 1
    for internal in (False, True, False):
        comments.change(acme.team, note, internal=internal)
        work_off()
    assert [("Ours alone" in text) for _, text in told()] == [False, True]


def test_what_is_said_after_a_letter_was_begun_makes_another_one(acme, post):
    comments.create(acme.reader(DAN), post, "Second")
    work_off()
    [letter] = db.row("SELECT max(id) FROM letter")
    begun = gathering.begin(acme.workspace.id, letters.read(acme.workspace.id, letter))
    comments.create(acme.reader(DAN), post, "Third")
    work_off()
    assert [said.body for said in begun[0]] == ["Second"]
    bodies = [[word for word in ("Second", "Third") if word in text] for _, text in told()]
    assert bodies == [[], ["Second"], ["Third"]]


def test_many_comments_at_once_are_still_one_letter(acme, post):
    dan = acme.reader(DAN)
    at_once(lambda place: comments.create(dan, post, f"Number {place}"), 8)
    assert not [error for error in at_once(lambda _: work_off(3), 4) if error]
    subject, text = told()[-1]
    assert subject == "8 new comments: Dark mode" and all(f"Number {place}" in text for place in range(8))
    assert len(told()) == 2


def test_a_long_talk_is_told_in_part(acme, post):
    dan = acme.reader(DAN)
    for place in range(12):
        comments.create(dan, post, f"Number {place:02}")
    subject, text = told()[-1]
    assert subject == "12 new comments: Dark mode" and "There are 2 more comments." in text
    assert "Number 09" in text and "Number 10" not in text


def test_an_event_that_is_followed_up_again_tells_nothing_twice(acme, post):
    comments.create(acme.reader(DAN), post, "Second")
    work_off()
    [seq] = db.row("SELECT max(seq) FROM event")
    for _ in range(2):
        jobs.enqueue("event.follow_up", acme.workspace.id, seq=seq)
        work_off()
        assert len(told()) == 2


def test_only_who_is_in_a_boards_segment_hears_of_its_comments(acme):
    segments.create(acme.team, "team", "On Team", [{"field": "company.plan", "op": "is", "value": "Team"}])
    boards.change(acme.team, "features", access="segments", segments=["team"])
    dan = acme.reader(DAN)
    work_off()
    number = acme.post("Dark mode", by=DAN, board="features")
    comments.create(acme.team._replace(user=acme.reader(CLEO).user), number, "By somebody outside")
    comments.create(acme.writer, number, "By the team")
    comments.create(dan, number, "By Dan")
    assert readers() == [ADA, DAN["email"]]


def test_a_post_that_waits_for_approval_is_talked_of_with_its_author_alone(acme):
    boards.change(acme.team, "features", approve_first=True)
    number = acme.post("Dark mode", by=CLEO)
    comments.create(acme.team._replace(user=acme.reader(DAN).user), number, "On behalf of Dan")
    comments.create(acme.writer, number, "Which screen?")
    assert readers() == [CLEO["email"]]
    moderation.approve(acme.team, [number])
    comments.create(acme.writer, number, "It is in")
    assert DAN["email"] in readers()


def test_comments_of_a_merged_post_are_told_where_they_are_now(acme, post):
    comments.create(acme.reader(DAN), post, "Second")
    work_off()
    merges.merge(acme.team, post, acme.post("Night mode", by=SUE))
    subject, text = told()[-1]
    assert subject == "New comment: Night mode" and "/b/acme/posts/2#comment-2" in text
    assert "You get this e-mail because you wrote this post or commented on it." in text


def test_a_member_who_is_mentioned_is_told_at_once_and_not_again(acme, post):
    ben = acme.team._replace(user=users.of_member(acme.workspace, members.person(BEN)).id)
    comments.create(ben, post, "I look at it")
    work_off()
    comments.create(acme.writer, post, "@Ben, did you?")
    work_off()
    assert db.rows("SELECT kind, state FROM letter WHERE to_email = %(ben)s AND kind IN ('reply', 'mention')", ben=BEN) == [
        ("mention", "kept")]  # fmt: skip
