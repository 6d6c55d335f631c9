"""What Canny says: pages of its API as JSON (posts/list, comments/list, votes/list, boards/list, tags/list, users/list,
entries/list), one page, a list of them, one a line, or a zip of such files; or a table of posts from its export.

A page is taken apart item by item; an item stays bytes until its turn."""

from collections import Counter
from collections.abc import Iterator
from typing import BinaryIO

import msgspec

from service.errors import Invalid
from service.sources import canny_pages, csv_file, dates
from service.sources.canny_pages import KINDS, Page
from service.sources.records import Board, Comment, Entry, Person, Post, Row, Rows, Tag, Vote, Wrong

UNREADABLE = "This is neither JSON of Canny's API nor a table. Save its answers as they come, or export posts as CSV."


class Named(msgspec.Struct):
    name: str | None = None
    id: str | None = None


class Canny(msgspec.Struct):
    """Somebody."""

    id: str | None = None
    email: str | None = None
    name: str | None = None
    userID: str | None = None  # noqa: N815 (their word): the customer's own
    avatarURL: str | None = None  # noqa: N815
    created: str | None = None


class CannyPost(msgspec.Struct):
    id: str
    title: str
    details: str | None = None
    author: Canny | None = None
    board: Named | None = None
    status: str | None = None
    score: int = 0
    tags: list[Named] = []
    created: str | None = None
    url: str | None = None
    eta: str | None = None
    imageURLs: list[str] = []  # noqa: N815


class CannyVote(msgspec.Struct):
    post: Named
    voter: Canny
    created: str | None = None


class CannyComment(msgspec.Struct):
    id: str
    post: Named
    value: str | None = None
    author: Canny | None = None
    parentID: str | None = None  # noqa: N815
    internal: bool = False
    private: bool = False
    created: str | None = None
    imageURLs: list[str] = []  # noqa: N815


class CannyEntry(msgspec.Struct):
    id: str
    title: str
    plaintextDetails: str | None = None  # noqa: N815
    markdownDetails: str | None = None  # noqa: N815
    posts: list[Named] = []
    labels: list[Named] = []
    types: list[str] = []
    publishedAt: str | None = None  # noqa: N815
    created: str | None = None


class Place(msgspec.Struct):
    """What of an item tells where it stands."""

    id: str | None = None
    post: Named | None = None
    created: str | None = None


PLACE = msgspec.json.Decoder(Place)


def is_table(file: BinaryIO) -> bool:
    """Whether this is CSV, and no JSON."""
    file.seek(0)
    start = file.read(64).lstrip(b"\xef\xbb\xbf \t\r\n")
    return not start.startswith((b"{", b"[", b"PK\x03\x04"))


def rows(file: BinaryIO, mapping: dict) -> Rows:
    """Every item of the pages, what others refer to first; or every row of the table."""
    if is_table(file):
        yield from csv_file.rows(file, mapping)
        return
    pages = canny_pages.of(file)
    if not pages:
        raise Invalid(file=UNREADABLE)
    named, told = voters(pages), {place(item).id for page in pages for item in page.posts}
    number = 0
    for kind in KINDS:
        for item in ordered(pages, kind):
            number += 1
            what = made(kind, item, named)
            yield Row(number, what._replace(is_counted=what.post in told) if isinstance(what, Vote) else what)


def ordered(pages: list[Page], kind: str) -> Iterator[bytes]:
    """The items of this kind; comments as they were written, so that an answer comes after what it answers."""
    items = [item for page in pages for item in getattr(page, kind)]
    if kind != "comments":
        return iter(items)
    return iter(sorted(items, key=lambda item: place(item).created or ""))


def place(item: bytes) -> Place:
    try:
        return PLACE.decode(item)
    except (msgspec.DecodeError, RecursionError):
        return Place()


def voters(pages: list[Page]) -> Counter | None:
    """How many votes of each post have a name; None when there are no votes in the file."""
    if not any(page.votes for page in pages):
        return None
    return Counter(post.id for page in pages for item in page.votes if (post := place(item).post))


def made(kind: str, item: bytes, named: Counter | None):
    said = {"posts": "post", "votes": "vote", "comments": "comment", "users": "user", "boards": "board", "tags": "tag",
            "entries": "entry"}[kind]  # fmt: skip
    try:
        return MAKERS[kind](item, named)
    except (msgspec.DecodeError, RecursionError) as error:
        where = str(error).partition("$.")[2].rstrip("`") or None
        return Wrong("This is not as Canny's API writes it.", where, said)
    except ValueError as error:
        return Wrong(str(error), "created", said)


# ── its parts ──


def person(read: Canny | None) -> Person | None:
    if read is None:
        return None
    return Person(id=read.userID or None, email=read.email or None, name=read.name or "", avatar=read.avatarURL or None,
                  created_at=dates.read(read.created or ""), known_as=read.id)  # fmt: skip


def board(item: bytes, _named) -> Board:
    return Board(msgspec.json.decode(item, type=Named).name or "")


def tag(item: bytes, _named) -> Tag:
    return Tag(msgspec.json.decode(item, type=Named).name or "")


def user(item: bytes, _named) -> Person:
    return person(msgspec.json.decode(item, type=Canny))


def post(item: bytes, named: Counter | None) -> Post:
    read = msgspec.json.decode(item, type=CannyPost)
    author = person(read.author)
    # Canny lets its author vote; with names in the file, only the rest is nameless
    known = named[read.id] if named is not None else int(bool(author and read.score))
    return Post(
        title=read.title, id=read.id, body=with_pictures(read.details, read.imageURLs), author=author, status=read.status,
        board=read.board and read.board.name, tags=tuple(each.name for each in read.tags if each.name),
        created_at=dates.read(read.created or ""), url=read.url, nameless_votes=max(0, read.score - known),
        author_votes=named is None and bool(author and read.score),
    )  # fmt: skip


def vote(item: bytes, _named) -> Vote:
    read = msgspec.json.decode(item, type=CannyVote)
    return Vote(read.post.id or "", person(read.voter), dates.read(read.created or ""))


def comment(item: bytes, _named) -> Comment:
    read = msgspec.json.decode(item, type=CannyComment)
    return Comment(post=read.post.id or "", body=with_pictures(read.value, read.imageURLs), id=read.id,
                   author=person(read.author), parent=read.parentID, is_internal=read.internal or read.private,
                   created_at=dates.read(read.created or ""))  # fmt: skip


def entry(item: bytes, _named) -> Entry:
    read = msgspec.json.decode(item, type=CannyEntry)
    words = (*read.types, *(each.name for each in read.labels if each.name))
    return Entry(title=read.title, id=read.id, body=read.markdownDetails or read.plaintextDetails or "",
                 categories=tuple(dict.fromkeys(words)), posts=tuple(each.id for each in read.posts if each.id),
                 published_at=dates.read(read.publishedAt or ""), created_at=dates.read(read.created or ""))  # fmt: skip


def with_pictures(said: str | None, addresses: list[str]) -> str:
    """Pictures stay where they are; who reads finds the way to them."""
    links = [address for address in addresses if address.startswith("https://")]
    return "\n\n".join(filter(None, [(said or "").strip(), *links]))


MAKERS = {"boards": board, "tags": tag, "users": user, "posts": post, "votes": vote, "comments": comment, "entries": entry}
