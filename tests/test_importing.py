"""What an import makes of the rows of a file."""

import json
import tracemalloc

import pytest
from cast import CLEO, DAN
from queued import work_off

from service import db
from service.errors import Conflict, Invalid, NotFound
from service.feedback import comments, import_posts, importing, imports, merges, posts, votes

POSTS = b"""Title,Details,Status,Board,Votes,Author Email,Author Name,Created,Tags,Id,URL
Dark mode,"For the night,
please",Planned,Features,5,cleo@customer.example,Cleo,2024-03-01,"ux, night",p1,https://acme.canny.io/features/p/dark-mode
,nothing here,,,,,,,,p2,
Export,,Under review,Mobile,1,dan@customer.example,Dan,2024-04-01T10:00:00Z,,p3,https://acme.canny.io/mobile/p/export
Later,,Open,Features,x,,,,,p4,
"""


def run(company, data=POSTS, mapping=None, source="csv", **more):
    made = imports.begin(company.team, source, "posts.csv", data, mapping or {}, **more)
    work_off()
    return imports.find(company.team, made.id)


def test_the_good_rows_become_posts_and_the_bad_ones_are_listed(acme):
    done = run(acme)
    assert (done.state, done.said, done.total, done.done, done.made, done.wrong) == ("done", None, 4, 4, 2, 2)
    wrong = imports.lines(acme.team, done.id, 10, outcome="wrong")
    assert [(line.number, line.said) for line in wrong] == [
        (2, "title: Say in a few words what it is about."),
        (4, "Votes: Write a whole number, or leave it empty."),
    ]
    first, second = (posts.find(acme.team, number) for number in (1, 2))
    assert (first.title, first.body, first.votes, first.status_key) == ("Dark mode", "For the night,\nplease", 5, "planned")
    assert (first.tags, first.author_email, first.author_name) == (["night", "ux"], "cleo@customer.example", "Cleo")
    assert first.created_at.isoformat() == "2024-03-01T00:00:00+00:00" == first.updated_at.isoformat()
    assert (second.board_name, second.board_access, second.status_name, second.status_kind) == (
        "Mobile", "private", "Under review", "open",
    )  # fmt: skip


def test_the_same_file_again_makes_nothing(acme):
    run(acme)
    again = run(acme)
    assert (again.state, again.made, again.known, again.wrong) == ("done", 0, 2, 2)
    assert db.row('SELECT count(*) FROM post')[0] == 2


def test_an_import_is_taken_back(acme):
    done = run(acme)
    imports.undo(acme.team, done.id)
    work_off()
    assert imports.find(acme.team, done.id).state == "undone"
    left_over = {"post": 0, '"user"': 0, "tag": 0, "board": 2, "status": 5, "former_address": 0, "imported": 0}
    for table, left in left_over.items():
        assert db.row(f"SELECT count(*) FROM {table}")[0] == left, table
    assert {line.outcome for line in imports.lines(acme.team, done.id, 10)} == {"undone", "wrong"}
    assert imports.undo(acme.team, done.id).state == "undone"
    assert run(acme).made == 2


def test_what_somebody_has_touched_stays(acme):
    acme.user(DAN)
    done = run(acme)
    votes.cast(acme.reader(DAN), 1)
    imports.undo(acme.team, done.id)
    work_off()
    assert [post.title for post in posts.these(acme.team, [1, 2])] == ["Dark mode"]
    assert posts.find(acme.team, 1).votes == 6
    assert [line.outcome for line in imports.lines(acme.team, done.id, 10)] == ["left", "wrong", "undone", "wrong"]
    assert db.row("SELECT data FROM event WHERE type = 'import.undone'")[0] == {"import": done.id, "left": 1}
    assert run(acme).known == 1


def test_votes_for_posts_that_were_here_before_are_taken_back_alone(acme):
    run(acme)
    table = b"Post ID,Voter Email,Date\np1,emil@customer.example,2024-05-01\np1,cleo@customer.example,\np9,x@y.example,\n"
    done = run(acme, table)
    assert (done.made, done.known, done.wrong, posts.find(acme.team, 1).votes) == (1, 1, 1, 5)
    imports.undo(acme.team, done.id)
    work_off()
    assert posts.find(acme.team, 1).votes == 5
    assert db.row("SELECT count(*) FROM \"user\" WHERE email = 'emil@customer.example'")[0] == 0


def test_an_hour_later_nothing_is_undone(acme):
    done = run(acme)
    db.changed("UPDATE import SET finished_at = now() - interval '61 minutes'")
    with pytest.raises(Conflict):
        imports.undo(acme.team, done.id)


