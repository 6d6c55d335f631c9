"""What shipped: drafts, moments to come, one announcement each, and what users think of it."""

from datetime import UTC, datetime, timedelta

import pytest
from cast import CLEO
from crowd import at_once
from program import Program, wrong
from queued import work_off

from service import db, demo, installation, jobs
from service.feedback import changelog, edits, news
from service.handlers import CRON

SHAPE = {"id", "title", "body", "categories", "posts", "state", "published_at", "url", "reactions"}
EVENTS = "SELECT type, public, data, person_id FROM event WHERE type ~ '^(changelog|reaction)' ORDER BY seq"
COME = "UPDATE changelog_entry SET published_at = now() - interval '1 second' WHERE published_at > now()"
JOBS = "SELECT count(*) FROM job WHERE args ->> 'seq' IS NOT NULL"
NOW, TOMORROW = (datetime.now(UTC).replace(microsecond=0) + timedelta(days=days) for days in (0, 1))


@pytest.fixture
def api(client, acme):
    """Acme's program; there is post #1."""
    acme.post("Dark mode")
    return Program(client, acme)


def write(api, title="Version 2", at: datetime | None = None, **more) -> dict:
    answer = api.post("/changelog", title=title, published_at=at and at.isoformat(), **more)
    assert answer.status_code == 201, answer.text
    return answer.json


def told() -> list[str]:
    return [type for type, *_ in db.rows(EVENTS)]


def announce_due() -> None:
    jobs.enqueue(changelog.PUBLISH)
    work_off()


def hide(board: str) -> None:
    db.changed("UPDATE board SET access = 'private' WHERE key = %(board)s", board=board)


# ── writing ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_entry_is_a_draft_until_it_is_given_a_moment(api):
    sent = {"title": " Version 2 ", "body": "Now **dark**", "categories": ["New", " New ", "Design"], "posts": [1]}
    answer = api.post("/changelog", **sent)
    made = answer.json
    assert (answer.status_code, answer.headers["location"]) == (201, f"/api/v1/changelog/{made['id']}")
    assert set(made) == SHAPE
    assert (made["title"], made["body"], made["categories"], made["posts"]) == (
        "Version 2", "Now **dark**", ["New", "Design"], [1])  # fmt: skip
    assert (made["state"], made["published_at"], made["reactions"]) == ("draft", None, {})
    assert made["url"] == f"http://127.0.0.1:8000/b/acme/changelog/{made['id']}"
    assert api.get(f"/changelog/{made['id']}").json == made == api.get("/changelog").json["data"][0]
    assert told() == ["changelog.created"]


def test_what_is_published_at_once_has_one_event(api, acme):
    made = write(api, at=NOW, posts=[1])
    assert made["state"] == "published"
    data = {"entry": made["id"], "posts": [1]}
    assert db.rows(EVENTS) == [("changelog.published", True, data, acme.owner.id)]
    page = api.client.simulate_get("/b/acme/changelog").text
    assert f'id="entry-{made["id"]}"' in page and "Version 2" in page


def test_a_change_is_told_and_the_same_again_is_not(api, acme):
    made, other = write(api, posts=[1]), acme.post()
    changed = api.patch(f"/changelog/{made['id']}", title="Version 3", posts=[other, 1, other]).json
    assert changed == {**made, "title": "Version 3", "posts": [1, other]}
    for same in ({}, {"title": "Version 3 "}, {"posts": [other, 1]}, {"categories": []}, {"published_at": None}):
        assert api.patch(f"/changelog/{made['id']}", **same).json == changed
    assert told() == ["changelog.created", "changelog.updated"]
    assert db.rows(EVENTS)[-1][2] == {"entry": made["id"], "changed": ["posts", "title"]}
    assert api.patch(f"/changelog/{made['id']}", posts=[]).json["posts"] == []


