"""What tests of backups need: `sayso` commands on a database, a workspace full of things, and what it answers."""

import json
import os
import re
import resource
import subprocess
import sys
import zipfile
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

import canary
from addresses import World, address, operations
from cast import SECRET_KEY
from queued import work_off
from uploads import load, send

from service import db, embedded, installation, row_sums
from service.db import database

PATIENCE = 120  # seconds
FORGET_LIMITS = "DELETE FROM rate"
# what is of the moment in an answer
OF_THE_MOMENT = ("date", "x-request-id", "ratelimit")
SIGNED = re.compile(rb'"(url|thumbnail_url)":"[^"]+"')  # for some hours
LARGE = 5_000_000  # bytes
# what a dump would end at, or begin something else, if it were not written as it should be
TRICKY = "\\.\n\\.\n\\N\tx\\\nCOPY post (title) FROM stdin;\n-- Name: post; Type: TABLE\n\\restrict ü 日本語 \U0001f600"
CONTENT = "INSERT INTO content (workspace_id, sha256, data) VALUES (%(workspace)s, %(sha256)s, %(data)s)"


def started(*arguments, url: str | None = None, program: tuple = ("-m", "service"), largest: int | None = None,
            **environment: str | None) -> subprocess.Popen:  # fmt: skip
    """A `sayso` command for the database at `url`, with the keys of the tests unless told otherwise; no file that it or its
    children write can become larger than `largest` bytes."""
    known = ("PATH", "HOME", "LANG", "TMPDIR")
    kept = {name: os.environ[name] for name in known if name in os.environ}
    told = {**kept, **({"DATABASE_URL": url, "SECRET_KEYS": SECRET_KEY} if url else {}), **environment}
    command = [sys.executable, *map(str, program), *map(str, arguments)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    if largest:
        pipes["preexec_fn"] = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (largest, largest))
    return subprocess.Popen(command, env={name: value for name, value in told.items() if value is not None}, **pipes)


def ended(process: subprocess.Popen) -> tuple[int, str, str]:
    """(its exit code, what it said, what it complained of)."""
    said, complained = process.communicate(timeout=PATIENCE)
    canary.hear(complained)
    return process.returncode, said, complained


def sayso(*arguments, **more) -> str:
    """What a command says that does what it is to do."""
    code, said, complained = ended(started(*arguments, **more))
    assert code == 0, complained
    return said


def refused(*arguments, **more) -> str:
    """The one line of a command that does nothing."""
    code, said, complained = ended(started(*arguments, **more))
    lines = [line for line in complained.splitlines() if "waiting for PostgreSQL" not in line]
    assert (code, said, len(lines)) == (1, "", 1) and lines[0].startswith("sayso: "), complained
    return lines[0].removeprefix("sayso: ")


@contextmanager
def database_of(server, name: str):
    """A database of this name, with nothing in it."""
    with embedded.cursor(server.address("postgres", "postgres")) as admin:
        admin.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        admin.execute(f"CREATE DATABASE {name} OWNER sayso")
    with embedded.cursor(server.address("postgres", name)) as owner:
        owner.execute("CREATE EXTENSION vector")
    try:
        yield server.address("sayso", name)
    finally:
        with embedded.cursor(server.address("postgres", "postgres")) as admin:
            admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def at(url: str):
    """This process, connected to the database at `url`."""
    db.start(url, connections=4)
    db.connect()
    try:
        yield
    finally:
        db.discard()
        database.close_all()


def fill(client, company) -> dict[str, str]:
    """Have one of everything the API shows, and a large file; returns where to read it all: what → address."""
    installation.check_keys()
    company.post("Tricky words", TRICKY)
    world = World(client, company)
    asked = [(each, world.place(each), world.query(each)) for each in operations() if each.method == "get"]
    found = {each.path: address(each, values, query) for each, values, query in asked}
    sent = send(client, company, b"%PDF-1.7\n" + os.urandom(LARGE), "large.pdf")
    assert sent.status_code == 201, sent.text
    work_off()  # vectors
    return {**found, "the large file": sent.json["url"]}


def heavy(company, bytes: int) -> None:
    """Have so much in the database that a backup takes a while: nothing that can be compressed."""
    for _ in range(bytes // LARGE):
        data = os.urandom(LARGE)
        db.changed(CONTENT, workspace=company.workspace.id, sha256=sha256(data).digest(), data=data)


def rewritten(path: Path, **changed) -> Path:
    """The same backup with another manifest."""
    made = path.with_name(f"{path.name}.rewritten")
    with zipfile.ZipFile(path) as before, zipfile.ZipFile(made, "w") as after:
        after.writestr("dump", before.read("dump"))
        after.writestr("manifest.json", json.dumps({**json.loads(before.read("manifest.json")), **changed}))
    return made


def answers(client, company, asked: dict[str, str]) -> dict[str, tuple]:
    """What is answered at these addresses, but for what is of the moment."""
    db.changed(FORGET_LIMITS)
    said = {}
    for what, path in asked.items():
        ours = path.startswith("/api/")
        answer = client.simulate_get(path, headers=company.bearer()) if ours else load(client, path)
        assert answer.status_code == 200, (path, answer.text)
        headers = {name: value for name, value in answer.headers.items() if not name.startswith(OF_THE_MOMENT)}
        said[what] = (SIGNED.sub(b"", answer.content), headers)
    return said


def tables(url: str) -> int:
    """How many tables of ours are in this database."""
    with embedded.cursor(url) as cursor:
        cursor.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")
        return cursor.fetchone()[0]


def stands(url: str) -> dict:
    """What is in each table, summed up."""
    with embedded.cursor(url) as cursor:
        return row_sums.of(cursor, row_sums.tables(cursor), lambda _: None)
