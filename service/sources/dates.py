"""Moments as other systems write them. What can be read in two ways is read in none, unless it was said which."""

import re
from contextlib import suppress
from datetime import UTC, date, datetime

ORDERS = {"day": "%d/%m/%Y", "month": "%m/%d/%Y", "": ""}  # of a date with slashes: what comes first
SLASHED = re.compile(r"(\d{1,2})[/.](\d{1,2})[/.](\d{4})(.*)")
YEAR_FIRST = re.compile(r"(\d{4})/(\d{1,2})/(\d{1,2})(.*)")
# English names of months leave no doubt
NAMED = ("%b %d, %Y", "%B %d, %Y", "%d %b %Y", "%d %B %Y", "%b %d %Y", "%a %b %d %Y", "%a, %d %b %Y %H:%M:%S %z",
         "%d %b %Y %H:%M:%S %z", "%b %d, %Y %H:%M", "%B %d, %Y %I:%M %p", "%b %d, %Y %I:%M %p")  # fmt: skip
TIMES = ("", "%H:%M", "%H:%M:%S", "%I:%M %p", "%I:%M:%S %p")
ZONE = re.compile(r"\s+(UTC|GMT)$")
LONGEST = 64
FIRST, END = datetime(1970, 1, 1, tzinfo=UTC), datetime(2201, 1, 1, tzinfo=UTC)  # of what is believed, in UTC
WHICH_FIRST = "It is not clear whether the day or the month comes first; say which."
WHAT_IT_IS = "Write a date like 2026-03-01 or 2026-03-01T10:00:00Z."


def read(written: str, order: str = "") -> datetime | None:
    """The moment that this cell says, None when it is empty; without a zone it is UTC. `order` is "day" or "month": what
    comes first in 03/01/2026. Raises ValueError with what to do."""
    said = written.strip()
    if not said:
        return None
    found = parsed(said, order) if len(said) <= LONGEST else None
    whole = found and (found if found.tzinfo else found.replace(tzinfo=UTC))
    if whole is None or not is_believed(whole):
        raise ValueError(WHAT_IT_IS)
    return whole


def is_believed(when: date) -> bool:
    """Whether this day or moment is one of our times: others are slips, and beyond what calendars can reckon with."""
    if isinstance(when, datetime):
        return FIRST <= when < END
    return FIRST.date() <= when < END.date()


def parsed(said: str, order: str) -> datetime | None:
    plain = ZONE.sub("+00:00", said)
    if match := YEAR_FIRST.fullmatch(plain):
        plain = f"{match[1]}-{match[2]:0>2}-{match[3]:0>2}{match[4]}"
    with suppress(ValueError):
        return datetime.fromisoformat(plain)
    if match := SLASHED.fullmatch(said):
        return slashed(match, order)
    for pattern in NAMED:
        with suppress(ValueError):
            return datetime.strptime(ZONE.sub(" +0000", said), pattern)
    return None


def slashed(match: re.Match, order: str) -> datetime | None:
    first, second = int(match[1]), int(match[2])
    if not order:
        if first <= 12 and second <= 12 and first != second:
            raise ValueError(WHICH_FIRST)
        order = "day" if first > 12 else "month"
    day = f"{first}/{second}/{match[3]}"
    for time in TIMES:
        with suppress(ValueError):
            return datetime.strptime(f"{day} {match[4].strip(' ,T')}".strip(), f"{ORDERS[order]} {time}".strip())
    return None
