"""What an entry of the changelog says, as HTML with its pictures: `![name](file:ID)` is shown if that file is its own."""

import time
from functools import lru_cache

from markupsafe import Markup

from service.feedback import attachments
from service.feedback.attachments import File
from service.feedback.changelog import Entry
from service.feedback.readers import Reader
from service.feedback.workspaces import Workspace
from service.lib import markdown
from service.web import shapes

HOUR = 3600  # seconds in which a picture keeps its address, so that browsers need not load it again


def bodies(reader: Reader, entries: list[Entry]) -> dict[int, Markup]:
    """The text of each of these entries, by its id."""
    found = attachments.pictures(reader, [entry.id for entry in entries])
    own = {entry.id: {id: file for id, file in found.items() if file.entry == entry.id} for entry in entries}
    return {entry.id: html(reader.workspace, entry.body, own[entry.id]) for entry in entries}


def preview(reader: Reader, body: str, entry: int | None) -> Markup:
    """What is being written, with pictures that are not part of the entry yet. For members."""
    return html(reader.workspace, body, attachments.pictures(reader, [entry] if entry else [], markdown.pictures(body)))


def html(workspace: Workspace, body: str, files: dict[int, File]) -> Markup:
    def address(id: int) -> str | None:
        file = files.get(id)
        is_there = file and file.state == "ready"  # the worker has made it harmless
        return signed(workspace.id, id, int(time.time() // HOUR)) if is_there else None

    return Markup(markdown.render(body, address))


@lru_cache(maxsize=4096)
def signed(workspace_id: int, id: int, _hour: int) -> str:
    return shapes.file_path(workspace_id, id, "o")
