"""The lines of an export, each as its table in feedback/export_tables.py, but for what only tells of it."""

from datetime import date, datetime
from typing import Annotated, ClassVar

import msgspec

from service.sources.records import (
    Board,
    Comment,
    Company,
    Entry,
    Field,
    File,
    Follower,
    Mailing,
    Person,
    Post,
    Reaction,
    Segment,
    Status,
    Tag,
    Vote,
)

Moment = Annotated[datetime, msgspec.Meta(tz=True)]


class SegmentLine(msgspec.Struct):
    KIND: ClassVar[str] = "segment"
    key: str
    name: str
    rules: list[dict] = []

    def record(self) -> Segment:
        return Segment(self.key, self.name, tuple(self.rules))


class BoardLine(msgspec.Struct):
    KIND: ClassVar[str] = "board"
    key: str
    name: str
    description: str = ""
    access: str = "private"
    segments: list[str] = []
    approve_first: bool = False
    position: int | None = None

    def record(self) -> Board:
        return Board(self.name, self.key, self.description, self.access, self.approve_first, tuple(self.segments),
                     self.position)  # fmt: skip


class StatusLine(msgspec.Struct):
    KIND: ClassVar[str] = "status"
    key: str
    name: str
    kind: str | None = None
    color: str | None = None
    position: int | None = None

    def record(self) -> Status:
        return Status(self.name, self.key, self.kind, self.color, self.position)


class TagLine(msgspec.Struct):
    KIND: ClassVar[str] = "tag"
    key: str
    name: str
    color: str | None = None

    def record(self) -> Tag:
        return Tag(self.name, self.key, self.color)


class FieldLine(msgspec.Struct):
    KIND: ClassVar[str] = "field"
    key: str
    name: str
    type: str
    required: bool = False
    options: list[str] = []
    board: str | None = None
    position: int | None = None

    def record(self) -> Field:
        return Field(self.key, self.name, self.type, self.required, tuple(self.options), self.board, self.position)


class CompanyLine(msgspec.Struct):
    KIND: ClassVar[str] = "company"
    id: str
    name: str = ""
    plan: str = ""
    mrr: int = 0

    def record(self) -> Company:
        return Company(self.id, self.name, self.plan, self.mrr)


class UserLine(msgspec.Struct):
    KIND: ClassVar[str] = "user"
    id: str
    kind: str
    name: str = ""
    email: str | None = None
    avatar: str | None = None
    locale: str | None = None
    company: str | None = None
    traits: dict = {}
    segments: list[str] = []
    blocked_at: Moment | None = None
    first_seen_at: Moment | None = None
    last_seen_at: Moment | None = None

    def record(self) -> Person:
        return Person(self.id, self.email, self.name, self.avatar, self.first_seen_at, self.kind, self.company, self.traits,
                      tuple(self.segments), self.locale, self.blocked_at is not None, self.last_seen_at)  # fmt: skip


class MailingLine(msgspec.Struct):
    KIND: ClassVar[str] = "mailing"
    email: str
    muted: list[str] = []
    subscribed_at: Moment | None = None
    locale: str | None = None
    suppressed: str | None = None

    def record(self) -> Mailing:
        return Mailing(self.email, tuple(self.muted), self.subscribed_at, self.locale, self.suppressed)


