"""The way out to addresses that people give us: only the public internet, only what was checked, and never for long."""

import itertools
import socket
import ssl
import threading
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address, ip_network
from types import SimpleNamespace

import pytest
import trustme

from service.errors import Invalid
from service.lib import outbound
from service.lib.networks import is_public
from service.lib.outbound import Unreachable
from service.web.dashboard import system

HERE = (ip_network("127.0.0.0/8"),)
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
PUBLIC, LOOPBACK = "93.184.216.34", "127.0.0.1"

NOT_PUBLIC = """
0.0.0.0 0.1.2.3 10.0.0.1 100.64.0.1 127.0.0.1 127.255.255.254 169.254.169.254 172.16.0.1 172.31.255.255 192.0.0.8 192.0.2.1
192.88.99.1 192.168.1.1 198.18.0.1 198.19.255.255 198.51.100.1 203.0.113.1 224.0.0.1 239.255.255.250 240.0.0.1
255.255.255.255
:: ::1 ::127.0.0.1 ::169.254.169.254 ::8.8.8.8 ::ffff:127.0.0.1 ::ffff:8.8.8.8 ::ffff:0:7f00:1 ::ffff:0:a9fe:a9fe
64:ff9b::7f00:1 64:ff9b::a9fe:a9fe 64:ff9b:1::1 100::1 2001::1 2001:0:4136:e378:8000:63bf:3fff:fdd2 2001:2::1 2001:10::1
2001:20::1 2001:db8::1 2002:7f00:1:: 2002:a9fe:a9fe:: 3fff::1 5f00::1 fc00::1 fd00:ec2::254 fe80::1 fec0::1 ff02::1
4000::1""".split()
# What getaddrinfo takes for an address although it does not look like one.
DISGUISED = """
0177.0.0.1 0x7f000001 0x7f.1 2130706433 127.1 127.0.1 0 017700000001 [::ffff:127.0.0.1] [::127.0.0.1] [64:ff9b::7f00:1]
[2002:7f00:1::] [::ffff:0:7f00:1] [0:0:0:0:0:0:0:1] 127.0.0.1. 2852039166""".split()


def reason(url: str, **more) -> str:
    """What is said when it cannot be reached; its kind comes first."""
    with pytest.raises(Unreachable) as failed:
        outbound.post(url, b"{}", {}, **more)
    return f"{failed.value.kind}: {failed.value}"


def refusal(url, allow=()) -> str | None:
    try:
        outbound.check_form(url, allow=allow)
    except Invalid as invalid:
        return invalid.fields["url"]
    return None


@pytest.fixture
def names(monkeypatch):
    """The name server: a list of addresses per name, or a list of such lists, one for each time it is asked."""
    real, known = socket.getaddrinfo, {}

    def look_up(host, port, family=0, type=0, proto=0, flags=0):
        if host not in known:
            return real(host, port, family, type, proto, flags)
        found = next(known[host])
        return [(socket.AF_INET6 if ":" in each else socket.AF_INET, type, 6, "", (each, 0)) for each in found]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return SimpleNamespace(set=lambda name, *answers: known.update({name: itertools.chain(answers)}))


@contextmanager
def server(behave, host=LOOPBACK, port=0, trust=None):
    """A server that does as `behave(connection)` says, over TLS with `trust`; yields its port and what it was asked."""
    asked, ended = [], threading.Event()

    def serve(connection):
        with closing(connection), pytest.MonkeyPatch.context():
            try:
                line = trust.wrap_socket(connection, server_side=True) if trust else connection
                with closing(line):
                    asked.append(line.recv(65536))
                    behave(line, ended)
            except OSError:
                pass  # the other side has gone, as it should

    def accept():
        while not ended.is_set():
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            threading.Thread(target=serve, args=(connection,), daemon=True).start()

    with socket.create_server((host, port)) as listening:
        threading.Thread(target=accept, daemon=True).start()
        yield SimpleNamespace(port=listening.getsockname()[1], asked=asked)
        ended.set()
        listening.shutdown(socket.SHUT_RDWR)


def says(answer: bytes):
    return lambda line, _: line.sendall(answer)


def hangs(line, ended):
    ended.wait(20)


def drips(line, ended):
    """One byte at a time, for ever: no single step ever takes long."""
    line.sendall(b"HTTP/1.1 200 OK\r\n")
    while not ended.wait(0.05):
        line.sendall(b"x")


def resets(line, _):
    line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")


# ── which addresses ──


@pytest.mark.parametrize("text", NOT_PUBLIC)
def test_an_address_that_is_not_of_the_public_internet_is_refused_in_every_form(text, names):
    assert not is_public(ip_address(text))
    assert refusal(f"https://[{text}]/" if ":" in text else f"https://{text}/") == outbound.NOT_PUBLIC
    names.set("innocent.example", [text], [PUBLIC, text])
    for _ in range(2):
        said = reason("https://innocent.example/")
        assert said == f"blocked: {outbound.NOT_PUBLIC}", "one bad address among others is enough"


@pytest.mark.parametrize("text", [PUBLIC, "8.8.8.8", "172.15.0.1", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "2a00:1450::1"])
def test_an_address_of_the_public_internet_is_taken(text):
    assert is_public(ip_address(text))
    assert refusal(f"https://[{text}]/" if ":" in text else f"https://{text}/") is None


