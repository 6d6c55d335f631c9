"""Taking an import back: what it has made goes, as long as nobody has touched it since. An import writes no events of its
rows, so whatever has one was touched."""

import itertools

from service import db, events
from service.feedback import import_people, import_posts, workspaces
from service.feedback.workspaces import Workspace
from service.jobs import Job

AT_ONCE = 200  # of them in one transaction
POSTS_AT_ONCE, HEAVY = 25, 10_000  # posts, if they have not more votes
NAMELESS_AT_ONCE = 1_000

SOME = """
SELECT source_key, local FROM imported WHERE workspace_id = %(workspace)s AND import_id = %(import)s AND kind = %(kind)s
   AND (local, source_key) > (%(after)s, %(key)s) ORDER BY local, source_key LIMIT %(most)s"""
HOLD = """
SELECT number FROM post WHERE workspace_id = %(workspace)s AND number = ANY(%(numbers)s)
 ORDER BY number FOR NO KEY UPDATE"""
# Of these posts, those that somebody has done something with: there is an event of it, or a vote, a comment or a link that
# this import has not made.
TOUCHED = """
SELECT p.number FROM post p
 WHERE p.workspace_id = %(workspace)s AND p.number = ANY(%(numbers)s) AND (
   EXISTS (SELECT FROM event e WHERE e.workspace_id = p.workspace_id AND e.post_number = p.number)
   OR EXISTS (
     SELECT FROM vote v JOIN "user" u ON u.workspace_id = v.workspace_id AND u.id = v.user_id
      WHERE v.workspace_id = p.workspace_id AND v.post_number = p.number AND NOT starts_with(u.external_id, %(prefix)s)
        AND NOT EXISTS (
          SELECT FROM imported i WHERE i.workspace_id = v.workspace_id AND i.kind = 'vote' AND i.import_id = %(import)s
             AND i.source_key = int8send(v.post_number::bigint) || int8send(v.user_id)))
   OR EXISTS (
     SELECT FROM comment c WHERE c.workspace_id = p.workspace_id AND c.post_number = p.number AND NOT EXISTS (
       SELECT FROM imported i WHERE i.workspace_id = c.workspace_id AND i.import_id = %(import)s AND i.kind = 'comment'
          AND i.local = c.id))
   OR EXISTS (
     SELECT FROM changelog_post l WHERE l.workspace_id = p.workspace_id AND l.post_number = p.number AND NOT EXISTS (
       SELECT FROM imported i WHERE i.workspace_id = l.workspace_id AND i.import_id = %(import)s AND i.kind = 'entry'
          AND i.local = l.entry_id))
   OR EXISTS (
     SELECT FROM post m WHERE m.workspace_id = p.workspace_id AND m.merged_into = p.number AND NOT EXISTS (
       SELECT FROM imported i WHERE i.workspace_id = m.workspace_id AND i.import_id = %(import)s AND i.kind = 'post'
          AND i.local = m.number)))"""
VOTES = "SELECT number, votes FROM post WHERE workspace_id = %(workspace)s AND number = ANY(%(numbers)s)"
# Whoever had a vote without a name for a post that is gone; their ids can be told.
NAMELESS = """
DELETE FROM "user" u WHERE u.workspace_id = %(workspace)s AND u.external_id = ANY(ARRAY(
    SELECT %(prefix)s || lpad(to_hex(%(number)s), 6, '0') || lpad(to_hex(place), 6, '0')
      FROM generate_series(%(first)s, %(last)s) place))
   AND NOT EXISTS (SELECT FROM vote v WHERE v.workspace_id = u.workspace_id AND v.user_id = u.id)"""
