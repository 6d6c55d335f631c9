"""The other side of the way out: name servers that say what a test wants, servers that do not behave, what is said then."""

import itertools
import re
import socket
import threading
from contextlib import closing, contextmanager
from ipaddress import ip_network
from types import SimpleNamespace

import pytest

from service.errors import Invalid
from service.lib import outbound
from service.lib.outbound import Unreachable

PUBLIC, LOOPBACK = "93.184.216.34", "127.0.0.1"
HERE = (ip_network("127.0.0.0/8"),)  # what a test allows
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def reason(url: str, **more) -> str:
    """What is said when it cannot be reached; its kind comes first."""
    with pytest.raises(Unreachable) as failed:
        outbound.post(url, b"{}", {}, **more)
    return f"{failed.value.kind}: {failed.value}"


def refusal(url, allow=()) -> str | None:
    try:
        outbound.check_form(url, allow=allow)
    except Invalid as invalid:
        return invalid.fields["url"]
    return None


def name_server(monkeypatch):
    """Call `set` of what is returned with a name and a list of addresses per question; others are as they are."""
    real, known = socket.getaddrinfo, {}

    def look_up(host, port, family=0, type=0, proto=0, flags=0):
        if host not in known or flags & socket.AI_NUMERICHOST:
            return real(host, port, family, type, proto, flags)
        found = next(known[host], [])
        return [(socket.AF_INET6 if ":" in each else socket.AF_INET, type, 6, "", (each, 0)) for each in found]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return SimpleNamespace(set=lambda name, *answers: known.update({name: itertools.chain(answers)}))


def request(line) -> bytes:
    """All that is asked, to the end of its body."""
    head, _, body = line.recv(65536).partition(b"\r\n\r\n")
    length = re.search(rb"\ncontent-length: (\d+)", head.lower())
    while length and len(body) < int(length[1]) and (more := line.recv(65536)):
        body += more
    return head + b"\r\n\r\n" + body


@contextmanager
def server(behave, host=LOOPBACK, port=0, trust=None):
    """A server that does as `behave(connection)` says, over TLS with `trust`; yields its port and what it was asked."""
    asked, ended = [], threading.Event()

    def serve(connection):
        with closing(connection):
            try:
                line = trust.wrap_socket(connection, server_side=True) if trust else connection
                with closing(line):
                    asked.append(request(line))
                    behave(line, ended)
            except OSError:
                pass  # the other side has gone, as it should

    def accept():
        while not ended.is_set():
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            threading.Thread(target=serve, args=(connection,), daemon=True).start()

    with socket.create_server((host, port)) as listening:
        threading.Thread(target=accept, daemon=True).start()
        yield SimpleNamespace(port=listening.getsockname()[1], asked=asked)
        ended.set()
        listening.shutdown(socket.SHUT_RDWR)


def says(answer: bytes):
    return lambda line, _: line.sendall(answer)


def hangs(line, ended):
    ended.wait(20)


def drips(line, ended):
    """One byte at a time, for ever: no single step ever takes long."""
    line.sendall(b"HTTP/1.1 200 OK\r\n")
    while not ended.wait(0.05):
        line.sendall(b"x")


def resets(line, _):
    line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
