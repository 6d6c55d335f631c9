"""What a post says and where it stands in the lists can be changed, undone and looked up."""

import pytest
from calls import call
from cast import CLEO, DAN
from program import Program, wrong

from service import db
from service.errors import Forbidden, NotFound
from service.feedback import edits

AGE = "UPDATE post SET created_at = now() - interval '61 minutes'"


@pytest.fixture
def api(client, acme):
    acme.post("Dark mode", "Please")
    return Program(client, acme)


def test_what_is_left_out_stays(api):
    changed = api.patch("/posts/1", title="Night mode").json
    assert (changed["title"], changed["body"], changed["board"]) == ("Night mode", "Please", "features")
    changed = api.patch("/posts/1", body="", board="bugs", pinned=True, locked=True).json
    assert (changed["title"], changed["body"], changed["board"]) == ("Night mode", "", "bugs")
    assert (changed["pinned"], changed["locked"]) == (True, True)


def test_the_same_again_changes_nothing(api):
    for _ in range(2):
        assert api.patch("/posts/1", title="Night mode").status_code == 200
    api.patch("/posts/1")
    assert api.events() == ["post.created", "post.updated"]


def test_what_it_said_before_is_kept(api):
    api.patch("/posts/1", title="Night mode")
    api.patch("/posts/1", body="Pretty please")
    before = api.get("/posts/1/revisions").json["data"]
    assert [(each["title"], each["body"], each["replaced_by"]) for each in before] == [
        ("Night mode", "Please", "Ada"), ("Dark mode", "Please", "Ada")]  # fmt: skip


def test_two_who_edit_at_once_do_not_overwrite_each_other(api):
    version = api.get("/posts/1").headers["etag"]
    assert api.patch("/posts/1", {"If-Match": version}, title="Night mode").status_code == 200
    late = api.patch("/posts/1", {"If-Match": version}, title="Dim mode")
    assert (late.status_code, late.json["code"]) == (409, "stale")
    assert api.get("/posts/1").json["title"] == "Night mode"
    assert api.patch("/posts/1", {"If-Match": "*"}, title="Dim mode").status_code == 200


def test_a_vote_or_a_comment_makes_no_edit_stale(api):
    version = api.get("/posts/1").headers["etag"]
    api.put("/posts/1/votes/dan-8")
    api.post("/posts/1/comments", body="Me too")
    assert api.patch("/posts/1", {"If-Match": version}, title="Night mode").status_code == 200


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"title": ""}, "title"), ({"title": "x" * 201}, "title"), ({"title": 5}, "title"), ({"body": "x" * 10_001}, "body"),
        ({"board": "none"}, "board"), ({"pinned": "yes"}, "pinned"), ({"fields": {"none": 1}}, "fields.none"),
    ],
)  # fmt: skip
def test_bad_input_is_named_and_changes_nothing(api, fields, field):
    before = api.get("/posts/1").json
    assert wrong(api.patch("/posts/1", **fields)) == {field}
    assert api.get("/posts/1").json == before


def test_a_deleted_post_is_nowhere_until_it_is_restored(client, acme, api):
    before = api.get("/posts/1").json
    assert api.delete("/posts/1").status_code == 204
    for part in ("", "/votes", "/comments", "/score", "/revisions", "/similar"):
        assert api.get(f"/posts/1{part}").status_code == 404, part
    assert api.get("/posts").json["data"] == [] and api.get("/similar", text="dark mode").json["data"] == []
    assert call(client, acme, "list").json["data"] == []
    assert client.simulate_get("/b/acme/posts/1").status_code == 404
    assert api.delete("/posts/1").status_code == 404
    for _ in range(2):
        assert api.post("/posts/1/restoration").json == before
    assert api.events() == ["post.created", "post.deleted", "post.restored"]


def test_an_author_rewords_their_own_post_within_the_hour(acme, api):
    cleo = acme.reader(CLEO)
    edits.change(cleo, 1, title="Night mode")
    assert api.get("/posts/1").json["title"] == "Night mode"
    db.changed(AGE)
    with pytest.raises(Forbidden, match="is over"):
        edits.change(cleo, 1, title="Dim mode")
    with pytest.raises(Forbidden):
        edits.delete(cleo, 1)


def test_nobody_rewords_the_post_of_another_or_moves_their_own_around(acme, api):
    for reader, change in [
        (acme.reader(DAN), {"title": "Mine"}), (acme.reader(CLEO), {"pinned": True}), (acme.reader(CLEO), {"board": "bugs"}),
        (acme.reader()._replace(user=None), {"title": "Mine"}),
    ]:  # fmt: skip
        with pytest.raises(Forbidden):
            edits.change(reader, 1, **change)


def test_pinned_posts_come_first_in_every_order(acme, api):
    for title in ("B", "C", "D"):
        acme.post(title)
    api.patch("/posts/2", pinned=True)
    for sort in ("top", "new", "trending", "updated", "mrr"):
        assert api.get("/posts", sort=sort).json["data"][0]["number"] == 2
        assert sorted(numbers(api, sort)) == [1, 2, 3, 4]


def numbers(api, sort: str) -> list[int]:
    """Page after page of one post each."""
    found, cursor = [], ""
    while True:
        page = api.get("/posts", sort=sort, limit=1, **({"cursor": cursor} if cursor else {})).json
        found += [post["number"] for post in page["data"]]
        cursor = page["next_cursor"]
        if not cursor:
            return found


def test_a_locked_post_takes_votes_and_words_only_from_the_team(client, acme, api):
    api.patch("/posts/1", locked=True)
    session = call(client, acme, "session", user_token=acme.token(DAN)).json["session"]
    answer = call(client, acme, "posts/1/vote", session=session, voted=True)
    assert (answer.status_code, answer.json["code"]) == (403, "locked")
    assert api.put("/posts/1/votes/dan-8").status_code == 204


def test_a_foreign_post_is_a_missing_one(client, api, globex):
    foreign = Program(client, globex)
    answers = [foreign.patch("/posts/1", title="Mine"), foreign.delete("/posts/1"), foreign.post("/posts/1/restoration"),
               foreign.get("/posts/1/revisions")]  # fmt: skip
    assert {answer.status_code for answer in answers} == {404}
    with pytest.raises(NotFound):
        edits.change(globex.team, 1, title="Mine")
