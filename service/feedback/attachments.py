"""Files that people send with their feedback: kept once a content, shown only when it is known to be harmless.

A picture waits until the worker has written it anew, without its metadata; what was sent is then thrown away. Everything
else is only ever handed out as a download."""

import hashlib
from datetime import datetime
from typing import NamedTuple

from service import db, events, jobs, retention
from service.errors import Forbidden, Invalid, NotFound, PictureRefused, TooLarge, UnsupportedMedia
from service.feedback import limits
from service.feedback.readers import Reader, readable
from service.jobs import Job
from service.lib import images, media
from service.lib.images import Picture

LARGEST = 10 * 1024 * 1024  # bytes
TOO_LARGE = f"A file has at most {LARGEST >> 20} MB."
MOST = 10  # files of a post or comment
LARGEST_ID = 2**63 - 1

PROCESS = "file.process"  # kind of the job; never renamed
QUEUE = "pictures"  # of its own: what takes seconds of computing holds up nothing else

# Content that is there already is locked, not written: nobody may throw it away before this transaction has its file.
KEEP = """
INSERT INTO content (workspace_id, sha256, data) VALUES (%(workspace)s, %(sha256)s, %(data)s)
ON CONFLICT (workspace_id, sha256) DO UPDATE SET data = content.data WHERE false"""
COLUMNS = """f.id, f.name, f.type, f.size, encode(f.sha256, 'hex'), encode(f.thumbnail_sha256, 'hex'), f.state,
       f.post_number, f.comment_id, f.entry_id, f.width, f.height, f.created_at"""
MAKE = f"""
INSERT INTO file AS f (workspace_id, name, type, size, sha256, state, user_id, person_id)
VALUES (%(workspace)s, %(name)s, %(type)s, %(size)s, %(sha256)s, %(state)s, %(user)s, %(person)s)
RETURNING {COLUMNS}"""

# What is attached is seen by those who see the post, comment or entry; the rest by the team and by who sent it.
VISIBLE = f"""
CASE WHEN f.comment_id IS NOT NULL THEN EXISTS (
       SELECT FROM comment c JOIN post p ON p.workspace_id = c.workspace_id AND p.number = c.post_number
        WHERE c.workspace_id = f.workspace_id AND c.id = f.comment_id AND c.deleted_at IS NULL
          AND (%(member)s OR (NOT c.internal AND (c.held_at IS NULL OR c.user_id = %(user)s))) AND {readable()})
     WHEN f.post_number IS NOT NULL THEN EXISTS (
       SELECT FROM post p WHERE p.workspace_id = f.workspace_id AND p.number = f.post_number AND {readable()})
     WHEN f.entry_id IS NOT NULL THEN %(member)s OR EXISTS (
       SELECT FROM changelog_entry e
        WHERE e.workspace_id = f.workspace_id AND e.id = f.entry_id AND e.published_at <= now())
     ELSE %(member)s OR f.user_id = %(user)s END"""
FIND = f"SELECT {COLUMNS} FROM file f WHERE f.workspace_id = %(workspace)s AND f.id = %(id)s AND {VISIBLE}"
LIST = f"""
SELECT {COLUMNS} FROM file f
 WHERE f.workspace_id = %(workspace)s AND (%(after)s IS NULL OR f.id < %(after)s) AND {VISIBLE}
 ORDER BY f.id DESC LIMIT %(most)s"""
OF_POST = f"""
SELECT {COLUMNS} FROM file f
 WHERE f.workspace_id = %(workspace)s AND f.post_number = %(number)s AND {VISIBLE} ORDER BY f.id"""
OF_COMMENTS = f"""
SELECT {COLUMNS} FROM file f
 WHERE f.workspace_id = %(workspace)s AND f.comment_id = ANY(%(comments)s) AND {VISIBLE} ORDER BY f.id"""
# Of an entry itself, or what a member sent for one that is not saved yet. Users' files are never anybody else's pictures.
PICTURES = f"""
SELECT {COLUMNS} FROM file f
 WHERE f.workspace_id = %(workspace)s AND f.type = ANY(%(types)s) AND f.state <> 'refused'
   AND (f.entry_id = ANY(%(entries)s::bigint[]) OR (%(member)s AND f.id = ANY(%(ids)s::bigint[]) AND f.person_id IS NOT NULL
        AND {retention.UNUSED}))
   AND {VISIBLE}"""
ADOPT = f"""
UPDATE file SET entry_id = %(entry)s
 WHERE workspace_id = %(workspace)s AND id = ANY(%(ids)s) AND {retention.UNUSED} AND person_id IS NOT NULL
   AND type = ANY(%(types)s) AND state <> 'refused'"""
CONTENT = "SELECT data FROM content WHERE workspace_id = %(workspace)s AND sha256 = decode(%(sha256)s, 'hex')"

