"""What a member does to one post or to many at once, and takes back: one action, one transaction, one row to undo it by.

An action calls the verbs that every other way in calls, so events, letters and counters are theirs. Taking it back calls
them again, for those posts only that still are as the action left them: what somebody did since is never overwritten."""

from datetime import datetime
from typing import NamedTuple

from psycopg2.extras import Json

from service import db
from service.errors import Conflict, Invalid, NotFound
from service.feedback import boards, edits, fields, members, merges, planning, statuses, tags, team
from service.feedback.readers import Reader

MOST = 100  # posts at once
UNDO_SECONDS = 30  # for which the page offers it, and letters about it wait
UNDO_DAYS = 30  # in which a deleted post can be brought back
PAGE = 30
FEW = 5  # posts that a line of the history names
NOBODY = ("", "none")
NEEDED = {"status": "Choose a status.", "tag": "Choose a tag.", "untag": "Choose a tag.", "board": "Choose a board."}

KINDS = ("status", "tag", "untag", "assign", "board", "merge", "delete", "pin", "unpin", "lock", "unlock")
ASPECT = {"untag": "tag", "unpin": "pin", "unlock": "lock"}  # what of a post a kind changes, where that has another name
WITH_PARENTS = ("status", "tag", "untag", "assign", "board")  # kinds that put a post below something that may be gone

# Two statements: the second sees what those did for whom the first waited.
HOLD = """
SELECT FROM post WHERE workspace_id = %(workspace)s AND number = ANY(%(numbers)s) ORDER BY number FOR NO KEY UPDATE"""
STATE = """
SELECT p.number, jsonb_build_object(
    'status', s.key, 'board', b.key, 'assign', p.assignee_id, 'merge', p.merged_into, 'delete', p.deleted_at IS NOT NULL,
    'pin', p.pinned, 'lock', p.locked, 'fields', p.fields, 'place', p.roadmap_position, 'tag', (
      SELECT t.key FROM post_tag l JOIN tag t ON t.workspace_id = l.workspace_id AND t.id = l.tag_id
       WHERE l.workspace_id = p.workspace_id AND l.post_number = p.number AND t.key = %(tag)s))
  FROM post p
  JOIN status s ON s.workspace_id = p.workspace_id AND s.id = p.status_id
  JOIN board b ON b.workspace_id = p.workspace_id AND b.id = p.board_id
 WHERE p.workspace_id = %(workspace)s AND p.number = ANY(%(numbers)s)"""
KEEP = """
INSERT INTO action (workspace_id, person_id, kind, value, steps)
VALUES (%(workspace)s, %(person)s, %(kind)s, %(value)s, %(steps)s) RETURNING id"""
TAKEN = """
SELECT kind, steps, undone_at, created_at > now() - %(days)s * interval '1 day' FROM action
 WHERE workspace_id = %(workspace)s AND id = %(id)s FOR UPDATE"""
MARK_UNDONE = "UPDATE action SET undone_at = now() WHERE workspace_id = %(workspace)s AND id = %(id)s"
LATEST = """
SELECT a.id, a.kind, a.value, jsonb_array_length(a.steps),
       array(SELECT (step->>'post')::integer FROM jsonb_array_elements(a.steps) step LIMIT %(few)s),
       coalesce(nullif(p.name, ''), p.email, 'Someone'), a.created_at, a.undone_at,
       a.undone_at IS NULL AND a.created_at > now() - %(days)s * interval '1 day'
  FROM action a LEFT JOIN person p ON p.id = a.person_id
 WHERE a.workspace_id = %(workspace)s AND (%(before)s IS NULL OR a.id < %(before)s) ORDER BY a.id DESC LIMIT %(most)s"""


class Action(NamedTuple):
    id: int
    kind: str
    value: str  # the status, tag, member, … as it was called then
    posts: int  # that really changed


class Undone(NamedTuple):
    undone: int
    left: int  # alone: somebody changed them since


class Entry(NamedTuple):
    """One line of the team's history."""

    id: int
    kind: str
    value: str
    posts: int
    numbers: list[int]  # of the first few
    name: str  # of the member who did it
    created_at: datetime
    undone_at: datetime | None
    can_undo: bool


