"""Posts of an import, and what was said and wanted of them elsewhere. Nothing of it is told to anybody: there are no events,
letters or webhooks of a row; counters and vectors follow as of any post."""

from psycopg2.extras import Json

from service import db
from service.feedback import (
    comments,
    former_addresses,
    import_limits,
    import_people,
    import_places,
    imported,
    marks,
    plan_limits,
    posts,
    vectors,
)
from service.feedback.imported import Piece, Refused
from service.lib import text
from service.sources import records

LARGEST_NUMBER = 999_999_999
CUT = 199  # characters of a title whose rest goes to the body; one more says so

HOLD = """
SELECT number FROM post WHERE workspace_id = %(workspace)s AND number = ANY(%(numbers)s)
 ORDER BY number FOR NO KEY UPDATE"""
IS_FREE = """
SELECT NOT EXISTS (SELECT FROM post WHERE workspace_id = %(workspace)s AND number = %(number)s) FROM workspace_counter
 WHERE workspace_id = %(workspace)s FOR NO KEY UPDATE"""
KEEP_NUMBER = """
UPDATE workspace_counter SET next_post = greatest(next_post, %(number)s + 1) WHERE workspace_id = %(workspace)s"""
NEXT = "UPDATE workspace_counter SET next_post = next_post + 1 WHERE workspace_id = %(workspace)s RETURNING next_post - 1"
MAKE = """
INSERT INTO post (workspace_id, number, board_id, status_id, author_id, title, body, meta, fields, language, created_at,
                  updated_at, edited_at, pinned, locked, eta, held_at, held_because, roadmap_position, answered_at,
                  deleted_at, assignee_id)
VALUES (%(workspace)s, %(number)s, %(board)s, %(status)s, %(author)s, %(title)s, %(body)s, %(meta)s, %(fields)s,
        %(language)s::regconfig, %(created_at)s, %(updated_at)s, %(edited_at)s, %(pinned)s, %(locked)s, %(eta)s,
        %(held_at)s, %(held_because)s, %(roadmap_position)s, %(answered_at)s, %(deleted_at)s,
        (SELECT m.person_id FROM member m JOIN person p ON p.id = m.person_id
          WHERE m.workspace_id = %(workspace)s AND m.joined_at IS NOT NULL AND lower(p.email) = lower(%(assignee)s)))"""
TAG = """
INSERT INTO post_tag (workspace_id, post_number, tag_id) SELECT %(workspace)s, %(number)s, unnest(%(tags)s::bigint[])
ON CONFLICT DO NOTHING"""
VOTE = """
INSERT INTO vote (workspace_id, post_number, user_id, created_at, cast_by, merged_from)
VALUES (%(workspace)s, %(number)s, %(user)s, %(at)s, (
  SELECT p.id FROM person p JOIN member m ON m.workspace_id = %(workspace)s AND m.person_id = p.id
   WHERE lower(p.email) = lower(%(cast_by)s)), %(merged_from)s)
ON CONFLICT ON CONSTRAINT one_vote_per_user DO NOTHING"""
VOTED = "SELECT FROM vote WHERE workspace_id = %(workspace)s AND post_number = %(number)s AND user_id = %(user)s"
FOLLOWS = "SELECT FROM follower WHERE workspace_id = %(workspace)s AND post_number = %(number)s AND user_id = %(user)s"
FOLLOW = """
INSERT INTO follower (workspace_id, post_number, user_id, created_at, merged_from)
VALUES (%(workspace)s, %(number)s, %(user)s, %(at)s, %(merged_from)s)
ON CONFLICT ON CONSTRAINT one_subscription_per_user DO NOTHING"""
COMMENT = """
INSERT INTO comment (workspace_id, post_number, user_id, body, parent_id, internal, official, origin_number, created_at,
                     edited_at, deleted_at, held_at, held_because, language)
VALUES (%(workspace)s, %(number)s, %(user)s, %(body)s, %(parent)s, %(internal)s, %(official)s, %(origin)s, %(created_at)s,
        %(edited_at)s, %(deleted_at)s, %(held_at)s, %(held_because)s, %(language)s::regconfig) RETURNING id"""
PARENT = "SELECT internal FROM comment WHERE workspace_id = %(workspace)s AND id = %(id)s AND post_number = %(number)s"
IS_MERGED = "SELECT merged_into IS NOT NULL FROM post WHERE workspace_id = %(workspace)s AND number = %(number)s"
MOVED = """
INSERT INTO former_address (workspace_id, path, post_number) VALUES (%(workspace)s, %(path)s, %(number)s)
ON CONFLICT DO NOTHING"""
COUNT = """
UPDATE post p SET
  votes = (SELECT count(*) FROM vote v WHERE v.workspace_id = p.workspace_id AND v.post_number = p.number),
  comments = (SELECT count(*) FROM comment c WHERE c.workspace_id = p.workspace_id AND c.post_number = p.number
                 AND NOT c.internal AND c.held_at IS NULL AND c.deleted_at IS NULL),
  answered_at = coalesce(p.answered_at, (
    SELECT min(c.created_at) FROM comment c JOIN "user" u ON u.workspace_id = c.workspace_id AND u.id = c.user_id
     WHERE c.workspace_id = p.workspace_id AND c.post_number = p.number AND NOT c.internal AND c.held_at IS NULL
       AND c.deleted_at IS NULL AND u.kind = 'member'))
 WHERE p.workspace_id = %(workspace)s AND p.number = ANY(%(numbers)s)"""


