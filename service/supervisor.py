"""The supervisor: keeps a few child processes running, on sockets that it holds open for them, until told to stop."""

import errno
import http.client
import os
import queue
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, field

from service.errors import SettingError

BACKLOG = 1024  # connections that wait while a child is being restarted
STOP_GRACE = 25.0  # seconds
TAKEN_PATIENCE = 2.0  # seconds; the children of a supervisor that was killed leave within them
READY_POLL = 0.05  # seconds
DELAYS = (0.0, 0.25, 0.5, 1.0, 2.0, 5.0)  # seconds before the first, second, … restart of a child that keeps dying
STEADY = 10.0  # seconds; who lived that long starts at the first delay again
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
HURRY_SIGNALS = (signal.SIGINT, signal.SIGTERM)
SAME_WISH = 0.5  # seconds; wrappers such as `make` or `uv run` pass on a Ctrl-C that we got from the terminal already


@dataclass
class Child:
    """A process to keep running. It inherits `sockets` under the very numbers that they have here."""

    name: str
    command: list[str]
    sockets: tuple[socket.socket, ...] = ()
    process: subprocess.Popen | None = field(default=None, init=False)
    started_at: float = field(default=0.0, init=False)
    due_at: float = field(default=0.0, init=False)
    deaths: int = field(default=0, init=False)

    def start(self) -> None:
        self.started_at = time.monotonic()
        handles = [one.fileno() for one in self.sockets]
        # a session of its own: Ctrl-C reaches only the supervisor
        self.process = subprocess.Popen(self.command, pass_fds=handles, start_new_session=True)  # noqa: S603 our own

    def tend(self) -> None:
        """Notice that it died, and start it when it is time to."""
        if self.process and self.process.poll() is not None:
            self.put_off(ending(self.process.returncode))
        if not self.process and time.monotonic() >= self.due_at:
            try:
                self.start()
            except OSError as error:
                self.put_off(f"cannot be started ({error.strerror})")

    def put_off(self, why: str) -> None:
        now = time.monotonic()
        self.deaths = 0 if now - self.started_at >= STEADY else self.deaths
        delay = DELAYS[min(self.deaths, len(DELAYS) - 1)]
        self.process, self.deaths, self.due_at = None, self.deaths + 1, now + delay
        say(f"{self.name} {why}; starting it again {f'in {delay:g} s' if delay else 'now'}")

    def signal(self, number: int) -> None:
        if self.is_alive():
            os.killpg(self.process.pid, number) if number == signal.SIGKILL else self.process.send_signal(number)

    def is_alive(self) -> bool:
        return self.process is not None and self.process.poll() is None


def bind(host: str, port: int, patience: float = TAKEN_PATIENCE, option: str = "--port") -> socket.socket:
    """A socket that listens already, so that connections wait while nobody serves them.

    Raises SettingError when that cannot be; a taken port is tried again for `patience` seconds."""
    deadline = time.monotonic() + patience
    while True:
        try:
            return listening(host, port)
        except (OSError, UnicodeError) as error:
            number = getattr(error, "errno", None)
            if number != errno.EADDRINUSE or time.monotonic() > deadline:
                raise SettingError(refusal(host, port, number, option)) from error
        time.sleep(0.1)


def listening(host: str, port: int) -> socket.socket:
    found = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    family, address = found[0][0], found[0][4][:2]
    both = host == "::" and socket.has_dualstack_ipv6()
    return socket.create_server(address, family=family, backlog=BACKLOG, dualstack_ipv6=both)


def refusal(host: str, port: int, number: int | None, option: str) -> str:
    if number == errno.EADDRINUSE:
        return f"Port {port} is taken; choose another with {option} or stop what uses it."
    if number == errno.EACCES:
        return f"Port {port} needs more rights; choose one above 1023 with {option}."
    return f"HOST={host} is not an address of this machine; choose one that is, e.g. HOST=127.0.0.1."


def child(name: str, listening: socket.socket | None = None) -> Child:
    """A `sayso` command that takes over this socket, and ends with us."""
    told = ["--supervisor", str(os.getpid()), *(["--fd", str(listening.fileno())] if listening else [])]
    return Child(name, [sys.executable, "-m", "service", name, *told], (listening,) if listening else ())


