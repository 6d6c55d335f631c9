"""What an endpoint hears of: its types and conditions, thresholds once; and what an endpoint can be."""

import contextlib
import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from cast import CLEO, DAN
from receivers import allow, receiving, tell

from service import db, events
from service.errors import Conflict, Invalid, NotFound
from service.feedback import (
    changelog,
    comments,
    deliveries,
    edits,
    endpoints,
    merges,
    planning,
    privacy,
    segments,
    votes,
)

SPEC = "https://hooks.example.com/sayso"


@pytest.fixture
def receiver(here):
    allow(here)
    with receiving() as made:
        yield made


def listen(company, receiver, *types, **more):
    return endpoints.create(company.team, receiver.url, list(types), **more)[0]


def told(receiver) -> list[str]:
    return sorted(each.json["type"] for each in receiver.requests)


def someone(place: int) -> dict:
    return {"sub": f"user-{place}", "name": f"User {place}", "email": f"user{place}@customer.example"}


def test_every_type_is_told_once_to_whoever_wants_it(acme, globex, receiver):
    listen(acme, receiver, *endpoints.TYPES)
    first, second = acme.post("First"), acme.post("Second", by=DAN)
    votes.cast(acme.reader(DAN), first)
    votes.withdraw(acme.reader(DAN), first)
    comment = comments.create(acme.reader(), first, "Please")
    comments.change(acme.reader(), comment, body="Please!")
    comments.delete(acme.reader(), comment)
    edits.change(acme.team, first, title="First of all")
    planning.set_status(acme.team, first, "planned")
    merges.merge(acme.team, second, first)
    merges.unmerge(acme.team, second)
    edits.delete(acme.team, second)
    edits.restore(acme.team, second)
    entry = changelog.create(acme.team, "Done", published_at=None)
    changelog.change(acme.team, entry.id, published_at=db.row("SELECT now()")[0])
    privacy.erase(acme.team, "dan-8")
    endpoints.test(acme.team, endpoints.of(acme.team)[0].id)
    globex.post("Not Acme's")
    tell()
    tell()
    wanted = db.rows("SELECT type FROM event WHERE workspace_id = %(id)s AND type = ANY(%(types)s) ORDER BY type",
                     id=acme.workspace.id, types=list(endpoints.TYPES))  # fmt: skip
    assert told(receiver) == [type for (type,) in wanted]
    assert set(told(receiver)) == set(endpoints.TYPES)
    assert len({each.id for each in receiver.requests}) == len(receiver.requests)


def test_of_what_happens_often_there_are_jobs_only_while_somebody_listens(acme, receiver):
    number = acme.post()
    count = "SELECT count(*) FROM job WHERE kind = 'event.follow_up'"
    tell()
    before = db.row(count)[0]
    votes.cast(acme.reader(DAN), number)
    assert db.row(count)[0] == before
    endpoint = listen(acme, receiver, "vote.deleted")
    votes.withdraw(acme.reader(DAN), number)
    endpoints.update(acme.team, endpoint.id, state="paused")
    votes.cast(acme.reader(DAN), number)
    assert db.row(count)[0] == before + 1 + 2  # and the endpoint's own events
    tell()
    assert receiver.requests == []  # it was paused before anything was under way


def test_a_paused_endpoint_gets_nothing_new_and_later_what_waited(acme, receiver):
    endpoint = listen(acme, receiver, "post.created")
    acme.post("First")
    tell(1)  # the delivery is there, its job still waits
    endpoints.update(acme.team, endpoint.id, state="paused")
    acme.post("Second")
    tell()
    assert receiver.requests == []
    assert deliveries.waiting(acme.team, endpoint.id) == 1
    endpoints.update(acme.team, endpoint.id, state="active")
    acme.post("Third")
    tell()
    assert {each.data["post"]["title"] for each in receiver.requests} == {"First", "Third"}


