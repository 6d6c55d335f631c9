"""One service that really runs, for all attacks: `sayso web` in a process of its own, asked through a socket.

`client` speaks to it, and everything that takes a client does too. `here` connects this process to its database, so that a
test can set the scene by the verbs and look at the rows afterwards; every test finds the tables empty."""

import os
import ssl
import subprocess
import sys
from contextlib import closing
from dataclasses import dataclass, replace

import caddy
import canary
import cast
import psycopg2
import pytest
from installation import REPOSITORY, free_ports, until
from wire import Wire

TABLES = """
SELECT format('%I', relname) FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
   AND relname !~ 'migration' ORDER BY 1"""


@dataclass(frozen=True)
class Running:
    """The service, and where its rows are."""

    port: int
    url: str
    root_url: str  # the same database, as somebody whom no rule stops

    def answers(self, path: str) -> bool:
        with closing(Wire(self.port)) as wire:
            try:
                return wire.simulate_get(path).status_code == 200
            except OSError:
                return False


@pytest.fixture(scope="session")
def running(postgres, admin, template):
    """`sayso web`, with nothing in front of it."""
    admin.execute(f"CREATE DATABASE attacked TEMPLATE {template} OWNER sayso")
    made = Running(free_ports(1)[0], postgres.address("sayso", "attacked"), postgres.address("postgres", "attacked"))
    with serving(made):
        yield made


def serving(made: Running, **settings: str):
    """A process that serves this database at this port, until the end of a `with`."""
    return Serving(made, settings)


@dataclass
class Serving:
    made: Running
    settings: dict
    command: str = "web"
    process: subprocess.Popen | None = None

    @property
    def path(self) -> str:
        return "/readyz" if self.command == "web" else "/healthz"

    def __enter__(self):
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        told = {**kept, "DATABASE_URL": self.made.url, "SECRET_KEYS": cast.SECRET_KEY, "PORT": str(self.made.port)}
        with canary.log(self.command) as log:
            self.process = subprocess.Popen([sys.executable, "-m", "service", self.command], cwd=REPOSITORY,
                                            env={**told, **self.settings}, stdout=log, stderr=log)  # fmt: skip
        until(lambda: self.made.answers(self.path) or self.process.poll() is not None, 60)
        assert self.process.poll() is None, "it ended"
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(30)


@pytest.fixture(scope="session")
def streaming(running):
    """The address of `sayso stream` at the same database."""
    port = free_ports(1)[0]
    with Serving(replace(running, port=port), {"STREAM_PORT": str(port)}, "stream"):
        yield f"http://127.0.0.1:{port}/stream"


@pytest.fixture(scope="session")
def sweep(running):
    """Empties every table, in any order."""
    with closing(psycopg2.connect(running.root_url)) as connection:
        connection.autocommit = True
        cursor = connection.cursor()
        cursor.execute(TABLES)
        names = [name for (name,) in cursor.fetchall()]
        every = ";".join(f"DELETE FROM {name}" for name in names)
        yield lambda: cursor.execute(f"BEGIN; SET LOCAL session_replication_role = replica; {every}; COMMIT")


@pytest.fixture
def url(running, sweep):
    """Where `here` connects to: the service's own database, with nothing in it."""
    sweep()
    return running.url


@pytest.fixture
def client(running, here):
    """HTTP to the service that runs."""
    with closing(Wire(running.port)) as wire:
        yield wire


@dataclass(frozen=True)
class Fronted:
    """The same service behind a real Caddy: what strangers reach, and what Caddy reaches."""

    running: Running
    caddy: caddy.Front

    def line(self, source: str = "127.0.0.1") -> Wire:
        """To Caddy, from this address of ours."""
        return Wire(self.caddy.port, ssl.create_default_context(cafile=self.caddy.root), source)


@pytest.fixture(scope="session")
def fronted(running, folder):
    """Another process of the service, at the same database, told that it stands behind a proxy; and Caddy as that proxy."""
    home, (inner, *own) = folder / "caddy", free_ports(3)
    home.mkdir()
    behind = replace(running, port=inner)
    with (
        serving(behind, BASE_URL=f"https://127.0.0.1:{own[0]}"),
        caddy.running(home, inner, free_ports(1)[0], tuple(own)) as front,
    ):
        yield Fronted(behind, front)


@pytest.fixture
def front(fronted, here):
    """HTTPS to Caddy."""
    with closing(fronted.line()) as wire:
        yield wire


@pytest.fixture
def proxied(fronted, here):
    """HTTP as Caddy speaks to the service: what is said of whom it speaks for is believed."""
    with closing(Wire(fronted.running.port)) as wire:
        yield wire
