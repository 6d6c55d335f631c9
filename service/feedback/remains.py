"""What remains of a user who is erased: the posts that they wrote, without their name, and their votes, as somebody's. Or
neither: a workspace chooses."""

import re
import secrets
import unicodedata
from typing import NamedTuple

from service import db, events, jobs, retention
from service.db import database
from service.feedback import merges, vectors, versions
from service.feedback.readers import Reader

BURY = "post.bury"  # kind of the job that deletes posts for good
AT_ONCE = 1000  # posts a job, or a statement
TOLD_AT_ONCE = 20  # events in one transaction: it has the counter, for which all others wait
FEWEST_LETTERS = 3  # of a name, or of a word of it, that is looked for

READ = "SELECT keeps_erased_posts, keeps_erased_votes FROM workspace WHERE id = %(workspace)s"
HOLD = f"{READ} FOR NO KEY UPDATE"
SAVE = """
UPDATE workspace SET keeps_erased_posts = %(posts)s, keeps_erased_votes = %(votes)s WHERE id = %(workspace)s"""

# One new somebody for all of them, of whom nothing is known, or each would have to be somebody.
HAND_ON = """
WITH somebody AS (
  INSERT INTO "user" (workspace_id, external_id, kind)
  SELECT %(workspace)s, %(somebody)s, 'anonymous'
   WHERE EXISTS (SELECT FROM vote WHERE workspace_id = %(workspace)s AND user_id = %(user)s) RETURNING id
)
UPDATE vote v SET user_id = somebody.id FROM somebody WHERE v.workspace_id = %(workspace)s AND v.user_id = %(user)s"""
# A vote for a merged post has a copy below the other; each counts where it stands.
TAKE_VOTES = """
WITH gone AS (
  DELETE FROM vote WHERE workspace_id = %(workspace)s AND user_id = %(user)s RETURNING post_number
)
UPDATE post SET votes = votes - 1 FROM gone WHERE workspace_id = %(workspace)s AND number = gone.post_number"""

# Their name, where they wrote it themselves: all of it in any case, each of its words as they write it.
UNNAMED = "regexp_replace(regexp_replace({column}, %(name)s, '…', 'gi'), %(words)s, '…', 'g')"
NAMED = "({column} ~* %(name)s OR {column} ~ %(words)s)"
TITLE, BODY, FIELDS = (UNNAMED.format(column=column) for column in ("title", "body", "fields::text"))
SAYS_IT = " OR ".join(NAMED.format(column=column) for column in ("title", "body"))
UNNAME_POSTS = f"""
UPDATE post SET title = {TITLE}, body = {BODY}, fields = ({FIELDS})::jsonb
 WHERE workspace_id = %(workspace)s AND number = ANY(%(numbers)s) AND ({SAYS_IT} OR {NAMED.format(column="fields::text")})
RETURNING number"""
UNNAME_REVISIONS = f"""
UPDATE post_revision r SET title = {TITLE}, body = {BODY}
 WHERE r.workspace_id = %(workspace)s AND r.post_number = ANY(%(numbers)s) AND ({SAYS_IT})"""
# Where their posts stood before they were imported: the title in it may have their name, as the former system spelled it.
FORMERLY = """
SELECT f.path FROM post p JOIN former_address f ON f.workspace_id = p.workspace_id AND f.post_number = p.number
 WHERE p.workspace_id = %(workspace)s AND p.author_id = %(user)s"""
FORGET_PATHS = "DELETE FROM former_address WHERE workspace_id = %(workspace)s AND path = ANY(%(paths)s)"

