"""The lists that posts stand in: for everyone, for members only, or for the users of some segments."""

from typing import NamedTuple

from service import db, events
from service.errors import Conflict, Invalid, NotFound
from service.feedback import order, versions
from service.feedback.readers import Reader, admitted
from service.lib import text

ACCESS = ("public", "private", "segments")
MOST = 200  # of a workspace
LONGEST_NAME, LONGEST_DESCRIPTION = 80, 500

READ = f"""
SELECT b.id, b.key, b.name, b.description, b.access, b.approve_first,
       array(SELECT s.key FROM board_segment a JOIN segment s ON s.workspace_id = a.workspace_id AND s.id = a.segment_id
              WHERE a.workspace_id = b.workspace_id AND a.board_id = b.id ORDER BY s.key)
  FROM board b WHERE b.workspace_id = %(workspace)s AND {admitted()}"""
LIST = f"{READ} ORDER BY b.position, b.id"
# held, so that nobody takes it away before what is to stand there stands there
CHOOSE = f"""{READ} AND (b.key = %(key)s OR (%(key)s IS NULL AND b.access = 'public'))
 ORDER BY b.position, b.id LIMIT 1 FOR KEY SHARE OF b"""
MAKE = """
INSERT INTO board (workspace_id, key, name, description, access, approve_first, position)
SELECT %(workspace)s, %(key)s, %(name)s, %(description)s, %(access)s, %(approve_first)s,
       coalesce(%(position)s, (SELECT least(coalesce(max(position), 0) + 1, 10000) FROM board
                                WHERE workspace_id = %(workspace)s))
ON CONFLICT ON CONSTRAINT one_board_per_key DO NOTHING RETURNING id"""
SAVE = """
UPDATE board SET name = %(name)s, description = %(description)s, access = %(access)s, approve_first = %(approve_first)s,
       position = coalesce(%(position)s, position)
 WHERE workspace_id = %(workspace)s AND id = %(id)s AND (name, description, access, approve_first, position)
       IS DISTINCT FROM (%(name)s, %(description)s, %(access)s, %(approve_first)s, coalesce(%(position)s, position))"""
HOLD = "SELECT id FROM board WHERE workspace_id = %(workspace)s AND key = ANY(%(keys)s) ORDER BY id FOR UPDATE"
HOLD_FIELDS = "SELECT id FROM field WHERE workspace_id = %(workspace)s AND board_id = %(id)s ORDER BY id FOR UPDATE"
MOVE_POSTS = """
WITH held AS MATERIALIZED (
  SELECT number FROM post WHERE workspace_id = %(workspace)s AND board_id = %(id)s ORDER BY number FOR NO KEY UPDATE
)
UPDATE post SET board_id = %(into)s FROM held
 WHERE post.workspace_id = %(workspace)s AND post.number = held.number"""
# the fields that are asked only there go with it, and a field that is gone leaves no values, wherever its posts are by now
EMPTY_FIELDS = """
WITH gone AS MATERIALIZED (
  SELECT array_agg(key) AS keys FROM field WHERE workspace_id = %(workspace)s AND board_id = %(id)s
), held AS MATERIALIZED (
  SELECT number FROM post, gone WHERE workspace_id = %(workspace)s AND fields ?| gone.keys ORDER BY number
     FOR NO KEY UPDATE OF post
)
UPDATE post SET fields = fields - gone.keys FROM gone, held
 WHERE post.workspace_id = %(workspace)s AND post.number = held.number"""
DELETE = "DELETE FROM board WHERE workspace_id = %(workspace)s AND id = %(id)s"
HAS_POSTS = "SELECT EXISTS (SELECT FROM post WHERE workspace_id = %(workspace)s AND board_id = %(id)s)"
DISMISS = "DELETE FROM board_segment WHERE workspace_id = %(workspace)s AND board_id = %(board)s"
# held against their deletion before it has the workspace's counter (segments.delete)
ADMIT = """
INSERT INTO board_segment (workspace_id, board_id, segment_id)
SELECT workspace_id, %(board)s, id FROM segment WHERE workspace_id = %(workspace)s AND key = ANY(%(segments)s)
 ORDER BY id FOR SHARE
RETURNING segment_id"""


class Board(NamedTuple):
    id: int
    key: str
    name: str
    description: str
    access: str
    approve_first: bool  # what users write there waits until the team let it in
    segments: list[str]  # keys of those whose users may see it, when access is "segments"


def of(reader: Reader) -> list[Board]:
    """The boards that this reader may see, in the workspace's own order."""
    return [Board(*row) for row in db.rows(LIST, **reader.scope())]


def find(reader: Reader, key: str) -> Board:
    """The board with this key, or NotFound."""
    for board in of(reader):
        if board.key == key:
            return board
    raise NotFound("There is no such board.")


def choose(reader: Reader, key: str | None) -> Board:
    """The board with this key, by default the first public one; Invalid names the keys there are.

    Nobody takes it away until the transaction ends."""
    row = db.row(CHOOSE, **reader.scope(), key=key)
    if row is None:
        raise Invalid(board=which(of(reader)))
    return Board(*row)


