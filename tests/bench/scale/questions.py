"""What is asked of the databases: what people look at, by the functions that their requests call."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from bench.scale import texts
from service import db
from service.feedback import lists, posts, similar, workspaces
from service.feedback.readers import Reader

SHOWN = similar.MOST_HITS  # on the board's page of a search
WORDS = {"a common word": "team", "a word": "spreadsheet", "two words": "export invoices", "a rare word": "Velmarost"}
TYPED = 3  # texts that similar is asked for in every workspace
OWN = "SELECT author_id FROM post WHERE workspace_id = %(workspace)s AND number = 7"
SORTS = ("top", "new", "trending", "updated")


@dataclass
class Seat:
    """A place from which one asks: a workspace, by one of its users and by its team."""

    user: Reader
    team: Reader


def seat(id: int) -> Seat:
    workspace = workspaces.find(id)
    user = Reader(workspace, db.row(OWN, workspace=id)[0])
    return Seat(user, user._replace(is_member=True))


def lists_of(seat: Seat) -> dict[str, Callable]:
    """The lists that people look at, by name."""
    found = {}
    for who, reader in {"user": seat.user, "team": seat.team}.items():
        for sort in SORTS:
            found[f"list {sort}, {who}"] = partial(lists.page, reader, sort=sort)
        second = lists.page(reader, sort="top").next_cursor
        found[f"list top, page 2, {who}"] = partial(lists.page, reader, sort="top", cursor=second)
        found[f"list top of a board, {who}"] = partial(lists.page, reader, sort="top", board="bugs")
        found[f"list top at a status, {who}"] = partial(lists.page, reader, sort="top", status="planned")
    found["list own, user"] = partial(lists.page, seat.user, sort="new", mine=True)
    found["list revenue, team"] = partial(lists.page, seat.team, sort="mrr", bounded=True)
    return found


def searches_of(seat: Seat) -> dict[str, Callable]:
    found = {}
    for name, q in WORDS.items():
        found[f"search {name}, user"] = partial(lists.page, seat.user, q=q)
        found[f"search {name}, newest, user"] = partial(lists.page, seat.user, q=q, sort="new")
        found[f"search {name}, team"] = partial(lists.page, seat.team, q=q)
        found[f"search {name}, dashboard of the team"] = partial(lists.page, seat.team, q=q, bounded=True)
        found[f"search {name}, by meaning too, user"] = partial(similar.find, seat.user, q, limit=SHOWN)
    return found


def similars_of(seat: Seat) -> dict[str, Callable]:
    found = {}
    for text in texts.unwritten()[:TYPED]:
        found[f"similar while typing, user: {text.title}"] = partial(similar.find, seat.user, text.title, closely=True)
        found[f"similar as a search, user: {text.title}"] = partial(similar.find, seat.user, text.title, limit=SHOWN)
    text, (board, _) = texts.unwritten()[TYPED].title, lists.places(seat.user, "bugs", None)
    found["similar as a search of a board, user"] = partial(similar.find, seat.user, text, limit=SHOWN, board=board)
    for number in range(11, 11 + TYPED):
        [post] = posts.these(seat.team, [number])
        found[f"similar to a post, team: {number}"] = partial(similar.beside, seat.team, post)
    return found


KINDS = {"list": lists_of, "search": searches_of, "similar": similars_of}


