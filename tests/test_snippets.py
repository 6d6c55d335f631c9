"""What a hit shows of itself: the words that were asked for, where they stand, and nothing that is not for its reader."""

import pytest
from cast import CLEO, DAN
from round_trips import Counter

from service import db
from service.db import database
from service.feedback import comments, edits, merges, snippets
from service.feedback.snippets import LONGEST

FILLING = "Nothing of interest stands here at all. " * 30


def shown(reader, q: str, number: int = 1) -> snippets.Snippet:
    return snippets.of(reader, [number], q)[number]


def written(parts: snippets.Parts) -> str:
    """A text with its marks in brackets."""
    return "".join(f"[{said}]" if is_marked else said for said, is_marked in parts)


# ── where the words are ─────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("q, marked", [
    ("dark mode", "[Dark] [mode] for exporting"), ("modes", "Dark [mode] for exporting"),
    ("export", "Dark mode for [exporting]"), ("dar", "[Dark] mode for exporting"), ("the expo", "Dark mode for [exporting]"),
    ("for", "Dark mode [for] exporting"), ("light", "Dark mode for exporting"), ("da", "Dark mode for exporting"),
    ('"dark mode" -exporting', "[Dark] [mode] for exporting"), ("", "Dark mode for exporting"),
    ("!!! & | ( :*", "Dark mode for exporting"), ("' OR dark=1", "[Dark] mode for exporting"),
    ("dark-mode", "[Dark] [mode] for exporting"), ("x.com/a!'b DARK", "[Dark] mode for exporting"),
])  # fmt: skip
def test_the_words_of_a_title_are_marked_in_all_their_forms(acme, q, marked):
    acme.post("Dark mode for exporting")
    assert written(shown(acme.team, q).title) == marked


@pytest.mark.parametrize("title", [
    "Use List<String> & <b>dark</b> modes", "«Dark» — *mode*", "a@dark.example", "http://dark.example/dark?dark=dark#dark",
    "  dark", "dark_mode/dark~dark", "{0} dark {{ 7 }} %s %(x)s", "🌒 dark 🌘", "داكن dark", "暗 dark",
    "dark\u200d dark", "--dark--",
])  # fmt: skip
def test_a_title_stays_what_it_is(acme, title):
    acme.post(title)
    [(kept,)] = db.rows("SELECT title FROM post")
    found = shown(acme.team, "dark")
    assert "".join(said for said, _ in found.title) == kept and "[dark" in written(found.title).lower()


def test_of_a_long_text_the_place_is_shown_where_the_words_are(acme):
    acme.post("Colours", FILLING + "At night I would like a darker mode for my eyes. " + FILLING)
    text = written(shown(acme.team, "dark mode night").text)
    assert "[night]" in text and "[mode]" in text and text.startswith("… ") and text.endswith(" …")
    assert len(text) < LONGEST + 40


def test_a_text_that_is_shown_whole_has_no_dots(acme):
    acme.post("Colours", "I want a dark mode.")
    assert written(shown(acme.team, "dark").text) == "I want a [dark] mode"


def test_words_that_are_only_begun_are_marked_where_no_whole_one_is(acme):
    acme.post("Colours", FILLING + "Send a notification then. " + FILLING)
    assert "a [notification] then" in written(shown(acme.team, "please notificati").text)


def test_without_a_word_in_common_the_text_begins_where_it_begins(acme):
    acme.post("Colours", "**Night** theme.\n\n" + FILLING)
    text = written(shown(acme.team, "dark mode").text)
    assert text.startswith("Night theme. Nothing of interest") and "[" not in text


def test_markdown_is_shown_as_plain_text(acme):
    acme.post("Colours", "# Wish\n\n- a **dark** [mode](http://x.example/mode) with `dark`\n")
    assert written(shown(acme.team, "dark mode").text) == "Wish a [dark] [mode] with [dark]"


def test_what_somebody_writes_is_neither_a_mark_nor_a_tag(acme):
    acme.post("Colours", "x")
    database.execute_sql("UPDATE post SET body = E'\\x02evil\\x03 <script>dark</script> \\x04\\x05 & <b> it'")
    assert written(shown(acme.team, "dark").text) == "evil <script>[dark]</script> & <b> it"


