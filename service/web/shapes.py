"""The shapes of the public API, one struct a shape; the same everywhere a thing appears."""

from datetime import datetime

import msgspec

from service.config import Config
from service.feedback import similar
from service.feedback.posts import Post as ReadPost
from service.feedback.workspaces import Workspace

Meta = dict[str, str | int | float | bool | None]


class Status(msgspec.Struct):
    key: str
    name: str
    kind: str


class ColoredStatus(Status):
    color: str


class Company(msgspec.Struct):
    id: str
    name: str
    plan: str
    mrr: int  # cents a month


class Author(msgspec.Struct):
    id: str  # external
    name: str
    email: str | None
    avatar: str | None
    company: Company | None


class Post(msgspec.Struct):
    number: int
    title: str
    body: str
    status: Status
    board: str
    tags: list[str]
    fields: dict[str, str]
    votes: int
    comments: int
    mrr: int | None
    author: Author | None
    assignee: str | None
    eta: str | None
    pinned: bool
    locked: bool
    merged_into: int | None
    meta: msgspec.Raw
    url: str
    created_at: datetime
    updated_at: datetime


class Posts(msgspec.Struct):
    """A page of a list; `next_cursor` gets the next one, None: there is none."""

    data: list[Post]
    next_cursor: str | None


class SimilarHit(msgspec.Struct):
    post: Post
    why: str
    score: float


class SimilarHits(msgspec.Struct):
    data: list[SimilarHit]


class NewPost(msgspec.Struct):
    """POST /api/v1/posts"""

    title: str
    body: str = ""
    board: str | None = None
    status: str | None = None
    author: str | None = None
    meta: Meta | None = None


class NewStatus(msgspec.Struct):
    """PUT /api/v1/posts/{number}/status"""

    status: str
    note: str = ""
    notify: bool = True


def url(config: Config, workspace: Workspace, number: int) -> str:
    """Where everyone can see a post."""
    return f"{config.base_url}/b/{workspace.slug}/posts/{number}"


def post(read: ReadPost, config: Config, workspace: Workspace) -> Post:
    """A post as programs with a key see it. Tags, fields and the like are there for the shape; none exists yet."""
    return Post(
        number=read.number, title=read.title, body=read.body,
        status=Status(read.status_key, read.status_name, read.status_kind), board=read.board_key,
        tags=[], fields={}, votes=read.votes, comments=read.comments, mrr=read.mrr, author=author(read),
        assignee=None, eta=None, pinned=False, locked=False, merged_into=None, meta=msgspec.Raw(read.meta.encode()),
        url=url(config, workspace, read.number), created_at=read.created_at, updated_at=read.updated_at,
    )  # fmt: skip


def author(read: ReadPost) -> Author | None:
    if read.author_id is None:
        return None
    company = read.company_id and Company(read.company_id, read.company_name, read.company_plan, read.company_mrr)
    return Author(read.author_id, read.author_name, read.author_email, read.author_avatar, company or None)


def similar_hit(hit: similar.Hit, config: Config, workspace: Workspace) -> SimilarHit:
    return SimilarHit(post(hit.post, config, workspace), hit.why, hit.score)


def answer(resp, shape, status: int = 200) -> None:
    """Answer with a shape as JSON; times are RFC 3339 in UTC."""
    resp.status = status
    resp.content_type = "application/json"
    resp.data = msgspec.json.encode(shape)
