"""What letters to users say, each in the language of its reader: one function per kind.

Each is written when it is sent, by what its reader may know then. NotFound when there is nothing left to tell: the post is
gone, or they may not read it or do not want such letters any more."""

from service import words
from service.errors import NotFound
from service.feedback import activity, changelog, gathering, guests, letters, mailings, posts, questions, workspaces
from service.feedback.activity import Event
from service.feedback.guests import Guest
from service.feedback.letters import Letter, NotYet, Written
from service.feedback.posts import Post
from service.feedback.readers import Reader
from service.feedback.workspaces import Workspace
from service.lib import markdown
from service.words import Words

ANSWER, MERGED = "answer", "merged"  # kinds of letters
MOST_COMMENTS = 10  # in one letter


def status_changed(event: Event, letter: Letter) -> Written:
    """NotFound also when this was undone, or the post stands elsewhere by now, or was moved and came back: another letter
    tells that. NotYet while that can still be undone."""
    workspace, data = workspaces.find(event.workspace_id), event.data
    post = found(workspace, letter, event.post_number)
    seconds = activity.moved_since(event)
    if seconds:
        raise NotYet(seconds)
    if post.status_key != data["to"] or seconds is not None:
        raise NotFound("The post does not stand there any more.")
    return about(post, letter, workspace, "letterStatus", post.title, data["name"], status=data, note=data["note"])


def question(event: Event, letter: Letter) -> Written:
    workspace = workspaces.find(event.workspace_id)
    post = found(workspace, letter, event.post_number)
    return about(post, letter, workspace, "letterQuestion", post.title, note=event.data["note"])


def answer(event: Event, letter: Letter) -> Written:
    """Only while it is the official answer."""
    workspace = workspaces.find(event.workspace_id)
    [said] = gathering.said(workspace.id, letter, [event.data["comment"]], official=True)
    post = found(workspace, letter, said.post)
    return about(post, letter, workspace, "letterAnswer", workspace.name, post.title, said=said, place=f"#comment-{said.id}")


def reply(event: Event, letter: Letter) -> Written:
    workspace = workspaces.find(event.workspace_id)
    comments, votes = gathering.begin(workspace.id, letter)
    post = found(workspace, letter, comments[0].post)
    return about(
        post, letter, workspace, "letterReply", len(comments), post.title, place=f"#comment-{comments[0].id}",
        comments=comments[:MOST_COMMENTS], more=len(comments[MOST_COMMENTS:]), votes=votes, is_own=comments[0].is_own,
    )  # fmt: skip


def merged(event: Event, letter: Letter) -> Written:
    """NotFound also when it was taken back, or merged elsewhere after that."""
    workspace = workspaces.find(event.workspace_id)
    part = found(workspace, letter, event.post_number)
    if part.merged_into != event.data["into"]:
        raise NotFound("The merge was taken back.")
    post = part
    while post.merged_into:
        post = found(workspace, letter, post.merged_into)
    return about(post, letter, workspace, "letterMerged", part.title, post.title, part=part)


def shipped(event: Event, letter: Letter) -> Written:
    return of_entry(event, letter)


def news(event: Event, letter: Letter) -> Written:
    return of_entry(event, letter)


def of_entry(event: Event, letter: Letter) -> Written:
    workspace = workspaces.find(event.workspace_id)
    entry = changelog.find(Reader(workspace), event.data["entry"])  # as everyone: a draft again is withdrawn
    return to_a_user(
        letter, workspace, "letterNews", workspace.name, entry.title, entry=entry, body=markdown.without_files(entry.body),
        url=f"{home(workspace)}/changelog/{entry.id}",
    )  # fmt: skip


def guest(event: Event, letter: Letter) -> Written:
    """Without a word of what was written: perhaps a stranger wrote it, to have us send it. NotFound when the post was
    deleted, and when whoever wrote it was erased, blocked or confirmed meanwhile."""
    workspace = workspaces.find(event.workspace_id)
    posts.find(Reader(workspace, is_member=True), event.post_number)
    link = guests.token(workspace.id, event.user_id, Guest(letter.to_email, letter.to_name))
    if not guests.waits(workspace, link):
        raise NotFound("There is nothing left to confirm.")
    said = language(workspace, letter.to_email)
    return letters.write(
        letter.kind, said.say("letterGuest", workspace.name), workspace=workspace, words=said,
        day=said.date(event.created_at), url=f"{home(workspace)}/confirm/{link}", days=guests.DAYS,
    )  # fmt: skip


WRITERS = {
    "status_changed": status_changed, ANSWER: answer, questions.LETTER: question, gathering.LETTER: reply, MERGED: merged,
    "shipped": shipped, mailings.NEWS: news, guests.LETTER: guest,
}  # fmt: skip


def home(workspace: Workspace) -> str:
    """Where users find its board."""
    return workspaces.home(workspace, letters.link(""))


def language(workspace: Workspace, email: str) -> Words:
    """The one in which this address reads, else the one in which the workspace writes."""
    return words.chosen(*mailings.locales(workspace.id, email), workspaces.language_tag(workspace))


def found(workspace: Workspace, letter: Letter, number: int) -> Post:
    """A post, if the reader of this letter may read it."""
    if not gathering.may_read(workspace.id, letter.to_email, number):
        raise NotFound(f"There is no post #{number}.")
    return posts.find(Reader(workspace, is_member=True), number)


def about(post: Post, letter: Letter, workspace: Workspace, name: str, *said: int | str, place: str = "",
          **values) -> Written:  # fmt: skip
    """A letter about a post, which mail programs show with the others about it. `place` is where on its page."""
    url = f"{home(workspace)}/posts/{post.number}{place}"
    written = to_a_user(letter, workspace, name, *said, post=post, url=url, **values)
    return written._replace(thread=letters.thread(workspace.id, post.number))


def to_a_user(letter: Letter, workspace: Workspace, name: str, *said: int | str, **values) -> Written:
    """A letter that ends in the link to what its address wants to be told. The text `name` is its subject."""
    if not mailings.of(workspace.id, letter.to_email).wants(letter.kind):
        raise NotFound("Its reader wants no more letters of this kind.")
    settings = f"{home(workspace)}/letters/{mailings.token(workspace.id, letter.to_email)}?kind={letter.kind}"
    tongue = language(workspace, letter.to_email)
    written = letters.write(letter.kind, tongue.say(name, *said), workspace=workspace, words=tongue, settings_url=settings,
                            **values)  # fmt: skip
    return written._replace(leave=settings)