# Votes that had no name before this import has named who they are of.
GIVE_BACK = """
WITH back AS (
  INSERT INTO "user" (workspace_id, external_id, kind, first_seen_at, last_seen_at)
  SELECT p.workspace_id, gone.id, 'anonymous', p.created_at, p.created_at
    FROM unnest(%(ids)s::text[], %(numbers)s::integer[]) AS gone (id, number)
    JOIN post p ON p.workspace_id = %(workspace)s AND p.number = gone.number AND p.merged_into IS NULL
  ON CONFLICT ON CONSTRAINT one_user_per_external_id DO NOTHING RETURNING id, external_id, first_seen_at
)
INSERT INTO vote (workspace_id, post_number, user_id, created_at)
SELECT %(workspace)s, gone.number, back.id, back.first_seen_at
  FROM unnest(%(ids)s::text[], %(numbers)s::integer[]) AS gone (id, number) JOIN back ON back.external_id = gone.id
RETURNING post_number"""
DELETE_POSTS = "DELETE FROM post WHERE workspace_id = %(workspace)s AND number = ANY(%(numbers)s)"
# Of posts that stay, what this import has added to them goes; of posts that it made and that stay, nothing.
PAIRS = """
DELETE FROM {table} t USING unnest(%(numbers)s::integer[], %(users)s::bigint[]) AS pair (number, "user")
 WHERE t.workspace_id = %(workspace)s AND t.post_number = pair.number AND t.user_id = pair."user" AND NOT EXISTS (
   SELECT FROM imported i WHERE i.workspace_id = t.workspace_id AND i.import_id = %(import)s AND i.kind = 'post'
      AND i.local = t.post_number)
RETURNING t.post_number"""
COMMENTS = """
WITH gone AS (
  SELECT c.id, c.post_number FROM comment c
   WHERE c.workspace_id = %(workspace)s AND c.id = ANY(%(ids)s)
     AND NOT EXISTS (SELECT FROM imported i WHERE i.workspace_id = c.workspace_id AND i.import_id = %(import)s
                        AND i.kind = 'post' AND i.local = c.post_number)
     AND NOT EXISTS (SELECT FROM comment r WHERE r.workspace_id = c.workspace_id AND r.parent_id = c.id
                        AND r.id <> ALL(%(ids)s) AND NOT EXISTS (
                          SELECT FROM imported i WHERE i.workspace_id = r.workspace_id AND i.import_id = %(import)s
                             AND i.kind = 'comment' AND i.local = r.id))
)
DELETE FROM comment USING gone WHERE comment.workspace_id = %(workspace)s AND comment.id = gone.id
RETURNING comment.post_number"""
IDLE = """
DELETE FROM "user" u WHERE u.workspace_id = %(workspace)s AND u.id = ANY(%(ids)s) AND u.signed_in_at IS NULL
   AND NOT EXISTS (SELECT FROM post p WHERE p.workspace_id = u.workspace_id AND p.author_id = u.id)
   AND NOT EXISTS (SELECT FROM comment c WHERE c.workspace_id = u.workspace_id AND c.user_id = u.id)
   AND NOT EXISTS (SELECT FROM vote v WHERE v.workspace_id = u.workspace_id AND v.user_id = u.id)
   AND NOT EXISTS (SELECT FROM follower f WHERE f.workspace_id = u.workspace_id AND f.user_id = u.id)
   AND NOT EXISTS (SELECT FROM changelog_reaction r WHERE r.workspace_id = u.workspace_id AND r.user_id = u.id)
   AND NOT EXISTS (SELECT FROM event e WHERE e.workspace_id = u.workspace_id AND e.user_id = u.id)"""
ENTRIES = """
DELETE FROM changelog_entry e WHERE e.workspace_id = %(workspace)s AND e.id = ANY(%(ids)s)
   AND NOT EXISTS (SELECT FROM changelog_reaction r WHERE r.workspace_id = e.workspace_id AND r.entry_id = e.id
                      AND NOT EXISTS (SELECT FROM imported i WHERE i.workspace_id = r.workspace_id
                                         AND i.import_id = %(import)s AND i.kind = 'reaction ' || r.kind
                                         AND i.source_key = int8send(r.entry_id) || int8send(r.user_id)))"""
FILES = """
DELETE FROM file f WHERE f.workspace_id = %(workspace)s AND f.id = ANY(%(ids)s)
   AND NOT EXISTS (SELECT FROM imported i WHERE i.workspace_id = f.workspace_id AND i.import_id = %(import)s
                      AND i.kind = 'post' AND i.local = f.post_number)"""
