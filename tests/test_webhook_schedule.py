"""When the next attempt is made, when an endpoint is given up, and what a crash costs. Time is moved in the database."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from cast import DAN
from receivers import allow, answer, come_due, echo, in_turn, listen, receiving, tell

from service import db, jobs, payloads, webhooks
from service.errors import LeaseLost
from service.feedback import attempts, deliveries, endpoints, privacy, votes

DUE_IN = "SELECT step, extract(epoch FROM due_at - now())::float FROM delivery ORDER BY id"
LOOK = "SELECT extract(epoch FROM run_at - now())::float FROM job WHERE kind = 'endpoint.deliver' AND claim IS NULL"
PASS = "UPDATE endpoint SET failing_since = failing_since - %(hours)s * interval '1 hour'"
TOLD = """
SELECT type, data->>'state', person_id, user_id, data->>'reason' FROM event
 WHERE type IN ('endpoint.failing', 'endpoint.failed') ORDER BY seq"""

NAMING = """
SELECT d.id FROM delivery d WHERE body LIKE '%%leo%%'
UNION ALL SELECT d.delivery_id FROM delivery_attempt d WHERE answer LIKE '%%leo%%'"""


@pytest.fixture
def receiver(here):
    allow(here)
    with receiving(answer(500)) as made:
        yield made


def failed_once(company, receiver):
    endpoint = listen(company, receiver)
    company.post()
    tell()
    return endpoint


def only_delivery(company, endpoint):
    [delivery] = deliveries.of(company.team, endpoint.id)
    return deliveries.find(company.team, endpoint.id, delivery.id)


def test_the_schedule_is_that_of_the_specification_and_ends_after_eleven_attempts(acme, receiver):
    endpoint = failed_once(acme, receiver)
    for step in range(1, len(deliveries.SCHEDULE)):
        [(at, seconds)] = db.rows(DUE_IN)
        planned = deliveries.SCHEDULE[step]
        assert at == step and 0.8 * planned - 3 < seconds <= 1.2 * planned
        assert db.row(LOOK)[0] == pytest.approx(seconds, abs=1)  # the job comes when it is time
        db.changed(PASS, hours=-200)  # it never fails for long
        come_due()
        tell()
    delivery, tries = only_delivery(acme, endpoint)
    assert (delivery.state, delivery.attempts, len(tries)) == ("failed", 11, 11)
    assert db.row(LOOK) is None
    assert len({each.id for each in receiver.requests}) == 1
    come_due()
    tell()
    assert len(receiver.requests) == 11


def test_what_failed_together_does_not_come_back_together(acme, receiver):
    listen(acme, receiver)
    for place in range(4):
        acme.post(f"Post {place}")
    tell()
    seconds = [seconds for _, seconds in db.rows(DUE_IN)]
    assert len(set(seconds)) == 4 and all(3.5 < each <= 6 for each in seconds)


def test_a_request_carries_the_time_of_its_attempt(acme, receiver):
    failed_once(acme, receiver)
    came = datetime.now(UTC).timestamp()
    assert abs(int(receiver.requests[0].headers["webhook-timestamp"]) - came) < 30


def test_the_owner_is_warned_after_a_day_of_failures_and_the_endpoint_switched_off_after_five(acme, receiver):
    endpoint = failed_once(acme, receiver)
    assert endpoints.find(acme.team, endpoint.id).failing_since
    for hours, told in ((23, []), (2, ["endpoint.failing"]), (24, ["endpoint.failing"]),
                        (70, ["endpoint.failing"]), (2, ["endpoint.failing", "endpoint.failed"])):  # fmt: skip
        db.changed(PASS, hours=hours)
        db.changed("UPDATE delivery SET step = 1")
        come_due()
        acme.post(f"After {hours}")
        tell()
        assert [row[0] for row in db.rows(TOLD)] == told
    assert db.rows(TOLD)[-1] == ("endpoint.failed", "failed", None, None, "It answered 500.")
    assert endpoints.find(acme.team, endpoint.id).state == "failed"
    assert {each.state for each in deliveries.of(acme.team, endpoint.id)} == {"stopped"}
    count = len(receiver.requests)
    acme.post("Nobody hears")
    come_due()
    tell()
    assert len(receiver.requests) == count
    receiver.role = answer()
    endpoints.update(acme.team, endpoint.id, state="active")
    deliveries.redeliver(acme.team, endpoint.id, deliveries.of(acme.team, endpoint.id)[0].id)
    tell()
    assert endpoints.find(acme.team, endpoint.id).failing_since is None
    assert deliveries.of(acme.team, endpoint.id)[0].state == "delivered"


def test_one_success_ends_a_time_of_failures(acme, receiver):
    endpoint = failed_once(acme, receiver)
    db.changed(PASS, hours=30)
    come_due()
    tell()
    receiver.role = answer(204, b"")
    come_due()
    tell()
    row = db.row("SELECT failing_since, warned_at, resting_until, busy_until, state FROM endpoint")
    assert row == (None, None, None, None, "active")
    assert only_delivery(acme, endpoint)[0].state == "delivered"


def test_while_nothing_gets_through_one_is_tried_at_a_time(acme, receiver):
    failed_once(acme, receiver)
    for place in range(6):
        acme.post(f"More {place}")
    tell(2)
    before = len(receiver.requests)
    come_due()
    [job] = jobs.claim("tests", 9, 60, queue="webhooks")
    webhooks.deliver(job)
    assert len(receiver.requests) == before + 1


def test_410_switches_an_endpoint_off_at_once(acme, receiver):
    receiver.role = answer(410)
    endpoint = failed_once(acme, receiver)
    delivery, [tried] = only_delivery(acme, endpoint)
    assert (delivery.state, tried.status) == ("stopped", 410)
    assert endpoints.find(acme.team, endpoint.id).state == "gone"
    assert db.rows(TOLD) == [("endpoint.failed", "gone", None, None, "It answered 410: it wants to hear nothing more.")]
    acme.post("Nobody hears")
    tell()
    assert len(receiver.requests) == 1


def test_an_endpoint_that_asks_for_rest_gets_it_by_seconds_or_by_date(acme, receiver):
    in_an_hour = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)
    for said, least, most in (("600", 590, 600), (in_an_hour, 3500, 3601)):
        receiver.role = answer(429, Retry_After=said)
        endpoint = failed_once(acme, receiver)
        assert least <= db.rows(DUE_IN)[-1][1] <= most and least - 1 <= db.row(LOOK)[0] <= most
        count = len(receiver.requests)
        acme.post("While it rests")
        tell()
        assert len(receiver.requests) == count and deliveries.waiting(acme.team, endpoint.id) == 2
        assert db.row(LOOK)[0] >= least - 1
        receiver.role = answer()
        come_due()
        tell()
        assert deliveries.waiting(acme.team, endpoint.id) == 0
        endpoints.delete(acme.team, endpoint.id)


def test_nobody_rests_for_longer_than_a_day_or_for_what_cannot_be_understood():
    now = datetime(2026, 11, 23, 12, tzinfo=UTC)
    for said, seconds in (
        ("120", 120), ("0", 0), ("-5", 0), ("", 0), (None, 0), ("soon", 0), ("1e9", 0), ("②", 0), ("9" * 5000, 86_400),
        ("Mon, 23 Nov 2026 12:10:00 GMT", 600), ("Mon, 23 Nov 2026 12:10:00 -0000", 600),
        ("Fri, 01 Jan 2100 00:00:00 GMT", 86_400), ("Mon, 01 Jan 1990 00:00:00 GMT", 0),
        ("Mon, 99 Jan 99999 00:00:00 GMT", 0),
    ):  # fmt: skip
        assert webhooks.seconds_of_rest(said, now) == seconds, said


def test_a_crash_between_the_post_and_the_commit_repeats_it_under_the_same_name(acme, receiver):
    receiver.role = in_turn(answer(), answer())
    endpoint = listen(acme, receiver)
    acme.post()
    tell(1)
    [job] = jobs.claim("a worker that dies", 9, 60, queue="webhooks")
    turn = payloads.write(attempts.begin(job))
    [outcome] = webhooks.post_all(turn)
    assert outcome.status == 200  # and here it dies
    db.changed("UPDATE job SET lease_until = now() - interval '1 second' WHERE claim IS NOT NULL")
    db.changed("UPDATE endpoint SET busy_until = now() - interval '1 second'")
    jobs.rescue(0, "webhooks")
    come_due()
    tell()
    with pytest.raises(LeaseLost):  # it was only halted, and comes back
        attempts.end(job, turn, [outcome])
    first, second = receiver.requests
    assert (first.id, first.body) == (second.id, second.body)
    delivery, tries = only_delivery(acme, endpoint)
    assert (delivery.state, len(tries)) == ("delivered", 1)


def test_two_jobs_of_an_endpoint_never_have_the_turn_together(acme, receiver):
    endpoint = listen(acme, receiver)
    acme.post()
    tell(1)
    [first] = jobs.claim("one", 9, 60, queue="webhooks")
    turn = attempts.begin(first)
    acme.post("Another")
    tell(1)
    [second] = jobs.claim("two", 9, 60, queue="webhooks")
    assert attempts.begin(second) is None and second.completed
    assert 0 < db.row(LOOK)[0] <= 1
    attempts.end(first, turn, webhooks.post_all(payloads.write(turn)))
    assert db.row("SELECT busy_until FROM endpoint")[0] is None
    assert deliveries.waiting(acme.team, endpoint.id) == 2  # one has failed, one was never tried


def test_what_was_on_its_way_to_an_old_address_does_not_count_against_the_new_one(acme, receiver):
    with receiving() as other:
        endpoint = listen(acme, receiver)
        acme.post()
        tell(1)
        [job] = jobs.claim("one", 9, 60, queue="webhooks")
        turn = payloads.write(attempts.begin(job))
        endpoints.update(acme.team, endpoint.id, url=other.url)
        receiver.role = answer(410)
        attempts.end(job, turn, webhooks.post_all(turn))
        assert endpoints.find(acme.team, endpoint.id).state == "active"
        come_due()
        tell()
        assert len(other.requests) == 1 and only_delivery(acme, endpoint)[0].state == "delivered"


def test_who_is_erased_is_erased_from_what_was_told_of_them(acme, receiver):
    receiver.role = in_turn(echo(200), echo(500))
    endpoint = listen(acme, receiver, "post.created", "vote.created", "comment.created", "user.erased")
    number = acme.post("Dark mode")
    tell()
    votes.cast(acme.reader(DAN), number)  # of another, about their post
    other = acme.post("Dan's", by=DAN)
    votes.cast(acme.reader(), other)
    tell()
    assert len(db.rows(NAMING)) == 6
    privacy.erase(acme.team, "cleo-7")
    assert db.rows(NAMING) == []
    receiver.role = echo(200)
    come_due()
    count = len(receiver.requests)
    tell()
    waited = receiver.requests[count:]
    assert {each.json["type"] for each in waited} >= {"vote.created", "user.erased"}
    assert not any(b"leo" in each.body for each in waited)
    assert deliveries.waiting(acme.team, endpoint.id) == 0


def test_an_answer_that_comes_after_they_were_erased_is_not_kept(acme, receiver):
    receiver.role = echo(200)
    endpoint = listen(acme, receiver)
    acme.post()
    tell(1)
    [job] = jobs.claim("one", 9, 60, queue="webhooks")
    turn = payloads.write(attempts.begin(job))
    outcomes = webhooks.post_all(turn)
    privacy.erase(acme.team, "cleo-7")
    attempts.end(job, turn, outcomes)
    delivery, [tried] = only_delivery(acme, endpoint)
    assert (delivery.state, delivery.body, tried.answer) == ("delivered", None, None)
