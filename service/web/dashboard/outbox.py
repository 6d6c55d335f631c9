"""The letters of a workspace, as they were written."""

import falcon

from service.feedback import letters
from service.web import pages
from service.web.dashboard.page import render
from service.web.dashboard.system import subnav
from service.web.guards import require_member


@falcon.before(require_member)
class Outbox:
    def on_get(self, req, resp):
        written = letters.latest(req.context.workspace.id)
        render(req, resp, "app/outbox.html", active="system", sub=subnav(req), letters=written,
               smtp=bool(req.context.config.smtp_url))  # fmt: skip


@falcon.before(require_member)
class Letter:
    def on_get(self, req, resp, number):
        letter = letters.read(req.context.workspace.id, number)
        render(req, resp, "app/letter.html", active="system", sub=subnav(req), letter=letter)


@falcon.before(require_member)
class LetterHtml:
    """The HTML alone, for the sandboxed frame."""

    def on_get(self, req, resp, number):
        pages.render_letter(resp, letters.read(req.context.workspace.id, number).html)
