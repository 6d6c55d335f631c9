"""Meaning as numbers: the local model turns a text into 384 floats of unit length, offline, in about 10 ms.

service/model/README.md says which model it is and how it was made."""

import os
import threading
from functools import cache, lru_cache
from pathlib import Path

import numpy
from tokenizers import Tokenizer

os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # it would report to its maker, and keep a device id in the home folder
import onnxruntime  # noqa: E402 it looks at once

MODEL = "minilm-l6-int8"  # stored beside every vector; vectors of two models are never compared
DIMENSIONS = 384
LONGEST = 128  # tokens that are read
FEWEST_CRUMBS, LARGEST_CRUMB = 4, 1.8  # pieces of a text, and letters of a piece, on average
LAST_LATIN = "\u024f"  # of the blocks of Latin letters
FOLDER = Path(__file__).parent.parent / "model"

loading = threading.Lock()


def reads(text: str) -> bool:
    """Whether the model can tell what this text means: it was taught English, and takes other scripts for one another."""
    letters = [char for char in text if char.isalpha()]
    return 2 * sum(char <= LAST_LATIN for char in letters) > len(letters)


def is_crumbs(text: str) -> bool:
    """Whether the model, which reads what is no word of its vocabulary in pieces, would read little but single letters: such
    a text ("asdf qwer", but also "OAuth PKCE") is near to all others of the kind."""
    with loading:
        tokenizer, _ = model()
    pieces = [piece.removeprefix("##") for piece in tokenizer.encode(text).tokens[1:-1]]
    pieces = [piece for piece in pieces if piece.isalpha()]
    return len(pieces) >= FEWEST_CRUMBS and sum(map(len, pieces)) < LARGEST_CRUMB * len(pieces)


def embed(texts: list[str]) -> numpy.ndarray:
    """Vectors of unit length, shape (len(texts), 384), float32. The first call loads the model (0.3 s, 90 MB)."""
    with loading:  # two first requests at once must not load it twice
        tokenizer, session = model()
    encoded = tokenizer.encode_batch(texts)
    ids = numpy.array([each.ids for each in encoded], dtype=numpy.int64)
    mask = numpy.array([each.attention_mask for each in encoded], dtype=numpy.int64)
    return session.run(["v"], {"input_ids": ids, "attention_mask": mask})[0]


@cache
def model() -> tuple[Tokenizer, onnxruntime.InferenceSession]:
    tokenizer = Tokenizer.from_file(str(FOLDER / "tokenizer.json"))
    tokenizer.enable_truncation(LONGEST)
    tokenizer.enable_padding()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1  # requests run beside each other already
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(FOLDER / "minilm-l6-int8.onnx", options, providers=["CPUExecutionProvider"])
    return tokenizer, session


@lru_cache(maxsize=512)
def query(text: str) -> str:
    """The vector of a short text, as pgvector reads it. People type, erase and type again: some are remembered."""
    return written(embed([text])[0])


def document(title: str, body: str) -> str:
    """The vector of a post, as pgvector reads it: the title counts as much as the title with the beginning of the body.

    What people type while searching is as short as a title; the body alone decides between two like titles."""
    short, full = embed([title, f"{title}\n{body[:300]}"])
    vector = short + full
    return written(vector / numpy.linalg.norm(vector))


def written(vector: numpy.ndarray) -> str:
    return "[" + ",".join(f"{number:.5f}" for number in vector.tolist()) + "]"
