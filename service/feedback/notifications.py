"""Who is told what, by letter: for each reason to write, who reads it and what it says."""

import re

from service import words
from service.errors import NotFound
from service.feedback import activity, changelog, guests, letters, mailings, members, posts, questions, team, workspaces
from service.feedback.activity import Event
from service.feedback.followers import HEARING
from service.feedback.guests import Guest
from service.feedback.letters import Letter, NotYet, Written
from service.feedback.readers import MEMBER, Reader
from service.feedback.workspaces import Workspace
from service.jobs import Job
from service.lib import markdown

TO_THE_TEAM = letters.ADDRESS.format(readers=f"""
  SELECT p.email FROM member m JOIN person p ON p.id = m.person_id
   WHERE m.workspace_id = %(workspace)s AND NOT EXISTS (
     SELECT FROM "user" u WHERE u.workspace_id = m.workspace_id AND u.id = %(author)s
        AND u.external_id = '{MEMBER}' || m.person_id)""")
TO_FOLLOWERS = letters.ADDRESS.format(readers=f"""
  SELECT DISTINCT ON (lower(u.email)) u.email FROM follower f {HEARING}
     AND f.workspace_id = %(workspace)s AND f.post_number = ANY(%(numbers)s::integer[])
   ORDER BY lower(u.email)""")
# who was asked in and has not come yet
TO_THE_INVITED = letters.ADDRESS.format(readers="""
  SELECT p.email FROM member m JOIN person p ON p.id = m.person_id
   WHERE m.workspace_id = %(workspace)s AND m.person_id = %(person)s AND m.joined_at IS NULL""")
TO_VOTERS = letters.ADDRESS.format(readers=questions.READERS)
# who subscribed, except those who hear of the same entry because they asked for it
TO_SUBSCRIBERS = letters.ADDRESS.format(readers="""
  SELECT m.email FROM mailing m WHERE m.workspace_id = %(workspace)s AND m.subscribed_at IS NOT NULL AND NOT EXISTS (
         SELECT FROM letter l WHERE l.workspace_id = %(workspace)s AND l.event_seq = %(event)s
            AND lower(l.to_email) = m.email)""")
SECRET = re.compile(r"(/(?:confirm|letters)/)[\w.-]{40,}")  # that a link to one's own address holds


def tell_the_team(event: Event) -> None:
    """Everyone of the team hears of a post, except the member who wrote it."""
    letters.address(TO_THE_TEAM, "new_post", event.workspace_id, event.seq, author=event.user_id)


def tell_followers(event: Event) -> None:
    """Author and voters hear where their post stands, unless the member chose not to tell, or they may not read it."""
    if event.data["notify"]:
        letters.address(TO_FOLLOWERS, "status_changed", event.workspace_id, event.seq, numbers=[event.post_number],
                        delay=event.data.get("undo_seconds", 0))  # fmt: skip


def tell_of_release(event: Event) -> None:
    """Who follows a post of an entry that is published hears of it, and who subscribed, once per entry and address."""
    try:
        entry = changelog.find(Reader(workspaces.find(event.workspace_id), is_member=True), event.data["entry"])
    except NotFound:  # it was deleted meanwhile
        return
    letters.address(TO_FOLLOWERS, "shipped", event.workspace_id, event.seq, numbers=entry.posts)
    letters.address(TO_SUBSCRIBERS, mailings.NEWS, event.workspace_id, event.seq)


def ask_voters(event: Event) -> None:
    """The voters that a question is for get it."""
    segment = event.data.get("segment")
    letters.address(TO_VOTERS, questions.LETTER, event.workspace_id, event.seq, post=event.post_number, segment=segment)


def invite(event: Event) -> None:
    """Whoever was let into the team hears of it, unless they have found the way already."""
    letters.address(TO_THE_INVITED, "invitation", event.workspace_id, event.seq, person=event.data["person"])


def invitation(event: Event) -> Written:
    reader = Reader(workspaces.find(event.workspace_id), is_member=True)
    role = team.find(reader, event.data["person"]).role
    inviter = members.named(event.person_id)
    return letters.write(
        "invitation", f"{inviter or 'Your team'} invites you to {reader.workspace.name}", workspace=reader.workspace,
        inviter=inviter, role=role, url=letters.link("/app/sign-in"),
    )  # fmt: skip


def new_post(event: Event) -> Written:
    reader = Reader(workspaces.find(event.workspace_id), is_member=True)
    post = posts.find(reader, event.post_number)
    begins = "Waits for approval: post" if post.held else "New post"
    place = "moderation" if post.held else f"posts/{post.number}"
    return letters.write(
        "new_post", f"{begins} #{post.number}: {post.title}", workspace=reader.workspace, post=post,
        author=post.author_name or post.author_email or "Someone",
        url=letters.link(f"/app/{reader.workspace.slug}/{place}"),
    )  # fmt: skip