def test_a_rehearsal_says_what_would_become_of_each_row_and_makes_nothing(acme):
    tables = ("post", '"user"', "tag", "board", "status", "imported", "vote")
    before = [db.row(f"SELECT count(*) FROM {table}") for table in tables]
    done = run(acme, is_dry=True)
    assert (done.state, done.made, done.wrong, done.has_file) == ("done", 2, 2, True)
    assert [db.row(f"SELECT count(*) FROM {table}") for table in tables] == before
    imports.start(acme.team, done.id, {}, is_dry=False)
    work_off()
    assert imports.find(acme.team, done.id)[4:10] == (False, "done", 4, 4, 2, 0)
    with pytest.raises(Conflict):
        imports.start(acme.team, done.id, {}, is_dry=False)


def test_the_log_says_that_it_began_and_ended_and_nobody_hears_of_a_row(acme):
    before = db.row("SELECT count(*) FROM event")[0]
    done = run(acme)
    told = db.rows("SELECT type, data FROM event ORDER BY seq OFFSET %(n)s", n=before)
    assert told == [("import.begun", {"import": done.id, "dry": False}),
                    ("import.finished", {"import": done.id, "dry": False, "made": 2, "known": 0, "wrong": 2})]  # fmt: skip
    assert db.row("SELECT count(*) FROM letter")[0] == 0
    assert db.row("SELECT count(*) FROM post_embedding")[0] == 2


def test_an_address_that_a_file_tells_gets_no_letters_until_its_owner_has_signed_in(acme):
    run(acme)
    comments.create(acme.writer, 1, "We are on it.")
    work_off()
    assert db.row("SELECT count(*) FROM letter WHERE to_email = 'cleo@customer.example'")[0] == 0
    db.changed("UPDATE \"user\" SET signed_in_at = now() WHERE email = 'cleo@customer.example'")
    comments.create(acme.writer, 1, "It is there.", official=True)
    db.changed("UPDATE job SET run_at = now()")
    work_off()
    assert db.row("SELECT count(*) FROM letter WHERE to_email = 'cleo@customer.example'")[0] == 1


def test_who_is_known_by_address_or_id_is_nobody_new(acme):
    cleo = acme.user(CLEO)
    run(acme)
    assert posts.find(acme.team, 1).author_id == cleo.external_id
    by_id = b"Title,User ID,Id\nFaster,cleo-7,a\nSafer,new-9,b\nOurs,sayso-member-1,c\n"
    done = run(acme, by_id)
    assert [line.outcome for line in imports.lines(acme.team, done.id, 9)] == ["made", "made", "wrong"]
    assert [posts.find(acme.team, number).author_id for number in (3, 4)] == ["cleo-7", "new-9"]


class Killed(BaseException):
    """As when the process ends."""


def test_a_killed_import_goes_on_and_makes_nothing_twice(acme, monkeypatch):
    table = "Title,Id,Votes\n" + "".join(f"Wish {n},{n},2\n" for n in range(350))
    imports.begin(acme.team, "csv", "posts.csv", table.encode(), {})
    settle, calls = import_posts.settle, []

    def die(piece):
        settle(piece)
        calls.append(piece)
        if len(calls) in (2, 4):
            raise Killed  # after all was written, before it was committed

    monkeypatch.setattr(import_posts, "settle", die)
    for _ in range(2):
        with pytest.raises(Killed):
            work_off()
        db.changed("UPDATE job SET claim = NULL, lease_until = NULL, worker = NULL WHERE kind = 'import.work'")
    work_off()
    assert imports.of(acme.team, 1)[0][5:10] == ("done", 350, 350, 350, 0)
    assert db.row("SELECT count(*), count(DISTINCT title), sum(votes), max(number) FROM post") == (350, 350, 700, 350)
    assert db.row("SELECT count(*) FROM vote")[0] == 700


def test_a_stopped_import_goes_on(acme):
    made = imports.begin(acme.team, "csv", "posts.csv", POSTS, {})
    assert imports.stop(acme.team, made.id).state == "stopped"
    work_off()
    assert db.row("SELECT count(*) FROM post")[0] == 0
    imports.go_on(acme.team, made.id)
    work_off()
    assert imports.find(acme.team, made.id).made == 2


def test_posts_go_to_the_chosen_board_and_new_ones_are_as_was_said(acme):
    run(acme, mapping={"board": "bugs"})
    assert posts.find(acme.team, 2).board_key == "bugs"
    with pytest.raises(Invalid) as refused:
        run(acme, mapping={"board": "nowhere"})
    assert "board" in refused.value.fields
    run(acme, mapping={"new_boards": "public", "system": "the other one"})
    assert posts.find(acme.team, 4).board_access == "public"


def test_long_titles_go_on_in_the_body_and_long_bodies_are_refused(acme):
    table = f"Title,Details,Id\n{'word ' * 60},rest,1\nShort,{'x' * 10_001},2\n"
    done = run(acme, table.encode())
    post = posts.find(acme.team, 1)
    assert len(post.title) <= 200 and post.title.endswith("word…")
    assert post.body.startswith("…word") and post.body.endswith("rest")
    assert imports.lines(acme.team, done.id, 5, outcome="wrong")[0].said == "body: This has at most 10,000 characters."


