"""The letters of a workspace, as they were written."""

import falcon

from service.feedback import letters
from service.web import pages
from service.web.guards import require_member


@falcon.before(require_member)
class Outbox:
    def on_get(self, req, resp):
        written = letters.latest(req.context.workspace.id)
        pages.render(req, resp, "app/outbox.html", active="outbox", letters=written, smtp=bool(req.context.config.smtp_url))


@falcon.before(require_member)
class Letter:
    def on_get(self, req, resp, number):
        letter = letters.read(req.context.workspace.id, number)
        pages.render(req, resp, "app/letter.html", active="outbox", letter=letter)


@falcon.before(require_member)
class LetterHtml:
    """The HTML alone, for the sandboxed frame."""

    def on_get(self, req, resp, number):
        pages.render_letter(resp, letters.read(req.context.workspace.id, number).html)
