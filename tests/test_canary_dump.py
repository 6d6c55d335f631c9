"""Case 80: somebody with an unmistakable address, name and words is erased, and a dump of the whole database has none; but
for their name where others wrote it, who may mean anybody."""

from contextlib import contextmanager
from urllib.parse import quote

import pytest
from dumps import dump, found, lines
from program import Program
from queued import work_off
from receivers import allow, come_due, echo, listen, receiving, tell
from uploads import send

from service import db
from service.feedback import (
    actions,
    blocked_addresses,
    boards,
    changelog,
    comments,
    edits,
    fields,
    mailings,
    planning,
    privacy,
    remains,
    suppressions,
    user_links,
    users,
    views,
)

EMAIL, NAME, ID = "Zoraquill+beta@Canarymail.example", "Zoraxina Quillfeather", "cust-zoraquill-9"
KEPT = ["zqtitle", "zqbody", "zqlater", "zqheld"]  # what the posts say that stay without their author
GONE = [EMAIL, quote(EMAIL), NAME, *NAME.split(), ID, "zqtrait", "zqmeta", "zqcomment", "zqfile", "zqcontent",
        "zqview", "zqimport", "zqexport", "zqavatar", "zqlabs"]  # fmt: skip
ZORA = {"sub": ID, "email": EMAIL, "name": NAME, "traits": {"note": "zqtrait"}, "avatar": "https://x.example/zqavatar.png"}
DAN = {"sub": "dan-8", "name": "Dan", "traits": {"friend": EMAIL},
       "company": {"id": "friends", "name": f"Friends of {EMAIL.upper()}"}}  # fmt: skip
DEAD = """
INSERT INTO job_dead (workspace_id, id, kind, args, last_error, died_at, reason)
VALUES (%(workspace)s, 900001, 'letter.send', jsonb_build_object('to', %(email)s::text), %(said)s, now(), %(said)s)"""
TIRED = """
INSERT INTO job (workspace_id, kind, args, last_error, run_at)
VALUES (%(workspace)s, 'tests.none', jsonb_build_object('to', %(email)s::text), %(said)s, now() + interval '1 day')"""
IMPORT = """
WITH made AS (INSERT INTO import (workspace_id, source, name, state, said)
  VALUES (%(workspace)s, 'csv', %(said)s, 'done', %(said)s) RETURNING id)
INSERT INTO import_part (workspace_id, import_id, number, data) SELECT %(workspace)s, id, 1, %(data)s FROM made"""
EXPORT = """
WITH made AS (INSERT INTO export (workspace_id, state) VALUES (%(workspace)s, 'ready') RETURNING id)
INSERT INTO export_part (workspace_id, export_id, number, data) SELECT %(workspace)s, id, 1, %(data)s FROM made"""


@contextmanager
def a_life(client, acme, settings):
    """Everything that somebody can leave behind, and what others say of them."""
    allow(settings)
    with receiving(echo(200)) as good, receiving(echo(500)) as bad:
        for receiver in (good, bad):
            listen(acme, receiver, "post.created", "post.updated", "comment.created", "user.identified")
        what_they_did(client, acme)
        what_the_team_did(acme)
        what_others_said(acme)
        tell()
        come_due()
        tell()
        work_off()
        what_else_is_kept(client, acme)
        assert good.requests and bad.requests
        yield


def what_they_did(client, acme) -> None:
    acme.user(ZORA)
    zora, api = acme.reader(ZORA), Program(client, acme)
    fields.create(acme.team, "note", "Note", "text", board="features")
    file = send(client, acme, b"zqcontent and nothing more\n", "zqfile.txt").json["id"]
    api.post("/posts", title="zqtitle", body="zqbody, yours Zoraxina", author=ID, fields={"note": "zqlabs Quillfeather"},
             files=[file])  # fmt: skip
    edits.change(zora, 1, title="zqlater", body=f"Write to {EMAIL}, or ask zoraxina  quillfeather.")
    acme.post("zqtitle too", "zqbody", by=ZORA, meta={"page": "https://customer.example/?u=zqmeta"})
    boards.create(acme.team, "slow", "Slow", access="public", approve_first=True)
    acme.post("zqheld", by=ZORA, board="slow")
    acme.post("Dan's", by=DAN)
    comments.create(zora, 4, "zqcomment")
    comments.create(zora, 1, "zqcomment again")
    user_links.ask(acme.workspace, EMAIL, browser="b", place="/me", locale="en", home="http://x", network="n")
    mailings.choose(acme.workspace, EMAIL, ["reply"], "en")


