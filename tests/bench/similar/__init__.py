"""Feature requests of which we know which ask for the same, written by us to judge the search, and texts that mean nothing.

Each table of the .toml files is a group: requests that one good answer would settle, title = body; singles.toml has those
that belong to no group. The rules of the set: it is as people write, of software of every kind; a person who knows the trade
and reads only a title, and all the others, would find the rest of its group; and many are near another group in words and
not in the wish (how to turn it on, how to turn it off).

There are three parts. In `hard` (work, life, making) nearly no two titles of a group share a word, some hint at the wish by
a story or name it by a term of the trade. `plain` has duplicates mostly in the same words. `usual` is what comes in on a
board: most requests say in a sentence or more what they want, and of the titles of a group about half share no word. The
hard part was written before anything was measured; the others after the first figures of the hard one, to tell a search
that fails from a set that is hard, and before any of their own; who wrote `usual` saw no figures at all. What the model can
reach is judged by the ordinary parts, and the hard one is told beside them: it shows how much there is to gain.

Add to them, and never change a request because the search does not find it."""

import tomllib
from pathlib import Path
from typing import NamedTuple

FOLDER = Path(__file__).parent
ORDINARY = {"plain", "usual"}
PARTS, SINGLES = {"hard": ("work", "life", "making"), "plain": ("plain",), "usual": ("usual",)}, "singles"


class Request(NamedTuple):
    title: str
    body: str
    group: str | None = None  # None: nobody else asks for it
    part: str | None = None


def requests() -> list[Request]:
    return [
        *(
            Request(*text, group, part)
            for part, names in PARTS.items()
            for name in names
            for group, texts in read(name).items()
            for text in texts.items()
        ),
        *(Request(*text) for text in read(SINGLES).items()),
    ]


def nonsense() -> list[str]:
    """Texts that are like nothing in the set."""
    return (FOLDER / "nonsense.txt").read_text().splitlines()


def read(name: str) -> dict:
    return tomllib.loads((FOLDER / f"{name}.toml").read_text())
