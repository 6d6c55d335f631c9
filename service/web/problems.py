"""Errors as answers: problem+json (RFC 9457) to programs, a readable page to people; never a traceback."""

import logging
from http import HTTPStatus

import falcon
import msgspec
from peewee import IntegrityError

from service import db, errors
from service.db import database
from service.web import pages

log = logging.getLogger("sayso.web")

STATUS = {
    errors.NotFound: 404,
    errors.Invalid: 422,
    errors.Malformed: 400,
    errors.Unauthenticated: 401,
    errors.Forbidden: 403,
    errors.Conflict: 409,
    errors.TooLarge: 413,
    errors.UnsupportedMedia: 415,
    errors.RateLimited: 429,
    errors.PaymentAway: 503,
}
# What a status is called: the end of the problem's type, which never changes, and its title.
KINDS = {
    400: ("malformed", "This cannot be read"),
    401: ("unauthenticated", "No valid key or token"),
    403: ("forbidden", "Not allowed"),
    404: ("not-found", "Not found"),
    405: ("method-not-allowed", "No such method here"),
    409: ("conflict", "This contradicts what is there"),
    413: ("too-large", "Too large"),
    414: ("address-too-long", "The address is too long"),
    415: ("unsupported-media-type", "Not a media type we take"),
    422: ("invalid", "Something must change"),
    429: ("rate-limited", "Too much at once"),
    500: ("internal", "Something went wrong"),
    503: ("unavailable", "Not available for a moment"),
}
RETRY_SECONDS = "2"  # when the database is away: it is asked again by every request
FOR_PROGRAMS = ("/api/", "/w/", "/w.js", "/healthz", "/readyz", "/static/", "/oembed", "/hooks/")


class FieldError(msgspec.Struct):
    """What must change in one field."""

    field: str
    message: str


class Problem(msgspec.Struct):
    """What went wrong (RFC 9457). `type` is stable; `code` says more where there is more than one reason."""

    type: str
    title: str
    status: int
    detail: str
    code: str | msgspec.UnsetType = msgspec.UNSET
    errors: list[FieldError] | msgspec.UnsetType = msgspec.UNSET
    request_id: str | msgspec.UnsetType = msgspec.UNSET


def install(app: falcon.App) -> None:
    """Give every error its answer."""
    app.add_error_handler(Exception, unexpected)
    app.add_error_handler(errors.SaysoError, known)
    app.add_error_handler(falcon.HTTPError, of_falcon)
    app.add_error_handler(falcon.HTTPStatus, redirect)
    for gone in db.GONE:
        app.add_error_handler(gone, away)
    app.add_error_handler(IntegrityError, overtaken)


def known(req, resp, error: errors.SaysoError, _params) -> None:
    fields = [FieldError(name, text) for name, text in getattr(error, "fields", {}).items()]
    if isinstance(error, errors.RateLimited | errors.PaymentAway):
        resp.set_header("Retry-After", str(error.seconds))
    if isinstance(error, errors.Unauthenticated) and req.path.startswith("/api/v1"):
        resp.set_header("WWW-Authenticate", "Bearer")
    answer(req, resp, status_of(error), str(error), getattr(error, "code", None), fields or None)


def status_of(error: errors.SaysoError) -> int:
    return next((STATUS[kind] for kind in type(error).__mro__ if kind in STATUS), 500)


def of_falcon(req, resp, error: falcon.HTTPError, _params) -> None:
    resp.set_headers(error.headers or {})
    status = falcon.http_status_to_code(error.status)
    answer(req, resp, status, error.description or SENTENCES.get(status, f"{HTTPStatus(status).phrase}."))


def redirect(_req, resp, status: falcon.HTTPStatus, _params) -> None:
    resp.status = status.status
    resp.set_headers(status.headers or {})


def away(req, resp, error: Exception, _params) -> None:
    """The database is gone, or too busy for this: say so at once, and ask for it anew with the next request."""
    log.warning("%s: the database refused (%s, %s)", req.context.get("id"), type(error).__name__, db.code(error))
    if db.is_connection_lost(error) and not database.is_closed():
        db.discard()
    resp.set_header("Retry-After", RETRY_SECONDS)
    answer(req, resp, 503, "The database cannot answer at the moment; please try again.", "unavailable")


def overtaken(req, resp, error: IntegrityError, params) -> None:
    """What this belongs to (a user, a board) was taken away at this very moment, three times in a row: `db.verb` tried."""
    if db.code(error) != db.PARENT_GONE:
        return unexpected(req, resp, error, params)
    answer(req, resp, 409, "Something that this belongs to has just been taken away; look again.", "conflict")
    return None


def unexpected(req, resp, error: Exception, _params) -> None:
    log.error("%s %s %s failed: %s", req.context.get("id"), req.method, req.uri_template, db.traced(error))
    answer(req, resp, 500, "Something went wrong on our side. It has been written down.")


SENTENCES = {
    404: "There is nothing at this address.",
    405: "This address does not take that method.",
}


def answer(req, resp, status: int, detail: str, code: str | None = None, fields: list | None = None) -> None:
    """The error as problem+json or as a page, whichever this address speaks."""
    kind, title = KINDS.get(status, ("internal", HTTPStatus(status).phrase))
    resp.status = status
    resp.data = resp.text = resp.media = None
    if req.path.startswith(FOR_PROGRAMS):
        address = f"{req.context.config.base_url}/docs#problem-{kind}"
        given = {"code": code, "errors": fields, "request_id": req.context.get("id")}
        more = {name: value for name, value in given.items() if value is not None}
        problem = Problem(address, title, status, detail, **more)
        resp.data, resp.content_type = msgspec.json.encode(problem), "application/problem+json"
    elif complain := req.context.get("complain"):
        complain(req, resp, status, detail)
    else:
        pages.render(req, resp, "error.html", status=status, title=title, detail=detail)
