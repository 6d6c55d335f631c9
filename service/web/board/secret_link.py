"""A page behind the secret link of a letter. Opening it changes nothing (mail scanners open links); its button does."""

from service.errors import Conflict, Forbidden, NotFound, Unauthenticated
from service.web import problems
from service.web.board.visiting import render

REFUSALS = (Conflict, Forbidden, NotFound, Unauthenticated)  # are shown in the page, with a way on


class SecretLink:
    """To be put behind `visit`. The address says who comes: nobody keeps the page, and it is told to nobody (middleware)."""

    template = ""

    def look(self, req, secret: str) -> dict:
        """What the page shows, without using the link up; a refusal when it does not hold."""
        raise NotImplementedError

    def act(self, req, resp, secret: str) -> str | None:
        """What the button does; returns where to go from there, None when that is answered already."""
        raise NotImplementedError

    def on_get(self, req, resp, secret):
        try:
            found = self.look(req, secret)
        except REFUSALS as refusal:
            return self.refuse(req, resp, refusal)
        self.show(req, resp, **found)

    def on_post(self, req, resp, secret):
        try:
            to = self.act(req, resp, secret)
        except REFUSALS as refusal:
            return self.refuse(req, resp, refusal)
        if to:
            resp.status, resp.location = 303, to

    def refuse(self, req, resp, refusal) -> None:
        self.show(req, resp, code=getattr(refusal, "code", "not_found"), detail=str(refusal))
        resp.status = problems.status_of(refusal)

    def show(self, req, resp, *, code: str = "", **values) -> None:
        """`code` says why there is nothing to do here."""
        render(req, resp, self.template, is_private=True, code=code, **values)
