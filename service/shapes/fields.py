"""Custom fields; their values are in posts.py."""

from typing import Annotated, Literal

import msgspec

from service.feedback import fields
from service.shapes.base import Key, Name, NextCursor, Position, Sent, said

FieldType = Literal["text", "long_text", "number", "select", "date", "checkbox"]
Option = Annotated[str, said(minLength=1, maxLength=80, pattern="\\S")]
Options = Annotated[list[Option], said("Of a select, which has 1–100; the rest has none.", maxItems=100, uniqueItems=True)]
AskedOn = Annotated[Key | None, said("The board that asks for it; null: every board.")]


class Field(msgspec.Struct):
    key: Key
    name: str
    type: FieldType
    required: bool
    options: Options
    board: AskedOn


class Fields(msgspec.Struct):
    data: list[Field]
    next_cursor: NextCursor


class NewField(Sent):
    key: Key
    name: Name
    type: FieldType
    required: Annotated[bool, said("Of users, in forms that show it.")] = False
    options: Options = []
    board: AskedOn = None
    position: Position | None = None


class FieldChange(Sent):
    name: Name | None = None
    required: bool | None = None
    options: Options | None = None
    board: AskedOn | msgspec.UnsetType = msgspec.UNSET
    position: Position | None = None


def field(read: fields.Field) -> Field:
    return Field(read.key, read.name, read.type, read.required, read.options, read.board)
