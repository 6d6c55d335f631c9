"""Markdown that users write → HTML that is safe to show anywhere, or the same as a tree of nodes."""

import re
from collections.abc import Callable
from functools import lru_cache
from html import escape
from html.parser import HTMLParser
from typing import NamedTuple

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token

TAGS = {
    "p", "br", "hr", "strong", "em", "s", "code", "pre", "blockquote", "ul", "ol", "li", "a",
    "h3", "h4", "h5", "h6",
}  # fmt: skip
ATTRIBUTES = {"a": {"href", "title"}, "ol": {"start"}}
PICTURE_ATTRIBUTES = {**ATTRIBUTES, "img": {"src", "alt", "loading", "width", "height"}}
SCHEMES = {"http", "https", "mailto"}
PICTURE = re.compile(r"file:([1-9][0-9]{0,17})")  # the id of a file of ours
NAMED = re.compile(r"!\[([^\]\n]*)\]\(file:[0-9]+\)")
WRITTEN = re.compile(r"\*\*|__|~~|`|^\s*(?:#+|>|[-*+]|\d+\.)\s|\[([^\]]*)\]\([^)\s]*\)", re.MULTILINE)
LINK = re.compile(rf"(?:{'|'.join(sorted(SCHEMES))}):", re.IGNORECASE)
REL = "nofollow ugc noopener noreferrer"
TITLE_LEVELS = 2  # the page's own h1 and h2 stand above a post's headings
VOID = {"br", "hr", "img"}
HOLDERS = {"", "blockquote", "ul", "ol", "li"}  # what holds blocks, where a line's end between two means nothing
MOST_NODES, DEEPEST = 2_000, 20  # of a tree
# Reading Markdown takes time by its marks: whoever fills pages with them would stop everybody else's. So a text with more
# of them than a page of prose has is shown as it was typed; what is within costs a few ms for 5,000 characters.
MARKS = re.compile(r"[\[\]*_`~<>!\\&|#\n]|[-+](?=\s)|\d[.)](?=\s)")
SIGNS = re.compile(r"[-$%+:=@^{}\"]")  # where the parser only stops to look: ten of them are as one mark
RUN = re.compile(r"[^\x00-\x20]+")  # what it may read as one address, for each `](` anew: fifteen characters are as one mark
MOST_MARKS, PAGE = 200, 5_000  # so many marks on so many characters
ILLUSTRATED_MARKS = 3 * MOST_MARKS  # the same of the team's own texts, which are few and have more links and lists
SHORT, REMEMBERED = 2_000, 1024  # characters of texts whose HTML is kept, and how many of them


class Shown(NamedTuple):
    """A picture that a text may show: where it is and, if that is known, how large, in pixels."""

    address: str
    width: int | None = None
    height: int | None = None


Pictures = Callable[[int], Shown | None]  # by the id of a file


def render(text: str, picture: Pictures | None = None) -> str:
    """Safe HTML: no raw HTML, links only to http, https and mailto. Single line breaks are kept.

    Pictures are shown only where `picture` says so, and only ours: it is given the id of `![name](file:ID)` and says what is
    Shown, or None; what is not shown leaves its name. A text with too many marks is shown as it was typed."""
    if picture is None and len(text) <= SHORT:
        return remembered(text)
    return html(text, picture)


@lru_cache(maxsize=REMEMBERED)  # a page has a hundred comments, and the same ones for everybody
def remembered(text: str) -> str:
    return html(text)


def html(text: str, picture: Pictures | None = None) -> str:
    if is_overmarked(text, picture is not None):
        return f"<p>{escape(text.strip(), quote=False)}</p>".replace("\n", "<br>\n")
    markdown = MARKDOWN if picture is None else ILLUSTRATED
    tokens = markdown.parse(text)
    for token in tokens:
        if token.type in {"heading_open", "heading_close"}:
            token.tag = lowered(token)
        for child in token.children or ():
            if child.type == "image":
                illustrate(child, picture)
    made = markdown.renderer.render(tokens, markdown.options, {})
    tags, attributes = (TAGS, ATTRIBUTES) if picture is None else (TAGS | {"img"}, PICTURE_ATTRIBUTES)
    return nh3.clean(made, tags=tags, attributes=attributes, url_schemes=SCHEMES, link_rel=REL)


def is_overmarked(text: str, illustrated: bool = False) -> bool:
    """Whether a text has more marks than are read."""
    most = ILLUSTRATED_MARKS if illustrated else MOST_MARKS
    addresses = sum(run.count("](") * len(run) for run in RUN.findall(text)) / 15
    signs = len(SIGNS.findall(text))
    again = max(0, text.count("[") - text.count("](")) * signs / 30  # all behind one that never ends is looked through
    return len(MARKS.findall(text)) + signs / 10 + addresses + again > most * max(1, len(text) / PAGE)


