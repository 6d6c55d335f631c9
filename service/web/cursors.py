"""Where the next page of a list begins that is ordered by an id. A cursor holds a place, nothing secret."""

import base64
import binascii
from collections.abc import Callable

from service.errors import Malformed

LONGEST = 40  # characters


def after(cursor: str | None) -> int | None:
    """The id after which the page begins; None for the first page. Raises Malformed for a bad cursor."""
    if not cursor:
        return None
    try:
        place = int(base64.b64decode(cursor[:LONGEST] + "=" * (-len(cursor) % 4), b"-_", validate=True))
        if 0 < place < 2**63:
            return place
    except (ValueError, binascii.Error):
        pass
    raise Malformed("This cursor is not one of ours; start again without it.")


def cut(found: list, limit: int, place: Callable[..., int]) -> tuple[list, str | None]:
    """The page and the cursor of the next (None: this was the last), from a list that was read with `limit` + 1."""
    if len(found) <= limit:
        return found, None
    return found[:limit], base64.urlsafe_b64encode(str(place(found[limit - 1])).encode()).decode().rstrip("=")
