"""Changing what a post says and where it stands in the lists; deleting it, and taking that back."""

import json
from datetime import datetime
from typing import NamedTuple

from psycopg2.extras import Json

from service import db, events
from service.errors import Conflict, Forbidden, Invalid, NotFound
from service.feedback import attachments, boards, fields, members, plan_limits, posts, spam, versions
from service.feedback.attachments import File
from service.feedback.posts import Held, Post
from service.feedback.readers import Reader

KEEP_REVISION = """
INSERT INTO post_revision (workspace_id, post_number, title, body, user_id, person_id)
VALUES (%(workspace)s, %(number)s, %(title)s, %(body)s, %(user)s, %(person)s)"""
SAVE = """
UPDATE post SET title = %(title)s, body = %(body)s, board_id = %(board)s, fields = %(fields)s, pinned = %(pinned)s,
       locked = %(locked)s, updated_at = CASE WHEN %(public)s THEN now() ELSE updated_at END,
       edited_at = CASE WHEN %(reworded)s THEN now() ELSE edited_at END
 WHERE workspace_id = %(workspace)s AND number = %(number)s"""
HOLD = """
UPDATE post SET held_at = coalesce(held_at, now()), held_because = %(because)s
 WHERE workspace_id = %(workspace)s AND number = %(number)s AND (held_at IS NULL OR held_because IN ('board', 'plan'))"""
DELETE = "UPDATE post SET deleted_at = now() WHERE workspace_id = %(workspace)s AND number = %(number)s"
DELETED = """
SELECT deleted_at IS NOT NULL FROM post WHERE workspace_id = %(workspace)s AND number = %(number)s FOR NO KEY UPDATE"""
GONE = f"""
SELECT p.title, p.deleted_at, d.name, {members.address("d")} FROM post p
  LEFT JOIN LATERAL (
    SELECT person_id FROM event e WHERE e.workspace_id = p.workspace_id AND e.post_number = p.number
       AND e.type = 'post.deleted' ORDER BY e.seq DESC LIMIT 1) told ON true
  LEFT JOIN person d ON d.id = told.person_id
 WHERE p.workspace_id = %(workspace)s AND p.number = %(number)s AND p.deleted_at IS NOT NULL"""
FILES = """
SELECT count(*) FROM file WHERE workspace_id = %(workspace)s AND post_number = %(number)s AND state <> 'refused'"""
RESTORE = "UPDATE post SET deleted_at = NULL WHERE workspace_id = %(workspace)s AND number = %(number)s"
REVISIONS = """
SELECT r.id, r.title, r.body, coalesce(m.name, u.name, ''), r.created_at FROM post_revision r
  LEFT JOIN person m ON m.id = r.person_id
  LEFT JOIN "user" u ON u.workspace_id = r.workspace_id AND u.id = r.user_id
 WHERE r.workspace_id = %(workspace)s AND r.post_number = %(number)s ORDER BY r.id DESC LIMIT 100"""


class Revision(NamedTuple):
    """What a post said until `replaced_at`, and who changed it then."""

    id: int
    title: str
    body: str
    replaced_by: str
    replaced_at: datetime


class Gone(NamedTuple):
    """A post that was deleted and can be brought back."""

    title: str
    deleted_at: datetime
    name: str | None  # of the member who did it; None: its author
    email: str | None


@db.verb
def change(reader: Reader, number: int, *, title: str | None = None, body: str | None = None, board: str | None = None,
           values: dict | None = None, pinned: bool | None = None, locked: bool | None = None,
           seen: str | None = None, were: dict | None = None) -> None:  # fmt: skip
    """Change what is given and leave the rest; the words as they were are kept as a revision.

    An author may change their own words within the workspace's time for it; members may change everything. `values` are
    of custom fields: those given are replaced, None empties one. `seen` is the version that the change was made for
    (`version`), `were` what its fields said then; Conflict when the post has moved on. Nothing new is no change."""
    place = board is not None and boards.choose(reader, board)  # parents before the post
    fields.keep(reader, values)
    held = posts.hold(reader, number)
    if not reader.is_member:
        allow(held, {"board": board, "pinned": pinned, "locked": locked})
        if held.is_approved:
            raise Forbidden("The team has let this post in as it stands; add a comment instead.", "approved")
    check_unmoved(held, seen, values or {}, were)
    words = posts.checked(held.title if title is None else title, held.body if body is None else body)
    place = place or boards.find(reader, held.board)
    kept = fields.merged(reader, place, fields.asked(reader, place, json.loads(held.fields), held.board), values or {})
    after = {**words, "board": place.key, "fields": kept, "pinned": held.pinned if pinned is None else pinned,
             "locked": held.locked if locked is None else locked}  # fmt: skip
    before = {**held._asdict(), "fields": json.loads(held.fields)}
    changed = sorted(name for name, value in after.items() if value != before[name])
    if not changed:
        return
    scope = {"workspace": reader.workspace.id, "number": number}
    reworded = "title" in changed or "body" in changed
    if reworded:
        db.changed(KEEP_REVISION, **scope, title=held.title, body=held.body, **reader.actor())
    public = changed != ["fields"]  # which users do not see, so nothing may move for them
    db.changed(SAVE, **scope, **{**after, "board": place.id, "fields": Json(kept)}, reworded=reworded, public=public)
    if suspect := reworded and spam.why_changed(reader, said(before), said(after)):
        db.changed(HOLD, **scope, because=suspect)
    data = {"changed": changed}
    events.record("post.updated", reader.workspace.id, public=public, post=number, data=data, **reader.actor())


