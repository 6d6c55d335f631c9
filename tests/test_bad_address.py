"""Addresses, queries and headers that no browser of ours would send, down to the bytes on the wire."""

import re
import socket
import threading

import pytest
import waitress
from browser import Browser
from calls import call
from cast import ADA
from falcon.inspect import inspect_routes
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.web.server import LARGEST_BODY

NO_NUMBERS = [
    "0", "-1", "00", "01", "+1", "1.0", "1e3", "1_0", "٣", "１", "²", "x", "true", "null", "0x1", "9223372036854775808",
    "9" * 400,
]  # fmt: skip
QUERIES = [
    "x=%ff%fe", "x=%ED%A0%80", "%", "%zz=%zz", "&&&==", "a[b]=c", "q=" + "%F0%9F%8D%95" * 300, "x" * 8000,
    "sort=new;sort=top",
    "status=%27%22%3C", "cursor=%25", "cursor=MTox%0d%0a", "q=%E2%80%AE", "board=" + "%CC%81" * 500, "limit=NaN",
    "q=" + "-" * 500,
]  # fmt: skip
LONG = "x" * 8000
HEADERS = {
    "Accept-Encoding": [
        "", "br;q=x", "br;q=1.0.0", "gzip;q=²", "*;q=-1", "br;q=.", ";q=,,;", "br " * 5000, "identity",
        "gzip;q=" + "9" * 400,
    ],
    "If-None-Match": ['"', "*", 'W/"x', ",,,", '"' * 5000, "é"],
    "Cookie": ["=;;;", "sayso", "sayso=", 'sayso="\\"', "sayso=é", f"sayso-browser={LONG}", "sayso=\x01"],
    "Origin": ["http://[", "null", "é", LONG, "https://a b", "//", "https://a.example:99999"],
    "Host": ["[", "", "evil.example", "a:b:c", "é"],
    "Authorization": ["Bearer", "Bearer é", "Basic x", f"Bearer {LONG}", f"bearer sk_{'9' * 30}_x", "Bearer sk_-1_x"],
    "Accept": ["///", "", "text/html;q=x", "*" * 5000],
    "Range": ["bytes=a", "bytes=-1", "x"],
    "Forwarded": ['for="[', "for=;;;"],
    "Sec-Fetch-Site": ["é", LONG],
}  # fmt: skip


@pytest.fixture
def ada(client, acme):
    acme.post()
    return Browser(client).sign_in(ADA)


def readable(client) -> list[str]:
    """Every address that can be opened, in Acme where it is one of a workspace."""
    places = {"{slug}": "acme", "{name}": "app.css", "{secret}": "x"}
    found = []
    for route in inspect_routes(client.app.app):
        path = re.sub(r"\{\w+:number\}", "1", route.path)
        for place, value in places.items():
            path = path.replace(place, value)
        if path != "/demo" and any(method.method == "GET" and not method.internal for method in route.methods):
            found.append(path)
    return found


def test_case_47_a_number_in_an_address_is_written_as_everyone_writes_it(client, acme, ada):
    headers = {**ada.headers(), **acme.bearer()}
    for number in NO_NUMBERS:
        for path in (
            f"/api/v1/posts/{number}",
            f"/b/acme/posts/{number}",
            f"/app/acme/posts/{number}",
            f"/app/acme/outbox/{number}",
        ):
            assert client.simulate_get(path, headers=headers).status_code == 404, path
        assert call(client, acme, f"posts/{number}").status_code == 404
        assert call(client, acme, f"posts/{number}/vote", voted=True).status_code == 404
    assert client.simulate_get("/b/acme/posts/999999999").status_code == 404


def test_case_43_a_nul_in_an_address_is_400(client, acme, ada):
    for path, query in (
        ("/b/a%00b", ""),
        ("/app/acme%00/inbox", ""),
        ("/b/acme", "sort=%00"),
        ("/api/v1/posts/%00", ""),
        ("/app/sign-in/%00", ""),
    ):
        assert client.simulate_get(path, query_string=query, headers=ada.headers()).status_code == 400, path


def test_case_48_a_parameter_given_twice_is_refused_by_name(client, acme, ada):
    for path, name in (("/b/acme", "sort"), ("/b/acme", "cursor"), ("/app/acme/inbox", "q"), ("/app/acme/inbox", "status")):
        page = client.simulate_get(path, query_string=f"{name}=a&{name}=a", headers=ada.headers())
        assert page.status_code == 422 and "once" in page.text, (path, name)


