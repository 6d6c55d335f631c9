"""GET /api/v1/posts: page after page, filtered and ordered. What holds for the cursors and limits of every list."""

import base64

import pytest
from cast import DAN
from program import Program, wrong

from service.feedback import boards, fields, statuses, tags, votes


def ask(client, company, **asked):
    return client.simulate_get("/api/v1/posts", params=asked, headers=company.bearer())


def titles(answer) -> list[str]:
    return [post["title"] for post in answer.json["data"]]


@pytest.fixture
def lively(acme):
    for title in ("Dark mode", "Export to CSV", "Faster search"):
        acme.post(title)
    votes.cast(acme.reader(DAN), 2)
    return acme


def test_it_lists_the_newest_first_or_what_most_people_want(client, lively):
    assert titles(ask(client, lively)) == ["Faster search", "Export to CSV", "Dark mode"]
    assert titles(ask(client, lively, sort="top"))[0] == "Export to CSV"


@pytest.mark.parametrize("sort", ["new", "top", "trending", "updated", "mrr"])
def test_every_post_comes_once_page_after_page(client, lively, sort):
    seen, cursor = [], ""
    while cursor is not None:
        answer = ask(client, lively, sort=sort, limit=1, cursor=cursor)
        seen += titles(answer)
        cursor = answer.json["next_cursor"]
    assert sorted(seen) == ["Dark mode", "Export to CSV", "Faster search"]


def test_it_filters_by_board_status_and_words(client, lively):
    lively.post("It crashes", board="bugs")
    assert titles(ask(client, lively, board="bugs")) == ["It crashes"]
    assert titles(ask(client, lively, status="done")) == []
    assert titles(ask(client, lively, q="searches")) == ["Faster search"]


def test_a_key_sees_private_boards_and_never_another_workspace(client, lively, globex):
    globex.post("Ours")
    assert titles(ask(client, globex)) == ["Ours"]
    assert len(titles(ask(client, lively))) == 3


def test_without_a_key_there_is_nothing(client, lively):
    assert client.simulate_get("/api/v1/posts").status_code == 401


@pytest.mark.parametrize(("asked", "status"), [
    ({"cursor": "nonsense"}, 400), ({"sort": "best"}, 422), ({"limit": "0"}, 422), ({"limit": "101"}, 422),
    ({"limit": "x"}, 422),
])  # fmt: skip
def test_bad_parameters_are_named(client, lively, asked, status):
    assert ask(client, lively, **asked).status_code == status


def cursor(place: str) -> str:
    return base64.urlsafe_b64encode(place.encode()).decode().rstrip("=")


@pytest.mark.parametrize("moment", [
    "2026-01-01T00:00:00+23:00", "2026-01-01T00:00:00", "2026-W01-1T00:00:00+00:00", "2026-01-01", "infinity",
    "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-23:00", "1500-01-01T00:00:00+00:00",
])  # fmt: skip
def test_a_moment_in_a_cursor_is_one_that_we_wrote_or_malformed(client, lively, moment):
    answer = ask(client, lively, sort="updated", cursor=cursor(f"updated|0|{moment}|5"))
    assert answer.status_code == (200 if "+23:00" in moment else 400), answer.text


def test_a_cursor_is_of_its_own_list_short_and_of_plain_digits(client, lively):
    api = Program(client, lively)
    theirs = api.get("/posts/2/votes", limit=1).json["next_cursor"]
    assert api.get("/posts/2/votes", cursor=theirs).status_code == 200
    lists = ("/users", "/companies", "/files", "/changelog", "/posts/2/followers", "/posts/2/comments", "/events", "/tags")
    for path in lists:
        assert api.get(path, cursor=theirs).status_code == 400, path
    for bad in (
        "users|+1",
        "users|1_0",
        "users| 1",
        "users|\u0661",
        "users|-1",
        f"users|{2**63}",
        "users|",
        "users|1|1",
        "1",
    ):
        assert api.get("/users", cursor=cursor(bad)).status_code == 400, bad
    assert api.get("/users", cursor=cursor("users|1") + "A" * 100).status_code == 400


def test_lists_that_are_read_whole_are_paged_too(client, acme):
    api = Program(client, acme)
    for key in ("a", "b", "c"):
        api.post("/tags", key=key, name=key)
    first = api.get("/tags", limit=2).json
    second = api.get("/tags", limit=2, cursor=first["next_cursor"]).json
    assert [tag["key"] for tag in first["data"] + second["data"]] == ["a", "b", "c"] and second["next_cursor"] is None
    for path in ("/boards", "/statuses", "/fields", "/segments"):
        assert len(api.get(path, limit=1).json["data"]) <= 1
        assert wrong(api.get(path, limit=0)) == {"limit"}


@pytest.mark.parametrize("path, module, body", [
    ("/boards", boards, {}), ("/statuses", statuses, {"kind": "open"}), ("/tags", tags, {}),
    ("/fields", fields, {"type": "text"}),
])  # fmt: skip
def test_there_is_only_so_much_to_configure(client, acme, monkeypatch, path, module, body):
    api = Program(client, acme)
    there = len(api.get(path, limit=100).json["data"])
    monkeypatch.setattr(module, "MOST", there + 1)
    assert api.post(path, key="one", name="One", **body).status_code == 201
    refused = api.post(path, key="two", name="Two", **body)
    assert (refused.status_code, refused.json["code"]) == (409, "too_many")


def test_who_a_user_is_looks_the_same_everywhere(client, lively):
    api = Program(client, lively)
    api.put("/users/dan-8", avatar="https://dan.example/a.png")
    post = api.post("/posts", title="By Dan", author="dan-8").json
    comment = api.post(f"/posts/{post['number']}/comments", body="Please", author="dan-8").json
    [vote], [follower] = (api.get(f"/posts/{post['number']}/{kind}").json["data"] for kind in ("votes", "followers"))
    assert post["author"] == {
        "id": "dan-8", "name": "Dan", "email": "dan@customer.example", "avatar": "https://dan.example/a.png",
        "company": {"id": "initech", "name": "Initech", "plan": "Team", "mrr": 4900},
    }  # fmt: skip
    assert vote["user"] == follower["user"] == post["author"]
    assert comment["author"] == {**post["author"], "team": False}
