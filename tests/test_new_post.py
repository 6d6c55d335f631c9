"""Writing a post in the dashboard: for a user who said it elsewhere, or for the team."""

import pytest
from browser import Browser
from cast import ADA, DAN

from service.feedback import boards, fields, posts, tags, users


@pytest.fixture
def ada(client, acme):
    acme.post(by=DAN)
    return Browser(client).sign_in(ADA)


def test_a_post_is_written_for_a_user_or_for_the_team(ada, acme):
    tags.create(acme.team, "money", "Money")
    typed = {"do": "write", "title": "Export", "body": "As CSV", "board": "bugs", "status": "planned", "tags": "money",
             "draft": "d" * 30}  # fmt: skip
    for _ in range(2):  # sent twice it is one post
        ada.open("/app/acme/posts/new")
        answer = ada.send("/app/acme/posts/new", author="dan@customer.example", **typed)
        assert (answer.status_code, answer.headers["location"]) == (303, "/app/acme/posts/2")
    made = posts.find(acme.team, 2)
    assert (made.author_id, made.board_key, made.status_key, made.tags) == ("dan-8", "bugs", "planned", ["money"])
    ada.open("/app/acme/posts/new")
    ada.send("/app/acme/posts/new", **{**typed, "author": "", "draft": "e" * 30})
    assert posts.find(acme.team, 3).author_id == f"{users.MEMBER}{acme.owner.id}"
    ada.open("/app/acme/posts/new")
    page = ada.send("/app/acme/posts/new", **{**typed, "author": "nobody", "draft": ""})
    assert page.status_code == 422 and "There is no user" in page.text and 'value="Export"' in page.text


def test_a_board_shows_its_own_fields_and_keeps_what_was_typed(ada, acme):
    boards.create(acme.team, "apps", "Apps")
    fields.create(acme.team, "phone", "Which phone", "select", options=["Large", "Small"], board="apps")
    assert "Which phone" not in ada.open("/app/acme/posts/new").text
    page = ada.send("/app/acme/posts/new", do="choose", title="Typed text", board="apps", tags="")
    assert page.status_code == 200 and "Which phone" in page.text and 'value="Typed text"' in page.text
    page = ada.send("/app/acme/posts/new", do="write", title="Big", board="apps", **{"fields.phone": "Huge"})
    assert page.status_code == 422 and "must be one of" in page.text
    page = ada.send("/app/acme/posts/new", do="write", title="Big", board="apps", **{"fields.phone": "Large"})
    assert posts.find(acme.team, 2).fields == '{"phone": "Large"}'


def test_an_address_names_board_and_author_and_a_board_that_is_gone_is_none(ada, acme):
    posts_go = [board.key for board in boards.of(acme.team)]
    boards.create(acme.team, "last", "Last")
    for key in posts_go:
        boards.delete(acme.team, key, into="last")
    assert ada.open("/app/acme/posts/new", params={"board": "gone", "author": "dan-8"}).status_code == 200
    assert 'value="dan-8"' in ada.page.text
    page = ada.send("/app/acme/posts/new", do="write", title="", board="gone")
    assert page.status_code == 422 and "Say in a few words" in page.text
