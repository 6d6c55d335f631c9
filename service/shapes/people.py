"""Users, their companies, and the segments that they are in."""

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, UnsetType

from service.feedback import companies, segments, users
from service.shapes.base import Cents, ExternalId, Key, Name, NextCursor, Object, Paged, Sent, said

Fact = str | int | float | bool
Traits = Annotated[dict[str, Fact], said("What else you know of them. It replaces what was there.")]
FieldOfRule = Annotated[str, said("traits.NAME, company.name, company.plan or company.mrr.",
                                  pattern=r"^(traits\.\S.{0,199}|company\.(name|plan|mrr))$")]  # fmt: skip


class Company(msgspec.Struct):
    id: ExternalId
    name: str
    plan: str
    mrr: Cents


class Companies(msgspec.Struct):
    data: list[Company]
    next_cursor: NextCursor


class CompanyFacts(Sent):
    """What is known of a company; what is left out stays as it is, null empties."""

    name: Annotated[str | None, said(maxLength=200)] | UnsetType = UNSET
    plan: Annotated[str | None, said(maxLength=200)] | UnsetType = UNSET
    mrr: Cents | None | UnsetType = UNSET


class UsersCompany(CompanyFacts, kw_only=True):
    id: ExternalId


class User(msgspec.Struct):
    id: ExternalId
    kind: Literal["anonymous", "guest", "identified", "member"]
    email: str | None
    name: str
    avatar: str | None
    traits: Object
    company: Company | None
    segments: Annotated[list[str], said("Keys of the segments they are in, and what their token names.")]
    blocked: bool
    first_seen_at: datetime
    last_seen_at: datetime


class Users(msgspec.Struct):
    data: list[User]
    next_cursor: NextCursor


class UserFilter(Paged):
    q: Annotated[str | None, said("A part of their name, e-mail or id.")] = None
    company: Annotated[str | None, said("Your own id of their company.")] = None
    segment: Annotated[str | None, said("Key of a segment they are in.")] = None


class UserFacts(Sent):
    """What is known of a user, as their token could say it; what is left out stays as it is, null empties."""

    email: Annotated[str | None, said(maxLength=254)] | UnsetType = UNSET
    name: Annotated[str | None, said(maxLength=200)] | UnsetType = UNSET
    avatar: Annotated[str | None, said("Address of a picture.", maxLength=2000, pattern="^https?://")] | UnsetType = UNSET
    traits: Traits | None | UnsetType = UNSET
    company: UsersCompany | None | UnsetType = UNSET
    segments: Annotated[list[str] | None, said("Keys of segments, or names of your own.", maxItems=50)] | UnsetType = UNSET


class ExportedPost(msgspec.Struct):
    number: int
    title: str
    body: str
    fields: Object
    meta: Object
    held_at: Annotated[datetime | None, said("Since when it waits for the team's approval.")]
    held_because: Annotated[str | None, said("Why it waits, or did.")]
    created_at: datetime
    edited_at: datetime | None
    deleted_at: datetime | None


class ExportedRevision(msgspec.Struct):
    """What a post said before they edited it."""

    post: int
    title: str
    body: str
    replaced_at: datetime


class ExportedComment(msgspec.Struct):
    id: int
    post: int
    body: str
    internal: bool
    official: bool
    held_at: Annotated[datetime | None, said("Since when it waits for the team's approval.")]
    held_because: Annotated[str | None, said("Why it waits, or did.")]
    created_at: datetime
    edited_at: datetime | None
    deleted_at: datetime | None


class ExportedVote(msgspec.Struct):
    """A vote or a subscription; `merged_from` is the merged post from which it came."""

    post: int
    merged_from: int | None
    created_at: datetime


class ExportedReaction(msgspec.Struct):
    entry: int
    kind: str
    created_at: datetime


class ExportedFile(msgspec.Struct):
    id: int
    name: str
    type: str
    size: int
    created_at: datetime


class ExportedLetter(msgspec.Struct):
    kind: str
    state: str
    created_at: datetime
    sent_at: datetime | None


class ExportedMailing(msgspec.Struct):
    """What their address wants to be told by letter."""

    muted: Annotated[list[str], said("Kinds of letters that they do not want.")]
    subscribed_at: datetime | None
    locale: str | None
    created_at: datetime


