"""Comments."""

from datetime import datetime
from typing import Annotated

import msgspec

from service.feedback import comments
from service.shapes.base import About, ExternalId, NextCursor, Sent, UserRef, company_ref, said
from service.shapes.posts import FileIds

Words = Annotated[str, said("Markdown.", minLength=1, maxLength=5_000, pattern="\\S")]
Id = Annotated[int, About(ge=1, le=2**63 - 1)]
Parent = Annotated[Id | None, said("Id of the comment that it answers.")]
Internal = Annotated[bool, said("Whether it is a note that only members see.")]
Official = Annotated[bool, said("Whether it is the team's answer, of which a post has one.")]


class CommentAuthor(UserRef):
    team: Annotated[bool, said("Whether they are of the team.")]


class Comment(msgspec.Struct, omit_defaults=True):
    id: int
    post: int
    body: Annotated[str, said("Markdown. Empty: it was deleted, and stands for what was answered.")]
    author: CommentAuthor | None
    parent: Parent
    internal: Internal
    official: Official
    created_at: datetime
    edited_at: datetime | None
    held: Annotated[bool, said("Only when true: it waits for the team's approval, as what looks like spam does.")] = False


class Comments(msgspec.Struct):
    data: list[Comment]
    next_cursor: NextCursor


class NewComment(Sent):
    body: Words
    author: Annotated[ExternalId | None, said("Whose words they are; by default the key's creator's.")] = None
    parent: Parent = None
    internal: Internal = False
    official: Official = False
    files: FileIds = []


class CommentChange(Sent):
    body: Annotated[Words | None, said("Only of what the team itself wrote.")] = None
    internal: Internal | None = None
    official: Official | None = None


def comment(read: comments.Comment) -> Comment:
    """A comment as programs with a key see it."""
    author = None
    if read.author_id is not None:
        company = company_ref(read.company_id, read.company_name, read.company_plan, read.company_mrr)
        author = CommentAuthor(read.author_id, read.author_name, read.author_email, read.author_avatar, company,
                               read.by_team)  # fmt: skip
    return Comment(read.id, read.post, read.body, author, read.parent, read.internal, read.official, read.created_at,
                   read.edited_at, read.held)  # fmt: skip
