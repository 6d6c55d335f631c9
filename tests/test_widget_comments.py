"""What is said below a post, through the widget: threads, one draft one comment, and what users must not learn."""

import pytest
from calls import call, session
from cast import CLEO, DAN
from crowd import at_once

from service import db
from service.feedback import comments, edits, merges
from service.web.widget import comments as widget_comments

COMMENT = {"id", "text", "author", "by_team", "official", "parent", "mine", "editable", "deleted", "created_at", "edited_at",
           "files"}  # fmt: skip
DRAFT = "7a2c7be1a0d94c3388f1e6b2"
OLD = "UPDATE comment SET created_at = now() - interval '61 minutes'"
MADE = "SELECT count(*) FROM comment"
USERS = 'SELECT count(*) FROM "user"'
EVENTS = "SELECT type, public FROM event WHERE type LIKE 'comment.%%' ORDER BY seq"


@pytest.fixture
def number(acme) -> int:
    """A post of Cleo's."""
    return acme.post("Dark mode", by=CLEO)


def say(client, company, number: int, body: str = "Me too", **more):
    return call(client, company, f"posts/{number}/comments", body=body, **more)


def below(client, company, number: int, **who) -> list[dict]:
    return call(client, company, f"posts/{number}", **who).json["comments"]["data"]


def refused(answer) -> tuple[int, str]:
    return answer.status_code, answer.json.get("code")


# ── writing ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_comment_comes_back_as_its_author_sees_it_and_others_see_less(client, acme, number):
    who = session(client, acme, DAN)
    answer = say(client, acme, number, " It **hurts** ", submission=DRAFT, session=who)
    assert answer.status_code == 201 and set(answer.json) == {"comment"}
    made = answer.json["comment"]
    assert set(made) == COMMENT | {"body"}
    assert (made["body"], made["text"]) == ("It **hurts**", [["p", None, "It ", ["strong", None, "hurts"]]])
    names = ("author", "by_team", "official", "parent", "mine", "editable", "deleted", "edited_at", "files")
    assert [made[name] for name in names] == ["Dan", False, False, None, True, True, False, None, []]
    [seen] = below(client, acme, number)
    assert (set(seen), seen["mine"], seen["editable"], seen["id"]) == (COMMENT, False, False, made["id"])
    page = call(client, acme, f"posts/{number}", session=who).json
    assert page["comments"]["data"] == [made] and (page["post"]["following"], page["post"]["comments"]) == (True, 1)
    assert db.rows(EVENTS) == [("comment.created", True)]


def test_the_first_action_may_be_a_comment(client, acme, number):
    first = say(client, acme, number, submission=DRAFT).json
    assert (first["comment"]["author"], first["comment"]["mine"]) == ("", True)
    second = say(client, acme, number, "Still", submission="b" * 24, anonymous=first["anonymous"]).json
    assert "anonymous" not in second
    assert [each["mine"] for each in below(client, acme, number, anonymous=first["anonymous"])] == [True, True]


def test_a_refused_comment_makes_nobody(client, acme, number):
    edits.change(acme.team, number, locked=True)
    before = db.row(USERS)
    assert refused(say(client, acme, number, submission=DRAFT)) == (403, "locked")
    for body in ("", " \u200b", "x" * 5001):
        answer = say(client, acme, number, body)
        assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, "body")
    assert db.row(USERS) == before and db.row(MADE) == (0,)


def test_a_draft_that_is_sent_again_makes_one_comment(client, acme, number):
    sent = {"submission": DRAFT, "session": session(client, acme, DAN)}
    first = say(client, acme, number, **sent)
    edits.change(acme.team, number, locked=True)
    again = say(client, acme, number, **sent)
    assert (again.status_code, again.json["comment"]["id"]) == (201, first.json["comment"]["id"])
    assert db.row(MADE) == (1,) and len(db.rows(EVENTS)) == 1


def test_a_draft_that_is_sent_many_times_at_once_makes_one_comment(client, acme, number):
    other, who = acme.post("Export", by=DAN), session(client, acme, DAN)
    answers = at_once(lambda n: say(client, acme, (number, other)[n % 2], submission=DRAFT, session=who), 10)
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json["comment"]["id"] for answer in answers}) == 1
    counted = sum(call(client, acme, f"posts/{each}").json["post"]["comments"] for each in (number, other))
    assert (db.row(MADE), counted, len(db.rows(EVENTS))) == ((1,), 1, 1)


def test_a_first_draft_whose_answer_was_lost_is_one_comment_of_one_user(client, acme, number):
    before = db.row(USERS)[0]
    answers = at_once(lambda _: say(client, acme, number, submission=DRAFT), 8)
    assert len({answer.json["comment"]["id"] for answer in answers}) == 1 and db.row(USERS)[0] == before + 1


