"""The way out to addresses that people give us: only to what was checked, and never for long."""

import socket
import ssl
import threading
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest
import trustme
from ways_out import HERE, LOOPBACK, OK, drips, hangs, name_server, reason, resets, says, server

from service.lib import outbound


@pytest.fixture
def names(monkeypatch):
    return name_server(monkeypatch)


# ── to the checked address, and nowhere else ──


def test_what_is_posted_arrives_and_what_is_answered_comes_back():
    answer = (b"HTTP/1.1 429 Slow\r\nRetry-After: 7\r\nX-A: 1\r\nx-a: 2\r\nTransfer-Encoding: chunked\r\n\r\n"
              b"3\r\nnot\r\n0\r\n\r\n")  # fmt: skip
    with server(says(answer)) as there:
        url = f"http://127.0.0.1:{there.port}/hööks?a=b c".replace(" ", "%20")
        got = outbound.post(url, b'{"a":1}', {"webhook-id": "msg_1_1"}, allow=HERE)
    assert (got.status, got.body, got.headers["retry-after"], got.headers["x-a"]) == (429, b"not", "7", "1, 2")
    assert 0 < got.seconds < 10
    [asked] = there.asked
    head, _, body = asked.partition(b"\r\n\r\n")
    assert head.startswith(f"POST /h%C3%B6%C3%B6ks?a=b%20c HTTP/1.1\r\nHost: 127.0.0.1:{there.port}\r\n".encode())
    assert b"webhook-id: msg_1_1" in head and b"content-length: 7" in head.lower() and body == b'{"a":1}'


def test_a_name_that_means_something_else_a_moment_later_leads_only_where_it_was_checked(names):
    names.set("rebind.example", [LOOPBACK])  # a second question would find nothing any more, and fail
    with server(says(OK)) as first, server(says(OK), "127.0.0.2", first.port) as second:
        assert outbound.post(f"http://rebind.example:{first.port}/", b"", {}, allow=HERE).status == 200
        names.set("rebind.example", [LOOPBACK], ["127.0.0.2"])
        assert outbound.post(f"http://rebind.example:{first.port}/", b"", {}, allow=HERE).status == 200
    assert len(first.asked) == 2 and second.asked == []


def test_a_redirect_is_an_answer_and_not_followed():
    with server(says(OK)) as secret:
        to = b"HTTP/1.1 301 Moved\r\nLocation: http://127.0.0.1:%d/\r\nContent-Length: 0\r\n\r\n" % secret.port
        with server(says(to)) as there:
            assert outbound.post(f"http://127.0.0.1:{there.port}/", b"", {}, allow=HERE).status == 301
        assert secret.asked == []


def test_hints_before_an_answer_are_not_taken_for_it():
    early = b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n"
    with server(says(early + b"HTTP/1.1 100 Continue\r\n\r\n" + early + OK)) as there:
        got = outbound.post(f"http://127.0.0.1:{there.port}/", b"", {}, allow=HERE)
        assert (got.status, got.body) == (200, b"ok") and "link" not in got.headers
    with server(says(early * 100 + OK)) as there:
        assert reason(f"http://127.0.0.1:{there.port}/", allow=HERE).startswith("answer: ")
    with server(says(b"HTTP/1.1 101 Switching Protocols\r\n\r\n")) as there:
        assert outbound.post(f"http://127.0.0.1:{there.port}/", b"", {}, allow=HERE).status == 101


def test_proxies_of_the_environment_are_ignored(monkeypatch):
    with server(says(OK)) as proxy, server(says(OK)) as there:
        for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        assert outbound.post(f"http://127.0.0.1:{there.port}/", b"", {}, allow=HERE).status == 200
        assert proxy.asked == [] and len(there.asked) == 1


def test_the_next_address_is_tried_when_one_does_not_answer(names):
    names.set("two.example", ["127.0.0.3", LOOPBACK])
    with server(says(OK)) as there:
        assert outbound.post(f"http://two.example:{there.port}/", b"", {}, allow=HERE).status == 200


# ── certificates ──


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


def serving(certificate) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return context


def trusting(authority) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


def test_the_name_and_not_the_address_is_what_the_certificate_and_the_server_know(names, authority):
    asked_for, context = [], serving(authority.issue_cert("hooks.example"))
    context.sni_callback = lambda _, name, __: asked_for.append(name)
    names.set("hooks.example", [LOOPBACK])
    with server(says(OK), trust=context) as there:
        url = f"https://hooks.example:{there.port}/in"
        assert outbound.post(url, b"{}", {}, allow=HERE, trust=trusting(authority)).body == b"ok"
        assert asked_for == ["hooks.example"] and b"\r\nHost: hooks.example:%d\r\n" % there.port in there.asked[0]