def tree(text: str, picture: Pictures | None = None) -> list:
    """What `render` makes of it, as nodes for a page that may not be given HTML: a node is a string, or `[tag, attributes
    or None, *nodes]` with nothing but `href` (a), `start` (ol), `src` and `alt` (img).

    At most 20 levels and 2,000 nodes; what is beyond them is plain text."""
    if is_overmarked(text, picture is not None):
        return [["p", None, *as_typed(text)]]
    reader = TreeReader()
    reader.feed(render(text, picture))
    reader.close()
    return reader.root[2:]


def as_typed(text: str) -> list:
    """The lines of a text as nodes."""
    *lines, rest = text.strip().split("\n", MOST_NODES // 2 - 1)
    nodes = [node for line in lines for node in (line, ["br", None])] + [rest]
    return [node for node in nodes if node]


class TreeReader(HTMLParser):
    """Reads HTML that was sanitised into nodes below `root`."""

    def __init__(self):
        super().__init__()
        self.root = ["", None]
        self.open: list[list | None] = [self.root]  # None: an element that is shown as plain text
        self.inner = [self.root]  # those of them that are there
        self.left = MOST_NODES - DEEPEST - 2  # what remains is for the text behind each level, when no more is to be had

    def handle_starttag(self, tag, attrs):
        is_void = tag in VOID
        node = [tag, kept(tag, dict(attrs))] if self.left > 0 and (is_void or len(self.inner) <= DEEPEST) else None
        if node:
            self.left -= 1
            self.inner[-1].append(node)
        elif tag == "br":
            self.handle_data("\n")
        if not is_void:
            self.open.append(node)
            self.inner += [node] if node else []

    def handle_endtag(self, tag):
        if tag not in VOID and len(self.open) > 1 and self.open.pop():
            self.inner.pop()

    def handle_data(self, data):
        node = self.inner[-1]
        if self.open[-1] is node and node[0] in HOLDERS and "\n" in data and not data.strip():
            return
        if isinstance(node[-1], list) and node[-1][0] == "br":
            data = data.removeprefix("\n")
        if len(node) > 2 and isinstance(node[-1], str):
            node[-1] += data
        elif data:
            self.left -= 1
            node.append(data)


def kept(tag: str, given: dict[str, str]) -> dict | None:
    """The attributes that a node has."""
    if tag == "a" and LINK.match(given.get("href", "")):
        return {"href": given["href"]}
    if tag == "ol" and "start" in given:
        return {"start": int(given["start"])}
    if tag == "img":
        return {"src": given.get("src", ""), "alt": given.get("alt", "")}
    return None


def illustrate(image: Token, picture: Pictures) -> None:
    named = PICTURE.fullmatch(image.attrGet("src"))
    shown = picture(int(named[1])) if named else None
    if shown:
        size = {"width": shown.width, "height": shown.height} if shown.width else {}
        image.attrs = {"src": shown.address, "alt": "", "loading": "lazy", **size}  # the renderer fills in the name
    else:
        image.type, image.children = "text", None


def pictures(text: str) -> list[int]:
    """The ids of the files that a text shows as pictures."""
    if is_overmarked(text, illustrated=True):
        return []
    found = [child.attrGet("src") for token in ILLUSTRATED.parse(text) for child in token.children or ()
             if child.type == "image"]  # fmt: skip
    return sorted({int(named[1]) for named in map(PICTURE.fullmatch, found) if named})


def without_files(text: str) -> str:
    """The same Markdown where pictures cannot be shown: their names stand in their place."""
    return NAMED.sub(r"[\1]", text)


def plain(text: str) -> str:
    """A short text without its Markdown signs: what an excerpt shows."""
    return WRITTEN.sub(r"\1", text)


def lowered(heading: Token) -> str:
    return f"h{min(6, int(heading.tag[1]) + TITLE_LEVELS)}"


def parser() -> MarkdownIt:
    # no tables: ten thousand characters of one become a page of 65,000 cells
    markdown = MarkdownIt("commonmark", {"html": False, "breaks": True}).enable("strikethrough")
    markdown.validateLink = lambda url: bool(LINK.match(url))
    return markdown


def without_pictures() -> MarkdownIt:
    markdown = parser()
    markdown.disable("image")  # a picture elsewhere would tell its server who reads the page
    return markdown


def with_pictures() -> MarkdownIt:
    """Takes all pictures for what they are, so that `render` can decide on each."""
    markdown = parser()
    markdown.validateLink = lambda url: bool(LINK.match(url) or PICTURE.fullmatch(url))
    return markdown


MARKDOWN, ILLUSTRATED = without_pictures(), with_pictures()
