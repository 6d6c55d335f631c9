"""What the widget sends and gets: every call carries the snippet's key and, when there is one, its user's token."""

from datetime import datetime

import msgspec

from service import shapes
from service.feedback.posts import Post
from service.shapes import ColoredStatus, Meta


class Call(msgspec.Struct, kw_only=True):
    key: str
    session: str | None = None  # of an identified user
    anonymous: str | None = None  # of one who acted before
    visitor: str | None = None  # a random name of this visit, until there is a token: two first deeds are one user's


class List(Call):
    sort: str = "top"
    q: str | None = None
    board: str | None = None
    status: str | None = None
    mine: bool = False
    cursor: str | None = None


class New(Call, kw_only=True):
    """Something that is written, and how: what looks like spam waits for the team."""

    form: str | None = None  # when the form was shown, as an opening says
    trap: str = ""  # what only a program fills in


class Guest(msgspec.Struct):
    email: str
    name: str = ""


class NewPost(New, kw_only=True):
    title: str
    body: str = ""
    board: str | None = None
    meta: Meta | None = None
    fields: Meta | None = None  # values of custom fields, from a form that shows them
    submission: str | None = None
    guest: Guest | None = None  # who it is from, where the workspace asks


class Vote(Call):
    voted: bool


class Follow(Call):
    following: bool


class Edit(Call):
    title: str
    body: str


class NewComment(New, kw_only=True):
    body: str
    parent: shapes.Parent = None
    submission: str | None = None


class CommentEdit(Call):
    body: str


class After(Call):
    after: shapes.Id


class Text(Call):
    text: str


class Trade(Call):
    user_token: str | None = None  # signed by the customer; without one, it is asked who an anonymous token is


class Card(msgspec.Struct, omit_defaults=True):
    """A post as its readers see it: nothing of who wrote it or what they pay. `held`: the team has yet to let it in."""

    number: int
    title: str
    body: str
    status: ColoredStatus
    board: str
    votes: int
    voted: bool
    mine: bool
    created_at: datetime
    url: str
    held: bool = False
    pinned: bool = False
    comments: int = 0


class Cards(msgspec.Struct):
    data: list[Card]
    next_cursor: str | None


class Hit(msgspec.Struct):
    post: Card
    why: str
    score: float


class Hits(msgspec.Struct):
    data: list[Hit]


class OnePost(msgspec.Struct, omit_defaults=True):
    post: Card
    anonymous: str | None = None  # of the user who was made for this action


class Who(msgspec.Struct, omit_defaults=True):
    id: str
    name: str
    kind: str
    locale: str | None = None  # as the customer's token told it


class Place(msgspec.Struct):
    name: str
    url: str
    language: str  # as in HTML; empty when it is none of those we know


class Key(msgspec.Struct):
    key: str
    name: str


class Field(msgspec.Struct):
    key: str
    name: str
    type: str
    required: bool
    options: list[str]
    board: str | None  # key; null: asked on every board


class Opening(msgspec.Struct, omit_defaults=True):
    workspace: Place
    boards: list[Key]
    fields: list[Field]
    statuses: list[ColoredStatus]
    ask_email: str  # of who has no account, with a post: no, optional or required
    edit_minutes: int
    user: Who | None
    unread: int  # entries of the news
    posts: Cards
    stream_url: str
    form: str  # to be sent with what is written
    session: str | None = None


class Session(msgspec.Struct, omit_defaults=True):
    user: Who | None
    unread: int
    session: str | None = None
    expires_in: int | None = None


class Stream(msgspec.Struct):
    stream_url: str


def card(req, post: Post) -> Card:
    status = ColoredStatus(post.status_key, post.status_name, post.status_kind, post.status_color)
    address = shapes.url(req.context.config, req.context.workspace, post.number)
    return Card(post.number, post.title, post.body, status, post.board_key, post.votes, post.voted, post.mine,
                post.created_at, address, post.held, post.pinned, post.comments)  # fmt: skip


def who(user) -> Who | None:
    return user and Who(user.external_id, user.name, user.kind, user.locale)
