"""The commands that run Sayso: all of it, or one of its processes."""

import sys

import click

from service import cluster, config, db, installation, measurements, stream, supervisor
from service.cli.begin import (
    data,
    database,
    folder_of,
    hand_on,
    handle,
    host,
    parent,
    port,
    prepare,
    process,
    start,
    stream_port,
)
from service.cli.group import commands
from service.config import Config
from service.feedback import letters, members, sign_in
from service.web import server
from service.web.app import create_app
from service.worker import CONNECTIONS, Workers


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


def greet(settings: Config, embedded: bool) -> None:
    click.echo(f"Sayso is ready: {settings.base_url}")
    if embedded and cluster.account_for(settings.data_dir / "postgres").pw_name == "nobody":
        click.echo("PostgreSQL runs as nobody, like other programs; for real use give it an account before the first start: "
                   "useradd --system sayso", err=True)  # fmt: skip
    with db.connected():
        if members.is_nobody_yet() and sys.stdout.isatty():
            click.echo(f"Become the owner: {settings.base_url}/app/sign-in/{sign_in.make_link(None)}")
