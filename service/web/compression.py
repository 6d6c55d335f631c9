"""Answers as small as the browser takes them.

What is the same for ever is compressed once, as small as it gets; pages of the public face each time, fast. A page that
holds a secret is not compressed: whoever chooses some of its words could guess the rest by its size (BREACH). Those are
the dashboard's pages, the API's answers, and whatever may not be stored."""

import gzip
import hashlib
import re
from dataclasses import dataclass

import brotli
import falcon

OFFER = re.compile(r"(?:^|,)\s*([\w*-]+)\s*(?:;\s*q=(\d(?:\.\d+)?)\s*)?(?=,|$)")
FAST = {"br": lambda data: brotli.compress(data, quality=4), "gzip": lambda data: gzip.compress(data, 5, mtime=0)}
SMALLEST = 1024  # bytes; below, the answer fits one packet anyway
TEXTS = ("text/", "application/json", "application/rss+xml", "application/atom+xml", "application/xml")
OPEN = ("/b/{slug}", "/sitemap.xml", "/docs", "/api/docs", "/api/v1/openapi.json")  # how the addresses begin


@dataclass(frozen=True)
class Packed:
    """Something that does not change, in the three encodings browsers ask for."""

    plain: bytes
    br: bytes
    gzip: bytes
    hash: str


def pack(data: bytes) -> Packed:
    """The smallest forms; this takes its time."""
    digest = hashlib.sha256(data).hexdigest()[:8]
    return Packed(data, brotli.compress(data, quality=11), gzip.compress(data, 9, mtime=0), digest)


def send(req, resp, packed: Packed, kind: str) -> None:
    """Answer in the best encoding the browser takes, or 304 when it has it."""
    encoding = choose_encoding(req.get_header("Accept-Encoding") or "")
    resp.append_header("Vary", "Accept-Encoding")
    resp.etag = tag = f"{packed.hash}-{encoding}"
    if any(str(each) in {tag, "*"} for each in req.if_none_match or ()):
        resp.status = falcon.HTTP_304
        return
    resp.content_type = kind
    resp.data = getattr(packed, encoding)
    if encoding != "plain":
        resp.set_header("Content-Encoding", encoding)


def choose_encoding(accepted: str) -> str:
    """Reads an Accept-Encoding header: "br", "gzip" or "plain"."""
    wanted = {name for name, weight in OFFER.findall(accepted.lower()) if not weight or float(weight) > 0}
    return next((encoding for encoding in ("br", "gzip") if encoding in wanted), "plain")


class Compressed:
    """Middleware: compresses what may be, of what is made for each request."""

    def process_response(self, req, resp, _resource, _succeeded) -> None:
        if not is_open(req, resp):
            return
        resp.append_header("Vary", "Accept-Encoding")
        if resp.get_header("ETag"):  # it is the text's, and stands for it in every encoding
            resp.set_header("ETag", f"W/{resp.get_header('ETag').removeprefix('W/')}")
        body = resp.data if resp.text is None else resp.text.encode()
        encoding = choose_encoding(req.get_header("Accept-Encoding") or "")
        if body is None or len(body) < SMALLEST or encoding == "plain" or not is_text(resp):
            return
        resp.text, resp.data = None, FAST[encoding](body)
        resp.set_header("Content-Encoding", encoding)


def is_open(req, resp) -> bool:
    """Whether nothing in this answer is a secret."""
    is_kept = "no-store" not in (resp.get_header("Cache-Control") or "")
    return is_kept and (req.uri_template or "").startswith(OPEN) and not resp.get_header("Content-Encoding")


def is_text(resp) -> bool:
    return (resp.content_type or "").startswith(TEXTS)
