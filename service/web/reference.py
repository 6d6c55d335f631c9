"""The API's reference: /api/v1/openapi.json for programs, and the same as a page for people, /api/docs."""

import json
from shlex import quote
from typing import Any, NamedTuple
from urllib.parse import urlencode

import msgspec

from service.feedback.limits import API
from service.web import examples, openapi, pages
from service.web.problems import KINDS

FIVE_MINUTES = ["public", "max-age=300"]
FORMATS = {"date": "date like 2026-12-31", "date-time": "date-time (RFC 3339)"}


class Document:
    """GET /api/v1/openapi.json"""

    offline = True

    def __init__(self, routes: dict[str, Any]):
        self.routes, self.made = routes, None

    def on_get(self, req, resp):
        self.made = self.made or msgspec.json.encode(openapi.document(req.context.config, self.routes))
        resp.data, resp.content_type = self.made, "application/json"
        resp.cache_control = FIVE_MINUTES


class Page:
    """GET /api/docs"""

    offline = True

    def __init__(self, routes: dict[str, Any]):
        self.routes, self.made = routes, None

    def on_get(self, req, resp):
        self.made = self.made or chapters(openapi.document(req.context.config, self.routes))
        pages.render(req, resp, "api.html", base_url=req.context.config.base_url, **self.made)
        resp.cache_control = FIVE_MINUTES


def chapters(document: dict) -> dict[str, Any]:
    """What the page is made of."""
    limit = {"requests_a_minute": API.most}
    return {"groups": groups(document), "shapes": shapes(document), "problems": KINDS, "always": openapi.ALWAYS, **limit}


# ── what the page shows ─────────────────────────────────────────────────────────────────────────────────────────────


class Field(NamedTuple):
    """One row of a table. `kind` is words, each with the shape that it links to, or None."""

    name: str
    kind: list[tuple[str, str | None]]
    limits: str
    is_required: bool
    default: str | None
    about: str
    where: str = ""


class Shown(NamedTuple):
    """One operation of the page."""

    id: str
    method: str
    path: str
    summary: str
    about: str
    scope: str
    parameters: list[Field]
    body: list[Field]
    takes: str | None
    takes_file: bool
    answers: str | None
    fields: list[Field]
    status: str
    refusals: list[int]
    example: str


def groups(document: dict) -> dict[str, list[Shown]]:
    """The operations by the first word of their address."""
    found: dict[str, list[Shown]] = {tag["name"]: [] for tag in document["tags"]}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            found[operation["tags"][0]].append(shown(document, path, method, operation))
    return found


def shapes(document: dict) -> dict[str, tuple[str, list[Field]]]:
    """Name → description and fields."""
    known = document["components"]["schemas"]
    return {name: (known[name].get("description", ""), fields(known[name])) for name in sorted(known)}


def shown(document: dict, path: str, method: str, operation: dict) -> Shown:
    schemas = document["components"]["schemas"]
    content = operation.get("requestBody", {}).get("content", {})
    takes = content.get("application/json")
    status, *refused = operation["responses"]
    refusals = [int(each) for each in refused if int(each) >= 400 and int(each) not in openapi.ALWAYS]
    answered = operation["responses"][status].get("content", {}).get("application/json")
    answers = answered and linked(answered["schema"])
    about, _, _ = operation["description"].rpartition("Needs the scope")
    takes = takes and linked(takes["schema"])
    return Shown(
        operation["operationId"], method.upper(), path, operation["summary"], about.strip(),
        operation["security"][0]["key"][0], [parameter(resolved(document, each)) for each in operation["parameters"]],
        fields(schemas[takes]) if takes else [], takes, "multipart/form-data" in content,
        answers, fields(schemas[answers]) if answers else [], status, refusals,
        curl(document, path, method, operation),
    )  # fmt: skip


def resolved(document: dict, part: dict) -> dict:
    return document["components"]["parameters"][linked(part)] if "$ref" in part else part