def test_a_deleted_entry_is_gone_the_second_time_too(api):
    made = write(api, at=NOW, posts=[1])["id"]
    api.put(f"/changelog/{made}/reactions/like/cleo-7")
    assert api.delete(f"/changelog/{made}").status_code == 204
    for answer in (api.delete(f"/changelog/{made}"), api.get(f"/changelog/{made}"),
                   api.patch(f"/changelog/{made}", title="t"),
                   api.put(f"/changelog/{made}/reactions/like/cleo-7")):  # fmt: skip
        assert answer.status_code == 404
    assert told() == ["changelog.published", "reaction.created", "changelog.deleted"]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"title": None}, "title"),
        ({"title": "\u200b"}, "title"),
        ({"title": "x" * 201}, "title"),
        ({"body": "x" * 10_001}, "body"),
        ({"categories": ["x"] * 11 + [str(number) for number in range(10)]}, "categories"),
        ({"categories": ["x" * 41]}, "categories"),
        ({"categories": [" "]}, "categories"),
        ({"posts": [1, 99]}, "posts"),
        ({"posts": [0]}, "posts"),
        ({"posts": list(range(1, 102))}, "posts"),
        ({"posts": [2**64]}, "posts"),
        ({"published_at": "soon"}, "published_at"),
        ({"published_at": "2026-01-01T00:00:00"}, "published_at"),
        ({"published_at": "0001-01-01T00:00:00+14:00"}, "published_at"),
        ({"published_at": "9999-12-31T23:59:59-14:00"}, "published_at"),
    ],
)
def test_what_cannot_be_taken_is_named_and_changes_nothing(api, fields, field):
    made = write(api)
    before = db.rows(EVENTS)
    assert wrong(api.post("/changelog", **{"title": "t", **fields})) == {field}
    if fields != {"title": None}:  # which leaves the title as it is
        assert wrong(api.patch(f"/changelog/{made['id']}", **{"body": "b", **fields})) == {field}
    assert (api.get("/changelog").json["data"], db.rows(EVENTS)) == ([made], before)


def test_entries_are_paged_by_state_drafts_first_and_then_by_their_moment(api, acme):
    drafts = [write(api, f"Draft {number}")["id"] for number in range(3)]
    scheduled, published, twin = write(api, at=TOMORROW)["id"], write(api, at=NOW)["id"], write(api, at=NOW)["id"]
    old = write(api, at=NOW - timedelta(days=9))["id"]
    seen, cursor = [], ""
    while cursor is not None:
        page = api.get("/changelog", limit=2, cursor=cursor).json
        seen, cursor = seen + [entry["id"] for entry in page["data"]], page["next_cursor"]
    assert seen == [*reversed(drafts), scheduled, twin, published, old]
    assert [entry.id for entry in news.page(acme.reader(), 50)] == [twin, published, old]
    shown = {"draft": drafts[::-1], "scheduled": [scheduled], "published": [twin, published, old]}
    for state, expected in shown.items():
        assert [entry["id"] for entry in api.get("/changelog", state=state).json["data"]] == expected
    assert wrong(api.get("/changelog", state="lost")) == {"state"}


# ── announcing ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_is_scheduled_is_announced_once_when_its_moment_has_come(api, acme, globex):
    made = write(api, at=TOMORROW, posts=[1])
    announce_due()
    assert (made["state"], told()) == ("scheduled", ["changelog.created"])
    changelog.create(globex.team, "Theirs", published_at=TOMORROW)
    db.changed(COME)
    for _ in range(2):
        announce_due()
    assert told().count("changelog.published") == 2
    assert ("changelog.published", True, {"entry": made["id"], "posts": [1]}, None) in db.rows(EVENTS)
    assert api.get(f"/changelog/{made['id']}").json["state"] == "published"
    assert CRON[changelog.PUBLISH] == 60


def test_many_workers_announce_each_entry_once(acme):
    for number in range(20):
        changelog.create(acme.team, f"Version {number}", published_at=TOMORROW)
    db.changed(COME)
    assert at_once(lambda _: changelog.announce_due(None), 4) == [None] * 4
    assert told().count("changelog.published") == 20


def test_who_changes_what_is_due_announces_it(api):
    made = write(api, at=TOMORROW)["id"]
    db.changed(COME)
    api.patch(f"/changelog/{made}", body="At last")
    announce_due()
    assert told() == ["changelog.created", "changelog.published"]


def test_a_draft_again_and_published_again_is_never_told_twice(api, acme):
    made = write(api, at=NOW)["id"]
    assert api.patch(f"/changelog/{made}", published_at=None).json["state"] == "draft"
    assert news.page(acme.reader(), 50) == []
    assert api.patch(f"/changelog/{made}", title="Version 2.0").json["state"] == "draft"
    assert api.patch(f"/changelog/{made}", published_at=NOW.isoformat()).json["state"] == "published"
    announce_due()
    assert told() == ["changelog.published"] + ["changelog.updated"] * 3