def which(found: list[Board]) -> str:
    return f"There is no such board; choose one of: {', '.join(board.key for board in found)}."


@db.verb
def create(reader: Reader, key: str, name: str, description: str = "", access: str = "public",
           segments: list[str] | None = None, position: int | None = None,
           approve_first: bool = False) -> Board:  # fmt: skip
    """A new board, by default the last one. Raises Invalid with the field that must change, Conflict when there
    are too many."""
    said = checked(name, description, access)
    allow(access, segments)
    if not text.is_key(key):
        raise Invalid(key=text.WHAT_A_KEY_IS)
    if len(of(reader)) >= MOST:
        raise Conflict(f"There are {MOST:,} boards, which is all there can be; take one away first.", "too_many")
    made = db.row(MAKE, workspace=reader.workspace.id, key=key, position=position, approve_first=approve_first, **said)
    if made is None:
        raise Invalid(key=f"There is a board “{key}” already.")
    admit(reader, made[0], segments or [])
    events.record("board.created", reader.workspace.id, data={"key": key}, **reader.actor())
    return find(reader, key)


@db.verb
def change(reader: Reader, key: str, *, name: str | None = None, description: str | None = None, access: str | None = None,
           segments: list[str] | None = None, position: int | None = None, approve_first: bool | None = None,
           seen: str | None = None) -> Board:  # fmt: skip
    """Change what is given of a board and leave the rest; nothing new is no change. Conflict when it is not as it was `seen`
    (`versions.version`)."""
    db.rows(HOLD, workspace=reader.workspace.id, keys=[key])
    board = find(reader, key)
    versions.check(seen, *board)
    after = checked(board.name if name is None else name, board.description if description is None else description,
                    board.access if access is None else access)  # fmt: skip
    if access is not None or segments is not None:
        allow(after["access"], board.segments if segments is None else segments)
    after["approve_first"] = board.approve_first if approve_first is None else approve_first
    is_new = db.changed(SAVE, workspace=reader.workspace.id, id=board.id, position=position, **after)
    if segments is not None and set(segments) != set(board.segments):
        db.changed(DISMISS, workspace=reader.workspace.id, board=board.id)
        admit(reader, board.id, segments)
        is_new = True
    if is_new:
        events.record("board.updated", reader.workspace.id, data={"key": key}, **reader.actor())
    return find(reader, key)


@db.verb
def delete(reader: Reader, key: str, into: str | None = None) -> None:
    """Take a board away with the fields that are asked only there; its posts, deleted ones too, move `into` another.

    Conflict when it has posts and none is named."""
    if into == key:
        raise Invalid(into="Name another board.")
    db.rows(HOLD, workspace=reader.workspace.id, keys=[key, into or key])
    board = find(reader, key)
    place = {"workspace": reader.workspace.id, "id": board.id}
    db.rows(HOLD_FIELDS, **place)
    if into:
        db.changed(MOVE_POSTS, **place, into=other(reader, into).id)
    if db.row(HAS_POSTS, **place)[0]:
        raise Conflict(f"“{board.name}” has posts (deleted ones count); say where they go, with ?into=BOARD.", "in_use")
    db.changed(EMPTY_FIELDS, **place)
    db.changed(DELETE, **place)
    events.record("board.deleted", reader.workspace.id, data={"key": key, "into": into}, **reader.actor())


@db.verb
def move(reader: Reader, key: str, by: int) -> None:
    """Let a board stand one place further up (-1) or down (1), where there is one. NotFound when there is no such board."""
    if order.move(order.BOARDS, reader, key, by):
        events.record("board.updated", reader.workspace.id, data={"key": key}, **reader.actor())


def other(reader: Reader, key: str) -> Board:
    found = of(reader)
    for board in found:
        if board.key == key:
            return board
    raise Invalid(into=which(found))


def checked(name: str, description: str, access: str) -> dict:
    said = {
        "name": text.fitting(name, LONGEST_NAME, text.tidy_line),
        "description": text.fitting(description, LONGEST_DESCRIPTION, text.tidy_line),
        "access": access,
    }
    if not said["name"]:
        raise Invalid(name=f"Give it a name of 1–{LONGEST_NAME} characters.")
    if said["description"] is None:
        raise Invalid(description=f"A description has at most {LONGEST_DESCRIPTION} characters.")
    if access not in ACCESS:
        raise Invalid(access=f"Choose one of: {', '.join(ACCESS)}.")
    return said


def allow(access: str, segments: list[str] | None) -> None:
    if access == "segments" and not segments:
        raise Invalid(segments="Name the segments whose users may see it.")


def admit(reader: Reader, board: int, segments: list[str]) -> None:
    wanted = set(segments)
    if len(db.rows(ADMIT, workspace=reader.workspace.id, board=board, segments=list(wanted))) < len(wanted):
        raise Invalid(segments="One of these segments does not exist; make it first.")