def linked(schema: dict) -> str:
    return schema["$ref"].rsplit("/", 1)[1]


def parameter(said: dict) -> Field:
    schema, where = said["schema"], {"path": "address", "query": "query", "header": "header"}[said["in"]]
    return field(said["name"], schema, said.get("required", False), said.get("description", ""), where)


def fields(schema: dict) -> list[Field]:
    required = schema.get("required", ())
    return [field(name, each, name in required) for name, each in schema.get("properties", {}).items()]


def field(name: str, schema: dict, required: bool, about: str = "", where: str = "") -> Field:
    default = schema.get("default")
    shown_default = None if default in (None, "", [], {}) else json.dumps(default)
    return Field(name, kind(schema), limits(schema), required, shown_default, about or said(schema), where)


def said(schema: dict) -> str:
    """The description of a field, or else that of what it may be."""
    nested = (*schema.get("anyOf", ()), schema.get("items", {}))
    return schema.get("description") or next((each["description"] for each in nested if "description" in each), "")


def kind(schema: dict) -> list[tuple[str, str | None]]:
    """What a value is, in words."""
    if "$ref" in schema:
        return [(linked(schema), linked(schema))]
    if "enum" in schema:
        return [("one of " + ", ".join(str(each) for each in schema["enum"]), None)]
    if "anyOf" in schema:
        return one_of(schema["anyOf"])
    if schema.get("items"):
        return [("list of ", None), *kind(schema["items"])]
    word = FORMATS.get(schema.get("format")) or {"array": "list"}.get(schema.get("type"), schema.get("type", "anything"))
    inner = schema.get("additionalProperties")
    return [(f"{word} (each ", None), *kind(inner), (")", None)] if isinstance(inner, dict) else [(word, None)]


def one_of(schemas: list[dict]) -> list[tuple[str, str | None]]:
    """string, number or null"""
    types = {each.get("type") for each in schemas}
    found = [kind(each) for each in schemas if not (each.get("type") == "integer" and "number" in types)]
    words = found[0]
    for each in found[1:]:
        words = [*words, (" or " if each is found[-1] else ", ", None), *each]
    return words


def limits(schema: dict) -> str:
    """1–200 characters; 0 or more."""
    found = []
    for each in (schema, *schema.get("anyOf", ()), schema.get("items", {})):
        found += [between(each.get("minLength", 0), each.get("maxLength"), " characters"),
                  between(each.get("minItems", 0), each.get("maxItems"), " of them"),
                  between(each.get("minimum"), each.get("maximum"))]  # fmt: skip
    return ", ".join(dict.fromkeys(each for each in found if each))


def between(least: float | None, most: float | None, unit: str = "") -> str:
    if most is not None:
        return f"{least:,}–{most:,}{unit}" if least else f"at most {most:,}{unit}"
    return f"{least:,} or more{unit}" if least is not None and not unit else ""


def curl(document: dict, path: str, method: str, operation: dict) -> str:
    """The call as one types it at a terminal."""
    given = {"path": {}, "query": {}}
    for each in operation["parameters"]:
        each = resolved(document, each)
        if each.get("required"):
            given[each["in"]][each["name"]] = examples.value(each["name"], each["schema"], {})
    query = f"?{urlencode(given['query'])}" if given["query"] else ""
    url = document["servers"][0]["url"] + path.format(**given["path"]) + query
    content = operation.get("requestBody", {}).get("content", {})
    wanted = "" if method == "get" else f"-X {method.upper()} "
    lines = [f"curl {wanted}{quote(url)}", '-H "Authorization: Bearer $SAYSO_KEY"']
    if "application/json" in content:
        body = json.dumps(content["application/json"]["example"], ensure_ascii=False)
        lines += ['-H "Content-Type: application/json"', f"-d {quote(body)}"]
    elif content:
        lines.append("-F file=@screenshot.png")
    return " \\\n  ".join(lines)
