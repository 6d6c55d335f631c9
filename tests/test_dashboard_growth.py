"""A page costs what it shows, not what there is: with 100,000 posts in a workspace every page of the dashboard reads at
most three times the blocks that it reads with 1,000."""

import pytest
import stripes
from browser import Browser
from cast import ADA, Company
from dashboards import furnish, in_acme, of_the_team
from queued import work_off

from service import db
from service.db import database
from service.feedback import members

SMALL, LARGE, TIMES = 1_000, 100_000, 3
LEAST = 400  # blocks; below it a page is cheap, whatever it was before
# Users, posts, votes and comments, spread over two years; a company for every tenth user, an event for every post.
FILL = """
INSERT INTO company (workspace_id, external_id, name, plan, mrr)
SELECT %(workspace)s, 'company-' || n, 'Company ' || n, CASE n %% 3 WHEN 0 THEN 'Pro' ELSE 'Team' END, n %% 900 * 100
  FROM generate_series(1, %(posts)s / 10) n;
INSERT INTO "user" (workspace_id, external_id, kind, email, name, company_id, last_seen_at)
SELECT %(workspace)s, 'user-' || n, 'identified', 'user-' || n || '@customer.example', 'User ' || n,
       n %% (%(posts)s / 10)
         + (SELECT min(id) FROM company WHERE workspace_id = %(workspace)s AND external_id LIKE 'company-%%'),
       now() - n * interval '1 minute'
  FROM generate_series(1, %(posts)s) n;
INSERT INTO post
  (workspace_id, number, board_id, status_id, author_id, title, body, votes, created_at, updated_at, answered_at)
SELECT %(workspace)s, n, boards[1 + n %% cardinality(boards)], statuses[1 + n %% cardinality(statuses)],
       first + n %% %(posts)s, 'Wish ' || n || ' for exports', 'We need this every week, number ' || n, 3, moment, moment,
       CASE WHEN n %% 2 = 0 THEN moment + interval '5 hours' END
  FROM (SELECT n, now() - random() * interval '700 days' AS moment FROM generate_series(%(first)s, %(posts)s) n) made,
       (SELECT array_agg(id) AS boards FROM board WHERE workspace_id = %(workspace)s) b,
       (SELECT array_agg(id) AS statuses FROM status WHERE workspace_id = %(workspace)s) s,
       (SELECT min(id) AS first FROM "user" WHERE workspace_id = %(workspace)s AND external_id LIKE 'user-%%') u;
INSERT INTO vote (workspace_id, post_number, user_id, created_at)
SELECT %(workspace)s, p.number, first + (p.number * k * 7) %% %(posts)s, p.created_at
  FROM post p, generate_series(1, 3) k,
       (SELECT min(id) AS first FROM "user" WHERE workspace_id = %(workspace)s AND external_id LIKE 'user-%%') u
 WHERE p.workspace_id = %(workspace)s AND p.number >= %(first)s ON CONFLICT DO NOTHING;
INSERT INTO event (workspace_id, seq, type, public, post_number, user_id, created_at)
SELECT %(workspace)s, number + 1000000, 'post.created', true, number, author_id, created_at
  FROM post WHERE workspace_id = %(workspace)s AND number >= %(first)s;
INSERT INTO post_worth (workspace_id, post_number, mrr)
SELECT workspace_id, number, number * 7919 %% 89989 + 100 FROM post
 WHERE workspace_id = %(workspace)s AND number >= %(first)s;
INSERT INTO likely_duplicate (workspace_id, post_number, other_number, score, why)
SELECT workspace_id, number, number + 1 + number %% 3, 0.55 + number %% 400 / 1000.0, 'meaning' FROM post
 WHERE workspace_id = %(workspace)s AND number >= %(first)s AND number < %(posts)s - 3;
INSERT INTO segment_user (workspace_id, segment_id, user_id)
SELECT s.workspace_id, s.id, u.id FROM segment s JOIN "user" u ON u.workspace_id = s.workspace_id AND u.id %% 3 = 0
 WHERE s.workspace_id = %(workspace)s ON CONFLICT DO NOTHING;
UPDATE workspace_counter SET next_post = %(posts)s + 1, next_event = 1000000 + %(posts)s + 1
 WHERE workspace_id = %(workspace)s"""
# What else there is behind a ?, each filling a page at either size; a word that every post has is looked for, too.
ASKED = {
    "inbox": (
        "mrr_from=500", "plan=Pro", "plan=none", "company=initech", "segment=big", "q=exports", "q=money",
        "newer=100", "older=100", "unanswered=1", "assignee=none", "sort=top", "sort=trending", "sort=updated", "sort=mrr",
        "sort=mrr&plan=Pro&newer=300&q=exports", "status=planned&sort=mrr&segment=big", "author=user-5", "tag=money",
    ),
    "search": ("q=exports", "q=number+7", "q=User", "q=user-77"),
    "posts/12/merge": ("into=exports",),
    "changelog/new": ("q=exports",),
    "users": ("kind=identified", "segment=big", "q=user"),
    "companies": ("q=Company", "sort=name"),
}  # fmt: skip
# `posts/12?similar=yes` is left out: without an index of vectors every post is compared, and the page asks for it by itself.
BLOCKS = """
SELECT pg_stat_force_next_flush(), blks_hit + blks_read FROM pg_stat_database WHERE datname = current_database()"""


@pytest.fixture
def two(client, acme):
    """Acme, and a company of Ada's that has a hundred times as much."""
    giant = Company(members.found("Giant", acme.owner), acme.owner)
    for company, posts in ((acme, SMALL), (giant, LARGE)):
        furnish(company)
        for statement in FILL.split(";"):
            with database.atomic():
                database.execute_sql("SET LOCAL statement_timeout = 0")
                database.execute_sql("SET LOCAL transaction_timeout = 0") if database.server_version >= 170000 else None
                database.execute_sql(statement, {"workspace": company.workspace.id, "posts": posts, "first": 10})
            database.execute_sql("ANALYZE")  # or the next statement's foreign keys are looked up as in an empty table
    database.execute_sql("SET statement_timeout = 0")
    database.execute_sql("VACUUM ANALYZE")
    work_off()
    return acme, giant


@pytest.fixture
def priced(here, two):
    """The same two where there are plans: every page counts how much room there is left."""
    with stripes.account(here):
        yield two


def blocks() -> int:
    db.row(BLOCKS)
    return db.row(BLOCKS)[1]


def read_by(browser: Browser, address: str) -> int:
    """Blocks that the database looks at for this page, which was opened before."""
    browser.open(address)
    before = blocks()
    answer = browser.open(address)
    assert answer.status_code in (200, 303), (address, answer.text)
    return blocks() - before


def test_no_page_reads_more_than_three_times_as_much_with_a_hundred_times_the_posts(client, priced, figure):
    browser, wrong, lines = Browser(client).sign_in(ADA), [], []
    asked = [f"/app/{{slug}}/{page}?{query}" for page, queries in ASKED.items() for query in queries]
    for path in [path for method, path in of_the_team() if method == "GET"] + asked:
        small, large = (read_by(browser, in_acme(path, company)) for company in priced)
        lines.append(f"{large / max(small, 1):5.1f}  {small:6,} → {large:6,}  {path}")
        if large > max(TIMES * small, LEAST):
            wrong.append(lines[-1])
    figure("blocks read at 1,000 and at 100,000 posts", "\n" + "\n".join(sorted(lines, reverse=True)[:8]))
    assert not wrong, "\n".join(wrong)
