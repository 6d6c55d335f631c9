"""One user: everything we keep about them, handed out whole, and gone so that nothing of them is left."""

import hashlib
from contextlib import suppress

import pytest
from browser import Browser
from calls import call, session
from cast import ADA, BEN, CLEO, DAN
from crowd import at_once
from installation import until
from program import Program
from queued import threads, work_off
from uploads import PDF, contents, load, send

from service import db
from service.db import database
from service.errors import NotFound
from service.feedback import (
    comments,
    edits,
    followers,
    keys,
    members,
    merges,
    planning,
    privacy,
    segments,
    team,
    users,
    votes,
)

COUNTED = """
SELECT number, votes = (SELECT count(*) FROM vote v WHERE v.post_number = p.number),
       comments = (SELECT count(*) FROM comment c WHERE c.post_number = p.number AND NOT internal AND deleted_at IS NULL)
  FROM post p ORDER BY number"""
POSTS = "SELECT number, votes, comments, author_id FROM post ORDER BY number"
TABLES = "SELECT quote_ident(relname) FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'"
CONTENT = "INSERT INTO content (workspace_id, sha256, data) VALUES (%(workspace)s, %(sha256)s, %(data)s)"
FILE = """
INSERT INTO file (workspace_id, name, type, size, sha256, state, user_id, post_number, comment_id)
VALUES (%(workspace)s, %(name)s, 'text/plain', 1, %(sha256)s, 'ready', %(user)s, %(post)s, %(comment)s)"""


@pytest.fixture
def api(client, acme):
    return Program(client, acme)


def put_file(acme, name: str, user: int, data: bytes, post: int | None = None, comment: int | None = None) -> None:
    place = {"workspace": acme.workspace.id, "sha256": hashlib.sha256(data).digest()}
    db.changed(f"{CONTENT} ON CONFLICT DO NOTHING", **place, data=data)
    db.changed(FILE, **place, name=name, user=user, post=post, comment=comment)


@pytest.fixture
def life(acme, api):
    """What Cleo left in Acme: posts, votes, comments, files, a merge, letters. Dan was there, too."""
    cleo, dan = acme.reader(CLEO), acme.reader(DAN)
    acme.post("Cleo's", "Her words", by=CLEO)
    acme.post("Dan's", by=DAN)
    acme.post("Dan's other", by=DAN)
    for number in (2, 3):
        votes.cast(cleo, number)
    comment = comments.create(cleo, 2, "Her comment")
    comments.create(dan, 1, "His comment")
    comments.create(dan, 2, "His answer", parent=comment)
    followers.follow(dan, 1)
    edits.change(cleo, 1, title="Cleo's own")
    put_file(acme, "hers.txt", cleo.user, b"hers", post=1)
    put_file(acme, "shared.txt", cleo.user, b"shared", comment=comment)
    put_file(acme, "his.txt", dan.user, b"shared", post=2)
    put_file(acme, "on-his.txt", cleo.user, b"on his", post=2)
    segments.create(acme.team, "chefs", "Chefs", [{"field": "traits.role", "op": "is", "value": "chef"}])
    acme.user({**CLEO, "traits": {"role": "chef"}, "locale": "fr"})
    planning.set_status(acme.team, 1, "planned")
    work_off()
    return cleo


def test_an_export_has_everything_we_keep(api, life):
    found = api.get("/users/cleo-7/export").json
    assert found["user"] == api.get("/users/cleo-7").json and found["locale"] == "fr"
    assert [(post["number"], post["title"], post["body"]) for post in found["posts"]] == [(1, "Cleo's own", "Her words")]
    assert [(each["post"], each["title"]) for each in found["revisions"]] == [(1, "Cleo's")]
    assert [(comment["post"], comment["body"]) for comment in found["comments"]] == [(2, "Her comment")]
    assert [vote["post"] for vote in found["votes"]] == [vote["post"] for vote in found["follows"]] == [1, 2, 3]
    assert [file["name"] for file in found["files"]] == ["hers.txt", "shared.txt", "on-his.txt"]
    assert [(letter["kind"], letter["state"]) for letter in found["letters"]] == [
        ("reply", "waiting"), ("reply", "waiting"), ("status_changed", "kept")]  # fmt: skip
    assert {"post.created", "vote.created", "comment.created", "post.updated"} <= {each["type"] for each in found["events"]}
    assert "dan" not in str(found).lower().replace("dan's", "")


def test_someone_who_is_erased_is_nowhere_any_more(acme, api, life):
    assert api.delete("/users/cleo-7").status_code == 204
    traces = ("cleo-7", "cleo@", "Her comment", "hers.txt", "shared.txt")
    for (table,) in db.rows(TABLES):
        rows = str(db.rows(f"SELECT t::text FROM {table} t"))
        assert [trace for trace in traces if trace in rows] == [], table
    assert db.rows("SELECT name FROM file ORDER BY id") == [("his.txt",), ("on-his.txt",)]
    assert sorted(bytes(data) for (data,) in db.rows("SELECT data FROM content")) == [b"on his", b"shared"]
    assert db.rows("SELECT count(*) FROM letter WHERE to_email = 'cleo@customer.example'") == [(0,)]
    assert db.rows("SELECT type, user_id, data FROM event ORDER BY seq DESC LIMIT 1") == [("user.erased", None, {})]


