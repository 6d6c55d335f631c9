"""Tables as CSV, as spreadsheets open them."""

import io
from datetime import UTC, datetime

import falcon

from service.lib.spreadsheets import cell, writer


def answer(resp: falcon.Response, name: str, header: list[str], rows: list[list]) -> None:
    """Answer with a file NAME-2026-12-31.csv; `rows` hold texts, numbers and days, None for an empty cell."""
    resp.text = written(header, rows)
    resp.content_type = "text/csv; charset=utf-8"
    resp.set_header("Content-Disposition", f'attachment; filename="{name}-{datetime.now(UTC):%Y-%m-%d}.csv"')
    resp.cache_control = ["no-store"]


def written(header: list[str], rows: list[list]) -> str:
    """The file: UTF-8 without a mark at its beginning, lines ended as RFC 4180 says."""
    sheet = io.StringIO()
    lines = writer(sheet)
    lines.writerow(header)
    lines.writerows([[cell(value) for value in row] for row in rows])
    return sheet.getvalue()
