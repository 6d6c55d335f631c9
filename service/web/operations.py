"""One operation of the API: what it takes, what it answers, who may ask. Said once, on the function that does it.

`@operation(...)` checks key, scope, parameters and body, keeps an Idempotency-Key, calls the function with a `Call`, and
writes its answer: a shape (200), `Created` (201 and Location), or nothing (204). `openapi.py` reads the same words."""

import functools
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from service import shapes
from service.config import Config
from service.errors import Invalid
from service.feedback import idempotency, keys, limits
from service.feedback.members import Person
from service.feedback.readers import Reader
from service.feedback.workspaces import Workspace
from service.web import downloads, inputs, uploads
from service.web.guards import bearer

LONGEST_KEY = 255  # characters of an Idempotency-Key


class Call(NamedTuple):
    """What a function of the API is given: who asks, and what they sent."""

    reader: Reader  # with the eyes of the team, acting as the key's creator
    person: Person  # the key's creator
    key: int
    is_admin: bool  # whether the key has the scope `admin`
    config: Config
    query: Any  # the parameters, in the operation's shape
    body: Any  # the same of the body
    req: Any  # falcon's two, for what is in no shape: headers, files
    resp: Any

    @property
    def workspace(self) -> Workspace:
        return self.reader.workspace


class Created(NamedTuple):
    """The answer to a request that made something."""

    location: str  # path of the new thing
    shape: Any


class Sent(NamedTuple):
    """A file as an answer, in pieces."""

    name: str
    size: int
    pieces: Iterable[bytes]


class Operation(NamedTuple):
    """What `openapi.py` says of a function."""

    summary: str
    scope: str
    query: type | None
    takes: type | None
    answers: type | None
    statuses: tuple[int, ...]  # of good answers, the usual one first
    reads: bool  # whether the body is a file, an uploads.Upload
    versioned: bool  # whether it takes If-Match
    sends: str | None  # the media type, where the answer is a file, a `Sent`

    @property
    def status(self) -> int:
        return self.statuses[0]


def operation(summary: str, *, query: type | None = None, takes: type | None = None, answers: type | None = None,
              scope: str | None = None, statuses: tuple[int, ...] = (), reads: bool = False,
              versioned: bool = False, sends: str | None = None) -> Callable:  # fmt: skip
    """Make a responder of a falcon resource from `function(self, call, **place)`.

    `query` and `takes` are the shapes of parameters and body, `answers` that of the answer; `reads` says that the body is a
    file, `sends` that the answer is one, and its media type, `versioned` that the function heeds If-Match. The scope is
    `read` for GET and `write` for the rest unless it is said. `statuses` need saying only where they are not 201 for POST,
    204 without an answer, and else 200."""

    def decorate(function):
        method = function.__name__.removeprefix("on_").upper()
        usual = 204 if answers is None and sends is None else 201 if method == "POST" else 200
        about = Operation(summary, scope or ("read" if method == "GET" else "write"), query, takes, answers,
                          statuses or (usual,), reads, versioned, sends)  # fmt: skip

        @functools.wraps(function)
        def respond(resource, req, resp, **place):
            call = admit(req, resp, about)
            if method == "GET":
                return answer(resp, function(resource, call, **place))
            return once(req, resp, call, lambda: function(resource, call, **place))

        respond.operation = about
        return respond

    return decorate


def admit(req, resp, about: Operation) -> Call:
    """Who asks, within their limit and scope, and what they sent, in its shapes."""
    resp.cache_control = ["no-store"]
    use = keys.use(bearer(req))
    resp.set_headers({
        "RateLimit-Limit": str(limits.API.most),
        "RateLimit-Remaining": str(max(0, limits.API.most - use.hits)),
        "RateLimit-Reset": str(use.remaining),
    })  # fmt: skip
    keys.check(use)
    keys.require(use, about.scope)
    req.context.workspace = use.workspace
    query = inputs.query(req, about.query)
    body = inputs.read(req, about.takes) if about.takes else uploads.read(req) if about.reads else None
    reader = Reader(use.workspace, use.user, is_member=True, person=use.person.id)
    return Call(reader, use.person, use.id, "admin" in use.scopes, req.context.config, query, body, req, resp)


def once(req, resp, call: Call, work: Callable) -> None:
    """Do it, unless this Idempotency-Key was used before: then answer as then."""
    key = req.get_header("Idempotency-Key")
    if key is None:
        return answer(resp, work())
    if not 1 <= len(key) <= LONGEST_KEY or not key.isprintable():
        raise Invalid(**{"Idempotency-Key": f"Send 1–{LONGEST_KEY} visible characters, e.g. a UUID."})

    def begin() -> idempotency.Answer:
        answer(resp, work())
        return idempotency.Answer(resp.status_code, resp.get_header("Location"), resp.data)

    request = f"{call.key} {req.method} {req.relative_uri}\n".encode() + (req.context.get("body") or b"")
    kept = idempotency.once(call.workspace, key, request, begin)
    resp.status, resp.data = kept.status, kept.body
    if kept.location:
        resp.set_header("Location", kept.location)
    if kept.body is not None:
        resp.content_type = "application/json"
    return None


def answer(resp, made) -> None:
    """Write what a function returned."""
    if made is None:
        resp.status = 204
    elif isinstance(made, Sent):
        downloads.send(resp, made.name, made.size, made.pieces)
    elif isinstance(made, Created):
        resp.set_header("Location", made.location)
        shapes.answer(resp, made.shape, 201)
    else:
        shapes.answer(resp, made)
