"""Who is told what, by letter: for each reason to write, who reads it and what it says."""

from service.errors import NotFound
from service.feedback import activity, letters, posts, workspaces
from service.feedback.activity import Event
from service.feedback.letters import Written
from service.feedback.readers import Reader, readable
from service.jobs import Job

TO_THE_TEAM = letters.ADDRESS.format(readers="""
  SELECT p.email FROM member m JOIN person p ON p.id = m.person_id
   WHERE m.workspace_id = %(workspace)s AND NOT EXISTS (
     SELECT FROM "user" u WHERE u.workspace_id = m.workspace_id AND u.id = %(author)s
        AND u.external_id = 'sayso-member-' || m.person_id)""")
# The row of a member's user stays when they leave the team, and is no proof that they are of it.
IS_MEMBER = """
EXISTS (SELECT FROM member m WHERE m.workspace_id = u.workspace_id AND u.external_id = 'sayso-member-' || m.person_id)"""
TO_FOLLOWERS = letters.ADDRESS.format(readers=f"""
  SELECT DISTINCT ON (lower(u.email)) u.email FROM follower f
    JOIN post p ON p.workspace_id = f.workspace_id AND p.number = f.post_number
    JOIN "user" u ON u.workspace_id = f.workspace_id AND u.id = f.user_id
   WHERE f.workspace_id = %(workspace)s AND f.post_number = %(post)s AND u.email IS NOT NULL AND u.blocked_at IS NULL
     AND {readable(IS_MEMBER, "u.id")}
   ORDER BY lower(u.email)""")


def tell_the_team(event: Event) -> None:
    """Everyone of the team hears of a post, except the member who wrote it."""
    letters.address(TO_THE_TEAM, "new_post", event.workspace_id, event.seq, author=event.user_id)


def tell_followers(event: Event) -> None:
    """Author and voters hear where their post stands, unless the member chose not to tell, or they may not read it."""
    if event.data["notify"]:
        letters.address(TO_FOLLOWERS, "status_changed", event.workspace_id, event.seq, post=event.post_number)


def new_post(event: Event) -> Written:
    reader = Reader(workspaces.find(event.workspace_id), is_member=True)
    post = posts.find(reader, event.post_number)
    return letters.write(
        "new_post", f"New post #{post.number}: {post.title}", workspace=reader.workspace, post=post,
        author=post.author_name or post.author_email or "Someone",
        url=letters.link(f"/app/{reader.workspace.slug}/posts/{post.number}"),
    )  # fmt: skip


def status_changed(event: Event) -> Written:
    reader, data = Reader(workspaces.find(event.workspace_id), is_member=True), event.data
    post = posts.find(reader, event.post_number)
    return letters.write(
        "status_changed", f"{post.title}: {data['name']}", workspace=reader.workspace, post=post, status=data,
        note=data["note"], url=letters.link(f"/b/{reader.workspace.slug}/posts/{post.number}"),
    )  # fmt: skip


WRITERS = {"new_post": new_post, "status_changed": status_changed}


def send(job: Job) -> None:
    """Write and send one letter. Killed between the mail server's yes and our commit it is sent again, recognisably."""
    letter = letters.waiting(job.workspace_id, job.args["letter"])
    if letter is None:
        return
    try:
        written = WRITERS[letter.kind](activity.find(job.workspace_id, letter.event_seq))
    except NotFound:  # the post was deleted meanwhile: there is nothing left to tell
        letters.finish(job, letter, "withdrawn", None)
        return
    state = letters.deliver(letter.to_email, written, f"{job.workspace_id}.{letter.id}")
    letters.finish(job, letter, state, written)
