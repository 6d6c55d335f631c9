"""The page of a post on the public face: all of it is read there, and everything that a user may do is done there."""

import re

import pytest
from cast import DAN
from round_trips import Counter
from visitors import Visitor, after, said

from service import db
from service.feedback import attachments, blocking, comments, edits, merges, planning, users
from service.web.guards import user_token

PAGE = "/b/acme/posts/1"
WRITTEN = "SELECT body FROM comment ORDER BY id"
PICTURE = b"\x89PNG\r\n\x1a\n" + b"\0" * 20


@pytest.fixture
def post(acme):
    return acme.post("Dark mode", "For **night** owls")


@pytest.fixture
def cleo(client, acme):
    return Visitor(client).be(acme)


@pytest.fixture
def dan(client, acme):
    return Visitor(client).be(acme, DAN)


def written() -> list[str]:
    return [body for (body,) in db.rows(WRITTEN)]


# ── read ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_post_is_shown_with_everything_but_its_author(client, acme, post):
    planning.set_status(acme.team, post, "planned", "Soon")
    edits.change(acme.team, post, pinned=True)
    attachments.attach(acme.reader(), [attachments.put(acme.reader(), "log.txt", b"x" * 2000).id], post=post)
    attachments.attach(acme.reader(), [attachments.put(acme.reader(), "shot.png", PICTURE).id], post=post)
    page = client.simulate_get(PAGE)
    for shown in ("Dark mode", "Planned", "Features", "#1", "Pinned", "log.txt 2 kB", "shot.png being prepared"):
        assert shown in said(page), shown
    assert "<strong>night</strong>" in page.text and "cleo" not in page.text.lower()


def test_comments_stand_in_threads_with_who_is_of_the_team_and_a_gap_for_what_is_gone(client, acme, post):
    first = comments.create(acme.reader(DAN), 1, "First")
    below = comments.create(acme.reader(), 1, "Below", parent=first)
    comments.create(acme.reader(), 1, "Second")
    comments.create(acme.writer, 1, "Deeper", parent=below)
    comments.create(acme.writer, 1, "Note", internal=True)
    comments.delete(acme.team, first)
    text = said(client.simulate_get(PAGE))
    places = [text.index(word) for word in ("Deleted comment", "Below", "in answer to Cleo", "Deeper", "Second")]
    assert places == sorted(places) and "Note" not in text and "First" not in text
    assert "3 comments" in text and "A Ada Team" in text


def test_the_official_answer_stands_above_all_and_where_it_was_given(client, acme, post):
    comments.create(acme.reader(), 1, "Please")
    answer = comments.create(acme.writer, 1, "In spring", official=True)
    page = client.simulate_get(PAGE)
    assert page.text.count("In spring") == 2 and f'href="#comment-{answer}"' in page.text
    comments.delete(acme.team, 1)
    assert client.simulate_get(PAGE).text.count("In spring") == 1  # it is the first thing said


def test_an_anonymous_visit_costs_two_statements_and_two_for_what_is_like_it(client, acme, post):
    for number in range(3):
        comments.create(acme.writer, 1, f"Word {number}", official=number == 1)
    client.simulate_get(PAGE)
    counted = {}
    with Counter().into(counted, "page"):
        page = client.simulate_get(PAGE)
    assert counted["page"] <= 4 and page.headers["cache-control"].startswith("public")
    again = client.simulate_get(PAGE, headers={"If-None-Match": page.headers["etag"]})
    assert again.status_code == 304


def test_whoever_links_to_a_post_gets_a_card(client, acme, post):
    page = client.simulate_get(PAGE).text
    address = "http://127.0.0.1:8000/b/acme/posts/1"
    for tag in (f'<link rel="canonical" href="{address}">', 'property="og:type" content="article"',
                'property="og:title" content="Dark mode"', 'property="og:description" content="For night owls"',
                f'property="og:image" content="{address}/picture.png"', 'name="twitter:card" content="summary_large_image"',
                "/oembed?url=http%3A%2F%2F127.0.0.1%3A8000%2Fb%2Facme%2Fposts%2F1"):  # fmt: skip
        assert tag in page, tag


