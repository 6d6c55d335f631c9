"""Boards, statuses, tags, segments, fields and companies of an import: found by key or name, or made."""

from psycopg2.extras import Json

from service import db
from service.feedback import boards, companies, fields, import_limits, segments, statuses, tags
from service.feedback.imported import Piece, Refused
from service.feedback.readers import Reader
from service.lib import text
from service.sources import records

# What other systems call what we have a kind for. These are ours by another name; what merely sounds like a kind becomes a
# status of its own.
SAME = {
    "open": "open", "new": "open", "planned": "planned", "in progress": "started", "started": "started", "complete": "done",
    "completed": "done", "done": "done", "shipped": "done", "closed": "declined", "declined": "declined",
    "not planned": "declined", "rejected": "declined",
}  # fmt: skip
LIKE = {
    "planned": ("planned", "next", "accepted", "scheduled", "approved", "roadmap", "todo", "to do"),
    "started": ("progress", "doing", "development", "building", "beta", "started", "working"),
    "done": ("done", "complete", "released", "launched", "live", "shipped", "resolved", "implemented"),
    "declined": ("declined", "rejected", "won't", "wont", "duplicate", "archived", "closed", "not planned"),
}  # fmt: skip
COLORS = {"open": "#64748b", "planned": "#2563eb", "started": "#b45309", "done": "#15803d", "declined": "#9f1239"}

# held, so that nobody takes them away before what is to stand there stands there
BOARDS = """
SELECT id, key, name, access FROM board WHERE workspace_id = %(workspace)s ORDER BY position, id FOR KEY SHARE"""
STATUSES = """
SELECT id, key, name, kind FROM status WHERE workspace_id = %(workspace)s ORDER BY position, id FOR KEY SHARE"""
TAGS = "SELECT id, key, name, NULL FROM tag WHERE workspace_id = %(workspace)s ORDER BY key FOR KEY SHARE"
READ = {"board": BOARDS, "status": STATUSES, "tag": TAGS}
MOST = {"board": boards.MOST, "status": statuses.MOST, "tag": tags.MOST}
# Before its first post a workspace has nothing of its own: what a copy of another says is taken over.
IS_NEW = "SELECT next_post = 1 FROM workspace_counter WHERE workspace_id = %(workspace)s"
TAKE_OVER_BOARD = """
UPDATE board SET name = %(name)s, description = %(description)s, access = %(access)s, approve_first = %(approve_first)s,
       position = coalesce(%(position)s, position) WHERE workspace_id = %(workspace)s AND id = %(id)s"""
TAKE_OVER_STATUS = """
UPDATE status SET name = %(name)s, kind = %(kind)s, color = %(color)s, position = coalesce(%(position)s, position)
 WHERE workspace_id = %(workspace)s AND id = %(id)s"""
LAST = 10_000  # position of a thing
UNFIT_FIELDS = "Values of custom fields that are not here, or do not fit them, were left out."
MAKE_COMPANY = """
INSERT INTO company (workspace_id, external_id, name, plan, mrr)
VALUES (%(workspace)s, %(id)s, %(name)s, %(plan)s, %(mrr)s) ON CONFLICT DO NOTHING RETURNING id"""
COMPANY = "SELECT id FROM company WHERE workspace_id = %(workspace)s AND external_id = %(id)s"


def listed(piece: Piece, kind: str) -> list[list]:
    """All of them, [id, key, name, what it is], as these rows have left them."""
    if kind not in piece.kept:
        piece.kept[kind] = [list(row) for row in db.rows(READ[kind], workspace=piece.workspace.id)]
    return piece.kept[kind]


def found(piece: Piece, kind: str, said: str) -> list | None:
    """The one with this key, else with this name."""
    plain = said.strip().lower()
    every = listed(piece, kind)
    return next((each for each in every if each[1] == said), None) or next(
        (each for each in every if each[2].lower() == plain), None
    )


def board_of(piece: Piece, said: str | None) -> int:
    """The board that a post goes to: the one that was chosen, else as the file says, else the first public one."""
    if piece.rules.board or not said:
        every = listed(piece, "board")
        wanted = (each for each in every if each[1] == piece.rules.board or (not piece.rules.board and each[3] == "public"))
        first = next(wanted, None)
        if first is None:
            raise Refused("There is no board for it; choose one.", "board")
        return first[0]
    there = found(piece, "board", said)
    return there[0] if there else board(piece, records.Board(said))


