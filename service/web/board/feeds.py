"""The changelog for feed readers, RSS 2.0 and Atom (RFC 4287): the same for everybody, in the workspace's language. Both
are made as trees, so that nothing that anybody wrote can be more than text."""

from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from html import escape
from typing import NamedTuple
from uuid import NAMESPACE_URL, uuid5
from xml.etree import ElementTree as Tree

import falcon

from service import words
from service.feedback import news, workspaces
from service.feedback.changelog import EPOCH
from service.feedback.news import Item
from service.feedback.workspaces import Workspace
from service.lib import markdown
from service.lib.text import for_xml
from service.web import pages, pictures
from service.web.board.visiting import cookieless, tag, visit

MOST = 50  # entries
KEPT = "public, max-age=300"
ATOM, CONTENT = "http://www.w3.org/2005/Atom", "http://purl.org/rss/1.0/modules/content/"


class Feed(NamedTuple):
    workspace: Workspace
    home: str  # address of the board
    title: str
    language: str  # tag, empty when it is not known
    items: list[Item]

    @property
    def changed_at(self) -> datetime:
        return max((item.changed_at for item in self.items), default=EPOCH).astimezone(UTC)

    def address(self, item: Item) -> str:
        return f"{self.home}/changelog/{item.id}"


@falcon.before(cookieless)
@falcon.before(visit)
class Rss:
    def on_get(self, req, resp):
        feed = read(req)
        send(req, resp, feed, rss(feed), "application/rss+xml")


@falcon.before(cookieless)
@falcon.before(visit)
class Atom:
    def on_get(self, req, resp):
        feed = read(req)
        send(req, resp, feed, atom(feed), "application/atom+xml")


def read(req) -> Feed:
    workspace = req.context.workspace
    language = workspaces.language_tag(workspace)
    title = words.chosen(language).say("whatIsNew", workspace.name)
    home = workspaces.home(workspace, req.context.config.base_url)
    return Feed(workspace, home, title, language, news.page(req.context.reader, MOST, marks=False))


def rss(feed: Feed) -> Tree.Element:
    root = Tree.Element("rss", {"version": "2.0", "xmlns:atom": ATOM, "xmlns:content": CONTENT})
    channel = Tree.SubElement(root, "channel")
    add(channel, "title", feed.title)
    add(channel, "link", f"{feed.home}/changelog")
    add(channel, "description", feed.title)
    add(channel, "atom:link", href=f"{feed.home}/changelog.rss", rel="self", type="application/rss+xml")
    if feed.language:
        add(channel, "language", feed.language)
    add(channel, "lastBuildDate", format_datetime(feed.changed_at, usegmt=True))
    for item in feed.items:
        entry = Tree.SubElement(channel, "item")
        add(entry, "title", item.title)
        add(entry, "link", feed.address(item))
        add(entry, "guid", feed.address(item), isPermaLink="true")
        add(entry, "pubDate", format_datetime(item.published_at.astimezone(UTC), usegmt=True))
        for category in item.categories:
            add(entry, "category", category)
        add(entry, "description", summary(item))
        add(entry, "content:encoded", pictures.lasting(item, feed.home))
    return root


def atom(feed: Feed) -> Tree.Element:
    root = Tree.Element("feed", {"xmlns": ATOM, **({"xml:lang": feed.language} if feed.language else {})})
    add(root, "id", name(feed, "changelog"))
    add(root, "title", feed.title)
    add(root, "updated", feed.changed_at.isoformat())
    add(root, "link", href=f"{feed.home}/changelog.atom", rel="self", type="application/atom+xml")
    add(root, "link", href=f"{feed.home}/changelog", rel="alternate", type="text/html")
    add(Tree.SubElement(root, "author"), "name", feed.workspace.name)
    for item in feed.items:
        entry = Tree.SubElement(root, "entry")
        add(entry, "id", name(feed, f"changelog/{item.id}"))
        add(entry, "title", item.title)
        add(entry, "link", href=feed.address(item), rel="alternate", type="text/html")
        add(entry, "published", item.published_at.astimezone(UTC).isoformat())
        add(entry, "updated", item.changed_at.astimezone(UTC).isoformat())
        for category in item.categories:
            add(entry, "category", term=category)
        add(entry, "summary", summary(item), type="html")
        add(entry, "content", pictures.lasting(item, feed.home), type="html")
    return root


def summary(item: Item) -> str:
    """How it begins, as HTML: in RSS that is what readers take it for."""
    return escape(pages.excerpt(markdown.without_files(item.body)).strip())


def name(feed: Feed, place: str) -> str:
    """Of a thing, for ever: also when the board moves to a domain of its own."""
    return uuid5(NAMESPACE_URL, f"{feed.workspace.public_id}/{place}").urn


def add(parent: Tree.Element, element: str, text: str | None = None, **attributes: str) -> None:
    made = Tree.SubElement(parent, element, {key: for_xml(value) for key, value in attributes.items()})
    made.text = for_xml(text) if text else None


def send(req, resp, feed: Feed, root: Tree.Element, media_type: str) -> None:
    """Answer with a feed, or that it is the one which the reader has."""
    resp.text = '<?xml version="1.0" encoding="utf-8"?>\n' + Tree.tostring(root, encoding="unicode")
    resp.content_type = f"{media_type}; charset=utf-8"
    resp.cache_control, resp.last_modified = [KEPT], feed.changed_at
    tag(req, resp)
    if resp.text and not req.if_none_match and feed.changed_at.replace(microsecond=0) <= kept_since(req):
        resp.status, resp.text = falcon.HTTP_304, None
        resp.delete_header("Content-Type")


def kept_since(req) -> datetime:
    """Of when the feed is that the reader has; before everything if that cannot be read (RFC 9110 §13.1.3)."""
    try:
        at = parsedate_to_datetime(req.get_header("If-Modified-Since", default=""))
    except (ValueError, TypeError, IndexError, OverflowError):
        return datetime.min.replace(tzinfo=UTC)
    return at if at.tzinfo else at.replace(tzinfo=UTC)
