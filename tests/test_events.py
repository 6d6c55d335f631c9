"""GET /api/v1/events: what happened, for programs to pull."""

import ast
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from browser import Browser
from cast import ADA, CLEO
from program import Program, wrong
from queued import work_off

import service
from service import db, events, jobs
from service.feedback import changelog, keys, privacy, team

FUNCTIONS = {"record", "told", "tell", "note", "settle", "change", "respond"}  # which are given the type of an event
COME = "UPDATE changelog_entry SET published_at = now() WHERE published_at > now()"


@pytest.fixture
def api(client, acme):
    return Program(client, acme)


def told(api, **query) -> list[dict]:
    answer = api.get("/events", **query)
    assert answer.status_code == 200, answer.text
    return answer.json["data"]


def test_an_event_says_who_did_it_and_whose_it_is(api, acme):
    acme.post()
    api.put("/posts/1/votes/dan-8")
    mine, theirs = told(api, type="post.created,vote.created")
    assert mine["actor"] == {"kind": "user", "id": "cleo-7", "name": "Cleo"} and mine["user"] == "cleo-7"
    assert theirs["actor"] == {"kind": "member", "id": acme.owner.id, "name": "Ada"} and theirs["user"] == "dan-8"


def test_who_was_erased_is_still_a_user_and_only_sayso_is_sayso(api, acme):
    acme.post()
    changelog.create(acme.team, "Version 2", published_at=datetime.now(UTC) + timedelta(days=1))
    db.changed(COME)
    jobs.enqueue(changelog.PUBLISH)
    work_off()
    privacy.erase(acme.team, CLEO["sub"])
    kinds = {event["type"]: (event["actor"]["kind"], event["actor"]["id"], event["user"]) for event in told(api)}
    assert kinds["post.created"] == ("user", None, None)
    assert kinds["changelog.published"] == ("sayso", None, None)
    assert kinds["user.erased"][0] == "member"


def test_what_sayso_does_by_itself_is_nobodys_of_the_team_and_no_users(client, api, acme):
    number = acme.post()
    for type in ("plan.changed", "payment.failed", "export.ready", "import.finished", "workspace.installed"):
        events.record(type, acme.workspace.id, data={"plan": "pro", "was": "free"})
    events.record("post.approved", acme.workspace.id, post=number)
    assert {event["actor"]["kind"] for event in told(api)} == {"user", "sayso"}
    assert [event["actor"]["kind"] for event in told(api, type="post.approved,plan.changed")] == ["sayso", "sayso"]
    page = Browser(client).sign_in(ADA).open(f"/app/acme/posts/{number}")
    assert "<strong>Sayso</strong> let it in" in page.text


def test_of_keys_and_members_only_admins_hear(client, api, acme):
    team.invite(acme.team, "new@acme.example", "member")
    reader = {"Authorization": f"Bearer {keys.create(acme.workspace, acme.owner, 'r', ('read', 'write'))}"}
    heard = {event["type"] for event in client.simulate_get("/api/v1/events", headers=reader).json["data"]}
    asked = client.simulate_get("/api/v1/events?type=member.added", headers=reader)
    assert not {type for type in heard if type.startswith(("key.", "member."))} and asked.json["data"] == []
    assert told(api, type="member.added") != []


def test_next_cursor_gets_the_next_page_and_after_what_is_new(api, acme):
    for title in ("One", "Two", "Three"):
        acme.post(title)
    first = api.get("/events", type="post.created", limit=2).json
    rest = api.get("/events", type="post.created", limit=2, cursor=first["next_cursor"]).json
    assert [event["post"] for event in first["data"] + rest["data"]] == [1, 2, 3] and rest["next_cursor"] is None
    assert told(api, after=rest["data"][-1]["id"]) == []
    assert wrong(api.get("/events", cursor=first["next_cursor"], after=0)) == {"after"}
    assert api.get("/events", cursor="nonsense").status_code == 400


@pytest.mark.parametrize("type", ["post.craeted", "post.created,", "post.created,nope", "post.created, vote.created"])
def test_a_type_that_does_not_exist_is_named(api, type):
    assert wrong(api.get("/events", type=type)) == {"type"}


def test_there_is_one_list_of_all_types():
    used = set()
    for path in (Path(service.__file__).parent / "feedback").glob("*.py"):
        for call in ast.walk(ast.parse(path.read_text())):
            name = isinstance(call, ast.Call) and getattr(call.func, "attr", getattr(call.func, "id", ""))
            if name in FUNCTIONS:
                used |= {each.value for each in call.args if isinstance(each, ast.Constant) and isinstance(each.value, str)}
    company = {"company.created", "company.updated"}  # chosen by a condition
    assert {type for type in used if "." in type} | company == set(events.TYPES)
    assert list(events.TYPES) == sorted(events.TYPES) and set(events.TYPES) >= events.QUIET
