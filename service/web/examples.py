"""Plausible values for whatever a shape asks for, for the examples of the API's documentation."""

from typing import Any

VALUES = {  # of a field or placeholder of this name; the type must fit
    "author": "u_1003", "body": "For our accountant, once a quarter.", "color": "#2563eb", "company": "fern",
    "email": "maya@fern.example", "key": "mobile", "name": "Mobile apps", "note": "Under Reports → Export.", "number": 42,
    "parent": 7, "status": "planned", "tag": "billing", "text": "download my invoices as a spreadsheet",
    "title": "Export all invoices as CSV", "type": "post.created", "user": "u_1003",
}  # fmt: skip
FORMATS = {"date": "2026-12-31", "date-time": "2026-12-31T12:00:00Z", "uri": "https://fern.example"}
TYPES = {"string": str, "integer": int, "number": float, "boolean": bool, "array": list, "object": dict}


def body(schema: dict, shapes: dict[str, dict], every: bool = False) -> dict[str, Any]:
    """What may be sent in this shape: what is required, or its first field when nothing is; `every` field if so asked."""
    fields = schema["properties"]
    wanted = [*fields] if every else schema["required"] or [*fields][:1]
    return {name: value(name, fields[name], shapes) for name in wanted}


def value(name: str, schema: dict, shapes: dict[str, dict]) -> Any:
    """A value of this schema, for something of this name."""
    if "$ref" in schema:
        return body(shapes[schema["$ref"].rsplit("/", 1)[1]], shapes)
    if "anyOf" in schema:
        return value(name, schema["anyOf"][0], shapes)
    if "enum" in schema:
        known = VALUES.get(name)
        return known if known in schema["enum"] else schema["enum"][0]
    kind = schema.get("type", "object")
    if type(VALUES.get(name)) is TYPES[kind]:
        return VALUES[name]
    if kind == "array":
        return [value(name.removesuffix("s"), schema.get("items", {"type": "string"}), shapes)]
    if kind in ("integer", "number"):
        return max(1, schema.get("minimum", 1))
    return {"string": FORMATS.get(schema.get("format"), "features"), "boolean": True, "object": {}}[kind]
