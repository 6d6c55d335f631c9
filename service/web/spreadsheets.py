"""Tables as CSV, as spreadsheets open them."""

import csv
import io
import unicodedata
from datetime import UTC, datetime

import falcon

COMMANDS = ("=", "+", "-", "@", "\t", "\r")  # with these a cell begins that a spreadsheet would compute


def answer(resp: falcon.Response, name: str, header: list[str], rows: list[list]) -> None:
    """Answer with a file NAME-2026-12-31.csv; `rows` hold texts, numbers and days, None for an empty cell."""
    resp.text = written(header, rows)
    resp.content_type = "text/csv; charset=utf-8"
    resp.set_header("Content-Disposition", f'attachment; filename="{name}-{datetime.now(UTC):%Y-%m-%d}.csv"')
    resp.cache_control = ["no-store"]


def written(header: list[str], rows: list[list]) -> str:
    """The file: UTF-8 without a mark at its beginning, lines ended as RFC 4180 says."""
    sheet = io.StringIO()
    writer = csv.writer(sheet, lineterminator="\r\n")
    writer.writerow(header)
    writer.writerows([[cell(value) for value in row] for row in rows])
    return sheet.getvalue()


def cell(value) -> object:
    """A text that would be computed is kept a text."""
    if not isinstance(value, str):
        return value
    # as a spreadsheet may read it: full-width signs as plain ones, without what stands before
    meant = unicodedata.normalize("NFKC", value)
    return f"'{value}" if meant.startswith(COMMANDS) or meant.lstrip().startswith(COMMANDS) else value
