"""What a member does to one post or to many at once, and takes back: one action, one transaction, one row to undo it by.

An action calls the verbs that every other way in calls, so events, letters and counters are theirs. Taking it back calls
them again, for those posts only that still are as the action left them: what somebody did since is never overwritten."""

from typing import NamedTuple

from psycopg2.extras import Json

from service import db
from service.errors import Conflict, Invalid, NotFound
from service.feedback import boards, edits, fields, members, merges, plan_limits, planning, statuses, tags, team
from service.feedback.readers import Reader

MOST = 100  # posts at once
UNDO_SECONDS = 30  # for which the page offers it, and letters about it wait
UNDO_DAYS = 30  # in which a deleted post can be brought back
NOBODY = ("", "none")
NEEDED = {"status": "Choose a status.", "tag": "Choose a tag.", "untag": "Choose a tag.", "board": "Choose a board."}

KINDS = ("status", "tag", "untag", "assign", "board", "merge", "delete", "pin", "unpin", "lock", "unlock")
STALE = {"status": "status", "assign": "assignee", "board": "board"}  # kinds that replace what somebody may have set
ASPECT = {"untag": "tag", "unpin": "pin", "unlock": "lock"}  # what of a post a kind changes, where that has another name
WITH_PARENTS = ("status", "tag", "untag", "assign", "board")  # kinds that put a post below something that may be gone

# Two statements: the second sees what those did for whom the first waited.
HOLD = """
SELECT FROM post WHERE workspace_id = %(workspace)s AND number = ANY(%(numbers)s) ORDER BY number FOR NO KEY UPDATE"""
STATE = """
SELECT p.number, jsonb_build_object(
    'status', s.key, 'board', b.key, 'assign', p.assignee_id, 'merge', p.merged_into, 'delete', p.deleted_at IS NOT NULL,
    'pin', p.pinned, 'lock', p.locked, 'fields', p.fields, 'place', p.roadmap_position,
    'answered', p.answered_at IS NOT NULL, 'tag', (
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
SELECT kind, steps, undone_at, created_at > now() - %(days)s * interval '1 day',
       created_at > now() - %(seconds)s * interval '1 second' FROM action
 WHERE workspace_id = %(workspace)s AND id = %(id)s FOR UPDATE"""
MARK_UNDONE = "UPDATE action SET undone_at = now() WHERE workspace_id = %(workspace)s AND id = %(id)s"


class Action(NamedTuple):
    id: int
    kind: str
    value: str  # the status, tag, member, … as it was called then
    posts: int  # that really changed
    noted: int = 0  # of those, the ones that had the status before, and only got a note about it


class Undone(NamedTuple):
    undone: int
    left: int  # alone: somebody changed them since


@db.verb
def take(reader: Reader, kind: str, numbers: list[int], value: str = "", *, note: str = "",
         notify: bool = True, seen: dict[int, str | int | None] | None = None) -> Action | None:  # fmt: skip
    """Do this to these posts: all of them or, when one refuses, none. None when nothing had to change.

    `value` is the key of the status, tag or board, the id of the member (empty: nobody), the number of the post that the
    others become part of. Letters about a status go out when the time for undoing is over. `seen` is, by number, the status,
    member or board that this was decided for. Raises Invalid for what there is not, NotFound for a post that is not there,
    Conflict when one has another by now than was `seen`."""
    chosen = checked(kind, numbers, value)
    if kind == "status":  # which plan_limits asks for; before the posts, as everywhere
        plan_limits.hold(reader.workspace)
    said = hold_parent(reader, kind, value)
    before = held(reader, chosen + ([said.number] if kind == "merge" else []), said.key)
    for number in chosen:
        if number not in before or before[number]["delete"]:
            raise NotFound(f"There is no post #{number}.")
    if kind in STALE and seen:
        check_unmoved(kind, said, {number: before[number][kind] for number in chosen}, seen)
    told = {number: do(reader, kind, number, said, note=note, notify=notify) for number in chosen}
    after = states(reader, chosen, said.key)
    steps = [step(kind, number, before[number], after[number], told[number]) for number in chosen]
    steps = [each for each in steps if each.get("event") or not is_note(each)]
    if not steps:
        return None
    row = {"kind": kind, "value": said.name, "person": reader.person, "steps": Json(steps)}
    id = db.row(KEEP, workspace=reader.workspace.id, **row)[0]
    return Action(id, kind, said.name, len(steps), sum(map(is_note, steps)))


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


