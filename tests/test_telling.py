"""The history of a post in words: who changed what, and which words went."""

from service.feedback import activity, edits, posts
from service.lib import differences
from service.web.dashboard import telling


def told(company, number: int, most: int = 50, before: int | None = None) -> list[telling.Line]:
    post, entries = posts.find(company.team, number), activity.history(company.workspace.id, number, most, before)
    return telling.lines(company.team, number, entries, telling.names(company.team), post.title, post.body)


def gone(line: telling.Line) -> list[str]:
    return [text.strip() for kind, text in line.changes.get("title", []) if kind == differences.GONE]


def test_each_line_shows_what_it_changed_also_on_a_later_page(acme):
    number = acme.post("one")
    for title in ("two", "three", "four"):
        edits.change(acme.team, number, title=title)
    assert [gone(line) for line in told(acme, number)] == [["three"], ["two"], ["one"], []]
    last = activity.history(acme.workspace.id, number, 1)[0].seq
    assert [gone(line) for line in told(acme, number, before=last)] == [["two"], ["one"], []]


def test_no_more_is_compared_than_is_shown(acme, monkeypatch):
    number = acme.post("Word 0")
    for count in range(1, 8):
        edits.change(acme.team, number, title=f"Word {count}")
    compared, words = [], differences.words
    monkeypatch.setattr(differences, "words", lambda before, after: compared.append(before) or words(before, after))
    assert [gone(line) for line in told(acme, number, most=2)] == [["6"], ["5"]]
    assert compared == ["Word 6", "", "Word 5", ""]


def test_words_of_users_are_not_kept_from_one_request_to_the_next():
    assert not hasattr(differences.words, "cache_info")
