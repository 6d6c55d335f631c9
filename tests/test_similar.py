"""Who asked for this already: by meaning once a post has its vector, by words before, and nothing for nonsense."""

import threading

import pytest
from calls import call
from cast import CLEO, DAN
from queued import work_off

from service import db
from service.db import database
from service.feedback import comments, typed, vectors
from service.feedback import similar as similar_posts
from service.lib import embeddings

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


def test_a_title_of_abbreviations_has_a_vector(client, acme):
    acme.post("SAML SSO", body="Our IT wants one login for everything.")
    work_off()
    assert db.rows(VECTORS, workspace=acme.workspace.id) == [(1,)]
    assert titles(similar(client, acme, "single sign-on")) == ["SAML SSO"]


def test_what_is_made_of_a_former_text_takes_no_vector_away(acme):
    number = acme.post("Dark mode")
    work_off()
    vectors.keep(acme.workspace.id, embeddings.MODEL, [vectors.Text(number, "Тёмная тема", "", None)])
    assert db.rows(VECTORS, workspace=acme.workspace.id) == [(number,)]


def test_in_a_workspace_of_another_language_words_lead(client, wishes):
    database.execute_sql("UPDATE workspace SET language = 'german'")
    database.execute_sql("UPDATE post SET language = 'german'")
    assert titles(similar(client, wishes, "night theme")) == []
    assert titles(similar(client, wishes, "dark mode")) == ["Dark mode"]
    wishes.post("Night theme")
    wishes.post("Dark mode on phones")
    work_off()
    answer = client.simulate_get("/api/v1/posts/5/similar", headers=wishes.bearer())
    assert [(hit["post"]["title"], hit["why"]) for hit in answer.json["data"]] == [("Dark mode on phones", "words")]


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


def test_a_word_that_stands_in_a_post_finds_it_though_its_meaning_is_elsewhere(client, wishes):
    wishes.post("Checkout fails", body="The log says ERR-4012 and nothing else.")
    work_off()
    hit = similar(client, wishes, "ERR-4012").json["data"][0]
    assert (hit["post"]["title"], hit["why"]) == ("Checkout fails", "words")


def test_the_last_word_may_be_only_begun(client, acme):
    acme.post("Kubernetes dashboard")
    for begun in ("kub", "dashboard kuber", "Kubernetes dashb"):
        assert titles(call(client, acme, "similar", text=begun)) == ["Kubernetes dashboard"]
    assert titles(call(client, acme, "similar", text="ku")) == []


def test_a_sign_of_another_script_is_a_beginning_too(client, acme):
    database.execute_sql("UPDATE workspace SET language = 'simple'")
    database.execute_sql("UPDATE post SET language = 'simple'")
    acme.post("ダークモードが欲しい")
    assert titles(call(client, acme, "similar", text="ダーク")) == ["ダークモードが欲しい"]


@pytest.mark.parametrize("typed", ["csv", "export_csv", "src/export", "ada@acme.example", "re-export"])
def test_the_parts_of_paths_addresses_and_compounds_are_words(client, acme, typed):
    acme.post("Crash", body="In src/export_csv.py; write to ada@acme.example. A re-export helps.")
    assert titles(call(client, acme, "similar", text=typed)) == ["Crash"]
    assert [post["title"] for post in call(client, acme, "list", q=typed).json["data"]] == ["Crash"]


def test_what_was_said_below_a_post_finds_it(client, wishes):
    comments.create(wishes.reader(CLEO), 3, "It is the Zotero plugin that is slow.")
    hit = similar(client, wishes, "Zotero plugin").json["data"][0]
    assert (hit["post"]["title"], hit["why"]) == ("Faster search", "words")
    assert titles(call(client, wishes, "similar", text="Zotero plugin")) == ["Faster search"]