def test_a_board_is_a_condition(acme, receiver):
    listen(acme, receiver, "post.created", "comment.created", "user.identified", conditions={"board": "bugs"})
    bug = acme.post("Broken", board="bugs")
    comments.create(acme.reader(), bug, "Here too")
    comments.create(acme.reader(), acme.post("Dark mode"), "Yes")
    tell()
    assert told(receiver) == ["comment.created", "post.created"]
    assert {each.data["post"]["number"] for each in receiver.requests} == {bug}


def test_a_segment_is_a_condition_on_whom_the_event_is_about(acme, receiver):
    segments.create(acme.team, "big", "Big", [{"field": "company.mrr", "op": "at_least", "value": 4000}])
    listen(acme, receiver, "post.created", "post.status_changed", "vote.created", "comment.created", "comment.deleted",
           conditions={"segment": "big"})  # fmt: skip
    of_cleo, of_dan = acme.post("Cleo's", by=CLEO), acme.post("Dan's", by=DAN)
    for number in (of_cleo, of_dan):
        planning.set_status(acme.team, number, "planned")  # by a member: it is about whose post it is
        for who in (CLEO, DAN):
            comments.delete(acme.team, comments.create(acme.reader(who), number, "Yes"))
            votes.cast(acme.reader(who), number)
    tell()
    heard = sorted((each.json["type"], each.data["post"]["number"]) for each in receiver.requests)
    assert heard == sorted([
        ("post.created", of_dan), ("post.status_changed", of_dan), ("vote.created", of_cleo),
        ("comment.created", of_cleo), ("comment.created", of_dan), ("comment.deleted", of_cleo), ("comment.deleted", of_dan),
    ])  # fmt: skip


def test_a_threshold_is_told_once_although_votes_fall_and_rise(acme, receiver):
    endpoint = listen(acme, receiver, "vote.created", conditions={"votes": 3})
    number = acme.post()  # has its author's vote
    for place in range(2):
        tell()
        assert receiver.requests == []
        votes.cast(acme.reader(someone(place)), number)
    votes.withdraw(acme.reader(someone(0)), number)  # before anybody was told: it has been reached
    tell()
    [request] = receiver.requests
    assert request.data["votes"] == 3
    for _ in range(2):
        votes.cast(acme.reader(someone(0)), number)
        votes.withdraw(acme.reader(someone(0)), number)
        tell()
    assert len(receiver.requests) == 1
    endpoints.update(acme.team, endpoint.id, conditions={"votes": 4})
    for place in range(5):
        votes.cast(acme.reader(someone(place)), number)
        tell()
    assert [each.data["votes"] for each in receiver.requests] == [3, 4]


def test_twenty_votes_at_the_same_time_reach_a_threshold_once(acme, receiver):
    listen(acme, receiver, "vote.created", conditions={"votes": 10})
    listen(acme, receiver, "vote.created", conditions={"votes": 100})
    readers, number = [acme.reader(someone(place)) for place in range(20)], acme.post()

    def vote(reader):
        with db.connected():
            votes.cast(reader, number)

    def follow(_):
        with db.connected():
            tell(3)

    with ThreadPoolExecutor(10) as pool:
        list(pool.map(vote, readers))
        list(pool.map(follow, range(5)))
    [request] = receiver.requests
    assert request.data["votes"] >= 10


def test_other_types_with_a_threshold_are_told_whenever_the_post_has_it(acme, receiver):
    listen(acme, receiver, "post.status_changed", conditions={"votes": 2})
    number = acme.post()
    planning.set_status(acme.team, number, "planned")
    tell()
    votes.cast(acme.reader(DAN), number)
    planning.set_status(acme.team, number, "started")
    planning.set_status(acme.team, number, "done")
    tell()
    assert sorted(each.data["to"] for each in receiver.requests) == ["done", "started"]


