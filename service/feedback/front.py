"""What a widget shows first, besides posts: boards, fields, statuses and the number of unread entries, in one round trip."""

from typing import NamedTuple

from service import db
from service.feedback.fields import Field
from service.feedback.news import UNREAD
from service.feedback.readers import Reader, admitted
from service.feedback.statuses import Status

# Of a board that the reader may not see, its fields are as secret as its name.
LOOK = f"""
SELECT (SELECT coalesce(jsonb_agg(jsonb_build_array(b.key, b.name) ORDER BY b.position, b.id), '[]') FROM board b
         WHERE b.workspace_id = %(workspace)s AND {admitted()}),
       (SELECT coalesce(jsonb_agg(jsonb_build_array(f.id, f.key, f.name, f.type, f.required, f.options, b.key)
                                  ORDER BY f.position, f.id), '[]')
          FROM field f LEFT JOIN board b ON b.workspace_id = f.workspace_id AND b.id = f.board_id
         WHERE f.workspace_id = %(workspace)s AND (f.board_id IS NULL OR {admitted()})),
       (SELECT coalesce(jsonb_agg(jsonb_build_array(id, key, name, kind, color) ORDER BY position, id), '[]') FROM status
         WHERE workspace_id = %(workspace)s),
       {UNREAD}"""


class Front(NamedTuple):
    boards: list[tuple[str, str]]  # key and name of those that the reader may see
    fields: list[Field]  # that they may be asked for
    statuses: list[Status]
    unread: int


def look(reader: Reader) -> Front:
    boards, fields, statuses, unread = db.row(LOOK, **reader.scope())
    return Front([tuple(board) for board in boards], [Field(*field) for field in fields],
                 [Status(*status) for status in statuses], unread)  # fmt: skip
