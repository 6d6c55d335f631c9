"""The API in its own words: an OpenAPI 3.1 document, made from the addresses and from what each responder says of itself.

Nothing is said twice: shapes and their limits come from `shapes`, summary, scope and parameters from `@operation`, and
the description is the docstring."""

import inspect
import re
from collections.abc import Iterator
from datetime import datetime
from importlib import metadata
from typing import Any, NamedTuple, get_args, get_type_hints

import msgspec

from service import shapes
from service.config import Config
from service.feedback import changelog
from service.web import examples
from service.web.operations import LONGEST_KEY, Operation
from service.web.problems import KINDS, Problem

ROOT = "/api/v1"
METHODS = ("get", "post", "put", "patch", "delete")
PLACE = re.compile(r"{(\w+)(?::(\w+))?}")
SHAPE = "#/components/schemas/{name}"
JSON, PROBLEM = "application/json", "application/problem+json"
MULTIPART, BYTES = "multipart/form-data", "application/octet-stream"
ABOUT = """Write, read and change everything that a workspace has. Send an API key with every call; what it may do is in
its scopes: `read`, `write`, and `admin`, which is both and more. Errors are problems (RFC 9457) and name the field."""

VISIBLE, INNER = r"[^/\u0000-\u0020\u007f-\u00a0]", r"[^/\u0000-\u001f\u007f-\u00a0]"
EXTERNAL_ID = {"type": "string", "minLength": 1, "maxLength": 255, "pattern": f"^{VISIBLE}({INNER}*{VISIBLE})?$"}
KEY = {"type": "string", "pattern": shapes.KEY}
NUMBER = {"type": "integer", "minimum": 1, "maximum": 999_999_999}
PLACES = {  # what stands in an address → its schema; digits are said by the address itself
    "user": {**EXTERNAL_ID, "description": "Your own id of a user."},
    "company": {**EXTERNAL_ID, "description": "Your own id of a company."},
    **{name: {**KEY, "description": f"Key of a {name}."} for name in ("board", "status", "tag", "field", "segment")},
    "kind": {"type": "string", "enum": list(changelog.REACTIONS), "description": "What the reaction says."},
}
WHOLE = {"type": "integer", "minimum": 0}
HEADERS = {
    "RateLimit-Limit": ("How many requests a minute this key has.", WHOLE),
    "RateLimit-Remaining": ("How many of them are left.", WHOLE),
    "RateLimit-Reset": ("In how many seconds the minute ends.", WHOLE),
    "Location": ("Path of what was made.", {"type": "string", "format": "uri-reference"}),
    "Retry-After": ("In how many seconds it is worth another try.", {"type": "integer", "minimum": 1}),
    "WWW-Authenticate": ("Which kind of key to send.", {"type": "string"}),
    "ETag": ("The version of what was read, for If-Match.", {"type": "string"}),
}
COUNTED = ("RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset")
REFUSED_WITH = {401: ("WWW-Authenticate",), 429: ("Retry-After",), 503: ("Retry-After",)}
ALWAYS = (400, 401, 403, 414, 422, 429, 503)  # with these every operation may answer
IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key", "in": "header", "schema": {"type": "string", "minLength": 1, "maxLength": LONGEST_KEY},
    "description": "Any text that is new for each thing you make, e.g. a UUID. Sent again, the same request gets the same "
                   "answer, and nothing is made twice.",
}  # fmt: skip
IF_MATCH = {
    "name": "If-Match", "in": "header", "schema": {"type": "string"},
    "description": "The `ETag` of a read: refuses the change (409) if somebody else was faster.",
}  # fmt: skip


class Documented(NamedTuple):
    """One method of one address."""

    method: str
    path: str  # below ROOT, with plain placeholders: /posts/{number}
    places: dict[str, dict]  # placeholder → schema
    about: Operation
    description: str

    @property
    def id(self) -> str:
        return operation_id(self.method, self.path, self.about)

    @property
    def group(self) -> str:
        return self.path.split("/")[1]


