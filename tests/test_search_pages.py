"""Search on the pages: what is marked, what "quotes" and a minus mean, what else people asked for, what surfaces nowhere."""

import re
from html import unescape

import pytest
from browser import Browser
from calls import call
from cast import ADA, CLEO, DAN
from queued import work_off
from round_trips import Counter
from visitors import Visitor, said

from service import db
from service.db import database
from service.feedback import comments, conditions, edits, lists, merges

PRIVATE = "UPDATE board SET access = 'private' WHERE key = 'bugs'"
SECRET = "Zebra"


@pytest.fixture
def nobody(client):
    return Visitor(client)


@pytest.fixture
def ada(client, acme):
    return Browser(client).sign_in(ADA)


def found(page) -> list[int]:
    return [int(number) for number in re.findall(r'data-live="post-(\d+)"', page.text)]


def marked(page) -> list[str]:
    return [unescape(word) for word in re.findall(r"<mark>(.*?)</mark>", page.text)]


def also(page) -> list[str]:
    part = page.text.partition('<section class="also"')[2].partition("</section>")[0]
    return [unescape(title) for title in re.findall(r"<bdi>([^<]+)</bdi></a>", part)]


# ── the board ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_words_that_were_asked_for_are_marked_in_title_and_text(nobody, acme):
    acme.post("Dark mode", "Less glare at night, with dark colours.")
    page = nobody.open("/b/acme", params={"q": "dark modes glare"})
    assert marked(page) == ["Dark", "mode", "glare", "dark"]


def test_what_people_write_is_no_mark_and_no_markup(nobody, acme):
    acme.post("<b>Dark</b> <mark>mode</mark>", "A <script>dark</script> one")
    page = nobody.open("/b/acme", params={"q": "dark"})
    assert marked(page) == ["Dark", "dark"] and "<script>dark" not in page.text and "<b>" not in page.text


def test_a_comment_that_says_it_is_shown_as_one(nobody, acme):
    acme.post("Colours")
    comments.create(acme.reader(DAN), 1, "Please make it dark")
    page = nobody.open("/b/acme", params={"q": "make it dark"})
    assert "In a comment: Please make it dark" in said(page)


def test_a_search_costs_one_statement_more_for_what_is_shown(nobody, acme):
    acme.post("Dark mode"), nobody.open("/b/acme", params={"q": "dark"})
    counted = {}
    with Counter().into(counted, "search"):
        nobody.open("/b/acme", params={"q": "dark"})
    assert counted["search"] <= 3  # visit, hits, snippets


EXACT = [
    ('"dark mode"', [1, 2]), ('"mode dark"', []), ('"dark mode" -phone', [1]), ("dark -phones", [1, 3]),
    ("dark -phone", [1, 3]), ('-"dark mode" dark', [3]), ('"night theme"', []), ('-"dark mode"', [3]),
]  # fmt: skip


@pytest.mark.parametrize("q, numbers", EXACT)
def test_quotes_and_a_minus_mean_exactly_these_words(nobody, acme, q, numbers):
    for title in ("Dark mode", "Dark mode on the phone", "Dark colours in a mode of their own"):
        acme.post(title)
    work_off()
    assert sorted(found(nobody.open("/b/acme", params={"q": q}))) == numbers


def test_what_is_asked_for_exactly_goes_on_where_the_page_ends(nobody, acme):
    for number in range(23):
        acme.post(f"Dark mode {number}")
    first = nobody.open("/b/acme", params={"q": '"dark mode"'})
    path, _, query = unescape(re.search(r'href="([^"]+)" rel="next"', first.text)[1]).partition("?")
    assert sorted(found(first) + found(nobody.open(path, query_string=query))) == list(range(1, 24))
    assert 'Posts with exactly these words: "dark mode"' in said(first)


# ── lists ───────────────────────────────────────────────────────────────────────────────────────────────────────────────

LISTED = [
    ("dark", [1]), ("dar", [1]), ("da", []), ("notificati", [2]), ("slack noti", [2]), ("noti slack", []),
    ("slack -noti", [2]), ('"slack noti', []), ("slack -notifications", []), ('"notifications in slack"', [2]),
    ('"slack in notifications"', []), ('"mode dark"', []), ("to do", [3]), ("dark or slack", [1, 2]), ("ダーク", [4]),
    ("-dark", [2, 3, 4]), ("!!!", []), ("-", [1, 2, 3, 4]), ("x.com/a('b", []), ('dark -"slack mode"', [1]),
]  # fmt: skip