def test_an_odd_query_never_breaks_a_page(client, acme, ada):
    headers = {**ada.headers(), **acme.bearer()}
    for path in readable(client):
        for query in QUERIES:
            answer = client.simulate_get(path, query_string=query, headers=headers)
            assert answer.status_code < 500, (path, query)


def test_an_odd_header_never_breaks_a_page(client, acme, ada):
    for path in (
        "/",
        "/w.js",
        "/w/nothing.js",
        "/static/app.css",
        "/b/acme",
        "/app/acme/inbox",
        "/app/sign-in",
        "/api/v1/posts/1",
        "/nowhere",
    ):
        for name, values in HEADERS.items():
            for value in values:
                answer = client.simulate_get(path, headers={**ada.headers(), name: value})
                assert answer.status_code < 500, (path, name, value[:20])
    for name, values in HEADERS.items():
        for value in values:
            assert call(client, acme, "opening", headers={name: value}).status_code < 500, (name, value[:20])
            ada.open("/app/acme/settings")
            answer = ada.send("/app/acme/settings", {name: value}, do="origins", origins="")
            assert answer.status_code < 500, (name, value[:20])


def test_case_67_an_address_that_is_too_long_is_414(client, acme):
    for path, query in (("/b/" + "x" * 9000, ""), ("/b/acme", "q=" + "x" * 9000), ("/api/" + "x" * 9000, "")):
        answer = client.simulate_get(path, query_string=query)
        assert answer.status_code == 414, path[:10]


def test_a_file_outside_its_folder_is_not_found(client):
    for name in (
        "..%2fapp.py",
        "..%2f..%2fapp.py",
        "%2e%2e/app.py",
        "..%5capp.py",
        "app.css%00.html",
        "",
        "__init__.py",
    ):
        for folder in ("/static", "/w"):
            assert client.simulate_get(f"{folder}/{name}").status_code in (400, 404), name


@pytest.mark.parametrize("path", ["/b/acme", "/app/acme/inbox", "/api/v1/similar"])
def test_no_query_at_all_makes_a_500(client, acme, ada, path):
    headers = {**ada.headers(), **acme.bearer()}
    names = st.sampled_from(["sort", "status", "board", "q", "cursor", "text", "limit"])

    @settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(st.dictionaries(names, st.text() | st.sampled_from(["top", "new", "trending", "open", "MTox"])))
    def fuzz(query):
        query = {name: value.encode("utf-8", "replace").decode() for name, value in query.items()}
        assert client.simulate_get(path, params=query, headers=headers).status_code < 500, query

    fuzz()


# ── on the wire ─────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def port(app, here):
    """The application behind its real server."""
    server = waitress.create_server(app, host="127.0.0.1", port=0, threads=2, max_request_body_size=LARGEST_BODY)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    yield server.effective_port
    server.close()
    thread.join(5)


def spoken(port: int, *parts: bytes) -> bytes:
    """What the server says to these bytes, until it has nothing more to say."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        for part in parts:
            connection.sendall(part)
        answer = b""
        while more := connection.recv(65536):
            answer += more
        return answer


def test_case_36_in_pieces_of_unknown_number_it_is_413_all_the_same(port, acme):
    head = (
        b"POST /api/v1/posts HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\n"
        b"Authorization: Bearer " + acme.api_key.encode() + b"\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    large = b"10000\r\n" + b" " * 0x10000 + b"\r\n"
    assert spoken(port, head, large * 5, b"0\r\n\r\n").startswith(b"HTTP/1.1 413 ")
    answer = spoken(port, head, b'16\r\n{"title": "In pieces"}\r\n', b"0\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 201 ") and b"In pieces" in answer


def test_case_36_a_file_in_pieces_is_taken_up_to_ten_megabytes(port, acme):
    head = (
        b"POST /api/v1/files HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: text/plain\r\n"
        b"Authorization: Bearer " + acme.api_key.encode() + b"\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    megabyte = b"100000\r\n" + b"x" * 0x100000 + b"\r\n"
    assert spoken(port, head, megabyte * 10, b"0\r\n\r\n").startswith(b"HTTP/1.1 201 ")
    answer = spoken(port, head, megabyte * 10, b"1\r\nx\r\n", b"0\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 413 ") and b"at most 10 MB" in answer


def test_a_length_that_is_no_length_is_400(port):
    for length in (b"-1", b"+4", b"1e3", b"x", b"4\r\nContent-Length: 5"):
        head = b"POST /api/widget/list HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: text/plain\r\n"
        assert spoken(port, head + b"Content-Length: " + length + b"\r\n\r\n{}  ").startswith(b"HTTP/1.1 400 "), length
