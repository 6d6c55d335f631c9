"""/api/v1: a program with a key writes posts, moves them along, and looks for the like."""

import pytest
from cast import CLEO, DAN
from crowd import at_once

from service import db
from service.db import database
from service.feedback import members, planning, posts, votes

EVENTS = """
SELECT type, user_id, person_id, data FROM event WHERE workspace_id = %(workspace)s AND type <> 'user.identified'
 ORDER BY seq"""
FOLLOWERS = "SELECT user_id FROM follower WHERE workspace_id = %(workspace)s AND post_number = %(number)s"
USERS = 'SELECT count(*) FROM "user" WHERE workspace_id = %(workspace)s'
FIELDS = {
    "number", "title", "body", "status", "board", "tags", "fields", "votes", "comments", "mrr", "author", "assignee", "eta",
    "pinned", "locked", "merged_into", "meta", "url", "created_at", "updated_at",
}  # fmt: skip


def write(client, company, **fields):
    return client.simulate_post("/api/v1/posts", json=fields, headers=company.bearer())


def put_status(client, company, number, **fields):
    return client.simulate_put(f"/api/v1/posts/{number}/status", json=fields, headers=company.bearer())


def events(company) -> list[tuple]:
    return db.rows(EVENTS, workspace=company.workspace.id)


# ── writing ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_title_is_all_a_post_needs(client, acme):
    answer = write(client, acme, title="Dark mode")
    assert answer.status_code == 201
    assert answer.headers["location"] == "/api/v1/posts/1"
    assert answer.headers["content-type"] == "application/json"
    assert set(answer.json) == FIELDS
    assert answer.json["status"] == {"key": "open", "name": "Open", "kind": "open"}
    assert (answer.json["board"], answer.json["votes"], answer.json["body"], answer.json["meta"]) == ("features", 1, "", {})
    assert answer.json["url"] == "http://127.0.0.1:8000/b/acme/posts/1"
    assert answer.json["created_at"].endswith("Z")


def test_everything_that_was_sent_comes_back(client, acme):
    sent = {"title": "Crash", "body": "When I **save**", "board": "bugs", "meta": {"page": "/a", "n": 1.5}}
    made = write(client, acme, status="planned", **sent).json
    assert made["status"]["key"] == "planned"
    assert made | sent == made
    assert client.simulate_get("/api/v1/posts/1", headers=acme.bearer()).json == made


def test_without_an_author_it_is_by_the_creator_of_the_key(client, acme):
    author = write(client, acme, title="Dark mode").json["author"]
    assert (author["name"], author["email"]) == ("Ada", "ada@acme.example")
    assert [type for type, *_ in events(acme)] == ["post.created"]


def test_the_author_can_be_someone_we_have_not_seen_yet(client, acme):
    assert write(client, acme, title="Dark mode", author="cleo-7").json["author"]["id"] == "cleo-7"


def test_a_known_author_comes_with_name_and_company(client, acme):
    acme.user(DAN)
    made = write(client, acme, title="Dark mode", author="dan-8").json
    assert made["author"]["name"] == "Dan"
    assert made["author"]["company"] == {"id": "initech", "name": "Initech", "plan": "Team", "mrr": 4900}
    assert made["mrr"] == 4900


def test_what_many_votes_are_worth_is_told_before_it_was_counted(client, acme):
    number = acme.post(by=DAN)
    for place in range(posts.FEW + 1):
        votes.cast(acme.reader({"sub": f"voter-{place}"}), number)
    assert client.simulate_get(f"/api/v1/posts/{number}", headers=acme.bearer()).json["mrr"] == 4900


def test_the_author_votes_and_follows_within_the_one_event(client, acme):
    cleo = acme.user(CLEO)
    made = write(client, acme, title="Dark mode", author="cleo-7").json
    assert made["votes"] == 1
    assert [event[:2] for event in events(acme)] == [("post.created", cleo.id)]
    assert db.rows(FOLLOWERS, workspace=acme.workspace.id, number=made["number"]) == [(cleo.id,)]


def test_a_refused_post_leaves_no_new_user_behind(client, acme):
    assert write(client, acme, title=" ", author="new-9").status_code == 422
    assert db.row(USERS, workspace=acme.workspace.id) == (0,)


def test_twenty_at_once_get_twenty_numbers(client, acme):
    acme.bearer()
    answers = at_once(lambda number: write(client, acme, title=f"Post {number}"))
    assert sorted(answer.json["number"] for answer in answers) == list(range(1, 21))


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({}, "title"),
        ({"title": ""}, "title"),
        ({"title": "\u200b\u2060\u00ad"}, "title"),
        ({"title": "x" * 201}, "title"),
        ({"title": 7}, "title"),
        ({"title": None}, "title"),
        ({"title": "t", "body": "x" * 10_001}, "body"),
        ({"title": "t", "board": "nowhere"}, "board"),
        ({"title": "t", "status": "nowhere"}, "status"),
        ({"title": "t", "author": "a/b"}, "author"),
        ({"title": "t", "author": ""}, "author"),
        ({"title": "t", "author": "x" * 256}, "author"),
        ({"title": "t", "author": "a\nb"}, "author"),
        ({"title": "t", "meta": {"a": {"b": 1}}}, "meta"),
        ({"title": "t", "meta": {"a": "x" * 8000}}, "meta"),
    ],
)
def test_what_cannot_be_taken_is_named_by_its_field(client, acme, fields, wrong):
    answer = write(client, acme, **fields)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert [error["field"] for error in answer.json["errors"]] == [wrong]
    assert all(error["message"] for error in answer.json["errors"])


