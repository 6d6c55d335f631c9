"""What is kept only for a time goes, in pieces, and nothing else does."""

import pytest
from queued import work_off

from service import db, jobs, retention
from service.feedback import actions, comments, endpoints, sign_in

AGE = "UPDATE {table} SET {column} = now() - %(days)s * interval '1 day'"


def count(table: str) -> int:
    return db.row(f"SELECT count(*) FROM {table}")[0]


def prune() -> None:
    jobs.enqueue(retention.PRUNE)
    work_off()


# of tables that no verb is needed for
ROWS = {
    "user_link": "(workspace_id, purpose, email, locale) SELECT id, 'sign_in', '', '' FROM workspace",
    "repeated_request": "(workspace_id, key, fingerprint) SELECT id, 'a', '' FROM workspace",
    "stripe_event": "VALUES ('evt_1', 'customer.updated')",
    "spent_token": "(workspace_id, digest) SELECT id, '' FROM workspace",
    "identity_secret": "(workspace_id, kid, sealed) SELECT id, 'k_1', '' FROM workspace",
    "blocked_address": "(workspace_id, kind, value, compared) SELECT id, 'domain', 'a.example', 'a.example' FROM workspace",
    "measurement": "(hour) VALUES (now())",
    "slow_query": "(id, text, longest_ms) VALUES ('a', 'SELECT', 900)",
    "export": "(workspace_id, state) SELECT id, 'stopped' FROM workspace",
    "cron_run": "VALUES ('a', now())",
}


@pytest.mark.parametrize(("table", "column", "days"), retention.KEPT)
def test_rows_go_when_their_time_is_over_and_not_a_day_earlier(acme, table, column, days):
    fill(acme, table)
    db.changed(AGE.format(table=table, column=column), days=days - 0.5)
    prune()
    assert count(table) == 1
    db.changed(AGE.format(table=table, column=column), days=days + 0.5)
    prune()
    assert count(table) == 0


def fill(acme, table: str) -> None:
    """One row of the table."""
    if table in ROWS:
        db.changed(f"INSERT INTO {table} {ROWS[table]}")
    elif table in {"event", "letter"}:
        acme.post()
        work_off()
        db.changed("DELETE FROM event WHERE type = 'user.identified'")
        db.changed("DELETE FROM letter WHERE id > (SELECT min(id) FROM letter)")
        db.changed("DELETE FROM event WHERE type <> 'post.created'")
    elif table == "sign_in_link":
        sign_in.make_link("ada@acme.example")
    elif table == "session":
        sign_in.redeem(sign_in.make_link("ada@acme.example").split("/")[-1], None)
    elif table == "rate":
        assert count("rate") == 1, "founding a workspace is counted"
    elif table == "action":
        actions.take(acme.team, "pin", [acme.post()])
    elif table == "delivery":
        endpoints.create(acme.team, "https://hooks.example.com/", ["user.erased"])
        db.changed("""INSERT INTO delivery (workspace_id, endpoint_id, event_seq)
                      SELECT e.workspace_id, e.id, seq FROM endpoint e, event WHERE type = 'endpoint.created'""")
    else:
        job = jobs.enqueue("nothing", max_attempts=1)
        [claimed] = jobs.claim("tests", 1, 60)
        assert claimed.id == job
        jobs.fail(claimed, "no luck", 0)


def test_the_words_of_a_deleted_comment_go_after_their_time_and_its_place_stays(acme, monkeypatch):
    monkeypatch.setattr(retention, "AT_ONCE", 2)
    number, reader = acme.post(), acme.reader()
    for body in ("kept", "one", "two", "three", "four"):
        made = comments.create(reader, number, body)
        if body != "kept":
            comments.delete(reader, made)
    age = "UPDATE comment SET created_at = now() - interval '9 years', deleted_at = deleted_at - %(days)s * interval '1 day'"
    db.changed(age, days=retention.DELETED_DAYS - 0.5)
    prune()
    assert db.rows("SELECT body FROM comment ORDER BY id") == [("kept",), ("one",), ("two",), ("three",), ("four",)]
    db.changed(age, days=1)
    prune()
    assert db.rows("SELECT body FROM comment ORDER BY id") == [("kept",), ("",), ("",), ("",), ("",)]


def test_more_than_fits_into_one_piece_goes_all_the_same(here, monkeypatch):
    monkeypatch.setattr(retention, "AT_ONCE", 10)
    db.changed("INSERT INTO rate SELECT 'key ' || n, now() - interval '9 days', 1 FROM generate_series(1, 95) n")
    prune()
    assert count("rate") == 0


def test_posts_and_votes_are_kept_for_ever(acme):
    acme.post()
    db.changed("UPDATE post SET created_at = now() - interval '20 years'")
    prune()
    assert (count("post"), count("vote")) == (1, 1)
