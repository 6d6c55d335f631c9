"""The outbox: every letter of a workspace with what became of it, to be looked at and sent again; those that came back."""

from datetime import datetime
from typing import NamedTuple

from service import db, events, jobs
from service.errors import Conflict, NotFound
from service.feedback import letters, mailings, suppressions, team_letters
from service.feedback.letters import Letter
from service.feedback.readers import IS_MEMBER, Reader
from service.lib import mail
from service.lib.bounces import Report

STATES = ("waiting", "failed", "refused", "suppressed", "kept", "sent", "withdrawn")
MOST_COUNTED = 1000
MOST_COPIES = 9
WINDOW = 5000  # letters that a search looks at, before it asks whether to look further back

# A search looks at a part of the letters, by their short columns.
LIST = f"""
WITH looked AS MATERIALIZED (
  SELECT id, kind, to_email FROM letter
   WHERE workspace_id = %(workspace)s AND (%(state)s IS NULL OR state = %(state)s)
     AND (%(before)s IS NULL OR id < %(before)s)
   ORDER BY id DESC LIMIT %(window)s
), found AS (
  SELECT id FROM looked
   WHERE %(q)s = '' OR position(lower(%(q)s) IN lower(to_email)) > 0 OR kind = ANY(%(kinds)s::text[])
   ORDER BY id DESC LIMIT %(most)s
)
SELECT l.id, l.event_seq, l.kind, l.to_email, l.state, l.created_at, l.sent_at, {letters.SUBJECT}, '', '', '', l.reason,
       l.attempts, l.copy
  FROM found JOIN letter l ON l.workspace_id = %(workspace)s AND l.id = found.id ORDER BY l.id DESC"""
EDGE = """
SELECT min(id), count(*) FROM (
  SELECT id FROM letter
   WHERE workspace_id = %(workspace)s AND (%(state)s IS NULL OR state = %(state)s)
     AND (%(before)s IS NULL OR id < %(before)s)
   ORDER BY id DESC LIMIT %(window)s) looked"""
COUNTS = """
SELECT state, count FROM unnest(%(states)s::text[]) AS state CROSS JOIN LATERAL (
  SELECT count(*) FROM (
    SELECT FROM letter WHERE workspace_id = %(workspace)s AND letter.state = state.state LIMIT %(most)s) few) counted"""
# Each half reads one partial index of the queue (job_ready, job_running): nothing is looked through but what waits for the
# workspace's mail, whatever else it has to do (11 ms where 20,000 letters wait among 220,000 jobs). An index by letter would
# make every job of every queue dearer.
LETTERS_JOBS = """
  FROM job WHERE queue = %(queue)s AND workspace_id = %(workspace)s AND kind = %(kind)s
   AND (args->>'letter')::bigint = ANY(%(letters)s)"""
NEXT = f"""
SELECT (args->>'letter')::bigint, run_at {LETTERS_JOBS} AND claim IS NULL
 UNION ALL
SELECT (args->>'letter')::bigint, NULL {LETTERS_JOBS} AND claim IS NOT NULL"""

# `copy` is the one that whoever pressed the button saw, so that a second press does nothing.
AGAIN = """
UPDATE letter SET state = 'waiting', copy = copy + 1, attempts = 0, reason = NULL, sent_at = NULL,
       begun_at = coalesce(begun_at, now())
 WHERE workspace_id = %(workspace)s AND id = %(id)s AND copy = %(copy)s"""
HOLD = "SELECT FROM letter WHERE workspace_id = %(workspace)s AND id = %(id)s FOR UPDATE"
EMPTIED = "SELECT coalesce(subject = '', false) FROM letter WHERE workspace_id = %(workspace)s AND id = %(id)s"
# Who was removed, or blocked, hears no more; nor somebody of whom nothing is known but that letters went there once.
IS_KNOWN = f"""
SELECT EXISTS (SELECT FROM member m JOIN person p ON p.id = m.person_id
                WHERE m.workspace_id = %(workspace)s AND lower(p.email) = lower(%(email)s))
    OR EXISTS (SELECT FROM "user" u WHERE u.workspace_id = %(workspace)s AND lower(u.email) = lower(%(email)s)
                  AND u.blocked_at IS NULL AND (u.kind <> 'member' OR {IS_MEMBER}))
    OR EXISTS (SELECT FROM mailing WHERE workspace_id = %(workspace)s AND email = lower(%(email)s)
                  AND subscribed_at IS NOT NULL)"""
TO_STRANGERS = ("guest",)  # kinds of letters to who is not known yet: they ask whose the address is

CAME_BACK = """
UPDATE letter SET state = 'refused', reason = %(reason)s
 WHERE workspace_id = %(workspace)s AND id = %(id)s AND copy = %(copy)s AND state IN ('sent', 'waiting', 'failed')"""


class Page(NamedTuple):
    letters: list[Letter]
    before: int | None  # where the next page begins; None: this is the last
    is_all: bool  # False: it ends where the search has not looked yet


