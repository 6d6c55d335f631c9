"""The board: what people ask for, in lists that can be sorted, filtered, searched and voted on."""

import falcon

from service.feedback import lists
from service.web import inputs
from service.web.board import deeds
from service.web.board.visiting import Page, render, visit
from service.web.pages import query


@falcon.before(visit)
class Board(Page):
    def show(self, req, resp):
        sort, status, board = (inputs.param(req, name) for name in ("sort", "status", "board"))
        sort = sort or "top"
        page = lists.page(req.context.reader, sort=sort, status=status, board=board, cursor=inputs.param(req, "cursor"))
        render(
            req, resp, "board/list.html", here="feedback", canonical="", board=board, posts=page.posts, chosen=status,
            sort=sort, next_url=page.next_cursor and query(board=board, sort=sort, status=status, cursor=page.next_cursor),
        )  # fmt: skip

    deeds = {"vote": deeds.vote, "unvote": deeds.unvote}
