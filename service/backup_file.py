"""The file of a backup: a ZIP of two members that are stored as they are, `dump` (of pg_dump, compressed by itself) and,
last, `manifest.json`, which says what is in it. A file that was cut has no end, and so no list of its members."""

import os
import stat
import zipfile
from collections.abc import Callable
from contextlib import closing, contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from typing import Literal

import msgspec

from service import whole_file
from service.errors import SettingError
from service.row_sums import Sum
from service.structure import Structure

DUMP, MANIFEST = "dump", "manifest.json"
FORMAT, VERSION = "sayso backup", 1
PIECE_BYTES = 1 << 20
LARGEST_MANIFEST = 4_000_000  # bytes
BEGINS = b"PK\x03\x04"
# what zipfile raises of a file that somebody has bent
BENT = (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, ValueError, KeyError)

Went = Callable[[int, int], None]  # is told how far a work is: so much is done, of so much


def unseen(*_) -> None:
    """Nobody wants to know how far it is."""


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What a backup says of itself. `key_check` opens only with the right SECRET_KEYS."""

    format: Literal["sayso backup"] = FORMAT
    version: int = VERSION
    made_at: str
    sayso: str
    migrations: list[str]
    postgres: int  # major version
    pgvector: str
    tables: dict[str, Sum]
    structure: Structure
    dump_sha256: str
    dump_bytes: int
    key_check: str | None
    secret_keys: str = "not inside"  # noqa: S105 it says so

    @property
    def rows(self) -> int:
        return sum(each.rows for each in self.tables.values())


class Writer:
    """Takes the dump piece by piece, then the manifest."""

    def __init__(self, handle):
        self.zip = zipfile.ZipFile(handle, "w", zipfile.ZIP_STORED)
        self.member = self.zip.open(zipfile.ZipInfo(DUMP), "w", force_zip64=True)
        self.digest, self.bytes = sha256(), 0

    def write(self, piece: bytes) -> None:
        self.member.write(piece)
        self.digest.update(piece)
        self.bytes += len(piece)

    def finish(self, **said) -> Manifest:
        """End the file with what there is to say of it."""
        self.member.close()
        manifest = Manifest(dump_sha256=self.digest.hexdigest(), dump_bytes=self.bytes, **said)
        self.zip.writestr(zipfile.ZipInfo(MANIFEST), msgspec.json.format(msgspec.json.encode(manifest)))
        self.zip.close()
        return manifest

    def abandon(self) -> None:
        for each in (self.member, self.zip):
            with suppress(OSError, ValueError):
                each.close()


@contextmanager
def written(place: Path):
    """A Writer. What it has written gets the name `place` when the block ends well; until then it is a file beside it,
    FILE.part, and an older FILE stays what it was."""
    with whole_file.written(place) as handle:
        writer = Writer(handle)
        try:
            yield writer
        except BaseException:
            writer.abandon()
            raise


class Backup:
    """A file that is read. `manifest` is known; whether the rest is whole, `verify` says."""

    def __init__(self, place: Path, opened: zipfile.ZipFile, manifest: Manifest):
        self.place, self.zip, self.manifest = place, opened, manifest

    def verify(self, went: Went = unseen) -> None:
        """Read all of it; raise SettingError unless every byte is as it was written."""
        digest, done = sha256(), 0
        for piece in self.pieces():
            digest.update(piece)
            done += len(piece)
            went(done, self.manifest.dump_bytes)
        if (digest.hexdigest(), done) != (self.manifest.dump_sha256, self.manifest.dump_bytes):
            raise damaged(self.place)

    def pieces(self):
        """The dump, a piece at a time."""
        try:
            with self.zip.open(DUMP) as dump:
                while piece := dump.read(PIECE_BYTES):
                    yield piece
        except BENT:
            raise damaged(self.place) from None
        except OSError as error:
            raise unreadable(self.place, error) from None


@contextmanager
def opened(place: Path):
    """The backup in this file; raises SettingError, with one line, when it is none that we understand."""
    try:
        handle = place.open("rb")
    except OSError as error:
        raise unreadable(place, error) from None
    with handle:
        if not stat.S_ISREG(os.fstat(handle.fileno()).st_mode):
            raise SettingError(f"{place} is no file; name the file of a backup.")
        with closing(members(place, handle)) as found:
            yield Backup(place, found, manifest(place, found))


def members(place: Path, handle) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(handle)
    except OSError as error:
        raise unreadable(place, error) from None
    except BENT:
        handle.seek(0)
        begins = handle.read(len(BEGINS))
        why = "is not a whole backup: its end is missing or damaged" if begins == BEGINS else "is no backup of Sayso"
        raise SettingError(f"{place} {why if begins else 'is empty'}. Nothing was changed.") from None


def manifest(place: Path, found: zipfile.ZipFile) -> Manifest:
    names = [(each.filename, each.compress_type) for each in found.infolist()]
    if names != [(DUMP, zipfile.ZIP_STORED), (MANIFEST, zipfile.ZIP_STORED)]:
        raise SettingError(f"{place} is no backup of Sayso. Nothing was changed.")
    if found.getinfo(MANIFEST).file_size > LARGEST_MANIFEST:
        raise damaged(place)
    try:
        said = found.read(MANIFEST)
        if msgspec.json.decode(said, type=dict).get("version") != VERSION:
            raise SettingError(f"{place} is a backup of a form that this Sayso does not know; use the release that made it, "
                               "or a newer one.")  # fmt: skip
        return msgspec.json.decode(said, type=Manifest)
    except (msgspec.MsgspecError, *BENT):
        raise damaged(place) from None


def damaged(place: Path) -> SettingError:
    return SettingError(f"{place} is damaged: it is not what was written. Take another backup. Nothing was changed.")


def unreadable(place: Path, error: OSError) -> SettingError:
    return SettingError(f"{place} cannot be read ({error.strerror or error}).")
