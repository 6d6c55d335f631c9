"""The Caddyfile as it stands, in a real Caddy, in front of a real installation."""

import os
import shutil
import subprocess

import installation
import pytest
import urllib3


@pytest.fixture(scope="module")
def caddy():
    assert shutil.which("caddy"), "This test needs Caddy; install it, e.g.: sudo apt-get install caddy"
    port = installation.free_ports(1)[0]
    address = f"http://127.0.0.1:{port}"
    with installation.running(BASE_URL=address) as sayso:
        ports = {"SITE": address, "PORT": str(sayso.port), "STREAM_PORT": str(sayso.stream_port)}
        home = str(sayso.folder.parent)
        process = subprocess.Popen(
            ["caddy", "run", "--config", "Caddyfile", "--adapter", "caddyfile"], cwd=installation.REPOSITORY,
            env={**os.environ, **ports, "HOME": home, "XDG_DATA_HOME": home, "XDG_CONFIG_HOME": home},
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            installation.until(lambda: answers(f"{address}/readyz"))
            yield sayso, address
        finally:
            process.kill()  # it would wait for the open stream to end by itself
            process.wait()


def answers(url: str) -> bool:
    try:
        return get(url).status == 200
    except urllib3.exceptions.HTTPError:
        return False


def get(url: str, **more):
    return urllib3.request("GET", url, retries=False, timeout=10, **more)


def test_pages_and_the_widget_come_through_it_compressed(caddy):
    _, address = caddy
    page = get(f"{address}/docs", headers={"Accept-Encoding": "gzip"}, decode_content=False)
    assert (page.status, page.headers["Content-Encoding"]) == (200, "gzip")
    assert "Server" not in page.headers
    script = get(f"{address}/w.js", headers={"Accept-Encoding": "br"}, decode_content=False)
    assert (script.status, script.headers["Content-Encoding"]) == (200, "br")


def test_live_updates_come_through_it_on_the_same_address_at_once(caddy):
    sayso, address = caddy
    key = {"Authorization": f"Bearer {sayso.demo['api_key']}"}
    stream = get(f"{address}/stream", headers={**key, "Accept-Encoding": "gzip"}, preload_content=False)
    assert stream.status == 200 and "Content-Encoding" not in stream.headers
    lines = iter(lambda: stream.readline(), b"")
    assert next(lines).startswith(b":")
    made = urllib3.request("POST", f"{address}/api/v1/posts", json={"title": "Through the proxy"}, headers=key)
    assert made.status == 201
    assert made.json()["url"].startswith(f"{address}/b/tidewater/posts/")
    assert any(line == b"event: post.created\n" for line in lines)
    stream.close()


def test_the_widget_learns_the_address_of_the_stream_behind_the_proxy(caddy):
    sayso, address = caddy
    body = '{"key": "%s"}' % sayso.demo["widget_key"]  # noqa: UP031
    opening = urllib3.request("POST", f"{address}/api/widget/opening", body=body, headers={"Content-Type": "text/plain"})
    assert opening.json()["stream_url"].startswith(f"{address}/stream?")


def test_what_is_for_this_machine_only_is_not_found_outside(caddy):
    _, address = caddy
    assert get(f"{address}/metrics").status == 404


def test_an_oversized_body_is_refused_with_413(caddy):
    sayso, address = caddy
    key = {"Authorization": f"Bearer {sayso.demo['api_key']}", "Content-Type": "application/json"}
    answer = urllib3.request("POST", f"{address}/api/v1/posts", body=b"x" * 300_000, headers=key, retries=False)
    assert answer.status == 413
