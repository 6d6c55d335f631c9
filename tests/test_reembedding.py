"""A change of model: all vectors anew beside the old ones, which answer until the last one is made."""

import dataclasses
from contextlib import closing

import psycopg2
import pytest
from queued import in_another_thread, work_off
from reembedders import DARK, LOCAL, PLAIN, TURNED, WISHES, found, lacking, made, models, reembed, serving

from service import db, installation
from service.errors import SettingError
from service.feedback import edits, reembedding, vectors

OF_POST = "SELECT model FROM post_embedding WHERE workspace_id = %(workspace)s AND post_number = %(number)s ORDER BY model"
EDIT = "UPDATE post SET title = %(title)s WHERE number = %(number)s"


@pytest.fixture
def server():
    with serving() as server:
        yield server


@pytest.fixture
def told(here, server):
    """An installation that is told of the server, and of its model TURNED."""
    settings = dataclasses.replace(here, embeddings_url=server.url, embeddings_model=TURNED)
    vectors.start(settings)
    installation.check_keys()
    return settings


@pytest.fixture
def wishes(told, acme):
    """Posts of Acme with vectors of the local model."""
    for title in WISHES:
        acme.post(title)
    work_off()
    return acme


@pytest.fixture
def pieces(monkeypatch):
    """Only two posts at once."""
    monkeypatch.setattr(reembedding, "TOGETHER", 2)


def asked(server, title: str, model: str = TURNED) -> int:
    """How often the server was asked for the vector of this post."""
    return server.answered[model, title]


def test_every_post_gets_a_vector_of_the_new_model_which_then_answers(wishes, globex, pieces):
    globex.post("A dark theme")
    assert reembed(TURNED) == 6
    assert (models(), lacking(TURNED)) == ((TURNED, None, True), [])


def test_the_old_vectors_stay_until_they_are_pruned(wishes):
    reembed(TURNED)
    assert lacking(LOCAL) == []


def test_done_twice_it_asks_for_nothing_more(wishes, server):
    reembed(TURNED)
    before = server.answered.copy()
    assert reembed(TURNED) == 0
    assert server.answered - before == {(TURNED, vectors.SAMPLE): 1}


def test_of_the_model_in_use_only_what_is_missing_or_out_of_date_is_made(wishes, server):
    reembed(TURNED)
    db.changed(EDIT, title="A darker mode", number=1)
    db.changed("DELETE FROM post_embedding WHERE post_number = 3")
    server.answered.clear()
    assert reembed(TURNED) == 2
    assert set(server.answered) == {(TURNED, vectors.SAMPLE), (TURNED, "A darker mode"), (TURNED, WISHES[2])}
    assert (models(), lacking(TURNED)) == ((TURNED, None, True), [])


def test_a_deleted_post_that_is_brought_back_is_found_by_its_meaning(wishes):
    edits.delete(wishes.team, 1)
    reembed(TURNED)
    assert found(wishes) == []
    edits.restore(wishes.team, 1)
    assert found(wishes) == [(DARK, "meaning")]


def test_a_post_that_the_local_model_cannot_read_does_not_hold_up_the_way_back_to_it(wishes):
    wishes.post("Тёмная тема")
    reembed(TURNED)
    assert lacking(TURNED) == []
    reembed(LOCAL)
    assert (models(), lacking(LOCAL)) == ((LOCAL, None, True), [6])


def test_a_vector_of_what_can_be_read_no_longer_goes(wishes):
    db.changed(EDIT, title="Тёмная тема", number=1)
    reembed(LOCAL)
    assert db.rows(OF_POST, workspace=wishes.workspace.id, number=1) == []


def test_a_post_that_is_written_or_edited_during_it_has_vectors_of_both(wishes, pieces):
    reembedding.begin(TURNED)
    walk = reembedding.reembed(TURNED)
    next(walk)
    posts_now = [wishes.post("Keyboard shortcuts"), 1, 5]
    for number in posts_now[1:]:
        edits.change(wishes.team, number, title=f"Another wish {number}")
    work_off()
    both = [(LOCAL,), (TURNED,)]
    assert [db.rows(OF_POST, workspace=wishes.workspace.id, number=number) for number in posts_now] == [both] * 3
    list(walk)
    assert (lacking(LOCAL), lacking(TURNED)) == ([], [])


def test_what_is_written_while_no_worker_runs_is_made_before_the_switch(wishes, pieces):
    reembedding.begin(TURNED)
    walk = reembedding.reembed(TURNED)
    next(walk)
    edits.change(wishes.team, 1, title="A darker mode")
    list(walk)
    assert (models()[0], lacking(TURNED)) == (TURNED, [])


