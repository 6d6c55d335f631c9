"""What the widget can do for someone on a customer's site: look, write, vote, come back as the same person."""

import re

import pytest
from calls import SITE, call, session
from cast import CLEO, DAN
from crowd import at_once

from service import db
from service.db import database

CARD = {"number", "title", "body", "status", "board", "votes", "voted", "mine", "created_at", "url"}
DRAFT = "5f2c7be1a0d94c3388f1e6b2"
USERS = 'SELECT count(*) FROM "user" WHERE workspace_id = %(workspace)s'
VOTES = "SELECT votes, (SELECT count(*) FROM vote) FROM post WHERE workspace_id = %(workspace)s AND number = %(number)s"


def users(company) -> int:
    return db.row(USERS, workspace=company.workspace.id)[0]


def votes(company, number) -> tuple[int, int]:
    """The counter, and the rows it counts."""
    return db.row(VOTES, workspace=company.workspace.id, number=number)


def hide_bugs() -> None:
    database.execute_sql("UPDATE board SET access = 'private' WHERE key = 'bugs'")


# ── opening ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_one_answer_opens_the_whole_widget(client, acme):
    acme.post()
    opened = call(client, acme, "opening").json
    assert opened["workspace"] == {"name": "Acme", "url": "http://127.0.0.1:8000/b/acme", "language": "en"}
    assert opened["boards"] == [{"key": "features", "name": "Features"}, {"key": "bugs", "name": "Bugs"}]
    assert [status["kind"] for status in opened["statuses"]] == ["open", "planned", "started", "done", "declined"]
    assert opened["user"] is None and "session" not in opened
    [card] = opened["posts"]["data"]
    assert set(card) == CARD
    assert (card["number"], card["votes"], card["voted"], card["mine"]) == (1, 1, False, False)
    # after the member, the post, and the first page that ever opened it
    assert re.fullmatch(r"http://127\.0\.0\.1:8001/stream\?ticket=[^&]+&after=3", opened["stream_url"])


def test_looking_makes_nobody_and_sets_no_cookie(client, acme):
    number = acme.post()
    before = users(acme)
    for path in ("opening", "list", f"posts/{number}", "ticket"):
        answer = call(client, acme, path)
        assert (answer.status_code, answer.headers.get("set-cookie")) == (200, None)
    assert users(acme) == before


def test_case_4_cookies_are_never_looked_at(client, acme):
    number = acme.post()
    cookies = {"Cookie": f"sayso={session(client, acme)}; __Host-sayso=x; sayso-browser=y"}
    for path, more in (("opening", {}), (f"posts/{number}/vote", {"voted": True})):
        answer = call(client, acme, path, headers=cookies, **more)
        assert answer.status_code == 200
        assert answer.json.get("user") is None and "set-cookie" not in answer.headers
    assert call(client, acme, f"posts/{number}").json["post"]["votes"] == 2


def test_an_identified_user_is_greeted(client, acme):
    opened = call(client, acme, "opening", session=session(client, acme, DAN)).json
    assert opened["user"] == {"id": "dan-8", "name": "Dan", "kind": "identified"}


def test_a_ticket_opens_the_stream_again(client, acme):
    acme.post()
    assert call(client, acme, "ticket").json["stream_url"].endswith("&after=2")


# ── writing ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_first_action_makes_an_anonymous_user_who_stays_the_same(client, acme):
    first = call(client, acme, "posts", title="Dark mode", submission=DRAFT)
    assert first.status_code == 201
    token = first.json["anonymous"]
    assert first.json["post"]["mine"] and first.json["post"]["voted"]
    second = call(client, acme, "posts", title="Export", submission="b" * 24, anonymous=token)
    assert "anonymous" not in second.json
    assert users(acme) == 1
    mine = call(client, acme, "list", mine=True, anonymous=token).json["data"]
    assert {post["title"] for post in mine} == {"Dark mode", "Export"}
    assert call(client, acme, "list", mine=True).json["data"] == []