def held(fd: int | None) -> socket.socket | None:
    """The socket that a supervisor holds open for us, if there is one."""
    return None if fd is None else socket.socket(fileno=fd)


def answers(listening: socket.socket, path: str) -> bool:
    """Whether who listens here answers 200 at this path."""
    address, number = listening.getsockname()[:2]
    local = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(address, address)  # noqa: S104 where we listen is the user's choice
    connection = http.client.HTTPConnection(local, number, timeout=2)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == http.HTTPStatus.OK
    except http.client.HTTPException:
        return False
    finally:
        connection.close()


@contextmanager
def stoppable():
    """Let SIGTERM interrupt like Ctrl-C, so that `finally` and `with` still put things in order."""

    def interrupt(*_):
        raise KeyboardInterrupt

    with handling(dict.fromkeys(STOP_SIGNALS, interrupt)):
        yield


def supervise(
    children: list[Child],
    ready: Callable[[], bool] = lambda: True,
    on_ready: Callable[[], None] = lambda: None,
    tend: Callable[[], None] = lambda: None,
    stop_grace: float = STOP_GRACE,
) -> None:
    """Keep the children running until a stop signal comes, then end them and return; a second signal hurries.

    `on_ready` is called once, as soon as `ready` answers yes; an OSError from it means not yet. `tend` is called at least
    once a second and whenever a process ended: for what else has to be kept running."""
    happened = queue.SimpleQueue()  # its put() may be called by a signal handler at any moment
    with handling(dict.fromkeys((*STOP_SIGNALS, signal.SIGCHLD), lambda number, _: happened.put(number))):
        try:
            threading.Thread(target=watch, args=(ready, happened), daemon=True).start()
            keep(children, happened, on_ready, tend)
        finally:
            end(children, happened, stop_grace)


def keep(children: list[Child], happened: queue.SimpleQueue, on_ready: Callable, tend: Callable) -> None:
    event = None
    while event not in STOP_SIGNALS:
        tend()
        for child in children:
            child.tend()
        waiting = [child.due_at - time.monotonic() for child in children if not child.process]
        event = next_event(happened, max(min(waiting, default=1.0), 0.0))
        if event == "ready":
            on_ready()


def end(children: list[Child], happened: queue.SimpleQueue, stop_grace: float) -> None:
    """SIGTERM for all; SIGKILL for who is still there after the grace, or when somebody is in a hurry."""
    for child in children:
        child.signal(signal.SIGTERM)
    began, hurry = time.monotonic(), False
    while any(child.is_alive() for child in children) and not hurry and time.monotonic() - began < stop_grace:
        event = next_event(happened, 0.1)
        hurry = event in HURRY_SIGNALS and time.monotonic() - began > SAME_WISH
    for child in children:
        child.signal(signal.SIGKILL)
        if child.process:
            child.process.wait()


def next_event(happened: queue.SimpleQueue, seconds: float):
    try:
        return happened.get(timeout=seconds)
    except queue.Empty:
        return None


def watch(ready: Callable[[], bool], happened: queue.SimpleQueue) -> None:
    while not is_ready(ready):
        time.sleep(READY_POLL)
    happened.put("ready")


def is_ready(ready: Callable[[], bool]) -> bool:
    try:
        return ready()
    except OSError:
        return False


@contextmanager
def handling(handlers: dict):
    """Signal handlers for a while. A hangup that is ignored stays so: that is what nohup asks for."""
    if signal.getsignal(signal.SIGHUP) == signal.SIG_IGN:
        handlers.pop(signal.SIGHUP, None)
    before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def follow_parent(parent: int | None = None, grace: float = STOP_GRACE) -> None:
    """In a child: end when the supervisor is gone, however it went.

    `parent` is the supervisor's process id; without it, whoever is the parent at this moment."""
    threading.Thread(target=leave_after, args=(parent or os.getppid(), grace), daemon=True).start()


def leave_after(parent: int, grace: float) -> None:
    while os.getppid() == parent:
        time.sleep(0.25)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(grace)
    os.kill(os.getpid(), signal.SIGKILL)


def ending(status: int) -> str:
    return f"ended with exit status {status}" if status >= 0 else f"was killed by {signal.Signals(-status).name}"


def say(text: str) -> None:
    print(f"sayso: {text}", file=sys.stderr, flush=True)
