"""What an endpoint is told of an event: the body of a webhook, as it is sent and signed."""

import json
import logging

import msgspec

from service import chat_formats, db, shapes
from service.errors import NotFound
from service.feedback import activity, attempts, changelog, comments, letters, moderation, posts, users, workspaces
from service.feedback.activity import Event
from service.feedback.attempts import Turn
from service.feedback.readers import Reader
from service.feedback.workspaces import Workspace

log = logging.getLogger("sayso.webhooks")

MOST_BYTES = 19_999
CUTS = (4000, 2000, 1000, 300)  # characters that are left of a long text
TEXTS = {"body", "note", "title"}
ROOMY = {"meta", "fields", "traits"}  # what goes when shorter texts are not enough
# Who is being erased is gone when we write, or waits until we have (privacy.erase holds them for itself).
HOLD_PEOPLE = """
SELECT id FROM "user" WHERE workspace_id = %(workspace)s AND id IN (
         %(user)s,
         (SELECT author_id FROM post WHERE workspace_id = %(workspace)s AND number = %(post)s),
         (SELECT user_id FROM comment WHERE workspace_id = %(workspace)s AND id = %(comment)s))
 ORDER BY id FOR KEY SHARE"""
SAVE = "UPDATE delivery SET body = %(body)s WHERE workspace_id = %(workspace)s AND id = %(id)s"
NOTHING_TO_SAY = "DELETE FROM delivery WHERE workspace_id = %(workspace)s AND id = %(id)s"


def write(turn: Turn) -> Turn:
    """The same turn with a body for every delivery; those that have nothing to say to a chat go, and one that cannot be
    written stays without: it holds up no other."""
    written = [due if due.body is not None else tried(turn, due) for due in turn.due]
    return turn._replace(due=[due for due in written if due])


def tried(turn: Turn, due: attempts.Due) -> attempts.Due | None:
    try:
        return write_one(turn, due)
    except db.GONE:
        raise
    except Exception as error:
        log.error("delivery %s cannot be written: %s", due.id, db.traced(error))
        return due


@db.verb
def write_one(turn: Turn, due: attempts.Due) -> attempts.Due | None:
    event = activity.find(turn.workspace_id, due.event_seq)
    if event:
        hold_people(event)
    place = {"workspace": turn.workspace_id, "id": due.id}
    text = event and body(event, turn.format)
    if text is None:
        db.changed(NOTHING_TO_SAY, **place)
        return None
    db.changed(SAVE, **place, body=text)
    return due._replace(body=text)


def hold_people(event: Event) -> None:
    db.rows(HOLD_PEOPLE, workspace=event.workspace_id, user=event.user_id, post=event.post_number,
            comment=event.data.get("comment"))  # fmt: skip


def body(event: Event, format: str = "standard") -> str | None:
    """What is sent of an event: as of now, without what is not there any more. None: nothing, also when it was pruned
    meanwhile."""
    workspace = workspaces.find(event.workspace_id)
    data = facts(event, workspace)
    if data is None:
        return None
    if format != "standard":
        said = chat_formats.message(format, event.type, data, workspace)
        return said and said.decode()
    return fitting({"type": event.type, "timestamp": as_json(event.created_at), "data": data})


def facts(event: Event, workspace: Workspace) -> dict | None:
    """The event's own data, who did it, and what it is about in the shapes of the API. Of what is deleted there is only its
    number. None when the event itself is gone."""
    happened = activity.after(event.workspace_id, event.seq - 1, 1, is_admin=True)
    if not happened or happened[0].seq != event.seq:
        return None
    told = shapes.event(happened[0])
    about = {"event_id": event.seq, "actor": told.actor, "user": user(workspace, told.user)}
    if event.post_number is not None:
        about["post"] = post(workspace, event.post_number)
    if event.type.startswith("comment."):
        about["comment"] = comment(workspace, event.data["comment"])
    if event.type.startswith("changelog."):
        about["entry"] = entry(workspace, event.data["entry"])
    return {**said(event), **as_json(about)}


def said(event: Event) -> dict:
    """What the event says; that its post waited for approval only while it does."""
    if "held" not in event.data or moderation.is_waiting(event.workspace_id, event.post_number):
        return event.data
    return {name: value for name, value in event.data.items() if name != "held"}


def user(workspace: Workspace, external_id: str | None) -> object:
    try:
        return external_id and shapes.user(users.profile(workspace, external_id))
    except NotFound:
        return None


def post(workspace: Workspace, number: int) -> object:
    try:
        return shapes.post(posts.find(team(workspace), number), letters.settings[0], workspace)
    except NotFound:
        return {"number": number}


def comment(workspace: Workspace, id: int) -> object:
    try:
        return shapes.comment(comments.find(team(workspace), id))
    except NotFound:
        return {"id": id}


def entry(workspace: Workspace, id: int) -> object:
    try:
        return shapes.entry(changelog.find(team(workspace), id), letters.settings[0], workspace)
    except NotFound:
        return {"id": id}


def team(workspace: Workspace) -> Reader:
    return Reader(workspace, is_member=True)


def as_json(shape: object) -> object:
    return json.loads(msgspec.json.encode(shape))


def fitting(whole: dict) -> str:
    """As JSON of fewer than 20,000 bytes: long texts are cut, then what the customer keeps with us goes, and at last all
    but the names of things."""
    text = encoded(whole)
    for most in CUTS:
        if len(text.encode()) <= MOST_BYTES:
            return text
        text = encoded({**whole, "data": {**shortened(whole["data"], most), "cut": True}})
    if len(text.encode()) <= MOST_BYTES:
        return text
    data = {**without_room(shortened(whole["data"], CUTS[-1])), "cut": True}
    text = encoded({**whole, "data": data})
    return text if len(text.encode()) <= MOST_BYTES else encoded({**whole, "data": bare(data)})


def encoded(whole: dict) -> str:
    return msgspec.json.encode(whole).decode()


def shortened(value, most: int, name: str = ""):
    if isinstance(value, dict):
        return {key: shortened(each, most, key) for key, each in value.items()}
    return value[: most - 1] + "…" if name in TEXTS and isinstance(value, str) and len(value) > most else value


def without_room(value):
    if isinstance(value, dict):
        return {key: {} if key in ROOMY else without_room(each) for key, each in value.items()}
    return value


def bare(data: dict) -> dict:
    names = {name: data[name] for name in ("event_id", "cut")}
    post = {"post": {"number": data["post"]["number"]}} if "post" in data else {}
    things = {name: {"id": data[name]["id"]} for name in ("comment", "entry", "user") if data.get(name)}
    return {**names, **post, **things}
