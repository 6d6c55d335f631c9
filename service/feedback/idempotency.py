"""A request that is sent again, because its answer was lost, is done once: its Idempotency-Key stands for its answer."""

from collections.abc import Callable
from typing import NamedTuple

from service import db
from service.errors import Conflict
from service.feedback.workspaces import Workspace
from service.lib import sealing, tokens

# A second request of the same key waits here until the first is through.
CLAIM = """
INSERT INTO repeated_request (workspace_id, key, fingerprint) VALUES (%(workspace)s, %(key)s, %(fingerprint)s)
ON CONFLICT ON CONSTRAINT one_request_per_key DO NOTHING RETURNING true"""
KEEP = """
UPDATE repeated_request SET status = %(status)s, location = %(location)s, sealed = %(sealed)s
 WHERE workspace_id = %(workspace)s AND key = %(key)s"""
KEPT = """
SELECT fingerprint, status, location, sealed FROM repeated_request WHERE workspace_id = %(workspace)s AND key = %(key)s"""


class Answer(NamedTuple):
    status: int
    location: str | None
    body: bytes | None


@db.verb
def once(workspace: Workspace, key: str, request: bytes, work: Callable[[], Answer]) -> Answer:
    """What `work` answers, or what it answered when this workspace used the key before, within a day.

    `work` is part of the transaction, so that it is done if and only if its answer is kept; a request that was refused
    leaves nothing, and may be sent again corrected. Conflict when `request` (method, path, body) is another one."""
    place = {"workspace": workspace.id, "key": key}
    fingerprint = tokens.hashed(request)
    if db.row(CLAIM, **place, fingerprint=fingerprint):
        made = work()
        sealed = None if made.body is None else sealing.seal(made.body.decode())
        db.changed(KEEP, **place, status=made.status, location=made.location, sealed=sealed)
        return made
    kept = db.row(KEPT, **place)
    if kept is None:  # it became a day old at this moment
        raise Conflict("The answer to this key has just been forgotten; take a new key.", "idempotency_key_reused")
    before, status, location, sealed = kept
    if bytes(before) != fingerprint:
        raise Conflict("This Idempotency-Key was used for another request; take a new one.", "idempotency_key_reused")
    body = sealing.unseal(sealed) if sealed else None
    if sealed and body is None:
        raise Conflict("The answer to this key can no longer be read; take a new key.", "idempotency_key_reused")
    return Answer(status, location, body and body.encode())
