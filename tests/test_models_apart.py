"""Vectors of two models are never compared: before, during and after a change of model, in every process."""
# ruff: noqa: F811 (fixtures)

import time

from queued import work_off
from reembedders import DARK, LOCAL, PLAIN, TURNED, found, models, reembed
from test_reembedding import pieces, server, told, wishes  # noqa: F401 (fixtures)

from service import db, jobs, retention
from service.feedback import posts, reembedding, similar, vectors


def beside(company, number: int) -> list[str]:
    reader = company.team
    return [hit.post.title for hit in similar.beside(reader, posts.find(reader, number))]


def test_answers_are_never_mixed_before_during_and_after_it(wishes, pieces):
    wishes.post("A dark theme")
    work_off()
    before = found(wishes), beside(wishes, 1)
    assert before == ([("A dark theme", "meaning"), (DARK, "meaning")], ["A dark theme"])
    reembedding.begin(TURNED)
    for done in reembedding.reembed(TURNED):
        assert done.made <= 2
        assert (models()[0], found(wishes), beside(wishes, 1)) == (LOCAL, *before)
    assert (models()[0], found(wishes), beside(wishes, 1)) == (TURNED, *before)


def test_answers_are_not_mixed_from_one_model_of_a_server_to_another(wishes, pieces):
    reembed(PLAIN)
    reembedding.begin(TURNED)
    for _ in reembedding.reembed(TURNED):
        assert (models()[0], found(wishes)) == (PLAIN, [(DARK, "meaning")])
    assert (models()[0], found(wishes)) == (TURNED, [(DARK, "meaning")])


def test_a_process_that_remembers_the_old_model_goes_on_with_its_vectors_until_it_looks_again(wishes):
    remembered = vectors.models()
    reembed(TURNED)
    vectors.memory.models, vectors.memory.looked_at = remembered, time.monotonic()
    jobs.enqueue(retention.PRUNE)
    work_off()
    assert (vectors.models().current, found(wishes)) == (LOCAL, [(DARK, "meaning")])
    vectors.memory.looked_at -= vectors.LOOK_SECONDS + 1
    assert (vectors.models().current, found(wishes)) == (TURNED, [(DARK, "meaning")])


def test_who_mixed_them_would_take_one_for_the_other(wishes):
    """That the proofs above prove something."""
    reembed(TURNED)
    db.changed("UPDATE post_embedding SET model = 'mixed' WHERE model = %(local)s", local=LOCAL)
    db.changed("DELETE FROM post_embedding WHERE model = %(turned)s AND post_number = 1", turned=TURNED)
    db.changed("UPDATE post_embedding SET model = %(turned)s WHERE model = 'mixed' AND post_number = 1", turned=TURNED)
    assert (DARK, "meaning") not in found(wishes)
