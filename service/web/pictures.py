"""What an entry of the changelog says, as HTML with its pictures: `![name](file:ID)` is shown if that file is its own."""

import time
from collections.abc import Callable
from functools import lru_cache

from markupsafe import Markup

from service.feedback import attachments
from service.feedback.attachments import File
from service.feedback.changelog import Entry
from service.feedback.news import Item
from service.feedback.readers import Reader
from service.feedback.workspaces import Workspace
from service.lib import markdown
from service.web import shapes

HOUR = 3600  # seconds in which a picture keeps its address, so that browsers need not load it again


def bodies(reader: Reader, entries: list[Entry]) -> dict[int, Markup]:
    """The text of each of these entries, by its id."""
    own = by_entry(reader, [entry.id for entry in entries])
    return {entry.id: html(reader.workspace, entry.body, own[entry.id]) for entry in entries}


def trees(reader: Reader, items: list[Item], host: str) -> dict[int, list]:
    """The same as nodes, for a page of another origin than ours, which is `host`."""
    own = by_entry(reader, [item.id for item in items if "file:" in item.body])
    return {item.id: markdown.tree(item.body, addresses(reader.workspace, own.get(item.id, {}), host)) for item in items}


def by_entry(reader: Reader, entries: list[int]) -> dict[int, dict[int, File]]:
    """The pictures of each of these entries."""
    found = attachments.pictures(reader, entries) if entries else {}
    return {entry: {id: file for id, file in found.items() if file.entry == entry} for entry in entries}


def preview(reader: Reader, body: str, entry: int | None) -> Markup:
    """What is being written, with pictures that are not part of the entry yet. For members."""
    return html(reader.workspace, body, attachments.pictures(reader, [entry] if entry else [], markdown.pictures(body)))


def html(workspace: Workspace, body: str, files: dict[int, File]) -> Markup:
    return Markup(markdown.render(body, addresses(workspace, files)))


def addresses(workspace: Workspace, files: dict[int, File], host: str = "") -> Callable[[int], str | None]:
    """What says where the picture with an id is, if it is one of these and the worker has made it harmless."""

    def address(id: int) -> str | None:
        is_there = id in files and files[id].state == "ready"
        return host + signed(workspace.id, id, int(time.time() // HOUR)) if is_there else None

    return address


@lru_cache(maxsize=4096)
def signed(workspace_id: int, id: int, _hour: int) -> str:
    return shapes.file_path(workspace_id, id, "o")