THEIRS = """
SELECT number FROM post WHERE workspace_id = %(workspace)s AND author_id = %(user)s ORDER BY number FOR NO KEY UPDATE"""
# A post of somebody else that was merged into one of theirs: where it goes. `root` is where its comments are by now; `heir`
# the nearest post above that stays, if there is one.
PARTS = """
WITH RECURSIVE up AS (
  SELECT p.number AS part, p.merged_into AS at, 1 AS steps, p.merged_at FROM post p
   WHERE p.workspace_id = %(workspace)s AND p.merged_into = ANY(%(theirs)s) AND p.number <> ALL(%(theirs)s)
  UNION ALL
  SELECT up.part, p.merged_into, up.steps + 1, up.merged_at FROM up JOIN post p ON p.number = up.at
   WHERE p.workspace_id = %(workspace)s AND p.merged_into IS NOT NULL
)
SELECT part, (array_agg(at ORDER BY steps DESC))[1] AS root,
       (array_agg(at ORDER BY steps) FILTER (WHERE at <> ALL(%(theirs)s)))[1] AS heir
  FROM up GROUP BY part, merged_at ORDER BY merged_at DESC, part"""
INHERIT = "UPDATE post SET merged_into = %(heir)s WHERE workspace_id = %(workspace)s AND number = %(part)s"
# What came from there to a post that stays is of that post from now on.
KEEP_COPIES = """
UPDATE {table} SET {column} = NULL
 WHERE workspace_id = %(workspace)s AND {column} = ANY(%(theirs)s) AND post_number <> ALL(%(theirs)s)"""
KEPT_COPIES = [KEEP_COPIES.format(table=table, column=column) for table, column in (
    ("vote", "merged_from"), ("follower", "merged_from"), ("comment", "origin_number"))]  # fmt: skip
# At once nothing of it can be read; the row goes with a job, for much may hang on it.
EMPTY = """
UPDATE post SET title = '…', body = '', fields = '{}', meta = '{}', submission = NULL, author_id = NULL, merged_into = NULL,
       merged_at = NULL, deleted_at = now() - %(days)s * interval '1 day'
 WHERE workspace_id = %(workspace)s AND number = ANY(%(theirs)s)"""
FORGET = [f"DELETE FROM {table} WHERE workspace_id = %(workspace)s AND post_number = ANY(%(theirs)s)"
          for table in ("post_revision", "post_embedding", "likely_duplicate", "former_address")]  # fmt: skip
FORGET_PAIRS = "DELETE FROM likely_duplicate WHERE workspace_id = %(workspace)s AND other_number = ANY(%(theirs)s)"
DELETE = """
WITH few AS MATERIALIZED (
  SELECT number FROM post WHERE workspace_id = %(workspace)s AND number = ANY(%(numbers)s) AND author_id IS NULL
   ORDER BY number LIMIT %(most)s FOR UPDATE
)
DELETE FROM post p USING few WHERE p.workspace_id = %(workspace)s AND p.number = few.number"""


class Remains(NamedTuple):
    posts: bool  # stay, without their author; else they go, with what stands below them
    votes: bool  # stay, as somebody's; else they go


def of(reader: Reader) -> Remains:
    return Remains(*db.row(READ, workspace=reader.workspace.id))


@db.verb
def change(reader: Reader, *, posts: bool, votes: bool, seen: str | None = None) -> Remains:
    """Choose what remains of who is erased from now on; nothing new is no change. Conflict when it is not as it was `seen`
    (`versions.version`)."""
    before, after = Remains(*db.row(HOLD, workspace=reader.workspace.id)), Remains(posts, votes)
    versions.check(seen, *before)
    changed = [f"keeps_erased_{field}" for field in Remains._fields if getattr(before, field) != getattr(after, field)]
    if changed:
        db.changed(SAVE, workspace=reader.workspace.id, **after._asdict())
        events.record("workspace.updated", reader.workspace.id, data={"changed": changed}, **reader.actor())
    return after


def settle_votes(place: dict, stay: bool) -> None:
    """Let the votes of who is being erased be somebody's, which no counter shows; or take them away."""
    if stay:
        db.changed(HAND_ON, **place, somebody=f"anon_{secrets.token_hex(12)}")
    else:
        db.changed(TAKE_VOTES, **place)


# ── their posts stay ────────────────────────────────────────────────────────────────────────────────────────────────


