"""How well the search understands, on requests written by us (bench/similar); `make bench` prints the figures beside it."""

from collections import Counter, defaultdict
from itertools import combinations

import pytest
from bench import similar as the_set
from bench.similar import measure

from service.feedback.posts import LONGEST_TITLE

LONGEST_BODY = 600


@pytest.fixture
def groups() -> dict[str, list[the_set.Request]]:
    found = defaultdict(list)
    for request in the_set.requests():
        if request.group:
            found[request.group].append(request)
    return found


def test_the_first_ten_answers_hold_as_many_duplicates_as_ever_and_nonsense_stays_silent(client, acme, figure):
    board = measure.Board(client, acme)
    for way, ask in {"by post": board.by_post, "by title": board.by_title}.items():
        for part, measured in measure.by_part(board.questions(ask)).items():
            figure(f"similar, {way}, {part}", str(measured))
            assert measured.recall_10 >= measure.WANTED.get((way, part), 0) - measure.ROUNDING, (way, part)
    silent = len(board.silent())
    figure("similar, nonsense that shows nothing", silent)
    assert silent >= measure.LEAST_SILENT


def test_the_set_is_large_enough_to_judge_by(groups):
    ordinary = {name: each for name, each in groups.items() if each[0].part in the_set.ORDINARY}
    assert len(ordinary) >= 80
    assert sum(len(each) for each in ordinary.values()) >= 300
    assert len(groups) >= 170
    assert sum(request.group is None for request in the_set.requests()) >= 30
    assert len(set(the_set.nonsense())) == len(the_set.nonsense()) >= 20


def test_a_group_has_two_to_six_requests_of_one_part(groups):
    assert [group for group, each in groups.items() if not 2 <= len(each) <= 6 or len({one.part for one in each}) > 1] == []


def test_every_request_fits_a_post_and_no_title_stands_twice():
    requests = the_set.requests()
    assert [each for each in requests if not 0 < len(each.title.strip()) <= LONGEST_TITLE] == []
    assert [each for each in requests if len(each.body) > LONGEST_BODY] == []
    titles = Counter(each.title.casefold() for each in requests)
    assert [title for title, times in titles.items() if times > 1] == []


def test_in_most_groups_most_pairs_of_titles_share_no_word(here, groups):
    hard = 0
    for each in groups.values():
        stems = [measure.stems(request.title) for request in each]
        apart = [not (one & other) for one, other in combinations(stems, 2)]
        hard += sum(apart) > len(apart) / 2
    assert hard > len(groups) / 2
