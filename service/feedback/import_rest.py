"""What only some sources have: entries of the changelog, reactions to them, files; and which posts were merged."""

import re

from service import db, jobs
from service.errors import Invalid, TooLarge, UnsupportedMedia
from service.feedback import attachments, changelog, import_people, import_posts, imported
from service.feedback.imported import Piece, Refused
from service.lib import media
from service.sources import records

# What was published elsewhere has been told of there.
ENTRY = """
INSERT INTO changelog_entry (workspace_id, title, body, categories, published_at, announced_at, created_at, updated_at)
VALUES (%(workspace)s, %(title)s, %(body)s, %(categories)s::text[], %(published_at)s,
        CASE WHEN %(published_at)s::timestamptz <= now() THEN %(published_at)s::timestamptz END,
        %(created_at)s, %(updated_at)s) RETURNING id"""
LINK = """
INSERT INTO changelog_post (workspace_id, entry_id, post_number) SELECT %(workspace)s, %(id)s, unnest(%(numbers)s::integer[])
ON CONFLICT DO NOTHING"""
REACT = """
INSERT INTO changelog_reaction (workspace_id, entry_id, user_id, kind, created_at)
VALUES (%(workspace)s, %(entry)s, %(user)s, %(kind)s, %(at)s) ON CONFLICT DO NOTHING"""
FILE = """
INSERT INTO file (workspace_id, name, type, size, sha256, state, user_id, post_number, comment_id, entry_id, created_at)
VALUES (%(workspace)s, %(name)s, %(type)s, %(size)s, %(sha256)s, %(state)s, %(user)s, %(post)s, %(comment)s, %(entry)s,
        %(at)s) RETURNING id"""
MERGE = """
UPDATE post SET merged_into = %(into)s, merged_at = coalesce(%(at)s, now())
 WHERE workspace_id = %(workspace)s AND number = %(number)s AND merged_into IS NULL AND number <> %(into)s
   AND EXISTS (SELECT FROM post t WHERE t.workspace_id = %(workspace)s AND t.number = %(into)s)"""
# The post that this one would be a part of is a part of it itself: up from there it comes again.
CLOSES_CIRCLE = """
WITH RECURSIVE up AS (
  SELECT number, merged_into FROM post WHERE workspace_id = %(workspace)s AND number = %(into)s
   UNION
  SELECT p.number, p.merged_into FROM post p JOIN up ON p.number = up.merged_into WHERE p.workspace_id = %(workspace)s
)
SELECT FROM up WHERE number = %(number)s"""
HOLD = """
SELECT number FROM post WHERE workspace_id = %(workspace)s AND number IN (%(number)s, %(into)s)
 ORDER BY number FOR NO KEY UPDATE"""
REMARK = """
UPDATE import_row SET said = %(said)s
 WHERE workspace_id = %(workspace)s AND import_id = %(import)s AND kind = 'post' AND local = %(number)s"""
CIRCLE = "It was not merged: the post that it was merged into is itself a part of this one."
SHOW = "UPDATE changelog_entry SET body = %(body)s WHERE workspace_id = %(workspace)s AND id = %(id)s AND body = %(before)s"
SHOWN = re.compile(r"\(file:(\d+)\)")
KINDS = ("like", "love", "celebrate", "confused")


def entry(piece: Piece, told: records.Entry) -> str:
    id = told.id or f"row {told.title} {told.published_at}"
    facts = changelog.checked(told.title, told.body, list(told.categories), told.published_at)
    if piece.known("entry", id) is not None:
        return "known"
    numbers = [number for each in told.posts if (number := piece.known("post", each))]
    if piece.is_dry:
        piece.remember("entry", id)
        return "made"
    written = told.created_at or told.published_at or piece.now
    place = {"workspace": piece.workspace.id}
    [made] = db.row(ENTRY, **place, **facts, created_at=written, updated_at=told.updated_at or written)
    if numbers:
        db.changed(LINK, **place, id=made, numbers=numbers)
    piece.remember("entry", id, made)
    return "made"


def reaction(piece: Piece, told: records.Reaction) -> str:
    entry = piece.known("entry", told.entry)
    if entry is None:
        raise Refused("There is no such entry of the changelog in this file.", "entry")
    if told.kind not in KINDS:
        raise Refused(f"A reaction is one of: {', '.join(KINDS)}.", "kind")
    if piece.is_dry:
        return "made"
    user = import_people.person(piece, told.person)
    at = told.created_at or piece.now
    if not db.changed(REACT, workspace=piece.workspace.id, entry=entry, user=user, kind=told.kind, at=at):
        return "known"
    piece.keep(f"reaction {told.kind}", imported.pair(entry, user), user)
    return "made"


def file(piece: Piece, told: records.File) -> str:
    id = told.id or f"row {told.name} {told.post} {told.comment} {told.entry}"
    if piece.known("file", id) is not None:
        return "known"
    try:
        type = attachments.taken(told.data)
    except (UnsupportedMedia, TooLarge, Invalid) as error:
        raise Refused(str(error), "file") from None
    if piece.is_dry:
        piece.remember("file", id)
        return "made"
    place, state = piece.workspace.id, "waiting" if type in media.PICTURES else "ready"
    [made] = db.row(
        FILE, workspace=place, name=media.named(told.name, type), type=type, size=len(told.data), state=state,
        sha256=attachments.keep(place, told.data), at=told.created_at or piece.now, **owner(piece, told),
        user=import_people.person(piece, told.person) if told.person else None,
    )  # fmt: skip
    if state == "waiting":
        jobs.enqueue(attachments.PROCESS, place, queue=attachments.QUEUE, max_attempts=5, file=made)
    piece.remember("file", id, made)
    return "made"


def owner(piece: Piece, told: records.File) -> dict:
    """What it is a part of: of one thing, or of nothing yet."""
    for kind in ("comment", "post", "entry"):
        if (id := getattr(told, kind)) is not None and (local := piece.known(kind, id)):
            return {"post": None, "comment": None, "entry": None} | {kind: local}
    return {"post": None, "comment": None, "entry": None}


# ── what names something of a later row ─────────────────────────────────────────────────────────────────────────────


def names_later(what) -> bool:
    return getattr(what, "merged_into", None) is not None or (isinstance(what, records.Entry) and SHOWN.search(what.body))


def link(piece: Piece, told: records.Post | records.Entry) -> None:
    """Have a post be a part of the one that it was merged into, or an entry show the pictures that are its own here."""
    if isinstance(told, records.Entry):
        show_files(piece, told)
        return
    number, into = piece.known("post", told.id or ""), piece.known("post", told.merged_into or "")
    if number and into:
        merge(piece, number, into, told.merged_at)


def merge(piece: Piece, number: int, into: int, at) -> None:
    """Have a post be a part of another, unless that one is a part of it already."""
    place = {"workspace": piece.workspace.id, "number": number, "into": into}
    db.rows(HOLD, **place)
    if db.row(CLOSES_CIRCLE, **place) is not None:
        db.changed(REMARK, **piece.scope(), number=number, said=CIRCLE)
        return
    db.changed(MERGE, **place, at=at)
    db.changed(import_posts.COUNT, workspace=piece.workspace.id, numbers=[number, into])


def show_files(piece: Piece, told: records.Entry) -> None:
    entry = piece.known("entry", told.id or "")
    body = SHOWN.sub(lambda found: f"(file:{piece.known('file', found[1]) or found[1]})", told.body)
    if entry and body != told.body:
        db.changed(SHOW, workspace=piece.workspace.id, id=entry, before=told.body, body=body)
