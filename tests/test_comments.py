"""What is said below posts: threads, the official answer, second thoughts. Also: test_internal_notes, test_mentions."""

import pytest
from cast import CLEO, DAN
from crowd import at_once
from program import Program, wrong

from service import db
from service.errors import Forbidden, NotFound
from service.feedback import comments, edits, merges, users

SHAPE = {"id", "post", "body", "author", "parent", "internal", "official", "created_at", "edited_at"}
EVENTS = "SELECT type, public, data FROM event WHERE type LIKE 'comment.%%' ORDER BY seq"
FOLLOWERS = "SELECT array_agg(user_id ORDER BY user_id) FROM follower WHERE post_number = %(number)s"
USERS = 'SELECT count(*) FROM "user"'
OLD = "UPDATE comment SET created_at = now() - interval '61 minutes'"


@pytest.fixture
def api(client, acme):
    """Acme's program; there is post #1 by Cleo."""
    acme.post("Dark mode")
    return Program(client, acme)


def say(api, body="Me too", number=1, **more) -> dict:
    answer = api.post(f"/posts/{number}/comments", body=body, **more)
    assert answer.status_code == 201, answer.text
    return answer.json


def shown(api, number=1) -> list[dict]:
    return api.get(f"/posts/{number}/comments").json["data"]


def told() -> list[tuple]:
    return db.rows(EVENTS)


# ── writing ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_comment_comes_back_whole_and_its_author_follows_the_post(api, acme):
    dan = acme.user(DAN)
    answer = api.post("/posts/1/comments", body=" It **hurts** at night ", author="dan-8")
    made = answer.json
    assert (answer.status_code, answer.headers["location"]) == (201, f"/api/v1/comments/{made['id']}")
    assert set(made) == SHAPE
    assert (made["post"], made["body"], made["parent"], made["internal"], made["official"]) == (
        1, "It **hurts** at night", None, False, False)  # fmt: skip
    company = {"id": "initech", "name": "Initech", "plan": "Team", "mrr": 4900}
    assert made["author"] == {"id": "dan-8", "name": "Dan", "email": "dan@customer.example", "avatar": None,
                              "company": company, "team": False}  # fmt: skip
    assert made["edited_at"] is None and made["created_at"].endswith("Z")
    assert api.get(f"/comments/{made['id']}").json == made == shown(api)[0]
    assert dan.id in db.row(FOLLOWERS, number=1)[0]
    data = {"comment": made["id"], "internal": False, "official": False, "parent": None, "mentions": []}
    assert told() == [("comment.created", True, data)]


def test_without_an_author_it_is_by_the_creator_of_the_key(api):
    author = say(api)["author"]
    assert (author["name"], author["team"]) == ("Ada", True)


def test_a_comment_moves_its_post_and_a_note_does_not(api):
    before = api.get("/posts/1").json
    say(api, internal=True)
    assert api.get("/posts/1").json == before
    say(api)
    after = api.get("/posts/1").json
    assert (after["comments"], after["updated_at"] > before["updated_at"]) == (1, True)


def test_an_answer_keeps_what_it_answers_and_stands_below_it(api, acme):
    first, second = say(api)["id"], say(api)["id"]
    answer = say(api, parent=first)["id"]
    deeper = say(api, parent=answer)
    assert deeper["parent"] == answer
    assert [comment["id"] for comment in shown(api)] == [first, second, answer, deeper["id"]]
    assert [comment.id for comment in comments.of(acme.reader(), 1)] == [first, answer, deeper["id"], second]


def test_there_is_one_official_answer_and_it_comes_first(api, acme):
    first, old = say(api)["id"], say(api, "Perhaps", official=True)["id"]
    new = say(api, "In spring", official=True)["id"]
    assert [comment["official"] for comment in shown(api)] == [False, False, True]
    assert [comment.id for comment in comments.of(acme.reader(), 1)] == [new, first, old]
    api.patch(f"/comments/{old}", official=True)
    assert [comment["official"] for comment in shown(api)] == [False, True, False]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({}, "body"),
        ({"body": ""}, "body"),
        ({"body": "\u200b\u2060 \u200d"}, "body"),
        ({"body": "x" * 5001}, "body"),
        ({"body": 7}, "body"),
        ({"body": "b", "parent": 99}, "parent"),
        ({"body": "b", "parent": 0}, "parent"),
        ({"body": "b", "parent": 2**64}, "parent"),
        ({"body": "b", "author": "a/b"}, "author"),
        ({"body": "b", "internal": True, "official": True}, "official"),
        ({"body": "b", "internal": "yes"}, "internal"),
    ],
)
def test_what_cannot_be_taken_is_named_and_leaves_no_new_user_behind(api, fields, field):
    before = db.row(USERS)
    assert wrong(api.post("/posts/1/comments", **{"author": "new-9", **fields})) == {field}
    assert (db.row(USERS), told()) == (before, [])
    assert api.get("/posts/1").json["comments"] == 0


