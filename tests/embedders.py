"""A server of vectors in our tests: a real HTTP server on loopback that speaks OpenAI's /v1/embeddings, and plays a role.

Its model knows words: a text is the sum of its words, and words that mean the same are one."""

import hashlib
import json
import re
from contextlib import contextmanager

import numpy
from receivers import Receiver, answer

from service import db, installation
from service.feedback import vectors
from service.lib.embedding_server import Server

MODEL, KEY = "words-384", "vk-t3st-0f-th3-v3ct0rs"
SAME = {"night": "dark", "theme": "mode", "invoice": "bill", "invoices": "bill", "receipts": "bill"}
SWITCHED = "UPDATE installation SET embedding_model = %(model)s, embedding_next = NULL"


class Embedder(Receiver):
    """`url` is what EMBEDDINGS_URL is set to."""

    def __init__(self, role=None):
        super().__init__(role or well)
        self.url = f"http://127.0.0.1:{self.port}/v1"

    @property
    def texts(self) -> list[list[str]]:
        """What it was sent, request by request."""
        return [request.json["input"] for request in self.requests]


@contextmanager
def embedding(role=None):
    server = Embedder(role)
    try:
        yield server
    finally:
        server.close()


def at(there: Embedder, key: str | None = KEY) -> Server:
    """Our way there."""
    return Server(there.url, key)


def switch(model: str = MODEL) -> None:
    """Let the vectors of this model answer, as they do after `sayso reembed`."""
    installation.check_keys()
    db.changed(SWITCHED, model=model)
    vectors.forget()


def meaning(text: str, length: int = 384) -> list[float]:
    words = [SAME.get(word, word) for word in re.findall(r"\w+", text.lower())]
    return sum((of_word(word, length) for word in words), numpy.zeros(length)).tolist()


def of_word(word: str, length: int) -> numpy.ndarray:
    seed = int.from_bytes(hashlib.sha256(word.encode()).digest()[:8])
    return numpy.random.default_rng(seed).standard_normal(length)


def unit(text: str) -> numpy.ndarray:
    """The vector that we make of it."""
    vector = numpy.array(meaning(text))
    return vector / numpy.linalg.norm(vector)


# ── roles ──


def gives(vectors: list, **more):
    """Answers with these vectors."""
    data = [{"object": "embedding", "index": place, "embedding": each} for place, each in enumerate(vectors)]
    return says({"object": "list", "data": data, "model": MODEL, **more})


def says(what):
    return answer(200, json.dumps(what).encode(), content_type="application/json")


def well(receiver, handler):
    texts = json.loads(handler.sent)["input"]
    gives([meaning(each) for each in texts])(receiver, handler)


def backwards(receiver, handler):
    """The last text first, each with its place."""
    texts = json.loads(handler.sent)["input"]
    data = [{"index": place, "embedding": meaning(text)} for place, text in enumerate(texts)]
    says({"data": data[::-1]})(receiver, handler)


def of_length(length: int):
    """A model that gives so many numbers."""

    def role(receiver, handler):
        gives([meaning(each, length) for each in json.loads(handler.sent)["input"]])(receiver, handler)

    return role


def with_numbers(number: float):
    """Vectors in which this stands."""

    def role(receiver, handler):
        gives([[number] * 384 for _ in json.loads(handler.sent)["input"]])(receiver, handler)

    return role


def refuses(is_too_much, status: int = 400):
    """Answers with 400 as long as a request is as described; else well."""

    def role(receiver, handler):
        (answer(status) if is_too_much(json.loads(handler.sent)) else well)(receiver, handler)

    return role


def when_let_go(receiver, handler):
    """Answers well, once the test lets it go."""
    receiver.let_go.wait(60)
    well(receiver, handler)
