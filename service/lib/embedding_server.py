"""Vectors from a server that the operator chose: whatever speaks OpenAI's /v1/embeddings (OpenAI, Ollama, TEI, vLLM).

It may be anywhere, without HTTPS too. What it is sent is in no error and no log, and neither is the key."""

import json
import threading
import time
from collections import OrderedDict, deque
from typing import NamedTuple

import numpy

from service.lib import outbound
from service.lib.embeddings import DIMENSIONS
from service.lib.lines import Unreachable

SECONDS = 30.0  # for a request of many texts
AT_ONCE = 32  # texts of a request
LONGEST_SAFE = 400  # characters that every model takes: some servers refuse longer texts instead of reading their beginning
MOST_ANSWER = 6_000_000  # bytes: 32 vectors of 4096 numbers, which are refused by a sentence of their own
REFUSED = {400, 413, 422}  # what was asked, as it was asked

PATIENCE = 0.25  # seconds that a page waits
SOON_SECONDS = 10.0  # after which nobody needs the answer any more
THREADS = 8
MOST_WAITING = 32  # texts
KEPT = 512  # texts whose vectors are remembered
MOST_FAILURES, REST_SECONDS = 3, 30.0  # in a row; then nobody is asked for so long

SLOW = "It asks us to slow down (429); give it a larger limit, or wait."
WRONG_KEY = "It does not take our key ({}); check EMBEDDINGS_API_KEY."
NOT_FOUND = "It knows no such model or address ({}); check EMBEDDINGS_MODEL and EMBEDDINGS_URL."
MOVED = "It sends us elsewhere ({}); give EMBEDDINGS_URL the address where it is."
WRONG_REQUEST = "It refuses what it is asked ({}); check EMBEDDINGS_MODEL and EMBEDDINGS_API_KEY."
BROKEN = "It has an error of its own ({}); look into its log."
OTHER = "It answers with {} instead of vectors; check EMBEDDINGS_URL."
NO_VECTORS = "What it answers is not what /v1/embeddings answers; check EMBEDDINGS_URL."
WRONG_COUNT = "It answers with another number of vectors than it was asked for; check EMBEDDINGS_URL."
WRONG_LENGTH = f"The model gives {{}} numbers; choose a model that can give {DIMENSIONS} in EMBEDDINGS_MODEL."
NO_NUMBERS = "The model gives vectors of zeros or of what is no number; choose another in EMBEDDINGS_MODEL."
HINTS = {"connection": " Is it running, and is EMBEDDINGS_URL its address?", "name": " Check EMBEDDINGS_URL.",
         "tls": " Check EMBEDDINGS_URL.", "blocked": " Check EMBEDDINGS_URL.",
         "timeout": " Is it overloaded?", "answer": " Check EMBEDDINGS_URL."}  # fmt: skip


class Asked(NamedTuple):
    """A short text whose vector somebody may be waiting for."""

    model: str
    text: str


