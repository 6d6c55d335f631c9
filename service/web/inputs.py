"""Reading what came in: bodies into msgspec shapes, forms, query parameters; every refusal says what to do."""

import re
from datetime import UTC, datetime
from functools import cache
from typing import Literal, get_args, get_origin, get_type_hints

import falcon
import msgspec

from service.errors import Invalid, Malformed

LARGEST_JSON = 256 * 1024  # bytes
LARGEST_FORM = 128 * 1024
DEEPEST = 32  # lists and objects within each other
STRING = re.compile(rb'"(?:[^"\\]|\\.)*+"?', re.DOTALL)  # or what is left of one: each byte is looked at once
NO_BRACKETS = bytes(set(range(256)) - set(b"[{}]"))
UNKNOWN = re.compile(r"Object contains unknown field `(.*?)`(?: - at `|$)", re.DOTALL)
PLACE = re.compile(r"(.*) - at `(?:key in )?\$(?:\.([A-Za-z_]+))?.*`$", re.DOTALL)
WHOLE = re.compile(r"-?(0|[1-9][0-9]{0,18})", re.ASCII)
TYPES = {
    "str": "text", "int": "a whole number", "float": "a number", "bool": "true or false", "null": "null",
    "array": "a list", "object": "an object", "date": "a day like 2026-12-31",
    "datetime": "a moment like 2026-12-31T12:00:00Z",
}  # fmt: skip
JSON, PLAIN_TEXT, FORM = "application/json", "text/plain", "application/x-www-form-urlencoded"


def read(req: falcon.Request, shape: type, types: tuple[str, ...] = (JSON,)):
    """The JSON body as `shape`, a msgspec Struct.

    Raises Malformed (not JSON, or text that cannot be stored), Invalid (a field of the wrong type), falcon's 413 and
    415. A body without a Content-Type is refused: a foreign page can send one with no preflight."""
    raw = req.context.body = body(req, types, LARGEST_JSON)
    try:
        raw.decode()  # msgspec does not look into fields that the shape does not have
        if is_deep(raw):
            raise RecursionError
        value = decoder(shape).decode(raw)
    except msgspec.ValidationError as error:
        raise misfit(str(error), shape) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Malformed(f"The body is not JSON (UTF-8, no NaN, at most {DEEPEST} levels deep).") from None
    if b"\\u" in raw and not storable(msgspec.to_builtins(value)):
        raise Malformed("The body holds a NUL or half a surrogate pair; send whole Unicode characters.")
    return in_utc(value)


def is_deep(raw: bytes) -> bool:
    """Whether this JSON is nested too deeply to be meant."""
    if raw.count(b"[") + raw.count(b"{") <= DEEPEST:
        return False
    left = STRING.sub(b"", raw).translate(bytes.maketrans(b"{}", b"[]"), NO_BRACKETS)
    for _ in range(DEEPEST):
        left = left.replace(b"[]", b"")  # the innermost level
    return bool(left)


def body(req: falcon.Request, types: tuple[str, ...], largest: int) -> bytes:
    """The raw body, of one of these media types and no larger than `largest` bytes."""
    kind = (req.content_type or "").partition(";")[0].strip().lower()
    if kind not in types or req.get_header("Content-Encoding"):
        raise falcon.HTTPUnsupportedMediaType(description=f"Send the body as {types[0]}, uncompressed.")
    if (req.content_length or 0) > largest:
        raise too_large(largest)
    raw = req.bounded_stream.read(largest + 1)
    if len(raw) > largest:
        raise too_large(largest)
    return raw


def too_large(largest: int) -> falcon.HTTPError:
    return falcon.HTTPContentTooLarge(description=f"The body is larger than {largest // 1024} kB.")


@cache
def decoder(shape: type) -> msgspec.json.Decoder:
    return msgspec.json.Decoder(shape)


def misfit(message: str, shape: type) -> Exception:
    """msgspec's message, with the field it speaks of; a body that is no object at all is malformed."""
    found = PLACE.match(message)
    if unknown := UNKNOWN.match(message):
        return stray(unknown[1], found and found[2], shape)
    missing = re.match(r"Object missing required field `(\w+)`", message)
    field = (missing and missing[1]) or (found and found[2])
    if not field:
        return Malformed("The body must be a JSON object.")
    return Invalid(**{field: "This field is required." if missing else in_words(found[1], choices(shape, field))})


def stray(name: str, within: str | None, shape: type) -> Invalid:
    """The refusal of a field that this shape, or the one `within` a field of it, does not have."""
    kinds = parts(get_type_hints(shape).get(within)) if within else [shape]
    known = [field for kind in kinds for field in getattr(kind, "__struct_fields__", ())]
    name = re.sub(r"[^\w.-]", "?", name[:40]) or "?"  # which may be anything
    place = f"{within}.{name}" if within else name
    return Invalid(**{place: f"There is no such field here; there are: {', '.join(known)}."})


