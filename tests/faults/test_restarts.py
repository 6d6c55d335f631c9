"""PostgreSQL goes away and comes back under load: nothing that was accepted is lost, and nobody is restarted for it."""

import json
import os
import signal
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager

import psycopg2
import pytest
import urllib3
from installation import running, until

SENDERS, PAUSE = 3, 0.03
PATIENCE = 20  # seconds until it must have gone on; the figures say how long it takes
PROCESSES = ("web", "worker", "stream")
TRACES = """
SELECT p.number,
       (SELECT count(*) FROM event e
         WHERE e.workspace_id = p.workspace_id AND e.post_number = p.number AND e.type = 'post.created'),
       (SELECT count(*) FROM post_embedding v WHERE v.workspace_id = p.workspace_id AND v.post_number = p.number)
  FROM post p WHERE p.title LIKE 'Wish %'"""
LEFT = "SELECT kind FROM job WHERE workspace_id <> 0 AND run_at < now() + interval '1 minute'"  # letters may wait for hours
DEAF = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query ~ 'LISTEN' AND pid <> pg_backend_pid()"
LISTENING = "SELECT count(*) FROM pg_stat_activity WHERE query ~ '^LISTEN'"


@pytest.fixture(scope="module")
def sayso():
    with running() as sayso:
        assert sayso.demo["api_key"]
        yield sayso


def ask(sayso, question) -> list[tuple]:
    with closing(psycopg2.connect(sayso.database_url)) as connection:
        connection.autocommit = True
        cursor = connection.cursor()
        cursor.execute(question)
        return cursor.fetchall()


class Senders:
    """What they were answered: the numbers of the posts that were accepted, and every other answer."""

    def __init__(self, sayso):
        self.address, self.key = f"{sayso.base_url}/api/v1/posts", {"Authorization": f"Bearer {sayso.demo['api_key']}"}
        self.http = urllib3.PoolManager(maxsize=SENDERS, block=True, retries=False, timeout=30)
        self.accepted, self.others, self.ended = [], [], threading.Event()

    def send(self, name: str) -> int | None:
        wish = json.dumps({"title": f"Wish {name}", "body": "Never forget it.", "author": "u_1001"})
        headers = {**self.key, "Content-Type": "application/json"}
        answer = self.http.request("POST", self.address, body=wish, headers=headers)
        if answer.status != 201:
            self.others.append((answer.status, "retry-after" in answer.headers))
            return None
        self.accepted.append(answer.json()["number"])
        return self.accepted[-1]

    def run(self, number: int) -> None:
        while not self.ended.wait(PAUSE):
            self.send(f"of {number}")


@contextmanager
def load(sayso):
    senders = Senders(sayso)
    with ThreadPoolExecutor(SENDERS) as pool:
        going = [pool.submit(senders.run, number) for number in range(SENDERS)]
        try:
            yield senders
        finally:
            senders.ended.set()
    assert [each.exception() for each in going] == [None] * SENDERS, "the web process itself never went away"


def answers(sayso) -> bool:
    try:
        return bool(ask(sayso, "SELECT 1"))
    except (psycopg2.Error, AttributeError):  # it is not up, or not yet to be found
        return False


def is_followed_up(sayso, number: int) -> bool:
    return any(found == (number, 1, 1) for found in ask(sayso, TRACES))


def seconds_since(began: float) -> float:
    return round(time.monotonic() - began, 2)


def test_when_those_who_listen_are_cut_off_the_next_event_is_seen_and_the_next_job_done(sayso, figure):
    senders = Senders(sayso)
    how = {"headers": senders.key, "preload_content": False, "timeout": PATIENCE}
    live = urllib3.request("GET", f"{sayso.stream_origin}/stream", **how)
    with closing(live):
        lines = iter(live.readline, b"")
        assert next(lines).startswith(b":")
        cut = len(ask(sayso, DEAF))
        assert cut >= 2, "the stream’s, and one for each queue"
        began = time.monotonic()
        number = senders.send("after the cut")
        assert b"event: post.created\n" in lines
        figure("seconds until an event was seen, its LISTEN cut off", seconds_since(began))
        until(lambda: is_followed_up(sayso, number), PATIENCE)
        figure("seconds until a job was done, its LISTEN cut off", seconds_since(began))
    until(lambda: ask(sayso, LISTENING) == [(cut,)], PATIENCE)


@pytest.mark.parametrize("kind", [signal.SIGINT, signal.SIGQUIT], ids=["fast", "immediate"])
def test_postgres_restarted_under_load_costs_a_few_answers_and_nothing_else(sayso, figure, kind):
    ours = {name: sayso.pid(name) for name in PROCESSES}
    with load(sayso) as senders:
        until(lambda: len(senders.accepted) > 30, PATIENCE)
        server = sayso.pid("postgres")
        os.kill(server, kind)  # what pg_ctl does; `sayso up` starts it again
        until(lambda: sayso.pid("postgres") not in {server, None} and answers(sayso), PATIENCE)
        back, before = time.monotonic(), len(senders.accepted)
        until(lambda: len(senders.accepted) > before, PATIENCE)
        figure(f"seconds until a post was taken after a restart ({kind.name})", seconds_since(back))
        until(lambda: is_followed_up(sayso, senders.accepted[before]), PATIENCE)
        figure(f"seconds until it was followed up ({kind.name})", seconds_since(back))
    until(lambda: ask(sayso, LEFT) == [], 120, every=0.2)  # what failed twice waits for 45 s, a lease ends after 60
    figure(f"seconds until all was done ({kind.name})", seconds_since(back))

    assert {name: sayso.pid(name) for name in PROCESSES} == ours, "nobody had to be restarted"
    assert set(senders.others) <= {(503, True)}
    figure(f"answers of 503 while it was away ({kind.name})", len(senders.others))
    traces = {number: found for number, *found in ask(sayso, TRACES)}
    assert set(senders.accepted) <= set(traces)
    assert Counter(map(tuple, traces.values())) == {(1, 1): len(traces)}, "event and vector of each"
    assert ask(sayso, "SELECT kind, reason FROM job_dead") == []


def test_what_was_counted_still_holds_when_all_of_it_was_stopped_and_started_again(sayso):
    def ask_for_a_link() -> int:
        body, headers = "do=ask&email=sue@customer.example", {"Origin": sayso.base_url}
        headers["Content-Type"] = "application/x-www-form-urlencoded"
        address = f"{sayso.base_url}/b/{sayso.demo['workspace']}/sign-in"
        return urllib3.request("POST", address, body=body, headers=headers, redirect=False, timeout=30).status

    assert [ask_for_a_link() for _ in range(6)] == [200] * 5 + [429]
    assert sayso.stop() == 0
    sayso.said.clear()
    sayso.start()
    assert ask_for_a_link() == 429
