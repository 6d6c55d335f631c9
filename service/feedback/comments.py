"""What people say below a post: users and the team to everyone, the team's notes among themselves, its official answer."""

from datetime import datetime
from typing import NamedTuple

from service import db, events
from service.errors import Conflict, Forbidden, Invalid, NotFound, Why
from service.feedback import attachments, marks, mentions, posts, spam
from service.feedback.posts import Held
from service.feedback.readers import Reader, admitted, readable
from service.lib import text

LONGEST_BODY, AT_ONCE = 5_000, 200  # characters of a comment; comments of a page
TEXT_AT_ONCE = 50_000  # characters of a page that anybody may ask for: to show them takes its time

# What waits for approval only its author and the team read, and nobody else can tell that it is there.
VISIBLE = "(%(member)s OR (NOT {0}.internal AND ({0}.held_at IS NULL OR {0}.user_id = %(user)s)))"
# What was written below a merged post is for those who may see the board that it is on.
ADMITTED = """(c.origin_number IS NULL OR EXISTS (
  SELECT FROM post o JOIN board b ON b.workspace_id = o.workspace_id AND b.id = o.board_id
   WHERE o.workspace_id = c.workspace_id AND o.number = c.origin_number AND {admitted}))"""
# A parent is named where it is shown: not one that stayed with another post when a merge was undone, nor, to users, a note.
READ = f"""
SELECT c.id, c.post_number, CASE WHEN c.deleted_at IS NULL THEN c.body ELSE '' END AS body, u.name, u.kind = 'member',
       CASE WHEN %(member)s THEN u.external_id END, CASE WHEN %(member)s THEN u.email END,
       CASE WHEN %(member)s THEN u.avatar END, theirs.external_id, theirs.name, theirs.plan, theirs.mrr, parent.id AS parent,
       coalesce(parent.internal, false), c.internal,
       c.official AND NOT EXISTS (
         SELECT FROM comment o WHERE o.workspace_id = c.workspace_id AND o.post_number = c.post_number AND o.official
            AND o.deleted_at IS NULL AND (o.origin_number IS NULL, o.id) > (c.origin_number IS NULL, c.id)),
       c.deleted_at IS NOT NULL, c.created_at, c.edited_at,
       coalesce(u.id = %(user)s, false), NOT p.locked AND
       now() < c.created_at + (SELECT edit_minutes FROM workspace WHERE id = %(workspace)s) * interval '1 minute'
       AND (c.held_at IS NOT NULL OR c.held_because IS NULL), c.held_at IS NOT NULL
  FROM comment c
  JOIN post p ON p.workspace_id = c.workspace_id AND p.number = c.post_number AND {readable()}
  LEFT JOIN comment parent ON parent.workspace_id = c.workspace_id AND parent.id = c.parent_id
       AND parent.post_number = c.post_number AND {VISIBLE.format("parent")}
  LEFT JOIN "user" u ON u.workspace_id = c.workspace_id AND u.id = c.user_id AND c.deleted_at IS NULL
  LEFT JOIN company theirs ON %(member)s AND theirs.workspace_id = c.workspace_id AND theirs.id = u.company_id
 WHERE c.workspace_id = %(workspace)s AND {VISIBLE.format("c")} AND {ADMITTED.format(admitted=admitted())} AND"""
ONE = f"{READ} c.id = %(id)s AND c.deleted_at IS NULL"
# Of those that were deleted, the ones are left that a visible one answers, directly or by another that is left.
LEFT_OVER = f"""WITH RECURSIVE left_over AS (
  SELECT a.id, a.parent_id FROM comment c JOIN comment a ON a.workspace_id = %(workspace)s AND a.id = c.parent_id
   WHERE c.workspace_id = %(workspace)s AND c.post_number = %(number)s AND c.deleted_at IS NULL AND {VISIBLE.format("c")}
     AND a.deleted_at IS NOT NULL UNION SELECT a.id, a.parent_id FROM left_over l
    JOIN comment a ON a.workspace_id = %(workspace)s AND a.id = l.parent_id AND a.deleted_at IS NOT NULL)"""
LISTED = f"""{READ} c.post_number = %(number)s AND c.id > %(after)s
     AND (c.deleted_at IS NULL OR c.id IN (SELECT id FROM left_over)) ORDER BY c.id LIMIT %(most)s"""
