"""Live updates: what Postgres notifies, as server-sent events to everyone who has a page open.

One process holds thousands of connections on one LISTEN connection. What a browser hears is a hint (type and post
number): it refetches what it shows. Each subscriber remembers the last event number it was sent, and every look reads
what came after it, so a hint that is lost, a reconnect with `Last-Event-ID` and a normal second are the same case."""

import asyncio
import logging
from collections import Counter, defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

import falcon
import falcon.asgi
import msgspec
import uvicorn
from falcon.asgi import SSEvent

from service import db, events
from service.errors import RateLimited, SaysoError, Unauthenticated
from service.feedback import activity, keys, limits
from service.lib import headers, tokens

log = logging.getLogger("sayso.stream")

LOOK_SECONDS = 1.0  # also without a hint: hints may be lost, and votes send none
COALESCE_SECONDS = 0.02  # hints closer together than this are looked at once
HEARTBEAT_SECONDS = 15
LONGEST_SECONDS = 600  # then the browser comes back with a new ticket, if it still may
FARTHEST_BACK = 500  # events; who missed more refetches everything anyway
MOST_WAITING = 2 * FARTHEST_BACK  # events that nobody fetches: this one does not read, and has to come back
RETRY_SECONDS = 10


@dataclass(frozen=True)
class Caps:
    """How many streams may be open at a time: in all, of one workspace, from one network."""

    total: int = 10_000
    workspace: int = 5_000
    network: int = 500


@dataclass(eq=False)
class Subscriber:
    workspace_id: int
    last: int  # number of the last event it was sent
    public: bool  # hears only of public posts
    network: str
    waiting: asyncio.Queue = field(default_factory=lambda: asyncio.Queue(MOST_WAITING))
    cut: Callable = lambda: None  # ends its connection, even one that waits for a reader who does not read


