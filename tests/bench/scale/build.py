"""Makes the databases that are not there yet. One that was not finished, or whose schema is an older one, is made anew.

`python -m bench.scale.build` makes them, to have that behind you; `make bench` does the same when it needs them."""

import hashlib
import os
import time
from contextlib import closing, contextmanager
from functools import cache

import click
import numpy
import psycopg2
from psycopg2 import sql

from bench.scale import LARGE, MADE, SMALL, census, folder, loading, texts
from service import db, embedded, files, migrate
from service.cluster import OWNER, ROLE
from service.db import database
from service.lib import embeddings

UNFINISHED = "unfinished"
# for building indexes in memory, by three processes
BUILDING = "SET maintenance_work_mem = '2GB'; SET max_parallel_maintenance_workers = 2"
OURS = "SELECT datname FROM pg_database WHERE datname = %s OR datname ~ %s"


@cache
def fingerprint() -> str:
    """Of everything that the databases follow from."""
    told = hashlib.sha256(f"{MADE} {embeddings.MODEL}".encode())
    for path in sorted(files.root("migrations").glob("[0-9]*.py")):
        told.update(path.read_bytes())
    return told.hexdigest()[:12]


@contextmanager
def databases():
    """The addresses of `small` and `large`, for the application, while their server runs."""
    version = os.environ.get("SAYSO_POSTGRES", "18")
    place = folder() / version
    if not database.deferred:
        database.close_all()  # what this process was connected to before
    with embedded.claim(place):
        server = embedded.start(place, version)
        try:
            wanted = {name: f"{name}_{fingerprint()}" for name in (SMALL, LARGE)}
            missing = [name for name in wanted if wanted[name] not in tidied(server, set(wanted.values()))]
            base = base_vectors() if missing else None
            for name in missing:
                make(server, name, base)
                say(server, "ALTER DATABASE {} RENAME TO {}", UNFINISHED, wanted[name])
            yield {name: server.address(ROLE, each) for name, each in wanted.items()}
        finally:
            server.stop()


def tidied(server, wanted: set[str]) -> set[str]:
    """Drop what is not finished or too old; returns the names of what stays."""
    with embedded.cursor(server.address(OWNER, "postgres")) as cursor:
        cursor.execute(OURS, [UNFINISHED, f"^({SMALL}|{LARGE})_"])
        there = {name for (name,) in cursor.fetchall()}
    for name in there - wanted:
        say(server, "DROP DATABASE {} WITH (FORCE)", name)
    return there & wanted


def say(server, statement: str, *names: str) -> None:
    with embedded.cursor(server.address(OWNER, "postgres")) as cursor:
        cursor.execute(sql.SQL(statement).format(*(sql.Identifier(name) for name in names)))


def base_vectors() -> numpy.ndarray:
    with step("what the texts mean", texts.TEXTS) as progress:
        return texts.vectors(progress)


def make(server, name: str, base: numpy.ndarray) -> None:
    """The database of this name, called UNFINISHED."""
    say(server, "ALTER SYSTEM SET max_wal_size = '8GB'")
    say(server, "ALTER SYSTEM SET autovacuum = off")  # nothing changes any more, and figures stay the same
    say(server, "CREATE DATABASE {} OWNER {}", UNFINISHED, ROLE)
    with embedded.cursor(server.address(OWNER, UNFINISHED)) as cursor:
        cursor.execute("CREATE EXTENSION vector; SELECT pg_reload_conf()")
    migrate.run(server.address(ROLE, UNFINISHED))
    places = census.places(name)
    db.start(server.address(ROLE, UNFINISHED), connections=1)
    with db.connected(), step(f"{name}: workspaces", len(places)) as progress:
        loading.found(name, places, progress)
    database.close_all()
    with closing(psycopg2.connect(server.address(OWNER, UNFINISHED))) as connection:
        indexes = fill(connection, name, places, base)
        connection.autocommit = True
        index(connection.cursor(), name, indexes)


def fill(connection, name: str, places: list[census.Place], base: numpy.ndarray) -> list[str]:
    cursor = connection.cursor()
    indexes = loading.emptied(cursor)
    now = int(time.time()) * 1_000_000
    crowd = loading.Crowd(cursor, places, base, now)
    steps = {
        "users": (loading.users, crowd.first_user[-1]), "posts": (loading.posts, len(crowd.posts)),
        "comments": (loading.comments, crowd.posts["comments"].sum()), "votes": (loading.votes, crowd.posts["votes"].sum()),
        "vectors": (loading.vectors, len(crowd.posts)),
    }  # fmt: skip
    for label, (function, rows) in steps.items():
        with step(f"{name}: {label}", int(rows)) as progress:
            function(crowd, progress)
    connection.commit()
    return indexes


def index(cursor, name: str, indexes: list[str]) -> None:
    """Build the indexes, then what follows from the rows, and let PostgreSQL look at them."""
    cursor.execute(BUILDING)
    with step(f"{name}: indexes", len(indexes)) as progress:
        for each in indexes:
            cursor.execute(f"REINDEX INDEX {each}")  # a name that PostgreSQL wrote
            progress(1)
    with step(f"{name}: what follows", 2) as progress:
        loading.finish(cursor)
        progress(1)
        cursor.execute("VACUUM ANALYZE")
        progress(1)


@contextmanager
def step(label: str, length: int):
    """A progress bar; yields what is called with how much was done."""
    with click.progressbar(length=length, label=f"{label:22}") as bar:
        yield bar.update


if __name__ == "__main__":
    with databases() as made:
        click.echo("\n".join(made.values()))
