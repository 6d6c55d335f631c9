"""Every address there is, on one page."""

import falcon
from falcon.routing import BaseConverter

from service import files
from service.config import Config
from service.web import api, assets, board, dashboard, domains, downloads, letter_links, problems, reference, site
from service.web.compression import Compressed
from service.web.dashboard import settings
from service.web.middleware import Around, HeadFollowsGet
from service.web.stripe_hook import StripeHook
from service.web.widget import comments as widget_comments
from service.web.widget import files as widget_files
from service.web.widget import news as widget_news
from service.web.widget import opening
from service.web.widget import posts as widget_posts
from service.web.widget import roadmap as widget_roadmap
from service.web.widget import uploading as widget_uploading


class Number(BaseConverter):
    """`{n:number}`: digits as everyone writes them; anything else is no such page."""

    def convert(self, value: str) -> int | None:
        fits = value.isascii() and value.isdigit() and len(value) < 10 and value[0] != "0"
        return int(value) if fits else None


def create_app(config: Config) -> HeadFollowsGet:
    """The WSGI application. The database, tokens and letters must have been started."""
    app = falcon.App(middleware=[Around(config), Compressed()])
    app.router_options.converters["number"] = Number
    app.req_options.keep_blank_qs_values = True
    app.req_options.strip_url_path_trailing_slash = True
    problems.install(app)
    for address, resource in routes().items():
        app.add_route(address, resource)
    app.add_sink(board.former.lead_on, board.former.PATTERN)
    return HeadFollowsGet(app)


def routes() -> dict[str, object]:
    """Address → resource."""
    return {**for_widgets(), **for_programs(), **for_everyone(), **for_the_team()}


def for_widgets() -> dict[str, object]:
    scripts = widget_files.Files(files.root("widget"))
    return {
        "/w.js": widget_files.Loader(scripts),
        "/w.mjs": widget_files.Source(files.root("widget") / "w.mjs"),
        "/w.d.ts": widget_files.Source(files.root("widget") / "w.d.ts"),
        "/w/{build}/{name}": widget_files.Chunk(scripts),
        "/api/widget/opening": opening.Opening(),
        "/api/widget/session": opening.Session(),
        "/api/widget/ticket": opening.Ticket(),
        "/api/widget/news": widget_news.News(),
        "/api/widget/news/{entry:number}/reaction": widget_news.Reaction(),
        "/api/widget/roadmap": widget_roadmap.Roadmap(),
        "/api/widget/list": widget_posts.List(),
        "/api/widget/similar": widget_posts.Similar(),
        "/api/widget/posts": widget_posts.Posts(),
        "/api/widget/posts/{number:number}": widget_posts.Post(),
        "/api/widget/posts/{number:number}/vote": widget_posts.Vote(),
        "/api/widget/posts/{number:number}/follow": widget_posts.Follow(),
        "/api/widget/posts/{number:number}/edit": widget_posts.Edit(),
        "/api/widget/posts/{number:number}/delete": widget_posts.Delete(),
        "/api/widget/posts/{number:number}/files": widget_uploading.Files(),
        "/api/widget/posts/{number:number}/comments": widget_comments.Comments(),
        "/api/widget/posts/{number:number}/comments/after": widget_comments.After(),
        "/api/widget/comments/{comment:number}/edit": widget_comments.Edit(),
        "/api/widget/comments/{comment:number}/delete": widget_comments.Delete(),
    }


def for_programs() -> dict[str, object]:
    operations = {f"/api/v1{address}": resource for address, resource in (of_feedback() | of_people_and_settings()).items()}
    return {
        **operations,
        "/api/v1/openapi.json": reference.Document(operations),
        "/api/docs": reference.Page(operations),
        "/healthz": site.Alive(),
        "/readyz": site.Ready(),
    }


def of_feedback() -> dict[str, object]:
    return {
        "/posts": api.posts.Posts(),
        "/posts/{number:number}": api.posts.Post(),
        "/posts/{number:number}/restoration": api.posts.Restoration(),
        "/posts/{number:number}/revisions": api.posts.Revisions(),
        "/posts/{number:number}/similar": api.posts.SimilarToPost(),
        "/posts/{number:number}/status": api.posts.Status(),
        "/posts/{number:number}/merge": api.posts.Merge(),
        "/posts/{number:number}/assignee": api.posts.Assignee(),
        "/posts/{number:number}/eta": api.posts.Eta(),
        "/posts/{number:number}/tags/{tag}": api.posts.Tag(),
        "/posts/{number:number}/score": api.votes.Score(),
        "/posts/{number:number}/votes": api.votes.Votes(),
        "/posts/{number:number}/votes/{user}": api.votes.Vote(),
        "/posts/{number:number}/followers": api.votes.Followers(),
        "/posts/{number:number}/followers/{user}": api.votes.Follower(),
        "/posts/{number:number}/comments": api.comments.Comments(),
        "/comments/{comment:number}": api.comments.Comment(),
        "/comments/{comment:number}/files": api.files.OfComment(),
        "/posts/{number:number}/files": api.files.OfPost(),
        "/files": api.files.Files(),
        "/files/{file:number}": api.files.File(),
        "/similar": api.posts.Similar(),
        "/changelog": api.changelog.Entries(),
        "/changelog/{entry:number}": api.changelog.Entry(),
        "/changelog/{entry:number}/reactions/{kind}/{user}": api.changelog.Reaction(),
        "/events": api.events.Events(),
    }


