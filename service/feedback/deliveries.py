"""Deliveries: what is told to which endpoint, what came of each attempt, and when the next one is made.

A delivery is one event on its way to one endpoint. `fan_out` makes them, `service/webhooks.py` makes the attempts, and
`attempts.py` remembers what came of those."""

from datetime import datetime
from typing import NamedTuple

from service import db, events
from service.errors import Conflict, Invalid, NotFound
from service.feedback import activity, endpoints
from service.feedback.activity import Event
from service.feedback.readers import Reader

STATES = ("waiting", "delivered", "failed", "stopped")
# Seconds before each attempt. ±20 %, so that what failed together does not come back together.
SCHEDULE = (0, 5, 60, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400)
LAST = len(SCHEDULE) - 1
MOST_ATTEMPTS = 100  # of one delivery, those that were asked for included
REACHING = "vote.created"  # tells of a threshold only the first time

# Whom an event is about: who voted or is known, or whose post or comment it is, whoever did something to it.
ABOUT = """CASE split_part(%(type)s, '.', 1)
  WHEN 'post' THEN (SELECT author_id FROM post WHERE workspace_id = %(workspace)s AND number = %(post)s)
  WHEN 'comment' THEN (SELECT user_id FROM comment WHERE workspace_id = %(workspace)s AND id = %(comment)s)
  ELSE %(user)s END"""
# What looks like spam, and all that happens to it meanwhile, nobody hears of yet; but who heard of it before it did hears
# that it is deleted.
IS_SUSPECT = """
  EXISTS (SELECT FROM post WHERE workspace_id = %(workspace)s AND number = %(post)s
             AND held_at IS NOT NULL AND held_because NOT IN ('board', 'plan'))
  OR EXISTS (SELECT FROM comment WHERE workspace_id = %(workspace)s AND id = %(comment)s AND held_at IS NOT NULL)"""
KNOWS_OF_IT = """%(type)s IN ('post.deleted', 'comment.deleted') AND EXISTS (
     SELECT FROM event told JOIN delivery d ON d.workspace_id = told.workspace_id AND d.event_seq = told.seq
      WHERE told.workspace_id = e.workspace_id AND told.post_number = %(post)s AND d.endpoint_id = e.id
        AND coalesce(told.data->>'comment' = %(comment)s::text, %(comment)s IS NULL))"""
# A threshold is of the votes that a vote made, as others may have come and gone since; else of those that are there now.
# Of jobs at the same time, whoever tells of a threshold first has told it. In the order of endpoints, so that nobody waits
# for each other.
FAN_OUT = f"""
WITH about AS (
  SELECT ({ABOUT})::bigint AS user_id, {IS_SUSPECT} AS is_suspect
), wanting AS MATERIALIZED (
  SELECT e.id, %(type)s = '{REACHING}' AND e.conditions ? 'votes' AS once FROM endpoint e, about
   WHERE e.workspace_id = %(workspace)s AND e.state = 'active' AND (NOT is_suspect OR {KNOWS_OF_IT})
     AND (e.id = %(only)s OR (
         %(only)s IS NULL AND %(type)s = ANY(e.types)
     AND (NOT e.conditions ? 'board' OR EXISTS (
          SELECT FROM post p JOIN board b ON b.workspace_id = p.workspace_id AND b.id = p.board_id
           WHERE p.workspace_id = %(workspace)s AND p.number = %(post)s AND b.key = e.conditions->>'board'))
     AND (NOT e.conditions ? 'segment' OR EXISTS (
          SELECT FROM segment s JOIN segment_user su ON su.workspace_id = s.workspace_id AND su.segment_id = s.id
           WHERE s.workspace_id = %(workspace)s AND s.key = e.conditions->>'segment' AND su.user_id = about.user_id))
     AND (NOT e.conditions ? 'votes' OR (e.conditions->>'votes')::integer <= coalesce(%(votes)s,
          (SELECT votes FROM post p WHERE p.workspace_id = %(workspace)s AND p.number = %(post)s)))))
), reached AS (
  INSERT INTO endpoint_reached (workspace_id, endpoint_id, post_number)
  SELECT %(workspace)s, id, %(post)s FROM wanting WHERE once ORDER BY id ON CONFLICT DO NOTHING RETURNING endpoint_id
), made AS (
  INSERT INTO delivery (workspace_id, endpoint_id, event_seq)
  SELECT %(workspace)s, id, %(seq)s FROM wanting WHERE NOT once OR id IN (SELECT endpoint_id FROM reached) ORDER BY id
  ON CONFLICT ON CONSTRAINT one_delivery_per_event_and_endpoint DO NOTHING RETURNING endpoint_id
)
SELECT endpoint_id FROM made ORDER BY endpoint_id"""

COLUMNS = """d.workspace_id, d.id, d.endpoint_id, d.event_seq, e.type, e.post_number, d.state, d.attempts, d.due_at,
       d.created_at"""
LIST = f"""
SELECT {COLUMNS} FROM delivery d JOIN event e ON e.workspace_id = d.workspace_id AND e.seq = d.event_seq
 WHERE d.workspace_id = %(workspace)s AND d.endpoint_id = %(endpoint)s
   AND (%(before)s IS NULL OR d.id < %(before)s) AND (%(state)s IS NULL OR d.state = %(state)s)
 ORDER BY d.id DESC LIMIT %(most)s"""
LATEST = f"""
SELECT {COLUMNS} FROM endpoint ep CROSS JOIN LATERAL (
    SELECT * FROM delivery WHERE workspace_id = ep.workspace_id AND endpoint_id = ep.id ORDER BY id DESC LIMIT 1) d
  JOIN event e ON e.workspace_id = d.workspace_id AND e.seq = d.event_seq
 WHERE ep.workspace_id = %(workspace)s AND ep.state <> 'deleted'"""
