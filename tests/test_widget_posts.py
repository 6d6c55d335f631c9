"""One post through the widget: all that its page shows, following it, and second thoughts of who wrote it."""

import json

import pytest
from calls import call, session
from cast import CLEO, DAN
from crowd import at_once
from queued import work_off
from round_trips import Counter
from uploads import PDF, png

from service import db
from service.feedback import attachments, boards, comments, edits, merges, moderation, posts

DETAIL = {"number", "title", "body", "status", "board", "votes", "voted", "mine", "created_at", "url", "held", "pinned",
          "comments", "text", "following", "editable", "locked", "merged_into", "files"}  # fmt: skip
FILE = {"id", "name", "type", "size", "url", "thumbnail_url", "waiting"}
AGE = "UPDATE post SET created_at = now() - interval '61 minutes'"
FOLLOWERS = "SELECT count(*) FROM follower WHERE post_number = %(number)s"
USERS = 'SELECT count(*) FROM "user"'
EVENTS = "SELECT type FROM event WHERE post_number IS NOT NULL ORDER BY seq"


@pytest.fixture
def number(acme) -> int:
    """A post of Cleo's."""
    return acme.post("Dark mode", "It **hurts**", by=CLEO)


def page(client, acme, number: int, **more) -> dict:
    answer = call(client, acme, f"posts/{number}", **more)
    assert answer.status_code == 200, answer.text
    return answer.json


def refused(answer) -> tuple[int, str]:
    return answer.status_code, answer.json.get("code")


# ── reading ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_one_answer_shows_a_whole_post(client, acme, number):
    shown = page(client, acme, number)
    assert set(shown) == {"post", "comments"} and set(shown["post"]) == DETAIL
    post = shown["post"]
    assert post["text"] == [["p", None, "It ", ["strong", None, "hurts"]]]
    names = ("mine", "following", "editable", "locked", "merged_into", "comments", "files", "held")
    assert [post[name] for name in names] == [False, False, False, False, None, 0, [], False]
    assert shown["comments"] == {"data": [], "next": None}


def test_its_author_follows_it_and_may_change_it_for_a_while(client, acme, number):
    who = session(client, acme, CLEO)
    post = page(client, acme, number, session=who)["post"]
    assert (post["mine"], post["following"], post["editable"]) == (True, True, True)
    db.changed(AGE)
    assert not page(client, acme, number, session=who)["post"]["editable"]


def test_a_locked_post_is_nobodys_to_change(client, acme, number):
    edits.change(acme.team, number, locked=True)
    post = page(client, acme, number, session=session(client, acme, CLEO))["post"]
    assert (post["locked"], post["editable"]) == (True, False)


def test_a_post_that_waits_is_its_authors_until_the_team_let_it_in(client, acme):
    boards.change(acme.team, "features", approve_first=True)
    number, who = acme.post("Dark mode", by=CLEO), session(client, acme, CLEO)
    post = page(client, acme, number, session=who)["post"]
    assert (post["held"], post["editable"]) == (True, True)
    assert call(client, acme, f"posts/{number}", session=session(client, acme, DAN)).status_code == 404
    moderation.approve(acme.team, [number])
    post = page(client, acme, number, session=who)["post"]
    assert (post["held"], post["editable"]) == (False, False)
    answer = call(client, acme, f"posts/{number}/edit", title="Spam", body="", session=who)
    assert refused(answer) == (403, "approved")


def test_a_merged_post_says_where_it_went(client, acme, number):
    into = acme.post("Night mode", by=DAN)
    merges.merge(acme.team, number, into)
    who = session(client, acme, CLEO)
    post = page(client, acme, number, session=who)["post"]
    assert (post["merged_into"], post["editable"]) == (into, False)
    for path, more in (("vote", {"voted": True}), ("follow", {"following": True}), ("edit", {"title": "t", "body": ""}),
                       ("comments", {"body": "b", "submission": "s"})):  # fmt: skip
        assert refused(call(client, acme, f"posts/{number}/{path}", session=who, **more)) == (409, "merged"), path


def test_the_files_of_a_post_and_of_its_comments_are_shown(client, acme):
    cleo = acme.reader(CLEO)
    ids = [attachments.put(cleo, name, data).id for name, data in (("a.pdf", PDF), ("b.png", png()), ("c.png", png()[:-40]))]
    number = posts.create(cleo, "Dark mode", files=ids)
    comments.create(cleo, number, "Look", files=[attachments.put(cleo, "d.pdf", PDF).id])
    before = page(client, acme, number)["post"]["files"]
    assert [(file["id"], file["waiting"], file["thumbnail_url"]) for file in before] == [
        (ids[0], False, None), (ids[1], True, None), (ids[2], True, None)]  # fmt: skip
    work_off()
    shown = page(client, acme, number)
    pdf, picture = shown["post"]["files"]  # the third could not be read
    assert set(pdf) == set(picture) == FILE
    assert (picture["name"], picture["type"], picture["waiting"]) == ("b.png", "image/png", False)
    assert picture["thumbnail_url"] and client.simulate_get(picture["url"].removeprefix("http://127.0.0.1:8000")).content
    [of_comment] = shown["comments"]["data"][0]["files"]
    assert (set(of_comment), of_comment["name"]) == (FILE, "d.pdf")


def test_the_page_of_a_post_costs_four_statements(client, acme):
    cleo = acme.reader(CLEO)
    number = posts.create(cleo, "Dark mode", files=[attachments.put(cleo, "a.pdf", PDF).id])
    comments.create(cleo, number, "Look")
    who, counted = session(client, acme, CLEO), {}
    with Counter().into(counted, "page"):
        page(client, acme, number, session=who)
    assert counted["page"] <= 4