LIST = f"{LEFT_OVER} {LISTED}"
# As many of them as a page has room for, the first one always; and whether there are more.
PART = f"""{LEFT_OVER}, listed AS ({LISTED} + 1), sized AS (
  SELECT id, row_number() OVER w AS place, sum(length(body)) OVER w - length(body) AS before,
         lead(id) OVER w IS NOT NULL AS more FROM listed WINDOW w AS (ORDER BY id))
SELECT listed.*, more FROM listed JOIN sized ON sized.id = listed.id
 WHERE place <= %(most)s AND (place = 1 OR before + length(body) <= %(text)s) ORDER BY listed.id"""
OFFICIAL = f"{READ} c.post_number = %(number)s AND c.official AND c.deleted_at IS NULL"

SENT = "SELECT id FROM comment WHERE workspace_id = %(workspace)s AND user_id = %(user)s AND submission = %(submission)s"
# The post is held by now. Who comments follows the post from then on. What users may read is counted, and moves the post;
# the team's first word to them answers it. A draft that was sent before: no row. What waits: nothing but its row.
CREATE = """
WITH made AS (
  INSERT INTO comment (workspace_id, post_number, user_id, body, parent_id, internal, official, submission,
                       held_at, held_because, language)
  VALUES (%(workspace)s, %(number)s, %(user)s, %(body)s, %(parent)s, %(internal)s, %(official)s, %(submission)s,
          CASE WHEN %(why)s::text IS NOT NULL THEN now() END, %(why)s,
          %(language)s::regconfig)
  ON CONFLICT ON CONSTRAINT one_comment_per_submission DO NOTHING RETURNING id
), followed AS (
  INSERT INTO follower (workspace_id, post_number, user_id)
  SELECT %(workspace)s, %(number)s, %(user)s FROM made WHERE %(why)s::text IS NULL
  ON CONFLICT ON CONSTRAINT one_subscription_per_user DO NOTHING
), counted AS (
  UPDATE post SET comments = comments + 1, updated_at = now(), answered_at = coalesce(answered_at, (
           SELECT now() FROM "user" WHERE workspace_id = %(workspace)s AND id = %(user)s AND kind = 'member'))
   WHERE workspace_id = %(workspace)s AND number = %(number)s AND NOT %(internal)s AND %(why)s::text IS NULL
     AND EXISTS (SELECT FROM made)
)
SELECT id FROM made"""
SAVE = """
UPDATE comment SET body = %(body)s, internal = %(internal)s, official = %(official)s,
       edited_at = CASE WHEN %(reworded)s THEN now() ELSE edited_at END
 WHERE workspace_id = %(workspace)s AND id = %(id)s"""
WAIT = "UPDATE comment SET held_at = now(), held_because = %(why)s WHERE workspace_id = %(workspace)s AND id = %(id)s"
DELETE = "UPDATE comment SET deleted_at = now(), official = false WHERE workspace_id = %(workspace)s AND id = %(id)s"
COUNT = """
UPDATE post p SET comments = (SELECT count(*) FROM comment c WHERE c.workspace_id = p.workspace_id
                                 AND c.post_number = p.number AND NOT c.internal AND c.held_at IS NULL
                                 AND c.deleted_at IS NULL)
 WHERE p.workspace_id = %(workspace)s AND p.number = %(number)s"""


class Comment(NamedTuple):
    """A comment as it is read; of one that was deleted only its place is left. For members only: author's id and e-mail."""

    id: int
    post: int  # where it is shown
    body: str  # Markdown
    author_name: str | None  # None: deleted, or its author was erased
    by_team: bool | None
    author_id: str | None  # external
    author_email: str | None
    author_avatar: str | None
    company_id: str | None  # external
    company_name: str | None
    company_plan: str | None
    company_mrr: int | None
    parent: int | None  # the comment that it answers
    answers_note: bool
    internal: bool  # for members only
    official: bool  # the team's answer
    is_deleted: bool
    created_at: datetime
    edited_at: datetime | None
    mine: bool
    is_fresh: bool  # young enough for its author to change it, its post not closed, and it was not let in as it stands
    held: bool  # it waits for the team's approval


