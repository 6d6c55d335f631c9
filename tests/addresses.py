"""What can be sent to every address of the API, made from the table of addresses: tests that go through all of it need no
word about an address that is new. What cannot be guessed is said loudly."""

import itertools
from datetime import UTC, datetime
from functools import cached_property
from urllib.parse import quote

import pytest

from service import db, jobs
from service.feedback import deliveries, passing
from service.feedback.activity import Event
from service.handlers import HANDLERS
from service.web import examples, openapi
from service.web.app import routes
from service.web.openapi import ROOT, Documented

CHOSEN = ("user", "company")  # placeholders whose value is the caller's own word
# field of a body → the things that it names, by the last word of their collection's address
NAMES = {
    "board": "boards", "files": "files", "member": "members", "parent": "comments", "posts": "posts", "segments": "segments",
    "status": "statuses", "tag": "tags", "tags": "tags",
}  # fmt: skip
FREE = {("users", "segments")}  # fields that may name what is not there (yet): a token may, too
STATES = {"changelog": {"published_at": "2026-01-01T00:00:00Z"}}  # in which one can do things with what is made
PNG = bytes.fromhex("89504e470d0a1a0a0000000d4948445200000001000000010806000000" "1f15c4890000000d49444154789c63f8ffff3f0300"
                    "08fc02fea72d1e270000000049454e44ae426082")  # fmt: skip
FILES = {"/imports": b"Title,Id\r\nDark mode,1"}  # where a picture will not do
FORM_OF_A_FILE = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\nContent-Type: image/png\r\n\r\n'
fresh = itertools.count(1)


def operations() -> list[Documented]:
    return list(openapi.operations(routes()))


