"""Events."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec

from service.feedback import activity
from service.web.shapes.base import About, Object, said


class Actor(msgspec.Struct):
    """Who did it: a user by your own id, a member by theirs, or Sayso itself."""

    kind: Literal["user", "member", "sayso"]
    id: str | int | None
    name: str


class Event(msgspec.Struct):
    id: int
    type: str
    actor: Actor
    post: int | None
    data: Object
    created_at: datetime


class Events(msgspec.Struct):
    data: list[Event]
    next_cursor: Annotated[int | None, said("There is more after this event; null: you have seen everything.")]


class EventFilter(msgspec.Struct):
    after: Annotated[int, About(ge=0, le=2**63 - 1, description="The id of the last event you have seen.")] = 0
    type: Annotated[str | None, said("One or more types, with commas between them, e.g. post.created,vote.created.")] = None
    limit: Annotated[int, About(ge=1, le=100, description="How many, at most.")] = 100


def event(read: activity.Happened) -> Event:
    return Event(read.seq, read.type, actor(read), read.post_number, msgspec.Raw(read.data.encode()), read.created_at)


def actor(read: activity.Happened) -> Actor:
    if read.person_id is not None:
        return Actor("member", read.person_id, read.person_name or "")
    if read.user_id is not None:
        return Actor("user", read.external_id, read.user_name or "")
    return Actor("sayso", None, "Sayso")
