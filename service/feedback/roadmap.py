"""The road map: what is planned, started and done, each column in the team's own order, and then by votes.

A post that was placed has a `roadmap_position` in its column; those that have none follow, the most wanted first. Another
status takes the position away."""

from typing import NamedTuple

from service import db, events
from service.errors import Invalid
from service.feedback import actions, statuses
from service.feedback.actions import Action
from service.feedback.posts import DECORATED, Post
from service.feedback.readers import Reader, listed
from service.feedback.statuses import Status

KINDS = ("planned", "started", "done")
BACKLOG = "open"  # kind of the statuses whose posts are not on the road map yet; they always go by votes
SHOWN = {BACKLOG: 20}  # posts of a column, by kind, and of the others:
MOST_SHOWN = 50
MOST_MORE = 100  # counted of those that are not shown
MOST_LOOKED_AT = 200  # of a column, for those that fit a filter; the lists know all
MOST_PLACED = 1000  # of a column: nobody places a post below them
STATUS = len(Status._fields)

ORDER = "p.roadmap_position, p.votes DESC, p.number DESC"  # as of the index post_roadmap; without a position: last
ON_IT = f"p.held_at IS NULL AND {listed()}"
POSTS = DECORATED.format(order="p.number", page="""
SELECT p.*, NULL AS rank FROM post p
 WHERE p.workspace_id = %(workspace)s AND p.number = ANY(array(SELECT number FROM shown))""")  # fmt: skip
# Each status of these kinds, how many of its posts fit and were looked at, and those of them that are shown.
COLUMNS = f"""
WITH near AS MATERIALIZED (
  SELECT s.id AS status, s.kind, near.number, near.place, (%(board)s IS NULL
           OR near.board_id = (SELECT id FROM board WHERE workspace_id = %(workspace)s AND key = %(board)s))
      AND (%(tag)s IS NULL OR EXISTS (
           SELECT FROM post_tag l JOIN tag t ON t.workspace_id = %(workspace)s AND t.id = l.tag_id
            WHERE l.workspace_id = %(workspace)s AND l.post_number = near.number AND t.key = %(tag)s)) AS fits
    FROM status s CROSS JOIN LATERAL (
      SELECT p.number, p.board_id, row_number() OVER (ORDER BY {ORDER}) AS place FROM post p
       WHERE p.workspace_id = %(workspace)s AND p.status_id = s.id AND {ON_IT}
       ORDER BY {ORDER} LIMIT %(most)s) near
   WHERE s.workspace_id = %(workspace)s AND s.kind = ANY(%(kinds)s)
), fitting AS (
  SELECT status, kind, number, row_number() OVER (PARTITION BY status ORDER BY place) AS place FROM near WHERE fits
), shown AS MATERIALIZED (
  SELECT status, number, place FROM fitting
   WHERE place <= CASE kind WHEN '{BACKLOG}' THEN %(shown_of_backlog)s ELSE %(shown)s END
)
SELECT s.id, s.key, s.name, s.kind, s.color, (SELECT count(*) FROM near WHERE near.status = s.id AND near.fits),
       (SELECT count(*) FROM near WHERE near.status = s.id), post.*
  FROM status s LEFT JOIN shown ON shown.status = s.id LEFT JOIN ({POSTS}) post ON post.number = shown.number
 WHERE s.workspace_id = %(workspace)s AND s.kind = ANY(%(kinds)s) ORDER BY s.position, s.id, shown.place"""

# Who places posts in the same column waits here; who only gives a post this status does not.
HOLD_COLUMN = """
SELECT id, key, name, kind, color FROM status
 WHERE workspace_id = %(workspace)s AND key = %(key)s AND kind = ANY(%(kinds)s) FOR NO KEY UPDATE"""
COLUMN = f"""
SELECT p.number, p.roadmap_position IS NOT NULL FROM post p
 WHERE p.workspace_id = %(workspace)s AND p.status_id = %(status)s AND {ON_IT} ORDER BY {ORDER} LIMIT %(most)s"""
HOLD = """
SELECT FROM post WHERE workspace_id = %(workspace)s AND number = ANY(%(numbers)s::integer[])
 ORDER BY number FOR NO KEY UPDATE"""
