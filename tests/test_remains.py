"""What stays of who is erased: a workspace keeps their posts or not, and their votes or not, and nothing leads back."""

import re
from html import unescape

import pytest
from browser import Browser
from cast import ADA, BEN, CLEO, DAN
from program import Program
from queued import work_off

from service import db
from service.errors import NotFound
from service.feedback import (
    comments,
    edits,
    followers,
    kept,
    merges,
    posts,
    privacy,
    remains,
    users,
    votes,
)

PAGE = "/app/acme/settings/privacy"
COUNTED = """
SELECT number, votes = (SELECT count(*) FROM vote v WHERE v.post_number = p.number),
       comments = (SELECT count(*) FROM comment c WHERE c.post_number = p.number AND NOT internal AND deleted_at IS NULL)
  FROM post p ORDER BY number"""


@pytest.fixture
def ada(client, acme):
    return Browser(client).sign_in(ADA)


def texts(page) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page.text)).split())


def erase(acme, keep_posts: bool = True, keep_votes: bool = False) -> None:
    remains.change(acme.team, posts=keep_posts, votes=keep_votes)
    privacy.erase(acme.team, CLEO["sub"])
    work_off()


def there(acme) -> list[tuple]:
    """Number, title, votes, comments and what it was merged into, of every post; all counts are true."""
    assert all(row[1:] == (True, True) for row in db.rows(COUNTED))
    return db.rows("SELECT number, title, votes, comments, merged_into FROM post ORDER BY number")


# ── the page ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_admins_choose_it_and_members_read_it(client, ada, acme):
    assert 'name="posts" value="1" checked' in ada.open(PAGE).text
    seen = re.search(r'name="seen" value="(\w+)"', ada.page.text)[1]
    assert ada.send(PAGE, do="change", votes="1", seen=seen).status_code == 303
    assert remains.of(acme.team) == (False, True)
    ada.open(PAGE)
    late = ada.send(PAGE, do="change", posts="1", seen=seen)
    assert late.status_code == 409 and remains.of(acme.team) == (False, True)
    ben = Browser(client).sign_in(BEN)
    assert "go, with everything below them" in texts(ben.open(PAGE)) and 'name="do"' not in ben.page.text
    assert ben.send(PAGE, do="change", posts="1").status_code == 403
    assert "whether posts of erased users stay" in texts(ada.open("/app/acme/settings/audit"))


def test_nothing_new_is_no_change(acme):
    remains.change(acme.team, posts=True, votes=False)
    assert db.rows("SELECT count(*) FROM event WHERE type = 'workspace.updated'") == [(0,)]


def test_the_users_page_says_what_goes(ada, acme):
    acme.user(CLEO)
    assert "Their posts stay without their name. Their votes go." in texts(ada.open("/app/acme/users/cleo-7"))
    remains.change(acme.team, posts=False, votes=True)
    page = texts(ada.open("/app/acme/users/cleo-7"))
    assert "go with everything that was said below them. Their votes stay counted" in page


# ── votes ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_votes_that_stay_are_somebodys_of_whom_nothing_is_known(acme):
    acme.post("Hers", by=CLEO)
    acme.post("His", by=DAN)
    votes.cast(acme.reader(CLEO), 2)
    before = [row[2] for row in there(acme)]
    erase(acme, keep_votes=True)
    assert [row[2] for row in there(acme)] == before == [1, 2]
    [(kind, *known)] = db.rows("""
        SELECT kind, email, name, avatar, locale, traits, segments, company_id, network_tag FROM "user"
         WHERE external_id LIKE 'anon%%'""")
    assert (kind, known) == ("anonymous", [None, "", None, None, {}, [], None, None])
    with pytest.raises(NotFound):
        privacy.erase(acme.team, CLEO["sub"])


def test_who_comes_back_votes_anew(acme):
    acme.post("His", by=DAN)
    votes.cast(acme.reader(CLEO), 1)
    erase(acme, keep_votes=True)
    votes.cast(acme.reader(CLEO), 1)
    assert there(acme)[0][2] == 3


