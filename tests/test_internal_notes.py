"""Case 59: what the team notes below a post is nowhere for users, not even its traces."""

import pytest
from browser import Browser
from calls import call, session
from cast import ADA, CLEO, DAN
from program import Program, wrong

from service import db
from service.errors import Forbidden, Invalid, NotFound
from service.feedback import activity, comments, edits, lists, posts

NOTE = "Canary, they pay well"
EVENTS = "SELECT type, public, data FROM event WHERE type LIKE 'comment.%%' ORDER BY seq"


@pytest.fixture
def api(client, acme):
    """Acme's program; there is post #1 by Cleo."""
    acme.post("Dark mode")
    return Program(client, acme)


def say(api, body="Me too", **more) -> dict:
    answer = api.post("/posts/1/comments", body=body, **more)
    assert answer.status_code == 201, answer.text
    return answer.json


def shown(api) -> list[dict]:
    return api.get("/posts/1/comments").json["data"]


def seen_by(reader) -> list[int]:
    return [comment.id for comment in comments.page(reader, 1, 100)]


def told() -> list[tuple]:
    return db.rows(EVENTS)


@pytest.fixture
def note(api) -> int:
    """An internal note below post #1, and an answer to it that did not say that it is one."""
    made = say(api, NOTE, internal=True)["id"]
    answer = say(api, f"{NOTE} indeed", parent=made)
    assert answer["internal"]
    return made


def test_case_59_users_cannot_write_notes_or_official_answers(api, acme):
    for marks in ({"internal": True}, {"official": True}):
        with pytest.raises(Forbidden):
            comments.create(acme.reader(), 1, "b", **marks)
    assert told() == []


def test_case_59_a_note_is_in_no_answer_to_users(client, api, acme, note):
    token = session(client, acme, CLEO)
    for path, fields in (("opening", {}), ("list", {}), ("list", {"q": "Canary"}), ("posts/1", {}),
                         ("similar", {"text": NOTE}), ("posts/1/vote", {"voted": True})):  # fmt: skip
        answer = call(client, acme, path, session=token, **fields)
        assert answer.status_code == 200 and "Canary" not in answer.text, path
    for path in ("/b/acme", "/b/acme/posts/1", "/b/acme/changelog"):
        page = client.simulate_get(path).text
        assert "Canary" not in page and "comment-1" not in page and "1 comment" not in page, path


def test_case_59_a_note_is_not_there_for_users_whatever_they_do(acme, note):
    cleo = acme.reader(CLEO)
    assert (seen_by(cleo), comments.of(cleo, 1), posts.find(cleo, 1).comments) == ([], [], 0)
    for refused in (lambda: comments.find(cleo, note), lambda: comments.change(cleo, note, body="b"),
                    lambda: comments.delete(cleo, note)):  # fmt: skip
        with pytest.raises(NotFound):
            refused()
    with pytest.raises(Invalid) as error:
        comments.create(cleo, 1, "b", parent=note)
    assert error.value.fields == {"parent": "There is no such comment below #1."}


def test_case_59_the_public_stream_and_the_order_of_lists_say_nothing_of_notes(api, acme, note):
    made = say(api)["id"]
    api.patch(f"/comments/{note}", body="Canary again")
    before = api.get("/posts/1").json["updated_at"]
    api.delete(f"/comments/{note}")
    heard = activity.news({acme.workspace.id: 0}, 100)[acme.workspace.id]
    assert [event.type for event in heard if event.public] == ["post.created", "comment.created"]
    assert [event.type for event in heard if not event.public and event.type.startswith("comment.")] == [
        "comment.created", "comment.created", "comment.updated", "comment.deleted"]  # fmt: skip
    assert (api.get("/posts/1").json["updated_at"], seen_by(acme.reader())) == (before, [made])
    assert lists.page(acme.reader(), sort="updated").posts[0].comments == 1


def test_case_59_only_members_see_the_place_of_a_deleted_note(api, acme, note):
    api.delete(f"/comments/{note}")
    assert (len(seen_by(acme.team)), seen_by(acme.reader())) == (2, [])


def test_case_59_what_becomes_internal_takes_the_answers_along(api, acme):
    first = say(api, author="dan-8")["id"]
    answer = say(api, "As Dan says: Canary", parent=first, official=True)["id"]
    last = say(api, parent=answer)["id"]
    assert api.get("/posts/1").json["comments"] == 3
    api.patch(f"/comments/{first}", internal=True)
    assert [(each["internal"], each["official"]) for each in shown(api)] == [(True, False)] * 3
    assert (api.get("/posts/1").json["comments"], seen_by(acme.reader())) == (0, [])
    assert told()[-1] == ("comment.updated", True, {"comment": first, "internal": True, "changed": ["internal"]})
    assert wrong(api.patch(f"/comments/{last}", internal=False)) == {"internal"}
    assert wrong(api.patch(f"/comments/{last}", official=True)) == {"official"}
    api.patch(f"/comments/{first}", internal=False)
    assert (api.get("/posts/1").json["comments"], seen_by(acme.reader())) == (1, [first])


def test_case_59_nothing_below_a_private_post_is_there_for_users(api, acme):
    dan, made = acme.reader(DAN), say(api, author="dan-8")["id"]
    db.changed("UPDATE board SET access = 'private'")
    assert comments.of(dan, 1) == []
    for refused in (lambda: comments.page(dan, 1, 10), lambda: comments.find(dan, made),
                    lambda: comments.create(dan, 1, "b"), lambda: comments.change(dan, made, body="b"),
                    lambda: comments.delete(dan, made)):  # fmt: skip
        with pytest.raises(NotFound):
            refused()
    edits.delete(acme.team, 1)
    assert api.get(f"/comments/{made}").status_code == api.get("/posts/1/comments").status_code == 404


def test_case_59_pages_mark_notes_for_the_team_and_the_official_answer_for_all(client, api, note):
    say(api, "In spring", official=True)
    board, inbox = client.simulate_get("/b/acme/posts/1").text, Browser(client).sign_in(ADA).open("/app/acme/posts/1").text
    assert "Official answer" in board and "Internal note" not in board and "1 comment<" in board
    assert "Official answer" in inbox and inbox.count("<b>Internal note</b>") == 2 and "3 comments<" in inbox
    assert "wrote an internal note" in inbox and "Canary" in inbox
