"""Every address there is, on one page."""

import falcon
from falcon.routing import BaseConverter

from service import files
from service.config import Config
from service.web import assets, problems, site
from service.web.api import posts as api_posts
from service.web.api import similar as api_similar
from service.web.board import board
from service.web.dashboard import home, inbox, outbox, settings, sign_in
from service.web.middleware import Around, HeadFollowsGet
from service.web.widget import files as widget_files
from service.web.widget import opening
from service.web.widget import posts as widget_posts


class Number(BaseConverter):
    """`{n:number}`: digits as everyone writes them; anything else is no such page."""

    def convert(self, value: str) -> int | None:
        fits = value.isascii() and value.isdigit() and len(value) < 10 and value[0] != "0"
        return int(value) if fits else None


def create_app(config: Config) -> HeadFollowsGet:
    """The WSGI application. The database, tokens and letters must have been started."""
    app = falcon.App(middleware=[Around(config)])
    app.router_options.converters["number"] = Number
    app.req_options.keep_blank_qs_values = True
    app.req_options.strip_url_path_trailing_slash = True
    problems.install(app)
    routes(app)
    return HeadFollowsGet(app)


def routes(app: falcon.App) -> None:
    scripts = widget_files.Files(files.root("widget"))
    app.add_route("/w.js", widget_files.Loader(scripts))
    app.add_route("/w/{name}", widget_files.Chunk(scripts))

    app.add_route("/api/widget/opening", opening.Opening())
    app.add_route("/api/widget/session", opening.Session())
    app.add_route("/api/widget/ticket", opening.Ticket())
    app.add_route("/api/widget/list", widget_posts.List())
    app.add_route("/api/widget/similar", widget_posts.Similar())
    app.add_route("/api/widget/posts", widget_posts.Posts())
    app.add_route("/api/widget/posts/{number:number}", widget_posts.Post())
    app.add_route("/api/widget/posts/{number:number}/vote", widget_posts.Vote())

    app.add_route("/api/v1/posts", api_posts.Posts())
    app.add_route("/api/v1/posts/{number:number}", api_posts.Post())
    app.add_route("/api/v1/posts/{number:number}/status", api_posts.Status())
    app.add_route("/api/v1/similar", api_similar.Similar())

    app.add_route("/b/{slug}", board.Board())
    app.add_route("/b/{slug}/posts/{number:number}", board.Post())
    app.add_route("/b/{slug}/changelog", board.Changelog())

    app.add_route("/app", home.Home("inbox"))
    for page in ("inbox", "outbox", "settings"):
        app.add_route(f"/app/{page}", home.Home(page))
    app.add_route("/app/new", home.NewWorkspace())
    app.add_route("/app/sign-in", sign_in.SignIn())
    app.add_route("/app/sign-in/{secret}", sign_in.Link())
    app.add_route("/app/sign-out", sign_in.SignOut())
    app.add_route("/app/{slug}", home.Home("inbox"))
    app.add_route("/app/{slug}/inbox", inbox.Inbox())
    app.add_route("/app/{slug}/posts/{number:number}", inbox.Post())
    app.add_route("/app/{slug}/posts/{number:number}/status", inbox.Status())
    app.add_route("/app/{slug}/settings", settings.Settings())
    app.add_route("/app/{slug}/settings/secret", settings.IdentitySecret())
    app.add_route("/app/{slug}/settings/key", settings.ApiKey())
    app.add_route("/app/{slug}/outbox", outbox.Outbox())
    app.add_route("/app/{slug}/outbox/{number:number}", outbox.Letter())
    app.add_route("/app/{slug}/outbox/{number:number}/html", outbox.LetterHtml())
    app.add_route("/app/{slug}/ticket", home.Ticket())

    app.add_route("/", site.Index())
    app.add_route("/docs", site.Manual())
    app.add_route("/demo", site.Demo())
    app.add_route("/healthz", site.Alive())
    app.add_route("/readyz", site.Ready())
    app.add_route("/static/{name}", assets.Asset())
