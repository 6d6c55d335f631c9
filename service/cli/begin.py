"""What every command begins with: its options, the settings, a database that is up to date."""

import os
from contextlib import contextmanager
from pathlib import Path

import click

from service import config, db, embedded, installation, migrate, nightly, supervisor
from service.config import Config
from service.feedback import billing, endpoints, letters, reembedding, vectors
from service.lib import sealing, tokens

GIVEN_ON = ("DATABASE_URL", "SECRET_KEYS", "HOST", "PORT", "STREAM_PORT", "DATA_DIR")

data = click.option("--data", "data_dir", metavar="FOLDER", help="Where everything is kept; DATA_DIR, ./data.")
host = click.option("--host", help="The address to listen on; HOST, 127.0.0.1.")
port = click.option("--port", help="The port of the pages and the API; PORT, 8000.")
stream_port = click.option("--stream-port", help="The port of the live updates; STREAM_PORT, 8001.")
handle = click.option("--fd", type=int, hidden=True, help="A listening socket that the supervisor holds open.")
parent = click.option("--supervisor", "parent", type=int, hidden=True, help="Whom to end with.")


@contextmanager
def database(settings: Config, alone: bool = False):
    """The settings with a database, and a function that keeps it running: the one they name, the embedded one that
    runs (unless we must be `alone` in the data folder), or one that is started for the while."""
    found = None if settings.database_url or alone else embedded.find(settings.data_dir)
    if settings.database_url or found:
        yield settings if settings.database_url else settings.at(found.url), lambda: None
        return
    with supervisor.stoppable(), embedded.running(settings.data_dir, settings.postgres) as (url, tend):
        yield settings.at(url), tend


@contextmanager
def process(parent: int | None, connections: int, **options):
    """What web, worker and stream begin with: settings, a database that is up to date, and the supervisor in sight."""
    if parent:
        supervisor.follow_parent(parent)
    with database(config.read(**options)) as (settings, _):
        start(settings, connections)
        if not parent:
            prepare(settings)
        yield settings


def prepare(settings: Config) -> list[str]:
    """The tables this release needs, and proof that our keys fit them; returns the migrations that ran."""
    names = migrate.run(settings.database_url)
    with db.connected():
        installation.check_keys()
        reembedding.adopt(settings)
    return names


def start(settings: Config, connections: int) -> None:
    tokens.start(settings.secret_keys)
    sealing.start(settings.secret_keys)
    letters.start(settings)
    endpoints.start(settings)
    vectors.start(settings)
    billing.start(settings)
    nightly.start(settings)
    db.start(settings.database_url, connections)


def folder_of(settings: Config) -> Path | None:
    """The folder of the database, when it is the embedded one."""
    found = embedded.find(settings.data_dir)
    return settings.data_dir if found and found.url == settings.database_url else None


def hand_on(settings: Config) -> None:
    """Let child processes read the same settings from their environment."""
    keys = ",".join(settings.secret_keys)
    values = (settings.database_url, keys, settings.host, settings.port, settings.stream_port, settings.data_dir)
    for name, value in zip(GIVEN_ON, values, strict=True):
        os.environ[name] = str(value)
        os.environ.pop(f"{name}_FILE", None)
