"""The changelog through the widget: what was published, and what the reader thinks of it."""

from datetime import datetime
from typing import Literal

import falcon
import msgspec

from service import db, shapes
from service.feedback import changelog, limits, news
from service.web import cursors, pictures
from service.web.guards import act, identify_user
from service.web.widget import calls

PAGE = 10
NAME = "news"  # of the list, in its cursors


class Look(calls.Call):
    cursor: str | None = None


class React(calls.Call):
    kind: Literal[changelog.REACTIONS]
    on: bool


class Linked(msgspec.Struct):
    number: int
    title: str


class Counted(msgspec.Struct):
    kind: str
    count: int
    mine: bool


class Entry(msgspec.Struct):
    id: int
    title: str
    text: list  # nodes (markdown.tree)
    categories: list[str]
    published_at: datetime
    posts: list[Linked]
    reactions: list[Counted]


class Entries(msgspec.Struct):
    data: list[Entry]
    next_cursor: str | None


class Reactions(msgspec.Struct, omit_defaults=True):
    reactions: list[Counted]
    anonymous: str | None = None  # of the user who was made for this action


class News:
    @falcon.before(identify_user, shape=Look)
    def on_post(self, req, resp):
        after = cursors.place_after(req.context.call.cursor, NAME, 2)
        found = news.page(req.context.reader, PAGE + 1, after)
        page, following = cursors.cut(found, PAGE, NAME, lambda item: item.place)
        texts = pictures.trees(req.context.workspace, page, req.context.config.base_url)
        shapes.answer(resp, Entries([entry(item, texts[item.id]) for item in page], following))


class Reaction:
    @falcon.before(identify_user, shape=React, deed=limits.WIDGET_REACTIONS)
    def on_post(self, req, resp, entry):
        reader, anonymous = react(req, entry)
        shapes.answer(resp, Reactions(counted(news.reactions(reader, entry)), anonymous))


@db.verb
def react(req, id: int):
    """One transaction with the anonymous user that it may make; who is nobody yet has nothing to take back."""
    call = req.context.call
    if not call.on and req.context.user is None:
        return req.context.reader, None
    reader, anonymous = act(req)
    (changelog.react if call.on else changelog.unreact)(reader, id, call.kind)
    return reader, anonymous


def entry(item: news.Item, text: list) -> Entry:
    return Entry(item.id, item.title, text, item.categories, item.published_at, [Linked(*post) for post in item.posts],
                 counted(item.reactions))  # fmt: skip


def counted(found: list[news.Reaction]) -> list[Counted]:
    return [Counted(*each) for each in found]
