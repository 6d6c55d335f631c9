"""The embedded PostgreSQL: started from the binaries of a wheel, inside the data folder, reachable by a socket only.

Everything lives in the data folder: `postgres` (the cluster) and its log, `settings`, `socket`, `lock`, and a copy of
the `binaries` when the account that runs PostgreSQL cannot reach the installed ones. Nothing else is ever changed."""

import fcntl
import os
import shutil
import stat
import subprocess
import sys
import tempfile
import threading
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg2

from service import cluster
from service.cluster import OWNER, ROLE
from service.errors import SettingError

DATABASE = "sayso"
OURS = {"postgres", "settings", "socket", "lock", "binaries", "secret_keys", "postgres.log"}
SOCKET_PATH_BYTES = 90  # the kernel's limit is 103 to 107 with PostgreSQL's file name at the end
PATIENCE_SECONDS = 3  # then we say why it takes so long


@dataclass(frozen=True)
class Embedded:
    """A running embedded PostgreSQL.

    `adopted`: it was running already. `owned`: it is ours to stop; what `find` returns is not."""

    data_dir: Path
    socket: Path
    adopted: bool = False
    owned: bool = True
    process: subprocess.Popen | None = None  # when it is our child

    @property
    def url(self) -> str:
        """For the application: a role without privileges that owns its database."""
        return self.address(ROLE, DATABASE)

    @property
    def owner_url(self) -> str:
        """The superuser in the same database: for extensions, and for databases of tests."""
        return self.address(OWNER, DATABASE)

    def address(self, role: str, name: str) -> str:
        """The libpq URL of database `name` for `role`."""
        # with the port, or PGPORT in the environment would count
        return f"postgresql://{quote(role)}@/{quote(name)}?host={quote(str(self.socket), safe='')}&port=5432"

    def answers(self) -> bool:
        """Whether a server that works in our folder, and not just any server, answers on the socket."""
        try:
            with cursor(self.address(OWNER, "postgres")) as answer:
                answer.execute("SHOW data_directory")
                return Path(answer.fetchone()[0]).samefile(self.data_dir / "postgres")
        except (psycopg2.Error, OSError):
            return False

    def is_running(self) -> bool:
        """Whether its process is there; cheap enough to ask every second."""
        if self.process:
            return self.process.poll() is None
        return cluster.postmaster(self.data_dir) is not None

    def stop(self) -> None:
        """Shut it down and wait until it has ended; does nothing when it has, or when it is not ours."""
        if self.owned:
            cluster.stop(self.data_dir)
            if self.process:
                self.process.wait()
            forget_socket(self.data_dir)


@contextmanager
def claim(data_dir: Path):
    """Hold the data folder for this process alone; it is free again when the process ends, however it ends."""
    folder = prepared(data_dir)
    with plainly(folder):
        lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            raise SettingError(
                f"Sayso is already running in {folder}; stop it first or choose another with --data."
            ) from None
    try:
        yield
    finally:
        os.close(lock)


def find(data_dir: Path) -> Embedded | None:
    """The embedded PostgreSQL that runs in this folder, or None."""
    folder = real(data_dir)
    with suppress(OSError):
        if socket := known_socket(folder):
            found = Embedded(folder, socket, adopted=True, owned=False)
            return found if found.answers() else None
    return None


def start(data_dir: Path, version: str = "18", fast: bool = False) -> Embedded:
    """A PostgreSQL with our role and database, made when missing, after crash recovery if there is any to do.

    The caller holds the `claim` of the folder. `fast` gives up safety against power cuts: for tests."""
    if version not in cluster.INSTALLS:
        raise SettingError(f"SAYSO_POSTGRES={version} is not a version we have; choose 16 or 18.")
    folder = prepared(data_dir)
    with plainly(folder), patiently(quiet=fast):
        account = cluster.account_for(folder / "postgres")
        check(folder, account, version)
        cluster.settle(folder)
        found = find(folder)
        server = Embedded(folder, found.socket, adopted=True) if found else launch(folder, account, version, fast)
        try:
            provide(server)
        except BaseException:
            server.stop()
            raise
        return server


@contextmanager
def running(data_dir: Path, version: str = "18"):
    """A PostgreSQL for as long as the block lasts, in a folder that this process claims; yields (url, tend).

    Call `tend` now and then: it starts the server again when it has died."""
    with claim(data_dir):
        server = start(data_dir, version)

        def tend():
            nonlocal server
            if not server.is_running():
                server.stop()  # takes leave of the dead process
                server = start(data_dir, version)

        try:
            yield server.url, tend
        finally:
            server.stop()


@contextmanager
def plainly(folder: Path):
    """Turn what the operating system or the database refuses into one line that says what to do."""
    try:
        yield
    except OSError as error:
        where = f" at {error.filename}" if error.filename and str(error.filename) != str(folder) else ""
        raise SettingError(
            f"The data folder {folder} cannot be used ({error.strerror or error}{where}); choose another with --data."
        ) from error
    except psycopg2.Error as error:
        raise SettingError(f"The PostgreSQL in {folder} does not work ({' '.join(str(error).split())}).") from error


