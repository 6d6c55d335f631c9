"""Files."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec

from service.config import Config
from service.feedback import attachments
from service.feedback.workspaces import Workspace
from service.lib import tokens
from service.shapes.base import NextCursor, said


class File(msgspec.Struct):
    """A picture is `waiting` until it was written anew without its metadata, a matter of seconds; then `size` and `sha256`
    are what they are now. One that cannot be read is `refused`."""

    id: int
    name: str
    type: Annotated[str, said("Media type, decided by the bytes.")]
    size: Annotated[int, said("Bytes.")]
    sha256: str
    url: Annotated[str | None, said("Where its bytes are, for a day; then read it again.")]
    thumbnail_url: Annotated[str | None, said("The same of a picture's WebP of at most 480 pixels.")]
    state: Literal["waiting", "ready", "refused"]
    created_at: datetime


class Files(msgspec.Struct):
    data: list[File]
    next_cursor: NextCursor = None


class FileName(msgspec.Struct):
    name: Annotated[str | None, said("What it is called, when the body is the file and no header says it.")] = None


def file(read: attachments.File, config: Config, workspace: Workspace) -> File:
    url = None if read.state == "refused" else file_url(read, config, workspace, "o")
    thumbnail_url = file_url(read, config, workspace, "t") if read.thumbnail else None
    return File(read.id, read.name, read.type, read.size, read.sha256, url, thumbnail_url, read.state, read.created_at)


def file_url(read: attachments.File, config: Config, workspace: Workspace, variant: str) -> str:
    """Where the original (`o`) or the thumbnail (`t`) is for a day: who may know this address may see the file."""
    return f"{config.base_url}{file_path(workspace.id, read.id, variant)}"


def file_path(workspace_id: int, id: int, variant: str) -> str:
    """The same for our own pages."""
    return f"/files/{tokens.sign('file', {'w': workspace_id, 'f': id, 'v': variant})}"
