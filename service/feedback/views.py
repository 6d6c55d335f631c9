"""Saved views of the inbox: a name for a set of filters, which the whole team has."""

from typing import NamedTuple

from service import db, events
from service.errors import Conflict, Invalid, NotFound
from service.feedback import filters
from service.feedback.readers import Reader
from service.lib import text

MOST = 50  # of a workspace
LONGEST_NAME = 80

LIST = "SELECT id, name, query FROM saved_view WHERE workspace_id = %(workspace)s ORDER BY lower(name), id"
# the counter's row stands for the workspace: two who save the last view that fits take turns
HOLD = "SELECT FROM workspace_counter WHERE workspace_id = %(workspace)s FOR NO KEY UPDATE"
COUNT = "SELECT count(*) FROM saved_view WHERE workspace_id = %(workspace)s"
SAVE = """
INSERT INTO saved_view (workspace_id, name, query, person_id)
SELECT %(workspace)s, %(name)s, %(query)s, %(person)s
 WHERE NOT EXISTS (SELECT FROM saved_view WHERE workspace_id = %(workspace)s AND lower(name) = lower(%(name)s))
ON CONFLICT ON CONSTRAINT one_view_per_name DO NOTHING RETURNING id"""
DELETE = "DELETE FROM saved_view WHERE workspace_id = %(workspace)s AND id = %(id)s RETURNING name"


class View(NamedTuple):
    id: int
    name: str
    query: str  # of an address: a=b&c=d


def of(reader: Reader) -> list[View]:
    """The team's views, by name."""
    return [View(*row) for row in db.rows(LIST, workspace=reader.workspace.id)]


@db.verb
def save(reader: Reader, name: str, query: str) -> int:
    """Keep these filters under this name; returns the view's id. What is no filter of ours is left out. Raises Invalid for a
    name that cannot be one, Conflict when there is a view of this name, or too many."""
    said = text.fitting(name, LONGEST_NAME, text.tidy_line)
    if not said:
        raise Invalid(name=f"Give it a name of 1–{LONGEST_NAME} characters.")
    place = {"workspace": reader.workspace.id, "query": filters.normal(query)}
    db.rows(HOLD, workspace=reader.workspace.id)
    made = db.row(SAVE, **place, name=said, person=reader.person)
    if made is None:
        raise Conflict(f"There is a view “{said}” already; choose another name, or delete that one first.", "name_taken")
    if db.row(COUNT, workspace=reader.workspace.id)[0] > MOST:
        raise Conflict(f"There are {MOST} views, which is all there can be; delete one first.", "too_many")
    events.record("view.created", reader.workspace.id, data={"view": made[0]}, **reader.actor())
    return made[0]


@db.verb
def delete(reader: Reader, id: int) -> str:
    """Take a view away; returns what it was called. NotFound when there is none, so the second time too."""
    row = db.row(DELETE, workspace=reader.workspace.id, id=id)
    if row is None:
        raise NotFound("There is no such view.")
    events.record("view.deleted", reader.workspace.id, data={"view": id}, **reader.actor())
    return row[0]


@db.verb
def forget(reader: Reader, external_id: str, email: str | None) -> None:
    """Take away the views that name a user who is being erased: what else they say is of no use without them."""
    db.rows(HOLD, workspace=reader.workspace.id)
    for view in of(reader):
        if filters.names(view.query, external_id, email) or (email and email.casefold() in view.name.casefold()):
            delete(reader, view.id)