@db.verb
def take(reader: Reader, kind: str, numbers: list[int], value: str = "", *, note: str = "",
         notify: bool = True, seen=...) -> Action | None:  # fmt: skip
    """Do this to these posts: all of them or, when one refuses, none. None when nothing had to change.

    `value` is the key of the status, tag or board, the id of the member (empty: nobody), the number of the post that the
    others become part of. Letters about a status go out when the time for undoing is over. `seen` is the status, member or
    board that this was decided for. Raises Invalid for what there is not, NotFound for a post that is not there, Conflict
    when it has another by now than was `seen`."""
    chosen = checked(kind, numbers, value)
    said = hold_parent(reader, kind, value)
    before = held(reader, chosen + ([said.number] if kind == "merge" else []), said.key)
    for number in chosen:
        if number not in before or before[number]["delete"]:
            raise NotFound(f"There is no post #{number}.")
    for number in chosen:
        do(reader, kind, number, said, seen, note=note, notify=notify)
    after = states(reader, chosen, said.key)
    steps = [step(kind, number, before[number], after[number]) for number in chosen]
    steps = [each for each in steps if each["before"] != each["after"]]
    if not steps:
        return None
    row = {"kind": kind, "value": said.name, "person": reader.person, "steps": Json(steps)}
    return Action(db.row(KEEP, workspace=reader.workspace.id, **row)[0], kind, said.name, len(steps))


def checked(kind: str, numbers: list[int], value: str) -> list[int]:
    """The posts of an action, each once, in the order of their numbers."""
    if kind not in KINDS:
        raise Invalid(kind=f"Choose one of: {', '.join(KINDS)}.")
    into = post_number(value) if kind == "merge" else None
    chosen = sorted(set(numbers) - {into})
    if not numbers:
        raise Invalid(posts="Choose the posts first: tick the boxes before them.")
    if not chosen:
        raise Invalid(into="A post cannot be merged into itself.")
    if len(chosen) > MOST:
        raise Invalid(posts=f"Choose at most {MOST} posts at once.")
    return chosen


class Said(NamedTuple):
    """The value of an action: what it is called, and how the verbs want it."""

    name: str = ""
    key: str = ""
    number: int | None = None


def hold_parent(reader: Reader, kind: str, value: str) -> Said:
    """What the posts are about to get, held until the transaction ends: parents before posts. Invalid when there is none."""
    if kind in NEEDED and not value:
        raise Invalid(**{kind.removeprefix("un"): NEEDED[kind]})
    if kind == "status":
        return Said(statuses.choose(reader.workspace.id, value).name, value)
    if kind == "board":
        return Said(boards.choose(reader, value).name, value)
    if kind in ("tag", "untag"):
        tags.chosen(reader, [value])
        return Said(tags.find(reader, value).name, value)
    if kind == "assign" and value not in NOBODY:
        person = post_number(value, "member", "There is no such member.")
        members.hold(reader.workspace, person)
        member = team.find(reader, person)
        return Said(member.name or member.email, number=person)
    if kind == "merge":
        return Said(f"#{post_number(value)}", number=post_number(value))
    return Said()


def post_number(value: str, field: str = "into", sentence: str = "Write the number of the other post, like 12.") -> int:
    digits = value.strip().removeprefix("#")
    if not (digits.isascii() and digits.isdigit() and len(digits) < 10):
        raise Invalid(**{field: sentence})
    return int(digits)


def held(reader: Reader, numbers: list[int], tag: str = "") -> dict[int, dict]:
    """How these posts are, those that are gone left out, held until the transaction ends."""
    db.rows(HOLD, workspace=reader.workspace.id, numbers=numbers)
    return states(reader, numbers, tag)


def states(reader: Reader, numbers: list[int], tag: str) -> dict[int, dict]:
    return dict(db.rows(STATE, workspace=reader.workspace.id, numbers=numbers, tag=tag))


def do(reader: Reader, kind: str, number: int, said: Said, seen, **letter) -> None:
    """The one verb behind each kind."""
    decided_for = None if seen is ... else seen
    if kind == "status":
        planning.set_status(reader, number, said.key, seen=decided_for, undo_seconds=UNDO_SECONDS, **letter)
    elif kind in ("tag", "untag"):
        (tags.tag if kind == "tag" else tags.untag)(reader, number, said.key)
    elif kind == "assign":
        planning.assign(reader, number, said.number, seen=seen)
    elif kind == "board":
        edits.change(reader, number, board=said.key, stood=decided_for)
    elif kind == "merge":
        merges.merge(reader, number, said.number)
    elif kind == "delete":
        edits.delete(reader, number)
    else:
        edits.change(reader, number, **{"pinned" if "pin" in kind else "locked": kind in ("pin", "lock")})