def test_cards_say_how_many_comments_there_are_and_what_is_pinned(client, acme, number):
    comments.create(acme.writer, number, "A note", internal=True)
    [card] = call(client, acme, "list").json["data"]
    assert "comments" not in card and "pinned" not in card
    comments.create(acme.reader(DAN), number, "Me too")
    edits.change(acme.team, number, pinned=True)
    [card] = call(client, acme, "list").json["data"]
    assert (card["comments"], card["pinned"]) == (1, True)


# ── following ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_following_twice_is_following_and_can_be_taken_back(client, acme, number):
    who, seen = session(client, acme, DAN), []
    for following in (True, True, False, False):
        post = call(client, acme, f"posts/{number}/follow", following=following, session=who).json["post"]
        seen.append((post["following"], set(post) == DETAIL))
    assert seen == [(True, True), (True, True), (False, True), (False, True)]


def test_the_first_action_may_be_to_follow(client, acme, number):
    answer = call(client, acme, f"posts/{number}/follow", following=True).json
    assert answer["post"]["following"] and page(client, acme, number, anonymous=answer["anonymous"])["post"]["following"]
    before = db.row(USERS)
    assert call(client, acme, "posts/99/follow", following=True).status_code == 404
    assert db.row(USERS) == before, "a refused action makes nobody"


def test_many_at_once_follow_once(client, acme, number):
    who = session(client, acme, DAN)
    at_once(lambda _: call(client, acme, f"posts/{number}/follow", following=True, session=who), 8)
    assert db.row(FOLLOWERS, number=number) == (2,)


# ── changing and deleting ───────────────────────────────────────────────────────────────────────────────────────────


def test_an_author_changes_their_words(client, acme, number):
    who = session(client, acme, CLEO)
    for _ in range(2):
        answer = call(client, acme, f"posts/{number}/edit", title=" Night mode ", body="*Please*", session=who)
        assert answer.status_code == 200 and set(answer.json["post"]) == DETAIL
    post = answer.json["post"]
    assert (post["title"], post["text"]) == ("Night mode", [["p", None, ["em", None, "Please"]]])
    assert db.rows(EVENTS) == [("post.created",), ("post.updated",)]


def test_words_that_do_not_fit_are_named_and_nothing_changes(client, acme, number):
    who = session(client, acme, CLEO)
    for fields, field in (({"title": "", "body": ""}, "title"), ({"title": "t", "body": "x" * 10_001}, "body"),
                          ({"title": "t"}, "body")):  # fmt: skip
        answer = call(client, acme, f"posts/{number}/edit", session=who, **fields)
        assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, field)
    assert page(client, acme, number)["post"]["title"] == "Dark mode"


def test_only_its_author_changes_or_deletes_a_post_and_only_for_a_while(client, acme, globex, number):
    def tried(**who):
        return [refused(call(client, acme, f"posts/{number}/{what}", **who, **more))
                for what, more in (("edit", {"title": "Mine", "body": ""}), ("delete", {}))]  # fmt: skip

    assert tried() == tried(session=session(client, acme, DAN)) == [(403, "forbidden")] * 2
    assert tried(session=session(client, globex, CLEO)) == [(401, "token_invalid")] * 2
    who = session(client, acme, CLEO)
    db.changed(AGE)
    assert tried(session=who) == [(403, "too_late")] * 2
    db.changed("UPDATE post SET created_at = now(), locked = true")
    assert tried(session=who) == [(403, "too_late")] * 2
    assert db.row(USERS)[0] == 3, "nobody was made by it: Ada's Cleo, Dan, and Globex's Cleo"
    assert page(client, acme, number)["post"]["title"] == "Dark mode"


def test_an_author_deletes_their_post(client, acme, number):
    who = session(client, acme, CLEO)
    assert call(client, acme, f"posts/{number}/delete", session=who).json == {"deleted": True}
    for path in ("", "/delete"):
        assert call(client, acme, f"posts/{number}{path}", session=who).status_code == 404
    assert call(client, acme, "list", mine=True, session=who).json["data"] == []


# ── what is hidden ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_one_cannot_see_one_cannot_touch(client, acme, globex, number):
    hidden = acme.post("Secret crash", board="bugs", by=CLEO)
    db.changed("UPDATE board SET access = 'private' WHERE key = 'bugs'")
    who, other = session(client, acme, CLEO), session(client, globex, CLEO)
    for path, more in (("", {}), ("/vote", {"voted": True}), ("/follow", {"following": True}), ("/delete", {}),
                       ("/edit", {"title": "t", "body": ""}), ("/comments", {"body": "b"}),
                       ("/comments/after", {"after": 1})):  # fmt: skip
        for company, one, token in ((acme, hidden, who), (globex, number, other)):
            answer = call(client, company, f"posts/{one}{path}", session=token, **more)
            assert answer.status_code == 404 and "Secret" not in answer.text, path
    assert "Secret" not in json.dumps(page(client, acme, number, session=who))


def test_a_post_says_nothing_of_who_wrote_it_or_what_only_the_team_knows(client, acme):
    number = acme.post("Dark mode", by=DAN, meta={"page": "https://app.acme.example/secret-page"})
    comments.create(acme.writer, number, "Secret note", internal=True)
    answer = call(client, acme, f"posts/{number}", session=session(client, acme, CLEO))
    for word in ("Dan", "initech", "4900", "customer.example", "secret-page", "Secret note", "sayso-member"):
        assert word.lower() not in answer.text.lower(), word