def board(piece: Piece, told: records.Board) -> int:
    access = told.access or piece.rules.new_boards
    facts = {**named(told.name, boards.LONGEST_NAME, "board"), "access": access, "approve_first": told.approves_first}
    facts["description"] = text.fitting(told.description, boards.LONGEST_DESCRIPTION, text.tidy_line) or ""
    if access not in boards.ACCESS or (access == "segments" and not told.segments):
        raise Refused("A board is public, private, or for segments that it names.", "access")
    row = made(piece, "board", told, facts, boards.MAKE, access)
    if not piece.is_dry and told.segments:
        boards.admit(as_team(piece), row[0], list(told.segments))
    return row[0]


def status_of(piece: Piece, said: str | None) -> int:
    """The status that a post stands at: the one of this key or name, else what is the same by another name."""
    if not said:
        return next(each[0] for each in listed(piece, "status") if each[3] == "open")
    kind = SAME.get(said.strip().lower())
    there = found(piece, "status", said) or next((each for each in listed(piece, "status") if each[3] == kind), None)
    return there[0] if there else status(piece, records.Status(said))


def kind_at(piece: Piece, said: str | None, id: int) -> str:
    """Of which kind the status is that `status_of` has found or made."""
    return next((each[3] for each in listed(piece, "status") if each[0] == id and id), None) or kind_of(said or "")


def status(piece: Piece, told: records.Status) -> int:
    kind = told.kind or kind_of(told.name)
    if kind not in statuses.KINDS:
        raise Refused(f"A status is of one of these kinds: {', '.join(statuses.KINDS)}.", "kind")
    facts = {**named(told.name, statuses.LONGEST_NAME, "status"), "kind": kind, "color": color(told.color, COLORS[kind])}
    return made(piece, "status", told, facts, statuses.MAKE, kind)[0]


def kind_of(name: str) -> str:
    plain = name.strip().lower()
    for kind in ("declined", "started", "done", "planned"):
        if any(word in plain for word in LIKE[kind]):
            return kind
    return "open"


def tag_of(piece: Piece, said: str) -> int:
    there = found(piece, "tag", said)
    return there[0] if there else tag(piece, records.Tag(said))


def tag(piece: Piece, told: records.Tag) -> int:
    facts = {**named(told.name, tags.LONGEST_NAME, "tags"), "color": color(told.color, tags.USUAL_COLOR)}
    return made(piece, "tag", told, facts, tags.MAKE, None)[0]


def made(piece: Piece, kind: str, told, facts: dict, sql: str, what: str | None) -> list:
    """A new board, status or tag; 0 for its id in a rehearsal."""
    every = listed(piece, kind)
    if len(every) >= MOST[kind]:
        raise Refused(f"There are {MOST[kind]:,} already, which is all there can be.", kind)
    import_limits.expect_room(piece, kind)
    key = free_key(every, told.key, facts["name"], kind)
    row = [0, key, facts["name"], what]
    if not piece.is_dry:
        more = {} if kind == "tag" else {"position": position(told)}
        row[0] = db.row(sql, workspace=piece.workspace.id, key=key, **more, **facts)[0]
        piece.remember(f"made {kind}", key, row[0])
    every.append(row)
    return row


def free_key(every: list[list], asked: str | None, name: str, kind: str) -> str:
    taken = {each[1] for each in every}
    base = asked if asked and text.is_key(asked) else text.key_from(name, kind)
    numbered = (f"{base[:36].rstrip('-')}-{count}" for count in range(2, len(taken) + 3))
    return base if base not in taken else next(key for key in numbered if key not in taken)


def named(name: str, longest: int, column: str) -> dict:
    said = text.fitting(name, longest, text.tidy_line)
    if not said:
        raise Refused(f"A name has 1–{longest} characters.", column)
    return {"name": said}


def color(said: str | None, otherwise: str) -> str:
    return said if said and statuses.COLOR.fullmatch(said) else otherwise


def as_team(piece: Piece) -> Reader:
    return Reader(piece.workspace, is_member=True)


# ── rows of their own ───────────────────────────────────────────────────────────────────────────────────────────────