def test_a_draft_that_is_sent_again_makes_one_post(client, acme):
    who = session(client, acme)
    sent = {"title": "Dark mode", "submission": DRAFT, "session": who}
    assert call(client, acme, "posts", **sent).json == call(client, acme, "posts", **sent).json
    answers = at_once(lambda _: call(client, acme, "posts", **{**sent, "submission": "c" * 24}))
    assert {answer.json["post"]["number"] for answer in answers} == {2}


def test_a_first_draft_whose_answer_was_lost_makes_one_post_and_one_user(client, acme):
    sent = {"title": "Dark mode", "submission": DRAFT}
    answers = at_once(lambda _: call(client, acme, "posts", **sent))
    assert {answer.json["post"]["number"] for answer in answers} == {1}
    assert users(acme) == 1
    assert call(client, acme, "list", mine=True, anonymous=answers[7].json["anonymous"]).json["data"] != []


def test_drafts_without_a_name_are_posts_of_their_own(client, acme):
    token = call(client, acme, "posts", title="One", submission="").json["anonymous"]
    for title, name in (("Two", ""), ("Three", None), ("Four", "1")):
        call(client, acme, "posts", title=title, submission=name, anonymous=token)
    assert len(call(client, acme, "list").json["data"]) == 4


def test_two_strangers_with_a_guessable_draft_stay_two(client, acme):
    first, second = (call(client, acme, "posts", title=title, submission="1").json for title in ("One", "Two"))
    assert first["post"]["number"] != second["post"]["number"]
    assert users(acme) == 2


def test_a_refused_post_says_which_field_and_makes_nobody(client, acme):
    answer = call(client, acme, "posts", title="  ", submission=DRAFT)
    assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, "title")
    assert answer.headers["access-control-allow-origin"] == SITE
    assert users(acme) == 0


def test_a_post_needs_a_board_that_its_writer_can_see(client, acme):
    hide_bugs()
    for board in ("bugs", "nowhere"):
        answer = call(client, acme, "posts", title="t", board=board, submission=DRAFT)
        assert (answer.status_code, answer.json["detail"]) == (422, "There is no such board; choose one of: features.")


# ── voting ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_voting_twice_counts_once_and_can_be_taken_back(client, acme):
    number, who = acme.post(by=DAN), session(client, acme, CLEO)
    counts = []
    for voted in (True, True, False, False, True):
        post = call(client, acme, f"posts/{number}/vote", voted=voted, session=who).json["post"]
        counts.append((post["votes"], post["voted"]))
    assert counts == [(2, True), (2, True), (1, False), (1, False), (2, True)]


def test_an_anonymous_vote_brings_a_token_that_remembers_it(client, acme):
    number = acme.post()
    answer = call(client, acme, f"posts/{number}/vote", voted=True).json
    again = call(client, acme, f"posts/{number}/vote", voted=True, anonymous=answer["anonymous"]).json
    assert again["post"]["votes"] == answer["post"]["votes"] == 2
    assert call(client, acme, f"posts/{number}", anonymous=answer["anonymous"]).json["post"]["voted"]


def test_case_89_votes_cast_and_taken_back_at_once_leave_a_true_count(client, acme):
    number, who = acme.post(by=DAN), session(client, acme, CLEO)
    at_once(lambda n: call(client, acme, f"posts/{number}/vote", voted=bool(n % 2), session=who))
    counted, rows = votes(acme, number)
    assert counted == rows


def test_case_89_twenty_users_at_once_count_twenty(client, acme):
    number = acme.post(by=DAN)
    at_once(lambda _: call(client, acme, f"posts/{number}/vote", voted=True))
    assert votes(acme, number) == (21, 21)


