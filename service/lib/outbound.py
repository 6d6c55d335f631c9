"""The one way out to addresses that people give us: HTTPS to the public internet, and nowhere else.

A name is looked up once and every address it has is checked; we connect to one that was checked, while Host, SNI and the
certificate keep the name, so that a name which means something else a moment later leads nowhere else. No redirects, no
proxies."""

import functools
import http.client
import re
import socket
import ssl
import threading
import time
from contextlib import suppress
from ipaddress import IPv4Address, IPv6Address, ip_network
from queue import Empty, SimpleQueue
from typing import NamedTuple
from urllib.parse import SplitResult, quote, urlsplit

from service.errors import Invalid
from service.lib.lines import Deadline, Line, Unreachable, dial, explained
from service.lib.networks import address, is_public

SECONDS, CONNECT_SECONDS = 10, 5
MOST_HEAD = 12_000  # bytes: reading a header costs the square of its length
MOST_ANSWER = 16_000  # bytes
CHUNKING = 4000  # bytes beside an answer's own, when it comes in pieces
LONGEST_URL = 2000  # characters
PORTS = {443, 8443}
EVERYWHERE = (ip_network("0.0.0.0/0"), ip_network("::/0"))  # to `allow` for an address that who runs the server gave
MOST_TRIED = 4  # addresses of one host
MOST_HINTS = 20  # before an answer
LABEL = "[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?"
NAME = re.compile(rf"(?=.{{1,253}}$){LABEL}(\.{LABEL})*")
PLAIN = re.compile(r"[^\x00-\x20\x7f\\\ud800-\udfff]+")
STAYS = "%/:@!$&'()*+,;=~?"  # in a path, beside letters and digits

NO_URL = "Give an address like https://example.com/hooks."
NOT_SECURE = "The address has to begin with https://."
WITH_USER = "Leave out the user name and password."
WITH_FRAGMENT = "Leave out the part from # on; it is never sent."
FOREIGN_NAME = "Write the host’s name in its ASCII form (xn--…)."
WRONG_PORT = "Only the ports 443 and 8443 can be reached."
TOO_LONG = f"The address is too long; {LONGEST_URL} characters at most."
NOT_PUBLIC = "This address leads into a private network, where we do not go."


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]  # names in lower case
    body: bytes  # its beginning; more is not read
    seconds: float


class Target(NamedTuple):
    secure: bool
    host: str  # a name or an address, without brackets
    port: int
    path: str

    @property
    def usual(self) -> bool:
        """Whether it is as everyone's has to be; hosts of `allow` may be reached otherwise."""
        return self.secure and self.port in PORTS


def check_form(url: str, *, allow: tuple = ()) -> None:
    """Raise Invalid(url=what to do) unless this is an address to which we may post; looks up no name.

    Hosts in the networks of `allow` may be private, have any port, and do without https."""
    admitted(url, allow)


def post(url: str, body: bytes, headers: dict[str, str], *, allow: tuple = (), seconds: float = SECONDS,
         connect_seconds: float = CONNECT_SECONDS, trust: ssl.SSLContext | None = None,
         most: int = MOST_ANSWER) -> Answer:  # fmt: skip
    """Post `body` and return the answer, whatever its status; raises Unreachable.

    `seconds` are for all of it; `trust` is whose certificates count, instead of those that this machine knows; `most` are
    the bytes of the answer that are read."""
    began = time.monotonic()
    deadline = Deadline(began + seconds, f"There was no answer within {seconds:g} seconds.")
    try:
        target = admitted(url, allow)
    except Invalid as refused:
        raise Unreachable(str(refused), "blocked") from None
    found = checked(target, deadline, allow)
    with connected(target, found, deadline, connect_seconds) as line:
        if target.secure:
            line.secure(trust or known_authorities(), target.host)
        status, named, answered = exchange(line, target, body, headers, most)
    return Answer(status, named, answered, time.monotonic() - began)


# ── what an address may look like ──


def admitted(url: str, allow: tuple) -> Target:
    target = parse(url)
    literal = numeric(target.host)
    if literal and not all(may_reach(each, allow) for each in literal):
        raise Invalid(url=NOT_PUBLIC)
    perhaps_allowed = all(is_in(each, allow) for each in literal) if literal else allow
    if not perhaps_allowed and not target.usual:
        raise Invalid(url=WRONG_PORT if target.secure else NOT_SECURE)
    return target


def parse(url: str) -> Target:
    """Raises Invalid(url=…) for everything that is no plain address with a name or an IP address as its host."""
    if not isinstance(url, str) or not PLAIN.fullmatch(url):
        raise Invalid(url=NO_URL)
    if len(url) > LONGEST_URL:
        raise Invalid(url=TOO_LONG)
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").removesuffix("."), parts.port
    except ValueError:
        raise Invalid(url=NO_URL) from None
    refuse_extras(parts, host)
    if port == 0 or not (NAME.fullmatch(host) or (":" in host and "%" not in host and numeric(host))):
        raise Invalid(url=NO_URL)
    secure = parts.scheme == "https"
    path = quote((parts.path or "/") + (f"?{parts.query}" if parts.query else ""), safe=STAYS)
    return Target(secure, host, port or (443 if secure else 80), path)


