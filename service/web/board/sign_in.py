"""Signing in to the public face: by a link in a letter, or by the customer's own product, which knows its users."""

import re
from urllib.parse import parse_qsl, urlencode, urlsplit

import falcon

from service.errors import Forbidden, NotFound, Unauthenticated
from service.feedback import identity_secrets, joining, limits, user_links
from service.feedback.users import User
from service.lib import tokens
from service.web import forms, inputs, problems
from service.web.board.secret_link import SecretLink
from service.web.board.visiting import Page, recognise, render, visit
from service.web.page import Done
from service.web.pages import query

# A place below a board: the words that its addresses are made of. What could lead elsewhere, as `//` or `\\`, is none.
PLACE = re.compile(r"(?:/[a-z0-9][a-z0-9-]*)+(?:\?[\w.~=&%+*-]*)?(?:#[\w-]*)?", re.ASCII)
LONGEST_PLACE = 500
STATE, STATE_COOKIE = "sign-in-state", "sayso-state"  # purpose of the token in the cookie


@falcon.before(visit)
@falcon.before(forms.know_browser)
class SignIn(Page):
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
        email = user_links.ask(
            req.context.workspace, req.context.form.get("email", ""), browser=req.context.browser, place=wanted(req),
            locale=req.context.words.tag, home=absolute(req), network=limits.network(req.remote_addr),
        )  # fmt: skip
        return Done(show={"sent_to": email})

    deeds = {"ask": ask}


@falcon.before(visit)
@falcon.before(forms.know_browser)
class Link(SecretLink):
    """The button on this page signs in."""

    template = "board/sign_in_link.html"

    def look(self, req, secret):
        return {"email": user_links.look(req.context.workspace, secret, req.context.browser)}

    def act(self, req, resp, secret):
        network = limits.network(req.remote_addr)
        user, to, kid = user_links.redeem(req.context.workspace, secret, req.context.browser, network)
        forms.drop_cookie(req, resp, forms.BROWSER_COOKIE)
        return welcome(req, resp, user, to, kid)


@falcon.before(visit)
class HandOver:
    """The way to the customer's product, which sends its user back to `Return` with a token. Only our own pages lead here:
    another site that did would have its visitors say who they are, and what they wrote without a name would have one."""

    def on_get(self, req, resp):
        workspace, state = req.context.workspace, tokens.secret()
        if not (workspace.sign_in_url or "").startswith(("https://", "http://")):
            raise NotFound("There is no such way to sign in.")
        if not is_led_by_us(req):
            raise falcon.HTTPSeeOther(back(req, "/sign-in" + query(to=wanted(req)).rstrip("?")))
        begun = {"w": workspace.id, "s": tokens.hashed(state).hex(), "to": wanted(req)}
        forms.set_cookie(req, resp, STATE_COOKIE, tokens.sign(STATE, begun), tokens.LIFETIME[STATE])
        resp.status = 302
        resp.location = asking(workspace.sign_in_url, return_to=f"{absolute(req)}/sign-in/return", state=state)
        resp.set_header("Referrer-Policy", "no-referrer")  # this address holds no secret, but leads to one


@falcon.before(visit)
class Return:
    """Where the customer's product sends its user. Only who set out from here, in this browser and not long ago, is signed
    in, and only once."""

    def on_get(self, req, resp):
        kept = req.cookies.get(forms.cookie(req, STATE_COOKIE), "")
        forms.drop_cookie(req, resp, STATE_COOKIE)
        try:
            to = begun(req, kept)
            vouched = identity_secrets.trade_once(req.context.workspace, single(req, "token"))
        except (Unauthenticated, Forbidden) as refusal:
            render(req, resp, Link.template, is_private=True, code=refusal.code, detail=str(refusal), is_return=True)
            resp.status = problems.status_of(refusal)
        else:
            resp.status, resp.location = 303, welcome(req, resp, vouched.user, to, vouched.kid)


def is_led_by_us(req) -> bool:
    """Whether one of our own pages led here, or somebody typed the address. A browser that does not say so must name one of
    our pages: it could come from anywhere."""
    if req.get_header("Sec-Fetch-Site"):
        return forms.is_same_site(req)
    return (req.get_header("Referer") or "").startswith(tuple(f"{origin}/" for origin in forms.origins(req)))


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


def welcome(req, resp, user: User, to: str, kid: str | None = None) -> str:
    """Sign them in, in this browser, with what they did in it without an account; returns where to go. If the secret `kid`
    vouched for them, it holds while that is there."""
    before = req.context.user
    if before and before.kind == "anonymous":
        joining.join(req.context.workspace, user, anonymous=before.id, version=before.session_version)
    recognise(req, resp, user, kid)
    forms.keep_notice(req, resp, {"said": req.context.words.signedIn, "undo": None})
    return back(req, to)
