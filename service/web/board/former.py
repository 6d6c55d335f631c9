"""An address below a board that is no page of ours: if a post stood there before it was imported, it leads to the post."""

import falcon

from service import db
from service.feedback import former_addresses

PATTERN = r"/b/(?P<slug>[^/]+)(?P<path>/.+)"


def lead_on(req, resp, slug: str, path: str) -> None:  # noqa: ARG001 (the shape of a sink)
    """A sink: 301 to the post, else there is nothing, as anywhere."""
    domain = req.context.get("domain")
    if req.method != "GET" or ("." in slug and slug != domain):
        raise falcon.HTTPNotFound
    db.connect()
    number = former_addresses.find(slug, path)
    if number is None:
        raise falcon.HTTPNotFound
    home = "" if domain else f"/b/{slug}"
    resp.cache_control = ["private", "no-cache"]  # the board may be public no longer when it is asked for again
    raise falcon.HTTPMovedPermanently(f"{home}/posts/{number}")
