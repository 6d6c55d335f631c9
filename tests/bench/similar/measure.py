"""How well the search finds the others of a group, asked with one of them.

Every request becomes a post of one workspace. Each that has duplicates is asked for in two ways, through the API: by itself
(GET /api/v1/posts/{n}/similar, its title and text) and by its title alone, as if somebody typed it (GET /api/v1/similar).
Itself left out, the first ten answers count. What the floor keeps back, and what stands below the tenth, is not found.

- MRR: 1 / the place of the first duplicate (0 when there is none among the ten), the mean of all questions.
- recall@5, recall@10: which part of the duplicates stands among the first five or ten, the mean of all questions.
- hard recall@10: the same of only those duplicates whose title shares no word with what was asked, as PostgreSQL stems
  words and leaves out the common ones.

Meaning alone and words alone are the statements of the domain (similar.LIKE_POST, LIKE_TEXT), asked without the words or
without the vector."""

from collections.abc import Callable
from typing import NamedTuple

from queued import work_off

from bench import similar as the_set
from service import db
from service.feedback import similar, vectors
from service.lib import embeddings

SHOWN = 10
# recall@10 that `make bench` wants; `make test` is content with a little less: the model rounds differently elsewhere
WANTED = {("by post", "ordinary"): 0.95, ("by title", "ordinary"): 0.9, ("by post", "hard"): 0.42}
ROUNDING = 0.015
LEAST_SILENT = 24  # of the nonsense
STEMS = "SELECT tsvector_to_array(to_tsvector('english', %(title)s))"
WITHOUT_VECTOR = """
SELECT count(*) FROM post p
 WHERE NOT EXISTS (SELECT FROM post_embedding e WHERE e.workspace_id = p.workspace_id AND e.post_number = p.number)"""


class Post(NamedTuple):
    number: int
    title: str
    group: str | None
    part: str | None
    stems: frozenset[str]  # of its title


class Question(NamedTuple):
    asked: Post
    wanted: set[int]  # numbers of its duplicates
    hard: set[int]  # those of them that share no word with it
    found: list[int]  # numbers, the likest first


class Figures(NamedTuple):
    mrr: float
    recall_5: float
    recall_10: float
    hard_recall_10: float


class Board:
    """A workspace that holds the whole set, each post with its vector, and the ways to ask it."""

    def __init__(self, client, company):
        self.client, self.company = client, company
        self.posts = [self.post(request) for request in the_set.requests()]
        work_off(rounds=len(self.posts) // 20)  # of 100 jobs each
        assert db.row(WITHOUT_VECTOR) == (0,)

    def post(self, request: the_set.Request) -> Post:
        given = {"title": request.title, "body": request.body}
        answer = self.client.simulate_post("/api/v1/posts", json=given, headers=self.company.bearer())
        assert answer.status_code == 201, answer.text
        return Post(answer.json["number"], request.title, request.group, request.part, stems(request.title))

    def questions(self, ask: Callable[[Post], list[int]]) -> list[Question]:
        return [Question(post, wanted, hard, ask(post)) for post, wanted, hard in self.pairs() if wanted]

    def pairs(self):
        """Each post with the numbers of its duplicates and of the hard ones."""
        for post in self.posts:
            others = [each for each in self.posts if post.group and each.group == post.group and each != post]
            yield post, {each.number for each in others}, {each.number for each in others if not each.stems & post.stems}

    def by_title(self, post: Post) -> list[int]:
        return [number for number in self.hits(post.title, SHOWN + 1) if number != post.number][:SHOWN]

    def by_post(self, post: Post) -> list[int]:
        return self.ask(f"/api/v1/posts/{post.number}/similar", limit=SHOWN)

    def hits(self, text: str, limit: int) -> list[int]:
        return self.ask("/api/v1/similar", text=text, limit=limit)

    def ask(self, address: str, **asked) -> list[int]:
        answer = self.client.simulate_get(address, params=asked, headers=self.company.bearer())
        assert answer.status_code == 200, answer.text
        return [hit["post"]["number"] for hit in answer.json["data"]]

    def meaning_only(self, post: Post) -> list[int]:
        return self.found(similar.LIKE_POST, post)

    def words_only(self, post: Post) -> list[int]:
        return self.found(similar.LIKE_TEXT, post, **similar.words(post.title))

    def found(self, statement: str, post: Post, **text: str) -> list[int]:
        near, far = vectors.LOCAL_FLOORS
        asked = {"model": embeddings.MODEL, "vector": None, "language": "english", "near": near, "far": far}
        asked |= {"words_far": similar.WORDS_FAR}
        within = {"beside": post.number, "board": None, "status": None, "limit": SHOWN}
        asked |= within | (text or similar.words(""))
        return [row[0] for row in db.rows(statement, **self.company.team.scope(), **asked)]

    def silent(self) -> list[str]:
        """The nonsense for which nothing is shown."""
        return [text for text in the_set.nonsense() if not self.hits(text, SHOWN)]


def stems(title: str) -> frozenset[str]:
    return frozenset(db.row(STEMS, title=title)[0])


def figures(questions: list[Question]) -> Figures:
    return Figures(
        mean([first(each) for each in questions]),
        mean([recall(each.wanted, each.found[:5]) for each in questions]),
        mean([recall(each.wanted, each.found) for each in questions]),
        mean([recall(each.hard, each.found) for each in questions if each.hard]),
    )


def first(question: Question) -> float:
    """1 / the place of the first duplicate that was found."""
    places = [place for place, number in enumerate(question.found, 1) if number in question.wanted]
    return 1 / places[0] if places else 0


def recall(wanted: set[int], found: list[int]) -> float:
    return len(wanted.intersection(found)) / len(wanted)


def mean(numbers: list[float]) -> float:
    return round(sum(numbers) / len(numbers), 3)


def by_part(questions: list[Question]) -> dict[str, Figures]:
    """Of each part of the set, of the ordinary ones together, and of all."""
    parts = {**{part: {part} for part in the_set.PARTS}, "ordinary": the_set.ORDINARY, "all": set(the_set.PARTS)}
    return {name: figures([each for each in questions if each.asked.part in part]) for name, part in parts.items()}


def rows(client, company) -> dict[str, dict]:
    """What `make bench` keeps."""
    board = Board(client, company)
    ways = {"by post": board.by_post, "by title": board.by_title,
            "meaning only": board.meaning_only, "words only": board.words_only}  # fmt: skip
    told = {}
    for way, ask in ways.items():
        for part, measured in by_part(board.questions(ask)).items():
            told[f"similar: {way}, {part}"] = measured._asdict()
            if (way, part) in WANTED:
                told[f"similar: {way}, {part}"] |= judged(measured.recall_10, WANTED[way, part])
    silent = len(board.silent())
    return told | {f"similar: nothing for {len(the_set.nonsense())} texts of nonsense": judged(silent, LEAST_SILENT)}


def judged(figure: float, least: float) -> dict:
    return {"figure": figure, "least": least, "holds": figure >= least}


def line(row: dict) -> str:
    """One of them, as `make bench` prints it."""
    names = {"mrr": "MRR", "recall_5": "@5", "recall_10": "@10", "hard_recall_10": "hard @10"}
    told = [f"{names[field]} {row[field]:.3f}" for field in names if field in row]
    if "least" in row:
        told.append(f"{row['figure']}, at least {row['least']}: {'holds' if row['holds'] else 'BROKEN'}")
    return "  ".join(told)
