"""The public face: how every page of it knows its visitor, and what its answers have in common.

A visitor is nobody until they act or sign in; then a cookie of this workspace says who they are, for 30 days after the
last deed. Forms carry no token, so that a page that is the same for everyone may be kept by everyone: they are taken from
our own pages only, as the browser says (Sec-Fetch-Site, Origin), and the cookie is Lax. A member's session is not looked
at."""

import base64
import hashlib
import time
from collections.abc import Callable

import falcon

from service import events, words
from service.errors import Forbidden, NotFound, Unauthenticated
from service.feedback import limits, spam, users, visits, workspaces
from service.feedback.readers import Reader
from service.feedback.users import User
from service.lib import colours, tokens
from service.web import forms, inputs, page, pages
from service.web.board import refusals
from service.web.guards import user_token

PUBLIC_TYPES = " ".join(sorted(events.TYPES))  # what an open page listens to

VISITOR = "visitor"  # purpose of the token in the cookie
SECRET = {"token", "state"}  # query parameters that stand in no page
LANGUAGE_COOKIE, YEAR = "sayso-language", 365 * 24 * 3600
KEPT = "public, max-age=5, stale-while-revalidate=60"  # a page that is the same for everybody


def visit(req, resp, resource, params) -> None:
    """A hook. Sets `workspace`, `user` (None: nobody yet), `reader`, `words`, `home` (how addresses of this board
    begin) and what the layout needs. RateLimited for who opens too many pages: each takes its time to make. A resource
    that `is_proven` has a secret in its address, which is all that its forms need: it reads them itself."""
    at, domain = params.pop("slug"), req.context.get("domain")
    network, said = limits.network(req.remote_addr), signed(req, at)
    try:
        if "." in at and at != domain:
            raise NotFound("There is no board at this address.")
        found = visits.arrive(at, said, network, by_domain=at == domain)
    except NotFound:
        return elsewhere(req, at)
    context, workspace = req.context, found.workspace
    context.workspace, context.visit = workspace, found
    context.kid = said and said.get("k")  # of the secret that vouched for this visitor, if a token did
    context.home = "" if at == domain else f"/b/{workspace.slug}"
    become(req, found.user)
    context.words = language(req, found)
    keep_language(req, resp)
    context.page = frame(req, found) | {"notice": forms.take_notice(req, resp)}
    context.complain = complain  # also what goes wrong from here on is a page of this board
    if req.method == "POST" and not getattr(resource, "is_proven", False):
        receive(req, network, getattr(resource, "looks", ()))
    return None


def cookieless(req, _resp, _resource, _params) -> None:
    """A hook before `visit`, where nobody is to be known: it reads no cookie and sets none."""
    req.env.pop("HTTP_COOKIE", None)
    req.context.is_cookieless = True


def signed(req, at: str) -> dict | None:
    """What this workspace's cookie says of its visitor."""
    try:
        return tokens.read(VISITOR, req.cookies.get(forms.cookie(req, f"sayso-{at}"), ""))
    except Unauthenticated:
        return None


def elsewhere(req, at: str) -> None:
    """Send who knows a former address to the one of today."""
    today = None if "." in at else visits.moved(at)
    if today is None:
        raise NotFound("There is no board at this address.")
    raise falcon.HTTPPermanentRedirect(f"/b/{today}{page.here(req).removeprefix(f'/b/{at}')}")


def become(req, user: User | None) -> None:
    """Read and act as this user from here on."""
    req.context.user = user
    req.context.reader = Reader(req.context.workspace, user.id if user and not user.is_blocked else None)


def receive(req, network: str, looks: tuple[str, ...]) -> None:
    """Take a form that one of our own pages sends, not too many a minute; one that only `looks` for something, like for
    similar posts while one types, has a limit of its own."""
    # only the page behind a link sends no origin; from elsewhere it could be anybody's
    is_without = req.get_header("Origin") == "null" and not req.get_header("Sec-Fetch-Site")
    if not forms.is_same_site(req) or (is_without and "{secret}" not in req.uri_template):
        raise Forbidden("This form was not sent by one of our own pages. Open the board and send it again.", "csrf")
    req.context.form = inputs.form(req)
    count = limits.similar if req.context.form.get("do") in looks else limits.deed
    count(req.context.workspace.id, network, req.context.user and req.context.user.id)


def act(req, draft: str | None = None) -> Reader:
    """Who acts, as a reader that is a user for certain; nobody yet becomes an anonymous user. To be called in the
    transaction of the deed: refused, it leaves nobody behind. `draft` names what they send (users.make_anonymous)."""
    user = req.context.user or users.make_anonymous(req.context.workspace, draft, limits.network(req.remote_addr))
    if user.is_blocked:
        raise Forbidden("The team has blocked you here.", "blocked")
    if req.context.user is None:
        req.context.made = user
    return Reader(req.context.workspace, user.id)


def signals(req, email: str = "") -> spam.Signals:
    """How this form was filled (the macro `guarded`), for `spam.why`. `email` is what who sent it left."""
    form, user = req.context.form, req.context.user
    emails = tuple(filter(None, (email, user and user.email)))
    return spam.Signals(form.get("homepage", ""), form.get("began"), limits.network(req.remote_addr), emails)


def recognise(req, resp, user: User, kid: str | None = None) -> None:
    """Know this user again, in this browser, and for the rest of this answer; while the secret `kid` is there, if that
    vouched for them."""
    become(req, user)
    req.context.page["visitor"] = user
    token = user_token(VISITOR, req.context.workspace, user, kid)
    forms.set_cookie(req, resp, cookie_of(req), token, tokens.LIFETIME[VISITOR])


def forget(req, resp) -> None:
    """Sign out, in this browser."""
    become(req, None)
    forms.drop_cookie(req, resp, cookie_of(req))


