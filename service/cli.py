"""The `sayso` command: one line for everything one does to an installation."""

import json
import logging
import os
import sys
from contextlib import contextmanager
from pathlib import Path

import click
import psycopg2

from service import bars, cluster, config, db, demo, embedded, installation, measurements, migrate, stream, supervisor
from service.config import Config
from service.errors import SaysoError, SettingError
from service.feedback import endpoints, letters, members, outbox, reembedding, sign_in, vectors
from service.lib import bounces, sealing, text, tokens
from service.web import server
from service.web.app import create_app
from service.worker import CONNECTIONS, Workers

GIVEN_ON = ("DATABASE_URL", "SECRET_KEYS", "HOST", "PORT", "STREAM_PORT", "DATA_DIR")


def main() -> None:
    """Run the command; whatever goes wrong in a way we know is one line and exit code 1."""
    try:
        commands(prog_name="sayso")
    except (SaysoError, *db.GONE, psycopg2.Error) as error:
        click.echo(f"sayso: {' '.join(str(error).split())}", err=True)
        sys.exit(1)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def commands() -> None:
    """Sayso, the feedback board you run on one server with one database."""
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(name)s %(message)s")
    for quiet in ("sayso.access", "peewee.migrations", "waitress"):
        logging.getLogger(quiet).setLevel(logging.WARNING)


data = click.option("--data", "data_dir", metavar="FOLDER", help="Where everything is kept; DATA_DIR, ./data.")
host = click.option("--host", help="The address to listen on; HOST, 127.0.0.1.")
port = click.option("--port", help="The port of the pages and the API; PORT, 8000.")
stream_port = click.option("--stream-port", help="The port of the live updates; STREAM_PORT, 8001.")
handle = click.option("--fd", type=int, hidden=True, help="A listening socket that the supervisor holds open.")
parent = click.option("--supervisor", "parent", type=int, hidden=True, help="Whom to end with.")


@commands.command()
@host
@port
@stream_port
@data
def up(**options) -> None:
    """Run everything: database, pages, worker and live updates. Ctrl-C ends it all."""
    given = config.read(**options)
    with supervisor.stoppable(), database(given, alone=True) as (settings, tend):
        web = supervisor.bind(settings.host, settings.port)
        streams = supervisor.bind(settings.host, settings.stream_port, option="--stream-port")
        start(settings, connections=1)
        prepare(settings)
        with db.connected():
            installation.serve(settings)
        hand_on(settings)
        supervisor.supervise(
            [supervisor.child("web", web), supervisor.child("stream", streams), supervisor.child("worker")],
            ready=lambda: supervisor.answers(web, "/readyz") and supervisor.answers(streams, "/healthz"),
            on_ready=lambda: greet(settings, embedded=not given.database_url),
            tend=tend,
        )


@commands.command()
@host
@port
@data
@click.option("--processes", type=click.IntRange(1, 64), default=1, show_default=True, help="How many share the port.")
@handle
@parent
def web(processes: int, fd: int | None, parent: int | None, **options) -> None:
    """Answer pages and the API."""
    with process(parent, connections=server.THREADS + 1, **options) as settings:  # one writes down what was measured
        listening = supervisor.held(fd) or supervisor.bind(settings.host, settings.port)
        with db.connected():
            installation.serve(settings)
        if processes > 1:
            hand_on(settings)
            return supervisor.supervise([supervisor.child("web", listening) for _ in range(processes)])
        with measurements.kept():
            server.serve(create_app(settings), listening, settings.trusted_proxy)


@commands.command()
@data
@parent
def worker(parent: int | None, **options) -> None:
    """Send letters, make vectors, and do whatever else waits in the queue."""
    with process(parent, connections=CONNECTIONS + 1, **options) as settings:
        with db.connected():
            letters.start(installation.served(settings))  # links lead to the pages, wherever this worker runs
        working = Workers(settings.database_url, settings.lease_seconds)
        hands_off = supervisor.handling(dict.fromkeys(supervisor.HURRY_SIGNALS, working.stop))
        with measurements.kept(folder_of(settings)), hands_off:
            working.run()


@commands.command("stream")
@host
@stream_port
@data
@handle
@parent
def stream_command(fd: int | None, parent: int | None, **options) -> None:
    """Tell open pages what is new."""
    with process(parent, connections=1, **options) as settings:
        listening = supervisor.held(fd) or supervisor.bind(settings.host, settings.stream_port, option="--stream-port")
        stream.serve(settings.database_url, listening, settings.trusted_proxy)


