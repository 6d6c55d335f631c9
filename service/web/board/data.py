"""Somebody's own data, behind a link that was given to them: no sign-in, for whoever has an account here or none. Who was
blocked gets at it, too."""

import falcon

from service import shapes
from service.errors import Invalid, Why
from service.feedback import data_links, kept, limits, privacy, remains
from service.feedback.readers import Reader
from service.web import inputs, problems
from service.web.board import refusals
from service.web.board.secret_link import SecretLink
from service.web.board.visiting import forget, visit
from service.web.page import Form, Typed, remember

ERASE, EXPORT = "erase", "export"


@falcon.before(visit)
class Data(SecretLink):
    """The secret in its address is all that its forms need."""

    template = "board/data.html"
    is_proven = True

    def look(self, req, secret):
        user = data_links.opened(req.context.workspace, secret)
        return {"owner": user, "stays": remains.of(Reader(req.context.workspace))}

    def act(self, req, resp, secret):
        user, form = data_links.opened(req.context.workspace, secret), inputs.form(req)
        if form.get("do") == EXPORT:
            return hand_out(req, resp, user)
        try:
            return erase(req, resp, user, form)
        except Invalid as error:
            fields, message = refusals.said(req.context.words, error)
            remember(req, ERASE, Form(fields, Typed(form.fields), message))
            self.show(req, resp, **self.look(req, secret))
            resp.status = problems.status_of(error)
            return None


def hand_out(req, resp, user) -> None:
    """The file that they would get on their own page."""
    workspace = req.context.workspace
    limits.export(workspace.id, user.id)
    shapes.answer(resp, shapes.user_export(kept.own(workspace, user.external_id)))
    resp.downloadable_as = f"{workspace.slug}.json"
    resp.cache_control = ["no-store"]


def erase(req, resp, user, form) -> str:
    if form.get("do") != ERASE or not form.get("sure"):
        raise Invalid(sure=Why("Tick this box first.", "not_ticked"))
    privacy.erase(Reader(req.context.workspace, user.id), user.external_id)
    if req.context.user and req.context.user.id == user.id:
        forget(req, resp)
    return f"{req.context.home}/me/erased"
