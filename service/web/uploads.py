"""A file as it arrives: as the part `file` of a form, or as the whole body with its name beside it."""

import re
from typing import NamedTuple
from urllib.parse import unquote

import falcon
from falcon.media import MultipartFormHandler
from falcon.media.multipart import MultipartParseOptions

from service.errors import Invalid, Malformed, TooLarge, UnsupportedMedia
from service.feedback import attachments
from service.lib import tokens

FORM = "multipart/form-data"
FRAME = 64 * 1024  # bytes of a form besides its file
MOST_PARTS = 20
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
    if req.get_header("Content-Encoding"):
        raise UnsupportedMedia("Send the file as it is, without a Content-Encoding.")
    is_form = (req.content_type or "").partition(";")[0].strip().lower() == FORM
    if (req.content_length or 0) > attachments.LARGEST + (FRAME if is_form else 0):
        raise TooLarge(attachments.TOO_LARGE)
    upload = of_form(req) if is_form else of_body(req)
    req.context.body = upload.name.encode("utf-8", "replace") + b"\n" + tokens.hashed(upload.data)
    return upload


def of_form(req: falcon.Request) -> Upload:
    found = []
    try:
        for part in form_handler.deserialize(req.bounded_stream, req.content_type, req.content_length or 0):
            if part.name == "file":
                found.append(Upload(part.filename or req.params.get("name", ""), part.stream.read(attachments.LARGEST + 1)))
    except (falcon.HTTPBadRequest, UnicodeError):
        raise Malformed(f"This is not {FORM} as we read it: at most {MOST_PARTS} parts, none encoded, and an end.") from None
    if len(found) != 1:
        raise Invalid(file="Send one file, as the part of the form that is named “file”.")
    return found[0]


def of_body(req: falcon.Request) -> Upload:
    name = name_in(req.get_header("Content-Disposition") or "") or req.params.get("name", "")
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
