"""Stylesheets, scripts and pictures of our own pages, named with their hash, so browsers may keep them for ever."""

import mimetypes
from functools import cache
from pathlib import Path

import falcon

from service.web import compression

FOLDER = Path(__file__).parent / "static"
ALONE = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox"  # a picture opened by itself


class Asset:
    """GET /static/{name}"""

    offline = True

    def on_get(self, req, resp, name):
        if name not in names():
            raise falcon.HTTPNotFound()
        resp.set_header("Content-Security-Policy", ALONE)
        # without the hash of its content an address may mean another file tomorrow
        resp.cache_control = ["public", "max-age=31536000", "immutable"] if "v" in req.params else ["no-cache"]
        compression.send(req, resp, packed(name), f"{mimetypes.guess_type(name)[0]}; charset=utf-8")


@cache
def names() -> frozenset[str]:
    return frozenset(path.name for path in FOLDER.iterdir() if path.is_file())


@cache
def packed(name: str) -> compression.Packed:
    return compression.pack((FOLDER / name).read_bytes())
