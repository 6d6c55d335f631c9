"""The rows of a table in a dump end where they end, wherever in what the database asks for that is."""

import io
import random

import pytest

from service import embedded, replay
from service.replay import ROWS_BYTES, ROWS_END, Rows

AFTER = b"\nALTER TABLE ONLY public.post\n-- Name: next; Type: TABLE\n"
SCRIPT = b"""CREATE TABLE kept (t text);
COPY public.kept (t) FROM stdin;
%s\\.

-- Name: i; Type: INDEX
CREATE INDEX i ON kept (substr(t, 1, 9));
"""


def read(script, size: int) -> tuple[bytes, Rows]:
    """As the database reads: until there is nothing."""
    rows, pieces = Rows(script), []
    while piece := rows.read(size):
        assert len(piece) <= size
        pieces.append(piece)
    return b"".join(pieces), rows


@pytest.mark.parametrize("size", [3, 4, 7, 64])
def test_rows_of_any_length_end_at_their_end(size):
    chance = random.Random(size)
    for length in range(3 * size + 5):
        for _ in range(3):
            lines = b"".join(b"%s\n" % (b"x" * chance.randrange(2 * size)) for _ in range(length))[:length]
            whole = lines[:-1] + b"\n" if lines else b""
            script = io.BytesIO(whole + ROWS_END + AFTER)
            assert (read(script, size)[0], script.read()) == (whole, AFTER), (size, whole)


@pytest.mark.parametrize("lines", [1, 2, 700])
def test_rows_that_end_about_where_the_database_asks_again(lines):
    for length in (*range(ROWS_BYTES - 9, ROWS_BYTES + 10), *range(2 * ROWS_BYTES - 9, 2 * ROWS_BYTES + 10)):
        each = length // lines
        whole = (b"y" * (each - 1) + b"\n") * (lines - 1)
        whole += b"y" * (length - len(whole) - 1) + b"\n"
        script = io.BytesIO(whole + ROWS_END + AFTER)
        found, rows = read(script, ROWS_BYTES)
        assert found == whole and rows.are_whole and script.read() == AFTER, length


def test_a_script_that_ends_within_a_table_is_noticed():
    for script in (b"", b"x\n", b"x\n\\.", b"x\\.\n", b"x"):
        assert not read(io.BytesIO(script), ROWS_BYTES)[1].are_whole, script
    assert read(io.BytesIO(ROWS_END), ROWS_BYTES)[1].are_whole


def test_the_database_gets_what_comes_after_the_rows(empty_url):
    with embedded.cursor(empty_url) as cursor:
        for length in range(ROWS_BYTES - 4, ROWS_BYTES + 4):
            rows = b"y" * (length - 1) + b"\n"
            assert replay.say(io.BytesIO(SCRIPT % rows), cursor), length
            cursor.execute("SELECT count(*), to_regclass('public.i') IS NOT NULL FROM kept")
            assert cursor.fetchone() == (1, True), length
            cursor.execute("DROP TABLE kept")
        assert not replay.say(io.BytesIO((SCRIPT % b"y\n").partition(ROWS_END)[0]), cursor)
