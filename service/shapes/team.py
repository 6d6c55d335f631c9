"""The team, and the keys with which its programs come."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec

from service.feedback import keys, team
from service.shapes.base import About, Name, Sent, said

Role = Literal["owner", "admin", "member"]
Expiry = Annotated[Annotated[datetime, About(tz=True)] | None,
                   said("A moment in the future; by default when the key ends that makes it, if ever.")]  # fmt: skip
Scopes = Annotated[list[Literal["read", "write", "admin"]], said("`admin` is the other two and more.", minItems=1)]


class Member(msgspec.Struct):
    id: int
    email: str
    name: Annotated[str, said("Empty until they opened the workspace for the first time.")]
    role: Role
    created_at: datetime


class Members(msgspec.Struct):
    data: list[Member]
    next_cursor: None = None


class NewMember(Sent):
    email: Annotated[str, said(maxLength=254)]
    role: Role = "member"


class MemberChange(Sent):
    role: Role


class ApiKey(msgspec.Struct):
    id: int
    name: str
    prefix: Annotated[str, said("How the key begins.")]
    scopes: Scopes
    member: Annotated[int, said("Who made it, and in whose name it acts: with no more power than they have.")]
    expires_at: datetime | None
    used_at: datetime | None
    created_at: datetime


class ApiKeys(msgspec.Struct):
    data: list[ApiKey]
    next_cursor: None = None


class MadeApiKey(ApiKey):
    key: Annotated[str, said("The key itself. It is shown this once.")]


class NewApiKey(Sent):
    name: Name
    scopes: Scopes
    expires_at: Expiry = None


class ApiKeyChange(Sent):
    name: Name


def member(read: team.Member) -> Member:
    return Member(*read[:5])


def api_key(read: keys.Key) -> ApiKey:
    return ApiKey(*read)


def made_api_key(read: keys.Key, secret: str) -> MadeApiKey:
    return MadeApiKey(*read, key=secret)
