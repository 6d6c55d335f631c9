"""The pages that belong to no workspace: front page, manual, demo, health."""

import falcon

from service import demo, migrate
from service.db import database
from service.feedback import workspaces
from service.web import forms, pages, problems, shapes


class Index:
    offline = True

    def on_get(self, req, resp):
        signed_in = forms.cookie(req, forms.SESSION_COOKIE) in req.cookies
        config = req.context.config
        pages.render(req, resp, "index.html", signed_in=signed_in, sign_up=config.sign_up, base_url=config.base_url)


class Manual:
    offline = True

    def on_get(self, req, resp):
        pages.render(req, resp, "docs/index.html", base_url=req.context.config.base_url, problems=problems.KINDS,
                     csp=pages.policy_for_customers(req.context.config))  # fmt: skip


class Demo:
    """A page as a customer would have it, with the widget of the workspace that `sayso demo` made.

    `?user=u_1003` signs one of its users in, as the customer's own server would."""

    def on_get(self, req, resp):
        config, workspace = req.context.config, demo.workspace()
        if workspace is None or not config.demo:
            raise falcon.HTTPNotFound(description="There is no demo here; `sayso demo` makes one.")
        user = req.params.get("user")
        pages.render(
            req, resp, "demo.html", script_url=f"{config.base_url}/w.js", widget_key=workspaces.widget_key(workspace),
            user_token=demo.user_token(workspace, user) if isinstance(user, str) else None, base_url=config.base_url,
            board_url=f"{config.base_url}/b/{workspace.slug}", stream_url=config.stream_url,
        )  # fmt: skip


class Alive:
    """The process answers."""

    offline = True

    def on_get(self, _req, resp):
        shapes.answer(resp, {"alive": True})


class Ready:
    """The database answers, and has every table this release needs."""

    def on_get(self, _req, resp):
        database.execute_sql("SELECT 1")
        waiting = migrate.pending()
        shapes.answer(resp, {"ready": not waiting, "pending_migrations": waiting}, 503 if waiting else 200)