@pytest.mark.parametrize("host", DISGUISED)
def test_an_address_in_disguise_is_refused_before_and_at_the_time_of_sending(host):
    assert refusal(f"https://{host}/") == outbound.NOT_PUBLIC
    assert reason(f"https://{host}/") == f"blocked: {outbound.NOT_PUBLIC}"


def test_whatever_the_resolver_makes_of_odd_digits_is_checked():
    """getaddrinfo reads them as 127.0.0.1; we do not even ask it, and if we did, what it found would be refused."""
    assert refusal("https://①②⑦.⓪.⓪.①/") == outbound.FOREIGN_NAME
    assert outbound.numeric("①②⑦.⓪.⓪.①") == [ip_address(LOOPBACK)]


@pytest.mark.parametrize("name", ["localhost", "metadata.google.internal", "instance-data"])
def test_a_name_that_means_a_private_address_is_refused(name, names):
    names.set(name, ["169.254.169.254", "fd00:ec2::254"])
    assert refusal(f"https://{name}/latest/meta-data") is None, "a form says nothing about names"
    said = reason(f"https://{name}/latest/meta-data")
    assert said.startswith("blocked: ") and "169.254" not in said


@pytest.mark.parametrize(("url", "says"), [
    ("", "Give an address"), (None, "Give an address"), ("hooks", "begin with https"), ("https://", "Give an address"),
    ("ftp://example.com", "begin with https"), ("http://example.com", "begin with https"), ("file:///etc/passwd", "https"),
    ("gopher://example.com:70/_", "begin with https"), ("https://exa mple.com", "Give an address"),
    ("https://example.com/\nHost: evil", "Give an address"), ("https://example.com/\x00", "Give an address"),
    ("https://example.com\\@127.0.0.1/", "Give an address"), ("https://example.com/\ud800", "Give an address"),
    ("https://ada@example.com", "user name"), ("https://ada:pw@127.0.0.1/", "user name"), ("https://a.example/#x", "from # on"),
    ("https://example.com:22/", "ports 443 and 8443"), ("https://example.com:99999/", "Give an address"),
    ("https://example.com:0/", "Give an address"), ("https://[::1", "Give an address"), ("https://.example/", "Give an address"),
    ("https://[fe80::1%25eth0]/", "Give an address"), ("https://bücher.example/", "ASCII"), ("https://-a.example", "Give an"),
    (f"https://example.com/{'x' * 2000}", "too long"), (f"https://{'a' * 64}.example/", "Give an address"),
])  # fmt: skip
def test_what_cannot_be_posted_to_is_refused_with_what_to_do(url, says):
    assert says in refusal(url)
    assert reason(url).startswith("blocked: ")


def test_usual_addresses_are_taken():
    for url in ("https://example.com", "https://EXAMPLE.com./a?b=c", "https://hooks.example:8443/ü/%20", "https://a_b.example/"):
        assert refusal(url) is None, url


def test_networks_of_ones_own_may_be_reached_on_any_port_and_without_https(names):
    for url in ("http://127.0.0.1:5000/", "https://127.0.0.9/", "http://intranet:8080/"):
        assert refusal(url) and reason(url).startswith("blocked: ")
        assert refusal(url, HERE) is None
    assert refusal("https://10.0.0.1/", HERE) == outbound.NOT_PUBLIC
    assert refusal("http://8.8.8.8/", HERE) == outbound.NOT_SECURE
    names.set("public.example", [PUBLIC], [PUBLIC, LOOPBACK])
    for _ in range(2):
        assert reason("http://public.example/", allow=HERE) == f"blocked: {outbound.NOT_SECURE}"


def test_the_system_page_says_that_private_networks_may_be_reached(settings):
    assert "OUTBOUND_ALLOW" not in str(system.warnings(settings))
    assert "OUTBOUND_ALLOW" in str(system.warnings(replace(settings, outbound_allow=HERE)))


# ── to the checked address, and nowhere else ──


def test_what_is_posted_arrives_and_what_is_answered_comes_back():
    answer = b"HTTP/1.1 429 Slow\r\nRetry-After: 7\r\nX-A: 1\r\nx-a: 2\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nnot\r\n0\r\n\r\n"
    with server(says(answer)) as there:
        url = f"http://127.0.0.1:{there.port}/hööks?a=b c".replace(" ", "%20")
        got = outbound.post(url, b'{"a":1}', {"webhook-id": "msg_1_1"}, allow=HERE)
    assert (got.status, got.body, got.headers["retry-after"], got.headers["x-a"]) == (429, b"not", "7", "1, 2")
    assert 0 < got.seconds < 10
    [asked] = there.asked
    head, _, body = asked.partition(b"\r\n\r\n")
    assert head.startswith(b"POST /h%C3%B6%C3%B6ks?a=b%20c HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n" % there.port)
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
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: ended.wait(20) and [])
    assert reason("https://slow.example/", seconds=0.2).startswith("timeout: ")
    ended.set()


def test_a_connection_that_nobody_takes_ends_in_time():
    with socket.create_server((LOOPBACK, 0), backlog=0) as full, closing(socket.socket()) as one, closing(socket.socket()) as two:
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
