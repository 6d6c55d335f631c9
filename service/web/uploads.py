"""A file as it arrives: as the part `file` of a form, beside short fields, or as the whole body with its name beside it."""

import re
from typing import NamedTuple
from urllib.parse import unquote

import falcon
import msgspec
from falcon.media import MultipartFormHandler
from falcon.media.multipart import MultipartParseOptions

from service.errors import Invalid, Malformed, TooLarge, UnsupportedMedia
from service.feedback import attachments
from service.lib import tokens
from service.web import inputs

FORM = "multipart/form-data"
FRAME = 64 * 1024  # bytes of a form besides its file
MARGIN = 2 * 1024 * 1024  # above what we take, and still read: only who sends a key is told why, and it is in the form
MOST_PARTS = 20
LONGEST_FIELD = 8 * 1024  # bytes
STARRED = re.compile(r"utf-8'[^']*'(.*)", re.IGNORECASE)  # RFC 5987

parts = MultipartParseOptions()
parts.max_body_part_count = MOST_PARTS
form_handler = MultipartFormHandler(parts)


class Upload(NamedTuple):
    name: str  # as it was sent; empty when there is none
    data: bytes  # one byte more than we take, at most


def read(req: falcon.Request) -> Upload:
    """The file that a request brings. Raises TooLarge, UnsupportedMedia (compressed), Malformed, Invalid.

    What stands for the body of a repeated request is the file: each time its form has another boundary."""
    in_form = is_form(req)
    check(req, FRAME if in_form else 0)
    upload = of_form(req)[0] if in_form else of_body(req)
    req.context.body = upload.name.encode("utf-8", "replace") + b"\n" + tokens.hashed(upload.data)
    return upload


def read_call(req: falcon.Request, shape: type):
    """What a form says beside its file, as `shape`, a msgspec Struct of texts; the file becomes `upload` of the context.
    Raises as of `read`."""
    if not is_form(req):
        raise UnsupportedMedia(f"Send the file as {FORM}.")
    check(req, MARGIN)
    req.context.upload, fields = of_form(req, shape.__struct_fields__)
    try:
        return msgspec.convert(fields, shape)
    except msgspec.ValidationError as error:
        raise inputs.misfit(str(error), shape) from None


def form(req: falcon.Request) -> inputs.Form:
    """What a browser sends from a form with one file, which becomes `upload` of the context. Raises as of `read`."""
    check(req, FRAME)
    req.context.upload, fields = of_form(req, ("csrf", "do", "seen", "source"))
    return inputs.Form({name: [said] for name, said in fields.items()})


def is_form(req: falcon.Request) -> bool:
    return (req.content_type or "").partition(";")[0].strip().lower() == FORM


def check(req: falcon.Request, frame: int) -> None:
    """Raise unless the body is as long as its file, with so many bytes around it, may be, and is not compressed."""
    if req.get_header("Content-Encoding"):
        raise UnsupportedMedia("Send the file as it is, without a Content-Encoding.")
    if (req.content_length or 0) > attachments.LARGEST + frame:
        raise TooLarge(attachments.TOO_LARGE)


def of_form(req: falcon.Request, wanted: tuple[str, ...] = ()) -> tuple[Upload, dict[str, str]]:
    """The file of a form, and its `wanted` fields, each once, in whatever order they come."""
    files, fields = [], {}
    try:
        for part in form_handler.deserialize(req.bounded_stream, req.content_type, req.content_length or 0):
            if part.name == "file":
                files.append(Upload(part.filename or inputs.param(req, "name"), part.stream.read(attachments.LARGEST + 1)))
            elif part.name in wanted:
                if part.name in fields:
                    raise Invalid(**{part.name: "Send this field once."})
                fields[part.name] = words(part.stream.read(LONGEST_FIELD + 1))
    except (falcon.HTTPBadRequest, UnicodeError):
        raise Malformed(f"This is not {FORM} as we read it: at most {MOST_PARTS} parts, none encoded, and an end.") from None
    if len(files) != 1:
        raise Invalid(file="Send one file, as the part of the form that is named “file”.")
    return files[0], fields


def words(field: bytes) -> str:
    """A field's text, which can be stored."""
    if len(field) > LONGEST_FIELD:
        raise Malformed(f"A field of the form has at most {LONGEST_FIELD // 1024} kB.")
    said = field.decode()
    if not inputs.storable(said):
        raise Malformed("A field of the form holds a NUL; send whole Unicode characters.")
    return said


def of_body(req: falcon.Request) -> Upload:
    name = name_in(req.get_header("Content-Disposition") or "") or inputs.param(req, "name")
    return Upload(name, req.bounded_stream.read(attachments.LARGEST + 1))


def name_in(disposition: str) -> str:
    """The file name in a Content-Disposition, or nothing."""
    _, said = falcon.parse_header(disposition)
    if starred := STARRED.match(said.get("filename*", "")):
        return unquote(starred[1], errors="replace")
    name = said.get("filename", "")
    try:
        return name.encode("latin-1").decode()  # WSGI reads headers as Latin-1
    except UnicodeError:
        return name
