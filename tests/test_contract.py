"""The API does what its document says: Schemathesis reads the one and calls the other, thousands of times, in a process of
its own, against Sayso as people run it."""

import json
import os
import subprocess
import sys
import threading
from contextlib import contextmanager
from pathlib import Path

import cast
import installation
import pytest

from service import db
from service.db import database

HERE = Path(__file__).parent
# What came up in the first phases makes Hypothesis give the last one up early, so that is a run of its own.
RUNS = ("examples,coverage,fuzzing", "stateful")
EXAMPLES = "40"  # for each operation and phase, at most
AT_LEAST = 5000  # cases in all
OWN = "SELECT id, person_id FROM api_key WHERE name = 'sayso demo'"


@pytest.fixture(scope="module")
def reports(settings, tmp_path_factory) -> list[dict]:
    """What Schemathesis reports of each of the runs; `said` is what it printed, `log` what Sayso wrote."""
    folder = tmp_path_factory.mktemp("contract")
    with installation.running() as sayso, connected(sayso), minutes_that_pass():
        environment = prepared(sayso, folder)
        return [{**run(sayso, phases, folder, environment), "log": "\n".join(sayso.said)} for phases in RUNS]


def prepared(sayso, folder: Path) -> dict[str, str]:
    """The environment that schemathesis.toml and schemathesis_hooks.py need: as whom to call, and as whom else."""
    keys = {"tidewater": sayso.demo["api_key"], "globex": cast.globex().api_key}
    peers = [{"name": name, "fixedHeaders": [{"name": "Authorization", "value": f"Bearer {key}"}]}
             for name, key in keys.items()]  # fmt: skip
    (folder / "peers.json").write_text(json.dumps({"auth": peers}))
    key, member = db.row(OWN)
    return {"SAYSO_OWN_KEY": str(key), "SAYSO_OWN_MEMBER": str(member), "SAYSO_PEERS": str(folder / "peers.json")}


def run(sayso, phases: str, folder: Path, environment: dict[str, str]) -> dict:
    report = folder / f"{phases}.json"
    command = [Path(sys.executable).with_name("schemathesis"), "--config-file", HERE / "schemathesis.toml", "run",
               f"{sayso.base_url}/api/v1/openapi.json", "--checks", "all", "--phases", phases, "--max-examples", EXAMPLES,
               "--no-color", "--report", "json", "--report-json-path", report]  # fmt: skip
    told = {**os.environ, **environment, "PYTHONPATH": str(HERE)}
    done = subprocess.run(command, cwd=folder, env=told, capture_output=True, text=True)
    assert done.returncode in (0, 1), done.stdout + done.stderr
    return {**json.loads(report.read_text()), "said": done.stdout}


@contextmanager
def connected(sayso):
    """This process connected to the installation's database, as a command of ours is."""
    db.start(sayso.database_url, connections=2)
    with db.connected():
        yield
    database.close_all()


@contextmanager
def minutes_that_pass():
    """A key's limit of requests a minute is tested elsewhere; here it would only be in the way."""
    over = threading.Event()

    def forget():
        with db.connected():
            while not over.wait(0.5):
                db.changed("DELETE FROM rate")

    thread = threading.Thread(target=forget)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def test_the_api_keeps_to_its_document(reports):
    for report in reports:
        assert report["failures"] == report["errors"] == [] and report["exit_code"] == 0, report["said"]


def test_every_operation_was_called_in_every_way(reports):
    first, last = (report["phases"] for report in reports)
    assert [first[phase]["status"] for phase in RUNS[0].split(",")] == ["success"] * 3
    assert last["stateful"]["status"] == "success"
    assert reports[0]["operations"]["tested"] == reports[0]["operations"]["total"] > 60
    assert sum(report["test_cases"]["generated"] for report in reports) >= AT_LEAST
    assert reports[1]["test_cases"]["generated"] >= 100  # how far it gets depends on what it is answered


def test_it_was_let_in_all_the_way(reports):
    for report in reports:
        assert report["warnings"]["missing_auth"] == report["warnings"]["rate_limited"] == []


def test_nothing_went_wrong_inside(reports):
    assert "Traceback" not in reports[-1]["log"] and " failed: " not in reports[-1]["log"]
