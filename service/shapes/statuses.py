"""Statuses; how one looks is in posts.py."""

from typing import Annotated

import msgspec

from service.feedback import statuses
from service.shapes.base import Color, Key, Name, NextCursor, Position, Sent, said
from service.shapes.posts import ColoredStatus, Kind


class Statuses(msgspec.Struct):
    data: list[ColoredStatus]
    next_cursor: NextCursor


class NewStatus(Sent):
    key: Key
    name: Name
    kind: Annotated[Kind, said("What it means to us, whatever you call it.")]
    color: Color = "#64748b"
    position: Position | None = None


class StatusChange(Sent):
    name: Name | None = None
    kind: Kind | None = None
    color: Color | None = None
    position: Position | None = None


def status(read: statuses.Status) -> ColoredStatus:
    return ColoredStatus(read.key, read.name, read.kind, read.color)
