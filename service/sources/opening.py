"""Which reader reads which source."""

from typing import BinaryIO

from service.sources import canny, columns, csv_file, sayso_zip
from service.sources.columns import Mapping
from service.sources.csv_file import Layout
from service.sources.records import Rows

SOURCES = {"csv": csv_file.rows, "canny": canny.rows, "sayso": sayso_zip.rows}


def rows(source: str, file: BinaryIO, mapping: dict) -> Rows:
    """Every row of this file, lazily. Raises Invalid, at once or later, when it is no such file."""
    return SOURCES[source](file, mapping)


def told(source: str, file: BinaryIO, mapping: dict) -> Rows:
    """The same rows, but of files only that they are there: to count, or to look at what rows say."""
    return sayso_zip.rows(file, mapping, unpacks=False) if source == "sayso" else rows(source, file, mapping)


def origin(source: str, file: BinaryIO) -> str:
    """What the file says of where its ids are from; nothing, if it does not."""
    return sayso_zip.origin(file) if source == "sayso" else ""


def table(source: str, file: BinaryIO) -> Layout | None:
    """How this file is written, when it is a table whose columns can be chosen. Raises Invalid when it is broken."""
    if source == "csv" or (source == "canny" and canny.is_table(file)):
        return csv_file.layout(file)
    return None


def chosen(layout: Layout, asked: dict) -> Mapping:
    """What its columns are: guessed, and as `asked`; Invalid says what must be chosen."""
    return columns.chosen(layout.headers, asked)
