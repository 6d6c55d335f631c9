"""What robots are told: where they need not look, and every page that there is for them."""

import falcon

from service.errors import NotFound
from service.feedback import limits, sitemap, workspaces
from service.web.board.visiting import visit

OURS = "User-agent: *\nDisallow: /app\nDisallow: /api/\nDisallow: /files/\nDisallow: /internal/\nDisallow: /oembed\n"
NOT_LISTED = "User-agent: *\nDisallow: /\n"
PERSONAL = ("/me", "/sign-in", "/letters/", "/subscribe/", "/confirm/", "/files/", "/ticket")
LISTED = "\n".join(["User-agent: *", *(f"Disallow: {path}" for path in PERSONAL), "", "Sitemap: {home}/sitemap.xml", ""])
FIRST = ("", "/roadmap", "/changelog")  # pages that every board has
HOUR = "max-age=3600"
OPENING = '<?xml version="1.0" encoding="UTF-8"?>\n<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">'


class Robots:
    """Of our own address, where nothing says which workspaces there are."""

    offline = True

    def on_get(self, _req, resp):
        tell(resp, OURS)


@falcon.before(visit)
class BoardRobots:
    """Of a workspace's own domain: only the root of a host has such a page."""

    def on_get(self, req, resp):
        workspace = req.context.workspace
        if req.context.home:
            raise NotFound("There is nothing at this address.")
        home = workspaces.home(workspace, req.context.config.base_url)
        tell(resp, LISTED.format(home=home) if workspace.is_indexed else NOT_LISTED)


def tell(resp, said: str) -> None:
    resp.text, resp.content_type = said, falcon.MEDIA_TEXT
    resp.cache_control = ["public", HOUR]


@falcon.before(visit)
class Sitemap:
    def on_get(self, req, resp):
        workspace = req.context.workspace
        if not workspace.is_indexed:
            raise NotFound("This board is not listed.")
        limits.sitemap(workspace.id, limits.network(req.remote_addr))
        home = workspaces.home(workspace, req.context.config.base_url)
        found = sitemap.pages(workspace, sitemap.MOST - len(FIRST))
        listed = [f"<url><loc>{home}{path}</loc></url>" for path in FIRST]
        listed += [f"<url><loc>{home}{path}</loc><lastmod>{at.isoformat()}</lastmod></url>" for path, at in found]
        resp.text = "\n".join([OPENING, *listed, "</urlset>"])
        resp.content_type, resp.cache_control = "application/xml; charset=utf-8", ["public", HOUR]