def of(reader: Reader, number: int, after: int = 0) -> list[Comment]:
    """200 comments below a post that this reader may see, the first ones or those `after` the one of this id, each with its
    answers after it, the oldest first; where the official answer is comes first of all."""
    return threaded(read(LIST, reader, number=number, most=AT_ONCE, after=after))


def threaded(found: list[Comment]) -> list[Comment]:
    beginning: dict[int, int] = {}
    for comment in found:  # who answers came later
        beginning[comment.id] = beginning.get(comment.parent, comment.id)
    official = {beginning[comment.id] for comment in found if comment.official}
    return sorted(found, key=lambda each: (beginning[each.id] not in official, beginning[each.id], each.id))


def page(reader: Reader, number: int, most: int, after: int | None = None) -> list[Comment]:
    """`most` comments below a post that this reader may see, `after` the one of this id, in the order in which they were
    written; NotFound without the post."""
    posts.find(reader, number)
    return read(LIST, reader, number=number, most=most, after=after or 0)


def read(sql: str, reader: Reader, **place) -> list[Comment]:
    return [Comment(*row) for row in db.rows(sql, **reader.scope(), **place)]


def part(reader: Reader, number: int, most: int, after: int = 0) -> tuple[list[Comment], int | None]:
    """`most` comments below a post, fewer when they are long, in the order of `of`, and the id after which there are more.
    The official answer is always among the first ones and never among later ones."""
    rows = db.rows(PART, **reader.scope(), number=number, most=most, after=after, text=TEXT_AT_ONCE)
    shown = [Comment(*row[:-1]) for row in rows]
    following = shown[-1].id if rows and rows[-1][-1] else None
    if after:
        shown = [each for each in shown if not each.official]
    elif following and not any(each.official for each in shown):
        shown += [each for each in read(OFFICIAL, reader, number=number) if each.official]
    return threaded(shown), following


def find(reader: Reader, id: int) -> Comment:
    """One comment as this reader may see it, or NotFound."""
    row = db.row(ONE, **reader.scope(), id=id)
    if row is None:
        raise NotFound("There is no such comment.")
    return Comment(*row)


@db.verb
def create(reader: Reader, number: int, body: str, *, parent: int | None = None, internal: bool = False,
           official: bool = False, files: list[int] | None = None, submission: str | None = None,
           signals: spam.Signals | None = None) -> int:  # fmt: skip
    """Say something below a post as the reader's user, who follows it from then on; returns the comment's id.

    `submission` names the draft: sending it twice makes one comment. `parent` is the comment of this post that it answers;
    what answers an internal note is one itself. Members may write `internal` notes, and the `official` answer, which takes
    the place of an earlier one. `files` become part of it. What looks like spam, by the words and by the `signals` of the
    form, waits for the team (held_comments.approve).
    Raises NotFound without the post, Conflict when it was merged, Forbidden when it is locked, Invalid with the field that
    must change."""
    draft = {"user": reader.user, "submission": posts.named(submission)}
    if submission and (sent := db.row(SENT, workspace=reader.workspace.id, **draft)):
        return sent[0]
    written = checked(body)
    marks.allow(reader, internal, official)
    post = posts.hold(reader, number)
    if post.locked and not reader.is_member:
        raise Forbidden("This post is closed for new votes and comments.", "locked")
    answered = answerable(reader, number, parent) if parent is not None else None
    internal = internal or bool(answered and answered.internal)
    marks.only_one_of(internal, official)
    marks.allow_author(reader, internal, official)
    why = spam.why(reader, written, signals)
    place = {"workspace": reader.workspace.id, "number": number}
    row = db.row(CREATE, **place, **draft, body=written, parent=parent, internal=internal, official=official, why=why,
                 language=reader.workspace.language)  # fmt: skip
    [made] = row or db.row(SENT, **place, **draft)
    if row is None:  # it was sent twice at once
        return made
    if official:
        db.changed(marks.ONLY_THIS_IS_OFFICIAL, **place, id=made)
    if files:
        attachments.attach(reader, files, comment=made)
    data = {"comment": made, "internal": internal, "official": official, "parent": parent}
    data |= {"mentions": mentions.mentioned(reader, written)} | ({"held": True} if why else {})
    is_public = not (internal or why)
    events.record("comment.created", reader.workspace.id, public=is_public, post=number, data=data, **reader.actor())
    return made


