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
EXAMPLES = "40"  # for each operation and phase, at most
AT_LEAST = 5000  # cases in all
OWN = "SELECT id, person_id FROM api_key WHERE name = 'sayso demo'"


@pytest.fixture(scope="module")
def report(settings, tmp_path_factory) -> dict:
    """What Schemathesis reports of one run through everything."""
    folder = tmp_path_factory.mktemp("contract")
    with installation.running() as sayso, connected(sayso), minutes_that_pass():
        keys = {"tidewater": sayso.demo["api_key"], "globex": cast.globex().api_key}
        key, member = db.row(OWN)
        peers = {"auth": [{"name": name, "fixedHeaders": [{"name": "Authorization", "value": f"Bearer {each}"}]}
                          for name, each in keys.items()]}  # fmt: skip
        (folder / "peers.json").write_text(json.dumps(peers))
        told = {"SAYSO_OWN_KEY": str(key), "SAYSO_OWN_MEMBER": str(member), "SAYSO_PEERS": str(folder / "peers.json"),
                "PYTHONPATH": str(HERE)}  # fmt: skip
        command = [Path(sys.executable).with_name("schemathesis"), "--config-file", HERE / "schemathesis.toml", "run",
                   f"{sayso.base_url}/api/v1/openapi.json", "--checks", "all", "--max-examples", EXAMPLES, "--no-color",
                   "--report", "json", "--report-json-path", folder / "report.json"]  # fmt: skip
        done = subprocess.run(command, cwd=folder, env={**os.environ, **told}, capture_output=True, text=True)
        assert done.returncode in (0, 1), done.stdout + done.stderr
        return {**json.loads((folder / "report.json").read_text()), "said": done.stdout, "log": "\n".join(sayso.said)}


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


def test_the_api_keeps_to_its_document(report):
    assert report["failures"] == report["errors"] == [] and report["exit_code"] == 0, report["said"]


def test_every_operation_was_called_in_every_way(report):
    assert report["operations"]["tested"] == report["operations"]["total"] > 60
    assert {name: phase["status"] for name, phase in report["phases"].items()} == dict.fromkeys(
        ("examples", "coverage", "fuzzing", "stateful"), "success")  # fmt: skip
    assert report["test_cases"]["generated"] >= AT_LEAST and report["test_cases"]["errored"] == 0


def test_it_was_let_in_all_the_way(report):
    assert report["warnings"]["missing_auth"] == report["warnings"]["rate_limited"] == []


def test_nothing_went_wrong_inside(report):
    assert "Traceback" not in report["log"] and " failed: " not in report["log"]