def test_a_comment_of_another_post_cannot_be_answered(api, acme):
    other = acme.post("Other")
    elsewhere = say(api, number=other)["id"]
    for internal in (False, True):
        assert wrong(api.post("/posts/1/comments", body="b", parent=elsewhere, internal=internal)) == {"parent"}
        assert wrong(api.post("/posts/1/comments", body="b", parent=10**9, internal=internal)) == {"parent"}


def test_a_merged_post_takes_no_comments_and_shows_its_own_where_it_went(api, acme):
    other, comment = acme.post("Night mode"), say(api)["id"]
    merges.merge(acme.team, 1, other)
    refused = api.post("/posts/1/comments", body="b")
    assert (refused.status_code, refused.json["code"]) == (409, "merged")
    assert (shown(api), shown(api, other)[0]["id"], api.get(f"/comments/{comment}").json["post"]) == ([], comment, other)
    answer = say(api, number=other, parent=comment)["id"]
    api.delete("/posts/1/merge")
    assert (shown(api)[0]["id"], shown(api, other)[0]["parent"]) == (comment, None)
    merges.merge(acme.team, 1, other)
    assert api.get(f"/comments/{answer}").json["parent"] == comment


def test_a_locked_post_is_for_the_team_alone(api, acme):
    dan = acme.reader(DAN)
    mine = comments.create(dan, 1, "Me too")
    edits.change(acme.team, 1, locked=True)
    with pytest.raises(Forbidden, match="closed"):
        comments.create(dan, 1, "And me")
    for refused in (lambda: comments.change(dan, mine, body="b"), lambda: comments.delete(dan, mine)):
        with pytest.raises(Forbidden):
            refused()
    say(api, "We are done here")


def test_twenty_at_once_are_twenty_and_counted(api, acme):
    readers = [acme.reader({"sub": f"user-{number}"}) for number in range(20)]
    at_once(lambda number: comments.create(readers[number], 1, "Me too"))
    assert (api.get("/posts/1").json["comments"], len(shown(api))) == (20, 20)


def test_comments_are_paged_in_order(api):
    made = [say(api, f"No. {number}")["id"] for number in range(5)]
    first = api.get("/posts/1/comments", limit=3).json
    second = api.get("/posts/1/comments", limit=3, cursor=first["next_cursor"]).json
    assert [comment["id"] for comment in first["data"] + second["data"]] == made
    assert second["next_cursor"] is None
    assert api.get("/posts/1/comments", cursor="x!").status_code == 400


# ── changing and deleting ───────────────────────────────────────────────────────────────────────────────────────────


def test_the_team_rewords_what_the_team_wrote(api):
    made = say(api, "In spirng")
    changed = api.patch(f"/comments/{made['id']}", body="In spring").json
    assert (changed["body"], changed["edited_at"] is not None) == ("In spring", True)
    assert api.patch(f"/comments/{made['id']}", body="In spring ").json == changed
    assert api.patch(f"/comments/{made['id']}").json == changed
    assert [event[0] for event in told()] == ["comment.created", "comment.updated"]
    assert told()[-1][1:] == (True, {"comment": made["id"], "internal": False, "changed": ["body"]})
    assert wrong(api.patch(f"/comments/{made['id']}", body=" ")) == {"body"}


def test_the_team_does_not_reword_users(api):
    made = say(api, "It is broken", author="dan-8")
    assert api.patch(f"/comments/{made['id']}", body="It is great").status_code == 403
    assert api.patch(f"/comments/{made['id']}", official=True).json["body"] == "It is broken"


