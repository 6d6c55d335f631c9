"""A file that has its name once it is whole: until then it is FILE.part beside it, which only its owner reads, and an older
FILE stays what it was.

Others may be able to write in the folder. Whatever they put in our way, a link or a file, is neither followed nor used."""

import fcntl
import os
import stat
from contextlib import contextmanager, suppress
from pathlib import Path

from service.errors import SettingError

PART = ".part"
NEW = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
LEFT = os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC  # a pipe is opened and seen to be none of ours


@contextmanager
def written(place: Path, over: bool = True):
    """An empty file to write, which is called `place` when the block ends well. Unless we write `over` an older one, there
    must be none. Raises SettingError, in one line, when it cannot be."""
    with plainly(place):
        path = Path(os.path.realpath(place.parent), place.name)  # a link at its end would lead where somebody else wants
        refuse_others(place, path)
        part = path.with_name(f"{path.name}{PART}")
        with claimed(part) as handle:
            try:
                if not over and os.path.lexists(path):
                    raise SettingError(f"{place} is there already; give another name, or delete it.")
                yield handle
                handle.flush()
                os.fsync(handle.fileno())
                expect_still(part, handle.fileno())
                part.replace(path)
            except BaseException:
                if is_still(part, handle.fileno()):
                    part.unlink(missing_ok=True)
                raise
            synced(path.parent)


def refuse_others(place: Path, path: Path) -> None:
    with suppress(FileNotFoundError):
        mode = path.lstat().st_mode
        if not stat.S_ISREG(mode):
            what = "a folder" if stat.S_ISDIR(mode) else "a link" if stat.S_ISLNK(mode) else "no file"
            raise SettingError(f"{place} is {what}; name a file of its own, e.g. sayso.backup")


@contextmanager
def plainly(place: Path):
    try:
        yield
    except OSError as error:
        why = error.strerror or error
        raise SettingError(f"{place} cannot be written ({why}); nothing was changed. Make room or name another place, and "
                           "run it again.") from None  # fmt: skip


@contextmanager
def claimed(part: Path):
    """The file, new, for this process alone: one that a killed run of ours has left goes first."""
    while True:
        clear(part)
        try:
            number = os.open(part, NEW, 0o600)
        except FileExistsError:
            continue  # another was quicker
        with os.fdopen(number, "w+b") as handle:
            fcntl.flock(number, fcntl.LOCK_EX)  # who takes it for what was left holds it for a moment only
            if is_still(part, number):
                yield handle
                return


def clear(part: Path) -> None:
    """Remove what a killed run of ours has left; raises SettingError when it is somebody's."""
    try:
        number = os.open(part, LEFT)
    except FileNotFoundError:
        return
    except OSError:
        if os.path.lexists(part):
            raise in_the_way(part) from None
        raise
    with os.fdopen(number, "r+b", buffering=0):
        found = os.fstat(number)
        if not stat.S_ISREG(found.st_mode) or found.st_uid != os.geteuid() or found.st_nlink > 1:
            raise in_the_way(part)
        try:
            fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SettingError(f"{part} is being written by another command; wait until it is done.") from None
        if is_still(part, number):
            part.unlink()


def in_the_way(part: Path) -> SettingError:
    return SettingError(f"{part} is in the way, and not ours; remove it, or choose a folder of your own.")


def expect_still(part: Path, number: int) -> None:
    if not is_still(part, number):
        raise SettingError(f"Somebody took {part} away while it was written; choose a folder of your own, and run it again.")


def is_still(path: Path, number: int) -> bool:
    with suppress(FileNotFoundError):
        return os.path.samestat(path.lstat(), os.fstat(number))
    return False


def is_left(part: Path) -> bool:
    """Whether nobody writes to this file any more."""
    with suppress(OSError), open(part, "rb", opener=lambda path, _: os.open(path, LEFT)) as handle:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    return False


def synced(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    with suppress(OSError):  # not every file system can; the file itself is safe
        os.fsync(handle)
    os.close(handle)
