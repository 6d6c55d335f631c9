"""What happens around every request: an id, a database connection, headers, and a log line without secrets."""

import logging
import re
import secrets
import time
from urllib.parse import urlsplit

import falcon

from service import db, measurements
from service.config import Config
from service.errors import Malformed
from service.lib import headers

log = logging.getLogger("sayso.access")

SECRETS = re.compile(r"\{(token|secret)\}|/return$")  # in an address: nobody else is to learn it, and nothing to keep it
LONGEST_URL = 8192
PORT = re.compile(r":\d*$")
OF_EVERY_DOMAIN = ("/static/", "/files/", "/internal/", "/oembed", "/healthz", "/readyz", "/metrics")  # not of one board


class Around:
    """The one middleware. A resource that needs no database says `offline = True`; a preflight never does."""

    def __init__(self, config: Config):
        self.config = config

    def process_request(self, req: falcon.Request, resp: falcon.Response) -> None:
        req.context.config = self.config
        req.context.id = secrets.token_hex(6)
        req.context.started = time.perf_counter()
        req.context.asked = "/" + req.path.lstrip("/")  # two slashes would lead to another host
        resp.set_headers(headers.ALWAYS | (headers.OVER_HTTPS if self.config.secure else {}))
        resp.set_header("X-Request-Id", req.context.id)
        if len(req.relative_uri) > LONGEST_URL:
            raise falcon.HTTPUriTooLong(description="This address is too long.")
        if "\0" in req.path or "%00" in req.query_string:
            raise Malformed("An address cannot hold a NUL character.")
        lead_home(req)

    def process_resource(self, req, resp, resource, _params) -> None:
        if SECRETS.search(req.uri_template or ""):
            resp.set_header("Referrer-Policy", "no-referrer")
        if resource is not None and not getattr(resource, "offline", False) and req.method != "OPTIONS":
            db.connect()

    def process_response(self, req, resp, resource, _succeeded) -> None:
        took, is_offline = (time.perf_counter() - req.context.started) * 1000, getattr(resource, "offline", False)
        if resp.get_header("Cache-Control") is None:
            resp.cache_control = ["no-store"]
        if not is_offline and is_timed(req, resp):
            measurements.answered(took)
        # the route's template, not the path: paths hold sign-in links
        if resp.status_code >= 500 or not is_offline:
            log.info("%s %s %s %s %.0f ms", req.context.id, req.method, req.uri_template or "-", resp.status_code, took)


def lead_home(req) -> None:
    """At a customer's own domain stands their board. Such a domain needs a certificate, so there is none without HTTPS."""
    domain, config = PORT.sub("", req.get_header("Host", default="")).lower().rstrip("."), req.context.config
    if not config.secure or domain == urlsplit(config.base_url).hostname or req.path.startswith(OF_EVERY_DOMAIN):
        return
    req.context.domain, req.path = domain, f"/b/{domain}{req.path.rstrip('/')}"


def is_timed(req, resp) -> bool:
    """Whether its time is ours: not that of a file on its way, which is as slow as somebody's line."""
    return resp.stream is None and "files" not in (req.uri_template or "")


class HeadFollowsGet:
    """WSGI: HEAD is answered like GET, without the body; Falcon by itself refuses it."""

    def __init__(self, app):
        self.app = app

    def __call__(self, environ, start_response):
        if environ["REQUEST_METHOD"] != "HEAD":
            return self.app(environ, start_response)
        closing = self.app({**environ, "REQUEST_METHOD": "GET"}, start_response)
        if hasattr(closing, "close"):
            closing.close()
        return []