def test_authors_change_their_own_for_a_while(api, acme):
    cleo, dan = acme.reader(CLEO), acme.reader(DAN)
    made = comments.create(dan, 1, "Me to")
    comments.change(dan, made, body="Me too")
    assert comments.find(dan, made).body == "Me too"
    for change in ({"official": True}, {"internal": True}, {"internal": False}):
        with pytest.raises(Forbidden):
            comments.change(dan, made, **change)
    with pytest.raises(Forbidden, match="Only its author"):
        comments.change(cleo, made, body="Me not")
    with pytest.raises(Forbidden, match="Only its author"):
        comments.delete(cleo, made)
    db.changed(OLD)
    with pytest.raises(Forbidden, match="over"):
        comments.change(dan, made, body="Not me")
    with pytest.raises(Forbidden, match="over"):
        comments.delete(dan, made)


def test_a_deleted_comment_is_gone_and_counted_no_more(api):
    made = say(api, author="dan-8")["id"]
    assert api.delete(f"/comments/{made}").status_code == 204
    assert (shown(api), api.get("/posts/1").json["comments"]) == ([], 0)
    again = api.delete(f"/comments/{made}")
    for answer in (again, api.get(f"/comments/{made}"), api.patch(f"/comments/{made}", official=True)):
        assert answer.status_code == 404
    assert wrong(api.post("/posts/1/comments", body="b", parent=made)) == {"parent"}
    assert told()[-1] == ("comment.deleted", True, {"comment": made, "internal": False})


def test_of_a_deleted_comment_the_place_is_left_while_somebody_answers_it(api):
    first = say(api, "Secret")["id"]
    second = say(api, "Secret too", parent=first)["id"]
    third = say(api, "Still here", parent=second)["id"]
    for comment in (first, second):
        api.delete(f"/comments/{comment}")
    left = shown(api)
    assert [(each["id"], each["body"], each["author"] is None, each["parent"]) for each in left] == [
        (first, "", True, None), (second, "", True, first), (third, "Still here", False, second)]  # fmt: skip
    page = api.client.simulate_get("/b/acme/posts/1").text
    assert "Deleted comment" in page and "1 comment<" in page and "Secret" not in page
    api.delete(f"/comments/{third}")
    assert shown(api) == []


def test_the_same_comment_is_deleted_once_by_many_at_once(api, acme):
    made = say(api)["id"]
    say(api)
    outcomes = [type(outcome) for outcome in at_once(lambda number: comments.delete(acme.team, made), 8)]
    assert (outcomes.count(type(None)), outcomes.count(NotFound)) == (1, 7)
    assert (api.get("/posts/1").json["comments"], [event[0] for event in told()].count("comment.deleted")) == (1, 1)


def test_a_comment_whose_author_is_gone_is_by_nobody(api, acme):
    made = say(api, author="dan-8")["id"]
    dan = users.find(acme.workspace, "dan-8")
    db.changed('DELETE FROM "user" WHERE id = %(id)s', id=dan.id)
    assert api.get(f"/comments/{made}").json["author"] is None
    assert "Somebody" in api.client.simulate_get("/b/acme/posts/1").text


# ── other workspaces, and nobody ────────────────────────────────────────────────────────────────────────────────────


def test_case_56_comments_of_another_workspace_are_not_there(client, api, globex):
    made, theirs = say(api)["id"], Program(client, globex)
    globex.post("Ours")
    for answer in (theirs.get(f"/comments/{made}"), theirs.patch(f"/comments/{made}", official=True),
                   theirs.delete(f"/comments/{made}"), theirs.get("/posts/2/comments"),
                   theirs.post("/posts/2/comments", body="b")):  # fmt: skip
        assert answer.status_code == 404
    assert wrong(theirs.post("/posts/1/comments", body="b", parent=made)) == {"parent"}
    assert theirs.get("/posts/1/comments").json["data"] == []


def test_signed_out_nothing_is_answered(client, api):
    made = say(api)["id"]
    for method, path in (("GET", "/posts/1/comments"), ("POST", "/posts/1/comments"), ("GET", f"/comments/{made}"),
                         ("PATCH", f"/comments/{made}"), ("DELETE", f"/comments/{made}")):  # fmt: skip
        assert client.simulate_request(method, f"/api/v1{path}", json={"body": "b"}).status_code == 401
    for path in ("/comments/0", "/comments/1234567890", "/comments/x"):
        assert api.get(path).status_code == 404


def test_a_users_words_are_neither_a_note_nor_the_teams_answer(api, acme):
    acme.post()
    for mark in ("internal", "official"):
        assert wrong(api.post("/posts/1/comments", body="Mine", author="cleo-7", **{mark: True})) == {"author"}
