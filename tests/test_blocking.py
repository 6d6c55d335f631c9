"""Blocking: nothing more is taken from somebody, whatever they hold in their hands, and what they wrote stays."""

import pytest
from calls import call, session
from cast import CLEO, DAN
from crowd import at_once
from program import Program
from queued import work_off

from service import db
from service.errors import Conflict, Forbidden, NotFound
from service.feedback import blocking, planning, posts, users

LETTERS = "SELECT to_email FROM letter WHERE kind = 'status_changed'"


@pytest.fixture
def api(client, acme):
    return Program(client, acme)


def told(api) -> list[tuple[str, str, str]]:
    return [(event["type"], event["user"], event["actor"]["name"]) for event in api.get("/events").json["data"]
            if event["type"].startswith("user.") and event["type"] != "user.identified"]  # fmt: skip


def test_who_is_blocked_can_do_nothing_with_any_token_they_have(client, api, acme):
    number, cleo = acme.post(by=DAN), session(client, acme, CLEO)
    acme.post("Hers", by=CLEO)
    blocking.block(acme.team, "cleo-7")
    for path, more in (("opening", {}), ("list", {}), ("posts", {"title": "Spam"}),
                       (f"posts/{number}/vote", {"voted": True})):  # fmt: skip
        answer = call(client, acme, path, session=cleo, **more)
        assert (answer.status_code, answer.json["code"]) == (403, "blocked"), path
    assert call(client, acme, "session", user_token=acme.token()).json["code"] == "blocked"
    with pytest.raises(Forbidden):
        acme.user(CLEO)
    assert api.post("/posts", title="For her", author="cleo-7").json["code"] == "blocked"
    assert [post["title"] for post in api.get("/posts", sort="new").json["data"]] == ["Hers", "Dark mode"]


def test_an_anonymous_user_who_is_blocked_is_not_simply_taken_for_somebody_new(client, acme):
    made = call(client, acme, "posts", title="Spam", submission="s3cr3t-draft-of-a-spammer").json
    [(anonymous,)] = db.rows("SELECT external_id FROM \"user\" WHERE kind = 'anonymous'")
    blocking.block(acme.team, anonymous)
    for more in ({"anonymous": made["anonymous"]}, {"submission": "s3cr3t-draft-of-a-spammer"}):
        answer = call(client, acme, "posts", title="More spam", **more)
        assert (answer.status_code, answer.json["code"]) == (403, "blocked"), more
    assert db.row("SELECT count(*) FROM \"user\" WHERE kind = 'anonymous'") == (1,)


def test_twice_is_once_and_unblocking_lets_them_in_with_a_new_token(client, api, acme):
    cleo = session(client, acme, CLEO)
    for verb in (blocking.block, blocking.block, blocking.unblock, blocking.unblock):
        verb(acme.team, "cleo-7")
    assert told(api) == [("user.blocked", "cleo-7", "Ada"), ("user.unblocked", "cleo-7", "Ada")]
    assert call(client, acme, "list", session=cleo).json["code"] == "token_expired"
    assert call(client, acme, "posts", session=session(client, acme, CLEO), title="Sorry").status_code == 201


def test_signing_out_ends_every_session_and_takes_nothing_away(client, api, acme):
    both = [session(client, acme, CLEO) for _ in range(2)]
    blocking.sign_out(acme.team, "cleo-7")
    assert {call(client, acme, "list", session=each).json["code"] for each in both} == {"token_expired"}
    assert call(client, acme, "list", session=session(client, acme, CLEO)).status_code == 200
    assert told(api) == [("user.signed_out", "cleo-7", "Ada")]


def test_no_letter_goes_to_somebody_who_is_blocked(acme):
    number = acme.post(by=CLEO)
    blocking.block(acme.team, "cleo-7")
    planning.set_status(acme.team, number, "done")
    work_off()
    assert db.rows(LETTERS) == [] and posts.find(acme.team, number).author_name == "Cleo"


def test_nobody_of_the_team_is_blocked_nor_anybody_elsewhere(acme, globex):
    member = users.of_member(acme.workspace, acme.owner)
    with pytest.raises(Conflict, match="of the team"):
        blocking.block(acme.team, member.external_id)
    globex.user(CLEO)
    for verb in (blocking.block, blocking.unblock, blocking.sign_out):
        for id in ("cleo-7", "nobody", "\0"):
            with pytest.raises(NotFound):
                verb(acme.team, id)


def test_many_who_block_at_once_block_once(api, acme):
    acme.user(CLEO)
    assert at_once(lambda _: blocking.block(acme.team, "cleo-7"), 6) == [None] * 6
    assert len(told(api)) == 1
