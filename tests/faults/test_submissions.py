"""The promise of the whole: what was accepted is kept, and what follows from it happens, whichever process dies."""

import json
import os
import re
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from email import message_from_bytes, policy

import psycopg2
import pytest
import urllib3
from aiosmtpd.controller import Controller
from installation import free_ports, running, until

POSTS, SENDERS, KILLS_OF_THE_WORKER = 200, 4, 2
LEASE_SECONDS = 3
JOBS_AT_A_TIME = 4  # that a worker runs, and can lose when it is killed
TRACES = """
SELECT p.number,
       (SELECT count(*) FROM event e
         WHERE e.workspace_id = p.workspace_id AND e.post_number = p.number AND e.type = 'post.created'),
       (SELECT count(*) FROM post_embedding v WHERE v.workspace_id = p.workspace_id AND v.post_number = p.number),
       (SELECT count(*) FROM letter l JOIN event e ON e.workspace_id = l.workspace_id AND e.seq = l.event_seq
         WHERE l.workspace_id = p.workspace_id AND e.post_number = p.number AND l.state = 'sent')
  FROM post p WHERE p.title LIKE 'Wish %'"""
LEFT = "SELECT count(*) FROM job WHERE kind <> 'rows.prune'"


class Postbox:
    """A mail server that counts the letters about each post."""

    def __init__(self):
        self.received, self.ids = Counter(), Counter()

    async def handle_DATA(self, server, session, envelope):
        letter = message_from_bytes(envelope.content, policy=policy.default)
        self.received[int(re.search(r"#(\d+)", letter["Subject"])[1])] += 1
        self.ids[letter["Message-ID"]] += 1
        return "250 OK"


@pytest.fixture
def postbox():
    box = Postbox()
    server = Controller(box, hostname="127.0.0.1", port=free_ports(1)[0])
    server.start()
    box.url = f"smtp://127.0.0.1:{server.port}"
    yield box
    server.stop()


def submit(sayso, accepted: list[int], start: int) -> None:
    """Send our share of the posts; accepted are exactly those that were answered with 201."""
    key = {"Authorization": f"Bearer {sayso.demo['api_key']}", "Content-Type": "application/json"}
    with urllib3.PoolManager(headers=key, retries=False, timeout=30) as http:
        for number in range(start, POSTS, SENDERS):
            try:
                wish = json.dumps({"title": f"Wish {number}", "body": "Never forget it.", "author": "u_1001"})
                answer = http.request("POST", f"{sayso.base_url}/api/v1/posts", body=wish)
            except urllib3.exceptions.HTTPError:
                continue  # it died under us: perhaps accepted, but nobody was told
            if answer.status == 201:
                accepted.append(answer.json()["number"])


def kill_in_the_middle(sayso, accepted: list[int], postbox: Postbox) -> None:
    until(lambda: len(postbox.received) > 5, 60)
    sayso.kill("worker")
    until(lambda: len(accepted) > 60, 60)
    sayso.kill("stream")
    until(lambda: len(accepted) > 90, 60)
    sayso.kill("web")
    until(lambda: len(accepted) > 120 and len(postbox.received) > 30, 60)
    sayso.kill("worker")


def ask(sayso, question) -> list[tuple]:
    connection = psycopg2.connect(sayso.database_url)
    try:
        cursor = connection.cursor()
        cursor.execute(question)
        return cursor.fetchall()
    finally:
        connection.close()


def test_every_accepted_post_is_kept_and_followed_up_whatever_is_killed(postbox):
    accepted = []
    with running(SMTP_URL=postbox.url, SAYSO_LEASE=str(LEASE_SECONDS)) as sayso:
        assert sayso.demo["api_key"]
        with ThreadPoolExecutor(SENDERS) as senders:
            for start in range(SENDERS):
                senders.submit(submit, sayso, accepted, start)
            kill_in_the_middle(sayso, accepted, postbox)
        until(lambda: ask(sayso, LEFT) == [(0,)], 60, every=0.2)

        traces = {number: found for number, *found in ask(sayso, TRACES)}
        assert len(accepted) == len(set(accepted)) >= POSTS - SENDERS, "only what was on its way may fail"
        assert set(accepted) <= set(traces)
        assert Counter(map(tuple, traces.values())) == {(1, 1, 1): len(traces)}, "event, vector and letter of each"
        assert ask(sayso, "SELECT kind, reason FROM job_dead") == []

        assert set(postbox.received) == set(traces)
        assert max(postbox.received.values()) <= 2
        twice = [number for number, times in postbox.received.items() if times == 2]
        assert len(twice) <= KILLS_OF_THE_WORKER * JOBS_AT_A_TIME
        assert len(postbox.ids) == len(traces), "a letter that is sent twice has one Message-ID"

        health = urllib3.request("GET", f"http://127.0.0.1:{sayso.stream_port}/healthz", retries=False)
        assert health.status == 200
        ours = sayso.processes()
        assert sayso.pid("postgres") in ours
        assert sayso.stop() == 0
    until(lambda: not any(is_alive(pid) for pid in ours), 5)


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