def hold(piece: Piece, told: list) -> None:
    """Let nobody change the posts here that these rows tell of: posts before the counter, as everywhere."""
    named = {each.post for each in told if isinstance(each, records.Vote | records.Follower | records.Comment)}
    numbers = [number for id in named if (number := piece.known("post", id))]
    db.rows(HOLD, workspace=piece.workspace.id, numbers=numbers)


def settle(piece: Piece) -> None:
    """Count what has changed, and have vectors made of what is new."""
    if piece.touched:
        db.changed(COUNT, workspace=piece.workspace.id, numbers=sorted(piece.touched))
    for number in piece.posts:
        vectors.later(piece.workspace.id, number)


def post(piece: Piece, told: records.Post) -> str:
    facts = said(piece, told)
    id = told.id or f"row {facts['title']}"
    if piece.known("post", id) is not None:
        return "known"
    author = import_people.person(piece, told.author) if told.author else None
    voters = [import_people.person(piece, each) for each in told.voters]
    place = {"board": import_places.board_of(piece, told.board), "status": import_places.status_of(piece, told.status)}
    waiting = dict(zip(("held_at", "held_because"), waits(piece, told, place["status"]), strict=True))
    tagged = [import_places.tag_of(piece, each) for each in told.tags]
    kept = import_places.kept_fields(piece, told.fields or {})
    nameless = import_limits.nameless(piece, told.nameless_votes)
    if piece.is_dry:
        import_limits.keep(piece, 0, nameless)
        piece.remember("post", id)
        return "made"
    number = number_of(piece, told.number)
    write(piece, number, told, {**facts, **place, **waiting, "author": author, "fields": Json(kept)}, tagged)
    piece.remember("post", id, number)
    piece.latest = number
    for user in dict.fromkeys([*([author] if author and told.author_votes else []), *voters]):
        cast(piece, number, user, facts["created_at"])
    if nameless:
        import_people.nameless(piece, number, nameless, facts["created_at"])
        import_limits.keep(piece, number, nameless)
    return "made"


def said(piece: Piece, told: records.Post) -> dict:
    """What a post says, as it is stored."""
    title, body = fitting(told.title, told.body)
    return {"title": title, "body": body, "created_at": moment(piece, told.created_at) or piece.now}


