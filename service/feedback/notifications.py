"""Who is told what, by letter: one function per reason to write."""

from service import db
from service.feedback import letters, members, posts, statuses, workspaces
from service.feedback.activity import Event

FOLLOWERS = """
SELECT DISTINCT ON (lower(u.email)) u.email FROM follower f
  JOIN "user" u ON u.workspace_id = f.workspace_id AND u.id = f.user_id
 WHERE f.workspace_id = %(workspace)s AND f.post_number = %(number)s AND u.email IS NOT NULL AND u.blocked_at IS NULL
 ORDER BY lower(u.email)"""


def new_post(event: Event) -> None:
    """Tell the team about a post, except the member who wrote it."""
    workspace, post = workspaces.find(event.workspace_id), posts.find(event.workspace_id, event.post_number)
    url = letters.link(f"/app/{workspace.slug}/posts/{post.number}")
    author = post.author_name or post.author_email or "Someone"
    for person in members.team(workspace.id):
        if person.id != event.person_id:
            letters.write(workspace.id, event.seq, "new_post", person.email, f"New post #{post.number}: {post.title}",
                          workspace=workspace, post=post, author=author, url=url)  # fmt: skip


def status_changed(event: Event) -> None:
    """Tell author and voters where their post stands now, unless the member chose not to."""
    if not event.data["notify"]:
        return
    workspace, post = workspaces.find(event.workspace_id), posts.find(event.workspace_id, event.post_number)
    status = statuses.choose(workspace.id, event.data["to"])
    url = letters.link(f"/b/{workspace.slug}/posts/{post.number}")
    for (email,) in db.rows(FOLLOWERS, workspace=workspace.id, number=post.number):
        letters.write(workspace.id, event.seq, "status_changed", email, f"{post.title}: {status.name}",
                      workspace=workspace, post=post, status=status, note=event.data["note"], url=url)  # fmt: skip
