"""Markdown takes time by its marks: a text that is mostly marks is shown as it was typed."""

from html import unescape

import pytest

from service.lib import markdown
from service.lib.markdown import MOST_NODES, SHORT, render, tree


@pytest.mark.parametrize("sign", ["[", "- a\n", "a\n", "*a* ", "> > > ", "`", "<b>", "&amp;", "![", "{", "1) a\n",
                                  "[[a](", "http://a.b ["])  # fmt: skip
def test_a_text_that_is_mostly_marks_is_shown_as_it_was_typed(sign):
    for length in (5_000, 10_000):
        text = (sign * length)[:length].strip()
        lines = [line for line in text.split("\n") if line]
        assert unescape(render(text)) == "<p>" + text.replace("\n", "<br>\n") + "</p>"
        [[tag, attributes, *nodes]] = tree(text)
        assert (tag, attributes) == ("p", None) and len(nodes) <= MOST_NODES
        assert [node for node in nodes if node != ["br", None]][:900] == lines[:900]


def test_an_address_that_would_be_read_again_and_again_is_not_read_at_all():
    assert "<a " not in render("[[a](" * 30 + "x" * 4_500)
    assert "[[]" in render("[[]" * 11 + "a:b" * 1_600) and len(tree("**a** " + "[[]" * 11 + "a:b" * 1_600)[0]) == 3
    assert render(f"[a](https://x.example/{'x' * 2_000})").count("<a ") == 1


def test_a_text_of_many_words_may_have_many_marks():
    text = "- **Bold** and [a link](https://x.example/y), `code` and more words of people\n" * 15
    assert render(text).count("<li>") == 15 and tree(text)[0][0] == "ul"
    assert render(text * 3, lambda _: None).count("<li>") == 45  # the team's own


def test_only_short_texts_are_remembered():
    markdown.remembered.cache_clear()
    for text in ("short", "x" * SHORT, "x" * (SHORT + 1)):
        render(text)
    assert markdown.remembered.cache_info().currsize == 2
