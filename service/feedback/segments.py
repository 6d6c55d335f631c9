"""Groups of users: named in their tokens, or found by rules about their traits and their company.

Who is in which is kept in segment_user and made true again, by `sort`, in the transaction of whatever changed it."""

import math
from typing import NamedTuple

from psycopg2.extras import Json

from service import db, events
from service.errors import Conflict, Invalid, NotFound
from service.feedback import versions
from service.feedback.readers import Reader
from service.lib import text

FACTS = ("company.name", "company.plan", "company.mrr")
TRAIT = "traits."  # before the name of one
OPS = ("is", "is_not", "at_least", "at_most", "contains")
LONGEST_NAME, LONGEST_FIELD, LONGEST_VALUE = 80, 200, 200
MOST_RULES, LARGEST_NUMBER = 20, 10**15
MOST_COUNTED = 10_000  # where it is shown; one more is "10,000+"

LIST = """
SELECT s.id, s.key, s.name, s.rules,
       (SELECT count(*) FROM (SELECT FROM segment_user su WHERE su.workspace_id = s.workspace_id AND su.segment_id = s.id
                               LIMIT %(counted)s) few)
  FROM segment s WHERE s.workspace_id = %(workspace)s AND (%(key)s IS NULL OR s.key = %(key)s) ORDER BY s.key"""
MAKE = """
INSERT INTO segment (workspace_id, key, name, rules) VALUES (%(workspace)s, %(key)s, %(name)s, %(rules)s)
ON CONFLICT ON CONSTRAINT one_segment_per_key DO NOTHING RETURNING id"""
HOLD = "SELECT id FROM segment WHERE workspace_id = %(workspace)s AND key = %(key)s FOR NO KEY UPDATE"
SAVE = "UPDATE segment SET name = %(name)s, rules = %(rules)s WHERE workspace_id = %(workspace)s AND id = %(id)s"
# HOLD waits for a board that is just being opened for this segment (boards.ADMIT); then the boards that are open for it are
# held, so that of two segments which a board relies on only one can go. It does not wait for who is just being sorted into
# the segment: that is done with the workspace's counter in hand, which we take later. So when the row itself goes, we have
# the counter (events.record) and nobody else holds the row.
HOLD_BOARDS = """
SELECT b.id FROM board b WHERE b.workspace_id = %(workspace)s AND b.id IN (
         SELECT board_id FROM board_segment WHERE workspace_id = %(workspace)s AND segment_id = %(id)s)
 ORDER BY b.id FOR NO KEY UPDATE"""
RELYING = """
SELECT b.name FROM board b JOIN board_segment a ON a.workspace_id = b.workspace_id AND a.board_id = b.id
 WHERE b.workspace_id = %(workspace)s AND b.access = 'segments' AND a.segment_id = %(id)s
   AND NOT EXISTS (SELECT FROM board_segment other WHERE other.workspace_id = b.workspace_id AND other.board_id = b.id
                      AND other.segment_id <> %(id)s) ORDER BY b.id"""
DELETE = "DELETE FROM segment WHERE workspace_id = %(workspace)s AND id = %(id)s"

# Is the user `u`, of the company `c`, in the segment `s`? What we do not know of somebody (NULL) meets no rule, `is_not`
# neither: who has no facts is in no segment by rules. Of two kinds of value neither is the greater.
FITS = """
(s.key = ANY(u.segments) OR (jsonb_array_length(s.rules) > 0 AND NOT EXISTS (
  SELECT FROM jsonb_array_elements(s.rules) rule CROSS JOIN LATERAL (SELECT CASE rule->>'field'
           WHEN 'company.name' THEN to_jsonb(nullif(c.name, ''))
           WHEN 'company.plan' THEN to_jsonb(nullif(c.plan, ''))
           WHEN 'company.mrr' THEN to_jsonb(c.mrr)
           ELSE u.traits->substr(rule->>'field', 8) END AS fact) known
   WHERE (CASE rule->>'op'
           WHEN 'is' THEN fact = rule->'value'
           WHEN 'is_not' THEN fact <> rule->'value'
           WHEN 'at_least' THEN jsonb_typeof(fact) = 'number' AND fact >= rule->'value'
           WHEN 'at_most' THEN jsonb_typeof(fact) = 'number' AND fact <= rule->'value'
           WHEN 'contains' THEN jsonb_typeof(fact) = 'string' AND strpos(lower(fact#>>'{}'), lower(rule->>'value')) > 0
          END) IS NOT TRUE)))"""
