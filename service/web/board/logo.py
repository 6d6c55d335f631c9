"""The logo of a workspace, for its pages, letters, and whoever links to it."""

from service.errors import NotFound
from service.feedback import brand
from service.lib import headers
from service.web.board.visiting import is_known

SAFE = {
    "Content-Security-Policy": headers.OF_A_FILE,
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "cross-origin",
}


class Logo:
    """Not behind `visit`: it is the same for everybody, and costs one look."""

    def on_get(self, req, resp, slug):
        domain = req.context.get("domain")
        if "." in slug and slug != domain:
            raise NotFound("There is no logo here.")
        logo = brand.logo_at(slug, by_domain=slug == domain)
        resp.set_headers(SAFE)
        resp.etag = logo.hash
        is_named = req.params.get("v") == logo.hash  # without its hash an address may mean another picture tomorrow
        resp.cache_control = ["public", "max-age=31536000", "immutable"] if is_named else ["public", "max-age=600"]
        if is_known(req, logo.hash):
            resp.status = 304
        else:
            resp.data, resp.content_type = logo.data, logo.type