def step(kind: str, number: int, before: dict, after: dict) -> dict:
    """What it takes to undo an action for one post. Values of fields that another board does not ask for are lost there, and
    with another status the place in a column of the road map."""
    aspect = ASPECT.get(kind, kind)
    lost = {key: value for key, value in before["fields"].items() if key not in after["fields"]}
    made = {"post": number, "before": before[aspect], "after": after[aspect], **({"fields": lost} if lost else {})}
    return {**made, "place": before["place"]} if kind == "status" and before["place"] else made


@db.verb
def undo(reader: Reader, id: int) -> Undone:
    """Take an action back, for each post that still is as the action left it; nobody is told by letter. A second time
    nothing happens. NotFound without the action, Conflict when it is too old."""
    row = db.row(TAKEN, workspace=reader.workspace.id, id=id, days=UNDO_DAYS)
    if row is None:
        raise NotFound("There is no such action.")
    kind, steps, undone_at, is_young = row
    if undone_at:
        return Undone(0, 0)
    if not is_young:
        raise Conflict(f"What was done more than {UNDO_DAYS} days ago cannot be undone any more.", "too_late")
    undone = take_back(reader, kind, steps)
    db.changed(MARK_UNDONE, workspace=reader.workspace.id, id=id)
    return Undone(undone, len(steps) - undone)


def take_back(reader: Reader, kind: str, steps: list[dict]) -> int:
    """How many posts were as the action left them, and are now as they were before."""
    parents = sorted({parent(kind, each) for each in steps}, key=str)
    there = {each for each in parents if kind not in WITH_PARENTS or is_there(reader, kind, each)}
    fields.keep(reader, {key: None for each in steps for key in each.get("fields", {})})
    numbers = {each["post"] for each in steps} | ({each["after"] for each in steps} if kind == "merge" else set())
    tag = parents[0] if kind in ("tag", "untag") else ""
    found, undone = held(reader, list(numbers), tag), 0
    for each in reversed(steps):  # what was merged last leaves first
        if parent(kind, each) in there and is_as_left(kind, each, found):
            revert(reader, kind, each, tag)
            undone += 1
    return undone


def parent(kind: str, step: dict):
    """What must be there to undo a step: a tag to take off, anything else to put back."""
    return step["after"] if kind == "tag" else step["before"]


def is_there(reader: Reader, kind: str, value) -> bool:
    try:
        hold_parent(reader, kind, "" if value is None else str(value))
    except Invalid:
        return False
    return True


def is_as_left(kind: str, step: dict, found: dict[int, dict]) -> bool:
    now = found.get(step["post"])
    if now is None or now[ASPECT.get(kind, kind)] != step["after"]:
        return False
    if kind == "merge":  # a post that became part of a third one holds on to what came with it
        return not now["delete"] and step["after"] in found and found[step["after"]]["merge"] is None
    return now["merge"] is None and (kind == "delete" or not now["delete"])


def revert(reader: Reader, kind: str, step: dict, tag: str) -> None:
    """The verb that does the opposite."""
    number, before = step["post"], step["before"]
    if kind == "status":
        planning.set_status(reader, number, before, notify=False, place=step.get("place"))
    elif kind in ("tag", "untag"):
        (tags.untag if kind == "tag" else tags.tag)(reader, number, tag)
    elif kind == "merge":
        merges.unmerge(reader, number)
    elif kind == "delete":
        edits.restore(reader, number)
    elif kind == "board":
        edits.change(reader, number, board=before, values=still_asked(reader, before, step.get("fields", {})))
    elif kind == "assign":
        planning.assign(reader, number, before)
    else:
        edits.change(reader, number, **{"pinned" if "pin" in kind else "locked": before})


def still_asked(reader: Reader, board: str, lost: dict) -> dict:
    """Those values that the board asks for, and that still fit."""
    asked = {field.key: field for field in fields.of(reader.workspace.id, boards.find(reader, board))} if lost else {}
    return {key: value for key, value in lost.items() if key in asked and fields.stored(asked[key], value) is not None}


def latest(reader: Reader, most: int = PAGE, before: int | None = None) -> list[Entry]:
    """What the team did, the newest first; only what came before the action of this id, if one is given."""
    place = {"workspace": reader.workspace.id, "before": before, "most": most, "few": FEW, "days": UNDO_DAYS}
    return [Entry(*row) for row in db.rows(LATEST, **place)]
