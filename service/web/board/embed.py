"""The road map as a frame of the customer's own pages: to be looked at; its links open the board beside the page. Nobody is
known in it, no cookie is read or set, and it runs no script."""

import falcon

from service.feedback import roadmap
from service.lib import colours
from service.web import inputs
from service.web.board.visiting import cookieless, render, visit

THEMES = {"auto": None, "light": colours.LIGHT, "dark": colours.DARK}  # and the ground that the accent stands on
POLICY = (
    "default-src 'none'; img-src 'self'; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors "
)


@falcon.before(cookieless)
@falcon.before(visit)
class EmbeddedRoadmap:
    def on_get(self, req, resp):
        workspace, board, theme = req.context.workspace, inputs.param(req, "board"), inputs.param(req, "theme")
        if workspace.accent and (ground := THEMES.get(theme)):
            req.context.page["style"] = f":root{{{colours.accent_on(workspace.accent, ground).css}}}"
        columns = roadmap.columns(req.context.reader, board, backlog=False)
        render(
            req, resp, "board/embed.html", canonical="/roadmap", columns=columns, most_more=roadmap.MOST_MORE, board=board,
            theme=theme if theme in THEMES else "auto", policy=POLICY + framers(workspace.origins),
        )  # fmt: skip


def framers(origins: list[str]) -> str:
    """Who may show it: the pages that may carry the widget, and our own; any when there is no list."""
    return " ".join(["'self'", *origins]) if origins else "*"
