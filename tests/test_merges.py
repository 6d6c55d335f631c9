"""Two posts that ask for the same become one, and two again."""

import pytest
from cast import CLEO, DAN
from crowd import at_once
from installation import until
from program import Program, wrong
from queued import threads

from service import db
from service.db import database
from service.errors import Conflict
from service.feedback import comments, followers, merges, votes

ELI = {"sub": "eli-9"}
COMMENTS = "SELECT id, post_number FROM comment WHERE workspace_id = %(workspace)s ORDER BY id"


@pytest.fixture
def api(client, acme):
    return Program(client, acme)


@pytest.fixture
def two(acme):
    """Post 1 by Cleo, wanted by Dan too; post 2 by Dan, with Eli following; a comment each."""
    acme.post("Dark mode"), acme.post("Night theme", by=DAN)
    votes.cast(acme.reader(DAN), 1)
    followers.follow(acme.reader(ELI), 1)
    comments.create(acme.reader(CLEO), 1, "My eyes!")
    comments.create(acme.reader(DAN), 2, "At night I work")
    return acme


def picture(api, number: int) -> dict:
    """What anyone can see of a post: itself, its voters, its followers, its comments."""
    parts = {name: api.get(f"/posts/{number}/{name}").json["data"] for name in ("votes", "followers", "comments")}
    return {"post": api.get(f"/posts/{number}").json, **parts}


def test_merging_counts_each_voter_once_and_moves_followers_and_comments(api, two):
    merged = api.put("/posts/1/merge", into=2)
    assert (merged.status_code, merged.json["merged_into"]) == (200, 2)
    whole = picture(api, 2)
    assert sorted(vote["user"]["id"] for vote in whole["votes"]) == ["cleo-7", "dan-8"]
    assert sorted(follower["user"]["id"] for follower in whole["followers"]) == ["cleo-7", "dan-8", "eli-9"]
    assert [comment["body"] for comment in whole["comments"]] == ["My eyes!", "At night I work"]
    assert (whole["post"]["votes"], whole["post"]["comments"]) == (2, 2)


def test_unmerging_restores_both_exactly(api, two):
    before = picture(api, 1), picture(api, 2)
    api.put("/posts/1/merge", into=2)
    assert api.delete("/posts/1/merge").status_code == 204
    assert (picture(api, 1), picture(api, 2)) == before


def test_merging_or_unmerging_twice_happens_once(api, two):
    for _ in range(2):
        assert api.put("/posts/1/merge", into=2).status_code == 200
    for _ in range(2):
        assert api.delete("/posts/1/merge").status_code == 204
    assert api.events(type="post.merged,post.unmerged") == ["post.merged", "post.unmerged"]


def test_a_merged_post_leaves_the_lists_and_leads_to_the_other(api, client, two):
    api.put("/posts/1/merge", into=2)
    assert [post["number"] for post in api.get("/posts").json["data"]] == [2]
    assert api.get("/posts", q="dark").json["data"] == []
    page = client.simulate_get("/b/acme/posts/1")
    assert (page.status_code, page.headers["location"]) == (301, "/b/acme/posts/2?from=1")


def test_a_merged_post_is_frozen(api, two):
    api.put("/posts/1/merge", into=2)
    for answer in (
        api.put("/posts/1/votes/fay"), api.put("/posts/1/followers/fay"), api.patch("/posts/1", title="Other"),
        api.put("/posts/1/status", status="done"), api.post("/posts/1/comments", body="Hello"),
        api.put("/posts/1/merge", into=3), api.put("/posts/1/eta", eta="2026-12-31"), api.put("/posts/2/merge", into=1),
    ):  # fmt: skip
        assert answer.status_code in (409, 422), answer.text


def test_what_happens_meanwhile_stays_where_it_happened(api, two):
    api.put("/posts/1/merge", into=2)
    api.put("/posts/2/votes/fay")
    api.delete("/posts/2/votes/cleo-7")
    api.delete("/posts/1/merge")
    assert [vote["user"]["id"] for vote in picture(api, 1)["votes"]] == ["cleo-7", "dan-8"]
    assert sorted(vote["user"]["id"] for vote in picture(api, 2)["votes"]) == ["dan-8", "fay"]


def test_who_came_with_two_merged_posts_stays_with_the_one_that_is_left(api, acme):
    for title in ("Dark mode", "Night theme", "Black background"):
        acme.post(title, by={"sub": "author"})
    for number in (1, 2):
        votes.cast(acme.reader(CLEO), number)
    for number in (1, 2):
        api.put(f"/posts/{number}/merge", into=3)
    api.delete("/posts/1/merge")
    assert "cleo-7" in [vote["user"]["id"] for vote in picture(api, 3)["votes"]]
    api.delete("/posts/2/merge")
    assert [vote["user"]["id"] for vote in picture(api, 3)["votes"]] == ["author"]