def test_what_the_team_says_among_itself_finds_it_for_the_team_alone(client, wishes):
    comments.create(wishes.writer, 3, "They pay for Zotero.", internal=True)
    assert titles(similar(client, wishes, "Zotero")) == ["Faster search"]
    assert titles(call(client, wishes, "similar", text="Zotero")) == []


def test_a_comment_that_is_gone_or_waits_finds_nothing(client, wishes):
    for state in ("deleted_at", "held_at"):
        comments.create(wishes.reader(CLEO), 3, "It is the Zotero plugin.")
        database.execute_sql(f"UPDATE comment SET {state} = now()")
        assert titles(similar(client, wishes, "Zotero")) == []


def test_a_rare_word_weighs_more_than_a_common_one(client, acme):
    database.execute_sql("UPDATE workspace SET language = 'simple'")
    for number in range(8):
        acme.post(f"please add report {number}")
    acme.post("please sync zotero")
    assert titles(similar(client, acme, "please add zotero"))[0] == "please sync zotero"


def test_who_reads_on_is_shown_what_follows_the_near_ones_and_a_hint_is_not(client, wishes):
    wishes.post("Screen reader support")
    work_off()
    typed = "make the screen dark at night"
    assert titles(call(client, wishes, "similar", text=typed)) == ["Dark mode"]
    assert titles(similar(client, wishes, typed))[0] == "Dark mode"
    assert len(titles(similar(client, wishes, typed))) > 1


def test_posts_like_a_post_are_those_like_all_it_says(client, wishes):
    wishes.post("In the evening", body="My eyes hurt at night. A dark theme would be kind.")
    work_off()
    answer = client.simulate_get("/api/v1/posts/6/similar", headers=wishes.bearer())
    assert titles(answer)[0] == "Dark mode" and "In the evening" not in titles(answer)


def test_a_post_without_a_vector_has_others_like_it_by_its_words(client, wishes):
    wishes.post("Dark mode")
    assert titles(client.simulate_get("/api/v1/posts/6/similar", headers=wishes.bearer())) == ["Dark mode"]


def test_a_post_without_a_vector_is_compared_with_all_by_its_words(client, acme):
    first = acme.post("Zotero export")
    acme.post("Export to Zotero")
    for number in range(similar_posts.BESIDE + 5):
        acme.post(f"Something else {number}")
    answer = client.simulate_get(f"/api/v1/posts/{first}/similar", headers=acme.bearer())
    assert titles(answer)[0] == "Export to Zotero"


def test_of_very_many_words_the_first_count_each_once(client, acme):
    acme.post("Dark mode")
    many = " ".join(f"q{number}" for number in range(120))
    assert titles(call(client, acme, "similar", text=f"mode dark DARK mode-dark {'dark ' * 30}")) == ["Dark mode"]
    assert len(typed.few(f"dark DARK {many}").split()) == typed.MOST_WORDS


def test_a_sharp_s_stays_what_it_is(client, acme):
    database.execute_sql("UPDATE workspace SET language = 'german'")
    acme.post("Straße im Adressfeld")
    assert titles(call(client, acme, "similar", text="Straße")) == ["Straße im Adressfeld"]


def test_who_finds_no_room_to_search_is_asked_to_come_again_and_pages_do_without(client, wishes, monkeypatch):
    monkeypatch.setattr(similar_posts, "room", threading.BoundedSemaphore(1))
    monkeypatch.setattr(similar_posts, "ROOM_SECONDS", 0.01)
    with similar_posts.room:
        answer = similar(client, wishes, "night theme")
        assert (answer.status_code, answer.headers["retry-after"]) == (429, "1")
        assert client.simulate_get("/b/acme/posts/5").status_code == 200
    assert titles(similar(client, wishes, "night theme")) == ["Dark mode"]


def test_typing_that_says_nothing_yet_finds_nothing(client, wishes):
    for text in ("", " ", "\u200b", "a", "the"):
        assert titles(call(client, wishes, "similar", text=text)) == []
