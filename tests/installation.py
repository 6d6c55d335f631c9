"""Sayso as people run it: `with running() as sayso:` is `sayso up` with ports and a data folder of its own.

Then `sayso.base_url`, `sayso.demo["api_key"]`, `sayso.pid("worker")`, `sayso.kill("web")` and so on."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import canary

import service
from service import cluster, embedded

REPOSITORY = Path(service.__file__).parents[1]
START_SECONDS, STOP_SECONDS = 60, 40
READY = "Sayso is ready: "


@dataclass
class Installation:
    """One `sayso up` and its data folder. `said` is what it wrote, line by line, on both of its outputs."""

    folder: Path
    port: int
    stream_port: int
    environment: dict
    python: str = sys.executable  # whose Sayso it is
    place: Path = REPOSITORY  # where it is started
    said: list[str] = field(default_factory=list)
    process: subprocess.Popen | None = None

    @property
    def base_url(self) -> str:
        """Where browsers find it: at what stands in front of it, if anything does."""
        return self.environment.get("BASE_URL") or f"http://127.0.0.1:{self.port}"

    @property
    def stream_origin(self) -> str:
        return self.environment.get("BASE_URL") or f"http://127.0.0.1:{self.stream_port}"

    @property
    def database_url(self) -> str:
        return embedded.find(self.folder).url

    @cached_property
    def demo(self) -> dict[str, str]:
        """The demo workspace's addresses and keys, as `sayso demo --json` prints them; made when first asked for."""
        return json.loads(self.command("demo", "--json"))

    def command(self, *arguments: str) -> str:
        """What another `sayso` command says in this installation."""
        with canary.log(arguments[0]) as log:
            outputs = {"stdout": subprocess.PIPE, "stderr": log}
            done = subprocess.run(self.sayso(*arguments), **self.surroundings(), **outputs, check=True)
        return done.stdout

    def start(self) -> None:
        """Return when it is ready; AssertionError with what it said when it does not get there."""
        ports = ("--port", str(self.port), "--stream-port", str(self.stream_port))
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
        self.process = subprocess.Popen(self.sayso("up", *ports), **self.surroundings(), **pipes)
        threading.Thread(target=self.listen, args=(self.process.stdout,), daemon=True).start()
        until(lambda: self.has_said(READY) or self.process.poll() is not None, START_SECONDS)
        assert self.process.poll() is None, self.last_words()

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Tell it to stop, as Ctrl-C or an init system does; returns its exit status."""
        self.process.send_signal(number)
        return self.process.wait(STOP_SECONDS)

    def pid(self, name: str) -> int:
        """The process that is web, worker or stream at this moment; postgres too."""
        if name == "postgres":
            return cluster.postmaster(self.folder)
        return until(lambda: self.children().get(name))

    def children(self) -> dict[str, int]:
        """Our own processes below `up`, by name."""
        found = {}
        for place in Path("/proc").glob("[0-9]*"):
            with suppress(OSError, IndexError):
                words = (place / "cmdline").read_bytes().decode().split("\0")
                if parent_of(place) == self.process.pid and words[1:3] == ["-m", "service"]:
                    found[words[3]] = int(place.name)
        return found

    def processes(self) -> set[int]:
        """`up` and everything below it, PostgreSQL and its helpers too."""
        found, parents = {self.process.pid}, {}
        for place in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                parents[int(place.name)] = parent_of(place)
        while more := {pid for pid, parent in parents.items() if parent in found} - found:
            found |= more
        return found

    def kill(self, name: str) -> None:
        """End one of its processes as a crash does."""
        os.kill(self.pid(name), signal.SIGKILL)

    def last_words(self) -> str:
        return "\n".join(self.said[-30:])

    def has_said(self, text: str) -> bool:
        return any(text in line for line in self.said)

    def listen(self, output) -> None:
        with output:
            for line in output:
                self.said.append(line.rstrip())
                canary.hear(line.rstrip())

    def sayso(self, *arguments: str) -> list[str]:
        return [self.python, "-m", "service", *arguments]

    def surroundings(self) -> dict:
        # nothing of the tester's own settings but the version to test
        known = ("PATH", "HOME", "LANG", "TMPDIR", "SAYSO_POSTGRES")
        kept = {name: os.environ[name] for name in known if name in os.environ}
        told = {**kept, **self.environment, "DATA_DIR": str(self.folder)}
        return {"cwd": self.place, "env": told, "text": True, "stdin": subprocess.DEVNULL}


@contextmanager
def running(python: str = sys.executable, place: Path = REPOSITORY, **environment: str):
    """An installation that is ready, with these environment variables; it is stopped and its folder removed.

    `python` is whose Sayso runs, started in the folder `place`."""
    with data_folder() as folder:
        made = Installation(folder, *free_ports(2), environment, python, place)
        try:
            made.start()
            yield made
        finally:
            end(made)


def parent_of(place: Path) -> int:
    return int((place / "stat").read_text().rsplit(")", 1)[1].split()[1])


def end(made: Installation) -> None:
    with suppress(ProcessLookupError, subprocess.TimeoutExpired):
        made.stop()
    if made.process.poll() is None:
        made.process.kill()
        made.process.wait()
        cluster.stop(made.folder)


@contextmanager
def data_folder():
    """A folder that the account which runs PostgreSQL can reach; pytest's own are closed to it when we are root."""
    home = Path(tempfile.mkdtemp(prefix="sayso-up-")).resolve()
    home.chmod(0o755)
    try:
        yield home / "data"
    finally:
        shutil.rmtree(home, ignore_errors=True)


def free_ports(count: int) -> list[int]:
    """Ports that nobody uses at this moment."""
    probes = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [probe.getsockname()[1] for probe in probes]
    for probe in probes:
        probe.close()
    return ports


def until(condition, seconds: float = 15, every: float = 0.02):
    """What `condition` answers as soon as it is true; AssertionError when that takes too long."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(every)
    return found
