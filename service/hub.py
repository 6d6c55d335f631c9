"""Who listens to what happens in which workspace, and the one loop that looks for news for them.

There is one LISTEN connection. Each subscriber remembers the last event number it was sent, and every look reads what came
after it, so a hint that is lost, a reconnect with `Last-Event-ID` and a normal second are the same case. When a member
leaves or a key ends, all who hear what the team hears are let go: who still may comes back with a new ticket."""

import asyncio
import logging
from collections import Counter, defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from service import db, events
from service.feedback import activity

log = logging.getLogger("sayso.stream")

LOOK_SECONDS = 1.0  # also without a hint: hints may be lost, and votes send none
COALESCE_SECONDS = 0.02  # hints closer together than this are looked at once
FARTHEST_BACK = 500  # events; who missed more refetches everything anyway
MOST_WAITING = 2 * FARTHEST_BACK  # events that nobody fetches: this one does not read, and has to come back


@dataclass(frozen=True)
class Caps:
    """How many streams may be open at a time: in all, of one workspace, from one network."""

    total: int = 10_000
    workspace: int = 5_000
    network: int = 500


@dataclass(eq=False)
class Subscriber:
    workspace_id: int
    since: int | None  # number of the newest event when it was let in with the team; None: it hears only of public posts
    last: int  # number of the last event it was sent
    network: str
    waiting: asyncio.Queue = field(default_factory=lambda: asyncio.Queue(MOST_WAITING))
    cut: Callable = lambda: None  # ends its connection, even one that waits for a reader who does not read

    def take(self, news: activity.News) -> bool:
        """Have it sent what it was not sent before and may hear; False when it must go, for it does not read or may hear
        of the team's no more."""
        if news.seq <= self.last:
            return True
        self.last = news.seq
        if news.type in activity.ENOUGH:
            return self.since is None or news.seq <= self.since
        if news.public or self.since is not None:
            if self.waiting.full():
                return False
            self.waiting.put_nowait(news)
        return True


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
        if not all(subscriber.take(news) for news in found):
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
