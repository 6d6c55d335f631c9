"""Keeping somebody out who does harm: nothing more is taken from them, and what comes from where they came waits for the
team (blocked_addresses). What they wrote stays. For admins."""

from service import db, events
from service.errors import Conflict
from service.feedback import blocked_addresses, users
from service.feedback.readers import Reader
from service.feedback.users import MEMBER

# Their sessions end with the number that is in them.
BLOCK = """
UPDATE "user" SET blocked_at = now(), session_version = session_version + 1
 WHERE workspace_id = %(workspace)s AND id = ANY(%(ids)s) AND blocked_at IS NULL RETURNING id"""
UNBLOCK = """
UPDATE "user" SET blocked_at = NULL WHERE workspace_id = %(workspace)s AND id = %(id)s AND blocked_at IS NOT NULL"""
SIGN_OUT = 'UPDATE "user" SET session_version = session_version + 1 WHERE workspace_id = %(workspace)s AND id = %(id)s'
IS_OF_THE_TEAM = f"""
SELECT FROM "user" u JOIN member m ON m.workspace_id = u.workspace_id AND u.external_id = '{MEMBER}' || m.person_id
 WHERE u.workspace_id = %(workspace)s AND u.id = ANY(%(ids)s)"""


@db.verb
def block(reader: Reader, external_id: str) -> None:
    """Take nothing more from a user, and end their sessions; what they wrote stays. Again, nothing happens. Conflict
    when they are of the team."""
    block_each(reader, [users.find(reader.workspace, external_id).id])


def block_each(reader: Reader, ids: list[int]) -> None:
    """The same by our own ids, as a part of another verb."""
    if db.row(IS_OF_THE_TEAM, workspace=reader.workspace.id, ids=ids) is not None:
        raise Conflict("This is someone of the team; remove them from it first.", "is_member")
    blocked = [id for (id,) in db.rows(BLOCK, workspace=reader.workspace.id, ids=ids)]
    blocked_addresses.block_of(reader, blocked)
    for id in blocked:
        events.record("user.blocked", reader.workspace.id, user=id, person=reader.person)


@db.verb
def unblock(reader: Reader, external_id: str) -> None:
    """Let a user in again who was blocked, and from where they came; one who is not stays as they are."""
    id = users.find(reader.workspace, external_id).id
    if db.changed(UNBLOCK, workspace=reader.workspace.id, id=id):
        blocked_addresses.lift_of(reader, id)
        events.record("user.unblocked", reader.workspace.id, user=id, person=reader.person)


@db.verb
def sign_out(reader: Reader, external_id: str) -> None:
    """End a user's sessions, wherever they are: their next needs a new token of the customer's."""
    id = users.find(reader.workspace, external_id).id
    db.changed(SIGN_OUT, workspace=reader.workspace.id, id=id)
    events.record("user.signed_out", reader.workspace.id, user=id, person=reader.person)
