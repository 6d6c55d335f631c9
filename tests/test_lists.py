"""GET /api/v1/posts: page after page, filtered and ordered."""

import pytest
from cast import DAN

from service.feedback import votes


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


@pytest.mark.parametrize("sort", ["new", "top", "trending"])
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
