"""GET /oembed?url=: what an article or a chat shows instead of a bare link to a post or an entry (oembed.com 1.0)."""

import re
from typing import NamedTuple
from urllib.parse import urlsplit
from xml.etree import ElementTree

import falcon

from service.errors import NotFound
from service.feedback import brand, changelog, limits, posts, visits, workspaces
from service.feedback.readers import Reader
from service.feedback.workspaces import Workspace
from service.lib import cards, text
from service.web import inputs

LONGEST_URL = 2000
SECONDS = 600  # that it may be kept
PLACE = re.compile(r"/(posts|changelog)/([1-9]\d{0,8})/?", re.ASCII)
BELOW = re.compile(r"/b/([a-z0-9-]{1,60})(/.*)", re.ASCII)
NOWHERE = "There is nothing of ours at this address that can be embedded."


class Shown(NamedTuple):
    """What is behind an address; its picture."""

    title: str
    picture: str


class OEmbed:
    """Of what everyone may read, on our own host and at the domains of workspaces."""

    def on_get(self, req, resp):
        as_json = format_of(req) == "json"
        workspace, path = found_at(inputs.param(req, "url"), req.context.config.base_url)
        limits.page(workspace.id, limits.network(req.remote_addr))
        home = workspaces.home(workspace, req.context.config.base_url)
        said = answer(workspace, home, behind(Reader(workspace), path, home), limited(req))
        if as_json:
            resp.media = said
        else:
            resp.data, resp.content_type = as_xml(said), "text/xml; charset=utf-8"
        resp.cache_control = ["public", f"max-age={SECONDS}"]
        resp.set_header("Access-Control-Allow-Origin", "*")


def format_of(req) -> str:
    wanted = inputs.param(req, "format", "json")
    if wanted not in ("json", "xml"):
        raise falcon.HTTPNotImplemented(description="The formats are json and xml.")
    return wanted


def limited(req) -> bool:
    """Whether the picture is wider or higher than whoever asks has room for."""
    room = ((inputs.param(req, "maxwidth"), cards.WIDTH), (inputs.param(req, "maxheight"), cards.HEIGHT))
    return any(said.isascii() and said.isdigit() and int(said[:9]) < size for said, size in room)


def found_at(url: str, base_url: str) -> tuple[Workspace, str]:
    """The workspace that an address belongs to, and what of it is below its board."""
    try:
        parts = urlsplit(url if len(url) <= LONGEST_URL and "\0" not in url else "")
        host, is_usual_port = parts.hostname or "", parts.port in (None, 443)
    except ValueError:
        raise NotFound(NOWHERE) from None
    below = BELOW.fullmatch(parts.path)
    if f"{parts.scheme}://{parts.netloc}".lower() == base_url and below:
        return at_slug(below[1]), below[2]
    if parts.scheme == "https" and is_usual_port and host.isascii():
        return brand.at_domain(host), parts.path
    raise NotFound(NOWHERE)


def at_slug(slug: str) -> Workspace:
    try:
        return workspaces.by_slug(slug)
    except NotFound:
        return workspaces.by_slug(visits.moved(slug) or slug)


def behind(everyone: Reader, path: str, home: str) -> Shown:
    place = PLACE.fullmatch(path)
    if not place:
        raise NotFound(NOWHERE)
    number = int(place[2])
    if place[1] == "changelog":
        return Shown(changelog.find(everyone, number).title, f"{home}/picture.png")
    post = posts.find(everyone, number)
    if post.merged_into:
        post = posts.find(everyone, post.merged_into)
    return Shown(post.title, f"{home}/posts/{post.number}/picture.png")


def answer(workspace: Workspace, home: str, shown: Shown, is_limited: bool) -> dict[str, str | int]:
    said = {"version": "1.0", "type": "link", "title": shown.title, "author_name": workspace.name, "author_url": home,
            "provider_name": workspace.name, "provider_url": home, "cache_age": SECONDS}  # fmt: skip
    if not is_limited:
        said |= {"thumbnail_url": shown.picture, "thumbnail_width": cards.WIDTH, "thumbnail_height": cards.HEIGHT}
    return said


def as_xml(said: dict[str, str | int]) -> bytes:
    root = ElementTree.Element("oembed")
    for name, value in said.items():
        ElementTree.SubElement(root, name).text = text.for_xml(str(value))
    return ElementTree.tostring(root, "utf-8", xml_declaration=True)
