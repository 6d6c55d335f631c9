"""What a list of posts can be narrowed to, as it stands in an address or a saved view: read, checked, written again."""

from collections.abc import Mapping
from urllib.parse import parse_qsl, urlencode

from service.errors import Invalid
from service.lib import text

LONGEST = 200  # characters of a word
LONGEST_QUERY = 2_000
MOST_DAYS = 36_500
LARGEST_MRR = 10**9  # a month, in whole units of money
NOBODY = "none"

WORDS = ("q", "board", "status", "tag", "segment", "plan", "company", "author", "sort")
DAYS = ("older", "newer")


def read(given: Mapping[str, str]) -> dict:
    """The filters in these words, by the names that `lists.page` has for them, and `sort`; what we do not know and what is
    empty is left out. Raises Invalid for a number that is none."""
    found = {name: text.tidy_line(given[name][: 4 * LONGEST])[:LONGEST] for name in WORDS if name in given}
    for name in DAYS:
        found[name] = whole(given, name, MOST_DAYS, "Write a number of days, like 30.")
    units = whole(given, "mrr_from", LARGEST_MRR, "Write an amount a month, like 500.")
    found["mrr_from"] = units and units * 100
    found["assignee"] = assignee(given.get("assignee", "").strip())
    found["unanswered"] = given.get("unanswered", "").strip() in ("1", "true", "on")
    return {name: value for name, value in found.items() if value}


def whole(given: Mapping[str, str], name: str, most: int, sentence: str) -> int | None:
    said = given.get(name, "").strip().replace(",", "")
    if not said:
        return None
    if not (said.isascii() and said.isdigit() and len(said) < 12 and 0 < int(said) <= most):
        raise Invalid(**{name: sentence})
    return int(said)


def assignee(said: str) -> int | str | None:
    if said in ("", NOBODY):
        return said or None
    if not (said.isascii() and said.isdigit() and len(said) < 10):
        raise Invalid(assignee="There is no such member.")
    return int(said)


def written(found: Mapping) -> dict[str, str]:
    """The same filters as words for an address, in one order, so that the same filters are the same address."""
    said = {name: str(value) for name, value in found.items() if value}
    if found.get("mrr_from"):
        said["mrr_from"] = str(found["mrr_from"] // 100)
    if found.get("unanswered"):
        said["unanswered"] = "1"
    return dict(sorted(said.items()))


def normal(query: str) -> str:
    """A query string with nothing in it but filters that we know. Raises Invalid for one that is too long, or has a number
    that is none."""
    pairs = parse_qsl(query.removeprefix("?")[: 4 * LONGEST_QUERY], max_num_fields=None)
    short = urlencode(written(read(dict(pairs))))
    if len(short) > LONGEST_QUERY:
        raise Invalid(query="These are too many words for a view; search for fewer.")
    return short


def names(query: str, external_id: str, email: str | None) -> bool:
    """Whether a query string speaks of this user: as the author, or by what it searches for."""
    found = dict(parse_qsl(query))
    sought = found.get("q", "").strip(' "').casefold()
    is_sought = sought == external_id.casefold() or bool(email and email.casefold() in sought)
    return is_sought or found.get("author") == external_id[:LONGEST]
