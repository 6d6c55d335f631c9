"""What tests of backups need: `sayso` commands on a database, a workspace full of things, and what it answers."""

import io
import json
import logging
import os
import re
import resource
import subprocess
import sys
import zipfile
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from hashlib import sha256
from pathlib import Path

import canary
import cast
import pytest
from addresses import World, address, operations
from cast import SECRET_KEY
from queued import work_off
from uploads import load, send

from service import db, embedded, installation, row_sums
from service.cli import main
from service.db import database
from service.feedback import billing, endpoints, letters, vectors
from service.lib import sealing

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
    command = [sys.executable, *map(str, program), *map(str, arguments)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    if largest:
        pipes["preexec_fn"] = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (largest, largest))
    return subprocess.Popen(command, env=environment_of(url, environment), **pipes)


def environment_of(url: str | None, more: dict[str, str | None]) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
    told = {**kept, **({"DATABASE_URL": url, "SECRET_KEYS": SECRET_KEY} if url else {}), **more}
    return {name: value for name, value in told.items() if value is not None}


def ended(process: subprocess.Popen) -> tuple[int, str, str]:
    """(its exit code, what it said, what it complained of)."""
    said, complained = process.communicate(timeout=PATIENCE)
    canary.hear(complained)
    return process.returncode, said, complained


def done(*arguments, url: str | None = None, largest: int | None = None, **environment: str | None) -> tuple[int, str, str]:
    """The same of a command that has run: here, which is much quicker, where it leaves no trace in this process."""
    if arguments[0] not in ("backup", "restore") or largest or "TMPDIR" in environment:
        return ended(started(*arguments, url=url, largest=largest, **environment))
    quiet = {name: logging.getLogger(name).level for name in ("sayso.access", "peewee.migrations", "waitress")}
    before, said, complained = dict(os.environ), io.StringIO(), io.StringIO()
    known, ours = environment_of(url, environment), sys.argv
    try:
        os.environ.clear()
        os.environ.update(known)
        sys.argv = ["sayso", *map(str, arguments)]
        with redirect_stdout(said), redirect_stderr(complained), pytest.raises(SystemExit) as end:
            main()
    finally:
        os.environ.clear()
        os.environ.update(before)
        sys.argv = ours
        sealing.start((SECRET_KEY,))
        for name, level in quiet.items():
            logging.getLogger(name).setLevel(level)
    canary.hear(complained.getvalue())
    return end.value.code or 0, said.getvalue(), complained.getvalue()


def sayso(*arguments, **more) -> str:
    """What a command says that does what it is to do."""
    code, said, complained = done(*arguments, **more)
    assert code == 0, complained
    return said


def refused(*arguments, **more) -> str:
    """The one line of a command that does nothing."""
    code, said, complained = done(*arguments, **more)
    lines = [line for line in complained.splitlines() if "waiting for PostgreSQL" not in line]
    assert (code, said, len(lines)) == (1, "", 1) and lines[0].startswith("sayso: "), complained
    return lines[0].removeprefix("sayso: ")


@contextmanager
def database_of(server, name: str, template: str = "template1"):
    """A database of this name, with what is in the template, usually nothing."""
    with embedded.cursor(server.address("postgres", "postgres")) as admin:
        admin.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        admin.execute(f"CREATE DATABASE {name} OWNER sayso TEMPLATE {template}")
    with embedded.cursor(server.address("postgres", name)) as owner:
        owner.execute("CREATE EXTENSION IF NOT EXISTS vector")
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


def heavy(workspace: int, bytes: int) -> None:
    """Have so much in the database that a backup takes a while: nothing that can be compressed."""
    for _ in range(bytes // LARGE):
        data = os.urandom(LARGE)
        db.changed(CONTENT, workspace=workspace, sha256=sha256(data).digest(), data=data)


@contextmanager
def kept(server, template: str, settings, bytes: int):
    """The address of a database that people use, with so much in it, for many tests that only read it."""
    for word in (letters, endpoints, vectors, billing):
        word.start(settings)
    with database_of(server, "kept", template) as url:
        with at(url):
            installation.check_keys()
            acme = cast.acme()
            acme.post("Dark mode")
            heavy(acme.workspace.id, bytes)
        yield url


def rewritten(path: Path, dump: bytes | None = None, **changed) -> Path:
    """The same backup with another manifest, and with another dump if one is given."""
    made = path.with_name(f"{path.name}.rewritten")
    if dump:
        changed |= {"dump_sha256": sha256(dump).hexdigest(), "dump_bytes": len(dump)}
    with zipfile.ZipFile(path) as before, zipfile.ZipFile(made, "w") as after:
        after.writestr("dump", dump or before.read("dump"))
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