def test_the_language_of_a_post_says_what_is_one_word(acme):
    database.execute_sql("UPDATE workspace SET language = 'german'")
    database.execute_sql("UPDATE post SET language = 'german'")
    reader = acme.team._replace(workspace=acme.workspace._replace(language="german"))
    acme.post("Häuser")
    database.execute_sql("UPDATE post SET language = 'german'")
    assert written(shown(reader, "haus").title) == "[Häuser]"


def test_in_other_scripts_a_sign_is_enough(acme):
    acme.post("ダークモード", "暗い画面が欲しい")
    assert written(shown(acme.team, "ダ").title) == "[ダークモード]"


def test_all_hits_of_a_page_are_one_statement_and_none_of_none(acme):
    numbers, counted = [acme.post(f"Dark {number}") for number in range(3)], {}
    with Counter().into(counted, "three"):
        snippets.of(acme.team, numbers, "dark")
    assert counted == {"three": 1}
    assert sorted(snippets.of(acme.team, numbers, "dark")) == numbers and snippets.of(acme.team, [], "dark") == {}


# ── comments, and who reads ─────────────────────────────────────────────────────────────────────────────────────────────


def test_where_the_post_has_none_of_the_words_a_comment_that_says_it_is_shown(acme):
    acme.post("Colours", "Of the night")
    comments.create(acme.reader(DAN), 1, "Make it *blindingly* dark, please")
    found = shown(acme.reader(), "blinding dark")
    assert (written(found.text), found.is_comment) == ("Make it *[blindingly]* [dark], please", True)


def test_the_post_itself_comes_before_its_comments(acme):
    acme.post("Colours", "Dark, please")
    comments.create(acme.reader(DAN), 1, "Dark")
    assert not shown(acme.reader(), "dark").is_comment


def test_an_internal_note_is_shown_to_the_team_alone(acme):
    acme.post("Colours")
    comments.create(acme.writer, 1, "Zebra customers pay", internal=True)
    assert written(shown(acme.team, "zebra").text) == "[Zebra] customers pay"
    assert shown(acme.reader(CLEO), "zebra").text == ()


@pytest.mark.parametrize("state", ["deleted_at = now()", "held_at = now(), held_because = 'board'"])
def test_a_comment_that_is_not_there_shows_nothing(acme, state):
    acme.post("Colours")
    comments.create(acme.reader(DAN), 1, "Zebra")
    database.execute_sql(f"UPDATE comment SET {state}")
    for reader in (acme.team, acme.reader(CLEO)):
        assert shown(reader, "zebra").text == ()


def test_a_comment_that_came_with_a_merged_post_is_shown_to_the_team_alone(acme):
    acme.post("Colours"), acme.post("Night")
    comments.create(acme.reader(DAN), 2, "Zebra")
    merges.merge(acme.team, 2, 1)
    assert shown(acme.team, "zebra").is_comment and not shown(acme.reader(CLEO), "zebra").is_comment


def test_a_post_that_the_reader_may_not_see_is_not_there(acme, globex):
    acme.post("Dark one"), acme.post("Dark two"), acme.post("Dark three", public=False, board="bugs")
    database.execute_sql("UPDATE board SET access = 'private' WHERE key = 'bugs'")
    edits.delete(acme.team, 2)
    assert list(snippets.of(acme.reader(CLEO), [1, 2, 3, 9], "dark")) == [1]
    assert snippets.of(globex.team, [1, 2, 3], "dark") == {}


# ── hostile texts ───────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("unit", [
    "1a@", "a_", "/~", "./", "a-1.", "dark ", "<a ", "dark\n", "[", "[](", "暗", "d", "\u0301a", "-",
])  # fmt: skip
def test_of_the_longest_text_no_more_is_shown_than_of_any(acme, unit):
    acme.post("Dark")
    database.execute_sql("ALTER TABLE post ALTER search DROP EXPRESSION")
    database.execute_sql("UPDATE post SET body = %s, search = NULL", ((unit * 10_000)[:9_990] + " dark",))
    assert len(written(shown(acme.team, "dark").text)) <= LONGEST + 60


ODD = (
    "-" * 400, '"', '"""', "'" * 300, "\\", "a" * 3_000, "(" * 99, "\u202edark", "\x00dark", "é" * 600, "%s %(x)s {0}",
    "x.com/a('b", "x.com/a!'b",
)  # fmt: skip


@pytest.mark.parametrize("q", ODD, ids=range(len(ODD)))
def test_any_words_are_taken(acme, q):
    acme.post("Dark mode", "In the night")
    assert 1 in snippets.of(acme.reader(), [1], q)