class World:
    """One company's things, made through its API as they are needed."""

    def __init__(self, client, company):
        self.client, self.company = client, company
        self.known = {(each.method, each.path): each for each in operations()}

    @cached_property
    def shapes(self) -> dict[str, dict]:
        return openapi.schemas(list(self.known.values()))

    def send(self, each: Documented, path: str, body=None, key: str | None = None, **headers):
        """The answer to one operation; `path` is that of `place`, `key` another key than the company's own."""
        known = {"Authorization": f"Bearer {key or self.company.api_key}", **headers}
        if each.about.takes:
            known = {"Content-Type": "application/json", **known}
        if each.about.reads:
            known = {"Content-Type": "multipart/form-data; boundary=x", **known}
            body = FORM_OF_A_FILE + FILES.get(each.path, PNG) + b"\r\n--x--\r\n"
        known = {name: value for name, value in known.items() if value is not None}
        more = {"body": body} if isinstance(body, bytes) else {"json": body} if each.about.takes else {}
        return self.client.simulate_request(each.method.upper(), path, headers=known, **more)

    def make(self, method: str, template: str, values: dict[str, str], **fields):
        """Do this operation, which must succeed."""
        each = self.known[method, template]
        answer = self.send(each, address(each, values), {**(self.body(each) or {}), **fields})
        assert answer.status_code in each.about.statuses, (method, template, answer.text)
        return answer

    def place(self, each: Documented) -> dict[str, str]:
        """Placeholder → a thing of this company's that is there, in the state in which the operation can be done."""
        values, prefix = {}, ""
        for prefix, collection, name in places(each.path):
            values[name] = self.thing(collection, name, each.places[name], values)
            if prefix != each.path or each.method != "put":
                self.put(prefix, values)
        if prefix != each.path and each.method in ("get", "delete"):
            self.put(each.path, values)
        if each.path.endswith("/restoration"):
            self.make("delete", each.path.removesuffix("/restoration"), values)
        return values

    def put(self, template: str, values: dict[str, str]) -> None:
        if ("put", template) in self.known:
            self.make("put", template, values)

    def thing(self, collection: str, name: str = "", schema: dict | None = None, within: dict[str, str] = ()) -> str:
        """What stands in an address for a new thing of this collection, `within` those that stand before it."""
        if "enum" in (schema or {}):
            return schema["enum"][0]
        if collection == "deliveries":
            return self.delivery(within["webhook"])
        if collection == "exports":
            return self.export()
        makers = [each for each in self.known.values() if each.method == "post" and each.path.endswith(f"/{collection}")]
        if makers:
            maker = min(makers, key=lambda each: len(each.path))
            made = self.make("post", maker.path, self.place(maker), **STATES.get(collection, {}))
            return made.headers["location"].rsplit("/", 1)[1]
        if name not in CHOSEN:
            pytest.fail(f"say how to sample {{{name or collection}}} of /{collection}")
        return f"{name}-{next(fresh)}"

    def export(self) -> str:
        """One that is ready: there is one at a time, and its file is there only then."""
        db.changed("DELETE FROM rate WHERE key LIKE 'workspace-exports:%%'")
        made = self.make("post", "/exports", {}).json
        for job in jobs.claim("tests", 9, 60, queue=passing.QUEUE):
            HANDLERS[job.kind](job)
        return str(made["id"])

    def delivery(self, webhook: str) -> str:
        """What the worker makes of a test of this webhook; nobody attempts it."""
        seq = self.make("post", "/webhooks/{webhook}/test", {"webhook": webhook}).json["event"]
        told = {"endpoint": int(webhook)}
        deliveries.fan_out(Event(self.company.workspace.id, seq, "webhook.test", None, None, None, told, datetime.now(UTC)))
        return str(deliveries.of(self.company.team, int(webhook))[0].id)

    def body(self, each: Documented, every: bool = False) -> dict | None:
        """A body that the operation takes, which names things of this company's."""
        if not each.about.takes:
            return None
        sampled = examples.body(self.shapes[each.about.takes.__name__], self.shapes, every)
        return {name: self.fitting(each, name, value) for name, value in sampled.items()}

    def fitting(self, each: Documented, name: str, value):
        """The sample, or a thing of this company's if the field names one."""
        if name in ("key", "name", "email"):
            return {"key": f"k-{next(fresh)}", "name": f"Name {next(fresh)}", "email": f"p{next(fresh)}@acme.example"}[name]
        collection = named_by(each, name)
        if collection is None:
            return value
        found = str(self.company.owner.id) if collection == "members" else self.thing(collection)
        made = int(found) if isinstance(value[0] if isinstance(value, list) else value, int) else found
        return [made] if isinstance(value, list) else made

    def query(self, each: Documented) -> dict[str, str]:
        """What the operation must be asked with."""
        wanted = [said for said in openapi.parameters(each.about.query) if said["required"]]
        return {said["name"]: str(examples.value(said["name"], said["schema"], {})) for said in wanted}


def address(each: Documented, values: dict[str, str], query: dict[str, str] = ()) -> str:
    path = ROOT + each.path.format(**{name: quote(value, safe="") for name, value in values.items()})
    return path + ("?" + "&".join(f"{name}={quote(value)}" for name, value in dict(query).items()) if query else "")


def places(path: str):
    """(address up to here, collection, placeholder) of each placeholder in an address."""
    words = path.split("/")
    for index, word in enumerate(words):
        if word.startswith("{"):
            collection = next(each for each in reversed(words[:index]) if not each.startswith("{"))
            yield "/".join(words[: index + 1]), collection, word.strip("{}")


def named_by(each: Documented, field: str) -> str | None:
    """The collection whose things a field of the body names."""
    if field == "into":
        return next(iter([collection for _, collection, _ in places(each.path)][-1:]), None)
    own = each.path.strip("/").split("/")[0]
    if (own, field) in FREE:
        return None
    return None if own == NAMES.get(field) and field.endswith("s") else NAMES.get(field)


def missing(each: Documented, name: str) -> str | None:
    """What is never there, for this placeholder; None if only given words can stand there."""
    schema = each.places[name]
    return None if "enum" in schema else str(unknown(1 if schema["type"] == "integer" else ""))


def unknown(like):
    """What is never there, of the same type."""
    if isinstance(like, list):
        return [unknown(like[0])]
    return 999_999_999 if isinstance(like, int) else f"nowhere-{next(fresh)}"
