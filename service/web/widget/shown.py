"""What the page of a post shows: all of it, its comments and files, and their texts as nodes (markdown.tree)."""

from datetime import datetime
from functools import lru_cache

import msgspec

from service import shapes
from service.feedback import attachments, comments, details
from service.lib import markdown
from service.web.widget.calls import Card, card


class File(msgspec.Struct):
    """`waiting`: a picture of which nothing is shown until it was written anew, a matter of seconds."""

    id: int
    name: str
    type: str
    size: int
    url: str
    thumbnail_url: str | None
    waiting: bool


class OneFile(msgspec.Struct):
    file: File


class Detail(Card, kw_only=True, omit_defaults=False):
    """All of a post, with every field. `text` is its body as nodes, `editable` says that the reader may
    change and delete it, `merged_into` where it went."""

    held: bool
    pinned: bool
    comments: int
    text: msgspec.Raw
    following: bool
    editable: bool
    locked: bool
    merged_into: int | None
    files: list[File]


class Comment(msgspec.Struct, kw_only=True, omit_defaults=True):
    """A comment as users see it; of one that was deleted only its place is left. `body`, its Markdown, is there if the
    reader may change it; `text` is the same as nodes. The author is a name, or nothing."""

    id: int
    text: msgspec.Raw
    author: str
    by_team: bool
    official: bool
    parent: int | None
    mine: bool
    editable: bool
    deleted: bool
    created_at: datetime
    edited_at: datetime | None
    files: list[File]
    body: str | None = None
    held: bool = False  # the team has yet to let it in


class Comments(msgspec.Struct):
    data: list[Comment]
    next: int | None  # for `after`


class OneComment(msgspec.Struct, omit_defaults=True):
    comment: Comment
    anonymous: str | None = None  # of the user who was made for this action


class PostPage(msgspec.Struct):
    post: Detail
    comments: Comments


class OneDetail(msgspec.Struct, omit_defaults=True):
    post: Detail
    anonymous: str | None = None  # as above


class Deleted(msgspec.Struct):
    deleted: bool = True


def detail(req, found: details.Detail) -> Detail:
    post = found.post
    return Detail(
        **msgspec.structs.asdict(card(req, post)), text=rich(post.body), following=found.following, editable=found.editable,
        locked=post.locked, merged_into=post.merged_into, files=files(req, found.files),
    )  # fmt: skip


def comment(req, said: comments.Comment, attached: list[attachments.File] = ()) -> Comment:
    editable = said.mine and said.is_fresh and not said.is_deleted
    return Comment(
        id=said.id, text=rich(said.body), author=said.author_name or "", by_team=bool(said.by_team), official=said.official,
        parent=said.parent, mine=said.mine, editable=editable, deleted=said.is_deleted, created_at=said.created_at,
        edited_at=said.edited_at, files=files(req, attached), body=said.body if editable else None,
        held=said.held,
    )  # fmt: skip


def files(req, found: list[attachments.File]) -> list[File]:
    """Those that can be shown, now or in a moment."""
    return [file(req, each) for each in found if each.state != "refused"]


def file(req, found: attachments.File) -> File:
    shown = shapes.file(found, req.context.config, req.context.workspace)
    return File(shown.id, shown.name, shown.type, shown.size, shown.url, shown.thumbnail_url, shown.state == "waiting")


def rich(text: str) -> msgspec.Raw:
    return remembered(text) if len(text) <= markdown.SHORT else encoded(text)


@lru_cache(maxsize=markdown.REMEMBERED)
def remembered(text: str) -> msgspec.Raw:
    return encoded(text)


def encoded(text: str) -> msgspec.Raw:
    return msgspec.Raw(msgspec.json.encode(markdown.tree(text)))