HOLD = "SELECT id FROM file WHERE workspace_id = %(workspace)s AND id = ANY(%(ids)s) ORDER BY id FOR NO KEY UPDATE"
ATTACH = f"""
UPDATE file SET post_number = %(post)s, comment_id = %(comment)s
 WHERE workspace_id = %(workspace)s AND id = ANY(%(ids)s) AND {retention.UNUSED}
   AND state <> 'refused' AND (%(member)s OR user_id = %(user)s)"""
DELETE = f"""
DELETE FROM file WHERE workspace_id = %(workspace)s AND id = %(id)s
   AND (%(member)s OR ({retention.UNUSED})) RETURNING sha256, thumbnail_sha256"""

WAITING = """
SELECT f.name, f.sha256, c.data FROM file f JOIN content c ON c.workspace_id = f.workspace_id AND c.sha256 = f.sha256
 WHERE f.workspace_id = %(workspace)s AND f.id = %(id)s AND f.state = 'waiting'"""
FINISH = """
UPDATE file SET state = %(state)s, name = %(name)s, type = coalesce(%(type)s, type), size = %(size)s, sha256 = %(sha256)s,
       thumbnail_sha256 = %(thumbnail)s, width = %(width)s, height = %(height)s
 WHERE workspace_id = %(workspace)s AND id = %(id)s AND state = 'waiting'"""


class File(NamedTuple):
    id: int
    name: str
    type: str  # media type
    size: int
    sha256: str  # hexadecimal
    thumbnail: str | None  # the same of its thumbnail
    state: str  # waiting, ready or refused
    post: int | None
    comment: int | None
    entry: int | None  # of the changelog
    width: int | None  # of a picture that is ready, in pixels
    height: int | None
    created_at: datetime

    @property
    def is_picture(self) -> bool:
        return self.type in media.PICTURES


def put(reader: Reader, name: str, data: bytes) -> File:
    """Keep a file, for now of no post; it is thrown away after a day unless one takes it.

    Raises as of `taken`, and RateLimited after too many a day."""
    type = taken(data)
    count(reader, len(data))
    return store(reader, name, type, data)


def taken(data: bytes) -> str:
    """The media type of a file, by its bytes: UnsupportedMedia when it is nothing we take, TooLarge, Invalid when it is
    empty."""
    if not data:
        raise Invalid(file="This file is empty.")
    if len(data) > LARGEST:
        raise TooLarge(TOO_LARGE)
    type = media.type_of(data)
    if type is None:
        raise UnsupportedMedia("Send a picture (PNG, JPEG, WebP, GIF), a PDF, a video (MP4) or plain text (UTF-8).")
    return type


def count(reader: Reader, size: int, network: str | None = None) -> None:
    """Count a file of so many bytes, which came from this network; raises RateLimited. Users take nothing from the team."""
    if reader.is_member:
        limits.team_file(reader.workspace.id)
    else:
        limits.user_file(reader.workspace.id, reader.user, network, size)


@db.verb
def store(reader: Reader, name: str, type: str, data: bytes) -> File:
    workspace, state = reader.workspace.id, "waiting" if type in media.PICTURES else "ready"
    made = db.row(MAKE, workspace=workspace, name=media.named(name, type), type=type, size=len(data),
                  sha256=keep(workspace, data), state=state, **reader.actor())  # fmt: skip
    file = File(*made)
    if state == "waiting":
        jobs.enqueue(PROCESS, workspace, queue=QUEUE, max_attempts=5, file=file.id)
    about = {"file": file.id, "type": type, "size": file.size}
    events.record("file.created", workspace, data=about, **reader.actor())
    return file


def keep(workspace_id: int, data: bytes) -> bytes:
    """Have this content, until the transaction ends for certain and after it for those who refer to it; its SHA-256."""
    digest = hashlib.sha256(data).digest()
    db.changed(KEEP, workspace=workspace_id, sha256=digest, data=data)
    return digest


def find(reader: Reader, id: int) -> File:
    """One file that this reader may see, or NotFound."""
    row = db.row(FIND, **reader.scope(), id=id)
    if row is None:
        raise NotFound("There is no such file.")
    return File(*row)


def of(reader: Reader, most: int, after: int | None = None) -> list[File]:
    """`most` files that this reader may see, the newest first, `after` the one of this id in this order."""
    return [File(*row) for row in db.rows(LIST, **reader.scope(), most=most, after=after)]


def of_post(reader: Reader, number: int) -> list[File]:
    """The files of a post, without those of its comments; none when this reader may not see it."""
    return [File(*row) for row in db.rows(OF_POST, **reader.scope(), number=number)]