def fitting(title: str, body: str) -> tuple[str, str]:
    """Title and body; what is too long for a title begins the body."""
    line = text.tidy_line(title[: 4 * posts.LONGEST_BODY])
    if not line:
        raise Refused("Say in a few words what it is about.", "title")
    if len(line) > posts.LONGEST_TITLE:
        short = line[:CUT].rsplit(" ", 1)[0] if " " in line[CUT // 2 : CUT] else line[:CUT]
        line, body = f"{short}…", f"…{line[len(short) :].strip()}\n\n{body}"
    tidied = text.fitting(body, posts.LONGEST_BODY)
    if tidied is None:
        raise Refused(f"This has at most {posts.LONGEST_BODY:,} characters.", "body")
    return line, tidied


def moment(piece: Piece, at, column: str = "created_at"):
    if at and at > piece.now:
        raise Refused("This is a moment to come.", column)
    return at


def number_of(piece: Piece, asked: int | None) -> int:
    """The number that it had, if it is free; else the next one."""
    place = {"workspace": piece.workspace.id}
    if asked and 0 < asked <= LARGEST_NUMBER and db.row(IS_FREE, **place, number=asked)[0]:
        db.changed(KEEP_NUMBER, **place, number=asked)
        return asked
    return db.row(NEXT, **place)[0]


def write(piece: Piece, number: int, told: records.Post, facts: dict, tagged: list[int]) -> None:
    place = {"workspace": piece.workspace.id, "number": number}
    db.changed(
        MAKE, **place, **facts, meta=posts.small(told.meta), assignee=told.assignee,
        language=piece.workspace.language, updated_at=told.updated_at or facts["created_at"], edited_at=told.edited_at,
        pinned=told.is_pinned, locked=told.is_locked, eta=told.eta,
        roadmap_position=told.roadmap_position, answered_at=told.answered_at, deleted_at=told.deleted_at,
    )  # fmt: skip
    if tagged:
        db.changed(TAG, **place, tags=tagged)
    if path := former_addresses.path_of(told.url):
        db.changed(MOVED, **place, path=path)
    piece.touched.add(number)
    piece.posts.append(number)


def waits(piece: Piece, told: records.Post, status: int) -> tuple:
    """Since when and why it waits: as it did elsewhere, or because the plan has no room for one more open post."""
    if told.held_at or not plan_limits.holds(piece.workspace):
        return told.held_at, told.held_because
    if import_places.kind_at(piece, told.status, status) != "open":
        return None, None
    rehearsed = piece.seen.open_posts if piece.is_dry else 0
    if plan_limits.open_posts(piece.workspace) + rehearsed >= plan_limits.FREE.open_posts:
        piece.remarks.append(import_limits.NO_ROOM)
        return piece.now, plan_limits.PLAN
    if piece.is_dry:
        piece.seen.open_posts += 1
    return None, None


# ── what people did ──


def cast(piece: Piece, number: int, user: int, at, cast_by: str | None = None, merged_from: int | None = None) -> bool:
    """A vote, and whether it is new. Who votes hears of the post; a copy of another workspace says itself who does."""
    place = {"workspace": piece.workspace.id, "number": number, "user": user, "at": at}
    if not db.changed(VOTE, **place, cast_by=cast_by, merged_from=merged_from):
        return False
    piece.keep("vote", imported.pair(number, user), user)
    if piece.source != "sayso" and db.changed(FOLLOW, **place, merged_from=None):
        piece.keep("follower", imported.pair(number, user), user)
    piece.touched.add(number)
    return True


def vote(piece: Piece, told: records.Vote) -> str:
    number, at = post_of(piece, told.post), moment(piece, told.created_at) or piece.now
    if piece.is_dry:
        return rehearsed(piece, "vote", VOTED, number, told)
    user = import_people.person(piece, told.person)
    origin = told.merged_from and piece.known("post", told.merged_from)
    refuse_merged(piece, number)
    piece.latest = number
    if not cast(piece, number, user, at, told.cast_by, origin):
        return "known"
    if piece.source != "sayso" and not told.is_counted:
        import_people.named(piece, told.post, number)
    return "made"


def follower(piece: Piece, told: records.Follower) -> str:
    number, at = post_of(piece, told.post), moment(piece, told.created_at) or piece.now
    if piece.is_dry:
        return rehearsed(piece, "follower", FOLLOWS, number, told)
    user = import_people.person(piece, told.person)
    origin = told.merged_from and piece.known("post", told.merged_from)
    row = {"workspace": piece.workspace.id, "number": number, "user": user, "at": at, "merged_from": origin}
    piece.latest = number
    if not db.changed(FOLLOW, **row):
        return "known"
    piece.keep("follower", imported.pair(number, user), user)
    return "made"


def rehearsed(piece: Piece, kind: str, sql: str, number: int, told) -> str:
    """What a vote or a subscription would be."""
    user = import_people.find(piece, told.person)
    if number and user and db.row(sql, workspace=piece.workspace.id, number=number, user=user) is not None:
        return "known"
    import_people.person(piece, told.person)
    twice = f"{told.post} {import_people.identity(told.person)}"
    if piece.known(kind, twice) is not None:
        return "known"
    piece.remember(kind, twice)
    return "made"


def post_of(piece: Piece, id: str) -> int:
    """The number of the post that the file calls so."""
    number = piece.known("post", id) if id else None
    if number is None:
        raise Refused("There is no such post in this file, nor in one that was imported before.", "post")
    return number


def refuse_merged(piece: Piece, number: int) -> None:
    if piece.source == "sayso":
        return
    row = db.row(IS_MERGED, workspace=piece.workspace.id, number=number)
    if row is None:
        raise Refused("Its post was deleted here.", "post")
    if row[0]:
        raise Refused("Its post was merged into another one here.", "post")


def comment(piece: Piece, told: records.Comment) -> str:
    number, at = post_of(piece, told.post), moment(piece, told.created_at) or piece.now
    body = text.fitting(told.body, comments.LONGEST_BODY)
    if body is None:
        raise Refused(f"A comment has at most {comments.LONGEST_BODY:,} characters.", "body")
    if not text.tidy_line(body) and not told.deleted_at:
        raise Refused("A comment says something.", "body")
    id = told.id or f"row {told.post} {body} {at}"
    if piece.known("comment", id) is not None:
        return "known"
    if piece.is_dry:
        piece.remember("comment", id)
        return "made"
    refuse_merged(piece, number)
    piece.latest = written(piece, number, told, body, at)
    piece.remember("comment", id, piece.latest)
    return "made"


def written(piece: Piece, number: int, told: records.Comment, body: str, at) -> int:
    user = import_people.person(piece, told.author) if told.author else None
    place = {"workspace": piece.workspace.id, "number": number}
    parent = piece.known("comment", told.parent) if told.parent else None
    above = db.row(PARENT, **place, id=parent) if parent else None
    internal = told.is_internal or bool(above and above[0])
    [made] = db.row(
        COMMENT, **place, user=user, body=body, parent=parent if above else None, internal=internal,
        official=told.is_official and not internal, origin=told.origin and piece.known("post", told.origin), created_at=at,
        edited_at=told.edited_at, deleted_at=told.deleted_at, held_at=told.held_at, held_because=told.held_because,
        language=piece.workspace.language,
    )  # fmt: skip
    if told.is_official and not internal and not told.origin:
        db.changed(marks.ONLY_THIS_IS_OFFICIAL, **place, id=made)
    piece.touched.add(number)
    return made
