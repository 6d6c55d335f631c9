"""Which models have vectors at all: those of a former one go, and where nobody has written yet there is none."""
# ruff: noqa: F811 (fixtures)

from cast import DAN
from queued import work_off
from reembedders import DARK, LOCAL, TURNED, found, lacking, made, models, reembed
from test_reembedding import pieces, server, told, wishes  # noqa: F401 (fixtures)

from service import db, demo, installation, jobs, retention
from service.cli import begin
from service.feedback import reembedding


def prune() -> None:
    jobs.enqueue(retention.PRUNE)
    work_off()


def pass_time() -> None:
    db.changed("UPDATE installation SET embedding_since = now() - interval '61 seconds'")


def test_vectors_of_a_former_model_go_a_minute_after_the_switch_in_pieces(wishes, globex, monkeypatch):
    globex.post("A dark theme")
    work_off()
    monkeypatch.setattr(retention, "AT_ONCE", 2)
    reembed(TURNED)
    prune()
    assert (made(LOCAL), made(TURNED)) == (6, 6)
    pass_time()
    prune()
    assert (made(LOCAL), made(TURNED)) == (0, 6)


def test_vectors_that_are_being_made_stay_and_those_that_were_given_up_go(wishes, pieces):
    reembedding.begin(TURNED)
    next(reembedding.reembed(TURNED))
    prune()
    assert (made(LOCAL), made(TURNED)) == (5, 2)
    reembedding.begin(LOCAL)
    prune()
    assert (made(LOCAL), made(TURNED)) == (5, 0)


# ── a new installation ──


def test_where_nobody_has_written_yet_the_model_of_the_settings_answers_at_once(told):
    reembedding.adopt(told)
    assert models() == (TURNED, None, True)


def test_every_command_sees_to_that_when_it_begins(told):
    begin.prepare(told)
    db.connect()  # it has given its connection back
    assert models() == (TURNED, None, True)


def test_posts_of_a_new_installation_get_vectors_of_that_model_only(told, acme):
    reembedding.adopt(told)
    acme.post(DARK)
    work_off()
    assert (made(TURNED), made(LOCAL), found(acme)) == (1, 0, [(DARK, "meaning")])


def test_where_there_are_posts_the_settings_alone_change_nothing(told, acme):
    acme.post(DARK, by=DAN)
    reembedding.adopt(told)
    assert models() == (LOCAL, None, False)


def test_without_a_server_nothing_is_adopted(here):
    installation.check_keys()
    reembedding.adopt(here)
    assert models() == (LOCAL, None, False)


def test_posts_of_the_demo_have_vectors_at_once_which_are_up_to_date(told):
    demo.make(told)
    assert (lacking(LOCAL), reembed(LOCAL), db.row("SELECT count(*) FROM job WHERE kind = 'post.embed'")) == ([], 0, (0,))


def test_where_another_model_answers_jobs_make_the_vectors_of_the_demo(told):
    reembedding.adopt(told)
    demo.make(told)
    assert made(LOCAL) == made(TURNED) == 0
    work_off()
    assert (made(LOCAL), lacking(TURNED)) == (0, [])
