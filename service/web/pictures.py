"""What an entry of the changelog says, as HTML with its pictures: `![name](file:ID)` is shown if that file is its own."""

import time
from functools import lru_cache

from markupsafe import Markup

from service import shapes
from service.feedback import attachments
from service.feedback.attachments import File
from service.feedback.news import Item
from service.feedback.readers import Reader
from service.feedback.workspaces import Workspace
from service.lib import markdown
from service.lib.markdown import Pictures, Shown

HOUR = 3600  # seconds in which a picture keeps its address, so that browsers need not load it again


def body(workspace: Workspace, item: Item) -> Markup:
    """The text of this entry."""
    return html(workspace, item.body, by_id(item.pictures))


def trees(workspace: Workspace, items: list[Item], host: str) -> dict[int, list]:
    """The same of each of these as nodes, by its id, for a page of another origin than ours, which is `host`."""
    return {item.id: markdown.tree(item.body, addresses(workspace, by_id(item.pictures), host)) for item in items}


def lasting(item: Item, home: str) -> Markup:
    """The same with addresses of pictures that hold as long as the entry does, for who keeps it; `home` is the board's."""
    own = by_id(item.pictures)

    def shown(id: int) -> Shown | None:
        return Shown(lasting_address(item, id, home), own[id].width, own[id].height) if id in own else None

    return Markup(markdown.render(item.body, shown))


def lasting_address(item: Item, id: int, home: str) -> str:
    return f"{home}/changelog/{item.id}/pictures/{id}"


def by_id(files: list[File]) -> dict[int, File]:
    return {file.id: file for file in files}


def preview(reader: Reader, body: str, entry: int | None) -> Markup:
    """What is being written, with pictures that are not part of the entry yet. For members."""
    return html(reader.workspace, body, attachments.pictures(reader, [entry] if entry else [], markdown.pictures(body)))


def html(workspace: Workspace, body: str, files: dict[int, File]) -> Markup:
    return Markup(markdown.render(body, addresses(workspace, files)))


def addresses(workspace: Workspace, files: dict[int, File], host: str = "") -> Pictures:
    """What shows the picture with an id, if it is one of these and the worker has made it harmless."""

    def shown(id: int) -> Shown | None:
        if id not in files or files[id].state != "ready":
            return None
        return Shown(host + signed(workspace.id, id, int(time.time() // HOUR)), files[id].width, files[id].height)

    return shown


@lru_cache(maxsize=4096)
def signed(workspace_id: int, id: int, _hour: int) -> str:
    return shapes.file_path(workspace_id, id, "o")
