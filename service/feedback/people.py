"""Users and companies as the team looks through them: found by what they are called, filtered, and what each of them did.
However many there are, a page reads a bounded part of them. For members."""

import re
from datetime import datetime
from typing import NamedTuple

from service import db
from service.feedback.readers import Reader
from service.lib import text

KINDS = ("identified", "guest", "anonymous", "member")
LONGEST_SEARCH = 200
MOST_FOUND = 25  # by a search; who is not among them is found by typing more
MOST_COUNTED = 100  # of what each row counts; that stands for more, too
MOST_USERS = 21  # the same, of the users of a company
MOST_TOTAL = 1000  # the same, of what one company or user has

ROWS = """
SELECT u.id, u.external_id, u.kind, u.name, u.email, c.external_id, c.name, c.plan, c.mrr, u.blocked_at IS NOT NULL,
       u.last_seen_at, u.place,
       (SELECT count(*) FROM (SELECT FROM post p WHERE p.workspace_id = %(workspace)s AND p.author_id = u.id
                                 AND p.deleted_at IS NULL LIMIT %(counted)s) few),
       (SELECT count(*) FROM (SELECT FROM vote v WHERE v.workspace_id = %(workspace)s AND v.user_id = u.id
                               LIMIT %(counted)s) few)
  FROM ({page}) u LEFT JOIN company c ON c.workspace_id = %(workspace)s AND c.id = u.company_id
 ORDER BY u.place DESC, u.id DESC"""
FILTERED = "u.kind = ANY(%(kinds)s) AND (NOT %(blocked)s OR u.blocked_at IS NOT NULL)"
CONTINUED = "(%(at)s IS NULL OR ({place}, u.id) < (%(at)s::timestamptz, %(id)s))"
# By kind, as the index is ordered: a page of each, of which the newest are one page.
SEEN = ROWS.format(page=f"""
SELECT u.* FROM unnest(%(kinds)s) AS each (kind) CROSS JOIN LATERAL (
    SELECT u.*, u.last_seen_at AS place FROM "user" u
     WHERE u.workspace_id = %(workspace)s AND u.kind = each.kind AND {CONTINUED.format(place="u.last_seen_at")}
     ORDER BY u.last_seen_at DESC, u.id DESC LIMIT %(most)s) u
 ORDER BY u.place DESC, u.id DESC LIMIT %(most)s""")
BLOCKED = ROWS.format(page=f"""
SELECT u.*, u.blocked_at AS place FROM "user" u
 WHERE u.workspace_id = %(workspace)s AND u.blocked_at IS NOT NULL AND u.kind = ANY(%(kinds)s)
   AND {CONTINUED.format(place="u.blocked_at")} ORDER BY u.blocked_at DESC, u.id DESC LIMIT %(most)s""")
OF_COMPANY = ROWS.format(page=f"""
SELECT u.*, u.last_seen_at AS place FROM "user" u
 WHERE u.workspace_id = %(workspace)s AND {FILTERED} AND {CONTINUED.format(place="u.last_seen_at")}
   AND u.company_id = (SELECT id FROM company WHERE workspace_id = %(workspace)s AND external_id = %(company)s)
 ORDER BY u.last_seen_at DESC, u.id DESC LIMIT %(most)s""")
# In the order of the rows that say who is in it: the last known first.
IN_SEGMENT = ROWS.format(page=f"""
SELECT u.*, NULL::timestamptz AS place FROM segment_user su
  JOIN "user" u ON u.workspace_id = su.workspace_id AND u.id = su.user_id
 WHERE su.workspace_id = %(workspace)s AND {FILTERED} AND (%(id)s IS NULL OR su.user_id < %(id)s)
   AND su.segment_id = (SELECT id FROM segment WHERE workspace_id = %(workspace)s AND key = %(segment)s)
 ORDER BY su.user_id DESC LIMIT %(most)s""")
# In each of the three ways that a search may be meant, as few as are shown: which of many is found first does not matter.
MEANT = f"""SELECT u.* FROM "user" u WHERE u.workspace_id = %(workspace)s AND {{meant}} AND {FILTERED}
     AND (%(company)s IS NULL OR u.company_id = (
          SELECT id FROM company WHERE workspace_id = %(workspace)s AND external_id = %(company)s))
     AND (%(segment)s IS NULL OR EXISTS (
          SELECT FROM segment_user su JOIN segment s ON s.workspace_id = su.workspace_id AND s.id = su.segment_id
           WHERE su.workspace_id = %(workspace)s AND su.user_id = u.id AND s.key = %(segment)s)) LIMIT %(most)s"""