def test_formulas_stay_text(acme):
    said = ["=1+1", "@SUM(A1)", "<script>alert(1)</script>"]
    run(acme, "\n".join(["Title", *said]).encode())
    assert [posts.find(acme.team, number).title for number in (1, 2, 3)] == said


def test_what_the_pages_of_canny_say_is_made(acme):
    author = {"id": "u1", "name": "Cleo", "email": "cleo@customer.example", "created": "2020-01-01T00:00:00.000Z"}
    other = {"id": "u2", "name": "Emil", "email": None}
    pages = [
        {"votes": [{"post": {"id": "a"}, "voter": who, "created": "2024-01-02T00:00:00.000Z"} for who in (author, other)]},
        {"comments": [
            {"id": "c2", "post": {"id": "a"}, "value": "Yes!", "author": author, "parentID": "c1", "created": "2024-02-02"},
            {"id": "c1", "post": {"id": "a"}, "value": "Soon?", "author": other, "created": "2024-02-01"},
            {"id": "c3", "post": {"id": "a"}, "value": "A note", "author": other, "internal": True, "created": "2024-02-03"},
        ], "hasMore": False},
        {"posts": [{"id": "a", "title": "Dark mode", "details": "Please", "author": author, "score": 5,
                    "status": "in progress", "board": {"id": "b", "name": "Features"}, "tags": [{"id": "t", "name": "UX"}],
                    "created": "2024-01-01T00:00:00.000Z", "url": "https://acme.canny.io/features/p/dark-mode"}]},
    ]  # fmt: skip
    done = run(acme, json.dumps(pages).encode(), source="canny")
    assert (done.state, done.made, done.wrong) == ("done", 6, 0), imports.lines(acme.team, done.id, 9)
    post = posts.find(acme.team, 1)
    assert (post.votes, post.comments, post.status_key, post.tags) == (5, 2, "started", ["ux"])
    said = [(each.body, each.author_name, each.parent, each.internal) for each in comments.of(acme.team, 1)]
    assert [each[0] for each in said] == ["Soon?", "Yes!", "A note"] and said[1][2] and said[2][3]
    assert run(acme, json.dumps(pages).encode(), source="canny").known == 6


@pytest.mark.parametrize("source", imports.SOURCES)
@pytest.mark.parametrize("data", [b"\0\1\2", b"PK\3\4 half", b"[" * 100_000, b'{"posts": [', b"\xff\xfe\0", b"\n\n\n"])
def test_a_broken_file_is_one_clear_line(acme, source, data):
    try:
        done = run(acme, data, source=source)
    except Invalid as error:
        said = str(error)
    else:
        assert done.state == "failed" and not done.made, done
        said = done.said
    assert said.endswith(".") and "\n" not in said and "System" not in said


def test_a_large_file_is_read_row_by_row(acme, tmp_path):
    file = tmp_path / "large.csv"
    with file.open("w") as out:
        out.write("Title,Id,Details\n")
        out.writelines(f"Wish {n},{n},{'x' * 100}\n" for n in range(20_000))
    made = imports.begin(acme.team._replace(person=None), "csv", file.name, None, {}, is_dry=True)
    tracemalloc.start()
    with file.open("rb") as opened:
        for _ in importing.walk(acme.workspace, made, opened):
            pass
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert imports.find(acme.team, made.id).made == 20_000
    assert peak < 12 << 20


def test_a_merged_post_takes_no_imported_votes(acme):
    run(acme)
    merges.merge(acme.team, 1, acme.post("Night mode"))
    done = run(acme, b"Post ID,Voter Email\np1,emil@customer.example\n")
    assert imports.lines(acme.team, done.id, 1)[0].said == "post: Its post was merged into another one here."


def test_another_workspace_sees_nothing_of_it(acme, globex):
    done = run(acme)
    for deed in (imports.find, imports.stop, imports.undo, imports.go_on):
        with pytest.raises(NotFound):
            deed(globex.team, done.id)
    with pytest.raises(NotFound):
        imports.lines(globex.team, done.id, 1)
    assert imports.of(globex.team, 9) == []
    assert run(globex).made == 2


# ── old links ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_where_a_post_stood_leads_to_it(acme, client):
    run(acme)
    led = client.simulate_get("/b/acme/features/p/dark-mode")
    assert (led.status_code, led.headers["location"]) == (301, "/b/acme/posts/1")
    assert led.headers["cache-control"] == "private, no-cache"  # the board may be closed tomorrow
    assert client.simulate_get("/b/acme/features/p/dark-mode/").status_code == 301
    others = ("/b/acme/features/p/nothing", "/b/globex/features/p/dark-mode", "/b/acme/mobile/p/export", "/b/acme/x%00")
    for nowhere in others:
        assert client.simulate_get(nowhere).status_code in (400, 404), nowhere
    assert client.simulate_post("/b/acme/features/p/dark-mode").status_code == 404
