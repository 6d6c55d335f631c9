"""What others wrote of somebody who was erased: their address is taken out of it. Their name is not looked for: anybody may
call themselves what others write every day, and would rewrite it all.

A job looks through all texts of the workspace, in pieces, each a transaction of its own; killed, it begins anew, which does
no harm. What it looks for stands in its row sealed, and goes with it. An address that somebody else of the workspace has,
too, is theirs and stays; so does one that nobody has shown to be theirs, when they erase themselves.

What is not looked into, and why, says LEFT; a test holds both lists against the schema."""

import html
import json
import re
import time
from typing import NamedTuple
from urllib.parse import quote

from service import db, jobs
from service.db import database
from service.feedback import claims, vectors
from service.feedback.kept import NOBODY_ELSES
from service.lib import sealing

SWEEP = "user.sweep"  # kind of the job
AT_ONCE = 500  # rows a statement
SECONDS = 20  # after which the rest is another job's
FILES = "(?:csv|json|zip|txt|pdf|xlsx?|docx?|png|jpe?g|gif|webp)"  # what a file's name ends in, behind an address
AGAIN = 600  # seconds until it is looked through once more, for what was being written at that moment


class Texts(NamedTuple):
    """Where people's words stand in a table: the column by which it is walked, and the columns of each kind."""

    key: str
    plain: str = ""
    json: str = ""
    lists: str = ""
    unique: str = ""  # must differ from each other, so that what they become has the key behind it


SWEPT = {
    "post": Texts("number", "title body", "fields meta"),
    "post_revision": Texts("id", "title body"),
    "comment": Texts("id", "body"),
    "changelog_entry": Texts("id", "title body", lists="categories"),
    "company": Texts("id", "name plan", unique="external_id"),
    '"user"': Texts("id", "name avatar", "traits", "segments"),
    "letter": Texts("id", "subject text html to_name reason", "data"),
    "delivery": Texts("id", "body"),
    "delivery_attempt": Texts("delivery_id", "answer reason"),
    "event": Texts("seq", json="data"),
    "action": Texts("id", "value", "steps"),
    "saved_view": Texts("id", "query", unique="name"),
    "file": Texts("id", "name"),
    "board": Texts("id", "name description"),
    "status": Texts("id", "name"),
    "tag": Texts("id", "name"),
    "field": Texts("id", "name", lists="options"),
    "segment": Texts("id", "name", "rules"),
    "endpoint": Texts("id", json="conditions"),
    "api_key": Texts("id", "name"),
    "import": Texts("id", "name said", "mapping"),
    "export": Texts("id", "said"),
    "job": Texts("id", "last_error", "args"),
    "job_dead": Texts("id", "last_error reason", "args"),
}
# columns with text that are left alone: table → (columns, why)
LEFT = {
    "mailing": ("email locale muted", "gone with its address (privacy.DELETE_BY_ADDRESS)"),
    "suppression": ("email reason", "gone with its address"),
    "user_link": ("email locale place purpose token_hash browser_hash", "gone with its address"),
    "blocked_address": ("kind value compared", "a tag stands for it (blocked_addresses.forget)"),
    '"user"': ("external_id kind email email_kid locale network_tag", "who somebody else is, by the customer's own id"),
    "letter": ("kind to_email state", "its reader's, whose address is not the one that is looked for"),
    "member": ("role new_posts digest time_zone locale invited_email invitation_hash", "of the team, whose addresses stay"),
    "repeated_request": ("key fingerprint location sealed", "all go with anybody who is erased"),
    "post": ("submission held_because search", "random, Sayso's own words, or made of the rest"),
    "comment": ("submission held_because search", "the same"),
    "file": ("type state sha256 thumbnail_sha256", "what somebody else's file is"),
    "content": ("data sha256", "the bytes of somebody else's files, which are never changed"),
    "workspace_logo": ("type data", "the workspace's own picture"),
    "job": ("queue kind worker unique_key", "Sayso's own words and ids"),
    "job_dead": ("queue kind worker unique_key", "the same"),
    "event": ("type", "one of events.TYPES"),
    "action": ("kind", "one of the actions"),
    "board": ("key access", "small letters and hyphens"),
    "status": ("key kind color", "the same"),
    "tag": ("key color", "the same"),
    "field": ("key type", "the same"),
    "segment": ("key", "the same"),
    "changelog_reaction": ("kind", "one of four"),
    "likely_duplicate": ("why", "words or meaning"),
    "insight": ("span", "week, month, …"),
    "delivery": ("state", "one of four"),
    "endpoint": ("host sealed_url format types sealed_secret sealed_former state", "the team's own system"),
    "api_key": ("prefix secret_hash scopes", "a key, hashed"),
    "identity_secret": ("kid sealed", "a secret, sealed"),
    "spent_token": ("digest", "a digest"),
    "post_embedding": ("model vector digest", "made of the post, anew when its words change"),
    "subscription": ("stripe_id status period", "Stripe's words for the workspace"),
    "import": ("source state", "Sayso's own words"),
    "import_part": ("data", "all go with anybody who is erased"),
    "import_row": ("kind outcome said", "never the file's words"),
    "imported": ("kind source_key", "a keyed digest"),
    "former_address": ("path", "an address of the former system's for a post that stays"),
    "export": ("state sha256", "Sayso's own words"),
    "export_part": ("data", "all go with anybody who is erased"),
}