COLUMNS = """
SELECT table_name, column_name FROM information_schema.columns
 WHERE table_schema = 'public' AND data_type IN ('text', 'jsonb', 'ARRAY')"""


def test_someone_without_a_name_is_in_no_letter_and_no_page_data_either(acme, api):
    nia = {"sub": "nia-9", "email": "nia@customer.example"}
    acme.post("Nia's", by=nia, meta={"page": "https://customer.example/?user=nia-9"})
    work_off()
    planning.set_status(acme.team, 1, "planned")
    work_off()
    assert "nia@customer.example wrote" in db.row("SELECT text FROM letter WHERE kind = 'new_post'")[0]
    acme.post("Nia's other", by=nia)
    work_off(1)  # its letters are addressed, not sent
    assert api.delete("/users/nia-9").status_code == 204
    work_off()
    for table, column in db.rows(COLUMNS):
        assert not [row for row in db.rows(f'SELECT "{column}"::text FROM "{table}"') if "nia" in str(row)], (table, column)
    letters = db.rows("SELECT state, subject, text, html FROM letter ORDER BY id")
    assert letters == [("kept", "", "", "")] * 4, "the team's two about each post"
    assert "Emptied" in Browser(api.client).sign_in(ADA).open("/app/acme/outbox").text


def test_only_an_admins_key_exports_and_erases(client, acme):
    acme.user(CLEO)
    writer = {"Authorization": f"Bearer {keys.create(acme.workspace, acme.owner, 'w', ('read', 'write'))}"}
    for method, path in (("DELETE", ""), ("POST", "/erasure"), ("GET", "/export")):
        answer = client.simulate_request(method, f"/api/v1/users/cleo-7{path}", headers=writer)
        assert (answer.status_code, answer.json["code"]) == (403, "scope_missing")
    assert users.find(acme.workspace, "cleo-7")


def test_what_was_said_to_others_keeps_its_place_and_all_counts_are_true(acme, api, life):
    api.post("/users/cleo-7/erasure")
    assert db.rows(COUNTED) == [(number, True, True) for number in (1, 2, 3)]
    assert [row[:3] for row in db.rows(POSTS)] == [(1, 0, 1), (2, 1, 1), (3, 1, 0)]
    post = api.get("/posts/1").json
    assert (post["title"], post["author"], post["votes"]) == ("…'s own", None, 0)
    shown = api.get("/posts/2/comments").json["data"]
    assert [(each["body"], each["author"]) for each in shown if each["body"] == ""] == [("", None)]
    assert "His answer" in [each["body"] for each in shown]
    assert api.get("/posts/1/revisions").json["data"][0]["replaced_by"] == ""


def test_the_copies_of_their_votes_go_too_and_a_merge_can_still_be_taken_back(acme, api, life):
    votes.cast(acme.reader({"sub": "fay"}), 1)
    merges.merge(acme.team, 1, 3)
    assert api.get("/posts/3").json["votes"] == 3
    privacy.erase(acme.team, "cleo-7")
    assert api.get("/posts/3").json["votes"] == 2 and db.rows(COUNTED) == [(n, True, True) for n in (1, 2, 3)]
    merges.unmerge(acme.team, 1)
    assert [api.get(f"/posts/{number}").json["votes"] for number in (1, 3)] == [1, 1]
    assert db.rows(COUNTED) == [(number, True, True) for number in (1, 2, 3)]


def test_a_comment_that_was_gone_or_internal_counts_once_not_twice(acme, api):
    acme.post("Dan's", by=DAN)
    cleo = acme.reader(CLEO)
    for _ in range(3):
        last = comments.create(cleo, 1, "Words")
    comments.delete(cleo, last)
    comments.change(acme.team, comments.create(cleo, 1, "Now a note"), internal=True)
    assert api.get("/posts/1").json["comments"] == 2
    privacy.erase(acme.team, "cleo-7")
    assert api.get("/posts/1").json["comments"] == 0
    assert db.rows("SELECT DISTINCT body, user_id, deleted_at IS NULL FROM comment") == [("", None, False)]


def test_a_letter_that_still_waits_is_not_sent(acme, api, life):
    planning.set_status(acme.team, 1, "done")
    work_off(1)  # the letters are addressed, not sent
    waiting = "SELECT to_email FROM letter WHERE state = 'waiting'"
    assert (CLEO["email"],) in db.rows(waiting)
    [hers] = db.row(f"SELECT count(*) FROM ({waiting}) letter WHERE to_email = %(cleo)s", cleo=CLEO["email"])
    before = db.row("SELECT count(*) FROM job WHERE kind = 'letter.send'")[0]
    api.delete("/users/cleo-7")
    assert (CLEO["email"],) not in db.rows(waiting) and (DAN["email"],) in db.rows(waiting)
    assert db.row("SELECT count(*) FROM job WHERE kind = 'letter.send'")[0] == before - hers
    work_off()
    assert db.rows("SELECT count(*) FROM job_dead") == [(0,)]


