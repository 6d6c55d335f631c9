"""Files as part of posts and comments: kept once, made ready by the worker, seen with the post, and gone with it."""

import pytest
from cast import CLEO, DAN
from crowd import at_once
from program import Program, wrong
from queued import claim_one, work_off
from uploads import PDF, contents, form, load, png, send

from service import db, jobs, retention
from service.errors import Forbidden, Invalid, LeaseLost, NotFound
from service.feedback import attachments, comments, edits, posts


@pytest.fixture
def api(client, acme):
    return Program(client, acme)


# ── once ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_same_bytes_are_kept_once(client, acme, globex):
    first, second = (send(client, acme, PDF, name).json for name in ("a.pdf", "b.pdf"))
    assert contents() == [PDF] and first["id"] != second["id"]
    send(client, globex, PDF)
    assert contents() == [PDF, PDF], "once for each workspace: nobody learns what another one has"
    Program(client, acme).delete(f"/files/{first['id']}")
    assert load(client, second["url"]).content == PDF
    Program(client, acme).delete(f"/files/{second['id']}")
    assert contents() == [PDF]


def test_a_repeated_request_makes_one_file_whatever_the_boundary(client, acme, api):
    answers = []
    for boundary in ("----one", "----two"):
        body, kind = form(("file", "a.txt", b"text"), boundary=boundary)
        headers = {"Content-Type": kind, "Idempotency-Key": "k", **acme.bearer()}
        answers.append(client.simulate_post("/api/v1/files", body=body, headers=headers))
    assert answers[0].json == answers[1].json
    for more in ({"name": "b.txt"}, {"data": b"other"}):
        other = send(client, acme, more.get("data", b"text"), more.get("name", "a.txt"), **{"Idempotency-Key": "k"})
        assert other.status_code == 409
    assert len(api.get("/files").json["data"]) == 1


def test_twenty_that_send_and_delete_the_same_at_once_leave_nothing_broken(client, acme):
    acme.bearer()
    kept = send(client, acme, PDF).json

    def work(number: int):
        made = send(client, acme, PDF).json
        return client.simulate_delete(f"/api/v1/files/{made['id']}", headers=acme.bearer()).status_code

    assert at_once(work, 12) == [204] * 12
    assert load(client, kept["url"]).content == PDF
    Program(client, acme).delete(f"/files/{kept['id']}")
    retention.drop_all()
    assert contents() == []


# ── pictures in the worker ──────────────────────────────────────────────────────────────────────────────────────────


def test_a_picture_that_cannot_be_read_is_refused_and_thrown_away(client, acme, api):
    broken = png(size=(300, 300))[:-40]
    made = send(client, acme, broken, "broken.png").json
    work_off()
    refused = api.get(f"/files/{made['id']}").json
    assert (refused["state"], refused["size"], refused["url"], refused["thumbnail_url"]) == ("refused", 0, None, None)
    assert contents() == [b""]
    assert load(client, made["url"]).status_code == 404
    assert wrong(api.post("/posts", title="t", files=[made["id"]])) == {"files"}
    assert api.delete(f"/files/{made['id']}").status_code == 204
    assert contents() == []


def test_a_job_that_is_done_twice_changes_nothing_the_second_time(client, acme, api):
    made = send(client, acme, png()).json
    work_off()
    once = [api.get(f"/files/{made['id']}").json[name] for name in ("state", "sha256", "size")]
    jobs.enqueue(attachments.PROCESS, acme.workspace.id, queue=attachments.QUEUE, file=made["id"])
    work_off()
    assert [api.get(f"/files/{made['id']}").json[name] for name in ("state", "sha256", "size")] == once
    assert len(contents()) == 2, "the picture and its thumbnail"


def test_a_worker_that_lost_its_job_leaves_nothing_behind(client, acme, api):
    made = send(client, acme, png()).json
    job = claim_one(queue=attachments.QUEUE)
    db.changed("UPDATE job SET claim = gen_random_uuid() WHERE id = %(id)s", id=job.id)
    with pytest.raises(LeaseLost):
        attachments.process(job)
    assert api.get(f"/files/{made['id']}").json["state"] == "waiting"
    assert contents() == [png()]


def test_a_picture_that_is_deleted_while_it_waits_is_gone(client, acme, api):
    made = send(client, acme, png()).json
    api.delete(f"/files/{made['id']}")
    work_off()
    assert contents() == [] and api.events() == ["file.created", "file.deleted"]


def test_two_files_of_the_same_picture_are_both_made_ready(client, acme, api):
    for _ in range(2):
        send(client, acme, png())
    work_off()
    assert {file["state"] for file in api.get("/files").json["data"]} == {"ready"}
    assert len(contents()) == 2


# ── posts and comments ──────────────────────────────────────────────────────────────────────────────────────────────


def test_a_post_takes_its_files_along(client, acme, api):
    ids = [send(client, acme, data).json["id"] for data in (b"one", b"two")]
    number = api.post("/posts", title="Dark mode", files=[*ids, ids[0]]).json["number"]
    assert [file["id"] for file in api.get(f"/posts/{number}/files").json["data"]] == ids
    assert wrong(api.post("/posts", title="Another", files=ids[:1])) == {"files"}, "it is part of one post only"
    assert len(api.get("/posts").json["data"]) == 1, "a refused post is no post"
    assert api.get("/posts/99/files").status_code == 404