def parts(hint) -> list:
    """A type and all that it is made of."""
    return [hint, *(part for each in get_args(hint) for part in parts(each))]


def choices(shape: type, field: str) -> list[str]:
    """The words that a field of this shape can be; none when it can be anything."""
    kinds = parts(get_type_hints(shape).get(field))
    return [word for kind in kinds if get_origin(kind) is Literal for word in get_args(kind)]


def in_words(message: str, known: list[str]) -> str:
    """What msgspec says of a value, for people who do not know its types."""
    wrong = re.match(r"Expected `([^`]*)`(?: (>=|<=) (\S+))?(?:, got `(\w+)`)?", message)
    if message.startswith("Invalid enum value") and known:
        return f"Choose one of: {', '.join(known)}."
    if message.startswith("Invalid RFC3339"):
        return f"This must be {TYPES[message.split()[-1]]}."
    if not wrong:
        return f"{message.replace('`', '')}."
    wanted = " or ".join(TYPES.get(kind, kind) for kind in wrong[1].split(" | "))
    bound = f", {wrong[3]} or {'more' if wrong[2] == '>=' else 'less'}" if wrong[2] else ""
    return f"This must be {wanted}{bound}" + (f", not {TYPES.get(wrong[4], wrong[4])}." if wrong[4] else ".")


def in_utc(value):
    """The shape with its moments in UTC: Postgres knows no offset of 16 hours or more."""
    for name in value.__struct_fields__:
        moment = getattr(value, name)
        if isinstance(moment, datetime) and moment.tzinfo:
            try:
                setattr(value, name, moment.astimezone(UTC))
            except OverflowError:
                raise Invalid(**{name: "This moment is too far away."}) from None
    return value


def storable(value) -> bool:
    """Whether every text in this JSON value is one that Postgres can store."""
    if isinstance(value, str):
        return "\0" not in value and not any("\ud800" <= char <= "\udfff" for char in value)
    if isinstance(value, dict):
        return all(storable(key) and storable(each) for key, each in value.items())
    return not isinstance(value, list) or all(storable(each) for each in value)


class Form(dict):
    """The fields of an HTML form, by name; of a repeated one the last."""

    def __init__(self, fields: dict[str, list[str]] = ()):
        self.fields = dict(fields)
        super().__init__({name: said[-1] for name, said in self.fields.items()})

    def every(self, name: str) -> list[str]:
        """All that a repeated field says, like the boxes that are ticked."""
        return self.fields.get(name, [])


def form(req: falcon.Request) -> Form:
    """The fields of the form that a browser sends; what cannot be stored as text is taken out."""
    raw = body(req, (FORM,), LARGEST_FORM).decode("utf-8", "replace")
    fields = falcon.uri.parse_query_string(raw, keep_blank=True, csv=False)
    return Form({name: [each.replace("\0", "") for each in ([said] if isinstance(said, str) else said)]
                 for name, said in fields.items()})  # fmt: skip


def query(req: falcon.Request, shape: type | None):
    """The query parameters as `shape`, a msgspec Struct; an empty one counts as left out.

    Raises Invalid for one that is given twice, does not fit or is not there: a misspelt filter must not show everything."""
    known = {field.name for field in msgspec.structs.fields(shape)} if shape else set()
    for name, value in req.params.items():
        if name not in known:
            there = f"; there are: {', '.join(sorted(known))}" if known else ""
            raise Invalid(**{name[:40] or "?": f"There is no such parameter here{there}."})
        if not isinstance(value, str):
            raise Invalid(**{name: "Give this parameter once."})
        if "\0" in value:
            raise Malformed("An address cannot hold a NUL character.")
    if shape is None:
        return None
    given = {name: plain(value) if name in numeric(shape) else value for name, value in req.params.items() if value}
    try:
        return in_utc(msgspec.convert(given, shape))
    except msgspec.ValidationError as error:
        raise misfit(str(error), shape) from None


@cache
def numeric(shape: type) -> frozenset[str]:
    """The fields of this shape that are no text in JSON."""
    hints = get_type_hints(shape).items()
    return frozenset(name for name, hint in hints if {int, float, bool} & {hint, *get_args(hint)})


def plain(value: str) -> int | bool | str:
    """A whole number or a truth value as JSON has it; anything else as it is. msgspec by itself would also take `1e2`, and
    `null` for what was left out."""
    if WHOLE.fullmatch(value):
        return int(value)
    return {"true": True, "false": False}.get(value, value)


def whole(value: str) -> int | None:
    """A whole number that somebody typed or that stands in a form or an address, or None."""
    fits = value.isascii() and value.isdigit() and len(value) < 10
    return int(value) if fits else None


def param(req: falcon.Request, name: str, default: str = "") -> str:
    """A query parameter, or `default` when it is missing or empty.

    Raises Invalid when it is given twice: nobody can know which one was meant."""
    value = req.params.get(name, default)
    if not isinstance(value, str):
        raise Invalid(**{name: "Give this parameter once."})
    return value or default