def test_who_never_voted_leaves_nobody_behind(acme):
    acme.user(CLEO)
    erase(acme, keep_votes=True)
    assert db.rows("""SELECT count(*) FROM "user" WHERE kind = 'anonymous'""") == [(0,)]


def test_copies_of_votes_that_stay_still_leave_with_a_merge(acme):
    acme.post("Hers", by=CLEO)
    acme.post("His", by=DAN)
    merges.merge(acme.team, 1, 2)
    erase(acme, keep_votes=True)
    assert there(acme)[1][2] == 2
    merges.unmerge(acme.team, 1)
    assert [row[2] for row in there(acme)] == [1, 1]


# ── posts ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name, said, becomes", [
    ("Cleo", "Best, Cleo", "Best, …"), ("Cleo", "cleo@x, Cleopatra, cleo", "…@x, Cleopatra, …"),
    ("Mark May", "mark my words, Mark. In May mark may", "mark my words, …. In … …"),
    ("Al Ng", "Al said: al ng wrote", "Al said: … wrote"), ("Al", "Al", "Al"), ("", "Hi", "Hi"),
    ("O'Hara (Sales)", "O'Hara of Sales; o'hara (sales)", "… of …; …"), ("a.*b", "a.*b axxb", "a.*b axxb"),
])  # fmt: skip
def test_their_name_goes_out_of_posts_that_stay_where_it_is_a_word(acme, name, said, becomes):
    cleo = {**CLEO, "name": name}
    acme.post("Title", said, by=cleo)
    acme.post("Dan's", said, by=DAN)
    edits.change(acme.reader(cleo), 1, title="Another", body=said)
    erase(acme)
    assert [posts.find(acme.team, 1).body, db.row("SELECT body FROM post_revision LIMIT 1") or (becomes,)] == [
        becomes, (becomes,)]  # fmt: skip


def test_posts_that_go_take_what_was_said_below_them_and_no_more(client, acme):
    cleo, dan = acme.reader(CLEO), acme.reader(DAN)
    acme.post("Hers", "Her words", by=CLEO)
    acme.post("His", by=DAN)
    comments.create(dan, 1, "Below hers")
    comments.create(dan, 2, "Below his")
    comments.create(cleo, 2, "Her comment")
    votes.cast(dan, 1)
    followers.follow(dan, 1)
    erase(acme, keep_posts=False)
    assert there(acme) == [(2, "His", 1, 1, None)]
    assert [each[0] for each in db.rows("SELECT body FROM comment ORDER BY id")] == ["Below his", ""]
    assert Program(client, acme).get("/posts/1").status_code == 404
    assert db.rows("SELECT count(*) FROM event WHERE type = 'post.deleted'") == [(1,)]


def test_before_the_job_came_nothing_of_it_can_be_read(client, acme):
    acme.post("Hers", "Her words", by=CLEO)
    remains.change(acme.team, posts=False, votes=False)
    privacy.erase(acme.team, CLEO["sub"])
    assert db.rows("SELECT title, body FROM post") == [("…", "")]
    assert client.simulate_get("/b/acme/posts/1").status_code == 404
    work_off()
    assert db.rows("SELECT count(*) FROM post") == [(0,)]


def test_a_post_that_was_merged_into_theirs_stands_for_itself_again(acme):
    acme.post("Hers", by=CLEO)
    acme.post("His", "His words", by=DAN)
    comments.create(acme.reader(DAN), 2, "Below his")
    votes.cast(acme.reader({"sub": "fay"}), 2)
    merges.merge(acme.team, 2, 1)
    comments.create(acme.reader(DAN), 1, "Below hers")
    erase(acme, keep_posts=False)
    assert there(acme) == [(2, "His", 2, 1, None)]
    assert posts.find(acme.team, 2).body == "His words"


def test_votes_that_came_with_a_merged_post_of_theirs_stay_where_they_are(acme):
    acme.post("Hers", by=CLEO)
    acme.post("His", by=DAN)
    fay = acme.reader({"sub": "fay"})
    votes.cast(fay, 1)
    comments.create(fay, 1, "Below hers")
    merges.merge(acme.team, 1, 2)
    erase(acme, keep_posts=False)
    assert there(acme) == [(2, "His", 2, 1, None)]
    assert db.rows("SELECT DISTINCT merged_from FROM vote") == [(None,)]
    assert db.rows("SELECT origin_number FROM comment") == [(None,)]


