"""The page behind the link in a guest's letter. Opening it changes nothing (mail scanners open links); its button does."""

import falcon

from service.errors import Conflict, Forbidden, NotFound, Unauthenticated
from service.feedback import guests
from service.web.board.visiting import render, visit
from service.web.page import here
from service.web.problems import STATUS

REFUSALS = (Conflict, Forbidden, NotFound, Unauthenticated)  # are shown in the page, with what to do


@falcon.before(visit)
class Confirm:
    """The secret in the address is all that its form needs: no cookie, and nothing that is bound to one."""

    def on_get(self, req, resp, token):
        try:
            show(req, resp, link=guests.look(req.context.workspace, token))
        except REFUSALS as refusal:
            refuse(req, resp, refusal)

    def on_post(self, req, resp, token):
        try:
            guests.confirm(req.context.workspace, token)
        except REFUSALS as refusal:
            return refuse(req, resp, refusal)
        resp.status, resp.location = 303, here(req)
        resp.set_header("Referrer-Policy", "no-referrer")


def refuse(req, resp, refusal: Exception) -> None:
    show(req, resp, refusal=str(refusal), code=getattr(refusal, "code", ""))
    resp.status = STATUS[type(refusal)]


def show(req, resp, link: guests.Link | None = None, refusal: str = "", code: str = "") -> None:
    render(req, resp, "board/confirm.html", is_private=True, link=link, refusal=refusal, code=code, days=guests.DAYS)
    resp.set_header("Referrer-Policy", "no-referrer")
