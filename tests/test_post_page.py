"""The page of a post: what it shows, and everything that can be done there, as a browser without scripts does it."""

import json
import re
from html import unescape

import pytest
from browser import Browser
from cast import ADA, BEN, CLEO, DAN, EVE
from uploads import png

from service import db
from service.feedback import boards, comments, edits, fields, planning, posts, segments, tags, votes
from service.web.dashboard.posts import Post

PAGE = "/app/acme/posts/1"
MANY_VOTES = """
WITH made AS (
  INSERT INTO "user" (workspace_id, external_id, kind, name)
  SELECT %(workspace)s, 'many-' || n, 'identified', 'Many ' || n FROM generate_series(1, 120) n RETURNING id)
INSERT INTO vote (workspace_id, post_number, user_id) SELECT %(workspace)s, 1, id FROM made"""


@pytest.fixture
def ada(client, acme):
    acme.post("Dark mode", "For night owls", by=DAN, meta={"page_url": "https://app.example/x", "viewport": "390×844"})
    browser = Browser(client).sign_in(ADA)
    browser.open(PAGE)
    return browser


def texts(page) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page.text)).split())


def do(browser, deed: str, **typed):
    """Send this form, which must be taken; returns the page that follows."""
    answer = browser.send(PAGE, do=deed, **typed)
    assert answer.status_code == 303, (deed, texts(answer))
    return browser.open(answer.headers["location"])


def post(acme):
    return posts.find(acme.team, 1)


def hidden(page, name: str) -> str:
    return unescape(re.search(rf'name="{name}" value="([^"]*)"', page.text)[1])


def happened() -> tuple:
    return db.row("SELECT type, data FROM event ORDER BY seq DESC LIMIT 1")


# ── what it shows ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_it_shows_who_wrote_it_where_and_what_their_company_pays(ada):
    said = texts(ada.page)
    for words in ("Dark mode", "For night owls", "dan@customer.example", "Initech", "$49", "https://app.example/x",
                  "390×844", "1 post, 1 vote", "Copy link for users", "No comments yet"):  # fmt: skip
        assert words in said, words
    assert f"/app/acme/users/{DAN['sub']}" in ada.page.text


def test_the_voters_who_pay_most_come_first_and_the_rest_page_by_page(ada, acme):
    db.changed(MANY_VOTES, workspace=acme.workspace.id)
    page = ada.open(PAGE)
    assert texts(page).index("Initech") < texts(page).index("Many ")
    assert page.text.count("many-") == 2 * 49  # a link and the form to take it back
    seen = set(re.findall(r"users/(many-\d+)", page.text))
    while more := re.search(r'href="(\?voters=[^"#]+)', page.text):
        page = ada.open(PAGE, query_string=unescape(more[1])[1:])
        seen |= set(re.findall(r"users/(many-\d+)", page.text))
    assert len(seen) == 120


def test_an_address_that_was_meddled_with_shows_the_page(ada):
    for query in ("voters=x-1", "voters=9-", "after=x", "before=-1", "voters=²-²", "after=99999999999", "voters=0-0"):
        assert ada.open(PAGE, query_string=query).status_code == 200, query
    assert ada.open("/app/acme/posts/99").status_code == 404


def test_the_history_says_who_did_what_by_name(ada, acme):
    tags.create(acme.team, "money", "Money matters")
    tags.tag(acme.team, 1, "money")
    planning.assign(acme.team, 1, acme.owner.id)
    planning.set_status(acme.team, 1, "planned", "In spring", notify=False)
    comments.create(acme.writer, 1, "Ask Ben", internal=True)
    edits.change(acme.team, 1, body="For night owls and bats")
    said = texts(ada.open(PAGE))
    for words in (
        "Ada put on the tag Money matters", "Ada assigned it to Ada", "Ada set the status to Planned without a letter",
        "Ada wrote an internal note", "Ada changed the details", "Dan wrote this",
    ):  # fmt: skip
        assert words in said, words
    assert "<ins>owls and bats</ins>" in ada.page.text and "<del>owls</del>" in ada.page.text


# ── what it says ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_title_and_details_are_changed(ada, acme):
    page = do(ada, "edit", title="Darker mode", body="For **owls**", seen=hidden(ada.page, "seen"))
    assert "Darker mode" in texts(page) and "<strong>owls</strong>" in page.text
    assert happened() == ("post.updated", {"changed": ["body", "title"]})


def test_who_was_overtaken_sees_both_texts_and_can_still_save(ada, acme):
    seen = hidden(ada.page, "seen")
    edits.change(acme.team, 1, title="Night mode")
    page = ada.send(PAGE, do="edit", title="My dark mode", body="My words", seen=seen)
    said = texts(page)
    assert page.status_code == 409 and "Ada changed this post while you were writing" in said
    assert "What it says now" in said and "Night mode" in said and 'value="My dark mode"' in page.text and "My words" in said
    assert post(acme).title == "Night mode"
    do(ada, "edit", title="My dark mode", body="My words", seen=hidden(page, "seen"))
    assert post(acme).title == "My dark mode"


