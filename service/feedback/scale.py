"""Do you need to scale yet? Four signals, and from them one answer: no, or the one thing to see to next.

The signals: the share of answers that take longer than 500 ms; statements that are slow; how full the machine is; and what
users say of it. The verdict is a pure function of what `measurements` kept."""

from datetime import datetime, timedelta
from typing import NamedTuple

from service import measurements
from service.measurements import Hour, Statement

DAY, WEEK = 24, 7 * 24  # hours
FEWEST_ANSWERS = 200  # in a day; of fewer a share says little
MOST_SLOW = 0.01  # share of answers; what is above it is too much
FULL_DISK, FULL_MEMORY, FULL_CONNECTIONS, BUSY_CPU = 0.9, 0.95, 0.9, 0.9  # shares; from here on it is too much
BUSY_HOURS = 3  # of a day, in which the processor was busy
LONG_STATEMENT_MS, OFTEN = 1000, 10
MANY_COMPLAINTS = 3  # in a week
MOST_STATEMENTS = 20


class Signals(NamedTuple):
    """What the verdict is made of. None: nobody could measure it."""

    answers: int  # of a day, like the next
    slow_answers: int
    cpu: float | None  # the greatest of a day
    busy_hours: int
    memory: float | None
    disk: float | None  # the last one known
    connections: int | None
    most_connections: int | None
    complaints: int  # of a week
    statements: list[Statement]  # slow ones of a day, the slowest first

    @property
    def slow(self) -> float:
        """The share of slow answers."""
        return self.slow_answers / self.answers if self.answers else 0.0


class Verdict(NamedTuple):
    """The answer. `fix` is empty when there is nothing to see to."""

    fix: str
    figures: str
    advice: str = ""


def look() -> tuple[list[Hour], Signals]:
    """The hours of the last week, and the signals made of them."""
    hours = measurements.hours(WEEK)
    return hours, signals(hours, measurements.slowest(DAY, MOST_STATEMENTS))


def statements() -> list[Statement]:
    """The slowest statements of the week."""
    return measurements.slowest(WEEK, MOST_STATEMENTS)


def signals(hours: list[Hour], slowest: list[Statement]) -> Signals:
    """What the last day and week say; `hours` are the week's, the oldest first."""
    day = [hour for hour in hours if hour.hour > since(hours, DAY)]
    cpus = [hour.cpu for hour in day if hour.cpu is not None]
    fullest = max((hour for hour in day if hour.connections), key=lambda hour: hour.connections, default=None)
    return Signals(
        answers=sum(hour.answers for hour in day), slow_answers=sum(hour.slow_answers for hour in day),
        cpu=max(cpus, default=None), busy_hours=sum(cpu >= BUSY_CPU for cpu in cpus),
        memory=max((hour.memory for hour in day if hour.memory is not None), default=None),
        disk=next((hour.disk for hour in reversed(day) if hour.disk is not None), None),
        connections=fullest and fullest.connections, most_connections=fullest and fullest.most_connections,
        complaints=sum(hour.complaints or 0 for hour in hours), statements=slowest,
    )  # fmt: skip


def since(hours: list[Hour], most: int) -> datetime:
    return hours[-1].hour - timedelta(hours=most) if hours else datetime.min


def verdict(now: Signals) -> Verdict:
    """No, or the one next thing to fix: what stops everything first, then what makes it slow, then what users say."""
    for judge in (disk, connections, memory, answers, cpu, queries, complaints):
        found = judge(now)
        if found:
            return found
    return Verdict("", figures(now))


def disk(now: Signals) -> Verdict | None:
    if now.disk is None or now.disk < FULL_DISK:
        return None
    return Verdict("Make room on the disk.", f"The disk of the database is {percent(now.disk)} full.",
                   "When it is full, nothing can be saved any more. Give the server a larger disk, or delete what else is "
                   "on it.")  # fmt: skip