def test_a_vote_that_was_taken_back_does_not_return_with_another_merge(api, acme):
    for title in ("Dark mode", "Night theme", "Black background"):
        acme.post(title, by={"sub": "author"})
    for number in (1, 2):
        votes.cast(acme.reader(CLEO), number)
    api.put("/posts/1/merge", into=3)
    api.delete("/posts/3/votes/cleo-7")
    api.put("/posts/2/merge", into=3)
    api.delete("/posts/2/merge")
    assert [vote["user"]["id"] for vote in picture(api, 3)["votes"]] == ["author"]


def test_of_two_official_answers_the_posts_own_is_shown_and_each_returns_to_its_post(acme, api, two):
    for number in (1, 2):
        comments.create(acme.writer, number, f"Answer to {number}", official=True)
    before = picture(api, 1), picture(api, 2)
    api.put("/posts/1/merge", into=2)
    official = [each["body"] for each in picture(api, 2)["comments"] if each["official"]]
    assert official == ["Answer to 2"]
    api.delete("/posts/1/merge")
    assert (picture(api, 1), picture(api, 2)) == before


def test_a_chain_comes_apart_link_by_link_from_its_end(api, acme, two):
    acme.post("Black background", by=ELI)
    before = [picture(api, number) for number in (1, 2, 3)]
    api.put("/posts/1/merge", into=2)
    api.put("/posts/2/merge", into=3)
    assert picture(api, 3)["post"]["votes"] == 3
    assert api.delete("/posts/1/merge").status_code == 409
    api.delete("/posts/2/merge")
    assert [comment["body"] for comment in picture(api, 2)["comments"]] == ["My eyes!", "At night I work"]
    api.delete("/posts/1/merge")
    assert [picture(api, number) for number in (1, 2, 3)] == before


def test_a_post_can_leave_one_that_was_deleted(api, two):
    before = picture(api, 1)
    api.put("/posts/1/merge", into=2)
    api.delete("/posts/2")
    assert api.delete("/posts/1/merge").status_code == 204
    assert picture(api, 1) == before


def test_what_different_people_may_read_is_not_thrown_together(api, acme, two):
    api.patch("/boards/bugs", access="private")
    acme.post("Crash", board="bugs", public=False)
    assert wrong(api.put("/posts/3/merge", into=1)) == {"into"}
    assert wrong(api.put("/posts/1/merge", into=3)) == {"into"}


@pytest.mark.parametrize("into", [1, 99, 0, -1, "2", None, 2**40])
def test_a_bad_target_is_named(api, two, into):
    assert wrong(api.put("/posts/1/merge", into=into)) == {"into"}


def test_case_58_a_foreign_post_is_a_missing_one(client, api, two, globex):
    foreign = Program(client, globex)
    assert foreign.put("/posts/1/merge", into=2).status_code == 422
    globex.post()
    for answer in (foreign.put("/posts/2/merge", into=1), foreign.delete("/posts/2/merge")):
        assert answer.status_code == 404
    assert api.get("/posts/1").json["merged_into"] is None


def test_case_89_many_merges_at_once_make_one(two):
    for _ in range(3):
        outcomes = at_once(lambda n: merges.merge(two.team, 1 + n % 2, 2 - n % 2), 8)
        assert {type(outcome) for outcome in outcomes} == {type(None), Conflict}
        [(number,)] = db.rows("SELECT number FROM post WHERE merged_into IS NOT NULL")
        at_once(lambda n, number=number: merges.unmerge(two.team, number), 4)
        assert db.rows("SELECT number FROM post WHERE merged_into IS NOT NULL") == []
        assert db.rows(COMMENTS, workspace=two.workspace.id) == [(1, 1), (2, 2)]


def test_a_vote_that_waits_for_a_merge_is_refused_and_not_lost_from_sight(two):
    eli = two.reader(ELI)
    with threads(1) as pool:
        with database.atomic():
            merges.merge(two.team, 1, 2)
            late = pool.submit(votes.cast, eli, 1)
            until(lambda: db.row("SELECT count(*) FROM pg_locks WHERE NOT granted")[0])
        with pytest.raises(Conflict, match="merged into #2"):
            late.result(10)
    assert db.row("SELECT count(*) FROM vote WHERE post_number = 1") == (2,)
