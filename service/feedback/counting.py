"""How often something was done lately: counted in Postgres, so that it holds over processes, hosts and restarts."""

import logging
import time
from collections.abc import Iterable
from typing import NamedTuple

from peewee import InternalError, OperationalError

from service import db
from service.errors import RateLimited

log = logging.getLogger("sayso.limits")

MINUTE = 60  # seconds


class Limit(NamedTuple):
    """How often something may be done by each of those that it is counted for, in each window of so many seconds."""

    name: str  # how its keys begin; no other limit's do
    most: int
    seconds: int
    per: str  # whom it is counted for, as the parts of a key
    open: bool = False  # whether what cannot be counted goes on

    def of(self, *parts: int | str, more: int = 1) -> "Count":
        """One more of these, or so many, for whom these parts of a key name."""
        return Count(self, ":".join(map(str, (self.name, *parts))), more)


class Count(NamedTuple):
    """What is to be counted."""

    limit: Limit
    key: str
    more: int


ASKED = "unnest(%(keys)s::text[], %(windows)s::int[], %(more)s::int[]) AS asked (key, seconds, more)"


def upsert(asked: str = ASKED) -> str:
    """SQL that counts `more` for each `key` of what is asked, in windows of so many `seconds`. A statement that asks
    something anyway can carry it as a part. The keys are taken in order, so that two requests with the same ones cannot wait
    for each other; who began in the window before, and waited, counts in the one of now."""
    return f"""
INSERT INTO rate AS r (key, window_start, hits)
SELECT key, to_timestamp(floor(extract(epoch FROM now()) / seconds) * seconds), more FROM {asked} ORDER BY key
ON CONFLICT (key) DO UPDATE SET window_start = greatest(r.window_start, excluded.window_start),
  hits = CASE WHEN r.window_start >= excluded.window_start THEN r.hits + excluded.hits ELSE excluded.hits END
RETURNING key, hits, floor(extract(epoch FROM now() - window_start))::int AS age"""


def completed(what: str, source: str) -> str:
    """What is asked, where a part of the key, written as *, is only known to the statement itself: `what` of `source`."""
    key = f"replace(asked.key, '*', {what}::text)"
    return f"(SELECT {key} AS key, asked.seconds, asked.more FROM {ASKED}, {source}) AS asked"


HITS = upsert()
# of what a statement counts as its part `counted`, for `check`
COUNTS = "(SELECT coalesce(jsonb_agg(jsonb_build_array(key, hits, age)), '[]') FROM counted)"


def hit(*counts: Count) -> None:
    """Count these, all of them or none if this is a part of a transaction; RateLimited when one is too many."""
    check(carried(HITS, counts), counts)


def carried(statement: str, counts: Iterable[Count], **parameters) -> list[tuple]:
    """What a statement returns that counts these as a part of it. When they cannot be counted, and all of them are `open`:
    what it returns without."""
    try:
        return db.rows(statement, **parameters, **columns(counts))
    except (OperationalError, InternalError) as error:
        if not is_excused(error, counts):
            raise
        return db.rows(statement, **parameters, **columns(()))


def columns(counts: Iterable[Count]) -> dict[str, list]:
    return {"keys": [each.key for each in counts], "windows": [each.limit.seconds for each in counts],
            "more": [each.more for each in counts]}  # fmt: skip


warned: dict[str, float] = {}  # when it was last written down, by the limit's name


def is_excused(error: Exception, counts: Iterable[Count]) -> bool:
    """Whether to go on without these counts; said in the log, of each limit once a minute. Not when there is no database to
    go on with, or what failed is a transaction: that has failed as a whole."""
    if db.is_connection_lost(error) or db.database.in_transaction() or not all(each.limit.open for each in counts):
        return False
    for name in {each.limit.name for each in counts}:
        if time.monotonic() - warned.get(name, -MINUTE) >= MINUTE:
            warned[name] = time.monotonic()
            log.warning("the limit %s cannot be counted and lets everything through (%s)", name, db.code(error))
    return True


def check(counted: Iterable[tuple[str, int, int]], counts: Iterable[Count]) -> None:
    """Raise RateLimited when one of these (key, hits, age of the window in seconds) is over its limit, until the last of
    them begins anew."""
    known = {each.limit.name: each.limit for each in counts}
    over = [remaining(limit, age) for limit, hits, age in ((known[key.partition(":")[0]], hits, age)
            for key, hits, age in counted) if hits > limit.most]  # fmt: skip
    if over:
        raise RateLimited(max(over))


def remaining(limit: Limit, age: int) -> int:
    """How many seconds a window of this age goes on."""
    return min(limit.seconds, max(1, limit.seconds - age))