def of_people_and_settings() -> dict[str, object]:
    return {
        "/boards": api.boards.Boards(),
        "/boards/{board}": api.boards.Board(),
        "/statuses": api.statuses.Statuses(),
        "/statuses/{status}": api.statuses.Status(),
        "/tags": api.tags.Tags(),
        "/tags/{tag}": api.tags.Tag(),
        "/fields": api.fields.Fields(),
        "/fields/{field}": api.fields.Field(),
        "/users": api.users.Users(),
        "/users/{user}": api.users.User(),
        "/users/{user}/export": api.users.Export(),
        "/users/{user}/erasure": api.users.Erasure(),
        "/users/{user}/data-link": api.users.DataLink(),
        "/companies": api.companies.Companies(),
        "/companies/{company}": api.companies.Company(),
        "/segments": api.segments.Segments(),
        "/segments/{segment}": api.segments.Segment(),
        "/members": api.team.Members(),
        "/members/{member:number}": api.team.Member(),
        "/keys": api.team.Keys(),
        "/keys/{api_key:number}": api.team.Key(),
        "/imports": api.imports.Imports(),
        "/imports/{import_id:number}": api.imports.Import(),
        "/imports/{import_id:number}/rows": api.imports.Rows(),
        "/imports/{import_id:number}/stop": api.imports.Stop(),
        "/imports/{import_id:number}/undo": api.imports.Undo(),
        "/exports": api.exports.Exports(),
        "/exports/{export:number}": api.exports.Export(),
        "/exports/{export:number}/stop": api.exports.Stop(),
        "/exports/{export:number}/file": api.exports.File(),
        "/webhooks": api.webhooks.Webhooks(),
        "/webhooks/{webhook:number}": api.webhooks.Webhook(),
        "/webhooks/{webhook:number}/test": api.webhooks.Test(),
        "/webhooks/{webhook:number}/secret": api.webhooks.Secret(),
        "/webhooks/{webhook:number}/deliveries": api.webhooks.Deliveries(),
        "/webhooks/{webhook:number}/deliveries/{delivery:number}": api.webhooks.Delivery(),
        "/webhooks/{webhook:number}/deliveries/{delivery:number}/redelivery": api.webhooks.Redelivery(),
    }


def for_everyone() -> dict[str, object]:
    return {
        "/": site.Index(),
        "/docs": site.Manual(),
        "/demo": site.Demo(),
        "/oembed": board.oembed.OEmbed(),
        "/robots.txt": board.robots.Robots(),
        "/internal/domain": domains.Domain(),
        "/hooks/stripe": StripeHook(),
        "/static/{name}": assets.Asset(),
        "/files/{token}": downloads.Download(),
        "/letters/team/{secret}": letter_links.LetterLink(),
        **{f"/b/{{slug}}{address}": resource for address, resource in of_a_board().items()},
    }


def of_a_board() -> dict[str, object]:
    """Of the public face, below a workspace's slug; at its own domain these stand at the root."""
    return {
        "": board.board.Board(),
        "/posts/new": board.new_post.NewPost(),
        "/posts/{number:number}": board.post.Post(),
        "/roadmap": board.roadmap.Roadmap(),
        "/embed/roadmap": board.embed.EmbeddedRoadmap(),
        "/changelog": board.changelog.Changelog(),
        "/changelog.rss": board.feeds.Rss(),
        "/changelog.atom": board.feeds.Atom(),
        "/changelog/{entry:number}": board.changelog.Entry(),
        "/changelog/{entry:number}/pictures/{file:number}": board.changelog.Picture(),
        "/confirm/{secret}": board.confirm.Confirm(),
        "/sign-in": board.sign_in.SignIn(),
        "/sign-in/with": board.sign_in.HandOver(),
        "/sign-in/return": board.sign_in.Return(),
        "/sign-in/{secret}": board.sign_in.Link(),
        "/me": board.me.Me(),
        "/me/export": board.me.Export(),
        "/me/erased": board.me.Erased(),
        "/letters/{secret}": board.mailing.Mailing(),
        "/data/{secret}": board.data.Data(),
        "/subscribe/{secret}": board.subscribing.Subscription(),
        "/logo": board.logo.Logo(),
        "/picture.png": board.picture.BoardPicture(),
        "/posts/{number:number}/picture.png": board.picture.PostPicture(),
        "/robots.txt": board.robots.BoardRobots(),
        "/sitemap.xml": board.robots.Sitemap(),
        "/ticket": board.visiting.Ticket(),
    }


