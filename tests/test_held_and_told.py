"""What looks like spam is told to nobody while it waits, however it came to wait: neither by letter nor to an endpoint."""

import pytest
from cast import CLEO
from queued import work_off

from service import db
from service.feedback import comments, edits, endpoints, held_comments, moderation, planning, posts
from service.feedback.spam import Signals

SPAM = " ".join(f"https://x{number}.example" for number in range(12))
TOLD = """
SELECT e.type, d.body FROM delivery d JOIN event e ON e.workspace_id = d.workspace_id AND e.seq = d.event_seq
 ORDER BY e.seq"""
MENTIONS = "SELECT count(*) FROM letter WHERE kind = 'mention'"


@pytest.fixture
def endpoint(acme) -> None:
    endpoints.create(acme.team, "https://hooks.invalid/", [
        "post.created", "post.updated", "post.deleted", "post.status_changed",
        "comment.created", "comment.updated", "comment.deleted"])  # fmt: skip


def told() -> list[str]:
    """The types of what the endpoint is told."""
    work_off()
    return [type for type, _ in db.rows(TOLD)]


def test_a_post_that_is_changed_into_spam_is_told_with_its_new_words_when_it_is_let_in(acme, endpoint):
    reader = acme.reader(CLEO)
    number = posts.create(reader, "Dark theme", "For my eyes", signals=Signals())
    assert told() == ["post.created"]
    edits.change(reader, number, body=SPAM)
    planning.set_status(acme.team, number, "planned")
    assert told() == ["post.created"]
    moderation.approve(acme.team, [number])
    assert told() == ["post.created", "post.updated"]


def test_a_suspect_that_is_declined_was_never_there(acme, endpoint):
    number = posts.create(acme.reader(CLEO), "Dark theme", SPAM, signals=Signals())
    moderation.decline(acme.team, [number])
    assert told() == []


@pytest.mark.parametrize("what", ["post", "comment"])
def test_who_heard_of_it_before_it_became_spam_hears_that_it_is_deleted(acme, endpoint, what):
    reader = acme.reader(CLEO)
    number = posts.create(reader, "Dark theme", "For my eyes", signals=Signals())
    comment = comments.create(reader, number, "And for the night", signals=Signals())
    assert told() == ["post.created", "comment.created"]
    if what == "post":
        edits.change(reader, number, body=SPAM)
        moderation.decline(acme.team, [number])
    else:
        comments.change(reader, comment, body=SPAM)
        held_comments.decline(acme.team, [comment])
    assert told() == ["post.created", "comment.created", f"{what}.deleted"]
    assert SPAM not in "".join(body or "" for _, body in db.rows(TOLD))


def test_a_suspect_comment_that_is_declined_was_never_there(acme, endpoint):
    number = acme.post()
    comment = comments.create(acme.reader(CLEO), number, SPAM, signals=Signals())
    told()
    held_comments.decline(acme.team, [comment])
    assert not [type for type in told() if type.startswith("comment.")]


def test_who_is_mentioned_gets_one_letter_however_often_the_comment_is_let_in(acme, endpoint):
    reader = acme.reader(CLEO)
    number = acme.post()
    comment = comments.create(reader, number, "@Ben please", signals=Signals())
    work_off()
    assert db.row(MENTIONS) == (1,)
    comments.change(reader, comment, body=f"@Ben {SPAM}")
    held_comments.approve(acme.team, [comment])
    assert told().count("comment.created") == 1 and db.row(MENTIONS) == (1,)


def test_what_waits_for_its_board_and_becomes_spam_is_spam(acme, endpoint):
    db.changed("UPDATE board SET approve_first = true")
    number = posts.create(acme.reader(CLEO), "Dark theme", "For my eyes", signals=Signals())
    assert told() == ["post.created"]
    edits.change(acme.reader(CLEO), number, body=SPAM)
    assert told() == ["post.created"] and db.row("SELECT held_because FROM post") == ("links",)
