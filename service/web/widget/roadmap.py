"""The road map through the widget: what is planned, started and done, as the reader may see it."""

import falcon
import msgspec

from service import shapes
from service.feedback import roadmap
from service.web.guards import identify_user
from service.web.widget import calls

EXCERPT = 280  # characters of a post's details: a road map can have hundreds of posts


class Look(calls.Call):
    board: str | None = None


class Column(msgspec.Struct):
    status: shapes.ColoredStatus
    posts: list[calls.Card]
    more: int  # that are not shown; 100 means more, too


class Columns(msgspec.Struct):
    columns: list[Column]


class Roadmap:
    @falcon.before(identify_user, shape=Look)
    def on_post(self, req, resp):
        found = roadmap.columns(req.context.reader, req.context.call.board, backlog=False)
        shapes.answer(resp, Columns([
            Column(shapes.ColoredStatus(*column.status[1:]), [card(req, post) for post in column.posts], column.more)
            for column in found
        ]))  # fmt: skip


def card(req, post) -> calls.Card:
    return calls.card(req, post._replace(body=post.body[:EXCERPT]))
