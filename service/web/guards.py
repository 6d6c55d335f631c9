"""Who is asking: hooks that stand on a resource, visible, and put what they found into `req.context`."""

import falcon

from service import events
from service.errors import Forbidden, ProofNeeded, Unauthenticated
from service.feedback import counting, limits, members, sign_in, users, widget_keys, workspaces
from service.feedback.readers import Reader
from service.feedback.spam import Signals
from service.lib import tokens
from service.web import inputs, sessions
from service.web.forms import SESSION_COOKIE, check_form, cookie, csrf, take_notice
from service.web.tickets import stream_url

EVENT_TYPES = " ".join(events.TYPES)  # that an open page of the dashboard listens to


# ── programs with an API key ────────────────────────────────────────────────────────────────────────────────────────


def bearer(req) -> str:
    """The API key of a request, as it was sent; Unauthenticated when there is none."""
    scheme, _, key = (req.auth or "").partition(" ")
    if scheme.lower() != "bearer":
        raise Unauthenticated("Send an API key as “Authorization: Bearer sk_…”.", "key_missing")
    return key.strip()


# ── users behind the widget ─────────────────────────────────────────────────────────────────────────────────────────


def read_call(req, shape):
    return inputs.read(req, shape, (inputs.PLAIN_TEXT, inputs.JSON))


def identify_user(req, resp, _resource, _params, shape, deed: counting.Limit | None = None, read=read_call) -> None:
    """Takes the body as `shape` by `read`; sets `call`, `workspace`, `user` (None until an anonymous user acts), `reader`.

    Never looks at a cookie. Signatures are checked without the database; then the page's origin must be one of the
    workspace's, and only then may the page read our answer. `deed`: how often one user may do this."""
    resp.set_header("Vary", "Origin")
    resp.cache_control = ["no-store"]
    call = req.context.call = read(req, shape)
    key = tokens.read("widget-key", call.key)
    signed, refusal = signed_user(key["w"], call)
    counts = limits.widget(key["w"], limits.network(req.remote_addr), signed and signed["u"], deed)
    workspace, user, counted = users.arrive(key["w"], signed and signed["u"], signed and signed.get("k"), counts)
    admit_page(req, resp, workspace, key)
    counting.check(counted, counts)
    widget_keys.note(workspace, key["g"])
    req.context.workspace, req.context.user = workspace, current(user, signed, refusal, call)
    req.context.reader = Reader(workspace, req.context.user and req.context.user.id)


def signed_user(workspace_id: int, call) -> tuple[dict | None, Unauthenticated | None]:
    """What the call's token says of its user, and why it is not believed, if it is a session: that must hold. An
    anonymous token that does not is as good as none. Nor does it count where a token of the customer's
    says who comes."""
    is_signing_in = getattr(call, "user_token", None) is not None
    try:
        token = call.session or (None if is_signing_in else call.anonymous)
        signed = (sessions.read(token) if call.session else tokens.read("anonymous", token)) if token else None
        if signed and signed["w"] != workspace_id:
            raise Unauthenticated("This session belongs to another workspace.")
    except Unauthenticated as refusal:
        return None, refusal if call.session else None
    return signed, None


def current(user: users.User | None, signed: dict | None, refusal: Unauthenticated | None, call) -> users.User | None:
    """The user, unless their session was ended or they were erased or blocked meanwhile.

    Whose sessions ended because they were blocked hears that they are, and is nobody new."""
    if signed and user:
        unblocked(user)
    if signed and (user is None or user.session_version != signed["v"]):
        user, refusal = None, Unauthenticated("This session was ended.", "token_expired") if call.session else None
    if refusal:
        raise refusal
    return user


def admit_page(req, resp, workspace, key: dict) -> None:
    """Let the page read our answer, whatever it will be, if it may carry this workspace's widget with this key."""
    origin = req.get_header("Origin")
    if origin == "null":  # it could not read our answer, so nothing is done for it
        raise Forbidden("A sandboxed page has no origin; add allow-same-origin to its frame.", "origin_refused")
    if origin != req.context.config.base_url and not workspaces.accepts_origin(workspace, origin):
        raise Forbidden("This page's origin is not on the workspace's list; add it in the settings.", "origin_refused")
    if origin:
        resp.set_header("Access-Control-Allow-Origin", origin)
        resp.set_header("Access-Control-Expose-Headers", "Retry-After")
    if not workspaces.accepts_key(workspace, key["g"]):
        raise Unauthenticated("This widget key has been replaced; copy the snippet anew.", "key_revoked")


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
    network = limits.network(req.remote_addr)
    user = unblocked(users.make_anonymous(workspace, req.context.call.visitor or draft, network))
    return Reader(workspace, user.id), user_token("anonymous", workspace, user)


def signals(req, email: str = "") -> Signals:
    """How this call was made, for `spam.why`. `email` is what who wrote it left."""
    call, user = req.context.call, req.context.user
    emails = tuple(filter(None, (email, user and user.email)))
    return Signals(call.trap, call.form, limits.network(req.remote_addr), emails)


def user_token(purpose: str, workspace, user: users.User, kid: str | None = None) -> str:
    """A token of ours for this user: `anonymous` or `visitor`. It holds while the secret `kid` is there, if one vouched for
    them."""
    signed = {"w": workspace.id, "u": user.id, "v": user.session_version}
    return tokens.sign(purpose, signed | {"k": kid} if kid else signed)


# ── members in the dashboard ────────────────────────────────────────────────────────────────────────────────────────


def require_person(req, resp, resource, _params) -> None:
    """Sets `session` and `person`; who is not signed in is sent there. A form must come from our own page."""
    session = req.context.session = sign_in.who(req.cookies.get(cookie(req, SESSION_COOKIE)))
    if session is None:
        raise falcon.HTTPSeeOther("/app/sign-in")
    req.context.person = session.person
    req.context.page = {"person": session.person, "workspaces": members.places(session.person),
                        "csrf": csrf(bound_to(session)), "notice": take_notice(req, resp)}  # fmt: skip
    if req.method == "POST":
        check_form(req, bound_to(session), getattr(resource, "takes_file", False))


def bound_to(session: sign_in.Session) -> str:
    """What the forms of a session are bound to: not its secret, which becomes another when its person proves who they are,
    and a form that is open in another tab is still theirs."""
    return f"session {session.id}"


def require_member(req, resp, resource, params) -> None:
    """Also sets `workspace`, from the address; one that the person is not a member of is not found."""
    require_person(req, resp, resource, params)
    workspace = req.context.workspace = workspaces.by_slug(params.pop("slug"))
    req.context.role = members.enter(workspace, req.context.person)
    req.context.reader = Reader(workspace, is_member=True, person=req.context.person.id)
    address = workspaces.home(workspace, req.context.config.base_url)
    req.context.page.update(workspace=workspace, public_address=address, is_admin=req.context.role != "member",
                            event_types=EVENT_TYPES, **now(req))  # fmt: skip


def now(req) -> dict:
    """The stream of what comes after this moment; for the answer to a form, read again when its work is done, and before
    the page is."""
    return {"stream_url": stream_url(req, req.context.session.id)}


def require_proof(req) -> None:
    """For what is delicate; raises ProofNeeded unless the member has shown lately who they are."""
    if not req.context.session.is_fresh:
        raise ProofNeeded


def require_admin(req) -> None:
    """For what only owners and admins may do; raises Forbidden for anybody else of the team."""
    if req.context.role == "member":
        raise Forbidden("Only owners and admins of this workspace can do this.")
