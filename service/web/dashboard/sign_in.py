"""Signing in by a link, and out."""

import falcon

from service import words
from service.errors import Invalid, RateLimited, Unauthenticated
from service.feedback import limits, members, sign_in
from service.web import forms, pages
from service.web.forms import BROWSER_COOKIE, SESSION_COOKIE, same_browser
from service.web.guards import require_person
from service.web.problems import STATUS


@falcon.before(same_browser)
class SignIn:
    """The form that asks for an e-mail address."""

    def on_get(self, req, resp):
        pages.render(req, resp, "app/sign_in.html", errors={}, values={}, sign_up=req.context.config.sign_up)

    def on_post(self, req, resp):
        address, anyone = limits.network(req.remote_addr), req.context.config.sign_up
        try:
            locale = words.chosen(req.get_header("Accept-Language")).tag
            email = sign_in.ask(req.context.form.get("email", ""), req.context.browser, address, anyone, locale)
        except (Invalid, RateLimited) as error:
            again(req, resp, error, "app/sign_in.html")
        else:
            pages.render(req, resp, "app/sign_in_sent.html", email=email, smtp=bool(req.context.config.smtp_url))


@falcon.before(same_browser)
class Link:
    """Opening a link changes nothing (mail scanners open links); the button on this page signs in."""

    def on_get(self, req, resp, secret):
        self.show(req, resp, secret)

    def on_post(self, req, resp, secret):
        try:
            person, session = sign_in.redeem(secret, req.context.browser, req.context.form.get("email", ""), origin(req))
        except Unauthenticated as refused:
            return again(req, resp, refused, "app/sign_in.html")
        except Invalid as error:
            return self.show(req, resp, secret, error)
        forms.keep_session(req, resp, session)
        forms.drop_cookie(req, resp, BROWSER_COOKIE)
        resp.status, resp.location = 303, "/app/" if members.places(person) else "/app/new"

    def show(self, req, resp, secret, error=None):
        try:
            email = sign_in.look(secret, req.context.browser)
        except Unauthenticated as refused:
            return again(req, resp, Invalid(email=str(refused)), "app/sign_in.html")
        values = {"needs_email": email is None, "email": email}
        if error:
            return again(req, resp, error, "app/sign_in_link.html", **values)
        pages.render(req, resp, "app/sign_in_link.html", errors={}, values={}, **values)


@falcon.before(require_person)
class SignOut:
    def on_post(self, req, resp):
        sign_in.sign_out(req.context.session)
        forms.drop_cookie(req, resp, SESSION_COOKIE)
        resp.set_header("Clear-Site-Data", '"cache"')
        resp.status, resp.location = 303, "/"


def origin(req) -> sign_in.Origin:
    """Where a session begins that this request starts."""
    return sign_in.Origin(req.get_header("User-Agent", default=""), limits.network(req.remote_addr))


def again(req, resp, error, template: str, **values) -> None:
    """The same form, with what was typed and the message beside the field."""
    errors = getattr(error, "fields", None) or {"email": str(error)}
    resp.status = STATUS[type(error)]
    if isinstance(error, RateLimited):
        resp.set_header("Retry-After", str(error.seconds))
    pages.render(req, resp, template, errors=errors, values=req.context.get("form") or {}, **values)