def test_a_merged_post_leads_to_where_it_went_which_says_so(client, acme, post):
    acme.post("Night theme")
    acme.post("Dark colours")
    merges.merge(acme.team, 1, 2)
    merges.merge(acme.team, 2, 3)
    first = client.simulate_get(PAGE)
    assert (first.status_code, first.headers["location"]) == (301, "/b/acme/posts/2?from=1")
    second = client.simulate_get("/b/acme/posts/2", query_string="from=1")
    assert (second.status_code, second.headers["location"]) == (301, "/b/acme/posts/3?from=1")
    assert "“Dark mode” was merged into this post." in said(client.simulate_get("/b/acme/posts/3", query_string="from=1"))
    for claim in ("3", "4", "x", "-1", "9" * 30, ""):
        page = client.simulate_get("/b/acme/posts/3", query_string=f"from={claim}")
        assert page.status_code == 200 and "was merged into this post" not in page.text, claim


def test_what_is_not_there_for_one_is_a_page_that_offers_to_sign_in(client, acme, globex, post):
    globex.post("Foreign")
    acme.post("Gone")
    edits.delete(acme.team, 2)
    acme.post("Private", board="bugs")
    db.changed("UPDATE board SET access = 'private' WHERE key = 'bugs'")
    pages = [client.simulate_get(f"/b/acme/posts/{number}", headers={"Accept-Language": "de"}) for number in (2, 3, 99)]
    assert {page.status_code for page in pages} == {404}
    assert len({re.sub(r"posts%2F\d+", "", page.text) for page in pages}) == 1
    assert "Hier ist nichts" in pages[0].text and 'href="/b/acme/sign-in?to=%2Fposts%2F2"' in pages[0].text
    assert pages[0].headers["cache-control"] == "no-store"
    known = Visitor(client).be(acme).open("/b/acme/posts/99")
    assert known.status_code == 404 and "sign in and open it again" not in known.text


# ── comments ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_somebody_without_a_name_comments_and_answers(client, acme, post):
    nobody = Visitor(client)
    nobody.open(PAGE)
    nobody.do(PAGE, "comment", body="I would **love** it", seen="0")
    assert nobody.page.headers["location"] == f"{PAGE}#comment-1"
    page = after(nobody)
    assert "<strong>love</strong>" in page.text and "Your comment is in." in page.text
    assert "You You" not in said(page) and 'aria-label="Reply"' in page.text
    nobody.do(PAGE, "reply", body="So would I", parent="1", seen="1")
    assert written() == ["I would **love** it", "So would I"]
    assert db.row("SELECT count(*), count(DISTINCT user_id) FROM comment") == (2, 1)


def test_a_reply_form_and_an_edit_form_can_be_opened_by_address(client, acme, post, cleo):
    comments.create(acme.reader(), 1, "Mine")
    for query, opened in (("reply=1", "reply-1"), ("edit=1", "change-1"), ("edit=post", "edit-post")):
        page = cleo.open(PAGE, query_string=query).text
        assert re.findall(r'<details id="([^"]+)" name="[^"]+" open>', page) == [opened], query
    assert "open>" not in cleo.open(PAGE, query_string="reply=x&edit=%F0").text.split("<main")[1]


def test_the_same_words_sent_twice_are_one_comment_and_said_again_later_another(client, acme, post, cleo):
    for _ in range(2):
        cleo.do(PAGE, "comment", body="Thanks", seen="0")
        assert cleo.page.status_code == 303
    assert written() == ["Thanks"]
    seen = re.search(r'name="seen" value="(\d+)"', cleo.open(PAGE).text)[1]
    cleo.do(PAGE, "comment", body="Thanks", seen=seen)
    assert written() == ["Thanks", "Thanks"]


def test_two_who_are_nobody_yet_say_the_same_and_one_who_sends_it_again_said_it_once(client, acme, post):
    for name in ("a1b2c3d4" * 3, "e5f6a7b8" * 3):  # of the form, by our script
        for _ in range(2):  # the first answer was lost: without the cookie
            stranger = Visitor(client)
            stranger.do(PAGE, "comment", body="Thanks", seen="0", submission=name)
            assert stranger.page.status_code == 303 and "sayso-acme" in stranger.cookies
    assert written() == ["Thanks", "Thanks"] and db.row("SELECT count(DISTINCT user_id) FROM comment") == (2,)
    stranger.do(PAGE, "comment", body="Thanks a lot", seen="0", submission=name)
    assert written() == ["Thanks", "Thanks", "Thanks a lot"]


def test_without_a_script_the_same_words_are_one_comment_for_moments_only(client, acme, post):
    def say(body, **headers):
        assert Visitor(client).do(PAGE, "comment", headers, body=body, seen="0").status_code == 303

    for body in ("Thanks", "Thanks", "Thanks a lot"):
        say(body)
    assert written() == ["Thanks", "Thanks a lot"]
    say("Thanks", **{"User-Agent": "another browser"})
    assert written() == ["Thanks", "Thanks a lot", "Thanks"]
    db.changed("UPDATE rate SET window_start = window_start - interval '2 minutes' WHERE key LIKE 'said:%%'")
    say("Thanks")
    assert written() == ["Thanks", "Thanks a lot", "Thanks", "Thanks"]


