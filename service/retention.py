"""What is kept only for a time, deleted in small pieces: no statement runs long, and none is undone by another."""

from service import db
from service.jobs import Job

PRUNE = "rows.prune"  # kind of the job
AT_ONCE = 5000  # rows a statement
POSTS_AT_ONCE = 20  # each with its votes, comments and files

# table, column of its age, days; the operator's own work, so it looks at all workspaces
KEPT = [
    ("letter", "created_at", 400),
    ("event", "created_at", 400),
    ("action", "created_at", 400),
    ("export", "created_at", 400),  # what was asked for when; its file goes much earlier
    ("stripe_event", "created_at", 90),
    ("delivery", "created_at", 30),
    ("job_dead", "died_at", 30),
    ("session", "created_at", 30),
    ("measurement", "hour", 30),
    ("slow_query", "last_seen", 30),
    ("cron_run", "due_at", 7),
    ("user_link", "created_at", 8),
    ("sign_in_link", "created_at", 1),
    ("spent_token", "created_at", 1),
    ("identity_secret", "ends_at", 30),  # what it vouched for is over by then
    ("blocked_address", "ends_at", 0),
    ("rate", "window_start", 1),
    ("repeated_request", "created_at", 1),
]
DELETE = """
DELETE FROM {table} WHERE ctid = ANY(ARRAY(
  SELECT ctid FROM {table} WHERE {age} < now() - %(days)s * interval '1 day'{more} LIMIT %(most)s))"""
STATEMENTS = [(DELETE.format(table=table, age=age, more=""), days) for table, age, days in KEPT]

DELETED_DAYS = 30  # in which a deleted post can be brought back; then a deleted comment's words go, too
POSTS = DELETE.format(table="post", age="deleted_at", more="")
UNUSED_DAYS = 1  # for a file to become part of a post, a comment or an entry
UNUSED = "post_number IS NULL AND comment_id IS NULL AND entry_id IS NULL"
UNUSED_FILES = DELETE.format(table="file", age="created_at", more=f" AND {UNUSED}")
FILES_OF_DELETED_COMMENTS = """
DELETE FROM file WHERE ctid = ANY(ARRAY(
  SELECT f.ctid FROM file f JOIN comment c ON c.workspace_id = f.workspace_id AND c.id = f.comment_id
   WHERE c.deleted_at < now() - %(days)s * interval '1 day' LIMIT %(most)s))"""
EMPTY_DELETED_COMMENTS = """
UPDATE comment SET body = '' WHERE ctid = ANY(ARRAY(
  SELECT ctid FROM comment WHERE deleted_at < now() - %(days)s * interval '1 day' AND body <> '' LIMIT %(most)s))"""
EXPORT_DAYS = 7  # for which the file of an export is there
EXPIRE_EXPORTS = """
UPDATE export SET state = 'gone', said = 'It was kept for %(days)s days.' WHERE ctid = ANY(ARRAY(
  SELECT ctid FROM export WHERE state = 'ready' AND finished_at < now() - %(days)s * interval '1 day' LIMIT %(most)s))"""
# also what was left of others, should their own job not have come to it
PARTS_OF_EXPORTS = """
DELETE FROM export_part WHERE ctid = ANY(ARRAY(
  SELECT p.ctid FROM export_part p JOIN export e ON e.workspace_id = p.workspace_id AND e.id = p.export_id
   WHERE e.state NOT IN ('running', 'ready') LIMIT %(most)s))"""
IMPORT_HOURS = 1  # in which an import can be undone, after it has ended
FILE_DAYS = 1  # for which a file is kept that was sent and is not imported yet
PARTS_OF_IMPORTS = """
DELETE FROM import_part WHERE ctid = ANY(ARRAY(
  SELECT p.ctid FROM import_part p JOIN import i ON i.workspace_id = p.workspace_id AND i.id = p.import_id
   WHERE i.state NOT IN ('waiting', 'running')
     AND coalesce(i.finished_at, i.created_at) < now() - %(days)s * interval '1 day' LIMIT %(most)s))"""
ROWS_DAYS = 400  # for which it is known what became of each row of an import; what it has made is known for ever
ROWS_OF_IMPORTS = """
DELETE FROM import_row WHERE ctid = ANY(ARRAY(
  SELECT r.ctid FROM import i JOIN import_row r ON r.workspace_id = i.workspace_id AND r.import_id = i.id
   WHERE i.created_at < now() - %(days)s * interval '1 day' LIMIT %(most)s))"""
DRAFTS = DELETE.format(table="import", age="created_at", more=" AND state = 'draft'")
PARTS_AT_ONCE = 50  # a megabyte each
NETWORK_DAYS = 30  # for which it is known that two without an account came from one place
FORGET_NETWORKS = """
UPDATE "user" SET network_tag = NULL WHERE ctid = ANY(ARRAY(
  SELECT ctid FROM "user" WHERE network_tag IS NOT NULL AND first_seen_at < now() - %(days)s * interval '1 day'
   LIMIT %(most)s))"""

