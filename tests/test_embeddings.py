"""The local model: meaning, offline, and without a trace."""

import json
import os
import subprocess
import sys

import numpy
import pytest

from service.lib import embeddings

EMBED = "from service.lib import embeddings; print(embeddings.query('dark mode')[:20])"


def nearness(one: str, other: str) -> float:
    return float(numpy.dot(*(numpy.array(json.loads(embeddings.query(text))) for text in (one, other))))


def test_words_that_share_nothing_can_mean_the_same():
    assert nearness("night theme", "dark mode") > 0.45
    assert nearness("night theme", "export to spreadsheet") < 0.25


def test_vectors_have_384_dimensions_and_unit_length():
    vectors = embeddings.embed(["one", "two words", "x" * 5000])
    assert vectors.shape == (3, 384)
    assert numpy.allclose(numpy.linalg.norm(vectors, axis=1), 1, atol=1e-3)


@pytest.mark.parametrize(("text", "read"), [("dark mode", True), ("Ünïcode", True), ("тёмная тема", False)])
def test_only_what_it_was_taught_is_read(text, read):
    assert embeddings.reads(text) == read


@pytest.mark.parametrize(("text", "crumbs"), [("asdf qwer zxcv", True), ("hjkl hjkl", True), ("SSO", False)])
def test_what_is_no_word_at_all_can_only_be_spelled(text, crumbs):
    assert embeddings.is_crumbs(text) == crumbs


def test_it_leaves_nothing_in_the_home_folder_and_reports_to_nobody(tmp_path):
    environment = {"HOME": str(tmp_path), "PATH": os.environ["PATH"]}
    done = subprocess.run([sys.executable, "-c", EMBED], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("[")
    assert list(tmp_path.iterdir()) == []
