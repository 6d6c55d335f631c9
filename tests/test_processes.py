"""Each process alone, against a database of one's own: as on several hosts, where nothing but that is shared."""

import os
import signal
import subprocess
import sys
from contextlib import ExitStack, contextmanager
from pathlib import Path

import canary
import urllib3
from cast import SECRET_KEY
from installation import free_ports, until

from service import db

WEB, STREAM = free_ports(2)
PAGES, LIVE = f"http://127.0.0.1:{WEB}", f"http://127.0.0.1:{STREAM}"
PORTS = {"PORT": str(WEB), "STREAM_PORT": str(STREAM)}


@contextmanager
def sayso(url: str, *arguments: str, ends: tuple[int, ...] = (0, -signal.SIGTERM), **settings: str):
    """One `sayso` command in a process of its own; it must end by itself when it is told to, or as somebody ends it."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    told = {**kept, **PORTS, "DATABASE_URL": url, "SECRET_KEYS": SECRET_KEY, **settings}
    with canary.log(arguments[0]) as log:
        process = subprocess.Popen([sys.executable, "-m", "service", *arguments], env=told, stdout=log, stderr=log)
    try:
        yield process
    finally:
        process.terminate()
        assert process.wait(30) in ends


def answers(address: str) -> bool:
    try:
        return urllib3.request("GET", address, retries=False, timeout=5).status == 200
    except urllib3.exceptions.HTTPError:
        return False


def children(process: subprocess.Popen) -> set[int]:
    tasks = Path(f"/proc/{process.pid}/task").glob("*/children")
    return {int(pid) for task in tasks for pid in task.read_text().split()}


def test_web_worker_and_stream_do_their_parts_side_by_side(here, acme):
    commands = [("web",), ("worker",), ("stream",)]
    with ExitStack() as running:
        for command in commands:
            running.enter_context(sayso(here.database_url, *command))
        until(lambda: answers(f"{PAGES}/readyz") and answers(f"{LIVE}/healthz"), 30)
        live = urllib3.request("GET", f"{LIVE}/stream", headers=acme.bearer(), preload_content=False, timeout=10)
        lines = iter(live.readline, b"")
        assert next(lines).startswith(b":")
        made = urllib3.request("POST", f"{PAGES}/api/v1/posts", json={"title": "Dark mode"}, headers=acme.bearer())
        assert made.status == 201
        assert b"event: post.created\n" in lines
        until(lambda: db.row("SELECT count(*) FROM post_embedding") == (1,))
        until(lambda: db.row("SELECT count(*) FROM letter WHERE state = 'kept'") == (1,))
        live.close()


def test_several_web_processes_share_one_port_and_end_together(here):
    with sayso(here.database_url, "web", "--processes", "2") as process:
        until(lambda: answers(f"{PAGES}/readyz"), 30)
        both = until(lambda: len(children(process)) == 2 and children(process))
    assert not any(Path(f"/proc/{pid}").exists() for pid in both)
