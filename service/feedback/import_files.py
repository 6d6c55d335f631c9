"""The file of an import, kept in rows of a megabyte until it was imported."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

from service import db
from service.errors import Invalid, TooLarge
from service.feedback.passing import PART
from service.sources import opening

LARGEST = 10 << 20  # bytes that come by the web; a larger one comes by the command line
TOO_LARGE = f"A file has at most {LARGEST >> 20} MB here; import a larger one on the server, with `sayso import`."
GONE = "The file was deleted meanwhile; send it again."

KEEP = "INSERT INTO import_part VALUES (%(workspace)s, %(id)s, %(number)s, %(data)s)"
READ = "SELECT data FROM import_part WHERE workspace_id = %(workspace)s AND import_id = %(id)s AND number = %(number)s"
DROP = "DELETE FROM import_part WHERE workspace_id = %(workspace)s AND import_id = %(id)s"


def expect(data: bytes) -> None:
    """Raise Invalid, or TooLarge, unless this can be kept."""
    if not data:
        raise Invalid(file="This file is empty.")
    if len(data) > LARGEST:
        raise TooLarge(TOO_LARGE)


def keep(workspace_id: int, id: int, data: bytes) -> None:
    for number, start in enumerate(range(0, len(data), PART)):
        db.changed(KEEP, workspace=workspace_id, id=id, number=number, data=data[start : start + PART])


def drop(workspace_id: int, id: int) -> None:
    db.changed(DROP, workspace=workspace_id, id=id)


@contextmanager
def opened(workspace_id: int, id: int) -> Iterator[BinaryIO]:
    """The file, to be read and sought; more than a little of it is on disk meanwhile, without a name. Invalid when it is
    gone."""
    with tempfile.SpooledTemporaryFile(max_size=2 * PART) as file:
        number = 0
        while row := db.row(READ, workspace=workspace_id, id=id, number=number):
            file.write(row[0])
            number += 1
        if not number:
            raise Invalid(file=GONE)
        file.seek(0)
        yield file


def expect_readable(workspace_id: int, id: int, source: str, mapping: dict) -> None:
    """Raise Invalid when the file is broken at its beginning, or does not say what its columns are."""
    with opened(workspace_id, id) as file:
        layout = opening.table(source, file)
        if layout:
            opening.chosen(layout, mapping)
