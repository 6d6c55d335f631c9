"""Posts that may ask for the same are suggested, until the team says that they do not."""

import re

import pytest
from browser import Browser
from cast import ADA
from queued import threads, work_off

from service import db
from service.db import database
from service.errors import Invalid, NotFound
from service.feedback import duplicates


@pytest.fixture
def alike(acme):
    numbers = [acme.post("Dark mode"), acme.post("Dark mode for the phone"), acme.post("Dark mode at night")]
    work_off()
    return numbers


def suggested(acme, number) -> set[int]:
    return {hit.post.number for hit in duplicates.suggestions(acme.team, number)}


def dismissals() -> list:
    return db.rows("SELECT post_number, data, public FROM event WHERE type = 'duplicate.dismissed'")


def test_what_was_dismissed_is_suggested_in_neither_direction(acme, alike):
    one, two, three = alike
    assert suggested(acme, one) == {two, three}
    duplicates.dismiss(acme.team, two, one)
    assert suggested(acme, one) == {three} and suggested(acme, two) == {three} and suggested(acme, three) == {one, two}


def test_saying_it_again_from_either_side_or_at_once_is_saying_it_once(acme, alike):
    one, two, _ = alike
    with threads(4) as pool:
        list(pool.map(lambda pair: duplicates.dismiss(acme.team, *pair), [(one, two), (two, one)] * 4))
    assert db.row("SELECT count(*) FROM dismissed_duplicate") == (1,)
    assert len(dismissals()) == 1 and dismissals()[0][2] is False


def test_only_two_posts_of_the_workspace_can_be_told_apart(acme, alike, globex):
    with pytest.raises(Invalid):
        duplicates.dismiss(acme.team, 1, 1)
    for reader, pair in ((acme.team, (1, 99)), (acme.team, (99, 1)), (globex.team, (1, 2))):
        with pytest.raises(NotFound):
            duplicates.dismiss(reader, *pair)
    assert dismissals() == []


def test_the_page_of_a_post_shows_at_once_what_is_likely(client, acme, alike):
    page = Browser(client).sign_in(ADA).open("/app/acme/posts/1")
    for number in (2, 3):
        assert f"/app/acme/posts/1/merge?into={number}" in page.text
    assert re.search(r"<small>same words 0\.\d\d · 1 vote</small>", page.text) and "?similar=yes" in page.text


def test_the_page_of_a_post_looks_for_more_when_it_is_asked(client, acme, alike):
    ada = Browser(client).sign_in(ADA)
    database.execute_sql("DELETE FROM likely_duplicate WHERE other_number = 3")
    page = ada.open("/app/acme/posts/1")
    assert "merge?into=2" in page.text and "merge?into=3" not in page.text
    page = ada.open("/app/acme/posts/1", params={"similar": "yes"})
    assert [page.text.count(f"merge?into={number}") for number in (2, 3)] == [1, 1]
    assert "data-similar" not in page.text


def test_the_page_of_a_post_dismisses(client, acme, alike):
    ada = Browser(client).sign_in(ADA)
    ada.open("/app/acme/posts/1")
    answer = ada.send("/app/acme/posts/1?similar=yes", do="dismiss", other="2")
    assert (answer.status_code, answer.headers["location"]) == (303, "/app/acme/posts/1?similar=yes")
    page = ada.open("/app/acme/posts/1", params={"similar": "yes"})
    assert "merge?into=2" not in page.text and "merge?into=3" in page.text
    assert "said that it is not the same as" in page.text
    assert ada.send("/app/acme/posts/1", do="dismiss", other="1").status_code == 422
    for other in ("99", "", "x"):
        ada.open("/app/acme/posts/1")
        assert ada.send("/app/acme/posts/1", do="dismiss", other=other).status_code == 404