def test_case_19_a_body_cannot_set_what_is_not_its_to_set(client, acme, globex):
    for name, value in {"number": 77, "votes": 1000, "workspace_id": globex.workspace.id, "mrr": 1, "url": "x"}.items():
        refused = write(client, acme, title="t", **{name: value})
        assert (refused.status_code, [error["field"] for error in refused.json["errors"]]) == (422, [name])
    assert events(acme) == events(globex) == []


def test_case_51_text_is_stored_as_people_see_it(client, acme):
    made = write(client, acme, title="Cafe\u0301\u202e \u200b mode", body="a\x07b" + "\u0301" * 50).json
    assert made["title"] == "Café mode"
    assert made["body"] == "ab" + "\u0301" * 8


# ── the key ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "header", [None, "", "Bearer", "Bearer x", "Bearer sk_1_x", f"Bearer sk_{'9' * 20}_x", "Bearer sk_1_é", "Basic eDp5"]
)
def test_without_a_good_key_nothing_is_answered(client, acme, header):
    answer = client.simulate_get("/api/v1/posts/1", headers={"Authorization": header} if header is not None else {})
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.headers["cache-control"] == "no-store"


def test_case_87_a_key_ends_with_its_creators_membership(client, acme):
    acme.post()
    bearer = acme.bearer()
    database.execute_sql("DELETE FROM member WHERE person_id = %s", (acme.owner.id,))
    assert client.simulate_get("/api/v1/posts/1", headers=bearer).status_code == 401


def test_case_63_a_key_that_asks_too_much_is_told_when_to_come_back(client, acme):
    acme.post()
    bearer = acme.bearer()
    client.simulate_get("/api/v1/posts/1", headers=bearer)
    database.execute_sql("UPDATE rate SET hits = 100000 WHERE key LIKE 'api:%%'")
    answer = client.simulate_get("/api/v1/posts/1", headers=bearer)
    assert answer.status_code == 429
    assert 1 <= int(answer.headers["retry-after"]) <= 60


# ── other workspaces ────────────────────────────────────────────────────────────────────────────────────────────────


def plain(answer) -> dict:
    """A problem without what differs between two alike requests."""
    return {name: value for name, value in answer.json.items() if name != "request_id"}


def test_case_56_a_foreign_post_is_answered_like_a_missing_one(client, acme, globex):
    acme.post("Secret plan")
    for path, ask in (("", client.simulate_get), ("/status", client.simulate_put)):
        more = {"json": {"status": "done"}} if path else {}
        foreign = ask(f"/api/v1/posts/1{path}", headers=globex.bearer(), **more)
        assert foreign.status_code == 404
        globex.post("Their own")
        posts_deleted = database.execute_sql("DELETE FROM post WHERE workspace_id = %s", (globex.workspace.id,))
        assert posts_deleted.rowcount == 1
        missing = ask(f"/api/v1/posts/1{path}", headers=globex.bearer(), **more)
        assert plain(missing) == plain(foreign)


def test_case_56_a_foreign_author_is_another_person_of_the_same_id(client, acme, globex):
    acme.user(CLEO)
    assert write(client, globex, title="t", author="cleo-7").json["author"]["email"] is None


# ── status ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_post_is_moved_along_with_a_note_for_its_followers(client, acme):
    number = acme.post()
    answer = put_status(client, acme, number, status="planned", note="In spring")
    assert (answer.status_code, answer.json["status"]["key"]) == (200, "planned")
    type, _, person, data = events(acme)[-1]
    assert (type, person) == ("post.status_changed", acme.owner.id)
    shown = {"name": "Planned", "color": "#2563eb"}
    assert data == {"from": "open", "to": "planned", **shown, "note": "In spring", "notify": True}


def test_nobody_is_told_when_the_team_says_so(client, acme):
    put_status(client, acme, acme.post(), status="planned", notify=False)
    assert events(acme)[-1][3]["notify"] is False


def test_setting_the_same_status_twice_changes_nothing(client, acme):
    number = acme.post()
    first = put_status(client, acme, number, status="planned").json
    assert put_status(client, acme, number, status="planned").json == first
    assert len(events(acme)) == 2


def test_a_note_that_is_sent_again_is_told_once(client, acme):
    acme.post()
    for _ in range(2):
        put_status(client, acme, 1, status="planned", note="In spring")
    assert [type for type, *_ in events(acme)] == ["post.created", "post.status_changed"]


def test_a_note_is_told_even_when_the_status_stays(client, acme):
    number = acme.post()
    put_status(client, acme, number, status="open", note="We read this")
    assert events(acme)[-1][3]["note"] == "We read this"


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({}, "status"),
        ({"status": "nowhere"}, "status"),
        ({"status": "done", "note": "x" * 5001}, "note"),
        ({"status": "done", "notify": "yes"}, "notify"),
    ],
)
def test_a_bad_status_changes_nothing(client, acme, fields, wrong):
    answer = put_status(client, acme, acme.post(), **fields)
    assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, wrong)
    assert len(events(acme)) == 1


def test_case_89_two_members_who_move_a_post_at_once_both_succeed(here, acme):
    number, ben = acme.post(), members.person("ben@acme.example")
    keys_of = ["planned", "started", "done", "declined"] * 5
    at_once(lambda n: planning.set_status(acme.team._replace(person=ben.id), number, keys_of[n], f"Note {n}"))
    changes = [data for type, _, _, data in events(acme) if type == "post.status_changed"]
    assert len(changes) == 20
    assert all(after["from"] == before["to"] for before, after in zip(changes, changes[1:], strict=False))