def said(post: dict) -> str:
    return f"{post['title']}\n{post['body']}"


def check_unmoved(held: Held, seen: str | None, values: dict, were: dict | None) -> None:
    """Raise Conflict when what is to be changed is no longer as it was when that was decided."""
    versions.check(seen, held.title, held.body, held.board, held.fields, held.pinned, held.locked,
                   why=f"#{held.number} was changed meanwhile; read it again and decide anew.")  # fmt: skip
    now = json.loads(held.fields)
    moved = [key for key, value in values.items() if were is not None and now.get(key) not in (were.get(key), value)]
    if moved:
        raise Conflict(f"#{held.number}: what its fields say was changed meanwhile; look at it again.", "stale")


def allow(held: Held, for_members: dict) -> None:
    """Raise Forbidden unless this is the author's own post, young enough, and only its words are to be changed."""
    if not held.mine or any(value is not None for value in for_members.values()):
        raise Forbidden("Only its author and the team can change this post.")
    if held.locked or not held.is_fresh:
        raise Forbidden("The time in which this post could be changed is over; add a comment instead.", "too_late")


def version(post: Post) -> str:
    """Names one state of what `change` can change; votes, comments and statuses leave it as it is."""
    return versions.version(post.title, post.body, post.board_key, post.fields, post.pinned, post.locked)


@db.verb
def delete(reader: Reader, number: int) -> None:
    """Take a post out of sight; `restore` brings it back for 30 days. Authors may delete their own, while they may change
    it. NotFound when there is none, so the second time too."""
    [held] = posts.hold_each(reader, [number])
    if not reader.is_member:
        allow(held, {})
    db.changed(DELETE, workspace=reader.workspace.id, number=number)
    events.record("post.deleted", reader.workspace.id, public=True, post=number, **reader.actor())


@db.verb
def restore(reader: Reader, number: int, *, is_undo: bool = False) -> bool:
    """Bring a deleted post back, as it was; one that is there stays there. Returns whether it was deleted. Conflict when the
    plan has no room for one more open post, unless this `is_undo`. For members."""
    with plan_limits.opening(reader.workspace, is_undo=is_undo):
        row = db.row(DELETED, workspace=reader.workspace.id, number=number)
        if row is None:
            raise NotFound(f"There is no post #{number}.")
        if row[0]:
            db.changed(RESTORE, workspace=reader.workspace.id, number=number)
    if row[0]:
        events.record("post.restored", reader.workspace.id, public=True, post=number, **reader.actor())
    return row[0]


def gone(reader: Reader, number: int) -> Gone:
    """A post that was deleted, while it can be brought back; NotFound when there is none. For members."""
    row = db.row(GONE, workspace=reader.workspace.id, number=number)
    if row is None:
        raise NotFound(f"There is no post #{number}.")
    return Gone(*row)


@db.verb
def attach(reader: Reader, number: int, files: list[int]) -> None:
    """Make these files, which are a part of nothing yet, a part of a post: members' of every one, authors' of their own for
    a day. Raises Invalid when they are too many or not there."""
    if not files:
        return
    held = holding_room(reader, number, len(set(files)))
    attachments.attach(reader, files, post=number)
    data = {"changed": ["files"]}
    events.record("post.updated", reader.workspace.id, public=not held.waits, post=number, data=data, **reader.actor())


def add_file(reader: Reader, number: int, name: str, data: bytes, network: str) -> File:
    """Keep a file as a part of a post, as of `attachments.put` and `attach`: both, or neither. Only what is allowed counts
    as one of the day's files, also of the `network` that it came from."""
    holding_room(reader, number, 1)
    type = attachments.taken(data)
    attachments.count(reader, len(data), network)
    return keep_file(reader, number, name, type, data)


@db.verb
def keep_file(reader: Reader, number: int, name: str, type: str, data: bytes) -> File:
    holding_room(reader, number, 1)  # the post before the counter, as everywhere
    file = attachments.store(reader, name, type, data)
    attach(reader, number, [file.id])
    return file


@db.verb
def holding_room(reader: Reader, number: int, more: int) -> Held:
    """The post, held, if this reader may add so many `more` files to it; else raises Forbidden, or Invalid without room."""
    held = posts.hold(reader, number)
    if not reader.is_member:
        allow_files(held)
    if db.row(FILES, workspace=reader.workspace.id, number=number)[0] + more > attachments.MOST:
        raise Invalid(files=f"A post has at most {attachments.MOST} files.")
    return held


def allow_files(held: Held) -> None:
    if not held.mine:
        raise Forbidden("Only its author and the team can add files to this post.")
    if held.is_approved:
        raise Forbidden("The team has let this post in as it stands; add a comment instead.", "approved")
    if held.locked:
        raise Forbidden("This post is closed for new files.", "locked")
    if not held.is_new:
        raise Forbidden("Files can be added on the first day only; add a comment instead.", "too_late")


def revisions(reader: Reader, number: int) -> list[Revision]:
    """What a post said before, the newest first, at most 100. For members."""
    posts.find(reader, number)
    return [Revision(*row) for row in db.rows(REVISIONS, workspace=reader.workspace.id, number=number)]