class Hub:
    """Who listens to what, and the one loop that looks for news."""

    def __init__(self, url: str, caps: Caps):
        self.url, self.caps = url, caps
        self.open: Counter = Counter()  # streams by what they are capped by
        self.subscribers: dict[int, set[Subscriber]] = defaultdict(set)
        self.news, self.hinted = asyncio.Event(), set()  # workspaces to look at
        self.due = 0.0  # when to look at all of them
        self.reader = ThreadPoolExecutor(1, thread_name_prefix="reader")
        self.task: asyncio.Task | None = None

    async def process_startup(self, _scope, _event) -> None:
        self.task = asyncio.create_task(self.follow())

    async def process_shutdown(self, _scope, _event) -> None:
        self.task.cancel()

    def has_room(self, subscriber: Subscriber) -> bool:
        caps = (self.caps.total, self.caps.workspace, self.caps.network)
        return all(self.open[what] < cap for what, cap in zip(capped(subscriber), caps, strict=True))

    @contextmanager
    def listening(self, subscriber: Subscriber):
        """Everything new is delivered to the subscriber meanwhile."""
        self.open.update(capped(subscriber))
        self.subscribers[subscriber.workspace_id].add(subscriber)
        self.hinted.add(subscriber.workspace_id)
        self.news.set()  # it may have missed something already
        try:
            yield
        finally:
            self.open.subtract(capped(subscriber))
            self.forget(subscriber)

    def forget(self, subscriber: Subscriber) -> None:
        listening = self.subscribers[subscriber.workspace_id]
        listening.discard(subscriber)
        if not listening:
            del self.subscribers[subscriber.workspace_id]

    async def in_thread(self, function, *args):
        """Ask the database without holding up everyone's connections."""
        return await asyncio.get_running_loop().run_in_executor(self.reader, with_database, function, *args)

    async def follow(self) -> None:
        """Look for news at every hint, and once a second; for ever, whatever happens to the database."""
        while True:
            try:
                await self.listen()
            except Exception as error:  # nothing may end this task: most often the database is away
                log.warning("Live updates pause (%s); trying again.", type(error).__name__)
                await asyncio.sleep(LOOK_SECONDS)

    async def listen(self) -> None:
        connection = await asyncio.to_thread(db.listener, self.url)
        loop, handle = asyncio.get_running_loop(), connection.fileno()
        try:
            connection.cursor().execute(f"LISTEN {events.HINT}")
            while not connection.closed:
                loop.add_reader(handle, self.rouse, handle)
                await self.wait()
                self.hear(connection)
                await self.look()
        finally:
            loop.remove_reader(handle)  # also when libpq closed it: the next connection may get the same number
            connection.close()

    def rouse(self, handle: int) -> None:
        # once is enough until the hint is read; else the loop would call us without end meanwhile
        asyncio.get_running_loop().remove_reader(handle)
        self.news.set()

    async def wait(self) -> None:
        clock = asyncio.get_running_loop().time
        with suppress(TimeoutError):
            await asyncio.wait_for(self.news.wait(), self.due - clock())
            await asyncio.sleep(COALESCE_SECONDS)
        if clock() >= self.due:  # however many hints the others give: votes send none, and some are lost
            self.hinted.update(self.subscribers)
            self.due = clock() + LOOK_SECONDS
        self.news.clear()

    def hear(self, connection) -> None:
        connection.poll()  # raises when the connection has died
        self.hinted.update(int(notify.payload) for notify in connection.notifies)
        connection.notifies.clear()

    async def look(self) -> None:
        here, self.hinted = self.hinted & self.subscribers.keys(), set()
        seen = {workspace: min(each.last for each in self.subscribers[workspace]) for workspace in here}
        if not seen:
            return
        for workspace, found in (await self.in_thread(activity.news, seen, FARTHEST_BACK)).items():
            for subscriber in list(self.subscribers.get(workspace, ())):
                self.deliver(subscriber, found)

    def deliver(self, subscriber: Subscriber, found: list[activity.News]) -> None:
        try:
            for news in found:
                if news.seq > subscriber.last:
                    subscriber.last = news.seq
                    if news.public or not subscriber.public:
                        subscriber.waiting.put_nowait(news)
        except asyncio.QueueFull:
            self.forget(subscriber)
            subscriber.cut()


def capped(subscriber: Subscriber) -> tuple:
    return "all", subscriber.workspace_id, subscriber.network


def with_database(function, *args):
    try:
        db.connect()
        return function(*args)
    except db.GONE:
        db.discard()
        raise


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
            use = await self.hub.in_thread(keys.use, key)
            keys.check(use)
            keys.require(use, "read")
            workspace, public = use.workspace.id, False
        else:
            ticket = tokens.read("ticket", req.get_param("ticket", default=""))
            workspace, public = ticket["w"], ticket["p"]
            if ticket["o"] and req.get_header("Origin") not in (None, ticket["o"]):
                raise Unauthenticated("This ticket was given to another page.")
        after = number(req.get_header("Last-Event-ID") or req.get_param("after"))
        if after is None:
            after = await self.hub.in_thread(events.latest, workspace)
        return Subscriber(workspace, after, public, limits.network(req.remote_addr))

    async def emit(self, subscriber: Subscriber):
        subscriber.cut = asyncio.current_task().cancel
        end = asyncio.get_running_loop().call_later(LONGEST_SECONDS, subscriber.cut)
        try:
            with self.hub.listening(subscriber):
                yield SSEvent(comment="open")
                while True:
                    yield await self.next(subscriber)
        finally:
            end.cancel()

    @staticmethod
    async def next(subscriber: Subscriber) -> SSEvent:
        try:
            news = await asyncio.wait_for(subscriber.waiting.get(), HEARTBEAT_SECONDS)
            return SSEvent(event=news.type, event_id=str(news.seq), json={"post": news.post})
        except TimeoutError:
            return SSEvent(comment="still here")


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
