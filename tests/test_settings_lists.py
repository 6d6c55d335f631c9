"""Boards, statuses, tags and fields, as the settings list, make, change, order and take them away."""

import re
from html import unescape

import pytest
from browser import Browser
from cast import ADA
from crowd import at_once

from service import db
from service.errors import Conflict, NotFound
from service.feedback import boards, fields, posts, segments, statuses, tags
from service.feedback.versions import version

EVENTS = """
SELECT type, data->>'key' FROM event
 WHERE workspace_id = %(workspace)s AND post_number IS NULL AND type <> 'member.signed_in' ORDER BY seq"""
CREATE = {
    "boards": {"name": "Ideas & more", "access": "public", "description": "Anything"},
    "statuses": {"name": "Ideas & more", "kind": "planned", "color": "#2563EB"},
    "tags": {"name": "Ideas & more", "color": "#2563eb"},
    "fields": {"name": "Ideas & more", "type": "select", "options": "One\n\n Two \n", "board": "bugs", "required": "1"},
}
WORDS = {"boards": boards, "statuses": statuses, "tags": tags, "fields": fields}


@pytest.fixture
def ada(client, acme):
    return Browser(client).sign_in(ADA)


def texts(page) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page.text)).split())


def address(word: str) -> str:
    return f"/app/acme/settings/{word}"


def send(browser, word: str, **said):
    """Open the page and send one of its forms."""
    browser.open(address(word))
    return browser.send(address(word), **said)


def find(company, word: str, key: str):
    return WORDS[word].find(company.team, key)


def happened(company) -> list[tuple]:
    return db.rows(EVENTS, workspace=company.workspace.id)


@pytest.mark.parametrize("word", CREATE)
def test_a_thing_is_made_changed_and_taken_away(ada, acme, word):
    one = word[:-2] if word == "statuses" else word[:-1]
    assert send(ada, word, do="create", **CREATE[word]).status_code == 303
    page = ada.open(address(word))
    assert "Ideas & more" in texts(page) and "ideas-more" in texts(page)
    editor = ada.open(address(word), params={"edit": "ideas-more"})
    assert 'value="Ideas &amp; more"' in editor.text
    changed = {**CREATE[word], "name": "Wishes", "key": "ideas-more", "seen": seen(editor)}
    done = ada.send(address(word), do="change", **changed)
    assert (done.status_code, done.headers["location"]) == (303, address(word))
    assert find(acme, word, "ideas-more").name == "Wishes"
    ada.open(address(word), params={"edit": "ideas-more"})
    into = {"into": {"boards": "bugs", "statuses": "open"}[word]} if word in ("boards", "statuses") else {}
    assert ada.send(address(word), do="delete", key="ideas-more", **into).status_code == 303
    with pytest.raises(NotFound):
        find(acme, word, "ideas-more")
    assert happened(acme) == [(f"{one}.{what}", "ideas-more") for what in ("created", "updated", "deleted")]


def seen(page) -> str:
    return re.search(r'name="seen" value="(\w+)"', page.text)[1]


def test_what_the_forms_say_is_what_is_stored(ada, acme):
    segments.create(acme.team, "big", "Big ones", [{"field": "company.mrr", "op": "at_least", "value": 1000}])
    send(ada, "boards", do="create", name="Partners", access="segments", segments="big", approve_first="1", key="p")
    assert boards.find(acme.team, "p")[2:] == ("Partners", "", "segments", True, ["big"])
    send(ada, "boards", do="change", key="p", name="Partners", access="private", segments="big")
    assert boards.find(acme.team, "p")[2:] == ("Partners", "", "private", False, [])
    send(ada, "fields", do="create", **CREATE["fields"])
    assert fields.find(acme.team, "ideas-more")[3:] == ("select", True, ["One", "Two"], "bugs")
    send(ada, "fields", do="change", key="ideas-more", name="Which", options="Two\nThree")
    assert fields.find(acme.team, "ideas-more")[2:] == ("Which", "select", False, ["Two", "Three"], None)
    send(ada, "statuses", do="create", **CREATE["statuses"])
    assert statuses.find(acme.team, "ideas-more")[3:] == ("planned", "#2563eb")


@pytest.mark.parametrize(("word", "wrong", "field"), [
    ("boards", {"name": ""}, "name"), ("boards", {"name": "x" * 81}, "name"), ("boards", {"access": "all"}, "access"),
    ("boards", {"access": "segments"}, "segments"), ("boards", {"description": "x" * 501}, "description"),
    ("boards", {"key": "A B"}, "key"), ("boards", {"key": "bugs"}, "key"), ("statuses", {"kind": "x"}, "kind"),
    ("statuses", {"color": "red"}, "color"), ("tags", {"name": "\u200b"}, "name"), ("tags", {"color": "#12"}, "color"),
    ("fields", {"type": "html"}, "type"), ("fields", {"options": ""}, "options"), ("fields", {"board": "none"}, "board"),
])  # fmt: skip
def test_what_cannot_be_made_is_named_and_what_was_typed_is_kept(ada, acme, word, wrong, field):
    page = send(ada, word, do="create", **{**CREATE[word], "name": "Typed text", **wrong})
    assert page.status_code == 422 and f'id="{field}-error"' in page.text
    assert "Typed text" in page.text or "name" in wrong
    assert happened(acme) == []


