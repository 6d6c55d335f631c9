"""What comes compressed and what never does; that a browser may keep it all the same."""

import gzip

import brotli
import pytest
from browser import Browser
from cast import ADA

UNPACKED = {"br": brotli.decompress, "gzip": gzip.decompress, "": bytes}
OFFERS = [("gzip, deflate, br, zstd", "br"), ("gzip", "gzip"), ("br;q=0", ""), ("", "")]
HERE = "/b/acme"


def get(client, path: str, accepted: str = "br", **headers):
    return client.simulate_get(path, headers={"Accept-Encoding": accepted, **headers})


@pytest.mark.parametrize(("accepted", "encoding"), OFFERS)
def test_a_public_page_comes_as_small_as_the_browser_takes_it(client, acme, accepted, encoding):
    acme.post("Dark mode")
    plain, answer = client.simulate_get(HERE), get(client, HERE, accepted)
    assert answer.headers.get("content-encoding", "") == encoding
    assert UNPACKED[encoding](answer.content) == plain.content
    assert int(answer.headers["content-length"]) == len(answer.content)
    assert "Accept-Encoding" in answer.headers["vary"] and "Cookie" in answer.headers["vary"]
    assert answer.headers["etag"] == plain.headers["etag"]
    assert answer.headers["etag"].startswith("W/"), "the same text, not the same bytes"


def test_who_has_it_already_gets_nothing_and_who_asks_for_its_head_gets_that_alone(client, acme):
    page = get(client, HERE)
    again = get(client, HERE, **{"If-None-Match": page.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert {name: again.headers.get(name) for name in ("etag", "vary", "cache-control")} == {
        name: page.headers[name] for name in ("etag", "vary", "cache-control")}  # fmt: skip
    assert "content-encoding" not in again.headers
    head = client.simulate_head(HERE, headers={"Accept-Encoding": "br"})
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-encoding"] == "br" and head.headers["etag"] == page.headers["etag"]


def test_a_page_with_a_secret_does_not_tell_of_it_by_its_size(client, acme):
    ada = Browser(client).sign_in(ADA)
    inside = {"Accept-Encoding": "br", **ada.headers()}
    for path in ("/app/acme/inbox", "/app/acme/settings/keys", "/app/sign-in"):
        answer = client.simulate_get(path, headers=inside)
        assert answer.status_code == 200 and "content-encoding" not in answer.headers, path
    key = acme.bearer()
    for number in range(8):
        acme.post(f"Wish {number}", "With a long explanation. " * 10)
    listed = client.simulate_get("/api/v1/posts", headers={"Accept-Encoding": "br", **key})
    assert len(listed.content) > 1024 and "content-encoding" not in listed.headers


@pytest.mark.parametrize(("accepted", "encoding"), OFFERS)
@pytest.mark.parametrize("name", ["tokens.css", "page.js", "logo.svg"])
def test_a_file_comes_as_small_as_it_gets_and_is_known_by_its_encoding(client, name, accepted, encoding):
    path = f"/static/{name}"
    plain, answer = client.simulate_get(path), get(client, path, accepted)
    assert answer.headers.get("content-encoding", "") == encoding
    assert UNPACKED[encoding](answer.content) == plain.content
    assert (answer.headers["etag"] == plain.headers["etag"]) == (encoding == "")
    assert answer.headers["vary"] == "Accept-Encoding"
    again = get(client, path, accepted, **{"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", answer.headers["etag"])