class Server:
    """One that makes vectors, at the address of its API (up to /v1).

    `failure`: why it gives none to who types, once it has failed MOST_FAILURES times in a row; None once it gave some; ""
    before it did either."""

    def __init__(self, url: str, key: str | None):
        self.url, self.key = f"{url}/embeddings", key
        self.failure: str | None = ""
        self.plain: set[str] = set()  # models that do not let us say how many numbers we want
        self.lock = threading.Lock()  # for all that follows
        self.kept: OrderedDict[Asked, numpy.ndarray | None] = OrderedDict()
        self.asked: dict[Asked, threading.Event] = {}  # that wait, or are being made; set when that is over
        self.waiting: deque[Asked] = deque()
        self.threads: set[threading.Thread] = set()
        self.failures, self.rests_until = 0, 0.0

    # ── now ──

    def embed(self, model: str, texts: list[str], seconds: float | None = None) -> numpy.ndarray:
        """Vectors of unit length, shape (len(texts), 384), float32. `seconds` (SECONDS) are for each request, of
        AT_ONCE texts.

        Raises Unreachable with what the operator may do."""
        made = [self.some(model, texts[at : at + AT_ONCE], seconds or SECONDS) for at in range(0, len(texts), AT_ONCE)]
        if made:
            self.recover()
        return numpy.concatenate(made or [numpy.empty((0, DIMENSIONS), numpy.float32)])

    def some(self, model: str, texts: list[str], seconds: float) -> numpy.ndarray:
        """Of one request; again, asked in other ways, when the server refuses the first."""
        longest = max(map(len, texts))
        for cut in [longest, LONGEST_SAFE] if longest > LONGEST_SAFE else [longest]:
            for plain in [True] if model in self.plain else [False, True]:
                answer = self.post(model, [each[:cut] for each in texts], plain, seconds)
                if answer.status not in REFUSED:
                    made = vectors_in(answer, len(texts))
                    self.plain |= {model} if plain else set()
                    return made
        raise Unreachable(explained(answer.status), "refused")

    def post(self, model: str, texts: list[str], plain: bool, seconds: float) -> outbound.Answer:
        asked = {"model": model, "input": texts, "encoding_format": "float"}
        headers = {"content-type": "application/json", "user-agent": "Sayso"}
        if not plain:
            asked["dimensions"] = DIMENSIONS
        if self.key:
            headers["authorization"] = f"Bearer {self.key}"
        try:
            return outbound.post(self.url, json.dumps(asked).encode(), headers, allow=outbound.EVERYWHERE, seconds=seconds,
                                 most=MOST_ANSWER)  # fmt: skip
        except Unreachable as failed:
            raise Unreachable(f"{failed}{HINTS[failed.kind]}", failed.kind) from None

    # ── within a moment ──

    def soon(self, model: str, text: str, patience: float | None = None) -> numpy.ndarray | None:
        """The vector of a short text; None when it does not come within `patience` seconds (PATIENCE). Who asks for the same
        later gets what came meanwhile."""
        asked = Asked(model, text)
        with self.lock:
            if asked in self.kept:
                self.kept.move_to_end(asked)
                return self.kept[asked]
            if asked not in self.asked and not self.take(asked):
                return None
            done = self.asked[asked]
        done.wait(PATIENCE if patience is None else patience)
        with self.lock:
            return self.kept.get(asked)

    def take(self, asked: Asked) -> bool:
        """Whether it may be asked for this now; then a thread does. The lock is held."""
        if len(self.asked) >= MOST_WAITING or self.is_resting() or (self.failures >= MOST_FAILURES and self.asked):
            return False  # after a rest one tries alone
        self.asked[asked] = threading.Event()
        self.waiting.append(asked)
        self.threads = {each for each in self.threads if each.is_alive()}
        if len(self.threads) < THREADS:
            started = threading.Thread(target=self.work, name="vectors", daemon=True)
            started.start()
            self.threads.add(started)
        return True

    def is_resting(self) -> bool:
        return time.monotonic() < self.rests_until

    def work(self) -> None:
        """Ask for what waits, one after the other, until nothing does."""
        while asked := self.next():
            try:
                self.learn(asked, self.embed(asked.model, [asked.text], SOON_SECONDS)[0], None)
            except Unreachable as failed:
                self.learn(asked, None, failed)
            finally:
                with self.lock:
                    self.asked.pop(asked).set()

    def next(self) -> Asked | None:
        """What to ask for; None when this thread is needed no longer. Nothing goes on waiting while we rest."""
        with self.lock:
            while self.waiting and self.is_resting():
                self.asked.pop(self.waiting.popleft()).set()
            if self.waiting:
                return self.waiting.popleft()
            self.threads.discard(threading.current_thread())
            return None

    def recover(self) -> None:
        """It gives vectors, so it may be asked."""
        with self.lock:
            self.failures, self.rests_until, self.failure = 0, 0.0, None

    def learn(self, asked: Asked, vector: numpy.ndarray | None, failed: Unreachable | None) -> None:
        with self.lock:
            if failed is None or failed.kind == "refused":  # it is about this text, and not about the others
                self.kept[asked] = vector
                if len(self.kept) > KEPT:
                    self.kept.popitem(last=False)
                return
            self.failures += 1
            if self.failures >= MOST_FAILURES:
                self.failure, self.rests_until = str(failed), time.monotonic() + REST_SECONDS


def vectors_in(answer: outbound.Answer, count: int) -> numpy.ndarray:
    """What an answer holds, in the order in which it was asked for, each of unit length. Raises Unreachable."""
    if answer.status != 200:
        raise Unreachable(explained(answer.status), "answer")
    made = numbers_in(answer.body, count)
    if made.shape[1] != DIMENSIONS:
        raise Unreachable(WRONG_LENGTH.format(made.shape[1]), "answer")
    with numpy.errstate(all="ignore"):
        lengths = numpy.linalg.norm(made, axis=1, keepdims=True)
    if not (numpy.isfinite(lengths) & (lengths > 0)).all():
        raise Unreachable(NO_NUMBERS, "answer")
    return (made / lengths).astype(numpy.float32)


def numbers_in(body: bytes, count: int) -> numpy.ndarray:
    """Float64, shape (count, whatever)."""
    try:
        rows = json.loads(body)["data"]
        if any("index" in row for row in rows):
            rows = sorted(rows, key=lambda row: row["index"])
        places = [row.get("index", place) for place, row in enumerate(rows)]
        made = [numpy.asarray(row["embedding"], numpy.float64) for row in rows]
        lengths = {each.shape for each in made}
    except (ValueError, LookupError, TypeError, AttributeError, ArithmeticError, RecursionError):
        raise Unreachable(NO_VECTORS, "answer") from None
    if places != list(range(count)):
        raise Unreachable(WRONG_COUNT, "answer")
    if len(lengths) != 1 or made[0].ndim != 1:
        raise Unreachable(NO_VECTORS, "answer")
    return numpy.stack(made)


def explained(status: int) -> str:
    """What an answer that holds no vectors means for who set the server up."""
    named = {401: WRONG_KEY, 403: WRONG_KEY, 404: NOT_FOUND, 405: NOT_FOUND, 429: SLOW}
    kinds = {3: MOVED, 4: WRONG_REQUEST if status in REFUSED else OTHER, 5: BROKEN}
    return named.get(status, kinds.get(status // 100, OTHER)).format(status)
