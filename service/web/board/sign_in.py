"""Signing in to the public face: by a link in a letter, or by the customer's own product, which knows its users."""

import re
from urllib.parse import parse_qsl, urlencode, urlsplit

import falcon

from service.errors import Forbidden, Invalid, NotFound, RateLimited, Unauthenticated
from service.feedback import identity_secrets, limits, user_links
from service.feedback.users import User
from service.lib import tokens
from service.web import forms, inputs, problems
from service.web.board import refusals
from service.web.board.visiting import Page, remember, render, visit
from service.web.page import Done, Form, Typed
from service.web.page import remember as remember_form

# A place below a board: the words that its addresses are made of. What could lead elsewhere, as `//` or `\\`, is none.
PLACE = re.compile(r"(?:/[a-z0-9][a-z0-9-]*)+(?:\?[\w.~=&%+*-]*)?(?:#[\w-]*)?", re.ASCII)
LONGEST_PLACE = 500
STATE, STATE_COOKIE = "sign-in-state", "sayso-state"  # purpose of the token in the cookie
REFUSALS = (Unauthenticated, Forbidden)  # are shown in the page, with what to do


class Spoken(Page):
    """A page that says in its reader's language what was refused; its deeds raise Invalid in that language, too."""

    def refuse(self, req, resp, name, error, place):
        message = refusals.message(req.context.words, error)
        remember_form(req, name, Form(getattr(error, "fields", {}), Typed(req.context.form.fields), message))
        self.show(req, resp, **place)
        resp.status = problems.status_of(error)
        if isinstance(error, RateLimited):
            resp.set_header("Retry-After", str(error.seconds))


@falcon.before(visit)
@falcon.before(forms.know_browser)
class SignIn(Spoken):
    """The form that asks for an e-mail address, and the way to the product's own page."""

    def on_get(self, req, resp):
        user = req.context.user
        if user and user.kind != "anonymous":
            raise falcon.HTTPSeeOther(back(req, wanted(req) or "/me"))
        self.show(req, resp)

    def show(self, req, resp):
        render(req, resp, "board/sign_in.html", is_private=True, to=wanted(req), minutes=user_links.MINUTES,
               smtp=bool(req.context.config.smtp_url))  # fmt: skip

    def ask(self, req):
        words = req.context.words
        try:
            email = user_links.ask(
                req.context.workspace, req.context.form.get("email", ""), browser=req.context.browser, place=wanted(req),
                locale=words.tag, home=absolute(req), network=limits.network(req.remote_addr),
            )  # fmt: skip
        except Invalid:
            raise Invalid(email=words.emailWrong) from None
        return Done(show={"sent_to": email})

    deeds = {"ask": ask}


@falcon.before(visit)
@falcon.before(forms.know_browser)
class Link:
    """Opening a link changes nothing (mail scanners open links); the button on this page signs in."""

    def on_get(self, req, resp, secret):
        try:
            show(req, resp, email=user_links.look(req.context.workspace, secret, req.context.browser))
        except REFUSALS as refusal:
            refuse(req, resp, refusal)

    def on_post(self, req, resp, secret):
        try:
            user, to = user_links.redeem(req.context.workspace, secret, req.context.browser)
        except REFUSALS as refusal:
            return refuse(req, resp, refusal)
        forms.drop_cookie(req, resp, forms.BROWSER_COOKIE)
        welcome(req, resp, user, to)


@falcon.before(visit)
class HandOver:
    """The way to the customer's product, which sends its user back to `Return` with a token."""

    def on_get(self, req, resp):
        workspace, state = req.context.workspace, tokens.secret()
        if not (workspace.sign_in_url or "").startswith(("https://", "http://")):
            raise NotFound("There is no such way to sign in.")
        begun = {"w": workspace.id, "s": tokens.hashed(state).hex(), "to": wanted(req)}
        forms.set_cookie(req, resp, STATE_COOKIE, tokens.sign(STATE, begun), tokens.LIFETIME[STATE])
        resp.status = 302
        resp.location = asking(workspace.sign_in_url, return_to=f"{absolute(req)}/sign-in/return", state=state)
        keep_to_ourselves(resp)


@falcon.before(visit)
class Return:
    """Where the customer's product sends its user. Only who set out from here, in this browser and not long ago, is signed
    in, and only once."""

    def on_get(self, req, resp):
        kept = req.cookies.get(forms.cookie(req, STATE_COOKIE), "")
        forms.drop_cookie(req, resp, STATE_COOKIE)
        try:
            to = begun(req, kept)
            user = identity_secrets.trade(req.context.workspace, single(req, "token"))
        except REFUSALS as refusal:
            return refuse(req, resp, refusal, is_return=True)
        welcome(req, resp, user, to)


def begun(req, kept: str) -> str:
    """Where they wanted to go who set out with this cookie; Unauthenticated (`state`) when that is not how they come."""
    try:
        said = tokens.read(STATE, kept)
    except Unauthenticated:
        said = {"w": None, "s": "", "to": ""}
    came = tokens.hashed(single(req, "state")).hex()
    if not tokens.same(said["s"], came) or said["w"] != req.context.workspace.id:
        raise Unauthenticated("This sign-in was not begun here.", "state")
    return said["to"]


def single(req, name: str) -> str:
    """A query parameter; empty when it is missing, or there is more than one."""
    value = req.params.get(name, "")
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else ""


def asking(url: str, **more: str) -> str:
    """This address with these parameters in its query, in place of any of the same name."""
    parts = urlsplit(url)
    kept = [(name, value) for name, value in parse_qsl(parts.query, keep_blank_values=True) if name not in more]
    return parts._replace(query=urlencode([*kept, *more.items()])).geturl()


def wanted(req) -> str:
    """The place below this board that `?to=` names; empty for the board itself, and for what is no such place."""
    said = inputs.param(req, "to")
    return said if len(said) <= LONGEST_PLACE and PLACE.fullmatch(said) else ""


def back(req, to: str) -> str:
    return f"{req.context.home}{to}" or "/"


def absolute(req) -> str:
    """Where this board stands, to whoever asks: at its own domain, or below our address."""
    domain = req.context.get("domain")
    return f"https://{domain}" if domain else f"{req.context.config.base_url}/b/{req.context.workspace.slug}"


def welcome(req, resp, user: User, to: str) -> None:
    remember(req, resp, user)
    forms.keep_notice(req, resp, {"said": req.context.words.signedIn, "undo": None})
    resp.status, resp.location = 303, back(req, to)
    keep_to_ourselves(resp)


def refuse(req, resp, refusal: Unauthenticated | Forbidden, *, is_return: bool = False) -> None:
    show(req, resp, code=refusal.code, is_return=is_return, detail=str(refusal))
    resp.status = problems.status_of(refusal)


def show(req, resp, *, email: str = "", code: str = "", is_return: bool = False, detail: str = "") -> None:
    """The page of a link, or of a return, or why there is nothing to do on it."""
    render(req, resp, "board/sign_in_link.html", is_private=True, email=email, code=code, is_return=is_return, detail=detail)
    keep_to_ourselves(resp)


def keep_to_ourselves(resp) -> None:
    """The address of this answer holds a secret, or leads to one."""
    resp.set_header("Referrer-Policy", "no-referrer")
    resp.cache_control = ["no-store"]