ARRANGE = """
UPDATE post p SET roadmap_position = wanted.place
  FROM unnest(%(numbers)s::integer[]) WITH ORDINALITY AS wanted (number, place)
 WHERE p.workspace_id = %(workspace)s AND p.number = wanted.number AND p.status_id = %(status)s
   AND p.roadmap_position IS DISTINCT FROM wanted.place"""


class Column(NamedTuple):
    status: Status
    posts: list[Post]
    more: int  # that are not shown; counted up to MOST_MORE
    is_cut: bool  # a filter did not look at all of it: there may be others that fit

    @property
    def is_backlog(self) -> bool:
        return self.status.kind == BACKLOG


def columns(reader: Reader, board: str | None = None, tag: str | None = None, backlog: bool = True) -> list[Column]:
    """One column for each status of the kinds open (the `backlog`), planned, started and done, in the workspace's order;
    each with its first posts. `board` and `tag` are keys, and leave the posts that have them."""
    most = MOST_LOOKED_AT if board or tag else MOST_SHOWN + MOST_MORE
    found: dict[Status, list] = {}
    for row in db.rows(COLUMNS, **reader.scope(), kinds=[BACKLOG, *KINDS] if backlog else list(KINDS), most=most,
                       shown=MOST_SHOWN, shown_of_backlog=SHOWN[BACKLOG], board=board or None, tag=tag or None):  # fmt: skip
        found.setdefault(Status(*row[:STATUS]), []).append(row[STATUS:])
    return [column(status, rows, bool(board or tag) and rows[0][1] == most) for status, rows in found.items()]


def column(status: Status, rows: list, is_cut: bool) -> Column:
    """Of what was read of one status: how many posts fit, how many were looked at, and each that is shown."""
    shown = [Post(*post) for _, _, *post in rows if post[0] is not None]
    return Column(status, shown, min(rows[0][0] - len(shown), MOST_MORE), is_cut)


@db.verb
def place(reader: Reader, number: int, status: str, after: int | None = None, *, notify: bool = True,
          seen: str | None = None) -> Action | None:  # fmt: skip
    """Put a post into the column of this status (a key), right below the post `after`, or on top without one; in the
    backlog it goes by its votes. Followers hear of a new status if `notify`; of an order nobody hears. Returns the action
    that gave it another status, and can be undone. For members.

    `seen` is the status that this was decided for; Conflict when the post has another by now. Invalid when there is no such
    column, or `after` does not stand in it. A post that stands there already stays."""
    column = hold_column(reader, status)
    order = [] if column.kind == BACKLOG else standing_in(reader, column)
    wanted = arranged(order, number, after) if column.kind != BACKLOG else []
    db.rows(HOLD, workspace=reader.workspace.id, numbers=[number, *wanted])  # all at once: posts before the counter
    action = actions.take(reader, "status", [number], status, notify=notify, seen=seen and {number: seen})
    is_there = (number, True) in order and wanted == [each for each, _ in order if each in set(wanted)]
    if not is_there and db.changed(ARRANGE, workspace=reader.workspace.id, status=column.id, numbers=wanted):
        data = {"changed": ["roadmap_position"]}
        events.record("post.updated", reader.workspace.id, post=number, data=data, **reader.actor())
    return action


def hold_column(reader: Reader, key: str) -> Status:
    row = db.row(HOLD_COLUMN, workspace=reader.workspace.id, key=key, kinds=[BACKLOG, *KINDS])
    if row is None:
        known = [each for each in statuses.of(reader.workspace.id) if each.kind in (BACKLOG, *KINDS)]
        raise Invalid(status=statuses.which(known))
    return Status(*row)


def standing_in(reader: Reader, column: Status) -> list[tuple[int, bool]]:
    """The numbers of a column in its order, and whether each was placed."""
    return db.rows(COLUMN, **reader.scope(), status=column.id, most=MOST_PLACED)


def arranged(order: list[tuple[int, bool]], number: int, after: int | None) -> list[int]:
    """The numbers that have a position, in their order, once `number` stands below `after`: those above it too, while
    what stands below it without one goes on by votes."""
    others = [each for each in order if each[0] != number]
    numbers = [each for each, _ in others]
    if after is not None and after not in numbers:
        raise Invalid(after=f"#{after} does not stand in this column. Choose another post, or leave this empty.")
    above = numbers.index(after) + 1 if after is not None else 0
    return [*numbers[:above], number, *(each for each, is_placed in others[above:] if is_placed)]
