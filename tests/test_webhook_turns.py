"""Whose turn it is: who lets nothing through holds up nobody, what cannot be told is left out, what was taken away goes."""

import pytest
from cast import Company
from lowered import lower
from queued import work_off
from receivers import allow, answer, come_due, listen, receiving, tell

from service import db, jobs, payloads, webhooks
from service.errors import Conflict, NotFound, RateLimited
from service.feedback import activity, attempts, comments, deliveries, endpoints, members

NEWS = "SELECT type FROM event WHERE type IN ('endpoint.failing', 'endpoint.failed')"


@pytest.fixture
def receiver(here):
    allow(here)
    with receiving(answer(500)) as made:
        yield made


def take_turns(count):
    """Do the jobs of endpoints that are due now, which are so many."""
    found = jobs.claim("tests", 100, 60, queue="webhooks", cap=3)
    assert len(found) == count
    for job in found:
        webhooks.deliver(job)


def test_what_is_due_gets_a_job_again_when_its_own_was_discarded(acme, receiver):
    listen(acme, receiver)
    acme.post()
    tell()
    receiver.role = answer(204)
    come_due()
    db.changed("DELETE FROM job")
    jobs.enqueue(endpoints.ROUSE)
    work_off()
    assert db.row("SELECT state FROM delivery") == ("delivered",)


def test_what_cannot_be_written_fails_alone(acme, receiver):
    receiver.role = answer(204)
    endpoint, number = listen(acme, receiver, "comment.created"), acme.post()
    for _ in range(2):
        comments.create(acme.reader(), number, "Yes, please.")
    tell(1)  # what follows is found, and nothing is written yet
    db.changed("UPDATE event SET data = '{}' WHERE type = 'comment.created' AND seq = (SELECT max(seq) FROM event)")
    tell()
    broken, well = deliveries.of(acme.team, endpoint.id)
    assert (broken.state, well.state) == ("waiting", "delivered")
    assert deliveries.find(acme.team, endpoint.id, broken.id)[1][0].reason == webhooks.OURS


def test_our_own_mistake_does_not_count_against_the_endpoint(acme, receiver):
    endpoint, number = listen(acme, receiver, "comment.created"), acme.post()
    comments.create(acme.reader(), number, "Yes, please.")
    tell(1)
    db.changed("UPDATE event SET data = '{}' WHERE type = 'comment.created'")
    tell()
    [delivery] = deliveries.of(acme.team, endpoint.id)
    [tried] = deliveries.find(acme.team, endpoint.id, delivery.id)[1]
    assert (delivery.state, tried.reason) == ("waiting", webhooks.OURS)
    assert endpoints.find(acme.team, endpoint.id).failing_since is None
    db.changed("UPDATE endpoint SET failing_since = now() - interval '6 days'")  # by what it did before
    come_due()
    tell()
    assert endpoints.find(acme.team, endpoint.id).state == "active" and db.rows(NEWS) == []


def test_who_lets_nothing_through_leaves_the_next_turn_to_others(acme, globex, receiver):
    bad = [globex, *(Company(members.found(f"Bad {place}", globex.owner), globex.owner) for place in range(3))]
    for company in bad:
        for _ in range(3):
            listen(company, receiver)
        for place in range(5):
            company.post(f"Post {place}")
    tell(1)  # what follows is found, and nothing is sent yet
    take_turns(4 * 3)
    assert len(receiver.requests) == 4 * 3 * 4
    listen(acme, receiver)
    for company in (*bad, acme):
        company.post("What happens meanwhile")
    tell(1)
    take_turns(4 * 3 + 1)  # theirs are put off
    [other] = receiver.requests[4 * 3 * 4 :]
    assert other.id.startswith(f"msg_{acme.workspace.id}_")
    take_turns(0)


def test_of_an_event_that_was_pruned_there_is_nothing_to_say(acme, receiver):
    endpoint = listen(acme, receiver)
    acme.post()
    tell(1)
    [delivery] = deliveries.of(acme.team, endpoint.id)
    event = activity.find(acme.workspace.id, delivery.event_seq)
    acme.post("Another")  # is not taken for it
    db.changed("DELETE FROM event WHERE seq = %(seq)s", seq=event.seq)
    assert payloads.body(event) is None
    tell()
    assert [each.data["post"]["title"] for each in receiver.requests] == ["Another"]


def test_with_an_endpoint_goes_what_was_on_its_way_to_it(acme, receiver):
    endpoint = listen(acme, receiver)
    acme.post()
    db.changed("UPDATE endpoint SET busy_until = now() + interval '1 minute'")
    tell()
    assert deliveries.waiting(acme.team, endpoint.id) == 1
    endpoints.delete(acme.team, endpoint.id)
    come_due()
    work_off()
    assert receiver.requests == []
    assert db.row("SELECT (SELECT count(*) FROM delivery), (SELECT count(*) FROM endpoint)") == (0, 0)


def test_what_comes_of_an_attempt_after_its_endpoint_was_taken_away_is_not_noted(acme, receiver):
    receiver.role = answer(410)
    listen(acme, receiver)
    acme.post()
    tell(1)
    [job] = jobs.claim("one", 9, 60, queue="webhooks")
    turn = payloads.write(attempts.begin(job))
    endpoints.delete(acme.team, turn.endpoint_id)
    attempts.end(job, turn, webhooks.post_all(turn))
    assert db.row("SELECT state FROM endpoint") == ("deleted",) and db.rows(NEWS) == []


def test_what_was_taken_away_is_not_there_any_more_and_its_log_goes_in_pieces(acme, receiver, monkeypatch):
    monkeypatch.setattr(attempts, "AT_ONCE", 2)
    receiver.role = answer()
    kept, endpoint = listen(acme, receiver), listen(acme, receiver)
    for place in range(5):
        acme.post(f"Post {place}")
    tell()
    [first, *_] = deliveries.of(acme.team, endpoint.id)
    endpoints.delete(acme.team, endpoint.id)
    assert db.row("SELECT sealed_url, sealed_secret, sealed_former FROM endpoint WHERE state = 'deleted'") == ("", "", None)
    assert endpoints.of(acme.team) == [kept] and list(deliveries.latest(acme.team)) == [kept.id]
    for verb in (endpoints.find, endpoints.update, endpoints.delete, endpoints.rotate, endpoints.test, deliveries.of):
        with pytest.raises(NotFound):
            verb(acme.team, endpoint.id)
    for verb in (deliveries.find, deliveries.redeliver):
        with pytest.raises(NotFound):
            verb(acme.team, endpoint.id, first.id)
    for _ in range(endpoints.MOST - 1):
        listen(acme, receiver, "user.erased")
    acme.post("Only one hears")
    work_off()
    assert len(receiver.requests) == 5 + 5 + 1
    assert db.row("SELECT count(*) FROM endpoint")[0] == endpoints.MOST
    assert db.rows("SELECT endpoint_id, count(*) FROM delivery GROUP BY 1") == [(kept.id, 6)]
    assert db.row("SELECT count(*) FROM delivery_attempt")[0] == 6


def test_attempts_that_are_asked_for_have_an_end(acme, receiver, monkeypatch):
    endpoint = listen(acme, receiver)
    acme.post()
    tell()
    [delivery] = deliveries.of(acme.team, endpoint.id)
    db.changed("UPDATE delivery SET attempts = 100, state = 'failed'")
    with pytest.raises(Conflict):
        deliveries.redeliver(acme.team, endpoint.id, delivery.id)
    lower(monkeypatch, WEBHOOK_TRIES=0)  # all of this minute were made
    with pytest.raises(RateLimited):
        endpoints.test(acme.team, endpoint.id)
