"""`sayso import`: a file of another system, straight from the disk, whatever its size."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import click
from peewee import DatabaseError

from service import bars, config, db
from service.cli.begin import data, database, prepare, start
from service.cli.group import commands
from service.errors import SettingError
from service.feedback import import_limits, import_workers, importing, imports, undoing, workspaces
from service.feedback.readers import Reader
from service.sources import opening

SHOWN = 20  # wrong rows that are printed
AGAIN = "The database did not do as it should; run the same command again, and it goes on where it was."


@commands.command("import")
@click.argument("source", type=click.Choice(imports.SOURCES), required=False)
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False), required=False)
@click.option("--workspace", "slug", required=True, metavar="SLUG", help="Into which: as in the address of its dashboard.")
@click.option("--dry-run", "is_dry", is_flag=True, help="Look at every row and make nothing.")
@click.option("--map", "columns", multiple=True, metavar="WHAT=COLUMN", help="Which column is what, e.g. title=Subject.")
@click.option("--rows", help="What each row of a table is: posts, votes or comments.")
@click.option("--dates", help="What comes first in 03/01/2026: day or month.")
@click.option("--board", metavar="KEY", help="The board that takes every post; by default as the file says.")
@click.option("--new-boards", metavar="ACCESS", help="Whether boards that are made are private, as usual, or public.")
@click.option("--system", metavar="NAME", help="Where it comes from, if ids of two systems could be the same.")
@click.option("--undo", "undone", type=click.IntRange(min=1), metavar="ID", help="Take an import back instead.")
@data
def import_command(source: str | None, file: Path | None, slug: str, is_dry: bool, columns: tuple[str, ...],
                   undone: int | None, data_dir: str | None, **mapping) -> None:  # fmt: skip
    """Read posts, votes and comments of FILE into a workspace.

    \b
    SOURCE is csv, canny or sayso. Nobody gets a letter about what is imported.
    It may be stopped (Ctrl-C) and run again: a row that has an id is imported once.
    For an hour after its end it can be taken back: sayso import --workspace SLUG --undo ID
    """
    config.expect_installation(data_dir=data_dir)
    mapping["columns"] = dict(pair_of(each) for each in columns)
    with database(config.read(data_dir=data_dir)) as (settings, _):
        start(settings, connections=1)
        prepare(settings)
        with said_plainly(), db.connected():
            reader = Reader(workspaces.by_slug(slug), is_member=True)
            if undone:
                take_back(reader, undone)
            elif source and file:
                read_in(reader, source, file, {name: value for name, value in mapping.items() if value}, is_dry)
            else:
                raise SettingError("Say what to import: sayso import csv FILE --workspace SLUG")


@contextmanager
def said_plainly() -> Iterator[None]:
    """What the database says may repeat people's words; what is to be done is the same each time."""
    try:
        yield
    except (DatabaseError, *db.GONE):
        raise SettingError(AGAIN) from None


def pair_of(said: str) -> tuple[str, str]:
    name, equals, column = said.partition("=")
    if not equals:
        raise SettingError("Write --map like title=Subject: what it is, and the name of the column.")
    return name.strip(), column.strip()


def read_in(reader: Reader, source: str, file: Path, mapping: dict, is_dry: bool) -> None:
    with ExitStack() as held:
        try:
            opened = held.enter_context(file.open("rb"))
        except OSError as error:
            raise SettingError(f"{file} cannot be read: {error.strerror or error}.") from None
        if not opened.seekable():
            raise SettingError(f"{file} is a stream, which cannot be read twice; save it as a file, and import that.")
        held.enter_context(import_workers.by_hand(reader))
        made = imports.begin(reader, source, file.name, None, mapping, is_dry)
        first = 0  # or 1: a table begins with a line of headers
        try:
            first = int(opening.table(source, opened) is not None)
            with bars.progress("Importing") as went:
                for done, total in importing.walk(reader.workspace, made, opened):
                    went(done, total)
        except importing.Ended:
            pass  # somebody stopped it in the dashboard
        except KeyboardInterrupt:
            imports.stop(reader, made.id)
        except Exception as error:
            with suppress(*db.GONE):
                importing.fail(reader.workspace, made.id, importing.why(error))
            raise
    report(reader, imports.find(reader, made.id), first)


def report(reader: Reader, found: imports.Import, first: int) -> None:
    would = "would be new" if found.is_dry else "new"
    click.echo(f"Import {found.id}: {found.made:,} rows {would}, {found.known:,} known, {found.wrong:,} wrong"
               f"{', stopped; run it again to go on' if found.state == 'stopped' else ''}.")  # fmt: skip
    for said in (found.said, import_limits.waiting(reader.workspace.id, found.id, found.is_dry)):
        if said:
            click.echo(said)
    for line in imports.lines(reader, found.id, SHOWN, outcome="wrong"):
        click.echo(f"  row {line.number + first}: {line.said}")
    if found.wrong > SHOWN:
        click.echo(f"  … and {found.wrong - SHOWN:,} more, in Settings → Import")


def take_back(reader: Reader, id: int) -> None:
    with import_workers.by_hand(reader):
        imports.undo(reader, id, is_queued=False)
        with suppress(undoing.Ended):  # it was taken back before
            undoing.undo(reader.workspace, id, None)
    left = imports.lines(reader, id, 1, outcome="left")
    click.echo(f"Import {id} was taken back." + (" What somebody has touched since has stayed." if left else ""))
