"""Comments that look like spam: who reads them, that nothing follows from them, and how they come in or go."""

import pytest
from browser import Browser
from calls import call
from cast import ADA, BEN, CLEO, DAN
from crowd import at_once
from program import Program
from queued import work_off
from uploads import png
from visitors import Visitor

from service import db
from service.errors import Conflict, Forbidden, Invalid, NotFound
from service.feedback import (
    activity,
    attachments,
    comments,
    details,
    doings,
    edits,
    endpoints,
    held_comments,
    kept,
    merges,
    posts,
    privacy,
    spam,
    users,
)
from service.feedback.readers import Reader
from service.web.guards import user_token

OFFER = "Cheap watches for everybody, only today and only here"
TRAP = spam.Signals(trap="https://watches.invalid")
PAGE, QUICK = "/app/acme/moderation", {"Sayso-Quick": "1"}
LETTERS = "SELECT to_email, kind FROM letter WHERE workspace_id = %(workspace)s AND kind <> 'new_post' ORDER BY id"
DELIVERED = """
SELECT e.type FROM delivery d JOIN event e ON e.workspace_id = d.workspace_id AND e.seq = d.event_seq
 WHERE d.workspace_id = %(workspace)s"""
FOLLOWS = "SELECT count(*) FROM follower WHERE workspace_id = %(workspace)s AND user_id = %(user)s"


@pytest.fixture
def post(acme) -> int:
    number = acme.post("Dark mode", by=CLEO)
    work_off()
    return number


@pytest.fixture
def stranger(acme) -> Reader:
    """Somebody without an account."""
    return Reader(acme.workspace, users.make_anonymous(acme.workspace).id)


@pytest.fixture
def held(acme, post, stranger) -> int:
    return comments.create(stranger, post, OFFER, signals=TRAP)


def said(reader: Reader, number: int) -> list[int]:
    return [each.id for each in comments.of(reader, number)]


def told(acme) -> list[tuple]:
    found = activity.news({acme.workspace.id: 0}, 100)[acme.workspace.id]
    return [(each.type, each.public) for each in found if each.type.startswith("comment.")]


def test_only_its_author_and_the_team_read_it_and_it_counts_nowhere(acme, post, stranger, held):
    dan, nobody = acme.reader(DAN), Reader(acme.workspace)
    assert said(dan, post) == said(nobody, post) == [] and details.page(dan, post, 9).talk.newest == 0
    for reader in (stranger, acme.team):
        [read] = comments.of(reader, post)
        assert (read.id, read.held) == (held, True) and details.page(reader, post, 9).talk.comments[0].held
        assert posts.find(reader, post).comments == 0
    for attempt in (comments.find, comments.delete):
        with pytest.raises(NotFound):
            attempt(dan, held)
    with pytest.raises(Invalid, match="no such comment"):
        comments.create(dan, post, "I answer it", parent=held)
    assert db.row(FOLLOWS, workspace=acme.workspace.id, user=stranger.user) == (0,)
    assert told(acme) == [("comment.created", False)]


def test_nothing_follows_from_it_until_it_is_approved_and_then_all_that_follows_a_comment(acme, post, stranger):
    endpoints.create(acme.team, "https://hooks.invalid/", ["comment.created", "comment.updated", "comment.deleted"])
    id = comments.create(stranger, post, f"{OFFER} @Ada", signals=TRAP)
    comments.change(stranger, id, body=f"{OFFER} @Ben")
    work_off()
    count = "SELECT count(*) FROM delivery WHERE workspace_id = %(workspace)s"
    assert db.rows(LETTERS, workspace=acme.workspace.id) == [] and db.row(count, workspace=acme.workspace.id) == (0,)
    assert held_comments.approve(acme.team, [id]) == 1 and held_comments.approve(acme.team, [id]) == 0
    work_off()
    assert db.rows(LETTERS, workspace=acme.workspace.id) == [(BEN, "mention"), (CLEO["email"], "reply")]
    assert db.rows(DELIVERED, workspace=acme.workspace.id) == [("comment.created",)]
    assert told(acme)[-1] == ("comment.approved", True)
    assert posts.find(acme.reader(DAN), post).comments == 1 and said(acme.reader(DAN), post) == [id]
    assert db.row(FOLLOWS, workspace=acme.workspace.id, user=stranger.user) == (1,)


def test_what_was_approved_stays_as_it_was_read(acme, post, stranger, held):
    [waiting] = held_comments.page(acme.team, 9)
    comments.change(stranger, held, body="Something else")
    with pytest.raises(Conflict, match="changed this comment meanwhile"):
        held_comments.approve(acme.team, [held], {held: held_comments.version(waiting)})
    held_comments.approve(acme.team, [held], {held: held_comments.version(comments.find(acme.team, held))})
    with pytest.raises(Forbidden):
        comments.change(stranger, held, body=OFFER)


