"""Erases the workspaces whose time has come (closing): at first nobody gets in any more, then the rows go, in pieces, those
before which others stand. Stopped or killed at any moment, the next run goes on; two runs at once take turns by the piece.

All that belongs to a workspace stands in CLEARED; a test holds it against the schema."""

import logging
import secrets
import time

from service import db, jobs
from service.feedback import billing, leaving
from service.feedback.closing import LIVES

log = logging.getLogger("sayso.clearing")

ERASE = "workspace.erase"  # kind of the job
AT_ONCE, HEAVY_AT_ONCE = 2000, 20  # rows a statement; of those that are large, or much hangs on
SECONDS = 30  # after which the rest is another job's

# in this order: what refers to a row goes before it
CLEARED = (
    "job", "job_dead", "repeated_request", "spent_token", "delivery_attempt", "delivery", "endpoint_reached", "letter",
    "export_part", "export", "former_address", "import_row", "import_part", "imported", "import", "segment_wish",
    "post_worth", "insight", "insight_count", "likely_duplicate", "dismissed_duplicate", "post_embedding", "post_tag",
    "changelog_reaction", "changelog_post", "vote", "follower", "file", "content", "post_revision", "comment", "action",
    "saved_view", "event", "post", "changelog_entry", "board_segment", "segment_user", "segment", "field", "tag",
    "blocked_address", "mailing", "user_link", "suppression", '"user"', "company", "identity_secret", "endpoint", "board",
    "status", "workspace_logo", "subscription", "api_key", "member", "workspace_counter",
)  # fmt: skip
HEAVY = {"post", "content", "import_part", "export_part"}
CLEAR = """
DELETE FROM {table} WHERE ctid = ANY(ARRAY(
  SELECT ctid FROM {table} WHERE workspace_id = %(workspace)s LIMIT {most} FOR UPDATE SKIP LOCKED))"""
STATEMENTS = {table: CLEAR.format(table=table, most=HEAVY_AT_ONCE if table in HEAVY else AT_ONCE) for table in CLEARED}

# the operator's own work, so it looks at all workspaces
DUE = f"""
SELECT w.id FROM workspace w WHERE w.erase_at <= now() AND NOT {LIVES.format(workspace="w.id")} ORDER BY w.erase_at, w.id"""
HOLD = f"""
SELECT FROM workspace w WHERE w.id = %(workspace)s AND w.erase_at <= now() AND NOT {LIVES.format(workspace="w.id")}
   FOR UPDATE"""
# Its board, its pages and its snippet are nobody's from here on, and whoever wants its address can have it. The one that it
# gets is random, or somebody could take it before.
CLOSE = """
UPDATE workspace SET slug = %(slug)s, name = '…', former_slugs = '{}', domain = NULL,
       domain_seen_at = NULL, key_generation = key_generation + 1, key_oldest = key_generation + 1, revoked_kids = '{}',
       origins = '{}', loaded_from = NULL, sign_in_url = NULL, logo = NULL
 WHERE id = %(workspace)s"""
# Who is in no other team, nor asked into one, and does not run the server. Whoever invites them at this moment waits for
# their row, and then makes another.
LONELY = """
SELECT p.id FROM person p JOIN member m ON m.person_id = p.id
 WHERE m.workspace_id = %(workspace)s
   AND NOT EXISTS (SELECT FROM member o WHERE o.person_id = p.id AND o.workspace_id <> %(workspace)s)
   AND NOT EXISTS (SELECT FROM installation WHERE operator_id = p.id)
 ORDER BY p.id FOR UPDATE OF p"""
STILL_LONELY = """
SELECT id FROM unnest(%(persons)s::bigint[]) AS id WHERE NOT EXISTS (SELECT FROM member WHERE person_id = id)"""
DROP_MEMBERS = "DELETE FROM member WHERE workspace_id = %(workspace)s"
DROP_LINKS = """
DELETE FROM sign_in_link l USING person p
 WHERE p.id = ANY(%(persons)s) AND lower(p.email) IN (lower(l.email), lower(l.former))"""
DROP_PERSONS = "DELETE FROM person WHERE id = ANY(%(persons)s)"  # and their sessions
FORGET_DEMO = "UPDATE installation SET demo_id = NULL WHERE demo_id = %(workspace)s"
DROP_COUNTS = "DELETE FROM rate WHERE key ~ ('^[a-z-]+:' || %(workspace)s || '(:|$)')"
DROP = "DELETE FROM workspace WHERE id = %(workspace)s"
LATE = ("job", "job_dead")  # no key holds them: somebody may have written one meanwhile


def erase_due(job: jobs.Job) -> None:
    """Erase what is due, for a while; what is left is the next job's. One that fails does not keep the others; this job then
    fails in the end, and is tried again."""
    ends, failures = time.monotonic() + SECONDS, []
    for (workspace_id,) in db.rows(DUE, is_billed=billing.is_on()):
        try:
            is_over = erase(workspace_id, ends)
        except Exception as error:
            log.warning("workspace %s could not be erased (%s)", workspace_id, type(error).__name__)
            failures.append(error)
            continue
        if not is_over:
            jobs.enqueue(ERASE, jobs.OURS, unique_key="rest")
            break
    if failures:
        raise failures[0]
    job.complete()


def erase(workspace_id: int, ends: float) -> bool:
    """Erase a workspace that is due; returns whether nothing is left of it. Other workspaces are not touched."""
    if not close(workspace_id):
        return True
    for table in CLEARED:
        while db.changed(STATEMENTS[table], workspace=workspace_id):
            if time.monotonic() > ends:
                return False
    finish(workspace_id)
    return True


@db.verb
def close(workspace_id: int) -> bool:
    """Let nobody in any more, and forget the people who were here only; again, also those who came meanwhile. False when it
    is not due, or gone."""
    if db.row(HOLD, workspace=workspace_id, is_billed=billing.is_on()) is None:
        return False
    db.changed(CLOSE, workspace=workspace_id, slug=f"erased-{secrets.token_hex(16)}")
    lonely = [id for (id,) in db.rows(LONELY, workspace=workspace_id)]
    db.changed(DROP_MEMBERS, workspace=workspace_id)
    persons = [id for (id,) in db.rows(STILL_LONELY, persons=lonely)]
    db.changed(DROP_LINKS, persons=persons)
    db.changed(DROP_PERSONS, persons=persons)
    leaving.part(workspace_id)
    return True


@db.verb
def finish(workspace_id: int) -> None:
    """Take the last row away, and with it what was written while the others went."""
    db.row(HOLD, workspace=workspace_id, is_billed=billing.is_on())
    for table in LATE:
        db.changed(STATEMENTS[table], workspace=workspace_id)
    db.changed(DROP_COUNTS, workspace=workspace_id)
    db.changed(FORGET_DEMO, workspace=workspace_id)
    db.changed(DROP, workspace=workspace_id)
