"""Custom fields: what a workspace asks of every post, or of those on one board, besides title and details."""

from datetime import date
from types import EllipsisType
from typing import NamedTuple

from service import db, events
from service.errors import Conflict, Invalid, NotFound, Why
from service.feedback import boards, order, versions
from service.feedback.boards import Board
from service.feedback.readers import Reader
from service.lib import text

TYPES = ("text", "long_text", "number", "select", "date", "checkbox")
MOST = 200  # of a workspace
LONGEST = {"text": 200, "long_text": 5_000}
LARGEST_NUMBER = 10**15
LONGEST_NAME = LONGEST_OPTION = 80
MOST_OPTIONS = 100

LIST = """
SELECT f.id, f.key, f.name, f.type, f.required, f.options, b.key FROM field f
  LEFT JOIN board b ON b.workspace_id = f.workspace_id AND b.id = f.board_id
 WHERE f.workspace_id = %(workspace)s AND (%(board)s IS NULL OR f.board_id IS NULL OR f.board_id = %(board)s)
 ORDER BY f.position, f.id"""
KEEP = "SELECT id FROM field WHERE workspace_id = %(workspace)s AND key = ANY(%(keys)s) ORDER BY id FOR KEY SHARE"
MAKE = """
INSERT INTO field (workspace_id, key, name, type, required, options, board_id, position)
SELECT %(workspace)s, %(key)s, %(name)s, %(type)s, %(required)s, %(options)s::text[], %(board)s::bigint,
       coalesce(%(position)s, (SELECT least(coalesce(max(position), 0) + 1, 10000) FROM field
                                WHERE workspace_id = %(workspace)s))
ON CONFLICT ON CONSTRAINT one_field_per_key DO NOTHING RETURNING id"""
HOLD = "SELECT id FROM field WHERE workspace_id = %(workspace)s AND key = %(key)s FOR UPDATE"
SAVE = """
UPDATE field SET name = %(name)s, required = %(required)s, options = %(options)s::text[], board_id = after.board,
       position = after.position
  FROM (SELECT id, CASE WHEN %(moves)s THEN %(board)s::bigint ELSE board_id END AS board,
               coalesce(%(position)s, position) AS position
          FROM field WHERE workspace_id = %(workspace)s AND key = %(key)s) after
 WHERE field.workspace_id = %(workspace)s AND field.id = after.id
   AND (field.name, field.required, field.options, field.board_id, field.position)
       IS DISTINCT FROM (%(name)s, %(required)s, %(options)s::text[], after.board, after.position)"""
EMPTY = """
WITH held AS MATERIALIZED (
  SELECT number FROM post WHERE workspace_id = %(workspace)s AND fields ? %(key)s ORDER BY number FOR NO KEY UPDATE
)
UPDATE post SET fields = fields - %(key)s::text FROM held
 WHERE post.workspace_id = %(workspace)s AND post.number = held.number"""
DELETE = "DELETE FROM field WHERE workspace_id = %(workspace)s AND key = %(key)s"


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


def find(reader: Reader, key: str) -> Field:
    """The field with this key, or NotFound."""
    for field in of(reader.workspace.id):
        if field.key == key:
            return field
    raise NotFound("There is no such field.")


@db.verb
def create(reader: Reader, key: str, name: str, type: str, *, required: bool = False, options: list[str] | None = None,
           board: str | None = None, position: int | None = None) -> Field:  # fmt: skip
    """A new field, asked on this `board` or on every one, by default the last. `options` are of a select, and only of it.
    Raises Invalid with the field that must change, Conflict when there are too many."""
    said = checked(name, type, options or [])
    if not text.is_key(key):
        raise Invalid(key=text.WHAT_A_KEY_IS)
    if len(of(reader.workspace.id)) >= MOST:
        raise Conflict(f"There are {MOST:,} fields, which is all there can be; take one away first.", "too_many")
    place = {"board": None if board is None else boards.choose(reader, board).id, "position": position}
    if not db.row(MAKE, workspace=reader.workspace.id, key=key, type=type, required=required, **place, **said):
        raise Invalid(key=f"There is a field “{key}” already.")
    events.record("field.created", reader.workspace.id, data={"key": key}, **reader.actor())
    return find(reader, key)


@db.verb
def change(reader: Reader, key: str, *, name: str | None = None, required: bool | None = None,
           options: list[str] | None = None, board: str | EllipsisType | None = ...,
           position: int | None = None, seen: str | None = None) -> Field:  # fmt: skip
    """Change what is given of a field and leave the rest; nothing new is no change. No `board` is every board, as of
    `create`. What posts say stays as it is, also with an option that is no longer there. Conflict when the field is not as
    it was `seen` (`versions.version`)."""
    place = {"moves": board is not ..., "board": None if board in (None, ...) else boards.choose(reader, board).id}
    db.rows(HOLD, workspace=reader.workspace.id, key=key)
    field = find(reader, key)
    versions.check(seen, *field)
    said = checked(field.name if name is None else name, field.type, field.options if options is None else options)
    said["required"] = field.required if required is None else required
    if db.changed(SAVE, workspace=reader.workspace.id, key=key, position=position, **place, **said):
        events.record("field.updated", reader.workspace.id, data={"key": key}, **reader.actor())
    return find(reader, key)