def what_the_team_did(acme) -> None:
    boards.create(acme.team, "labs", "Labs", access="public")
    work_off()
    planning.set_status(acme.team, 1, "planned", f"For {EMAIL}")
    actions.take(acme.team, "board", [1], "labs")
    views.save(acme.team, "Hers zqview", f"author={ID}")
    views.save(acme.team, "Mail", f"q={quote(EMAIL)}")


def what_others_said(acme) -> None:
    dan = acme.reader(DAN)
    comments.create(dan, 1, f"She said so, {EMAIL.lower()} is hers.")
    edits.change(dan, 4, body=f"See https://crm.example/?who={quote(EMAIL)} and <{EMAIL}>.")
    edits.change(dan, 4, body="Nothing any more.")
    changelog.create(acme.team, f"Thanks, {EMAIL}", f"And to {EMAIL}!", categories=[f"By {EMAIL}"])


def what_else_is_kept(client, acme) -> None:
    place, said = {"workspace": acme.workspace.id}, f"It failed: {EMAIL} is unknown"
    api = Program(client, acme)
    api.send("PUT", f"/users/{ID}", {"name": NAME}, {"Idempotency-Key": "k"})
    suppressions.add(acme.workspace.id, EMAIL, f"550 {EMAIL}: no such user")
    blocked_addresses.block(acme.team, EMAIL)
    for sql in (DEAD, TIRED):
        db.changed(sql, **place, email=EMAIL, said=said)
    data = f"zqimport,zqexport,{EMAIL},{NAME}".encode()
    db.changed(IMPORT, **place, said=f"voters of {EMAIL}.csv", data=data)
    db.changed(EXPORT, **place, data=data)


@pytest.mark.parametrize(("posts", "votes"), [(True, False), (True, True), (False, False), (False, True)])
def test_case_80_nothing_of_somebody_who_was_erased_is_in_a_dump(client, acme, settings, url, folder, posts, votes):
    remains.change(acme.team, posts=posts, votes=votes)
    with a_life(client, acme, settings):
        before = dump(url, folder)
        assert found(before, [EMAIL, NAME, ID, *KEPT, "zqcomment", "zqcontent", "zqfile", "zqmeta"]) == [
            EMAIL, NAME, ID, *KEPT, "zqcomment", "zqcontent", "zqfile", "zqmeta"]  # fmt: skip
        counted = db.row("SELECT count(*) FROM vote")[0]
        privacy.erase(acme.team, ID)
        work_off()
    after = dump(url, folder)
    assert found(after, GONE) == [], lines(after, GONE)
    assert found(after, KEPT) == (KEPT if posts else [])
    assert "Friends of …" in after and ("said so, … is hers." in after) is posts, "it stood below one of theirs"
    left = db.row("SELECT count(*) FROM vote")[0]
    assert (left == counted) is (posts and votes)
    assert users.page(acme.workspace, 10, q="dan-8")


def test_what_waits_is_found_by_a_second_look(client, acme, settings, url, folder):
    """A job that was running at that moment wrote the address down afterwards."""
    acme.user(ZORA)
    acme.post(by=DAN)
    privacy.erase(acme.team, ID)
    work_off()
    comments.create(acme.reader({"sub": "dan-9"}), 1, f"{EMAIL}?")
    assert found(dump(url, folder), [EMAIL]) == [EMAIL]
    come_due()
    work_off()
    assert found(dump(url, folder), [EMAIL]) == []
