"""The first hour: what a new team does until their users are heard, read from what is there, never from what was clicked."""

from typing import NamedTuple

from service import db, events
from service.feedback import workspaces
from service.feedback.readers import Reader
from service.feedback.workspaces import Workspace

RECENT = 200  # users, among whom one that their server named must be: who signs tokens signs them for everybody
FIRST = 200  # posts, among which one that the team did not write itself must be

# A few looks into indexes, however much the workspace holds.
STEPS = f"""
SELECT w.loaded_at IS NOT NULL, coalesce(w.loaded_from, ''),
       EXISTS (
         SELECT FROM (SELECT author_id FROM post p WHERE p.workspace_id = w.id ORDER BY number LIMIT {FIRST}) first
           LEFT JOIN "user" u ON u.workspace_id = w.id AND u.id = first.author_id WHERE u.kind IS DISTINCT FROM 'member'),
       (SELECT count(*) FROM (SELECT FROM member m WHERE m.workspace_id = w.id LIMIT 2) few) > 1,
       EXISTS (SELECT FROM identity_secret i WHERE i.workspace_id = w.id) AND EXISTS (
         SELECT FROM (SELECT kind FROM "user" u WHERE u.workspace_id = w.id
                       ORDER BY last_seen_at DESC, id DESC LIMIT {RECENT}) recent WHERE kind = 'identified'),
       EXISTS (SELECT FROM api_key k WHERE k.workspace_id = w.id AND k.used_at IS NOT NULL)
  FROM workspace w WHERE w.id = %(workspace)s"""
DISMISS = """
UPDATE workspace SET guide_dismissed_at = now() WHERE id = %(workspace)s AND guide_dismissed_at IS NULL"""
LOAD = """
UPDATE workspace SET loaded_at = now(), loaded_from = %(origin)s WHERE id = %(workspace)s AND loaded_at IS NULL"""


class Step(NamedTuple):
    key: str  # tag, feedback, team, identity, import
    done: bool
    from_where: str = ""  # the origin of the first page that carried the tag


def steps(reader: Reader) -> list[Step]:
    """What there is to do, in the order that makes sense, and which of it is done."""
    loaded, origin, heard, has_company, knows_users, came_with = db.row(STEPS, workspace=reader.workspace.id)
    return [Step("tag", loaded, origin), Step("feedback", heard), Step("team", has_company), Step("identity", knows_users),
            Step("import", came_with)]  # fmt: skip


def left(workspace: Workspace) -> int:
    """How many steps are left; 0 when the team does not want to be led, which costs no query."""
    if workspace.guide_dismissed_at:
        return 0
    return sum(not step.done for step in steps(Reader(workspace, is_member=True)))


@db.verb
def dismiss(reader: Reader) -> None:
    """Lead nobody of this team any more; again, nothing happens."""
    if db.changed(DISMISS, workspace=reader.workspace.id):
        data = {"changed": ["guide"]}
        events.record("workspace.updated", reader.workspace.id, data=data, **reader.actor())


@db.verb
def record_load(workspace: Workspace, origin: str | None) -> None:
    """Remember that a page of the customer's, at this origin, opened the widget; only the first time counts. What is not
    the origin of a page (an opened file) does not."""
    if origin is None or not workspaces.is_origin(origin):
        return
    if db.changed(LOAD, workspace=workspace.id, origin=origin):
        events.record("workspace.installed", workspace.id, data={"origin": origin})