def place(piece: Piece, told: records.Board | records.Status | records.Tag) -> str:
    """A row that is a board, a status or a tag. One that is there stays as it is, unless the workspace has no posts yet and
    this is a copy of another."""
    kind, make = {records.Board: ("board", board), records.Status: ("status", status), records.Tag: ("tag", tag)}[type(told)]
    there = found(piece, kind, told.key or told.name)
    if there is None:
        make(piece, told)
        return "made"
    if not piece.is_dry and piece.source == "sayso" and db.row(IS_NEW, workspace=piece.workspace.id)[0]:
        take_over(piece, kind, told, there)
    return "known"


def take_over(piece: Piece, kind: str, told, there: list) -> None:
    where = {"workspace": piece.workspace.id, "id": there[0]}
    if kind == "board":
        facts = named(told.name, boards.LONGEST_NAME, "board") | {"access": told.access or "private"}
        facts |= {"description": told.description[: boards.LONGEST_DESCRIPTION], "approve_first": told.approves_first}
        db.changed(TAKE_OVER_BOARD, **where, **facts, position=position(told))
        db.changed(boards.DISMISS, workspace=piece.workspace.id, board=there[0])
        boards.admit(as_team(piece), there[0], list(told.segments))
    if kind == "status":
        facts = named(told.name, statuses.LONGEST_NAME, "status") | {"kind": told.kind or there[3]}
        facts["color"] = color(told.color, COLORS[facts["kind"]])
        db.changed(TAKE_OVER_STATUS, **where, **facts, position=position(told))
    piece.kept.pop(kind, None)


def position(told) -> int | None:
    """Where it stands among its like; None: behind the others, or where it was."""
    return told.position if told.position is not None and 0 <= told.position <= LAST else None


def segment(piece: Piece, told: records.Segment) -> str:
    facts = segments.checked(told.name, list(told.rules))
    if not text.is_key(told.key):
        raise Refused(text.WHAT_A_KEY_IS, "key")
    return once(piece, "segment", told.key, segments.MAKE, key=told.key, name=facts["name"],
                rules=Json(facts["rules"]))  # fmt: skip


def field(piece: Piece, told: records.Field) -> str:
    facts = fields.checked(told.name, told.type, list(told.options))
    if not text.is_key(told.key):
        raise Refused(text.WHAT_A_KEY_IS, "key")
    there = found(piece, "board", told.board) if told.board else None
    if told.board and there is None:
        raise Refused("There is no such board.", "board")
    facts |= {"key": told.key, "board": there and there[0], "required": told.is_required,
              "position": position(told), "type": told.type}
    return once(piece, "field", told.key, fields.MAKE, **facts)


def kept_fields(piece: Piece, values: dict) -> dict:
    """The values of fields that there are, as they are stored; what fits none is left out, and that is remarked."""
    if not values:
        return {}
    fields.keep(as_team(piece), values)
    known = {field.key: field for field in fields.of(piece.workspace.id)}
    fitting = {key: fit for key, value in values.items()
               if key in known and (fit := fields.stored(known[key], value)) is not None}  # fmt: skip
    if len(fitting) < len(values):
        piece.remarks.append(UNFIT_FIELDS)
    return fitting


def company(piece: Piece, told: records.Company) -> str:
    if not text.is_plain_id(told.id):
        raise Refused("An id of a company has 1–255 characters, no “/” and none that is invisible.", "id")
    facts = companies.checked(told.id, name=told.name, plan=told.plan, mrr=told.mrr)
    return once(piece, "company", told.id, MAKE_COMPANY, id=told.id, **facts)


def company_of(piece: Piece, id: str | None) -> int | None:
    row = db.row(COMPANY, workspace=piece.workspace.id, id=id) if id and "\0" not in id else None
    return row and row[0]


def once(piece: Piece, kind: str, key: str, sql: str, /, **facts) -> str:
    """Made, unless it is there."""
    if piece.known(f"made {kind}", key) is not None:
        return "known"
    if piece.is_dry:
        piece.remember(f"made {kind}", key)
        return "made"
    row = db.row(sql, workspace=piece.workspace.id, **facts)
    if row is None:
        return "known"
    piece.remember(f"made {kind}", key, row[0])
    return "made"
