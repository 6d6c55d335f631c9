"""Files of other systems, as their readers tell them."""

import io
import json
import zipfile
from datetime import UTC, datetime

import pytest

from service.errors import Invalid
from service.sources import canny, columns, csv_file, dates
from service.sources.records import Comment, Vote, Wrong


def read(data: bytes, **mapping) -> list:
    return [row.what for row in csv_file.rows(io.BytesIO(data), mapping)]


@pytest.mark.parametrize(("written", "order", "read"), [
    ("2024-03-01", "", datetime(2024, 3, 1, tzinfo=UTC)), ("2024-03-01T10:00:00Z", "", datetime(2024, 3, 1, 10, tzinfo=UTC)),
    ("2024-03-01 10:00:00 UTC", "", datetime(2024, 3, 1, 10, tzinfo=UTC)),
    ("Mar 1, 2024", "", datetime(2024, 3, 1, tzinfo=UTC)),
    ("03/01/2024", "month", datetime(2024, 3, 1, tzinfo=UTC)), ("03/01/2024", "day", datetime(2024, 1, 3, tzinfo=UTC)),
    ("2024/03/01", "", datetime(2024, 3, 1, tzinfo=UTC)), ("2024/3/1 10:00", "", datetime(2024, 3, 1, 10, tzinfo=UTC)),
    ("March 1, 2024", "", datetime(2024, 3, 1, tzinfo=UTC)),
    ("Mon, 01 Jan 2024 10:00:00 GMT", "", datetime(2024, 1, 1, 10, tzinfo=UTC)),
    ("1 Jan 2024 10:00:00 +0100", "", datetime(2024, 1, 1, 9, tzinfo=UTC)),
    ("31/12/2024", "", datetime(2024, 12, 31, tzinfo=UTC)),
    ("31.12.2024 23:59", "", datetime(2024, 12, 31, 23, 59, tzinfo=UTC)),
    ("", "", None),
])  # fmt: skip
def test_dates_are_read_where_they_are_clear(written, order, read):
    assert dates.read(written, order) == read


@pytest.mark.parametrize("written", [
    "03/01/2024", "soon", "1" * 99, "0001-01-01", "9999-12-31T23:59:59-23:00", "32/13/2024",
])  # fmt: skip
def test_dates_are_refused_where_they_are_not(written):
    with pytest.raises(ValueError, match="."):
        dates.read(written)


@pytest.mark.parametrize(("encoding", "separator"), [
    ("utf-8", ","), ("utf-8-sig", ";"), ("utf-16", "\t"), ("cp1252", ","), ("utf-16-le", ","),
])  # fmt: skip
def test_letters_and_separators_are_found_out(encoding, separator):
    table = separator.join(["Title", "Id"]) + "\r\n" + separator.join(['"Größe; a,\r\nb"', "1"]) + "\r\n"
    mark = b"\xff\xfe" if encoding == "utf-16-le" else b""
    [post] = read(mark + table.encode(encoding))
    assert (post.title, post.id) == ("Größe; a,\r\nb", "1")
    assert csv_file.layout(io.BytesIO(table.encode("cp1252"))).is_guess


def test_half_a_letter_at_the_end_is_half_a_file_and_no_other_encoding():
    found = read("Title,Id\nGröße,1\nGrö".encode()[:-1])
    assert found[0].title == "Größe" and isinstance(found[1], Wrong)


def test_every_bad_row_is_one_line_and_the_others_are_read():
    rows = ["Title,Votes,Created", "Good,1,", "too,many,,cells", "few", "", "\0,1,", "Count,many,", "When,1,soon",
            f"Long,1,{'x' * 300_000}", "Last,2,", "", ""]  # fmt: skip
    found = read("\n".join(rows).encode())
    assert [isinstance(each, Wrong) for each in found] == [False, True, True, True, True, True, True, True, False]
    assert all(len(each.said) < 200 and "many" not in each.said for each in found if isinstance(each, Wrong))


def test_a_line_without_an_end_takes_no_memory():
    found = read(b"Title\n" + b"x" * 3_000_000 + b"\nGood\n")
    assert isinstance(found[0], Wrong) and found[1].title == "Good"


@pytest.mark.parametrize("data", [b"", b"\n\n", b"a,a\n", b",,\n", ",".join(map(str, range(300))).encode()])
def test_what_is_no_table_is_refused(data):
    with pytest.raises(Invalid) as error:
        read(data)
    assert set(error.value.fields) == {"file"}


def test_columns_are_guessed_and_can_be_chosen():
    canny_like = ["Title", "Details", "Status", "Board", "Tags", "Votes", "Author Name", "Author Email", "Created", "URL"]
    assert set(columns.guessed(canny_like).columns) == {
        "title", "body", "status", "board", "tags", "votes", "author_name", "author_email", "created_at", "url",
    }  # fmt: skip
    assert columns.guessed(["Post ID", "Voter Email"]).rows == "votes"
    assert columns.guessed(["Post ID", "Comment", "Author"]).rows == "comments"
    assert columns.chosen(["A", "B"], {"columns": {"title": "B"}}).columns == {"title": "B"}
    assert "body" not in columns.chosen(canny_like, {"columns": {"body": ""}}).columns


def test_votes_and_comments_are_rows_of_their_own():
    [vote] = read(b"Post ID,Voter Email\n7,x@y.example\n")
    [comment] = read(b"Post ID,Comment,Author,Internal\n7,Yes,Cleo,true\n")
    assert isinstance(vote, Vote) and vote.person.email == "x@y.example"
    assert isinstance(comment, Comment) and comment.is_internal and comment.author.name == "Cleo"


def test_voters_of_a_cell_are_named_and_the_rest_is_counted():
    [post] = read(b'Title,Votes,Voters\nDark,5,"x@y.example; Cleo"\n')
    assert ([each.email or each.name for each in post.voters], post.nameless_votes) == (["x@y.example", "Cleo"], 3)


PAGE = {"posts": [{"id": "1", "title": "Dark mode", "score": 3}]}


def packed(**members: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(f"{name}.json", data)
    return out.getvalue()


@pytest.mark.parametrize("data", [
    json.dumps(PAGE).encode(), json.dumps([PAGE]).encode(), b"\n".join([json.dumps(PAGE).encode(), b'{"hasMore": false}']),
    packed(page=json.dumps(PAGE).encode()), b"\xef\xbb\xbf" + json.dumps(PAGE).encode(),
])  # fmt: skip
def test_pages_of_canny_come_in_several_ways(data):
    [row] = canny.rows(io.BytesIO(data), {})
    assert (row.number, row.what.title, row.what.nameless_votes) == (1, "Dark mode", 3)


def test_what_is_not_as_canny_writes_it_is_a_row_that_says_where():
    page = {"posts": [{"id": 1, "title": "x"}, {"title": "x"}, 7, {"id": "2", "title": "x", "created": "soon"}]}
    found = [row.what for row in canny.rows(io.BytesIO(json.dumps(page).encode()), {})]
    assert all(isinstance(each, Wrong) for each in found) and found[0].column == "id"


@pytest.mark.parametrize("data", [
    packed(bomb=b" " * (60 << 20)), packed(page=json.dumps(PAGE).encode())[:-30], b'{"posts": [', b"[" * 10**6, b"{}",
    b'{"posts": ' + b"[" * 10**5,
])  # fmt: skip
def test_bombs_and_halves_are_one_clear_line(data):
    with pytest.raises(Invalid) as error:
        list(canny.rows(io.BytesIO(data), {}))
    assert error.value.fields["file"].endswith(".")