def test_a_chain_of_merges_keeps_its_ends(acme):
    for title, by in (("His first", DAN), ("Hers", CLEO), ("Hers too", CLEO), ("His last", DAN)):
        acme.post(title, by=by)
    comments.create(acme.reader(DAN), 1, "Below the first")
    votes.cast(acme.reader({"sub": "fay"}), 1)
    for number in (1, 2, 3):
        merges.merge(acme.team, number, number + 1)
    erase(acme, keep_posts=False)
    assert there(acme) == [(1, "His first", 2, 0, 4), (4, "His last", 2, 1, None)]
    merges.unmerge(acme.team, 1)
    assert [row[:4] for row in there(acme)][0] == (1, "His first", 2, 1)


def test_a_chain_that_ends_in_one_of_theirs_comes_apart(acme):
    for title, by in (("His", DAN), ("Hers", CLEO), ("Hers too", CLEO)):
        acme.post(title, by=by)
    comments.create(acme.reader(DAN), 1, "Below his")
    for number in (1, 2):
        merges.merge(acme.team, number, number + 1)
    erase(acme, keep_posts=False)
    assert there(acme) == [(1, "His", 1, 1, None)]


def test_many_posts_go_in_pieces(acme, monkeypatch):
    monkeypatch.setattr(remains, "AT_ONCE", 3)
    monkeypatch.setattr(remains, "TOLD_AT_ONCE", 2)
    for number in range(5):
        acme.post(f"Hers {number}", by=CLEO)
    erase(acme, keep_posts=False)
    assert there(acme) == []
    assert db.rows("SELECT person_id FROM event WHERE type = 'post.deleted'") == [(acme.owner.id,)] * 5


def test_their_name_goes_out_of_many_posts_in_pieces(acme, monkeypatch):
    monkeypatch.setattr(remains, "AT_ONCE", 2)
    for number in range(5):
        acme.post(f"Ask Cleo {number}", by=CLEO)
    erase(acme)
    assert [row[1] for row in there(acme)] == [f"Ask … {number}" for number in range(5)]


@pytest.mark.parametrize("path, name, email, goes", [
    ("/p/cleo-wants-exports", "Cleo", None, True), ("/p/Export_by_CLEO", "Cleo May", None, True),
    ("/p/zoe-wants-exports", "Zoë", None, True), ("/p/exports-for-zoë", "Zoë", None, True),
    ("/p/mail-c-may-7", "C", "c.may.7@customer.example", True), ("/p/cleopatra", "Cleo", None, False),
    ("/p/customer-exports", "Cleo", "cleo@customer.example", False), ("/p/al", "Al", None, False),
])  # fmt: skip
def test_where_their_posts_stood_before_is_forgotten_when_it_has_their_name_in_it(acme, path, name, email, goes):
    acme.post("Hers", by={**CLEO, "name": name, "email": email})
    acme.post("His", by=DAN)
    for number, at in ((1, path), (1, "/p/exports"), (2, "/p/cleo-zoe-may")):
        db.changed("INSERT INTO former_address VALUES (%(w)s, %(path)s, %(number)s)", w=acme.workspace.id, path=at,
                   number=number)  # fmt: skip
    erase(acme)
    kept_paths = {at for (at,) in db.rows("SELECT path FROM former_address")}
    assert kept_paths == {"/p/exports", "/p/cleo-zoe-may"} | (set() if goes else {path})


def test_an_export_tells_what_an_erasure_takes(client, acme):
    acme.user(CLEO)
    found = kept.export(acme.workspace, CLEO["sub"])
    assert set(found) == {"user", *kept.KEPT}
    assert set(Program(client, acme).get("/users/cleo-7/export").json) == {*found, "locale"}
    assert users.find(acme.workspace, "cleo-7")
