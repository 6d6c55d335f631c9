"""Long work with a bar on a terminal, and nothing elsewhere."""

import sys
from contextlib import contextmanager

import click

from service import resealing
from service.feedback import reembedding


def bar(label: str, **more):
    return click.progressbar(label=label, file=sys.stderr, hidden=not sys.stderr.isatty(), **more)


@contextmanager
def progress(label: str):
    """A function that is told how far something is: `went(done, of)`."""
    with bar(label, length=1) as shown:

        def went(done: int, of: int) -> None:
            shown.length = max(of, 1)
            shown.update(done - shown.pos)

        yield went


def posts(written: list):
    """The posts of the demo, while they are written."""
    with bar("Writing posts", iterable=written) as shown:
        yield from shown


def resealed() -> tuple[int, int]:
    """(how many values were sealed anew, how many could not be opened)."""
    changed = lost = 0
    with bar("Sealing", length=resealing.count()) as shown:
        for done in resealing.reseal():
            changed, lost = changed + done.changed, lost + done.lost
            shown.update(done.rows)
    return changed, lost


def reembedded(model: str) -> int:
    """How many vectors were made."""
    made = 0
    with bar(f"Vectors of {model}", length=reembedding.count()) as shown:
        for done in reembedding.reembed(model):
            made += done.made
            shown.update(done.posts)
    return made
