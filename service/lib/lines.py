"""A connection to another's server that ends by one deadline, whatever that server does, and what is said when it fails.

The socket is ours and not a library's: their limits are for each step, and an answer that drips takes many."""

import http.client
import io
import socket
import ssl
import time
from contextlib import contextmanager
from ipaddress import IPv4Address, IPv6Address
from typing import NamedTuple

from service.errors import SaysoError


class Unreachable(SaysoError):
    """There was no answer, and this says why, in words for whoever gave the address.

    `kind`: blocked, name, timeout, connection, tls, answer, or refused: what was asked, and perhaps nothing else."""

    def __init__(self, sentence: str, kind: str):
        super().__init__(sentence)
        self.kind = kind


class Deadline(NamedTuple):
    """When all has to be done; `said` is what is said when it is not."""

    at: float
    said: str

    def left(self) -> float:
        seconds = self.at - time.monotonic()
        if seconds <= 0:
            raise self.passed()
        return seconds

    def passed(self) -> Unreachable:
        return Unreachable(self.said, "timeout")


class Line:
    """A connection each of whose steps has to end by one deadline: that every single one is quick is not enough.

    No more than `allowance` bytes come in, then it looks as if the other side had said all: what is parsed of an answer, and
    kept of it, has a price that its sender must not set.

    To http.client it is a socket."""

    def __init__(self, connection: socket.socket, deadline: Deadline, allowance: int):
        self.connection, self.deadline, self.allowance = connection, deadline, allowance

    def __enter__(self) -> "Line":
        return self

    def __exit__(self, *_) -> None:
        self.connection.close()

    def secure(self, trust: ssl.SSLContext, host: str) -> None:
        with explained(self.deadline):
            self.connection = trust.wrap_socket(self.timed(), server_hostname=host)

    def timed(self) -> socket.socket:
        self.connection.settimeout(self.deadline.left())
        return self.connection

    def sendall(self, data: bytes) -> None:
        self.timed().sendall(data)

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(Incoming(self))

    def close(self) -> None:
        """Not yet: http.client says so before it has read the answer."""


class Incoming(io.RawIOBase):
    """What comes in on a line."""

    def __init__(self, line: Line):
        self.line = line

    def readable(self) -> bool:
        return True

    def readinto(self, buffer) -> int:
        most = min(len(buffer), self.line.allowance)
        count = self.line.timed().recv_into(buffer, most) if most else 0
        self.line.allowance -= count
        return count


def dial(place: IPv4Address | IPv6Address, port: int, soon: Deadline, seconds: float) -> socket.socket:
    line = socket.socket(socket.AF_INET if place.version == 4 else socket.AF_INET6)
    try:
        with explained(soon):
            line.settimeout(seconds)
            line.connect((str(place), port))
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # the body does not wait for an echo of the headers
    except Unreachable:
        line.close()
        raise
    return line


@contextmanager
def explained(deadline: Deadline):
    """Turn what goes wrong with a connection into words for whoever gave the address."""
    try:
        yield
    except TimeoutError:
        raise deadline.passed() from None
    except ssl.SSLCertVerificationError as error:
        raise Unreachable(f"The certificate cannot be trusted: {error.verify_message.rstrip('.')}.", "tls") from None
    except ssl.SSLError:
        raise Unreachable("No secure connection could be agreed upon.", "tls") from None
    except ConnectionRefusedError:
        raise Unreachable("The connection was refused.", "connection") from None
    except ConnectionError:
        raise Unreachable("The connection was closed before there was an answer.", "connection") from None
    except OSError:
        raise Unreachable("The server cannot be reached.", "connection") from None
    except http.client.HTTPException:
        raise Unreachable("What came back is not an answer in HTTP.", "answer") from None
