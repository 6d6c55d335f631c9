"""What developers get beside the tag: types that `tsc --strict` checks, and a module that loads the script."""

import shutil
import subprocess
import sys
from pathlib import Path

import falcon
import pytest
from falcon.testing import TestClient

from service.web.widget.files import Source

REPOSITORY = Path(__file__).resolve().parent.parent
WIDGET = REPOSITORY / "widget"
COMPILER = Path(sys.prefix) / "node_modules" / "typescript" / "bin" / "tsc"
STRICTLY = ["--strict", "--exactOptionalPropertyTypes", "--noUncheckedIndexedAccess", "--noEmit", "--target", "es2022",
            "--lib", "es2022,dom", "--module", "esnext", "--moduleResolution", "bundler"]  # fmt: skip
ON_A_SERVER = """
import sayso, { load } from "WIDGET/w.mjs";
const answers = [sayso.version, sayso.isOpen(), sayso.unread(), typeof sayso.on("open", () => {}), sayso.close()];
console.log(JSON.stringify(answers), await load({ key: "k" }) === sayso);
sayso.destroy();
"""


@pytest.fixture(scope="module")
def client():
    app = falcon.App()
    for name in ("w.mjs", "w.d.ts"):
        app.add_route(f"/{name}", Source(WIDGET / name))
    return TestClient(app)


def compile_strictly(*sources: Path) -> str:
    """What the compiler says; nothing when it is content."""
    assert COMPILER.exists(), "This test needs TypeScript; install it: make types"
    node = shutil.which("node")
    assert node, "These tests need Node.js; install it, e.g.: sudo apt-get install npm"
    return subprocess.run([node, COMPILER, *STRICTLY, *sources], capture_output=True, text=True).stdout


def test_everything_there_is_to_call_is_typed_and_every_mistake_is_one():
    assert compile_strictly(WIDGET / "w.d.ts", REPOSITORY / "tests" / "types" / "sample.ts") == ""


def test_the_compiler_would_say_so(tmp_path):
    wrong = tmp_path / "wrong.ts"
    wrong.write_text('window.sayso?.open("nowhere");')
    assert "nowhere" in compile_strictly(WIDGET / "w.d.ts", wrong)


def test_the_module_can_be_imported_where_there_is_no_page(tmp_path):
    program = tmp_path / "server.mjs"
    program.write_text(ON_A_SERVER.replace("WIDGET", str(WIDGET)))
    done = subprocess.run(["node", program], capture_output=True, text=True, timeout=30)
    assert (done.stdout, done.stderr) == ('["",false,0,"function",null] true\n', "")


@pytest.mark.parametrize(
    ("name", "kind"), [("w.mjs", "text/javascript; charset=utf-8"), ("w.d.ts", "text/plain; charset=utf-8")]
)
def test_both_are_served_to_any_site_for_a_short_time(client, name, kind):
    answer = client.simulate_get(f"/{name}")
    assert answer.text == (WIDGET / name).read_text()
    assert answer.headers["content-type"] == kind
    assert answer.headers["cache-control"].startswith("public, max-age=300,")
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
    assert answer.headers["x-content-type-options"] == "nosniff"
    again = client.simulate_get(f"/{name}", headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