UNUSED = {
    "made tag": """
DELETE FROM tag t WHERE t.workspace_id = %(workspace)s AND t.id = ANY(%(ids)s)
   AND NOT EXISTS (SELECT FROM post_tag l WHERE l.workspace_id = t.workspace_id AND l.tag_id = t.id)""",
    "made field": """
DELETE FROM field f WHERE f.workspace_id = %(workspace)s AND f.id = ANY(%(ids)s)
   AND NOT EXISTS (SELECT FROM post p WHERE p.workspace_id = f.workspace_id AND p.fields ? f.key)""",
    "made board": """
DELETE FROM board b WHERE b.workspace_id = %(workspace)s AND b.id = ANY(%(ids)s)
   AND NOT EXISTS (SELECT FROM post p WHERE p.workspace_id = b.workspace_id AND p.board_id = b.id)
   AND NOT EXISTS (SELECT FROM field f WHERE f.workspace_id = b.workspace_id AND f.board_id = b.id)""",
    "made status": """
DELETE FROM status s WHERE s.workspace_id = %(workspace)s AND s.id = ANY(%(ids)s)
   AND NOT EXISTS (SELECT FROM post p WHERE p.workspace_id = s.workspace_id AND p.status_id = s.id)""",
    "made segment": """
DELETE FROM segment s WHERE s.workspace_id = %(workspace)s AND s.id = ANY(%(ids)s)
   AND NOT EXISTS (SELECT FROM board_segment b WHERE b.workspace_id = s.workspace_id AND b.segment_id = s.id)""",
    "made company": """
DELETE FROM company c WHERE c.workspace_id = %(workspace)s AND c.id = ANY(%(ids)s)
   AND NOT EXISTS (SELECT FROM "user" u WHERE u.workspace_id = c.workspace_id AND u.company_id = c.id)""",
}
# What is gone can be imported again; what has stayed is known.
GONE = {
    "post": "NOT EXISTS (SELECT FROM post x WHERE x.workspace_id = i.workspace_id AND x.number = i.local)",
    "comment": "NOT EXISTS (SELECT FROM comment x WHERE x.workspace_id = i.workspace_id AND x.id = i.local)",
    "entry": "NOT EXISTS (SELECT FROM changelog_entry x WHERE x.workspace_id = i.workspace_id AND x.id = i.local)",
    "file": "NOT EXISTS (SELECT FROM file x WHERE x.workspace_id = i.workspace_id AND x.id = i.local)",
    "made user": "NOT EXISTS (SELECT FROM \"user\" x WHERE x.workspace_id = i.workspace_id AND x.id = i.local)",
    "person": "NOT EXISTS (SELECT FROM \"user\" x WHERE x.workspace_id = i.workspace_id AND x.id = i.local)",
}
FORGET = """
DELETE FROM imported i WHERE i.workspace_id = %(workspace)s AND i.import_id = %(import)s AND i.kind = %(kind)s
   AND i.local = ANY(%(ids)s) AND i.source_key = ANY(%(keys)s) AND {gone}"""
ROWS = """
UPDATE import_row r SET outcome = CASE WHEN EXISTS (
    SELECT FROM imported i WHERE i.workspace_id = r.workspace_id AND i.import_id = r.import_id AND i.local = r.local
       AND i.kind = CASE r.kind WHEN 'comment' THEN 'comment' ELSE 'post' END) THEN 'left' ELSE 'undone' END
 WHERE r.workspace_id = %(workspace)s AND r.import_id = %(import)s AND r.number > %(after)s AND r.number <= %(to)s
   AND r.outcome = 'made'"""
LAST = "SELECT max(number) FROM import_row WHERE workspace_id = %(workspace)s AND import_id = %(import)s"
HELD = """
SELECT FROM import WHERE workspace_id = %(workspace)s AND id = %(import)s AND state = 'undoing' FOR NO KEY UPDATE"""
UNDONE = """
UPDATE import SET state = 'undone', finished_at = now() WHERE workspace_id = %(workspace)s AND id = %(import)s"""
LEFT = """
SELECT count(*) FROM import_row WHERE workspace_id = %(workspace)s AND import_id = %(import)s AND outcome = 'left'
   AND kind = 'post'"""
ROWS_AT_ONCE = 5_000


class Ended(Exception):
    """Somebody else has done it."""


def work(job: Job) -> None:
    """Take the import `import` back. Whoever died in the middle begins with what is left."""
    try:
        undo(workspaces.find(job.workspace_id), job.args["import"], job.args.get("person"), job)
    except Ended:
        return


def undo(workspace: Workspace, id: int, person: int | None, job: Job | None = None) -> None:
    """Take away what this import has made and nobody has touched; Ended when that is done already."""
    scope = {"workspace": workspace.id, "import": id}
    each(scope, "post", POSTS_AT_ONCE, undo_posts)
    undo_nameless(scope)
    for kind in ("vote", "follower"):
        each(scope, kind, AT_ONCE, undo_pairs)
    each(scope, "named", AT_ONCE, give_back)
    each(scope, "comment", AT_ONCE, undo_comments)
    for kind, sql in {"file": FILES, "entry": ENTRIES, "made user": IDLE, **UNUSED}.items():
        each(scope, kind, AT_ONCE, deleting(sql))
    for kind in ("person", "nameless"):
        each(scope, kind, AT_ONCE, lambda *_: None)
    finish(scope, person, job)


def each(scope: dict, kind: str, most: int, take_back) -> None:
    """Every thing of this kind that the import has made, some in a transaction."""
    after, key = -1, b""
    while found := piece(scope, kind, most, after, key, take_back):
        key, after = found[-1]


