"""Posts that are likely to be the same are found when they are written or changed, and at night; never those of others,
never again what the team told apart."""

import pytest
from cast import DAN
from queued import claim, threads, work_off

from service import db, jobs
from service.db import database
from service.feedback import actions, boards, comparing, duplicates, edits, merges, moderation, vectors
from service.handlers import HANDLERS

PAIRS = "SELECT post_number, other_number FROM likely_duplicate WHERE workspace_id = %(workspace)s ORDER BY 1, 2"
WHOLE = "SELECT * FROM likely_duplicate ORDER BY 1, 2, 3"
ALIKE = ["Dark mode", "A dark theme", "Export invoices to CSV", "Night mode please"]
BREAK = """
CREATE FUNCTION break() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''full''; END';
CREATE TRIGGER break BEFORE INSERT ON likely_duplicate FOR EACH ROW WHEN (NEW.other_number = 6) EXECUTE FUNCTION break()"""
MEND = "DROP TRIGGER break ON likely_duplicate"


def pairs(company) -> list[tuple[int, int]]:
    return db.rows(PAIRS, workspace=company.workspace.id)


def shown(company) -> list[tuple[int, int]]:
    return sorted(tuple(sorted((each.post.number, each.other.number))) for each in duplicates.page(company.team, 100))


def forget_all() -> None:
    """As it is after an upgrade, or an import: nothing was compared."""
    database.execute_sql("DELETE FROM likely_duplicate")
    database.execute_sql("UPDATE workspace SET compared_to = 0")


def come_round() -> None:
    """The clock strikes."""
    jobs.enqueue(comparing.FIND)


def at_night() -> None:
    come_round()
    work_off()


def compared_to(company) -> int:
    return db.row("SELECT compared_to FROM workspace WHERE id = %(id)s", id=company.workspace.id)[0]


@pytest.fixture
def wishes(acme):
    for title in ALIKE:
        acme.post(title)
    work_off()
    return acme


def test_what_is_like_a_post_of_before_is_found_when_it_is_written(wishes):
    assert pairs(wishes) == [(1, 2), (1, 4)]


def test_a_pair_says_how_near_it_is_and_whether_in_the_same_words(acme):
    acme.post("Dark mode")
    acme.post("Dark mode for the phone")
    acme.post("A dark theme")
    work_off()
    found = {(each.post.number, each.other.number): each for each in duplicates.page(acme.team, 9)}
    assert found[2, 1].why == "words" and found[3, 1].why == "meaning"
    assert all(0.46 <= each.score <= 1 and each.score == round(each.score, 3) for each in found.values())


def test_in_a_script_that_the_model_cannot_read_most_words_of_the_titles_are_the_same(acme):
    for title in ("Тёмная тема", "Тёмная тема ночью", "Тёмная карта города", "Экспорт счетов"):
        acme.post(title)
    work_off()
    assert pairs(acme) == [(1, 2)]
    assert duplicates.page(acme.team, 9)[0][2:4] == ("words", pytest.approx(0.667))


def test_a_pair_goes_with_the_words_that_made_it_and_comes_with_others(wishes):
    edits.change(wishes.team, 2, title="Pay by card", body="")
    work_off()
    assert pairs(wishes) == [(1, 4)]
    edits.change(wishes.team, 2, title="Invoices as a CSV export", body="")
    work_off()
    assert pairs(wishes) == [(1, 4), (2, 3)]


def test_no_more_than_a_few_are_kept_of_what_a_post_is_like(acme):
    for number in range(12):
        acme.post(f"Dark mode {number}")
    work_off()
    kept = [sum(number in pair for pair in pairs(acme)) for number in range(1, 13)]
    assert min(kept) >= 1 and sum(kept) / 2 <= 12 * comparing.MOST


def test_what_was_told_apart_is_never_suggested_again(wishes):
    duplicates.dismiss(wishes.team, 2, 1)
    assert pairs(wishes) == [(1, 4)]
    edits.change(wishes.team, 1, title="Dark mode!", body="")
    work_off()
    forget_all()
    at_night()
    assert (1, 2) not in pairs(wishes) and (1, 4) in pairs(wishes)


def test_what_is_told_apart_while_it_is_compared_is_not_shown_either(wishes):
    database.execute_sql("INSERT INTO dismissed_duplicate (workspace_id, post_number, other_number) VALUES (1, 1, 2)")
    assert pairs(wishes) == [(1, 2), (1, 4)] and shown(wishes) == [(1, 4)]
    assert [hit.post.number for hit in duplicates.known(wishes.team, 1)] == [4]
    at_night()
    assert pairs(wishes) == [(1, 4)]


def test_what_is_merged_leaves_with_all_its_pairs_and_comes_back_with_them(wishes):
    action = actions.take(wishes.team, "merge", [1], "4")
    work_off()
    assert shown(wishes) == []
    actions.undo(wishes.team, action.id)
    work_off()
    assert shown(wishes) == [(1, 2), (1, 4)]


def test_what_is_deleted_leaves_and_comes_back(wishes):
    edits.delete(wishes.team, 1)
    work_off()
    assert shown(wishes) == [] and not any(1 in pair for pair in pairs(wishes))
    edits.restore(wishes.team, 1)
    work_off()
    assert shown(wishes) == [(1, 2), (1, 4)]


