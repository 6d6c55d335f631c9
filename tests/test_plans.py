"""How PostgreSQL finds the page of a list: by an index in its order, however many posts there are."""

import pytest

from service import db
from service.db import database
from service.feedback import conditions, lists, typed

POSTS = """
INSERT INTO post (workspace_id, number, board_id, status_id, title, votes, created_at)
SELECT %(workspace)s, n, (SELECT min(id) FROM board), (SELECT min(id) FROM status), 'Wish ' || n, n %% 50,
       now() - n * interval '1 hour' FROM generate_series(1, 3000) n"""
NOTHING = dict.fromkeys(("pinned", "rank", "last", "board", "status", "tag", "company", "segment", "author", "since", "q"))


@pytest.mark.parametrize("is_member", [True, False])
def test_each_order_but_revenue_reads_its_index_and_not_all_posts(acme, is_member):
    db.changed(POSTS, workspace=acme.workspace.id)
    database.execute_sql("ANALYZE")
    place = {**NOTHING, **acme.team._replace(is_member=is_member).scope(), "mine": False, "language": "english", "limit": 21}
    for sort in ("top", "new", "updated", "trending"):
        plan = "\n".join(row[0] for row in db.rows(f"EXPLAIN {lists.statement(sort)}", **place))
        assert f"using post_{sort} on post" in plan, plan
        assert "Seq Scan on post " not in plan, plan


@pytest.mark.parametrize("q", ["1234", "wish 123", '"wish 1234" -seven', "1234 -seven"])
def test_words_are_looked_for_in_the_index_of_the_workspace(acme, q):
    db.changed(POSTS, workspace=acme.workspace.id)
    database.execute_sql("ANALYZE")
    database.execute_sql("SET enable_seqscan = off")
    given = {**acme.team.scope(), **typed.words(q), "language": "english"}
    plan = "\n".join(row[0] for row in db.rows(f"EXPLAIN {conditions.FITTING['q']}", **given))
    assert "Bitmap Index Scan on post_words" in plan, plan
