"""The order in which the team wants its boards, statuses and fields to stand."""

from service import db
from service.errors import Invalid, NotFound
from service.feedback.readers import Reader

# All of them, in one order: two members who move at once take turns.
HOLD = """
SELECT key FROM {table} WHERE workspace_id = %(workspace)s ORDER BY id FOR NO KEY UPDATE"""
MOVE = """
WITH listed AS (
  SELECT id, key, row_number() OVER (ORDER BY position, id) AS place FROM {table} WHERE workspace_id = %(workspace)s
), placed AS (
  SELECT id, key, place, row_number() OVER (
         ORDER BY place * 2 + CASE WHEN key = %(key)s THEN 3 * %(by)s ELSE 0 END) AS wanted FROM listed
), moved AS (
  UPDATE {table} t SET position = wanted FROM placed
   WHERE t.workspace_id = %(workspace)s AND t.id = placed.id AND t.position <> wanted
)
SELECT EXISTS (SELECT FROM placed WHERE key = %(key)s AND wanted <> place)"""
BOARDS, STATUSES, FIELDS = ((HOLD.format(table=table), MOVE.format(table=table)) for table in ("board", "status", "field"))


def move(statements: tuple[str, str], reader: Reader, key: str, by: int) -> bool:
    """Move one up (-1) or down (1); whether it is somewhere else now: the first cannot go up. NotFound when it is not there.
    To be called in the transaction of a verb."""
    hold, step = statements
    if by not in (-1, 1):
        raise Invalid(by="Say -1 for up, or 1 for down.")
    if key not in [found for (found,) in db.rows(hold, workspace=reader.workspace.id)]:
        raise NotFound("There is no such thing to move.")
    return db.row(step, workspace=reader.workspace.id, key=key, by=by)[0]
