"""`sayso export`: a workspace as one file, straight onto the disk."""

import os
from contextlib import contextmanager
from pathlib import Path

import click

from service import bars, config, db, installation
from service.cli.begin import data, database, prepare, start
from service.cli.group import commands
from service.errors import SettingError
from service.feedback import export_file, exports, workspaces


@commands.command("export")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--workspace", "slug", required=True, metavar="SLUG", help="Which one: as in the address of its dashboard.")
@data
def export_command(file: Path, slug: str, **options) -> None:
    """Write everything in a workspace into FILE, a zip.

    \b
    The same that owners and admins get under Settings → Export: a table for
    spreadsheets and one for programs of each kind of thing, and all files.
    FILE is there once it is whole.
    """
    config.expect_installation(**options)
    with database(config.read(**options)) as (settings, _):
        start(settings, connections=1)
        prepare(settings)
        with db.connected():
            workspace = workspaces.by_slug(slug)
            with whole(file) as out, bars.bar("Exporting", length=export_file.steps(workspace)) as shown:
                exports.note_file(workspace.id)
                sink = export_file.Straight(out, shown.update)
                export_file.write(workspace, installation.served(settings).base_url, sink)
    click.echo(f"{file}: {sink.size:,} bytes, SHA-256 {sink.digest.hexdigest()}")


@contextmanager
def whole(file: Path):
    """A file to write, for its owner's eyes, which gets its name when it is complete; SettingError when it cannot be."""
    if file.exists():
        raise SettingError(f"{file} is there already; give another name, or delete it.")
    part = file.with_name(f"{file.name}.part")
    try:
        with open(part, "wb", opener=for_its_owner) as out:
            yield out
            out.flush()
            os.fsync(out.fileno())
        part.rename(file)
    except OSError as error:
        raise SettingError(f"{file} cannot be written: {error.strerror or error}.") from None
    finally:
        part.unlink(missing_ok=True)


def for_its_owner(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