def test_the_letters_of_a_member_with_the_same_address_stay(acme):
    acme.user({"sub": "ben-too", "email": BEN})
    acme.post()
    work_off()
    assert (BEN,) in db.rows("SELECT to_email FROM letter")
    privacy.erase(acme.team, "ben-too")
    assert (BEN,) in db.rows("SELECT to_email FROM letter")


def test_the_second_time_there_is_nobody(client, acme, api, life):
    known = session(client, acme)
    assert api.post("/users/cleo-7/erasure").status_code == 204
    again = (api.post("/users/cleo-7/erasure"), api.delete("/users/cleo-7"), api.get("/users/cleo-7/export"))
    assert [answer.status_code for answer in again] == [404, 404, 404]
    assert api.events().count("user.erased") == 1
    ended = call(client, acme, "opening", session=known)
    assert (ended.status_code, ended.json["code"]) == (401, "token_expired")
    call(client, acme, "session", user_token=acme.token())  # who comes back begins anew
    assert api.get("/users/cleo-7/export").json["votes"] == []


def test_a_member_is_erased_only_when_they_are_out_of_the_team(acme, api):
    ben = members.person(BEN)
    users.of_member(acme.workspace, ben)
    refused = api.delete(f"/users/sayso-member-{ben.id}")
    assert (refused.status_code, refused.json["code"]) == (409, "is_member")
    team.remove(acme.team, ben.id)
    assert api.delete(f"/users/sayso-member-{ben.id}").status_code == 204


def test_users_of_another_workspace_are_not_found(client, acme, globex, life):
    theirs = Program(client, globex)
    for answer in (
        theirs.delete("/users/cleo-7"), theirs.post("/users/cleo-7/erasure"), theirs.get("/users/cleo-7/export"),
        theirs.delete("/users/%FF"), theirs.delete("/users/" + "x" * 300),
    ):  # fmt: skip
        assert answer.status_code == 404
    for method, path in (("DELETE", ""), ("POST", "/erasure"), ("GET", "/export")):
        assert client.simulate_request(method, f"/api/v1/users/cleo-7{path}").status_code == 401
    assert users.find(acme.workspace, "cleo-7").email == CLEO["email"]


def test_who_is_voted_for_by_others_while_they_are_erased_is_made_anew(acme):
    acme.post(by=DAN)

    @db.verb
    def vote() -> None:
        user = users.by_external_id(acme.workspace, "zed")
        votes.cast(acme.team._replace(user=user.id), 1)

    def work(number: int) -> None:
        for _ in range(10):
            with suppress(NotFound):
                privacy.erase(acme.team, "zed") if number % 4 == 0 else vote()

    assert [error for error in at_once(work, 8) if error] == []
    assert db.rows(COUNTED) == [(1, True, True)]


def test_whoever_acts_while_they_are_erased_leaves_the_counts_true(acme):
    for number in range(4):
        acme.post(f"Post {number}", by=DAN)
    cleo = acme.reader(CLEO)
    for number in (1, 2):
        votes.cast(cleo, number)

    def work(number: int):
        if number in (3, 7):
            return privacy.erase(acme.team, "cleo-7")
        if number % 3 == 0:
            return votes.withdraw(cleo, 1 + number % 4)
        if number % 3 == 1:
            return votes.cast(acme.reader({"sub": f"u{number}"}), 1 + number % 4)
        return users.identify(acme.workspace, {"sub": f"u{number}", "company": {"id": "c", "mrr": number}})

    done = at_once(work, 12)
    unexpected = [error for error in done if isinstance(error, Exception) and not isinstance(error, NotFound)]
    assert unexpected == []
    assert db.rows(COUNTED) == [(number, True, True) for number in (1, 2, 3, 4)]
    assert db.row("SELECT count(*) FROM event WHERE type = 'user.erased'") == (1,)


def test_files_that_a_program_sent_for_them_are_theirs(client, acme, api):
    file = send(client, acme, PDF).json
    api.post("/posts", title="Mine", author="fay", files=[file["id"]])
    assert [each["id"] for each in api.get("/users/fay/export").json["files"]] == [file["id"]]
    api.delete("/users/fay")
    assert load(client, file["url"]).status_code == 404 and contents() == []


def test_a_repeated_request_does_not_bring_them_back(api):
    again = {"Idempotency-Key": "k"}
    fields = {"email": "fay@customer.example", "name": "Fay"}
    assert api.send("PUT", "/users/fay", fields, again).status_code == 201
    api.delete("/users/fay")
    assert db.row("SELECT count(*) FROM repeated_request") == (0,)


def test_who_votes_while_they_are_erased_is_told_so(client, acme, api):
    acme.post("Dan's", by=DAN)
    mine = session(client, acme, CLEO)
    with threads(1) as pool:
        with database.atomic():
            privacy.erase(acme.team, "cleo-7")
            late = pool.submit(call, client, acme, "posts/1/vote", session=mine, voted=True)
            until(lambda: db.row("SELECT count(*) FROM pg_locks WHERE NOT granted")[0])
        assert late.result(10).status_code == 409
    assert api.get("/posts/1").json["votes"] == 1
