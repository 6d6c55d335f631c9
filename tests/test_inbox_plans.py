"""What the inbox reads: no more with 100,000 posts than three times what it reads with 1,000."""

import pytest
from test_dashboard_growth import blocks

from service import db
from service.db import database
from service.feedback import lists

SMALL, LARGE, TIMES = 1_000, 100_000, 3
# a status that only a few posts have, whatever there is
POSTS = """
INSERT INTO post (workspace_id, number, board_id, status_id, title, votes, created_at, answered_at)
SELECT %(workspace)s, n, (SELECT min(id) FROM board),
       CASE WHEN n %% %(rare)s = 0 THEN statuses[4] ELSE statuses[1 + n %% 3] END,
       'Wish ' || n, n %% 50, now() - n * interval '1 minute', CASE WHEN n %% 2 = 0 THEN now() END
  FROM generate_series(%(first)s, %(last)s) n,
       (SELECT array_agg(id ORDER BY id) AS statuses FROM status WHERE workspace_id = %(workspace)s) s"""
PAGES = {
    "nothing": {}, "a status": {"status": "planned"}, "a rare status": {"status": "done"}, "a board": {"board": "features"},
    "unanswered": {"unanswered": True}, "nobody's": {"assignee": "none"}, "new ones": {"newer": 3650},
    "a tag that is nowhere": {"tag": "slow"}, "most votes": {"sort": "top"},
    "most votes of a status": {"sort": "top", "status": "open"}, "trending": {"sort": "trending"},
}  # fmt: skip


def read(work) -> int:
    """How many blocks a thing reads."""
    before = blocks()
    work()
    return blocks() - before


def test_the_inbox_reads_no_more_because_there_is_more(acme):
    place, found = {"workspace": acme.workspace.id, "rare": 50}, {}
    works = {name: lambda asked=asked: lists.page(acme.team, limit=50, **{"sort": "new", **asked})
             for name, asked in PAGES.items()}  # fmt: skip
    works["the counts"] = lambda: lists.counts(acme.team)
    database.execute_sql("SET statement_timeout = 0")
    database.execute_sql("SET synchronous_commit = on")  # or VACUUM does not yet know that the rows are there for everyone
    for first, last in ((1, SMALL), (SMALL + 1, LARGE)):
        db.changed(POSTS, **place, first=first, last=last)
        database.execute_sql("VACUUM ANALYZE")
        for name, work in works.items():
            work()  # what PostgreSQL looks up about the tables is looked up once
            found.setdefault(name, []).append(read(work))
    too_much = {name: (small, large) for name, (small, large) in found.items() if large > TIMES * small}
    assert not too_much, found
    assert max(lists.counts(acme.team).values()) == lists.MOST_COUNTED + 1


@pytest.mark.parametrize("name", ["status", "tag"])
def test_a_filter_is_a_condition_of_its_own_and_the_others_are_not_there(name):
    sql = lists.statement("new", frozenset([name]))
    assert lists.FILTERS[name] in sql and lists.FILTERS["plan"] not in sql
