"""The Caddyfile as it stands, in a real Caddy, in front of a real installation: one domain of ours, two of customers'."""

import socket
import ssl
import subprocess
from contextlib import closing
from http.cookies import SimpleCookie

import caddy
import installation
import psycopg2
import pytest
import urllib3

OURS, UNKNOWN = "127.0.0.1", "feedback.stranger.test"
TIDEWATER, NORTHWIND = "feedback.tidewater.test", "ideas.northwind.test"
NEW_WORKSPACE = """
WITH made AS (INSERT INTO workspace (public_id, slug, name) VALUES ('ws_northwind', 'northwind', 'Northwind') RETURNING id)
INSERT INTO workspace_counter (workspace_id) SELECT id FROM made"""
ITS_DOMAIN = "UPDATE workspace SET domain = %s WHERE slug = %s"
EVERYWHERE = ("X-Content-Type-Options", "Referrer-Policy", "Permissions-Policy", "Cross-Origin-Opener-Policy",
              "Strict-Transport-Security")  # fmt: skip


@pytest.fixture(scope="module")
def front():
    with installation.data_folder() as folder:
        folder.mkdir()
        with caddy.installation_behind(folder) as (sayso, running):
            assert sayso.demo
            with closing(psycopg2.connect(sayso.database_url)) as connection, connection, connection.cursor() as cursor:
                cursor.execute(NEW_WORKSPACE)
                cursor.execute(ITS_DOMAIN, [TIDEWATER, "tidewater"])
                cursor.execute(ITS_DOMAIN, [NORTHWIND, "northwind"])
            yield sayso, running


def ask(front, path: str, domain: str = OURS, method: str = "GET", headers: dict = (), **more):
    """The answer under this domain, whose certificate must be our authority's; nothing is followed."""
    _, running = front
    known = {} if domain == OURS else {"server_hostname": domain, "assert_hostname": domain}
    known |= {"ca_certs": str(running.root), "timeout": 20, "retries": False}
    pool = urllib3.HTTPSConnectionPool("127.0.0.1", running.port, **known)
    host = {"Host": domain if domain != OURS else f"{OURS}:{running.port}"}
    return pool.urlopen(method, path, headers={**host, **dict(headers)}, redirect=False, **more)


def shake_hands(front, domain: str) -> str | None:
    """The protocol that both sides agree on."""
    _, running = front
    trusted = ssl.create_default_context(cafile=str(running.root))
    trusted.set_alpn_protocols(["h2", "http/1.1"])
    with (
        socket.create_connection(("127.0.0.1", running.port), timeout=20) as connection,
        trusted.wrap_socket(connection, server_hostname=domain) as secure,
    ):
        return secure.selected_alpn_protocol()


def key_of(front, **more) -> dict[str, str]:
    return {"Authorization": f"Bearer {front[0].demo['api_key']}", **more}


@pytest.mark.parametrize(("domain", "name"), [(TIDEWATER, "Tidewater"), (NORTHWIND, "Northwind")])
def test_a_customers_domain_gets_a_certificate_when_somebody_first_comes_and_shows_their_board(front, domain, name):
    assert not front[1].has_issued(domain)
    page = ask(front, "/", domain)
    assert (page.status, name in page.data.decode()) == (200, True)
    assert front[1].has_issued(domain)
    assert shake_hands(front, domain) == "h2"
    assert f"/b/{name.lower()}/" not in page.data.decode(), "at its own domain everything stands at the root"


def test_a_domain_that_is_nobodys_gets_neither_a_handshake_nor_a_certificate(front):
    with pytest.raises(ssl.SSLError):
        shake_hands(front, UNKNOWN)
    assert not front[1].has_issued(UNKNOWN)


@pytest.mark.parametrize("name", [OURS, TIDEWATER])
def test_a_domain_is_not_seen_by_whoever_only_says_its_name(front, name):
    with closing(psycopg2.connect(front[0].database_url)) as connection, connection, connection.cursor() as cursor:
        cursor.execute("INSERT INTO workspace (public_id, slug, name, domain) VALUES (%s, %s, 'Claimed', %s)",
                       [name, f"claimed-{len(name)}", f"feedback.{len(name)}.victim.test"])  # fmt: skip
        connection.commit()
        answer = ask(front, "/robots.txt", name, headers={"Host": f"feedback.{len(name)}.victim.test"})
        cursor.execute("SELECT count(*) FROM workspace WHERE domain LIKE '%victim.test' AND domain_seen_at IS NOT NULL")
        assert (answer.status, cursor.fetchone()) == (421, (0,))


def test_our_own_address_speaks_http_2_and_http_leads_to_it(front):
    assert shake_hands(front, OURS) == "h2"
    said = subprocess.run(["curl", "-s", "--http2", "--cacert", front[1].root, "-o", "/dev/null", "-w", "%{http_version}",
                           f"{front[1].address}/docs"], stdout=subprocess.PIPE, text=True, check=True)  # fmt: skip
    assert said.stdout == "2"
    for host in ("127.0.0.1", TIDEWATER):
        address = f"http://127.0.0.1:{front[1].plain_port}/docs?a=b"
        plain = urllib3.request("GET", address, headers={"Host": host}, redirect=False)
        assert (plain.status, plain.headers["Location"]) == (308, f"https://{host}/docs?a=b")
        is_protected(plain)