WAYS = (
    "u.external_id LIKE %(begins)s", "lower(u.email) LIKE lower(%(begins)s)",
    "to_tsvector('simple', u.name) @@ to_tsquery('simple', %(words)s)",
)  # fmt: skip
FOUND = ROWS.format(page=f"""
SELECT * FROM (
  SELECT DISTINCT ON (u.id) u.*, u.last_seen_at AS place FROM (
    ({") UNION ALL (".join(MEANT.format(meant=way) for way in WAYS)})) u) u
 ORDER BY place DESC, id DESC LIMIT %(most)s""")

COMPANIES = """
SELECT c.id, c.external_id, c.name, c.plan, c.mrr,
       (SELECT count(*) FROM (SELECT FROM "user" u WHERE u.workspace_id = %(workspace)s AND u.company_id = c.id
                               LIMIT %(counted)s) few)
  FROM (SELECT * FROM company c WHERE c.workspace_id = %(workspace)s AND {those} LIMIT %(most)s) c ORDER BY {order}"""
BY_MRR = COMPANIES.format(order="c.mrr DESC, c.id DESC", those="""
       (%(after)s IS NULL OR (c.mrr, c.id) < (SELECT a.mrr, a.id FROM company a
                                               WHERE a.workspace_id = %(workspace)s AND a.id = %(after)s))
 ORDER BY c.mrr DESC, c.id DESC""")
BY_NAME = COMPANIES.format(order="c.name, c.id", those="""
       (%(after)s IS NULL OR (c.name, c.id) > (SELECT a.name, a.id FROM company a
                                                WHERE a.workspace_id = %(workspace)s AND a.id = %(after)s))
 ORDER BY c.name, c.id""")
COMPANIES_FOUND = COMPANIES.format(order="c.mrr DESC, c.id DESC", those="""
       to_tsvector('simple', c.name || ' ' || c.external_id) @@ to_tsquery('simple', %(words)s)""")


class Row(NamedTuple):
    """A user in a list. What is counted stops at 100."""

    id: int
    external_id: str
    kind: str
    name: str
    email: str | None
    company_id: str | None  # external
    company: str | None
    plan: str | None
    mrr: int | None
    is_blocked: bool
    last_seen_at: datetime
    place: datetime | None  # by which this list is ordered, and then by id; None: by id alone
    posts: int
    votes: int


class CompanyRow(NamedTuple):
    id: int
    external_id: str
    name: str
    plan: str
    mrr: int
    users: int  # stops at 21


def users(reader: Reader, most: int, after: tuple[datetime | None, int] | None = None, *, q: str = "", kind: str = "",
          blocked: bool = False, company: str = "", segment: str = "") -> list[Row]:  # fmt: skip
    """`most` of the workspace's users, last seen first, after the place (`place`, `id`) of the one that was read last.

    `q` is how their id or address begins, or how words of their name begin; then there are at most 25 and no next page. Of a
    segment the last known come first, of the blocked the last one blocked."""
    at, id = after or (None, None)
    begins, words = sought(q)
    sql = (FOUND if begins else IN_SEGMENT if segment else OF_COMPANY if company else BLOCKED if blocked else SEEN)
    found = db.rows(
        sql, workspace=reader.workspace.id, kinds=[kind] if kind in KINDS else list(KINDS), blocked=blocked, at=at, id=id,
        company=company or None, segment=segment or None, begins=begins, words=words,
        most=min(most, MOST_FOUND) if begins else most, counted=MOST_COUNTED,
    )  # fmt: skip
    return [Row(*row) for row in found]


def companies(reader: Reader, most: int, after: int | None = None, *, q: str = "", sort: str = "mrr") -> list[CompanyRow]:
    """`most` of the workspace's companies, who pay most first or by `name`, after the one of this id. `q` is how words of
    their name or id begin; then there are at most 25 and no next page."""
    begins, words = sought(q)
    sql = COMPANIES_FOUND if begins else BY_NAME if sort == "name" else BY_MRR
    found = db.rows(sql, workspace=reader.workspace.id, after=after, words=words, counted=MOST_USERS,
                    most=min(most, MOST_FOUND) if begins else most)  # fmt: skip
    return [CompanyRow(*row) for row in found]


def sought(q: str) -> tuple[str | None, str]:
    """What is typed, as the beginning of a LIKE, and as a tsquery of beginnings; None when nothing is."""
    plain = text.tidy_line(q[: 4 * LONGEST_SEARCH])[:LONGEST_SEARCH]
    begins = re.sub(r"([\\%_])", r"\\\1", plain)
    return (f"{begins}%" if begins else None), " & ".join(f"'{word}':*" for word in re.findall(r"\w+", plain))
