"""What a function reads: every statement that it sends is asked once more, by EXPLAIN (ANALYZE, BUFFERS), with the same
parameters on the same connection."""

from contextlib import contextmanager
from typing import NamedTuple

from service.db import database

EXPLAIN = "EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, SUMMARY OFF, FORMAT JSON) "
# what nobody looks through from end to end: with every workspace there is more of it
BIG = {"post", "vote", "user", "comment", "post_embedding", "post_worth", "company", "board", "status"}


class Read(NamedTuple):
    """What one statement read. `blocks` are those that it looked at, in memory or not."""

    sql: str
    blocks: int
    indexes: frozenset[str]
    whole: frozenset[str]  # big tables that it looked through from end to end


def reads(function) -> list[Read]:
    """What the statements of this function read, the second time that it runs: the first warms what is kept."""
    function()
    heard: list[Read] = []
    with hearing(heard):
        function()
    return heard


@contextmanager
def hearing(heard: list[Read]):
    send = database.execute_sql

    def explained(sql, parameters=None, *more):
        if sql.lstrip().startswith(("SELECT", "WITH")):
            [[[plan]]] = send(EXPLAIN + sql, parameters).fetchall()
            heard.append(told(sql, plan["Plan"]))
        return send(sql, parameters, *more)

    database.execute_sql = explained
    try:
        yield
    finally:
        del database.execute_sql


def told(sql: str, plan: dict) -> Read:
    nodes = list(below(plan))
    indexes = frozenset(node["Index Name"] for node in nodes if "Index Name" in node and node["Actual Loops"])
    whole = frozenset(node["Relation Name"] for node in nodes if node["Node Type"] == "Seq Scan" and node["Actual Loops"])
    return Read(sql, plan["Shared Hit Blocks"] + plan["Shared Read Blocks"], indexes, whole & BIG)


def below(node: dict):
    yield node
    for each in node.get("Plans", ()):
        yield from below(each)