def test_what_each_answer_says_about_itself_is_there_on_every_one(front):
    large = {"headers": key_of(front, **{"Content-Type": "application/json"}), "method": "POST"}
    answers = {
        200: ask(front, "/docs"), 401: ask(front, "/api/v1/posts"), 404: ask(front, "/nothing"),
        405: ask(front, "/docs", method="DELETE"), 413: ask(front, "/api/v1/posts", body=b"x" * 300_000, **large),
        414: ask(front, "/" + "x" * 9000), 431: ask(front, "/docs", headers={"X-Long": "x" * 40_000}),
    }  # fmt: skip
    for status, answer in answers.items():
        assert answer.status == status
        is_protected(answer)
    for path in ("/b/tidewater", "/w.js", "/static/tokens.css", "/stream", "/metrics", "/internal/domain", "/app"):
        is_protected(ask(front, path))
    for path in ("/", "/nothing", "/stream", "/robots.txt"):
        is_protected(ask(front, path, TIDEWATER))


def is_protected(answer) -> None:
    missing = [name for name in EVERYWHERE if name not in answer.headers]
    assert (missing, answer.headers.get("Server")) == ([], None), (answer.status, dict(answer.headers))
    assert "frame-ancestors" in answer.headers["Content-Security-Policy"]
    assert len(answer.headers.getlist("Content-Security-Policy")) == 1
    assert int(answer.headers["Strict-Transport-Security"].removeprefix("max-age=")) >= 31536000


def test_what_is_for_this_machine_only_is_not_found_outside(front):
    for path in ("/metrics", "/internal/domain?domain=feedback.tidewater.test"):
        for domain in (OURS, TIDEWATER):
            assert ask(front, path, domain).status == 404


def test_a_body_that_is_too_large_is_refused_before_it_is_read(front):
    body = iter([b"x" * 1_000_000] * 14)
    answer = ask(front, "/api/v1/files", method="POST", body=body, headers=key_of(front), chunked=True)
    assert answer.status == 413
    is_protected(answer)


@pytest.mark.parametrize("domain", [OURS, TIDEWATER])
def test_live_updates_come_through_it_on_the_same_address_at_once(front, domain):
    stream = ask(front, "/stream", domain, headers=key_of(front, **{"Accept-Encoding": "gzip"}), preload_content=False)
    assert stream.status == 200 and "Content-Encoding" not in stream.headers
    is_protected(stream)
    lines = iter(lambda: stream.readline(), b"")
    assert next(lines).startswith(b":")
    kind = {"Content-Type": "application/json"}
    made = ask(front, "/api/v1/posts", method="POST", body=b'{"title": "Seen at once"}', headers=key_of(front, **kind))
    assert made.status == 201
    assert any(line == b"event: post.created\n" for line in lines)
    stream.close()


def test_the_widget_learns_the_address_of_the_stream_behind_it(front):
    body = '{"key": "%s"}' % front[0].demo["widget_key"]  # noqa: UP031
    opening = ask(front, "/api/widget/opening", method="POST", body=body, headers={"Content-Type": "text/plain"})
    assert opening.json()["stream_url"].startswith(f"{front[1].address}/stream?")


@pytest.mark.parametrize(
    ("path", "domain"), [("/b/tidewater?lang=de", OURS), ("/?lang=de", TIDEWATER), ("/app/sign-in", OURS)]
)
def test_cookies_are_of_this_host_alone_and_never_seen_by_scripts(front, path, domain):
    cookies = SimpleCookie(ask(front, path, domain).headers["Set-Cookie"])
    assert cookies
    for name, cookie in cookies.items():
        assert name.startswith("__Host-")
        assert (cookie["secure"], cookie["httponly"], cookie["samesite"], cookie["path"], cookie["domain"]) == (
            True, True, "Lax", "/", "")  # fmt: skip


def test_it_compresses_nothing_itself(front):
    both = {"headers": {"Accept-Encoding": "gzip, zstd, br"}, "decode_content": False}
    for path in ("/b/tidewater", "/w.js", "/static/page.js", "/docs"):
        assert ask(front, path, **both).headers["Content-Encoding"] == "br", path
    inside = ask(front, "/app/sign-in", **both)
    assert "Content-Encoding" not in inside.headers, "a page with a secret must not tell of it by its size"


def test_nobody_comes_under_another_address_by_saying_so(front):
    for number in range(3):
        forged = {"X-Forwarded-For": f"203.0.113.{number}", "Forwarded": f"for=198.51.100.{number}"}
        assert ask(front, "/b/northwind/ticket", headers=forged).status == 200
    with closing(psycopg2.connect(front[0].database_url)) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT split_part(key, ':', 3) FROM rate WHERE key LIKE 'pages:%'")
        assert cursor.fetchall() == [("127.0.0.1",)]


def test_while_sayso_is_away_it_says_when_to_come_back(front):
    with installation.data_folder() as folder:
        folder.mkdir()
        with caddy.running(folder, *installation.free_ports(2)) as alone:
            for path in ("/b/tidewater", "/stream", "/api/v1/posts"):
                answer = ask((None, alone), path)
                assert (answer.status, answer.headers["Retry-After"]) == (503, "5")
                assert "Back in a moment" in answer.data.decode()
                is_protected(answer)
