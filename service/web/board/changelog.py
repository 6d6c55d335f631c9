"""The changelog: what shipped."""

import falcon

from service.feedback import changelog
from service.web import pictures
from service.web.board.visiting import Page, render, visit


@falcon.before(visit)
class Changelog(Page):
    def show(self, req, resp):
        entries = changelog.published(req.context.reader)
        render(req, resp, "board/changelog.html", here="changelog", canonical="/changelog", entries=entries,
               bodies=pictures.bodies(req.context.reader, entries))  # fmt: skip
