"""Somebody without an account turns out to be a user: what they did before is theirs, once.

Only who is anonymous is ever joined to anybody, only into the user whom the same call proves (by the customer's token, or
by a link in a letter), and only with proof of their own session. Two users with accounts never become one."""

from service import db, events
from service.feedback.users import User
from service.feedback.workspaces import Workspace

MOST = 2000  # rows; what did more is no person, and would hold up everybody whose posts it voted for

# Who is blocked stays, with all they did: nobody washes that off by signing in.
STANDS = """
SELECT FROM "user" WHERE workspace_id = %(workspace)s AND id = %(user)s AND session_version = %(version)s
   AND kind = 'anonymous' AND blocked_at IS NULL"""
# Whatever somebody does is an event of theirs.
DID_TOO_MUCH = """
SELECT count(*) > %(most)s FROM (
  SELECT FROM event WHERE workspace_id = %(workspace)s AND user_id = %(user)s LIMIT %(most)s + 1) did"""
# Everything they had to do with is held first, then they themselves, as in every verb of theirs, whose rows refer to them.
HOLD_POSTS = """
SELECT number FROM post WHERE workspace_id = %(workspace)s AND (author_id = %(user)s OR number IN (
         SELECT post_number FROM vote WHERE workspace_id = %(workspace)s AND user_id = %(user)s
         UNION SELECT post_number FROM follower WHERE workspace_id = %(workspace)s AND user_id = %(user)s
         UNION SELECT post_number FROM comment WHERE workspace_id = %(workspace)s AND user_id = %(user)s))
 ORDER BY number FOR NO KEY UPDATE"""
# Against every row that would refer to them: what they were just doing is through, and nothing new begins.
HOLD = f"{STANDS} FOR UPDATE"
# What the widget knows of both: since when they are here, and up to when they have read the news. A guest is kept out with
# where they came from, too.
MEET = """
UPDATE "user" u SET first_seen_at = least(u.first_seen_at, a.first_seen_at),
       news_seen_at = greatest(u.news_seen_at, a.news_seen_at),
       network_tag = CASE u.kind WHEN 'guest' THEN coalesce(a.network_tag, u.network_tag) END
  FROM "user" a WHERE u.workspace_id = %(workspace)s AND u.id = %(into)s
   AND u.kind IN ('guest', 'identified') AND u.blocked_at IS NULL AND a.workspace_id = u.workspace_id AND a.id = %(user)s"""
# Of two rows about one post one stays: the one that stands for itself before a copy that goes when a merge is taken back, of
# two copies the one that came first, for that merge brings the other when it is taken back (merges.unmerge).
DROP = """
DELETE FROM {table} d USING (
  SELECT r.post_number, r.user_id, row_number() OVER (
           PARTITION BY r.post_number ORDER BY r.merged_from IS NOT NULL, m.merged_at, r.created_at, r.user_id) AS place
    FROM {table} r LEFT JOIN post m ON m.workspace_id = r.workspace_id AND m.number = r.merged_from
   WHERE r.workspace_id = %(workspace)s AND r.user_id IN (%(user)s, %(into)s) AND r.post_number IN (
         SELECT post_number FROM {table} WHERE workspace_id = %(workspace)s AND user_id = %(user)s)
) ranked
 WHERE d.workspace_id = %(workspace)s AND d.post_number = ranked.post_number AND d.user_id = ranked.user_id
   AND ranked.place > 1"""
DROP_VOTES = f"""
WITH gone AS ({DROP.format(table="vote")} RETURNING d.post_number)
UPDATE post SET votes = votes - 1 FROM gone WHERE workspace_id = %(workspace)s AND number = gone.post_number"""
DROP_REACTIONS = """
DELETE FROM changelog_reaction r USING changelog_reaction o
 WHERE r.workspace_id = %(workspace)s AND r.user_id = %(user)s
   AND o.workspace_id = r.workspace_id AND o.user_id = %(into)s AND o.entry_id = r.entry_id AND o.kind = r.kind"""
# A draft that both sent is two by now; the name by which it would be known again stays with the one.
FORGET_DRAFTS = """
UPDATE {table} t SET submission = NULL WHERE workspace_id = %(workspace)s AND {column} = %(user)s AND submission IN (
       SELECT submission FROM {table} WHERE workspace_id = %(workspace)s AND {column} = %(into)s)"""
MOVE = "UPDATE {table} SET {column} = %(into)s WHERE workspace_id = %(workspace)s AND {column} = %(user)s"
MOVED = {  # column that says whose a row is, by table
    "vote": "user_id", "follower": "user_id", "changelog_reaction": "user_id", "post": "author_id", "comment": "user_id",
    "post_revision": "user_id", "file": "user_id", "event": "user_id",
}  # fmt: skip
STEPS = (
    DROP_VOTES, DROP.format(table="follower"), DROP_REACTIONS, FORGET_DRAFTS.format(table="post", column="author_id"),
    FORGET_DRAFTS.format(table="comment", column="user_id"),
    *(MOVE.format(table=table, column=column) for table, column in MOVED.items()),
)  # fmt: skip
DELETE = 'DELETE FROM "user" WHERE workspace_id = %(workspace)s AND id = %(user)s'


@db.verb
def join(workspace: Workspace, into: User, *, anonymous: int, version: int) -> bool:
    """Give `into` what an anonymous user did, whose row goes and whose tokens are nobody's from then on; returns whether it
    happened. `version` is of the session by which that one was shown. Votes for the same post become one. Nothing happens
    when either is somebody else by now, gone or blocked, so the second time too, nor to who did more than MOST things.

    In a transaction of its own, after the one that proved who `into` is: posts are held before users and the counter."""
    place = {"workspace": workspace.id, "user": anonymous, "into": into.id, "version": version}
    if db.row(STANDS, **place) is None or db.row(DID_TOO_MUCH, **place, most=MOST)[0]:
        return False
    db.rows(HOLD_POSTS, **place)
    if db.row(HOLD, **place) is None or not db.changed(MEET, **place):
        return False
    db.rows(HOLD_POSTS, **place)  # with what they did while we waited
    for step in STEPS:
        db.changed(step, **place)
    # the counter comes before the row goes, and with it its rows of segment_user, which segments.sort holds with the counter
    events.record("user.merged", workspace.id, user=into.id, data={"from": "anonymous"})
    db.changed(DELETE, **place)
    return True
