"""What the inbox reads: no more with 100,000 posts than 3.5 times what it reads with 1,000."""

import pytest
from test_dashboard_growth import blocks

from service import db
from service.db import database
from service.feedback import conditions, insight_counts, lists, segments

SMALL, LARGE, TIMES = 1_000, 100_000, 3.5
# a status that only a few posts have, whatever there is
POSTS = """
INSERT INTO post (workspace_id, number, board_id, status_id, title, votes, created_at, answered_at)
SELECT %(workspace)s, n, (SELECT min(id) FROM board),
       CASE WHEN n %% %(rare)s = 0 THEN statuses[4] ELSE statuses[1 + n %% 3] END,
       'Wish ' || n || CASE WHEN n %% 100 = 0 THEN ' seldom' ELSE '' END, n %% 50,
       now() - n * interval '1 minute', CASE WHEN n %% 2 = 0 THEN now() END
  FROM generate_series(%(first)s, %(last)s) n,
       (SELECT array_agg(id ORDER BY id) AS statuses FROM status WHERE workspace_id = %(workspace)s) s"""
PAGES = {
    "nothing": {}, "a status": {"status": "planned"}, "a rare status": {"status": "done"}, "a board": {"board": "features"},
    "unanswered": {"unanswered": True}, "nobody's": {"assignee": "none"}, "new ones": {"newer": 3650},
    "a tag that is nowhere": {"tag": "slow"}, "most votes": {"sort": "top"},
    "most votes of a status": {"sort": "top", "status": "open"}, "trending": {"sort": "trending"}, "a plan": {"plan": "Pro"},
    "a segment": {"segment": "many"}, "MRR": {"mrr_from": 500}, "words": {"q": "wish"},
    "most MRR": {"sort": "mrr"},
    "all of it": {"plan": "Pro", "segment": "many", "mrr_from": 500, "q": "wish", "sort": "mrr"},
}  # fmt: skip
# What one post in a hundred has: with 1,000 posts there are ten to read, with 100,000 a page looks at LOOKED_AT of them.
SPARSE = {"a company": {"company": "company-2"}, "a large MRR": {"mrr_from": 5900}, "a seldom plan": {"plan": "Seldom"}, 
          "a seldom word": {"q": "wishes seldom"}}  # fmt: skip
MOST_BLOCKS = 20 * lists.LOOKED_AT
# users of companies, of which one in two and one in a hundred has a plan; each post has a vote
PEOPLE = """
INSERT INTO company (workspace_id, external_id, plan)
SELECT %(workspace)s, 'company-' || n, CASE WHEN n %% 100 = 0 THEN 'Seldom' WHEN n %% 2 = 0 THEN 'Pro' ELSE '' END
  FROM generate_series(1, 200) n;
INSERT INTO "user" (workspace_id, external_id, kind, company_id)
SELECT workspace_id, 'user-' || n, 'identified', id
  FROM (SELECT *, row_number() OVER (ORDER BY id) AS n FROM company WHERE workspace_id = %(workspace)s) c;
INSERT INTO segment_user (workspace_id, segment_id, user_id)
SELECT u.workspace_id, s.id, u.id FROM segment s JOIN "user" u ON u.workspace_id = s.workspace_id AND u.id %% 3 > 0"""
VOTES = """
INSERT INTO vote (workspace_id, post_number, user_id)
SELECT p.workspace_id, p.number, first + p.number %% 200
  FROM post p, (SELECT min(id) AS first FROM "user" WHERE workspace_id = %(workspace)s) u
 WHERE p.workspace_id = %(workspace)s AND p.number BETWEEN %(first)s AND %(last)s"""
WORTH = """
INSERT INTO post_worth (workspace_id, post_number, mrr)
SELECT workspace_id, number, number * 7919 %% 6007 FROM post
 WHERE workspace_id = %(workspace)s AND number BETWEEN %(first)s AND %(last)s"""


def read(work) -> int:
    """How many blocks a thing reads."""
    before = blocks()
    work()
    return blocks() - before


def test_the_inbox_reads_no_more_because_there_is_more(acme):
    place, found = {"workspace": acme.workspace.id, "rare": 50}, {}
    works = {name: lambda asked=asked: lists.page(acme.team, limit=50, bounded=True, **{"sort": "new", **asked})
             for name, asked in {**PAGES, **SPARSE}.items()}  # fmt: skip
    segments.create(acme.team, "many", "Many")
    for statement in PEOPLE.split(";"):
        db.changed(statement, **place)
    works["the counts"] = lambda: lists.counts(acme.team)
    database.execute_sql("SET statement_timeout = 0")
    database.execute_sql("SET synchronous_commit = on")  # or VACUUM does not yet know that the rows are there for everyone
    for first, last in ((1, SMALL), (SMALL + 1, LARGE)):
        for statement in (POSTS, VOTES, WORTH):
            db.changed(statement, **place, first=first, last=last)
        database.execute_sql("VACUUM ANALYZE")
        for name, work in works.items():
            work()  # what PostgreSQL looks up about the tables is looked up once
            found.setdefault(name, []).append(read(work))
    too_much = {name: (small, large) for name, (small, large) in found.items()
                if large > (MOST_BLOCKS if name in SPARSE else TIMES * small)}  # fmt: skip
    assert not too_much, found
    assert max(lists.counts(acme.team).values()) == lists.MOST_COUNTED + 1


@pytest.mark.parametrize("name", ["status", "tag"])
def test_a_filter_is_a_condition_of_its_own_and_the_others_are_not_there(name):
    sql = lists.statement("new", frozenset([name]))
    assert lists.FILTERS[name] in sql and lists.FILTERS["plan"] not in sql


def test_a_page_that_looked_at_enough_goes_on_where_it_stopped_and_none_is_left_out(acme, monkeypatch):
    monkeypatch.setattr(conditions, "FEW", 3)
    monkeypatch.setattr(lists, "LOOKED_AT", 5)
    wanted = [number for number in range(1, 31) if acme.post(f"Wish {number}{' export' * (number in (2, 3, 4, 9, 28))}")
              and number in (2, 3, 4, 9, 28)]  # fmt: skip
    pages, cursor = [], None
    while cursor or not pages:
        page = lists.page(acme.team, sort="new", q="export", limit=2, cursor=cursor, bounded=True)
        pages.append([post.number for post in page.posts])
        cursor = page.next_cursor
    assert [number for page in pages for number in page] == wanted[::-1] and [] in pages and max(map(len, pages)) == 2


def test_by_counted_mrr_the_list_goes_on_from_page_to_page(acme):
    for name, mrr in (("a", 300), ("b", 100), ("c", 200), ("d", 100)):
        acme.post(name, by={"sub": name, "company": {"id": name, "mrr": mrr}})
    acme.post("worth nothing")
    insight_counts.count(acme.workspace.id)
    found, cursor = [], None
    while cursor or not found:
        page = lists.page(acme.team, sort="mrr", limit=2, cursor=cursor, bounded=True)
        found += [post.title for post in page.posts]
        cursor = page.next_cursor
    assert found == ["a", "c", "d", "b"]