def test_a_draft_that_others_can_guess_is_nobodys(client, acme, number):
    before = db.row(USERS)[0]
    for guessed in ("1" * 24, "1234567" * 5, "a" * 64):
        answers = [say(client, acme, number, submission=guessed) for _ in range(2)]
        assert len({answer.json["comment"]["id"] for answer in answers}) == 2, guessed
    assert db.row(USERS)[0] == before + 6


def test_the_same_draft_of_two_users_is_two_comments(client, acme, number):
    for claims in (CLEO, DAN):
        say(client, acme, number, submission=DRAFT, session=session(client, acme, claims))
    assert len(below(client, acme, number)) == 2


def test_an_answer_stands_below_what_it_answers(client, acme, number):
    first, second = (say(client, acme, number).json["comment"]["id"] for _ in range(2))
    answer = say(client, acme, number, parent=first, session=session(client, acme, DAN)).json["comment"]
    assert answer["parent"] == first
    assert [each["id"] for each in below(client, acme, number)] == [first, answer["id"], second]


def test_only_what_can_be_seen_below_the_post_can_be_answered(client, acme, globex, number):
    other = comments.create(acme.reader(DAN), acme.post("Export"), "Elsewhere")
    foreign = comments.create(globex.reader(), globex.post(), "Not here")
    note = comments.create(acme.writer, number, "A note", internal=True)
    for parent in (other, foreign, note, 99, 0, -1, 2**63, 2**64, "1", 1.5, True):
        answer = say(client, acme, number, parent=parent)
        assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, "parent"), parent


# ── second thoughts ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_author_changes_and_deletes_their_comment_for_a_while(client, acme, number):
    who = session(client, acme, DAN)
    id = say(client, acme, number, session=who).json["comment"]["id"]
    for _ in range(2):
        changed = call(client, acme, f"comments/{id}/edit", body="Me *three*", session=who).json["comment"]
    assert changed["text"] == [["p", None, "Me ", ["em", None, "three"]]] and changed["edited_at"]
    assert call(client, acme, f"comments/{id}/delete", session=who).json == {"deleted": True}
    assert call(client, acme, f"comments/{id}/delete", session=who).status_code == 404
    assert below(client, acme, number) == []
    assert [type for type, _ in db.rows(EVENTS)] == ["comment.created", "comment.updated", "comment.deleted"]


def test_nobody_else_changes_it_and_nobody_late_or_below_a_locked_post(client, acme, globex, number):
    who = session(client, acme, DAN)
    id = say(client, acme, number, session=who).json["comment"]["id"]

    def tried(company=acme, **who):
        return [refused(call(client, company, f"comments/{id}/{what}", **who, **more))
                for what, more in (("edit", {"body": "Mine"}), ("delete", {}))]  # fmt: skip

    assert tried() == tried(session=session(client, acme, CLEO)) == [(403, "forbidden")] * 2
    assert tried(globex) == tried(globex, session=session(client, globex, DAN)) == [(404, None)] * 2
    edits.change(acme.team, number, locked=True)
    assert tried(session=who) == [(403, "too_late")] * 2
    [locked] = below(client, acme, number, session=who)
    assert (locked["mine"], locked["editable"], "body" in locked) == (True, False, False)
    edits.change(acme.team, number, locked=False)
    db.changed(OLD)
    assert tried(session=who) == [(403, "too_late")] * 2
    assert below(client, acme, number, session=who)[0]["text"] == [["p", None, "Me too"]]


def test_a_deleted_comment_leaves_its_place_while_others_answer_it(client, acme, number):
    who = session(client, acme, DAN)
    id = say(client, acme, number, "Regret", session=who).json["comment"]["id"]
    say(client, acme, number, "Indeed", parent=id)
    call(client, acme, f"comments/{id}/delete", session=who)
    left, answer = below(client, acme, number, session=who)
    assert (left["deleted"], left["text"], left["author"], left["mine"], left["editable"]) == (True, [], "", False, False)
    assert (answer["parent"], "body" in left) == (id, False)


# ── reading ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_pages_show_each_comment_once_and_the_official_answer_first(client, acme, number, monkeypatch):
    monkeypatch.setattr(widget_comments, "AT_ONCE", 3)
    ids = [comments.create(acme.reader(DAN), number, f"{n}") for n in range(7)]
    official = comments.create(acme.writer, number, "In spring", official=True)
    page, seen = call(client, acme, f"posts/{number}").json["comments"], []
    assert page["data"][0]["official"] and page["data"][0]["by_team"] and page["data"][0]["author"] == "Ada"
    while True:
        seen += [each["id"] for each in page["data"]]
        if page["next"] is None:
            break
        page = call(client, acme, f"posts/{number}/comments/after", after=page["next"]).json
    assert seen == [official, *ids]


