"""What lists, search and similar read in a workspace of 1,000 posts when it stands among a million, and in one of 100,000.

Everything is asked by the functions of the domain that requests call, of both databases. A figure is in blocks of 8 kB that
PostgreSQL looks at, as EXPLAIN (ANALYZE, BUFFERS) counts them: the same on every machine. The one time is a median, of the
slowest search; it is true of the machine that it was measured on.

- *unchanged*: the mean of workspaces that are the same in both databases, at most GROWTH times what it was.
- *largest*: of a list, at most GROWTH times what a list of 1,000 posts reads in the small database.
- recall@10: which part of the ten nearest posts is found, against looking at all of them (the same statement, the graph
  forbidden), by meaning alone, for texts of which no post was made."""

import statistics
import time
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

from bench.scale import LARGE, LARGEST, SMALL, build, texts
from bench.scale.reading import Read, reads
from service import db
from service.db import database
from service.feedback import lists, posts, similar, vectors, workspaces
from service.feedback.readers import Reader

GROWTH = 1.3
SIMILAR_BLOCKS, LEAST_RECALL, SEARCH_MS = 5_000, 0.95, 100
COMPARED = range(1, 4)  # ids of workspaces that are the same in both
QUESTIONS, NEAREST, TIMES = 120, 10, 5
WORDS = {"a common word": "team", "a word": "spreadsheet", "two words": "export invoices", "a rare word": "Velmarost"}
TYPED = 3  # texts that similar is asked for in every workspace
OWN = "SELECT author_id FROM post WHERE workspace_id = %(workspace)s AND number = 7"
SORTS = ("top", "new", "trending", "updated")
PATHS = {"list": {f"post_{sort}" for sort in SORTS}, "search": {"post_search", "post_top"},
         "similar": {"post_embedding_pkey", "post_embedding_nearest"}}  # fmt: skip


@dataclass
class Seat:
    """A place from which one asks: a workspace, by one of its users and by its team."""

    user: Reader
    team: Reader


def seat(id: int) -> Seat:
    workspace = workspaces.find(id)
    user = Reader(workspace, db.row(OWN, workspace=id)[0])
    return Seat(user, user._replace(is_member=True))


def lists_of(seat: Seat) -> dict[str, Callable]:
    """The lists that people look at, by name."""
    found = {}
    for who, reader in {"user": seat.user, "team": seat.team}.items():
        for sort in SORTS:
            found[f"list {sort}, {who}"] = partial(lists.page, reader, sort=sort)
        second = lists.page(reader, sort="top").next_cursor
        found[f"list top, page 2, {who}"] = partial(lists.page, reader, sort="top", cursor=second)
        found[f"list top of a board, {who}"] = partial(lists.page, reader, sort="top", board="bugs")
        found[f"list top at a status, {who}"] = partial(lists.page, reader, sort="top", status="planned")
    found["list own, user"] = partial(lists.page, seat.user, sort="new", mine=True)
    found["list revenue, team"] = partial(lists.page, seat.team, sort="mrr", bounded=True)
    return found


def searches_of(seat: Seat) -> dict[str, Callable]:
    found = {}
    for name, q in WORDS.items():
        found[f"search {name}, user"] = partial(lists.page, seat.user, q=q)
        found[f"search {name}, newest, user"] = partial(lists.page, seat.user, q=q, sort="new")
        found[f"search {name}, team"] = partial(lists.page, seat.team, q=q)
        found[f"search {name}, dashboard"] = partial(lists.page, seat.team, q=q, bounded=True)
    return found


def similars_of(seat: Seat) -> dict[str, Callable]:
    found = {}
    for text in texts.unwritten()[:TYPED]:
        found[f"similar while typing, {text.title}"] = partial(similar.find, seat.user, text.title, closely=True)
        found[f"similar as a search, {text.title}"] = partial(similar.find, seat.user, text.title, limit=similar.MOST_HITS)
    for number in range(11, 11 + TYPED):
        [post] = posts.these(seat.team, [number])
        found[f"similar to a post, {number}"] = partial(similar.beside, seat.team, post)
    return found


KINDS = {"list": lists_of, "search": searches_of, "similar": similars_of}


def asked(seats: list[Seat]) -> dict[str, list[list[Read]]]:
    """For each question, by its name without what was typed, what it read in each seat."""
    answers: dict[str, list[list[Read]]] = {}
    for kind, questions in KINDS.items():
        for each in seats:
            for name, question in questions(each).items():
                short = name.split(", ")[0] if kind == "similar" else name
                answers.setdefault(short, []).append(reads(question))
    return answers


def blocks(answers: list[list[Read]]) -> int:
    return round(statistics.mean(sum(read.blocks for read in answer) for answer in answers))


# ── what is kept ──


