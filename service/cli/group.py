"""The group that every command of `sayso` belongs to."""

import logging
import sys

import click


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def commands() -> None:
    """Sayso, the feedback board you run on one server with one database."""
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(name)s %(message)s")
    for quiet in ("sayso.access", "peewee.migrations", "waitress"):
        logging.getLogger(quiet).setLevel(logging.WARNING)
