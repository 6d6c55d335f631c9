"""Files of one's own post, through the widget: a form from the customer's page, and everything that may be wrong with it."""

import falcon.testing
import pytest
from calls import SITE, call, session
from cast import CLEO, DAN
from crowd import at_once
from lowered import lower
from queued import work_off
from uploads import PDF, contents, form, load, png

from service import db
from service.feedback import attachments, boards, edits, limits, merges, moderation, workspaces

FILE = {"id", "name", "type", "size", "url", "thumbnail_url", "waiting"}
COUNTED = "SELECT count(*) FROM rate WHERE key LIKE 'files:%%'"
FILES = "SELECT count(*), count(post_number) FROM file"
TOLD = "SELECT type, public, data FROM event WHERE type = 'post.updated' OR type LIKE 'file.%%' ORDER BY seq"


@pytest.fixture
def number(acme) -> int:
    """A post of Cleo's."""
    return acme.post("Dark mode", by=CLEO)


@pytest.fixture
def who(client, acme) -> str:
    """Cleo's session."""
    return session(client, acme, CLEO)


def upload(client, company, number: int, data: bytes = PDF, name: str = "a.pdf", origin: str | None = SITE, file_first=False,
           **fields):  # fmt: skip
    """The answer to a form with this file and these fields, on a page of `origin`. Fields that are None are left out."""
    said = {"key": company.widget_key, **fields}
    parts = [(field, None, value.encode()) for field, value in said.items() if value is not None]
    parts.insert(0 if file_first else len(parts), ("file", name, data))
    return post(client, number, *parts, origin=origin)


def post(client, number: int, *parts, origin: str | None = SITE, **headers):
    body, kind = form(*parts)
    return raw(client, number, body, kind, origin, **headers)


def raw(client, number: int, body: bytes, kind: str, origin: str | None = SITE, **headers):
    known = {"Content-Type": kind, "Origin": origin, **headers}
    known = {name: value for name, value in known.items() if value is not None}
    return client.simulate_post(f"/api/widget/posts/{number}/files", body=body, headers=known)


def refused(answer) -> tuple[int, str]:
    return answer.status_code, answer.json.get("code")


def nothing_is_kept() -> bool:
    return db.row(FILES) == (0, 0) and contents() == []


# ── sending ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_file_becomes_part_of_the_post_wherever_the_fields_stand(client, acme, number, who):
    for file_first in (False, True):
        answer = upload(client, acme, number, session=who, file_first=file_first)
        assert answer.status_code == 201 and answer.headers["access-control-allow-origin"] == SITE
        file = answer.json["file"]
        assert set(file) == FILE
        assert (file["name"], file["type"], file["size"], file["waiting"]) == ("a.pdf", "application/pdf", len(PDF), False)
        assert load(client, file["url"]).content == PDF
    assert [each["name"] for each in call(client, acme, f"posts/{number}").json["post"]["files"]] == ["a.pdf", "a.pdf"]
    about = [(type, public, data.get("changed")) for type, public, data in db.rows(TOLD)]
    assert about == [("file.created", False, None), ("post.updated", True, ["files"])] * 2


def test_a_picture_waits_until_it_was_made_harmless(client, acme, number, who):
    made = upload(client, acme, number, png(), "shot.png", session=who).json["file"]
    assert (made["waiting"], made["thumbnail_url"], load(client, made["url"]).status_code) == (True, None, 503)
    work_off()
    [file] = call(client, acme, f"posts/{number}").json["post"]["files"]
    assert not file["waiting"] and load(client, file["thumbnail_url"]).headers["content-type"] == "image/webp"


def test_who_is_anonymous_adds_files_to_what_they_wrote(client, acme):
    made = call(client, acme, "posts", title="Dark mode", submission="a" * 24).json
    answer = upload(client, acme, made["post"]["number"], anonymous=made["anonymous"])
    assert answer.status_code == 201 and set(answer.json) == {"file"}


def test_a_post_that_waits_takes_files_and_nobody_hears_of_it(client, acme, who):
    boards.change(acme.team, "features", approve_first=True)
    number = acme.post("Dark mode", by=CLEO)
    assert upload(client, acme, number, session=who).status_code == 201
    assert [public for type, public, _ in db.rows(TOLD) if type == "post.updated"] == [False]
    moderation.approve(acme.team, [number])
    assert refused(upload(client, acme, number, session=who)) == (403, "approved")
    assert db.row(FILES) == (1, 1)


