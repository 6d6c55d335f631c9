"""`sayso export`: a workspace as one file, straight onto the disk."""

from pathlib import Path

import click

from service import bars, config, db, installation, whole_file
from service.cli.begin import data, database, prepare, start
from service.cli.group import commands
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
            steps = export_file.steps(workspace)
            with whole_file.written(file, over=False) as out, bars.bar("Exporting", length=steps) as shown:
                exports.note_file(workspace.id)
                sink = export_file.Straight(out, shown.update)
                export_file.write(workspace, installation.served(settings).base_url, sink)
    click.echo(f"{file}: {sink.size:,} bytes, SHA-256 {sink.digest.hexdigest()}")
