"""The road map: what is planned, under way and done, as its reader may see it. Votes change in place; a card that was moved
stays where it is and says where it stands now, so that nothing jumps under the reader. A page that is opened anew has it
in its place."""

import falcon

from service.feedback import roadmap
from service.web import inputs
from service.web.board import deeds
from service.web.board.visiting import Page, render, visit


@falcon.before(visit)
class Roadmap(Page):
    def show(self, req, resp):
        board = inputs.param(req, "board")
        columns = roadmap.columns(req.context.reader, board, backlog=False)
        render(req, resp, "board/roadmap.html", here="roadmap", canonical="/roadmap", columns=columns, board=board,
               most_more=roadmap.MOST_MORE)  # fmt: skip

    deeds = {"vote": deeds.vote, "unvote": deeds.unvote}