def of_comments(reader: Reader, ids: list[int]) -> dict[int, list[File]]:
    """The files of each of these comments that has some and that this reader may see."""
    found = {}
    for row in db.rows(OF_COMMENTS, **reader.scope(), comments=ids):
        found.setdefault(File(*row).comment, []).append(File(*row))
    return found


def of_comment(reader: Reader, id: int) -> list[File]:
    """The same of one comment."""
    return of_comments(reader, [id]).get(id, [])


def pictures(reader: Reader, entries: list[int], ids: list[int] = ()) -> dict[int, File]:
    """The pictures of these changelog entries, by their id; for members also those with these `ids` that were sent for an
    entry that is not saved yet."""
    wanted = {"entries": list(entries), "ids": list(ids), "types": sorted(media.PICTURES)}
    return {File(*row).id: File(*row) for row in db.rows(PICTURES, **reader.scope(), **wanted)}


def shown(workspace_id: int, id: int) -> File | None:
    """The file, to whom was given its address; None when it, its post or its comment was deleted meanwhile."""
    row = db.row(FIND, workspace=workspace_id, user=None, member=True, id=id)
    return File(*row) if row else None


def content(workspace_id: int, sha256: str) -> bytes | None:
    """The bytes with this hash, if they are still there."""
    row = db.row(CONTENT, workspace=workspace_id, sha256=sha256)
    return bytes(row[0]) if row else None


def hold(reader: Reader, files: list[int]) -> None:
    """Let nobody change these files until the transaction ends: for a verb that takes the counter before it attaches
    them. Whether they are there `attach` finds out."""
    db.rows(HOLD, workspace=reader.workspace.id, ids=[id for id in files if 0 < id <= LARGEST_ID])


def attach(reader: Reader, files: list[int], *, post: int | None = None, comment: int | None = None) -> None:
    """Make these files a part of a new post or comment, within the transaction of the caller's verb.

    They must be the reader's own (for members: of the workspace) and of nothing else yet, or Invalid."""
    if len(files) > MOST:
        raise Invalid(files=f"Attach at most {MOST} files.")
    wanted = {id for id in files if 0 < id <= LARGEST_ID}
    hold(reader, list(wanted))
    taken = db.changed(ATTACH, **reader.scope(), ids=list(wanted), post=post, comment=comment)
    if taken < len(set(files)):
        raise Invalid(files="There is no such file, or it could not be read, or it is part of something else; send it anew.")


def adopt(reader: Reader, files: list[int], entry: int) -> None:
    """Make these pictures a part of a changelog entry, within the transaction of the caller's verb. What is no picture of
    the team's, or is of something else already, stays what it is: the entry does not show it."""
    if wanted := [id for id in files if 0 < id <= LARGEST_ID]:
        hold(reader, wanted)
        db.changed(ADOPT, workspace=reader.workspace.id, ids=wanted, entry=entry, types=sorted(media.PICTURES))


@db.verb
def delete(reader: Reader, id: int) -> None:
    """Throw a file away, and its content when no other has it. Who sent it may do so until it is part of a post; members
    always. NotFound when there is none, so the second time too."""
    find(reader, id)
    row = db.row(DELETE, **reader.scope(), id=id)
    if row is None:
        raise Forbidden("This file is part of a post; only the team can take it away.")
    retention.drop(reader.workspace.id, [bytes(digest) for digest in row if digest])
    events.record("file.deleted", reader.workspace.id, data={"file": id}, **reader.actor())


# ── in the worker ───────────────────────────────────────────────────────────────────────────────────────────────────


def process(job: Job) -> None:
    """Write the picture `file` anew, and make it ready or refuse it."""
    row = db.row(WAITING, workspace=job.workspace_id, id=job.args["file"])
    if row is None:
        return  # it was deleted, or is done
    name, original, data = row
    try:
        picture = images.clean(bytes(data))
    except PictureRefused:
        picture = None
    finish(job, name, bytes(original), picture)


@db.verb
def finish(job: Job, name: str, original: bytes, picture: Picture | None) -> None:
    clean = picture.data if picture else b""  # a refused file refers to nothing, which is content too
    wanted = [clean, picture.thumbnail] if picture else [clean]
    # in one order always: two pictures at once must not wait for each other
    kept = {data: keep(job.workspace_id, data) for data in sorted(wanted, key=lambda data: hashlib.sha256(data).digest())}
    db.changed(
        FINISH, workspace=job.workspace_id, id=job.args["file"], state="ready" if picture else "refused",
        name=media.named(name, picture.type) if picture else name, type=picture and picture.type, size=len(clean),
        sha256=kept[clean], thumbnail=picture and kept[picture.thumbnail],
        width=picture and picture.width, height=picture and picture.height,
    )  # fmt: skip
    retention.drop(job.workspace_id, [original, *kept.values()])
    job.complete()