def checked(body: str) -> str:
    tidied = text.fitting(body, LONGEST_BODY)
    if tidied is None:
        said = f"A comment has at most {LONGEST_BODY:,} characters; shorten it a little."
        raise Invalid(body=Why(said, "too_long", LONGEST_BODY))
    if not text.tidy_line(tidied):
        raise Invalid(body=Why("Write something first.", "empty"))
    return tidied


def answerable(reader: Reader, number: int, id: int) -> Comment:
    row = db.row(ONE, **reader.scope(), id=id)
    if row is None or row[1] != number:
        raise Invalid(parent=Why(f"There is no such comment below #{number}.", "answered_gone"))
    if (found := Comment(*row)).held:
        raise Invalid(parent=Why("This comment waits for approval and cannot be answered yet.", "answered_gone"))
    return found


@db.verb
def change(reader: Reader, id: int, *, body: str | None = None, official: bool | None = None,
           internal: bool | None = None) -> None:  # fmt: skip
    """Change what is given of a comment and leave the rest; nothing new is no change.

    Authors may change their words within the workspace's time for it, unless the post is locked; members the words of the
    team, and which comments are official or internal. With a comment that becomes internal go the answers to it."""
    post, before = hold(reader, id)
    allow(reader, post, before)
    marks.allow(reader, internal is not None, official is not None)
    if before.held and (internal is not None or official is not None):
        raise Conflict("This comment waits for approval; approve or decline it first.", "held")
    if body is not None and reader.is_member and not before.by_team:
        raise Forbidden("These are a user's words, which the team leaves as they are; delete the comment or answer it.")
    after = {
        "body": before.body if body is None else checked(body),
        "internal": before.internal if internal is None else internal,
        "official": before.official if official is None else official,
    }
    marks.only_one_of(after["internal"], after["official"])
    if internal is False and before.answers_note:
        raise Invalid(internal="It answers an internal note, so it is one too.")
    changed = sorted(name for name, value in after.items() if value != getattr(before, name))
    if not changed:
        return
    place = {"workspace": reader.workspace.id, "number": before.post, "id": id}
    db.changed(SAVE, **place, **after, reworded="body" in changed)
    suspect = "body" in changed and not before.held and spam.why_changed(reader, before.body, after["body"])
    if suspect:
        db.changed(WAIT, **place, why=suspect)
    if after["official"]:
        db.changed(marks.ONLY_THIS_IS_OFFICIAL, **place)
    if "internal" in changed and after["internal"]:
        db.changed(marks.HIDE_REPLIES, **place)
    if suspect or "internal" in changed:
        db.changed(COUNT, **place)
    is_public = not (before.held or suspect or (before.internal and after["internal"]))
    tell(reader, "comment.updated", before, public=is_public, changed=changed, internal=after["internal"])


@db.verb
def delete(reader: Reader, id: int) -> None:
    """Take a comment away; answers to it stay. For members, and its author as of `change`. NotFound also the second time."""
    post, comment = hold(reader, id)
    allow(reader, post, comment)
    for sql in (DELETE, COUNT):
        db.changed(sql, workspace=reader.workspace.id, number=comment.post, id=id)
    tell(reader, "comment.deleted", comment, public=not (comment.internal or comment.held))


def hold(reader: Reader, id: int) -> tuple[Held, Comment]:
    """A comment and its post, which is held, so that neither changes until the transaction ends."""
    post = posts.hold(reader, find(reader, id).post)
    comment = find(reader, id)
    if comment.post != post.number:
        raise Conflict("A merge moved this comment at this moment; please try again.", "stale")
    return post, comment


def allow(reader: Reader, post: Held, comment: Comment) -> None:
    """Raise Forbidden unless this is a member, or its author while there is time for it."""
    if reader.is_member:
        return
    if not comment.mine:
        raise Forbidden("Only its author and the team can change this comment.")
    if post.locked or not comment.is_fresh:
        raise Forbidden("The time in which this comment could be changed is over; write another one instead.", "too_late")


def tell(reader: Reader, type: str, comment: Comment, public: bool, **more) -> None:
    data = {"comment": comment.id, "internal": comment.internal, **({"held": True} if comment.held else {}), **more}
    events.record(type, reader.workspace.id, public=public, post=comment.post, data=data, **reader.actor())
