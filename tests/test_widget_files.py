"""The widget's files: small enough, served right, and built only from what a strict page allows."""

import gzip
import json
import re
from collections import Counter
from pathlib import Path

import brotli
import falcon
import pytest
from falcon.testing import TestClient
from scripts import budget, sizes

from service.web.compression import choose_encoding
from service.web.widget.build import asked_of, minify_css, names
from service.web.widget.build import files as joined
from service.web.widget.files import Chunk, Files, Loader

FOLDER = Path(__file__).resolve().parent.parent / "widget"
SCRIPTS = sorted(FOLDER.glob("*/*.js"))
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
    app.add_route("/w/{build}/{name}", Chunk(files))
    return TestClient(app)


def test_every_script_keeps_its_budget(files, figure):
    found = {name: (size, budget(name)) for name, size in sizes(files).items()}
    for name, (size, most) in found.items():
        figure(name, f"{size:,} of {most:,} bytes")
    assert [name for name, (size, most) in found.items() if size > most] == []


def test_the_loader_names_the_build(files):
    assert f"w/{files.build}/panel.js".encode() in files.loader.plain


def test_no_placeholder_is_left_and_chunks_import_each_other_by_name(files):
    for script in [files.loader, *files.chunks.values()]:
        assert not re.search(rb'"%[\w./]+%"|%build%', script.plain)
        imported = re.findall(rb'from"\./([^"]+)"', script.plain) + [
            name + b".js" for name in re.findall(rb'\bchunk\("(\w+)"\)', script.plain)]  # fmt: skip
        assert {name.decode() for name in imported} <= files.chunks.keys()


def test_what_a_chunk_imports_the_other_exports(files):
    for script in files.chunks.values():
        for listed, other in re.findall(rb'import\{([^}]*)\}from"\./([^"]+)"', script.plain):
            exported = re.findall(rb"export (?:async )?(?:function|const) (\w+)", files.chunks[other.decode()].plain)
            assert set(listed.split(b",")) <= set(exported)


@pytest.mark.parametrize("chunk", names(FOLDER))
def test_every_file_of_a_chunk_is_joined_once_and_the_entry_last(chunk):
    order = joined(FOLDER / chunk, asked_of(FOLDER, chunk))
    assert len(order) == len(set(order))
    assert order[-1] == f"{chunk}.js"
    assert set(order) == {path.name for path in (FOLDER / chunk).glob("*.js")}, "a file that nobody imports"


@pytest.mark.parametrize("chunk", names(FOLDER))
def test_files_that_share_a_scope_share_no_name(chunk):
    source = "\n".join((FOLDER / chunk / name).read_text() for name in joined(FOLDER / chunk, asked_of(FOLDER, chunk)))
    found = Counter(re.findall(r"^(?:export )?(?:async )?(?:function|const|let) (\w+)", source, re.MULTILINE))
    assert [name for name, times in found.items() if times > 1] == []


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_nothing_a_strict_page_forbids(path):
    assert re.findall(FORBIDDEN, path.read_text()) == []


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: f"{path.parent.name}/{path.name}")
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
    answer = client.simulate_get(f"/w/{files.build}/panel.js")
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert ANY_SITE.items() <= answer.headers.items()


def test_a_loader_of_yesterday_is_led_to_todays_panel(client, files):
    answer = client.simulate_get("/w/000000/panel.js")
    assert (answer.status_code, answer.headers["location"]) == (302, f"../{files.build}/panel.js")
    assert (answer.headers["cache-control"], answer.headers["access-control-allow-origin"]) == ("no-store", "*")


def test_a_panel_of_yesterday_gets_no_chunk_that_does_not_fit_it(client):
    answer = client.simulate_get("/w/000000/post.js")
    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (404, "*")


@pytest.mark.parametrize("name", ["nothing.js", "panel.css", "panel", "..", "loader.js", "panel.en.js"])
def test_an_unknown_chunk_is_not_found(client, files, name):
    assert client.simulate_get(f"/w/{files.build}/{name}").status_code == 404


def test_every_language_says_everything_that_english_does():
    known = {path.stem: json.loads(path.read_text()) for path in (FOLDER / "words").glob("*.json")}
    for part in known["en"]:
        for said in known.values():
            assert list(said[part]) == list(known["en"][part])
            for key, text in known["en"][part].items():
                assert places(said[part][key]) == places(text), key


def places(text) -> set[str]:
    """The {0}, {1} of a text; of forms, of the one for most."""
    return set(re.findall(r"\{\d\}", text["other"] if isinstance(text, dict) else text))


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
