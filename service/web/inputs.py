"""Reading what came in: bodies into msgspec shapes, forms, query parameters; every refusal says what to do."""

import re
from functools import cache

import falcon
import msgspec

from service.errors import Invalid, Malformed

LARGEST_JSON = 256 * 1024  # bytes
LARGEST_FORM = 128 * 1024
PLACE = re.compile(r"(.*) - at `\$(?:\.([A-Za-z_]+))?.*`$", re.DOTALL)
JSON, PLAIN_TEXT, FORM = "application/json", "text/plain", "application/x-www-form-urlencoded"


def read(req: falcon.Request, shape: type, types: tuple[str, ...] = (JSON,)):
    """The JSON body as `shape`, a msgspec Struct.

    Raises Malformed (not JSON, or text that cannot be stored), Invalid (a field of the wrong type), falcon's 413 and
    415. A body without a Content-Type is refused: a foreign page can send one with no preflight."""
    raw = body(req, types, LARGEST_JSON)
    try:
        value = decoder(shape).decode(raw)
    except msgspec.ValidationError as error:
        raise misfit(str(error)) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Malformed("The body is not JSON (UTF-8, no NaN, no deep nesting).") from None
    if b"\\u" in raw and not storable(msgspec.to_builtins(value)):
        raise Malformed("The body holds a NUL or half a surrogate pair; send whole Unicode characters.")
    return value


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


def misfit(message: str) -> Exception:
    """msgspec's message, with the field it speaks of; a body that is no object at all is malformed."""
    found = PLACE.match(message)
    missing = re.match(r"Object missing required field `(\w+)`", message)
    field = (missing and missing[1]) or (found and found[2])
    if not field:
        return Malformed("The body must be a JSON object.")
    said = "This field is required." if missing else f"{found[1]}.".replace("`", "")
    return Invalid(**{field: said})


def storable(value) -> bool:
    """Whether every text in this JSON value is one that Postgres can store."""
    if isinstance(value, str):
        return "\0" not in value and not any("\ud800" <= char <= "\udfff" for char in value)
    if isinstance(value, dict):
        return all(storable(key) and storable(each) for key, each in value.items())
    return not isinstance(value, list) or all(storable(each) for each in value)


def form(req: falcon.Request) -> dict[str, str]:
    """The fields of an HTML form; of a repeated one the last."""
    raw = body(req, (FORM,), LARGEST_FORM).decode("utf-8", "replace")
    fields = falcon.uri.parse_query_string(raw, keep_blank=True, csv=False)
    return {name: (value if isinstance(value, str) else value[-1]).replace("\0", "") for name, value in fields.items()}


def param(req: falcon.Request, name: str, default: str = "") -> str:
    """A query parameter, or `default` when it is missing or empty.

    Raises Invalid when it is given twice: nobody can know which one was meant."""
    value = req.params.get(name, default)
    if not isinstance(value, str):
        raise Invalid(**{name: "Give this parameter once."})
    return value or default


def whole(req: falcon.Request, name: str, default: int, most: int) -> int:
    """A whole number from 1 to `most` in the query."""
    value = param(req, name, str(default))
    if not (value.isascii() and value.isdigit() and len(value) < 10 and 1 <= int(value) <= most):
        raise Invalid(**{name: f"Give a whole number from 1 to {most}."})
    return int(value)
