"""An export, read back: into an empty workspace it makes an equal one; and nothing that is wrong with it does any harm."""

import io
import itertools
import json
import re
import zipfile
import zlib

import pytest
from cast import ADA, BEN, Company
from exported import PICTURE, furnish, made
from queued import work_off

from service import db
from service.errors import Invalid
from service.feedback import imports, mailings, members, posts, suppressions
from service.sources import sayso_zip
from service.sources.records import File, Person, Post, Wrong

EQUAL = ("segments", "boards", "statuses", "tags", "fields", "companies", "users", "posts", "votes", "followers", "comments",
         "changelog", "reactions", "files", "mailings")  # fmt: skip
# What another workspace cannot have: addresses of its own; who wrote an entry for the team, and when it was told.
# The rows stand in the order of their positions, whatever these are counted from. A picture is never believed: it is written
# anew, and so may be of another size.
OWN = {"posts": {"url"}, "changelog": {"author", "announced_at"}, "files": {"member", "size", "sha256"},
       "mailings": {"subscribed_at"},  # taken from a file on the server only
       "boards": {"position"}, "statuses": {"position"}, "fields": {"position"}}  # fmt: skip
NUMBERED = ("comments", "changelog", "files")
NAMES_A_FILE = re.compile(r"\(file:(\d+)\)")


@pytest.fixture
def empty(here):
    """Another workspace of the same people, in which nothing is."""
    ada = members.person(ADA, "Ada")
    company = Company(members.found("Acme again", ada), ada)
    members.add(company.workspace, members.person(BEN, "Ben"))
    return company


@pytest.fixture
def export(acme):
    furnish(acme)
    mailings.mute(acme.workspace, "dan@customer.example", "reply")
    return made(acme)


def put_in(company, data: bytes, **more) -> imports.Import:
    begun = imports.begin(company.team, "sayso", "acme.zip", data, {}, **more)
    work_off()
    return imports.find(company.team, begun.id)


def plain(tables: dict[str, list[dict]]) -> dict[str, list[dict]]:
    """The tables, with ids that are counted anew in each."""
    ids = {name: {row["id"]: place for place, row in enumerate(tables[name], 1)} for name in NUMBERED}
    found = {}
    for name in EQUAL:
        rows = [{key: value for key, value in row.items() if key not in OWN.get(name, ())} for row in tables[name]]
        found[name] = [counted(name, row, ids) for row in rows]
    for name in ("votes", "followers", "reactions"):
        found[name].sort(key=json.dumps)
    found["users"] = sorted((row for row in found["users"] if row["kind"] != "member"), key=lambda row: row["id"])
    return found


def counted(name: str, row: dict, ids: dict[str, dict]) -> dict:
    if name in ids:
        row["id"] = ids[name][row["id"]]
    for field, table in (("parent", "comments"), ("comment", "comments"), ("entry", "changelog")):
        if row.get(field):
            row[field] = ids[table][row[field]]
    if name == "changelog":
        row["body"] = NAMES_A_FILE.sub(lambda found: f"(file:{ids['files'].get(int(found[1]), 'lost')})", row["body"])
    return row


# ── an equal workspace ──────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("table", EQUAL)
def test_it_makes_an_equal_workspace(export, empty, table):
    done = put_in(empty, export.whole)
    wrong = imports.lines(empty.team, done.id, 20, outcome="wrong")
    assert (done.state, done.wrong) == ("done", 0), wrong
    before, after = plain(export.tables)[table], plain(made(empty).tables)[table]
    assert after == before


def test_the_same_again_makes_nothing(export, empty):
    put_in(empty, export.whole)
    before = made(empty).tables
    again = put_in(empty, export.whole)
    assert (again.made, again.wrong) == (0, 0)
    assert made(empty).tables == before


def test_into_its_own_workspace_it_makes_nothing_twice(acme, export):
    put_in(acme, export.whole)
    tables = made(acme).tables
    for name in ("boards", "statuses", "tags", "users", "companies", "segments", "fields"):
        assert len(tables[name]) == len(export.rows(name)), name


def test_two_exports_into_one_workspace_stay_apart(acme, globex, empty, export):
    number = globex.post("Of Globex")
    put_in(empty, export.whole)
    before = made(empty).tables
    second = put_in(empty, made(globex).whole)
    [post] = [row for row in made(empty).rows("posts") if row["title"] == "Of Globex"]
    assert second.state == "done" and number == 1 and post["number"] not in {row["number"] for row in before["posts"]}
    [vote] = [row for row in made(empty).rows("votes") if row["post"] == post["number"]]
    assert len(made(empty).rows("votes")) == len(before["votes"]) + 1 and vote["user"] == post["author"]
    assert posts.find(empty.team, 1).title == "Dark mode please"


