"""A workspace as one file: what is in it, for people and for programs."""

import csv
import hashlib
import io
import tracemalloc

import pytest
from cast import CLEO, DAN
from exported import TEXT, furnish, made
from queued import work_off

from service import db
from service.feedback import attachments, edits, export_file, exports, merges, posts, votes
from service.feedback.export_tables import TABLES
from service.lib import sealing

DANGEROUS = ["=1+1", "+1+1", "-1+1", "@SUM(1)", "\t=1+1", "\r=1+1", " =1+1", "＝1+1", "  ＠SUM(1)", "\n=1+1"]
FILL = """
INSERT INTO post (workspace_id, number, board_id, status_id, title, body)
SELECT w.id, n, b.id, s.id, 'Post ' || n, repeat(md5(n::text), 250)
  FROM workspace w JOIN board b ON b.workspace_id = w.id AND b.key = 'bugs'
  JOIN status s ON s.workspace_id = w.id AND s.key = 'open', generate_series(%(at)s + 1, %(at)s + 500) n
 WHERE w.slug = 'acme'"""


def cells(file, name: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(file.sheet(name), newline="")))


def test_everything_is_in_it_with_the_words_of_the_api(acme):
    furnish(acme)
    file = made(acme)
    assert file.testzip() is None
    [first, second, third] = file.rows("posts")
    assert (first["board"], first["status"], first["tags"]) == ("features", "planned", ["money", "old"])
    assert (first["author"], first["eta"], first["pinned"]) == (CLEO["sub"], "2027-01-31", True)
    assert (first["fields"], first["meta"]) == ({"why": "eyes"}, {"page": "/a"})
    assert (second["merged_into"], second["locked"]) == (1, True)
    assert (third["board"], third["assignee"]) == ("secret", "ben@acme.example")
    assert first["created_at"].endswith("Z")
    said = file.rows("comments")
    assert [comment["body"] for comment in said if comment["internal"]] == ["They pay well."]
    assert [comment["body"] for comment in said if comment["official"]] == ["In January."]
    assert [comment["author"] for comment in said if comment["deleted_at"]] == [None], "it stands for what was answered"
    assert file.rows("companies")[1] == {"id": "initech", "name": "Initech", "plan": "Team", "mrr": 4900}
    assert {vote["user"] for vote in file.rows("votes") if vote["merged_from"] == 2} == {"fay-9"}
    assert file.rows("revisions")[0]["title"] == "Dark mode"


def test_what_was_deleted_is_not_in_it(acme):
    furnish(acme)
    file = made(acme)
    assert "Gone" not in [post["title"] for post in file.rows("posts")]
    assert not [vote for vote in file.rows("votes") if vote["post"] == 4]
    assert b"Never mind." not in file.read("comments.jsonl") and "Never mind." not in file.sheet("comments")
    into = acme.post("Into", by=CLEO)
    part = acme.post("Part", by=CLEO)
    merges.merge(acme.team, part, into)
    edits.delete(acme.team, into)
    file = made(acme)
    assert not {into, part} & {post["number"] for post in file.rows("posts")}, "what was merged into it went with it"


def test_no_secret_is_in_it(acme, globex):
    furnish(acme)
    kid, secret = acme.secret
    globex.post("Globex’s own plan")
    file = made(acme)
    whole = b"".join(map(file.read, file.namelist()))
    sealed = [row[0] for row in db.rows("SELECT sealed FROM identity_secret")]
    for word in (acme.api_key, secret, kid, *sealed, acme.widget_key, "Globex"):
        assert word.encode() not in whole
    assert sealing.unseal(sealed[0]) == secret


def test_files_are_in_it_as_they_are_kept_under_names_that_lead_nowhere(acme):
    furnish(acme)
    db.changed("UPDATE file SET name = '../../etc/passwd' WHERE id = 2")
    db.changed("UPDATE file SET name = %(name)s WHERE id = 3", name="..\\CON\u202e\0".replace("\0", "\x07"))
    file = made(acme)
    names = [name for name in file.namelist() if name.startswith("files/")]
    rows = {row["id"]: row for row in file.rows("files")}
    assert len(names) == len(rows) == file.manifest["files"]["rows"] > 2
    for name in names:
        folder, _, rest = name.partition("/")
        assert folder == "files" and "/" not in rest and "\\" not in rest and ".." not in rest and rest.isprintable()
        row = rows[int(rest.partition("-")[0])]
        assert hashlib.sha256(file.read(name)).hexdigest() == row["sha256"]
    assert "files/1-häßlich_.webp" in names
    assert file.read(next(name for name in names if name.startswith("files/2-"))) == TEXT


