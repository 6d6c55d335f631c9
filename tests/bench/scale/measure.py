"""What lists, search and similar read in a workspace of 1,000 posts when it stands among a million, and in one of 100,000.

Everything is asked by the functions of the domain that requests call, of both databases. A figure is in blocks of 8 kB that
PostgreSQL looks at, as EXPLAIN (ANALYZE, BUFFERS) counts them: the same on every machine. The one time is a median, of the
slowest search; it is true of the machine that it was measured on.

- *unchanged*: the mean of workspaces that are the same in both databases, at most GROWTH times what it was.
- *largest*: of a list, at most GROWTH times what a list of 1,000 posts reads in the small database.
- Up to LEAST a page is cheap whatever it was. Its 21 posts have to be read from somewhere: in a small database they lie side
  by side, in a large one each in a block of its own, and an index is a level deeper. The team sees of each also who wrote
  it, their company, and what up to five votes are worth. What is similar looks at 100 posts or so one by one.
- recall@10: which part of the ten nearest posts is found, against looking at each of them: by the statement of
  `similar.find` without words and floors, for texts of which no post was made."""

import statistics
import time
from contextlib import contextmanager
from functools import partial

from bench.scale import LARGE, LARGEST, SMALL, build, recall, texts
from bench.scale.questions import KINDS, SHOWN, SORTS, Seat, searches_of, seat, similars_of
from bench.scale.reading import Read, reads
from service import db
from service.db import database
from service.feedback import similar, vectors

GROWTH, LEAST = 1.3, {"list user": 2 * 21, "list team": 22 * 21, "search user": 2 * 21, "search team": 22 * 21,
                      "similar user": 1000, "similar team": 1000}  # fmt: skip
SIMILAR_BLOCKS, LEAST_RECALL, SEARCH_MS = 5_000, 0.95, 100
COMPARED = range(1, 4)  # ids of workspaces that are the same in both
QUESTIONS, TIMES = 120, 5
# What each kind of question is to be answered by: one of these at least.
IN_ORDER = {*(f"post_{sort}" for sort in SORTS), "post_board", "post_status", "post_author", "post_worth_mrr"}
PATHS = {"list": IN_ORDER, "search": {"post_words", *IN_ORDER},
         "similar": {"post_embedding_pkey", "post_embedding_bits"}}  # fmt: skip


def asked(seats: list[Seat]) -> dict[str, list[list[Read]]]:
    """For each question, by its name without what was typed, what it read in each seat."""
    answers: dict[str, list[list[Read]]] = {}
    for questions in KINDS.values():
        for each in seats:
            for name, question in questions(each).items():
                short = name.split(":")[0]
                answers.setdefault(short, []).append(reads(question))
    return answers


def blocks(answers: list[list[Read]]) -> int:
    return round(statistics.mean(total(answer) for answer in answers))


def total(answer: list[Read]) -> int:
    return sum(read.blocks for read in answer)


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
        who = "user" if "user" in name else "team"
        most = max(int(GROWTH * small), LEAST[f"{name.split()[0]} {who}"])
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
    asked = [text.title for text in texts.unwritten()[:QUESTIONS]]
    share = recall.recall(seat.user, asked)
    most = max(total(reads(partial(similar.find, seat.user, text, limit=SHOWN))) for text in asked)
    return {
        f"scale: recall@{recall.NEAREST} of {QUESTIONS} texts among 100,000":
            {"figure": share, "least": LEAST_RECALL, "holds": share >= LEAST_RECALL},
        f"scale: similar, the most of {QUESTIONS} texts among 100,000": judged(most, SIMILAR_BLOCKS),
    }  # fmt: skip


def slowest(seat: Seat) -> dict:
    """The slowest search: its median, in milliseconds of this machine. (What was typed has its vector by then.)"""
    medians = {}
    for name, question in {**searches_of(seat), **similars_of(seat)}.items():
        question()
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
