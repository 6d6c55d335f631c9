"""The changelog."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec

from service.config import Config
from service.feedback import changelog, workspaces
from service.feedback.workspaces import Workspace
from service.shapes.base import About, Markdown, NextCursor, Paged, Sent, said
from service.shapes.posts import Number, Title

State = Literal["draft", "scheduled", "published"]
Categories = Annotated[list[Annotated[str, said(minLength=1, maxLength=40)]], said("Your own words.", maxItems=10)]
Linked = Annotated[list[Number], said("Numbers of the posts that asked for it.", maxItems=100)]
Moment = Annotated[datetime, About(tz=True)]


class Entry(msgspec.Struct):
    id: int
    title: str
    body: str
    categories: list[str]
    posts: list[int]
    state: State
    published_at: datetime | None
    url: str
    reactions: Annotated[dict[str, int], said("How many of each kind there are.")]


class Entries(msgspec.Struct):
    data: list[Entry]
    next_cursor: NextCursor


class EntryFilter(Paged):
    state: State | None = None


class NewEntry(Sent):
    title: Title
    body: Markdown = ""
    categories: Categories = []
    posts: Linked = []
    published_at: Annotated[
        Moment | None, said("Left out or null: a draft. A moment to come: scheduled. Else it is published at once.")
    ] = None


class EntryChange(Sent):
    title: Title | None = None
    body: Markdown | None = None
    categories: Categories | None = None
    posts: Linked | None = None
    published_at: Annotated[
        Moment | None | msgspec.UnsetType, said("As of a new entry; null makes it a draft again.")
    ] = msgspec.UNSET  # fmt: skip


def entry(read: changelog.Entry, config: Config, workspace: Workspace) -> Entry:
    url = f"{workspaces.home(workspace, config.base_url)}/changelog/{read.id}"
    return Entry(read.id, read.title, read.body, read.categories, read.posts, read.state, read.published_at, url,
                 read.reactions)  # fmt: skip
