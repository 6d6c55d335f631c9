"""A post as pages show it, with status, board and author as things of their own."""

import json
from datetime import datetime

import msgspec

from service import shapes
from service.feedback.posts import Post
from service.shapes import ColoredStatus


class Board(msgspec.Struct):
    key: str
    name: str


class Author(msgspec.Struct):
    name: str
    email: str | None
    company: str | None


class Row(msgspec.Struct):
    number: int
    title: str
    body: str
    status: ColoredStatus
    board: Board
    votes: int
    comments: int
    mrr: int | None
    author: Author | None
    meta: dict
    created_at: datetime
    updated_at: datetime
    url: str


class StatusCount(ColoredStatus):
    posts: int


def row(req, post: Post) -> Row:
    """This post, for a template."""
    return Row(
        number=post.number, title=post.title, body=post.body, votes=post.votes, comments=post.comments, mrr=post.mrr,
        status=ColoredStatus(post.status_key, post.status_name, post.status_kind, post.status_color),
        board=Board(post.board_key, post.board_name),
        author=Author(post.author_name, post.author_email, post.company_name) if post.author_id else None,
        meta=json.loads(post.meta), created_at=post.created_at, updated_at=post.updated_at,
        url=shapes.url(req.context.config, req.context.workspace, post.number),
    )  # fmt: skip
