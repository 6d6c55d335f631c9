"""The widget's files: small enough, served right, and built only from what a strict page allows."""

import gzip
import re
from collections import Counter
from pathlib import Path

import brotli
import falcon
import pytest
from falcon.testing import TestClient

from service.web.widget.files import Chunk, Files, Loader, choose_encoding, in_order, minify_css

FOLDER = Path(__file__).resolve().parent.parent / "widget"
SCRIPTS = sorted(FOLDER.glob("*.js"))
FORBIDDEN = "|".join(
    [
        r"innerHTML|outerHTML|insertAdjacentHTML|DOMParser|createPolicy|document\.write|eval\(|new Function",
        r"setAttribute\(.style|createElement\(.(?:style|script|link|iframe|img)",
        r"document\.cookie|sessionStorage|indexedDB|beforeunload|WebSocket",
    ]
)
ANY_SITE = {
    "access-control-allow-origin": "*",
    "cross-origin-resource-policy": "cross-origin",
    "timing-allow-origin": "*",
    "x-content-type-options": "nosniff",
    "vary": "Accept-Encoding",
    "content-type": "text/javascript; charset=utf-8",
}


@pytest.fixture(scope="module")
def files():
    return Files(FOLDER)


@pytest.fixture(scope="module")
def client(files):
    app = falcon.App()
    app.add_route("/w.js", Loader(files))
    app.add_route("/w/{name}", Chunk(files))
    return TestClient(app)


def test_the_loader_keeps_its_budget(files):
    assert len(files.loader.br) <= 1600


@pytest.mark.parametrize(("stem", "budget"), [("panel", 9000), ("live", 800)])
def test_each_chunk_keeps_its_budget(files, stem, budget):
    assert len(files.chunks[files.current[stem]].br) <= budget


def test_the_loader_names_the_panel_and_the_panel_names_the_live_chunk(files):
    assert files.current["panel"].encode() in files.loader.plain
    assert files.current["live"].encode() in files.chunks[files.current["panel"]].plain


def test_no_placeholder_and_no_module_line_is_left(files):
    for script in [files.loader, *files.chunks.values()]:
        assert not re.search(rb'"%[\w.]+%"|^import ', script.plain, re.MULTILINE)


def test_only_the_entry_of_a_chunk_exports(files):
    exported = re.compile(rb"export (?:async )?function (\w+)")
    chunks = {stem: files.chunks[name].plain for stem, name in files.current.items()}
    assert {stem: exported.findall(code) for stem, code in chunks.items()} == {"panel": [b"mount"], "live": [b"follow"]}


def test_every_file_of_the_panel_is_joined_once_and_the_entry_last():
    order = in_order(FOLDER, "panel.js", [])
    assert len(order) == len(set(order))
    assert order[-1] == "panel.js"


def test_files_that_share_a_scope_share_no_name():
    source = "\n".join((FOLDER / name).read_text() for name in in_order(FOLDER, "panel.js", []))
    names = Counter(re.findall(r"^(?:export )?(?:async )?(?:function|const|let) (\w+)", source, re.MULTILINE))
    assert [name for name, times in names.items() if times > 1] == []


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_nothing_a_strict_page_forbids(path):
    assert re.findall(FORBIDDEN, path.read_text()) == []


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_nothing_the_minifier_would_break(path):
    source = path.read_text()
    assert not re.search(r"=>\s*/", source), "a regex right after =>"
    assert not re.search(r"`[^`]*\$\{[^}`]*`", source), "a template inside a template"


def test_the_loader_is_short_lived_and_may_be_revalidated(client):
    answer = client.simulate_get("/w.js")
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "public, max-age=300, stale-while-revalidate=86400"
    assert ANY_SITE.items() <= answer.headers.items()
    again = client.simulate_get("/w.js", headers={"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304
    assert again.content == b""
    assert again.headers["etag"] == answer.headers["etag"]


def test_a_chunk_is_kept_for_ever(client, files):
    answer = client.simulate_get("/w/" + files.current["panel"])
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert ANY_SITE.items() <= answer.headers.items()


def test_an_unknown_hash_of_a_known_chunk_answers_the_current_one(client, files):
    answer = client.simulate_get("/w/panel.000000000000.js")
    assert answer.status_code == 200
    assert answer.content == files.chunks[files.current["panel"]].plain
    assert answer.headers["cache-control"] == "no-cache"
    assert ANY_SITE.items() <= answer.headers.items()


@pytest.mark.parametrize("name", ["nothing.000000000000.js", "panel.000000000000.css", "panel", "..", "loader.js"])
def test_an_unknown_chunk_is_not_found(client, name):
    assert client.simulate_get("/w/" + name).status_code == 404


@pytest.mark.parametrize(
    ("accepted", "encoding", "unpack"),
    [("gzip, deflate, br", "br", brotli.decompress), ("gzip", "gzip", gzip.decompress), ("", None, bytes)],
)
def test_each_browser_gets_the_best_encoding_it_takes(client, files, accepted, encoding, unpack):
    answer = client.simulate_get("/w.js", headers={"Accept-Encoding": accepted})
    assert answer.headers.get("content-encoding") == encoding
    assert unpack(answer.content) == files.loader.plain


def test_encodings_have_different_tags(client):
    tags = {client.simulate_get("/w.js", headers={"Accept-Encoding": each}).headers["etag"] for each in ("br", "gzip", "")}
    assert len(tags) == 3


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [("br;q=0, gzip", "gzip"), ("br; q=0.5", "br"), ("GZIP", "gzip"), ("br;q=x", "plain"), ("identity", "plain")],
)
def test_choosing_an_encoding(accepted, encoding):
    assert choose_encoding(accepted) == encoding



def test_minified_css_keeps_what_has_meaning():
    assert minify_css("/* x */ .a > .b,\n.c :hover { margin: 0 -1px; }") == ".a>.b,.c :hover{margin:0 -1px}"
    assert minify_css("a { color: red !important; }") == "a{color:red!important}"
    assert minify_css("a { inset: auto calc(20px + 1px); }") == "a{inset:auto calc(20px + 1px)}"


def test_two_builds_are_the_same(files):
    assert Files(FOLDER).loader == files.loader
