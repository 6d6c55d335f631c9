"""How many rows each table has, and a sum over all of them: what a backup notes, and a restore counts again.

The sum adds up 64 bits of each row's MD5, so it does not depend on the order of rows; nor on the release of PostgreSQL, for
what the database makes itself of other columns (search words, whose stems differ) is left out."""

from collections.abc import Callable
from typing import NamedTuple

from msgspec import Struct

# what the text of a value depends on; no name in it is looked for in our own schema
AS_TEXT = """
SET search_path = pg_catalog; SET timezone = 'UTC'; SET datestyle = 'ISO'; SET intervalstyle = 'postgres';
SET extra_float_digits = 1; SET bytea_output = 'hex'"""
# Tables whose rows survive a crash, but those of extensions. Bytes are digested as they are, which is much quicker.
TABLES = """
SELECT c.relname, quote_ident(c.relname), pg_table_size(c.oid),
       (SELECT string_agg(format(CASE atttypid WHEN 'bytea'::regtype THEN 'md5(%I)' ELSE '%I::text' END, attname), ', '
                          ORDER BY attname)
          FROM pg_attribute WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped AND attgenerated = '')
  FROM pg_class c
 WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND c.relpersistence = 'p'
   AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_class'::regclass AND objid = c.oid AND deptype = 'e')
 ORDER BY c.relname"""
SUM = """
SELECT count(*), coalesce(sum(('x' || left(md5(ROW({columns})::text), 16))::bit(64)::bigint::numeric), 0)::text
  FROM public.{name}"""


class Sum(Struct, frozen=True):
    """What stands in a table."""

    rows: int
    checksum: str


class Table(NamedTuple):
    plain: str
    name: str  # for a statement
    bytes: int
    columns: str


def tables(cursor) -> list[Table]:
    """The tables of ours that are in a backup."""
    cursor.execute(TABLES)
    return [Table(*row) for row in cursor.fetchall()]


def of(cursor, found: list[Table], went: Callable[[int], None]) -> dict[str, Sum]:
    """The sums of these tables, by name, as the cursor's transaction sees them; `went` is told the bytes of each."""
    cursor.execute(AS_TEXT)
    sums = {}
    for table in found:
        cursor.execute(SUM.format(columns=table.columns, name=table.name))
        sums[table.plain] = Sum(*cursor.fetchone())
        went(table.bytes)
    return sums


def different(wanted: dict[str, Sum], found: dict[str, Sum]) -> list[str]:
    """The names of tables that are not alike."""
    return sorted(name for name in wanted.keys() | found.keys() if wanted.get(name) != found.get(name))
