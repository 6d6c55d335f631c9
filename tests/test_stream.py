"""Live updates over a real socket: what a browser with an open stream hears, and what it never hears."""

import contextlib
import json
import socket
import threading
import time
from contextlib import closing, contextmanager

import pytest
import urllib3
import uvicorn
from cast import ADA, BEN, CLEO, DAN

from service import db, events, hub, stream
from service.feedback import activity, keys, members, planning, sign_in, team, votes
from service.lib import tokens

SECONDS = 5  # within which everything must have been heard


@pytest.fixture
def server(here):
    """The stream process's application on a free port; yields its address."""
    listening = socket.create_server(("127.0.0.1", 0))
    application = stream.create_app(here.database_url)
    running = uvicorn.Server(uvicorn.Config(application, log_level="error", lifespan="on", timeout_graceful_shutdown=1))
    thread = threading.Thread(target=running.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{listening.getsockname()[1]}/stream"
    running.should_exit = True
    thread.join(SECONDS)


def ticket(company, session=None, origin=None) -> str:
    return tokens.sign("ticket", {"w": company.workspace.id, "s": session, "o": origin})


def signed_in(email) -> sign_in.Session:
    return sign_in.who(sign_in.begin(members.person(email), sign_in.NOWHERE))


@contextmanager
def listening(server, **asked):
    """An open stream; yields a function that returns the next event as (number, type, data)."""
    headers = {"Connection": "close", **asked.pop("headers", {})}
    how = {"preload_content": False, "timeout": SECONDS, "retries": False}
    answer = urllib3.request("GET", server, fields=asked, headers=headers, **how)
    assert answer.status == 200, answer.read()
    lines = iter(answer.stream(1, decode_content=False))

    def line() -> str:
        got = b""
        while not got.endswith(b"\n"):
            got += next(lines)
        return got[:-1].decode()

    def heard():
        found = {}
        while "data" not in found:
            name, _, value = line().partition(": ")
            found[name] = value
        return int(found["id"]), found["event"], json.loads(found["data"])

    assert line().startswith(":")  # from here on it is subscribed
    yield heard
    answer.close()


def test_an_open_page_hears_of_a_new_post_and_of_its_status(server, acme):
    with listening(server, ticket=ticket(acme)) as heard:
        number = acme.post()
        assert heard() == (2, "post.created", {"post": number})  # that we know its author now is for the team
        planning.set_status(acme.team, number, "planned")
        assert heard() == (3, "post.status_changed", {"post": number})


def test_a_vote_is_heard_although_it_sends_no_hint(server, acme):
    number = acme.post(by=CLEO)
    with listening(server, ticket=ticket(acme), after=2) as heard:
        votes.cast(acme.reader(DAN), number)
        assert heard()[1] == "vote.created"


def test_a_vote_is_heard_although_another_workspace_gives_hints_all_the_time(server, acme, globex, here):
    number, over = acme.post(by=CLEO), threading.Event()

    def chatter():
        with closing(db.listener(here.database_url)) as connection:
            while not over.wait(0.05):
                connection.cursor().execute(f"NOTIFY {events.HINT}, '{globex.workspace.id}'")

    thread = threading.Thread(target=chatter)
    thread.start()
    try:
        with listening(server, ticket=ticket(acme), after=2) as heard:
            time.sleep(0.2)  # its first look is over
            votes.cast(acme.reader(DAN), number)
            assert heard()[1] == "vote.created"
    finally:
        over.set()
        thread.join()


def test_who_reconnects_with_the_last_event_id_misses_nothing(server, acme):
    for title in ("one", "two", "three"):
        acme.post(title)
    with listening(server, ticket=ticket(acme), headers={"Last-Event-ID": "1"}) as heard:
        assert [heard()[0], heard()[0]] == [2, 3]


def test_a_page_of_another_workspace_hears_nothing(server, acme, globex):
    with listening(server, ticket=ticket(globex)) as heard:
        acme.post()
        globex.post("Ours")
        assert heard() == (2, "post.created", {"post": 1})


def test_users_never_hear_of_a_private_board_and_members_do(server, acme):
    db.changed("UPDATE board SET access = 'private' WHERE workspace_id = %(w)s AND key = 'bugs'", w=acme.workspace.id)
    tickets = ticket(acme), ticket(acme, signed_in(BEN).id)
    acme.user(CLEO)
    with listening(server, ticket=tickets[0]) as user, listening(server, ticket=tickets[1]) as member:
        acme.post("Secret", board="bugs", public=False)
        acme.post("Open")
        assert user() == (4, "post.created", {"post": 2})
        assert member() == (3, "post.created", {"post": 1})


def test_an_api_key_opens_the_stream_too(server, acme):
    acme.user(CLEO)
    with listening(server, headers=acme.bearer()) as heard:
        acme.post()
        assert heard()[1] == "post.created"


def ends(heard) -> bool:
    """Whether the line is cut instead of telling more."""
    with pytest.raises(StopIteration):
        heard()
    return True


@pytest.mark.parametrize("leave", [
    lambda acme, ben: sign_in.sign_out(ben),
    lambda acme, ben: team.remove(acme.team, ben.person.id),
])  # fmt: skip
def test_whose_session_or_membership_ended_is_cut_off_and_cannot_use_a_ticket_they_kept(server, acme, leave):
    ben = signed_in(BEN)
    kept, other = ticket(acme, ben.id), ticket(acme, signed_in(ADA).id)
    with listening(server, ticket=kept) as heard, listening(server, ticket=ticket(acme)) as user:
        leave(acme, ben)
        assert ends(heard)
        assert urllib3.request("GET", server, fields={"ticket": kept}, retries=False).status == 401
        acme.post()
        assert user()[1] == "post.created", "who hears what everybody may goes on"
    with listening(server, ticket=other, after=0) as heard:
        assert heard(), "who may comes back"


def test_a_key_that_ends_hears_no_more(server, acme):
    key, secret = keys.make(acme.team, "ci", ["read"])
    headers = {"Authorization": f"Bearer {secret}"}
    with listening(server, headers=headers) as heard:
        keys.end(acme.team, key.id)
        assert ends(heard)
    assert urllib3.request("GET", server, headers=headers, retries=False).status == 401


@pytest.mark.parametrize("bad", ["", "garbage", "x" * 5000])
def test_without_a_valid_ticket_there_is_a_problem_and_no_stream(server, bad):
    answer = urllib3.request("GET", server, fields={"ticket": bad}, retries=False)
    assert answer.status == 401
    assert answer.json()["code"] == "token_invalid"


def test_a_program_that_asks_too_often_is_told_when_to_come_back(server, acme):
    with listening(server, headers=acme.bearer()):
        db.changed("UPDATE rate SET hits = 1000000, window_start = window_start + interval '1 minute'")
    answer = urllib3.request("GET", server, headers=acme.bearer(), retries=False)
    assert (answer.status, answer.json()["code"]) == (429, "rate_limited") and 1 <= int(answer.headers["retry-after"]) <= 60


def test_a_ticket_of_one_page_is_refused_to_a_page_of_another_origin(server, acme):
    fields = {"ticket": ticket(acme, origin="https://app.acme.example")}
    answer = urllib3.request("GET", server, fields=fields, headers={"Origin": "https://evil.example"}, retries=False)
    assert answer.status == 401


def test_an_old_ticket_is_refused(server, acme, monkeypatch):
    monkeypatch.setitem(tokens.LIFETIME, "ticket", -1)
    answer = urllib3.request("GET", server, fields={"ticket": ticket(acme)}, retries=False)
    assert (answer.status, answer.json()["code"]) == (401, "token_expired")


def test_it_goes_on_after_every_connection_to_the_database_was_killed(server, acme):
    with listening(server, ticket=ticket(acme)) as heard:
        db.rows("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() "
                "AND pid <> pg_backend_pid()")  # fmt: skip
        acme.post()
        assert heard()[1] == "post.created"


def test_a_lost_hint_delays_an_event_by_a_second_at_most(server, acme, monkeypatch):
    monkeypatch.setattr(db, "say", lambda: None)
    with listening(server, ticket=ticket(acme)) as heard:
        acme.post()
        began = time.monotonic()
        assert heard()[1] == "post.created"
        assert time.monotonic() - began < SECONDS


def test_who_does_not_read_is_let_go_and_nothing_piles_up(monkeypatch):
    monkeypatch.setattr(hub, "MOST_WAITING", 3)
    everyone = hub.Hub("", hub.Caps())
    slow, cut = hub.Subscriber(1, 0, 0, "net"), []
    slow.cut = lambda: cut.append("cut")
    with everyone.listening(slow):
        everyone.deliver(slow, [activity.News(seq, "post.created", seq, True) for seq in range(1, 100)])
        assert (slow.waiting.qsize(), cut, dict(everyone.subscribers)) == (3, ["cut"], {})
        assert everyone.open["all"] == 1, "until it has ended it counts"
    assert everyone.open["all"] == 0


def test_a_connection_ends_after_a_while_whatever_it_waits_for(server, acme, monkeypatch):
    monkeypatch.setattr(stream, "LONGEST_SECONDS", 0.5)
    answer = urllib3.request("GET", server, fields={"ticket": ticket(acme)}, preload_content=False, timeout=SECONDS)
    began = time.monotonic()
    with contextlib.suppress(urllib3.exceptions.HTTPError):
        list(answer.stream(1, decode_content=False))
    assert time.monotonic() - began < SECONDS


def test_one_workspace_or_one_network_cannot_take_all_the_room():
    everyone = hub.Hub("", hub.Caps(total=10, workspace=2, network=1))
    with everyone.listening(hub.Subscriber(1, 0, 0, "a")), everyone.listening(hub.Subscriber(1, 0, 0, "b")):
        assert not everyone.has_room(hub.Subscriber(1, 0, 0, "c"))
        assert not everyone.has_room(hub.Subscriber(2, 0, 0, "a"))
        assert everyone.has_room(hub.Subscriber(2, 0, 0, "c"))


def test_a_closed_page_is_forgotten(server, acme):
    for _ in range(3):
        with listening(server, ticket=ticket(acme)):
            pass
    with listening(server, ticket=ticket(acme)) as heard:
        acme.post()
        assert heard()[1] == "post.created"


def test_who_says_that_they_have_heard_what_has_not_happened_yet_is_cut_off_all_the_same(server, acme):
    ben = signed_in(BEN)
    newest = events.latest(acme.workspace.id)
    with listening(server, ticket=ticket(acme, ben.id), after=newest + 1) as heard:
        sign_in.sign_out(ben)
        assert ends(heard)