def test_a_page_ends_where_its_text_is_enough_and_the_next_one_goes_on(client, acme, number):
    ids = [comments.create(acme.reader(DAN), number, f"{n}" * 4_900) for n in range(10)]
    ids += [comments.create(acme.reader(DAN), number, "[" * 5_000) for _ in range(12)]
    official = comments.create(acme.writer, number, "In spring", official=True)
    sizes, seen, page = [], [], call(client, acme, f"posts/{number}").json["comments"]
    assert page["data"][0]["id"] == official
    while True:
        sizes.append(len(page["data"]))
        seen += [each["id"] for each in page["data"]]
        if page["next"] is None:
            break
        page = call(client, acme, f"posts/{number}/comments/after", after=page["next"]).json
    assert (sizes, seen) == ([11, 10, 2], [official, *ids])


def test_one_comment_is_shown_however_long_it_is(client, acme, number, monkeypatch):
    monkeypatch.setattr(comments, "TEXT_AT_ONCE", 10)
    ids = [comments.create(acme.reader(DAN), number, "x" * 50) for _ in range(2)]
    page = call(client, acme, f"posts/{number}").json["comments"]
    assert ([each["id"] for each in page["data"]], page["next"]) == (ids[:1], ids[0])
    page = call(client, acme, f"posts/{number}/comments/after", after=page["next"]).json
    assert ([each["id"] for each in page["data"]], page["next"]) == (ids[1:], None)


def test_what_came_after_is_shown_and_needs_a_place_to_begin(client, acme, number):
    first, second = (say(client, acme, number).json["comment"]["id"] for _ in range(2))
    page = call(client, acme, f"posts/{number}/comments/after", after=first).json
    assert ([each["id"] for each in page["data"]], page["next"]) == ([second], None)
    assert call(client, acme, f"posts/{number}/comments/after", after=second).json == {"data": [], "next": None}
    for after in (None, 0, -1, 2**64, "x"):
        assert call(client, acme, f"posts/{number}/comments/after", after=after).status_code == 422


def test_case_59_the_teams_notes_leave_no_trace_for_users(client, acme, number):
    note = comments.create(acme.writer, number, "Canary")
    comments.change(acme.team, note, internal=True)
    own = comments.create(acme.writer, number, "Canary too", internal=True, parent=note)
    comments.create(acme.reader(DAN), number, "Me too")
    who = session(client, acme, CLEO)
    page = call(client, acme, f"posts/{number}", session=who)
    assert "Canary" not in page.text and (page.json["post"]["comments"], len(page.json["comments"]["data"])) == (1, 1)
    assert "Canary" not in call(client, acme, f"posts/{number}/comments/after", after=1, session=who).text
    for id in (note, own):
        for what, more in (("edit", {"body": "b"}), ("delete", {})):
            missing = call(client, acme, f"comments/99/{what}", session=who, **more)
            answer = call(client, acme, f"comments/{id}/{what}", session=who, **more)
            assert (answer.status_code, answer.json["detail"]) == (404, missing.json["detail"])


def test_comments_below_a_private_post_are_not_there(client, acme):
    hidden = acme.post("Secret", board="bugs", by=CLEO)
    id = comments.create(acme.reader(CLEO), hidden, "Mine")
    db.changed("UPDATE board SET access = 'private' WHERE key = 'bugs'")
    who = session(client, acme, CLEO)
    for what, more in (("edit", {"body": "b"}), ("delete", {})):
        assert call(client, acme, f"comments/{id}/{what}", session=who, **more).status_code == 404


def test_with_a_merged_post_its_comments_go_along(client, acme, number):
    into, who = acme.post("Night mode", by=DAN), session(client, acme, DAN)
    id = say(client, acme, number, session=who).json["comment"]["id"]
    merges.merge(acme.team, number, into)
    assert below(client, acme, number) == [] and [each["id"] for each in below(client, acme, into)] == [id]
    assert call(client, acme, f"comments/{id}/edit", body="Moved", session=who).status_code == 200


def test_one_user_says_only_so_much_in_a_minute(client, acme, number):
    who = session(client, acme, DAN)
    answers = [say(client, acme, number, session=who).status_code for _ in range(61)]  # in two minutes at most
    assert answers[:30] == [201] * 30 and 429 in answers
