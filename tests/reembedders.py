"""A server of vectors for a change of model: real, on loopback, with two models that must not be mixed.

Both mean what the local model means. But `TURNED` gives "Dark mode" the vector that `PLAIN` gives to the export of invoices,
and the other way round: whoever compared vectors of both would take one for the other."""

import json
import threading
from collections import Counter
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy

from service import db
from service.feedback import reembedding, similar, vectors
from service.lib import embeddings

PLAIN, TURNED = "plain", "turned"
DARK, EXPORT = "Dark mode", "Export invoices to CSV"
HOLD_SECONDS = 60
LOCAL = embeddings.MODEL
WISHES = [DARK, EXPORT, "Sign in with Google", "Faster search", "Slack integration"]
MODELS = "SELECT embedding_model, embedding_next, embedding_since IS NOT NULL FROM installation"
MADE = "SELECT count(*) FROM post_embedding WHERE model = %(model)s"
LACKING = """
SELECT number FROM post p WHERE NOT EXISTS (
  SELECT FROM post_embedding e WHERE e.workspace_id = p.workspace_id AND e.post_number = p.number AND e.model = %(model)s
     AND e.digest = sha256(convert_to(p.title || E'\n' || p.body, 'UTF8')))"""


def turned(found: numpy.ndarray) -> numpy.ndarray:
    """The vectors seen in a mirror that shows each of the two where the other is; all distances stay."""
    dark, export = embeddings.embed([DARK, EXPORT])
    across = (dark - export) / numpy.linalg.norm(dark - export)
    return found - 2 * numpy.outer(found @ across, across)


class Reembedder:
    """`answered` counts texts by (model, text). `failures` are what it answers first, `broken` what it always does; after
    `patience` more requests it says nothing until it is `let_go`. `meanwhile` is called with the texts before an answer."""

    def __init__(self):
        self.answered, self.patience = Counter(), None
        self.failures, self.broken = [], None
        self.held, self.let_go, self.meanwhile = threading.Event(), threading.Event(), lambda _texts: None
        reembedder = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
                status, answer = reembedder.answer(asked["model"], asked["input"])
                self.send_response(status)
                self.send_header("content-length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.server.handle_error = lambda *_: None  # whoever asked has gone
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/v1"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def answer(self, model: str, texts: list[str]) -> tuple[int, bytes]:
        if self.patience is not None:
            self.patience -= 1
            if self.patience < 0:
                self.held.set()
                self.let_go.wait(HOLD_SECONDS)
        if model not in {PLAIN, TURNED}:
            return 404, b"no such model"
        if self.broken or self.failures:
            return self.broken or self.failures.pop(0), b"no"
        self.meanwhile(texts)
        made = embeddings.embed(texts)
        made = turned(made) if model == TURNED else made
        self.answered.update((model, text) for text in texts)
        return 200, json.dumps({"data": [{"embedding": vector} for vector in made.tolist()]}).encode()

    def close(self) -> None:
        self.let_go.set()
        self.server.shutdown()
        self.server.server_close()


@contextmanager
def serving():
    made = Reembedder()
    try:
        yield made
    finally:
        made.close()


# ── what tests do and look at ──


def reembed(model: str) -> int:
    """All of it; returns how many vectors were made."""
    reembedding.begin(model)
    return sum(done.made for done in reembedding.reembed(model))


def models() -> tuple:
    """(whose vectors answer, whose are being made, whether it was ever changed)."""
    return db.row(MODELS)


def made(model: str) -> int:
    return db.row(MADE, model=model)[0]


def lacking(model: str) -> list[int]:
    return [number for (number,) in db.rows(LACKING, model=model)]


def found(company, text: str = "night theme") -> list[tuple[str, str]]:
    answering = vectors.models().current
    if answering != LOCAL:
        vectors.memory.server.soon(answering, text, patience=20)  # as somebody who types it for the second time
    return [(hit.post.title, hit.why) for hit in similar.find(company.team, text)]
