"""What any source says, in one set of words.

A reader is `rows(file, mapping) -> Iterator[Row]`: lazily, every time the same rows with the same numbers 1, 2, 3…, so that
an import that died goes on where it was. What a row names has come in an earlier row: boards, statuses, tags, segments,
fields, companies, people, mailings, posts, votes, followers, comments, entries, reactions, files; whoever is named by
no row of their own is told in full where they are named (`Person`).

An id is the other system's own, a text of any kind. `None` means that the source does not say. What is named by `key` may
also be named by its name ("Under review"). Moments have a time zone."""

from collections.abc import Iterator
from datetime import date, datetime
from typing import NamedTuple


class Wrong(NamedTuple):
    """A row that cannot be taken. `said`: what to do, never the row's own words; `column`: where, if that can be told."""

    said: str
    column: str | None = None
    kind: str = "row"


class Company(NamedTuple):
    id: str
    name: str = ""
    plan: str = ""
    mrr: int = 0  # cents a month


class Person(NamedTuple):
    """Who uses the product. Known by `id`, else by `email`, else by `known_as` or the name; with none, nobody is known."""

    id: str | None = None  # as the customer's own tokens say it
    email: str | None = None
    name: str = ""
    avatar: str | None = None
    created_at: datetime | None = None
    kind: str | None = None  # of Sayso's own: anonymous, guest, identified, member
    company: str | None = None  # its id
    traits: dict | None = None
    segments: tuple[str, ...] = ()  # keys that their token named
    locale: str | None = None
    is_blocked: bool = False
    seen_at: datetime | None = None
    known_as: str | None = None  # the other system's own id of them, which means nothing here: it only tells them apart


class Board(NamedTuple):
    name: str
    key: str | None = None
    description: str = ""
    access: str | None = None  # public, private, segments; None: as the importer was told
    approves_first: bool = False
    segments: tuple[str, ...] = ()
    position: int | None = None


class Status(NamedTuple):
    name: str
    key: str | None = None
    kind: str | None = None  # open, planned, started, done, declined; None: guessed from the name
    color: str | None = None
    position: int | None = None


class Tag(NamedTuple):
    name: str
    key: str | None = None
    color: str | None = None


class Segment(NamedTuple):
    key: str
    name: str
    rules: tuple[dict, ...] = ()


class Field(NamedTuple):
    """A custom field of posts."""

    key: str
    name: str
    type: str
    is_required: bool = False
    options: tuple[str, ...] = ()
    board: str | None = None  # key; None: every board
    position: int | None = None


class Post(NamedTuple):
    title: str
    id: str | None = None
    body: str = ""
    author: Person | None = None
    status: str | None = None  # key or name
    board: str | None = None  # key or name
    tags: tuple[str, ...] = ()  # keys or names
    created_at: datetime | None = None
    url: str | None = None  # where it stood: leads to it from now on
    nameless_votes: int = 0  # of people of whom nothing is known
    voters: tuple[Person, ...] = ()  # those whom this very row names
    author_votes: bool = False
    number: int | None = None  # of Sayso's own: kept when it is free
    updated_at: datetime | None = None
    edited_at: datetime | None = None
    fields: dict | None = None
    meta: dict | None = None
    is_pinned: bool = False
    is_locked: bool = False
    assignee: str | None = None  # e-mail of a member
    eta: date | None = None
    merged_into: str | None = None  # id of a post, maybe of a later row
    merged_at: datetime | None = None
    held_at: datetime | None = None
    held_because: str | None = None
    roadmap_position: int | None = None
    answered_at: datetime | None = None
    deleted_at: datetime | None = None


class Vote(NamedTuple):
    post: str  # id
    person: Person
    created_at: datetime | None = None
    cast_by: str | None = None  # e-mail of the member
    merged_from: str | None = None  # id of the post it was cast on
    is_counted: bool = False  # the same file tells of its post, whose `nameless_votes` are those beside this one


class Follower(NamedTuple):
    post: str
    person: Person
    created_at: datetime | None = None
    merged_from: str | None = None


class Comment(NamedTuple):
    post: str  # id
    body: str  # empty only of one that was deleted and was answered
    id: str | None = None
    author: Person | None = None
    parent: str | None = None  # id of a comment of an earlier row
    is_internal: bool = False
    is_official: bool = False
    created_at: datetime | None = None
    edited_at: datetime | None = None
    deleted_at: datetime | None = None
    origin: str | None = None  # id of the merged post where it was written
    held_at: datetime | None = None
    held_because: str | None = None


class Entry(NamedTuple):
    """Of the changelog."""

    title: str
    id: str | None = None
    body: str = ""
    categories: tuple[str, ...] = ()
    posts: tuple[str, ...] = ()  # ids
    published_at: datetime | None = None  # None: a draft
    created_at: datetime | None = None
    updated_at: datetime | None = None


class Reaction(NamedTuple):
    entry: str  # id
    person: Person
    kind: str
    created_at: datetime | None = None


class File(NamedTuple):
    """An attachment of one post, comment or entry (ids), or of none yet; its media type is decided by the bytes."""

    name: str
    data: bytes
    id: str | None = None
    post: str | None = None
    comment: str | None = None
    entry: str | None = None
    person: Person | None = None
    created_at: datetime | None = None


class Mailing(NamedTuple):
    """What an address wants to be told by letter."""

    email: str
    muted: tuple[str, ...] = ()  # kinds of letters that it does not want
    subscribed_at: datetime | None = None  # since when it wants news, by a link in a letter to it; None: it does not
    locale: str | None = None
    suppressed: str | None = None  # why it gets no letters at all


Record = (Company | Person | Board | Status | Tag | Segment | Field | Post | Vote | Follower | Comment | Entry | Reaction
          | File | Mailing)  # fmt: skip


class Row(NamedTuple):
    number: int
    what: Record | Wrong


Rows = Iterator[Row]
