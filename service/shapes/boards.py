"""Boards."""

from typing import Annotated, Literal

import msgspec

from service.feedback import boards
from service.shapes.base import Key, Name, NextCursor, Position, Sent, said

Access = Literal["public", "private", "segments"]
Description = Annotated[str, said(maxLength=500)]
ApproveFirst = Annotated[bool, said("Whether what users write there waits until the team has let it in.")]
Admitted = Annotated[list[Key], said("Whose users may see it, when `access` is `segments`.")]


class Board(msgspec.Struct):
    key: Key
    name: str
    description: str
    access: Access
    approve_first: ApproveFirst
    segments: Admitted


class Boards(msgspec.Struct):
    data: list[Board]
    next_cursor: NextCursor


class NewBoard(Sent):
    key: Key
    name: Name
    description: Description = ""
    access: Access = "public"
    approve_first: ApproveFirst = False
    segments: Admitted = []
    position: Position | None = None


class BoardChange(Sent):
    name: Name | None = None
    description: Description | None = None
    access: Access | None = None
    approve_first: ApproveFirst | None = None
    segments: Admitted | None = None
    position: Position | None = None


class Removal(msgspec.Struct):
    """Where the posts go of what is taken away."""

    into: Annotated[Key | None, said("The board or status that takes its posts.")] = None


def board(read: boards.Board) -> Board:
    return Board(read.key, read.name, read.description, read.access, read.approve_first, read.segments)