def for_the_team() -> dict[str, object]:
    of_a_workspace = of_posts() | of_people() | of_settings()
    return {
        "/app": dashboard.home.Home("inbox"),
        **{f"/app/{page}": dashboard.home.Home(page) for page in ("inbox", "outbox", "settings")},
        "/app/new": dashboard.home.NewWorkspace(),
        "/app/sign-in": dashboard.sign_in.SignIn(),
        "/app/sign-in/{secret}": dashboard.sign_in.Link(),
        "/app/sign-out": dashboard.sign_in.SignOut(),
        "/app/prove": dashboard.proof.Proof(),
        "/app/prove/{secret}": dashboard.proof.Link(),
        "/app/join/{place}/{secret}": dashboard.joining.Joining(),
        "/app/{slug}": dashboard.home.Home("inbox"),
        **{f"/app/{{slug}}{address}": resource for address, resource in of_a_workspace.items()},
    }


def of_posts() -> dict[str, object]:
    return {
        "/inbox": dashboard.inbox.Inbox(),
        "/history": dashboard.history.History(),
        "/posts/new": dashboard.new_post.NewPost(),
        "/posts/{number:number}": dashboard.posts.Post(),
        "/posts/{number:number}/merge": dashboard.merging.Merging(),
        "/files": dashboard.files.Files(),
        "/start": dashboard.start.Start(),
        "/roadmap": dashboard.roadmap.Roadmap(),
        "/changelog": dashboard.changelog.Changelog(),
        "/changelog/new": dashboard.changelog.Entry(),
        "/changelog/{entry:number}": dashboard.changelog.Entry(),
        "/search": dashboard.search.Search(),
        "/ticket": dashboard.home.Ticket(),
    }


def of_people() -> dict[str, object]:
    return {
        "/insights": dashboard.insights.Insights(),
        "/insights/{table}.csv": dashboard.insights.Sheet(),
        "/moderation": dashboard.moderation.Moderation(),
        "/duplicates": dashboard.duplicates.Duplicates(),
        "/users": dashboard.users.Users(),
        "/users/{user}": dashboard.users.User(),
        "/users/{user}/export": dashboard.users.Export(),
        "/companies": dashboard.companies.Companies(),
        "/companies/{company}": dashboard.companies.Company(),
        "/segments": dashboard.segments.Segments(),
        "/segments/new": dashboard.segments.NewSegment(),
        "/segments/{segment}": dashboard.segments.Segment(),
    }


def of_settings() -> dict[str, object]:
    return {
        "/settings": settings.install.Install(),
        "/settings/preview": settings.install.Preview(),
        "/settings/general": settings.general.General(),
        "/settings/brand": settings.brand.Brand(),
        "/settings/identity": settings.identity.Identity(),
        "/settings/boards": settings.lists.Boards(),
        "/settings/statuses": settings.lists.Statuses(),
        "/settings/tags": settings.lists.Tags(),
        "/settings/fields": settings.lists.Fields(),
        "/settings/team": settings.team.Team(),
        "/settings/billing": settings.billing.Billing(),
        "/settings/keys": settings.keys.Keys(),
        "/settings/privacy": settings.privacy.Privacy(),
        "/settings/import": settings.importing.Imports(),
        "/settings/import/{import_id:number}": settings.importing.Import(),
        "/settings/export": settings.exporting.Export(),
        "/settings/export/{export:number}/file": settings.exporting.File(),
        "/settings/audit": settings.audit.Audit(),
        "/settings/audit.csv": settings.audit.Sheet(),
        "/settings/account": settings.account.Account(),
        "/settings/letters": settings.letters.Letters(),
        "/settings/webhooks": settings.webhooks.Webhooks(),
        "/settings/webhooks/{endpoint:number}": settings.webhooks.Endpoint(),
        "/settings/webhooks/{endpoint:number}/deliveries/{delivery:number}": settings.webhooks.Delivery(),
        "/system": dashboard.system.System(),
        "/system/jobs": dashboard.system.Jobs(),
        "/outbox": dashboard.outbox.Outbox(),
        "/outbox/{number:number}": dashboard.outbox.Letter(),
        "/outbox/{number:number}/html": dashboard.outbox.LetterHtml(),
    }
