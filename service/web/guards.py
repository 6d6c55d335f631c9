"""Who is asking: hooks that stand on a resource, visible, and put what they found into `req.context`."""

import re
from urllib.parse import urlencode

import falcon

from service import events
from service.errors import Forbidden, NotFound, Unauthenticated
from service.feedback import keys, limits, members, sign_in, users, workspaces
from service.feedback.readers import Reader
from service.lib import tokens
from service.web import inputs

SESSION_COOKIE, BROWSER_COOKIE = "sayso", "sayso-browser"
KEY_REQUESTS = 3000  # a minute and API key
OURS = re.compile(r"[\w-]{43}", re.ASCII)  # what tokens.secret() makes
WIDGET_REQUESTS = 1200  # a minute and network address


# ── programs with an API key ────────────────────────────────────────────────────────────────────────────────────────


def api_key(req, resp, _resource, _params) -> None:
    """Sets `workspace` and `person` (the key's creator); reading needs the scope `read`, the rest `write`."""
    resp.cache_control = ["no-store"]
    scheme, _, key = (req.auth or "").partition(" ")
    if scheme.lower() != "bearer":
        raise Unauthenticated("Send an API key as “Authorization: Bearer sk_…”.", "key_missing")
    found = keys.use(key.strip(), "read" if req.method == "GET" else "write")
    limits.hit(f"key:{found.workspace.id}:{found.id}", KEY_REQUESTS, 60)
    req.context.workspace, req.context.person = found.workspace, found.person
    req.context.reader = Reader(found.workspace, is_member=True)


# ── users behind the widget ─────────────────────────────────────────────────────────────────────────────────────────


def identify_user(req, resp, _resource, _params, shape) -> None:
    """Reads the body as `shape`; sets `call`, `workspace` and `user` (None until an anonymous user acts).

    Never looks at a cookie. The key's signature is checked without the database; then the page's origin must be one
    of the workspace's, and only then may the page read our answer."""
    resp.set_header("Vary", "Origin")
    resp.cache_control = ["no-store"]
    call = req.context.call = inputs.read(req, shape, (inputs.PLAIN_TEXT, inputs.JSON))
    workspace = req.context.workspace = keyed_workspace(call.key)
    admit_origin(req, resp, workspace)
    limits.hit(f"widget:{workspace.id}:{limits.network(req.remote_addr)}", WIDGET_REQUESTS, 60)
    user = req.context.user = session_user(workspace, call.session) or anonymous_user(workspace, call.anonymous)
    req.context.reader = Reader(workspace, user and user.id)


def keyed_workspace(key: str) -> workspaces.Workspace:
    signed = tokens.read("widget-key", key)
    workspace = workspaces.find(signed["w"])
    if not workspaces.accepts_key(workspace, signed["g"]):
        raise Unauthenticated("This widget key has been replaced; copy the snippet anew.", "key_revoked")
    return workspace


def admit_origin(req, resp, workspace) -> None:
    origin = req.get_header("Origin")
    if not workspaces.accepts_origin(workspace, origin):
        raise Forbidden("This page's origin is not on the workspace's list; add it in the settings.", "origin_refused")
    if origin and origin != "null":
        resp.set_header("Access-Control-Allow-Origin", origin)
        resp.set_header("Access-Control-Expose-Headers", "Retry-After")


def session_user(workspace, session: str | None) -> users.User | None:
    try:
        return known_user(workspace, tokens.read("session", session)) if session else None
    except NotFound:
        raise Unauthenticated("This session was ended.", "token_expired") from None


def anonymous_user(workspace, token: str | None) -> users.User | None:
    try:
        return known_user(workspace, tokens.read("anonymous", token)) if token else None
    except (Unauthenticated, NotFound):
        return None  # too old, or erased: they are a new anonymous user


def known_user(workspace, signed: dict) -> users.User:
    if signed["w"] != workspace.id:
        raise Unauthenticated("This session belongs to another workspace.")
    user = users.find(workspace, signed["u"])
    if user.session_version != signed["v"]:
        raise Unauthenticated("This session was ended.", "token_expired")
    return unblocked(user)


def unblocked(user: users.User) -> users.User:
    if user.is_blocked:
        raise Forbidden("This user has been blocked by the team.", "blocked")
    return user


