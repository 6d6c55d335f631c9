"""Who voted without an account and then with one votes once, and each post keeps what is its own, merges or not."""

import pytest
from cast import CLEO, DAN
from test_domain import check
from test_joining import holders, join, nobody

from service import db
from service.db import database
from service.feedback import merges, votes


def test_two_votes_for_one_post_become_one_and_the_first_counts(acme):
    acme.post("Dark mode", by=DAN)
    reader = nobody(acme)
    votes.cast(reader, 1)
    database.execute_sql("UPDATE vote SET created_at = now() - interval '1 day' WHERE user_id = %s", (reader.user,))
    votes.cast(acme.reader(), 1)
    assert join(acme, reader)
    assert holders("vote", 1) == holders("follower", 1) == ["cleo-7", "dan-8"]
    assert db.row("SELECT votes FROM post") == (2,)
    assert db.row("SELECT created_at < now() - interval '1 hour' FROM vote WHERE user_id = %(id)s", id=acme.user(CLEO).id)[0]


@pytest.mark.parametrize("first", [1, 2])
@pytest.mark.parametrize(("theirs", "own"), [
    ((1,), (2,)), ((2,), (1,)), ((1,), (3,)), ((3,), (1,)), ((1, 2), (3,)), ((1, 2), (2,)), ((3,), (1, 2)), ((2,), (2,)),
])  # fmt: skip
def test_merges_that_are_taken_back_later_leave_each_post_the_votes_that_it_had(acme, theirs, own, first):
    """2 and then 1 were merged into 3; without an account one voted for `theirs`, with it for one's `own`."""
    reader, voted = nobody(acme), {*theirs, *own}
    for title in "ABC":
        acme.post(title, by=DAN)
    for who, numbers in ((reader, theirs), (acme.reader(), own)):
        for number in numbers:
            votes.cast(who, number)
    for number in (2, 1):
        merges.merge(acme.team, number, 3)
    assert join(acme, reader) and "cleo-7" in holders("vote", 3)
    check()
    merges.unmerge(acme.team, first)
    assert ("cleo-7" in holders("vote", 3)) is bool(voted - {first})
    check()
    merges.unmerge(acme.team, 3 - first)
    for number in (1, 2, 3):
        assert ("cleo-7" in holders("vote", number)) is (number in voted), number
        assert holders("vote", number) == holders("follower", number)
    check()
