"""Letters of the official answer to a post, and of posts that become one."""

import pytest
from cast import ADA, CLEO, DAN
from queued import make_due, work_off

from service import db, jobs
from service.feedback import blocking, boards, comments, followers, mailings, merges, planning, votes

SUE = {"sub": "sue-9", "email": "sue@customer.example", "name": "Sue"}
TOLD = "SELECT to_email FROM letter WHERE kind = %(kind)s AND state = 'kept' ORDER BY to_email"
NEWEST = "SELECT subject, text, html FROM letter WHERE kind = %(kind)s AND state = 'kept' ORDER BY id DESC"


@pytest.fixture
def post(acme):
    """Cleo's, which Dan votes for and Sue follows."""
    number = acme.post("Dark mode", by=CLEO)
    votes.cast(acme.reader(DAN), number)
    followers.follow(acme.reader(SUE), number)
    return number


def told(kind: str, later: bool = False) -> list[str]:
    work_off()
    if later:
        make_due()
        work_off()
    return [email for (email,) in db.rows(TOLD, kind=kind)]


def test_everybody_who_follows_a_post_hears_of_its_answer_at_once(acme, post):
    acme.user({"sub": "bystander", "email": "bystander@customer.example"})
    comments.create(acme.writer, post, "In **May**.", official=True)
    assert told("answer") == [CLEO["email"], DAN["email"], SUE["email"]]
    subject, text, html = db.row(NEWEST, kind="answer")
    assert subject == "Acme answered: Dark mode" and "/b/acme/posts/1#comment-1" in text and "<strong>May</strong>" in html
    assert told("reply", later=True) == []


def test_who_does_not_want_answers_or_may_not_hear_gets_none(acme, post):
    mailings.mute(acme.workspace, CLEO["email"], "answer")
    blocking.block(acme.team, SUE["sub"])
    comments.create(acme.writer, post, "In May.", official=True)
    assert told("answer") == [DAN["email"]] and told("reply", later=True) == []
    boards.change(acme.team, "features", access="private")
    comments.create(acme.writer, post, "In June.", official=True)
    assert told("answer") == [DAN["email"]]


def test_what_becomes_the_answer_later_is_told_once(acme, post):
    said = comments.create(acme.writer, post, "In May.")
    for official in (True, False, True):
        comments.change(acme.team, said, official=official)
        comments.change(acme.team, said, body=f"In May, {official}.")
        work_off()
    assert told("answer", later=True) == [CLEO["email"], DAN["email"], SUE["email"]]
    assert told("reply") == []


def test_an_answer_that_is_taken_back_before_it_is_told_is_not(acme, post):
    said = comments.create(acme.writer, post, "In May.", official=True)
    work_off(1)
    comments.change(acme.team, said, official=False)
    assert told("answer") == []
    another = comments.create(acme.writer, post, "In June.", official=True)
    work_off(1)
    comments.delete(acme.team, another)
    assert told("answer") == []


def test_who_follows_a_merged_post_hears_once_where_their_vote_counts(acme, post):
    mailings.mute(acme.workspace, DAN["email"], "merged")
    followers.follow(acme.writer, post)
    night = acme.post("Night mode", by={"sub": "eli", "email": "eli@customer.example"})
    merges.merge(acme.team, post, night)
    assert told("merged") == [CLEO["email"], SUE["email"]]
    subject, text, html = db.row(NEWEST, kind="merged")
    assert subject == "“Dark mode” is now part of “Night mode”" and "/b/acme/posts/2" in text and "posts/1" not in html
    merges.merge(acme.team, night, acme.post("Dark theme", by=DAN))
    assert told("merged") == [CLEO["email"], "eli@customer.example", SUE["email"]] and ADA not in told("merged")
    jobs.enqueue("event.follow_up", acme.workspace.id, seq=db.row("SELECT max(seq) FROM event")[0])
    assert len(told("merged")) == 3


def test_a_merge_that_is_taken_back_before_it_is_told_is_not_and_one_that_goes_on_tells_the_end(acme, post):
    night, theme = acme.post("Night mode", by=DAN), acme.post("Dark theme", by=DAN)
    merges.merge(acme.team, post, night)
    work_off(1)
    merges.unmerge(acme.team, post)
    assert told("merged") == []
    merges.merge(acme.team, post, theme)
    work_off(1)
    merges.merge(acme.team, theme, night)
    work_off()
    subject, text, _ = db.row("SELECT subject, text, html FROM letter WHERE kind = 'merged' AND to_email = %(e)s "
                              "AND state = 'kept'", e=CLEO["email"])  # fmt: skip
    assert subject == "“Dark mode” is now part of “Night mode”" and "/b/acme/posts/2" in text


def test_what_one_may_no_longer_read_is_not_told_even_if_it_waited(acme, post):
    planning.set_status(acme.team, post, "planned")
    comments.create(acme.writer, post, "In May.", official=True)
    work_off(1)
    boards.change(acme.team, "features", access="private")
    assert told("status_changed") == told("answer") == []
    boards.change(acme.team, "features", access="public")
    planning.set_status(acme.team, post, "done")
    work_off(1)
    mailings.mute(acme.workspace, CLEO["email"])
    assert told("status_changed") == [DAN["email"], SUE["email"]]
