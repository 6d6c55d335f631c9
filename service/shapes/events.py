"""Events."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec

from service import events
from service.feedback import activity
from service.shapes.base import About, NextCursor, Object, Paged, said

Seq = Annotated[int, About(ge=0, le=2**63 - 1)]
TYPE = f"({'|'.join(type.replace('.', '[.]') for type in events.TYPES)})"


class Actor(msgspec.Struct):
    """Who did it: a user by your own id (null: they were erased), a member by theirs, or Sayso itself."""

    kind: Literal["user", "member", "sayso"]
    id: str | int | None
    name: str


class Event(msgspec.Struct):
    id: int
    type: Annotated[str, said(enum=list(events.TYPES))]
    actor: Actor
    user: Annotated[str | None, said("Your own id of the user whose vote, post or comment it is, also when a member acts.")]
    post: int | None
    data: Object
    created_at: datetime


class Events(msgspec.Struct):
    data: list[Event]
    next_cursor: NextCursor


class EventFilter(Paged):
    after: Annotated[Seq | None, said("The id of the last event you have seen.")] = None
    type: Annotated[
        str | None, said("Types, with commas between them, e.g. post.created,vote.created.", pattern=f"^{TYPE}(,{TYPE})*$")
    ] = None  # fmt: skip
    limit: Annotated[int, About(ge=1, le=100, description="How many, at most.")] = 100


def event(read: activity.Happened) -> Event:
    return Event(read.seq, read.type, actor(read), read.external_id, read.post_number, msgspec.Raw(read.data.encode()),
                 read.created_at)  # fmt: skip


def actor(read: activity.Happened) -> Actor:
    names = {
        "member": (read.person_id, read.person_name), "user": (read.external_id, read.user_name), "sayso": (None, "Sayso"),
    }  # fmt: skip
    id, name = names[read.actor]
    return Actor(read.actor, id, name or "")