@pytest.mark.parametrize("q, numbers", LISTED)
def test_the_last_word_of_a_list_may_be_only_begun_and_quotes_and_a_minus_still_work(acme, globex, q, numbers):
    for company in (acme, globex):
        for title in ("Dark mode", "Notifications in Slack", "To do", "ダークモード"):
            company.post(title)
    for bounded in (False, True):
        assert sorted(post.number for post in lists.page(acme.team, q=q, bounded=bounded).posts) == numbers


def test_a_word_of_the_title_and_a_phrase_of_the_text_fit_together(acme):
    acme.post("Export", "Give me a dark mode, too")
    assert [post.number for post in lists.page(acme.team, q='export "dark mode"').posts] == [1]


@pytest.mark.parametrize("q", ['"mode dark"', '"export give"', '"mode give"', '"export mode"'])
def test_a_phrase_is_neither_found_backwards_nor_across_title_and_text(acme, q):
    acme.post("Export", "Give me a dark mode")
    assert lists.page(acme.team, q=q).posts == []


def test_many_that_fit_are_looked_at_one_by_one_and_the_same_are_found(acme, monkeypatch):
    for number in range(6):
        acme.post(f"Dark mode {number}" if number % 2 else f"Mode: dark {number}")
    monkeypatch.setattr(conditions, "FEW", 1)
    for q, numbers in (('"dark mode"', [2, 4, 6]), ("dar", [1, 2, 3, 4, 5, 6])):
        assert sorted(post.number for post in lists.page(acme.team, q=q, bounded=True).posts) == numbers


# ── the dashboard ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_member_finds_by_meaning_and_sees_why(ada, acme):
    acme.post("Dark mode")
    work_off()
    assert "same meaning" in said(ada.open("/app/acme/search", params={"q": "night theme"}))
    page = ada.open("/app/acme/search", params={"q": "dark mode"})
    assert "same words" in said(page) and marked(page) == ["Dark", "mode"]


def test_a_member_finds_what_an_internal_note_says(ada, acme):
    acme.post("Colours")
    comments.create(acme.writer, 1, "Zebra customers pay for it", internal=True)
    assert "In a comment: Zebra customers pay for it" in said(ada.open("/app/acme/search", params={"q": "zebra"}))


def test_the_box_shows_titles_only_and_none_twice(ada, acme):
    acme.post("Version 1", "Of 1 and 1")
    page = ada.open("/app/acme/search", {"Sayso-Quick": "1"}, params={"q": "1"})
    assert page.text.count('data-number="1"') == 1 and marked(page) == [] and "Of 1 and 1" not in page.text


# ── what else people asked for ──────────────────────────────────────────────────────────────────────────────────────────

ALIKE = ("Dark mode", "A dark theme for the night", "Dark colours for the app", "Export invoices to CSV")


@pytest.fixture
def alike(acme):
    for title in ALIKE:
        acme.post(title)
    work_off()
    return acme


def test_a_post_says_what_else_people_asked_for(nobody, alike):
    page = nobody.open("/b/acme/posts/1")
    assert sorted(also(page)) == sorted(ALIKE[1:3]) and "People also asked for" in said(page)


def test_it_says_so_in_the_language_of_the_visitor(nobody, alike):
    heads = {nobody.open("/b/acme/posts/1", params={"lang": tag}).text.partition('id="also">')[2].partition("<")[0]
             for tag in ("en", "de", "fr", "es", "ja", "ar")}  # fmt: skip
    assert len(heads) == 6 and "" not in heads


def test_where_nothing_is_like_it_nothing_is_said(nobody, alike):
    assert 'class="also"' not in nobody.open("/b/acme/posts/4").text


def test_at_most_five_are_shown(nobody, acme):
    for number in range(9):
        acme.post(f"Dark mode {number}")
    work_off()
    assert len(also(nobody.open("/b/acme/posts/1"))) == 5