class ExportedSuppression(msgspec.Struct):
    """Why their address gets no more letters."""

    reason: str
    created_at: datetime


class ExportedBlock(msgspec.Struct):
    """That their address, or where they came from, is kept out."""

    kind: str
    created_at: datetime
    ends_at: datetime | None


class ExportedLink(msgspec.Struct):
    """A link that they asked for, to sign in or to subscribe."""

    purpose: str
    created_at: datetime
    used_at: datetime | None


class ExportedEvent(msgspec.Struct):
    id: int
    type: str
    post: int | None
    data: Object
    created_at: datetime


class UserExport(msgspec.Struct):
    """Everything that is kept about one user."""

    user: User
    locale: str | None
    posts: list[ExportedPost]
    revisions: list[ExportedRevision]
    comments: list[ExportedComment]
    votes: list[ExportedVote]
    follows: list[ExportedVote]
    reactions: list[ExportedReaction]
    files: list[ExportedFile]
    letters: list[ExportedLetter]
    mailings: list[ExportedMailing]
    suppressions: list[ExportedSuppression]
    blocks: list[ExportedBlock]
    links: list[ExportedLink]
    events: list[ExportedEvent]


class DataLink(msgspec.Struct):
    """Where a user sees what is kept about them."""

    url: str
    expires_at: datetime


class Rule(Sent):
    """What must be true of a user. What is not known of them is never true, `is_not` neither."""

    field: FieldOfRule
    op: Annotated[str, said("`at_least` and `at_most` compare numbers; `contains` looks for a text, in any case.",
                            enum=list(segments.OPS))]  # fmt: skip
    value: Fact


Rules = Annotated[list[Rule], said("All of which hold; none: only who is named in a token.", maxItems=20)]


class Segment(msgspec.Struct):
    key: Key
    name: str
    rules: Rules
    users: Annotated[int, said("How many are in it.")]


class Segments(msgspec.Struct):
    data: list[Segment]
    next_cursor: NextCursor


class NewSegment(Sent):
    key: Key
    name: Name
    rules: Rules = []


class SegmentChange(Sent):
    name: Name | None = None
    rules: Rules | None = None


def told(facts: CompanyFacts | UserFacts) -> dict[str, Any]:
    """The fields that were sent, null as None."""
    sent = {name: getattr(facts, name) for name in facts.__struct_fields__ if getattr(facts, name) is not UNSET}
    return {name: told(value) if isinstance(value, CompanyFacts) else value for name, value in sent.items()}


def company(read: companies.Company) -> Company:
    return Company(read.external_id, read.name, read.plan, read.mrr)


def user(read: users.Profile) -> User:
    place = Company(read.company_id, read.company_name, read.company_plan, read.company_mrr) if read.company_id else None
    return User(
        read.external_id, read.kind, read.email, read.name, read.avatar, msgspec.Raw(read.traits.encode()), place,
        read.segments, read.is_blocked, read.first_seen_at, read.last_seen_at,
    )  # fmt: skip


def user_export(read: dict[str, Any]) -> UserExport:
    parts = {
        name: [kind(**as_json(row)) for row in read[name]]
        for name, kind in (
            ("posts", ExportedPost), ("revisions", ExportedRevision), ("comments", ExportedComment), ("votes", ExportedVote),
            ("follows", ExportedVote), ("reactions", ExportedReaction), ("files", ExportedFile),
            ("letters", ExportedLetter), ("mailings", ExportedMailing), ("suppressions", ExportedSuppression),
            ("blocks", ExportedBlock), ("links", ExportedLink), ("events", ExportedEvent),
        )
    }  # fmt: skip
    return UserExport(user=user(read["user"]), locale=read["user"].locale, **parts)


def as_json(row: dict[str, Any]) -> dict[str, Any]:
    raw = {name: msgspec.Raw(row[name].encode()) for name in ("fields", "meta", "data") if name in row}
    return {**row, **raw}


def segment(read: segments.Segment) -> Segment:
    return Segment(read.key, read.name, [Rule(**rule) for rule in read.rules], read.users)
