"""Texts as people write them, from `vocabulary.toml`, and their vectors."""

import tomllib
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy

from service.lib import embeddings

TEXTS, UNWRITTEN = 6_000, 200
AT_ONCE = 64  # texts that the model reads together
BEGINNINGS = ("", "", "", "", "", "Request: ", "Idea: ", "Please: ", "Could you add: ", "[web] ")
SYLLABLES = ("bel", "cor", "dan", "fer", "gal", "hum", "jor", "kel", "lun", "mar", "nov", "ost", "pra", "quin", "ros", "sel",
             "tor", "ulm", "vel", "wil", "yor", "zan")  # fmt: skip


class Text(NamedTuple):
    title: str
    body: str
    area: int


@cache
def vocabulary() -> dict:
    return tomllib.loads(Path(__file__).with_name("vocabulary.toml").read_text())


@cache
def all_texts() -> list[Text]:
    """A wish about a thing each, in an order of their own: the same on every machine."""
    words, chance = vocabulary(), numpy.random.default_rng(7)
    pairs = [(area, thing, wish) for area, things in enumerate(words["areas"].values()) for thing in things
             for wish in words["wishes"]]  # fmt: skip
    made = []
    for area, thing, wish in (pairs[place] for place in chance.permutation(len(pairs))[: TEXTS + UNWRITTEN]):
        title = wish.format(x=thing)
        made.append(Text(title[0].upper() + title[1:], str(chance.choice(words["reasons"])), area))
    return made


def written() -> list[Text]:
    """Those that the posts are made of."""
    return all_texts()[:TEXTS]


def unwritten() -> list[Text]:
    """Others of the same kind, for asking."""
    return all_texts()[TEXTS:]


@cache
def customers() -> list[str]:
    """Names of which most stand in few posts."""
    return [f"{one}{two}{three}".capitalize() for one in SYLLABLES for two in SYLLABLES for three in SYLLABLES]


def vectors(progress) -> numpy.ndarray:
    """What `embeddings.document` makes of each written text, shape (TEXTS, 384)."""
    parts = [part for text in written() for part in (text.title, f"{text.title}\n{text.body}")]
    made = []
    for first in range(0, len(parts), AT_ONCE):
        made.append(embeddings.embed(parts[first : first + AT_ONCE]))
        progress(len(made[-1]) // 2)
    each = numpy.concatenate(made)
    return united(each[0::2] + each[1::2])


def united(vectors: numpy.ndarray) -> numpy.ndarray:
    """The same directions, of length one."""
    return vectors / numpy.linalg.norm(vectors, axis=1, keepdims=True)
