"""What the team lets in: posts that wait for approval, what was deleted lately, who is blocked. For members."""

from datetime import datetime
from typing import NamedTuple

from service import db, events
from service.feedback import actions, blocking, members, plan_limits, versions
from service.feedback.readers import Reader
from service.retention import DELETED_DAYS

MOST_COUNTED = 99
HOLD_SUSPECTS = """
UPDATE workspace SET holds_suspects = %(is_on)s WHERE id = %(workspace)s AND holds_suspects <> %(is_on)s"""

WAITING = """
SELECT count(*) FROM (SELECT FROM post WHERE workspace_id = %(workspace)s AND held_at IS NOT NULL AND deleted_at IS NULL
                       LIMIT %(most)s) waiting"""
IS_WAITING = "SELECT held_at IS NOT NULL FROM post WHERE workspace_id = %(workspace)s AND number = %(number)s"
# Why it waited stays: as it stands, the team has let it in (posts.APPROVED). Of what there was no room for, it goes: it is
# as if that had never waited.
APPROVE = f"""
UPDATE post SET held_at = NULL, held_because = nullif(held_because, '{plan_limits.PLAN}'), updated_at = now()
 WHERE workspace_id = %(workspace)s AND number = %(number)s"""
HOLD = """
SELECT number, author_id, title, body FROM post
 WHERE workspace_id = %(workspace)s AND number = ANY(%(numbers)s) AND held_at IS NOT NULL AND deleted_at IS NULL
 ORDER BY number FOR NO KEY UPDATE"""
# A page of posts by the moment that puts them there, and who they are by.
LIST = """
SELECT p.number, p.title, p.body, b.name, p.created_at, p.at, p.held_at IS NOT NULL, p.held_because,
       u.external_id, u.name, u.email, u.kind, u.blocked_at IS NOT NULL, c.name{more}
  FROM (SELECT *, {at} AS at FROM post WHERE workspace_id = %(workspace)s AND {those} LIMIT %(most)s) p
  JOIN board b ON b.workspace_id = %(workspace)s AND b.id = p.board_id
  LEFT JOIN "user" u ON u.workspace_id = %(workspace)s AND u.id = p.author_id
  LEFT JOIN company c ON c.workspace_id = %(workspace)s AND c.id = u.company_id{joined}
 ORDER BY p.at {way}, p.number {way}"""
HELD = LIST.format(at="held_at", way="", more=", NULL, false", joined="", those="""
       held_at IS NOT NULL AND deleted_at IS NULL
   AND (%(at)s IS NULL OR (held_at, number) > (%(at)s::timestamptz, %(number)s)) ORDER BY held_at, number""")
DELETED = LIST.format(at="deleted_at", way="DESC", more=", who.name, who.by_team", joined="""
  LEFT JOIN LATERAL (
    SELECT coalesce(nullif(m.name, ''), """ + members.address("m") + """, o.name, '') AS name,
           e.person_id IS NOT NULL AS by_team FROM event e
      LEFT JOIN person m ON m.id = e.person_id
      LEFT JOIN "user" o ON o.workspace_id = e.workspace_id AND o.id = e.user_id
     WHERE e.workspace_id = %(workspace)s AND e.post_number = p.number AND e.type = 'post.deleted'
     ORDER BY e.seq DESC LIMIT 1) who ON true""", those="""
       deleted_at > now() - %(days)s * interval '1 day'
   AND (%(at)s IS NULL OR (deleted_at, number) < (%(at)s::timestamptz, %(number)s))
 ORDER BY deleted_at DESC, number DESC""")
BLOCKED = """
SELECT u.id, u.external_id, u.name, u.email, u.kind, c.name, u.blocked_at FROM "user" u
  LEFT JOIN company c ON c.workspace_id = %(workspace)s AND c.id = u.company_id
 WHERE u.workspace_id = %(workspace)s AND u.blocked_at IS NOT NULL
   AND (%(at)s IS NULL OR (u.blocked_at, u.id) < (%(at)s::timestamptz, %(id)s))
 ORDER BY u.blocked_at DESC, u.id DESC LIMIT %(most)s"""  # fmt: skip


