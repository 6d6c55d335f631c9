"""An import whose process is killed in the middle: what was written stays, the rest follows, and nothing is there twice."""

import os
import signal
import subprocess
import sys

from cast import SECRET_KEY
from installation import until
from queued import claim

from service import db
from service.feedback import importing, imports, passing

ROWS = 1_500
TABLE = "Title,Id,Votes,Author Email\n" + "".join(f"Wish {n},{n},2,person{n % 7}@customer.example\n" for n in range(ROWS))
DONE = "SELECT max(done) FROM import"
FREE = "UPDATE job SET claim = NULL, lease_until = NULL, worker = NULL WHERE kind = 'import.work'"


def killed_after_some_rows(here, folder, *arguments: str) -> int:
    """Run `sayso …` and kill it as soon as it has written some rows; how many it had."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    told = {**kept, "DATABASE_URL": here.database_url, "SECRET_KEYS": SECRET_KEY, "DATA_DIR": str(folder)}
    process = subprocess.Popen([sys.executable, "-m", "service", *arguments], env=told, start_new_session=True,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # fmt: skip
    try:
        until(lambda: (db.row(DONE)[0] or 0) > 0, seconds=60)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        assert process.wait(30) == -signal.SIGKILL
    return db.row(DONE)[0]


def every_row_is_there_once() -> bool:
    posts = db.row("SELECT count(*), count(DISTINCT title), sum(votes), max(number) FROM post")
    votes = db.row("SELECT count(*) FROM vote")[0]
    people = db.rows("SELECT kind, count(*) FROM \"user\" GROUP BY kind ORDER BY kind")
    return (posts, votes, people) == ((ROWS, ROWS, 2 * ROWS, ROWS), 2 * ROWS, [("anonymous", ROWS), ("guest", 7)])


def test_a_worker_that_is_killed_leaves_an_import_that_goes_on_where_it_was(here, acme, tmp_path):
    made = imports.begin(acme.team, "csv", "posts.csv", TABLE.encode(), {})
    assert 0 < killed_after_some_rows(here, tmp_path, "worker") < ROWS
    db.changed(FREE)
    [job] = claim(queue=passing.QUEUE)  # alone: the vectors of so many posts would take their time
    importing.work(job)
    done = imports.find(acme.team, made.id)
    assert (done.state, done.total, done.done, done.made, done.known, done.wrong) == ("done", ROWS, ROWS, ROWS, 0, 0)
    assert every_row_is_there_once()


def test_a_command_that_is_killed_is_run_again_and_makes_what_is_left(here, acme, tmp_path):
    file = tmp_path / "posts.csv"
    file.write_text(TABLE)
    words = ("import", "csv", str(file), "--workspace", "acme")
    before = killed_after_some_rows(here, tmp_path, *words)
    assert 0 < before < ROWS
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    told = {**kept, "DATABASE_URL": here.database_url, "SECRET_KEYS": SECRET_KEY, "DATA_DIR": str(tmp_path)}
    again = subprocess.run([sys.executable, "-m", "service", *words], env=told, capture_output=True, text=True, timeout=120)
    assert again.returncode == 0, again.stderr
    first, second = sorted(imports.of(acme.team, 9), key=lambda each: each.id)
    assert (first.state, first.made, second.made, second.known) == ("stopped", before, ROWS - before, before)
    assert every_row_is_there_once()
