"""Stylesheets, scripts and pictures of our own pages, named with their hash, so browsers may keep them for ever."""

import mimetypes
from pathlib import Path

import falcon

FOLDER = Path(__file__).parent / "static"


class Asset:
    """GET /static/{name}"""

    offline = True

    def __init__(self):
        self.files = {path.name: path.read_bytes() for path in FOLDER.iterdir() if path.is_file()}

    def on_get(self, req, resp, name):
        if name not in self.files:
            raise falcon.HTTPNotFound()
        resp.data = self.files[name]
        resp.content_type = f"{mimetypes.guess_type(name)[0]}; charset=utf-8"
        resp.set_header("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; sandbox")
        # without the hash of its content an address may mean another file tomorrow
        resp.cache_control = ["public", "max-age=31536000", "immutable"] if "v" in req.params else ["no-cache"]
