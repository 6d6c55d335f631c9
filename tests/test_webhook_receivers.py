"""Receivers that are slow, broken or hostile, through the real worker: what the log says of each, and that nobody else
waits for them."""

import itertools
import socket
import ssl
import threading
from contextlib import ExitStack

import pytest
import trustme
from receivers import (
    allow,
    answer,
    come_due,
    drip,
    flood,
    hang,
    hang_then_thank,
    receiving,
    reset,
    wait_until,
)

from service import db, events, jobs, webhooks
from service.db import database
from service.feedback import consequences, deliveries, endpoints
from service.handlers import QUEUES
from service.worker import Worker

ALL = {events.FOLLOW_UP: consequences.follow_up, endpoints.DELIVER: webhooks.deliver}
UNDER_WAY = "SELECT count(*) FROM job WHERE queue = 'webhooks' AND claim IS NOT NULL"
LOOKS = "SELECT coalesce(max(id), 0) FROM job WHERE queue = 'webhooks' AND claim IS NULL"
TRIED = "SELECT count(*) FROM delivery WHERE attempts > 0"


@pytest.fixture
def working(here):
    """Starts the worker of the webhooks, as `sayso worker` does; it is stopped when the test is over."""
    allow(here)
    started = []

    def start() -> None:
        queue = QUEUES[endpoints.QUEUE]
        worker = Worker(here.database_url, endpoints.QUEUE, **queue._asdict(), handlers=ALL, cron={}, grace=15)
        thread = threading.Thread(target=worker.run)
        thread.start()
        started.append((worker, thread))

    yield start
    for worker, _ in started:
        worker.stop()
    for _, thread in started:
        thread.join(20)
        assert not thread.is_alive()


@pytest.fixture
def names(monkeypatch):
    """The name server: for each name lists of addresses, one for each time that it is asked; the last one stays."""
    real, known = socket.getaddrinfo, {}

    def look_up(host, port, family=0, type=0, proto=0, flags=0):
        if host not in known or flags & socket.AI_NUMERICHOST:
            return real(host, port, family, type, proto, flags)
        found = next(known[host])
        if not found:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return [(socket.AF_INET, type, 6, "", (each, 0)) for each in found]

    def say(name, *answers):
        known[name] = itertools.chain(answers, itertools.repeat(answers[-1]))

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return say


@pytest.fixture
def stack():
    with ExitStack() as made:
        yield made


def listen(company, url, *types):
    return endpoints.create(company.team, url, list(types or ["post.created"]))[0]


