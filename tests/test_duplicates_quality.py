"""How many of the pairs that are suggested to the team are really the same, on requests written by us (bench/similar)."""

from bench import similar as the_set
from queued import work_off

from service import db

LEAST_RIGHT, LEAST_FOUND = 0.85, 180  # of what is shown, and of what there is to show
PAIRS = "SELECT post_number, other_number FROM likely_duplicate"


def test_most_pairs_that_are_suggested_are_the_same(acme, figure):
    requests = [each for each in the_set.requests() if each.group is None or each.part in the_set.ORDINARY]
    groups = {acme.post(each.title, each.body): each.group for each in requests}
    work_off(rounds=len(requests) // 20)
    found = [(groups[one], groups[other]) for one, other in db.rows(PAIRS)]
    right = sum(one is not None and one == other for one, other in found)
    figure("likely duplicates among ordinary requests", f"{right} of {len(found)} are the same")
    assert right >= LEAST_RIGHT * len(found)
    assert right >= LEAST_FOUND
