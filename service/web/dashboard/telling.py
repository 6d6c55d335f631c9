"""What happened to a post, in words: one line an event, with names instead of keys and numbers."""

from datetime import datetime
from typing import NamedTuple

from service.feedback import edits, statuses, tags, team
from service.feedback.activity import Entry
from service.lib import differences

WORDS = {"title": "the title", "body": "the details", "board": "the board", "fields": "the custom fields",
         "pinned": "whether it is pinned", "locked": "whether it is locked", "files": "the files"}  # fmt: skip
PLAIN = {
    "post.created": "wrote this", "post.deleted": "deleted it", "post.restored": "brought it back",
    "comment.updated": "changed a comment", "comment.deleted": "deleted a comment",
    "post.approved": "let it in", "comment.approved": "let a comment in",
}  # fmt: skip


class Line(NamedTuple):
    """One line of the history. `other` is the number of a post that it speaks of, `rest` what follows it."""

    actor: str
    words: str
    at: datetime
    strong: str = ""  # the status, tag or name that it is about
    other: int | None = None
    rest: str = ""
    note: str = ""
    changes: dict = {}  # "title" and "body" → differences.words


class Names(NamedTuple):
    """What the keys and numbers in events are called today."""

    statuses: dict[str, str]
    tags: dict[str, str]
    members: dict[int, str]


def names(reader) -> Names:
    return Names(
        {each.key: each.name for each in statuses.of(reader.workspace.id)},
        {each.key: each.name for each in tags.of(reader)},
        {each.id: each.name or each.email for each in team.of(reader)},
    )


def lines(reader, number: int, entries: list[Entry], known: Names, title: str, body: str) -> list[Line]:
    """The history of a post that says `title` and `body` now, the newest first, as `entries` are."""
    changes, whens = {}, {entry.created_at for entry in entries if reworded(entry)}
    for revision in edits.revisions(reader, number) if whens else ():  # each is what it said until then
        if revision.replaced_at < min(whens):
            break
        if revision.replaced_at in whens:
            changes[revision.replaced_at] = {"title": differences.words(revision.title, title),
                                             "body": differences.words(revision.body, body)}  # fmt: skip
        title, body = revision.title, revision.body
    return [line(entry, known, changes.get(entry.created_at, {}) if reworded(entry) else {}) for entry in entries]


def reworded(entry: Entry) -> bool:
    return entry.type == "post.updated" and bool({"title", "body"} & set(entry.data.get("changed", ())))


def line(entry: Entry, known: Names, changes: dict) -> Line:
    at, data = (entry.actor, entry.created_at), entry.data
    told = {"post.status_changed": of_status, "post.updated": of_update, "comment.created": of_comment,
            "post.merged": of_merge, "post.unmerged": of_merge, "duplicate.dismissed": of_dismissal,
            "post.question_asked": of_question}.get(entry.type)  # fmt: skip
    said = told(data, known) if told else {"words": PLAIN.get(entry.type, entry.type.replace(".", " ").replace("_", " "))}
    return Line(actor=at[0], at=at[1], note=data.get("note") or "", changes=changes, **said)


def of_status(data: dict, known: Names) -> dict:
    is_undo, is_note = "undo_of" in data, data.get("from") == data["to"]
    words = {(False, False): "set the status to", (False, True): "wrote a note about the status",
             (True, False): "put the status back to", (True, True): "took back the note about the status"}  # fmt: skip
    quiet = "" if is_undo or data.get("notify", True) else "without a letter"
    return {"words": words[is_undo, is_note], "strong": known.statuses.get(data["to"]) or data.get("name", data["to"]),
            "rest": quiet}  # fmt: skip


def of_update(data: dict, known: Names) -> dict:
    if "added" in data or "removed" in data:
        key = data.get("added") or data["removed"]
        return {"words": "put on the tag" if "added" in data else "took off the tag", "strong": known.tags.get(key, key)}
    if "assignee" in data:
        if data["assignee"] is None:
            return {"words": "assigned it to nobody"}
        return {"words": "assigned it to", "strong": known.members.get(data["assignee"], "a former member")}
    if "eta" in data:
        return {"words": "set the date to", "strong": data["eta"]} if data["eta"] else {"words": "took the date away"}
    parts = [WORDS.get(name, name.replace("_", " ")) for name in data.get("changed", [])]
    return {"words": f"changed {' and '.join(parts) or 'it'}"}


def of_comment(data: dict, _known: Names) -> dict:
    if data.get("internal"):
        return {"words": "wrote an internal note"}
    if data.get("held"):
        return {"words": "wrote a comment that waited for approval"}
    return {"words": "gave the official answer" if data.get("official") else "commented"}


def of_merge(data: dict, _known: Names) -> dict:
    if "into" in data:
        return {"words": "merged it into", "other": data["into"]}
    return {"words": "took the merge back from", "other": data["from"]}


def of_dismissal(data: dict, _known: Names) -> dict:
    return {"words": "said that it is not the same as", "other": data["other"]}


def of_question(data: dict, _known: Names) -> dict:
    count = data["count"]
    return {"words": f"asked {count} {'voter' if count == 1 else 'voters'}"}