@db.verb
def piece(scope: dict, kind: str, most: int, after: int, key: bytes, take_back) -> list[tuple[bytes, int]]:
    hold(scope)
    rows = db.rows(SOME, **scope, kind=kind, most=most, after=after, key=key)
    found = [(bytes(each), local) for each, local in rows]
    if found and kind == "post":
        found = light(scope, found)
    if found:
        take_back(scope, kind, found)
        ids = [local for _, local in found]
        keys = [each for each, _ in found]
        db.changed(FORGET.format(gone=GONE.get(kind, "true")), **scope, kind=kind, ids=ids, keys=keys)
    return found


def hold(scope: dict) -> None:
    if db.row(HELD, **scope) is None:
        raise Ended


def light(scope: dict, found: list) -> list:
    """Of these posts so many that their votes are no more than a transaction bears, but one at least."""
    votes = dict(db.rows(VOTES, workspace=scope["workspace"], numbers=[local for _, local in found]))
    weights = itertools.accumulate(votes.get(local, 0) for _, local in found)
    return [each for each, weight in zip(found, weights, strict=True) if weight <= HEAVY] or found[:1]


def undo_posts(scope: dict, _kind: str, found: list) -> None:
    numbers = [local for _, local in found]
    db.rows(HOLD, workspace=scope["workspace"], numbers=numbers)
    more = {**scope, "prefix": import_people.prefix(scope["workspace"], scope["import"])}
    touched = {number for (number,) in db.rows(TOUCHED, **more, numbers=numbers)}
    free = [number for number in numbers if number not in touched]
    db.changed(DELETE_POSTS, workspace=scope["workspace"], numbers=free)


def undo_nameless(scope: dict) -> None:
    """Whoever voted without a name for the posts that are gone."""
    after, key = -1, b""
    while found := db.rows(SOME, **scope, kind="nameless", most=AT_ONCE, after=after, key=key):
        for number, count in ((int.from_bytes(bytes(each)[:8], "big"), count) for each, count in found):
            for first in range(1, count + 1, NAMELESS_AT_ONCE):
                drop_nameless(scope, number, first, min(count, first + NAMELESS_AT_ONCE - 1))
        key, after = bytes(found[-1][0]), found[-1][1]


@db.verb
def drop_nameless(scope: dict, number: int, first: int, last: int) -> None:
    hold(scope)
    place = {"workspace": scope["workspace"], "prefix": import_people.prefix(scope["workspace"], scope["import"])}
    db.changed(NAMELESS, **place, number=number, first=first, last=last)


def give_back(scope: dict, _kind: str, found: list) -> None:
    numbers = [local for _, local in found]
    db.rows(HOLD, workspace=scope["workspace"], numbers=numbers)
    ids = [key.decode() for key, _ in found]
    recount(scope, db.rows(GIVE_BACK, workspace=scope["workspace"], ids=ids, numbers=numbers))


def undo_pairs(scope: dict, kind: str, found: list) -> None:
    """Votes or subscriptions: their keys say of which post and which user."""
    numbers = [int.from_bytes(key[:8], "big") for key, _ in found]
    users = [int.from_bytes(key[8:16], "big") for key, _ in found]
    db.rows(HOLD, workspace=scope["workspace"], numbers=numbers)
    changed = db.rows(PAIRS.format(table=kind), **scope, numbers=numbers, users=users)
    recount(scope, changed)


def undo_comments(scope: dict, _kind: str, found: list) -> None:
    ids = [local for _, local in found]
    changed = db.rows(COMMENTS, **scope, ids=ids)
    recount(scope, changed)


def recount(scope: dict, changed: list[tuple[int]]) -> None:
    if changed:
        db.changed(import_posts.COUNT, workspace=scope["workspace"], numbers=sorted({number for (number,) in changed}))


def deleting(sql: str):
    return lambda scope, _kind, found: db.changed(sql, **scope, ids=[local for _, local in found])


def finish(scope: dict, person: int | None, job: Job | None) -> None:
    last = db.row(LAST, **scope)[0] or 0
    for after in range(0, last, ROWS_AT_ONCE):
        db.changed(ROWS, **scope, after=after, to=after + ROWS_AT_ONCE)
    end(scope, person, job)


@db.verb
def end(scope: dict, person: int | None, job: Job | None) -> None:
    hold(scope)
    db.changed(UNDONE, **scope)
    data = {"import": scope["import"], "left": db.row(LEFT, **scope)[0]}
    events.record("import.undone", scope["workspace"], person=person, data=data)
    if job:
        job.complete()