def unname(place: dict, name: str) -> None:
    """Take the name of who is being erased out of their own posts, and what these said before."""
    patterns = named(name)
    if patterns is None:
        return
    theirs = [number for (number,) in db.rows(THEIRS, **place)]
    for first in range(0, len(theirs), AT_ONCE):
        few = {"workspace": place["workspace"], "numbers": theirs[first : first + AT_ONCE], **patterns}
        db.changed(UNNAME_REVISIONS, **few)
        for (number,) in db.rows(UNNAME_POSTS, **few):
            vectors.later(place["workspace"], number)


def forget_addresses(place: dict, name: str, email: str | None) -> None:
    """Forget where posts of who is being erased stood before, if that has a word of their name in it, or of their mailbox:
    such a link leads nowhere any more. Which of the words is the name nobody can say, so one is enough."""
    sought = spelled(f"{name} {(email or '').partition('@')[0]}")
    paths = [path for (path,) in db.rows(FORMERLY, **place) if sought & spelled(path)] if sought else []
    db.changed(FORGET_PATHS, workspace=place["workspace"], paths=paths)


def spelled(said: str) -> set[str]:
    """The words in it that are long enough to be looked for, in small letters, as they are and without accents."""
    plain = "".join(each for each in unicodedata.normalize("NFKD", said) if not unicodedata.combining(each))
    words = re.findall(r"[^\W_]+", f"{said} {plain}".casefold())
    return {word for word in words if letters(word) >= FEWEST_LETTERS}


def named(name: str) -> dict[str, str] | None:
    """Expressions that find a name, whole words only; None when it is too short to be looked for."""
    if letters(name) < FEWEST_LETTERS:
        return None
    whole = r"\s+".join(map(re.escape, name.split()))
    parts = [re.escape(part) for part in re.findall(r"[\w'’-]+", name) if letters(part) >= FEWEST_LETTERS]
    return {"name": bounded(whole), "words": bounded("|".join(parts or [whole]))}


def letters(said: str) -> int:
    return sum(map(str.isalpha, said))


def bounded(pattern: str) -> str:
    return rf"(?<![[:alnum:]_])(?:{pattern})(?![[:alnum:]_])"


# ── their posts go ──────────────────────────────────────────────────────────────────────────────────────────────────


def bury(reader: Reader, user: int) -> list[int]:
    """Delete the posts of who is being erased for good, with what others said below them; returns their numbers. What others
    wrote is kept where it is a post of its own: one that was merged into theirs stands for itself again."""
    place = {"workspace": reader.workspace.id}
    theirs = [number for (number,) in db.rows(THEIRS, **place, user=user)]
    if not theirs:
        return []
    for part, root, heir in db.rows(PARTS, **place, theirs=theirs):
        if heir:
            db.changed(INHERIT, **place, part=part, heir=heir)
        else:
            db.changed(merges.RETURN_COMMENTS, **place, number=part, into=root)
            merges.settle(reader, "post.unmerged", part, root, None)
    for statement in (*KEPT_COPIES, *FORGET, FORGET_PAIRS):
        db.changed(statement, **place, theirs=theirs)
    db.changed(EMPTY, **place, theirs=theirs, days=retention.DELETED_DAYS)
    for first in range(0, len(theirs), AT_ONCE):
        jobs.enqueue(BURY, reader.workspace.id, posts=theirs[first : first + AT_ONCE], told=0, person=reader.person)
    return theirs


def bury_rows(job: jobs.Job) -> None:
    """Tell that such posts are deleted, a few a job; then delete their rows, some at a time, and what hangs on them."""
    told = job.args.get("told")  # None: all are
    if told is not None:
        return tell_some(job, told)
    while db.changed(DELETE, workspace=job.workspace_id, numbers=job.args["posts"], most=retention.POSTS_AT_ONCE):
        pass


@database.atomic()
def tell_some(job: jobs.Job, told: int) -> None:
    """Record some of the events, once, and have the next job go on: while the row is there, whose board says who hears."""
    posts = job.args["posts"]
    after = told + TOLD_AT_ONCE if told + TOLD_AT_ONCE < len(posts) else None
    jobs.enqueue(BURY, job.workspace_id, **job.args | {"told": after})
    for number in posts[told : told + TOLD_AT_ONCE]:
        events.record("post.deleted", job.workspace_id, public=True, post=number, person=job.args["person"])
    job.complete()