def test_what_is_declined_is_gone_for_everybody_and_its_author_may_be_blocked(acme, post, stranger, held):
    other = comments.create(stranger, post, "Watches once more, at half the price", signals=TRAP)
    assert held_comments.decline(acme.team, [held, 999]) == 1 and held_comments.decline(acme.team, [held]) == 0
    assert said(stranger, post) == [other] and told(acme)[-1] == ("comment.deleted", False)
    assert held_comments.decline(acme.team, [other], block=True) == 1
    assert said(acme.team, post) == [] and posts.find(acme.team, post).comments == 0
    assert db.row('SELECT blocked_at IS NOT NULL FROM "user" WHERE id = %(id)s', id=stranger.user) == (True,)


def test_the_team_neither_marks_nor_answers_what_waits(acme, post, held):
    for mark in ({"official": True}, {"internal": True}):
        with pytest.raises(Conflict, match="waits for approval"):
            comments.change(acme.writer, held, **mark)
    with pytest.raises(Invalid, match="waits for approval"):
        comments.create(acme.writer, post, "An answer", parent=held)


def test_another_workspace_decides_nothing(acme, globex, held):
    assert held_comments.page(globex.team, 9) == [] and held_comments.waiting(globex.team) == 0
    assert held_comments.approve(globex.team, [held]) == held_comments.decline(globex.team, [held], block=True) == 0
    assert held_comments.waiting(acme.team) == held_comments.all_waiting(acme.team) == 1


def test_approved_and_declined_at_once_it_is_one_of_both(acme, post, held):
    def decide(turn):
        return (held_comments.approve if turn % 2 else held_comments.decline)(acme.team, [held])

    assert sum(at_once(decide, 8)) == 1
    assert posts.find(acme.team, post).comments == len(said(acme.reader(DAN), post))


def test_a_merge_moves_it_and_it_still_waits(acme, post, stranger, held):
    into = acme.post("Dark theme", by=DAN)
    assert merges.preview(acme.team, post, into).comments == 0
    merges.merge(acme.team, post, into)
    assert posts.find(acme.team, into).comments == 0 and said(acme.reader(DAN), into) == []
    assert [each.post for each in held_comments.page(acme.team, 9)] == [into] and said(stranger, into) == [held]
    held_comments.approve(acme.team, [held])
    assert posts.find(acme.team, into).comments == 1
    merges.unmerge(acme.team, post)
    assert [posts.find(acme.team, number).comments for number in (post, into)] == [1, 0]


def test_what_stands_below_a_deleted_post_waits_for_its_return(acme, post, held):
    edits.delete(acme.team, post)
    assert held_comments.page(acme.team, 9) == [] and held_comments.approve(acme.team, [held]) == 0
    edits.restore(acme.team, post)
    assert held_comments.waiting(acme.team) == 1


def test_its_files_are_seen_by_nobody_else(acme, post, stranger):
    file = attachments.put(stranger, "offer.png", png())
    comments.create(stranger, post, OFFER, files=[file.id], signals=TRAP)
    assert attachments.find(stranger, file.id) and attachments.find(acme.team, file.id)
    with pytest.raises(NotFound):
        attachments.find(acme.reader(DAN), file.id)


def test_who_is_erased_takes_it_along_and_the_export_says_that_it_waits(acme, post):
    links = " ".join(f"https://{n}.invalid" for n in range(11))
    id = comments.create(acme.reader(DAN), post, links, signals=spam.Signals())
    [part] = kept.export(acme.workspace, "dan-8")["comments"]
    assert part["id"] == id and part["held_at"] and doings.counts(acme.team, acme.user(DAN).id)["comments"] == 1
    privacy.erase(acme.team, "dan-8")
    assert held_comments.waiting(acme.team) == 0 and posts.find(acme.team, post).comments == 0


# ── the pages of the team, and programs ─────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def ada(client, acme, held):
    browser = Browser(client).sign_in(ADA)
    browser.open(PAGE)
    return browser