def refuse_extras(parts: SplitResult, host: str) -> None:
    if parts.scheme not in {"http", "https"}:
        raise Invalid(url=NOT_SECURE)
    if "@" in parts.netloc:
        raise Invalid(url=WITH_USER)
    if parts.fragment:
        raise Invalid(url=WITH_FRAGMENT)
    if not host.isascii():
        raise Invalid(url=FOREIGN_NAME)


def numeric(host: str) -> list[IPv4Address | IPv6Address]:
    """The address that the host is, in whatever form (127.1, 0x7f000001, 2130706433); nothing for a name."""
    try:
        return addresses(socket.getaddrinfo(host, None, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST))
    except (OSError, UnicodeError):
        return []


# ── where it leads ──


def checked(target: Target, deadline: Deadline, allow: tuple) -> list[IPv4Address | IPv6Address]:
    """The addresses of the host, all of which may be reached in this way."""
    found = look_up(target.host, deadline)
    if not all(may_reach(each, allow) for each in found):
        raise Unreachable(NOT_PUBLIC, "blocked")
    if not target.usual and not all(is_in(each, allow) for each in found):
        raise Unreachable(WRONG_PORT if target.secure else NOT_SECURE, "blocked")
    return found


def look_up(host: str, deadline: Deadline) -> list[IPv4Address | IPv6Address]:
    """What the name means now. A name server may take longer than we have, so it is asked in a thread of its own."""
    answers = SimpleQueue()

    def ask() -> None:
        try:
            answers.put(addresses(socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)))
        except (OSError, ValueError) as error:
            answers.put(error)

    threading.Thread(target=ask, name="look up", daemon=True).start()
    try:
        found = answers.get(timeout=deadline.left())
    except Empty:
        raise deadline.passed() from None
    if isinstance(found, socket.gaierror) and found.errno == socket.EAI_AGAIN:
        raise Unreachable(f"The name {host} could not be looked up for now.", "name")
    if not found or isinstance(found, Exception):
        raise Unreachable(f"The name {host} was not found.", "name")
    return found


def addresses(found: list[tuple]) -> list[IPv4Address | IPv6Address]:
    return list(dict.fromkeys(address(place[0]) for *_, place in found))


def may_reach(found: IPv4Address | IPv6Address, allow: tuple) -> bool:
    return is_public(found) or is_in(found, allow)


def is_in(found: IPv4Address | IPv6Address, allow: tuple) -> bool:
    return any(found in network for network in allow)


# ── the conversation ──


def connected(target: Target, found: list, deadline: Deadline, seconds: float) -> Line:
    """A line to the first of the checked addresses that takes one."""
    soon = Deadline(min(deadline.at, time.monotonic() + seconds), f"No connection was made within {seconds:g} seconds.")
    *others, last = found[:MOST_TRIED]
    for tried, place in enumerate(others):
        with suppress(Unreachable):
            return Line(dial(place, target.port, soon, soon.left() / (len(others) + 1 - tried)), deadline, MOST_HEAD)
    return Line(dial(last, target.port, soon, soon.left()), deadline, MOST_HEAD)


class Response(http.client.HTTPResponse):
    """The answer itself: hints that come before it (103 and the like) are skipped, as the library skips 100 alone."""

    hints = 0

    def _read_status(self):
        version, status, reason = super()._read_status()
        if not 100 <= status < 200 or status == http.client.SWITCHING_PROTOCOLS:
            return version, status, reason
        self.hints += 1
        if self.hints > MOST_HINTS:
            raise http.client.HTTPException("nothing but hints")
        return version, http.client.CONTINUE, reason


def exchange(line: Line, target: Target, body: bytes, headers: dict[str, str],
             most: int) -> tuple[int, dict[str, str], bytes]:  # fmt: skip
    """Status, headers and the beginning of the answer."""
    asked = http.client.HTTPConnection(target.host, target.port)
    asked.default_port = 443 if target.secure else 80  # else Host would name it
    asked.sock, asked.response_class = line, Response
    with explained(line.deadline):
        with suppress(BrokenPipeError):  # it may have answered without having read all
            asked.request("POST", target.path, body, {**headers, "connection": "close"})
        answer = asked.getresponse()
        if not line.allowance:
            raise Unreachable("The headers of its answer are too long.", "answer")
        line.allowance += most + CHUNKING
        names = dict.fromkeys(answer.headers)
        return answer.status, {name.lower(): answer.getheader(name) for name in names}, beginning(answer, line, most)


def beginning(answer: http.client.HTTPResponse, line: Line, most: int) -> bytes:
    """The first bytes of what it says, however much and in whatever pieces it comes."""
    try:
        return answer.read(most)[:most]
    except http.client.IncompleteRead as broken:
        if line.allowance:  # it broke off; else we did
            raise
        return broken.partial[:most]


@functools.cache
def known_authorities() -> ssl.SSLContext:
    return ssl.create_default_context()