def test_one_of_before_that_does_not_say_whose_it_is_is_known_by_its_address(acme, empty, export):
    manifest = export.manifest
    del manifest["workspace"]["id"]
    data = altered(export, manifest_json=json.dumps(manifest).encode())
    assert sayso_zip.origin(io.BytesIO(data)) == manifest["workspace"]["url"]
    assert sayso_zip.origin(io.BytesIO(export.whole)) == acme.workspace.public_id


def test_a_file_that_somebody_sends_subscribes_nobody(acme, export, empty):
    put_in(empty, export.whole)
    there = [mailings.of(company.workspace.id, "reader@customer.example").is_subscribed for company in (acme, empty)]
    assert there == [True, False]


def test_who_wants_no_letters_gets_none_and_nothing_here_is_loosened(export, empty):
    mailings.mute(empty.workspace, "reader@customer.example")
    mailings.mute(empty.workspace, "dan@customer.example", "answer")
    done = put_in(empty, export.whole)
    assert not mailings.of(empty.workspace.id, "reader@customer.example").is_subscribed
    assert mailings.of(empty.workspace.id, "dan@customer.example").muted == ["answer", "reply"]
    assert suppressions.reason_of(empty.workspace.id, "gone@customer.example") == "bounced"
    imports.undo(empty.team, done.id)
    work_off()
    assert suppressions.reason_of(empty.workspace.id, "gone@customer.example") == "bounced"
    assert mailings.of(empty.workspace.id, "dan@customer.example").muted == ["answer", "reply"]


# ── what is wrong with it ───────────────────────────────────────────────────────────────────────────────────────────


def read(data: bytes) -> list:
    return [row.what for row in sayso_zip.rows(io.BytesIO(data), {})]


def refused(data: bytes) -> str:
    with pytest.raises(Invalid) as error:
        read(data)
    return error.value.fields["file"]


def altered(export, leave_out=(), **members: bytes) -> bytes:
    """The same zip with other members (`posts_jsonl=`), or without some."""
    out, given = io.BytesIO(), {name.replace("_", "."): data for name, data in members.items()}
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in dict.fromkeys([*export.namelist(), *given]):
            if name not in leave_out:
                archive.writestr(name, given.get(name) if name in given else export.read(name))
    return out.getvalue()


def with_lines(export, name: str, *lines: bytes) -> bytes:
    data = b"".join(line + b"\n" for line in lines)
    manifest = export.manifest
    manifest["tables"][name] = {"rows": len(lines), "bytes": len(data)}
    return altered(export, **{f"{name}_jsonl": data, "manifest_json": json.dumps(manifest).encode()})


def test_rows_come_in_an_order_in_which_nothing_is_named_before_it_comes(export):
    kinds = [type(what).__name__ for what in read(export.whole)]
    order = [kind for kind, _ in itertools.groupby(kinds)]
    assert order == ["Segment", "Board", "Status", "Tag", "Field", "Company", "Person", "Mailing", "Post", "Vote",
                     "Follower", "Comment", "Entry", "Reaction", "File"]  # fmt: skip
    found = read(export.whole)
    assert next(what for what in found if isinstance(what, File)).name == "häßlich_.webp"
    assert next(what for what in found if isinstance(what, Post)).author == Person("cleo-7")


def test_whoever_of_the_team_is_named_is_told_in_full(export):
    said = [what for what in read(export.whole) if getattr(what, "is_official", False)]
    assert (said[0].author.email, said[0].author.kind) == (ADA, "member")


@pytest.mark.parametrize("cut", [0, 10, 1000, -1, -30, -2000])
def test_half_a_file_is_no_export(export, cut):
    assert refused(export.whole[:cut]) in (sayso_zip.UNREADABLE, sayso_zip.DAMAGED)


@pytest.mark.parametrize("data", [b"", b"hello", b"PK\x03\x04", b"PK\x05\x06" + bytes(18), b"\0" * 1000, b"{}"])
def test_what_is_no_zip_of_ours_is_refused(data):
    assert refused(data) == sayso_zip.UNREADABLE


