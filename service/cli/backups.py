"""The commands that keep an installation, and bring it back."""

from pathlib import Path

import click
from jinja2.filters import do_filesizeformat

from service import backup, backup_file, bars, config, restore, supervisor, throwaway
from service.backup_file import Backup, Manifest
from service.cli.begin import data, database
from service.cli.group import commands
from service.config import Config
from service.errors import SettingError

WHERE = click.argument("file", type=click.Path(path_type=Path))


@commands.command("backup")
@WHERE
@data
def backup_command(file: Path, **options) -> None:
    """Write everything into one FILE, while Sayso runs or not.

    \b
    SECRET_KEYS are not inside: keep them somewhere else, or nobody can restore it.
    Whoever has FILE can read what people wrote: encrypt it before it goes elsewhere.
    """
    config.expect_installation(**options)
    settings = config.read(**options)
    with supervisor.stoppable(), database(settings) as (running, _), bars.progress("Backing up") as went:
        made = backup.make(running.database_url, file, went)
    click.echo(f"{file}: {do_filesizeformat(file.stat().st_size)}, {inside(made)}.")
    click.echo(about_keys(made, settings))


@commands.command("restore")
@WHERE
@click.option("--check", is_flag=True, help="Only try: in a PostgreSQL that is thrown away.")
@click.option("--older-postgres", is_flag=True, help="Also into an older PostgreSQL than the backup's.")
@data
def restore_command(file: Path, check: bool, older_postgres: bool, **options) -> None:
    """Bring back what `sayso backup` wrote into FILE, into an empty database.

    \b
    It needs the SECRET_KEYS of the server that made it: the file secret_keys in the
    data folder, or the setting. Killed at any moment it leaves the database empty,
    and can be begun again. Restore only what you trust: it says what tables there are.
    """
    with supervisor.stoppable(), backup_file.opened(file) as found:
        restore.expect_known(found.manifest)
        with bars.progress("Reading") as went:
            found.verify(went)
        has_keys = config.keys_there(**options)
        if check:
            return rehearse(found, config.read(**options) if has_keys else None)
        if not has_keys:
            raise SettingError("The SECRET_KEYS of this backup are not here; put the file secret_keys of the server that "
                               "made it into the data folder, or set SECRET_KEYS. Nothing was changed.")  # fmt: skip
        bring_back(found, config.read(**options), older_postgres)


def bring_back(found: Backup, settings: Config, older: bool) -> None:
    restore.expect_keys(found.manifest, settings.secret_keys)
    if not settings.database_url:
        restore.expect_major(found.manifest, int(settings.postgres), older)  # before a folder is made for it
    with database(settings, alone=True) as (running, _), bars.progress("Restoring") as went:
        restore.into(running.database_url, found, older, went)
    click.echo(f"Restored and counted again: {inside(found.manifest)}.")


def rehearse(found: Backup, settings: Config | None) -> None:
    if settings:
        restore.expect_keys(found.manifest, settings.secret_keys)
    with throwaway.postgres(found.manifest.postgres) as url, bars.progress("Trying") as went:
        restore.into(url, found, went=went)
    click.echo(f"{found.place} can be restored: {inside(found.manifest)}, made {found.manifest.made_at}.")
    click.echo("SECRET_KEYS open it." if settings else "SECRET_KEYS are not here, so whether they open it was not checked.")


def inside(manifest: Manifest) -> str:
    return f"{manifest.rows:,} rows of {len(manifest.tables)} tables, PostgreSQL {manifest.postgres}"


def about_keys(manifest: Manifest, settings: Config) -> str:
    """Where the keys are without which the file is of no use."""
    kept = settings.data_dir / "secret_keys"
    where = f"the file {kept}" if kept.exists() and kept.read_text().strip() in settings.secret_keys else "SECRET_KEYS"
    try:
        restore.expect_keys(manifest, settings.secret_keys)
    except SettingError:
        return "SECRET_KEYS are not inside, and those given here do not open it; keep those that this database was made by."
    return f"SECRET_KEYS are not inside, and it cannot be restored without them: keep {where} somewhere else, too."
