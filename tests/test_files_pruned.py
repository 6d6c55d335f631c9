"""What time takes away of files and of what they hang on, with their content."""

import pytest
from crowd import at_once
from program import Program
from queued import work_off
from uploads import PDF, contents, png, send

from service import db, jobs, retention
from service.feedback import attachments, comments


@pytest.fixture
def api(client, acme):
    return Program(client, acme)


def grow_old(table: str, column: str, days: float) -> None:
    db.changed(f"UPDATE {table} SET {column} = now() - %(days)s * interval '1 day'", days=days)


def prune() -> None:
    jobs.enqueue(retention.PRUNE)
    work_off()


def test_a_file_that_became_part_of_nothing_is_gone_after_a_day_with_its_content(client, acme, api):
    used, unused = send(client, acme, b"used").json["id"], send(client, acme, png()).json["id"]
    work_off()
    api.post("/posts", title="Dark mode", files=[used])
    grow_old("file", "created_at", 0.9)
    prune()
    assert api.get(f"/files/{unused}").status_code == 200
    grow_old("file", "created_at", 1.1)
    prune()
    assert api.get(f"/files/{unused}").status_code == 404
    assert contents() == [b"used"]


def test_a_deleted_post_is_gone_after_thirty_days_with_all_that_hangs_on_it(client, acme, api):
    file = send(client, acme, b"text").json["id"]
    number = api.post("/posts", title="Dark mode", files=[file]).json["number"]
    other = acme.post("Merged into it")
    comment = comments.create(acme.reader(), number, "Yes")
    attachments.attach(acme.team, [send(client, acme, b"other").json["id"]], comment=comment)
    api.put(f"/posts/{other}/merge", into=number)
    acme.post("Kept")
    api.delete(f"/posts/{number}")
    grow_old("post", "deleted_at", 29)
    db.changed("UPDATE post SET deleted_at = NULL WHERE number <> %(number)s", number=number)
    prune()
    assert api.post(f"/posts/{number}/restoration").status_code == 200
    api.delete(f"/posts/{number}")
    db.changed("UPDATE post SET deleted_at = now() - interval '31 days' WHERE number = %(number)s", number=number)
    prune()
    assert api.post(f"/posts/{number}/restoration").status_code == 404
    assert db.row("SELECT count(*) FROM file") == (0,) and contents() == []
    assert [post["title"] for post in api.get("/posts").json["data"]] == ["Kept"]


def test_files_of_a_deleted_comment_are_gone_after_thirty_days(client, acme, api):
    comment = comments.create(acme.reader(), acme.post(), "Look")
    attachments.attach(acme.team, [send(client, acme, b"text").json["id"]], comment=comment)
    comments.delete(acme.team, comment)
    grow_old("comment", "deleted_at", 29)
    prune()
    assert contents() == [b"text"]
    grow_old("comment", "deleted_at", 31)
    prune()
    assert contents() == []


def test_content_that_nobody_has_is_found_in_pieces(acme, globex, monkeypatch):
    monkeypatch.setattr(retention, "AT_ONCE", 3)
    kept = [attachments.put(company.team, "a", b"%d" % number) for company in (acme, globex) for number in range(5)]
    for company in (acme, globex):
        for number in range(5):
            attachments.keep(company.workspace.id, b"lost %d" % number)
    prune()
    assert len(contents()) == len(kept)


def test_content_is_not_dropped_while_another_transaction_is_about_to_use_it(acme):
    attachments.keep(acme.workspace.id, PDF)

    def work(number: int):
        if number % 2:
            return retention.drop_all()
        return attachments.put(acme.team, "a.pdf", PDF).id

    for answer in at_once(work, 16):
        assert answer is None or isinstance(answer, int), answer
    assert contents() == [PDF]