def document(config: Config, routes: dict[str, Any]) -> dict[str, Any]:
    """The OpenAPI document of the operations below /api/v1 among these routes (address → resource)."""
    found = list(operations(routes))
    components = schemas(found)
    paths: dict[str, dict] = {}
    for each in found:
        paths.setdefault(ROOT + each.path, {})[each.method] = described(each, components, found)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Sayso", "version": version(), "description": ABOUT},
        "servers": [{"url": config.base_url}],
        "security": [{"key": []}],
        "tags": [{"name": group} for group in dict.fromkeys(each.group for each in found)],
        "paths": paths,
        "components": {
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer", "description": "An API key: sk_…"}},
            "schemas": components,
            "parameters": {"IdempotencyKey": IDEMPOTENCY_KEY, "IfMatch": IF_MATCH},
            "headers": {name: {"description": said, "schema": schema} for name, (said, schema) in HEADERS.items()},
            "responses": {name(status): refusal(status) for status in refusals(found)},
        },
    }


def version() -> str:
    """That of the installed package; a source tree that nobody installed has none."""
    try:
        return metadata.version("sayso")
    except metadata.PackageNotFoundError:
        return "0"


def operations(routes: dict[str, Any]) -> Iterator[Documented]:
    """What there is, in the order of the addresses."""
    for address, resource in routes.items():
        if not address.startswith(f"{ROOT}/"):
            continue
        path = PLACE.sub(r"{\1}", address.removeprefix(ROOT))
        places = {name: place(name, kind) for name, kind in PLACE.findall(address)}
        for method in METHODS:
            responder = getattr(resource, f"on_{method}", None)
            if about := getattr(responder, "operation", None):
                yield Documented(method, path, places, about, in_paragraphs(inspect.getdoc(responder) or ""))


def in_paragraphs(text: str) -> str:
    """A docstring without the line breaks that are the source's own."""
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in text.split("\n\n"))


def place(name: str, kind: str) -> dict:
    """The schema of a placeholder, e.g. {number:number}."""
    if kind == "number":
        about = "Number of the post." if name == "number" else f"Id of the {name.replace('_', ' ')}."
        return {**NUMBER, "description": about}
    return PLACES.get(name, {"type": "string", "minLength": 1})


# ── shapes ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def schemas(found: list[Documented]) -> dict[str, dict]:
    """Every shape that is sent or answered, by name; those of parameters are said as parameters."""
    sent = [shape for each in found for shape in (each.about.takes, each.about.answers) if shape]
    _, components = msgspec.json.schema_components([*dict.fromkeys(sent), Problem], ref_template=SHAPE)
    for name, schema in components.items():
        with_moments(getattr(shapes, name, None), schema)
    return components


def with_moments(shape: type | None, schema: dict) -> None:
    """msgspec says the format of a moment only where a time zone is required."""
    for name, hint in get_type_hints(shape).items() if shape else ():
        if datetime in (hint, *get_args(hint)):
            said = schema["properties"][name]
            next(each for each in (said, *said.get("anyOf", ())) if each.get("type") == "string")["format"] = "date-time"


def parameters(query: type | None) -> list[dict]:
    """The fields of a query's shape as parameters."""
    if query is None:
        return []
    _, components = msgspec.json.schema_components([query], ref_template=SHAPE)
    schema = components[query.__name__]
    with_moments(query, schema)
    return [parameter(name, "query", said, name in schema["required"]) for name, said in schema["properties"].items()]


def parameter(name: str, where: str, schema: dict, required: bool) -> dict:
    """A parameter is given or left out; it is never null."""
    kinds = [each for each in schema.get("anyOf", ()) if each.get("type") != "null"]
    schema = {**schema, **(kinds[0] if len(kinds) == 1 else {}), "description": schema.get("description")}
    if len(kinds) == 1:
        del schema["anyOf"]
    if schema.get("default", ...) is None:
        del schema["default"]
    said = schema.pop("description")
    more = {"description": said} if said else {}
    if where == "path":
        more["example"] = examples.value(name, schema, {})
    elif not required:
        more["allowEmptyValue"] = True  # it counts as left out
    return {"name": name, "in": where, "required": required, "schema": schema, **more}


# ── operations ──────────────────────────────────────────────────────────────────────────────────────────────────────


def described(each: Documented, components: dict, found: list[Documented]) -> dict:
    about = each.about
    places = [parameter(name, "path", schema, True) for name, schema in each.places.items()]
    return {
        "operationId": each.id,
        "tags": [each.group],
        "summary": about.summary,
        "description": f"{each.description}\n\nNeeds the scope `{about.scope}`.".strip(),
        "security": [{"key": [about.scope]}],
        "parameters": [*places, *parameters(about.query), *headers(each)],
        **request_body(about, components),
        "responses": {
            **{str(status): {**answer(each, status), **links(each, status, found)} for status in about.statuses},
            **{str(status): {"$ref": f"#/components/responses/{name(status)}"} for status in statuses(each)},
        },
    }


