"""The commands that tend what runs: ways in, keys, vectors, what came back, a demo."""

import json
import os
import sys

import click
import psycopg2

from service import bars, config, db, demo, installation
from service.cli.begin import data, database, prepare, start
from service.cli.group import commands
from service.errors import SettingError
from service.feedback import outbox, reembedding, sign_in
from service.lib import bounces, text


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