def connections(now: Signals) -> Verdict | None:
    if not now.connections or not now.most_connections or now.connections < FULL_CONNECTIONS * now.most_connections:
        return None
    return Verdict("Give PostgreSQL more connections.",
                   f"{now.connections} of {now.most_connections} connections were in use at once in the last 24 hours.",
                   "Raise max_connections, or look for another program that keeps connections to this PostgreSQL "
                   "open.")  # fmt: skip


def memory(now: Signals) -> Verdict | None:
    if now.memory is None or now.memory < FULL_MEMORY:
        return None
    return Verdict("Give the server more memory.", f"{percent(now.memory)} of the memory was in use in the last 24 hours.",
                   "When it runs out, the system ends a process. See first whether another program uses it.")  # fmt: skip


def answers(now: Signals) -> Verdict | None:
    if now.answers < FEWEST_ANSWERS or now.slow <= MOST_SLOW:
        return None
    said = f"{percent(now.slow)} of {now.answers:,} answers took longer than 500 ms in the last 24 hours"
    if now.statements:
        longest = seconds(now.statements[0].longest_ms)
        return Verdict("Make the slowest statement quicker.", f"{said}; the slowest statement took {longest}.",
                       "Start there: it is the first in the list below, with its plan. Look for “Seq Scan”.")  # fmt: skip
    if now.cpu is not None and now.cpu >= BUSY_CPU:
        return Verdict("Give the server more cores.", f"{said}; the processor was busy at {percent(now.cpu)}.",
                       "No statement was slow, so the processor is what they wait for.")  # fmt: skip
    return Verdict("Start a second web process.", f"{said}, but neither a statement nor the processor is slow.",
                   "They wait for each other: answer them with sayso web --processes 2.")  # fmt: skip


def cpu(now: Signals) -> Verdict | None:
    if now.busy_hours < BUSY_HOURS:
        return None
    return Verdict("Give the server more cores.",
                   f"The processor was busy at {percent(BUSY_CPU)} or more in {now.busy_hours} of the last 24 hours.",
                   "Answers are still quick. See first whether another program uses it.")  # fmt: skip


def queries(now: Signals) -> Verdict | None:
    slow = [each for each in now.statements if each.longest_ms >= LONG_STATEMENT_MS and each.times >= OFTEN]
    if not slow:
        return None
    return Verdict("Make one statement quicker.",
                   f"A statement was slow {slow[0].times:,} times, and took up to {seconds(slow[0].longest_ms)}.",
                   "Few people wait for it yet. It stands in the list below, with its plan.")  # fmt: skip


def complaints(now: Signals) -> Verdict | None:
    if now.complaints < MANY_COMPLAINTS:
        return None
    return Verdict("Read what your users find slow.", f"{now.complaints} posts of the last 7 days have the tag “slow”.",
                   "The server has enough of everything, so ask them what they waited for.")  # fmt: skip


# ── words ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def figures(now: Signals) -> str:
    """All four signals in a sentence or two, of what is known."""
    said = [f"{percent(now.slow)} of {now.answers:,} answers took longer than 500 ms"] if now.answers else ["no answers"]
    said += [f"{name} at most {percent(share)}" for name, share in
             (("processor", now.cpu), ("memory", now.memory), ("disk", now.disk)) if share is not None]  # fmt: skip
    if now.connections:
        said.append(f"{now.connections} of {now.most_connections} connections")
    count = now.complaints or "no"
    return f"In the last 24 hours: {', '.join(said)}. In 7 days: {count} post{'' if count == 1 else 's'} tagged “slow”."


def percent(share: float) -> str:
    """0.4 %, 12 %"""
    return f"{share * 100:.1f} %" if 0 < share < 0.1 else f"{share * 100:.0f} %"


def seconds(milliseconds: int) -> str:
    return f"{milliseconds} ms" if milliseconds < 1000 else f"{milliseconds / 1000:.1f} s"