def test_the_announcement_names_only_posts_that_everyone_may_read(api, acme):
    secret, gone = acme.post("Secret", board="bugs"), acme.post("Gone")
    hide("bugs")
    made = write(api, posts=[1, secret, gone])
    edits.delete(acme.team, gone)
    announced = api.patch(f"/changelog/{made['id']}", published_at=NOW.isoformat()).json
    assert announced["posts"] == [1, secret]
    assert db.rows(EVENTS)[-1][2] == {"entry": made["id"], "posts": [1]}


def test_nobody_is_told_of_what_the_demo_published_long_ago(here):
    installation.check_keys()
    demo.make(here)
    announce_due()
    assert told() == []


# ── users, other workspaces, nobody ─────────────────────────────────────────────────────────────────────────────────


def test_case_59_users_see_what_is_published_and_of_its_posts_those_they_may_read(api, acme):
    cleo, secret = acme.reader(CLEO), acme.post("Secret", board="bugs")
    hide("bugs")
    write(api)
    write(api, at=TOMORROW)
    made = write(api, at=NOW, posts=[1, secret])["id"]
    assert [(entry.id, entry.posts) for entry in changelog.page(cleo, 10)] == [(made, [1])]
    assert changelog.page(cleo, 10, state="draft") == []
    assert changelog.find(acme.team, made).posts == [1, secret]


def test_case_56_entries_of_another_workspace_are_not_there(client, api, acme, globex):
    made, theirs = write(api, at=NOW)["id"], Program(client, globex)
    for answer in (theirs.get(f"/changelog/{made}"), theirs.patch(f"/changelog/{made}", title="t"),
                   theirs.delete(f"/changelog/{made}"), theirs.put(f"/changelog/{made}/reactions/like/eve")):  # fmt: skip
        assert answer.status_code == 404
    assert theirs.get("/changelog").json["data"] == []
    assert wrong(theirs.post("/changelog", title="t", posts=[1])) == {"posts"}
    assert api.get(f"/changelog/{made}").json["title"] == "Version 2"


def test_signed_out_nothing_is_answered(client, api):
    made = write(api)["id"]
    for method, path in (("GET", ""), ("POST", ""), ("GET", f"/{made}"), ("PATCH", f"/{made}"), ("DELETE", f"/{made}"),
                         ("PUT", f"/{made}/reactions/like/x"), ("DELETE", f"/{made}/reactions/like/x")):  # fmt: skip
        assert client.simulate_request(method, f"/api/v1/changelog{path}", json={"title": "t"}).status_code == 401


# ── reactions ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_reactions_are_counted_by_kind_and_each_user_once(api, acme):
    made, before = write(api, at=NOW)["id"], db.row(JOBS)
    for user, kind in (("cleo-7", "like"), ("cleo-7", "like"), ("cleo-7", "love"), ("dan-8", "like")):
        assert api.put(f"/changelog/{made}/reactions/{kind}/{user}").status_code == 204
    assert api.get(f"/changelog/{made}").json["reactions"] == {"like": 2, "love": 1}
    for _ in range(2):
        assert api.delete(f"/changelog/{made}/reactions/like/cleo-7").status_code == 204
    assert api.get(f"/changelog/{made}").json["reactions"] == {"like": 1, "love": 1}
    assert told()[1:] == ["reaction.created"] * 3 + ["reaction.deleted"]
    assert db.rows(EVENTS)[-1][2] == {"entry": made, "kind": "like"}
    assert db.row(JOBS) == before  # nothing follows from them


def test_there_are_four_kinds_and_only_for_what_is_published(api):
    made, draft = write(api, at=NOW)["id"], write(api)["id"]
    users = db.row('SELECT count(*) FROM "user"')
    assert wrong(api.put(f"/changelog/{made}/reactions/hate/new-9")) == {"kind"}
    early = api.put(f"/changelog/{draft}/reactions/like/new-9")
    assert (early.status_code, early.json["code"]) == (409, "not_published")
    assert wrong(api.put(f"/changelog/{made}/reactions/like/anon_x")) == {"author"}
    assert api.delete(f"/changelog/{made}/reactions/like/nobody").status_code == 404
    assert db.row('SELECT count(*) FROM "user"') == users