def test_moderation_lists_them_with_why_and_decides(ada, acme, post, stranger, held):
    page = ada.open(PAGE, query_string="show=comments")
    for words in (OFFER, "Comments (1)", "A field was filled in that only programs see.", f"posts/{post}#comment-{held}"):
        assert words in page.text, words
    assert 'data-live="waiting">1<' in page.text
    [waiting] = held_comments.page(acme.team, 9)
    value = f"{held}:{held_comments.version(waiting)}"
    comments.change(stranger, held, body="Something else")
    assert ada.send(PAGE, QUICK, do="approve_comments", comment=value).status_code == 409
    page = ada.send(f"{PAGE}?show=comments", QUICK, do="approve_comments", comment=[value.partition(":")[0], "999"])
    assert "1 comment was approved" in page.text and "No comment waits for you" in page.text
    assert said(acme.reader(DAN), post) == [held]
    for deed in ("approve_comments", "decline_comments", "block_comments"):
        assert "somebody decided before you" in ada.send(PAGE, QUICK, do=deed, comment=str(held)).text
        for wrong in ("", "x", "-1", "9" * 40):
            assert ada.send(PAGE, QUICK, do=deed, comment=wrong).status_code == 422, wrong


def test_only_admins_block_who_wrote_one(client, acme, held):
    ben = Browser(client).sign_in(BEN)
    assert "Decline and block" not in ben.open(PAGE, query_string="show=comments").text
    assert ben.send(PAGE, QUICK, do="block_comments", comment=str(held)).status_code == 403
    ben.open(PAGE)
    assert "1 comment was declined" in ben.send(PAGE, QUICK, do="decline_comments", comment=str(held)).text


def test_it_is_decided_on_below_its_post_too(ada, acme, post, stranger, held):
    at = f"/app/acme/posts/{post}"
    assert "Waits for approval" in ada.open(at).text and "wrote a comment that waited" in ada.open(at).text
    stale = ada.send(at, QUICK, do="approve_comment", comment=str(held), mark="0" * 16)
    assert stale.status_code == 409 and held_comments.waiting(acme.team) == 1
    version = held_comments.version(comments.find(acme.team, held))
    assert "The comment was approved" in ada.send(at, QUICK, do="approve_comment", comment=str(held), mark=version).text
    other = comments.create(stranger, post, "Watches once more, at half the price", signals=TRAP)
    assert "The comment was declined" in ada.send(at, QUICK, do="decline_comment", comment=str(other)).text
    assert ada.send(at, QUICK, do="decline_comment", comment=str(other)).status_code == 404
    assert "let a comment in" in ada.open(at).text


def test_programs_are_told_that_it_waits_and_nobody_hears_it_of_others(client, acme, post, held):
    api = Program(client, acme)
    fine = comments.create(acme.reader(DAN), post, "I want that, too")
    found = {each["id"]: each.get("held") for each in api.get(f"/posts/{post}/comments").json["data"]}
    assert found == {held: True, fine: None}


def test_its_author_sees_on_the_board_and_in_the_widget_that_it_waits(client, acme, post):
    user, author = users.make_anonymous(acme.workspace), Visitor(client)
    held = comments.create(Reader(acme.workspace, user.id), post, OFFER, signals=TRAP)
    author.cookies["sayso-acme"] = user_token("visitor", acme.workspace, user)
    page = author.open(f"/b/acme/posts/{post}").text
    assert OFFER in page and "waits for approval" in page and f"reply-{held}" not in page
    token = user_token("anonymous", acme.workspace, user)
    [mine] = call(client, acme, f"posts/{post}", anonymous=token).json["comments"]["data"]
    assert (mine["id"], mine["held"], mine["mine"]) == (held, True, True)
    assert OFFER not in Visitor(client).open(f"/b/acme/posts/{post}").text
    assert call(client, acme, f"posts/{post}").json["comments"]["data"] == []


def test_what_comes_by_a_form_that_only_programs_fill_in_waits(client, acme, post):
    visitor = Visitor(client)
    visitor.do(f"/b/acme/posts/{post}", "comment", body="Watches for all", homepage="https://watches.invalid")
    assert visitor.page.status_code == 303 and held_comments.waiting(acme.team) == 1
    assert "waits for the team’s approval" in visitor.open(f"/b/acme/posts/{post}").text
    answer = call(client, acme, f"posts/{post}/comments", body="Something about watches, at last", form=None)
    assert (answer.status_code, answer.json["comment"]["held"]) == (201, True)
    fine = call(client, acme, f"posts/{post}/comments", body="Dark would be kinder to my eyes")
    assert "held" not in fine.json["comment"] and held_comments.waiting(acme.team) == 2


def test_what_becomes_an_advertisement_by_a_change_waits(acme, post):
    reader = acme.reader(CLEO)
    id = comments.create(reader, post, "I would like that too")
    assert posts.find(acme.reader(DAN), post).comments == 1
    comments.change(reader, id, body=" ".join(f"https://x{number}.example" for number in range(12)))
    assert said(acme.reader(DAN), post) == [] and posts.find(acme.reader(DAN), post).comments == 0
    assert [each.because for each in held_comments.page(acme.team, 9)] == ["links"]
    held_comments.approve(acme.team, [id])
    assert posts.find(acme.reader(DAN), post).comments == 1
