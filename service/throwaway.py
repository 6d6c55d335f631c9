"""A PostgreSQL in a folder of its own that is gone with the block: to try in it what must not touch anything else."""

import os
import shutil
import stat
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path

from service import cluster, embedded
from service.errors import SettingError

BEGINS = "sayso-check-"


@contextmanager
def postgres(least: int):
    """The address of an empty database of PostgreSQL `least` or newer, in the system's temporary folder."""
    versions = [version for version in sorted(cluster.INSTALLS) if int(version) >= least]
    if not versions:
        raise SettingError(f"This needs PostgreSQL {least}, which is newer than the embedded ones; restore into a database "
                           "of your own to see whether it works.")  # fmt: skip
    clear()
    folder = Path(tempfile.mkdtemp(prefix=BEGINS))
    try:
        with embedded.claim(folder):
            server = embedded.start(folder, versions[0], fast=True)
            try:
                yield server.url
            finally:
                server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def clear() -> None:
    """End and remove what is left of runs that were killed: a folder of ours that nobody holds."""
    for folder in Path(tempfile.gettempdir()).glob(f"{BEGINS}*"):
        if is_ours(folder):
            with suppress(SettingError), embedded.claim(folder):
                cluster.stop(folder)
                embedded.forget_socket(folder)
                shutil.rmtree(folder, ignore_errors=True)


def is_ours(folder: Path) -> bool:
    with suppress(OSError):
        found = folder.lstat()
        return stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid()
    return False
