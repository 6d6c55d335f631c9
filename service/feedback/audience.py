"""Who is in a segment, or would be by rules that somebody is just writing; and what rules can speak of. For members."""

from typing import NamedTuple

from peewee import OperationalError
from psycopg2.extras import Json

from service import db
from service.db import database
from service.feedback.readers import Reader
from service.feedback.segments import FITS, MOST_COUNTED, Segment, checked

EXAMPLES, SAMPLE, VALUES = 10, 200, 12
COUNT_MS = 1500  # that a count may take while somebody types
STOPPED = "57014"  # the code of a statement that took longer

# Who would be in a segment of these rules, by the very words that decide it.
COUNT = f"""
WITH found AS MATERIALIZED (
  SELECT u.id FROM (SELECT %(key)s::text AS key, %(rules)s::jsonb AS rules) s, "user" u
    LEFT JOIN company c ON c.workspace_id = u.workspace_id AND c.id = u.company_id
   WHERE u.workspace_id = %(workspace)s AND {FITS} LIMIT %(counted)s
)
SELECT (SELECT count(*) FROM found), u.external_id, u.name, u.email, u.kind, c.name
  FROM (SELECT id FROM found ORDER BY id DESC LIMIT %(most)s) f
  JOIN "user" u ON u.workspace_id = %(workspace)s AND u.id = f.id
  LEFT JOIN company c ON c.workspace_id = %(workspace)s AND c.id = u.company_id ORDER BY u.id DESC"""
LIMITED = f"SET LOCAL statement_timeout = {COUNT_MS}"
MEMBERS = """
SELECT u.external_id, u.name, u.email, u.kind, c.name
  FROM (SELECT user_id FROM segment_user WHERE workspace_id = %(workspace)s AND segment_id = %(segment)s
         ORDER BY user_id DESC LIMIT %(most)s) su
  JOIN "user" u ON u.workspace_id = %(workspace)s AND u.id = su.user_id
  LEFT JOIN company c ON c.workspace_id = %(workspace)s AND c.id = u.company_id ORDER BY u.id DESC"""
# What is known of those who were seen last, as far as rules can speak of it.
KNOWN = """
WITH seen AS MATERIALIZED (
  SELECT traits, company_id FROM "user" WHERE workspace_id = %(workspace)s AND kind = 'identified'
   ORDER BY last_seen_at DESC, id DESC LIMIT %(sample)s
), facts AS (
  SELECT 'traits.' || t.key AS field, t.value FROM seen, jsonb_each(traits) t
  UNION ALL
  SELECT f.field, to_jsonb(f.value) FROM seen
    JOIN company c ON c.workspace_id = %(workspace)s AND c.id = seen.company_id
   CROSS JOIN LATERAL (VALUES ('company.name', c.name), ('company.plan', c.plan)) f (field, value) WHERE f.value <> ''
)
SELECT field, array_agg(DISTINCT jsonb_typeof(value)), (array_agg(DISTINCT left(value#>>'{}', 80)))[:%(most)s]
  FROM facts GROUP BY field ORDER BY count(*) DESC, field LIMIT 50"""
OPEN_FOR = """
SELECT b.key, b.name FROM board_segment a JOIN board b ON b.workspace_id = a.workspace_id AND b.id = a.board_id
 WHERE a.workspace_id = %(workspace)s AND a.segment_id = %(segment)s AND b.access = 'segments' ORDER BY b.position, b.id"""


class Example(NamedTuple):
    """Somebody who is in a segment, or would be."""

    external_id: str
    name: str
    email: str | None
    kind: str
    company: str | None


class Known(NamedTuple):
    """A field that rules can speak of, with the types of JSON and some of the values it has."""

    field: str
    types: list[str]
    values: list[str]


def count(reader: Reader, rules: list[dict], key: str = "") -> tuple[int | None, list[Example]]:
    """How many users would be in a segment of these rules, as far as 10,001, and the last known of them; None when it takes
    too long to say. `key` is what tokens call it, if it has one. Raises Invalid for rules that cannot be taken."""
    given = checked("Any", rules)["rules"]
    try:
        with database.atomic():
            db.changed(LIMITED)
            found = db.rows(COUNT, workspace=reader.workspace.id, rules=Json(given), key=key, counted=MOST_COUNTED + 1,
                            most=EXAMPLES)  # fmt: skip
    except OperationalError as error:
        if db.code(error) != STOPPED:
            raise
        return None, []
    return (found[0][0] if found else 0), [Example(*row[1:]) for row in found]


def members(reader: Reader, segment: Segment) -> list[Example]:
    """Some who are in a segment: the last known."""
    found = db.rows(MEMBERS, workspace=reader.workspace.id, segment=segment.id, most=EXAMPLES)
    return [Example(*row) for row in found]


def known(reader: Reader) -> list[Known]:
    """What rules can speak of here, by those who were seen last."""
    return [Known(*row) for row in db.rows(KNOWN, workspace=reader.workspace.id, sample=SAMPLE, most=VALUES)]


def boards(reader: Reader, segment: Segment) -> list[tuple[str, str]]:
    """The key and name of each board that is open for this segment."""
    return db.rows(OPEN_FOR, workspace=reader.workspace.id, segment=segment.id)