def test_a_name_without_any_letter_for_a_key_gets_one_all_the_same(ada, acme):
    send(ada, "tags", do="create", name="日本語", color="#2563eb")
    [tag] = tags.of(acme.team)
    assert tag.name == "日本語" and re.fullmatch(r"tag-[0-9a-f]{6}", tag.key)


@pytest.mark.parametrize("word", ["boards", "statuses", "fields"])
def test_things_are_moved_up_and_down_and_not_beyond_the_ends(ada, acme, word):
    for name in "ab":
        fields.create(acme.team, name, name.upper(), "text")
    keys = order(acme, word)
    send(ada, word, do="move", down=keys[0])
    assert order(acme, word)[:2] == [keys[1], keys[0]]
    for way, key in (("up", keys[1]), ("down", keys[-1] if len(keys) > 2 else keys[0])):
        send(ada, word, do="move", **{way: key})
    send(ada, word, do="move", up=keys[0])
    assert order(acme, word) == keys
    send(ada, word, do="move", up=keys[0])
    one = word[:-2] if word == "statuses" else word[:-1]
    assert happened(acme)[2:] == [(f"{one}.updated", keys[0])] * 2
    assert send(ada, word, do="move", up="nothing").status_code == 404


def order(company, word: str) -> list[str]:
    place = company.team if word == "boards" else company.workspace.id
    return [thing.key for thing in WORDS[word].of(place)]


def test_members_who_move_at_once_lose_nothing(acme):
    at_once(lambda number: statuses.move(acme.team, "open" if number % 2 else "done", 1 if number % 2 else -1))
    places = db.rows("SELECT position FROM status WHERE workspace_id = %(w)s ORDER BY position", w=acme.workspace.id)
    assert [place for (place,) in places] == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("word", CREATE)
def test_what_another_member_changed_meanwhile_is_not_overwritten_unseen(ada, acme, word):
    send(ada, word, do="create", **CREATE[word])
    editor = ada.open(address(word), params={"edit": "ideas-more"})
    stale = seen(editor)
    WORDS[word].change(acme.team, "ideas-more", name="Theirs")
    mine = {**CREATE[word], "do": "change", "key": "ideas-more", "name": "Mine", "seen": stale}
    page = ada.keep(post(ada, f"{address(word)}?edit=ideas-more", mine))
    assert page.status_code == 409 and "Somebody changed this meanwhile" in page.text
    assert 'value="Mine"' in page.text and "Change “Theirs”" in texts(page)
    assert find(acme, word, "ideas-more").name == "Theirs"
    again = {**mine, "seen": seen(page)}
    assert post(ada, address(word), again).status_code == 303
    assert find(acme, word, "ideas-more").name == "Mine"
    with pytest.raises(Conflict):
        WORDS[word].change(acme.team, "ideas-more", name="Late", seen=version("something else"))


def post(browser, path: str, fields: dict):
    return browser.send(path, **fields)


def test_posts_of_a_board_or_status_move_where_it_says(ada, acme):
    number = acme.post(board="features")
    for word, gone, into in (("boards", "features", "bugs"), ("statuses", "open", "planned")):
        if word == "statuses":
            statuses.create(acme.team, "new", "New", "open", "#2563eb")
        assert send(ada, word, do="delete", key=gone, into=into).status_code == 303
    post = posts.find(acme.team, number)
    assert (post.board_key, post.status_key) == ("bugs", "planned")


def test_the_last_open_status_stays_and_says_why(ada, acme):
    ada.open(address("statuses"), params={"edit": "open"})
    page = ada.send(address("statuses") + "?edit=open", do="delete", key="open", into="planned")
    assert page.status_code == 409 and "make another status of kind open first" in texts(page)


def test_things_of_another_workspace_are_not_there(ada, acme, globex):
    for word, made in CREATE.items():
        make = {"boards": ("access",), "statuses": ("kind", "color"), "tags": ("color",), "fields": ()}[word]
        more = {name: made[name].lower() for name in make} | ({"type": "text"} if word == "fields" else {})
        WORDS[word].create(globex.team, "theirs", "Theirs", **more)
        assert "Theirs" not in ada.open(address(word), params={"edit": "theirs"}).text
        for does in ("change", "delete"):
            assert send(ada, word, **{**made, "do": does, "key": "theirs"}).status_code == 404, (word, does)
        assert WORDS[word].find(globex.team, "theirs").name == "Theirs"