def test_no_cell_is_computed_by_a_spreadsheet(acme):
    for text in DANGEROUS:
        acme.post(f"Title {text}", f"{text}", by={**DAN, "sub": f"u-{ord(text[0])}-{len(text)}", "name": text})
    db.changed("UPDATE post SET title = body WHERE body <> ''")
    file = made(acme)
    header, *rows = cells(file, "posts")
    for row in rows:
        for value in row:
            assert not value.lstrip().startswith(("=", "+", "-", "@", "＝", "＠")) or value.lstrip()[1:].isdigit(), value
    assert "'=1+1" in [row[header.index("title")] for row in rows]
    assert "=1+1" in [post["title"] for post in file.rows("posts")], "programs get the words as they were written"


def test_texts_of_every_script_and_lines_survive(acme):
    text = "𝒳 שלום “quotes”, commas;\r\nnew\n\n\"lines\" 日本語 \u2028 é"
    acme.post("Ünïcode 🎉", text)
    file = made(acme)
    [post] = file.rows("posts")
    assert post["body"] == posts.find(acme.team, 1).body
    header, row = cells(file, "posts")
    assert row[header.index("body")] == post["body"] and row[header.index("title")] == "Ünïcode 🎉"


def test_an_empty_workspace_is_a_file_too(acme):
    file = made(acme)
    assert file.rows("posts") == [] and file.sheet("posts").startswith("number,title,body,")
    assert [board["key"] for board in file.rows("boards")] == ["features", "bugs"]
    assert file.manifest["files"] == {"rows": 0, "bytes": 0}


def test_the_manifest_and_the_readme_tell_what_is_in_it(acme):
    furnish(acme)
    file = made(acme)
    assert (file.manifest["format"], file.manifest["version"]) == ("sayso export", 1)
    assert file.manifest["workspace"]["name"] == "Acme"
    for name, said in file.manifest["tables"].items():
        assert len(file.rows(name)) == said["rows"] and len(file.read(f"{name}.jsonl")) == said["bytes"]
        assert len(cells(file, name)) == said["rows"] + 1
    readme = file.read("README.txt").decode()
    assert readme.startswith("Acme, as of 20")
    for table in TABLES:
        assert f"\r\n{table.name}\r\n" in readme
        assert all(f"    {column.name}" in readme for column in table.columns)


def test_more_than_a_piece_of_everything_is_written_whole(acme, monkeypatch):
    monkeypatch.setattr(export_file, "ROWS", 2)
    furnish(acme)
    small = made(acme).tables
    monkeypatch.undo()
    assert small == made(acme).tables


def test_ten_large_files_take_no_more_memory_than_one(acme):
    big = b"%PDF-1.4\n" + bytes(attachments.LARGEST - 9)
    number = acme.post(files=[attachments.put(acme.reader(), f"{n}.pdf", big[:-1] + bytes([n])).id
                              for n in range(5)])
    assert number == 1
    export = exports.request(acme.team)[0]
    tracemalloc.start()
    work_off()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert exports.find(acme.team, export.id).size > 50_000_000
    assert peak < 12_000_000, peak
    parts = db.rows("SELECT number, octet_length(data) FROM export_part ORDER BY number")
    assert {size for _, size in parts[:-1]} == {1 << 20} and [number for number, _ in parts] == list(range(len(parts)))


def test_forty_megabytes_of_long_posts_take_no_more_memory_than_a_piece_of_them(acme):
    for at in range(0, 5000, 500):
        db.changed(FILL, at=at)
    export = exports.request(acme.team)[0]
    tracemalloc.start()
    work_off()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert exports.find(acme.team, export.id).state == "ready"
    assert peak < 25_000_000, peak


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_what_is_written_meanwhile_leaves_nothing_without_its_other_end(acme, table, monkeypatch):
    """Somebody new writes while each of the tables is read: whatever of it is in the file, what it names is, too."""
    furnish(acme)
    real = export_file.write_table

    def write_table(archive, workspace, written, home):
        if written.name == table.name:
            number = acme.post("Meanwhile", by={"sub": "new-1", "name": "New"})
            votes.cast(acme.reader(), number)
        return real(archive, workspace, written, home)

    monkeypatch.setattr(export_file, "write_table", write_table)
    file = made(acme)
    users, numbers = {row["id"] for row in file.rows("users")}, {row["number"] for row in file.rows("posts")}
    for name in ("votes", "followers", "reactions"):
        assert {row["user"] for row in file.rows(name)} <= users
        assert {row.get("post", 1) for row in file.rows(name)} <= numbers
    assert {row["author"] for row in file.rows("posts")} <= users