# Content is held in one statement and deleted in the next, which sees every file that was made meanwhile; a new one has to
# wait. What is locked is in use (attachments.KEEP), or comes up again at the next round.
UNREFERRED = """
NOT EXISTS (SELECT FROM file f WHERE f.workspace_id = c.workspace_id AND f.sha256 = c.sha256)
AND NOT EXISTS (SELECT FROM file f WHERE f.workspace_id = c.workspace_id AND f.thumbnail_sha256 = c.sha256)"""
HOLD_CONTENT = """
SELECT sha256 FROM content WHERE workspace_id = %(workspace)s AND sha256 = ANY(%(hashes)s)
 ORDER BY sha256 FOR UPDATE SKIP LOCKED"""
DROP_CONTENT = f"""
DELETE FROM content c WHERE c.workspace_id = %(workspace)s AND c.sha256 = ANY(%(hashes)s) AND {UNREFERRED}"""
# a walk through all content, in its own order
PIECE = f"""
SELECT c.workspace_id, c.sha256, {UNREFERRED} FROM content c
 WHERE (c.workspace_id, c.sha256) > (%(workspace)s, %(sha256)s) ORDER BY c.workspace_id, c.sha256 LIMIT %(most)s"""

# Of models that neither answer nor are about to: as many looks into the index as there are workspaces. A row is held, so
# that no model begins to be used again meanwhile; and other processes know for some seconds only who answered before.
FORMER_MODELS = """
WITH RECURSIVE kept AS (
  (SELECT workspace_id, model FROM post_embedding ORDER BY workspace_id, model LIMIT 1)
  UNION ALL
  SELECT next.workspace_id, next.model FROM kept CROSS JOIN LATERAL (
    SELECT e.workspace_id, e.model FROM post_embedding e WHERE (e.workspace_id, e.model) > (kept.workspace_id, kept.model)
     ORDER BY e.workspace_id, e.model LIMIT 1) next
)
SELECT kept.workspace_id, kept.model FROM kept, installation
 WHERE model <> embedding_model AND model IS DISTINCT FROM embedding_next"""
USED_MODELS = """
SELECT embedding_model, embedding_next, embedding_since > now() - interval '1 minute' FROM installation FOR SHARE"""
DROP_VECTORS = """
DELETE FROM post_embedding WHERE ctid = ANY(ARRAY(
  SELECT ctid FROM post_embedding WHERE workspace_id = %(workspace)s AND model = %(model)s
   ORDER BY post_number LIMIT %(most)s))"""


def prune(job: Job) -> None:  # noqa: ARG001 (a handler takes its job)
    """Delete what is older than it is kept, the content of files that no file has any more, and vectors of former models."""
    for statement, days in STATEMENTS:
        delete(statement, days)
    delete(UNUSED_FILES, UNUSED_DAYS)
    delete(FILES_OF_DELETED_COMMENTS, DELETED_DAYS)
    delete(EMPTY_DELETED_COMMENTS, DELETED_DAYS)
    delete(FORGET_NETWORKS, NETWORK_DAYS)
    delete(POSTS, DELETED_DAYS, POSTS_AT_ONCE)
    delete(EXPIRE_EXPORTS, EXPORT_DAYS)
    delete(PARTS_OF_EXPORTS, EXPORT_DAYS, PARTS_AT_ONCE)
    delete(PARTS_OF_IMPORTS, FILE_DAYS, PARTS_AT_ONCE)
    delete(DRAFTS, FILE_DAYS)
    delete(ROWS_OF_IMPORTS, ROWS_DAYS)
    drop_all()
    for workspace, model in db.rows(FORMER_MODELS):
        while drop_vectors(workspace, model) == AT_ONCE:
            pass


def delete(statement: str, days: int, most: int | None = None) -> None:
    most = most or AT_ONCE
    while db.changed(statement, days=days, most=most) == most:
        pass


@db.verb
def drop(workspace_id: int, hashes: list[bytes]) -> None:
    """Delete the content with these hashes, unless a file has it."""
    if not hashes:
        return
    held = [bytes(row[0]) for row in db.rows(HOLD_CONTENT, workspace=workspace_id, hashes=hashes)]
    db.changed(DROP_CONTENT, workspace=workspace_id, hashes=held)


def drop_all() -> None:
    """Delete all content that no file has: a deleted post takes its files with it, but not what is in them."""
    workspace, sha256 = 0, b""
    while piece := db.rows(PIECE, workspace=workspace, sha256=sha256, most=AT_ONCE):
        left = {}
        for workspace, digest, is_left in piece:
            sha256 = bytes(digest)
            if is_left:
                left.setdefault(workspace, []).append(sha256)
        for place, hashes in left.items():
            drop(place, hashes)


@db.verb
def drop_vectors(workspace_id: int, model: str) -> int:
    """Delete some vectors of a model, unless it is in use, or was a moment ago; returns how many."""
    *used, is_fresh = db.row(USED_MODELS)
    return 0 if is_fresh or model in used else db.changed(DROP_VECTORS, workspace=workspace_id, model=model, most=AT_ONCE)
