"""Who asked for this already: by meaning once a post has its vector, by words before, and nothing for nonsense."""

import pytest
from calls import call
from cast import DAN
from queued import work_off

from service import db
from service.db import database

WISHES = ["Export invoices to CSV", "Sign in with Google", "Faster search", "Slack integration"]
VECTORS = "SELECT post_number FROM post_embedding WHERE workspace_id = %(workspace)s ORDER BY post_number"
NONSENSE = [
    "asdf qwer zxcv",
    "Zxqv Wplk Mrrgh",
    "ねこがすき",
    "ضصثق مرحبا",
    "щщщ ыыы",
    "안녕",
    "ก",
    "🍕🍕🍕",
    "!!!!",
    "& | ! ( : *",
    "1234",
]


def similar(client, company, text: str, **more):
    return client.simulate_get("/api/v1/similar", params={"text": text, **more}, headers=company.bearer())


def titles(answer) -> list[str]:
    return [hit["post"]["title"] for hit in answer.json["data"]]


@pytest.fixture
def wishes(acme):
    """A few posts of Acme with their vectors; "Dark mode" is number 5."""
    for title in [*WISHES, "Dark mode"]:
        acme.post(title)
    work_off()
    return acme


def test_another_word_for_the_same_wish_finds_it(client, wishes):
    answer = similar(client, wishes, "night theme")
    assert titles(answer) == ["Dark mode"]
    hit = answer.json["data"][0]
    assert hit["why"] == "meaning"
    assert 0.3 < hit["score"] < 1.5
    assert hit["post"]["number"] == 5 and hit["post"]["author"]["id"] == "cleo-7"


def test_the_same_words_are_said_to_be_so_and_score_higher(client, wishes):
    hit = similar(client, wishes, "a dark mode").json["data"][0]
    assert (hit["post"]["title"], hit["why"]) == ("Dark mode", "words")
    assert hit["score"] > similar(client, wishes, "night theme").json["data"][0]["score"]


def test_a_post_without_a_vector_is_found_by_its_words(client, wishes):
    wishes.post("Keyboard shortcuts everywhere", by=DAN)
    answer = similar(client, wishes, "keyboard shortcuts")
    assert titles(answer) == ["Keyboard shortcuts everywhere"]
    assert answer.json["data"][0]["why"] == "words"


@pytest.mark.parametrize(
    "posts", [WISHES, ["ダークモードが欲しい", "تصدير إلى ملف", "Тёмная тема", "검색"]], ids=["english", "others"]
)
def test_nonsense_finds_nothing_in_any_language(client, acme, posts):
    for title in posts:
        acme.post(title)
    work_off()
    assert {text: titles(similar(client, acme, text)) for text in NONSENSE} == {text: [] for text in NONSENSE}


def test_words_find_a_post_in_a_script_that_the_model_cannot_read(client, acme):
    acme.post("Тёмная тема")
    work_off()
    assert db.rows(VECTORS, workspace=acme.workspace.id) == []
    assert titles(similar(client, acme, "тёмная тема")) == ["Тёмная тема"]


def test_in_a_workspace_of_another_language_words_lead(client, wishes):
    database.execute_sql("UPDATE workspace SET language = 'german'")
    database.execute_sql("UPDATE post SET language = 'german'")
    assert titles(similar(client, wishes, "night theme")) == []
    assert titles(similar(client, wishes, "dark mode")) == ["Dark mode"]


def test_a_post_that_is_gone_meanwhile_needs_no_vector(here, acme):
    acme.post("Dark mode")
    work_off(rounds=1)
    database.execute_sql("DELETE FROM post")
    work_off()
    assert db.row("SELECT (SELECT count(*) FROM post_embedding), (SELECT count(*) FROM job)") == (0, 0)


def test_five_are_shown_or_as_many_as_were_asked_for(client, acme):
    for number in range(25):
        acme.post(f"Dark mode {number}")
    assert len(similar(client, acme, "dark mode").json["data"]) == 5
    for limit in (1, 20):
        assert len(similar(client, acme, "dark mode", limit=limit).json["data"]) == limit


def test_a_limit_is_a_number_from_1_to_20(client, acme):
    for limit in ("0", "21", "-1", "٣", "x", "9" * 30, "1.5", "true"):
        answer = similar(client, acme, "dark", limit=limit)
        assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, "limit")


def test_a_text_is_needed_once(client, acme):
    for query in ("", "text=", "text=%20", "text=a&text=b"):
        answer = client.simulate_get("/api/v1/similar", query_string=query, headers=acme.bearer())
        assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, "text")


def test_case_59_other_workspaces_find_nothing_of_ours(client, wishes, globex):
    globex.post("Something else")
    assert titles(similar(client, globex, "dark mode")) == []


def test_case_59_private_boards_are_for_the_team(client, wishes):
    database.execute_sql("UPDATE board SET access = 'private' WHERE key = 'bugs'")
    wishes.post("Dark mode breaks the login", board="bugs", public=False)
    work_off()
    assert "Dark mode breaks the login" in titles(similar(client, wishes, "dark mode"))
    for text in ("dark mode", "dark mode breaks the login", "night theme"):
        assert titles(call(client, wishes, "similar", text=text)) == ["Dark mode"]


def test_the_widget_is_told_no_more_than_it_shows(client, wishes):
    answer = call(client, wishes, "similar", text="night theme")
    assert answer.status_code == 200
    [hit] = answer.json["data"]
    assert set(hit) == {"post", "why", "score"}
    assert "cleo" not in answer.text.lower()


def test_typing_that_says_nothing_yet_finds_nothing(client, wishes):
    for text in ("", " ", "\u200b", "a", "the"):
        assert titles(call(client, wishes, "similar", text=text)) == []
