"""Every address there is, on one page."""

import falcon
from falcon.routing import BaseConverter

from service import files
from service.config import Config
from service.web import assets, problems, site
from service.web.api import boards as api_boards
from service.web.api import events as api_events
from service.web.api import posts as api_posts
from service.web.api import votes as api_votes
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
    v1 = {
        "/posts": api_posts.Posts(),
        "/posts/{number:number}": api_posts.Post(),
        "/posts/{number:number}/restoration": api_posts.Restoration(),
        "/posts/{number:number}/revisions": api_posts.Revisions(),
        "/posts/{number:number}/similar": api_posts.SimilarToPost(),
        "/posts/{number:number}/status": api_posts.Status(),
        "/posts/{number:number}/merge": api_posts.Merge(),
        "/posts/{number:number}/assignee": api_posts.Assignee(),
        "/posts/{number:number}/eta": api_posts.Eta(),
        "/posts/{number:number}/tags/{tag}": api_posts.Tag(),
        "/posts/{number:number}/score": api_votes.Score(),
        "/posts/{number:number}/votes": api_votes.Votes(),
        "/posts/{number:number}/votes/{user}": api_votes.Vote(),
        "/posts/{number:number}/followers": api_votes.Followers(),
        "/posts/{number:number}/followers/{user}": api_votes.Follower(),
        "/similar": api_posts.Similar(),
        "/boards": api_boards.Boards(),
        "/boards/{board}": api_boards.Board(),
        "/events": api_events.Events(),
    }
    return {
        **{f"/api/v1{address}": resource for address, resource in v1.items()},
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