@db.verb
def delete(reader: Reader, key: str) -> None:
    """Take a field away, and what every post says in it. NotFound when there is none, so the second time too."""
    db.rows(HOLD, workspace=reader.workspace.id, key=key)
    find(reader, key)
    db.changed(EMPTY, workspace=reader.workspace.id, key=key)
    db.changed(DELETE, workspace=reader.workspace.id, key=key)
    events.record("field.deleted", reader.workspace.id, data={"key": key}, **reader.actor())


@db.verb
def move(reader: Reader, key: str, by: int) -> None:
    """Ask for a field one place earlier (-1) or later (1), where there is one. NotFound when there is no such field."""
    if order.move(order.FIELDS, reader, key, by):
        events.record("field.updated", reader.workspace.id, data={"key": key}, **reader.actor())


def checked(name: str, type: str, options: list[str]) -> dict:
    tidied = [text.fitting(option, LONGEST_OPTION, text.tidy_line) for option in options[: MOST_OPTIONS + 1]]
    said = {"name": text.fitting(name, LONGEST_NAME, text.tidy_line), "options": tidied}
    if not said["name"]:
        raise Invalid(name=f"Give it a name of 1–{LONGEST_NAME} characters.")
    if type not in TYPES:
        raise Invalid(type=f"Choose one of: {', '.join(TYPES)}.")
    if type != "select" and options:
        raise Invalid(options="Only a field of type select has options.")
    if type == "select" and not (1 <= len(options) <= MOST_OPTIONS and all(tidied) and len(set(tidied)) == len(options)):
        raise Invalid(options=f"Give 1–{MOST_OPTIONS} different options of 1–{LONGEST_OPTION} characters.")
    return said


def fitting(reader: Reader, board: str | None, values: dict) -> dict:
    """The values of a new post on this board, as they are stored; Invalid names each field that must change.

    A form that shows fields sends `values`, be they empty, and then those that are required must be filled. A program with
    the team's key may leave them out."""
    place = boards.choose(reader, board)
    keep(reader, values)
    given = merged(reader, place, {}, values)
    if reader.is_member:
        return given
    missing = [field for field in of(reader.workspace.id, place) if field.required and field.key not in given]
    if missing:
        raise Invalid(**{f"fields.{field.key}": please(field) for field in missing})
    return given


def keep(reader: Reader, values: dict | None) -> None:
    """Have these fields stay until the transaction ends: a value that is stored after its field was emptied would remain for
    ever. As parents of posts they are locked first."""
    if values:
        db.rows(KEEP, workspace=reader.workspace.id, keys=list(values))


def asked(reader: Reader, board: Board, kept: dict, before: str) -> dict:
    """Those values that are asked on this board, of a post that stood on `before`; a post that stays keeps all it has."""
    if board.key == before or not kept:
        return kept
    known = {field.key for field in of(reader.workspace.id, board)}
    return {key: value for key, value in kept.items() if key in known}


def merged(reader: Reader, board: Board, kept: dict, values: dict) -> dict:
    """What is kept, with these values instead of the ones of the same key; None takes one away, but for users none that is
    required. To be called when the fields are kept (`keep`)."""
    if not values:
        return kept
    known, wrong, after = {field.key: field for field in of(reader.workspace.id, board)}, {}, dict(kept)
    for key, value in values.items():
        field = known.get(key)
        if value is None:
            after.pop(key, None)
            if field and field.required and not reader.is_member:
                wrong[f"fields.{key}"] = please(field)
        elif field is None:
            said = f"There is no such field on this board; there are: {', '.join(known) or 'none'}."
            wrong[f"fields.{key[:40]}"] = Why(said, "does_not_fit")
        elif (fit := stored(field, value)) is None:
            code = "no_number" if field.type == "number" else "does_not_fit"
            wrong[f"fields.{key}"] = Why(f"“{field.name}” must be {wanted(field)}.", code)
        else:
            after[key] = fit
    if wrong:
        raise Invalid(**wrong)
    return after


def please(field: Field) -> Why:
    return Why(f"Please fill in “{field.name}”.", "missing")


def stored(field: Field, value) -> str | int | float | bool | None:
    """The value as this field keeps it; None when it does not fit."""
    if field.type == "checkbox":
        return value if isinstance(value, bool) else None
    if field.type == "number":
        fits = isinstance(value, int | float) and not isinstance(value, bool)
        return value if fits and abs(value) < LARGEST_NUMBER else None
    if not isinstance(value, str):
        return None
    if field.type == "select":
        return value if value in field.options else None
    if field.type == "date":
        return dated(value)
    return text.fitting(value, LONGEST[field.type], text.tidy if field.type == "long_text" else text.tidy_line) or None


def dated(value: str) -> str | None:
    try:
        day = date.fromisoformat(value).isoformat()
        return day if day == value else None  # not 2026-W01-1
    except ValueError:
        return None


def wanted(field: Field) -> str:
    """What a value of this field is, in words."""
    if field.type == "select":
        return f"one of: {', '.join(field.options)}"
    if field.type in LONGEST:
        return f"text of 1–{LONGEST[field.type]:,} characters"
    return {"number": "a number", "date": "a date like 2026-12-31", "checkbox": "true or false"}[field.type]