def strangers() -> ssl.SSLContext:
    """A certificate of an authority that nobody knows."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    return context


def test_each_has_its_outcome_in_the_log(acme, working, names, stack):
    trap = stack.enter_context(receiving(host="127.0.0.2"))
    here = {
        role: stack.enter_context(receiving(play, **more)) for role, play, more in (
            ("fine", answer(204, b""), {}), ("hangs", hang, {}), ("drips", drip, {}), ("resets", reset, {}),
            ("rests", answer(429, Retry_After="3600"), {}), ("is gone", answer(410), {}), ("fails", answer(503), {}),
            ("leads elsewhere", answer(301, Location=trap.url), {}), ("floods", flood, {}),
            ("has a bad certificate", answer(), {"trust": strangers()}), ("rebinds", answer(), {}),
        )
    }  # fmt: skip
    names("no-such-name.example", [])
    names("inside.example", ["127.0.0.2"])
    names("half-inside.example", ["127.0.0.1", "10.0.0.1"])
    names("rebinds.example", ["127.0.0.1"], ["127.0.0.2"])
    urls = {role: receiver.url for role, receiver in here.items()} | {
        "has no name": "https://no-such-name.example/", "is inside": f"http://inside.example:{trap.port}/",
        "is half inside": f"http://half-inside.example:{trap.port}/", "is nobody": closed_port(),
        "rebinds": f"http://rebinds.example:{here['rebinds'].port}/",
    }  # fmt: skip
    made = {role: listen(acme, url) for role, url in urls.items()}
    acme.post()
    tell_follow_ups()
    working()
    wait_until(lambda: db.row(TRIED)[0] == len(made))
    timeout, private = "There was no answer within 10 seconds.", "This address leads into a private network"
    assert {role: outcome(acme, endpoint) for role, endpoint in made.items()} == {
        "fine": ("delivered", 204, None), "hangs": ("waiting", None, timeout), "drips": ("waiting", None, timeout),
        "resets": ("waiting", None, "The connection was closed"), "rests": ("waiting", 429, "It answered 429."),
        "is gone": ("stopped", 410, "It answered 410: it wants"), "fails": ("waiting", 503, "It answered 503."),
        "leads elsewhere": ("waiting", 301, "It answered 301; redirects are not followed."),
        "floods": ("delivered", 200, None),
        "has a bad certificate": ("waiting", None, "certificate"), "rebinds": ("delivered", 200, None),
        "has no name": ("waiting", None, "The name no-such-name.example was not found."),
        "is inside": ("waiting", None, private), "is half inside": ("waiting", None, private),
        "is nobody": ("waiting", None, "refused"),
    }  # fmt: skip
    assert trap.requests == [] and len(here["rebinds"].requests) == 1
    assert {role: endpoints.find(acme.team, each.id).state for role, each in made.items() if role != "is gone"} == {
        role: "active" for role in made if role != "is gone"}  # fmt: skip
    assert endpoints.find(acme.team, made["is gone"].id).state == "gone"
    _, [flooded] = only(acme, made["floods"])
    assert flooded.answer == "x" * 16_000
    acme.post("Again")  # by now the name means what is inside
    tell_follow_ups()
    newest = deliveries.of(acme.team, made["rebinds"].id)[0]
    wait_until(lambda: deliveries.find(acme.team, made["rebinds"].id, newest.id)[1])
    assert deliveries.find(acme.team, made["rebinds"].id, newest.id)[1][0].reason.startswith(private)
    assert trap.requests == []


def closed_port() -> str:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return f"http://127.0.0.1:{server.getsockname()[1]}/"


def only(company, endpoint):
    [delivery] = deliveries.of(company.team, endpoint.id)
    return deliveries.find(company.team, endpoint.id, delivery.id)


def outcome(company, endpoint) -> tuple:
    """State, status and the part of the reason that matters."""
    delivery, [tried, *_] = only(company, endpoint)
    known = ("This address leads into a private network", "The connection was closed", "It answered 410: it wants",
             "certificate", "refused")  # fmt: skip
    return delivery.state, tried.status, next((each for each in known if each in (tried.reason or "")), tried.reason)


def test_while_it_posts_a_job_holds_no_connection_to_the_database(here, acme, stack):
    allow(here)
    held = []
    receiver = stack.enter_context(receiving(lambda *asked: (held.append(len(database._in_use)), answer()(*asked))))
    listen(acme, receiver.url)
    acme.post()
    tell_follow_ups()
    [job] = jobs.claim("tests", 9, 60, queue="webhooks")
    webhooks.deliver(job)
    assert held == [0] and not database.is_closed()


def test_a_workspace_whose_endpoints_hang_holds_up_no_other(acme, globex, working, stack):
    hanging = [stack.enter_context(receiving(hang_then_thank)) for _ in range(5)]
    fine = stack.enter_context(receiving())
    for each in hanging:
        listen(acme, each.url)
    listen(globex, fine.url)
    for place in range(10):
        acme.post(f"Post {place}")
    tell_follow_ups()
    working()
    wait_until(lambda: sum(each.now for each in hanging) == 3 * 4)  # three endpoints at once, four deliveries each
    for place in range(3):
        globex.post(f"Theirs {place}")
        tell_follow_ups()
        fine.wait_for(place + 1)
        assert sum(each.now for each in hanging) == 3 * 4  # all of them hang still
    assert sum(len(each.requests) for each in hanging) == 3 * 4
    assert db.row(UNDER_WAY)[0] >= 3
    for each in hanging:
        each.let_go.set()
    wait_until(lambda: db.row("SELECT count(*) FROM delivery WHERE state = 'delivered'")[0] == 5 * 10 + 3)
    assert max(each.most for each in hanging) == 4


def tell_follow_ups() -> None:
    """What follows from events, and nothing of the webhooks' own queue."""
    for job in jobs.claim("tests", 100, 60):
        if job.kind == events.FOLLOW_UP:
            consequences.follow_up(job)


def test_at_most_four_deliveries_are_under_way_to_an_endpoint_in_all_workers(acme, working, stack):
    receiver = stack.enter_context(receiving(hang_then_thank))
    endpoint = listen(acme, receiver.url)
    for place in range(9):
        acme.post(f"Post {place}")
    tell_follow_ups()
    working()
    working()
    receiver.wait_for(4)
    looked = db.row(LOOKS)[0]
    for place in range(3):
        acme.post(f"Another {place}")
        tell_follow_ups()
    wait_until(lambda: db.row(LOOKS)[0] > looked + 2)  # somebody looked, and put it off
    assert len(receiver.requests) == 4
    receiver.let_go.set()
    receiver.wait_for(12)
    wait_until(lambda: deliveries.waiting(acme.team, endpoint.id) == 0)
    assert receiver.most == 4 and len({each.id for each in receiver.requests}) == 12


def test_an_endpoint_that_answers_again_gets_all_that_waited(acme, working, stack):
    receiver = stack.enter_context(receiving(answer(500)))
    endpoint = listen(acme, receiver.url)
    for place in range(10):
        acme.post(f"Post {place}")
    tell_follow_ups()
    working()
    wait_until(lambda: db.row(TRIED)[0] == 4)  # the first turn; the others wait for a breather
    receiver.role = answer()
    come_due()
    db.notify("sayso_job")
    wait_until(lambda: deliveries.waiting(acme.team, endpoint.id) == 0)
    assert {each.state for each in deliveries.of(acme.team, endpoint.id)} == {"delivered"}
    assert len({each.id for each in receiver.requests}) == 10
