"""The widget as served: built in memory at start from the sources in `widget/`, compressed once, named by content."""

import gzip
import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path

import brotli
import falcon
import rjsmin

IMPORT = re.compile(r'^import \{[^}]*\} from "\./(\w+\.js)";\n', re.MULTILINE)
EXPORT = re.compile(r"^export (?=(?:async )?function|const)", re.MULTILINE)
PLACE = re.compile(r'"%([\w.]+)%"')
OFFER = re.compile(r"(?:^|,)\s*([\w*-]+)\s*(?:;\s*q=(\d(?:\.\d+)?)\s*)?(?=,|$)")
LOADER_CACHE = "public, max-age=300, stale-while-revalidate=86400"
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
    """The loader, and the chunks it imports, by file name."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.chunks: dict[str, Script] = {}
        self.current: dict[str, str] = {}
        self.loader = compress(self._build("loader.js"))

    def _build(self, entry: str) -> bytes:
        code = rjsmin.jsmin(bundle(self.folder, entry))
        return PLACE.sub(lambda place: json.dumps(self._resolve(place[1])), code).encode()

    def _resolve(self, name: str) -> str:
        """What stands for "%name%" in a source: a stylesheet's text, or a chunk's name with its hash."""
        if name.endswith(".css"):
            return minify_css((self.folder / name).read_text())
        script = compress(self._build(name))
        stem = name.removesuffix(".js")
        self.current[stem] = f"{stem}.{script.hash}.js"
        self.chunks[self.current[stem]] = script
        return self.current[stem]


def bundle(folder: Path, entry: str) -> str:
    """Joins a module and what it imports into one, each file once, the imported before the importing.

    All of them then share one scope: top-level names must differ, and only the entry exports.
    """
    *imported, own = in_order(folder, entry, [])
    sources = [EXPORT.sub("", (folder / name).read_text()) for name in imported]
    return IMPORT.sub("", "".join([*sources, (folder / own).read_text()]))


def in_order(folder: Path, name: str, known: list[str]) -> list[str]:
    """Adds to `known` the files a module needs, then the module itself."""
    for other in IMPORT.findall((folder / name).read_text()):
        if other not in known:
            in_order(folder, other, known)
    known.append(name)
    return known


def minify_css(text: str) -> str:
    """Leaves out comments and the white space that means nothing."""
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    text = re.sub(r"\s+", " ", text)
    return re.sub(r" ?([{};,>!]) ?|(:) ", r"\1\2", text).replace(";}", "}").strip()


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
    """GET /w/{name}: a hash of yesterday answers today's chunk, for pages that stayed open over an upgrade."""

    offline = True

    def __init__(self, files: Files):
        self.files = files

    def on_get(self, req, resp, name):
        if name in self.files.chunks:
            return send(req, resp, self.files.chunks[name], CHUNK_CACHE)
        current = self.files.current.get(name.split(".")[0])
        if not current or not name.endswith(".js"):
            raise falcon.HTTPNotFound()
        send(req, resp, self.files.chunks[current], "no-cache")


def send(req, resp, script: Script, cache: str):
    """Answers a script in the best encoding the browser takes, or 304 when it has it."""
    encoding = choose_encoding(req.get_header("Accept-Encoding") or "")
    resp.set_headers({**ANY_SITE, "Cache-Control": cache, "Vary": "Accept-Encoding"})
    tag = f"{script.hash}-{encoding}"
    resp.etag = tag
    if tag in (req.if_none_match or ()):
        resp.status = falcon.HTTP_304
        return
    resp.content_type = "text/javascript; charset=utf-8"
    resp.data = getattr(script, encoding)
    if encoding != "plain":
        resp.set_header("Content-Encoding", encoding)


def choose_encoding(accepted: str) -> str:
    """Reads an Accept-Encoding header: "br", "gzip" or "plain"."""
    wanted = {name for name, weight in OFFER.findall(accepted.lower()) if not weight or float(weight) > 0}
    return next((encoding for encoding in ("br", "gzip") if encoding in wanted), "plain")