CONCERNED = """
s.workspace_id = %(workspace)s AND (%(segment)s IS NULL OR s.id = %(segment)s)
     AND u.workspace_id = %(workspace)s AND (%(user)s IS NULL OR u.id = %(user)s)
     AND (%(company)s IS NULL OR u.company_id = %(company)s)"""
# Who is in is judged row by row, and nobody is looked up in a list of those who fit: the planner cannot know how long it is.
# Who is locked is just being erased (nothing else locks a user's key) and waits for the counter, which we have: nobody waits
# for them.
SORT = f"""
WITH gone AS (
  DELETE FROM segment_user su
   USING segment s, "user" u LEFT JOIN company c ON c.workspace_id = u.workspace_id AND c.id = u.company_id
   WHERE su.workspace_id = %(workspace)s AND su.segment_id = s.id AND su.user_id = u.id AND {CONCERNED} AND NOT {FITS}
), come AS (
  SELECT s.id AS segment, u.id AS user
    FROM segment s, "user" u LEFT JOIN company c ON c.workspace_id = u.workspace_id AND c.id = u.company_id
   WHERE {CONCERNED} AND {FITS} AND NOT EXISTS (
         SELECT FROM segment_user su
          WHERE su.workspace_id = %(workspace)s AND su.segment_id = s.id AND su.user_id = u.id)
     FOR KEY SHARE OF u SKIP LOCKED
)
INSERT INTO segment_user (workspace_id, segment_id, user_id) SELECT %(workspace)s, segment, come.user FROM come
ON CONFLICT ON CONSTRAINT once_in_a_segment DO NOTHING"""


class Segment(NamedTuple):
    id: int
    key: str
    name: str
    rules: list[dict]  # {field, op, value}, all of which hold; none: only who is named in a token
    users: int  # how many are in it


def of(reader: Reader) -> list[Segment]:
    """The workspace's segments, by key."""
    return [Segment(*row) for row in db.rows(LIST, workspace=reader.workspace.id, key=None, counted=None)]


def names(reader: Reader) -> list[Segment]:
    """The same with nobody counted, for a form that lets one choose."""
    return [Segment(*row) for row in db.rows(LIST, workspace=reader.workspace.id, key=None, counted=0)]


def listed(reader: Reader) -> list[Segment]:
    """The same for a page: `users` stops at one more than 10,000."""
    return [Segment(*row) for row in db.rows(LIST, workspace=reader.workspace.id, key=None, counted=MOST_COUNTED + 1)]


def find(reader: Reader, key: str) -> Segment:
    """The segment with this key, or NotFound."""
    row = text.is_key(key) and db.row(LIST, workspace=reader.workspace.id, key=key, counted=None)
    if not row:
        raise NotFound("There is no such segment.")
    return Segment(*row)


@db.verb
def create(reader: Reader, key: str, name: str, rules: list[dict] | None = None) -> Segment:
    """A new segment; who belongs to it is in it at once. Raises Invalid with the field that must change."""
    said = checked(name, rules or [])
    if not text.is_key(key):
        raise Invalid(key=text.WHAT_A_KEY_IS)
    if key == "new":
        raise Invalid(key="This is the address of the page that makes segments; choose another key.")
    made = db.row(MAKE, workspace=reader.workspace.id, key=key, name=said["name"], rules=Json(said["rules"]))
    if made is None:
        raise Invalid(key=f"There is a segment “{key}” already.")
    events.record("segment.created", reader.workspace.id, data={"key": key}, **reader.actor())
    sort(reader.workspace.id, segment=made[0])
    return find(reader, key)


