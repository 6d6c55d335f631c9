"""The canary: what any of our processes writes into a log while the tests run is kept, and searched for secrets in the end.

Loggers of the test processes are heard by `Ear`; what processes that tests start write goes to `log(...)` or `hear(...)`.
What a command shows on purpose to who typed it (a link to sign in, the keys of `sayso demo`) is not a log."""

import atexit
import itertools
import logging
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

FOLDER = "SAYSO_CANARY"  # names the folder to all processes of a run
OTHERS = ("mail.log", "hypothesis", "faker", "PIL", "httpx", "schemathesis", "playwright", "asyncio")  # not ours
PRIVATE = {
    "a JSON web token": r"eyJ[\w-]{6,}\.[\w-]{6,}\.[\w-]*",
    "an API key": r"\bsk_\d+_[\w-]{12,}",
    "a signing secret": r"\bwhsec_[\w+/=-]{16,}",
    "a token of ours": r"\beyJ[\w-]{8,}\.[\w-]{5,}",
    "a secret of 256 bits": r"(?<![\w-])(?=[\w-]*\d)(?=[\w-]*[a-z])(?=[\w-]*[A-Z])[\w-]{43}(?![\w-])",
    "a cookie": r"(?i:\bcookie['\"]?\s*[:=]|\bsayso(-[\w-]+)?=[\w.-]{16,})",
    "a header that authorises": r"(?i:\bauthorization['\"]?\s*[:=]|\bbearer\s+[\w.-]{8,})",
    "a link to sign in": r"/(sign-in|join|prove|confirm|subscribe|letters|letters/team)/[\w.-]{20,}",
    "an e-mail address": r"(?i:[\w.+-]+@[a-z0-9-]+(\.[a-z0-9-]+)*\.[a-z]{2,})",
    "a password in an address": r"\w+://[^\s/:@]*:[^\s/@]+@",
    "a key of ours": r"t0-b3-us3d",  # as cast.SECRET_KEY begins
}
# What our own sentences give as examples.
EXAMPLES = re.compile(r"\bsmtp://user:password@mail\.example\.com:587|\bada@example\.com\b|\bfeedback@acme\.example\b")
FOUND = re.compile("|".join(f"(?P<kind{index}>{pattern})" for index, pattern in enumerate(PRIVATE.values())))
numbers = itertools.count(1)


def begin() -> None:
    """Start listening in this process, in the folder of this run, which the first process makes."""
    if FOLDER not in os.environ:
        os.environ[FOLDER] = tempfile.mkdtemp(prefix="sayso-canary-")
        atexit.register(shutil.rmtree, os.environ[FOLDER], ignore_errors=True)
    logging.getLogger("sayso").setLevel(logging.INFO)  # as a service writes when it is asked to
    logging.getLogger().addHandler(Ear())


class Ear(logging.Handler):
    """Keeps what the loggers of this process say."""

    def emit(self, record: logging.LogRecord) -> None:
        if not record.name.startswith(OTHERS):
            test = os.environ.get("PYTEST_CURRENT_TEST", "").partition("[")[0].partition(" ")[0]
            hear(f"{test} {record.name} {self.format(record)}")


def hear(line: str) -> None:
    """Keep a line that one of our processes wrote."""
    with suppress(FileNotFoundError), kept_at(f"said-{os.getpid()}") as kept:  # a thread may outlive the run
        kept.write(f"{line}\n".encode(errors="backslashreplace"))


def log(name: str):
    """A file for the outputs of a process."""
    return kept_at(f"{name}-{os.getpid()}-{next(numbers)}")


def kept_at(name: str):
    return (folder() / f"{name}.log").open("ab")


def folder() -> Path:
    return Path(os.environ.get(FOLDER) or tempfile.gettempdir())


def search(lines) -> Iterator[tuple[str, str]]:
    """(what it is, the line without it) of every line with something private in it."""
    for line in lines:
        found = FOUND.search(EXAMPLES.sub("", line))
        if found:
            yield list(PRIVATE)[int(found.lastgroup.removeprefix("kind"))], redacted(line)


def redacted(line: str) -> str:
    return FOUND.sub("[…]", line.strip())[:300]


def found() -> list[str]:
    """What all processes of this run have given away, a sentence each."""
    said = []
    for file in sorted(folder().glob("*.log")):
        with file.open(encoding="utf-8", errors="replace") as lines:
            said += [f"{file.name}: {kind} in “{line}”" for kind, line in search(lines)]
    return said


def heard() -> int:
    """How many lines were kept."""
    return sum(file.read_bytes().count(b"\n") for file in folder().glob("*.log"))
