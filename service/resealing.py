"""Everything that is sealed, sealed anew with the newest of SECRET_KEYS, so that an older one can be taken away.

A value that the newest key opens stays as it is. So this may be stopped at any moment and begun again, and done twice it
does nothing."""

from collections.abc import Iterator
from typing import NamedTuple

from service import db
from service.lib import sealing

AT_ONCE = 200  # rows of one transaction
# table → its primary key, where a walk through it begins, and what of it is sealed
PLACES = {
    "installation": (("only_one",), (False,), ("key_check",)),
    "identity_secret": (("workspace_id", "kid"), (0, ""), ("sealed",)),
    "repeated_request": (("workspace_id", "key"), (0, ""), ("sealed",)),
    "endpoint": (("workspace_id", "id"), (0, 0), ("sealed_url", "sealed_secret", "sealed_former")),
}

PIECE = """
SELECT {keys}, {columns} FROM {table} WHERE ({keys}) > %(after)s ORDER BY {keys} LIMIT %(most)s"""
REPLACE = """
UPDATE {table} SET {column} = %(after)s WHERE ({keys}) = %(key)s AND {column} = %(before)s"""


class Done(NamedTuple):
    """What became of some rows."""

    rows: int
    changed: int  # values that an older key had sealed
    lost: int  # values that no key of the list opens


def count() -> int:
    """How many rows have something sealed."""
    return sum(db.row(f"SELECT count(*) FROM {table}")[0] for table in PLACES)


def reseal() -> Iterator[Done]:
    """Go through all of it; yields after every piece."""
    for table, (keys, first, columns) in PLACES.items():
        after = first
        while after is not None:
            done, after = piece(table, keys, columns, after)
            yield done


@db.verb
def piece(table: str, keys: tuple, columns: tuple, after: tuple) -> tuple[Done, tuple | None]:
    """The rows of this table that come next; returns what was done, and after which row there may be more, else None."""
    names = ", ".join(keys)
    found = db.rows(PIECE.format(table=table, keys=names, columns=", ".join(columns)), after=after, most=AT_ONCE)
    changed = lost = 0
    for row in found:
        key = dict(zip(keys, row, strict=False))
        for column, sealed in zip(columns, row[len(keys) :], strict=True):
            now = sealed and sealing.resealed(sealed)
            lost += bool(sealed) and now is None
            if now and now != sealed:
                changed += replace(table, key, column, sealed, now)
    return Done(len(found), changed, lost), found[-1][: len(keys)] if len(found) == AT_ONCE else None


def replace(table: str, key: dict, column: str, before: str, after: str) -> int:
    """Unless somebody has just put another value there, which then is sealed with the newest key."""
    statement = REPLACE.format(table=table, column=column, keys=", ".join(key))
    return db.changed(statement, key=tuple(key.values()), before=before, after=after)