def cookie_of(req) -> str:
    workspace = req.context.workspace
    return f"sayso-{workspace.slug if req.context.home else workspace.domain}"


def language(req, found: visits.Visit) -> words.Words:
    """What the visitor chose here, what their own product told of them, their browser's, the workspace's."""
    kept = req.cookies.get(forms.cookie(req, LANGUAGE_COOKIE))
    return words.chosen(asked_language(req), kept, found.user and found.user.locale, req.get_header("Accept-Language"),
                        workspaces.language_tag(found.workspace))  # fmt: skip


def asked_language(req) -> str | None:
    """The language that this address chooses, if it is one of ours."""
    asked = req.params.get("lang")
    return asked if isinstance(asked, str) and asked in words.catalogues() else None


def keep_language(req, resp) -> None:
    """Have what was chosen hold for all pages in this browser."""
    asked = asked_language(req)
    if asked and not req.context.get("is_cookieless"):
        forms.set_cookie(req, resp, LANGUAGE_COOKIE, asked, YEAR)


def speaking(req) -> Callable[[str], str]:
    """What makes the address of this page in another language: all that was asked stays, but for what is a secret, given
    twice or no text."""
    kept = {name: value for name, value in req.params.items() if name not in SECRET and is_text(name) and is_text(value)}
    return lambda tag: pages.query(**{**kept, "lang": tag})


def is_text(value) -> bool:
    return isinstance(value, str) and inputs.storable(value)


def frame(req, found: visits.Visit) -> dict:
    """What the layout of every page shows."""
    workspace, said = found.workspace, req.context.words
    style = colours.stylesheet(workspace.accent) if workspace.accent else ""
    has_badge = workspaces.has_badge(workspace, bool(req.context.config.stripe_secret_key))
    return {
        "workspace": workspace, "home": req.context.home, "address": workspaces.home(workspace, req.context.config.base_url),
        "visitor": found.user, "words": said, "languages": words.names(), "speaking": speaking(req),
        "boards": found.boards, "statuses": found.statuses,
        "content_language": workspaces.language_tag(workspace), "style": style, "event_types": PUBLIC_TYPES,
        "seen": found.seen, "stream_url": stream(req), "has_badge": has_badge,
        "here": "", "canonical": None, "base_url": req.context.config.base_url, "began": spam.moment(workspace),
    }  # fmt: skip


def stream(req) -> str:
    """Where live updates are, without a ticket."""
    domain = req.context.get("domain")
    return f"https://{domain}/stream" if domain else req.context.config.stream_url


class Page(page.Page):
    """A page of the public face, behind `visit`. Its deeds are done by whoever `act` says."""

    refusals = (*page.REFUSALS, Forbidden)
    looks: tuple[str, ...] = ()  # the deeds that change nothing

    def reasons(self, req, error) -> tuple[dict[str, str], str]:
        return refusals.said(req.context.words, error)

    def answer(self, req, resp, done, place) -> None:
        user = req.context.get("made") or req.context.user
        if user and not req.context.get("is_signing_out"):
            recognise(req, resp, user, req.context.kid if user is req.context.user else None)
        super().answer(req, resp, done, place)

    def refresh(self, req) -> None:
        req.context.page["seen"] = visits.seen(req.context.workspace)


def render(req, resp, template: str, *, policy: str = pages.PAGE, is_private: bool = False, **values) -> None:
    """Answer with a page of the public face. What is the same for everybody may be kept for a moment; the rest, and what
    `is_private`, only as long as it is the newest."""
    shared = req.context.page
    policy = policy.replace("object-src", f"style-src 'self' {hashed(shared['style'])}; object-src")
    pages.render(req, resp, template, policy=policy, form=page.sent(req), **{**shared, **values})
    resp.set_header("Vary", "Cookie, Accept-Language, Sayso-Quick")
    is_choosing = "lang" in req.params  # such an answer sets a cookie, which one that a browser kept would not
    is_same_for_all = not (req.context.user or shared["notice"] or is_private or is_choosing) and req.method == "GET"
    resp.cache_control = [KEPT if is_same_for_all else "no-store" if is_private else "private, no-cache"]
    if req.method == "GET" and not is_private:
        tag(req, resp)


def complain(req, resp, status: int, detail: str) -> None:
    """Answer with the page of an error."""
    hint, place = refusals.of_status(req.context.words, status, detail), req.context.asked.removeprefix(req.context.home)
    render(req, resp, "board/error.html", is_private=True, status=status, hint=hint, place=place)


def tag(req, resp) -> None:
    """Give the answer its ETag, and no body to who has it already. The moment at which its forms are shown is none of it,
    but for the day: what a browser keeps does not grow too old to be sent."""
    same = resp.text.replace(req.context.page["began"], time.strftime("%j", time.gmtime()))
    resp.etag = hashlib.sha256(same.encode()).hexdigest()[:20]
    if is_known(req, resp.etag.strip('"')):
        resp.status, resp.text = falcon.HTTP_304, None
        resp.delete_header("Content-Type")


def is_known(req, tag: str) -> bool:
    """Whether the browser has what this ETag stands for."""
    return any(str(each) in {tag, "*"} for each in req.if_none_match or ())


def hashed(style: str) -> str:
    """What allows this one inline stylesheet (CSP 3)."""
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return f"'sha256-{digest}'" if style else ""


@falcon.before(visit)
class Ticket:
    """Where live updates of this board can be heard for the next minute."""

    def on_get(self, req, resp):
        ticket = tokens.sign("ticket", {"w": req.context.workspace.id, "s": None, "o": req.get_header("Origin")})
        resp.media = {"stream_url": f"{stream(req)}?ticket={ticket}&after={req.context.visit.seen}"}
        resp.cache_control = ["no-store"]
