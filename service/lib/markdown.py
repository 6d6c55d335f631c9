"""Markdown that users write → HTML that is safe to show anywhere."""

import re
from collections.abc import Callable

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token

TAGS = {
    "p", "br", "hr", "strong", "em", "s", "code", "pre", "blockquote", "ul", "ol", "li", "a",
    "h3", "h4", "h5", "h6",
}  # fmt: skip
ATTRIBUTES = {"a": {"href", "title"}, "ol": {"start"}}
PICTURE_ATTRIBUTES = {**ATTRIBUTES, "img": {"src", "alt", "loading"}}
SCHEMES = {"http", "https", "mailto"}
PICTURE = re.compile(r"file:([1-9][0-9]{0,17})")  # the id of a file of ours
NAMED = re.compile(r"!\[([^\]\n]*)\]\(file:[0-9]+\)")
LINK = re.compile(rf"(?:{'|'.join(sorted(SCHEMES))}):", re.IGNORECASE)
REL = "nofollow ugc noopener noreferrer"
TITLE_LEVELS = 2  # the page's own h1 and h2 stand above a post's headings


def render(text: str, picture: Callable[[int], str | None] | None = None) -> str:
    """Safe HTML: no raw HTML, links only to http, https and mailto. Single line breaks are kept.

    Pictures are shown only where `picture` says so, and only ours: it is given the id of `![name](file:ID)` and returns the
    address, or None; what is not shown leaves its name."""
    markdown = MARKDOWN if picture is None else ILLUSTRATED
    tokens = markdown.parse(text)
    for token in tokens:
        if token.type in {"heading_open", "heading_close"}:
            token.tag = lowered(token)
        for child in token.children or ():
            if child.type == "image":
                illustrate(child, picture)
    html = markdown.renderer.render(tokens, markdown.options, {})
    tags, attributes = (TAGS, ATTRIBUTES) if picture is None else (TAGS | {"img"}, PICTURE_ATTRIBUTES)
    return nh3.clean(html, tags=tags, attributes=attributes, url_schemes=SCHEMES, link_rel=REL)


def illustrate(image: Token, picture: Callable[[int], str | None]) -> None:
    named = PICTURE.fullmatch(image.attrGet("src"))
    address = picture(int(named[1])) if named else None
    if address:
        image.attrs = {"src": address, "alt": "", "loading": "lazy"}  # the renderer fills in the name
    else:
        image.type, image.children = "text", None


def pictures(text: str) -> list[int]:
    """The ids of the files that a text shows as pictures."""
    found = [child.attrGet("src") for token in ILLUSTRATED.parse(text) for child in token.children or ()
             if child.type == "image"]  # fmt: skip
    return sorted({int(named[1]) for named in map(PICTURE.fullmatch, found) if named})


def without_files(text: str) -> str:
    """The same Markdown where pictures cannot be shown: their names stand in their place."""
    return NAMED.sub(r"[\1]", text)


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
