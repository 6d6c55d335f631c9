"""What a database of ours is made of besides its rows: a backup notes it, and a restore looks whether it is all there.

By names, as the text of a definition may differ between releases of PostgreSQL."""

from msgspec import Struct

# what belongs to an extension is not ours
NOT_OF = "NOT EXISTS (SELECT FROM pg_depend WHERE classid = '{of}'::regclass AND objid = {one} AND deptype = 'e')"
THINGS = f"""
WITH ours AS (
  SELECT c.oid, c.relname FROM pg_class c
   WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND {NOT_OF.format(of="pg_class", one="c.oid")})
SELECT concat_ws(' ', 'column', relname || '.' || attname, typname, CASE WHEN attnotnull THEN 'not null' END,
                 nullif(attidentity, ''), nullif(attgenerated, ''), CASE WHEN atthasdef THEN 'default' END)
  FROM pg_attribute JOIN ours ON ours.oid = attrelid JOIN pg_type ON pg_type.oid = atttypid
 WHERE attnum > 0 AND NOT attisdropped
UNION ALL
SELECT concat_ws(' ', 'index', index.relname, 'of', ours.relname, CASE WHEN indisunique THEN 'unique' END)
  FROM pg_index JOIN ours ON ours.oid = indrelid JOIN pg_class index ON index.oid = indexrelid WHERE indisvalid
UNION ALL
SELECT concat_ws(' ', 'constraint', conname, 'of', relname, contype)
  FROM pg_constraint JOIN ours ON ours.oid = conrelid WHERE contype <> 'n'
UNION ALL
SELECT concat_ws(' ', 'trigger', tgname, 'of', relname)
  FROM pg_trigger JOIN ours ON ours.oid = tgrelid WHERE NOT tgisinternal
UNION ALL
SELECT concat_ws(' ', 'function', proname) FROM pg_proc
 WHERE pronamespace = 'public'::regnamespace AND {NOT_OF.format(of="pg_proc", one="pg_proc.oid")}"""
SEQUENCES = """
SELECT sequencename, coalesce(last_value, 0) FROM pg_sequences JOIN pg_class c ON c.relname = sequencename
   AND c.relnamespace = 'public'::regnamespace
 WHERE schemaname = 'public' AND c.relpersistence = 'p'"""


class Structure(Struct, frozen=True):
    """Columns, indexes, keys and other constraints, triggers, functions; and how far each sequence has counted."""

    things: list[str]
    sequences: dict[str, int]


def of(cursor) -> Structure:
    """As the cursor's transaction sees it; sequences as they are at this moment, which is no part of any transaction."""
    cursor.execute(THINGS)
    things = sorted(thing for [thing] in cursor.fetchall())
    cursor.execute(SEQUENCES)
    return Structure(things, dict(sorted(cursor.fetchall())))


def different(wanted: Structure, found: Structure) -> list[str]:
    """What is there on one side only, and the sequences that are behind: they went on while the backup was made."""
    behind = [f"sequence {name}" for name, value in wanted.sequences.items() if found.sequences.get(name, -1) < value]
    return sorted(set(wanted.things) ^ set(found.things)) + behind