@contextmanager
def patiently(quiet: bool):
    """Say why when it takes long."""
    if quiet:
        yield
        return
    said = "sayso: waiting for PostgreSQL; after a crash it first puts its data in order, which may take minutes"
    timer = threading.Timer(PATIENCE_SECONDS, print, [said], {"file": sys.stderr, "flush": True})
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def real(data_dir: Path) -> Path:
    return Path(os.path.realpath(data_dir))


def prepared(data_dir: Path) -> Path:
    """The data folder, made when missing. As root, others may pass through it but not look around."""
    folder, root = real(data_dir), os.geteuid() == 0
    with plainly(folder):
        if folder.is_file():
            raise SettingError(f"The data folder {folder} is a file; choose another with --data.")
        folder.mkdir(mode=0o711 if root else 0o700, parents=True, exist_ok=True)
        mode = stat.S_IMODE(folder.stat().st_mode)
        if root and mode & 0o011 != 0o011 and set(os.listdir(folder)) <= OURS:
            folder.chmod(mode | 0o011)  # made under a strict umask; a folder with other things in it stays as it is
        refuse_unreachable(folder, cluster.account_for(folder / "postgres"))
    return folder


def refuse_unreachable(folder: Path, account) -> None:
    def enters(path: Path) -> bool:
        return cluster.run(account, ["/bin/sh", "-c", 'test -x "$0"', path]).returncode == 0

    if os.geteuid() == 0 and not enters(folder):
        closed = next((path for path in reversed(folder.parents) if not enters(path)), folder)
        raise SettingError(
            f"PostgreSQL runs as {account.pw_name} here, who cannot enter {closed}; "
            "choose another folder with --data, e.g. --data /var/lib/sayso."
        )


def check(folder: Path, account, version: str) -> None:
    made = folder / "postgres"
    if not made.exists() or not os.listdir(made):
        return
    if made.stat().st_uid != account.pw_uid:
        raise SettingError(f"{made} does not belong to {account.pw_name}; run: chown -R {account.pw_name} {made}")
    if not (made / "PG_VERSION").exists():
        raise SettingError(
            f"{made} holds something else than a PostgreSQL; move it away or choose another folder with --data."
        )
    made_by = (made / "PG_VERSION").read_text().strip()
    if made_by != version:
        raise SettingError(f"The data in {made} is of PostgreSQL {made_by}, not {version}; set SAYSO_POSTGRES={made_by}.")


def launch(folder: Path, account, version: str, fast: bool) -> Embedded:
    cluster.stop(folder)  # one that runs but does not answer
    cluster.tidy(folder)
    programs = cluster.binaries(folder, account, version)
    if not (folder / "postgres/PG_VERSION").exists():
        cluster.initialise(folder, account, version, programs, fast)
    socket = socket_folder(folder, account)
    cluster.configure(folder, account, socket, fast)
    return Embedded(folder, socket, process=cluster.serve(folder, account, programs))


def socket_folder(folder: Path, account) -> Path:
    """A folder for the socket that only the account may enter, elsewhere when our path is too long for a socket."""
    place, known = folder / "socket", known_socket(folder)
    fits = len(os.fsencode(place)) <= SOCKET_PATH_BYTES
    if known and fits != place.is_symlink():
        for left in known.iterdir():
            left.unlink()
        return known
    forget_socket(folder)
    if fits:
        place.mkdir(0o700)
    made = place if fits else Path(tempfile.mkdtemp(prefix="sayso-"))
    cluster.give(made, account)
    if not fits:
        place.symlink_to(made)
    return made


def known_socket(folder: Path) -> Path | None:
    place = folder / "socket"
    if not place.is_symlink():
        return place if place.is_dir() else None
    target = Path(os.readlink(place))
    # anybody may make a folder of that name in the system's temporary folder once ours is gone
    ours = target.is_dir() and target.lstat().st_uid == (folder / "postgres").stat().st_uid
    return target if ours else None


def forget_socket(folder: Path) -> None:
    if known := known_socket(folder):
        shutil.rmtree(known, ignore_errors=True)
    if (folder / "socket").is_symlink():
        (folder / "socket").unlink()


def provide(server: Embedded) -> None:
    """Our role, our database, and the extension that only a superuser can make."""
    with cursor(server.address(OWNER, "postgres")) as owner:
        owner.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [ROLE])
        if not owner.fetchone():
            owner.execute(f"CREATE ROLE {ROLE} LOGIN")
        owner.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE])
        if not owner.fetchone():
            owner.execute(f"CREATE DATABASE {DATABASE} OWNER {ROLE}")
    with cursor(server.owner_url) as owner:
        owner.execute("CREATE EXTENSION IF NOT EXISTS vector; ALTER EXTENSION vector UPDATE")


@contextmanager
def cursor(url: str):
    connection = psycopg2.connect(url, connect_timeout=5)
    try:
        connection.autocommit = True
        yield connection.cursor()
    finally:
        connection.close()
