"""One post with all that its page shows to users, read in one statement."""

from datetime import datetime
from typing import NamedTuple

from service import db
from service.errors import NotFound
from service.feedback import comments
from service.feedback.attachments import COLUMNS, File
from service.feedback.comments import Comment
from service.feedback.posts import APPROVED, FRESH, THESE, Post
from service.feedback.readers import Reader, readable

# What an author may change is what edits.change would let them.
FOUND = f"""
SELECT shown.*,
       EXISTS (SELECT FROM follower f
                WHERE f.workspace_id = %(workspace)s AND f.post_number = shown.number AND f.user_id = %(user)s),
       (SELECT coalesce(p.author_id = %(user)s, false) AND p.merged_into IS NULL AND NOT p.locked AND NOT {APPROVED}
               AND {FRESH}
          FROM post p WHERE p.workspace_id = %(workspace)s AND p.number = shown.number),
       (SELECT jsonb_agg(jsonb_build_array({COLUMNS}) ORDER BY f.id) FROM file f
          WHERE f.workspace_id = %(workspace)s AND f.post_number = shown.number AND f.state <> 'refused')"""
FIND = f"{FOUND} FROM ({THESE}) shown"

# A page of comments with their files, as JSON. What a comment that was deleted had is not shown either.
SAID = f"""
SELECT jsonb_agg(to_jsonb(said) || jsonb_build_object('files', (
         SELECT jsonb_agg(jsonb_build_array({COLUMNS}) ORDER BY f.id) FROM file f
          WHERE f.workspace_id = %(workspace)s AND f.comment_id = said.id AND f.state <> 'refused' AND NOT said.is_deleted))
         ORDER BY said.id)"""
NAMES = ", ".join(Comment._fields)
# The post `origin`, if it was merged into the one that is shown, be it by way of others.
ORIGIN = f"""
WITH RECURSIVE way AS (
  SELECT p.title, p.merged_into FROM post p
   WHERE p.workspace_id = %(workspace)s AND p.number = %(origin)s AND {readable()}
  UNION SELECT way.title, p.merged_into FROM way
    JOIN post p ON p.workspace_id = %(workspace)s AND p.number = way.merged_into)
SELECT title FROM way WHERE merged_into = shown.number"""
PAGE = f"""{FOUND},
       ({SAID} FROM ({comments.PART}) said ({NAMES}, more)),
       ({SAID} FROM ({comments.OFFICIAL}) said ({NAMES})),
       (SELECT max(c.id) FROM comment c
         WHERE c.workspace_id = %(workspace)s AND c.post_number = shown.number AND {comments.VISIBLE.format("c")}),
       ({ORIGIN})
  FROM ({THESE}) shown"""


class Detail(NamedTuple):
    post: Post
    following: bool
    editable: bool  # by this reader, as its author
    files: list[File]  # that are there or on their way, without those of comments


class Talk(NamedTuple):
    """What is said below a post, in the order in which it was written, or a part of it."""

    comments: list[Comment]
    official: Comment | None  # the team's answer, wherever it stands
    following: int | None  # the id after which there are more
    newest: int  # id of the last comment there ever was; 0: none
    files: dict[int, list[File]]  # of these comments, by their id


class Page(NamedTuple):
    detail: Detail
    talk: Talk
    origin: str | None  # title of the post from which one comes, if that was merged into this one


def find(reader: Reader, number: int) -> Detail:
    """The post as this user may see it, or NotFound."""
    return detail(found(FIND, reader, number))


def page(reader: Reader, number: int, most: int, after: int = 0, origin: int | None = None) -> Page:
    """The same with `most` of its comments, fewer when they are long, `after` the one of this id."""
    row = found(PAGE, reader, number, most=most, after=after, text=comments.TEXT_AT_ONCE, origin=origin)
    *first, said, official, newest, title = row
    return Page(detail(first), talk(said or [], official or [], newest or 0), title)


def found(sql: str, reader: Reader, number: int, **more) -> tuple:
    row = db.row(sql, **reader.scope(), numbers=[number], number=number, **more)
    if row is None:
        raise NotFound(f"There is no post #{number}.")
    return row


def detail(row: tuple) -> Detail:
    *post, following, editable, files = row
    return Detail(Post(*post), following, editable, [dated(file) for file in files or []])


def talk(said: list[dict], official: list[dict], newest: int) -> Talk:
    files = {each["id"]: [dated(file) for file in each["files"] or []] for each in said + official}
    following = said[-1]["id"] if said and said[-1]["more"] else None
    return Talk([comment(each) for each in said], comment(official[0]) if official else None, following, newest, files)


def comment(said: dict) -> Comment:
    """A comment from JSON, where moments are words."""
    read = {name: said[name] for name in Comment._fields}
    moments = {name: read[name] and datetime.fromisoformat(read[name]) for name in ("created_at", "edited_at")}
    return Comment(**read | moments)


def dated(row: list) -> File:
    """A file from JSON, likewise."""
    return File(*row[:-1], datetime.fromisoformat(row[-1]))
