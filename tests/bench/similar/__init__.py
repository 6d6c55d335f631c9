"""Feature requests of which we know which ask for the same, written by us to judge the search, and texts that mean nothing.

Each table of the .toml files is a group: requests that one good answer would settle, title = body; singles.toml has those
that belong to no group. The rules of the set: it is as people write, of software of every kind; a person who reads only
the title, and all the others, would find the rest of its group; most groups say it in words that have nothing in common;
and many others are near in words and not in the wish (how to turn it on, how to turn it off). It was written before anything
was measured. Add to it, and never change a request because the search does not find it."""

import tomllib
from pathlib import Path
from typing import NamedTuple

FOLDER = Path(__file__).parent
GROUPED, SINGLES = ("work", "life", "making"), "singles"


class Request(NamedTuple):
    title: str
    body: str
    group: str | None  # None: nobody else asks for it


def requests() -> list[Request]:
    grouped = [(group, texts) for name in GROUPED for group, texts in read(name).items()]
    return [Request(*text, group) for group, texts in [*grouped, (None, read(SINGLES))] for text in texts.items()]


def nonsense() -> list[str]:
    """Texts that are like nothing in the set."""
    return (FOLDER / "nonsense.txt").read_text().splitlines()


def read(name: str) -> dict:
    return tomllib.loads((FOLDER / f"{name}.toml").read_text())