PIECE = """
WITH piece AS MATERIALIZED (
  SELECT DISTINCT {key} AS place FROM (
    SELECT {key} FROM {table} WHERE workspace_id = %(workspace)s AND {key} > %(after)s ORDER BY {key} LIMIT %(most)s) few
), swept AS (
  UPDATE {table} t SET {sets} FROM piece
   WHERE t.workspace_id = %(workspace)s AND t.{key} = piece.place AND ({found}) RETURNING t.{key} AS place
)
SELECT (SELECT max(place) FROM piece), coalesce((SELECT array_agg(DISTINCT place) FROM swept), '{{}}')"""
REPLACED = "regexp_replace({0}, %(plain)s, '…', 'gi')"
KINDS = {  # of a column {0}: what it becomes, and whether there is something in it; {1} is the key
    "plain": (REPLACED, "{0} ~* %(plain)s"),
    "json": ("regexp_replace({0}::text, %(json)s, '…', 'gi')::jsonb", "{0}::text ~* %(json)s"),
    "lists": (f"array(SELECT {REPLACED.format('each')} FROM unnest({{0}}) WITH ORDINALITY AS those (each, place) "
              "ORDER BY place)", "array_to_string({0}, ' ') ~* %(plain)s"),
    "unique": ("regexp_replace({0}, %(plain)s, '…' || t.{1}, 'gi')", "{0} ~* %(plain)s"),
}  # fmt: skip
# Who left an address in another system that is somebody else's, or told it by a stolen secret, takes it out of nothing.
IS_THEIRS = f"""
SELECT {NOBODY_ELSES}
   AND (%(by_team)s OR EXISTS (SELECT FROM "user" u WHERE u.workspace_id = %(workspace)s AND u.id = %(user)s
                                  AND {claims.TOLD} AND {claims.BELIEVED}))"""


def statement(table: str, texts: Texts) -> str:
    sets, found = [], []
    for kind, (becomes, has) in KINDS.items():
        for column in getattr(texts, kind).split():
            sets.append(f"{column} = " + becomes.format(f"t.{column}", texts.key))
            found.append(has.format(f"t.{column}"))
    # an attempt that runs is its worker's
    idle = " AND t.claim IS NULL" if table == "job" else ""
    return PIECE.format(table=table, key=texts.key, sets=", ".join(sets), found=" OR ".join(found)).replace(
        " RETURNING", f"{idle} RETURNING")  # fmt: skip


PIECES = [(table, statement(table, texts)) for table, texts in SWEPT.items()]


def begin(place: dict, email: str | None, *, by_team: bool) -> None:
    """Have a job look for the address of who is being erased in what others wrote, as a part of that; `by_team`: not by
    themselves."""
    if email and db.row(IS_THEIRS, **place, email=email, by_team=by_team)[0]:
        sealed = sealing.seal(json.dumps([email]))
        for delay in (0, AGAIN):
            jobs.enqueue(SWEEP, place["workspace"], delay=delay, sealed=sealed)


def sweep(job: jobs.Job) -> None:
    """Look through the workspace's texts, from where the job before stopped; what is left after a while is the next job's,
    so that nothing waits long for a worker that is to end."""
    unsealed = sealing.unseal(job.args["sealed"])
    if unsealed is None:  # its key is gone, and nobody can say what was looked for
        return
    sought, ends = patterns(json.loads(unsealed)), time.monotonic() + SECONDS
    at, after = job.args.get("at", 0), job.args.get("after", 0)
    while at < len(PIECES) and time.monotonic() < ends:
        after = piece(job.workspace_id, *PIECES[at], sought, after)
        at, after = (at, after) if after else (at + 1, 0)
    with database.atomic():
        if at < len(PIECES):
            jobs.enqueue(SWEEP, job.workspace_id, sealed=job.args["sealed"], at=at, after=after)
        job.complete()


@db.verb
def piece(workspace_id: int, table: str, sql: str, sought: dict, after: int) -> int | None:
    """Look through one piece of a table; returns where it ends, None when there was nothing more."""
    end, changed = db.row(sql, workspace=workspace_id, after=after, most=AT_ONCE, **sought)
    for number in changed if table == "post" else ():
        vectors.later(workspace_id, number)
    return end


def patterns(sought: list[str]) -> dict[str, str]:
    """Expressions that find each of these in texts and in JSON, also as it stands in addresses of pages and in HTML; not as
    a part of a longer address, which is somebody else's."""
    spelled = {way for each in sought for way in (each, quote(each, safe=""), html.escape(each))}
    ways = sorted(spelled, key=len, reverse=True)
    return {"plain": bounded(ways), "json": bounded([json.dumps(way, ensure_ascii=False)[1:-1] for way in ways])}


def bounded(ways: list[str]) -> str:
    either = "|".join(map(re.escape, ways))
    begins = r"(?:(?<![[:alnum:]._+-])|(?<=%[[:xdigit:]]{2})|(?<=\\[nrt]))"
    ends = rf"(?![[:alnum:]_-]|\.(?!{FILES}\M)[[:alnum:]])"
    return rf"{begins}(?:{either}){ends}"
