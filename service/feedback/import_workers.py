"""Who works on an import: a job, or somebody by the command line. Nobody, when they died without a word of it."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from peewee import OperationalError

from service import db
from service.errors import SaysoError, SettingError
from service.feedback.passing import QUEUE
from service.feedback.readers import Reader
from service.feedback.workspaces import Workspace

WORK, UNDO = "import.work", "import.undo"  # kinds of the jobs; never renamed
LOCKED_OUT, TURNS = "55P03", 30  # code of a lock that was waited for in vain; how often one waits for it

ITS_JOB = f"""
  SELECT FROM job WHERE job.workspace_id = import.workspace_id AND job.queue = '{QUEUE}'
     AND job.kind IN ('{WORK}', '{UNDO}') AND (job.args->>'import')::bigint = import.id"""
NO_JOB = f"NOT EXISTS ({ITS_JOB} AND claim IS NULL) AND NOT EXISTS ({ITS_JOB} AND claim IS NOT NULL)"
BY_HAND = """
  SELECT FROM pg_locks l JOIN pg_database d ON d.oid = l.database AND d.datname = current_database()
   WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 2 AND l.objid::bigint = import.workspace_id
     AND l.classid::bigint = hashtext('sayso import by hand')::bigint & 4294967295"""
# SQL: is this import under way with nobody who works on it?
LOST = f"state IN ('waiting', 'running', 'undoing') AND {NO_JOB} AND NOT EXISTS ({BY_HAND})"
# Of two imports into a workspace one writes at a time: what both hold is made once.
ALONE = "SELECT pg_advisory_xact_lock(hashtext('sayso import'), %(workspace)s::integer)"
LOCKED = "SELECT pg_try_advisory_lock(hashtext('sayso import by hand'), %(workspace)s::integer)"
UNLOCK = "SELECT pg_advisory_unlock(hashtext('sayso import by hand'), %(workspace)s::integer)"
SETTLE = f"""
UPDATE import SET state = 'stopped', finished_at = now()
 WHERE workspace_id = %(workspace)s AND state IN ('waiting', 'running') AND {NO_JOB}"""


class Busy(SaysoError):
    """Another import writes into this workspace just now."""


@contextmanager
def by_hand(reader: Reader) -> Iterator[None]:
    """While nobody else imports into this workspace by the command line; SettingError when somebody does. What one that died
    has left under way is stopped."""
    workspace = reader.workspace.id
    if not db.row(LOCKED, workspace=workspace)[0]:
        raise SettingError("Another `sayso import` is at work on this workspace; let it finish, or stop it.")
    try:
        db.changed(SETTLE, workspace=workspace)
        yield
    finally:
        with suppress(*db.GONE):
            db.row(UNLOCK, workspace=workspace)


def in_turn(deed, *arguments) -> None:
    """Do this as soon as no other import writes into the workspace: that may take longer than a statement may."""
    for left in reversed(range(TURNS)):
        try:
            return deed(*arguments)
        except Busy:
            if not left:
                raise


def alone(workspace: Workspace) -> None:
    """Let no other import write into this workspace until the transaction ends; the first thing in it. Raises Busy."""
    try:
        db.row(ALONE, workspace=workspace.id)
    except OperationalError as error:
        if db.code(error) != LOCKED_OUT:
            raise
        raise Busy("Another import is at work on this workspace; run it again when that has ended.") from None