def test_the_page_is_still_the_same_for_everybody_until_something_changes(nobody, alike):
    page = nobody.open("/b/acme/posts/1")
    assert page.headers["cache-control"].startswith("public")
    again = {"If-None-Match": page.headers["etag"]}
    assert nobody.open("/b/acme/posts/1", again).status_code == 304
    edits.change(alike.team, 2, title="Night colours, dark")
    assert nobody.open("/b/acme/posts/1", again).status_code == 200


def test_a_page_that_is_only_renewed_and_what_others_embed_have_none_of_it(nobody, alike):
    assert 'class="also"' not in nobody.open("/b/acme/posts/1", {"Sayso-Quick": "1"}).text
    assert "night" not in nobody.open("/b/acme/posts/1/embed").text


# ── what surfaces nowhere ───────────────────────────────────────────────────────────────────────────────────────────────


def merged(acme):
    acme.post(f"Quantum teleport {SECRET}", f"Quantum teleport {SECRET}"), acme.post("Unlike all others")
    merges.merge(acme.team, 2, 3)


def deleted(acme):
    acme.post(f"Quantum teleport {SECRET}", f"Quantum teleport {SECRET}")
    edits.delete(acme.team, 2)


def held(acme):
    acme.post(f"Quantum teleport {SECRET}", f"Quantum teleport {SECRET}", by=DAN)
    database.execute_sql("UPDATE post SET held_at = now(), held_because = 'board' WHERE number = 2")


def private(acme):
    acme.post(f"Quantum teleport {SECRET}", f"Quantum teleport {SECRET}", board="bugs", public=False)


def note(acme):
    comments.create(acme.writer, 1, f"Quantum teleport {SECRET}", internal=True)


def held_comment(acme):
    comments.create(acme.reader(DAN), 1, f"Quantum teleport {SECRET}")
    database.execute_sql("UPDATE comment SET held_at = now(), held_because = 'board'")


def deleted_comment(acme):
    comments.delete(acme.team, comments.create(acme.reader(DAN), 1, f"Quantum teleport {SECRET}"))


def comment_of_a_private_post(acme):
    private(acme)
    comments.create(acme.writer, 2, f"Quantum teleport {SECRET}")


def comment_that_came_with_a_merged_post(acme):
    acme.post("Unlike all others")
    comments.create(acme.reader(DAN), 2, f"Quantum teleport {SECRET}")
    merges.merge(acme.team, 2, 1)


HIDDEN = [merged, deleted, held, private, note, held_comment, deleted_comment, comment_of_a_private_post,
          comment_that_came_with_a_merged_post]  # fmt: skip
WORDS = ("quantum teleport", "teleporting", "Quantum tele", '"quantum teleport"', "quantum -x", "move matter at once")


def shown_to_users(client, acme) -> dict[str, str]:
    """All that any search says to somebody who is no member."""
    somebody = Visitor(client).be(acme, CLEO)
    answers = {"the page of a post": somebody.open("/b/acme/posts/1").text.partition('class="also"')[2]}
    for q in WORDS:
        answers |= {
            f"board {q}": somebody.open("/b/acme", params={"q": q}).text,
            f"hints {q}": call(client, acme, "similar", text=q).text,
            f"widget {q}": call(client, acme, "list", q=q).text,
            f"mine {q}": somebody.open("/b/acme", params={"q": q, "board": "bugs"}).text,
            f"new {q}": somebody.do("/b/acme/posts/new", "look", {"Sayso-Quick": "1"}, title=q).text,
        }
    return answers


@pytest.mark.parametrize("hide", HIDDEN)
def test_case_59_what_is_not_for_users_surfaces_in_no_search_of_theirs(client, acme, hide):
    acme.post("Quantum teleport of files", "Of whole folders")
    database.execute_sql(PRIVATE)
    hide(acme)
    work_off()
    answers = shown_to_users(client, acme)
    assert [name for name, text in answers.items() if SECRET.lower() in text.lower()] == []
    assert "Quantum" in answers["hints quantum teleport"]


def test_the_team_finds_what_only_the_team_may_read(client, ada, acme):
    acme.post("Quantum teleport of files")
    database.execute_sql(PRIVATE)
    private(acme), note(acme)
    page = said(ada.open("/app/acme/search", params={"q": "quantum teleport"}))
    assert page.count(SECRET) >= 3 and db.row("SELECT count(*) FROM comment")[0] == 1
