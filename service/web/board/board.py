"""The board: what people ask for, in lists that can be sorted, filtered, searched and voted on."""

from collections.abc import Callable
from typing import NamedTuple

import falcon

from service.feedback import lists, similar, snippets, typed
from service.feedback.posts import Post
from service.feedback.snippets import Snippet
from service.feedback.statuses import Status
from service.feedback.visits import Board as Tab
from service.lib import text
from service.web import inputs, pages
from service.web.board import deeds
from service.web.board.visiting import Page, render, visit

SORTS = ("top", "new", "trending")


class Asked(NamedTuple):
    """What the address asks for."""

    board: Tab | None
    status: Status | None
    sort: str
    q: str
    is_nowhere: bool  # a board or a status that is not there for this visitor
    names: dict[str, str]  # all of it, as it stands in the address


class Listed(NamedTuple):
    """A row: the post, and of a search why it was found ("words", "meaning") and what to show of it."""

    post: Post
    why: str = ""
    snippet: Snippet | None = None


@falcon.before(visit)
class Board(Page):
    def show(self, req, resp):
        asked = read(req)
        rows, cursor = found(req, asked)
        link, canonical = links(req, asked.names), pages.query(board=asked.board and asked.board.key).removesuffix("?")
        render(
            req, resp, "board/list.html", here="feedback", canonical=canonical, asked=asked, rows=rows,
            link=link, sorts=SORTS, next_url=cursor and link(cursor=cursor),
            most_hits=similar.MOST_HITS, is_exact=typed.is_exact(asked.q),
        )  # fmt: skip

    deeds = {"vote": deeds.vote, "unvote": deeds.unvote}


def read(req) -> Asked:
    names = {name: inputs.param(req, name) for name in ("board", "status", "sort", "q")}
    board, status = chosen(req.context.visit.boards, names["board"]), chosen(req.context.visit.statuses, names["status"])
    is_nowhere = bool(names["board"] and not board or names["status"] and not status)
    names["q"] = q = text.tidy_line(names["q"][: 4 * similar.LONGEST_QUERY])[: similar.LONGEST_QUERY]
    sort = names["sort"] if names["sort"] in SORTS else SORTS[0]
    names["sort"] = sort if sort != SORTS[0] else ""
    return Asked(board, status, sort, q, is_nowhere, names)


def chosen(known: list, key: str):
    return next((each for each in known if each.key == key), None)


def found(req, asked: Asked) -> tuple[list[Listed], str | None]:
    """The rows of this page, and where the next begins."""
    reader = req.context.reader
    where = {"board": asked.board and asked.board.id, "status": asked.status and asked.status.id}
    if asked.is_nowhere or not req.context.visit.boards:
        return [], None
    if asked.q:
        return searched(req, asked.q, where)
    page = lists.page(reader, sort=asked.sort, cursor=inputs.param(req, "cursor"), **where)
    return [Listed(post) for post in page.posts], page.next_cursor


def searched(req, q: str, where: dict) -> tuple[list[Listed], str | None]:
    """What is like these words; or what has exactly these, when they are asked for so."""
    reader, cursor = req.context.reader, None
    if typed.is_exact(q):
        page = lists.page(reader, q=q, limit=similar.MOST_HITS, cursor=inputs.param(req, "cursor"), bounded=True, **where)
        hits, cursor = [(post, "words") for post in page.posts], page.next_cursor
    else:
        hits = [(hit.post, hit.why) for hit in similar.find(reader, q, limit=similar.MOST_HITS, **where)]
    shown = snippets.of(reader, [post.number for post, _ in hits], q)
    return [Listed(post, why, shown.get(post.number)) for post, why in hits], cursor


def links(req, names: dict[str, str]) -> Callable[..., str]:
    """What makes the address of this list with some of its filters changed, from its first page on."""
    return lambda **changed: (req.context.home or "/") + pages.query(**{**names, **changed}).removesuffix("?")