def page(reader: Reader, most: int, *, state: str | None = None, q: str = "", kinds: list[str] = (),
         before: int | None = None) -> Page:  # fmt: skip
    """The workspace's letters, `most` of them, the newest first, without their texts: those in a state, and those with `q`
    in their address or of one of these kinds."""
    place = {"workspace": reader.workspace.id, "state": state, "before": before, "window": WINDOW if q else most + 1}
    found = [Letter(*row) for row in db.rows(LIST, **place, q=q, kinds=list(kinds), most=most + 1)]
    if len(found) > most:
        return Page(found[:most], found[most - 1].id, True)
    edge, looked = db.row(EDGE, **place) if q else (None, 0)
    return Page(found, edge if looked == WINDOW else None, looked < WINDOW)


def counts(reader: Reader) -> dict[str, int]:
    """How many letters are in each state, up to MOST_COUNTED."""
    return dict(db.rows(COUNTS, workspace=reader.workspace.id, states=list(STATES), most=MOST_COUNTED))


def next_attempts(reader: Reader, found: list[Letter]) -> dict[int, datetime | None]:
    """When each of these letters that waits is tried next, by its id; None: at this moment. One that is not there waits for
    nothing: its job is dead."""
    waiting = [letter.id for letter in found if letter.state == "waiting"]
    place = {"workspace": reader.workspace.id, "queue": letters.QUEUE, "kind": letters.SEND}
    return dict(db.rows(NEXT, **place, letters=waiting)) if waiting else {}


@db.verb
def send_again(reader: Reader, id: int, copy: int) -> None:
    """Write a letter anew and send it, as another one with a Message-ID of its own. `copy` is the last one that the member
    has seen: there is a newer one, or this one waits to be sent: nothing happens.

    NotFound, or Conflict when nothing can or may be sent: what it tells of is over, its text was emptied, the address gets
    no letters or is nobody's any more, or its reader does not want them."""
    place = {"workspace": reader.workspace.id, "id": id}
    db.rows(HOLD, **place)
    letter = letters.read(reader.workspace.id, id)
    if letter.copy != copy or (letter.state == "waiting" and next_attempts(reader, [letter])):
        return
    refusal = why_not(reader.workspace.id, letter)
    if refusal:
        raise Conflict(refusal)
    db.changed(AGAIN, **place, copy=copy)
    jobs.enqueue(letters.SEND, reader.workspace.id, queue=letters.QUEUE, letter=id)
    events.record("letter.sent_again", reader.workspace.id, data={"letter": id}, **reader.actor())


def why_not(workspace_id: int, letter: Letter) -> str | None:
    """Why a letter cannot be sent again; None when it can."""
    if letter.kind == "invitation":
        return "An invitation is sent again on the team’s page, where its former link ends."
    if letter.state == "withdrawn":
        return "What this letter tells of is over, so it cannot be sent again."
    if db.row(EMPTIED, workspace=workspace_id, id=letter.id) == (True,):
        return "Its author was erased, so it cannot be sent again."
    if letter.copy >= MOST_COPIES:
        return f"It was sent again {MOST_COPIES} times; that is enough."
    if reason := letters.held_back(workspace_id, letter.to_email, is_to_team=letter.kind in team_letters.WRITERS):
        return f"Letters to this address are held back. {reason}"
    if letter.kind not in TO_STRANGERS and not db.row(IS_KNOWN, workspace=workspace_id, email=letter.to_email)[0]:
        return "Nobody here has this address any more, so it cannot be sent again."
    if letter.kind in mailings.KINDS and not mailings.of(workspace_id, letter.to_email).wants(letter.kind):
        return "Its reader does not want letters of this kind any more."
    return None


@db.verb
def take_back(report: Report) -> str:
    """What a mail server reports of a letter: one that was given up is `refused`, and if that is because of its
    address, or its reader called it spam, nothing more is sent there. Returns what was done, in a sentence; again, nothing
    is. NotFound when it is about no letter of ours."""
    found = next(filter(None, map(letters.named, report.ids)), None)
    if found is None:
        raise NotFound("This report is about no letter of ours.")
    workspace_id, id, copy = found
    try:
        letter = letters.read(workspace_id, id)
    except NotFound:
        raise NotFound("This report is about a letter that is not kept any more.") from None
    if report.is_complaint:
        is_new = suppressions.add(workspace_id, letter.to_email, suppressions.COMPLAINT)
        return "Its reader called it spam: they get no more letters." if is_new else "This was known."
    if report.status is None:
        return "The letter arrived, or may still arrive: nothing to do."
    return came_back(workspace_id, letter, copy, report.status)


def came_back(workspace_id: int, letter: Letter, copy: int, status: str) -> str:
    meaning = mail.explained(status) if status else None
    reason = f"It came back: {meaning} ({status})." if meaning else f"It came back ({status or 'without a reason'})."
    changed = db.changed(CAME_BACK, workspace=workspace_id, id=letter.id, copy=copy, reason=reason)
    is_new = mail.is_of_the_address(status) and suppressions.add(workspace_id, letter.to_email, reason)
    if is_new:
        return f"Letter {letter.id} came back: its reader gets no more letters."
    return f"Letter {letter.id} came back." if changed else "This was known."