ONE = f"""
SELECT {COLUMNS}, d.body FROM delivery d JOIN event e ON e.workspace_id = d.workspace_id AND e.seq = d.event_seq
 WHERE d.workspace_id = %(workspace)s AND d.endpoint_id = %(endpoint)s AND d.id = %(id)s"""
ATTEMPTS = """
SELECT number, began_at, milliseconds, status, reason, answer FROM delivery_attempt
 WHERE workspace_id = %(workspace)s AND delivery_id = %(id)s ORDER BY number"""
# What waits for its turn in the schedule keeps it; what was through gets one more try.
AGAIN = """
UPDATE delivery SET due_at = now(), state = 'waiting', step = CASE state WHEN 'waiting' THEN step ELSE %(last)s END
 WHERE workspace_id = %(workspace)s AND endpoint_id = %(endpoint)s AND id = %(id)s
   AND (state <> 'waiting' OR due_at > now())"""
WAITING = """
SELECT count(*) FROM delivery
 WHERE workspace_id = %(workspace)s AND endpoint_id = %(endpoint)s AND state = 'waiting'"""


class Delivery(NamedTuple):
    workspace_id: int
    id: int
    endpoint_id: int
    event_seq: int
    type: str
    post_number: int | None
    state: str  # waiting, delivered, failed (the schedule is at its end), stopped (with its endpoint)
    attempts: int
    due_at: datetime
    created_at: datetime
    body: str | None = None  # as it is sent; None: not written yet, or who it speaks of was erased. In lists always None

    @property
    def webhook_id(self) -> str:
        """How a receiver knows a delivery that comes twice."""
        return f"msg_{self.workspace_id}_{self.id}"


class Attempt(NamedTuple):
    number: int
    began_at: datetime
    milliseconds: int
    status: int | None  # None: there was no answer
    reason: str | None  # why it does not count; None: it does
    answer: str | None  # its first 16 kB


def fan_out(event: Event) -> bool:
    """Have every endpoint that wants to hear of this event told, once; returns whether there was one to tell. Of what looks
    like spam nobody hears yet."""
    data = event.data
    made = db.rows(
        FAN_OUT, workspace=event.workspace_id, seq=event.seq, type=event.type, post=event.post_number, user=event.user_id,
        comment=data.get("comment"), votes=data.get("votes") if event.type == REACHING else None,
        only=data["endpoint"] if event.type == "webhook.test" else None,
    )  # fmt: skip
    for (endpoint,) in made:
        endpoints.wake(event.workspace_id, endpoint)
    return bool(made)


def fan_out_made(event: Event) -> None:
    """Have them told that the post or comment was made which this event let in: until then nobody was; who knew it before
    it looked like spam, that it was changed."""
    comment = event.data.get("comment")
    for made in activity.making(event.workspace_id, event.post_number, comment):
        if fan_out(made):
            break  # a payload tells of it as it is now


def of(reader: Reader, endpoint_id: int, *, before: int | None = None, state: str | None = None,
       most: int = 50) -> list[Delivery]:  # fmt: skip
    """What is and was delivered to an endpoint, `most` of it, the newest first, `before` the delivery of this id; of this
    `state`, when one is given. NotFound without the endpoint."""
    if state is not None and state not in STATES:
        raise Invalid(state=f"Choose one of: {', '.join(STATES)}.")
    endpoints.find(reader, endpoint_id)
    place = {"workspace": reader.workspace.id, "endpoint": endpoint_id}
    return [Delivery(*row) for row in db.rows(LIST, **place, before=before, state=state, most=most)]


def latest(reader: Reader) -> dict[int, Delivery]:
    """The newest delivery of each of the workspace's endpoints that had one, by the endpoint's id."""
    found = [Delivery(*row) for row in db.rows(LATEST, workspace=reader.workspace.id)]
    return {each.endpoint_id: each for each in found}


def find(reader: Reader, endpoint_id: int, id: int) -> tuple[Delivery, list[Attempt]]:
    """One delivery with its body and the attempts that were made, or NotFound."""
    endpoints.find(reader, endpoint_id)
    place = {"workspace": reader.workspace.id, "id": id}
    row = db.row(ONE, **place, endpoint=endpoint_id)
    if row is None:
        raise NotFound("There is no such delivery.")
    return Delivery(*row), [Attempt(*each) for each in db.rows(ATTEMPTS, **place)]


@db.verb
def redeliver(reader: Reader, endpoint_id: int, id: int) -> Delivery:
    """Make an attempt now, under the same name: a receiver that has it already knows it again. What is due already stays as
    it is. Conflict when the endpoint is switched off."""
    endpoint = endpoints.require_active(reader, endpoint_id)
    if find(reader, endpoint_id, id)[0].attempts >= MOST_ATTEMPTS:
        raise Conflict(f"This was tried {MOST_ATTEMPTS} times; mend the endpoint and send it a test.", "tried_enough")
    if db.changed(AGAIN, workspace=reader.workspace.id, endpoint=endpoint_id, id=id, last=LAST):
        endpoints.wake(reader.workspace.id, endpoint_id)
        data = {"endpoint": endpoint_id, "host": endpoint.host, "delivery": id}
        events.record("endpoint.sent_again", reader.workspace.id, data=data, **reader.actor())
    return find(reader, endpoint_id, id)[0]


def waiting(reader: Reader, endpoint_id: int) -> int:
    """How many deliveries of an endpoint are still to be made."""
    return db.row(WAITING, workspace=reader.workspace.id, endpoint=endpoint_id)[0]