def test_any_page_may_read_what_a_signed_address_shows(client, acme, number, who):
    url = upload(client, acme, number, session=who).json["file"]["url"]
    waiting = upload(client, acme, number, png(), session=who).json["file"]["url"]
    for address, status in ((url, 200), (waiting, 503), (url[:-3], 404)):
        answer = load(client, address, Origin="https://elsewhere.example")
        assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (status, "*")
        assert "access-control-allow-credentials" not in answer.headers


# ── who may ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_only_its_author_may_and_only_on_the_first_day(client, acme, globex, number, who):
    stranger = call(client, acme, "posts", title="Mine", submission="a" * 24).json["anonymous"]
    for proof in ({}, {"session": session(client, acme, DAN)}, {"anonymous": stranger}):
        assert refused(upload(client, acme, number, **proof)) == (403, "forbidden"), proof
    assert refused(upload(client, globex, number, session=who)) == (401, "token_invalid")
    assert upload(client, globex, number, session=session(client, globex, CLEO)).status_code == 404
    assert upload(client, acme, 99, session=who).status_code == 404
    db.changed("UPDATE post SET created_at = now() - interval '23 hours'")
    assert upload(client, acme, number, session=who).status_code == 201, "longer than its words can be changed"
    db.changed("UPDATE post SET created_at = now() - interval '25 hours'")
    assert refused(upload(client, acme, number, session=who)) == (403, "too_late")
    assert db.row(FILES) == (1, 1)


def test_a_post_that_is_locked_merged_hidden_or_gone_takes_none_and_nothing_counts(client, acme, number, who):
    into = acme.post("Night mode", by=DAN)
    edits.change(acme.team, number, locked=True)
    assert refused(upload(client, acme, number, session=who)) == (403, "locked")
    edits.change(acme.team, number, locked=False)
    merges.merge(acme.team, number, into)
    assert refused(upload(client, acme, number, session=who)) == (409, "merged")
    merges.unmerge(acme.team, number)
    db.changed("UPDATE board SET access = 'private'")
    assert upload(client, acme, number, session=who).status_code == 404
    db.changed("UPDATE board SET access = 'public'")
    edits.delete(acme.team, number)
    assert upload(client, acme, number, session=who).status_code == 404
    assert nothing_is_kept() and db.row(COUNTED) == (0,)


def test_ten_files_are_enough_even_when_all_come_at_once(client, acme, number, who):
    answers = at_once(lambda n: upload(client, acme, number, b"%d" % n, session=who), 14)
    assert sorted(answer.status_code for answer in answers) == [201] * 10 + [422] * 4
    assert db.row(FILES) == (10, 10) and len(contents()) == 10
    answer = upload(client, acme, number, session=who)
    assert answer.json["errors"] == [{"field": "files", "message": "A post has at most 10 files."}]


def test_case_40_there_is_an_end_to_it_for_a_day(client, acme, number, who, monkeypatch):
    lower(monkeypatch, FILES_OF_USER=2)
    assert [upload(client, acme, number, session=who).status_code for _ in range(3)] == [201, 201, 429]


def test_a_network_has_an_end_of_its_own_before_that_of_all(client, acme, number, who, monkeypatch):
    lower(monkeypatch, FILES_FROM=2, FILES=3)
    other, dan = acme.post("Export", by=DAN), session(client, acme, DAN)
    assert [upload(client, acme, number, session=who).status_code for _ in range(2)] == [201, 201]
    assert [upload(client, acme, other, session=dan).status_code for _ in range(5)] == [429] * 5
    monkeypatch.setattr(limits, "network", lambda _: "elsewhere")
    assert [upload(client, acme, other, session=dan).status_code for _ in range(2)] == [201, 429]


def test_a_name_in_the_address_is_given_once(client, acme, number, who):
    body, kind = form(("key", None, acme.widget_key.encode()), ("session", None, who.encode()), ("file", None, PDF))
    for query, status in (("name=a&name=b", 422), ("name=a", 201), ("", 201)):
        answer = client.simulate_post(f"/api/widget/posts/{number}/files", body=body, query_string=query,
                                      headers={"Content-Type": kind, "Origin": SITE})  # fmt: skip
        assert answer.status_code == status, query


def test_a_blocked_user_sends_nothing(client, acme, number, who):
    db.changed('UPDATE "user" SET blocked_at = now()')
    assert refused(upload(client, acme, number, session=who)) == (403, "blocked")
    assert nothing_is_kept()


