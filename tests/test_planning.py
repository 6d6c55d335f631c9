"""Where a post stands is in test_posts; here: whose it is, when it will be there, and what it is worth."""

import pytest
from cast import CLEO, DAN
from program import Program, wrong

from service import db
from service.feedback import members, votes

RICH = {"sub": "fay", "company": {"id": "hooli", "name": "Hooli", "plan": "Enterprise", "mrr": 100_000}}
RICH_TOO = {**RICH, "sub": "gus"}


@pytest.fixture
def api(client, acme):
    acme.post("Dark mode")
    return Program(client, acme)


def test_a_member_is_responsible_until_nobody_is(acme, api):
    ben = members.person("ben@acme.example").id
    for _ in range(2):
        assignee = api.put("/posts/1/assignee", member=ben).json["assignee"]
        assert assignee == {"id": ben, "name": "Ben", "email": "ben@acme.example"}
    for _ in range(2):
        assert api.delete("/posts/1/assignee").status_code == 204
    assert api.get("/posts/1").json["assignee"] is None
    assert api.events() == ["post.created", "post.updated", "post.updated"]


def test_only_one_of_the_team_can_be_responsible(api, globex):
    for member in (globex.owner.id, 0, -1, 2**62, 2**70, "1", None):
        assert wrong(api.put("/posts/1/assignee", member=member)) == {"member"}


def test_who_leaves_the_team_is_responsible_for_nothing(acme, api):
    ben = members.person("ben@acme.example").id
    api.put("/posts/1/assignee", member=ben)
    db.changed("DELETE FROM member WHERE person_id = %(ben)s", ben=ben)
    assert api.get("/posts/1").json["assignee"] is None


def test_a_day_is_promised_and_taken_back(api):
    assert api.put("/posts/1/eta", eta="2026-12-31").json["eta"] == "2026-12-31"
    assert api.delete("/posts/1/eta").status_code == 204
    assert api.get("/posts/1").json["eta"] is None
    for eta in ("soon", "2026-13-01", "", 5, None):
        assert wrong(api.put("/posts/1/eta", eta=eta)) == {"eta"}


def test_what_only_the_team_knows_moves_nothing_for_users(acme, api):
    acme.post("Newer")
    before = api.get("/posts/1").json["updated_at"]
    api.post("/fields", key="size", name="Size", type="number")
    api.put("/posts/1/assignee", member=acme.owner.id)
    api.put("/posts/1/eta", eta="2026-12-31")
    api.patch("/posts/1", fields={"size": 3})
    assert api.get("/posts/1").json["updated_at"] == before
    assert db.rows("SELECT DISTINCT public FROM event WHERE type = 'post.updated'") == [(False,)]


def test_the_team_votes_on_behalf_of_a_user_and_it_shows_who_did(acme, api):
    for _ in range(2):
        assert api.put("/posts/1/votes/dan-8").status_code == 204
    vote = api.get("/posts/1/votes/dan-8").json
    assert (vote["user"]["id"], vote["cast_by"]["name"], vote["post"]) == ("dan-8", "Ada", 1)
    assert api.get("/posts/1/votes/cleo-7").json["cast_by"] is None
    assert api.get("/posts/1").json["votes"] == 2
    for _ in range(2):
        assert api.delete("/posts/1/votes/dan-8").status_code == 204
    assert api.get("/posts/1/votes/dan-8").status_code == 404
    assert api.delete("/posts/1/votes/nobody").status_code == 404
    assert api.events(type="vote.created,vote.deleted") == ["vote.created", "vote.deleted"]


def test_a_vote_for_nothing_makes_no_user(acme, api):
    assert api.put("/posts/9/votes/new").status_code == 404
    assert db.row("SELECT count(*) FROM \"user\" WHERE external_id = 'new'") == (0,)


def test_the_list_of_voters_goes_page_by_page(api):
    for name in ("a", "b", "c", "d"):
        api.put(f"/posts/1/votes/{name}")
    first = api.get("/posts/1/votes", limit=3).json
    rest = api.get("/posts/1/votes", limit=3, cursor=first["next_cursor"]).json
    assert [vote["user"]["id"] for vote in first["data"] + rest["data"]] == ["cleo-7", "a", "b", "c", "d"]
    assert rest["next_cursor"] is None
    for cursor in ("x", "é", "MA", "LTE", "A" * 500):
        assert api.get("/posts/1/votes", cursor=cursor).status_code == 400, cursor


def test_a_company_counts_once_in_what_a_post_is_worth(acme, api):
    for claims in (RICH, RICH_TOO, DAN):
        votes.cast(acme.reader(claims), 1)
    acme.post("Cheap", by=CLEO)
    assert api.get("/posts/1").json["mrr"] == 104_900
    score = api.get("/posts/1/score").json
    assert score == {"votes": 4, "companies": 2, "mrr": 104_900, "segments": []}
    assert [post["number"] for post in api.get("/posts", sort="mrr").json["data"]] == [1, 2]


def test_a_score_is_told_by_segment(acme, api):
    votes.cast(acme.reader(RICH), 1)
    api.post("/segments", key="big", name="Big ones", rules=[{"field": "company.plan", "op": "is", "value": "Enterprise"}])
    assert api.get("/posts/1/score").json["segments"] == [
        {"key": "big", "name": "Big ones", "votes": 1, "companies": 1, "mrr": 100_000}]  # fmt: skip
    assert [post["number"] for post in api.get("/posts", segment="big").json["data"]] == [1]


def test_lists_are_filtered_by_company_author_and_date(acme, api):
    acme.post("Second", by=DAN)
    votes.cast(acme.reader(RICH), 2)
    for query, numbers in [
        ({"company": "hooli"}, [2]), ({"company": "initech"}, [2]), ({"company": "none"}, []), ({"author": "cleo-7"}, [1]),
        ({"author": "nobody"}, []), ({"since": "2020-01-01T00:00:00Z"}, [2, 1]), ({"since": "2999-01-01T00:00:00Z"}, []),
    ]:  # fmt: skip
        assert [post["number"] for post in api.get("/posts", **query).json["data"]] == numbers, query


def test_a_misspelt_filter_is_refused_instead_of_showing_everything(api):
    assert wrong(api.get("/posts", stauts="open")) == {"stauts"}
    assert wrong(api.get("/posts", since="yesterday")) == {"since"}
    assert wrong(api.get("/posts", sort="best")) == {"sort"}


def test_a_cursor_of_another_order_is_refused(acme, api):
    acme.post("Second")
    cursor = api.get("/posts", sort="new", limit=1).json["next_cursor"]
    assert api.get("/posts", sort="top", cursor=cursor).status_code == 400
