"""What the server still has to do for a workspace, and what it could not do, to be tried again or forgotten.

A team sees its own workspace's; who runs the server (`members.is_operator`) sees all, the server's own work too."""

from service import db, jobs
from service.errors import NotFound
from service.feedback.readers import Reader
from service.jobs import Dead, Kind

MOST_DEAD = 50


def kinds(reader: Reader, everywhere: bool) -> list[Kind]:
    """How many jobs wait, run, are tried again or are dead, by kind; of the reader's workspace, or of all."""
    return jobs.overview(None if everywhere else reader.workspace.id)


def dead(reader: Reader, everywhere: bool) -> list[Dead]:
    """The jobs that died last."""
    return jobs.dead(None if everywhere else reader.workspace.id, MOST_DEAD)


@db.verb
def revive(reader: Reader, workspace_id: int, id: int, everywhere: bool) -> bool:
    """Try a dead job again; False when somebody did so before. NotFound when it is not for this reader."""
    allow(reader, workspace_id, everywhere)
    return jobs.revive(workspace_id, id)


@db.verb
def discard(reader: Reader, workspace_id: int, id: int, everywhere: bool) -> bool:
    """Forget a dead job; as `revive`."""
    allow(reader, workspace_id, everywhere)
    return jobs.discard(workspace_id, id)


def allow(reader: Reader, workspace_id: int, everywhere: bool) -> None:
    if workspace_id != reader.workspace.id and not everywhere:
        raise NotFound("There is no such job.")