def headers(each: Documented) -> list[dict]:
    found = ["IdempotencyKey"] * (each.method != "get") + ["IfMatch"] * each.about.versioned
    return [{"$ref": f"#/components/parameters/{name}"} for name in found]


def request_body(about: Operation, components: dict) -> dict:
    if about.takes:
        example = examples.body(components[about.takes.__name__], components)
        content = {JSON: {"schema": reference(about.takes), "example": example}}
    elif about.reads:
        file = {"type": "string", "contentMediaType": BYTES}
        whole = {"type": "object", "properties": {"file": file}, "required": ["file"]}
        content = {MULTIPART: {"schema": whole}, BYTES: {"schema": {"type": "string", "format": "binary"}}}
    return {"requestBody": {"required": True, "content": content}} if about.takes or about.reads else {}


def answer(each: Documented, status: int) -> dict:
    """The answer when all is well."""
    about = each.about
    named = (*COUNTED, *(["Location"] if status == 201 else []), *(["ETag"] if about.answers is shapes.Post else []))
    content = {"content": {JSON: {"schema": reference(about.answers)}}} if about.answers else {}
    if about.sends:
        content = {"content": {about.sends: {"schema": {"type": "string", "format": "binary"}}}}
    said = {201: "Made.", 204: "Done; there is nothing to say."}.get(status, "What you asked for.")
    return {"description": said, "headers": named_headers(named), **content}


def links(each: Documented, status: int, found: list[Documented]) -> dict:
    """What can be done with the thing that was made: the operations of its own address."""
    item, known = re.compile(rf"/{each.path.rsplit('/', 1)[1]}/{{(\w+)}}"), {}
    for other in found if status == 201 and each.method == "post" else ():
        if placed := item.fullmatch(other.path):
            field = known_by(each, other.places[placed[1]])
            known[other.id] = {"operationId": other.id, "parameters": {placed[1]: f"$response.body#/{field}"}}
    return {"links": known} if known else {}


def known_by(each: Documented, place: dict) -> str:
    """The field of the answer that stands in the address of what was made: its key, or its number."""
    wanted = ("key",) if "pattern" in place else ("number", "id")
    return next(name for name in wanted if name in each.about.answers.__struct_fields__)


def statuses(each: Documented) -> list[int]:
    """The refusals that this operation may answer with."""
    with_body = (413, 415) if each.about.takes or each.about.reads else ()
    may_stand_against = each.method != "get" or each.about.sends
    return sorted({*ALWAYS, *([404] if each.places else []), *([409] if may_stand_against else []), *with_body})


def refusals(found: list[Documented]) -> list[int]:
    return sorted({status for each in found for status in statuses(each)})


def refusal(status: int) -> dict:
    schema = {PROBLEM: {"schema": reference(Problem)}}
    return {"description": KINDS[status][1], "headers": named_headers(REFUSED_WITH.get(status, ())), "content": schema}


def named_headers(names: tuple[str, ...]) -> dict:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def name(status: int) -> str:
    """not-found → NotFound"""
    return "".join(word.capitalize() for word in KINDS[status][0].split("-"))


def reference(shape: type) -> dict:
    return {"$ref": SHAPE.format(name=shape.__name__)}


# ── names ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def operation_id(method: str, path: str, about: Operation) -> str:
    """list_posts, get_post, create_post, put_post_vote: the method, and the way there with each thing named as one."""
    parts = path.strip("/").split("/")
    is_list = method == "get" and about.answers is not None and "data" in about.answers.__struct_fields__
    one_of = [index for index, part in enumerate(parts[1:]) if part.startswith("{")]
    if method == "post":
        one_of.append(len(parts) - 1)
    words = [singular(part) if index in one_of else part for index, part in enumerate(parts) if not part.startswith("{")]
    verb = "list" if is_list else {"post": "create", "patch": "change"}.get(method, method)
    return "_".join([verb, *words]).replace("-", "_")


def singular(word: str) -> str:
    """posts → post, companies → company, statuses → status, status → status"""
    if word.endswith("ies"):
        return f"{word[:-3]}y"
    return word.removesuffix("es") if word.endswith("uses") else word if word.endswith("us") else word.removesuffix("s")
