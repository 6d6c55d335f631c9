"""Posts, what lists of them take, and what is done to one."""

from datetime import date, datetime
from typing import Annotated, Literal

import msgspec

from service.config import Config
from service.feedback import edits, followers, similar, votes, workspaces
from service.feedback.posts import Post as ReadPost
from service.feedback.workspaces import Workspace
from service.shapes.base import (
    About,
    ExternalId,
    Key,
    Markdown,
    MemberRef,
    Meta,
    NextCursor,
    Object,
    Paged,
    Sent,
    UserRef,
    company_ref,
    said,
)

Kind = Literal["open", "planned", "started", "done", "declined"]
Title = Annotated[str, said(minLength=1, maxLength=200, pattern="\\S")]
Number = Annotated[int, About(ge=1, le=999_999_999)]
FileIds = Annotated[list[int], said("Ids of files that were sent before, at most 10.", maxItems=10)]
Values = Annotated[dict[str, str | int | float | bool | None], said("Values of custom fields, by key; null empties one.")]


class Status(msgspec.Struct):
    key: str
    name: str
    kind: Kind


class ColoredStatus(Status):
    color: str


class Post(msgspec.Struct):
    number: int
    title: str
    body: str
    status: Status
    board: str
    tags: list[str]
    fields: Object
    votes: int
    comments: int
    mrr: int | None
    author: UserRef | None
    assignee: MemberRef | None
    eta: date | None
    pinned: bool
    locked: bool
    merged_into: int | None
    meta: Object
    url: str
    created_at: datetime
    updated_at: datetime


class Posts(msgspec.Struct):
    data: list[Post]
    next_cursor: NextCursor


class PostFilter(Paged):
    board: Annotated[str | None, said("Key of a board.")] = None
    status: Annotated[str | None, said("Key of a status.")] = None
    tag: Annotated[str | None, said("Key of a tag.")] = None
    company: Annotated[str | None, said("Id of a company one of whose users voted.")] = None
    segment: Annotated[str | None, said("Key of a segment one of whose users voted.")] = None
    author: Annotated[str | None, said("Your id of the user who wrote it.")] = None
    q: Annotated[str | None, said("Words to find; “quotes”, or and - as in a search engine.")] = None
    sort: Annotated[Literal["top", "new", "trending", "updated", "mrr"], said("Pinned posts come first.")] = "new"
    since: Annotated[datetime, About(tz=True, description="Written at this moment or later (RFC 3339).")] | None = None


class NewPost(Sent):
    title: Title
    body: Markdown = ""
    board: Annotated[Key | None, said("By default the first public one.")] = None
    status: Annotated[Key | None, said("By default the first one of kind `open`.")] = None
    author: Annotated[ExternalId | None, said("Whose wish it is; by default the key's creator.")] = None
    tags: list[Key] = []
    fields: Values = {}
    files: FileIds = []
    meta: Meta | None = None


class PostChange(Sent):
    title: Title | None = None
    body: Markdown | None = None
    board: Key | None = None
    fields: Values | None = None
    pinned: bool | None = None
    locked: bool | None = None


class NewStatusOfPost(Sent):
    status: Annotated[str, said("Key of a status.")]
    note: Annotated[str, said("What its followers are told. Markdown.", maxLength=5_000)] = ""
    notify: Annotated[bool, said("Whether they are told at all.")] = True


class Merge(Sent):
    into: Number


class NewAssignee(Sent):
    member: Annotated[int, said("Id of a member.")]


class Eta(Sent):
    eta: Annotated[date, said("A day, like 2026-12-31.")]


class Revision(msgspec.Struct):
    """What a post said until it was edited."""

    id: int
    title: str
    body: str
    replaced_by: str
    replaced_at: datetime


class Revisions(msgspec.Struct):
    data: list[Revision]
    next_cursor: None = None


class Vote(msgspec.Struct):
    """A vote; `cast_by` is the member who cast it on the user's behalf."""

    post: int
    user: UserRef
    cast_by: MemberRef | None
    created_at: datetime


class Votes(msgspec.Struct):
    data: list[Vote]
    next_cursor: NextCursor


class SegmentScore(msgspec.Struct):
    key: str
    name: str
    votes: int
    companies: int
    mrr: int


class Score(msgspec.Struct):
    """What a post's rank is made of. MRR counts each voter's company once."""

    votes: int
    companies: int
    mrr: int
    segments: list[SegmentScore]


class Follower(msgspec.Struct):
    post: int
    user: UserRef
    created_at: datetime


class Followers(msgspec.Struct):
    data: list[Follower]
    next_cursor: NextCursor


class Similar(msgspec.Struct):
    limit: Annotated[int, About(ge=1, le=20)] = 5


class SimilarText(Similar, kw_only=True):
    text: Annotated[str, said("What somebody writes, e.g. a title.", minLength=1, pattern="\\S")]


class SimilarHit(msgspec.Struct):
    post: Post
    why: Literal["words", "meaning"]
    score: float


class SimilarHits(msgspec.Struct):
    data: list[SimilarHit]


def url(config: Config, workspace: Workspace, number: int) -> str:
    """Where everyone can see a post."""
    return f"{workspaces.home(workspace, config.base_url)}/posts/{number}"


def post(read: ReadPost, config: Config, workspace: Workspace) -> Post:
    """A post as programs with a key see it."""
    return Post(
        number=read.number, title=read.title, body=read.body,
        status=Status(read.status_key, read.status_name, read.status_kind), board=read.board_key,
        tags=read.tags, fields=msgspec.Raw(read.fields.encode()), votes=read.votes, comments=read.comments, mrr=read.mrr,
        author=author(read), assignee=assignee(read), eta=read.eta, pinned=read.pinned, locked=read.locked,
        merged_into=read.merged_into, meta=msgspec.Raw(read.meta.encode()), url=url(config, workspace, read.number),
        created_at=read.created_at, updated_at=read.updated_at,
    )  # fmt: skip


def author(read: ReadPost) -> UserRef | None:
    if read.author_id is None:
        return None
    company = company_ref(read.company_id, read.company_name, read.company_plan, read.company_mrr)
    return UserRef(read.author_id, read.author_name, read.author_email, read.author_avatar, company)


def assignee(read: ReadPost) -> MemberRef | None:
    return MemberRef(read.assignee_id, read.assignee_name, read.assignee_email) if read.assignee_id else None


def similar_hit(hit: similar.Hit, config: Config, workspace: Workspace) -> SimilarHit:
    return SimilarHit(post(hit.post, config, workspace), hit.why, hit.score)


def revision(read: edits.Revision) -> Revision:
    return Revision(*read)


def vote(read: votes.Voter, number: int) -> Vote:
    caster = MemberRef(read.cast_by, read.cast_by_name or "", read.cast_by_email or "") if read.cast_by else None
    return Vote(number, voting(read), caster, read.created_at)


def voting(read: votes.Voter | followers.Follower) -> UserRef:
    company = company_ref(read.company_id, read.company, read.plan, read.mrr)
    return UserRef(read.external_id, read.name, read.email, read.avatar, company)


def score(read: list[votes.Score]) -> Score:
    whole = next((part for part in read if part.segment_key is None), votes.Score(None, None, 0, 0, 0))
    parts = [SegmentScore(*part) for part in read if part.segment_key is not None]
    return Score(whole.votes, whole.companies, whole.mrr, parts)


def follower(read: followers.Follower, number: int) -> Follower:
    return Follower(number, voting(read), read.created_at)
