"""Who lives in the databases: workspaces, their users and posts, as arrays, before anything is written.

All of a workspace follows from its id, so that it is the same in both databases."""

from typing import NamedTuple

import numpy

from bench.scale import COMMENTS, LEADING, MADE, POSTS, SIZE, SMALL, UNCHANGED, VOTES, WORKSPACES, texts

DAY = 86_400_000_000  # microseconds
YEARS_2 = 730 * DAY
SECOND_SHARE, NOISE = 0.35, 0.2  # of a second text in a vector, and the length of what is added by chance
POST = numpy.dtype([
    ("workspace", "i8"), ("number", "i4"), ("before", "i8"), ("text", "i2"), ("second", "i2"), ("customer", "i4"),
    ("style", "i4"), ("author", "i4"), ("votes", "i4"), ("comments", "i4"), ("private", "?"), ("bug", "?"), ("status", "i1"),
    ("deleted", "?"), ("merged", "?"),
])  # fmt: skip


class Place(NamedTuple):
    """A workspace to be."""

    id: int
    posts: int

    @property
    def users(self) -> int:
        """A prime, so that steps of any length reach all of them."""
        return prime(self.posts * 2 // 5 + 100)

    @property
    def companies(self) -> int:
        return max(self.users // 20, 3)

    def chance(self, of: int) -> numpy.random.Generator:
        return numpy.random.default_rng([MADE, of, self.id])


def prime(least: int) -> int:
    return next(n for n in range(least, 2 * least) if all(n % d for d in range(2, int(n**0.5) + 1)))


def places(database: str) -> list[Place]:
    """The workspaces of a database, in the order of their ids."""
    same = [Place(number, SIZE) for number in range(1, UNCHANGED + 1)]
    if database == SMALL:
        return same
    left = POSTS - SIZE * UNCHANGED - sum(LEADING)
    count = WORKSPACES - UNCHANGED - len(LEADING)
    drawn = numpy.clip(numpy.random.default_rng([MADE, 0]).lognormal(0, 0.9, count), 0.05, 5)
    sizes = numpy.maximum((drawn / drawn.sum() * left).astype(int), 20)
    sizes[numpy.argmax(sizes)] += left - sizes.sum()
    return same + [Place(number, int(size)) for number, size in enumerate([*LEADING, *sizes], UNCHANGED + 1)]


def posts(place: Place, areas: numpy.ndarray) -> numpy.ndarray:
    """The posts of a workspace, the oldest first; `areas` says which area each text is about."""
    chance, count = place.chance(1), place.posts
    made = numpy.zeros(count, POST)
    made["workspace"], made["number"] = place.id, numpy.arange(1, count + 1)
    made["before"] = YEARS_2 - numpy.sort((chance.power(1.5, count) * YEARS_2).astype("i8"))
    leaning = chance.dirichlet(numpy.full(areas.max() + 1, 0.3)) * 0.8 + 0.2 / (areas.max() + 1)
    weights = leaning[areas] * chance.exponential(size=len(areas))
    for field in ("text", "second"):
        made[field] = chance.choice(len(areas), count, p=weights / weights.sum())
    made["customer"] = numpy.minimum(chance.zipf(1.2, count), 10**9) % len(texts.customers())
    made["style"] = chance.integers(0, 2**31 - 1, count)
    made["author"] = chance.integers(0, place.users, count)
    made["votes"] = votes(chance, count, place.users)
    made["comments"] = chance.geometric(1 / (1 + COMMENTS), count) - 1
    made["private"] = chance.random(count) < 0.05
    made["bug"] = chance.random(count) < 0.3
    made["status"] = chance.choice(5, count, p=(0.6, 0.12, 0.05, 0.15, 0.08))
    made["deleted"] = chance.random(count) < 0.01
    made["merged"] = (chance.random(count) < 0.01) & (made["number"] > 1) & ~made["deleted"]
    return made


def votes(chance: numpy.random.Generator, count: int, users: int) -> numpy.ndarray:
    """How many votes each post has: one at least, few have most of them, VOTES for each on average."""
    shape, most, wanted = chance.pareto(1.8, count), users // 2, VOTES * count
    low, high = 0.0, float(wanted)
    for _ in range(50):
        scale = (low + high) / 2
        low, high = (scale, high) if scaled(shape, scale, most).sum() < wanted else (low, scale)
    made = scaled(shape, low, most)
    made[chance.permutation(count)[: wanted - made.sum()]] += 1
    return made


def scaled(shape: numpy.ndarray, scale: float, most: int) -> numpy.ndarray:
    return numpy.minimum(1 + (shape * scale).astype("i8"), most)


def vectors(place: Place, posts: numpy.ndarray, base: numpy.ndarray) -> numpy.ndarray:
    """The vectors of a workspace's posts, as half floats."""
    noise = place.chance(2).standard_normal((len(posts), base.shape[1]), "f4") * (NOISE / base.shape[1] ** 0.5)
    mixed = base[posts["text"]] + SECOND_SHARE * (base - base.mean(axis=0))[posts["second"]] + noise
    return texts.united(mixed).astype("f2")


def areas() -> numpy.ndarray:
    return numpy.array([text.area for text in texts.written()])
