"""Markdown that users write → HTML that is safe to show anywhere."""

import re

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token

TAGS = {
    "p", "br", "hr", "strong", "em", "s", "code", "pre", "blockquote", "ul", "ol", "li", "a",
    "h3", "h4", "h5", "h6",
}  # fmt: skip
ATTRIBUTES = {"a": {"href", "title"}, "ol": {"start"}}
SCHEMES = {"http", "https", "mailto"}
LINK = re.compile(rf"(?:{'|'.join(sorted(SCHEMES))}):", re.IGNORECASE)
REL = "nofollow ugc noopener noreferrer"
TITLE_LEVELS = 2  # the page's own h1 and h2 stand above a post's headings


def render(text: str) -> str:
    """Safe HTML: no raw HTML, no pictures, links only to http, https and mailto. Single line breaks are kept."""
    tokens = MARKDOWN.parse(text)
    for token in tokens:
        if token.type in {"heading_open", "heading_close"}:
            token.tag = lowered(token)
    html = MARKDOWN.renderer.render(tokens, MARKDOWN.options, {})
    return nh3.clean(html, tags=TAGS, attributes=ATTRIBUTES, url_schemes=SCHEMES, link_rel=REL)


def lowered(heading: Token) -> str:
    return f"h{min(6, int(heading.tag[1]) + TITLE_LEVELS)}"


def parser() -> MarkdownIt:
    # no tables: ten thousand characters of one become a page of 65,000 cells
    markdown = MarkdownIt("commonmark", {"html": False, "breaks": True}).enable("strikethrough")
    markdown.disable("image")  # a picture elsewhere would tell its server who reads the page
    markdown.validateLink = lambda url: bool(LINK.match(url))
    return markdown


MARKDOWN = parser()
