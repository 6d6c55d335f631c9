"""The widget as served: built once at start, compressed once, under a name that changes with its content."""

import gzip
import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

import brotli
import falcon

from service.web.widget.build import build

OFFER = re.compile(r"(?:^|,)\s*([\w*-]+)\s*(?:;\s*q=(\d(?:\.\d+)?)\s*)?(?=,|$)")
JAVASCRIPT = "text/javascript; charset=utf-8"
LOADER_CACHE = "public, max-age=300, stale-while-revalidate=86400"
FIRST = "panel.js"
CHUNK_CACHE = "public, max-age=31536000, immutable"
ANY_SITE = {
    "Access-Control-Allow-Origin": "*",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Timing-Allow-Origin": "*",
    "X-Content-Type-Options": "nosniff",
}


@dataclass(frozen=True)
class Script:
    """One script in the three encodings browsers ask for."""

    plain: bytes
    br: bytes
    gzip: bytes
    hash: str


class Files:
    """The loader, and the chunks that are imported, by file name."""

    def __init__(self, folder: Path):
        loader, chunks, self.build = build(folder)
        self.loader = compress(loader.encode())
        self.chunks = {name: compress(code.encode()) for name, code in chunks.items()}


def compress(code: bytes) -> Script:
    """The smallest forms, made once at start."""
    digest = hashlib.sha256(code).hexdigest()[:8]
    return Script(code, brotli.compress(code, quality=11), gzip.compress(code, 9, mtime=0), digest)


class Loader:
    """GET /w.js: short-lived, so that a new version arrives within minutes."""

    offline = True

    def __init__(self, files: Files):
        self.files = files

    def on_get(self, req, resp):
        send(req, resp, self.files.loader, LOADER_CACHE)


class Chunk:
    """GET /w/{build}/{name}. Chunks of different builds do not fit each other: a page that stayed open over an upgrade is
    told that a chunk of its build is gone; one that has not opened the panel yet is led to today's."""

    offline = True

    def __init__(self, files: Files):
        self.files = files

    def on_get(self, req, resp, build, name):
        resp.set_headers(ANY_SITE)
        if build != self.files.build and name == FIRST:
            resp.status, resp.location, resp.cache_control = falcon.HTTP_302, f"../{self.files.build}/{name}", ["no-store"]
            return
        if build != self.files.build or name not in self.files.chunks:
            raise falcon.HTTPNotFound()
        send(req, resp, self.files.chunks[name], CHUNK_CACHE)


class Source:
    """GET /w.mjs and /w.d.ts: what developers take, comments and all. Types are plain text: a browser shows it."""

    offline = True

    def __init__(self, path: Path):
        self.text = compress(path.read_bytes())
        self.kind = JAVASCRIPT if path.suffix == ".mjs" else falcon.MEDIA_TEXT

    def on_get(self, req, resp):
        send(req, resp, self.text, LOADER_CACHE, self.kind)


def send(req, resp, script: Script, cache: str, kind: str = JAVASCRIPT):
    """Answers a script in the best encoding the browser takes, or 304 when it has it."""
    encoding = choose_encoding(req.get_header("Accept-Encoding") or "")
    resp.set_headers({**ANY_SITE, "Cache-Control": cache, "Vary": "Accept-Encoding"})
    tag = f"{script.hash}-{encoding}"
    resp.etag = tag
    if tag in (req.if_none_match or ()):
        resp.status = falcon.HTTP_304
        return
    resp.content_type = kind
    resp.data = getattr(script, encoding)
    if encoding != "plain":
        resp.set_header("Content-Encoding", encoding)


def choose_encoding(accepted: str) -> str:
    """Reads an Accept-Encoding header: "br", "gzip" or "plain"."""
    wanted = {name for name, weight in OFFER.findall(accepted.lower()) if not weight or float(weight) > 0}
    return next((encoding for encoding in ("br", "gzip") if encoding in wanted), "plain")
