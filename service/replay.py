"""What is in a dump, said to a database over a connection of ours: in one transaction, with whatever else is done in it.

pg_restore turns the dump into a script, and never sees the database; so any PostgreSQL may be restored to, and nothing in
the script can be a command of psql."""

import re
import subprocess
import tempfile
import threading
from collections.abc import Iterable

from service import postgres_tools
from service.errors import SettingError

ROWS_BYTES = 1 << 16
NEW_THING = b"-- Name: "
ROWS_BEGIN = re.compile(rb"COPY .* FROM stdin;\n\Z")
ROWS_END = b"\\.\n"
# commands of psql, and what a server before 17 does not know
LEFT_OUT = re.compile(rb"\\(un)?restrict |SET transaction_timeout = ")


def replay(pieces: Iterable[bytes], made_with: int, cursor) -> None:
    """Do what the dump says that comes in these pieces, made by pg_dump of PostgreSQL `made_with` or older."""
    tool = postgres_tools.find("pg_restore", made_with)
    command = [tool, "--file=-", "--schema=public", "--no-owner", "--no-privileges"]
    with tempfile.TemporaryFile() as complaints:
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": complaints}
        process = subprocess.Popen(command, env={"LC_ALL": "C"}, start_new_session=True, **pipes)  # noqa: S603
        feeder = Feeder(pieces, process.stdin)
        feeder.start()
        try:
            is_whole = say(process.stdout, cursor)
            process.stdout.read()
            status = process.wait()
        finally:
            process.kill()
            process.wait()
            feeder.join()
            process.stdout.close()
        if feeder.failure:
            raise feeder.failure
        if status:
            complaints.seek(0)
            reason = postgres_tools.last_words(complaints.read().decode(errors="replace"))
            raise SettingError(f"The backup cannot be read: {reason}")
        if not is_whole:
            raise SettingError("The backup cannot be read: it ends within a table. Take another backup.")


class Feeder(threading.Thread):
    """Hands the dump to pg_restore. `failure` is what went wrong with reading it."""

    def __init__(self, pieces: Iterable[bytes], pipe):
        super().__init__(daemon=True)
        self.pieces, self.pipe, self.failure = pieces, pipe, None

    def run(self) -> None:
        try:
            with self.pipe:
                for piece in self.pieces:
                    self.pipe.write(piece)
        except BrokenPipeError:
            return  # it has ended, and says why
        except Exception as error:
            self.failure = error


def say(script, cursor) -> bool:
    """Thing by thing, so that a Ctrl-C waits for one of them at most; returns whether no table was cut."""
    statements = []
    for line in script:
        if ROWS_BEGIN.match(line):
            tell(cursor, statements)
            rows = Rows(script)
            cursor.copy_expert(line.decode().rstrip(";\n"), rows, ROWS_BYTES)
            if not rows.are_whole:
                return False
        elif line.startswith(NEW_THING):
            tell(cursor, statements)
        elif not LEFT_OUT.match(line):
            statements.append(line)
    tell(cursor, statements)
    return True


def tell(cursor, statements: list[bytes]) -> None:
    if any(line.strip() and not line.startswith(b"--") for line in statements):
        cursor.execute(b"".join(statements))
    statements.clear()


class Rows:
    """The rows of one table in a script, as a file that ends with them. `are_whole` once their end was there."""

    def __init__(self, script):
        self.script, self.at_start, self.ended, self.are_whole = script, True, False, False

    def read(self, size: int) -> bytes:
        pieces, room = [], size
        while room >= len(ROWS_END) and not self.ended:  # or their end would be cut in two, and not be seen
            piece = self.script.readline(room)
            self.are_whole = self.at_start and piece == ROWS_END
            self.ended = self.are_whole or not piece
            if not self.ended:
                self.at_start = piece.endswith(b"\n")
                pieces.append(piece)
                room -= len(piece)
        return b"".join(pieces)
