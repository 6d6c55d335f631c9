"""The widget as served: built once at start, compressed once, under a name that changes with its content."""

from pathlib import Path

import falcon

from service.web import compression
from service.web.compression import pack
from service.web.widget.build import build

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


class Files:
    """The loader, and the chunks that are imported, by file name."""

    def __init__(self, folder: Path):
        loader, chunks, self.build = build(folder)
        self.loader = pack(loader.encode())
        self.chunks = {name: pack(code.encode()) for name, code in chunks.items()}


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
        self.text = pack(path.read_bytes())
        self.kind = JAVASCRIPT if path.suffix == ".mjs" else falcon.MEDIA_TEXT

    def on_get(self, req, resp):
        send(req, resp, self.text, LOADER_CACHE, self.kind)


def send(req, resp, script: compression.Packed, cache: str, kind: str = JAVASCRIPT) -> None:
    """Answers a script to pages of any site."""
    resp.set_headers({**ANY_SITE, "Cache-Control": cache})
    compression.send(req, resp, script, kind)
