"""The supervisor: real processes that are killed, told to stop, or left alone."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from service import supervisor
from service.errors import SettingError

REPOSITORY = Path(supervisor.__file__).parents[1]
PATIENCE = 15  # seconds

# Answers every connection with its process id, then closes it.
CHILD = """
import os, socket, sys
from service import supervisor
supervisor.follow_parent(int(sys.argv[2]), grace=1)
server = socket.socket(fileno=int(sys.argv[1]))
while True:
    connection, _ = server.accept()
    with connection: connection.sendall(str(os.getpid()).encode())
"""
# Two of them, a readiness check that fails at first, and a last word.
PARENT = """
import os, signal, socket, sys
from service import supervisor
signal.signal(signal.SIGHUP, signal.SIG_DFL)  # under nohup it is ignored, and then it stops nobody
child_code, grace = sys.argv[1], float(sys.argv[2])
def ready():
    with socket.create_connection(sockets[0].getsockname(), timeout=1) as connection:
        if not connection.recv(100): raise ConnectionResetError
    return True
with supervisor.stoppable():
    try:
        sockets = [supervisor.bind("127.0.0.1", 0) for _ in range(2)]
        children = [
            supervisor.Child(name, [sys.executable, "-c", child_code, str(one.fileno()), str(os.getpid())], (one,))
            for name, one in zip(("web", "stream"), sockets)
        ]
        print(*[one.getsockname()[1] for one in sockets], flush=True)
        supervisor.supervise(children, ready, lambda: print("ready", flush=True), stop_grace=grace)
    finally:
        print("over", flush=True)
"""
STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + CHILD


class Running:
    """A supervisor in a process of its own."""

    def __init__(self, child=CHILD, grace=10.0):
        command = [sys.executable, "-c", PARENT, child, str(grace)]
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(command, cwd=REPOSITORY, text=True, stdout=pipe, stderr=pipe)
        self.ports = [int(port) for port in self.process.stdout.readline().split()]

    def children(self):
        return [int(talk(port)) for port in self.ports]

    def end(self):
        """What it said until it ended."""
        return self.process.communicate(timeout=PATIENCE)


@pytest.fixture
def running():
    running = Running()
    yield running
    running.process.kill()
    running.process.communicate()


@pytest.fixture
def stubborn():
    running = Running(STUBBORN, grace=1.0)
    yield running
    running.process.kill()
    running.process.communicate()


def talk(port):
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as connection:
        return connection.recv(100).decode()


def until(condition):
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.01)


def state(pid):
    """The kernel's letter for what a process does; X when there is none."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return "X"


def is_gone(pid):
    return state(pid) in "XZ"


def refuses(port):
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) != 0


def test_it_says_once_that_it_is_ready(running):
    assert running.process.stdout.readline() == "ready\n"
    running.process.terminate()
    said, _ = running.end()
    assert said == "over\n"


def test_a_child_that_was_killed_is_replaced_and_the_other_left_alone(running):
    web, stream = running.children()
    os.kill(web, signal.SIGKILL)
    until(lambda: is_gone(web))
    new_web, same_stream = running.children()
    assert new_web != web
    assert same_stream == stream
    running.process.terminate()
    _, complaints = running.end()
    assert complaints == "sayso: web was killed by SIGKILL; starting it again now\n"


def test_a_connection_made_while_the_child_is_dead_is_served_after_the_restart(running):
    web, stream = running.children()
    os.kill(web, signal.SIGSTOP)  # or it might take the connection while it dies
    until(lambda: state(web) == "T")
    with socket.create_connection(("127.0.0.1", running.ports[0]), timeout=PATIENCE) as early:
        os.kill(web, signal.SIGKILL)
        assert int(early.recv(100)) not in {web, stream}


def test_a_child_that_keeps_dying_is_started_less_and_less_often():
    dying = Running("raise SystemExit(3)")
    said = [dying.process.stderr.readline() for _ in range(4)]
    dying.process.terminate()
    dying.end()
    ours = [line for line in said if "web" in line]
    assert ours[0] == "sayso: web ended with exit status 3; starting it again now\n"
    assert all("starting it again" in line for line in said)
    assert any("in 0.25 s" in line for line in said)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_to_stop_ends_all_children_and_then_it_returns(running, number):
    children = running.children()
    running.process.send_signal(number)
    said, complaints = running.end()
    assert said.endswith("over\n")
    assert complaints == ""
    assert all(is_gone(child) for child in children)
    assert running.process.returncode == 0


