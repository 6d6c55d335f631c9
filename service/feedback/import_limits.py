"""How much one import may make at most, so that a few bytes of a file do not become a heap of rows. What is read in by hand,
on the server, may be more."""

from typing import NamedTuple

from service import db
from service.feedback import plan_limits
from service.feedback.imported import Piece, Refused

WRONG_LISTED = 1_000  # wrong rows of which is said what is wrong; others are only counted
NEW = {"board": 50, "status": 50, "tag": 500}  # that an import makes because rows name them


class Most(NamedTuple):
    rows: int | None
    of_post: int  # votes without a name
    of_import: int
    of_workspace: int


BY_WEB = Most(rows=100_000, of_post=2_000, of_import=20_000, of_workspace=100_000)
BY_HAND = Most(rows=None, of_post=10_000, of_import=200_000, of_workspace=1_000_000)
TOO_MANY_ROWS = f"A file has at most {BY_WEB.rows:,} rows here; import a longer one on the server, with `sayso import`."

NO_ROOM = f"It waits in Moderation: Free has room for {plan_limits.FREE.open_posts:,} open posts."

GIVEN = """
SELECT coalesce((SELECT sum(local) FROM imported
                  WHERE workspace_id = %(workspace)s AND import_id = %(import)s AND kind = 'nameless'), 0)::bigint,
       coalesce((SELECT sum(local) FROM imported WHERE workspace_id = %(workspace)s AND kind = 'nameless'), 0)::bigint"""
MADE = "SELECT count(*) FROM imported WHERE workspace_id = %(workspace)s AND import_id = %(import)s AND kind = %(kind)s"


# In a rehearsal those that would wait; else those that still do.
WAITING = f"""
SELECT count(*) FROM import_row r
 WHERE r.workspace_id = %(workspace)s AND r.import_id = %(id)s AND r.kind = 'post' AND r.outcome = 'made'
   AND position(%(no_room)s IN r.said) > 0 AND (%(is_dry)s OR EXISTS (
     SELECT FROM post p WHERE p.workspace_id = r.workspace_id AND p.number = r.local AND p.held_at IS NOT NULL
        AND p.held_because = '{plan_limits.PLAN}'))"""


def waiting(workspace_id: int, id: int, is_dry: bool) -> str | None:
    """What is to be said of the posts of an import that wait because the plan has no room for them."""
    [count] = db.row(WAITING, workspace=workspace_id, id=id, is_dry=is_dry, no_room=NO_ROOM)
    if not count:
        return None
    waits = "would wait" if is_dry else "waits" if count == 1 else "wait"
    return f"{count:,} of them {waits} in Moderation: Free has room for {plan_limits.FREE.open_posts:,} open posts."


def of(by_hand: bool) -> Most:
    return BY_HAND if by_hand else BY_WEB


def nameless(piece: Piece, asked: int) -> int:
    """For how many of so many votes without a name there is room; what is left out is remarked."""
    most, (of_import, of_workspace) = of(piece.rules.by_hand), given(piece)
    count = max(0, min(asked, most.of_post, most.of_import - of_import, most.of_workspace - of_workspace))
    if count < asked:
        piece.remarks.append(f"Of {asked:,} votes without a name {count:,} were taken: of a post there can be "
                             f"{most.of_post:,}, of an import {most.of_import:,}.")  # fmt: skip
    return count


def given(piece: Piece) -> list[int]:
    """Votes without a name that this import has made, and all into this workspace; read once for all rows of a piece."""
    if "given" not in piece.kept:
        rehearsed = piece.seen.nameless if piece.is_dry else 0
        piece.kept["given"] = [count + rehearsed for count in db.row(GIVEN, **piece.scope())]
    return piece.kept["given"]


def keep(piece: Piece, number: int, count: int) -> None:
    """Write down that this post has got so many."""
    piece.kept["given"] = [before + count for before in given(piece)]
    if piece.is_dry:
        piece.seen.nameless += count
    elif count:
        piece.keep("nameless", number.to_bytes(8, "big"), count)


def expect_room(piece: Piece, kind: str) -> None:
    """Refused when the import has made as many boards, statuses or tags as one may. A copy of a workspace brings its own."""
    if piece.source == "sayso" or piece.is_dry:
        return
    if db.row(MADE, **piece.scope(), kind=f"made {kind}")[0] >= NEW[kind]:
        raise Refused(f"An import makes at most {NEW[kind]:,} that are new; choose another column, or none.", kind)