WRONG = [
    ("url", ["http://hooks.example.com/", "https://user:secret@example.com/", "https://10.0.0.1/", "", "https://x.example/\0",
             "https://x.example/\ud800", "https://x.example/" + "a" * 10_000, 7]),
    ("types", [[], ["post.created", "post.eaten"], [["x"]]]),
    ("format", ["irc", "\0"]),
    ("conditions", [{"board": "nowhere"}, {"board": "\0"}, {"segment": ["x"]}, {"segment": "\ud800"}, {"votes": 0},
                    {"votes": True}, {"votes": 10**30}, {"votes": "7"}, {"mood": "good"}]),
]  # fmt: skip


def test_what_cannot_be_an_endpoint_is_refused_by_its_field(acme):
    for field, given in ((field, given) for field, each in WRONG for given in each):
        with pytest.raises(Invalid) as refused:
            endpoints.create(acme.team, **{"url": SPEC, "types": ["post.created"], field: given})
        assert list(refused.value.fields) == [field], given
    with pytest.raises(Invalid) as refused:
        endpoints.create(acme.team, "", [], {"mood": "good"}, "irc")
    assert set(refused.value.fields) == {"url", "types", "conditions", "format"}
    assert endpoints.of(acme.team) == []


def test_an_endpoint_is_made_changed_and_taken_away_by_its_own_workspace(acme, globex):
    endpoint, secret = endpoints.create(acme.team, f" {SPEC} ", ["vote.created", "post.created", "vote.created"])
    assert re.fullmatch(r"whsec_[A-Za-z0-9+/]{43}=", secret)
    assert endpoint[1:7] == (SPEC, "hooks.example.com", "standard", ["post.created", "vote.created"], {}, "active")
    assert endpoints.of(acme.team) == [endpoint] == [endpoints.find(acme.team, endpoint.id)]
    changed = endpoints.update(acme.team, endpoint.id, url="https://example.org/x", types=["webhook.test"], state="paused",
                               conditions={"votes": 5, "board": None})  # fmt: skip
    assert changed[1:7] == ("https://example.org/x", "example.org", "standard", ["webhook.test"], {"votes": 5}, "paused")
    latest = events.latest(acme.workspace.id)
    assert endpoints.update(acme.team, endpoint.id, state="paused", conditions={"votes": 5}) == changed
    assert events.latest(acme.workspace.id) == latest
    with pytest.raises(Invalid, match="on"):
        endpoints.update(acme.team, endpoint.id, state="gone")
    with pytest.raises(Conflict, match="switched off"):
        endpoints.test(acme.team, endpoint.id)
    assert endpoints.of(globex.team) == []
    for verb in (endpoints.find, endpoints.update, endpoints.delete, endpoints.rotate, endpoints.test):
        with pytest.raises(NotFound):
            verb(globex.team, endpoint.id)
    endpoints.delete(acme.team, endpoint.id)
    with pytest.raises(NotFound):
        endpoints.delete(acme.team, endpoint.id)
    types = db.rows("SELECT type FROM event WHERE type LIKE 'endpoint.%%' ORDER BY seq")
    assert types == [("endpoint.created",), ("endpoint.updated",), ("endpoint.deleted",)]


def test_a_workspace_has_at_most_twenty_endpoints_also_when_many_are_made_at_once(acme):
    def make(place):
        with db.connected(), contextlib.suppress(Conflict):
            endpoints.create(acme.team, f"{SPEC}/{place}", ["post.created"])

    with ThreadPoolExecutor(5) as pool:
        list(pool.map(make, range(endpoints.MOST + 5)))
    assert len(endpoints.of(acme.team)) == endpoints.MOST
    with pytest.raises(Conflict, match="at most 20"):
        endpoints.create(acme.team, SPEC, ["post.created"])


def test_neither_address_nor_secret_can_be_read_in_the_database_or_the_queue(acme):
    endpoint, secret = endpoints.create(acme.team, f"{SPEC}/T0K3N", ["post.created"])
    endpoints.rotate(acme.team, endpoint.id)
    acme.post()
    tell(1)
    for table in ("endpoint", "delivery", "event", "job"):
        said = str(db.rows(f"SELECT to_jsonb(t)::text FROM {table} t"))
        assert "T0K3N" not in said and secret not in said and "whsec" not in said
