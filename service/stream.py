"""Live updates: what Postgres notifies, as server-sent events to everyone who has a page open.

One process holds thousands of connections. What a browser hears is a hint (type and post number): it refetches what it
shows."""

import asyncio

import falcon
import falcon.asgi
import msgspec
import uvicorn
from falcon.asgi import SSEvent

from service import db, events
from service.errors import RateLimited, SaysoError, Unauthenticated
from service.feedback import keys, limits, sign_in
from service.hub import Caps, Hub, Subscriber
from service.lib import headers, tokens

HEARTBEAT_SECONDS = 15
LONGEST_SECONDS = 600  # then the browser comes back with a new ticket, if it still may
RETRY_SECONDS = 10


class Stream:
    """GET /stream?ticket=…&after=…, or with an API key."""

    def __init__(self, hub: Hub):
        self.hub = hub

    async def on_get(self, req: falcon.asgi.Request, resp: falcon.asgi.Response) -> None:
        subscriber = await self.subscriber(req)
        if not self.hub.has_room(subscriber):
            raise falcon.HTTPServiceUnavailable(description="Too many open pages for now.", retry_after=RETRY_SECONDS)
        if req.get_header("Origin"):
            resp.set_header("Access-Control-Allow-Origin", req.get_header("Origin"))
        resp.set_header("Vary", "Origin")
        resp.set_header("X-Accel-Buffering", "no")
        resp.sse = self.emit(subscriber)

    async def subscriber(self, req) -> Subscriber:
        scheme, _, key = (req.auth or "").partition(" ")
        if scheme.lower() == "bearer":
            workspace, since = await self.hub.in_thread(by_key, key)
        else:
            workspace, since = await self.by_ticket(req.get_param("ticket", default=""), req.get_header("Origin"))
        last = number(req.get_header("Last-Event-ID") or req.get_param("after"))
        if last is None:
            last = await self.hub.in_thread(events.latest, workspace) if since is None else since
        elif since is not None:
            last = min(last, since)  # what ends its right is newer, and must be seen
        return Subscriber(workspace, since, last, limits.network(req.remote_addr))

    async def by_ticket(self, ticket: str, origin: str | None) -> tuple[int, int | None]:
        said = tokens.read("ticket", ticket)
        if said["o"] and origin not in (None, said["o"]):
            raise Unauthenticated("This ticket was given to another page.")
        workspace, session = said["w"], said["s"]
        return workspace, session and await self.hub.in_thread(by_session, workspace, session)

    async def emit(self, subscriber: Subscriber):
        subscriber.cut = asyncio.current_task().cancel
        end = asyncio.get_running_loop().call_later(LONGEST_SECONDS, subscriber.cut)
        try:
            with self.hub.listening(subscriber):
                yield SSEvent(comment="open")
                while True:
                    yield await self.next(subscriber)
        except asyncio.CancelledError:
            return  # it was cut: an answer that ends, and no error
        finally:
            end.cancel()

    @staticmethod
    async def next(subscriber: Subscriber) -> SSEvent:
        try:
            news = await asyncio.wait_for(subscriber.waiting.get(), HEARTBEAT_SECONDS)
            return SSEvent(event=news.type, event_id=str(news.seq), json={"post": news.post})
        except TimeoutError:
            return SSEvent(comment="still here")


def by_key(key: str) -> tuple[int, int]:
    """Whose stream this API key opens, and what was the newest event then."""
    use = keys.use(key)
    keys.check(use)
    keys.require(use, "read")
    return use.workspace.id, events.latest(use.workspace.id)


def by_session(workspace: int, session: int) -> int:
    """The newest event when this session of a member was let in; Unauthenticated when it ended or they left."""
    newest = events.latest(workspace)  # first: what ends it after that comes later
    if not sign_in.is_of_team(workspace, session):
        raise Unauthenticated("Sign in again to hear more of this.")
    return newest


class Headers:
    """Middleware: what every answer says."""

    async def process_request(self, req, resp) -> None:
        resp.set_headers(headers.ALWAYS | (headers.OVER_HTTPS if req.scheme == "https" else {}))
        resp.cache_control = ["no-store"]


class Alive:
    async def on_get(self, _req, resp) -> None:
        resp.media = {"alive": True}


def number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 19 else None


STATUS = {Unauthenticated: 401, RateLimited: 429}  # of what is refused; else 403


async def refuse(_req, resp, error: SaysoError, _params) -> None:
    resp.status = next((status for kind, status in STATUS.items() if isinstance(error, kind)), 403)
    if isinstance(error, RateLimited):
        resp.set_header("Retry-After", str(error.seconds))
    code = getattr(error, "code", "forbidden")
    problem = {"type": "about:blank", "title": "Not allowed", "status": resp.status, "detail": str(error), "code": code}
    resp.data, resp.content_type = msgspec.json.encode(problem), "application/problem+json"


async def away(_req, resp, _error, _params) -> None:
    resp.status = 503
    resp.set_header("Retry-After", "2")


def create_app(url: str, caps: Caps = Caps()) -> falcon.asgi.App:  # noqa: B008 (frozen)
    """The ASGI application. The database and tokens must have been started."""
    hub = Hub(url, caps)
    app = falcon.asgi.App(middleware=[hub, Headers()])
    app.add_error_handler(SaysoError, refuse)
    for gone in db.GONE:
        app.add_error_handler(gone, away)
    app.add_route("/stream", Stream(hub))
    app.add_route("/healthz", Alive())
    return app


def serve(url: str, socket, trusted_proxy: str | None) -> None:
    """Answer on this listening socket until SIGTERM or SIGINT; only the proxy's word on who asks is believed."""
    config = uvicorn.Config(create_app(url), log_level="warning", access_log=False, timeout_graceful_shutdown=1,
                            lifespan="on", server_header=False, forwarded_allow_ips=trusted_proxy or "")  # fmt: skip
    uvicorn.Server(config).run(sockets=[socket])
