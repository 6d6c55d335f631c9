"""The companies of the customer's users: which plan they are on, and what they pay."""

from typing import NamedTuple

from service import db, events
from service.errors import Invalid, NotFound
from service.feedback import segments, versions
from service.feedback.claims import said
from service.feedback.readers import Reader
from service.lib import text

LONGEST_NAME = 200  # of a company and of its plan
EMPTY = {"name": "", "plan": "", "mrr": 0}  # what is not known
LARGEST_MRR = 10**15  # cents a month; every one is less

# A company is told with every token of its users: it is written only when that says something new.
KNOW = """
WITH before AS (
  SELECT * FROM company WHERE workspace_id = %(workspace)s AND external_id = %(external)s
), written AS (
  INSERT INTO company AS c (workspace_id, external_id, name, plan, mrr)
  SELECT %(workspace)s, %(external)s, coalesce(%(name)s, ''), coalesce(%(plan)s, ''), coalesce(%(mrr)s, 0)
   WHERE NOT EXISTS (SELECT FROM before WHERE name = coalesce(%(name)s, name) AND plan = coalesce(%(plan)s, plan)
                        AND mrr = coalesce(%(mrr)s, mrr))
  ON CONFLICT ON CONSTRAINT one_company_per_external_id DO UPDATE
    SET name = coalesce(%(name)s, c.name), plan = coalesce(%(plan)s, c.plan), mrr = coalesce(%(mrr)s, c.mrr)
  RETURNING id, name, plan, mrr, xmax = 0 AS made   -- a row that was there already has the mark of our lock
)
SELECT coalesce(w.id, b.id), coalesce(w.made, false), CASE WHEN w.id IS NULL THEN ARRAY[]::text[] ELSE array_remove(ARRAY[
         CASE WHEN w.name <> coalesce(b.name, '') THEN 'name' END,
         CASE WHEN w.plan <> coalesce(b.plan, '') THEN 'plan' END,
         CASE WHEN w.mrr <> coalesce(b.mrr, 0) THEN 'mrr' END], NULL) END
  FROM (SELECT) one LEFT JOIN before b ON true LEFT JOIN written w ON true"""
PAGE = """
SELECT c.id, c.external_id, c.name, c.plan, c.mrr FROM company c
 WHERE c.workspace_id = %(workspace)s AND (%(external)s IS NULL OR c.external_id = %(external)s)
   AND (%(after)s IS NULL OR c.id > %(after)s) ORDER BY c.id LIMIT %(most)s"""

PLANS = """
SELECT DISTINCT plan FROM (
  SELECT plan FROM company WHERE workspace_id = %(workspace)s ORDER BY id DESC LIMIT %(most)s) newest
 WHERE plan <> '' ORDER BY plan"""
LOOKED_AT = 500  # companies, to name the plans there are

HOLD = "SELECT FROM company WHERE workspace_id = %(workspace)s AND external_id = %(external)s FOR NO KEY UPDATE"


class Company(NamedTuple):
    id: int
    external_id: str
    name: str
    plan: str
    mrr: int  # cents a month


class Known(NamedTuple):
    """A company as it was just told of."""

    id: int
    is_new: bool
    changed: list[str]  # which of its facts


def page(reader: Reader, most: int, after: int | None = None) -> list[Company]:
    """The workspace's companies, `most` of them in the order in which we first knew them, `after` the one of this id."""
    found = db.rows(PAGE, workspace=reader.workspace.id, most=most, after=after, external=None)
    return [Company(*row) for row in found]


def plans(reader: Reader) -> list[str]:
    """The plans that companies are on, as the newest of them say."""
    return [plan for (plan,) in db.rows(PLANS, workspace=reader.workspace.id, most=LOOKED_AT)]


def find(reader: Reader, external_id: str) -> Company:
    """The company with the customer's own id, or NotFound."""
    row = text.is_plain_id(external_id) and db.row(
        PAGE, workspace=reader.workspace.id, most=1, after=None, external=external_id
    )
    if not row:
        raise NotFound("There is no such company.")
    return Company(*row)


@db.verb
def put(reader: Reader, external_id: str, **given) -> bool:
    """Know a company by what is given of it (name, plan, mrr), and leave the rest; made when it is new. Returns whether it
    is. What is given as None is emptied."""
    workspace = reader.workspace.id
    known = Known(*db.row(KNOW, workspace=workspace, external=external_id, **checked(external_id, **given)))
    if known.is_new or known.changed:
        type = "company.created" if known.is_new else "company.updated"
        events.record(type, workspace, data={"company": external_id, "changed": known.changed}, **reader.actor())
        segments.sort(workspace, company=known.id)
    return known.is_new


@db.verb
def change(reader: Reader, external_id: str, *, name: str, plan: str, mrr: int, seen: str | None = None) -> None:
    """The same for a company that is known; NotFound when it is not, Conflict when it is not as it was `seen`
    (`versions.version` of all of it)."""
    db.rows(HOLD, workspace=reader.workspace.id, external=external_id)
    versions.check(seen, *find(reader, external_id))
    put(reader, external_id, name=name, plan=plan, mrr=mrr)


def told(workspace_id: int, company: dict) -> Known:
    """Know a company by what a program says of it, as {id, name, plan, mrr}; part of the verb that knows its user."""
    try:
        facts = checked(company["id"], **{field: value for field, value in company.items() if field != "id"})
    except Invalid as error:
        raise Invalid(**{f"company.{field}": why for field, why in error.fields.items()}) from None
    return Known(*db.row(KNOW, workspace=workspace_id, external=company["id"], **facts))


def checked(external_id: str, **given) -> dict:
    """These facts as they are stored, None for what is left out; Invalid names those that must change."""
    facts = {field: None if field not in given else empty if given[field] is None else given[field]
             for field, empty in EMPTY.items()}  # fmt: skip
    wrong, (name, plan, mrr) = {}, facts.values()
    if not text.is_plain_id(external_id):
        wrong["id"] = "A company's id has 1–255 characters, no “/” and none that is invisible."
    for field, value in (("name", name), ("plan", plan)):
        facts[field] = None if value is None else text.fitting(value, LONGEST_NAME, text.tidy_line)
        if value is not None and facts[field] is None:
            wrong[field] = f"This has at most {LONGEST_NAME} characters."
    if mrr is not None and not 0 <= mrr < LARGEST_MRR:
        wrong["mrr"] = "Give what they pay a month, in cents, as a whole number."
    if wrong:
        raise Invalid(**wrong)
    return facts


def know(workspace_id: int, told) -> Known | None:
    """Know a company by what a customer's token says of it, as {id, name, plan, mrr}; None when it names none.

    What cannot be taken is passed over: a user is not refused for it. Part of the verb that knows the user, which sorts
    the company's users into segments again when something of it `changed`."""
    named = told.get("id") if isinstance(told, dict) else None
    if type(named) not in (str, int) or not text.is_plain_id(str(named)):
        return None
    mrr = told.get("mrr")
    return Known(*db.row(
        KNOW, workspace=workspace_id, external=str(named), name=said(told, "name"), plan=said(told, "plan"),
        mrr=int(mrr) if type(mrr) in (int, float) and 0 <= mrr < LARGEST_MRR else None,
    ))  # fmt: skip