def test_a_key_and_a_page_of_ours_are_needed(client, acme, number, who):
    workspaces.set_origins(acme.workspace, SITE)
    answer = upload(client, acme, number, session=who, origin="https://evil.example")
    assert refused(answer) == (403, "origin_refused") and "access-control-allow-origin" not in answer.headers
    for key in ("x", acme.widget_key[:-2], who, ""):
        assert upload(client, acme, number, session=who, key=key).status_code == 401, key
    missing = upload(client, acme, number, session=who, key=None)
    assert (missing.status_code, missing.json["errors"][0]["field"]) == (422, "key")
    assert upload(client, acme, number, session="x").status_code == 401
    assert upload(client, acme, number, session=who).status_code == 201


# ── what is sent ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_case_36_more_than_ten_megabytes_are_413(client, acme, number, who):
    assert upload(client, acme, number, b"x" * attachments.LARGEST, session=who).status_code == 201
    for more, can_read in ((1, True), (200_000, True), (3_000_000, False)):
        answer = upload(client, acme, number, b"x" * (attachments.LARGEST + more), session=who)
        assert answer.status_code == 413 and ("access-control-allow-origin" in answer.headers) == can_read
    assert db.row(FILES) == (1, 1)


def test_what_is_no_file_that_we_take_is_refused(client, acme, number, who):
    for data, status in ((b"", 422), (b"\0\1\2", 415), (b"<svg\xff", 415)):
        assert upload(client, acme, number, data, session=who).status_code == status
    assert nothing_is_kept() and db.row(COUNTED) == (0,)


def test_a_form_that_is_none_is_refused(client, acme, number, who):
    key, own = ("key", None, acme.widget_key.encode()), ("session", None, who.encode())
    file = ("file", "a.pdf", PDF)
    body, kind = form(key, own, file)
    for answer, status in (
        (raw(client, number, body[:-12], kind), 400),
        (raw(client, number, body, "multipart/form-data"), 400),
        (raw(client, number, b"", kind), 400),
        (raw(client, number, body, "text/plain"), 415),
        (raw(client, number, body, kind, **{"Content-Encoding": "gzip"}), 415),
        (raw(client, number, b'{"key": "x"}', "application/json"), 415),
        (post(client, number, key, own), 422),
        (post(client, number, key, own, file, file), 422),
        (post(client, number, key, key, own, file), 422),
        (post(client, number, ("key", None, b"x" * 9000), own, file), 400),
        (post(client, number, ("key", None, b"\xff"), own, file), 400),
        (post(client, number, ("key", None, b"a\0b"), own, file), 400),
        (post(client, number, ("key", "key.txt", b"x"), own, file), 401),
        (post(client, number, key, own, *[(f"more {n}", None, b"") for n in range(18)], file), 400),
    ):
        assert answer.status_code == status, answer.text
        assert answer.headers["content-type"] == "application/problem+json"
    assert nothing_is_kept()
    assert post(client, number, ("other", None, b"\xff\0"), key, own, ("anonymous", None, b""), file).status_code == 201


def test_hostile_names_of_files_do_no_harm(client, acme, number, who):
    for name in ("../../etc/passwd", "a\u202egnp.exe", "x" * 500, "<img src=x>", ""):
        made = upload(client, acme, number, b"text", name, session=who)
        assert made.status_code == 201 and "/" not in made.json["file"]["name"], name


# ── the question before ─────────────────────────────────────────────────────────────────────────────────────────────


def test_a_browser_may_ask_first_and_the_database_is_left_alone(app):
    client = falcon.testing.TestClient(app)
    for origin, allowed in ((SITE, SITE), (None, "*")):
        asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"}
        answer = client.simulate_options("/api/widget/posts/1/files", headers=asked | ({"Origin": origin} if origin else {}))
        said = {name: answer.headers.get(f"access-control-{name}") for name in
                ("allow-origin", "allow-methods", "allow-headers", "max-age", "allow-credentials")}  # fmt: skip
        assert answer.status_code == 204 and answer.headers["vary"] == "Origin"
        assert list(said.values()) == [allowed, "POST", "content-type", "600", None]
    assert "access-control-allow-origin" not in client.simulate_options("/api/widget/posts").headers


def test_files_are_seen_by_everyone_who_sees_the_post(client, acme, number, who):
    upload(client, acme, number, session=who)
    for more in ({}, {"session": session(client, acme, DAN)}):
        assert len(call(client, acme, f"posts/{number}", **more).json["post"]["files"]) == 1