def test_what_a_comment_lacks_is_said_in_the_readers_language_and_no_word_is_lost(client, acme, post, cleo):
    german = {"Accept-Language": "de"}
    for body, complaint in (("", "Bitte schreiben Sie zuerst etwas."), (" \u200b", "Bitte schreiben Sie zuerst etwas."),
                            ("a" * 5001, "Bitte kürzen Sie es auf 5.000 Zeichen.")):  # fmt: skip
        page = cleo.do(PAGE, "comment", german, body=body, seen="0")
        assert page.status_code == 422 and complaint in page.text and body in page.text
    nobody = Visitor(client)
    nobody.do(PAGE, "comment", body="", seen="0")
    assert "sayso-acme" not in nobody.cookies and written() == []  # who was refused has left nobody behind


def test_an_answer_to_what_is_gone_keeps_its_words(client, acme, post, cleo):
    comments.create(acme.reader(DAN), 1, "Hello")
    comments.delete(acme.team, 1)
    page = cleo.do(PAGE, "reply", body="My careful words", parent="1", seen="1")
    assert page.status_code == 422 and "no longer here" in page.text
    assert re.search(r'<textarea id="say-body"[^>]*>\s*My careful words</textarea>', page.text)


def test_a_closed_post_takes_no_comments_and_says_why(client, acme, post, cleo):
    comments.create(acme.reader(), 1, "Before")
    edits.change(acme.team, 1, locked=True)
    page = cleo.open(PAGE)
    assert "closed this post for new votes and comments" in page.text and "<textarea" not in page.text
    page = cleo.do(PAGE, "comment", body="Too late", seen="1")
    assert page.status_code == 403 and "Too late</textarea>" in page.text and written() == ["Before"]
    assert cleo.do(PAGE, "edit", title="Other", body="").status_code == 403


def test_words_for_a_post_that_was_merged_meanwhile_stand_where_it_went(client, acme, post, cleo):
    acme.post("Night theme")
    merges.merge(acme.team, 1, 2)
    cleo.do(PAGE, "comment", body="Me too", seen="0")
    assert cleo.page.headers["location"] == "/b/acme/posts/2#comment-1"
    assert "Me too" in after(cleo).text


def test_a_comment_behind_the_page_that_it_was_written_on_is_shown(client, acme, post, cleo):
    for number in range(12):
        comments.create(acme.reader(DAN), 1, f"{number} " + "a" * 4_900)
    page = cleo.open(PAGE).text
    assert 'name="behind"' in page and 'rel="next"' in page
    cleo.do(PAGE, "comment", {"Sayso-Quick": "1"}, body="At the end", seen="12", behind="1")
    assert cleo.page.status_code == 204
    path, _, query = cleo.page.headers["sayso-go"].partition("#")[0].partition("?")
    assert "At the end" in cleo.open(path, query_string=query).text


def test_ones_own_comment_is_changed_and_deleted_and_nobody_elses(client, acme, post, cleo, dan):
    comments.create(acme.reader(), 1, "Mine")
    for stranger in (dan, Visitor(client)):
        for deed in ("change_comment", "delete_comment"):
            page = stranger.do(PAGE, deed, comment="1", body="Yours")
            assert page.status_code == 403 and "Only its author can change this." in page.text
    assert 'id="change-1"' not in dan.open(PAGE).text and 'id="change-1"' in cleo.open(PAGE).text
    cleo.do(PAGE, "change_comment", comment="1", body="Better")
    assert "Your comment is changed." in after(cleo).text and written() == ["Better"]
    cleo.do(PAGE, "delete_comment", comment="1")
    assert "Your comment is deleted." in after(cleo).text and "Better" not in cleo.page.text
    assert cleo.do(PAGE, "delete_comment", comment="1").status_code == 404


def test_who_was_blocked_reads_and_says_nothing(client, acme, post, dan):
    comments.create(acme.reader(), 1, "Hello")
    blocking.block(acme.team, "dan-8")
    dan.cookies["sayso-acme"] = user_token("visitor", acme.workspace, users.find(acme.workspace, "dan-8"))
    for deed, fields in (("comment", {"body": "x", "seen": "0"}), ("vote", {"number": "1"}), ("follow", {})):
        page = dan.do(PAGE, deed, **fields)
        assert page.status_code == 403 and "but no longer write or vote" in page.text, deed