class Waiting(NamedTuple):
    """A post in one of the lists, with its author, of whom nothing is known when they were erased."""

    number: int
    title: str
    body: str
    board: str
    created_at: datetime
    at: datetime  # since when it stands there
    held: bool
    because: str | None  # it waits: `board`, `plan` (there is no room), or as spam.why says
    author_id: str | None  # external
    author_name: str | None
    author_email: str | None
    author_kind: str | None
    is_blocked: bool
    company: str | None
    deleted_by: str | None
    by_team: bool | None


class Blocked(NamedTuple):
    id: int
    external_id: str
    name: str
    email: str | None
    kind: str
    company: str | None
    at: datetime


def waiting(reader: Reader) -> int:
    """How many posts wait for approval; 99 stands for more, too."""
    return db.row(WAITING, workspace=reader.workspace.id, most=MOST_COUNTED)[0]


def is_waiting(workspace_id: int, number: int) -> bool:
    """Whether this post waits; False when it is gone."""
    return db.row(IS_WAITING, workspace=workspace_id, number=number) == (True,)


def held(reader: Reader, most: int, after: tuple[datetime, int] | None = None) -> list[Waiting]:
    """Posts that wait, the longest first, after the place (`at`, `number`) of the one that was read last."""
    return listed(HELD, reader, most, after)


def deleted(reader: Reader, most: int, after: tuple[datetime, int] | None = None) -> list[Waiting]:
    """Posts that can be restored, the last deleted first."""
    return listed(DELETED, reader, most, after, days=DELETED_DAYS)


def listed(sql: str, reader: Reader, most: int, after: tuple[datetime, int] | None, **more) -> list[Waiting]:
    at, number = after or (None, None)
    return [Waiting(*row) for row in db.rows(sql, workspace=reader.workspace.id, most=most, at=at, number=number, **more)]


def blocked(reader: Reader, most: int, after: tuple[datetime, int] | None = None) -> list[Blocked]:
    """Users who are blocked, the last one first, after the place (`at`, `id`) of the one that was read last."""
    at, id = after or (None, None)
    return [Blocked(*row) for row in db.rows(BLOCKED, workspace=reader.workspace.id, most=most, at=at, id=id)]


@db.verb
def approve(reader: Reader, numbers: list[int], seen: dict[int, str] | None = None) -> int:
    """Let these posts in; returns how many of them waited. The others stay as they are. `seen` are the versions of their
    words (`version`) that were read; Conflict when an author has changed them since, and when the plan has no room for so
    many."""
    plan_limits.hold(reader.workspace)
    there = hold(reader, numbers)
    plan_limits.expect_room(reader.workspace, list(there))
    for number, (_, words) in there.items():
        if seen:
            versions.check(seen.get(number), *words, why=f"The author of #{number} changed it meanwhile; read it again.")
    let_in(reader.workspace.id, list(there), **reader.actor())
    return len(there)


@db.verb
def let_in(workspace_id: int, numbers: list[int], **actor: int | None) -> None:
    """Have everybody see these posts, which wait and are held by who calls this; `actor` is who lets them in, if anybody."""
    for number in numbers:
        db.changed(APPROVE, workspace=workspace_id, number=number)
        events.record("post.approved", workspace_id, public=True, post=number, **actor)


@db.verb
def decline(reader: Reader, numbers: list[int], *, block: bool = False) -> actions.Action | None:
    """Delete these posts, and `block` who wrote them if asked to; None when none of them waits any more. Those that do not
    stay as they are. Taken back, they wait again. Conflict when one is to be blocked who is of the team."""
    there = hold(reader, numbers)
    if block:  # users before the counter, as everywhere
        blocking.block_each(reader, sorted({author for author, _ in there.values() if author is not None}))
    return actions.take(reader, "delete", list(there)) if there else None


def hold(reader: Reader, numbers: list[int]) -> dict[int, tuple[int | None, tuple[str, str]]]:
    """Those of these posts that wait, with their authors and words, held until the transaction ends."""
    found = db.rows(HOLD, workspace=reader.workspace.id, numbers=numbers)
    return {number: (author, (title, body)) for number, author, title, body in found}


@db.verb
def hold_suspects(reader: Reader, is_on: bool) -> None:
    """Have what looks like spam wait for the team, or not; nothing new is no change. For admins."""
    if db.changed(HOLD_SUSPECTS, workspace=reader.workspace.id, is_on=is_on):
        events.record("workspace.updated", reader.workspace.id, data={"changed": ["holds_suspects"]}, **reader.actor())


def version(post: Waiting) -> str:
    """Names the words of a post that waits."""
    return versions.version(post.title, post.body)