def act(req, draft: str | None = None) -> tuple[Reader, str | None]:
    """Who acts, as a reader that is a user for certain, and the token of an anonymous one made for this action.

    `draft` names what they send. To be called in the transaction of the action: refused, it leaves no user behind."""
    workspace = req.context.workspace
    if req.context.user:
        return req.context.reader, None
    user = unblocked(users.make_anonymous(workspace, draft))
    return Reader(workspace, user.id), user_token("anonymous", workspace, user)


def user_token(purpose: str, workspace, user: users.User) -> str:
    """A token of ours for this user: `session` (1 h) or `anonymous` (30 days)."""
    return tokens.sign(purpose, {"w": workspace.id, "u": user.id, "v": user.session_version})


def stream_url(req, public: bool) -> str:
    """Where live updates of this workspace can be heard from now on: for members everything, else what is public."""
    ticket = tokens.sign("ticket", {"w": req.context.workspace.id, "p": public, "o": req.get_header("Origin")})
    after = events.latest(req.context.workspace.id)
    return f"{req.context.config.stream_url}?{urlencode({'ticket': ticket, 'after': after})}"


# ── members in the dashboard ────────────────────────────────────────────────────────────────────────────────────────


def require_person(req, _resp, _resource, _params) -> None:
    """Sets `person`; who is not signed in is sent there. A form must come from our own page."""
    secret = req.cookies.get(cookie(req, SESSION_COOKIE))
    req.context.person = sign_in.who(secret)
    if req.context.person is None:
        raise falcon.HTTPSeeOther("/app/sign-in")
    places = members.places(req.context.person)
    req.context.page = {"person": req.context.person, "workspaces": places, "csrf": csrf(secret)}
    if req.method == "POST":
        check_form(req, secret)


def require_member(req, resp, resource, params) -> None:
    """Also sets `workspace`, from the address; one that the person is not a member of is not found."""
    require_person(req, resp, resource, params)
    workspace = req.context.workspace = workspaces.by_slug(params.pop("slug"))
    req.context.role = members.role(workspace, req.context.person)
    req.context.reader = Reader(workspace, is_member=True)
    req.context.page.update(workspace=workspace, stream_url=stream_url(req, public=False))


def same_browser(req, resp, _resource, _params) -> None:
    """For the forms before sign-in: gives the browser a random cookie and binds its forms to it."""
    name = cookie(req, BROWSER_COOKIE)
    kept = req.cookies.get(name, "")
    secret = kept if OURS.fullmatch(kept) else tokens.secret()
    set_cookie(req, resp, BROWSER_COOKIE, secret, max_age=tokens.LIFETIME["browser"])
    req.context.browser, req.context.page = secret, {"csrf": csrf(secret)}
    if req.method == "POST":
        check_form(req, secret)


def check_form(req, secret: str) -> None:
    """A form of ours, sent by the page we gave to this browser; raises Forbidden otherwise."""
    fields = req.context.form = inputs.form(req)
    if not (is_same_site(req) and tokens.same(fields.get("csrf", ""), csrf(secret))):
        raise Forbidden("This form has become too old. Go back, reload the page, and send it again.", "csrf")


def csrf(secret: str) -> str:
    return tokens.sign("csrf", {"s": tokens.hashed(secret).hex()[:32]})


def is_same_site(req) -> bool:
    said = req.get_header("Sec-Fetch-Site")
    if said:
        return said in {"same-origin", "none"}
    origin = req.get_header("Origin")
    # a page that sends no referrer (the one with a sign-in link) has the origin "null" in older browsers
    ours = {f"{scheme}://{req.netloc}" for scheme in ("http", "https")} | {req.context.config.base_url}
    return origin in {None, "null"} or origin in ours


def cookie(req, name: str) -> str:
    # browsers take __Host- only with Secure, which they take only over HTTPS
    return f"__Host-{name}" if req.context.config.secure else name


def set_cookie(req, resp, name: str, value: str, max_age: int) -> None:
    resp.set_cookie(cookie(req, name), value, max_age=max_age, path="/", http_only=True, same_site="Lax",
                    secure=req.context.config.secure)  # fmt: skip


def drop_cookie(req, resp, name: str) -> None:
    set_cookie(req, resp, name, "", max_age=0)
