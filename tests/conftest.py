"""A real PostgreSQL for the run, one template database with our schema, and a fresh copy of it for every test."""

import dataclasses
import itertools
import os
import queue
import shutil
import tempfile
import threading
from contextlib import closing, suppress
from pathlib import Path

import canary
import cast
import falcon.testing
import psycopg2
import pytest
import stripes

from service import config, db, embedded, migrate
from service.db import database
from service.feedback import billing, endpoints, letters, vectors
from service.lib import sealing, tokens
from service.web.app import create_app

numbers = itertools.count(1)


@pytest.fixture
def figure(record_property):
    """Keeps what a test has measured, by name; all of it is printed when the tests are done."""
    return record_property


def pytest_configure(config):
    canary.begin()


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session):
    """When all processes of the run have ended: nothing private may stand in what they logged."""
    if not hasattr(session.config, "workerinput"):
        session.config.given_away = canary.found()
        session.exitstatus = session.exitstatus or int(bool(session.config.given_away))


def pytest_terminal_summary(terminalreporter):
    for sentence in getattr(terminalreporter.config, "given_away", [])[:50]:
        terminalreporter.line(f"FAILED canary: a log holds {sentence}", red=True)
    reports = [report for kind in ("passed", "failed") for report in terminalreporter.getreports(kind)]
    measured = [figure for report in reports if getattr(report, "when", "") == "call" for figure in report.user_properties]
    if measured:
        terminalreporter.section("measured")
    for name, value in measured:
        terminalreporter.line(f"{name}: {value}")


@pytest.fixture(scope="session")
def folder():
    """A folder that the account of the database can reach, which pytest's own is not when we are root."""
    made = Path(tempfile.mkdtemp(prefix="sayso-tests-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres(folder):
    """The server, with a database `template_sayso` that has the schema."""
    with embedded.claim(folder / "data"):
        server = embedded.start(folder / "data", os.environ.get("SAYSO_POSTGRES", "18"), fast=True)
        try:
            yield server
        finally:
            server.stop()


@pytest.fixture(scope="session")
def admin(postgres):
    """A superuser's cursor in another database, for making and dropping databases."""
    connection = psycopg2.connect(postgres.address("postgres", "postgres"))
    connection.autocommit = True
    yield connection.cursor()
    connection.close()


@pytest.fixture(scope="session")
def template(postgres, admin):
    admin.execute("CREATE DATABASE template_sayso OWNER sayso")
    with embedded.cursor(postgres.address("postgres", "template_sayso")) as owner:
        owner.execute("CREATE EXTENSION vector")
    migrate.run(postgres.address("sayso", "template_sayso"))
    return "template_sayso"


@pytest.fixture
def empty_url(postgres, admin):
    """A database without anything of ours in it."""
    name = f"test_{next(numbers)}"
    admin.execute(f"CREATE DATABASE {name} OWNER sayso")
    yield postgres.address("sayso", name)
    admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def target(empty_url) -> str:
    """The address of a database that has what only a superuser can make, and nothing else."""
    with embedded.cursor(empty_url.replace("//sayso@", "//postgres@")) as owner:
        owner.execute("CREATE EXTENSION vector")
    return empty_url


class Copies:
    """Databases with our schema and nothing in it, one for each test, made while the tests before it run."""

    AHEAD = 3

    def __init__(self, server, template: str):
        self.server, self.template = server, template
        self.ready, self.used, self.ended = queue.Queue(self.AHEAD), queue.SimpleQueue(), False
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self) -> None:
        with closing(psycopg2.connect(self.server.address("postgres", "postgres"))) as connection:
            connection.autocommit = True
            cursor = connection.cursor()
            try:
                while not self.ended:
                    while not self.used.empty():
                        cursor.execute(f"DROP DATABASE IF EXISTS {self.used.get()} WITH (FORCE)")
                    name = f"test_{next(numbers)}"
                    cursor.execute(f"CREATE DATABASE {name} TEMPLATE {self.template} OWNER sayso")
                    self.ready.put(name)
            except psycopg2.Error as error:
                self.ready.put(error)

    def take(self) -> str:
        name = self.ready.get(timeout=120)
        if isinstance(name, Exception):
            raise name
        return name

    def stop(self) -> None:
        self.ended = True
        while self.thread.is_alive():  # it may wait to hand over one more
            with suppress(queue.Empty):
                self.ready.get(timeout=0.1)


@pytest.fixture(scope="session")
def copies(postgres, template):
    made = Copies(postgres, template)
    yield made
    made.stop()


@pytest.fixture
def url(postgres, copies):
    """A database with our schema and nothing in it, for one test."""
    name = copies.take()
    yield postgres.address("sayso", name)
    copies.used.put(name)


@pytest.fixture(scope="session")
def settings(folder):
    """The configuration of the tests; pages at http://127.0.0.1:8000."""
    given = {"SECRET_KEYS": cast.SECRET_KEY, "DATABASE_URL": "postgresql://none", "DATA_DIR": str(folder / "app")}
    made = config.read(given)
    tokens.start(made.secret_keys)
    sealing.start(made.secret_keys)
    return made


@pytest.fixture
def here(url, settings):
    """This test's process, connected to its database, as every process of ours is when it begins."""
    letters.start(settings)
    endpoints.start(settings)
    vectors.start(settings)
    billing.start(settings)
    db.start(url, connections=40)
    db.connect()
    yield dataclasses.replace(settings, database_url=url)
    if not database.is_closed():
        db.discard()
    database.close_all()


@pytest.fixture(scope="session")
def app(settings):
    return create_app(settings)


@pytest.fixture
def client(app, here):
    """HTTP without a network: the whole application."""
    return falcon.testing.TestClient(app)


@pytest.fixture
def acme(here):
    return cast.acme()


@pytest.fixture
def globex(here):
    return cast.globex()


@pytest.fixture
def stripe(here):
    """An account at Stripe: there are plans."""
    with stripes.account(here) as account:
        yield account


@pytest.fixture
def cus(stripe, acme):
    """The id by which Stripe knows Acme."""
    return stripes.customer(stripe, acme)