def check_unmoved(kind: str, said: Said, now: dict[int, str | int | None], seen: dict[int, str | int | None]) -> None:
    """Raise Conflict, which names them, when posts have another status, member or board by now than was `seen`; those that
    somebody gave the same are as they shall be."""
    wanted = said.number if kind == "assign" else said.key
    moved = [f"#{number}" for number, there in now.items() if there not in (seen.get(number, there), wanted)]
    if moved:
        whose = "Its" if len(moved) == 1 else "Their"
        raise Conflict(f"{', '.join(moved)}: {whose} {STALE[kind]} was changed meanwhile, so nothing was done. Look again, "
                       "and do it once more if you still want to.", "stale")  # fmt: skip


def do(reader: Reader, kind: str, number: int, said: Said, **letter) -> int | None:
    """The one verb behind each kind; returns the number of the event that a status left."""
    if kind == "status":
        return planning.set_status(reader, number, said.key, undo_seconds=UNDO_SECONDS, **letter)
    if kind in ("tag", "untag"):
        (tags.tag if kind == "tag" else tags.untag)(reader, number, said.key)
    elif kind == "assign":
        planning.assign(reader, number, said.number)
    elif kind == "board":
        edits.change(reader, number, board=said.key)
    elif kind == "merge":
        merges.merge(reader, number, said.number)
    elif kind == "delete":
        edits.delete(reader, number)
    else:
        edits.change(reader, number, **{"pinned" if "pin" in kind else "locked": kind in ("pin", "lock")})
    return None


def step(kind: str, number: int, before: dict, after: dict, event: int | None) -> dict:
    """What it takes to undo an action for one post. Values of fields that another board does not ask for are lost there, and
    with another status the place in a column of the road map, and that nobody had answered."""
    aspect = ASPECT.get(kind, kind)
    lost = {key: value for key, value in before["fields"].items() if key not in after["fields"]}
    made = {"post": number, "before": before[aspect], "after": after[aspect], **({"fields": lost} if lost else {})}
    if kind == "status":
        made |= {"event": event, "answered": before["answered"], "place": before["place"]}
    return made


def is_note(step: dict) -> bool:
    """Whether the post had this status before, so that only a note about it was written."""
    return step["before"] == step["after"]


@db.verb
def undo(reader: Reader, id: int) -> Undone:
    """Take an action back, for each post that still is as the action left it; nobody is told by letter. A second time
    nothing happens. NotFound without the action, Conflict when it is too old; a note is, when its letters have left."""
    row = db.row(TAKEN, workspace=reader.workspace.id, id=id, days=UNDO_DAYS, seconds=UNDO_SECONDS)
    if row is None:
        raise NotFound("There is no such action.")
    kind, steps, undone_at, is_young, waits = row
    if undone_at:
        return Undone(0, 0)
    if not is_young:
        raise Conflict(f"What was done more than {UNDO_DAYS} days ago cannot be undone any more.", "too_late")
    steps = [each for each in steps if waits or not is_note(each)]
    if not steps:
        raise Conflict(f"A note can be taken back for {UNDO_SECONDS} seconds; this one has gone out.", "too_late")
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
        planning.take_back(reader, number, before, step.get("event"), place=step.get("place"),
                           was_answered=step.get("answered", True))  # fmt: skip
    elif kind in ("tag", "untag"):
        (tags.untag if kind == "tag" else tags.tag)(reader, number, tag)
    elif kind == "merge":
        merges.unmerge(reader, number, is_undo=True)
    elif kind == "delete":
        edits.restore(reader, number, is_undo=True)
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
