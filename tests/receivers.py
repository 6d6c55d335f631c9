"""A team's own system in our tests: a real HTTP server on loopback that remembers what it was sent, and plays a role."""

import dataclasses
import json
import socket
import struct
import threading
import time
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_network
from typing import NamedTuple

from service import db, events, jobs, webhooks
from service.feedback import consequences, endpoints

LOOPBACK = (ip_network("127.0.0.1/32"),)
PATIENCE = 20  # seconds


class Request(NamedTuple):
    path: str
    headers: dict[str, str]  # names in lower case
    body: bytes

    @property
    def json(self) -> dict:
        return json.loads(self.body)

    @property
    def data(self) -> dict:
        return self.json["data"]

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]


class Receiver:
    """Answers every POST by its `role`, a function of the handler."""

    def __init__(self, role=None, host: str = "127.0.0.1", trust=None):
        self.role = role or answer()
        self.requests: list[Request] = []
        self.changed = threading.Condition()
        self.now = self.most = 0  # at once
        self.let_go = threading.Event()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                receiver.take(self)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer((host, 0), Handler)
        self.server.daemon_threads = True
        self.server.handle_error = lambda *_: None  # whoever asked has gone
        if trust:
            self.server.socket = trust.wrap_socket(self.server.socket, server_side=True)
        scheme = "https" if trust else "http"
        self.port = self.server.server_address[1]
        self.url = f"{scheme}://{host}:{self.port}/hooks"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def take(self, handler) -> None:
        body = handler.rfile.read(int(handler.headers["content-length"]))
        request = Request(handler.path, {name.lower(): value for name, value in handler.headers.items()}, body)
        handler.sent = body
        with self.changed:
            self.requests.append(request)
            self.now += 1
            self.most = max(self.most, self.now)
            self.changed.notify_all()
        try:
            self.role(self, handler)
        finally:
            with self.changed:
                self.now -= 1
                self.changed.notify_all()

    def wait_for(self, count: int) -> list[Request]:
        """The requests, as soon as there are so many."""
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.requests) >= count, PATIENCE), self.requests
            return list(self.requests)

    def close(self) -> None:
        self.let_go.set()
        self.server.shutdown()
        self.server.server_close()


@contextmanager
def receiving(role=None, **more):
    receiver = Receiver(role, **more)
    try:
        yield receiver
    finally:
        receiver.close()


def allow(config, networks=LOOPBACK) -> None:
    """Let endpoints be on this machine, as OUTBOUND_ALLOW does."""
    endpoints.start(dataclasses.replace(config, outbound_allow=networks))


def listen(company, receiver, *types):
    """An endpoint of the company's there, for these types of events, or for new posts."""
    return endpoints.create(company.team, receiver.url, list(types or ["post.created"]))[0]


def tell(rounds: int = 6) -> None:
    """Let endpoints hear of what happened, as the worker does; everything else that waits is left alone."""
    kinds = {events.FOLLOW_UP: consequences.follow_up, endpoints.DELIVER: webhooks.deliver}
    for _ in range(rounds):
        for job in [job for queue in ("default", endpoints.QUEUE) for job in jobs.claim("tests", 100, 60, queue=queue)]:
            if job.kind in kinds:
                kinds[job.kind](job)
            assert job.completed or job.kind not in kinds


def come_due() -> None:
    """Let the time pass until the next attempts, for all that waits."""
    db.changed("UPDATE delivery SET due_at = now() WHERE state = 'waiting'")
    db.changed("UPDATE endpoint SET resting_until = NULL")
    db.changed("UPDATE job SET run_at = now() WHERE claim IS NULL")


# ── roles ──


def answer(status: int = 200, body: bytes = b"thank you", **headers: str):
    def role(_receiver, handler):
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("content-length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return role


def echo(status: int):
    """Answers with what it was sent."""
    return lambda receiver, handler: answer(status, handler.sent)(receiver, handler)


def in_turn(*roles):
    """The first role for the first request, and so on; the last one for all that follow."""

    def role(receiver, handler):
        roles[min(len(receiver.requests), len(roles)) - 1](receiver, handler)

    return role


def hang(receiver, _handler):
    """Says nothing until the end of the test, or until it is let go; then closes."""
    receiver.let_go.wait(3 * PATIENCE)


def hang_then_thank(receiver, handler):
    receiver.let_go.wait(3 * PATIENCE)
    answer()(receiver, handler)


def drip(receiver, handler):
    """Sends a letter of its headers every half second: no single step takes long."""
    with suppress(OSError):
        while not receiver.let_go.wait(0.5):
            handler.wfile.write(b"H")


def reset(_receiver, handler):
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.connection.close()


def flood(_receiver, handler):
    """Ten megabytes."""
    with suppress(OSError):
        handler.send_response(200)
        handler.send_header("content-length", str(10_000_000))
        handler.end_headers()
        for _ in range(100):
            handler.wfile.write(b"x" * 100_000)


def wait_until(happens) -> None:
    """Look until it is so; for what only the database knows."""
    end = time.monotonic() + PATIENCE
    while not happens():
        assert time.monotonic() < end
        time.sleep(0.02)
