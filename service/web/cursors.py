"""Where the next page of a list begins. A cursor holds the list's name and a place in it, nothing secret; one list refuses
the cursor of another."""

import base64
import binascii
import re
from collections.abc import Callable

from service.errors import Malformed
from service.shapes import Paged

LONGEST = 80  # characters
DIGITS = re.compile(r"[0-9]{1,19}", re.ASCII)


def after(cursor: str | None, name: str) -> int | None:
    """The id after which the page of the list of this name begins; None for the first page. Raises Malformed for a bad
    cursor."""
    place = place_after(cursor, name, 1)
    return place and place[0]


def place_after(cursor: str | None, name: str, numbers: int) -> tuple[int, ...] | None:
    """The same for a list that is ordered by so many numbers."""
    if not cursor:
        return None
    known, *place = opened(cursor).split("|")
    if known == name and len(place) == numbers and all(DIGITS.fullmatch(each) and int(each) < 2**63 for each in place):
        return tuple(int(each) for each in place)
    raise Malformed("This cursor is not one of ours, or of another list; start again without it.")


def opened(cursor: str) -> str:
    """What a cursor holds; nothing when it is none."""
    try:
        if len(cursor) <= LONGEST:
            return base64.b64decode(cursor + "=" * (-len(cursor) % 4), b"-_", validate=True).decode()
    except (ValueError, binascii.Error):
        pass
    return ""


def cut(found: list, limit: int, name: str, place: Callable = lambda each: each.id) -> tuple[list, str | None]:
    """The page and the cursor of the next (None: this was the last), from what was read of the list of this name with
    `limit` + 1. The `place` of an entry is its id, or the numbers by which the list is ordered."""
    if len(found) <= limit:
        return found, None
    return found[:limit], closed(name, place(found[limit - 1]))


def part(found: list, query: Paged, name: str) -> tuple[list, str | None]:
    """The same of a list that is small and was read whole; its cursor counts."""
    begin = after(query.cursor, name) or 0
    end = begin + query.limit
    return found[begin:end], closed(name, end) if found[end:] else None


def closed(name: str, place: int | tuple[int, ...]) -> str:
    words = [name, *map(str, place if isinstance(place, tuple) else (place,))]
    return base64.urlsafe_b64encode("|".join(words).encode()).decode().rstrip("=")