class PostLine(msgspec.Struct):
    KIND: ClassVar[str] = "post"
    number: Annotated[int, msgspec.Meta(ge=1, le=999_999_999)]
    title: str
    board: str
    status: str
    body: str = ""
    author: str | None = None
    tags: list[str] = []
    fields: dict = {}
    meta: dict = {}
    pinned: bool = False
    locked: bool = False
    assignee: str | None = None
    eta: date | None = None
    merged_into: int | None = None
    merged_at: Moment | None = None
    roadmap_position: int | None = None
    held_at: Moment | None = None
    held_because: str | None = None
    answered_at: Moment | None = None
    url: str | None = None
    created_at: Moment | None = None
    updated_at: Moment | None = None
    edited_at: Moment | None = None

    def record(self) -> Post:
        return Post(
            self.title, str(self.number), self.body, person(self.author), self.status, self.board, tuple(self.tags),
            self.created_at, self.url, number=self.number, updated_at=self.updated_at, edited_at=self.edited_at,
            fields=self.fields, meta=self.meta, is_pinned=self.pinned, is_locked=self.locked, assignee=self.assignee,
            eta=self.eta, merged_into=named(self.merged_into), merged_at=self.merged_at, held_at=self.held_at,
            held_because=self.held_because, roadmap_position=self.roadmap_position, answered_at=self.answered_at,
        )  # fmt: skip


class VoteLine(msgspec.Struct):
    KIND: ClassVar[str] = "vote"
    post: int
    user: str
    cast_by: str | None = None
    merged_from: int | None = None
    created_at: Moment | None = None

    def record(self) -> Vote:
        return Vote(str(self.post), Person(self.user), self.created_at, self.cast_by, named(self.merged_from))


class FollowerLine(msgspec.Struct):
    KIND: ClassVar[str] = "follower"
    post: int
    user: str
    merged_from: int | None = None
    created_at: Moment | None = None

    def record(self) -> Follower:
        return Follower(str(self.post), Person(self.user), self.created_at, named(self.merged_from))


class CommentLine(msgspec.Struct):
    KIND: ClassVar[str] = "comment"
    id: int
    post: int
    body: str
    parent: int | None = None
    author: str | None = None
    internal: bool = False
    official: bool = False
    origin: int | None = None
    held_at: Moment | None = None
    held_because: str | None = None
    created_at: Moment | None = None
    edited_at: Moment | None = None
    deleted_at: Moment | None = None

    def record(self) -> Comment:
        return Comment(str(self.post), self.body, str(self.id), person(self.author), named(self.parent), self.internal,
                       self.official, self.created_at, self.edited_at, self.deleted_at, named(self.origin), self.held_at,
                       self.held_because)  # fmt: skip


class EntryLine(msgspec.Struct):
    KIND: ClassVar[str] = "entry"
    id: int
    title: str
    body: str = ""
    categories: list[str] = []
    posts: list[int] = []
    published_at: Moment | None = None
    created_at: Moment | None = None
    updated_at: Moment | None = None

    def record(self) -> Entry:
        return Entry(self.title, str(self.id), self.body, tuple(self.categories), tuple(map(str, self.posts)),
                     self.published_at, self.created_at, self.updated_at)  # fmt: skip


class ReactionLine(msgspec.Struct):
    KIND: ClassVar[str] = "reaction"
    entry: int
    user: str
    kind: str
    created_at: Moment | None = None

    def record(self) -> Reaction:
        return Reaction(str(self.entry), Person(self.user), self.kind, self.created_at)


class FileLine(msgspec.Struct):
    KIND: ClassVar[str] = "file"
    id: int
    name: str
    state: str = "ready"
    post: int | None = None
    comment: int | None = None
    entry: int | None = None
    user: str | None = None
    created_at: Moment | None = None

    def record(self, data: bytes) -> File:
        return File(self.name, data, str(self.id), named(self.post), named(self.comment), named(self.entry),
                    person(self.user), self.created_at)  # fmt: skip


def person(id: str | None) -> Person | None:
    return Person(id) if id else None


def named(id: int | None) -> str | None:
    return None if id is None else str(id)


# in the order in which what is named comes before what names it
LINES = {
    "segments": SegmentLine, "boards": BoardLine, "statuses": StatusLine, "tags": TagLine, "fields": FieldLine,
    "companies": CompanyLine, "users": UserLine, "mailings": MailingLine, "posts": PostLine, "votes": VoteLine,
    "followers": FollowerLine, "comments": CommentLine, "changelog": EntryLine, "reactions": ReactionLine, "files": FileLine,
}  # fmt: skip
