"""Exports: everything that is in a workspace, as one file."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec

from service.feedback import exports
from service.shapes.base import NextCursor, said


class Export(msgspec.Struct):
    """It is `waiting` or `running` for a while; once it is `ready`, its file is there for a week."""

    id: int
    state: Annotated[
        Literal["waiting", "running", "ready", "failed", "stopped", "gone"], said("`gone`: its file was deleted.")
    ]  # fmt: skip
    done: Annotated[int, said("How many of its steps are done.")]
    total: Annotated[int | None, said("How many steps there are; null: they are not counted yet.")]
    size: Annotated[int | None, said("Bytes of the file.")]
    sha256: Annotated[str | None, said("Of the file, hexadecimal.")]
    said: Annotated[str | None, said("Why it failed, or is gone.")]
    created_at: datetime
    finished_at: datetime | None
    expires_at: Annotated[datetime | None, said("When the file is deleted.")]


class Exports(msgspec.Struct):
    data: list[Export]
    next_cursor: NextCursor


def export(read: exports.Export) -> Export:
    return Export(read.id, read.state, read.done, read.total, read.size, read.sha256, read.said, read.created_at,
                  read.finished_at, read.expires_at)  # fmt: skip