def test_the_vector_of_a_text_that_changes_meanwhile_is_not_undone(wishes, server, here):
    """Its job is quicker than the server."""
    kept = "[" + ",".join(["1"] + ["0"] * 383) + "]"
    digest = vectors.Text(1, "A darker mode", "", None).digest

    def change(texts):
        if DARK in texts and len(texts) == len(WISHES):
            with closing(psycopg2.connect(here.database_url)) as connection, connection, connection.cursor() as cursor:
                cursor.execute(EDIT, {"title": "A darker mode", "number": 1})
                cursor.execute(
                    "INSERT INTO post_embedding VALUES (%(workspace)s, %(model)s, 1, %(vector)s, %(digest)s)",
                    {"workspace": wishes.workspace.id, "model": TURNED, "vector": kept, "digest": digest},
                )

    server.meanwhile = change
    reembed(TURNED)
    assert db.row("SELECT vector::text FROM post_embedding WHERE post_number = 1 AND model = %(m)s", m=TURNED) == (kept,)


def test_a_model_that_the_server_does_not_know_is_told_at_once_and_nothing_begins(wishes):
    with pytest.raises(SettingError, match="no vectors of nosuch.*EMBEDDINGS_MODEL"):
        reembedding.begin("nosuch")
    assert models() == (LOCAL, None, False)


def test_a_key_that_the_server_does_not_take_is_told_at_once_and_nothing_begins(wishes, server):
    server.broken = 401
    with pytest.raises(SettingError, match="EMBEDDINGS_API_KEY"):
        reembedding.begin(TURNED)
    assert models() == (LOCAL, None, False)


def test_the_model_that_is_meant_is_the_named_one_or_that_of_the_settings_or_our_own(told, here):
    assert reembedding.chosen(told, PLAIN) == PLAIN
    assert reembedding.chosen(told, None) == TURNED
    assert (reembedding.chosen(told, LOCAL), reembedding.chosen(here, None)) == (LOCAL, LOCAL)


def test_another_model_without_a_server_is_refused_with_what_to_do(here):
    with pytest.raises(SettingError, match="set EMBEDDINGS_URL to a server that has nomic"):
        reembedding.chosen(here, "nomic")


def test_a_server_that_fails_for_a_moment_is_asked_again(wishes, server, monkeypatch):
    monkeypatch.setattr(reembedding, "PAUSES", (0, 0, 0))
    reembedding.begin(TURNED)
    server.failures = [503, 429, 500]
    list(reembedding.reembed(TURNED))
    assert (server.failures, models()[0], lacking(TURNED)) == ([], TURNED, [])


def test_a_server_that_fails_for_good_ends_it_and_the_next_time_it_goes_on(wishes, server, pieces, monkeypatch):
    monkeypatch.setattr(reembedding, "PAUSES", (0, 0))
    reembedding.begin(TURNED)
    walk = reembedding.reembed(TURNED)
    next(walk)
    server.broken = 500
    with pytest.raises(SettingError, match=r"error of its own \(500\).*Nothing is lost.*run it again"):
        next(walk)
    assert (models(), made(TURNED), found(wishes)) == ((LOCAL, TURNED, False), 2, [(DARK, "meaning")])
    server.broken = None
    assert (reembed(TURNED), models()[0]) == (3, TURNED)
    assert [asked(server, title) for title in WISHES[1:]] == [1, 1, 1, 1]


def test_the_switch_happens_wholly_or_not_at_all(wishes, server):
    reembedding.begin(TURNED)
    db.changed("ALTER TABLE installation ADD CONSTRAINT stays CHECK (embedding_since IS NULL)")
    with pytest.raises(Exception, match="stays"):
        list(reembedding.reembed(TURNED))
    assert (models(), found(wishes)) == ((LOCAL, TURNED, False), [(DARK, "meaning")])
    db.changed("ALTER TABLE installation DROP CONSTRAINT stays")
    server.answered.clear()
    assert reembed(TURNED) == 0
    assert (models(), set(server.answered)) == ((TURNED, None, True), {(TURNED, vectors.SAMPLE)})


def test_back_to_the_model_in_use_gives_up_the_other(wishes, pieces):
    reembedding.begin(TURNED)
    next(reembedding.reembed(TURNED))
    assert reembed(LOCAL) == 0
    assert models() == (LOCAL, None, False)


def test_once_the_local_model_answers_nobody_minds_that_a_server_failed(wishes):
    reembed(TURNED)
    db.changed("UPDATE installation SET embedding_failure = 'It is away.', embedding_failing_at = now()")
    reembed(LOCAL)
    assert db.row("SELECT embedding_failure, embedding_failing_at FROM installation") == (None, None)


def test_a_second_one_at_the_same_time_is_refused(told):
    def another():
        with pytest.raises(SettingError, match="at work already"), reembedding.alone():
            pass

    with reembedding.alone():
        in_another_thread(another)
    with reembedding.alone():
        pass