@db.verb
def change(reader: Reader, key: str, *, name: str | None = None, rules: list[dict] | None = None,
           seen: str | None = None) -> Segment:  # fmt: skip
    """Change what is given of a segment and leave the rest; nothing new is no change. Conflict when it is not as it was
    `seen` (`versions.version` of name and rules)."""
    db.rows(HOLD, workspace=reader.workspace.id, key=key)
    segment = find(reader, key)
    versions.check(seen, segment.name, segment.rules)
    after = checked(segment.name if name is None else name, segment.rules if rules is None else rules)
    changed = [field for field, value in after.items() if value != getattr(segment, field)]
    if not changed:
        return segment
    db.changed(SAVE, workspace=reader.workspace.id, id=segment.id, name=after["name"], rules=Json(after["rules"]))
    data = {"key": key, "changed": changed}
    events.record("segment.updated", reader.workspace.id, data=data, **reader.actor())
    if "rules" in changed:
        sort(reader.workspace.id, segment=segment.id)
    return find(reader, key)


@db.verb
def delete(reader: Reader, key: str) -> None:
    """Take a segment away. Conflict when it is the only one for whose users a board is."""
    held = db.row(HOLD, workspace=reader.workspace.id, key=key)
    if held is None:
        raise NotFound("There is no such segment.")
    place = {"workspace": reader.workspace.id, "id": held[0]}
    db.rows(HOLD_BOARDS, **place)
    relying = db.row(RELYING, **place)
    if relying:
        raise Conflict(f"The board “{relying[0]}” is for this segment alone; open it for others first.", "in_use")
    events.record("segment.deleted", reader.workspace.id, data={"key": key}, **reader.actor())
    db.changed(DELETE, **place)


def sort(workspace_id: int, *, user: int | None = None, company: int | None = None, segment: int | None = None) -> None:
    """Make it true again who is in which segment: for one user, for the users of a company, or for one segment; in the
    caller's transaction, **after** its `events.record`.

    That is what keeps it true when several change at once. The event takes the workspace's counter, which is held until
    the commit, so those who sort take turns, and each one's statement, which begins after, sees what those before it have
    committed: of a user and a rule that change at the same moment, whoever comes second sorts by both."""
    db.changed(SORT, workspace=workspace_id, user=user, company=company, segment=segment)


def checked(name: str, rules: list[dict]) -> dict:
    """Name and rules as they are stored; Invalid says which must change."""
    said, wrong = text.fitting(name, LONGEST_NAME, text.tidy_line), {}
    if not said:
        wrong["name"] = f"Give it a name of 1–{LONGEST_NAME} characters."
    if len(rules) > MOST_RULES:
        wrong["rules"] = f"A segment has at most {MOST_RULES} rules."
    else:
        refusals = [f"Rule {place}: {why}" for place, rule in enumerate(rules, start=1) if (why := refusal(rule))]
        if refusals:
            wrong["rules"] = " ".join(refusals)
    if wrong:
        raise Invalid(**wrong)
    return {"name": said, "rules": [{part: rule[part] for part in ("field", "op", "value")} for rule in rules]}


def refusal(rule: dict) -> str | None:
    """What must change about a rule; None when it can be taken."""
    field, op, value = (rule.get(part) for part in ("field", "op", "value"))
    if not isinstance(field, str) or (field not in FACTS and not is_trait(field)):
        return f"its field is one of {', '.join(FACTS)}, or {TRAIT}NAME."
    if op not in OPS:
        return f"its op is one of {', '.join(OPS)}."
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if is_number and not (math.isfinite(value) and abs(value) <= LARGEST_NUMBER):
        return f"its value must lie between {-LARGEST_NUMBER} and {LARGEST_NUMBER}."
    if op in {"at_least", "at_most"} and not is_number:
        return f"{op} takes a number."
    if op == "contains" and not (isinstance(value, str) and value.strip()):
        return "contains takes a text."
    if not isinstance(value, str | bool) and not is_number:
        return "its value is a text, a number, true or false."
    if isinstance(value, str) and (len(value) > LONGEST_VALUE or value != text.tidy_line(value)):
        return f"its value is one line of at most {LONGEST_VALUE} characters, without invisible ones."
    return None


def is_trait(field: str) -> bool:
    name = field.removeprefix(TRAIT)
    return field.startswith(TRAIT) and 1 <= len(name) <= LONGEST_FIELD and name == text.tidy_line(name)