@pytest.mark.parametrize("manifest", [
    b"", b"[]", b"{", b"{}", b'{"format": "other", "version": 1}', b"\xff", b"[" * 100_000,
    b'{"format": "sayso export", "version": 1, "tables": [], "files": {}}',
    b'{"format": "sayso export", "version": 1, "tables": {"posts": {"rows": -1}}}',
])  # fmt: skip
def test_a_manifest_that_is_not_ours_is_refused(export, manifest):
    assert refused(altered(export, manifest_json=manifest)) == sayso_zip.UNREADABLE


def test_one_of_a_newer_sayso_says_so(export):
    assert refused(altered(export, manifest_json=b'{"format": "sayso export", "version": 2}')) == sayso_zip.NEWER


def test_a_changed_byte_is_noticed(export):
    data = bytearray(export.whole)
    info = export.getinfo("posts.jsonl")
    data[info.header_offset + 30 + len("posts.jsonl") + info.compress_size // 2] ^= 1
    assert refused(bytes(data)) == sayso_zip.DAMAGED


def test_a_table_that_is_missing_or_of_another_length_is_noticed(export):
    assert refused(altered(export, leave_out=["votes.jsonl"])) == sayso_zip.OTHER_COUNT
    assert refused(altered(export, votes_jsonl=b"")) == sayso_zip.OTHER_COUNT
    manifest = export.manifest
    manifest["tables"]["votes"]["rows"] += 1
    assert refused(altered(export, manifest_json=json.dumps(manifest).encode())) == sayso_zip.OTHER_COUNT


def test_what_unpacks_to_far_more_is_refused_before_it_is_unpacked(export):
    bomb = b"0" * (50 << 20)
    assert len(zlib.compress(bomb)) < 100_000
    assert refused(altered(export, posts_jsonl=bomb)) == sayso_zip.BOMB
    assert refused(altered(export, more_txt=bomb)) == sayso_zip.BOMB


@pytest.mark.parametrize(("line", "column"), [
    (b"", None), (b"{", None), (b"[]", None), (b"null", None), (b"[" * 50_000, None), (b'{"number": 1}', None),
    (b'{"number": "1", "title": "a", "board": "b", "status": "s"}', "number"),
    (b'{"number": 0, "title": "a", "board": "b", "status": "s"}', "number"),
    (b'{"number": 1, "title": "a", "board": "b", "status": "s", "created_at": "2024-01-01"}', "created_at"),
    (b'{"number": 1, "title": "a", "board": "b", "status": "s", "created_at": "2024-01-01T00:00:00"}', "created_at"),
    (b'{"number": 1, "title": "\\u0000", "board": "b", "status": "s"}', None),
    (b'{"number": 1, "title": "\xff", "board": "b", "status": "s"}', None),
    (b'{"number": 1, "title": "' + b"a" * (2 << 20) + b'", "board": "b", "status": "s"}', None),
])  # fmt: skip
def test_a_line_that_is_wrong_is_one_row_and_the_others_are_read(export, line, column):
    good = b'{"number": 7, "title": "Good", "board": "b", "status": "s", "of a later version": [1]}'
    found = [what for what in read(with_lines(export, "posts", good, line, good)) if isinstance(what, (Post, Wrong))]
    assert [type(what) for what in found] == [Post, Wrong, Post]
    assert found[1] == Wrong(sayso_zip.WHAT_TO_DO, column, "post")


def test_no_name_in_it_is_a_path(export, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = [f"files/{row['id']}" for row in export.rows("files")]
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in export.namelist():
            if not name.startswith("files/"):
                archive.writestr(name, export.read(name))
        archive.writestr("../../evil", b"x")
        archive.writestr("/etc/evil", b"x")
        archive.writestr(f"{names[0]}-..\\evil.webp", PICTURE)
        archive.writestr(f"{names[1]}-../../evil", b"x")
    found = read(out.getvalue())
    assert [what.data for what in found if isinstance(what, File)] == [PICTURE]
    assert [what.said for what in found if isinstance(what, Wrong)] == [sayso_zip.NO_BYTES] * (len(names) - 1)
    assert list(tmp_path.iterdir()) == []


def test_a_broken_one_is_an_import_that_says_why(acme, empty, export):
    done = put_in(empty, export.whole[:-2000])
    assert done.state == "failed" and done.said in (sayso_zip.UNREADABLE, sayso_zip.DAMAGED)
    assert db.row("SELECT count(*) FROM post WHERE workspace_id = %(id)s", id=empty.workspace.id) == (0,)
