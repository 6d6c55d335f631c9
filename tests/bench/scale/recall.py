"""How many of the nearest posts `similar` finds in a large workspace, against looking at each of them."""

from contextlib import contextmanager

import numpy

from bench.scale import texts
from bench.scale.questions import SHOWN
from service import db
from service.db import database
from service.feedback import similar
from service.feedback.readers import Reader, listed
from service.lib import embeddings

NEAREST = 10
# All vectors, for looking at each of them; what a halfvec begins with when it is sent is no number of its own.
VECTORS = f"""
SELECT p.number, halfvec_send(e.vector) FROM post p
  JOIN post_embedding e ON e.workspace_id = p.workspace_id AND e.model = %(model)s AND e.post_number = p.number
 WHERE p.workspace_id = %(workspace)s AND {listed()}"""
HALVES_BEGIN = 4
MEANING_ONLY = {"text": "", "begun": "", "last": "", "prefix": "", "near": -1, "far": -1}  # parameters of similar.LIKE_TEXT


def recall(reader: Reader, asked: list[str]) -> float:
    """Which part of the NEAREST is found, the mean of these texts: by meaning alone, and without floors."""
    numbers, vectors = everything(reader)
    found = 0
    for text in asked:
        distances = vectors @ embeddings.embed([text])[0]
        wanted = numbers[numpy.argsort(-distances)[:NEAREST]].tolist()
        with wordless():
            hits = similar.find(reader, text, limit=SHOWN)[:NEAREST]
        found += len({hit.post.number for hit in hits}.intersection(wanted))
    return round(found / NEAREST / len(asked), 3)


def everything(reader: Reader) -> tuple[numpy.ndarray, numpy.ndarray]:
    """The numbers and vectors of all posts that stand in the reader's lists."""
    rows = db.rows(VECTORS, **reader.scope(), model=embeddings.MODEL)
    halves = b"".join(bytes(vector)[HALVES_BEGIN:] for _, vector in rows)
    made = numpy.frombuffer(halves, ">f2").astype("f4").reshape(len(rows), -1)
    return numpy.array([number for number, _ in rows]), texts.united(made)


@contextmanager
def wordless():
    """`similar` by meaning alone, and without its floors."""
    send = database.execute_sql

    def without(sql, parameters=None, *more):
        changed = {name: MEANING_ONLY.get(name, value) for name, value in (parameters or {}).items()}
        return send(sql, changed if sql == similar.LIKE_TEXT else parameters, *more)

    database.execute_sql = without
    try:
        yield
    finally:
        del database.execute_sql