def test_a_title_that_cannot_be_is_shown_again_with_what_was_typed(ada, acme):
    page = ada.send(PAGE, do="edit", title=" ", body="Typed text", seen=hidden(ada.page, "seen"))
    assert page.status_code == 422 and "Say in a few words" in page.text and "Typed text" in page.text
    assert post(acme).title == "Dark mode"


# ── where it stands ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_is_done_can_be_undone(ada, acme):
    boards.create(acme.team, "apps", "Apps")
    ben = db.row("SELECT id FROM person WHERE email = %(email)s", email=BEN)[0]
    before = post(acme)._replace(updated_at=None)
    for deed, typed, field, value in [
        ("status", {"status": "planned", "was": "open"}, "status_key", "planned"),
        ("assign", {"member": ben, "was": ""}, "assignee_name", "Ben"),
        ("board", {"board": "apps", "was": "features"}, "board_key", "apps"),
        ("tag", {"tag": "Night time"}, "tags", ["night-time"]), ("pin", {}, "pinned", True), ("lock", {}, "locked", True),
    ]:  # fmt: skip
        page = do(ada, deed, **typed)
        assert getattr(post(acme), field) == value, deed
        do(ada, "undo", action=hidden(page, "action"))
        assert post(acme)._replace(updated_at=None) == before, deed


def test_a_form_that_was_made_for_something_else_warns_instead_of_overwriting(ada, acme):
    boards.create(acme.team, "apps", "Apps")
    ben = db.row("SELECT id FROM person WHERE email = %(email)s", email=BEN)[0]
    planning.set_status(acme.team, 1, "started")
    planning.assign(acme.team, 1, ben)
    planning.set_eta(acme.team, 1, planning.date(2026, 12, 31))
    edits.change(acme.team, 1, board="apps")
    before = post(acme)
    for deed, typed in [
        ("status", {"status": "planned", "was": "open", "note": "Typed text"}),
        ("assign", {"member": acme.owner.id, "was": ""}),
        ("eta", {"eta": "2027-01-01", "was": ""}), ("board", {"board": "bugs", "was": "features"}),
    ]:  # fmt: skip
        page = ada.send(PAGE, do=deed, **typed)
        assert page.status_code == 409 and "meanwhile" in texts(page), deed
        assert "Typed text" in page.text or deed != "status"
        assert post(acme) == before
    do(ada, "eta", eta="2027-01-01", was="2026-12-31")
    assert post(acme).eta.year == 2027


def test_a_day_is_written_like_a_day(ada):
    for day in ("soon", "2026-13-01", "9" * 40):
        page = ada.send(PAGE, do="eta", eta=day, was="")
        assert page.status_code == 422 and "Write the day like" in page.text, day


def test_a_tag_is_found_by_its_name_or_made(ada, acme):
    tags.create(acme.team, "money", "Money matters")
    do(ada, "tag", tag=" money MATTERS ")
    do(ada, "tag", tag="Größe")
    assert len(tags.of(acme.team)) == 2 and "money" in post(acme).tags
    do(ada, "untag", tag="money")
    assert "money" not in post(acme).tags
    for bad in ("", "x" * 81):
        assert ada.send(PAGE, do="tag", tag=bad).status_code == 422


def test_custom_fields_are_filled_checked_and_kept_from_being_overwritten(ada, acme):
    for key, type in (("size", "number"), ("why", "text"), ("paid", "checkbox")):
        fields.create(acme.team, key, key.title(), type)
    do(ada, "fields", was="{}", **{"fields.size": "3", "fields.why": "", "fields.paid": "1"})
    assert json.loads(post(acme).fields) == {"size": 3, "paid": True}
    page = ada.send(PAGE, do="fields", was='{"size": 3, "paid": true}', **{"fields.size": "big"})
    assert page.status_code == 422 and "must be a number" in page.text and 'value="big"' in page.text
    edits.change(acme.team, 1, values={"size": 5})
    said = {"fields.size": "4", "fields.why": "Because", "fields.paid": "1"}
    assert ada.send(PAGE, do="fields", was='{"size": 3, "paid": true}', **said).status_code == 409
    do(ada, "fields", was='{"size": 5, "paid": true}', **{**said, "fields.size": "5"})
    assert json.loads(post(acme).fields) == {"size": 5, "paid": True, "why": "Because"}
    assert ada.send(PAGE, do="fields", was="[" * 9000).status_code == 422


def test_a_deleted_post_can_be_brought_back_from_its_page(ada, acme):
    answer = ada.send(PAGE, do="delete")
    assert (answer.status_code, answer.headers["location"]) == (303, "/app/acme/inbox")
    page = ada.open(PAGE)
    assert "#1 was deleted" in texts(page) and "by Ada" in texts(page)
    assert "Dark mode" in texts(do(ada, "restore")) and post(acme).votes == 1


# ── what people say, and who wants it ───────────────────────────────────────────────────────────────────────────────


