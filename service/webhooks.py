"""Tells endpoints what happened: the job that takes what is due for one of them, posts it, and notes what came of it.

A job is for an endpoint, not for a delivery, and while it posts it has no connection to the database: what hangs holds up
nothing but itself."""

import logging
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from importlib import metadata

from standardwebhooks import Webhook

from service import db, payloads
from service.db import database
from service.feedback import attempts, endpoints
from service.feedback.attempts import Due, Outcome, Turn
from service.jobs import Job
from service.lib import outbound

log = logging.getLogger("sayso.webhooks")

LONGEST_REST = 24 * 3600  # seconds that we stay away because we were asked to
UNREADABLE = "Its address or secret cannot be read with the keys of this server any more; give it another."
OURS = "Something went wrong on our side."


def deliver(job: Job) -> None:
    """Make the attempts that are due for the endpoint which the job names. Killed between an answer and our commit they are
    made again, recognisably."""
    turn = attempts.begin(job)
    if turn is None:
        return
    turn = payloads.write(turn)
    attempts.end(job, turn, post_all(turn) if turn.due else [])


def post_all(turn: Turn) -> list[Outcome]:
    database.close()  # back to the pool
    try:
        with ThreadPoolExecutor(len(turn.due), "post") as pool:
            return list(pool.map(lambda due: attempt(turn, due), turn.due))
    finally:
        db.connect()


def attempt(turn: Turn, due: Due) -> Outcome:
    """Post one delivery and say what came of it; raises nothing. Runs in a thread of its own, without the database."""
    began = time.monotonic()
    if due.body is None:
        return Outcome(due.id, 0, None, OURS, None, is_ours=True)
    try:
        if not turn.url or not turn.secrets:
            raise outbound.Unreachable(UNREADABLE, "blocked")
        answer = outbound.post(turn.url, due.body.encode(), headers(turn, due), allow=endpoints.settings[0].outbound_allow)
    except outbound.Unreachable as error:
        return Outcome(due.id, since(began), None, str(error), None)
    except Exception as error:
        log.error("An attempt failed by our own mistake: %s", db.traced(error))
        return Outcome(due.id, since(began), None, OURS, None, is_ours=True)
    said = answer.body.decode("utf-8", "replace").replace("\0", "\ufffd")[: attempts.LONGEST_ANSWER]
    why = reason(answer.status)
    rest = seconds_of_rest(answer.headers.get("retry-after"), turn.began_at) if why else 0
    return Outcome(due.id, since(began), answer.status, why, said, rest)


def since(began: float) -> int:
    return round((time.monotonic() - began) * 1000)


def headers(turn: Turn, due: Due) -> dict[str, str]:
    """As Standard Webhooks has them. While a secret is being replaced both sign, the newest first."""
    id = f"msg_{turn.workspace_id}_{due.id}"
    at = turn.began_at.astimezone(UTC)  # the library takes every time for one in UTC
    return {
        "content-type": "application/json",
        "user-agent": f"Sayso/{metadata.version('sayso')}",
        "webhook-id": id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(Webhook(secret).sign(id, at, due.body) for secret in turn.secrets),
    }


def reason(status: int) -> str | None:
    """Why an answer does not count; None when it does."""
    if 200 <= status < 300:
        return None
    if 300 <= status < 400:
        return f"It answered {status}; redirects are not followed."
    if status == 410:
        return "It answered 410: it wants to hear nothing more."
    return f"It answered {status}."


def seconds_of_rest(said: str | None, now: datetime) -> float:
    """For how long a Retry-After asks us to stay away, a day at most; 0 when it asks for nothing that can be understood."""
    said = (said or "").strip()
    try:
        if said.isascii() and said.isdigit():
            seconds = float(said[:9])
        else:
            moment = parsedate_to_datetime(said)
            seconds = (moment.replace(tzinfo=moment.tzinfo or UTC) - now).total_seconds()
    except (ValueError, TypeError, OverflowError):
        return 0
    return min(max(seconds, 0), LONGEST_REST)
