"""The page behind the link in a guest's letter."""

import falcon

from service.feedback import guests
from service.web.board.secret_link import SecretLink
from service.web.board.visiting import visit
from service.web.page import here


@falcon.before(visit)
class Confirm(SecretLink):
    """The secret in the address is all that its form needs: no cookie, and nothing that is bound to one."""

    template = "board/confirm.html"

    def look(self, req, secret):
        return {"link": guests.look(req.context.workspace, secret)}

    def act(self, req, _resp, secret):
        guests.confirm(req.context.workspace, secret)
        return here(req)

    def show(self, req, resp, **values):
        super().show(req, resp, days=guests.DAYS, **values)