def test_comments_are_written_answered_changed_marked_and_deleted(ada, acme):
    do(ada, "comment", words="We are **on it**", kind="official")
    [first] = comments.of(acme.team, 1)
    do(ada, "reply", words="Ask Ben", parent=first.id, kind="internal")
    page = do(ada, "change_comment", comment=first.id, words="We are done")
    assert "We are done" in texts(page) and "Official answer" in texts(page) and "Internal note" in texts(page)
    do(ada, "mark_comment", comment=first.id, mark="plain")
    assert [each.official for each in comments.of(acme.team, 1)] == [False, False]
    do(ada, "delete_comment", comment=first.id)
    assert post(acme).comments == 0
    page = ada.send(PAGE, do="reply", words="x" * 5001, parent=comments.of(acme.team, 1)[1].id)
    assert page.status_code == 422 and "at most 5,000" in page.text and "x" * 5001 in page.text


def test_words_of_others_are_not_changed_and_comments_of_other_posts_not_reached(ada, acme):
    second = acme.post("Second")
    theirs = comments.create(acme.reader(CLEO), 1, "Mine")
    elsewhere = comments.create(acme.writer, second, "Elsewhere")
    assert ada.send(PAGE, do="change_comment", comment=theirs, words="Not mine").status_code == 404
    for deed in ("change_comment", "mark_comment", "delete_comment"):
        ada.open(PAGE)
        assert ada.send(PAGE, do=deed, comment=elsewhere, words="x", mark="internal").status_code == 404


def test_files_are_sent_by_the_script_and_become_part_of_a_comment(ada, acme, client):
    token = hidden(ada.page, "csrf")
    sent = {**ada.headers(), "Content-Type": "image/png"}
    assert client.simulate_post("/app/acme/files?name=a.png", body=png(), headers=sent).status_code == 415
    answer = client.simulate_post("/app/acme/files?name=a.png", body=png(), headers={**sent, "Sayso-Csrf": token})
    assert answer.status_code == 201 and answer.json["name"] == "a.png"
    refused = client.simulate_post("/app/acme/files", body=b"\x7fELF\0\1", headers={**sent, "Sayso-Csrf": token})
    assert refused.status_code == 415 and "picture" in refused.json["message"]
    page = do(ada, "comment", words="See there", kind="public", files=answer.json["id"])
    assert "Delete a.png" in texts(page)
    page = ada.send(PAGE, do="attach", files=answer.json["id"])
    assert page.status_code == 422 and "send it anew" in page.text
    do(ada, "drop_file", file=answer.json["id"])
    assert db.row("SELECT count(*) FROM file") == (0,)


def test_a_vote_is_added_for_a_user_by_id_or_address_and_taken_back(ada, acme):
    acme.user(CLEO)
    page = do(ada, "vote", user="CLEO@customer.example")
    assert "2 voters" in texts(page) and "by Ada on their behalf" in texts(page)
    do(ada, "unvote", voter="cleo-7")
    do(ada, "vote", user="cleo-7")
    assert post(acme).votes == 2
    page = ada.send(PAGE, do="vote", user="nobody@x.example")
    assert page.status_code == 422 and "There is no user" in page.text and 'value="nobody@x.example"' in page.text


def test_the_score_is_shown_by_segment(ada, acme):
    segments.create(acme.team, "team", "On Team", [{"field": "company.plan", "op": "is", "value": "Team"}])
    votes.cast(acme.reader(CLEO), 1)
    assert "Everyone 2 1 $49 On Team 1 1 $49" in texts(ada.open(PAGE))


def test_a_member_follows_and_no_longer_follows(ada, acme):
    assert "2 followers" in texts(do(ada, "follow")) and "Unfollow" in texts(ada.page)
    assert "1 follower" in texts(do(ada, "unfollow"))


def test_no_form_makes_an_error_of_ours(ada):
    typed = (
        "title", "body", "seen", "status", "note", "was", "member", "eta", "board", "tag", "fields.x", "words",
        "kind", "parent", "comment", "mark", "files", "file", "user", "voter", "question", "segment", "other", "part",
        "action",
    )  # fmt: skip
    for value in ("", "\0", "\ud800".encode("utf-8", "surrogatepass"), "9" * 30, "²", "<b>" * 300, "null", "2026-02-30"):
        for deed in [*Post.deeds, "undo", "nothing"]:
            ada.open(PAGE)
            answer = ada.send(PAGE, do=deed, **dict.fromkeys(typed, value))
            assert answer.status_code in (303, 400, 404, 409, 422), (deed, value, answer.text[:300])


# ── who may ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_nobody_else_sees_or_does_anything_here(ada, client, acme, globex):
    eve = Browser(client).sign_in(EVE)
    for path in (PAGE, "/app/acme/posts/new", "/app/globex/posts/1"):
        assert eve.open(path).status_code == 404
        eve.open("/app/new")
        assert eve.send(path, do="delete").status_code in (404, 400)
    nobody = Browser(client)
    assert nobody.open(PAGE).headers["location"] == "/app/sign-in"
    assert client.simulate_post("/app/acme/files", body=png(), headers={"Sayso-Csrf": "x"}).status_code == 303
    assert post(acme).title == "Dark mode"
