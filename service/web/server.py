"""Waitress around the application: on a socket that may be shared, drained when it is told to stop."""

import logging
import signal
import socket
import threading
import time

import waitress

THREADS = 8
LARGEST_BODY = 12 * 1024 * 1024  # bytes; an attachment and what surrounds it
LARGEST_HEAD = 32 * 1024
DRAIN_SECONDS = 20
FORWARDED = "x-forwarded-for x-forwarded-proto"


def serve(app, listening: socket.socket, trusted_proxy: str | None) -> None:
    """Answer on this listening socket until SIGTERM or SIGINT; then finish what has begun, and return.

    Nothing is refused meanwhile: who holds the socket open hands the waiting connections to the next process.
    The X-Forwarded-For and -Proto of the `trusted_proxy` (an address, or * for any) are believed, nobody else's."""
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # eight busy threads are no news
    server = waitress.create_server(
        app, sockets=[listening], threads=THREADS, connection_limit=1000, asyncore_use_poll=True, ident=None,
        send_bytes=262144,  # or header and body leave in two packets, at twice the cost
        max_request_body_size=LARGEST_BODY, max_request_header_size=LARGEST_HEAD, clear_untrusted_proxy_headers=True,
        **({"trusted_proxy": trusted_proxy, "trusted_proxy_headers": FORWARDED} if trusted_proxy else {}),
    )  # fmt: skip
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: (stopping.set(), server.pull_trigger()))
    while not stopping.is_set():
        turn(server, 1.0)
    drain(server)


def turn(server, seconds: float) -> None:
    server.asyncore.loop(timeout=seconds, map=server._map, use_poll=True, count=1)


def drain(server) -> None:
    server.accepting = False
    deadline = time.monotonic() + DRAIN_SECONDS
    while is_busy(server) and time.monotonic() < deadline:
        turn(server, 0.05)


def is_busy(server) -> bool:
    channels = list(server.active_channels.values())
    return any(channel.requests or channel.total_outbufs_len for channel in channels)