# ── what is hidden ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_case_59_a_private_board_is_nowhere_in_the_widget(client, acme):
    acme.post("Secret crash", board="bugs")
    hide_bugs()
    who = session(client, acme, CLEO)  # even its author
    for path, more in [("opening", {}), ("list", {}), ("list", {"q": "secret"}), ("list", {"board": "bugs"}),
                       ("list", {"mine": True}), ("similar", {"text": "secret crash"})]:  # fmt: skip
        answer = call(client, acme, path, session=who, **more)
        assert answer.status_code == 200 and "Secret" not in answer.text and '"bugs"' not in answer.text
    missing = call(client, acme, "posts/99").json["detail"].replace("99", "1")
    for path, more in [("posts/1", {}), ("posts/1/vote", {"voted": True}), ("posts/1/vote", {"voted": False})]:
        answer = call(client, acme, path, session=who, **more)
        assert (answer.status_code, answer.json["detail"]) == (404, missing)
    assert votes(acme, 1) == (1, 1)


def test_readers_see_nothing_of_who_wrote_it_or_what_they_pay(client, acme):
    acme.post(by=DAN, meta={"page": "https://app.acme.example/secret-page"})
    shown = "".join(call(client, acme, path).text for path in ("opening", "list", "posts/1")).lower()
    assert not any(word in shown for word in ("dan", "initech", "4900", "customer.example", "secret-page", '"mrr"'))


# ── who may ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_blocked_user_is_refused_everything(client, acme):
    number, who = acme.post(by=DAN), session(client, acme, CLEO)
    token = call(client, acme, "posts", title="Spam", submission=DRAFT).json["anonymous"]
    database.execute_sql("""UPDATE "user" SET blocked_at = now() WHERE external_id <> 'dan-8'""")
    for proof in ({"session": who}, {"anonymous": token}):
        for path, more in (("opening", {}), ("posts", {"title": "t"}), (f"posts/{number}/vote", {"voted": True})):
            answer = call(client, acme, path, **proof, **more)
            assert (answer.status_code, answer.json["code"]) == (403, "blocked")
    refused = call(client, acme, "session", user_token=acme.token(CLEO))
    assert (refused.status_code, refused.json["code"]) == (403, "blocked")
    assert call(client, acme, "posts", title="Spam", submission=DRAFT).status_code == 403


@pytest.mark.parametrize("sort", ["top", "new", "trending"])
def test_case_49_paging_shows_each_of_45_posts_once(client, acme, sort):
    for number in range(45):
        acme.post(f"Post {number}")
    database.execute_sql("UPDATE post SET votes = number %% 4, created_at = now() - number * interval '7 hours'")
    seen, cursor = [], None
    while True:
        page = call(client, acme, "list", sort=sort, cursor=cursor).json
        seen += [post["number"] for post in page["data"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert len(seen) == 45 and set(seen) == set(range(1, 46))


def test_case_49_a_bad_cursor_is_refused(client, acme):
    acme.post()
    for cursor in (
        "x",
        "é",
        "=",
        "AAAA",
        "MTox",
        "bmFuOjE",
        "aW5mOjE",
        "MS4wOi0x",
        "MTo5OTk5OTk5OTk5OTk5",
        "A" * 10_000,
        "\x01",
    ):
        answer = call(client, acme, "list", cursor=cursor)
        assert answer.status_code == 400, cursor


def test_case_50_a_search_takes_whatever_people_type(client, acme):
    acme.post("Dark mode")
    for q in (
        "%",
        "_",
        "'",
        '"',
        '"dark',
        "dark & | !",
        "-",
        "-" * 5000,
        "- - " * 500,
        "(((",
        "\\",
        ":*",
        "or or",
        "a " * 60_000,
    ):
        assert call(client, acme, "list", q=q).status_code == 200
    for q, found in (("dark", 1), ("DARK modes", 1), ("-dark", 0), ("-light", 1), ('"dark mode"', 1), ("light or dark", 1)):
        assert len(call(client, acme, "list", q=q).json["data"]) == found, q
