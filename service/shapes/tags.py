"""Tags."""

import msgspec

from service.feedback import tags
from service.shapes.base import Color, Key, Name, NextCursor, Sent


class Tag(msgspec.Struct):
    key: Key
    name: str
    color: Color


class Tags(msgspec.Struct):
    data: list[Tag]
    next_cursor: NextCursor


class NewTag(Sent):
    key: Key
    name: Name
    color: Color = tags.USUAL_COLOR


class TagChange(Sent):
    name: Name | None = None
    color: Color | None = None


def tag(read: tags.Tag) -> Tag:
    return Tag(read.key, read.name, read.color)
