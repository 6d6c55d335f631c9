"""Custom fields: what a workspace asks of every post, or of those on one board, besides title and details."""

import math
from datetime import date
from typing import NamedTuple

from service import db
from service.errors import Invalid
from service.feedback import boards
from service.feedback.boards import Board
from service.feedback.readers import Reader
from service.lib import text

TYPES = ("text", "long_text", "number", "select", "date", "checkbox")
LONGEST = {"text": 200, "long_text": 5_000}
LARGEST_NUMBER = 10**15

LIST = """
SELECT f.id, f.key, f.name, f.type, f.required, f.options, b.key FROM field f
  LEFT JOIN board b ON b.workspace_id = f.workspace_id AND b.id = f.board_id
 WHERE f.workspace_id = %(workspace)s AND (%(board)s IS NULL OR f.board_id IS NULL OR f.board_id = %(board)s)
 ORDER BY f.position, f.id"""


class Field(NamedTuple):
    id: int
    key: str
    name: str
    type: str
    required: bool
    options: list[str]
    board: str | None  # key; None: asked on every board


def of(workspace_id: int, board: Board | None = None) -> list[Field]:
    """The workspace's fields in its own order; with a `board` those that are asked there."""
    return [Field(*row) for row in db.rows(LIST, workspace=workspace_id, board=board and board.id)]


def fitting(reader: Reader, board: str | None, values: dict) -> dict:
    """The values of a new post on this board, as they are stored; Invalid names each field that must change.

    A form that shows fields sends `values`, be they empty, and then those that are required must be filled. A program with
    the team's key may leave them out."""
    place = boards.choose(reader, board)
    given = merged(reader, place, {}, values)
    missing = [field for field in of(reader.workspace.id, place) if field.required and field.key not in given]
    if missing and not reader.is_member:
        raise Invalid(**{f"fields.{field.key}": f"Please fill in “{field.name}”." for field in missing})
    return given


def merged(reader: Reader, board: Board, kept: dict, values: dict) -> dict:
    """What is kept, with these values instead of the ones of the same key; None takes one away."""
    if not values:
        return kept
    known, wrong, after = {field.key: field for field in of(reader.workspace.id, board)}, {}, dict(kept)
    for key, value in values.items():
        if value is None:
            after.pop(key, None)
        elif key not in known:
            wrong[f"fields.{key[:40]}"] = f"There is no such field on this board; there are: {', '.join(known) or 'none'}."
        elif (fit := stored(known[key], value)) is None:
            wrong[f"fields.{key}"] = f"“{known[key].name}” must be {wanted(known[key])}."
        else:
            after[key] = fit
    if wrong:
        raise Invalid(**wrong)
    return after


def stored(field: Field, value) -> str | int | float | bool | None:
    """The value as this field keeps it; None when it does not fit."""
    if field.type == "checkbox":
        return value if isinstance(value, bool) else None
    if field.type == "number":
        fits = isinstance(value, int | float) and not isinstance(value, bool)
        return value if fits and math.isfinite(value) and abs(value) < LARGEST_NUMBER else None
    if not isinstance(value, str):
        return None
    if field.type == "select":
        return value if value in field.options else None
    if field.type == "date":
        return dated(value)
    return text.fitting(value, LONGEST[field.type], text.tidy if field.type == "long_text" else text.tidy_line) or None


def dated(value: str) -> str | None:
    try:
        return date.fromisoformat(value).isoformat() if len(value) == 10 else None
    except ValueError:
        return None


def wanted(field: Field) -> str:
    """What a value of this field is, in words."""
    if field.type == "select":
        return f"one of: {', '.join(field.options)}"
    if field.type in LONGEST:
        return f"text of 1–{LONGEST[field.type]:,} characters"
    return {"number": "a number", "date": "a date like 2026-12-31", "checkbox": "true or false"}[field.type]