def test_what_is_deleted_for_good_takes_its_pairs_along(wishes):
    database.execute_sql("DELETE FROM post WHERE number = 1")
    assert pairs(wishes) == []


def test_what_waits_for_approval_is_compared_when_it_is_let_in(wishes):
    boards.change(wishes.team, "features", approve_first=True)
    held = wishes.post("Dark mode at night", by=DAN)
    work_off()
    assert held not in {number for pair in pairs(wishes) for number in pair}
    moderation.approve(wishes.team, [held])
    work_off()
    assert (1, held) in shown(wishes)


def test_nothing_is_found_in_another_workspace(wishes, globex):
    globex.post("Dark mode")
    work_off()
    forget_all()
    at_night()
    assert pairs(globex) == [] and pairs(wishes) == [(1, 2), (1, 4)]


def test_posts_of_private_boards_are_compared_for_the_team(wishes):
    boards.create(wishes.team, "inner", "Inner", "", "private")
    number = wishes.post("Dark mode everywhere", board="inner", public=False)
    work_off()
    assert (1, number) in shown(wishes)


# ── at night ──


def test_the_night_finds_what_was_missed(wishes):
    forget_all()
    at_night()
    assert pairs(wishes) == [(1, 2), (1, 4)] and compared_to(wishes) == 4


def test_the_night_looks_only_where_there_is_something_new(wishes, globex):
    at_night()
    globex.post("Dark mode")
    come_round()
    HANDLERS[comparing.FIND](next(job for job in claim(most=99) if job.kind == comparing.FIND))
    found = db.rows("SELECT workspace_id FROM job WHERE kind = %(kind)s AND workspace_id > 0", kind=comparing.FIND)
    assert found == [(globex.workspace.id,)]


def test_a_second_night_changes_nothing(wishes):
    at_night()
    before = db.rows(WHOLE)
    database.execute_sql("UPDATE workspace SET compared_to = 0")
    at_night()
    assert db.rows(WHOLE) == before


def test_a_long_night_lets_others_go_on_and_ends_all_the_same(wishes, monkeypatch):
    monkeypatch.setattr(comparing, "AT_ONCE", 2)
    monkeypatch.setattr(comparing, "SECONDS", 0)
    forget_all()
    come_round()
    seen = []
    for _ in range(5):
        work_off(rounds=1)
        seen.append(compared_to(wishes))
    assert seen == [0, 2, 4, 4, 4]
    assert pairs(wishes) == [(1, 2), (1, 4)] and db.row("SELECT count(*) FROM job") == (0,)


def test_a_night_that_breaks_off_is_taken_up_where_it_was(acme, monkeypatch):
    monkeypatch.setattr(comparing, "AT_ONCE", 2)
    for title in ("Dark mode", "A dark theme", "Export to CSV", "CSV export", "Sign in with Google", "Google sign-in"):
        acme.post(title)
    work_off()
    whole = pairs(acme)
    forget_all()
    comparing.ask(acme.workspace.id)
    database.execute_sql(BREAK)
    job = claim(queue=comparing.QUEUE)[0]
    with pytest.raises(Exception, match="full"):
        comparing.find(job)
    assert compared_to(acme) == 4 and pairs(acme) == [pair for pair in whole if 6 not in pair]
    database.execute_sql(MEND)
    comparing.find(job)
    assert compared_to(acme) == 6 and pairs(acme) == whole


def test_what_was_merged_long_ago_is_forgotten(wishes):
    merges.merge(wishes.team, 1, 4)
    at_night()
    assert (1, 2) in pairs(wishes)
    database.execute_sql("UPDATE post SET merged_at = now() - interval '31 days' WHERE merged_into IS NOT NULL")
    wishes.post("Sign in with Google")
    at_night()
    assert not [pair for pair in pairs(wishes) if 1 in pair]


def test_several_who_compare_at_once_keep_each_pair_once(wishes):
    forget_all()
    for number in range(1, 5):
        jobs.enqueue(vectors.COMPARE, wishes.workspace.id, post=number)
    found = claim()
    with threads(4) as pool:
        list(pool.map(comparing.compare, found))
    assert pairs(wishes) == [(1, 2), (1, 4)]


def test_a_post_that_is_gone_is_compared_with_nothing(wishes):
    vectors.compare(wishes.workspace.id, 99)
    work_off()
    assert db.row("SELECT (SELECT count(*) FROM job), (SELECT count(*) FROM job_dead)") == (0, 0)


def test_while_the_server_of_vectors_is_away_the_night_goes_by_words(acme):
    for title in ("Dark mode", "Dark mode at night", "A black theme"):
        acme.post(title)
    forget_all()
    jobs.enqueue(comparing.FIND)
    for queue in ("default", comparing.QUEUE):  # nobody makes vectors
        for job in claim(most=99, queue=queue):
            HANDLERS[job.kind](job)
    assert pairs(acme) == [(1, 2)]
    assert duplicates.page(acme.team, 9)[0].why == "words"