@commands.command("migrate")
@data
def migrate_command(**options) -> None:
    """Bring the database's tables up to date."""
    with database(config.read(**options)) as (settings, _):
        start(settings, connections=1)
        names = prepare(settings)
        click.echo("\n".join(f"applied {name}" for name in names) or "The database is up to date.")


@commands.command("sign-in")
@click.argument("email")
@data
def sign_in_command(email: str, **options) -> None:
    """Print a link that signs EMAIL in, in any browser, once, within 15 minutes."""
    address = text.email(email)
    if address is None:
        raise SettingError(f"{email} is not an e-mail address; give one like ada@example.com.")
    config.expect_installation(**options)
    with database(config.read(**options)) as (settings, _):
        start(settings, connections=1)
        prepare(settings)
        with db.connected():
            click.echo(f"{installation.served(settings).base_url}/app/sign-in/{sign_in.make_link(address)}")


@commands.command()
@data
def reseal(**options) -> None:
    """Seal everything with the newest of SECRET_KEYS, so that older ones can go.

    \b
    Put the new key behind the old one (SECRET_KEYS=old,new), restart, and run this.
    It may be stopped and begun again. What it says in the end tells whether the old
    key can be taken away.
    """
    config.expect_installation(**options)
    with database(config.read(**options)) as (settings, _):
        start(settings, connections=1)
        prepare(settings)
        with db.connected():
            changed, lost = bars.resealed()
    if lost:
        raise SettingError(f"{lost} sealed values open with none of SECRET_KEYS; add the key that sealed them, and again.")
    click.echo(f"Everything is sealed with the newest key ({changed} values were not).")
    if len(settings.secret_keys) > 1:
        click.echo("An older key can be taken away. What it has signed ends then: snippets made with it, links in letters.")


@commands.command()
@click.option("--model", metavar="NAME", help="The model; EMBEDDINGS_MODEL if EMBEDDINGS_URL is set, else Sayso's own.")
@data
def reembed(model: str | None, **options) -> None:
    """Let another model tell which posts are alike.

    \b
    Set EMBEDDINGS_URL and EMBEDDINGS_MODEL, restart, and run this beside it. The old
    vectors answer until all new ones are made. It may be stopped and begun again.
    Run once more, it makes what is missing.
    """
    config.expect_installation(**options)
    with database(config.read(**options)) as (settings, _):
        start(settings, connections=1)
        prepare(settings)
        with db.connected(), reembedding.alone():
            model = reembedding.chosen(settings, model)
            reembedding.begin(model)
            made = bars.reembedded(model)
    click.echo(f"Posts are compared by {model}, which has read all that it can ({made} vectors were made).")


@commands.command()
@data
def bounce(**options) -> None:
    """Read, from a pipe, what a mail server reports of a letter.

    \b
    When a letter can never be delivered, or its reader called it spam, nothing
    more is sent to that address. Have the mail for MAIL_FROM's address piped in:
      feedback: "|sayso bounce --data /var/lib/sayso"     (/etc/aliases)
    Ends with 75 when it cannot be done now: the mail server tries again.
    """
    report = bounces.read(sys.stdin.buffer.read(bounces.LARGEST + 1))
    try:
        config.expect_installation(**options)
        with database(config.read(**options)) as (settings, _):
            start(settings, connections=1)
            prepare(settings)
            with db.connected():
                click.echo(outbox.take_back(report))
    except (SettingError, *db.GONE, psycopg2.Error) as error:
        said = str(error) if isinstance(error, SettingError) else "The database is away."
        click.echo(f"sayso: {said}", err=True)
        sys.exit(os.EX_TEMPFAIL)


@commands.command("demo")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@data
def demo_command(as_json: bool, **options) -> None:
    """Make a workspace with lifelike data to look around in, and print its addresses and keys."""
    with database(config.read(**options)) as (settings, _):
        start(settings, connections=1)
        prepare(settings)
        with db.connected():
            made = demo.make(installation.served(settings), bars.posts)._asdict()
        click.echo(json.dumps(made, indent=2) if as_json else "\n".join(f"{key:16} {made[key]}" for key in made))


# ── what the commands share ─────────────────────────────────────────────────────────────────────────────────────────


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


def greet(settings: Config, embedded: bool) -> None:
    click.echo(f"Sayso is ready: {settings.base_url}")
    if embedded and cluster.account_for(settings.data_dir / "postgres").pw_name == "nobody":
        click.echo("PostgreSQL runs as nobody, like other programs; for real use give it an account before the first start: "
                   "useradd --system sayso", err=True)  # fmt: skip
    with db.connected():
        if members.is_nobody_yet() and sys.stdout.isatty():
            click.echo(f"Become the owner: {settings.base_url}/app/sign-in/{sign_in.make_link(None)}")
