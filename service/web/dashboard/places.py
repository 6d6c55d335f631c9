"""Where the next page of a list begins that is ordered by a moment and then by a number; the lists of one kind each have a
name, as in `cursors`."""

from datetime import UTC, datetime, timedelta

from service.errors import Malformed
from service.web import cursors, inputs

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
NO_MOMENT = 0  # of a list that is ordered by the number alone


def after(req, name: str) -> tuple[datetime | None, int] | None:
    """The place after which the page begins that is asked for with `?cursor=`; None for the first page. Raises Malformed for
    a cursor that is none of this list."""
    place = cursors.place_after(inputs.param(req, "cursor"), name, 2)
    if place is None:
        return None
    try:
        return (EPOCH + timedelta(microseconds=place[0]) if place[0] != NO_MOMENT else None), place[1]
    except OverflowError:
        raise Malformed("This cursor is not one of ours; start again without it.") from None


def number_after(req, name: str) -> int | None:
    """The same for a list that is ordered by a number alone."""
    return cursors.after(inputs.param(req, "cursor"), name)


def of(moment: datetime | None, number: int) -> tuple[int, int]:
    """A place, as `cursors.cut` writes it."""
    return ((moment - EPOCH) // timedelta(microseconds=1) if moment else NO_MOMENT), number
