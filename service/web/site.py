"""The pages that belong to no workspace: front page, manual, demo, health."""

import falcon

from service import demo, migrate, shapes, words
from service.db import database
from service.feedback import export_tables, workspaces
from service.web import forms, pages, problems

WANTED = "Recurring invoices"  # a post of the demo
SWITCHES = {  # of the demo page: their labels and what they offer, the first at first
    "theme": ("Theme", {"auto": "Auto", "light": "Light", "dark": "Dark"}),
    "accent": ("Accent", {"": "Ours", "plum": "Plum", "pink": "Pink", "lemon": "Lemon"}),
    "side": ("Side", {"right": "Right", "left": "Left"}),
    "launcher": ("Launcher", {"on": "On", "off": "Off"}),
    "csp": ("Content policy", {"strict": "Strict", "ordinary": "Ordinary"}),
    "user": ("Signed in", {"": "Nobody", "u_1003": "Priya", "u_1012": "Camille"}),
}


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
                     tables=export_tables.TABLES, csp=pages.policy_for_customers(req.context.config))  # fmt: skip


class Demo:
    """A page as a customer would have it, with the widget of the workspace that `sayso demo` made, and with switches for
    everything that a customer could want otherwise: each is a parameter of the address.

    `?user=u_1003` signs one of its users in, as the customer's own server would."""

    def __init__(self):
        languages = {"": "The browser’s"} | words.names()
        self.switches = SWITCHES | {"lang": ("Language", languages)}

    def on_get(self, req, resp):
        config, workspace = req.context.config, demo.workspace()
        if workspace is None or not config.demo:
            raise falcon.HTTPNotFound(description="There is no demo here; `sayso demo` makes one.")
        look = {name: asked(req, name, options) for name, (_, options) in self.switches.items()}
        user = req.params.get("user")
        look["user"] = user if isinstance(user, str) else ""
        token = demo.user_token(workspace, user) if look["user"] else None
        pages.render(
            req, resp, "demo.html", script_url=f"{config.base_url}/w.js", widget_key=workspaces.widget_key(workspace),
            user_token=token, base_url=config.base_url, board_url=workspaces.home(workspace, config.base_url),
            stream_url=config.stream_url, switches=self.switches, look=look, wanted=demo.number(WANTED),
            is_open=bool(req.params.keys() & look.keys()), csp=pages.policy_for_customers(config),
            policy=pages.ORDINARY if look["csp"] == "ordinary" else None,
        )  # fmt: skip


def asked(req: falcon.Request, name: str, options: dict[str, str]) -> str:
    """The one of these options that the address names, or the first."""
    value = req.params.get(name)
    return value if isinstance(value, str) and value in options else next(iter(options))


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