def rows() -> dict[str, dict]:
    """What `make bench` keeps of both databases; they are made first when they are not there."""
    with build.databases() as urls:
        with opened(urls[SMALL]):
            before = asked([seat(id) for id in COMPARED])
        with opened(urls[LARGE]):
            same, largest = asked([seat(id) for id in COMPARED]), asked([seat(LARGEST)])
            told = compared(before, same, largest) | paths(same, largest)
            return told | understood(seat(LARGEST)) | {"scale: slowest search of 100,000, ms": slowest(seat(LARGEST))}


@contextmanager
def opened(url: str):
    """This process uses the database as the application does, with its limits of time."""
    db.start(url, connections=1)
    vectors.forget()
    try:
        with db.connected():
            yield
    finally:
        database.close_all()


def compared(before: dict, same: dict, largest: dict) -> dict[str, dict]:
    found = {}
    for name, answers in before.items():
        small = blocks(answers)
        most = int(GROWTH * small)
        found[f"scale: {name}, unchanged"] = {"before": small} | judged(blocks(same[name]), most)
        if name.startswith("list"):
            found[f"scale: {name}, largest"] = {"before": small} | judged(blocks(largest[name]), most)
        elif name.startswith("similar"):
            found[f"scale: {name}, largest"] = {"before": small} | judged(blocks(largest[name]), SIMILAR_BLOCKS)
        else:  # of a search the time is limited
            found[f"scale: {name}, largest"] = {"before": small, "figure": blocks(largest[name])}
    return found


def paths(*all_answers: dict) -> dict[str, dict]:
    """How many statements look through a big table from end to end, or do not come by an index made for the question."""
    wrong = []
    for answers in all_answers:
        for name, each in answers.items():
            wanted = PATHS[name.split()[0]]
            used = frozenset().union(*(read.indexes for answer in each for read in answer))
            whole = frozenset().union(*(read.whole for answer in each for read in answer))
            wrong += [f"{name}: {', '.join(sorted(whole or used))}"] if whole or not wanted & used else []
    return {"scale: plans that are not meant": judged(len(wrong), 0) | {"which": wrong}}


def understood(seat: Seat) -> dict[str, dict]:
    """Of the largest workspace: how many of the nearest are found, and what that reads at most."""
    shares, most = [], 0
    for text in texts.unwritten()[:QUESTIONS]:
        ask = partial(by_meaning, seat.user, text.title)
        with exactly():
            wanted = ask()
        shares.append(len(wanted & ask()) / max(len(wanted), 1))
        most = max(most, sum(read.blocks for read in reads(partial(similar.find, seat.user, text.title, limit=20))))
    recall = round(statistics.mean(shares), 3)
    return {
        f"scale: recall@{NEAREST} of {QUESTIONS} texts among 100,000":
            {"figure": recall, "least": LEAST_RECALL, "holds": recall >= LEAST_RECALL},
        f"scale: similar, the most of {QUESTIONS} texts among 100,000": judged(most, SIMILAR_BLOCKS),
    }  # fmt: skip


def by_meaning(reader: Reader, typed: str) -> set[int]:
    """The numbers of the nearest posts, by the statement of `similar.find` without words."""
    models = vectors.models()
    asked = {"vector": vectors.of_typed(models.current, reader.workspace.language, typed), "model": models.current,
             "beside": None, "board": None, "status": None, "most": 1}  # fmt: skip
    found = similar.hits(reader, similar.LIKE_TEXT, similar.words(""), vectors.Floors(-1, -1), False, NEAREST, asked)
    return {hit.post.number for hit in found}


@contextmanager
def exactly():
    """Without the graph: PostgreSQL looks at all vectors of the workspace. (They stand in an index too, which is read alone.)"""
    with database.atomic() as transaction:
        database.execute_sql("SET LOCAL enable_indexscan = off")
        yield
        transaction.rollback()


def slowest(seat: Seat) -> dict:
    """The slowest search: its median, in milliseconds of this machine."""
    medians = {}
    for name, question in searches_of(seat).items():
        medians[name] = statistics.median(timed(question) for _ in range(TIMES))
    name = max(medians, key=medians.get)
    return judged(round(medians[name]), SEARCH_MS) | {"which": name}


def timed(function) -> float:
    began = time.perf_counter()
    function()
    return (time.perf_counter() - began) * 1000


def judged(figure: float, budget: float) -> dict:
    return {"figure": figure, "budget": budget, "holds": figure <= budget}


def line(row: dict) -> str:
    """One of them, as `make bench` prints it."""
    told = [f"{row['figure']:>7,}"]
    told += [f"was {row['before']:,}"] if "before" in row else []
    told += [f"of {row['budget']:,}"] if "budget" in row else []
    told += [f"at least {row['least']}"] if "least" in row else []
    told += ["holds" if row["holds"] else "BROKEN"] if "holds" in row else []
    which = row.get("which", [])
    return "  ".join(told + ([which] if isinstance(which, str) else which))


if __name__ == "__main__":
    for name, row in rows().items():
        print(f"{name:58} {line(row)}")
