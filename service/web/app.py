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
    for address, resource in routes().items():
        app.add_route(address, resource)
    return HeadFollowsGet(app)


def routes() -> dict[str, object]:
    """Address → resource."""
    return {**for_widgets(), **for_programs(), **for_everyone(), **for_the_team()}


def for_widgets() -> dict[str, object]:
    scripts = widget_files.Files(files.root("widget"))
    return {
        "/w.js": widget_files.Loader(scripts),
        "/w/{name}": widget_files.Chunk(scripts),
        "/api/widget/opening": opening.Opening(),
        "/api/widget/session": opening.Session(),
        "/api/widget/ticket": opening.Ticket(),
        "/api/widget/list": widget_posts.List(),
        "/api/widget/similar": widget_posts.Similar(),
        "/api/widget/posts": widget_posts.Posts(),
        "/api/widget/posts/{number:number}": widget_posts.Post(),
        "/api/widget/posts/{number:number}/vote": widget_posts.Vote(),
    }


def for_programs() -> dict[str, object]:
    return {
        "/api/v1/posts": api_posts.Posts(),
        "/api/v1/posts/{number:number}": api_posts.Post(),
        "/api/v1/posts/{number:number}/status": api_posts.Status(),
        "/api/v1/similar": api_similar.Similar(),
        "/healthz": site.Alive(),
        "/readyz": site.Ready(),
    }


def for_everyone() -> dict[str, object]:
    return {
        "/": site.Index(),
        "/docs": site.Manual(),
        "/demo": site.Demo(),
        "/static/{name}": assets.Asset(),
        "/b/{slug}": board.Board(),
        "/b/{slug}/posts/{number:number}": board.Post(),
        "/b/{slug}/changelog": board.Changelog(),
    }


def for_the_team() -> dict[str, object]:
    return {
        "/app": home.Home("inbox"),
        **{f"/app/{page}": home.Home(page) for page in ("inbox", "outbox", "settings")},
        "/app/new": home.NewWorkspace(),
        "/app/sign-in": sign_in.SignIn(),
        "/app/sign-in/{secret}": sign_in.Link(),
        "/app/sign-out": sign_in.SignOut(),
        "/app/{slug}": home.Home("inbox"),
        "/app/{slug}/inbox": inbox.Inbox(),
        "/app/{slug}/posts/{number:number}": inbox.Post(),
        "/app/{slug}/posts/{number:number}/status": inbox.Status(),
        "/app/{slug}/settings": settings.Settings(),
        "/app/{slug}/settings/secret": settings.IdentitySecret(),
        "/app/{slug}/settings/key": settings.ApiKey(),
        "/app/{slug}/outbox": outbox.Outbox(),
        "/app/{slug}/outbox/{number:number}": outbox.Letter(),
        "/app/{slug}/outbox/{number:number}/html": outbox.LetterHtml(),
        "/app/{slug}/ticket": home.Ticket(),
    }
