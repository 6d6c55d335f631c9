"""What we keep about one user, all of it in one place: what they are handed when they ask for it, and what goes when they
are erased."""

import json

from service import db
from service.feedback import plan_limits, users
from service.feedback.workspaces import Workspace
from service.lib import text

# A file is theirs as what it is part of is: a program with a key sends files for its users.
THEIR_FILES = """CASE
  WHEN f.comment_id IS NOT NULL THEN EXISTS (
    SELECT FROM comment c WHERE c.workspace_id = f.workspace_id AND c.id = f.comment_id AND c.user_id = %(user)s)
  WHEN f.post_number IS NOT NULL THEN EXISTS (
    SELECT FROM post p WHERE p.workspace_id = f.workspace_id AND p.number = f.post_number AND p.author_id = %(user)s)
  ELSE f.user_id = %(user)s END"""
# An address may be somebody else's too, of another user or of the team: then what went there is theirs as well, and stays.
NOBODY_ELSES = """NOT EXISTS (SELECT FROM "user" u WHERE u.workspace_id = %(workspace)s AND u.id <> %(user)s
                        AND lower(u.email) = lower(%(email)s))
     AND NOT EXISTS (SELECT FROM member m JOIN person p ON p.id = m.person_id
                      WHERE m.workspace_id = %(workspace)s AND lower(p.email) = lower(%(email)s))"""
THEIR_ADDRESS = f"""lower({{column}}) = lower(%(email)s)
     AND {NOBODY_ELSES}"""
THEIR_LETTERS = THEIR_ADDRESS.format(column="to_email")
THEIRS_BY_ADDRESS = THEIR_ADDRESS.format(column="email")

# part of the export → the names of its columns, and the statement that reads them
KEPT = {
    "posts": ("number title body fields meta held_at held_because created_at edited_at deleted_at", """
SELECT number, title, body, fields::text, meta::text, held_at, held_because, created_at, edited_at, deleted_at FROM post
 WHERE workspace_id = %(workspace)s AND author_id = %(user)s ORDER BY number"""),
    "revisions": ("post title body replaced_at", """
SELECT post_number, title, body, created_at FROM post_revision r
 WHERE workspace_id = %(workspace)s AND (user_id = %(user)s OR EXISTS (
       SELECT FROM post p WHERE p.workspace_id = r.workspace_id AND p.number = r.post_number AND p.author_id = %(user)s))
 ORDER BY id"""),
    "comments": ("id post body internal official held_at held_because created_at edited_at deleted_at", """
SELECT id, post_number, body, internal, official, held_at, held_because, created_at, edited_at, deleted_at FROM comment
 WHERE workspace_id = %(workspace)s AND user_id = %(user)s ORDER BY id"""),
    "votes": ("post merged_from created_at", """
SELECT post_number, merged_from, created_at FROM vote
 WHERE workspace_id = %(workspace)s AND user_id = %(user)s ORDER BY post_number"""),
    "follows": ("post merged_from created_at", """
SELECT post_number, merged_from, created_at FROM follower
 WHERE workspace_id = %(workspace)s AND user_id = %(user)s ORDER BY post_number"""),
    "reactions": ("entry kind created_at", """
SELECT entry_id, kind, created_at FROM changelog_reaction
 WHERE workspace_id = %(workspace)s AND user_id = %(user)s ORDER BY entry_id, kind"""),
    "files": ("id name type size created_at", f"""
SELECT id, name, type, size, created_at FROM file f
 WHERE workspace_id = %(workspace)s AND (f.user_id = %(user)s OR {THEIR_FILES}) ORDER BY id"""),
    "letters": ("kind state created_at sent_at", f"""
SELECT kind, state, created_at, sent_at FROM letter WHERE workspace_id = %(workspace)s AND {THEIR_LETTERS} ORDER BY id"""),
    "mailings": ("muted subscribed_at locale created_at", f"""
SELECT muted, subscribed_at, locale, created_at FROM mailing WHERE workspace_id = %(workspace)s AND {THEIRS_BY_ADDRESS}"""),
    "suppressions": ("reason created_at", f"""
SELECT reason, created_at FROM suppression WHERE workspace_id = %(workspace)s AND {THEIRS_BY_ADDRESS}"""),
    "blocks": ("kind created_at ends_at", """
SELECT kind, created_at, ends_at FROM blocked_address
 WHERE workspace_id = %(workspace)s AND (user_id = %(user)s OR compared = ANY(%(mailbox)s::text[])) ORDER BY created_at"""),
    "links": ("purpose created_at used_at", f"""
SELECT purpose, created_at, used_at FROM user_link
 WHERE workspace_id = %(workspace)s AND {THEIRS_BY_ADDRESS} ORDER BY id"""),
    "events": ("id type post data created_at", """
SELECT seq, type, post_number, data::text, created_at FROM event
 WHERE workspace_id = %(workspace)s AND user_id = %(user)s ORDER BY seq"""),
}  # fmt: skip

OF_THE_TEAM = {"traits": "{}", "company_plan": None, "company_mrr": None, "segments": []}  # fields of a Profile


def export(workspace: Workspace, external_id: str) -> dict:
    """Everything we keep about a user: `user`, their Profile, and by its name each part of KEPT, as dicts. NotFound
    without the user."""
    profile = users.profile(workspace, external_id)
    mailbox = [text.mailbox(profile.email)] if profile.email else []
    place = {"workspace": workspace.id, "user": profile.id, "email": profile.email, "mailbox": mailbox}
    parts = {
        part: [dict(zip(columns.split(), row, strict=True)) for row in db.rows(sql, **place)]
        for part, (columns, sql) in KEPT.items()
    }
    return {"user": profile, **parts}


def own(workspace: Workspace, external_id: str) -> dict:
    """The same for the user themselves: without what the team says of them and their company, and why it holds back what."""
    found = export(workspace, external_id)
    posts = [{**post, "fields": "{}", **untold(post)} for post in found["posts"]]
    comments = [{**comment, "held_because": None} for comment in found["comments"]]
    roomless = {post["number"] for post in found["posts"] if post["held_because"] == plan_limits.PLAN}
    events = [{**event, "data": "{}" if event["post"] in roomless else unheld(event["data"])} for event in found["events"]]
    return {**found, "user": found["user"]._replace(**OF_THE_TEAM), "posts": posts, "comments": comments, "blocks": [],
            "events": events}  # fmt: skip


def unheld(data: str) -> str:
    """What an event says without whether it waited: what there was no room for then may stand by now."""
    return json.dumps({name: value for name, value in json.loads(data).items() if name != "held"}, ensure_ascii=False)


def untold(post: dict) -> dict:
    """What its author does not read of why their post waits; nor at all that it does, where there only is no room for it."""
    return {"held_because": None} | ({"held_at": None} if post["held_because"] == plan_limits.PLAN else {})