def status_changed(event: Event, letter: Letter) -> Written:
    """NotFound also when this was undone, or the post stands elsewhere by now, or was moved and came back: another letter
    tells that. NotYet while that can still be undone."""
    reader, data = Reader(workspaces.find(event.workspace_id), is_member=True), event.data
    post = posts.find(reader, event.post_number)
    seconds = activity.moved_since(event)
    if seconds:
        raise NotYet(seconds)
    if post.status_key != data["to"] or seconds is not None:
        raise NotFound("The post does not stand there any more.")
    return to_a_user(
        letter, reader.workspace, f"{post.title}: {data['name']}", post=post, status=data, note=data["note"],
        url=f"{home(reader.workspace)}/posts/{post.number}",
    )  # fmt: skip


def question(event: Event, letter: Letter) -> Written:
    reader = Reader(workspaces.find(event.workspace_id), is_member=True)
    post = posts.find(reader, event.post_number)
    return to_a_user(
        letter, reader.workspace, f"A question about: {post.title}", post=post, note=event.data["note"],
        url=f"{home(reader.workspace)}/posts/{post.number}",
    )  # fmt: skip


def shipped(event: Event, letter: Letter) -> Written:
    workspace = workspaces.find(event.workspace_id)
    entry = changelog.find(Reader(workspace), event.data["entry"])  # as everyone: a draft again is withdrawn
    return to_a_user(
        letter, workspace, f"New in {workspace.name}: {entry.title}", entry=entry,
        body=markdown.without_files(entry.body), url=f"{home(workspace)}/changelog/{entry.id}",
    )  # fmt: skip


def news(event: Event, letter: Letter) -> Written:
    """In the language in which they subscribed."""
    workspace = workspaces.find(event.workspace_id)
    entry = changelog.find(Reader(workspace), event.data["entry"])
    said = words.chosen(mailings.of(workspace.id, letter.to_email).locale, workspaces.language_tag(workspace))
    return to_a_user(
        letter, workspace, said.say("letterNews", workspace.name, entry.title), entry=entry, words=said,
        body=markdown.without_files(entry.body), url=f"{home(workspace)}/changelog/{entry.id}",
    )  # fmt: skip


def home(workspace: Workspace) -> str:
    """Where users find its board."""
    return workspaces.home(workspace, letters.link(""))


def to_a_user(letter: Letter, workspace: Workspace, subject: str, **values) -> Written:
    """A letter that ends in the link to what its address wants to be told."""
    settings = f"{home(workspace)}/letters/{mailings.token(workspace.id, letter.to_email)}?kind={letter.kind}"
    written = letters.write(letter.kind, subject, workspace=workspace, settings_url=settings, **values)
    return written._replace(leave=settings)


def guest(event: Event, letter: Letter) -> Written:
    """Without a word of what was written: perhaps a stranger wrote it, to have us send it. NotFound when the post was
    deleted, and when whoever wrote it was erased, blocked or confirmed meanwhile."""
    workspace = workspaces.find(event.workspace_id)
    posts.find(Reader(workspace, is_member=True), event.post_number)
    link = guests.token(workspace.id, event.user_id, Guest(letter.to_email, letter.to_name))
    if not guests.waits(workspace, link):
        raise NotFound("There is nothing left to confirm.")
    return letters.write(
        "guest", f"Confirm your e-mail address for {workspace.name}", workspace=workspace,
        day=f"{event.created_at:%-d %B %Y}", url=f"{home(workspace)}/confirm/{link}", days=guests.DAYS,
    )  # fmt: skip


WRITERS = {"new_post": new_post, "invitation": invitation}  # to the team
TO_USERS = {
    "status_changed": status_changed, "shipped": shipped, questions.LETTER: question, mailings.NEWS: news,
    guests.LETTER: guest,
}  # fmt: skip


def send(job: Job) -> None:
    """Write and send one letter. Killed between the mail server's yes and our commit it is sent again, recognisably."""
    letter = letters.waiting(job.workspace_id, job.args["letter"])
    if letter is None:
        return
    try:
        written = write(letter, activity.find(job.workspace_id, letter.event_seq))
    except NotFound:  # the post was deleted meanwhile, or its status taken back: there is nothing left to tell
        letters.finish(job, letter, "withdrawn", None)
        return
    except NotYet as later:
        letters.put_off(job, later.seconds)
        return
    state = letters.deliver(letter.to_email, written, f"{job.workspace_id}.{letter.id}")
    letters.finish(job, letter, state, written if state == "kept" else without_secrets(written))


def write(letter: Letter, event: Event) -> Written:
    return TO_USERS[letter.kind](event, letter) if letter.kind in TO_USERS else WRITERS[letter.kind](event)


def without_secrets(written: Written) -> Written:
    """A letter as it is kept once it has arrived: what its link can do, it can do from there."""
    return Written(*(SECRET.sub(r"\1…", part) for part in written))
