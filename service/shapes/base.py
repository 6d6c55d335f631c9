"""What shapes are made of: kinds of text with their limits, and how an answer is written."""

from typing import Annotated

import msgspec
from msgspec import Meta as About


def said(about: str = "", **schema):
    """What the OpenAPI document says of a field, without msgspec itself enforcing it."""
    return About(description=about or None, extra_json_schema=schema or None)


KEY = "^[a-z0-9](-?[a-z0-9]){0,39}$"
Key = Annotated[str, said("1–40 small letters, digits and hyphens; stands in addresses.", pattern=KEY)]
Name = Annotated[str, said(minLength=1, maxLength=80, pattern="\\S")]
Color = Annotated[str, said("As in CSS, e.g. #2563eb.", pattern="^#[0-9a-f]{6}$")]
ExternalId = Annotated[str, said("Your own id: 1–255 visible characters without “/”.", minLength=1, maxLength=255)]
Markdown = Annotated[str, said("Markdown.", maxLength=10_000)]
Position = Annotated[int, About(ge=0, le=10_000, description="Its place in the order, the lowest first.")]
Cents = Annotated[int, About(ge=0, le=10**15 - 1, description="Cents a month.")]
Object = Annotated[msgspec.Raw, said(type="object")]  # JSON that is passed on as it is stored
Meta = dict[str, str | int | float | bool | None]
NextCursor = Annotated[str | None, said("Gets the next page, as ?cursor=…; null: this was the last.")]


class Sent(msgspec.Struct, forbid_unknown_fields=True):
    """What programs send: a field that it does not have is refused, for it may be a misspelt one."""


class CompanyRef(msgspec.Struct):
    """The company of a user who is shown."""

    id: str  # external
    name: str
    plan: str
    mrr: int  # cents a month


class UserRef(msgspec.Struct):
    """A user, wherever one is shown beside what they did."""

    id: str  # external
    name: str
    email: str | None
    avatar: str | None
    company: CompanyRef | None


class MemberRef(msgspec.Struct):
    """A member of the team, in the same way."""

    id: int
    name: str
    email: str


def company_ref(id: str | None, name: str, plan: str, mrr: int) -> CompanyRef | None:
    return None if id is None else CompanyRef(id, name, plan, mrr)


class Paged(msgspec.Struct):
    """The parameters of every list."""

    cursor: Annotated[str | None, said("`next_cursor` of the page before.")] = None
    limit: Annotated[int, About(ge=1, le=100, description="How many, at most.")] = 20


def answer(resp, shape, status: int = 200) -> None:
    """Answer with a shape as JSON; times are RFC 3339 in UTC."""
    resp.status = status
    resp.content_type = "application/json"
    resp.data = msgspec.json.encode(shape)