def test_a_signal_right_at_the_start_is_not_lost():
    for _ in range(3):
        early = Running()
        early.process.terminate()
        said, _ = early.end()
        assert said.endswith("over\n")
        assert all(refuses(port) for port in early.ports)


def test_ctrl_c_in_a_terminal_reaches_only_the_supervisor(running):
    assert all(os.getsid(child) == child for child in running.children())


def test_a_child_that_ignores_the_signal_is_killed_after_the_grace(stubborn):
    children = stubborn.children()
    stubborn.process.terminate()
    stubborn.end()
    assert all(is_gone(child) for child in children)


def test_a_second_ctrl_c_hurries():
    slow = Running(STUBBORN, grace=60.0)
    children = slow.children()

    def impatient():
        slow.process.send_signal(signal.SIGINT)
        return slow.process.poll() is not None

    until(impatient)
    slow.end()
    assert all(is_gone(child) for child in children)


def test_children_leave_when_the_supervisor_is_killed(running):
    children = running.children()
    running.process.kill()
    until(lambda: all(is_gone(child) for child in children))
    assert all(refuses(port) for port in running.ports)


def test_even_stubborn_children_leave_when_the_supervisor_is_killed(stubborn):
    children = stubborn.children()
    stubborn.process.kill()
    until(lambda: all(is_gone(child) for child in children))


def test_a_child_whose_parent_is_gone_before_it_looks_leaves_too():
    code = "from service import supervisor; import time; supervisor.follow_parent(2**22 + 1); time.sleep(60)"
    orphan = subprocess.Popen([sys.executable, "-c", code], cwd=REPOSITORY)
    assert orphan.wait(PATIENCE) == -signal.SIGTERM


def test_a_program_that_cannot_be_started_is_tried_again(tmp_path):
    code = (
        "import sys; from service import supervisor\n"
        "supervisor.supervise([supervisor.Child('worker', [sys.argv[1]])], lambda: False)"
    )
    pipe = subprocess.PIPE
    process = subprocess.Popen([sys.executable, "-c", code, tmp_path / "none"], cwd=REPOSITORY, stderr=pipe, text=True)
    assert "worker cannot be started" in process.stderr.readline()
    process.terminate()
    process.communicate(timeout=PATIENCE)
    assert process.returncode == 0


def test_what_else_has_to_run_is_looked_at_again_and_again():
    code = (
        "from service import supervisor; import itertools; rounds = itertools.count()\n"
        "supervisor.supervise([], tend=lambda: print(next(rounds), flush=True))"
    )
    process = subprocess.Popen([sys.executable, "-c", code], cwd=REPOSITORY, stdout=subprocess.PIPE, text=True)
    assert [process.stdout.readline() for _ in range(3)] == ["0\n", "1\n", "2\n"]
    process.terminate()
    process.communicate(timeout=PATIENCE)


def test_a_taken_port_is_refused_with_what_to_do():
    with supervisor.bind("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(SettingError, match=f"Port {port} is taken; choose another with --port"):
            supervisor.bind("127.0.0.1", port, patience=0)


def test_a_port_that_becomes_free_in_a_moment_is_waited_for():
    code = "import sys; from service import supervisor; supervisor.bind('127.0.0.1', int(sys.argv[1]), patience=15)"
    with supervisor.bind("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        waiting = subprocess.Popen([sys.executable, "-c", code, str(port)], cwd=REPOSITORY)
    assert waiting.wait(PATIENCE) == 0


@pytest.mark.parametrize("host", ["192.0.2.1", "no.such.host.invalid", "a..b"])
def test_a_host_that_is_not_this_machine_is_refused_in_one_line(host):
    with pytest.raises(SettingError, match="is not an address of this machine") as refused:
        supervisor.bind(host, 0)
    assert "\n" not in str(refused.value)