def test_case_42_a_file_of_another_workspace_or_user_cannot_be_taken(client, acme, globex, api):
    foreign = send(client, globex, b"text").json["id"]
    for id in (foreign, 99, 0, -1, 2**63, 2**80):
        assert wrong(api.post("/posts", title="t", files=[id])) == {"files"}, id
    cleos = attachments.put(acme.reader(CLEO), "a", b"text").id
    for reader in (acme.reader(DAN), acme.reader(CLEO)._replace(user=None)):
        with pytest.raises(Invalid):
            attachments.attach(reader, [cleos], post=acme.post())
    posts.create(acme.reader(CLEO), "Dark mode", files=[cleos])


def test_at_most_ten_files_are_part_of_a_post(client, acme, api):
    ids = [send(client, acme, b"%d" % number).json["id"] for number in range(11)]
    assert wrong(api.post("/posts", title="t", files=ids)) == {"files"}
    assert api.post("/posts", title="t", files=ids[:10]).status_code == 201


def test_a_draft_that_is_sent_twice_keeps_its_files(acme):
    file = attachments.put(acme.reader(), "a", b"text").id
    numbers = {posts.create(acme.reader(), "Dark mode", files=[file], submission="draft") for _ in range(2)}
    assert [each.id for each in attachments.of_post(acme.reader(), numbers.pop())] == [file] and not numbers


def test_who_sees_a_post_sees_its_files_and_nobody_else(client, acme):
    cleo, dan = acme.reader(CLEO), acme.reader(DAN)
    file = attachments.put(cleo, "a", b"text").id
    attachments.find(cleo, file)
    with pytest.raises(NotFound):
        attachments.find(dan, file)
    number = posts.create(cleo, "Dark mode", files=[file])
    assert attachments.find(dan, file).post == number
    db.changed("UPDATE board SET access = 'private'")
    for reader in (cleo, dan):
        with pytest.raises(NotFound):
            attachments.find(reader, file)
        assert attachments.of_post(reader, number) == []
    assert attachments.of_post(acme.team, number)[0].id == file


def test_a_comment_takes_its_files_along(client, acme, api):
    acme.post()
    file = send(client, acme, PDF).json["id"]
    made = api.post("/posts/1/comments", body="See the invoice", files=[file]).json
    assert [each["id"] for each in api.get(f"/comments/{made['id']}/files").json["data"]] == [file]
    assert wrong(api.post("/posts/1/comments", body="Again", files=[file])) == {"files"}


def test_files_of_an_internal_note_are_for_members(acme):
    cleo, number = acme.reader(CLEO), acme.post()
    internal = comments.create(acme.writer, number, "Between us", internal=True)
    public = comments.create(cleo, number, "Look")
    mine, ours = attachments.put(cleo, "a", b"text").id, attachments.put(acme.team, "b", b"text").id
    attachments.attach(cleo, [mine], comment=public)
    attachments.attach(acme.team, [ours], comment=internal)
    assert list(attachments.of_comments(acme.team, [internal, public])) == [public, internal]
    assert list(attachments.of_comments(acme.reader(DAN), [internal, public])) == [public]
    with pytest.raises(NotFound):
        attachments.find(cleo, ours)
    comments.delete(acme.team, public)
    assert attachments.of_comment(acme.team, public) == []


def test_what_was_deleted_shows_its_files_no_longer_until_it_is_restored(client, acme, api):
    made = send(client, acme, PDF).json
    number = api.post("/posts", title="Dark mode", files=[made["id"]]).json["number"]
    assert load(client, made["url"]).status_code == 200
    edits.delete(acme.team, number)
    assert load(client, made["url"]).status_code == 404
    assert api.get(f"/files/{made['id']}").status_code == 404 and api.get("/files").json["data"] == []
    edits.restore(acme.team, number)
    assert load(client, made["url"]).content == PDF


def test_who_sent_a_file_may_delete_it_until_it_is_part_of_a_post(acme):
    cleo, dan = acme.reader(CLEO), acme.reader(DAN)
    file, kept = (attachments.put(cleo, "a", b"text").id for _ in range(2))
    with pytest.raises(NotFound):
        attachments.delete(dan, file)
    attachments.delete(cleo, file)
    posts.create(cleo, "Dark mode", files=[kept])
    for reader in (cleo, dan):
        with pytest.raises(Forbidden):
            attachments.delete(reader, kept)
    attachments.delete(acme.team, kept)
    with pytest.raises(NotFound):
        attachments.delete(acme.team, kept)
    assert contents() == []


def test_files_are_listed_page_by_page_the_newest_first(client, acme, api):
    ids = [send(client, acme, b"%d" % number).json["id"] for number in range(5)]
    first = api.get("/files", limit=3).json
    second = api.get("/files", limit=3, cursor=first["next_cursor"]).json
    assert [file["id"] for file in first["data"] + second["data"]] == ids[::-1]
    assert second["next_cursor"] is None
    assert api.get("/files", cursor="nonsense").status_code == 400
