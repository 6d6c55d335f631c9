"""What the free plan has room for. Where there are no plans nothing of this holds; nothing is ever taken away, and reading,
exporting, erasing, voting and commenting are never limited."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from service import db
from service.errors import Conflict, Invalid
from service.feedback.workspaces import Workspace


class Room(NamedTuple):
    members: int  # those who are invited among them
    open_posts: int
    workspaces: int  # that one person owns


FREE = Room(members=3, open_posts=100, workspaces=1)
NOTICE_FROM = 80  # open posts, from which on the team is told
PLAN = "plan"  # why a post waits that there was no room for

# Capped, and by the index of the posts that stand: no more is read than Free has room for.
STANDING = """post o WHERE o.workspace_id = %(workspace)s
     AND o.status_id = ANY(ARRAY(SELECT id FROM status WHERE workspace_id = %(workspace)s AND kind = 'open'))
     AND o.deleted_at IS NULL AND o.merged_into IS NULL AND o.held_at IS NULL"""
OPEN_POSTS = f"SELECT count(*) FROM (SELECT FROM {STANDING} LIMIT {FREE.open_posts}) standing"
ALL_OPEN_POSTS = f"SELECT count(*) FROM {STANDING}"  # of who was Pro, and may have more
# SQL: is there no room for one more post at the status `s`? Several that are written at the very same moment may all find
# some: to count them one after the other would make every writer wait.
IS_FULL = f"(%(is_limited)s AND s.kind = 'open' AND ({OPEN_POSTS}) >= {FREE.open_posts})"
OPENED = """
SELECT count(*) FROM post p JOIN status s ON s.workspace_id = p.workspace_id AND s.id = p.status_id
 WHERE p.workspace_id = %(workspace)s AND p.number = ANY(%(numbers)s) AND s.kind = 'open' AND p.merged_into IS NULL"""
HOLD = "SELECT plan FROM workspace WHERE id = %(workspace)s FOR NO KEY UPDATE"
SEATS = """
SELECT count(*), coalesce(bool_or(person_id = %(person)s), false) FROM member WHERE workspace_id = %(workspace)s"""
HOLD_PERSON = "SELECT FROM person WHERE id = %(person)s FOR NO KEY UPDATE"
OWNED = """
SELECT w.name FROM member m JOIN workspace w ON w.id = m.workspace_id
 WHERE m.person_id = %(person)s AND m.role = 'owner' AND m.joined_at IS NOT NULL AND w.plan = 'free'
 ORDER BY m.joined_at, w.id LIMIT %(most)s"""

billed: list[bool] = []


def start(is_billed: bool) -> None:
    """Have the plans hold in this process, or not."""
    billed[:] = [is_billed]


def is_on() -> bool:
    """Whether there are plans here at all."""
    return billed == [True]


def holds(workspace: Workspace) -> bool:
    """Whether this workspace has what Free has and no more."""
    return is_on() and workspace.plan == "free"


def expect_seat(workspace: Workspace, person: int) -> None:
    """Raise Conflict unless the team has a seat for this person; who is in it, or invited, has theirs. Until the transaction
    ends nobody else takes one."""
    if not is_on() or db.row(HOLD, workspace=workspace.id) != ("free",):
        return
    taken, has_one = db.row(SEATS, workspace=workspace.id, person=person)
    if taken >= FREE.members and not has_one:
        raise Conflict(f"Free has room for {FREE.members} members, those invited among them. Take somebody out, withdraw "
                       "an invitation, or make this workspace Pro: Settings → Billing.", "plan_members")  # fmt: skip


def hold(workspace: Workspace) -> None:
    """Let nobody else let in posts until the transaction ends, where that is limited: before the posts, as everywhere."""
    if holds(workspace):
        db.row(HOLD, workspace=workspace.id)


def expect_room(workspace: Workspace, numbers: list[int]) -> None:
    """Raise Conflict unless there is room for these posts, which wait, at the places that they have; to be called after
    `hold`."""
    if not holds(workspace) or not numbers:
        return
    more, standing = db.row(OPENED, workspace=workspace.id, numbers=numbers)[0], open_posts(workspace)
    if more and standing + more > FREE.open_posts:
        left = FREE.open_posts - standing
        only = f"{left} more can be let in" if left else "none can be let in"
        raise Conflict(f"{standing} of the {FREE.open_posts} open posts of Free are there, so {only}. Close some of those "
                       "that are open, or make this workspace Pro: Settings → Billing.", "plan_open_posts")  # fmt: skip


@contextmanager
def opening(workspace: Workspace, *, is_undo: bool = False) -> Iterator[None]:
    """Raise Conflict when what is done within leaves more posts open than there is room for, and than there were; not when
    it `is_undo`. A part of a transaction, before its posts."""
    if is_undo or not holds(workspace):
        yield
        return
    db.row(HOLD, workspace=workspace.id)
    [before] = db.row(ALL_OPEN_POSTS, workspace=workspace.id)
    yield
    if db.row(ALL_OPEN_POSTS, workspace=workspace.id)[0] > max(before, FREE.open_posts):
        raise Conflict(f"{before} of the {FREE.open_posts} open posts of Free are there, so there is no room for this. "
                       "Close some of those that are open, or make this workspace Pro: Settings → Billing.",
                       "plan_open_posts")  # fmt: skip


def open_posts(workspace: Workspace) -> int:
    """How many posts are open; 100 stands for more, too."""
    return db.row(OPEN_POSTS, workspace=workspace.id)[0]


def expect_place(person: int) -> None:
    """Raise Invalid unless this person may have one more workspace; until the transaction ends they found no other."""
    if not is_on():
        return
    db.row(HOLD_PERSON, person=person)
    owned = [name for (name,) in db.rows(OWNED, person=person, most=FREE.workspaces)]
    if len(owned) >= FREE.workspaces:
        raise Invalid(name=f"You own “{owned[0]}”, which is on Free, and Free is for one workspace. Make that one Pro "
                           "first: Settings → Billing.")  # fmt: skip
