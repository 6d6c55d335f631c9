"""The `sayso` command: one line for everything one does to an installation."""

import sys

import click
import psycopg2

from service import db
from service.cli import backups, exports, imports, running, tending  # noqa: F401 (their commands)
from service.cli.group import commands
from service.errors import SaysoError


def main() -> None:
    """Run the command; whatever goes wrong in a way we know is one line and exit code 1."""
    try:
        commands(prog_name="sayso")
    except (SaysoError, *db.GONE, psycopg2.Error) as error:
        click.echo(f"sayso: {' '.join(str(error).split())}", err=True)
        sys.exit(1)
