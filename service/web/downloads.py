"""GET /files/{token}: the bytes of a file, for whoever was given its address within the last day; and how any is sent.

They come from strangers and stand on our own origin, so a browser gets every instruction to do nothing with them: pictures,
which we wrote ourselves, may be shown; all the rest is saved."""

import threading
from collections.abc import Iterable, Iterator
from urllib.parse import quote

import falcon

from service.errors import NotFound, Unauthenticated
from service.feedback import attachments, exports
from service.feedback.attachments import File
from service.feedback.workspaces import Workspace
from service.lib import headers, media, tokens

SAFE = {
    "Content-Security-Policy": headers.OF_A_FILE,
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "cross-origin",  # the widget shows them on customers' pages
    "Cache-Control": "private, max-age=86400, immutable",
}
# Scripts of any page may read the answer, whatever it is: who knows the address may see the file, and no cookie counts.
ANY_PAGE = {"Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": "Retry-After"}
RETRY_SECONDS = 2
ZIP = "application/zip"
MOST_AT_ONCE = 2  # of the threads that answer requests: a slow line holds one for as long as it takes
BUSY_SECONDS = 30
GONE = "There is no such file, or its address is too old; look at the post again."


def send(resp: falcon.Response, name: str, size: int, pieces: Iterable[bytes]) -> None:
    """Answer with a file of so many bytes, a piece at a time, to be saved and kept by nobody on the way."""
    resp.stream, resp.content_length = pieces, size
    resp.content_type = ZIP
    resp.set_header("Content-Disposition", f"attachment; filename*=UTF-8''{quote(name, safe='')}")
    resp.cache_control = ["no-store"]


class Pieces:
    """The pieces of a large file, sent to few at a time. Whoever sends them closes it, whatever becomes of the request."""

    turns = threading.BoundedSemaphore(MOST_AT_ONCE)

    def __init__(self, pieces: Iterator[bytes]):
        if not self.turns.acquire(blocking=False):
            raise falcon.HTTPServiceUnavailable(description="Others are being sent just now.", retry_after=BUSY_SECONDS)
        self.pieces, self.is_open = pieces, True

    def __iter__(self) -> Iterator[bytes]:
        return self.pieces

    def close(self) -> None:
        if self.is_open:
            self.is_open = False
            self.turns.release()


def whole(workspace: Workspace, export: exports.Export) -> tuple[str, int, Pieces]:
    """The file of an export that is ready, as `send` takes it."""
    name = f"{workspace.slug}-{export.created_at:%Y-%m-%d}.zip"
    return name, export.size, Pieces(exports.pieces(workspace.id, export.id))


class Download:
    def on_get(self, req, resp, token):
        resp.set_headers(ANY_PAGE)
        signed = said(token)
        is_thumbnail = signed["v"] == "t"
        file = shown(signed, is_thumbnail)
        digest = file.thumbnail if is_thumbnail else file.sha256
        if digest in [str(tag) for tag in req.if_none_match or ()]:
            resp.status = falcon.HTTP_304
        elif data := attachments.content(signed["w"], digest):
            resp.data, resp.content_type = data, content_type(file, is_thumbnail)
        else:
            raise NotFound(GONE)
        resp.set_headers({**SAFE, "Content-Disposition": disposition(file, is_thumbnail)})
        resp.etag = digest


def said(token: str) -> dict:
    try:
        return tokens.read("file", token)
    except Unauthenticated:
        raise NotFound(GONE) from None


def shown(signed: dict, is_thumbnail: bool) -> File:
    """The file that a token names, when it is there to be shown."""
    file = attachments.shown(signed["w"], signed["f"])
    if file and file.state == "waiting":
        raise falcon.HTTPServiceUnavailable(description="This picture will be there in a moment.", retry_after=RETRY_SECONDS)
    if file is None or file.state == "refused" or (is_thumbnail and not file.thumbnail):
        raise NotFound(GONE)
    return file


def disposition(file: File, is_thumbnail: bool) -> str:
    name = media.named(file.name, "image/webp") if is_thumbnail else file.name
    return f"{'inline' if file.is_picture else 'attachment'}; filename*=UTF-8''{quote(name, safe='')}"


def content_type(file: File, is_thumbnail: bool) -> str:
    if is_thumbnail:
        return "image/webp"
    return f"{file.type}; charset=utf-8" if file.type == media.TEXT else file.type