def test_a_certificate_that_does_not_fit_is_refused_and_nothing_is_told(names, authority):
    past = datetime.now(UTC) - timedelta(days=1)
    trust = trusting(authority)
    for certificate, known, says_why in (
        (authority.issue_cert("other.example"), trust, "Hostname mismatch"),
        (authority.issue_cert("hooks.example", not_before=past - timedelta(days=9), not_after=past), trust, "expired"),
        (trustme.CA().issue_cert("hooks.example"), trust, "unable to get local issuer"),
        (authority.issue_cert("hooks.example"), None, "unable to get local issuer"),
    ):
        names.set("hooks.example", [LOOPBACK])
        with server(says(OK), trust=serving(certificate)) as there:
            said = reason(f"https://hooks.example:{there.port}/", allow=HERE, trust=known)
            assert said.startswith("tls: ") and says_why in said
            assert there.asked == []


def test_a_server_without_tls_is_no_secure_one():
    with server(says(OK)) as there:
        assert reason(f"https://127.0.0.1:{there.port}/", allow=HERE).startswith("tls: ")


# ── servers that do not behave ──


@pytest.mark.parametrize("behave", [hangs, drips])
def test_all_of_it_ends_in_time(behave):
    with server(behave) as there:
        assert reason(f"http://127.0.0.1:{there.port}/", allow=HERE, seconds=0.4) == (
            "timeout: There was no answer within 0.4 seconds.")  # fmt: skip


def test_a_handshake_or_a_name_server_that_hangs_ends_in_time_too(monkeypatch):
    with server(hangs) as there:
        assert reason(f"https://127.0.0.1:{there.port}/", allow=HERE, seconds=0.3).startswith("timeout: ")
    ended = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, flags=0, **__: [] if flags else ended.wait(20) and [])
    assert reason("https://slow.example/", seconds=0.2).startswith("timeout: ")
    ended.set()


def test_a_connection_that_nobody_takes_ends_in_time():
    one, two = socket.socket(), socket.socket()
    with socket.create_server((LOOPBACK, 0), backlog=0) as full, closing(one), closing(two):
        for other in (one, two):  # nobody accepts, so there is no room for a third
            other.setblocking(False)
            other.connect_ex(full.getsockname())
        url = f"http://127.0.0.1:{full.getsockname()[1]}/"
        assert reason(url, allow=HERE, connect_seconds=0.3) == "timeout: No connection was made within 0.3 seconds."


def test_of_a_huge_answer_only_the_beginning_is_read():
    def pours(line, _):
        line.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 10000000\r\n\r\n")
        for _ in range(1000):
            line.sendall(b"x" * 10_000)

    with server(pours) as there:
        assert len(outbound.post(f"http://127.0.0.1:{there.port}/", b"", {}, allow=HERE).body) == 16_000


@pytest.mark.parametrize("head", [
    b"content-type: multipart/x; a=\"" + b";" * 200_000 + b"\r\n",
    b"x: y\r\n" + b" folded\r\n" * 80_000,
])  # fmt: skip
def test_headers_that_would_cost_much_to_read_are_not_read(head):
    with server(says(b"HTTP/1.1 200 OK\r\n" + head + b"\r\n")) as there:
        assert reason(f"http://127.0.0.1:{there.port}/", allow=HERE).startswith("answer: ")


@pytest.mark.parametrize("size", [b"-1", b"ffffffff"])
def test_a_piece_of_any_size_is_only_begun(size):
    head = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
    with server(says(head + size + b"\r\n" + b"x" * 1_000_000)) as there:
        answer = outbound.post(f"http://127.0.0.1:{there.port}/", b"{}", {}, allow=HERE)
    assert answer.status == 200 and len(answer.body) <= 16_000


@pytest.mark.parametrize(("behave", "said"), [
    (resets, "connection: The connection was closed"),
    (says(b""), "connection: The connection was closed"),
    (says(b"SSH-2.0-OpenSSH_9.9\r\n"), "answer: What came back"),
    (says(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"), "answer: What came back"),
    (says(b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 200), "answer: What came back"),
])  # fmt: skip
def test_what_is_no_answer_is_said_to_be_none(behave, said):
    with server(behave) as there:
        assert reason(f"http://127.0.0.1:{there.port}/", allow=HERE).startswith(said)


def test_nobody_there_and_no_such_name_are_not_blocked():
    with socket.create_server((LOOPBACK, 0)) as gone:
        port = gone.getsockname()[1]
    assert reason(f"http://127.0.0.1:{port}/", allow=HERE) == "connection: The connection was refused."
    assert reason("https://nowhere.invalid/").startswith("name: The name nowhere.invalid")
