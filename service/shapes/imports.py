"""Imports: a file of another system, or of Sayso itself, and what became of its rows."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec

from service.feedback import imports
from service.shapes.base import Key, NextCursor, Object, Paged, said

Source = Annotated[
    Literal["csv", "canny", "sayso"],
    said("`csv`: a table of posts, votes or comments; `canny`: pages of its API, or its table; `sayso`: an export."),
]
State = Literal["draft", "waiting", "running", "done", "failed", "stopped", "undoing", "undone"]
Outcome = Literal["made", "known", "wrong", "undone", "left"]


class NewImport(msgspec.Struct):
    source: Source = "csv"
    dry_run: Annotated[bool, said("Look at every row and say what would become of it; nothing is made.")] = False
    board: Annotated[Key | None, said("The board that takes every post; by default as the file says.")] = None
    mapping: Annotated[
        str | None,
        said("JSON, of a table: {`rows`: posts, votes or comments; `columns`: {what it is: name of the column}; `dates`: "
             "day or month, what comes first in 03/01/2026; `new_boards`: private or public; `system`: a name of your own "
             "for where it comes from, so that the ids of two systems stay apart}. What is left out is guessed."),
    ] = None  # fmt: skip
    name: Annotated[str | None, said("What the file is called, when no header says it.")] = None


class Import(msgspec.Struct):
    """It is `waiting` or `running` for a while. What it has made can be undone for an hour after its end."""

    id: int
    source: Source
    name: Annotated[str, said("Of the file.")]
    dry_run: bool
    mapping: Object
    state: State
    total: Annotated[int | None, said("Rows of the file; null: they are not counted yet.")]
    done: Annotated[int, said("How many of them were looked at.")]
    made: Annotated[int, said("Rows of which something was made, or in a dry run would be.")]
    known: Annotated[int, said("Rows that were here already.")]
    wrong: Annotated[int, said("Rows that could not be taken; they say why.")]
    said: Annotated[str | None, said("Why it failed, or what else is worth knowing.")]
    can_undo: bool
    created_at: datetime
    finished_at: datetime | None


class Imports(msgspec.Struct):
    data: list[Import]
    next_cursor: NextCursor


class ImportRow(msgspec.Struct):
    """What became of a row of the file. After an undo, `left` is what somebody has touched since, so that it stayed."""

    number: Annotated[int, said("Of the row, without the line of the headers.")]
    kind: Annotated[str, said("post, vote, comment, user…")]
    outcome: Outcome
    said: Annotated[str | None, said("What is wrong, and in which column; or what else is worth knowing.")]


class ImportRows(msgspec.Struct):
    data: list[ImportRow]
    next_cursor: NextCursor


class ImportRowFilter(Paged):
    outcome: Outcome | None = None


def import_(read: imports.Import) -> Import:
    return Import(
        read.id, read.source, read.name, read.is_dry, msgspec.Raw(msgspec.json.encode(read.mapping)), read.state, read.total,
        read.done, read.made, read.known, read.wrong, read.said, read.can_undo, read.created_at, read.finished_at,
    )  # fmt: skip


def import_row(read: imports.Line) -> ImportRow:
    return ImportRow(*read)
